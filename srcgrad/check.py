"""Check derivatives against differences, complex steps, and each other."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from . import tree
from .api import Transformed, differentiable
from .custom import CustomJvp, CustomVjp
from .errors import ArgumentError, Problem
from .generation.callables import base_of
from .generation.entry import called, parameters, positions, values_of
from .jacobian import jacfwd, jacrev
from .jvp import jvp
from .parsing.source import python_function
from .primitives import Primitive
from .pullback import vjp

JACOBIANS = {"fwd": jacfwd, "rev": jacrev}
MODES = tuple(JACOBIANS)
COMPLEX_STEP = 1e-30


class Deviation(float):
    """The largest deviation that `check_grads` found; `by_argument` has that of each argument."""

    by_argument: dict[str, float]


def check_grads(f, args, argnums=None, rtol=None, atol=None, eps=None, order=1, modes=MODES):
    """Return the largest deviation found between the derivatives of `f` and what they should be.

    Parameters
    ----------
    f : function
        Returns a number, an array or a tuple of these (then a fixed random combination of its entries is checked).
    args : tuple
        Where to check; in the order of the parameters, also those that `f` takes by name only.
    argnums : int, str or tuple, optional
        Arguments to check; all float arguments by default.
    rtol, atol : float
        Allowed deviation, relative to the largest entry of the argument's gradient (default 1e-5, with float32
        arguments 2e-2, against complex steps 1e-9), and absolute (default `rtol * max(1, |f|) * 1e-3`).
    eps : float, optional
        Step of the differences, relative to max(1, |x|); default 1e-5, for float32 arguments 1e-2.
    order : {1, 2, 3}
        Derivatives up to which order are checked; those of second order are the derivatives of Jacobians.
    modes : tuple of "fwd", "rev"
        Which modes are checked; with both, all ways to nest them, and that <y_bar, J x_dot> = <J^T y_bar, x_dot> to
        1e-12 for random adjoints and tangents.

    Returns
    -------
    Deviation
        A float, with the largest deviation of each argument in `by_argument`.

    Raises
    ------
    AssertionError
        Naming for every argument and mode that is off the worst entry, both values and their difference; and the value
        of the function, where srcgrad has another one than plain Python.

    Notes
    -----
    Expected is the value of plain Python, unless that is another one each time, and are two-sided differences,
    (f(x + h) - f(x - h)) / 2h, or, where `f` runs in plain Python with complex numbers and agrees with them, a complex
    step, Im f(x + ih) / h, which has no error of its own (W. Squire and G. Trapp, 1998). Two or three evaluations per
    entry, and in forward mode one more: for checking only.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> sg.check_grads(lambda x: np.sum(np.exp(x)), (np.array([0.5, 1.0]),), order=2) < 1e-6
    True
    """
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    if not modes or not set(modes) <= set(MODES) or order not in (1, 2, 3):
        raise ArgumentError(Problem(f"order={order!r}, modes={modes!r}", "order 1, 2 or 3, of modes 'fwd' and 'rev'"))
    if not isinstance(args, tuple | list):
        raise ArgumentError(Problem(f"args={args!r} is no tuple of arguments", "write (x,)"))
    return _checked_to_order(f, args, argnums, Limits(rtol, atol, eps), order, modes)


def check_rule(f, *args, order=1, rtol=None, atol=None):
    """Return the largest deviation found between what the rule of `f` says and what `f` does.

    Parameters
    ----------
    f : CustomVjp, CustomJvp or Primitive
        A function with a rule of its own.
    *args
        Where to check.
    order : {1, 2, 3}
        Derivatives up to which order are checked.
    rtol, atol : float
        As for `check_grads`.

    Returns
    -------
    Deviation
        A float, with the largest deviation of each argument in `by_argument`.

    Raises
    ------
    AssertionError
        Naming the part of the value in which a page differs from the function, or for every argument and mode that is
        off the worst entry, both values and their difference.
    ArgumentError
        If `f` has no rule.

    Notes
    -----
    The value of the pages is compared with that of `f` in plain Python, derivatives with differences or complex steps,
    the two modes with each other. A rule that is meant to be another than the derivative needs a test of its own.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> @sg.custom_vjp
    ... def square(x):
    ...     return x * x
    >>> def forward(x):
    ...     return x * x, x
    >>> def backward(x, bar):
    ...     return (2.0 * x * bar,)
    >>> square.defvjp(forward, backward)
    >>> sg.check_rule(square, 3.0) < 1e-6
    True
    """
    if not isinstance(f, CustomVjp | CustomJvp | Primitive):
        what = f"{getattr(f, '__name__', repr(f))} has no rule of its own"
        raise ArgumentError(Problem(what, "pass what custom_vjp, custom_jvp or primitive gave"))
    modes = ("rev",) if isinstance(f, CustomVjp) else MODES
    _require_value(f, Point(f, args, None, modes), rtol)
    return _checked_to_order(f, args, None, Limits(rtol, atol, None), order, modes)


def _require_value(f, point: Point, rtol: float | None):
    """Raise where the pages of a rule give another value than the function."""
    expected = list(tree.leaves(point.result, f(*(_copied(a) for a in point.args))))
    by_page = point.by_tangents if isinstance(f, CustomJvp) else point.by_pullback
    found = list(tree.leaves(point.result, by_page(point.args)))
    rule = f"the rule of {f.__name__} gives"
    allowed = rtol if rtol is not None else 1e-4 if point.single else 1e-9
    for label, right, ours in zip(tree.leaf_names(point.result, "the value"), expected, found, strict=True):
        if np.shape(right) != np.shape(ours):
            raise AssertionError(f"{label}: {rule} shape {np.shape(ours)}, not {np.shape(right)}")
        off = float(np.max(np.abs(np.asarray(ours) - right), initial=0.0))
        if not off <= allowed * max(1.0, float(np.max(np.abs(right), initial=0.0))):
            raise AssertionError(f"{label}: {rule} {ours}, the function {right}, off by {off:.3g}")


def _copied(value):
    structure = tree.structure_of(value)
    leaves = (x.copy() if isinstance(x, np.ndarray) else x for x in tree.leaves(structure, value))
    return tree.unflatten(structure, leaves)


def _checked_to_order(f, args, argnums, limits: Limits, order: int, modes: tuple[str, ...]) -> Deviation:
    """Check a function, then its Jacobians in every mode, then theirs."""
    found = _checked(f, args, argnums, limits, modes)
    deviations, problems = dict(found.deviations), list(found.problems)
    made = [f]
    for n in range(2, order + 1 if found.whole else 2):
        made = [JACOBIANS[mode](g, found.whole) for g in made for mode in modes]
        for g in made:
            further = _checked(g, args, found.whole, limits, modes)
            problems += [f"order {n}, {g.__name__}: {p}" for p in further.problems]
            for label, deviation in further.deviations.items():
                deviations[label] = max(deviations[label], deviation)
    if problems:
        raise AssertionError("\n".join(problems))
    result = Deviation(max(deviations.values(), default=0.0))
    result.by_argument = deviations
    return result


@dataclass(frozen=True)
class Limits:
    """What deviation is allowed, and how long the steps of differences are."""

    rtol: float | None
    atol: float | None
    eps: float | None

    def allowed(self, expected: list[np.ndarray], value: float, usual: float) -> float:
        """Return the allowed deviation from expected gradients of one argument."""
        rtol = usual if self.rtol is None else self.rtol
        scale = max([1e-300, *(float(np.max(np.abs(e), initial=0.0)) for e in expected)])
        floor = rtol * 1e-3 * max(1.0, abs(value)) if self.atol is None else self.atol
        return rtol * scale + floor


@dataclass(frozen=True)
class Found:
    """Deviations by argument, problems in words, and the arguments that have floats only."""

    deviations: dict[str, float]
    problems: list[str]
    whole: tuple[int, ...]


def _checked(f, args, argnums, limits: Limits, modes: tuple[str, ...]) -> Found:
    """Compare the first derivatives of a function, in all modes, with what they should be and with each other."""
    point = Point(f, args, argnums, modes)
    deviations: dict[str, float] = {}
    problems = point.unlike_python()
    gradients = {mode: point.pushed() if mode == "fwd" else point.pulled() for mode in modes}
    for k in point.wanted:
        by_mode = {mode: found[k] for mode, found in gradients.items()}
        deviations[point.names[k]], off = point.compare(k, by_mode, limits)
        problems += off
    if len(modes) == 2 and not problems:
        problems += point.disagreement()
    return Found(deviations, problems, point.whole)


class Point:
    """A function at a point, and a fixed random combination of the entries of its results."""

    def __init__(self, f, args, argnums, modes: tuple[str, ...]):
        base = base_of(f)
        signature = parameters(base)
        self.f, self.signature, self.names = f, signature, list(signature.parameters)
        self.args = values_of(signature, args)
        self.structures = [tree.structure_of(a) for a in self.args]
        self.flat = [list(tree.leaves(s, a)) for s, a in zip(self.structures, self.args, strict=True)]
        self.labels = [list(tree.leaf_names(s, n)) for s, n in zip(self.structures, self.names, strict=True)]
        floats = tuple(k for k, leaves in enumerate(self.flat) if any(map(_is_float, leaves)))
        self.wanted = positions(argnums, signature)[0] if argnums is not None else floats
        for k in self.wanted:
            if k not in floats:
                raise ArgumentError(Problem(f"the argument {self.names[k]!r} is not a float", "check float arguments"))
        self.whole = tuple(k for k in self.wanted if all(map(_is_float, self.flat[k])))
        self.single = any(np.asarray(v).dtype == np.float32 for leaves in self.flat for v in leaves)
        self.evaluate: Callable[..., Any] = self.by_tangents if modes else self.by_call
        if "rev" in modes:
            self.evaluate = self.by_pullback
        self.plain = python_function(base) if not isinstance(base, Transformed) else None
        out = self.evaluate(self.args)
        self.result = tree.structure_of(out)
        rng = np.random.default_rng(0)
        shapes = [np.shape(o) for o in tree.leaves(self.result, out)]
        single = len(shapes) == 1 and not shapes[0] and isinstance(self.result, tree.Leaf)
        self.weights = [1.0 if single else rng.normal(size=s) if s else float(rng.normal()) for s in shapes]
        self.value = self.weighed(out)

    # -- evaluations
    @cached_property
    def compiled(self) -> Transformed:
        """The function, as it is called where no derivative of it is wanted."""
        return self.f if isinstance(self.f, Transformed) else differentiable(self.f)

    def by_call(self, args):
        return called(self.compiled, self.signature, [_copied(a) for a in args])

    def by_pullback(self, args):
        return vjp(self.f, *args)[0]

    def by_tangents(self, args):
        return jvp(self.f, args, self.tangents(lambda k, n, x: np.zeros_like(x)))[0]

    def weighed(self, out) -> Any:
        """Return the combination of the entries of a result; of what is None, nothing."""
        leaves = tree.leaves(self.result, out)
        return sum(np.sum(w * np.asarray(o)) for w, o in zip(self.weights, leaves, strict=True))

    def tangents(self, tangent: Callable[[int, int, np.ndarray], Any]) -> tuple:
        """Return tangents of the arguments that are checked, made of the places and values of their float leaves."""
        made = []
        for k, (structure, leaves) in enumerate(zip(self.structures, self.flat, strict=True)):
            dots = [_like(x, tangent(k, n, np.asarray(x))) if _is_float(x) else None for n, x in enumerate(leaves)]
            made.append(tree.unflatten(structure, iter(dots)) if k in self.wanted else None)
        return tuple(made)

    # -- gradients of the combination
    def pulled(self) -> dict[int, list]:
        """Return the gradients by reverse mode, by argument and leaf."""
        _, pullback = vjp(self.f, *self.args)
        bars = pullback(tree.unflatten(self.result, iter(self.weights)))
        return {k: list(tree.leaves(self.structures[k], bars[k])) for k in self.wanted}

    def pushed(self) -> dict[int, list]:
        """Return the gradients by forward mode, an entry at a time."""
        found: dict[int, list] = {}
        for k in self.wanted:
            found[k] = []
            for n, leaf in enumerate(self.flat[k]):
                if not _is_float(leaf):
                    found[k].append(None)
                    continue
                slopes = np.zeros(np.shape(leaf), dtype=np.asarray(leaf).dtype)
                for at in np.ndindex(slopes.shape):
                    dots = self.tangents(lambda *leaf, place=(k, n), at=at: _unit(leaf, place, at))
                    slopes[at] = self.weighed(jvp(self.f, self.args, dots)[1])
                found[k].append(slopes)
        return found

    def disagreement(self) -> list[str]:
        """Return what is wrong with <y_bar, J x_dot> = <J^T y_bar, x_dot>, if anything is."""
        rng = np.random.default_rng(1)
        dots = self.tangents(lambda k, n, x: rng.normal(size=x.shape))
        pushed = self.weighed(jvp(self.f, self.args, dots)[1])
        pairs = [
            (np.asarray(bar, dtype=float), np.asarray(dot, dtype=float))
            for k, bars in self.pulled().items()
            for bar, dot in zip(bars, tree.leaves(self.structures[k], dots[k]), strict=True)
            if dot is not None
        ]
        right = sum(float(np.sum(b * d)) for b, d in pairs)
        size = sum(float(np.sum(np.abs(b * d))) for b, d in pairs)
        if abs(pushed - right) <= (1e-3 if self.single else 1e-12) * max(size, abs(self.value), 1e-300):
            return []
        return [f"the modes disagree: <y_bar, J x_dot> is {float(pushed)!r}, <J^T y_bar, x_dot> is {right!r}"]

    def unlike_python(self) -> list[str]:
        """Return what is wrong with the value, if plain Python has another one; nothing where it has one each time."""

        def run() -> float:
            return float(self.weighed(called(self.plain, self.signature, [_copied(a) for a in self.args])))

        if self.plain is None:
            return []
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                value = run()
                allowed = (1e-2 if self.single else 1e-6) * max(1.0, abs(value))
                if not abs(value - self.value) > allowed or abs(run() - value) > allowed:  # it may draw numbers
                    return []
            except Exception:  # what it says of itself is for those who call it
                return []
        return [f"the function gives {value!r} in plain Python, and {float(self.value)!r} as srcgrad reads it"]

    # -- what they should be
    def compare(self, k: int, gradients: dict[str, list], limits: Limits) -> tuple[float, list[str]]:
        """Return (largest deviation of gradients of an argument, by mode, and what is wrong with each of them)."""
        expected, how, usual = self.expected(k, limits)
        allowed = limits.allowed([e for e in expected if e is not None], self.value, usual)
        deviation, problems = 0.0, []
        for mode, found in gradients.items():
            worst = [
                _compared(label, e, g, allowed, mode, how)
                for label, e, g in zip(self.labels[k], expected, found, strict=True)
                if e is not None
            ]
            deviation = max([deviation, *(d for d, _ in worst)])
            problems += [p for _, p in worst if p][:1]
        return deviation, problems

    def expected(self, k: int, limits: Limits) -> tuple[list, str, float]:
        """Return (gradients of the leaves of an argument, how they were found, what relative deviation is usual)."""
        differences = [self.differences(k, n, limits.eps) if _is_float(x) else None for n, x in enumerate(self.flat[k])]
        usual = 2e-2 if self.single else 1e-5
        stepped = not self.single and not any(map(tree.has_complex, self.structures))
        exact = self.complex_steps(k) if stepped else None
        if exact is None:
            return differences, "differences give", usual
        allowed = limits.allowed([d for d in differences if d is not None], self.value, usual)
        for d, e in zip(differences, exact, strict=True):
            if d is not None and not np.all(np.abs(d - e) <= allowed):
                return differences, "differences give", usual
        return exact, "a complex step gives", 1e-9

    def moved(self, k: int, n: int, new) -> tuple:
        """Return the arguments with another value of one leaf."""
        leaves = [*self.flat[k][:n], new, *self.flat[k][n + 1 :]]
        return (*self.args[:k], tree.unflatten(self.structures[k], iter(leaves)), *self.args[k + 1 :])

    def differences(self, k: int, n: int, eps: float | None) -> np.ndarray:
        """Return the two-sided differences by every entry of one leaf."""
        leaf = self.flat[k][n]
        x = np.array(leaf, dtype=np.asarray(leaf).dtype, copy=True)
        step = eps if eps is not None else 1e-5 if x.dtype != np.float32 else 1e-2
        result = np.zeros(x.shape)
        for at in np.ndindex(x.shape):
            h = step * max(1.0, abs(float(x[at])))
            values = []
            for sign in (1.0, -1.0):
                moved = x.copy()
                moved[at] += sign * h
                value = self.weighed(self.evaluate(self.moved(k, n, _like(leaf, moved))))
                values.append((float(value), float(moved[at])))
            (high, x_high), (low, x_low) = values
            result[at] = (high - low) / (x_high - x_low)
        return result

    def complex_steps(self, k: int) -> list | None:
        """Return Im f(x + ih) / h by every entry of an argument; None where the function takes no complex numbers."""
        found: list = []
        for n, leaf in enumerate(self.flat[k]):
            if not _is_float(leaf):
                found.append(None)
                continue
            slopes = np.zeros(np.shape(leaf))
            for at in np.ndindex(slopes.shape):
                value = self.of_complex(k, n, at)
                if value is None:
                    return None
                slopes[at] = value.imag / COMPLEX_STEP
            found.append(slopes)
        return found

    def of_complex(self, k: int, n: int, at: tuple[int, ...]) -> complex | None:
        """Return the combination with an imaginary step of one entry, run as plain Python."""
        if self.plain is None:
            return None
        moved = np.array(self.flat[k][n], dtype=complex)
        moved[at] += 1j * COMPLEX_STEP
        given = self.moved(k, n, moved if np.ndim(self.flat[k][n]) else complex(moved))
        flat = [x.copy() if isinstance(x, np.ndarray) else x for s, a in zip(self.structures, given, strict=True)
                for x in tree.leaves(s, a)]  # fmt: skip
        leaves = iter(flat)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("error")
                values = [tree.unflatten(s, leaves) for s in self.structures]
                value = complex(self.weighed(called(self.plain, self.signature, values)))
        except Exception:
            return None  # a comparison, a cast, a function of real numbers: differences then
        near = abs(value.real - self.value) <= 1e-9 * max(1.0, abs(self.value))
        return value if near and np.isfinite(value.imag) else None


def _is_float(leaf) -> bool:
    return np.asarray(leaf).dtype.kind == "f"


def _like(leaf, value) -> Any:
    """Return a value as a number or array, of the dtype of a leaf."""
    dtype = np.asarray(leaf).dtype
    if np.ndim(leaf):
        return np.asarray(value, dtype=dtype)
    return dtype.type(value) if dtype == np.float32 else float(value)


def _unit(leaf: tuple, place: tuple[int, int], at: tuple[int, ...]) -> np.ndarray:
    """Return zeros of the shape of a leaf, with a one at one entry if it is the leaf at that place."""
    k, n, x = leaf
    tangent = np.zeros(x.shape)
    if (k, n) == place:
        tangent[at] = 1.0
    return tangent


def _compared(label: str, expected, got, allowed: float, mode: str, how: str) -> tuple[float, str]:
    """Return (largest deviation of one leaf, what is wrong if that is more than allowed)."""
    what = "gradient" if mode == "rev" else "derivative in forward mode"
    if np.shape(got) != np.shape(expected):
        return np.inf, f"{what} by {label}: shape {np.shape(got)}, argument {np.shape(expected)}"
    deviation = np.abs(np.asarray(got) - expected)
    if not deviation.size:
        return 0.0, ""
    at = np.unravel_index(np.argmax(np.where(np.isnan(deviation), np.inf, deviation)), deviation.shape)
    bad = float(deviation[at])
    if bad <= allowed:
        return bad, ""
    place = f"{label}[{', '.join(map(str, at))}]" if deviation.shape else label
    ours, right = float(np.asarray(got)[at]), float(np.asarray(expected)[at])
    return bad, f"{what} by {place}: {ours!r}, {how} {right!r}, off by {bad:.3g} (allowed {allowed:.3g})"


__all__ = ["Deviation", "check_grads", "check_rule"]
