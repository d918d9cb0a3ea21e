"""What both modes do first: copies of written arguments, results under names, no draw that depends on an argument."""

from __future__ import annotations

from dataclasses import replace

from ..errors import UnsupportedError, problem_at
from ..language import ir
from ..language.blocks import rename_block
from ..language.dependence import differentiable_leaves
from ..language.ir import If, Let, Name, Op, Return, Stmt
from ..language.kinds import kind_of
from ..rules import draws


def own_written_params(function: ir.Function, kinds, fresh, numbers=True) -> tuple[ir.Function, dict[str, str]]:
    """Return the function with parameters that it writes or binds anew copied under names of their own.

    Without `numbers` only arrays are copied: a number that is bound anew is no other for the caller.
    """
    written = ir.stored_in(function.body) | ir.bound_in(function.body)
    own = {p: fresh(p) for p in function.params if p in written and (numbers or kinds[p].rank)}
    copies = []
    for p, name in own.items():
        kinds[name] = kinds[p]
        value = Op("copy", (Name(p),)) if kinds[p].rank else Name(p)
        copies.append(Let(name, value, function.loc))
    checks = tuple(s for s in function.body if _checks_memory(s))
    body = tuple(s for s in function.body if not _checks_memory(s))
    return replace(function, body=(*checks, *copies, *rename_block(body, own))), own


def _checks_memory(stmt: Stmt) -> bool:
    """Return whether a statement checks how the arguments lie in memory, which their copies do not tell."""
    tests = ir.walk(stmt.test) if isinstance(stmt, If) else ()
    return any(isinstance(e, Op) and e.fn in ("in_order", "overlap") for e in tests)


def check_draws(function: ir.Function, active):
    """Raise where a parameter of a random draw depends on a differentiated argument."""
    for stmt in ir.statements(function.body):
        value = stmt.value if isinstance(stmt, Let) else None
        if not isinstance(value, Op) or value.fn not in draws.DRAWS:
            continue
        row = draws.DRAWS[value.fn]
        given = value.args[: len(row.params) + value.fn.startswith(".")]
        leaves = [e for a in given for e in differentiable_leaves(a, lambda e: bool(ir.names_in(e) & active))]
        if leaves:
            name = value.fn.removeprefix(".")
            way = f"write {row.smooth}" if row.smooth else "draw with constants, and scale what is drawn"
            what = f"a parameter of {name}() depends on a differentiated argument"
            raise UnsupportedError(problem_at(value.loc or stmt.loc, what, way))


def name_results(function: ir.Function, kinds, fresh) -> tuple[ir.Function, tuple[str, ...]]:
    """Return the function with every result under a name of its own, and these names."""
    *body, last = function.body
    assert isinstance(last, Return)
    values = last.value.items if isinstance(last.value, ir.Tuple) else (last.value,)
    names: list[str] = []
    for value in values:
        if isinstance(value, Name) and value.id not in names and value.id not in function.params:
            names.append(value.id)
            continue
        name = fresh("out")
        kinds[name] = kind_of(value, kinds)
        body.append(Let(name, Op("copy", (value,)) if kinds[name].rank else value, last.loc))
        names.append(name)
    result = ir.Tuple(tuple(map(Name, names))) if isinstance(last.value, ir.Tuple) else Name(names[0])
    return replace(function, body=(*body, replace(last, value=result))), tuple(names)
