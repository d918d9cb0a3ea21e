"""Print the IR as Python source: the only door out. `parse(emit(F)) == F` for every function after `lower`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..rules import arrays, draws, elementwise, externals
from . import ir
from .ir import Const, Expr, For, If, Let, Name, Op, Select, Slice, Stmt, Store, Sub

_INFIX = {
    "or": ("or", 1), "and": ("and", 2), "lt": ("<", 4), "le": ("<=", 4), "gt": (">", 4), "ge": (">=", 4),
    "eq": ("==", 4), "ne": ("!=", 4), "bitor": ("|", 5), "bitxor": ("^", 6), "bitand": ("&", 7), "lshift": ("<<", 8),
    "rshift": (">>", 8), "add": ("+", 9), "sub": ("-", 9), "mul": ("*", 10), "div": ("/", 10), "floordiv": ("//", 10),
    "mod": ("%", 10), "np.dot": ("@", 10),
}  # fmt: skip
_SELECT, _NOT, _UNARY, _POWER, _ATOM = 0, 3, 11, 12, 14
_AUGMENTED = {"add": "+=", "sub": "-=", "mul": "*=", "div": "/=", "pow": "**=", "mod": "%=", "floordiv": "//=",
              "np.dot": "@=", "bitand": "&=", "bitor": "|=", "bitxor": "^=",
              "lshift": "<<=", "rshift": ">>="}  # fmt: skip
_UFUNCS = {"add": "add", "sub": "subtract"}
_NONASSOCIATIVE = {"sub", "div", "floordiv", "mod", "np.dot", "lshift", "rshift"}


def expr_text(expr: Expr) -> str:
    """Return the Python text of an expression.

    >>> expr_text(Op("mul", (Op("add", (Name("x"), Const(1.0))), Op("pow", (Const(-2.0), Name("n"))))))
    '(x + 1.0) * (-2.0)**n'
    """
    return _text(expr)[0]


def _wrap(expr: Expr, level: int) -> str:
    text, own = _text(expr)
    return text if own >= level else f"({text})"


def _text(expr: Expr) -> tuple[str, int]:
    """Return (text, precedence)."""
    if isinstance(expr, Name):
        return expr.id, _ATOM
    if isinstance(expr, Const):
        return _const(expr.value)
    if isinstance(expr, Select):
        then, test = _wrap(expr.then, _SELECT + 1), _wrap(expr.test, _SELECT + 1)
        return f"{then} if {test} else {_wrap(expr.other, _SELECT)}", _SELECT
    if isinstance(expr, Sub):
        return f"{_wrap(expr.base, _ATOM)}[{', '.join(map(_index, expr.index))}]", _ATOM
    if isinstance(expr, ir.Tuple):
        inner = ", ".join(map(expr_text, expr.items))
        return f"({inner},)" if len(expr.items) == 1 else f"({inner})", _ATOM
    assert isinstance(expr, Op), expr
    return _op_text(expr)


def _const(value) -> tuple[str, int]:
    text = repr(float(value) if isinstance(value, float) else value)
    if text in ("inf", "-inf", "nan"):
        return {"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"}[text], _UNARY
    return text, _UNARY if text.startswith("-") else _ATOM


def _index(item: Expr) -> str:
    if isinstance(item, Slice):
        text = ":".join("" if e is None else _wrap(e, 1) for e in (item.lo, item.hi))
        return text if item.step is None else f"{text}:{_wrap(item.step, 1)}"
    if isinstance(item, ir.NewAxis):
        return "None"
    if isinstance(item, ir.Dots):
        return "..."
    return expr_text(item)


def _op_text(op: Op) -> tuple[str, int]:
    fn, args = op.fn, op.args
    if op.option("small"):
        return _call_text(op), _ATOM
    if fn in _INFIX:
        sign, level = _INFIX[fn]
        bump = fn in elementwise.COMPARISONS
        left = _wrap(args[0], level + bump)
        right_level = level + 1 if fn in _NONASSOCIATIVE or bump or fn in ("add", "mul") else level
        right = _wrap(args[1], right_level)
        return f"{left} {sign} {right}", level
    if fn == "pow":
        right = _wrap(args[1], _UNARY)
        return f"{_wrap(args[0], _POWER + 1)}**{right}", _POWER
    if fn == "neg":
        return f"-{_wrap(args[0], _UNARY)}", _UNARY
    if fn == "invert":
        return f"~{_wrap(args[0], _UNARY)}", _UNARY
    if fn == "not":
        return f"not {_wrap(args[0], _NOT)}", _NOT
    return _call_text(op), _ATOM


def _call_text(op: Op) -> str:
    fn, args = op.fn, op.args
    if fn == "np.transpose":
        return f"{_wrap(args[0], _ATOM)}.T"
    if fn == "copy":
        return f"{_wrap(args[0], _ATOM)}.copy()"
    if fn == "shape":
        return f"{_wrap(args[0], _ATOM)}.shape[{op.option('axis')}]"
    if fn in ("size", "ndim", "dtype"):
        return f"{_wrap(args[0], _ATOM)}.{fn}"
    if fn == "print_grad":
        return f"print_grad({expr_text(args[0])}, {op.option('label')!r})"
    if fn == "item":
        return f"{_wrap(args[0], _ATOM)}.item()"
    if fn == "reshape":
        return f"{_wrap(args[0], _ATOM)}.reshape({', '.join(map(expr_text, args[1:]))})"
    if fn == "reshape_like":
        return f"{_wrap(args[0], _ATOM)}.reshape({expr_text(args[1])}.shape)"
    if fn == "astype":
        return f"{_wrap(args[0], _ATOM)}.astype({_option(op.option('dtype'))})"
    parts = [expr_text(a) for a in args]
    if fn == "call":
        return f"{op.option('name')}({', '.join(parts)})"
    if fn in arrays.ALLOCATIONS:
        shape = parts[:-1] if fn == "np.full" else parts
        parts = [shape[0] if len(shape) == 1 else f"({', '.join(shape)})", *parts[len(shape) :]]
    if draws.is_draw(fn):
        return _draw_text(op, parts)
    name = "matmul" if op.option("small") else fn
    shown = repr if fn in externals.BY_SPELLING else _option
    parts += [f"{k}={shown(v)}" for k, v in op.static if k not in ("inplace", "small")]
    return f"{name}({', '.join(parts)})"


def _draw_text(op: Op, parts: list[str]) -> str:
    """Return the call of a draw: parameters, then sizes."""
    name = op.fn
    given = len(draws.DRAWS[name].params) + name.startswith(".") if name in draws.DRAWS else len(parts)
    values, sizes = parts[:given], parts[given:]
    if name.startswith("."):
        name, values = f"{values[0]}{name}", values[1:]
    size = op.option("size")
    if size is not None:
        shape = f"({', '.join(sizes)})" if len(sizes) != 1 else sizes[0]
        values.append(f"{sizes[0]}.shape" if size == "like" else shape)
    values += [f"{k}={v!r}" for k, v in op.static if k != "size"]
    return f"{name}({', '.join(values)})"


def _option(value) -> str:
    if isinstance(value, Expr):
        return f"{expr_text(value)}.dtype"
    if isinstance(value, str):
        return "np.bool_" if value == "bool" else f"np.{value}"
    return repr(value)


def emit(function: ir.Function, comments: bool = True) -> str:
    """Return the Python text of a function."""
    return "\n".join(line.text for line in emit_lines(function, comments))


@dataclass(frozen=True)
class Line:
    """A line of emitted text, the user's line that it comes from (0: none of this file's), and the section it is in."""

    text: str
    origin: int = 0
    section: str = ""


def emit_lines(function: ir.Function, comments: bool = True) -> list[Line]:
    """Return the lines of the Python text of a function.

    >>> from srcgrad.parsing.function import parse_text
    >>> [(line.text, line.origin) for line in emit_lines(parse_text("def f(x):\\n    return x * x"))]
    [('def f(x):', 1), ('    return x * x', 2)]
    """
    return _Printer(function, comments).run()


class _Printer:
    def __init__(self, function: ir.Function, comments: bool):
        self.function = function
        self.comments = comments
        self.lines: list[Line] = []
        self.home = function.loc.file if function.loc else None
        self.origin = function.loc.line if function.loc else 0
        self.section = ""

    @property
    def backward(self) -> bool:
        return self.section not in ("", "forward")

    def line(self, text: str):
        self.lines.append(Line(text, self.origin, self.section))

    def run(self) -> list[Line]:
        f = self.function
        self.line(f"def {f.name}({', '.join(f.params)}):")
        if f.doc:
            self.doc(f.doc)
        titles = dict(f.sections)
        self.block(f.body, 1, titles if self.comments else {})
        return self.lines

    def doc(self, doc: str):
        lines = doc.strip().splitlines()
        self.line(f'    """{lines[0]}' + ('"""' if len(lines) == 1 else ""))
        if len(lines) > 1:
            for text in lines[1:]:
                self.line(f"    {text}".rstrip())
            self.line('    """')

    def block(self, block, depth, titles=None, before=None):
        pad = "    " * depth
        around = self.origin
        if not block:
            self.line(f"{pad}pass")
        for k, stmt in enumerate(block):
            if titles and k in titles:
                self.section, self.origin = titles[k], 0
                self.line(f"{pad}# {titles[k]}")
                before = None
            self.origin = stmt.loc.line if stmt.loc and stmt.loc.file == self.home else 0
            before = self.comment(stmt, before, pad)
            self.stmt(stmt, depth, before)
        self.origin = around

    def comment(self, stmt: Stmt, before, pad: str):
        """Head a group of statements with the user's line they come from, where they are not that line."""
        loc = stmt.loc
        if not self.comments or loc is None or loc == before or _same_line(loc, before):
            return loc or before
        if _checks_index(stmt):
            return before
        text = loc.text.strip()
        compound = isinstance(stmt, For | If | ir.While)
        own = text.split(" ")[0].split(":")[0].split("(")[0] in ("for", "if", "elif", "while", "else", "assert")
        lowered = (compound and not own) or _is_search(stmt)
        if compound and own and not (isinstance(stmt, If) and _only_raises(stmt)):
            return None
        if isinstance(stmt, ir.Return):
            return loc
        if not compound and _simple(stmt) == text:
            return None
        if self.backward or lowered:
            where = f"line {loc.line}" if loc.file == self.home else f"{os.path.basename(loc.file)}:{loc.line}"
            self.line(f"{pad}# {text}  ({where})")
        return loc

    def stmt(self, stmt: Stmt, depth: int, before):
        pad = "    " * depth
        if isinstance(stmt, If):
            self.branch(stmt, depth, "if", before)
        elif isinstance(stmt, For | ir.While | ir.Try):
            self.line(f"{pad}{_head(stmt)}")
            if isinstance(stmt, For) and stmt.floored:
                self.line(f"{pad}    {stmt.var} = max({stmt.var}, {least(stmt)})")
            self.block(stmt.body, depth + 1, None, before)
            if stmt.other:
                self.line(f"{pad}{'except Exception' if isinstance(stmt, ir.Try) else 'else'}:")
                self.block(stmt.other, depth + 1)
        else:
            self.line(pad + _simple(stmt))

    def branch(self, stmt: If, depth: int, word: str, before):
        pad = "    " * depth
        self.line(f"{pad}{word} {expr_text(stmt.test)}:")
        self.block(stmt.then, depth + 1, None, before)
        if len(stmt.other) == 1 and isinstance(stmt.other[0], If):
            self.branch(stmt.other[0], depth, "elif", before)
        elif stmt.other:
            self.line(f"{pad}else:")
            self.block(stmt.other, depth + 1, None, before)


def _only_raises(stmt: If) -> bool:
    return len(stmt.then) == 1 and isinstance(stmt.then[0], ir.Raise)


def _checks_index(stmt: Stmt) -> bool:
    """Return whether a statement only raises IndexError, whose message names the line."""
    first = stmt.then[0] if isinstance(stmt, If) and _only_raises(stmt) else None
    return isinstance(first, ir.Raise) and first.exception == "IndexError"


def _is_search(stmt: Stmt) -> bool:
    return isinstance(stmt, Let) and isinstance(stmt.value, Op) and stmt.value.fn in ("np.argmax", "np.argmin")


def _head(stmt) -> str:
    if isinstance(stmt, ir.Try):
        return "try:"
    if isinstance(stmt, ir.While):
        return f"while {expr_text(stmt.test)}:"
    parts = [stmt.lo, stmt.hi, stmt.step]
    if stmt.step == Const(1):
        parts = [stmt.hi] if stmt.lo == Const(0) else parts[:2]
    trips = "prange" if stmt.parallel else "range"
    return f"for {stmt.var} in {trips}({', '.join(map(expr_text, parts))}):"


def least(loop: For) -> int | None:
    """Return the number that the counter of a loop goes down to, as far as that is a constant and not negative."""
    hi = loop.hi.value if loop.step == Const(-1) and isinstance(loop.hi, Const) else None
    return hi + 1 if type(hi) is int and hi >= -1 else None


def _same_line(loc, before) -> bool:
    """Return whether a statement comes from the line that is shown already."""
    return before is not None and (loc.file, loc.line) == (before.file, before.line)


def _simple(stmt: Stmt) -> str:
    if isinstance(stmt, Let):
        value = stmt.value
        if isinstance(value, Op) and value.option("inplace") and value.args[0] == Name(stmt.target):
            addend = expr_text(value.args[1])
            addend = f"unordered({addend})" if value.option("unordered") else addend
            return f"{stmt.target} {_AUGMENTED[value.fn]} {addend}"
        return f"{stmt.target} = {expr_text(value)}"
    if isinstance(stmt, Store):
        cell, value, op = ir.Sub(Name(stmt.base), stmt.index), stmt.value, stmt.op
        if op not in ("=", "+=", "-="):
            return f"{expr_text(cell)} = {expr_text(value)}  # {op}"
        if op == "=" and isinstance(value, Op) and value.fn in ("mul", "div") and value.args[0] == cell:
            op, value = _AUGMENTED[value.fn], value.args[1]
        return f"{expr_text(cell)} {op} {expr_text(value)}"
    if isinstance(stmt, ir.Return):
        text = expr_text(stmt.value)
        if isinstance(stmt.value, ir.Tuple) and len(stmt.value.items) > 1:
            text = text[1:-1]
        return f"return {text}"
    if isinstance(stmt, ir.Do):
        return expr_text(stmt.value)
    if isinstance(stmt, ir.Break):
        return "break"
    if isinstance(stmt, ir.Continue):
        return "continue"
    if isinstance(stmt, ir.Raise):
        return f"raise {stmt.exception}({', '.join(map(expr_text, stmt.args))})"
    if isinstance(stmt, ir.Assert):
        message = "" if stmt.message is None else f", {stmt.message!r}"
        return f"assert {expr_text(stmt.test)}{message}"
    if isinstance(stmt, ir.Print):
        return f"print({', '.join(map(expr_text, stmt.args))})"
    if isinstance(stmt, ir.RequireConstant):
        return f"require_constant({', '.join(map(expr_text, stmt.args))})"
    if isinstance(stmt, ir.ReadFor):
        return f"read_for({', '.join(map(expr_text, stmt.args))})"
    if isinstance(stmt, ir.Grow):
        least, sign = (f", {expr_text(stmt.at)}", ">") if stmt.upto else ("", "==")
        test = f"{expr_text(stmt.at)} {sign} {stmt.base}.shape[0]"
        return f"{stmt.base} = grow({stmt.base}{least}) if {test} else {stmt.base}"
    if isinstance(stmt, ir.Within):
        return f"within({expr_text(stmt.index)}, {expr_text(stmt.size)})"
    if isinstance(stmt, ir.Unpack):
        comma = "," if len(stmt.targets) == 1 and isinstance(stmt.value, Name) else ""
        return f"{', '.join(stmt.targets)}{comma} = {expr_text(stmt.value)}"
    raise AssertionError(stmt)
