"""Which names may show the same memory."""

from __future__ import annotations

from ..errors import SrcgradError, UnsupportedError, problem_at
from ..language import ir
from ..language.blocks import updates
from ..language.calls import Routine, is_call, operation
from ..language.ir import Expr, Kind, Let, Name, Op, Select, Slice, Stmt, Store, Sub
from ..language.kinds import Unknown, kind_of
from ..language.lists import is_list

# operations that may return a view of their first operand
SHAPES = frozenset({"reshape", "reshape_like", "np.ravel", "np.ascontiguousarray"})
TURNS = frozenset({
    "flat", "head", "part", "np.transpose", "permuted", "np.flip", "np.diag", "broadcast_to", "windows",
})  # fmt: skip


def shown_by(value: Expr, kinds: dict[str, Kind]) -> set[str]:
    """Return the names whose memory the value of an array expression may be.

    >>> shown_by(Op("np.ravel", (Sub(Name("a"), (Slice(),)),)), {"a": Kind("float64", 1)})
    {'a'}
    """
    if isinstance(value, Name):
        return {value.id}
    if isinstance(value, Select):
        return shown_by(value.then, kinds) | shown_by(value.other, kinds)
    if isinstance(value, Sub):
        items = [i for i in value.index if not isinstance(i, Slice | ir.NewAxis | ir.Dots)]
        return set() if any(kind_of(i, kinds).rank for i in items) else shown_by(value.base, kinds)
    if isinstance(value, Op) and value.fn == "broadcast_to" and not kind_of(value.args[0], kinds).rank:
        return set()  # a number that is repeated
    if isinstance(value, Op) and value.fn in SHAPES | TURNS and not value.option("copy"):
        return shown_by(value.args[0], kinds)
    return set()


def is_view(value: Expr, kinds: dict[str, Kind]) -> bool:
    """Return whether an array expression is another name's memory for sure, whatever its layout."""
    if isinstance(value, Select) or (isinstance(value, Op) and value.fn in SHAPES):
        return False
    if isinstance(value, Op) and value.fn == "np.diag" and kind_of(value.args[0], kinds).rank < 2:
        return False
    if isinstance(value, Op | Sub) and shown_by(value, kinds):
        return is_view(value.args[0] if isinstance(value, Op) else value.base, kinds)
    return isinstance(value, Name)


def sharing(function: ir.Function, kinds: dict[str, Kind], cautious: bool = False) -> dict[str, set[str]]:
    """Return for every array that may share its memory with others the names of all of them.

    To one who is `cautious` all arrays of a call do.
    """
    found: dict[str, set[str]] = {}
    for stmt in ir.statements(function.body):
        together: set[str] = set()
        if isinstance(stmt, Let) and kinds[stmt.target].rank:
            together = {stmt.target, *shown_by(stmt.value, kinds)}
        elif is_call(stmt) and (cautious or gives_memory(stmt, kinds)):
            together = {n for n in (*stmt.targets, *ir.names_in(stmt.value)) if kinds[n].rank}
        if together:
            group = set().union(*(found.get(n, {n}) for n in together))
            found.update(dict.fromkeys(group, group))
    return found


def have_other_names(arrays: set[str], block: ir.Block, kinds: dict[str, Kind]) -> bool:
    """Return whether the memory of some arrays may be seen under another name, which a block binds."""
    for stmt in ir.statements(block):
        if isinstance(stmt, Let) and arrays & {stmt.target, *(shown := shown_by(stmt.value, kinds))}:
            if shown and kind_of(stmt.value, kinds).rank:  # an element is a number
                return True
        elif is_call(stmt) and arrays & ({*ir.binds(stmt)} | ir.names_in(*ir.exprs_of(stmt))):
            return True
    return False


def gives_memory(stmt: ir.Unpack, kinds: dict[str, Kind]) -> bool:
    """Return whether a result of a call may share memory with an argument, or with another result."""
    made = operation(stmt)
    return returns_memory(made.option("routine"), tuple(kind_of(a, kinds) for a in made.args))


def returns_memory(routine: Routine, kinds: tuple[Kind, ...]) -> bool:
    """Return whether a result of a routine may share memory with an argument, or with another result."""
    key = ("memory", kinds)
    if key not in routine.facts:
        routine.facts[key] = True  # what it is for itself, while that is not known
        own = routine.facts["names", kinds]
        groups = sharing(routine.function, own)
        params = [{p} for p in routine.function.params if own[p].rank]
        results = [shown_by(e, own) for e in routine.results if kind_of(e, own).rank]
        wide = [set().union(*(groups.get(n, {n}) for n in names)) for names in (*params, *results)]
        last = range(len(params), len(wide))
        routine.facts[key] = any(wide[k] & wide[j] for k in last for j in range(k))
    return routine.facts[key]


def written(function: ir.Function, kinds: dict[str, Kind]) -> set[str]:
    """Return the arrays that are written, under their own name or under one that may show their memory.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text("def f(a, b):\\n    v = a[1:]\\n    w = v.ravel()\\n    w[0] = 1.0\\n    return b[0]")
    >>> sorted(written(f, {n: Kind("float64", 1) for n in "abvw"}))
    ['a', 'v', 'w']
    """
    lets = [s for s in ir.statements(function.body) if isinstance(s, Let) and kinds[s.target].rank]
    stored = ir.stored_in(function.body)
    stored |= {s.target for s in lets if isinstance(s.value, Op) and s.value.option("inplace")}
    groups = sharing(function, kinds)
    return set().union(*(groups.get(n, {n}) for n in stored))


def writes_beyond(block: ir.Block, kinds: dict[str, Kind]) -> bool:
    """Return whether statements may write memory that was there before them; not all kinds need be known.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text("def f(a, i):\\n    v = a[i:]\\n    v[0] = 1.0\\n    return a[0]")
    >>> writes_beyond(f.body, {})
    True
    """
    bound, inner = ir.bound_in(block), dict[str, set[str]]()
    stored = ir.stored_in(block)
    for stmt in ir.statements(block):
        if updates(stmt):
            stored |= set(ir.binds(stmt))
        elif isinstance(stmt, Let):
            inner.setdefault(stmt.target, set()).update(_may_show(stmt.value, kinds))
        else:
            for name in ir.binds(stmt):
                inner.setdefault(name, set()).update(ir.names_in(*ir.exprs_of(stmt)))
    seen: set[str] = set()
    while stored - seen:
        seen |= stored
        if not stored <= bound or any(n not in inner for n in stored):
            return True
        stored = set().union(*(inner[n] for n in stored))
    return False


def _may_show(value: Expr, kinds: dict[str, Kind]) -> set[str]:
    try:
        return shown_by(value, kinds)
    except (Unknown, SrcgradError):
        return ir.names_in(value)


def changed(function: ir.Function, kinds: dict[str, Kind]) -> set[str]:
    """Return the arrays that are written under their own name, or under another one while both may show their memory.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text("def f(a):\\n    b = 2.0 * a\\n    b[0] = 1.0\\n    v = b\\n    w = v\\n    return w[0]")
    >>> f, g = f, parse_text("def f(a):\\n    b = 2.0 * a\\n    v = b\\n    b[0] = 1.0\\n    return v[0]")
    >>> [sorted(changed(h, {n: Kind("float64", 1) for n in "abvw"})) for h in (f, g)]
    [['b'], ['b', 'v']]
    """
    new, groups = while_new(function, kinds), sharing(function, kinds)
    wrote = [(id(s) in new, n) for s in ir.statements(function.body) for n in writes_of(s)]
    return {n for _, n in wrote}.union(*(groups.get(n, {n}) for unseen, n in wrote if not unseen))


def writes_of(stmt: Stmt) -> set[str]:
    """Return the array of which a statement writes elements."""
    if isinstance(stmt, Store):
        return {stmt.base}
    return {stmt.target} if isinstance(stmt, Let) and updates(stmt) else set()


def while_new(function: ir.Function, kinds: dict[str, Kind]) -> set[int]:
    """Return the statements, by `id`, that write into an array made before in their block, and shown by nothing else.

    `x = new` is no other name of what was written: nobody had seen it.
    """
    found: set[int] = set()

    def block(stmts):
        new: set[str] = set()
        for stmt in stmts:
            inner = list(ir.statements((stmt,)))
            for s in inner:
                new -= _shown(s, kinds)
            found.update(id(s) for s in inner if writes_of(s) & new)
            if isinstance(stmt, Let) and kinds[stmt.target].rank and not updates(stmt):
                of_others = shown_by(stmt.value, kinds) or kinds[stmt.target].rank > 1 and is_list(stmt)
                new = new - {stmt.target} if of_others else new | {stmt.target}
            for b in ir.blocks_of(stmt):
                block(b)

    block(function.body)
    return found


def _shown(stmt: Stmt, kinds: dict[str, Kind]) -> set[str]:
    """Return the names whose memory may have another name from a statement on."""
    if is_call(stmt):
        return ir.names_in(stmt.value)
    if isinstance(stmt, Store):
        return shown_by(stmt.value, kinds)  # an item of a list
    shown = shown_by(stmt.value, kinds) if isinstance(stmt, Let) and kinds[stmt.target].rank else set()
    return {*shown, *ir.binds(stmt)} if shown else shown


def check_arrays_without_axes(function: ir.Function, kinds: dict[str, Kind]):
    """Refuse to update an array without axes in place where something else shows it: here it is a number.

    `a[..., 0]` of an array with one axis is such an array, a part of `a`; `np.array(x)` makes one of a number.
    """
    _check_parts_without_axes(function, kinds)
    lets = [s for s in ir.statements(function.body) if isinstance(s, Let) and not kinds[s.target].rank]
    parts = {s.target for s in lets if isinstance(s.value, Sub) and ir.Dots() in s.value.index}
    made = {s.target for s in lets if isinstance(s.value, Op) and s.value.fn == "copy"}
    pairs = [{s.target, s.value.id} for s in lets if isinstance(s.value, Name)]
    updated = {s.target: s for s in lets if updates(s)}
    for name in sorted(parts | made) if updated else ():
        names = {name}
        for _ in pairs:
            names = names.union(*(pair for pair in pairs if pair & names))
        for target in sorted(names & set(updated)) if len(names) > 1 or name in parts else ():
            what = "a part of an array" if name in parts else "an array without axes that has two names"
            raise UnsupportedError(
                problem_at(updated[target].loc, f"{target!r} is {what}, and is written in place",
                           f"write {target} = {target} + ..., or make it a number: float(...)")
            )  # fmt: skip


def _check_parts_without_axes(function: ir.Function, kinds: dict[str, Kind]):
    """Refuse to write an array of which a part without axes is read later on."""
    stmts = list(ir.statements(function.body))
    parts = [(k, s.target, s.value.base) for k, s in enumerate(stmts) if isinstance(s, Let)
             and not kinds[s.target].rank and isinstance(s.value, Sub) and ir.Dots() in s.value.index]  # fmt: skip
    if not parts:
        return
    groups = sharing(function, kinds)
    again = {id(s) for loop in stmts if isinstance(loop, ir.For | ir.While) for b in ir.blocks_of(loop)
             for s in ir.statements(b)}  # fmt: skip
    for k, name, base in parts:
        shown = {n for of in shown_by(base, kinds) for n in groups.get(of, {of})}
        reads = [j for j, s in enumerate(stmts) if j != k and name in ir.names_in(*ir.exprs_of(s))]
        for j, stmt in enumerate(stmts):
            after = j > k or id(stmts[k]) in again
            if after and writes_of(stmt) & shown and any(r > j or id(stmt) in again for r in reads):
                what = f"an array is written of which {name!r} is a part without axes"
                raise UnsupportedError(problem_at(stmt.loc, what, f"make a number of it: {name} = float(...)"))
