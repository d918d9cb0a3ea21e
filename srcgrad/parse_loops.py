"""Read loops: over a range, over the first axis of arrays, and, unrolled, over tuples."""

from __future__ import annotations

import ast
from dataclasses import replace

from . import ir
from .ir import Const, Let, Name, Op
from .parse_expr import ExpressionReader, Obj, Struct


class LoopReader(ExpressionReader):
    """Reads `for`, `while`, `break` and `continue`."""

    def stmt_for(self, node):
        call = node.iter
        if isinstance(call, ast.Call) and not call.keywords:
            target = self.expr(call.func) if not isinstance(call.func, ast.Attribute) else None
            name = getattr(target.value, "__name__", "") if isinstance(target, Obj) else ""
            if isinstance(target, Obj) and (target.value is range or name == "prange"):
                return self.for_range(node, [self.scalar(a) for a in call.args])
            if isinstance(target, Obj) and target.value in (enumerate, zip, reversed):
                return self.for_items(node, call, target.value)
        iterable = self.expr(call)
        if isinstance(iterable, Struct):
            return self.unrolled(node, iterable.items)
        self.for_array(node, [(node.target, self.leaf(iterable, call))], None)

    def unrolled(self, node, items):
        for statement in ast.walk(ast.Module(node.body, [])):
            if isinstance(statement, ast.Break | ast.Continue | ast.Return) or node.orelse:
                self.fail(node, "break, continue or return in a loop over a tuple is not supported", "write it out")
        start = len(self.out)
        for item in items:
            self.assign(node.target, self.as_it_was(item, start, node), node)
            self.block(node.body)

    def as_it_was(self, value, start: int, node):
        """Return a value as it was before the statements of this block from `start` on."""
        if isinstance(value, Struct):
            return replace(value, items=tuple(self.as_it_was(v, start, node) for v in value.items))
        since = tuple(self.out[start:])
        rebound = isinstance(value, ir.Expr) and ir.names_in(value) & ir.bound_in(since)
        if not rebound and (not isinstance(value, ir.Expr) or isinstance(value, Const | Name) or not _stores(since)):
            return value
        name = self.fresh("value")
        self.out.insert(start, Let(name, value, self.source.loc(node)))
        return Name(name)

    def for_range(self, node, args):
        lo, hi, step = {1: lambda a: (Const(0), a, Const(1)), 2: lambda a, b: (a, b, Const(1)),
                        3: lambda a, b, c: (a, b, c)}[len(args)](*args)  # fmt: skip
        loc = self.source.loc(node)
        if not isinstance(node.target, ast.Name):
            self.fail(node, "the loop variable must be a name", "give it a name")
        name = node.target.id
        assigned = any(
            isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
            for s in node.body for n in ast.walk(s)
        )  # fmt: skip
        var = self.fresh(f"{name}_loop") if assigned else self.local_name(name)
        self.env[name] = Name(self.local_name(name))
        saved, self.out = self.out, []
        if assigned:
            self.emit(Let(self.local_name(name), Name(var), loc))
        body = (*self.out, *self.nested(node.body))
        self.out = saved
        self.emit(ir.For(var, lo, hi, step, body, self.nested(node.orelse), loc))

    def for_items(self, node, call, f):
        """Read a loop over enumerate, zip or reversed of arrays and tuples."""
        if f is reversed:
            inner = call.args[0]
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "range":
                args = [self.scalar(a) for a in inner.args]
                if len(args) == 3:
                    self.fail(node, "reversed(range()) with a step is not supported", "write the range downward")
                lo, hi = (Const(0), args[0]) if len(args) == 1 else args
                one = Const(1)
                return self.for_range(node, [Op("sub", (hi, one)), Op("sub", (lo, one)), Const(-1)])
        if f is enumerate and isinstance(node.target, ast.Tuple) and len(node.target.elts) == 2:
            counter, target = node.target.elts
            value = self.expr(call.args[0])
            if isinstance(value, Struct):
                pairs = tuple(Struct((Const(k), v), (0, 1)) for k, v in enumerate(value.items))
                return self.unrolled(node, pairs)
            return self.for_array(node, [(target, self.leaf(value, call))], counter)
        values = [self.expr(a) for a in call.args]
        if f is zip and all(isinstance(v, Struct) for v in values):
            rows = zip(*(v.items for v in values), strict=False)
            return self.unrolled(node, tuple(Struct(tuple(r), tuple(range(len(r)))) for r in rows))
        if f is zip and isinstance(node.target, ast.Tuple) and len(node.target.elts) == len(values):
            pairs = [(t, self.leaf(v, call)) for t, v in zip(node.target.elts, values, strict=True)]
            return self.for_array(node, pairs, None)
        self.fail(node, f"this loop over {f.__name__} is not supported", "loop over range and index")

    def for_array(self, node, pairs, counter):
        """Read a loop over the first axis of arrays."""
        loc = self.source.loc(node)
        # the loop goes on over the array it began with, whatever its body binds the name to
        bound = {self.local_name(n.id) for s in node.body for n in ast.walk(s) if _is_store(n)}
        pairs = [(t, a if isinstance(a, Name) and a.id not in bound else self.hold(a, node)) for t, a in pairs]
        var = self.fresh("i")
        hi: ir.Expr = Op("len", (pairs[0][1],))
        for _, array in pairs[1:]:
            hi = Op("min", (hi, Op("len", (array,))))
        saved, self.out = self.out, []
        self.depth += 1
        if counter is not None:
            self.assign(counter, Name(var), node)
        for target, array in pairs:
            self.assign(target, ir.Sub(array, (Name(var),), loc), node)
        self.depth -= 1
        body = (*self.out, *self.nested(node.body))
        self.out = saved
        self.emit(ir.For(var, Const(0), hi, Const(1), body, self.nested(node.orelse), loc))

    def stmt_while(self, node):
        test, block = self.guarded(node.test)
        loc = self.source.loc(node)
        body = self.nested(node.body)
        if block:
            leave = ir.If(Op("not", (test,)), (ir.Break(loc),), (), loc)
            body, test = (*block, leave, *body), Const(True)
        self.emit(ir.While(test, body, self.nested(node.orelse), loc))

    def stmt_break(self, node):
        self.emit(ir.Break(self.source.loc(node)))

    def stmt_continue(self, node):
        self.emit(ir.Continue(self.source.loc(node)))


def _is_store(node) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _stores(block) -> bool:
    return any(isinstance(s, ir.Store) or (isinstance(s, Let) and isinstance(s.value, Op) and s.value.option("inplace"))
               for s in ir.statements(block))  # fmt: skip
