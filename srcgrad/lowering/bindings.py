"""Bind names to arrays: views, other shapes of memory, memory that takes new values, arrays that change places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from ..analysis.access import root_of
from ..analysis.aliases import gives_memory, is_view, shown_by, writes_of
from ..analysis.inequalities import Facts
from ..language import ir
from ..language.affine import affine, unclipped
from ..language.blocks import read_counts, touches, updates
from ..language.calls import is_call
from ..language.ir import Expr, Let, Name, Op, Stmt, Store
from ..language.lists import becomes_list
from .array_stores import StoreWriter
from .choices import SIDES
from .pull import ZERO, cell_of, whole
from .resized import SizeChanges, can_be_held


class BindingWriter(StoreWriter):
    """Writes bindings of names to what other names show already."""

    # what `Lowerer` sets up
    multi: set[str]
    stored: set[str]
    reads: Counter
    rest: tuple[tuple[Stmt, ...], tuple[Stmt, ...]]
    depth: int
    body: tuple[Stmt, ...]
    onward: tuple[Stmt, ...]
    sharing: dict[str, set[str]]
    unseen: set[int]  # writes into what is new and shown by nothing else
    lists: set[str]
    seen: dict[str, tuple[Expr, ...]]  # the sizes of views, in whatever branch they are bound
    bind_array: Callable[[str, Expr], object]
    function: ir.Function
    enclosing: list[str]
    loops: int
    bound_in_loops: set[str]

    def bind_view(self, stmt: Let):
        target, value = stmt.target, stmt.value
        base = next(e for e in ir.walk(value) if isinstance(e, Name))
        if base.id in self.state.views:
            base = root_of(cell_of(self.named(base.id), (ZERO,) * self.kinds[base.id].rank))
        if base.id in self.lists and self.kinds[base.id].rank > 1 and self.is_replaced(target, base.id):
            if self.sharing.get(target, {target}) & self.written_in_place(self.onward):
                what = f"{_named(stmt)} is an item of a list, another takes its place, and one of them is written"
                self.refuse(stmt.loc, what, _copied(stmt))
            return self.materialise(self.pull(value), self.kinds[target], target, value)
        if base.id in self.multi and not (target in self.stored and self.shows_one_array(target, base.id)):
            if {target, base.id} & self.stored and self.writes_matter(target, {base.id}):
                what = f"{_named(stmt)} shares memory with {base.id!r}, which is bound anew and written"
                self.refuse(stmt.loc, what, _copied(stmt))
            return self.materialise(self.pull(value), self.kinds[target], target, value)
        fixed = any(isinstance(e, Op) and e.fn in ("np.diag", "broadcast_to", "windows") for e in ir.walk(value))
        if fixed or shown_by(value, self.kinds) & self.read_only:
            self.read_only.add(target)
        # a name used in this trip only shows what the counters of the loops around say now
        self.steady = set(self.enclosing) & self.counters if self.is_used_here_only(target) else set()
        self.state.views[target] = shown = self.pull(self.frozen(value))
        self.seen[target] = shown.dims
        self.steady = set()

    def is_replaced(self, target: str, base: str) -> bool:
        """Return whether another array may be put in the place of a list's item while a name shows the item.

        In Python the name goes on showing the item. What is appended takes no item's place, unless some were removed.
        """
        after = self.rest[1]
        uses = [k for k, s in enumerate(after) if target in ir.read_in((s,))]
        alone = self.is_used_here_only(target) and not self.has_views(target)
        scope = after[: uses[-1] + 1 if uses else 0] if alone else self.onward
        puts = [s for s in ir.statements(scope) if isinstance(s, Store) and s.base == base and self.puts(s)]
        if not puts:
            return False
        counts = {s.at for s in ir.statements(self.body) if isinstance(s, ir.Grow) and s.base == base}
        lets = [s for s in ir.statements(self.body) if isinstance(s, Let) and Name(s.target) in counts]
        starts = [s for s in lets if s.value == ZERO]
        adds = [s for s in lets if updates(s) and isinstance(s.value, Op) and s.value.fn == "add"]
        removed = len(starts) > 1 or len(starts) + len(adds) < len(lets) or not alone and self.depth > 1
        return removed or any(s.index[0] not in counts for s in puts)

    def written_in_place(self, scope) -> set[str]:
        """Return the arrays of which elements are written, those that share memory with them included."""
        stmts = tuple(s for s in ir.statements(scope) if not (isinstance(s, Store) and self.puts(s)))
        return set().union(*(self.sharing.get(n, {n}) for n in self.written_in(stmts)))

    def written_in(self, stmts) -> set[str]:
        """Return the arrays that statements write, other than while they are new and nothing else shows them."""
        return set().union(*(writes_of(s) for s in stmts if id(s) not in self.unseen))

    def is_used_here_only(self, target: str) -> bool:
        """Return whether all uses of a name stand in this block, after its binding."""
        return read_counts(self.rest[1])[target] == self.reads[target]

    def bind_shape(self, target: str, value: Expr) -> bool:
        """Bind a name to another shape of memory that is written; False where it is a copy."""
        sources = shown_by(value, self.kinds)
        if not sources or not self.writes_matter(target, sources):
            return False
        p = self.shaped(value) if target not in self.multi and not sources & self.multi else None
        if p is not None:
            self.state.views[target] = p
            return True
        what = "is" if is_view(value, self.kinds) else "may be"
        self.refuse(value.loc, f"{target!r} {what} another name of an array that is written",
                    "copy it: .copy(), or write the loop over the original")  # fmt: skip

    def shows_one_array(self, target: str, base: str) -> bool:
        """Return whether a view is used only in this block, and only before its base is bound anew."""
        _, after = self.rest
        uses = [k for k, s in enumerate(after) if target in ir.read_in((s,))]
        if not uses or read_counts(after)[target] != self.reads[target]:
            return False
        until = after[: uses[-1] + 1]
        return not any(isinstance(s, Let) and s.target == base and not updates(s) for s in ir.statements(until))

    def writes_matter(self, target: str, sources: set[str]) -> bool:
        """Return whether memory that these names may share is written while `target` is in use."""
        after = self.rest[1]
        names = self.showing(target, after)
        counts = read_counts(after)
        if all(counts[n] == self.reads[n] for n in names):
            uses = [k for k, s in enumerate(after) if names & ir.read_in((s,))]
            after = after[: uses[-1] + 1] if uses else ()
        elif self.depth > 1:
            return bool({target, *sources} & self.written_later())
        wrote = self.written_in(ir.statements(after))
        return any(self.sharing.get(n, {n}) & wrote for n in (target, *sources))

    def showing(self, target: str, block) -> set[str]:
        """Return a name, and those that a block binds to what it shows."""
        lets = [s for s in ir.statements(block) if isinstance(s, Let) and self.kinds[s.target].rank]
        shown = [(s.target, shown_by(s.value, self.kinds)) for s in lets]
        calls = [s for s in ir.statements(block) if is_call(s) and gives_memory(s, self.kinds)]
        shown += [(n, ir.names_in(s.value)) for s in calls for n in s.targets if self.kinds[n].rank]
        names, size = {target}, 0
        while size < len(names):
            size = len(names)
            names |= {n for n, sources in shown if sources & names}
        return names

    def written_later(self) -> set[str]:
        """Return the arrays whose memory is written from here on, anywhere in the loops around this place included."""
        return set().union(*(self.sharing.get(n, {n}) for n in self.written_in(ir.statements(self.onward))))

    def check_item(self, stmt: Store):
        """Refuse an array put into a list where it, or an item, is written: in Python the two are one array."""
        if not self.puts(stmt):
            return
        self.check_dtype(stmt)
        sources = shown_by(stmt.value, self.kinds)
        if not sources:
            return
        before, after = self.rest
        group = set().union(*(self.sharing.get(n, {n}) for n in sources))
        made_here = {s.target for s in before if isinstance(s, Let) and not updates(s)}
        here = read_counts((*before, *after))
        of_a_trip = all(n in made_here and here[n] == self.reads[n] for n in group)
        scope = after if of_a_trip else self.onward
        wrote = self.written_in_place(scope)
        if group & wrote or stmt.base in wrote and group & ir.read_in(scope):
            name = min(sources)
            self.refuse(stmt.loc, f"{name!r} is put into a list, and one of the two is written",
                        f"put a copy into it: {name}.copy()")  # fmt: skip

    def check_dtype(self, stmt: Store):
        """Refuse arrays of several dtypes in one list where it shows: here all have the widest."""
        item, own = self.kind(stmt.value), self.kinds[stmt.base]
        if not item.rank or item.dtype == own.dtype or self.stands_for_list(stmt.value):
            return
        group = self.sharing.get(stmt.base, {stmt.base})
        if "bool" in (item.dtype, own.dtype) or group & self.written_in_place(self.body):
            self.refuse(stmt.loc, f"an array of {item.dtype} is put into a list with arrays of {own.dtype}",
                        "convert it before: x.astype(float)")  # fmt: skip

    def stands_for_list(self, value: Expr) -> bool:
        """Return whether an array stands for a list, which holds numbers of any dtype."""
        if isinstance(value, Name):
            lets = (s.value for s in ir.statements(self.body) if isinstance(s, Let) and s.target == value.id)
            return value.id in self.lists or any(becomes_list(v) for v in lets)
        return becomes_list(value)

    def note_order(self, target: str, value: Expr):
        """Note which new memory is laid out row by row for sure, or if an argument is."""
        fn = value.fn if isinstance(value, Op) else ""
        like = value.args[0] if isinstance(value, Op) and (fn == "copy" or fn.endswith("_like")) else None
        if target in self.multi:
            return
        if like is None or self.kinds[target].rank == 1:
            self.contiguous_if[target] = None
        elif isinstance(like, Name) and like.id in self.contiguous_if:
            self.contiguous_if[target] = self.contiguous_if[like.id]

    def rebind(self, stmt: Let):
        """Lower `x = e` for a name bound before: its memory takes the new values."""
        target, value = stmt.target, stmt.value
        if not is_view(value, self.kinds):
            self.bind_shape(target, value)
        moved = all(map(self.is_last_use, shown_by(value, self.kinds)))
        later = self.written_later()
        if target in later and is_view(value, self.kinds) and not moved:
            self.refuse(stmt.loc, f"{_named(stmt)} becomes another name of an array, and is written", _copied(stmt))
        if is_view(value, self.kinds) and ir.names_in(value) & later and not moved:
            self.refuse(stmt.loc, f"{_named(stmt)} becomes another name of an array that is written", _copied(stmt))
        if target not in self.state.storage:
            self.state.storage.add(target)
            if not is_view(value, self.kinds):
                return self.bind_array(target, value)
            return self.materialise(self.pull(value), self.kinds[target], target, value)
        if isinstance(value, Op) and (value.fn, value.args) == ("copy", (Name(target),)):
            return None  # its memory is its own as it is
        p = self.pull(value)
        own = whole(target, self.sizes(target))
        for axis, (a, b) in enumerate(zip(own.dims, p.dims, strict=True)):
            if axis == 0:
                self.hold_if_resized(target, a, b)
            named = _says(stmt, _spoken(stmt))
            self.require(a, b, f"{_spoken(stmt)} changes its shape: lengths" if named else SIDES)
        self.assign(own, p, value, "=", exact=True)

    def hold_if_resized(self, target: str, old: Expr, new: Expr):
        """Have an array held in a buffer where its first axis surely has another size now."""
        if not self.may_be_held(target):
            return
        old, new = (unclipped(self.spelled_out(e)) for e in (old, new))
        if self.is_resized(old, new):
            grows = not Facts((affine(old),)).prove((affine(new) - affine(old)) * -1)
            raise SizeChanges(target, grows)

    def may_be_held(self, name: str) -> bool:
        """Return whether an array may stand in a buffer, which is a copy of all that the name is bound to."""
        if name in self.lists or not can_be_held(self.function, name, self.kinds):
            return False
        return not self.sharing.get(name, {name}) & self.written_in(ir.statements(self.body))

    def has_views(self, name: str) -> bool:
        """Return whether another name shows a part or another shape of an array."""
        lets = [s for s in ir.statements(self.body) if isinstance(s, Let) and not isinstance(s.value, Name)]
        return any(name in shown_by(s.value, self.kinds) for s in lets if self.kinds[s.target].rank)

    def is_last_use(self, name: str) -> bool:
        """Return whether what an array holds now is not used under its name after the present statement.

        It is bound anew before anything else, or bound and used in this block only.
        """
        before, after = self.rest
        next_use = next((s for s in after if touches(s, name)), None)
        bound_anew = isinstance(next_use, Let) and next_use.target == name and name not in ir.names_in(next_use.value)
        if not self.is_alone(name):
            return False
        if bound_anew and not self.has_views(name):
            return True
        here = read_counts(before)[name] == self.reads[name] and name not in ir.read_in(after)
        return here and any(name in ir.binds(s) or self.empties(s, name) for s in before)

    def empties(self, stmt: Stmt, name: str) -> bool:
        """Return whether a statement begins a list that grows anew."""
        counts = {s.at for s in ir.statements(self.body) if isinstance(s, ir.Grow) and s.base == name}
        return isinstance(stmt, Let) and stmt.value == ZERO and Name(stmt.target) in counts

    def is_alone(self, name: str) -> bool:
        """Return whether no other name that shows what an array holds now is used after the present statement.

        A name that is bound more than once has memory of its own.
        """
        before = self.rest[0]
        lets = [s for s in ir.statements(self.body) if isinstance(s, Let) and self.kinds[s.target].rank]
        shows = [(s.target, shown_by(s.value, self.kinds)) for s in lets if s.target not in self.multi]
        found, size = {name}, 0
        while size < len(found):
            size = len(found)
            for target, sources in shows:
                if target in found or sources & found:
                    found |= {target, *sources}
        counts, made_here = read_counts(before), ir.bound_in(before)
        return all(counts[n] == self.reads[n] and n in made_here for n in found - {name})


def _spoken(stmt: Let) -> str:
    """Return the name that a statement binds as the user's text has it, where it was told apart from others."""
    plain = re.sub(r"_\d+$", "", stmt.target)
    return stmt.target if _says(stmt, stmt.target) or not _says(stmt, plain) else plain


def _named(stmt: Let) -> str:
    """Return what a message calls what a statement binds: early returns bind a name that the text does not have."""
    return "what is returned" if _returns(stmt) else repr(_spoken(stmt))


def _returns(stmt: Let) -> bool:
    return stmt.loc is not None and stmt.loc.text.lstrip().startswith("return ") and not _says(stmt, _spoken(stmt))


def _copied(stmt: Let) -> str:
    """Return how to write a statement that binds a copy."""
    if _returns(stmt):
        return "return a copy: (...).copy()"
    if isinstance(stmt.value, Name) and _says(stmt, stmt.value.id):
        return f"copy it: {_spoken(stmt)} = {stmt.value.id}.copy()"
    return "copy what stands on the right: (...).copy()"


def _says(stmt: Let, name: str) -> bool:
    return stmt.loc is not None and re.search(rf"\b{name}\b", stmt.loc.text) is not None
