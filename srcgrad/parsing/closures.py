"""Functions defined inside others as functions of their own: what they take from around becomes parameters."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable
from dataclasses import replace
from types import CodeType, FunctionType

from .source import Source


def lifted(
    node, source: Source, extra: Iterable[str], known: dict[str, object], inner: list[ast.stmt], by_position=False
) -> FunctionType:
    """Return the function of a definition, with the names `extra` as parameters behind its own.

    They are given by keyword, or `by_position`.

    Parameters
    ----------
    node : ast.FunctionDef or ast.Lambda
        The definition; its defaults are left out.
    source : Source
        Where it stands.
    extra : iterable of str
        Names that it reads from around and that hold numbers and arrays.
    known : dict
        Objects that other names of it stand for.
    inner : list of ast.stmt
        Definitions around it that it calls: they become definitions inside it.

    >>> text = "def outer(w):\\n    return grad(lambda x: w * x)(1.0)"
    >>> outer = ast.parse(text).body[0]
    >>> around = Source(outer, "outer", "<text>", 1, tuple(text.splitlines()), 0, lifted, text)
    >>> found = lifted(outer.body[0].value.func.args[0], around, ["w"], {}, [])
    >>> found(2.0, w=3.0)
    6.0
    """
    made = _definition(node, extra, inner, by_position)
    module = ast.Module([copy.deepcopy(made)], [])
    ast.increment_lineno(module, source.first_line - 1)
    outer = source.function
    namespace = {"__name__": outer.__globals__.get("__name__"), **known}
    exec(compile(ast.fix_missing_locations(module), outer.__code__.co_filename, "exec"), namespace)
    function = namespace[made.name]
    assert isinstance(function, FunctionType)
    found = replace(source, node=made, name=made.name, function=function, text=ast.unparse(made))
    function.__dict__["__srcgrad_source__"] = found
    return function


def _definition(node, extra: Iterable[str], inner: list[ast.stmt], by_position=False) -> ast.FunctionDef:
    args = copy.copy(node.args)
    own = [ast.copy_location(ast.arg(name), node) for name in extra]
    args.defaults = []
    if by_position:
        args.args = [*args.args, *own]
    else:
        args.kwonlyargs = [*args.kwonlyargs, *own]
    args.kw_defaults = [None] * len(args.kwonlyargs)
    body = [ast.copy_location(ast.Return(node.body), node.body)] if isinstance(node, ast.Lambda) else node.body
    name = "function" if isinstance(node, ast.Lambda) else node.name
    return ast.copy_location(ast.FunctionDef(name, args, [*inner, *body], [], None), node)


def free_names(node) -> tuple[str, ...]:
    """Return the names that a definition reads from around it, those of modules and builtins included.

    >>> free_names(ast.parse("lambda x: [w * i for i in range(x)]", mode="eval").body)
    ('range', 'w')
    """
    made = _definition(node, (), [])
    names = sorted({n.id for n in ast.walk(made) if isinstance(n, ast.Name)})
    around = ast.parse(f"def _({', '.join(names)}): pass").body[0]
    assert isinstance(around, ast.FunctionDef)
    around.body = [made]
    code = compile(ast.fix_missing_locations(ast.Module([around], [])), "<names>", "exec")
    (outer,) = (c for c in code.co_consts if isinstance(c, CodeType))
    found = next(c for c in outer.co_consts if isinstance(c, CodeType))
    return tuple(n for n in found.co_freevars if n != made.name)
