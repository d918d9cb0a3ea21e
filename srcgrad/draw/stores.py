"""Arrays that are made and written: each store is a node whose value is the array after it."""

from __future__ import annotations

from dataclasses import replace

from ..language import ir
from ..language.emit import expr_text
from ..language.ir import Block, Const, Expr, Let, Name, Op, Return, Stmt, Store, Sub
from . import labels
from .model import CONSTANT, Grow, Node
from .operands import ExpressionBuilder


class StoreBuilder(ExpressionBuilder):
    """Makes nodes of statements that make arrays or write into them."""

    def made(self, name: str, value: Op, label: str, stmt: Stmt) -> Node:
        """Emit an array without content."""
        silent = sorted(ir.names_in(value))
        node = self.node(CONSTANT, label, name, stmt.loc, name=name, active=False)
        node.text, node.slots = expr_text(value), tuple(silent)
        node.gate = ir.Function("gate", tuple(silent), (Return(value),), stmt.loc)
        node.kind = self.kinds[name] if self.kinds else None
        self.emit(node, silent, name)
        return node

    def store(self, stmt: Store, after):
        self.filled_store(stmt.base, (stmt,), f"{labels.operation(Sub(Name(''), stmt.index))} {stmt.op}", stmt)

    def filled(self, block: Block) -> int:
        """Return how many statements at the start of a block make an array of given items; emit it as one node."""
        first = block[0]
        if not (isinstance(first, Let) and isinstance(first.value, Op) and first.value.fn == "np.empty"):
            return 0
        count = 1
        while count < len(block) and _fills(block[count], first):
            count += 1
        if count > 1:
            self.filled_store("", block[:count], "array", first)
        return count

    def filled_store(self, base: str, stmts: Block, label: str, at: Stmt):
        """Emit a node that writes values into an array: one that is there, or one that it makes."""
        slots: list[str] = []
        reads: list[str] = []
        body: list[Stmt] = []
        target = base or at.target  # type: ignore[attr-defined]
        if base:
            reads.append(base)
            slots.append(base)
        for s in stmts:
            if isinstance(s, Store) and not self.is_written_out(s.value):
                reads.append(self.operand(s.value, s.loc))
                slots.append(self.slot(reads[-1], slots))
                s = replace(s, value=self.within(s, target, Name(slots[-1]), reads[-1]))
            body.append(replace(s, base=target) if isinstance(s, Store) else s)
        own = "" if base else target
        others = sorted({n for s in body for e in ir.exprs_of(s) for n in ir.names_in(e)} - set(slots) - {own})
        node = self.node("store" if base else "array", label, target, at.loc, name=target)
        node.kind = self.kinds[target] if self.kinds else None
        node.text = label if base else f"array({', '.join(self.shown(k) for k in reads)})"
        if base:
            values = [s.value for s in stmts if isinstance(s, Store)]
            node.text = f"{expr_text(Sub(Name(base), stmts[0].index))} {stmts[0].op} {expr_text(values[0])}"  # type: ignore[attr-defined]
        self.finish(node, (*body, Return(Name(target))), slots, reads, others, target, (base,) if base else ())

    def within(self, stmt: Store, target: str, slot: Name, key: str) -> Expr:
        """Return a value as a store takes it: without the axes in front, of one element each, that it has too many."""
        if self.kinds is None:
            return slot
        places, value = self.kind(Sub(Name(target), stmt.index)), self.kinds[key]
        more = value.rank - places.rank if places is not None else 0
        return Sub(slot, (Const(0),) * more) if more > 0 else slot

    def grow(self, stmt: ir.Grow, after):
        self.steps.append(Grow(stmt.base, self.hidden(stmt.at), stmt.upto))


def _fills(stmt: Stmt, first: Let) -> bool:
    constant = isinstance(stmt, Store) and all(isinstance(i, Const) for i in stmt.index)
    return constant and stmt.base == first.target and stmt.loc == first.loc and stmt.op == "="  # type: ignore[attr-defined]
