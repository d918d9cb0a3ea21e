"""Forward mode at the border: values and tangents in, value and tangent out, from Python and inside njit."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from dataclasses import replace

from numba.core import types
from numba.extending import overload

from . import tree
from .api import Grad
from .errors import ArgumentError, Problem
from .generation import entry, generate
from .generation.structured import Structured, direct, function_of
from .parsing.makers import AT_ONCE, maker

OTHER_SHAPE = "the tangent of {} does not have the shape of its value"
INTEGER = "{} is an integer: its tangent is None or zero"
_SIGNATURE = inspect.Signature(
    [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("primals", "tangents")]
)


class JvpEntry(entry.Entry):
    """An entry whose arguments are the tuple of the primals and the tuple of their tangents."""

    def _declared(self):
        return ", ".join(self.flat)

    def _passed(self, places, kinds, structures):
        pairs = self._pairs(structures)
        primals = tree.count(self._whole(structures)[0])
        checks, tangents = [], []
        for name, k, n in pairs:
            kind, own, given = kinds[k], places[n], kinds[n]
            if kind.rank != given.rank:
                what = f"the tangent of {name} has {given.rank} axes, its value has {kind.rank}"
                raise ArgumentError(Problem(what, "give a tangent of the shape of the value"))
            if kind.rank:
                checks.append(f"if {own}.shape != {places[k]}.shape: raise ValueError({OTHER_SHAPE.format(name)!r})")
            if not kind.is_float:
                test = f"{'np.any(' if kind.rank else '('}{own} != 0)"
                checks.append(f"if {test}: raise ValueError({INTEGER.format(name)!r})")
            elif not kind.rank:
                tangents.append(f"np.{kind.dtype}({own})")
            else:
                tangents.append(own if given.dtype == kind.dtype else f"{own}.astype(np.{kind.dtype})")
        return checks, [*places[:primals], *tangents]

    def taken(self, kinds, structures):
        self._passed([""] * len(kinds), kinds, structures)
        primals = tree.count(self._whole(structures)[0])
        return [(k, k) for k in range(primals)] + [(n, k) for _, k, n in self._pairs(structures) if kinds[k].is_float]

    def compared(self, given):
        """Return which axes of the primals have to fit others; those of tangents are the same."""
        primals = tree.count(self._whole(self._kinds(given)[2])[0])
        return tuple(p for p in super().compared(given) if p is None or p[0] < primals)

    def _builder(self, kinds, whole):
        primals, _ = self._whole(whole)
        wrt = tuple(k for _, k, _ in self._pairs(whole) if kinds[k].is_float)
        if not wrt:
            raise ArgumentError(Problem("no argument has a tangent", "give a tangent for an argument that is a float"))
        return generate.builder(self.request, kinds[: tree.count(primals)], primals.children, wrt)

    def _whole(self, structures):
        """Return the structures of the primals and the tangents."""
        primals, tangents = self.request.structures if self.request.structures is not None else structures
        names = list(entry.parameters(self.request.f).parameters)
        way = f"give a tuple with an item for each of {names}"
        for what, given in (("primals", primals), ("tangents", tangents)):
            if not (isinstance(given, tree.Node) and given.kind in ("tuple", "list")):
                raise ArgumentError(Problem(f"the {what} are not a tuple", way))
            if len(given.children) != len(names):
                raise ArgumentError(Problem(f"there are {len(given.children)} {what} for {len(names)} arguments", way))
        return primals, tangents

    def _pairs(self, structures) -> list[tuple[str, int, int]]:
        """Return (name, position of the value, of its tangent) among all leaves, for values that have a tangent."""
        primals, tangents = self._whole(structures)
        names = list(entry.parameters(self.request.f).parameters)
        count = tree.count(primals)
        values, found = iter(range(count)), iter(range(count, count + tree.count(tangents)))
        return [
            pair
            for name, p, t in zip(names, primals.children, tangents.children, strict=True)
            for pair in _matched(name, p, t, values, found)
        ]


def _matched(name: str, primal, tangent, values: Iterator[int], tangents: Iterator[int]):
    """Yield (name, position of a value, position of its tangent) for the leaves of a value with a tangent."""
    if isinstance(tangent, tree.Known) and tangent.value is None:
        for _ in range(tree.count(primal)):
            next(values)
    elif primal == tangent and isinstance(primal, tree.Known):
        return
    elif isinstance(primal, tree.Leaf) and isinstance(tangent, tree.Leaf):
        yield name, next(values), next(tangents)
    elif isinstance(primal, tree.Node) and isinstance(tangent, tree.Node) and primal.keys == tangent.keys:
        for key, p, t in zip(primal.keys, primal.children, tangent.children, strict=True):
            yield from _matched(tree.part_path(primal, name, key), p, t, values, tangents)
    else:
        raise ArgumentError(Problem(f"the tangent of {name} does not have the structure of its value",
                                    "give the same structure, with None where there is no tangent"))  # fmt: skip


class Jvp(Structured):
    """A compiled function of `(primals, tangents)` that returns value and tangent; made by `jvp`."""

    _transform, _title, _entry_type = "jvp", "Value and derivative along tangents", JvpEntry

    def _parameters(self, base):
        return _SIGNATURE

    def __call__(self, primals, tangents):
        """Return the value and the derivative of the compiled function."""
        if isinstance(primals, tuple | list) and len(primals) != self._arity:
            primals, tangents = self._completed(primals, tangents)
        return Structured.__call__(self, primals, tangents)

    def _structures_of(self, args):
        """Return the structures of primals and tangents, with small integers without a tangent in them where need be.
        """
        primals, tangents = (tree.structure_of(a) for a in args)
        both = isinstance(primals, tree.Node) and isinstance(tangents, tree.Node) and primals.keys == tangents.keys
        if not (self._fixed and both):
            return primals, tangents
        known = tree.with_integers(primals.children, args[0])
        pairs = zip(primals.children, known, args[1], strict=True)
        return replace(primals, children=tuple(k if dot is None else p for p, k, dot in pairs)), tangents

    @functools.cached_property
    def _arity(self) -> int:
        return len(entry.parameters(self._base).parameters)

    def _completed(self, primals, tangents):
        """Return primals and tangents with the defaults of arguments left out, which have no tangents."""
        missing = list(entry.parameters(self._base).parameters.values())[len(primals) :]
        as_many = isinstance(tangents, tuple | list) and len(tangents) == len(primals)
        if any(p.default is p.empty for p in missing) or not as_many:
            return primals, tangents
        return (*primals, *(p.default for p in missing)), (*tangents, *(None for _ in missing))

    def _is_nested(self, result):
        return isinstance(result[0], tuple)


class Hvp(Jvp):
    """A compiled function of `(primals, tangents)` that returns the derivative of a gradient; made by `hvp`."""

    _transform, _title = "hvp", "Derivative along tangents"

    def _is_nested(self, result):
        return isinstance(result, tuple)


# --- the functions ----------------------------------------------------------------------------------------------


@maker(AT_ONCE)
def jvp(f, primals=None, tangents=None):
    """Return `(out, tangent_out)`: the value of `f` and its derivative along tangents of its arguments.

    Parameters
    ----------
    f : function
        May return a number, an array, or a tuple, namedtuple, list or dict of these.
    primals : tuple
        The arguments: numbers, arrays, and tuples, namedtuples, dicts and lists of them. Without primals and tangents
        the compiled function of `(primals, tangents)` is returned.
    tangents : tuple
        For each argument its tangent, of the same structure, shape and dtype. None, for an argument or a part of one,
        is a tangent of zero: such arguments are not differentiated by. The tangent of an integer is None or zero.

    Returns
    -------
    out
        `f(*primals)`.
    tangent_out
        The derivative, in the structure, shapes and dtypes of `out`; None in the place of an integer.

    Raises
    ------
    ArgumentError
        If tangents do not fit their primals in structure or number of axes.
    ValueError
        If the shape of a tangent is not that of its primal, or an integer has a tangent other than zero.

    Notes
    -----
    Forward mode. Cost: about one to two times that of `f` for each direction, whatever the size of the result. Inside
    njit, `f` is an njit function or what `differentiable` or a derivative returned.

    Examples
    --------
    >>> import srcgrad as sg
    >>> sg.jvp(lambda x, y: x * x * y, (3.0, 2.0), (1.0, None))
    (18.0, 12.0)
    """
    made = direct.get(f, "jvp", Jvp)
    return made if primals is None and tangents is None else made(primals, tangents)


@maker(AT_ONCE)
def hvp(f, primals=None, tangents=None, argnums=0):
    """Return the product of the Hessian of the scalar function `f` with tangents of its arguments.

    It is `jvp(grad(f, argnums), primals, tangents)[1]`: the derivative of the gradient, forward over reverse.

    Parameters
    ----------
    f : function
        Returns one float.
    primals, tangents : tuple
        As for `jvp`; without them the compiled function of `(primals, tangents)` is returned.
    argnums : int, str or tuple of these
        The arguments of the gradient.

    Returns
    -------
    array or tuple
        In the structure of the gradient.

    Notes
    -----
    Cost: about two to three times that of the gradient; no Hessian is formed.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> sg.hvp(lambda x: np.sum(x**3), (np.array([1.0, 2.0]),), (np.array([1.0, 1.0]),))
    array([ 6., 12.])
    """
    made = direct.get(f, f"hvp {argnums!r}", lambda f: Hvp(Grad(f, argnums)))
    return made if primals is None and tangents is None else made(primals, tangents)


# --- the same inside compiled code ------------------------------------------------------------------------------


@overload(jvp, strict=False)
def _jvp(f, primals, tangents):
    function = function_of(f)
    if function is None:
        return None
    made = jvp(function)
    return lambda f, primals, tangents: made(primals, tangents)


@overload(hvp, strict=False)
def _hvp(f, primals, tangents, argnums=0):
    function = function_of(f)
    chosen = getattr(argnums, "literal_value", argnums)
    if function is None or isinstance(chosen, types.Type) and not isinstance(chosen, types.Omitted):
        return None
    made = hvp(function, argnums=getattr(chosen, "value", chosen))
    return lambda f, primals, tangents, argnums=0: made(primals, tangents)
