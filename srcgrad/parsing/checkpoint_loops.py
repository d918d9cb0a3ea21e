"""Read loops over `checkpoint(...)`: ordinary loops with a schedule."""

from __future__ import annotations

import ast
from dataclasses import replace

from ..hints import checkpoint
from ..language import ir
from ..language.ir import Const, For, Op
from ..rules.draws import is_draw
from .expressions import ExpressionReader

SCHEDULES = ("all", "periodic", "sqrt", "binomial")
_NUMBER = {"periodic": "every", "binomial": "slots"}


class CheckpointReader(ExpressionReader):
    """Reads the iterable of a loop where it is a call of `checkpoint`."""

    def is_checkpoint(self, node: ast.expr) -> bool:
        """Return whether an expression is a call of `checkpoint`."""
        return self.called_object(node) is checkpoint

    def for_checkpointed(self, node: ast.For):
        """Read a loop over `checkpoint(iterable, ...)`."""
        assert isinstance(node.iter, ast.Call)
        names = ("iterable", "schedule", "every", "slots")
        given: dict = dict(zip(names, node.iter.args, strict=False)) | {k.arg: k.value for k in node.iter.keywords}
        unknown = [k for k in given if k not in names]
        if unknown or "iterable" not in given or len(node.iter.args) > len(names):
            self.fail(node.iter, "these are not the arguments of checkpoint", f"give {', '.join(names)}")
        schedule = self.schedule(node, given)
        before = len(self.out)
        self.stmt_for(ast.copy_location(ast.For(node.target, given["iterable"], node.body, node.orelse), node))
        loops = [k for k in range(before, len(self.out)) if isinstance(self.out[k], For)]
        if schedule is None or not loops:
            return
        loop = self.out[loops[-1]]
        assert isinstance(loop, For)
        if leaves(loop.body):
            self.fail(node, "break or return in a checkpointed loop is not supported", "leave out checkpoint()")
        if any(isinstance(e, Op) and is_draw(e.fn) for s in ir.statements(loop.body) for e in ir.exprs_of(s)):
            self.fail(node, "a checkpointed loop would draw its random numbers again", "draw them before the loop")
        if any(isinstance(s, ir.Grow) for s in ir.statements(loop.body)):
            self.fail(node, "a list that grows in a checkpointed loop is not supported", "write into an array")
        if loop.step != Const(1):
            self.fail(node, "a checkpointed range with a step is not supported", "count upward by one")
        self.out[loops[-1]] = replace(loop, schedule=schedule)

    def schedule(self, node, given) -> tuple[str, ir.Expr] | None:
        """Return the schedule that the arguments ask for; None for records of every trip."""
        kind = self.expr(given["schedule"]) if "schedule" in given else Const("sqrt")
        if not isinstance(kind, Const) or kind.value not in SCHEDULES:
            self.fail(given["schedule"], "this is no schedule", f"one of {', '.join(SCHEDULES)}")
        option = _NUMBER.get(kind.value)
        if option is not None and option not in given:
            self.fail(node.iter, f"the schedule {kind.value!r} needs {option}=", f"give {option}, a number of trips")
        if kind.value == "all":
            return None
        return kind.value, self.scalar(given[option]) if option else Const(0)


def leaves(block) -> bool:
    """Return whether a loop with this body may stop before its range ends."""
    for stmt in block:
        if isinstance(stmt, ir.Break | ir.Return):
            return True
        if isinstance(stmt, ir.If) and (leaves(stmt.then) or leaves(stmt.other)):
            return True
        if isinstance(stmt, ir.For | ir.While) and any(isinstance(s, ir.Return) for s in ir.statements((stmt,))):
            return True
    return False
