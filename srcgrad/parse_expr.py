"""Read Python expressions: names by object, structure by field; calls are read in `parse_ops` and `parse_calls`."""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from . import ir
from .errors import Problem, problem_at
from .ir import Const, Name, Op, Slice, Sub
from .runtime import HELPERS
from .source import Source

_BINARY = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.Mod: "mod",
    ast.FloorDiv: "floordiv", ast.MatMult: "np.dot", ast.BitAnd: "bitand", ast.BitOr: "bitor",
    ast.BitXor: "bitxor", ast.LShift: "lshift", ast.RShift: "rshift",
}  # fmt: skip


# names that generated code uses itself: a variable of the user's that is called so gets another one
RESERVED = frozenset({
    "abs", "bool", "float", "int", "len", "max", "min", "print", "range", "round", "math", "np", "random", *HELPERS,
    "stop_gradient", "print_grad", "require_constant",
    "load_array", "NAMES", "CALLEES", "RECURSIVE", "PITFALLS", "RESULT",
    "ValueError", "IndexError", "UnboundLocalError",
})  # fmt: skip


@dataclass(frozen=True)
class Struct:
    """A tuple, namedtuple or dict known at parse time; its items are values."""

    items: tuple
    keys: tuple
    kind: str = "tuple"
    make: type | None = None


@dataclass(frozen=True)
class Obj:
    """A Python object known at parse time: a module, function, dtype, None."""

    value: object


@dataclass(frozen=True)
class ShapeOf:
    """`a.shape` before it is indexed or unpacked."""

    array: ir.Expr


@dataclass(frozen=True)
class List:
    """A list whose length is known only at run time: its items stand in a buffer, the first `count` of it or all.

    `part` is the array that a slice of it shows, until it gets a name.
    """

    buffer: Name
    count: ir.Expr
    full: bool = False
    part: ir.Expr | None = None


@dataclass(frozen=True)
class Places:
    """`np.nonzero(mask)` before it is indexed, unpacked or used as an index."""

    mask: ir.Expr


@dataclass(frozen=True)
class Lost:
    """What a name stands for where it cannot be used any more: why, and the way out."""

    why: str
    way_out: str


NOT_HERE = object()


class Stop(Exception):
    """A problem was found; the statement is given up, the next one is still read."""

    def __init__(self, problem: Problem):
        self.problem = problem


class ExpressionReader:
    """Reads expressions other than calls; the base of the readers of calls, assignments and loops."""

    # what `Reader` sets up
    source: Source
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    fresh: ir.Fresh
    renamed: dict[str, str]
    depth: int
    wanted_name: str | None

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Stand for what the other readers of `Reader` have."""

    def fail(self, node, what: str, way_out: str) -> NoReturn:
        raise Stop(problem_at(self.source.loc(node) if node is not None else None, what, way_out))

    # -- entry points
    def expr(self, node: ast.expr):
        """Return the value of an expression: an IR expression, `Struct`, `Obj` or `ShapeOf`."""
        method = getattr(self, f"expr_{type(node).__name__.lower()}", None)
        if method is None:
            self.fail(node, f"{_construct(node)} is not supported", "write it with assignments, loops and arrays")
        return method(node)

    def scalar(self, node: ast.expr) -> ir.Expr:
        """Return an expression that must be one value, not a tuple or an object."""
        return self.leaf(self.expr(node), node)

    def leaf(self, value, node) -> ir.Expr:
        if isinstance(value, ir.Expr):
            return value
        if isinstance(value, ShapeOf):
            self.fail(node, "a whole shape is used as a value", "index it (a.shape[0]) or unpack it (n, m = a.shape)")
        if isinstance(value, List):
            self.fail(node, "a list stands where one number or array is needed", "make it an array: np.array(...)")
        if isinstance(value, Places):
            self.fail(node, "the result of np.nonzero is used as a value", "index it: np.nonzero(mask)[0]")
        if isinstance(value, Struct):
            what = "tuple" if value.kind == "namedtuple" else value.kind
            self.fail(node, f"a {what} stands where one number or array is needed", "name its items")
        what = "None" if value.value is None else f"{getattr(value.value, '__name__', value.value)!r}"
        self.fail(node, f"{what} is used as a number", "pass a number or an array")

    # -- atoms
    def expr_constant(self, node):
        if isinstance(node.value, bool | int | float | str):
            return Const(node.value, self.source.loc(node))
        if node.value is None:
            return Obj(None)
        self.fail(node, f"a {type(node.value).__name__} literal is not supported", "use real numbers")

    def expr_name(self, node):
        if node.id in self.env:
            value = self.env[node.id]
            if isinstance(value, Name):
                return Name(value.id, self.source.loc(node))
            if isinstance(value, Lost):
                self.fail(node, f"{node.id!r} {value.why}", value.way_out)
            return value
        if node.id in self.locals:
            return Name(self.local_name(node.id), self.source.loc(node))
        found, value = self.resolve(node.id)
        if not found:
            self.fail(node, f"name {node.id!r} is not defined", "assign it before, or import it")
        return self.lift(value, node, node.id)

    def lift(self, value, node, hint="constant"):
        """Return a captured Python object as a value: numbers become constants, arrays captured names."""
        if isinstance(value, bool | int | float | str):
            return Const(value, self.source.loc(node))
        if isinstance(value, np.bool_ | np.integer | np.floating):
            return Const(value.item(), self.source.loc(node))
        if isinstance(value, ir.Expr | Struct | Obj | ShapeOf | List | Lost):
            return value
        if isinstance(value, np.ndarray):
            return Name(self.capture(hint, value), self.source.loc(node))
        if isinstance(value, dict | list):
            return self.lift_container(value, node, hint)
        if isinstance(value, tuple):
            fields = getattr(value, "_fields", None)
            items = tuple(self.lift(v, node, f"{hint}_{k}") for k, v in enumerate(value))
            keys = tuple(fields) if fields else tuple(range(len(value)))
            return Struct(items, keys, "namedtuple" if fields else "tuple", type(value) if fields else None)
        return Obj(value)

    def lift_container(self, value, node, hint):
        """Return a captured list or dict as it is when the function is read."""
        keys = tuple(value) if isinstance(value, dict) else tuple(range(len(value)))
        items = tuple(self.lift(v, node, f"{hint}_{k}") for k, v in zip(keys, _values(value), strict=True))
        found = Struct(items, keys, "dict" if isinstance(value, dict) else "list")
        self.shared.lifted.append(found)
        return found

    def expr_tuple(self, node):
        items: list = []
        for e in node.elts:
            if isinstance(e, ast.Starred):
                inner = self.expr(e.value)
                if not isinstance(inner, Struct) or inner.kind == "dict":
                    self.fail(e, "only tuples known when the function is read can be starred here", "name the items")
                items += inner.items
            else:
                start = len(self.out)
                item = self.expr(e)
                items = [*self.as_before(start, items, e), item]
        return Struct(tuple(items), tuple(range(len(items))))

    def expr_dict(self, node):
        keys, items = [], []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inner = self.expr(value)
                if not isinstance(inner, Struct) or inner.kind != "dict":
                    self.fail(value, "only dicts known when the function is read can be unpacked here", "name the keys")
                pairs = list(zip(inner.keys, inner.items, strict=True))
            else:
                name = self.expr(key)
                if not isinstance(name, Const):
                    self.fail(key, "a key known only at run time is not supported", "use constant keys, or an array")
                pairs = [(name.value, self.expr(value))]
            for k, v in pairs:
                if k in keys:
                    items[keys.index(k)] = v
                else:
                    keys.append(k)
                    items.append(v)
        return Struct(tuple(items), tuple(keys), "dict")

    def expr_list(self, node):
        value = self.expr_tuple(node)
        return Struct(value.items, value.keys, "list")

    def expr_namedexpr(self, node):
        value = self.expr(node.value)
        self.assign(node.target, value, node)
        return self.expr(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))

    # -- order of evaluation
    def in_order(self, nodes) -> list:
        """Return the values of expressions, each as it is before those after it are computed."""
        values: list = []
        for node in nodes:
            start = len(self.out)
            value = self.expr(node)
            values = [*self.as_before(start, values, node), value]
        return values

    def as_before(self, start: int, values: list, node) -> list:
        """Return values that were read before statement `start` of this block, held there if it changed since then."""
        since = tuple(self.out[start:])
        bound = ir.bound_in(since)
        writes = bool(ir.stored_in(since) - bound)
        held: list[ir.Stmt] = []

        def settled(value):
            if isinstance(value, Struct):
                items = tuple(map(settled, value.items))
                same = all(a is b for a, b in zip(items, value.items, strict=True))
                return value if same else replace(value, items=items)
            if not isinstance(value, ir.Expr) or isinstance(value, Slice):
                return value
            # the name of an array stands for the array, whatever is written into it; all else may read what is written
            written = writes and not isinstance(value, Name)
            if isinstance(value, Const) or not (written or ir.names_in(value) & bound):
                return value
            name = self.fresh("before")
            held.append(ir.Let(name, value, self.source.loc(node)))
            return Name(name)

        values = [settled(v) for v in values] if since else values
        self.out[start:start] = held
        return values

    # -- operators
    def expr_binop(self, node):
        a, b = self.in_order([node.left, node.right])
        joined = self.join(node, a, b)
        if joined is not None:
            return joined
        fn = _BINARY.get(type(node.op))
        if fn is None:
            self.fail(node, f"{_construct(node)} is not supported", "rewrite it with arithmetic")
        args = self.leaf(a, node.left), self.leaf(b, node.right)
        if any(isinstance(e, Const) and isinstance(e.value, str) for e in args):
            self.fail(node, "string arithmetic is not supported", "keep text out of numeric functions")
        return Op(fn, args, (), self.source.loc(node))

    def join(self, node, a, b):
        """Return tuples joined by `+` or repeated by `*`, None where these are no tuples."""
        for value, other in ((a, b), (b, a)):
            if not isinstance(value, Struct) or value.kind == "dict":
                continue
            count = self.integer(other) if isinstance(other, ir.Expr) else None
            if isinstance(node.op, ast.Mult) and count is not None:
                items = value.items * count
            elif isinstance(node.op, ast.Mult) and isinstance(other, ir.Expr) and len(value.items) == 1:
                return self.repeated(value.items[0], other, node)
            elif isinstance(node.op, ast.Add) and isinstance(other, Struct) and other.kind != "dict":
                items = a.items + b.items
            else:
                continue
            return Struct(items, tuple(range(len(items))), "list" if value.kind == "list" else "tuple")
        return None

    def repeated(self, item, count: ir.Expr, node):
        """Return the list of one number many times."""
        name, loc = self.fresh(self.wanted_name or "items"), self.source.loc(node)
        length = self.hold(count, node) if not isinstance(count, Name) else count
        self.emit(ir.Let(name, Op("np.full", (length, self.leaf(item, node)), (), loc), loc))
        return List(Name(name), length, full=True)

    def integer(self, value) -> int | None:
        """Return the integer that an expression of constants is, else None."""
        if isinstance(value, Const) and type(value.value) is int:
            return value.value
        if isinstance(value, Op) and value.fn in _WHOLE:
            args = [self.integer(a) for a in value.args]
            if None not in args and not (value.fn in ("floordiv", "mod") and args[-1] == 0):
                return int(_WHOLE[value.fn](*args))
        return None

    def expr_unaryop(self, node):
        value = self.test(node.operand) if isinstance(node.op, ast.Not) else self.expr(node.operand)
        if isinstance(node.op, ast.Not) and not isinstance(value, ir.Expr):
            return Const(not self.truth(value, node))
        value = self.leaf(value, node.operand)
        if isinstance(node.op, ast.USub):
            if isinstance(value, Const) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
                return Const(-value.value, self.source.loc(node))
            return Op("neg", (value,), (), self.source.loc(node))
        if isinstance(node.op, ast.UAdd):
            return value
        if isinstance(node.op, ast.Not) and isinstance(value, Const):
            return Const(not value.value)
        fn = "not" if isinstance(node.op, ast.Not) else "invert"
        return Op(fn, (value,), (), self.source.loc(node))

    def guarded(self, node):
        """Return an expression read apart, with the statements it needs before it."""
        return self.apart(lambda: self.scalar(node))

    def apart(self, read):
        """Return what `read` gives, with the statements it needs before it."""
        saved, self.out = self.out, []
        self.depth += 1
        try:
            return read(), tuple(self.out)
        finally:
            self.out = saved
            self.depth -= 1

    # -- attributes and subscripts
    def expr_attribute(self, node):
        value = self.expr(node.value)
        name = node.attr
        if isinstance(value, Obj):
            try:
                return self.lift(getattr(value.value, name), node, name)
            except AttributeError:
                self.fail(node, f"{ast.unparse(node)} does not exist", "check the name")
        if isinstance(value, Struct):
            if name in value.keys:
                return value.items[value.keys.index(name)]
            self.fail(node, f"no field {name!r} in this tuple", f"fields: {', '.join(map(str, value.keys))}")
        if isinstance(value, ShapeOf):
            self.fail(node, f"a shape has no attribute {name!r}", "index it")
        loc = self.source.loc(node)
        if name == "shape":
            return ShapeOf(value)
        if name in ("T", "flat"):
            return Op("np.transpose" if name == "T" else "flat", (value,), (), loc)
        if name in ("size", "ndim", "dtype"):
            return Op(name, (value,), (), loc)
        if name == "real":
            return value
        self.fail(node, f"attribute .{name} is not supported", "use .shape .size .ndim .T or a NumPy function")

    def expr_subscript(self, node):
        value = self.expr(node.value)
        if isinstance(value, Struct | ShapeOf | Places):
            return self.item(value, node)
        if isinstance(value, List):
            return self.item_at(value, node)
        if isinstance(value, Obj):
            self.fail(node, f"{ast.unparse(node.value)} cannot be indexed here", "index arrays and tuples")
        return Sub(value, self.index(node.slice), self.source.loc(node))

    def item(self, value, node):
        if isinstance(node.slice, ast.Slice) and isinstance(value, Struct):
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            items = value.items[slice(*(None if e is None else self.constant_int(e) for e in parts))]
            return Struct(items, tuple(range(len(items))), "list" if value.kind == "list" else "tuple")
        key = self.expr(node.slice)
        whole = self.integer(key)
        key = key if whole is None else Const(whole)
        if isinstance(key, ir.Expr) and not isinstance(key, Const) and isinstance(value, Struct):
            return self.picked(value, key, node)
        if not isinstance(key, Const):
            self.fail(node, "a shape is indexed by a value known only at run time", "index it by a constant")
        if isinstance(value, ShapeOf):
            return Op("shape", (value.array,), (("axis", key.value),), self.source.loc(node))
        if isinstance(value, Places):
            return Op("np.nonzero", (value.mask,), (("axis", key.value),), self.source.loc(node))
        try:
            position = value.keys.index(key.value) if value.kind == "dict" else range(len(value.items))[key.value]
        except (ValueError, IndexError):
            self.fail(node, f"no item {key.value!r} in this {value.kind}", f"items: {', '.join(map(str, value.keys))}")
        return value.items[position]

    def picked(self, value: Struct, key: ir.Expr, node):
        """Return the item of a tuple of constants at a place known only at run time."""
        if value.kind == "dict" or not value.items or not all(isinstance(v, Const) for v in value.items):
            self.fail(node, f"a {value.kind} is indexed by a value known only at run time", "index it by a constant")
        return Sub(self.table(value, node), (key,), self.source.loc(node))

    def table(self, value: Struct, node) -> ir.Expr:
        """Return an array of the constants in a tuple."""
        if not value.items or any(not isinstance(v, Const) or is_text(v) for v in value.items):
            self.fail(node, "a tuple is run through together with an array", "make it an array: np.array(...)")
        numbers = tuple(v.value for v in value.items)
        array = self.shared.tables.setdefault(repr(numbers), np.array(numbers))
        return Name(self.capture("table", array))

    def index(self, node) -> tuple[ir.Expr, ...]:
        if isinstance(node, ast.Tuple):
            return tuple(self.index_part(p) for p in node.elts)
        if isinstance(node, ast.Slice | ast.Constant):
            return (self.index_part(node),)
        return self.items(self.expr(node), node)

    def items(self, value, node) -> tuple[ir.Expr, ...]:
        """Return the items of a subscript that is one value: a tuple is several."""
        if isinstance(value, Struct) and value.kind != "list":
            return tuple(self.index_value(v, node) for v in value.items)
        if isinstance(value, Places):
            return (value.mask,)
        return (self.index_value(value, node),)

    def index_part(self, node) -> ir.Expr:
        if isinstance(node, ast.Slice):
            return Slice(*(None if e is None else self.scalar(e) for e in (node.lower, node.upper, node.step)))
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return ir.Dots()
        return self.index_value(self.expr(node), node)

    def index_value(self, value, node) -> ir.Expr:
        """Return an item of a subscript; a list of constants is an array that is known before."""
        if isinstance(value, Obj) and value.value is None:
            return ir.NewAxis()
        if isinstance(value, Obj) and value.value is Ellipsis:
            return ir.Dots()
        if isinstance(value, Struct) and value.items and all(isinstance(v, Const) for v in value.items):
            return self.table(value, node)
        if isinstance(value, Struct):
            self.fail(node, "a list of values known only at run time is used as an index", "use np.array of them")
        return self.leaf(value, node)

    def constant_int(self, node) -> int:
        value = self.expr(node)
        whole = self.integer(value)
        if whole is not None:
            return whole
        self.fail(node, "this must be an integer constant", "write the number")


def is_text(value) -> bool:
    """Return whether a value is a text constant: known when the function is read, and held by no variable."""
    return isinstance(value, Const) and isinstance(value.value, str)


def _values(container):
    return container.values() if isinstance(container, dict) else container


def _construct(node) -> str:
    names = {
        "ListComp": "a list comprehension", "GeneratorExp": "a generator expression", "Lambda": "a lambda here",
        "Dict": "a dict display", "Set": "a set", "List": "a list", "Yield": "yield", "YieldFrom": "yield from",
        "Await": "await", "JoinedStr": "an f-string", "DictComp": "a dict comprehension",
        "SetComp": "a set comprehension", "Starred": "a starred expression",
    }  # fmt: skip
    return names.get(type(node).__name__, f"the expression {ast.unparse(node)!r}")


_WHOLE: dict[str, Any] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "floordiv": operator.floordiv,
    "mod": operator.mod, "neg": operator.neg,
}  # fmt: skip
