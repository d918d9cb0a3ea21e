"""Read statements that are there for their effect: assert, raise, import, and what print shows."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator

import numpy as np

from ..language import ir
from ..language.ir import Const
from .expressions import ExpressionReader, List, Obj, Struct, is_text
from .refused import STATEMENTS

# a function may import these itself: what they hold is the same wherever they are imported
IMPORTABLE = frozenset({"numpy", "math", "random", "itertools", "functools", "operator"})


class EffectReader(ExpressionReader):
    """Reads them; a text formatted at run time is not formatted, only pointed to."""

    def stmt_import(self, node):
        for alias in node.names:
            root = alias.name.split(".")[0]
            if root not in IMPORTABLE:
                self.fail(node, "an import inside the function is not supported", "import at the top of the file")
            whole = importlib.import_module(alias.name)
            self.env[alias.asname or root] = Obj(whole if alias.asname else sys.modules[root])

    def stmt_importfrom(self, node):
        for alias in node.names:
            if node.level or (node.module or "").split(".")[0] not in IMPORTABLE:
                self.fail(node, "an import inside the function is not supported", "import at the top of the file")
            found = getattr(importlib.import_module(node.module), alias.name, None)
            if found is None:
                self.fail(node, f"{node.module} has no {alias.name}", "check the name")
            self.env[alias.asname or alias.name] = self.lift(found, node, alias.name)

    def stmt_with(self, node):
        """Read the body of `with np.errstate(...)`: what becomes of warnings is nothing to the values."""
        for item in node.items:
            call, f = item.context_expr, self.called_object(item.context_expr)
            raises = any(isinstance(n, ast.Constant) and n.value in ("raise", "call") for n in ast.walk(call))
            if f is not np.errstate or raises or item.optional_vars is not None:
                self.fail(node, f"{STATEMENTS['With'][0]} is not supported", STATEMENTS["With"][1])
        self.block(node.body)

    def stmt_assert(self, node):
        message = node.msg.value if _is_literal(node.msg) else None
        if is_formatted(node.msg):
            message = self.place(node)
        self.emit(ir.Assert(self.test(node.test), message, self.source.loc(node)))

    def place(self, node) -> str:
        """Return where a statement stands, in place of a text formatted at run time."""
        return f"see {self.source.file}:{self.source.loc(node).line}"

    def stmt_raise(self, node):
        call = node.exc
        name = call.func if isinstance(call, ast.Call) else call
        if not isinstance(name, ast.Name):
            self.fail(node, "this raise is not supported", "raise a built-in exception")
        found, kind = self.resolve(name.id)
        if not (found and isinstance(kind, type) and issubclass(kind, Exception)) or kind.__module__ != "builtins":
            self.fail(node, "only built-in exceptions can be raised", "raise ValueError or another built-in")
        args = call.args if isinstance(call, ast.Call) else []
        values = tuple(self.shown(a) for a in args)
        if self.in_library and self.depth == self.own_depth:
            text = values[0].value if values and isinstance(values[0], Const) else name.id
            self.fail(node, f"{self.page_name()}: {text}", "correct the call")
        if self.in_library and values and is_text(values[0]):
            values = (Const(f"{values[0].value}: {self.source.called_at}"), *values[1:])
        self.emit(ir.Raise(name.id, values, self.source.loc(node)))

    def shown(self, node) -> ir.Expr:
        """Return an argument of a raised exception; a formatted text is not run, only pointed to."""
        if is_formatted(node):
            return Const(self.place(node))
        return self.scalar(node)

    def require_result(self, value, node):
        """Refuse a result with parts that no variable holds."""
        parts = [v for v in known_parts(value) if not is_text(v)]
        if not (self.is_callee or self.is_page) and self.is_kept(value):
            self.fail(node, "an object that is made here cannot be returned", "return its fields")
        if parts and not (self.is_callee or self.is_page):
            lists = any(isinstance(v, List) for v in parts)
            way = "make the list an array: np.array(...)" if lists else "return numbers, arrays or tuples of them"
            self.fail(node, "this cannot be returned", way)

    def printed(self, node) -> list[ir.Expr]:
        """Return what an argument of print shows: the parts of a formatted text, unformatted."""
        if not is_formatted(node):
            value = self.expr(node)
            return leaves_of(value) if isinstance(value, Struct) else [self.leaf(value, node)]
        return [e for part in _parts(node) for e in self.printed(part)]

    def expr_joinedstr(self, node):
        """Read an f-string of parts that are known now, as the keys of dicts are: `p[f"w{k}"]`."""
        parts = []
        for part in node.values:
            value = self.expr(part.value) if isinstance(part, ast.FormattedValue) else part.value
            parts.append(value if isinstance(value, str) else self.text_of(value, node, part))
        return Const("".join(parts))

    def text_of(self, value, node, part=None) -> str:
        """Return the text of a number or text that is known now; `part` of an f-string says in which format."""
        whole = self.integer(value) if isinstance(value, ir.Expr) else None
        plain = getattr(part, "format_spec", None) is None and getattr(part, "conversion", -1) in (-1, ord("s"))
        if not plain or whole is None and not is_text(value):
            self.fail(node, "text that is put together of what is known only at run time is not supported",
                      "write the text out")  # fmt: skip
        return str(whole if whole is not None else value.value)


def is_formatted(node) -> bool:
    """Return whether an expression is text that is put together at run time.

    >>> [is_formatted(ast.parse(t, mode="eval").body) for t in ("'a %g' % x", "'a' + str(x)", "'{}'.format(x)", "'a'")]
    [True, True, True, False]
    """
    if isinstance(node, ast.BinOp):
        return any(is_formatted(n) or _is_literal(n) for n in (node.left, node.right))
    f = node.func if isinstance(node, ast.Call) else None
    if isinstance(f, ast.Attribute):
        return _is_literal(f.value) or is_formatted(f.value)
    return isinstance(node, ast.JoinedStr) or isinstance(f, ast.Name) and f.id in ("str", "repr", "format")


def _parts(node) -> list[ast.expr]:
    """Return what text that is put together at run time is made of."""
    if isinstance(node, ast.BinOp):
        right = node.right.elts if isinstance(node.op, ast.Mod) and isinstance(node.right, ast.Tuple) else [node.right]
        return [node.left, *right]
    if isinstance(node, ast.Call):
        owner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        return [*owner, *node.args, *(k.value for k in node.keywords)]
    return [p.value if isinstance(p, ast.FormattedValue) else p for p in node.values]


def _is_literal(node) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def known_parts(value) -> Iterator:
    """Yield the parts of a result that no variable holds: lists, functions, slices, text, None."""
    if isinstance(value, Struct):
        for item in value.items:
            yield from known_parts(item)
    elif not isinstance(value, ir.Expr) or isinstance(value, ir.Slice) or is_text(value):
        yield value


def leaves_of(value) -> list[ir.Expr]:
    """Return the expressions in a value."""
    if isinstance(value, Struct):
        return [e for v in value.items for e in leaves_of(v)]
    return [value] if isinstance(value, ir.Expr) else []
