"""Which names depend differentiably on the arguments asked for."""

from __future__ import annotations

from ..errors import UnsupportedError, problem_at
from ..language import ir
from ..language.calls import is_call, operation
from ..language.dependence import differentiable_leaves, passes
from ..language.ir import Kind, Let, Name, Op, Store, Sub
from ..language.kinds import kind_of
from ..rules import externals


def takes_names(value: ir.Expr) -> bool:
    """Return whether a value is an operation on whole arrays, or on one name: it depends on all names in it."""
    if isinstance(value, Op) and value.fn == "print_grad":
        return isinstance(value.args[0], Name)
    return isinstance(value, Op) and (value.fn in ("np.dot", "copy") or value.fn in externals.BY_SPELLING)


def varied(function: ir.Function, kinds: dict[str, Kind], wrt: tuple[str, ...], passes=passes) -> frozenset[str]:
    """Return the float names that depend on the parameters `wrt` through operations that pass a derivative on.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text("def f(x, n):\\n    k = n * 2\\n    y = x * k\\n    return y")
    >>> sorted(varied(f, {"x": Kind("float64"), "n": Kind("int64"), "k": Kind("int64"), "y": Kind("float64")}, ("x",)))
    ['x', 'y']
    """
    found = set(wrt)

    def active(leaf) -> bool:
        base = leaf.base if isinstance(leaf, Sub) else leaf
        return isinstance(base, Name) and base.id in found

    def depends(value) -> bool:
        if takes_names(value):
            return bool(ir.names_in(value) & found)
        return bool(differentiable_leaves(value, active, passes))

    changed = True
    while changed:
        changed = False
        for stmt in ir.statements(function.body):
            if isinstance(stmt, Let):
                name, value = stmt.target, stmt.value
            elif isinstance(stmt, Store):
                name, value = stmt.base, stmt.value
            elif isinstance(stmt, ir.Unpack) and takes_names(stmt.value):
                floats = {n for n in stmt.targets if kinds[n].is_float}
                changed |= depends(stmt.value) and not floats <= found
                found |= floats if depends(stmt.value) else set()
                continue
            elif is_call(stmt):
                results = {stmt.targets[k] for k in varied_results(operation(stmt), found)} - found
                found |= results
                changed |= bool(results)
                continue
            else:
                continue
            if name not in found and kinds[name].is_float and depends(value):
                found.add(name)
                changed = True
    return frozenset(found)


def useful(function: ir.Function, varied: frozenset[str], outs) -> frozenset[str]:
    """Return those of the varied names that results depend on differentiably.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text("def f(x):\\n    y = x * x\\n    z = x + y\\n    return y")
    >>> sorted(useful(f, frozenset("xyz"), ("y",)))
    ['x', 'y']
    """
    found = set(outs) & varied
    changed = True
    while changed:
        before = len(found)
        for stmt in ir.statements(function.body):
            if isinstance(stmt, ir.Unpack) and takes_names(stmt.value):
                found |= ir.names_in(stmt.value) & varied if found & set(stmt.targets) else set()
            elif is_call(stmt):
                if found & set(stmt.targets):
                    found |= {n for a in operation(stmt).args for n in ir.names_in(a) & varied}
            elif isinstance(stmt, Let | Store) and (stmt.target if isinstance(stmt, Let) else stmt.base) in found:
                if takes_names(stmt.value):
                    found |= ir.names_in(stmt.value) & varied
                else:
                    found |= _active_names(stmt.value, varied)
        changed = len(found) > before
    return frozenset(found)


def varied_results(call: Op, active: set[str]) -> frozenset[int]:
    """Return the positions of a call's results that depend differentiably on its active arguments."""
    routine, kinds = call.option("routine"), call.option("kinds")
    positions = tuple(k for k, a in enumerate(call.args) if ir.names_in(a) & active)
    if routine.rule is not None:
        return frozenset(routine.rule.seeds if set(positions) & set(routine.rule.wrt) else ())
    function, own = routine.facts["function", kinds]
    key = ("varied", kinds, positions)
    if key in routine.facts or not positions:
        return routine.facts.get(key, frozenset())
    last = function.body[-1].value
    results = last.items if isinstance(last, ir.Tuple) else (last,)
    # of a routine that calls itself, all of them while that is not known
    routine.facts[key] = frozenset(k for k, e in enumerate(results) if kind_of(e, own).is_float)
    names = varied(function, own, tuple(function.params[k] for k in positions))
    routine.facts[key] = frozenset(k for k, e in enumerate(results) if _active_names(e, names))
    return routine.facts[key]


def check_constants(function: ir.Function, active: frozenset[str]):
    """Raise where an active value flows into, or out of, a nondifferentiable function."""
    problems: dict = {}  # of a call, the argument is named, not the results that follow from it
    for stmt in ir.statements(function.body):
        if not isinstance(stmt, ir.RequireConstant):
            continue
        name, *values = stmt.args
        assert isinstance(name, ir.Const)
        found = sorted(n for e in values for n in _active_names(e, active))
        if found:
            what = f"{found[0]!r} in this call depends on a differentiated argument"
            way_out = "pass stop_gradient(...) of it where a derivative of zero is meant"
            problem = problem_at(stmt.loc, f"{name.value}() is nondifferentiable, and {what}", way_out)
            problems.setdefault(stmt.loc, problem)
    if problems:
        raise UnsupportedError(*problems.values())


def _active_names(expr: ir.Expr, active) -> set[str]:
    """Return the active names that an expression depends on differentiably; of an array, all."""
    leaves = differentiable_leaves(expr, lambda e: bool(ir.names_in(e) & active))
    return {n for e in leaves for n in ir.names_in(e.base if isinstance(e, Sub) else e) & active}


def is_active_operand(value: ir.Expr, kinds: dict[str, Kind], active) -> bool:
    """Return whether an operand of a function called as it is, a number or an array with its turns, is active."""
    if not ir.names_in(value) & active:
        return False
    return bool(kind_of(value, kinds).rank or _active_names(value, active))
