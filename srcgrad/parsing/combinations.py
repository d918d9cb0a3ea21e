"""Read loops over the combinations and permutations of items: as loops in loops, or unrolled."""

from __future__ import annotations

import ast
import itertools

import numpy as np

from ..language import ir
from ..language.ir import Const, Op
from .expressions import ExpressionReader, List, Struct, stored_names
from .source import leaves_loop
from .trips import Trips, plus


class CombinationReader(ExpressionReader):
    """Reads what functions of `itertools` run through; compares the parts of `zip`."""

    def of_one_length(self, parts, node):
        """Emit the check of `zip(..., strict=True)`, that all parts have as many items as the first."""
        counts = [Const(len(p.items)) if isinstance(p, Struct) else p.count for p in parts]
        loc = self.source.loc(node)
        for k, count in enumerate(counts[1:], 2):
            if isinstance(count, Const) and isinstance(counts[0], Const) and count != counts[0]:
                self.fail(node, "the parts of zip(..., strict=True) differ in length", "make them equal")
            if count != counts[0]:
                said = f"zip() argument {k} differs in length from argument 1 ({loc.place})"
                stop = ir.Raise("ValueError", (Const(said),), loc)
                self.emit(ir.If(Op("ne", (count, counts[0])), (stop,), (), loc))

    def neighbours(self, found: Struct | Trips) -> Struct | Trips:
        """Return every item with the one behind it."""
        if isinstance(found, Struct):
            return Struct(tuple(itertools.starmap(_pair, itertools.pairwise(found.items))), ())
        item = found.upward()
        most = None if found.most is None else max(found.most - 1, 0)
        return Trips(plus(found.count, Const(-1)), lambda k: _pair(item(k), item(plus(k, Const(1)))), most=most)

    def joined_or_cut(self, node, f):
        """Return the items of `itertools.chain` as one tuple or array, those of `islice` as a slice."""
        if f is itertools.islice:
            return self.cut(node)
        parts = [self.opened(v, node) for v in self.positional(node)]
        if all(isinstance(p, Struct) and p.kind != "dict" for p in parts):
            return Struct(tuple(v for p in parts for v in p.items), ())
        arrays = [self.array_of_list(p, node) if isinstance(p, List) else self.as_array(p, node) for p in parts]
        whole = self.user_call(node, np.concatenate, ([Struct(tuple(arrays), tuple(range(len(arrays))))], {}))
        return self.hold(whole, node)

    def cut(self, node):
        """Return the items of `itertools.islice` as a slice, whose ends are not counted from the last item."""
        if not 2 <= len(node.args) <= 4 or node.keywords:
            self.fail(node, "islice() takes 2 to 4 arguments", "correct the call")
        ends = [None if isinstance(e, ast.Constant) and e.value is None else e for e in node.args[1:]]
        loc = self.source.loc(node)
        for end in (self.scalar(e) for e in ends if e is not None and not isinstance(e, ast.Constant)):
            said = f"islice() takes no negative numbers ({loc.place})"
            self.emit(ir.If(Op("lt", (end, Const(0))), (ir.Raise("ValueError", (Const(said),), loc),), (), loc))
        sliced = ast.Slice(*([None, *ends] if len(ends) == 1 else ends))
        part = ast.Subscript(node.args[0], sliced, ast.Load())
        return self.expr(ast.fix_missing_locations(ast.copy_location(part, node)))

    def as_loops(self, node: ast.For) -> ast.For:
        """Return a loop over the combinations of a range as one loop in another; any other loop as it stands."""
        call = node.iter
        if self.called_object(call) is not itertools.combinations or not isinstance(call, ast.Call):
            return node
        if len(call.args) != 2 or call.keywords or self.called_object(call.args[0]) is not range:
            return node
        given, width = call.args[0], self.integer(self.expr(call.args[1]))
        if width not in (1, 2, 3, 4) or not isinstance(given, ast.Call):
            return node
        if len(given.args) > 2 or given.keywords:
            self.fail(call, "combinations of a range with a step are not supported", "leave the step out")
        if node.orelse or any(map(leaves_loop, node.body)):
            self.fail(node, "a loop over combinations that is left by break, or has an else, is not supported",
                      "write one loop in another")  # fmt: skip
        first, *stop = given.args if len(given.args) == 2 else (ast.copy_location(ast.Constant(0), call), *given.args)
        body, names = list(node.body), _counters(node, width)
        if not names:
            names = [self.fresh("at") for _ in range(width)]
            body.insert(0, ast.Assign([node.target], ast.Tuple([_read(n) for n in names], ast.Load())))
        # an end that the body binds anew stays what it was
        ends = [self.kept(e, "end") for e in (first, *stop)]
        for k in reversed(range(width)):
            lo = ast.BinOp(_read(names[k - 1]), ast.Add(), ast.Constant(1)) if k else ends[0]
            hi = ast.BinOp(ends[1], ast.Sub(), ast.Constant(width - 1 - k)) if k < width - 1 else ends[1]
            loop = ast.For(ast.Name(names[k], ast.Store()), ast.Call(given.func, [lo, hi], []), body, [])
            body = [ast.fix_missing_locations(ast.copy_location(loop, node))]
        (made,) = body
        assert isinstance(made, ast.For)
        return made

    def kept(self, node: ast.expr, base: str) -> ast.expr:
        """Return an expression that reads a value as it is now."""
        name = self.fresh(base)
        self.env[name] = self.hold(self.scalar(node), node)
        return ast.copy_location(_read(name), node)

    def arrangements(self, node: ast.Call, f) -> Struct:
        """Return the combinations or permutations of items that are known, as a tuple of tuples."""
        found, *rest = node.args
        width = self.integer(self.expr(rest[0])) if rest else None
        items = self.iterable(found, None)
        if not isinstance(items, Struct) and self.integer(items.count) is not None:
            items = self.known(items, node)
        if not isinstance(items, Struct) or rest and width is None or node.keywords:
            self.fail(node, f"itertools.{f.__name__}() of what is known only at run time is not supported here",
                      "write the loops")  # fmt: skip
        rows = f(items.items, *([width] if rest else []))
        return Struct(tuple(Struct(row, tuple(range(len(row)))) for row in rows), ())


def _counters(node: ast.For, count: int) -> list[str]:
    """Return the names that a loop gives to its items, one each, where its body binds none of them; else none."""
    targets = node.target.elts if isinstance(node.target, ast.Tuple) else []
    names = [t.id for t in targets if isinstance(t, ast.Name)]
    bound = {name for s in node.body for name in stored_names(s)}
    return names if len(names) == len(targets) == count == len({*names} - bound) else []


def _read(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _pair(a, b) -> Struct:
    return Struct((a, b), (0, 1))
