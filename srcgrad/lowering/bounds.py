"""Check indices: an element outside its array raises IndexError, as in NumPy, where compiled code would read on.

An index that is provably inside needs nothing. One that moves with a loop is checked once, before the loop, by its
first and last value; any other where it stands. Reverse touches the same elements, so it needs no checks of its own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..analysis.access import believed
from ..analysis.inequalities import SIZES, Facts, facts_of_test, forget, has_load, lengths_named, loaded
from ..analysis.needs import ON, ONE, Around, Inside, Need
from ..errors import TURNS
from ..language import ir
from ..language.affine import Affine, affine
from ..language.blocks import may_end_early, resized_in, sorted_places
from ..language.dependence import both, conjuncts
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Select, Stmt, Store, Sub, While, Within
from ..language.kinds import kind_of


def check_indices(
    function: ir.Function, kinds: dict[str, Kind], sizes, trusted: Inside | None = None, silent: bool = False,
    elements: frozenset[str] = frozenset(), turns: bool = False,
) -> ir.Function:  # fmt: skip
    """Return the lowered function with a check for every index that is not known to be inside; `silent`, without any.

    `sizes` are those of its arrays, `trusted` names and arrays of indices that have been checked, also as (array, name)
    where the name is inside that array only, `elements` numbers that stand for elements of arrays. Where the function
    is to be differentiated, what is believed of loops is checked as well: that none `turns`.

    >>> from srcgrad.parsing.function import parse_text
    >>> from srcgrad.language.emit import emit
    >>> f = parse_text("def f(x, n):\\n    s = 0.0\\n    for i in range(n):\\n        s += x[i]\\n    return s")
    >>> k = {"x": Kind("float64", 1), "n": Kind("int64"), "s": Kind("float64"), "i": Kind("int64")}
    >>> print(emit(check_indices(f, k, {}), comments=False))
    def f(x, n):
        s = 0.0
        if n > x.shape[0]:
            raise IndexError('out of bounds: x[i] (<text>:4), axis 0: index, size', n - 1, x.shape[0])
        for i in range(n):
            s += x[i]
        return s
    """
    checker = Checker(kinds, sizes, ir.Fresh(ir.all_names(function)), trusted or set(), silent)
    checker.elements, checker.turns = elements, turns
    checker.lengths = lengths_named(function, kinds)
    checker.positions = sorted_places(function.body)
    body, _ = checker.block(function.body, Facts(), None)
    return replace(function, body=body)


class Checker:
    """Walks through a lowered function with what is known of its integers."""

    def __init__(self, kinds: dict[str, Kind], sizes, fresh: ir.Fresh, trusted: Inside, silent: bool = False):
        self.kinds, self.sizes, self.fresh, self.trusted, self.silent = kinds, sizes, fresh, trusted, silent
        self.given: frozenset[Need] = frozenset()
        self.collecting = self.turns = False
        self.elements: frozenset[str] = frozenset()
        self.lengths: dict[Affine, Affine] = {}
        self.positions: set[str] = set()

    # -- what is known of sizes
    def normal(self, e: Expr) -> Affine:
        """Return the normal form of an index, sizes of arrays by what they were made with."""
        return affine(self.respelled(e))

    def respelled(self, e: Expr) -> Expr:
        made = self.made_with(e)
        if made is not None and made != e:
            return self.respelled(made)
        return e if isinstance(e, Sub) else ir.rebuild(e, self.respelled)

    def made_with(self, atom: Expr) -> Expr | None:
        if not (isinstance(atom, Op) and atom.fn in SIZES and isinstance(atom.args[0], Name)):
            return None
        name, axis = atom.args[0].id, atom.option("axis", 0)
        if atom.fn == "size" and self.rank(name) != 1:
            return None
        return self.size_of(name, axis)

    def size_of(self, name: str, axis: int) -> Expr:
        known = self.sizes.get(name)
        return known[axis] if known else Op("shape", (Name(name),), (("axis", axis),))

    def rank(self, name: str) -> int:
        return self.kinds[name].rank if name in self.kinds else 0

    def integer(self, e: Expr) -> bool:
        kind = kind_of(e, self.kinds)
        return kind.is_int and not kind.rank

    # -- blocks
    def block(self, stmts, facts: Facts, loop: Around | None) -> tuple[tuple[Stmt, ...], list[Need]]:
        """Return (the block with checks, what its loop has to check before it starts)."""
        out: list[Stmt] = []
        before_loop: list[Need] = []
        furthest = self.constants(stmts)
        for stmt in stmts:
            at_test: list[Need] = []
            needs = [self.furthest(n, furthest) for n in self.open_needs(self.needs_of(stmt), facts)]
            if isinstance(stmt, For):
                ends, stmt, more = self.loop(stmt, facts)
                out += ends
                needs += self.open_needs(more, facts)
            elif isinstance(stmt, While):
                at_test = self.open_needs(self.needs_of(stmt), forget(facts, (stmt,)))
            before = facts
            here, lifted, facts = self.settle(needs, facts, loop)
            before_loop += lifted
            stmt = ir.with_exprs(stmt, partial(self.settled, facts=facts, loc=stmt.loc))
            here = [n for n in here if n.side == "turn" or not self.silent]
            held, stmt = self.name_indices(here, stmt, facts)
            out += self.bound_and_checked(held, here, furthest, before)
            if isinstance(stmt, If):
                stmt = self.branch(stmt, facts)
            elif isinstance(stmt, While):
                stmt = self.while_loop(stmt, at_test, facts)
            if not isinstance(stmt, Within):
                out.append(stmt)
            facts = self.after(stmt, facts)
        return tuple(out), before_loop

    def constants(self, stmts) -> list[Need]:
        """Return the needs of constant indices in the statements of a block themselves."""
        every = (n for s in stmts for n in self.needs_of(s))
        return [n for n in every if n.index.is_const and not n.guards]

    def furthest(self, need: Need, constants: list[Need]) -> Need:
        """Return, for a constant index, the need of the greatest one of its block: one check for all."""
        same = [n for n in constants if (n.side, n.size) == (need.side, need.size)]
        if not need.index.is_const or need.guards or not same:
            return need
        return max(same, key=lambda n: n.index.const if n.side == "high" else -n.index.const)

    def settle(self, needs: list[Need], facts: Facts, loop: Around | None):
        """Return (checks to make here, checks for the loop around, what is known after them)."""
        here: list[Need] = []
        lifted: list[Need] = []
        for need in needs:
            if need in here or need in lifted or self.is_given(need, facts) or self.proved(need, facts):
                continue
            if loop is not None and self.can_lift(need, loop):
                lifted.append(need)
            else:
                here.append(need)
            if not need.guards:
                facts = facts.plus(need.goal())
        return here, lifted, facts

    def is_given(self, need: Need, facts: Facts) -> bool:
        """Return whether a need was checked before the loop, perhaps under guards that hold here anyway."""
        same = (g for g in self.given if replace(g, guards=need.guards) == need)
        return any(all(g in need.guards or self.is_true(g, facts) for g in known.guards) for known in same)

    def is_true(self, guard: Expr, facts: Facts) -> bool:
        """Return whether a comparison of integers is known to hold."""
        found = self.of_test(guard) if isinstance(guard, Op) and guard.fn in ("lt", "gt") else []
        return bool(found) and all(facts.prove(f) for f in found)

    def open_needs(self, needs: list[Need], facts: Facts) -> list[Need]:
        return [n for n in needs if not self.proved(n, facts)]

    def proved(self, need: Need, facts: Facts) -> bool:
        for guard in need.guards:
            facts = facts.plus(*self.of_test(guard))
        goal = need.goal()
        return facts.plus(*(f for t in goal.terms for f in self.of_position(t, affine(t)))).prove(goal)

    def of_position(self, e: Expr, value: Affine) -> list[Affine]:
        """Return what is known of a value that is an element of an array of places."""
        if not (isinstance(e, Sub) and isinstance(e.base, Name) and e.base.id in self.positions):
            return []
        return [value, self.normal(self.size_of(e.base.id, 0)) - affine(ONE) - value]

    def of_test(self, test: Expr, holds: bool = True) -> list[Affine]:
        found = facts_of_test(test, self.integer, holds)
        return [self.normal(f.expr()) for f in found]

    def after(self, stmt: Stmt, facts: Facts) -> Facts:
        """Return what is known after a statement."""
        facts = forget(facts, (stmt,))
        if isinstance(stmt, If) and stmt.then and isinstance(stmt.then[-1], ir.Raise) and not stmt.other:
            return facts.plus(*self.of_test(stmt.test, False))
        if not isinstance(stmt, Let) or self.kinds[stmt.target].rank or not self.kinds[stmt.target].is_int:
            return facts
        target, value = affine(Name(stmt.target)), stmt.value
        if isinstance(value, Op) and value.fn in ("np.argmax", "np.argmin"):
            return facts.plus(target, affine(self.searched(value.args[0])) - affine(ONE) - target)
        if stmt.target in ir.names_in(value) or not self.integer(value):
            return facts
        known = self.of_position(value, target)
        return facts.plus(target - self.normal(value), self.normal(value) - target, *known)

    def searched(self, array: Expr) -> Expr:
        if isinstance(array, Name) and self.rank(array.id) == 1:
            return self.size_of(array.id, 0)
        if isinstance(array, Sub) and isinstance(array.base, Name):
            open_axes = [d for d in range(self.rank(array.base.id)) if d >= len(array.index)]
            open_axes += [d for d, i in enumerate(array.index) if i == ir.Slice()]
            if len(open_axes) == 1:
                return self.size_of(array.base.id, open_axes[0])
        return Op("size", (array,))

    def branch(self, stmt: If, facts: Facts) -> If:
        then, _ = self.block(stmt.then, facts.plus(*self.of_test(stmt.test)), None)
        other, _ = self.block(stmt.other, facts.plus(*self.of_test(stmt.test, False)), None)
        return replace(stmt, then=then, other=other)

    # -- loops
    def loop(self, stmt: For, facts: Facts) -> tuple[list[Stmt], For, list[Need]]:
        """Return (bindings of its range, the loop, what is to be checked before it)."""
        inner = forget(facts, (stmt,)).plus(*self.of_range(stmt))
        bound, stored = resized_in(stmt.body), ir.stored_in(stmt.body)
        around = Around(stmt, frozenset(bound), frozenset(stored), frozenset(self.fresh.taken))
        steady = stmt.step in (ONE, Const(-1)) and not may_end_early(stmt.body)
        lifted = self.lifted(stmt.body, inner, around) if steady else []
        body = stmt.body
        if not self.collecting:
            # a second time, with what is checked before the loop known from its start
            saved = self.given
            self.given = self.given | frozenset(lifted)
            body, _ = self.block(stmt.body, inner.plus(*(n.goal() for n in lifted if not n.guards)), None)
            self.given = saved
        ends: list[Stmt] = []
        stores = believed(stmt) if self.turns or stmt.parallel else []
        if lifted and not self.silent or stores:
            ends, stmt = self.name_ends(stmt)
        needs = [self.over(stmt, n, facts) for n in lifted]
        return ends, replace(stmt, body=body), needs + self.turning(stores, facts)

    def turning(self, stores: list[tuple[Store, int, Affine, Affine]], facts: Facts) -> list[Need]:
        """Return the checks that stores of a loop meet no element from the end of an axis and again from its start."""
        found = []
        for store, axis, *ends in stores:
            least, most = (self.normal(e.expr()) for e in ends)
            if not facts.prove(least):
                size, guard = self.normal(self.size_of(store.base, axis)), Op("lt", (least.expr(), Const(0)))
                found.append(Need("turn", most - least, size, (guard,), axis, store.loc))
        return found

    def lifted(self, body, facts: Facts, loop: Around) -> list[Need]:
        """Return what the trips of a loop need that can be checked before it, the loop left as it is."""
        saved, taken = self.collecting, set(self.fresh.taken)
        self.collecting = True
        _, needs = self.block(body, facts, loop)
        self.collecting, self.fresh.taken = saved, taken
        return needs

    def name_ends(self, stmt: For) -> tuple[list[Stmt], For]:
        """Return (bindings, the loop) with the ends of its range under names where they are loaded from an array."""
        ends: list[Stmt] = []

        def named(value: Expr, base: str) -> Expr:
            if not loaded((value,)):
                return value
            name = self.fresh(base)
            self.kinds[name] = Kind("int64")
            ends.append(Let(name, value, stmt.loc))
            return Name(name)

        return ends, replace(stmt, lo=named(stmt.lo, "start"), hi=named(stmt.hi, "stop"))

    def of_range(self, stmt: For) -> list[Affine]:
        bound, stored = resized_in(stmt.body), ir.stored_in(stmt.body)
        if not isinstance(stmt.step, Const):
            return []
        first, last = (stmt.lo, stmt.hi) if stmt.step.value > 0 else (stmt.hi, stmt.lo)
        var, one = affine(Name(stmt.var)), affine(ONE)
        shift = affine(Const(0)) if stmt.step.value > 0 else one
        found = [var - self.normal(first) - shift, self.normal(last) - var - (one - shift)]
        found.append(self.normal(last) - self.normal(first) - one)
        return [f for f in found if not any(ir.names_in(t) & bound for t in f.terms) and not loaded(f.terms) & stored]

    def can_lift(self, need: Need, loop: Around) -> bool:
        """Return whether a check can be made for all trips at once, before the loop."""
        rest = Affine({t: c for t, c in need.index.terms.items() if t != Name(loop.stmt.var)}, need.index.const)
        bare = loop.stmt.var not in {n for t in (*rest.terms, *need.size.terms) for n in ir.names_in(t)}
        bounds = (loop.stmt.lo, loop.stmt.hi)
        if not bare or not loop.keeps(rest) or not loop.keeps(need.size) or not all(map(loop.keeps, bounds)):
            return False
        moving = [g for g in need.guards if loop.stmt.var in ir.names_in(g)]
        alone = rest == need.index and len(moving) == 1 and self.slope(moving[0], loop.stmt.var) is not None
        return all(map(loop.keeps, need.guards)) and (not moving or alone)

    def slope(self, guard: Expr, var: str) -> int | None:
        """Return how much nearer to holding a comparison of integers comes as `var` counts up; None of another test."""
        if not isinstance(guard, Op) or guard.fn not in ("lt", "gt") or not all(map(self.integer, guard.args)):
            return None
        less, more = guard.args if guard.fn == "lt" else guard.args[::-1]
        room = self.normal(more) - self.normal(less)
        bare = var not in {n for t in room.terms if t != Name(var) for n in ir.names_in(t)}
        return room.coefficient(var) if bare else None

    def over(self, stmt: For, need: Need, facts: Facts) -> Need:
        """Return the check that covers all trips of a loop: of the index furthest out, if there is a trip."""
        c = need.index.coefficient(stmt.var)
        rising = (c > 0) == (stmt.step == ONE)
        at_end = rising == (need.side != "low")
        lo, hi = self.normal(stmt.lo), self.normal(stmt.hi)
        extreme = hi - affine(stmt.step) if at_end else lo
        index = need.index - Affine({Name(stmt.var): c}) + extreme * c
        guards = tuple(self.widest(g, stmt) for g in need.guards)
        new = replace(need, index=index, guards=guards)
        trips = hi - lo if stmt.step == ONE else lo - hi
        outside = affine(Const(-1)) - new.goal()
        if facts.plus(outside, *(f for g in guards for f in self.of_test(g))).prove(trips - affine(ONE)):
            return new
        runs = Op("lt" if stmt.step == ONE else "gt", (stmt.lo, stmt.hi))
        return replace(new, guards=(runs, *guards))

    def widest(self, guard: Expr, stmt: For) -> Expr:
        """Return a guard as it is in the trip of a loop in which it holds if it does in any."""
        if stmt.var not in ir.names_in(guard):
            return guard
        assert isinstance(guard, Op)
        rising = ((self.slope(guard, stmt.var) or 0) > 0) == (stmt.step == ONE)
        extreme = self.normal(stmt.hi) - affine(stmt.step) if rising else self.normal(stmt.lo)
        sides = [self.normal(e) for e in guard.args]
        moved = [e + (extreme - affine(Name(stmt.var))) * e.coefficient(stmt.var) for e in sides]
        return Op(guard.fn, tuple(e.expr() for e in moved), guard.static, guard.loc)

    def while_loop(self, stmt: While, at_test: list[Need], facts: Facts) -> While:
        """Return the loop; what its test needs is checked before it, and again at the end of every trip."""
        tests = set(conjuncts(stmt.test))
        met = [n.goal() for n in at_test if set(n.guards) <= tests]
        inner = forget(facts, (stmt,)).plus(*self.of_test(stmt.test), *met)
        body, _ = self.block(stmt.body, inner, None)
        return replace(stmt, body=(*body, *self.checks([] if self.silent else at_test, [])))

    # -- what a statement needs
    def needs_of(self, stmt: Stmt) -> list[Need]:
        if isinstance(stmt, Within):
            inner = self.needs_in(stmt.index, (), stmt.loc)
            index = self.normal(stmt.index)
            return [*inner, *self.both(stmt.index, index, self.normal(stmt.size), (), stmt.axis, stmt.loc)]
        found = [n for e in ir.exprs_of(stmt) for n in self.needs_in(e, (), stmt.loc)]
        if isinstance(stmt, Store):
            found += self.accessed(stmt.base, stmt.index, (), stmt.loc, stmt.loc)
        return found

    def needs_in(self, e: Expr, guards: tuple[Expr, ...], loc) -> list[Need]:
        if isinstance(e, Select):
            other = (*guards, Op("not", (e.test,)))
            return [*self.needs_in(e.test, guards, loc), *self.needs_in(e.then, (*guards, e.test), loc),
                    *self.needs_in(e.other, other, loc)]  # fmt: skip
        if isinstance(e, Op) and e.fn in ("and", "or"):
            left, right = e.args
            met = left if e.fn == "and" else Op("not", (left,))
            return [*self.needs_in(left, guards, loc), *self.needs_in(right, (*guards, met), loc)]
        found = [n for c in ir.children(e) for n in self.needs_in(c, guards, loc)]
        if isinstance(e, Sub) and isinstance(e.base, Name):
            found += self.accessed(e.base.id, e.index, guards, loc, e.loc)
        return found

    def accessed(self, name: str, items, guards, loc, own_loc, sure: bool = True) -> list[Need]:
        """Return what the access of an element needs; `own_loc` is where the user wrote it, None where lowering did.

        What lowering did is inside for `sure`, where the access itself is made.
        """
        found, axis = [], 0
        for item in items:
            if isinstance(item, ir.NewAxis | ir.Dots):
                axis += not isinstance(item, ir.NewAxis)
                continue
            # what lowering wrote itself is inside, but for indices out of an array of the user's
            arrays = loaded((item,)) | ir.names_in(item) & self.elements
            checked = own_loc is not None or not sure or bool(arrays - self.trusted)
            checked &= not (isinstance(item, Name) and not self.trusted.isdisjoint((item.id, (name, item.id))))
            checked &= self.trusted.isdisjoint((name, n, ON) for n in ir.names_in(item))
            if checked and not isinstance(item, ir.Slice) and self.integer(item):
                size = self.normal(self.size_of(name, axis))
                found += self.both(item, self.normal(item), size, guards, axis, own_loc or loc)
            axis += 1
        return found

    def is_inside(self, e: Sub, facts: Facts) -> bool:
        """Return whether an element, or a part, is known to be inside its array."""
        if not isinstance(e.base, Name):
            return False
        return all(self.proved(n, facts) for n in self.accessed(e.base.id, e.index, (), None, None, sure=False))

    def both(self, item: Expr, index: Affine, size: Affine, guards, axis, loc) -> list[Need]:
        high = Need("high", index, size, guards, axis, loc)
        if kind_of(item, self.kinds).dtype.startswith("uint"):
            return [high]
        return [Need("low", index, size, guards, axis, loc), high]

    def settled(self, e: Expr, facts: Facts, loc, guarded: bool = False) -> Expr:
        """Return an expression with elements that a test guards, but that are inside without it, as lowering's own.

        Reverse mode touches an element that is the user's only under the tests that guard it; one at a place out of an
        array of the user's is, too.
        """
        settled = partial(self.settled, facts=facts, loc=loc)
        if isinstance(e, Select):
            then, other = (settled(s, guarded=True) for s in (e.then, e.other))
            return Select(settled(e.test, guarded=guarded), then, other, e.loc)
        if isinstance(e, Op) and e.fn in ("and", "or"):
            left, right = e.args
            return replace(e, args=(settled(left, guarded=guarded), settled(right, guarded=True)))
        e = ir.rebuild(e, partial(settled, guarded=guarded))
        if guarded and isinstance(e, Sub) and isinstance(e.base, Name):
            if e.loc is not None and self.is_inside(e, facts):
                return replace(e, loc=None)
            open_needs = self.open_needs(self.accessed(e.base.id, e.index, (), None, None), facts)
            return replace(e, loc=e.loc or loc) if open_needs else e
        return e

    # -- statements that check
    def name_indices(self, needs: list[Need], stmt: Stmt, facts: Facts) -> tuple[list[Let], Stmt]:
        """Return (bindings of indices that are loaded or computed, the statement that uses them by name)."""
        held: list[Let] = []
        table: dict[Expr, Expr] = {}
        for need in needs:
            e = need.index.expr()
            computed = has_load(need.index) or any(not isinstance(t, Name) for t in need.index.terms)
            if e in table or not computed or isinstance(stmt, While) or not _occurs(e, stmt):
                continue
            # under a guard the index may be read only where it can be read at all
            if need.guards and not all(self.is_inside(x, facts) for x in ir.walk(e) if isinstance(x, Sub)):
                continue
            name = self.fresh("at")
            table[e], self.kinds[name] = Name(name), Kind("int64")
            held.append(Let(name, e, stmt.loc))
        return (held, _substituted(stmt, table)) if table else ([], stmt)

    def bound_and_checked(self, held: list[Let], needs: list[Need], constants: list[Need], facts: Facts) -> list[Stmt]:
        """Return bindings of indices and the checks of a statement, those of what a binding itself reads before it."""
        out: list[Stmt] = []
        for k, binding in enumerate(held):
            own = [self.furthest(n, constants) for n in self.needs_of(binding)]
            sides = {n.side_of() for n in needs}
            if all(n.side_of() in sides or self.proved(n, facts) for n in own):
                early = [n for n in needs if n.side_of() in {n.side_of() for n in own}]
            else:  # other checks of the statement tell that what it reads is inside
                early = [n for n in needs if not any(b.value in ir.walk(n.index.expr()) for b in held[k:])]
            out += [*self.checks(early, held[:k]), binding]
            needs = [n for n in needs if n not in early]
        return out + self.checks(needs, held)

    def checks(self, needs: list[Need], held: list[Let]) -> list[Stmt]:
        """Return the statements that raise, both sides of an index in one."""
        names = {affine(s.value): affine(Name(s.target)) for s in held}
        out: list[Stmt] = []
        done: set[int] = set()
        for k, need in enumerate(needs):
            if k in done:
                continue
            pair = [j for j in range(k, len(needs)) if needs[j].same_place(need)][:2]
            done |= set(pair)
            sides = [replace(needs[j], index=names.get(needs[j].index, needs[j].index)) for j in pair]
            if need.index.is_const:
                sides = [replace(s, size=self.lengths.get(s.size, s.size)) for s in sides]
            test, index = sides[0].fails(), sides[0].index.expr()
            if len(sides) > 1:
                other = sides[1].index.expr()
                index = index if index == other else Select(test, index, other)
                test = Op("or", (test, sides[1].fails()))
            for guard in reversed(need.guards):
                test = both(guard, test)
            if need.side == "turn":
                least, text = need.guards[-1], f"{need.loc or ''} {TURNS}: first index and size"
                assert isinstance(least, Op)
                stop = ir.Raise("ValueError", (Const(text), least.args[0], need.size.expr()), need.loc)
            else:
                text = f"out of bounds: {need.loc or ''}, axis {need.axis}: index, size"
                stop = ir.Raise("IndexError", (Const(text), index, sides[0].size.expr()), need.loc)
            out.append(If(test, (stop,), (), need.loc))
        return out


def _occurs(e: Expr, stmt: Stmt) -> bool:
    return any(e == x for s in ir.statements((stmt,)) for y in ir.exprs_of(s) for x in ir.walk(y))


def _substituted(stmt: Stmt, table: dict[Expr, Expr]) -> Stmt:
    """Return a statement, its blocks included, with expressions replaced by names."""
    stmt = ir.with_exprs(stmt, lambda e: ir.substitute(e, table))
    if isinstance(stmt, For):
        return ir.with_blocks(stmt, lambda b: [_substituted(s, table) for s in b])
    return stmt
