"""Read loops over the combinations and permutations of items: as loops in loops, or unrolled."""

from __future__ import annotations

import ast
import copy
import itertools
from dataclasses import dataclass

import numpy as np

from ..language import ir
from ..language.ir import Const, Name, Op
from .expressions import ExpressionReader, List, Obj, Struct, stored_names
from .source import leaves_loop
from .trips import PICKING, Trips, plus, times


@dataclass(frozen=True)
class _Picked:
    """Combinations or permutations of the numbers of a range, or of the items of a list that is called `pool`."""

    f: object
    width: int
    range: ast.expr  # what Python's `range` is called
    first: ast.expr
    stop: ast.expr
    pool: str | None = None

    def item(self, names: list[str]) -> ast.expr:
        """Return the tuple of what stands at places."""
        places: list[ast.expr] = list(map(_read, names))
        if self.pool is not None:
            places = [ast.Subscript(_read(self.pool), place, ast.Load()) for place in places]
        return ast.Tuple(places, ast.Load())

    def loops(self, names: list[str]) -> list[ast.comprehension]:
        """Return the loops over places, one in another."""
        made = []
        for k, name in enumerate(names):
            lo, hi, tests = self.first, self.stop, list[ast.expr]()
            if self.f is itertools.permutations:
                tests = [ast.Compare(_read(name), [ast.NotEq()], [_read(other)]) for other in names[:k]]
            elif k:
                apart = int(self.f is itertools.combinations)
                lo = ast.BinOp(_read(names[k - 1]), ast.Add(), ast.Constant(1)) if apart else _read(names[k - 1])
            if self.f is itertools.combinations and k < self.width - 1:
                hi = ast.BinOp(hi, ast.Sub(), ast.Constant(self.width - 1 - k))
            tests = [ast.BoolOp(ast.And(), tests)] if len(tests) > 1 else tests
            made.append(ast.comprehension(ast.Name(name, ast.Store()), ast.Call(self.range, [lo, hi], []), tests, 0))
        return made


class CombinationReader(ExpressionReader):
    """Reads what functions of `itertools` run through; compares the parts of `zip`."""

    # what `Reader` sets up
    env: dict
    locals: frozenset[str]

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

    def repeated_parts(self, node) -> list[ast.expr]:
        """Return the arguments of `product`, as often as `repeat` says."""
        options = {k.arg: self.constant_int(k.value) for k in node.keywords if k.arg == "repeat"}
        return node.args * options.get("repeat", 1) if len(options) == len(node.keywords) else self.unlooped(node)

    def all_pairs(self, parts, node) -> Struct | Trips:
        """Return every item of the first part with every one of the second, and so on, the last running fastest."""
        if all(isinstance(p, Struct) for p in parts):
            rows = itertools.product(*(p.items for p in parts))
            return Struct(tuple(Struct(row, tuple(range(len(row)))) for row in rows), ())
        trips = [self.as_trips(p, node) if isinstance(p, Struct) else p for p in parts]
        if any(t.most is not None for t in trips):
            self.fail(node, "known items are run through together with an array", "write a loop for each")
        counts = [t.count if isinstance(t.count, Const | Name) else self.hold(t.count, node) for t in trips]

        def row(k: ir.Expr) -> Struct:
            items: list = []
            for trip, count in reversed(list(zip(trips, counts, strict=True))):
                last = len(items) == len(trips) - 1
                items.append(trip.upward()(k if last else Op("mod", (k, count))))
                k = k if last else Op("floordiv", (k, count))
            return Struct(tuple(reversed(items)), tuple(range(len(items))))

        count: ir.Expr = Const(1)
        for n in counts:
            count = times(count, n)
        return Trips(count, row)

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
        """Return a loop over the combinations or permutations of a range, or of what is known at run time only, as
        loops in loops; any other loop as it stands.
        """
        picked = self.picks_of(node.iter, known=False)
        if picked is None:
            return node
        if node.orelse or any(map(leaves_loop, node.body)):
            f = getattr(self.called_object(node.iter), "__name__", "")
            self.fail(node, f"a loop over {f} that is left by break, or has an else, is not supported",
                      "write one loop in another")  # fmt: skip
        body, names = list(node.body), _counters(node, picked.width) if picked.pool is None else []
        if not names:
            names = [self.fresh("at") for _ in range(picked.width)]
            body.insert(0, ast.Assign([node.target], picked.item(names)))
        for loop in reversed(picked.loops(names)):
            body = [ast.If(test, body, []) for test in loop.ifs] or body
            body = [ast.fix_missing_locations(ast.copy_location(ast.For(loop.target, loop.iter, body, []), node))]
        (made,) = body
        assert isinstance(made, ast.For)
        return made

    def with_picks_as_loops(self, node):
        """Return a comprehension over combinations or permutations of what is known at run time only as one over
        ranges, one over the items of all rows as one over rows and items; any other as it stands.
        """
        first, *others = node.generators
        if self.called_object(first.iter) == itertools.chain.from_iterable and len(first.iter.args) == 1:
            row, made = self.fresh("row"), copy.copy(node)
            around = ast.comprehension(ast.Name(row, ast.Store()), first.iter.args[0], [], 0)
            made.generators = [around, ast.comprehension(first.target, _read(row), first.ifs, 0), *others]
            for part in (around.target, made.generators[1].iter):
                ast.copy_location(part, node)
            return made
        picked = self.picks_of(first.iter, known=True)
        if picked is None:
            return node
        names = [self.fresh("at") for _ in range(picked.width)]
        item = ast.comprehension(first.target, ast.Tuple([picked.item(names)], ast.Load()), first.ifs, 0)
        made = copy.copy(node)
        made.generators = [*picked.loops(names), item, *others]
        for loop in made.generators[: picked.width + 1]:
            for part in (loop.target, loop.iter, *loop.ifs):
                ast.fix_missing_locations(ast.copy_location(part, node))
        return made

    def picks_of(self, call, known: bool) -> _Picked | None:
        """Return what combinations or permutations of a range or of a pool are; None for anything else.

        With `known`, items that are known when the text is read are no pool: they are unrolled.
        """
        f = self.called_object(call)
        if f not in PICKING or not isinstance(call, ast.Call) or len(call.args) != 2 or call.keywords:
            return None
        given, width = call.args[0], self.integer(self.expr(call.args[1]))
        if width not in (1, 2, 3, 4):
            return None
        count = self.text_for(Obj(range), call, "range")
        if not known and f is itertools.combinations and self.called_object(given) is range:
            return _Picked(f, width, count, *self.ends_of_range(given, call))
        if self.is_known(given):
            return None
        pool = self.fresh("pool")
        self.locals |= {pool}
        items = ast.Call(self.text_for(Obj(list), call, "list"), [given], [])
        made = ast.Assign([ast.Name(pool, ast.Store())], items)
        self.stmt(ast.fix_missing_locations(ast.copy_location(made, call)))
        size = ast.Call(self.text_for(Obj(len), call, "len"), [_read(pool)], [])
        return _Picked(f, width, count, ast.Constant(0), size, pool)

    def ends_of_range(self, given, call) -> tuple[ast.expr, ast.expr]:
        """Return the two ends of a range, as they are now: one that the body of the loop binds anew stays."""
        if not isinstance(given, ast.Call) or len(given.args) > 2 or given.keywords:
            self.fail(call, "combinations of a range with a step are not supported", "leave the step out")
        zero = ast.copy_location(ast.Constant(0), call)
        first, stop = given.args if len(given.args) == 2 else (zero, *given.args)
        return self.kept(first, "end"), self.kept(stop, "end")

    def is_known(self, node: ast.expr) -> bool:
        """Return whether the items of something are known when the text is read, or how many they are."""
        env, out, length, objects = dict(self.env), self.out, len(self.out), self.fields_now()
        found = self.iterable(node, None)
        self.env, self.out = env, out
        self.fields_again(objects)
        del self.out[length:]
        return isinstance(found, Struct) or self.integer(found.count) is not None

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
