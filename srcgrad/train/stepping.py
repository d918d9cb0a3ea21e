"""What all optimisers share: one step at one parameter, and over a structure, from Python and inside compiled code."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numba.core import types
from numba.core.errors import TypingError
from numba.extending import overload, overload_method

from .. import tree
from ..generation.tree_types import built
from .structures import flag_places, flags, is_left_out, leaves_of, places, structure_of_parts, tree_map, written

SHAPES = "a gradient has another shape than its parameter: give one number for each of its numbers"
MOMENTS = "a moment has another shape than its parameter: make the state anew, optimizer.init(params)"
IN_PLACE = "a parameter that is a number cannot be written in place: make it an array, or call update"
FLOATS = "optimisers change floats and arrays of floats"


class Optimizer:
    """What all optimisers share: they are namedtuples of their numbers, the learning rate `lr` first.

    A new one names its `rule` and the class of its state, whose fields are `step` and its moments. The rule is a
    compiled function that writes its flat arrays: rule(w, g, *moments, t, lr, *other numbers), t counting from 1.
    """

    __slots__ = ()
    lr: Any  # a field of each
    rule: ClassVar[Any]
    state: ClassVar[type]

    def init(self, params):
        """Return the state before the first step: step 0, and moments of zeros in the structure of `params`.

        Parameters
        ----------
        params : structure
            Floats and arrays of floats, in tuples and namedtuples, from Python also lists, dicts and dataclasses.

        Raises
        ------
        TypeError
            If a parameter is no float and no array of floats; inside njit code numba's TypingError.
        """
        moments = len(self.state._fields) - 1
        return self.state(0, *(tree_map(zeros, params) for _ in range(moments)))

    def update(self, params, grads, state, lr=None, frozen=None):
        """Return (params, state) after one step; the arguments stay as they are.

        Parameters
        ----------
        params, grads : structure
            Parameters, and the gradient of the loss by them in the same structure.
        state : namedtuple
            What `init` or the last step returned.
        lr : float, optional
            The learning rate of this step; by default that of the optimiser.
        frozen : structure of bool, optional
            Parameters that keep their value and moments to the last bit. One bool holds for all below its place.

        Raises
        ------
        ValueError
            If structures or shapes differ, or the state is that of another optimiser; for structures and states inside
            njit code numba's TypingError.
        """
        return self._update(step, params, grads, state, lr, frozen)

    def update_in_place(self, params, grads, state, lr=None, frozen=None):
        """Return the state after one step, which is written into the arrays of `params` and `state`.

        Arguments and errors as for `update`; every parameter must be an array. It saves memory, and time where the
        parameters are larger than the cache.
        """
        return self._update(step_in_place, params, grads, state, lr, frozen)[1]

    def _update(self, one, params, grads, state, lr, frozen):
        require_state(self, state)
        structure = tree.structure_of(params)
        numbers = (state.step + 1, self[0] if lr is None else lr, *self[1:])
        rows = leaves_of(structure, params, grads, *state[1:])
        keep = flags(structure, frozen)
        results = [one(self, kept, numbers, *row) for row, kept in zip(rows, keep, strict=True)]
        columns = [tree.unflatten(structure, iter(column)) for column in zip(*results, strict=True)]
        return columns[0], self.state(state.step + 1, *columns[1:])


def require_state(optimizer, state):
    """Raise where a state is not what this optimiser's `init` and `update` return."""
    if not isinstance(state, optimizer.state):
        raise ValueError(not_its_state(type(optimizer), type(state).__name__))


def not_its_state(kind: type, given) -> str:
    """Return the message for a state of another type."""
    return f"the state of {kind.__name__} is what its init returns, not a {given}"


def zeros(w):
    """Return zeros in the shape and dtype of a parameter."""
    require_floats(w)
    return np.zeros(w.shape, w.dtype) if isinstance(w, np.ndarray) else 0.0


def require_floats(w):
    """Raise where a parameter is no float and no array of floats: a step would be cut off."""
    if not isinstance(w, float) and not (isinstance(w, np.ndarray) and w.dtype.kind == "f"):
        raise TypeError(f"a parameter is {w!r}: {FLOATS}")


def require_shapes(w, g, moments):
    """Raise where the gradient or a moment has another shape than the parameter."""
    if np.shape(g) != np.shape(w):
        raise ValueError(SHAPES)
    if any(np.shape(m) != np.shape(w) for m in moments):
        raise ValueError(MOMENTS)


def step(optimizer, keep, numbers, w, g, *moments):
    """Return (w, *moments) after one step as new values; copies where the parameter is to be kept."""
    require_floats(w)
    require_shapes(w, g, moments)
    if not isinstance(w, np.ndarray):
        return tuple(float(a[0]) for a in step(optimizer, keep, numbers, *(np.full(1, a) for a in (w, g, *moments))))
    arrays = [a.flatten() for a in (w, *moments)]
    if not keep:
        type(optimizer).rule(arrays[0], g.ravel(), *arrays[1:], *numbers)
    return tuple(a.reshape(w.shape) for a in arrays)


def step_in_place(optimizer, keep, numbers, w, g, *moments):
    """Return (w, *moments) after one step, which is written into them."""
    if not isinstance(w, np.ndarray):
        raise TypeError(IN_PLACE)
    require_floats(w)
    if keep:
        return (w, *moments)
    require_shapes(w, g, moments)
    arrays = [a.reshape(-1) for a in (w, *moments)]
    type(optimizer).rule(arrays[0], g.ravel(), *arrays[1:], *numbers)
    for array, new in zip((w, *moments), arrays, strict=True):
        if not array.flags.c_contiguous:
            array[...] = new.reshape(array.shape)
    return (w, *moments)


# --- the same inside compiled code --------------------------------------------------------------------------------


@overload(zeros)
def _zeros(w):
    _require_float_type(w)
    return (lambda w: np.zeros(w.shape, w.dtype)) if isinstance(w, types.Array) else (lambda w: w - w)


def _require_float_type(w):
    if not isinstance(getattr(w, "dtype", w), types.Float):
        raise TypingError(f"a parameter is of type {w}: {FLOATS}")


def _require_ranks(w, g, moments):
    for other, message in ((g, SHAPES), *((m, MOMENTS) for m in moments)):
        if getattr(other, "ndim", 0) != getattr(w, "ndim", 0):
            raise TypingError(message)


def _shape_tests(moments: int) -> list[str]:
    others = [("g", SHAPES), *((f"moments[{k}]", MOMENTS) for k in range(moments))]
    return [f"if {other}.shape != w.shape:\n        raise ValueError({message!r})" for other, message in others]


@overload(step)
def _step(optimizer, keep, numbers, w, g, *moments):
    _require_float_type(w)
    _require_ranks(w, g, moments)
    given = _numbers(numbers)
    taken = "".join(f", m{k}" for k in range(len(moments)))
    if isinstance(w, types.Array):
        lines = [*_shape_tests(len(moments)), "new = w.flatten()"]
        lines += [f"m{k} = moments[{k}].flatten()" for k in range(len(moments))]
        lines.append(f"if not keep:\n        rule(new, g.ravel(){taken}{given})")
        results = [f"{a}.reshape(w.shape)" for a in ("new", *(f"m{k}" for k in range(len(moments))))]
    else:
        lines = ["new = np.full(1, w)", *(f"m{k} = np.full(1, moments[{k}])" for k in range(len(moments)))]
        lines.append(f"if not keep:\n        rule(new, np.full(1, g){taken}{given})")
        results = ["new[0]", *(f"m{k}[0]" for k in range(len(moments)))]
    return _compiled_step(optimizer, lines, results)


@overload(step_in_place)
def _step_in_place(optimizer, keep, numbers, w, g, *moments):
    if not isinstance(w, types.Array):
        raise TypingError(IN_PLACE)
    _require_float_type(w)
    _require_ranks(w, g, moments)
    arrays = {"w": w} | {f"moments[{k}]": m for k, m in enumerate(moments)}
    # what is not contiguous is flattened to a copy, and written back
    flat = [f"f{k} = {name}.{'reshape(w.size)' if t.layout == 'C' else 'flatten()'}"
            for k, (name, t) in enumerate(arrays.items())]  # fmt: skip
    back = [f"    {name}[...] = f{k}.reshape(w.shape)" for k, (name, t) in enumerate(arrays.items()) if t.layout != "C"]
    taken = "".join(f", f{k + 1}" for k in range(len(moments)))
    lines = [*_shape_tests(len(moments)), *flat]
    lines += [f"if not keep:\n        rule(f0, g.ravel(){taken}{_numbers(numbers)})", *back]
    return _compiled_step(optimizer, lines, list(arrays))


def _numbers(numbers) -> str:
    return "".join(f", numbers[{k}]" for k in range(len(numbers)))


def _compiled_step(optimizer, lines: list[str], results: list[str]):
    body = "".join(f"    {line}\n" for line in lines)
    text = f"def impl(optimizer, keep, numbers, w, g, *moments):\n{body}    return {', '.join(results)},\n"
    # the rule is found by the type: as an argument it would keep what calls it from being cached
    return written(text, {"np": np, "rule": optimizer.instance_class.rule})


def _is_optimizer(t) -> bool:
    return issubclass(t.instance_class, Optimizer)


@overload_method(types.BaseNamedTuple, "init")
def _init(self, params):
    if not _is_optimizer(self):
        return None
    state = self.instance_class.state
    moments = "".join(", tree_map(zeros, params)" for _ in state._fields[1:])
    return written(f"def impl(self, params):\n    return state(0{moments})\n",
                   {"state": state, "tree_map": tree_map, "zeros": zeros})  # fmt: skip


@overload_method(types.BaseNamedTuple, "update")
def _update(self, params, grads, state, lr=None, frozen=None):
    if not _is_optimizer(self):
        return None
    return _compiled_update(self, step, "{params}, {state}", params, grads, state, lr, frozen)


@overload_method(types.BaseNamedTuple, "update_in_place")
def _update_in_place(self, params, grads, state, lr=None, frozen=None):
    if not _is_optimizer(self):
        return None
    return _compiled_update(self, step_in_place, "{state}", params, grads, state, lr, frozen)


def _compiled_update(self, one, returned: str, params, grads, state, lr, frozen):
    """Return the update written out for these types: a call of the step for each parameter."""
    kind = self.instance_class
    structure = structure_of_parts(params, "the parameters")
    columns = [places(structure, params, "params", "the parameters"), places(structure, grads, "grads", "the gradient")]
    if not (isinstance(state, types.BaseNamedTuple) and state.instance_class is kind.state):
        raise TypingError(not_its_state(kind, state))
    columns += [places(structure, state[k], f"state[{k}]", "the state") for k in range(1, len(kind.state._fields))]
    keep = flag_places(structure, frozen, "frozen")
    rate = "self[0]" if is_left_out(lr) else "lr"
    lines = [f"numbers = (state.step + 1, {rate}{''.join(f', self[{k}]' for k in range(1, len(self)))})"]
    lines += [f"r{k} = one(self, {kept}, numbers, {', '.join(row)})"
              for k, (kept, *row) in enumerate(zip(keep, *columns, strict=True))]  # fmt: skip
    namespace: dict = {"one": one, "state_of": kind.state}
    new, *moments = (
        built(structure, (f"r{k}[{item}]" for k in range(len(columns[0]))), namespace)
        for item in range(len(columns) - 1)
    )
    made = f"state_of(state.step + 1{''.join(f', {m}' for m in moments)})"
    lines.append(f"return {returned.format(params=new, state=made)}")
    body = "".join(f"    {line}\n" for line in lines)
    return written(f"def impl(self, params, grads, state, lr=None, frozen=None):\n{body}", namespace)
