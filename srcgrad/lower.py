"""Lower array statements to loop nests over elements: the only pass that knows what array expressions mean.

In: statements over whole arrays. Out: scalar statements, element reads and stores, loops, allocations, copies and
library products. Views disappear into the index expressions; a name rebound to another array becomes a store into
its own memory, so that afterwards every array name is bound once.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, replace
from typing import NoReturn

from . import ir
from .access import root_of
from .affine import affine, simplify_index, unclipped
from .errors import KindError, Problem, SrcgradError, UnsupportedError, problem_at
from .ir import Const, Expr, For, If, Kind, Let, Name, Op, Select, Stmt, Store, Sub
from .kinds import infer_kinds, kind_of
from .pull import ONE, ZERO, Indexer, Pull, cell_of, whole
from .pull_ops import ArrayReader, op_count


def lower(function: ir.Function, params: dict[str, Kind], stretch: bool = False) -> ir.Function:
    """Return the function with array statements as loop nests.

    `stretch` says whether an axis of unknown size may turn out to be 1 and be repeated; without it such an axis must
    match exactly, which is checked at run time.

    >>> from srcgrad.parse import parse_text
    >>> from srcgrad.emit import emit
    >>> f = parse_text("def f(a, b):\\n    c = 2.0 * a + b\\n    return np.sum(c)")
    >>> print(emit(lower(f, {"a": Kind("float64", 1), "b": Kind("float64", 1)})))
    def f(a, b):
        if a.shape[0] != b.shape[0]:
            raise ValueError('operands could not be broadcast together: lengths', a.shape[0], b.shape[0])
        c = np.empty_like(a)
        for i in range(a.shape[0]):
            c[i] = 2.0 * a[i] + b[i]
        out = 0.0
        for i in range(a.shape[0]):
            out += c[i]
        return out
    """
    function = own_rebound_params(function, infer_kinds(function, params))
    return lower_with_sizes(function, infer_kinds(function, params), stretch)[0]


def lower_with_sizes(function: ir.Function, kinds: dict[str, Kind], stretch: bool):
    """Return (lowered function, kinds of all its names, sizes of its arrays in canonical form)."""
    lowerer = Lowerer(function, kinds, stretch)
    lowered = replace(function, body=(*apart_checks(function, kinds), *lowerer.block(function.body)))
    return lowered, lowerer.kinds, dict(lowerer.state.dims)


def apart_checks(function: ir.Function, kinds: dict[str, Kind]) -> list[Stmt]:
    """Return checks that array arguments that are written share no memory with others."""
    updated = {s.target for s in ir.statements(function.body) if isinstance(s, Let) and _inplace(s)}
    stored = ir.stored_in(function.body) | updated
    params = [p for p in function.params if kinds[p].rank]
    checks: list[Stmt] = []
    for p in params:
        for q in params:
            if p in stored and p != q and not (q in stored and q < p):
                message = Const(f"{p} is written and shares memory with {q}")
                stop = ir.Raise("ValueError", (message,), function.loc)
                checks.append(If(Op("overlap", (Name(p), Name(q))), (stop,), (), function.loc))
    return checks


def own_rebound_params(function: ir.Function, kinds: dict[str, Kind], keep_args: bool = False) -> ir.Function:
    """Return the function with array parameters that are bound anew copied into a name of their own.

    Where such a parameter is also written the caller would have to see some writes and not others: refused, unless
    arguments are kept as they are anyway.
    """
    bound = {s.target for s in ir.statements(function.body) if isinstance(s, Let) and not _inplace(s)}
    fresh, table, copies = ir.Fresh(ir.all_names(function)), {}, []
    for p in (*function.params, *(n for n, _ in function.captured)):
        if p not in bound or not kinds[p].rank:
            continue
        if p in ir.stored_in(function.body) and not keep_args:
            loc = next(s.loc for s in ir.statements(function.body) if isinstance(s, Store) and s.base == p)
            raise UnsupportedError(problem_at(loc, f"the argument {p!r} is written and bound anew",
                                              f"copy it first: {p}_own = {p}.copy()"))  # fmt: skip
        table[p] = fresh(p)
        copies.append(Let(table[p], Op("copy", (Name(p),)), function.loc))
    return replace(function, body=(*copies, *ir.rename_block(function.body, table)))


@dataclass
class _State:
    """What is known while lowering; copied where a block is lowered on trial."""

    dims: dict[str, tuple[Expr, ...]]
    views: dict[str, Pull]
    equal: dict[Expr, Expr]
    storage: set[str]
    nonneg: set[str]

    def fork(self) -> _State:
        return _State(dict(self.dims), dict(self.views), dict(self.equal), set(self.storage), set(self.nonneg))


class Lowerer(ArrayReader):
    """Lowers statements; `ArrayReader` reads the expressions in them."""

    def __init__(self, function: ir.Function, kinds: dict[str, Kind], stretch: bool):
        self.kinds = kinds
        self.stretch = stretch
        self.fresh = ir.Fresh(ir.all_names(function))
        self.enclosing: list[str] = []
        bound = Counter(n for s in ir.statements(function.body) if not isinstance(s, For) for n in ir.binds(s))
        loops = {s.var for s in ir.statements(function.body) if isinstance(s, For)}
        self.counters = {n for n in loops if not bound[n] and n not in function.params}
        self.out: list[Stmt] = []
        self.loc = None
        arrays = {n for n, k in kinds.items() if k.rank}
        self.state = _State({}, {}, {}, set(arrays & {*function.params, *(n for n, _ in function.captured)}), set())
        defined = Counter(s.target for s in ir.statements(function.body) if isinstance(s, Let) and not _inplace(s))
        for p in (*function.params, *(n for n, _ in function.captured)):
            defined[p] += 1
        self.multi = {n for n in arrays if defined[n] > 1}
        inplace = {s.target for s in ir.statements(function.body) if isinstance(s, Let) and _inplace(s)}
        self.stored = ir.stored_in(function.body) | (inplace & arrays)
        self.stable = {n for n, c in defined.items() if c == 1 and n not in inplace}
        self.indexer = Indexer(self.is_nonneg, self.pull, self.hold)
        self.reads = _read_counts(function.body)
        self.rest: tuple[tuple[Stmt, ...], tuple[Stmt, ...]] = ((), ())

    def refuse(self, loc, what, way_out) -> NoReturn:
        raise UnsupportedError(problem_at(loc or self.loc, what, way_out))

    # -- statements
    def block(self, block) -> tuple[Stmt, ...]:
        saved, self.out = self.out, []
        problems: list[Problem] = []
        outer, skip = self.rest, 0
        for k, stmt in enumerate(block):
            if skip:
                skip -= 1
                continue
            self.loc = stmt.loc or self.loc
            self.products: set[str] = set()
            self.rest = tuple(block[: k + 1]), tuple(block[k + 1 :])
            try:
                if self.is_swap(block[k : k + 3]):
                    self.swap(block[k + 1].target, block[k + 2].target)
                    skip = 2
                else:
                    self.stmt(stmt)
            except SrcgradError as e:
                problems += e.problems
        self.rest = outer
        if problems:
            raise UnsupportedError(*problems)
        result, self.out = tuple(self.out), saved
        return result

    def scoped(self, block, nonneg=()) -> tuple[Stmt, ...]:
        """Lower a nested block; what its checks establish holds inside it only."""
        saved = self.state
        self.state = saved.fork()
        self.state.nonneg |= set(nonneg)
        try:
            return self.block(block)
        finally:
            inner, self.state = self.state, saved
            for name, dims in inner.dims.items():
                self.state.dims.setdefault(name, dims)

    def emit(self, stmt: Stmt):
        self.out.append(replace(stmt, loc=self.loc) if stmt.loc is None else stmt)

    def stmt(self, stmt: Stmt):
        if isinstance(stmt, Let):
            if self.kinds[stmt.target].rank:
                self.let_array(stmt)
            else:
                self.let_scalar(stmt)
        elif isinstance(stmt, Store):
            self.store(stmt)
        elif isinstance(stmt, If):
            self.hoist_storage(stmt)
            test = self.scalar(stmt.test)
            self.emit(If(test, self.scoped(stmt.then), self.scoped(stmt.other), stmt.loc))
        elif isinstance(stmt, For):
            self.hoist_storage(stmt)
            lo, hi, step = map(self.scalar, (stmt.lo, stmt.hi, stmt.step))
            upward = isinstance(step, Const) and step.value > 0 and self.is_nonneg(lo)
            downward = isinstance(step, Const) and step.value < 0 and (self.is_nonneg(hi) or hi == Const(-1))
            self.enclosing.append(stmt.var)
            body = self.scoped(stmt.body, [stmt.var] if upward or downward else [])
            self.enclosing.pop()
            self.emit(replace(stmt, lo=lo, hi=hi, step=step, body=body))
        elif isinstance(stmt, ir.While):
            self.hoist_storage(stmt)
            test, before = self.apart(lambda: self.scalar(stmt.test))
            body = self.scoped(stmt.body)
            if before:
                leave = If(Op("not", (test,)), (ir.Break(),), (), stmt.loc)
                body, test = (*before, *_else_nest(leave, body)), Const(True)
            self.emit(replace(stmt, test=test, body=body))
        elif isinstance(stmt, ir.Return):
            self.emit(replace(stmt, value=self.returned(stmt.value)))
        else:
            self.emit(ir.with_exprs(stmt, self.shown))

    def shown(self, e: Expr) -> Expr:
        """Return what print or raise shows: text as it is, arrays as they stand in memory."""
        if isinstance(e, Const):
            return e
        shown = self.pull(e).array if self.kind(e).rank else self.scalar(e)
        assert shown is not None, e
        return shown

    def apart(self, f):
        """Return what `f` gives, and the statements it needs, kept out of the block."""
        saved, self.out = self.out, []
        try:
            return f(), tuple(self.out)
        finally:
            self.out = saved

    def returned(self, value: Expr) -> Expr:
        if isinstance(value, ir.Tuple):
            return replace(value, items=tuple(self.returned(v) for v in value.items))
        if self.kind(value).rank:
            p = self.pull(value)
            return p.array if isinstance(p.array, Name) else self.materialise(p, self.kind(value), "out")
        return self.scalar(value, into="out")

    def let_scalar(self, stmt: Let):
        free = stmt.target not in ir.names_in(stmt.value)
        value = self.scalar(stmt.value, into=stmt.target if free else None)
        if value != Name(stmt.target):
            self.emit(replace(stmt, value=value))
        if self.is_nonneg(value) and stmt.target in self.stable:
            self.state.nonneg.add(stmt.target)

    # -- arrays under names
    def let_array(self, stmt: Let):
        target, value = stmt.target, stmt.value
        if _inplace(stmt):
            assert isinstance(value, Op)
            index = (ir.Dots(),)
            op = {"add": "+=", "sub": "-="}.get(value.fn)
            right = value.args[1] if op else replace(value, args=(Name(target), value.args[1]), static=())
            return self.store(Store(target, index, right, op or "=", stmt.loc))
        if target in self.multi or target in self.state.storage:
            return self.rebind(stmt)
        if _is_view(value, self) and not isinstance(value, Op):
            return self.bind_view(stmt)
        if isinstance(value, Op) and value.fn == "np.transpose" and isinstance(value.args[0], Name):
            return self.bind_view(stmt)
        self.bind_array(target, value)

    def bind_array(self, target: str, value: Expr):
        """Give a name an array of its own: allocation, copy or product as it stands, else a nest that fills it."""
        self.check_copied(target, value)
        direct = self.allocation(target, value)
        if direct is None:
            self.materialise(self.pull(value, into=target), self.kinds[target], target, value)

    def bind_view(self, stmt: Let):
        target, value = stmt.target, stmt.value
        base = next(e for e in ir.walk(value) if isinstance(e, Name))
        if base.id in self.multi:
            if target in self.stored or base.id in self.stored:
                self.refuse(stmt.loc, f"{target!r} shares memory with {base.id!r}, which is bound anew and written",
                            f"copy it: {target} = {_shown(value)}.copy()")  # fmt: skip
            return self.materialise(self.pull(value), self.kinds[target], target, value)
        if isinstance(value, Sub):
            value = replace(value, index=tuple(self.freeze(i) for i in value.index))
        self.state.views[target] = self.pull(value)

    def freeze(self, item: Expr) -> Expr:
        """Return an index item whose names cannot change while the view is in use."""
        if isinstance(item, ir.Slice):
            return ir.Slice(*(None if e is None else self.freeze(e) for e in (item.lo, item.hi, item.step)))
        if isinstance(item, ir.NewAxis | ir.Dots | Const) or self.kind(item).rank:
            return item
        if ir.names_in(item) <= self.stable and not any(isinstance(e, Sub) for e in ir.walk(item)):
            return item
        held = self.fresh("at")
        self.kinds[held] = Kind("int64")
        self.emit(Let(held, self.scalar(item)))
        self.stable.add(held)
        return Name(held)

    def check_copied(self, target, value):
        """Refuse a reshape that is a view in NumPy where one of the two is written."""
        if isinstance(value, Op) and value.fn in ("reshape", "reshape_like", "np.ravel", "np.ascontiguousarray"):
            sources = {n for n in ir.names_in(value.args[0]) if self.kinds[n].rank}
            if (target in self.stored or sources & self.stored) and not value.option("copy"):
                self.refuse(value.loc, f"{target!r} may share memory with an array that is written",
                            "copy it: .copy(), or write the loop over the original")  # fmt: skip

    def rebind(self, stmt: Let):
        """Lower `x = e` for a name bound before: its memory takes the new values."""
        target, value = stmt.target, stmt.value
        moved = isinstance(value, Name) and self.is_last_use(value.id)
        if target in self.stored and _is_view(value, self) and not moved:
            self.refuse(stmt.loc, f"{target!r} becomes another name of an array, and is written",
                        f"copy it: {target} = {_shown(value)}.copy()")  # fmt: skip
        if _is_view(value, self) and ir.names_in(value) & self.stored and not moved:
            self.refuse(stmt.loc, f"{target!r} becomes another name of an array that is written",
                        f"copy it: {target} = {_shown(value)}.copy()")  # fmt: skip
        if target not in self.state.storage:
            self.state.storage.add(target)
            if not _is_view(value, self):
                return self.bind_array(target, value)
            return self.materialise(self.pull(value), self.kinds[target], target, value)
        p = self.pull(value)
        own = whole(target, self.sizes(target))
        for a, b in zip(own.dims, p.dims, strict=True):
            self.require(a, b, f"{target} changes its shape: lengths")
        self.assign(own, p, value, "=", exact=True)

    def is_last_use(self, name: str) -> bool:
        """Return whether an array is bound and used in this block only, and not after the present statement."""
        before, after = self.rest
        here = _read_counts(before)[name] == self.reads[name] and name not in ir.read_in(after)
        return here and any(name in ir.binds(s) for s in before)

    def is_swap(self, stmts) -> bool:
        """Return whether three statements exchange two arrays: `t = a; a = b; b = t`."""
        if len(stmts) < 3 or not all(isinstance(s, Let) and isinstance(s.value, Name) for s in stmts):
            return False
        t, a, b = stmts
        return (
            self.kinds[t.target].rank > 0
            and (a.target, b.target, b.value) == (t.value.id, a.value.id, Name(t.target))
            and self.reads[t.target] == 1
            and {a.target, b.target} <= self.state.storage
        )

    def swap(self, a: str, b: str):
        """Exchange the contents of two arrays that nothing else shows."""
        for x, y in zip(self.sizes(a), self.sizes(b), strict=True):
            self.require(x, y, f"{a} and {b} are exchanged: lengths")
        idx = self.loop_names_for(self.kinds[a].rank)
        cell = tuple(map(Name, idx))
        held = self.fresh(f"{a}_held")
        self.kinds[held] = Kind(self.kinds[a].dtype)
        body = [Let(held, Sub(Name(a), cell)), Store(a, cell, Sub(Name(b), cell)), Store(b, cell, Name(held))]
        self.nest(idx, [(ZERO, unclipped(n)) for n in self.sizes(a)], body)

    def fork(self) -> Lowerer:
        """Return a lowerer in the present state, to lower a block on trial."""
        trial = copy.copy(self)
        trial.state, trial.out, trial.kinds = self.state.fork(), [], dict(self.kinds)
        trial.fresh = ir.Fresh(self.fresh.taken)
        trial.stable, trial.counters = set(self.stable), set(self.counters)
        trial.enclosing = list(self.enclosing)
        trial.indexer = Indexer(trial.is_nonneg, trial.pull, trial.hold)
        return trial

    def hoist_storage(self, stmt: Stmt):
        """Allocate before a branch or loop the arrays first bound inside it that outlive it."""
        lets = [s for b in ir.blocks_of(stmt) for s in ir.statements(b) if isinstance(s, Let)]
        inner = {s.target for s in lets if not _inplace(s)}
        inside = _read_counts((stmt,))
        wanted = [
            n
            for n in sorted(inner)
            if self.kinds[n].rank
            and n not in self.state.storage
            and ((n in self.multi and self.leaves_branch(n, stmt)) or self.reads[n] > inside[n])
        ]
        for name in wanted:
            trial = self.fork()
            for b in ir.blocks_of(stmt):
                trial.scoped(b, [stmt.var] if isinstance(stmt, For) else [])
            dims = trial.state.dims.get(name)
            bound = ir.bound_in((stmt,)) | {n for n in trial.kinds if n not in self.kinds}
            if dims is None or any(n in bound for d in dims for n in ir.names_in(d)):
                self.refuse(stmt.loc, f"the array {name!r} is first assigned inside a branch or loop and used after it",
                            f"allocate {name!r} before")  # fmt: skip
            self.allocate(name, dims, self.kinds[name], "np.zeros")
            self.state.storage.add(name)

    def leaves_branch(self, name: str, stmt: Stmt) -> bool:
        if isinstance(stmt, If):
            return True
        inside = sum(isinstance(s, Let) and s.target == name for b in ir.blocks_of(stmt) for s in b)
        return inside == 0 or self.reads[name] > _read_counts((stmt,))[name]

    def sizes(self, name: str) -> tuple[Expr, ...]:
        """Return the sizes of a named array, as known when it was made."""
        if name not in self.state.dims:
            rank = self.kinds[name].rank
            self.state.dims[name] = tuple(Op("shape", (Name(name),), (("axis", d),)) for d in range(rank))
        return self.state.dims[name]

    # -- stores
    def store(self, stmt: Store):
        p = self.named(stmt.base)
        if self.kind(Sub(Name(stmt.base), stmt.index)).rank == 0:
            return self.store_element(stmt, p)
        items = tuple(i for i in stmt.index if not isinstance(i, ir.Slice | ir.NewAxis | ir.Dots))
        if any(self.kind(i).rank for i in items):
            return self.store_gathered(stmt, p)
        if isinstance(stmt.value, Op) and stmt.value.fn == "np.dot" and self.kind(stmt.value).rank == 0:
            stmt = replace(stmt, value=self.scalar(stmt.value))
        target = self.indexer.apply(p, stmt.index, self.lift)
        value = self.pull(stmt.value)
        self.assign(target, value, stmt.value, stmt.op)

    def store_element(self, stmt: Store, p: Pull):
        element = cell_of(self.indexer.apply(p, stmt.index, self.lift), ())
        value = self.scalar(stmt.value) if not self.kind(stmt.value).rank else self.pull(stmt.value).at(())
        self.emit(Store(root_of(element).id, element.index, value, stmt.op, stmt.loc))

    def store_gathered(self, stmt: Store, p: Pull):
        """Lower `a[idx] = v`: in order, so that the last write wins, as in NumPy."""
        value = self.pull(stmt.value)
        target = self.indexer.apply(p, stmt.index, self.lift)
        dtype = self.kinds[stmt.base].dtype
        if stmt.op != "=":
            fn = "add" if stmt.op == "+=" else "sub"
            sums = Op(fn, (Sub(Name(stmt.base), stmt.index), stmt.value))
            value = self.pull(sums)
        if stmt.op != "=" or stmt.base in ir.names_in(stmt.value):
            name = self.materialise(value, Kind(dtype, value.rank), self.fresh("values"))
            value = self.named(name.id)
        self.assign(target, value, Const(0), "=")

    def assign(self, target: Pull, value: Pull, source: Expr, op: str, exact: bool = False):
        """Write a nest that stores `value`, broadcast, into `target`."""
        pad = target.rank - value.rank
        if pad < 0:
            extra, value = value.dims[:-target.rank or None], self.drop_axes(value, -pad)
            if any(e != ONE for e in extra):
                self.refuse(None, "the value has more axes than its target", "index or reshape it")
        for a, b in zip(target.dims[pad:], value.dims, strict=True):
            if b != ONE and not exact:
                self.require(a, b, "could not broadcast input array: lengths")
        idx = self.loop_names_for(target.rank)
        root = root_of(cell_of(target, tuple(Name(i) for i in idx))).id
        if root in ir.names_in(source) or root in ir.names_in(value.at(tuple(Name(i) for i in idx[pad:]))):
            value = self.detach(target, value, root, idx, pad)
        ranges, at, own = self.own_axes(target, idx)
        element = value.at(tuple(ZERO if n == ONE else e for n, e in zip(value.dims, own[pad:], strict=True)))
        cell = cell_of(target, at)
        self.nest(idx, ranges, [Store(root, cell.index, element, op)])

    def drop_axes(self, p: Pull, count: int) -> Pull:
        return Pull(p.dims[count:], lambda idx: p.at((ZERO,) * count + tuple(idx)))

    def detach(self, target: Pull, value: Pull, root: str, idx, pad) -> Pull:
        """Return a value that no store into `root` changes: itself where it reads only the element written."""
        names = tuple(Name(i) for i in idx)
        own = tuple(ZERO if n == ONE else e for n, e in zip(value.dims, names[pad:], strict=True))
        cell, element = cell_of(target, names), value.at(own)
        reads = [e for e in ir.walk(element) if isinstance(e, Sub) and isinstance(e.base, Name) and e.base.id == root]
        if all(_same_index(r.index, cell.index) for r in reads):
            return value
        kind = Kind(self.kinds[root].dtype, value.rank)
        if value.rank:
            name = self.materialise(value, kind, self.fresh(f"{root}_new"))
            return self.named(name.id)
        held = self.hold(value.at(()), "value", always=True)
        return Pull((), lambda _: held)

    def own_axes(self, target: Pull, idx):
        """Return (ranges, index of the target, offset-free index): loops run over the target's own index."""
        ranges: list[tuple[Expr, Expr]] = []
        at: list[Expr] = []
        own: list[Expr] = []
        names = tuple(Name(i) for i in idx)
        cell = cell_of(target, names)
        for d, (name, n) in enumerate(zip(names, target.dims, strict=True)):
            starts = [affine(e) - affine(name) for e in cell.index if affine(e).coefficient(name.id) == 1]
            shift = starts[0] if len(starts) == 1 and name.id not in ir.names_in(starts[0].expr()) else None
            loop_free = shift is not None and not any(t == Name(i) for t in shift.terms for i in idx)
            if shift is None or not loop_free or (shift.is_const and shift.const == 0):
                ranges.append((ZERO, unclipped(n)))
                at.append(name)
                own.append(name)
            else:
                lo = shift.expr()
                ranges.append((lo, simplify_index(Op("add", (unclipped(n), lo)))))
                at.append(Op("sub", (name, lo)))
                own.append(simplify_index(Op("sub", (name, lo))))
            del d
        return ranges, tuple(at), tuple(own)

    # -- emission helpers
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
            stmts = (For(name, lo, hi, ONE, stmts, (), self.loc),)
        self.out.extend(stmts)

    def materialise(self, p: Pull, kind: Kind, target: str, source: Expr | None = None) -> Name:
        """Allocate an array, fill it from a pull, and return its name."""
        if target in self.kinds and self.kinds[target].rank != p.rank or target == "out":
            target = self.fresh(target)
        if isinstance(p.array, Name) and p.array.id == target:
            return p.array
        self.kinds[target] = Kind(kind.dtype, p.rank)
        idx = self.loop_names_for(p.rank)
        element = p.at(tuple(Name(i) for i in idx))
        if isinstance(p.array, Name):
            self.emit(Let(target, Op("copy", (p.array,))))
            self.state.dims[target] = p.dims
            return Name(target)
        names = tuple(map(Name, idx))
        product = self.reusable(element, names, self.kinds[target])
        if product is not None:
            self.out[:] = ir.rename_block(tuple(self.out), {product: target})
            self.state.dims[target] = self.state.dims.pop(product)
            element = ir.rename_expr(element, {product: target})
        else:
            self.allocate(target, p.dims, self.kinds[target], "np.empty", element)
        op = "="
        if isinstance(element, Op) and element.fn == "add" and element.args[0] == Sub(Name(target), names):
            op, element = "+=", element.args[1]
        self.nest(idx, [(ZERO, unclipped(n)) for n in p.dims], [Store(target, names, element, op)])
        return Name(target)

    def reusable(self, element: Expr, names, kind: Kind) -> str | None:
        """Return a matrix product of this statement that is read only where it could be overwritten."""
        reads = [e for e in ir.walk(element) if isinstance(e, Sub) and isinstance(e.base, Name)]
        for name in sorted(self.products):
            own = [e for e in reads if e.base == Name(name)]
            here = sum(name in ir.names_in(*ir.exprs_of(s)) for s in self.out)
            if own and not here and self.kinds[name] == kind and all(e.index == names for e in own):
                return name
        return None

    def allocate(self, target: str, dims, kind: Kind, fn: str, element: Expr | None = None):
        """Emit an allocation, `like` an array it is filled from where the sizes are the same."""
        dims = tuple(self.canonical(d) for d in dims)
        self.state.dims[target] = dims
        for like in sorted(ir.names_in(element) if element is not None else ()):
            known = self.kinds.get(like)
            if known is None or known != kind or like not in self.state.dims:
                continue
            if tuple(map(self.canonical, self.sizes(like))) == dims:
                self.emit(Let(target, Op(f"{fn}_like", (Name(like),))))
                return
        static = () if kind.dtype == "float64" else (("dtype", kind.dtype),)
        self.emit(Let(target, Op(fn, dims, static)))

    def hold(self, value: Expr, base: str, always: bool = False) -> Expr:
        """Return a scalar expression under a name, unless it is one already."""
        if isinstance(value, Const) or (isinstance(value, Name) and not always):
            return value
        name = self.fresh(base)
        self.kinds[name] = kind_of(value, self.kinds)
        self.stable.add(name)
        self.emit(Let(name, value))
        return Name(name)

    # -- sizes
    def canonical(self, size: Expr) -> Expr:
        """Return the representative of a size."""
        table = self.state.equal
        a = affine(size)
        for _ in range(20):
            changed = False
            total = affine(Const(a.const))
            for atom, c in a.terms.items():
                new = table.get(atom)
                if new is None and isinstance(atom, Op) and atom.fn in ("len", "size", "shape"):
                    new = self.canonical_atom(atom)
                changed |= new is not None
                total = total + affine(new if new is not None else atom) * c
            a = total
            if not changed:
                break
        return a.expr()

    def canonical_atom(self, atom: Op) -> Expr | None:
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

    def require(self, a: Expr, b: Expr, message: str):
        """Check at run time that two sizes are equal, unless that is known; from here on it is."""
        a, b = self.canonical(a), self.canonical(b)
        if a == b:
            return
        if isinstance(a, Const) and isinstance(b, Const):
            raise KindError(problem_at(self.loc, f"{message} {a.value} and {b.value}", "make the shapes fit"))
        test = Op("ne", (a, b))
        self.emit(If(test, (ir.Raise("ValueError", (Const(message), a, b), self.loc),)))
        self.unify(a, b)

    def unify(self, a: Expr, b: Expr):
        fa, fb = affine(a), affine(b)
        local = len(fa.terms) == 1 and isinstance(next(iter(fa.terms)), Name)
        for x, y in ((fa, b), (fb, a)) if local else ((fb, a), (fa, b)):
            if len(x.terms) == 1 and not x.const and next(iter(x.terms.values())) == 1:
                atom = next(iter(x.terms))
                if atom not in ir.walk(y):
                    self.state.equal[atom] = y
                    return

    def is_nonneg(self, e: Expr) -> bool:
        """Return whether an integer expression is known not to be negative."""
        a = affine(e)
        return a.const >= 0 and all(c > 0 and self.atom_nonneg(t) for t, c in a.terms.items())

    def atom_nonneg(self, atom: Expr) -> bool:
        if isinstance(atom, Name):
            return atom.id in self.state.nonneg or atom.id in self.counters - set(self.enclosing)
        return isinstance(atom, Op) and atom.fn in ("shape", "len", "size") or (
            isinstance(atom, Op) and atom.fn == "max" and ZERO in atom.args)  # fmt: skip


def _inplace(stmt: Stmt) -> bool:
    return (
        isinstance(stmt, Let)
        and isinstance(stmt.value, Op)
        and bool(stmt.value.option("inplace"))
        and stmt.value.args[0] == Name(stmt.target)
    )


def _is_view(value: Expr, reader) -> bool:
    if isinstance(value, Name):
        return True
    if isinstance(value, Op) and value.fn == "np.transpose":
        return _is_view(value.args[0], reader)
    if isinstance(value, Sub) and isinstance(value.base, Name | Sub):
        items = [i for i in value.index if not isinstance(i, ir.Slice | ir.NewAxis | ir.Dots)]
        return not any(reader.kind(i).rank for i in items) and _is_view(value.base, reader)
    return False


def _same_index(a, b) -> bool:
    return len(a) == len(b) and all(affine(x) == affine(y) for x, y in zip(a, b, strict=True))


def _read_counts(block) -> Counter:
    counts: Counter = Counter()
    for stmt in ir.statements(block):
        for e in ir.exprs_of(stmt):
            counts.update(n.id for n in ir.walk(e) if isinstance(n, Name))
        if isinstance(stmt, Store):
            counts[stmt.base] += 1
    return counts


def _fixed(stmt: Stmt, name: str) -> Stmt:
    """Return a statement of a loop that runs once, with its variable at zero."""
    table: dict[Expr, Expr] = {Name(name): ZERO}
    stmt = ir.with_exprs(stmt, lambda e: ir.substitute(e, table))
    return ir.with_blocks(stmt, lambda b: [_fixed(s, name) for s in b])


def _else_nest(leave: If, body):
    return (replace(leave, other=tuple(body)),)


def _shown(value: Expr) -> str:
    return next(e.id for e in ir.walk(value) if isinstance(e, Name)) if not isinstance(value, Name) else value.id


__all__ = ["Lowerer", "Select", "lower", "op_count"]
