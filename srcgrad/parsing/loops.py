"""Read loops: over a range, over the first axis of arrays, and, unrolled, over items known when the text is read."""

from __future__ import annotations

import ast
import copy
import itertools
from dataclasses import replace

from ..language import ir
from ..language.ir import Const, Let, Name, Op
from ..language.kinds import INT
from .columns import row_of
from .expressions import NOT_HERE, List, Lost, Obj, Struct, is_text, stored_names
from .floors import without_floor
from .looped import LoopedReader
from .trips import PICKING, Trips, item_of_range, length, plus, times

MOST_UNROLLED = 200


class LoopReader(LoopedReader):
    """Reads `for`, `while`, `break` and `continue`."""

    def stmt_for(self, node):
        items = self.as_generator(node.iter)
        if isinstance(items, ast.ListComp) and not items.generators[0].ifs and self.makes_as_it_goes(node, items):
            items = ast.copy_location(ast.GeneratorExp(items.elt, items.generators), items)
        if isinstance(items, ast.GeneratorExp) and len(items.generators) == 1:
            names = {n: self.fresh(n) for n in stored_names(items.generators[0].target)}
            node = _over(self.with_own_names(items, names), node)
        node = self.as_loops(node)
        around = len(self.shared.looped)
        try:
            self.read_for(node)
        finally:
            del self.shared.looped[around:]

    def with_own_names(self, items, names: dict[str, str]):
        """Return a comprehension with other names for its variables, which its first source does not know."""
        items = copy.deepcopy(items)
        first = items.generators[0].iter
        for n in ast.walk(items):
            if isinstance(n, ast.Name) and n.id in names and not any(n is m for m in ast.walk(first)):
                n.id = names[n.id]
        return items

    def read_for(self, node):
        if self.is_checkpoint(node.iter):
            return self.for_checkpointed(node)
        sizes = self.indices_looped_over(node.iter)
        if sizes is not None:
            return self.for_indices(node, *sizes, ())
        found = self.iterable(node.iter, node)
        if isinstance(found, Trips) and (self.never_runs(found) or self.picks_known_items(node, found)):
            found = self.known(found, node)
        if isinstance(found, Struct):
            table = self.as_table(found, node) if self.is_tabled(node) else None
            return self.unrolled(node, found.items) if table is None else self.for_trips(node, table)
        if found.most is not None:
            return self.unrolled(node, tuple(found.item(Const(k)) for k in range(found.most)), found.count)
        if found.bounds is not None and isinstance(node.target, ast.Name):
            return self.for_range(node, found.bounds, found.parallel)
        return self.for_trips(node, found)

    # -- what is looped over
    def iterable(self, node: ast.expr, loop) -> Struct | Trips:
        """Return the items of a loop where they are known, else its trips."""
        since = len(self.shared.looped)
        if isinstance(node, ast.Call):
            f = self.called_object(node)
            name = getattr(f, "__name__", "")
            if f is range or name == "prange":
                trips = self.range_trips([self.scalar(a) for a in node.args], node)
                return replace(trips, parallel=f is not range)
            if f is enumerate:
                return self.enumerated(node, loop)
            if f is zip and (arrays := self.arrays_side_by_side(node)):
                return self.zipped([self.items_of(a, node, None) for a in arrays], node)
            turned = self.transposed(node) if f is zip else NOT_HERE
            if turned is not NOT_HERE:
                return self.items_of(turned, node, loop)
            if f is zip:
                known = all(k.arg == "strict" and isinstance(k.value, ast.Constant) for k in node.keywords)
                parts = [self.iterable(a, loop) for a in node.args] if known else self.unlooped(node)
                if any(getattr(k.value, "value", False) for k in node.keywords):
                    self.of_one_length(parts, node)
                if self.is_tabled(loop):
                    parts = [isinstance(p, Struct) and self.as_table(p, node) or p for p in parts]
                return self.zipped(parts, node, isinstance(loop, ast.For) and self.indexes_known(loop))
            if f is reversed:
                found = self.iterable(node.args[0], loop)
                self.not_in_order(since)
                return self.turned(found, node)
            if f is itertools.product:
                return self.all_pairs([self.iterable(a, None) for a in self.repeated_parts(node)], node)
            if f in PICKING:
                return self.arrangements(node, f)
            if f in (itertools.chain, itertools.islice):
                return self.items_of(self.joined_or_cut(node, f), node, loop)
            if f is itertools.pairwise:
                found = self.iterable(node.args[0], loop)
                self.not_in_order(since)
                return self.neighbours(found)
        if isinstance(node, ast.Subscript) and self.called_object(node.value) is range and _turns(node.slice):
            return self.turned(self.iterable(node.value, loop), node)
        if isinstance(node, ast.Set | ast.SetComp | ast.DictComp):
            self.fail(node, "a loop over this is not supported", "loop over a range, a tuple or an array")
        return self.items_of(self.gone_through(self.expr(node), node), node, loop)

    def items_of(self, value, node, loop) -> Struct | Trips:
        """Return what a value gives to a loop: the keys of a dict, the items of a tuple, the rows of an array."""
        value = self.opened(value, node)
        if self.is_complex(value):
            return self.complex_trips(value, node)
        if isinstance(value, Struct):
            self.looped_over(value, node, loop)
            return Struct(self.keys_of(value), ()) if value.kind == "dict" else value
        if isinstance(value, Const) and isinstance(value.value, str):
            return Struct(tuple(map(Const, value.value)), ())
        if isinstance(value, List):
            changed = self.changes_of(value, loop)
            if value.part is None and changed & {"grown", "bound"}:
                self.fail(node, "a list grows or shrinks while it is looped over", "loop over list(...)")
            part = value.part
            if part is not None and (changed or self.has_functions_inside()):
                part = Op("copy", (part,))  # a slice is a copy
            if part is not None and not self.has_tuples(value):
                return self.items_of(self.hold(part, node), node, loop)
            if part is None:
                self.looped_over(value, node, loop)
            form = self.item_read(value, value.buffer if part is None else part)
            form = form if value.part is None else self.held_item(form, node)
            count = value.count if value.full else self.hold(value.count, node)
            return Trips(count, lambda k: row_of(form, k))
        if self.shared.ranks.rank(array := self.leaf(value, node)) == 0:
            self.fail(node, "a number is looped over", "loop over a range, a tuple, a list or an array")
        # the loop goes on over the array it began with, whatever its body binds the name to
        bound = {self.local_name(name) for s in _body(loop) for name in stored_names(s)}
        if not isinstance(array, Name) or array.id in bound or bound and array.id in self.components.values():
            array = self.hold(array, node)
        loc = self.source.loc(node)
        return Trips(Op("len", (array,)), lambda k: ir.Sub(array, (k,), loc))

    def range_trips(self, args, node) -> Trips:
        if not 1 <= len(args) <= 3:
            self.fail(node, f"range() takes 1 to 3 arguments, {len(args)} given", "correct the call")
        if args[2:] == [Const(0)]:
            self.fail(node, "range() with a step of 0", "give it another step")
        if any(isinstance(v, Const) and not isinstance(v.value, int) for v in args):
            self.fail(node, "a range of other than whole numbers", "give it integers, or use np.arange")
        args = [self.signed(v) for v in args]
        lo, hi, *steps = [Const(0), *args] if len(args) == 1 else args
        step = steps[0] if steps else Const(1)
        return Trips(length(lo, hi, step), lambda k: item_of_range((lo, hi, step), k), (lo, hi, step))

    def enumerated(self, node, loop) -> Struct | Trips:
        start = [*node.args[1:], *(k.value for k in node.keywords if k.arg == "start")]
        first = self.scalar(start[0]) if start else Const(0)
        inner = self.iterable(node.args[0], loop)
        if isinstance(inner, Struct):
            return Struct(tuple(_row((plus(first, Const(k)), v)) for k, v in enumerate(inner.items)), ())
        item = inner.upward()
        return Trips(inner.count, lambda k: _row((plus(first, k), item(k))), most=inner.most)

    def zipped(self, parts, node, unrolled=False) -> Struct | Trips:
        """Return the items of several parts side by side; with `unrolled`, known ones are no array."""
        if all(isinstance(p, Struct) for p in parts):
            rows = zip(*(p.items for p in parts), strict=False)
            return Struct(tuple(_row(r) for r in rows), ())
        known = [len(p.items) if isinstance(p, Struct) else self.integer(p.count) for p in parts]
        if None not in known and any(isinstance(p, Struct) for p in parts):
            return self.zipped([self.known(p, node) if isinstance(p, Trips) else p for p in parts], node)
        parts = [self.as_trips(p, node, unrolled) if isinstance(p, Struct) else p for p in parts]
        count = parts[0].count
        for p in parts[1:]:
            count = count if p.count == count else Op("min", (count, p.count))
        items, mosts = [p.upward() for p in parts], [p.most for p in parts if p.most is not None]
        return Trips(count, lambda k: _row([item(k) for item in items]), most=min(mosts, default=None))

    def as_trips(self, known: Struct, node, unrolled=False) -> Trips:
        """Return known items as trips: constants become an array, other than with `unrolled`."""
        count = len(known.items)
        if not unrolled and known.items and all(isinstance(v, Const) and not is_text(v) for v in known.items):
            table = self.table(known, node)
            loc = self.source.loc(node)
            return Trips(Const(count), lambda k: self.of_python(known.items, ir.Sub(table, (k,), loc)))
        return Trips(Const(count), lambda k: known.items[self.constant_place(k)], most=count)

    def constant_place(self, k: ir.Expr) -> int:
        place = self.integer(k)
        assert place is not None, "known items stand at constant places only"
        return place

    def turned(self, found: Struct | Trips, node) -> Struct | Trips:
        """Return items or trips in reverse order."""
        if isinstance(found, Struct):
            return Struct(found.items[::-1], ())
        bounds = None if found.bounds is None else self.downward(found.bounds)
        if bounds is not None:
            return Trips(found.count, lambda k: item_of_range(bounds, k), bounds)
        if found.most is not None:
            self.fail(node, "reversed() of a tuple zipped with an array is not supported", "reverse each of them")
        return replace(found, bounds=None, downward=not found.downward)

    def downward(self, bounds):
        """Return the bounds of a range run backward; None where its step is known only at run time."""
        lo, hi, step = bounds
        stride = self.integer(step)
        if not stride:
            return None
        if stride == 1:
            return plus(hi, Const(-1)), plus(lo, Const(-1)), Const(-1)
        last = plus(lo, times(Const(stride), plus(length(lo, hi, Const(stride)), Const(-1))))
        return last, plus(lo, Const(-1 if stride > 0 else 1)), Const(-stride)

    def unlooped(self, node):
        self.fail(node, f"this loop over {ast.unparse(node.func)} is not supported", "loop over range and index")

    # -- known items
    def never_runs(self, found: Trips) -> bool:
        """Return whether a loop of the user's has no trip: nothing in it need make sense."""
        return self.integer(found.count) == 0 and not self.source.derived

    def picks_known_items(self, node, found: Trips) -> bool:
        """Return whether a loop of known length is unrolled: it indexes a tuple by its variable, or makes objects."""
        count = self.integer(found.count)
        few = count is not None and count <= MOST_UNROLLED
        return few and isinstance(node.target, ast.Name) and (self.indexes_known(node) or self.makes_written(node))

    def indexes_known(self, node) -> bool:
        """Return whether a loop indexes a tuple, dict or shape by one of its variables, or names an axis by it."""
        inner = [n for s in node.body for n in ast.walk(s)]
        bound: dict[str, ast.expr] = {n.target.id: ast.Subscript(n.iter, ast.Constant(0)) for n in inner
                                      if isinstance(n, ast.comprehension | ast.For) and isinstance(n.target, ast.Name)}
        for n in inner:
            if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name):
                bound.setdefault(n.targets[0].id, n.value)
        targets = set(stored_names(node.target))
        axes = [n.value for n in inner if isinstance(n, ast.keyword) and n.arg == "axis"]
        axes += [n.slice for n in inner if isinstance(n, ast.Subscript) and getattr(n.value, "attr", "") == "shape"]
        named = any(isinstance(m, ast.Name) and m.id in targets for e in axes for m in ast.walk(e))
        return named or any(
            targets & {m.id for m in ast.walk(n.slice) if isinstance(m, ast.Name)}
            and isinstance(self.known_struct(n.value, bound), Struct)
            for n in inner
            if isinstance(n, ast.Subscript)
        )

    def known_struct(self, node, bound: dict[str, ast.expr]) -> object:
        """Return the tuple or dict a name, field, slice or constant index stands for, None where it is something else.

        `bound` are names that the text to come binds, each with what it is bound to first.
        """
        if isinstance(node, ast.Name):
            if node.id in bound and node.id not in self.env:
                return self.known_struct(bound[node.id], {k: v for k, v in bound.items() if k != node.id})
            if node.id in self.env or node.id in self.locals:
                return self.env.get(node.id)
            found, value = self.resolve(node.id)
            return self.lift(value, node) if found and isinstance(value, tuple | list | dict) else value
        if isinstance(node, ast.Attribute | ast.Subscript):
            base = self.known_struct(node.value, bound)
            if isinstance(base, Struct) and isinstance(node, ast.Attribute):
                return self.now(self.field_of(base, node.attr))
            if isinstance(base, Struct) and isinstance(node, ast.Subscript):
                if isinstance(node.slice, ast.Slice):
                    return base
                if isinstance(node.slice, ast.Constant) and node.slice.value in base.keys:
                    return base.items[base.keys.index(node.slice.value)]
                return base.items[0] if base.items else None
        return None

    def known(self, found: Trips, node) -> Struct:
        """Return the items of trips whose number is known."""
        count = self.integer(found.count)
        assert count is not None
        if count > MOST_UNROLLED:
            self.fail(node, f"a loop over {count} items is not unrolled", "loop over an array")
        lo, _, step = found.bounds or (None, None, None)
        first, stride = self.integer(lo), self.integer(step)
        if first is not None and stride is not None:
            return Struct(tuple(Const(first + stride * k) for k in range(count)), ())
        order = reversed(range(count)) if found.downward else range(count)
        return Struct(tuple(found.item(Const(k)) for k in order), ())

    def unrolled(self, node, items, count=None):
        """Read the body of a loop once for each of its items, of which it may run the first `count` only."""
        own = [n for s in node.body for n in _same_loop(s)]
        loc = self.source.loc(node)
        jumps = count is not None or any(isinstance(n, ast.Break | ast.Continue) for n in own)
        assigned = {name for s in node.body for name in stored_names(s)}
        targets = stored_names(node.target)
        if jumps:
            self.before_block(node)
        bodies: list = []
        outer, start = self.out, len(self.out)
        for k, item in enumerate(items):
            since = (*outer[start:], *(s for b in bodies for s in b)) if jumps else tuple(outer[start:])
            # an element of an array that is looped over is read when its turn comes
            item = self.as_it_was(item, since if count is None else (), outer, start, node)
            self.trip_of(node, k)
            saved, self.out = self.out, [] if jumps else self.out
            try:
                if count is not None:
                    self.emit(ir.If(Op("le", (count, Const(k))), (ir.Break(loc),), (), loc))
                self.bind_item(node.target, item, node, assigned)
                self.out.extend(self.nested(node.body)) if jumps else self.block(node.body)
                bodies.append(tuple(self.out))
                if not k:
                    self.require_short(node, items, bodies[0] if jumps else outer[start:], count is None)
            finally:
                self.out = saved
        self.release(targets, jumps)
        if not jumps:
            return self.block(node.orelse)
        self.emit(ir.Unrolled(tuple(bodies), self.nested(node.orelse), loc))

    def as_it_was(self, value, since, outer: list, start: int, node):
        """Return a value as it was before the statements `since`, which stand in `outer` from `start` on."""
        if isinstance(value, Struct):
            items = tuple(self.as_it_was(v, since, outer, start, node) for v in value.items)
            same = all(a is b for a, b in zip(items, value.items, strict=True))
            return value if same else replace(value, items=items)
        if isinstance(value, ir.Slice):
            ends = [e and self.as_it_was(e, since, outer, start, node) for e in (value.lo, value.hi, value.step)]
            return ir.Slice(*ends)
        rebound = isinstance(value, ir.Expr) and ir.names_in(value) & ir.bound_in(since)
        if not rebound and (not isinstance(value, ir.Expr) or isinstance(value, Const | Name) or not _writes(since)):
            return value
        held = Let(self.fresh("value"), value, self.source.loc(node))
        self.shared.ranks.note(held)
        outer.insert(start, held)
        return Name(held.target)

    def bind_item(self, target, item, node, assigned):
        """Bind a loop variable to a known item: to a constant as it is, so that it can index a tuple."""
        pairs = isinstance(target, ast.Tuple) and isinstance(item, Struct) and len(target.elts) == len(item.items)
        if pairs and not any(isinstance(t, ast.Starred) for t in target.elts):
            names = {self.local_name(n.id) for n in ast.walk(target) if isinstance(n, ast.Name)}
            if not any(ir.names_in(e) & names for e in item.items if isinstance(e, ir.Expr)):
                for t, value in zip(target.elts, item.items, strict=True):
                    self.bind_item(t, value, node, assigned)
                return
        if isinstance(target, ast.Name) and (isinstance(item, Obj) or is_text(item)):
            self.env[target.id] = item
            return
        if isinstance(target, ast.Name) and target.id not in assigned and self.stays(item):
            self.env[target.id] = item
            return
        before = self.env.get(target.id) if isinstance(target, ast.Name) else None
        other = isinstance(before, Lost) or isinstance(before, Struct) and target.id not in self.entered[-1]
        if isinstance(item, Struct) and other:
            del self.env[target.id]  # every trip binds it: it may have another form in each
        self.assign(target, item, node)
        known = self.of_constants(item)
        if isinstance(target, ast.Name) and known is not None and target.id not in assigned:
            self.env[target.id] = known

    def of_constants(self, item) -> Const | Struct | None:
        """Return a constant, or a tuple of integers that are known, as such; None for anything else."""
        if isinstance(item, Struct) and item.kind == "tuple":
            parts = tuple(map(self.of_constants, item.items))
            return None if None in parts else replace(item, items=parts)
        whole = self.integer(item)
        return Const(whole) if whole is not None else item if isinstance(item, Const) else None

    def release(self, targets, jumps):
        """Let loop variables stand for names again, as after any loop; what was no number is not known then."""
        for name in targets:
            value = self.env.get(name)
            if isinstance(value, Const) and not is_text(value):
                self.env[name] = Name(self.local_name(name))
            elif (jumps or self.inside) and (is_text(value) or value is not None and not isinstance(value, ir.Expr)):
                self.env[name] = Lost("stands for something that depends on the path taken", "use it inside the loop")

    # -- loops at run time
    def for_range(self, node, bounds, parallel=False):
        lo, hi, step = bounds
        loc, name = self.source.loc(node), node.target.id
        node = without_floor(node, bounds, self.called_object)
        assigned = any(name in stored_names(s) for s in node.body)
        if self.in_library or name == "_":
            self.renamed[name] = self.counter()
        var = self.fresh(f"{name}_loop") if assigned else self.local_name(name)
        if self.inside and not isinstance(self.env.get(name, Const(0)), ir.Expr | Lost):
            self.fail(node.target, f"{name!r} changes between a tuple and a number", "use two names")
        self.env[name] = Name(self.local_name(name))
        self.before_block(node)
        self.shared.ranks.bind(self.local_name(name), INT)
        saved, self.out = self.out, []
        if assigned:
            self.emit(Let(self.local_name(name), Name(var), loc))
        with self.counted_by(var):
            body = (*self.out, *self.nested(node.body))
        self.out = saved
        self.emit(ir.For(var, lo, hi, step, body, self.nested(node.orelse), loc, parallel=parallel))

    def for_trips(self, node, found: Trips):
        """Read a loop over what is known only at run time: its targets are bound at the head of each trip."""
        loc = self.source.loc(node)
        self.before_block(node)
        var = self.fresh("i")
        self.shared.ranks.bind(var, INT)
        saved, self.out = self.out, []
        self.depth += 1
        self.assign(node.target, found.item(Name(var)), node)
        self.depth -= 1
        body = (*self.out, *self.nested(node.body))
        self.out = saved
        lo: ir.Expr = Const(0)
        hi, step = found.count, Const(1)
        if found.downward:
            lo, hi, step = plus(hi, Const(-1)), Const(-1), Const(-1)
        self.emit(ir.For(var, lo, hi, step, body, self.nested(node.orelse), loc))

    def stmt_while(self, node):
        self.before_block(node)
        test, block = self.apart(lambda: self.test(node.test))
        loc = self.source.loc(node)
        body = self.nested(node.body)
        if not block:
            return self.emit(ir.While(test, body, self.nested(node.orelse), loc))
        # the loop is left by a break where its test says so, and by those of its body: `else` follows the first only
        ended = self.fresh("ended") if node.orelse else None
        mark = (Let(ended, Const(True), loc),) if ended else ()
        leave = ir.If(Op("not", (test,)), (*mark, ir.Break(loc)), (), loc)
        if ended:
            self.emit(Let(ended, Const(False), loc))
        self.emit(ir.While(Const(True), (*block, leave, *body), (), loc))
        if ended:
            self.emit(ir.If(Name(ended), self.nested(node.orelse), (), loc))
        return None

    def stmt_break(self, node):
        self.emit(ir.Break(self.source.loc(node)))

    def stmt_continue(self, node):
        self.emit(ir.Continue(self.source.loc(node)))


def _turns(index: ast.expr) -> bool:
    """Return whether an index is `::-1`."""
    return isinstance(index, ast.Slice) and ast.unparse(index) == "::-1"


def _writes(block) -> bool:
    return any(isinstance(s, ir.Store) or (isinstance(s, Let) and isinstance(s.value, Op) and s.value.option("inplace"))
               for s in ir.statements(block))  # fmt: skip


def _over(items: ast.GeneratorExp, loop: ast.For) -> ast.For:
    """Return a loop over what a generator gives as one over what that runs through."""
    (own,) = items.generators
    body: list[ast.stmt] = [ast.copy_location(ast.Assign([loop.target], items.elt), loop.iter), *loop.body]
    for test in reversed(own.ifs):
        body = [ast.copy_location(ast.If(test, body, []), loop.iter)]
    return ast.copy_location(ast.For(own.target, own.iter, body, loop.orelse), loop)


def _body(loop) -> list:
    return loop.body if isinstance(loop, ast.For | ast.While) else []


def _same_loop(node):
    """Yield a statement and those inside it that belong to the same loop."""
    yield node
    if isinstance(node, ast.For | ast.While):
        for s in node.orelse:
            yield from _same_loop(s)
    elif not isinstance(node, ast.FunctionDef | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            yield from _same_loop(child)


def _row(items) -> Struct:
    items = tuple(items)
    return Struct(items, tuple(range(len(items))))
