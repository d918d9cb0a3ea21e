"""`total += unordered(e)`: an addition that a compiler may do in any order, which vectorises."""

from __future__ import annotations

import operator

from numba.core import types
from numba.extending import intrinsic, models, overload, register_model


def unordered(addend):
    """Return what is added to a sum whose order is free, as `total += unordered(e)` or `total -= unordered(e)`.

    In compiled code the additions of a loop are then done in several lanes: of n numbers each result takes part in
    about n / 16 additions instead of n. In Python it is the number itself.
    """
    return addend


class Unordered(types.Type):
    """The type of a number on its way into a sum whose order is free."""

    def __init__(self, dtype):
        self.dtype = dtype
        super().__init__(f"unordered({dtype})")


@register_model(Unordered)
class UnorderedModel(models.PrimitiveModel):
    """Such a number in memory: as the number itself."""

    def __init__(self, dmm, kind):
        super().__init__(dmm, kind, dmm.lookup(kind.dtype).get_value_type())


@intrinsic
def _marked(context, addend):
    return Unordered(addend)(addend), lambda context, builder, signature, args: args[0]


@overload(unordered)
def _unordered(addend):
    return (lambda addend: _marked(addend)) if isinstance(addend, types.Number | types.Boolean) else None


def _adding(instruction: str):
    """Return the intrinsic that adds in any order, in the type that NumPy's addition would have.

    Of whole numbers, whose sums do not depend on their order, the plain instruction.
    """

    @intrinsic
    def added(context, total, addend):
        kind = context.unify_types(total, types.int64 if addend.dtype is types.boolean else addend.dtype)

        def lowered(context, builder, signature, args):
            left = context.cast(builder, args[0], total, kind)
            right = context.cast(builder, args[1], addend.dtype, kind)
            if isinstance(kind, types.Float):
                return getattr(builder, f"f{instruction}")(left, right, flags=("reassoc",))
            return getattr(builder, instruction)(left, right)

        return (kind(total, addend), lowered) if isinstance(kind, types.Float | types.Integer) else None

    return added


def _overloaded(operators, instruction: str):
    added = _adding(instruction)

    def chosen(total, addend):
        if isinstance(total, types.Number) and isinstance(addend, Unordered):
            return lambda total, addend: added(total, addend)
        return None

    for each in operators:
        overload(each)(chosen)


_overloaded((operator.add, operator.iadd), "add")
_overloaded((operator.sub, operator.isub), "sub")
