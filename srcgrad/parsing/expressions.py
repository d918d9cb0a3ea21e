"""Read Python expressions: names by object, structure by field; calls are read in `operations` and `function_calls`."""

from __future__ import annotations

import ast
import operator
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import EnumMeta
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from .. import tree
from ..errors import Problem, problem_at
from ..language import ir
from ..language.ir import Const, Name, Op
from ..runtime import HELPERS
from .members import plain_member
from .refused import construct
from .source import Source

_BINARY = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.Mod: "mod",
    ast.FloorDiv: "floordiv", ast.MatMult: "np.dot", ast.BitAnd: "bitand", ast.BitOr: "bitor",
    ast.BitXor: "bitxor", ast.LShift: "lshift", ast.RShift: "rshift",
}  # fmt: skip


# names that generated code uses itself: a variable of the user's that is called so gets another one
RESERVED = frozenset({
    "abs", "bool", "float", "int", "len", "max", "min", "print", "range", "round", "math", "np", "random",
    "fourier", "simd", "special", "own", *HELPERS,
    "stop_gradient", "print_grad", "require_constant",
    "load_array", "NAMES", "CALLEES", "RULES", "RECURSIVE", "PITFALLS", "RESULT",
    "ValueError", "IndexError", "UnboundLocalError",
})  # fmt: skip


@dataclass(frozen=True)
class Struct:
    """A tuple, namedtuple or dict known at parse time; its items are values."""

    items: tuple
    keys: tuple
    kind: str = "tuple"
    make: type | None = None
    # of a list or dict: which one it is, whatever names and values it has by now
    token: object = field(default_factory=object, compare=False, repr=False)


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
COMPLEX = "complex"  # the kind of a pair that is a complex number
OBJECT = "object"  # that of what stands for an object whose fields are written
FEW = 8  # items of a list as long as a name says that are known as items
FORMS = "the two sides of this choice have different forms"


class Stop(Exception):
    """A problem was found; the statement is given up, the next one is still read."""

    def __init__(self, problem: Problem):
        self.problem = problem


class ExpressionReader:
    """Reads expressions other than calls; the base of the readers of calls, assignments and loops."""

    # what `Reader` sets up
    source: Source
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    nodes: tuple[ast.AST, ...]
    fresh: ir.Fresh
    renamed: dict[str, str]
    depth: int
    own_depth: int  # how deep the function itself is read
    in_library: bool  # whether it is a page of the library
    wanted_name: str | None

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Stand for what the other readers of `Reader` have."""

    @property
    def inside(self) -> bool:
        """Return whether what is read stands in a branch or loop of its own function, which may not run, or again."""
        return self.depth > self.own_depth

    def fail(self, node, what: str, way_out: str) -> NoReturn:
        raise Stop(problem_at(self.source.loc(node) if node is not None else None, what, way_out))

    # -- entry points
    def expr(self, node: ast.expr):
        """Return the value of an expression: an IR expression, `Struct`, `Obj` or `ShapeOf`."""
        method = getattr(self, f"expr_{type(node).__name__.lower()}", None)
        if method is None:
            self.fail(node, f"{construct(node)} is not supported", "write it with assignments, loops and arrays")
        value = self.born(method(node), node)
        if self.shared.cells:
            value = self.now(value)
            self.require_keys(value, node)
        return value

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
        if isinstance(value, Struct) and value.kind == COMPLEX:
            self.fail(node, "a complex number stands where a real one is needed", "take .real, .imag or abs(...)")
        if isinstance(value, Struct):
            of_class = value.kind in (OBJECT, "dataclass")
            what = "an object" if of_class else "a tuple" if value.kind == "namedtuple" else f"a {value.kind}"
            parts = "fields" if of_class else "items"
            self.fail(node, f"{what} stands where one number or array is needed", f"name its {parts}")
        name = repr(getattr(value.value, "__name__", f"a {type(value.value).__name__.lower()}"))
        self.fail(node, f"{name if value.value is not None else None} is used as a number", "pass a number or an array")

    # -- atoms
    def expr_constant(self, node):
        if isinstance(node.value, bool | int | float | str):
            return self.known_number(node.value, node)
        if node.value is None or node.value is Ellipsis:
            return Obj(node.value)
        if isinstance(node.value, complex):
            return self.complex_constant(node.value)
        self.fail(node, f"a {type(node.value).__name__} literal is not supported", "use numbers")

    def known_number(self, value, node) -> Const:
        """Return a number or text that is known, if compiled code can hold it."""
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            self.fail(node, "a whole number of more than 64 bits", "make it a float: 2.0**70, 1e20")
        return Const(plain_member(value), self.source.loc(node))

    def expr_name(self, node):
        if hasattr(node, "function"):
            return Obj(node.function)  # of the library, where text was rewritten
        if node.id in self.env:
            value = self.env[node.id]
            if isinstance(value, Name):
                return Name(value.id, self.source.loc(node))
            if self.may_be_none(node.id):
                return value.read(self.source.loc(node))
            if isinstance(value, Lost):
                self.fail(node, f"{node.id!r} {value.why}", value.way_out)
            return value
        if node.id in self.locals:
            self.read_early.add(node.id)
            return Name(self.local_name(node.id), self.source.loc(node))
        found, value = self.resolve(node.id)
        if not found:
            self.fail(node, f"name {node.id!r} is not defined", "assign it before, or import it")
        return self.lift(value, node, node.id)

    def lift(self, value, node, hint="constant"):
        """Return a captured Python object as a value: numbers become constants, arrays captured names."""
        if isinstance(value, bool | int | float | str) and not isinstance(value, np.float64):
            return self.known_number(value, node)
        if isinstance(value, np.bool_ | np.integer | np.floating):
            return Const(value if isinstance(value, np.float64) else value.item(), self.source.loc(node))
        if isinstance(value, ir.Expr | Struct | Obj | ShapeOf | List | Lost):
            return value
        if isinstance(value, complex | np.complexfloating):
            return self.complex_constant(complex(value))
        if isinstance(value, np.ndarray) and value.dtype.kind == "c":
            return self.complex_captured(value, node, hint)
        if isinstance(value, np.ndarray) and not value.ndim and value.dtype.kind in "fiub":
            return self.lift(value[()], node)
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
        items = self.in_order(node.elts)
        return Struct(tuple(items), tuple(range(len(items))))

    def expr_list(self, node):
        parts = self.parts_of_list(node)
        if parts is not None:
            return self.joined_lists(parts, node)
        value = self.expr_tuple(node)
        return Struct(value.items, value.keys, "list")

    def expr_namedexpr(self, node):
        value = self.expr(node.value)
        self.assign(node.target, value, node)
        return self.expr(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))

    # -- operators
    def expr_binop(self, node):
        a, b = self.in_order([node.left, node.right])
        joined = self.join(node, a, b)
        if joined is not None:
            return joined
        fn = _BINARY.get(type(node.op))
        if fn is None:
            self.fail(node, f"{construct(node)} is not supported", "rewrite it with arithmetic")
        self.refuse_joined(node, fn, a, b)
        args = self.operand(a, b, node.left), self.operand(b, a, node.right)
        if fn == "add" and all(map(is_text, args)):
            return Const(args[0].value + args[1].value)
        if any(map(is_text, args)):
            self.fail(node, "string arithmetic is not supported", "keep text out of numeric functions")
        self.known_number(self.whole_result(fn, args), node)
        exponent = self.integer(args[1]) if fn == "pow" and isinstance(args[1], Op) else None
        args = args if exponent is None or self.source.derived else (args[0], Const(exponent))
        if fn == "add" and not self.source.derived and all(map(self.is_truth, args)):
            self.fail(node, "truth values are added: those of Python are counted, those of NumPy joined by `or`",
                      "int(a) + int(b), or: a or b")  # fmt: skip
        if fn == "np.dot" and not self.source.derived and any(self.shared.ranks.rank(e) == 0 for e in args):
            self.fail(node, "a number has no matrix product", "multiply by it: a * b")
        if fn == "np.dot" and any((self.shared.ranks.rank(e) or 0) > 2 for e in args):
            return self.user_call(node, np.matmul, (list(args), {}))
        if fn == "pow" and all(isinstance(e, Const) for e in args):
            base, exponent = (e.value for e in args)
            if base < 0 and not float(exponent).is_integer():
                return self.complex_constant(base**exponent)
        return self.tidied(Op(fn, args, (), self.source.loc(node)))

    def operand(self, value, other, node) -> ir.Expr:
        """Return an operand; a list or tuple of numbers beside an array is one, too."""
        beside = isinstance(other, ir.Expr) and (self.shared.ranks.rank(other) or 0) > 0
        return self.as_array(value, node) if beside and isinstance(value, Struct | List) else self.leaf(value, node)

    def join(self, node, a, b):
        """Return tuples joined by `+` or repeated by `*`, dicts by `|`; None where these are none."""
        own = self.by_class(node, type(node.op), a, b)
        if own is not NOT_HERE:
            return own
        a, b = self.beside_array(a, b, node), self.beside_array(b, a, node)
        if self.is_complex(a) or self.is_complex(b):
            return self.complex_operator(node, type(node.op), a, b)
        a, b = self.opened(a, node), self.opened(b, node)
        if isinstance(node.op, ast.BitOr) and all(isinstance(v, Struct) and v.kind == "dict" for v in (a, b)):
            found = dict(zip(a.keys, a.items, strict=True)) | dict(zip(b.keys, b.items, strict=True))
            return Struct(tuple(found.values()), tuple(found), "dict")
        for value, other in ((a, b), (b, a)):
            if not isinstance(value, Struct) or value.kind == "dict":
                continue
            count = self.integer(other) if isinstance(other, ir.Expr) else None
            if (count or 0) > FEW and ir.names_in(other) and len(value.items) == 1 and self.is_number(value.items[0]):
                count = None  # as many as a name says: a list that is filled, which may be long
            if isinstance(node.op, ast.Mult) and count is not None:
                items = tuple(self.hold(v, node) if count > 1 else v for v in value.items) * count
            elif isinstance(node.op, ast.Mult) and isinstance(other, ir.Expr) and len(value.items) == 1:
                return self.repeated(value.items[0], other, node)
            elif isinstance(node.op, ast.Add) and isinstance(other, Struct) and other.kind != "dict":
                items = a.items + b.items
            else:
                continue
            return Struct(items, tuple(range(len(items))), "list" if value.kind == "list" else "tuple")
        if isinstance(node.op, ast.Add) and all(isinstance(v, List | Struct) for v in (a, b)):
            return self.joined_lists([a, b], node)
        for value, other in ((a, b), (b, a)):
            times = self.integer(other) if isinstance(other, ir.Expr) else None
            if isinstance(node.op, ast.Mult) and isinstance(value, List) and times is not None:
                return self.joined_lists([value] * max(times, 0), node)
        return None

    def integer(self, value) -> int | None:
        """Return the integer that an expression of constants is, and of names bound to one of these only; else None."""
        if isinstance(value, Const) and type(value.value) is int:
            return value.value
        if isinstance(value, Name):
            return self.shared.whole.get(value.id)
        if isinstance(value, Op) and value.fn in _WHOLE:
            args = [self.integer(a) for a in value.args]
            if None not in args and not (value.fn in ("floordiv", "mod") and args[-1] == 0):
                return int(_WHOLE[value.fn](*args))
        return None

    def whole_result(self, fn: str, args) -> int:
        """Return the integer that arithmetic on integer constants gives, 0 for anything else."""
        if fn not in ("pow", "lshift"):
            return self.integer(Op(fn, tuple(args))) or 0
        base, exponent = map(self.integer, args)
        if base is None or exponent is None or exponent < 0:
            return 0
        # what has more than 64 bits has them for an exponent of 64, too
        return base ** min(exponent, 64) if fn == "pow" else base << min(exponent, 64)

    def expr_unaryop(self, node):
        value = self.test(node.operand) if isinstance(node.op, ast.Not) else self.expr(node.operand)
        if isinstance(node.op, ast.Not) and not isinstance(value, ir.Expr):
            return Const(not self.truth(value, node))
        own = self.by_class(node, type(node.op), value)
        if own is not NOT_HERE:
            return own
        if self.is_complex(value) and isinstance(node.op, ast.USub | ast.UAdd):
            return self.complex_negative(node, value) if isinstance(node.op, ast.USub) else value
        value = self.leaf(value, node.operand)
        if isinstance(node.op, ast.USub):
            if isinstance(value, Const) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
                return Const(-value.value, self.source.loc(node))
            return Op("neg", (value,), (), self.source.loc(node))
        if isinstance(node.op, ast.UAdd):
            return Op("copy", (value,), (), self.source.loc(node)) if self.shared.ranks.rank(value) else value
        if isinstance(node.op, ast.Not) and isinstance(value, Const):
            return Const(not value.value)
        fn = "not" if isinstance(node.op, ast.Not) else "invert"
        if fn == "invert" and not isinstance(value, ir.Sub) and self.is_truth(value):
            self.fail(node, "~ of a truth value: of one of Python it is -1 or -2", "write `not`")
        return Op(fn, (value,), (), self.source.loc(node))

    def is_truth(self, value: ir.Expr) -> bool:
        """Return whether a value is one truth value, no array of them."""
        kind = self.shared.ranks.kind(value)
        return kind is not None and kind.dtype == "bool" and not kind.rank

    def guarded(self, node):
        """Return an expression read apart, with the statements it needs before it."""
        return self.apart(lambda: self.scalar(node))

    def apart(self, read):
        """Return what `read` gives, with the statements it needs before it."""
        saved, self.out, paths = self.out, [], self.shared.paths
        self.depth += 1
        self.shared.enter()
        try:
            return read(), tuple(self.out)
        finally:
            self.out, self.shared.paths = saved, paths
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
        if self.is_complex(value):
            return self.complex_attribute(node, value, name)
        if isinstance(value, Struct):
            found = self.field_of(value, self.mangled(name))
            return self.member(node, value, name) if found is NOT_HERE else self.where_it_is_not_none(found, node)
        if isinstance(value, ShapeOf):
            self.fail(node, f"a shape has no attribute {name!r}", "index it")
        loc = self.source.loc(node)
        if name == "shape":
            return ShapeOf(value)
        if name in ("T", "flat"):
            return Op("np.transpose" if name == "T" else "flat", (value,), (), loc)
        if name == "mT":
            return Op("permuted", (value,), (("swap", (-1, -2)),), loc)
        if name == "ndim":
            return self.axes_count(value, node)
        if name in ("size", "dtype"):
            return Op(name, (value,), (), loc)
        if name in ("real", "imag"):
            return value if name == "real" else self.with_values(node, np.zeros_like, [value], {})
        self.read_as_tuple(node.value)
        if value == Const(0.0) and self.problems:
            raise Stop(self.problems[-1])  # it stands for what could not be read
        self.fail(node, f"attribute .{name} is not supported", "use .shape .size .ndim .T or a NumPy function")

    def called_object(self, node: ast.expr):
        """Return what a call by a name, or by a field of one, calls, if that is an object known now; else None."""
        return self.object_at(node.func) if isinstance(node, ast.Call) else None

    def object_at(self, e: ast.expr):
        if isinstance(e, ast.Attribute):
            owner = self.object_at(e.value)
            plain = isinstance(e.value, ast.Name) or isinstance(owner, types.ModuleType | type)
            return getattr(owner, e.attr, None) if plain else None  # other objects may compute their fields
        value = self.expr(e) if isinstance(e, ast.Name) else None
        return value.value if isinstance(value, Obj) else None

    def opened(self, value, node):
        """Return a whole shape as a tuple of its sizes, an enumeration as one of its members; all else as it is."""
        if isinstance(value, Obj) and isinstance(value.value, EnumMeta):
            return self.lift(tuple(value.value), node)
        rank = self.shared.ranks.rank(value.array) if isinstance(value, ShapeOf) else None
        if rank is None:
            return value
        array = value.array if isinstance(value.array, Name) else self.hold(value.array, node)
        sizes = tuple(Op("shape", (array,), (("axis", d),), self.source.loc(node)) for d in range(rank))
        return Struct(sizes, tuple(range(rank)))


def pair(real, imag) -> Struct:
    """Return a complex number, or an array of these, of its parts."""
    return Struct((real, imag), ("real", "imag"), COMPLEX)


def structured(structure: tree.Structure, leaves: Iterator[ir.Expr]):
    """Return a value of a structure whose numbers and arrays are the next of `leaves`."""
    if isinstance(structure, tree.Leaf):
        return next(leaves)
    if isinstance(structure, tree.Known):
        value = structure.value
        return Const(plain_member(value)) if isinstance(value, str | int | float) else Obj(value)
    items = tuple(structured(c, leaves) for c in structure.children)
    return Struct(items, structure.keys, structure.kind, structure.make)


def regular(value):
    """Return (shape, leaves) of nested tuples of equal length; a shape of None where they are not."""
    if not isinstance(value, Struct) or value.kind == COMPLEX:
        return (), [value]
    if not value.items:
        return (0,), []
    parts = [regular(v) for v in value.items]
    shapes = {s for s, _ in parts}
    if len(shapes) != 1 or None in shapes:
        return None, []
    return (len(parts), *shapes.pop()), [e for _, leaves in parts for e in leaves]


def is_text(value) -> bool:
    """Return whether a value is a text constant: known when the function is read, and held by no variable."""
    return isinstance(value, Const) and isinstance(value.value, str)


def stored_names(node) -> set[str]:
    """Return the names that are bound somewhere in a piece of text; those of a comprehension are its own."""
    nodes = list(ast.walk(node))
    own = {id(n) for c in nodes if isinstance(c, ast.comprehension) for n in ast.walk(c.target)}
    return {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and id(n) not in own}


def _values(container):
    return container.values() if isinstance(container, dict) else container


_WHOLE: dict[str, Any] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "floordiv": operator.floordiv,
    "mod": operator.mod, "neg": operator.neg, "max": max, "min": min, "abs": abs,
}  # fmt: skip
