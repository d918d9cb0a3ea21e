"""Read Python expressions: names by object, structure by field, calls by table or by inlining."""

from __future__ import annotations

import ast
import math
import types
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from . import ir
from .errors import Problem, UnsupportedError, problem_at
from .ir import Const, Name, Op, Select, Slice, Sub
from .rules import arrays, elementwise
from .runtime import grow, overlap, unset
from .source import Source

_BINARY = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.Mod: "mod",
    ast.FloorDiv: "floordiv", ast.MatMult: "np.dot", ast.BitAnd: "bitand", ast.BitOr: "bitor",
    ast.BitXor: "bitxor", ast.LShift: "lshift", ast.RShift: "rshift",
}  # fmt: skip
_COMPARE = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}
_CASTS = {float: "float", int: "int", bool: "bool", np.float64: "np.float64", np.float32: "np.float32",
          np.int64: "np.int64", np.int32: "np.int32", round: "round"}  # fmt: skip


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


class Stop(Exception):
    """A problem was found; the statement is given up, the next one is still read."""

    def __init__(self, problem: Problem):
        self.problem = problem


class ExpressionReader:
    """The half of the parser that reads expressions; statements are in `parse`."""

    source: Source

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
        if isinstance(value, Struct):
            self.fail(node, "a tuple stands where one number or array is needed", "name its items")
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
        if isinstance(value, ir.Expr | Struct | Obj | ShapeOf):
            return value
        if isinstance(value, np.ndarray):
            return Name(self.capture(hint, value), self.source.loc(node))
        if isinstance(value, tuple):
            fields = getattr(value, "_fields", None)
            items = tuple(self.lift(v, node, f"{hint}_{k}") for k, v in enumerate(value))
            keys = tuple(fields) if fields else tuple(range(len(value)))
            return Struct(items, keys, "namedtuple" if fields else "tuple", type(value) if fields else None)
        return Obj(value)

    def expr_tuple(self, node):
        items = tuple(self.expr(e) for e in node.elts)
        return Struct(items, tuple(range(len(items))))

    def expr_list(self, node):
        value = self.expr_tuple(node)
        return Struct(value.items, value.keys, "list")

    def expr_namedexpr(self, node):
        value = self.expr(node.value)
        self.assign(node.target, value, node)
        return self.expr(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))

    # -- operators
    def expr_binop(self, node):
        a, b = self.expr(node.left), self.expr(node.right)
        if isinstance(node.op, ast.Add) and isinstance(a, Struct) and isinstance(b, Struct):
            items = a.items + b.items
            return Struct(items, tuple(range(len(items))))
        fn = _BINARY.get(type(node.op))
        if fn is None:
            self.fail(node, f"{_construct(node)} is not supported", "rewrite it with arithmetic")
        args = self.leaf(a, node.left), self.leaf(b, node.right)
        if any(isinstance(e, Const) and isinstance(e.value, str) for e in args):
            self.fail(node, "string arithmetic is not supported", "keep text out of numeric functions")
        return Op(fn, args, (), self.source.loc(node))

    def expr_unaryop(self, node):
        value = self.scalar(node.operand)
        if isinstance(node.op, ast.USub):
            if isinstance(value, Const) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
                return Const(-value.value, self.source.loc(node))
            return Op("neg", (value,), (), self.source.loc(node))
        if isinstance(node.op, ast.UAdd):
            return value
        fn = "not" if isinstance(node.op, ast.Not) else "invert"
        return Op(fn, (value,), (), self.source.loc(node))

    def expr_boolop(self, node):
        fn = "and" if isinstance(node.op, ast.And) else "or"
        first, *others = node.values
        value = self.scalar(first)
        for other in others:
            right, block = self.guarded(other)
            if not block:
                value = Op(fn, (value, right), (), self.source.loc(node))
                continue
            target = self.fresh("test")
            test = Name(target) if fn == "and" else Op("not", (Name(target),))
            self.emit(ir.Let(target, value, self.source.loc(node)))
            self.emit(ir.If(test, (*block, ir.Let(target, right)), (), self.source.loc(node)))
            value = Name(target)
        return value

    def guarded(self, node):
        """Return an expression read apart, with the statements it needs before it."""
        saved, self.out = self.out, []
        try:
            value = self.scalar(node)
            return value, tuple(self.out)
        finally:
            self.out = saved

    def expr_compare(self, node):
        left = self.expr(node.left)
        result = None
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.expr(right_node)
            if isinstance(op, ast.Is | ast.IsNot):
                one = self.identity(left, right, node) == isinstance(op, ast.Is)
                test = Const(one)
            else:
                fn = _COMPARE.get(type(op))
                if fn is None:
                    self.fail(node, f"{_construct(node)} is not supported", "compare numbers with < <= > >= == !=")
                args = self.leaf(left, node.left), self.leaf(right, right_node)
                test = Op(fn, args, (), self.source.loc(node))
                if all(isinstance(a, Const) for a in args):
                    test = Const(_FOLD[fn](args[0].value, args[1].value))
            result = test if result is None else Op("and", (result, test), (), self.source.loc(node))
            left = right
        return result

    def identity(self, left, right, node) -> bool:
        if isinstance(left, Obj) and isinstance(right, Obj):
            return left.value is right.value
        nones = [v for v in (left, right) if isinstance(v, Obj) and v.value is None]
        if nones:
            return False
        self.fail(node, "`is` between values is not supported", "compare with ==")

    def expr_ifexp(self, node):
        test = self.expr(node.test)
        if isinstance(test, Const):
            return self.expr(node.body if test.value else node.orelse)
        test = self.leaf(test, node.test)
        then, then_block = self.guarded(node.body)
        other, other_block = self.guarded(node.orelse)
        if not then_block and not other_block:
            return Select(test, then, other, self.source.loc(node))
        target = self.fresh("value")
        loc = self.source.loc(node)
        branches = (*then_block, ir.Let(target, then, loc)), (*other_block, ir.Let(target, other, loc))
        self.emit(ir.If(test, *branches, loc))
        return Name(target)

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
        if name == "T":
            return Op("np.transpose", (value,), (), loc)
        if name in ("size", "ndim", "dtype"):
            return Op(name, (value,), (), loc)
        if name == "real":
            return value
        self.fail(node, f"attribute .{name} is not supported", "use .shape .size .ndim .T or a NumPy function")

    def expr_subscript(self, node):
        value = self.expr(node.value)
        if isinstance(value, Struct | ShapeOf):
            return self.item(value, node)
        if isinstance(value, Obj):
            self.fail(node, f"{ast.unparse(node.value)} cannot be indexed here", "index arrays and tuples")
        return Sub(value, self.index(node.slice), self.source.loc(node))

    def item(self, value, node):
        if isinstance(node.slice, ast.Slice) and isinstance(value, Struct):
            bounds = [None if e is None else self.constant_int(e) for e in (node.slice.lower, node.slice.upper)]
            items = value.items[slice(*bounds)]
            return Struct(items, tuple(range(len(items))))
        key = self.expr(node.slice)
        if not isinstance(key, Const):
            self.fail(node, "a tuple is indexed by a value known only at run time", "index it by a constant")
        if isinstance(value, ShapeOf):
            return Op("shape", (value.array,), (("axis", key.value),), self.source.loc(node))
        try:
            position = value.keys.index(key.value) if value.kind == "dict" else range(len(value.items))[key.value]
        except (ValueError, IndexError):
            self.fail(node, f"no item {key.value!r} in this {value.kind}", f"items: {', '.join(map(str, value.keys))}")
        return value.items[position]

    def index(self, node) -> tuple[ir.Expr, ...]:
        parts = node.elts if isinstance(node, ast.Tuple) else [node]
        return tuple(self.index_part(p) for p in parts)

    def index_part(self, node) -> ir.Expr:
        if isinstance(node, ast.Slice):
            return Slice(*(None if e is None else self.scalar(e) for e in (node.lower, node.upper, node.step)))
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return ir.Dots()
        value = self.expr(node)
        if isinstance(value, Obj) and value.value is None:
            return ir.NewAxis()
        return self.leaf(value, node)

    def constant_int(self, node) -> int:
        value = self.expr(node)
        if isinstance(value, Const) and isinstance(value.value, int):
            return value.value
        self.fail(node, "this must be an integer constant", "write the number")

    # -- calls
    def expr_call(self, node):
        if any(isinstance(a, ast.Starred) for a in node.args) or any(k.arg is None for k in node.keywords):
            self.fail(node, "*args and **kwargs in a call are not supported", "name the arguments")
        if isinstance(node.func, ast.Attribute):
            base = self.expr(node.func.value)
            if isinstance(base, ir.Expr):
                return self.method(node, base, node.func.attr)
            target = self.expr_attribute(node.func)
        else:
            target = self.expr(node.func)
        if not isinstance(target, Obj):
            self.fail(node, f"{ast.unparse(node.func)} is not a function", "call functions")
        return self.call_object(node, target.value)

    def method(self, node, base, name):
        if name in arrays.METHODS:
            return self.array_call(node, arrays.METHODS[name], [base, *self.positional(node)], self.keywords(node))
        if name == "reshape":
            return self.reshape(node, base, self.positional(node))
        if name == "flatten":
            return Op("np.ravel", (base,), (), self.source.loc(node))
        if name == "astype":
            return Op("astype", (base,), (("dtype", self.dtype(node.args[0])),), self.source.loc(node))
        if name in ("item", "conj"):
            return base if name == "conj" else Op("item", (base,), (), self.source.loc(node))
        self.fail(node, f"method .{name}() is not supported", "use the NumPy function or a loop")

    def positional(self, node):
        return [self.expr(a) for a in node.args]

    def keywords(self, node):
        return {k.arg: self.expr(k.value) for k in node.keywords}

    def call_object(self, node, f):
        loc = self.source.loc(node)
        if f is len:
            return self.length(node)
        if f in (grow, overlap, unset):
            return Op(f.__name__, tuple(self.scalar(a) for a in node.args), (), loc)
        if isinstance(f, ir.Expr):
            self.fail(node, "this value is not a function", "call functions")
        spelling = _lookup(_CASTS, f)
        if spelling is None:
            spelling = _lookup(elementwise.BY_OBJECT, f) or _lookup(elementwise.OPERATOR_UFUNCS, f)
        if spelling is not None:
            return self.elementwise_call(node, spelling)
        if f is pow:
            return Op("pow", tuple(self.scalar(a) for a in node.args), (), loc)
        if f is math.fsum or f is sum:
            return self.array_call(node, "np.sum", self.positional(node), {})
        if f in (np.array, np.asarray):
            return self.array_of(node)
        if _lookup(arrays.SHAPED, f):
            return self.allocate(node, _lookup(arrays.SHAPED, f))
        if _lookup(arrays.RESHAPES, f):
            first, *shape = self.positional(node)
            return self.reshape(node, self.leaf(first, node), shape)
        spelling = _lookup(arrays.BY_OBJECT, f)
        if spelling is not None:
            return self.array_call(node, spelling, self.positional(node), self.keywords(node))
        if isinstance(f, type) and issubclass(f, tuple) and hasattr(f, "_fields"):
            return self.construct(node, f)
        if f is tuple and len(node.args) == 1:
            return self.expr(node.args[0])
        return self.user_call(node, f)

    def construct(self, node, make):
        given = dict(zip(make._fields, self.positional(node), strict=False)) | self.keywords(node)
        missing = [f for f in make._fields if f not in given and f not in make._field_defaults]
        if missing:
            self.fail(node, f"missing fields {', '.join(missing)}", "give every field")
        items = tuple(given[f] if f in given else self.lift(make._field_defaults[f], node) for f in make._fields)
        return Struct(items, tuple(make._fields), "namedtuple", make)

    def length(self, node):
        value = self.expr(node.args[0])
        if isinstance(value, Struct):
            return Const(len(value.items))
        if isinstance(value, ShapeOf):
            return Op("ndim", (value.array,), (), self.source.loc(node))
        return Op("len", (self.leaf(value, node),), (), self.source.loc(node))

    def elementwise_call(self, node, spelling):
        if node.keywords:
            names = ", ".join(k.arg for k in node.keywords)
            self.fail(node, f"option {names} of {ast.unparse(node.func)} is not supported", "use positional arguments")
        args = [self.leaf(v, a) for v, a in zip(self.positional(node), node.args, strict=True)]
        loc = self.source.loc(node)
        row = elementwise.BY_SPELLING.get(spelling)
        if spelling in ("max", "min"):
            if len(args) == 1:
                return Op(f"np.{spelling}", tuple(args), (), loc)
            value = args[0]
            for other in args[1:]:
                value = Op(spelling, (value, other), (), loc)
            return value
        if spelling == "math.log" and len(args) == 2:
            return Op("div", (Op("math.log", (args[0],)), Op("math.log", (args[1],))), (), loc)
        binary = spelling in elementwise.OPERATOR_UFUNCS.values() and spelling != "neg"
        arity = row.arity if row else 2 if binary else 1
        if len(args) != arity:
            self.fail(node, f"{ast.unparse(node.func)} takes {arity} arguments, {len(args)} given", "correct the call")
        return Op(spelling, tuple(args), (), loc)

    def array_call(self, node, spelling, positional, keywords):
        entry = arrays.BY_SPELLING[spelling]
        if len(positional) > len(entry.params):
            self.fail(node, f"too many arguments for {spelling}", "correct the call")
        given = dict(zip(entry.params, positional, strict=False)) | keywords
        unknown = [k for k in given if k not in entry.params]
        if unknown:
            self.fail(node, f"option {unknown[0]!r} of {spelling} is not supported", f"supported: {entry.params}")
        loc = self.source.loc(node)
        if spelling == "np.shape":
            return ShapeOf(self.leaf(given["a"], node))
        static = {k: self.static(given.pop(k), node) for k in entry.static if k in given}
        if static.pop("out", None) is not None:
            self.fail(node, f"out= of {spelling} is not supported", "assign the result")
        static = {k: v for k, v in static.items() if v is not None and v is not False}
        operands = [given[p] for p in entry.params if p in given]
        if spelling == "np.arange" and len(operands) == 1:
            operands = [Const(0), *operands]
        if spelling == "np.clip":
            return self.clip(node, operands)
        if spelling == "np.where":
            if len(operands) != 3:
                self.fail(node, "np.where with a condition alone is not supported", "use the form np.where(test, a, b)")
            test, then, other = (self.leaf(v, node) for v in operands)
            return Op("np.where", (test, then, other), (), loc)
        spelling = {"np.matmul": "np.dot", "np.size": "size", "np.copy": "copy"}.get(spelling, spelling)
        return Op(spelling, tuple(self.leaf(v, node) for v in operands), tuple(sorted(static.items())), loc)

    def clip(self, node, operands):
        value, lo, hi = ([*operands, Obj(None)] if len(operands) == 2 else operands)
        value, loc = self.leaf(value, node), self.source.loc(node)
        if not (isinstance(lo, Obj) and lo.value is None):
            value = Op("np.maximum", (value, self.leaf(lo, node)), (), loc)
        if not (isinstance(hi, Obj) and hi.value is None):
            value = Op("np.minimum", (value, self.leaf(hi, node)), (), loc)
        return value

    def static(self, value, node):
        if isinstance(value, Const):
            return value.value
        if isinstance(value, Obj):
            if value.value is None:
                return None
            if _lookup(arrays.DTYPES, value.value):
                return _lookup(arrays.DTYPES, value.value)
        if isinstance(value, Struct) and all(isinstance(v, Const) for v in value.items):
            return tuple(v.value for v in value.items)
        if isinstance(value, Op) and value.fn == "dtype":
            return value.args[0]
        self.fail(node, "this option must be known when the function is read", "write a constant")

    def dtype(self, node):
        return self.static(self.expr(node), node)

    def shape_operands(self, node, values):
        """Return the sizes of a shape argument: a tuple, one number, or another array's shape."""
        if len(values) == 1 and isinstance(values[0], Struct):
            values = list(values[0].items)
        if len(values) == 1 and isinstance(values[0], ShapeOf):
            return values[0]
        sizes = []
        for v in values:
            if isinstance(v, ShapeOf):
                self.fail(node, "a shape inside a shape is not supported", "index it")
            sizes.append(self.leaf(v, node))
        return sizes

    def allocate(self, node, spelling):
        given = self.positional(node)
        keywords = self.keywords(node)
        shape = given.pop(0) if given else keywords.pop("shape")
        fill = []
        if spelling == "np.full":
            fill = [self.leaf(given.pop(0) if given else keywords.pop("fill_value"), node)]
        dtype = given.pop(0) if given else keywords.pop("dtype", None)
        if given or keywords:
            self.fail(node, f"too many arguments for {spelling}", "give shape and dtype")
        static = () if dtype is None else (("dtype", self.static(dtype, node)),)
        sizes = self.shape_operands(node, [shape])
        loc = self.source.loc(node)
        if isinstance(sizes, ShapeOf):
            return Op(f"{spelling}_like", (sizes.array, *fill), static, loc)
        return Op(spelling, (*sizes, *fill), static, loc)

    def array_of(self, node):
        """Read `np.array` of an array, or of tuples and lists of numbers."""
        value, *dtype = self.positional(node)
        dtype = dtype[0] if dtype else self.keywords(node).get("dtype")
        loc = self.source.loc(node)
        if isinstance(value, ir.Expr):
            copied = value if node.func is np.asarray else Op("copy", (value,), (), loc)
            return copied if dtype is None else Op("astype", (value,), (("dtype", self.static(dtype, node)),), loc)
        if not isinstance(value, Struct):
            self.fail(node, "np.array of this is not supported", "give numbers in a list or tuple")
        shape, leaves = _regular(value)
        if shape is None:
            self.fail(node, "the rows of this array differ in length", "make them equal")
        leaves = [self.leaf(v, node) for v in leaves]
        kind = "int64" if all(isinstance(e, Const) and type(e.value) is int for e in leaves) else "float64"
        kind = kind if dtype is None else self.static(dtype, node)
        name = self.fresh("array")
        static = () if kind == "float64" else (("dtype", kind),)
        self.emit(ir.Let(name, Op("np.empty", tuple(map(Const, shape)), static, loc), loc))
        for at, e in zip(np.ndindex(*shape), leaves, strict=True):
            self.emit(ir.Store(name, tuple(map(Const, at)), e, "=", loc))
        return Name(name)

    def reshape(self, node, base, shape):
        sizes = self.shape_operands(node, shape)
        if isinstance(sizes, ShapeOf):
            return Op("reshape_like", (base, sizes.array), (), self.source.loc(node))
        return Op("reshape", (base, *sizes), (), self.source.loc(node))


def _regular(value):
    """Return (shape, leaves) of nested tuples of equal length; a shape of None where they are not."""
    if not isinstance(value, Struct):
        return (), [value]
    parts = [_regular(v) for v in value.items]
    shapes = {s for s, _ in parts}
    if len(shapes) != 1 or None in shapes:
        return None, []
    return (len(parts), *shapes.pop()), [e for _, leaves in parts for e in leaves]


def _lookup(table, key):
    try:
        return table.get(key)
    except TypeError:
        return None


def _construct(node) -> str:
    names = {
        "ListComp": "a list comprehension", "GeneratorExp": "a generator expression", "Lambda": "a lambda here",
        "Dict": "a dict display", "Set": "a set", "List": "a list", "Yield": "yield", "YieldFrom": "yield from",
        "Await": "await", "JoinedStr": "an f-string", "DictComp": "a dict comprehension",
        "SetComp": "a set comprehension", "Starred": "a starred expression",
    }  # fmt: skip
    return names.get(type(node).__name__, f"the expression {ast.unparse(node)!r}")


_FOLD = {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
}  # fmt: skip

__all__ = ["ExpressionReader", "Obj", "ShapeOf", "Stop", "Struct", "UnsupportedError", "types"]
