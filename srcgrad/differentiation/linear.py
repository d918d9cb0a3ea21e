"""The linear form of a statement: for every active leaf of its value, the local partial derivative.

Forward and reverse mode are both printed from it. Partials come from sympy, written with the statement's own result
where that is shorter or more stable (1 - out**2 for tanh).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..language import ir
from ..language.dependence import differentiable_leaves
from ..language.ir import Const, Expr, Name, Op, Sub
from .directional import Total
from .scaled import integer_dtype
from .stand_ins import Last, Output, reveal


@dataclass(frozen=True)
class Push:
    """One contribution of a statement to the adjoint of a leaf: `leaf_bar += sign * value`."""

    leaf: Expr
    sign: int
    value: Expr


class LinearForm:
    """Local derivatives of `target = value` for its active leaves.

    Parameters
    ----------
    target : Name, Sub or None
        Where the value stands afterwards; None where it is only added to something.
    value : Expr
        A scalar expression over names and elements.
    is_active : callable
        Tells whether a leaf depends on a differentiated argument.
    kinds : dict of str to Kind, optional
        What names hold; those that it does not have are floats.
    """

    def __init__(self, target: Expr | None, value: Expr, is_active: Callable[[Expr], bool], kinds=None):
        self.target, self.value, self.is_active, self.kinds = target, value, is_active, kinds
        self.leaves = differentiable_leaves(value, is_active)
        self.uses_result = False

    def _symbolic(self, stands: bool, apart: bool):
        from . import symbolic

        dtype = partial(integer_dtype, kinds=self.kinds) if self.kinds is not None else None
        converter = symbolic.Converter(self.is_active, _prefix(self.value), dtype)
        whole, parts = symbolic.partials(converter, self.value, self.leaves)
        own = self.target.base if isinstance(self.target, Sub) else self.target
        if self.target is not None and isinstance(own, Name) and whole.args and not whole.is_Add:
            out = converter.symbol(Output(self.target))
            if not whole.is_Mul and not whole.is_Pow:
                replaced = [p.xreplace({whole: out}) for p in parts]
            elif stands:
                replaced = symbolic.by_result(whole, [converter.symbol(leaf) for leaf in self.leaves], parts, out)
            else:
                replaced = parts
            before = {s for e, s in converter.symbols.items() if own.id in ir.names_in(e)}
            if replaced != parts and (apart or not any(p.free_symbols & before for p in replaced)):
                self.uses_result, parts = True, replaced
        return converter, parts

    def bends(self) -> list[int]:
        """Return for each leaf what its partial depends on: 0, no active leaf; 1, others; 2, that leaf itself."""
        if self.is_trivial:
            return [0]
        converter, parts = self._symbolic(False, False)
        own = {converter.symbol(leaf) for leaf in self.leaves}
        result = {converter.symbols.get(Output(self.target))} if self.target is not None else set()
        found = []
        for leaf, part in zip(self.leaves, parts, strict=True):
            itself = part.free_symbols & ({converter.symbol(leaf)} | result)
            found.append(2 if itself else 1 if part.free_symbols & own else 0)
        return found

    @property
    def is_trivial(self) -> bool:
        """Whether the value is one leaf alone, as in `a = b`."""
        return self.value in self.leaves

    def pushes(self, seed: Expr, fresh, stands=False, apart=False, often=False):
        """Return (temporaries, contributions) for the adjoint `seed` of the target, which may be a constant.

        `stands` says that the value of the target is there for other reasons, so that quotients may use it; `apart`
        that the leaves are surely not the target itself; `often` that the code runs in a loop: then divisions are by
        reciprocals, which do not wait for the adjoint and which a compiler takes out of loops.
        """
        if self.is_trivial:
            return [], [Push(self.value, 1, seed)]
        from . import symbolic

        converter, parts = self._symbolic(stands, apart)
        g = symbolic.number(seed.value) if isinstance(seed, Const) else converter.symbol(Last(seed))
        if often and not isinstance(seed, Const):
            converter.waits = g
        products = [p * g for p in parts]
        divisors, products = symbolic.divide_once(products)
        temps, products = symbolic.share(products, 0)
        named = []
        for s, e in divisors + temps:
            name = fresh("t")
            converter.exprs[s] = Name(name)
            named.append((name, reveal(converter.held(e), self.target)))
        result = []
        for leaf, e in zip(self.leaves, products, strict=True):
            if e == 0:
                continue
            sign = -1 if symbolic._negative(e) else 1
            value = reveal(converter.from_sympy(e if sign > 0 else -e), self.target)
            result.append(Push(leaf, sign, value))
        return named, result

    def tangent(self, dot: Callable[[Expr], Expr], fresh, negated: Callable[[Expr], Expr], hoist=False):
        """Return (temporaries, tangent of the value) where `dot` gives the tangents of the leaves.

        `negated` gives the negative of a product. The partials are those of `pushes`, in one sum; with `hoist` what is
        multiplied with tangents stands in temporaries, so that the sum can be taken for many directions.
        """
        if self.is_trivial:
            return [], dot(self.value)
        converter, parts = self._symbolic(True, False)
        dots = [converter.symbol(Last(dot(leaf)), last=True) for leaf in self.leaves]
        total = Total(converter, [(p, d) for p, d in zip(parts, dots, strict=True) if p != 0])
        named = []
        # what is written elsewhere than into arrays cannot change an element that is read
        plain = (Name, Const, Sub) if isinstance(self.target, Name) else (Name, Const)
        known = {s for s, e in converter.exprs.items() if isinstance(reveal(e, self.target), plain)}
        for s, e in total.shared(known if hoist else None):
            name = fresh("t")
            converter.exprs[s] = Name(name)
            named.append((name, reveal(converter.held(e), self.target)))
        return named, reveal(total.expr(lambda e: negated(reveal(e, self.target))), self.target)


def _prefix(value: Expr) -> str:
    calls = [e.fn for e in ir.walk(value) if isinstance(e, Op) and "." in e.fn]
    return "math" if calls and all(c.startswith("math.") for c in calls) else "np"
