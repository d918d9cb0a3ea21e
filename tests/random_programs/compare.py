"""One program text, differentiated and compared with central differences in plain Python."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import re
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from srcgrad.language.repeats import NOWHERE, has_axis_of_one, in_turn
from tests.random_programs.differences import copied, float_argnums, mismatch, reference
from tests.random_programs.generate import SECOND, SINGLE, arguments, parameter_names

Gradient = Callable[[FunctionType, tuple[Any, ...], tuple[int, ...]], tuple[Any, tuple[Any, ...]]]


@dataclass(frozen=True)
class Outcome:
    """ok, refused, unreliable, invalid (fails in plain Python by itself), WRONG or CRASH, and why."""

    kind: str
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether this is a bug of the transformer."""
        return self.kind in ("WRONG", "CRASH")

    @property
    def family(self) -> tuple[str, str]:
        """What stays the same while a failure is shrunk: its kind, and of a crash the first words."""
        if self.kind != "CRASH":
            return self.kind, ""
        first = self.detail.splitlines()[0] if self.detail else ""
        return self.kind, re.sub(r"[^A-Za-z ]+", " ", first)[:40]


# ---- the two ways to a gradient


def compiled_gradient(
    f: FunctionType, args: tuple[Any, ...], argnums: tuple[int, ...]
) -> tuple[Any, tuple[Any, ...]]:
    """Value and gradients as a user gets them."""
    import srcgrad as sg

    derivative = sg.value_and_grad(f, argnums=argnums)
    return twice(lambda: derivative(*args))


def plain_gradient(
    f: FunctionType, args: tuple[Any, ...], argnums: tuple[int, ...]
) -> tuple[Any, tuple[Any, ...]]:
    """Value and gradients from the generated source run as plain Python, no compiler in between."""
    value, *gradients = plain_run(f, args, argnums)[2]
    return value, tuple(gradients)


def plain_run(
    f: FunctionType, args: tuple[Any, ...], argnums: tuple[int, ...], mode: str = "value_and_grad", dots=()
) -> tuple[Any, str, Any]:
    """What is generated for value and derivative, the text of its module, and what its function returns."""
    from srcgrad.errors import SrcgradError

    # as a compiled call does
    try:
        usual = written(f, args, argnums, mode)
        compared = usual[0].compared() if has_axis_of_one(args) else ()
    except SrcgradError:
        compared = tuple((k, axis) for k, arg in enumerate(args) for axis in range(np.ndim(arg)))
        if not has_axis_of_one(args):
            raise
    for repeats in in_turn(list(args), compared):
        made, text = usual if repeats == NOWHERE else written(f, args, argnums, mode, repeats)
        run = executed(text, made.functions[0].name)
        try:
            return made, text, twice(lambda run=run: run(*args, *dots))
        except ValueError as error:
            if repeats.anywhere or "broadcast" not in str(error):
                raise
    raise AssertionError


def written(
    f: FunctionType, args: tuple[Any, ...], argnums: tuple[int, ...], mode: str = "value_and_grad", repeats=NOWHERE
) -> tuple[Any, str]:
    """What is generated for arguments, and the text of its module."""
    import numba

    from srcgrad import tree
    from srcgrad.generation import entry, generate, pipeline

    kinds = tuple(entry.kind_of_type(numba.typeof(arg), f"argument {k}") for k, arg in enumerate(args))
    layout = {"jvps": partial(pipeline.jvp, many=True)}.get(mode) or getattr(pipeline, mode)
    made = layout(f, (tree.LEAF,) * len(args), kinds, argnums, pipeline.Variant(repeats))
    return made, generate.module_text("plain", made)


def executed(text: str, name: str) -> Callable[..., Any]:
    """A function of a generated module, run as plain Python."""
    namespace: dict[str, Any] = {}
    exec(compile(text, "<generated>", "exec"), namespace)
    namespace |= {key: getattr(value, "py_func", value) for key, value in namespace.items()}
    return namespace[name]


# ---- the same two ways along tangents


def compiled_tangent(
    f: FunctionType, args: tuple[Any, ...], argnums: tuple[int, ...], dots: tuple[Any, ...]
) -> tuple[Any, Any]:
    """Value and derivative along tangents, as a user gets them."""
    import srcgrad as sg

    given = dict(zip(argnums, dots, strict=True))
    return twice(lambda: sg.jvp(f, args, tuple(given.get(k) for k in range(len(args)))))


def plain_tangent(
    f: FunctionType, args: tuple[Any, ...], argnums: tuple[int, ...], dots: tuple[Any, ...]
) -> tuple[Any, Any]:
    """Value and derivative along tangents from the generated source run as plain Python."""
    return plain_run(f, args, argnums, "jvp", dots)[2]


def plain_tangents(
    f: FunctionType, args: tuple[Any, ...], argnums: tuple[int, ...], dots: tuple[Any, ...]
) -> tuple[Any, Any]:
    """Value and derivatives along several tangents at once, stacked behind the others' axes, in plain Python."""
    return plain_run(f, args, argnums, "jvps", dots)[2]


TANGENTS = {compiled_gradient: compiled_tangent, plain_gradient: plain_tangent}


def some_of(argnums: tuple[int, ...], seed: int) -> tuple[int, ...]:
    """All of the arguments, or for every other seed the half of them: the others have no tangents."""
    return argnums if seed % 2 else argnums[seed // 2 % 2 :: 2] or argnums


def directions(args: tuple[Any, ...], argnums: tuple[int, ...], seed: int = 0) -> tuple[Any, ...]:
    """Random tangents of the arguments differentiated by."""
    rng = np.random.default_rng(seed)
    shapes = [(np.shape(args[k]), np.asarray(args[k]).dtype) for k in argnums]
    return tuple(rng.normal(size=s).astype(d) if s else float(rng.normal()) for s, d in shapes)


def disagreement(tangent: Any, gradients: tuple[Any, ...], dots: tuple[Any, ...]) -> str | None:
    """What is wrong with a derivative along tangents, given the gradients; None if nothing is."""
    single = any(np.asarray(v).dtype == np.float32 for v in (tangent, *gradients))
    relative = 1e-3 if single else 1e-10
    parts = [np.asarray(g, dtype=float) * d for g, d in zip(gradients, dots, strict=True)]
    right, size = sum(float(np.sum(p)) for p in parts), sum(float(np.sum(np.abs(p))) for p in parts)
    if abs(tangent - right) <= relative * size:
        return None
    return f"derivative along tangents {tangent!r}, the gradient gives {right!r}"


def twice(call: Callable[[], Any]) -> Any:
    """What the call gives; a second call must give the same to the last bit."""
    first, second = call(), call()
    assert bits(first) == bits(second), "a second call gives other bits"
    return first


def bits(value: Any) -> Any:
    """The bytes of numbers and arrays in tuples."""
    return tuple(map(bits, value)) if isinstance(value, tuple) else np.asarray(value).tobytes()


def second_order(text: str) -> str:
    """A program whose value is f plus its derivative along the arguments, by the gradient generated for f."""
    with loaded(text) as module:
        names = parameter_names(module.f)
        args = arguments(names, seed_of(text))
        wanted = float_argnums(args)
        made, module_text, _ = plain_run(module.f, args, wanted)
    bars = [f"{names[k]}_along" for k in wanted]
    terms = [
        f"np.sum({names[k]} * {bar})" if isinstance(args[k], np.ndarray) else f"{names[k]} * {bar}"
        for k, bar in zip(wanted, bars, strict=True)
    ]
    given = ", ".join(names)
    last = [
        f"def f({given}):",
        f"    value_, {', '.join(bars)} = {made.functions[0].name}({given})",
        f"    return value_ + {' + '.join(terms)}",
    ]
    return "\n".join([text.splitlines()[0].replace(SECOND, ", of second order"), module_text, *last]) + "\n"


# ---- one program


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in Python code that takes more processor time, where the system has alarms."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(signum: int, frame: object) -> None:
        raise TimeoutError("the program does not end")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)


@contextlib.contextmanager
def loaded(text: str) -> Iterator[ModuleType]:
    """The program as a module of a real file, so that its source can be found."""
    name = "program_" + hashlib.sha256(text.encode()).hexdigest()[:16]
    with tempfile.TemporaryDirectory(prefix="random-program-") as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
            yield module
        finally:
            sys.modules.pop(name, None)


def seed_of(text: str) -> int:
    """The seed that the text names in its first line, 0 without one."""
    found = re.search(r"seed (\d+)", text)
    return int(found.group(1)) if found else 0


def compare(text: str, gradient: Gradient = compiled_gradient) -> Outcome:
    """What became of the program: its value, gradient and side effects against plain Python."""
    try:
        with warnings.catch_warnings(), loaded(text) as module:
            warnings.simplefilter("ignore")
            head = text.splitlines()[0] if text else ""
            outcome = compare_function(module.f, seed_of(text), gradient, SINGLE in head)
    except SyntaxError as error:
        return Outcome("invalid", str(error))
    if outcome.kind != "ok" or SECOND not in head:
        return outcome
    try:
        further = second_order(text)
    except Exception as error:
        return refused_or_crash(error)
    found = compare(further, gradient)
    return Outcome(found.kind, f"second order: {found.detail}")


def narrowed(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with every floating array in single precision."""
    return tuple(a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args)


def widened(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same numbers in double precision."""
    return tuple(a.astype(np.float64) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args)


def compare_function(f: FunctionType, seed: int, gradient: Gradient, single: bool = False) -> Outcome:
    """The same for a function that is already there; single precision is compared with double, less sharply."""
    args = arguments(parameter_names(f), seed)
    argnums, exact = float_argnums(args), 1e-12
    given = args
    if single:
        given = narrowed(args)
        args, exact = widened(given), 1e-3
    try:
        with time_limit(10.0):
            f(*copied(args))
        with time_limit(10.0), np.errstate(all="raise", under="ignore"):
            expected = reference(f, args, argnums)
    except Exception as error:
        return Outcome("invalid", f"{type(error).__name__}: {error}")
    if not np.isfinite(expected.value) or not argnums:
        return Outcome("invalid", f"value {expected.value}")
    before = copied(given)
    try:
        with time_limit(120.0):
            value, gradients = gradient(f, given, argnums)
    except Exception as error:
        return refused_or_crash(error)
    for k, (old, new) in enumerate(zip(before, given, strict=True)):
        if isinstance(old, np.ndarray) and (
            not isinstance(new, np.ndarray) or old.tobytes() != new.tobytes()
        ):
            return Outcome("WRONG", f"argument {k} was written")
    if not abs(value - expected.value) <= exact * max(1.0, abs(expected.value)) + exact / 100 * expected.norm:
        return Outcome("WRONG", f"value {value!r}, plain Python gives {expected.value!r}")
    wrong = mismatch(expected, gradients, given, argnums, 5e-3 if single else 1e-7)
    chosen = some_of(argnums, seed)
    if not expected.smooth:
        return Outcome("unreliable", wrong or "agrees nevertheless")
    return Outcome("WRONG", wrong) if wrong else compare_modes(
        f, given, chosen, gradient, (value, tuple(gradients[argnums.index(k)] for k in chosen))
    )


def compare_modes(f: FunctionType, args, argnums, gradient: Gradient, reverse) -> Outcome:
    """What became of forward mode: the same value, and <y_bar, J x_dot> = <J^T y_bar, x_dot>."""
    value, gradients = reverse
    dots, before = directions(args, argnums), copied(args)
    try:
        with time_limit(120.0):
            same, tangent = TANGENTS[gradient](f, args, argnums, dots)
    except Exception as error:
        return refused_or_crash(error)
    if bits(before) != bits(args):
        return Outcome("WRONG", "forward mode: an argument was written")
    if bits(same) != bits(value):
        return Outcome("WRONG", f"forward mode: value {same!r}, reverse mode {value!r}")
    wrong = disagreement(tangent, gradients, dots)
    return Outcome("WRONG", f"forward mode: {wrong}") if wrong else Outcome("ok")


def refused_or_crash(error: Exception) -> Outcome:
    """An error of the transformer's own family is a refusal; any other is a bug."""
    import srcgrad as sg

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, sg.SrcgradError):
            return Outcome("refused", f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__
    if isinstance(error, UnboundLocalError) and "on this path" in str(error):
        return Outcome("refused", f"at run time: {error}")  # of a name that only a short circuit protects
    trace = "".join(traceback.format_exception(error))
    return Outcome("CRASH", f"{type(error).__name__}: {error}\n{trace}")
