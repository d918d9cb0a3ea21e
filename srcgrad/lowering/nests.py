"""Write loop nests and allocations, and keep what is known of the arrays' sizes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NoReturn

from ..analysis.equalities import representative, unify
from ..analysis.inequalities import Facts, loaded
from ..analysis.needs import Inside
from ..errors import KindError, UnsupportedError, problem_at
from ..language import ir
from ..language.affine import affine, unclipped
from ..language.blocks import rename_block
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Stmt, Store, Sub
from ..language.kind import dtype_option
from ..language.kinds import INT, kind_of
from .pull import ONE, ZERO, Indexer, Pull, whole


@dataclass
class State:
    """What is known while lowering; copied where a block is lowered on trial."""

    dims: dict[str, tuple[Expr, ...]]
    views: dict[str, Pull]
    equal: dict[Expr, Expr]
    storage: set[str]
    nonneg: set[str]
    # what numbers have names
    held: dict[Expr, Expr]
    # of the counters of loops around, and of the sizes these run over
    known: tuple[Expr, ...] = ()
    # pairs of sizes that have been compared
    compared: frozenset[tuple[Expr, Expr]] = frozenset()

    def fork(self) -> State:
        return State(dict(self.dims), dict(self.views), dict(self.equal), set(self.storage), set(self.nonneg),
                      dict(self.held), self.known, self.compared)  # fmt: skip


class NestWriter:
    """The lowest part of `Lowerer`: writes loops and allocations, and tells sizes; reads no expression."""

    # what `Lowerer` sets up
    kinds: dict[str, Kind]
    loc: ir.Loc | None
    fresh: ir.Fresh
    out: list[Stmt]
    state: State
    enclosing: list[str]
    counters: set[str]
    stable: set[str]
    products: set[str]
    captured: set[str]
    early: set[str]
    indexer: Indexer
    places_made: Inside
    fitting: set[str]  # names of the places that a mask of the array that is indexed chooses
    reach: dict[str, Expr]  # the size of the axis that arrays of places are places of
    positions: set[str]  # arrays of places in an array that was sorted, which are not negative
    lengths_named: dict[Expr, Expr]
    growing: set[str]
    eager: bool  # whether what is read now is chosen from by np.where: all of it is computed

    def refuse(self, loc, what, way_out) -> NoReturn:
        raise UnsupportedError(problem_at(loc or self.loc, what, way_out))

    def emit(self, stmt: Stmt):
        self.out.append(replace(stmt, loc=self.loc) if stmt.loc is None else stmt)

    def apart(self, f):
        """Return what `f` gives, and the statements it needs, kept out of the block."""
        saved, self.out = self.out, []
        steps, self.indexer.steps = self.indexer.steps, dict(self.indexer.steps)
        try:
            return f(), tuple(self.out)
        finally:
            self.out, self.indexer.steps = saved, steps

    @contextmanager
    def branch(self):
        """Around what may not run: what its checks establish holds inside it only."""
        saved, self.state = self.state, self.state.fork()
        try:
            yield
        finally:
            inner, self.state = self.state, saved
            for name, dims in inner.dims.items():
                self.state.dims.setdefault(name, dims)

    def branched(self, f):
        """Return what `f` gives, and the statements it needs, for a block that may not run."""
        with self.branch():
            return self.apart(f)

    # -- arrays by name
    def kind(self, expr: Expr) -> Kind:
        return kind_of(expr, self.kinds, self.loc)

    def named(self, name: str) -> Pull:
        """Return the pull of a name: a view is seen through to the array it shows."""
        if name in self.state.views:
            return self.state.views[name]
        return whole(name, self.sizes(name))

    def alias(self, p: Pull, kind: Kind) -> Name:
        """Return a name of its own for a pull of memory."""
        name = self.fresh("shown")
        self.kinds[name], self.state.views[name] = kind, p
        return Name(name)

    def named_array(self, p: Pull, kind: Kind) -> Pull:
        """Return a pull that may be read at several places: an expression is computed once, under a name."""
        if p.array is not None or p.rank == 0:
            return p
        if isinstance(p.at(tuple(Name(f"_{d}") for d in range(p.rank))), Sub | Name | Const):
            return p
        return self.named(self.materialise(p, kind, self.fresh("values")).id)

    def sizes(self, name: str) -> tuple[Expr, ...]:
        """Return the sizes of a named array, as known when it was made."""
        if name not in self.state.dims:
            rank = self.kinds[name].rank
            own = tuple(Op("shape", (Name(name),), (("axis", d),)) for d in range(rank))
            if name in self.early and name not in self.state.storage:
                return own  # on trial: what it is made with is seen later in the text
            self.state.dims[name] = own
        return self.state.dims[name]

    # -- loops
    def loop_names_for(self, rank: int) -> list[str]:
        """Return names for the loops of a nest: i, j, k where no loop around uses them."""
        names: list[str] = []
        for base in ("i", "j", "k", "l", *["i"] * rank):
            if len(names) == rank:
                break
            if base in self.fresh.taken and base not in self.counters or base in self.enclosing or base in names:
                continue
            names.append(base)
        self.fresh.taken |= set(names)
        while len(names) < rank:
            names.append(self.fresh("i"))
        for name in names:
            self.counters.add(name)
            self.fresh.taken.add(name)
            self.kinds[name] = Kind("int64")
        return names

    def nest(self, idx, ranges, body):
        """Emit nested loops around statements."""
        stmts = tuple(replace(s, loc=self.loc) if s.loc is None else s for s in body)
        for name, (lo, hi) in zip(reversed(idx), reversed(ranges), strict=True):
            if lo == ZERO and hi == ONE:
                stmts = tuple(_fixed(s, name) for s in stmts)
                continue
            stmts = (For(name, lo, hi, ONE, stmts, (), self.loc, made=True),)
        self.out.extend(stmts)

    def nested(self, idx, ranges, body):
        saved, self.out = self.out, []
        try:
            self.nest(idx, ranges, body)
            return list(self.out)
        finally:
            self.out = saved

    def whole_ranges(self, p: Pull):
        return [(ZERO, unclipped(n)) for n in p.dims]

    # -- memory
    def materialise(self, p: Pull, kind: Kind, target: str, source: Expr | None = None) -> Name:
        """Allocate an array, fill it from a pull, and return its name."""
        if target in self.kinds and self.kinds[target].rank != p.rank:
            target = self.fresh(target)
        if isinstance(p.array, Name) and p.array.id == target:
            return p.array
        self.kinds[target] = Kind(kind.dtype, p.rank)
        idx = self.loop_names_for(p.rank)
        element = p.at(tuple(Name(i) for i in idx))
        if isinstance(p.array, Name) and self.kinds[p.array.id] == self.kinds[target]:
            self.emit(Let(target, Op("copy", (p.array,))))
            self.note_sizes(target, p.dims)
            return Name(target)
        names = tuple(map(Name, idx))
        product = self.reusable(element, names, self.kinds[target], p.dims)
        if product is not None:
            self.out[:] = rename_block(tuple(self.out), {product: target})
            self.note_sizes(target, self.state.dims.pop(product))
            element = ir.rename_expr(element, {product: target})
        else:
            self.allocate(target, p.dims, self.kinds[target], "np.empty", element)
        op = "="
        if isinstance(element, Op) and element.fn == "add" and element.args[0] == Sub(Name(target), names):
            op, element = "+=", element.args[1]
        self.nest(idx, [(ZERO, unclipped(n)) for n in p.dims], [Store(target, names, element, op)])
        return Name(target)

    def reusable(self, element: Expr, names, kind: Kind, dims) -> str | None:
        """Return a matrix product of this statement, of these sizes, read only where it could be overwritten."""
        reads = [e for e in ir.walk(element) if isinstance(e, Sub) and isinstance(e.base, Name)]
        for name in sorted(self.products):
            own = [e for e in reads if e.base == Name(name)]
            here = sum(name in ir.names_in(*ir.exprs_of(s)) for s in self.out)
            fits = self.kinds[name] == kind and all(e.index == names for e in own)
            if own and not here and fits and self.have_sizes(name, dims):
                return name
        return None

    def have_sizes(self, name: str, dims) -> bool:
        """Return whether an array is known to have these sizes."""
        return tuple(map(self.canonical, self.state.dims[name])) == tuple(map(self.canonical, dims))

    def note_sizes(self, target: str, dims):
        """Note the sizes an array is made with; those of a buffer that grows are what they are by then."""
        longer = (Op("shape", (Name(target),), (("axis", 0),)), *dims[1:])
        self.state.dims[target] = longer if target in self.growing else dims

    def allocate(self, target: str, dims, kind: Kind, fn: str, element: Expr | None = None):
        """Emit an allocation, `like` an array it is filled from where the sizes are the same."""
        dims = tuple(self.canonical(d) for d in dims)
        self.note_sizes(target, dims)
        for like in sorted(ir.names_in(element) if element is not None else ()):
            known = self.kinds.get(like)
            if known is None or known != kind or like not in self.state.dims:
                continue
            if tuple(map(self.canonical, self.sizes(like))) == dims:
                self.emit(Let(target, Op(f"{fn}_like", (Name(like),))))
                return
        self.emit(Let(target, Op(fn, dims, dtype_option(kind.dtype))))

    def hold(self, value: Expr, base: str, always: bool = False) -> Expr:
        """Return a scalar expression under a name, unless it is one already."""
        if isinstance(value, Const) or (isinstance(value, Name) and not always):
            return value
        name = self.fresh(base)
        self.kinds[name] = kind_of(value, self.kinds)
        self.stable.add(name)
        if self.kinds[name] == INT and self.is_nonneg(value):
            self.state.nonneg.add(name)
        self.emit(Let(name, value))
        return Name(name)

    def length(self, size: Expr) -> Expr:
        """Return the length of a slice under a name: the same one where it is the same length."""
        size = self.canonical(size)
        if isinstance(size, Name | Const):
            return size
        name = self.held(size, "n")
        assert isinstance(name, Name)
        self.lengths_named[name] = size
        self.state.nonneg.add(name.id)
        return name

    def held(self, value: Expr, base: str) -> Expr:
        """Return a number under a name: the same one for the same number, where that stays what it is."""
        if value in self.state.held:
            return self.state.held[value]
        name = self.hold(value, base)
        names = {e.id for e in ir.walk(value) if isinstance(e, Name) and not self.kinds[e.id].rank}
        if names <= self.stable | set(self.enclosing) and not any(isinstance(e, Sub) for e in ir.walk(value)):
            self.state.held[value] = name
        return name

    # -- indices into views
    def within(self, index: Expr, size: Expr, axis: int):
        """Emit the demand that an index lie inside an axis."""
        self.emit(ir.Within(index, size, axis))

    def places(self, item: Expr, index: Pull, size: Expr, axis: int, plain: bool) -> Pull:
        """Return an index array, of a view under a name and with negative indices counted from the start.

        In a `plain` array the elements of the user's index arrays are checked where they are used; others are here.
        """
        idx = self.loop_names_for(index.rank)
        cell = tuple(map(Name, idx))
        own = index.at(cell)
        if isinstance(item, Name) and item.id in self.fitting:
            return index
        if plain and loaded((own,)) - self.places_made and not self.eager:
            return index
        base = own.base.id if isinstance(own, Sub) and isinstance(own.base, Name) else None
        reach = index.dims[0] if own == cell[0] else self.reach.get(base) if base else None
        if reach is not None and self.canonical(reach) == self.canonical(size):
            return index
        if plain:
            self.nest(idx, self.whole_ranges(index), [ir.Within(own, size, axis)])
            return index
        name, at = self.fresh("places"), self.fresh("at")
        self.places_made.add(name)
        self.kinds[name], self.kinds[at] = Kind("int64", index.rank), Kind("int64")
        self.allocate(name, index.dims, self.kinds[name], "np.empty")
        wrapped = ir.Select(Op("lt", (Name(at), ZERO)), Op("add", (Name(at), size)), Name(at))
        body = [Let(at, own), ir.Within(Name(at), size, axis), Store(name, cell, wrapped)]
        self.nest(idx, self.whole_ranges(index), body)
        return self.named(name)

    # -- sizes
    def canonical(self, size: Expr) -> Expr:
        """Return the representative of a size."""
        return representative(size, self.state.equal, self.canonical_atom)

    def settled(self, p: Pull) -> Pull:
        """Return the pull with the axes that are known to have one element as such."""
        dims = tuple(ONE if n != ONE and self.canonical(n) == ONE else n for n in p.dims)
        return replace(p, dims=dims) if dims != p.dims else p

    def canonical_atom(self, atom: Op) -> Expr | None:
        """Return the size an array was made with; None where that is the atom itself, or no size."""
        if atom.fn not in ("len", "size", "shape"):
            return None
        base = atom.args[0]
        if not isinstance(base, Name) or base.id not in self.kinds:
            return None
        rank = self.kinds[base.id].rank
        if atom.fn == "size" and rank != 1:
            return None
        axis = atom.option("axis", 0)
        known = self.state.dims.get(base.id)
        first = Op("shape", (Name(base.id),), (("axis", axis),))
        new = known[axis] if known else first
        return None if new == atom else new

    def require(self, a: Expr, b: Expr, message: str, exception: str = "ValueError"):
        """Check at run time that two sizes are equal, unless that is known; from here on it is."""
        written = a, b
        a, b = self.canonical(a), self.canonical(b)
        if a == b or (a, b) in self.state.compared or ir.names_in(a, b) & self.early - self.state.storage:
            return
        if isinstance(a, Const) and isinstance(b, Const):
            if all(isinstance(e, Const) for e in written):
                raise KindError(problem_at(self.loc, f"{message} {a.value} and {b.value}", "make the shapes fit"))
            # one of them was found to be equal to another size before: an axis of one element may be neither
            self.stop_at_sizes(Op("ne", written), message, *written, exception)
            return
        self.stop_at_sizes(Op("ne", (a, b)), message, a, b, exception)
        self.unify(a, b)

    def stop_at_sizes(self, test: Expr, message: str, a: Expr, b: Expr, exception: str = "ValueError"):
        """Raise at run time where a test of two sizes holds, naming both and the place."""
        where = (Const(self.loc.place),) if self.loc is not None else ()
        message = message if self.loc is None or self.loc.spoken is None else self.loc.spoken.said(message)
        self.emit(If(test, (ir.Raise(exception, (Const(message), a, b, *where), self.loc),)))

    def unify(self, a: Expr, b: Expr):
        """Take notice that two sizes are equal."""
        self.state.compared |= {(a, b)}
        names = [e.id for e in (a, b) if isinstance(e, Name)]
        # of two names the one bound outside stands for the other: what is kept in a loop has its place made before it
        if len(names) == 2 and ir.bound_in(tuple(self.out)) & {*names} == {names[1]}:
            a, b = b, a
        unify(a, b, self.state.equal)

    def stop_if(self, test: Expr, message: str):
        """Raise at run time where a test holds, naming the place."""
        message += f" ({self.loc.place})" if self.loc is not None else ""
        self.emit(If(test, (ir.Raise("ValueError", (Const(message),), self.loc),)))

    def is_nonneg(self, e: Expr) -> bool:
        """Return whether an integer expression is known not to be negative."""
        a = affine(self.canonical(e))
        if a.const >= 0 and all(c > 0 and self.atom_nonneg(t) for t, c in a.terms.items()):
            return True
        counted = {n for known in self.state.known for n in ir.names_in(known)}
        if not any(ir.names_in(t) & counted or isinstance(t, Op) and t.fn in ("min", "max") for t in a.terms):
            return False
        return Facts(tuple(affine(self.canonical(e)) for e in self.state.known)).prove(a, 3)

    def atom_nonneg(self, atom: Expr) -> bool:
        if isinstance(atom, Name):
            return atom.id in self.state.nonneg or atom.id in self.counters - set(self.enclosing)
        if isinstance(atom, Sub):
            return isinstance(atom.base, Name) and atom.base.id in self.positions
        if not isinstance(atom, Op):
            return False
        if atom.fn in ("mul", "floordiv", "min"):
            return all(map(self.is_nonneg, atom.args))
        return atom.fn in ("shape", "len", "size") or atom.fn == "max" and any(map(self.is_nonneg, atom.args))


def _fixed(stmt: Stmt, name: str) -> Stmt:
    """Return a statement of a loop that runs once, with its variable at zero."""

    def place(e: Expr) -> Expr:
        e = fixed(e)
        if not isinstance(e, Op) or e.fn not in ("add", "mul"):
            return e
        a, b = map(place, e.args)
        if e.fn == "mul":
            return ZERO if ZERO in (a, b) else replace(e, args=(a, b))
        return b if a == ZERO else a if b == ZERO else replace(e, args=(a, b))

    def fixed(e: Expr) -> Expr:
        if isinstance(e, Sub):
            return replace(e, base=fixed(e.base), index=tuple(map(place, e.index)))
        return ZERO if e == Name(name) else ir.rebuild(e, fixed)

    stmt = ir.with_exprs(stmt, fixed)
    stmt = replace(stmt, index=tuple(map(place, stmt.index))) if isinstance(stmt, Store) else stmt
    return ir.with_blocks(stmt, lambda b: [_fixed(s, name) for s in b])
