"""Read calls of NumPy and arithmetic of Python: each becomes an operation of the tables in `rules`."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace
from functools import reduce

import numpy as np

from .. import library
from ..hints import print_grad, stop_gradient
from ..language import ir
from ..language.ir import Const, Name, Op, Sub
from ..language.kind import dtype_option
from ..language.lists import as_array
from ..rules import arrays, elementwise
from ..runtime import HELPERS, matmul, stack
from ..runtime.unordered import unordered
from .expressions import COMPLEX, NOT_HERE, ExpressionReader, List, Obj, ShapeOf, Stop, Struct, is_text, regular

_CASTS = {float: "float", int: "int", bool: "bool", np.float64: "np.float64", np.float32: "np.float32",
          round: "round", **{getattr(np, n): f"np.{n}" for n in elementwise.INTEGERS}}  # fmt: skip

_OF_MANY = ("math.hypot", "math.gcd", "np.lcm")
_ALSO = {("np.clip", "min"): "a_min", ("np.clip", "max"): "a_max"}  # other names of options
_INSTEAD_OF = {
    "where": "give out= as well, or write np.where(test, value, other)",
    "dtype": "convert the arguments: x.astype(...)",
}


class OperationReader(ExpressionReader):
    """Reads calls by table; a function that no table has goes to `user_call`."""

    def expr_call(self, node):
        node = self.with_named_method(node)
        if isinstance(node.func, ast.Attribute):
            found = self.of_base_class(node)
            if found is not NOT_HERE:
                return found
            base = self.expr(node.func.value)
            if is_text(base):
                return self.text_method(node, base.value, node.func.attr)
            if isinstance(base, ir.Expr):
                return self.written_into(node, None, lambda call: self.method(call, base, node.func.attr))
            if isinstance(base, List) or isinstance(base, Struct) and base.kind == "list":
                return self.list_method(node, node.func, node.func.attr)
            if self.is_complex(base):
                return self.complex_method(node, base, node.func.attr)
            own = isinstance(base, Struct) and self.field_of(base, node.func.attr) is not NOT_HERE
            if isinstance(base, Struct) and not own:
                return self.struct_method(node, base, node.func.attr)
            target = self.expr_attribute(node.func)
        else:
            target = self.expr(node.func)
        if isinstance(target, Struct):
            return self.struct_method(node, target, "__call__")
        if not isinstance(target, Obj):
            self.fail(node, f"{ast.unparse(node.func)} is not a function", "call functions")
        f = target.value
        return self.given(node, self.written_into(node, f, lambda call: self.call_object(call, f)))

    def method(self, node, base, name):
        value = self.array_method(node, base, name)
        if value is not NOT_HERE:
            return value
        if name in arrays.METHODS:
            given, options = self.values_of(node, (base,))
            if not self.is_beyond(arrays.METHODS[name], given, options) or name not in library.METHODS:
                return self.array_call(node, arrays.METHODS[name], given, options)
            return self.user_call(node, library.METHODS[name], (given, options))
        if name == "reshape":
            return self.reshaped(node, base, self.positional(node), self.keywords(node))
        if name in ("astype", "item", "conj", "conjugate"):
            return self.converted(node, base, name)
        if name in library.METHODS:
            return self.user_call(node, library.METHODS[name], self.values_of(node, (base,)))
        if name == "tolist" and not node.args:
            return self.list_of_array(node, base)
        drawn = self.random_method(node, base, name)
        if drawn is not None:
            return drawn
        if base == Const(0.0) and self.problems:
            raise Stop(self.problems[-1])  # it stands for what could not be read
        self.fail(node, f"method .{name}() is not supported", "use the NumPy function or a loop")

    def converted(self, node, base, name):
        """Read `.astype(dtype)`, `.item()` and `.conj()`."""
        loc = self.source.loc(node)
        if name in ("conj", "conjugate"):
            return base
        if name == "astype" and self.meets_complex():
            given, options = self.values_of(node)
            if self.complex_dtype(given[0] if given else options.get("dtype")):
                return self.number(self.with_values(node, np.copy, [base], {}), Const(0.0))
        if name == "astype":
            given = self.bound(node, _astype)
            dtype = self.dtype_of(given["dtype"], node)
            kind = self.shared.ranks.kind(base)
            if given.get("copy") == Const(False) and (kind is None or kind.dtype == dtype):
                self.fail(node, "astype(..., copy=False) may give the array itself", "leave copy=False out")
            return Op("astype", (base,), (("dtype", dtype),), loc)
        place = self.bound(node, _item).get("place", ())
        place = place[0].items if len(place) == 1 and isinstance(place[0], Struct) else place
        if not place:
            return Op("item", (base,), (), loc)
        index = tuple(self.leaf(v, node) for v in place)
        return Sub(Op("flat", (base,), (), loc) if len(index) == 1 else base, index, loc)

    def positional(self, node):
        return self.in_order(node.args)

    def keywords(self, node):
        """Return the values of a call's keywords by name; two stars spread a dict that is known."""
        found: dict = {}
        values = self.in_order([k.value for k in node.keywords])
        for name, value in zip([k.arg for k in node.keywords], values, strict=True):
            if name is not None:
                found[name] = value
            elif isinstance(value, Struct) and value.kind == "dict":
                found |= dict(zip(value.keys, value.items, strict=True))
            else:
                self.fail(node, "only dicts known when the function is read can be spread here", "name the arguments")
        return found

    def call_object(self, node, f):
        """Return the value of a call of this object: by the first table that knows it, else by its own text."""
        if isinstance(f, ir.Expr):
            self.fail(node, "this value is not a function", "call functions")
        node = self.with_list(self.with_star_open(node, f), f)
        value = self.complex_call(node, f)
        return self.by_tables(node, f) if value is NOT_HERE else value

    def by_tables(self, node, f):
        """Return the value of a call of this object with real numbers."""
        tables = (self.operator_call, self.builtin_call, self.copy_call, self.helper_call, self.known_call,
                  self.random_call, self.numpy_call, self.by_element, self.array_made, self.external_call)  # fmt: skip
        for read in tables:
            value = read(node, f)
            if value is not NOT_HERE and value is not None:
                break
        else:
            value = self.user_call(node, f)
        return self.given_by_python(value, f, node)

    def helper_call(self, node, f):
        """Return the value of a call that generated code makes, or that says something of the derivative."""
        if f is stack:
            static = tuple(("dtype", self.dtype(k.value)) for k in node.keywords)
            return Op("stack", (self.scalar(node.args[0]),), static, self.source.loc(node))
        if f is unordered:
            return self.scalar(node.args[0])
        if f is matmul:
            factors = tuple(self.leaf(value, node) for value in self.in_order(node.args))
            return Op("np.dot", factors, (("small", True),), self.source.loc(node))
        if f in HELPERS.values():
            return Op(f.__name__, tuple(self.scalar(a) for a in node.args), (), self.source.loc(node))
        return self.hint(node, f) if f in (stop_gradient, print_grad) else NOT_HERE

    def by_element(self, node, f):
        """Return the value of a call of an elementwise function or a cast; with options it may have a page."""
        if (node.keywords or f is np.nan_to_num and len(node.args) > 1) and library.page_of(f) is not None:
            return NOT_HERE
        spelling = _lookup(_CASTS, f) or elementwise.spelling_of(f) or _lookup(elementwise.OPERATOR_UFUNCS, f)
        return NOT_HERE if spelling is None else self.without_cast(self.elementwise_call(node, spelling))

    def of_dtype(self, value, node) -> ir.Expr:
        """Return an array, or a number of a dtype that is given itself."""
        dtype = _lookup(arrays.DTYPES, value.value) if isinstance(value, Obj) else None
        cast = next((fn for f, fn in _CASTS.items() if dtype is not None and fn == f"np.{dtype}"), None)
        return self.as_array(value, node) if cast is None else Op(cast, (Const(0),), (), self.source.loc(node))

    def array_made(self, node, f):
        """Return the value of a call that makes an array, or one of the table of array functions."""
        if f is np.result_type:
            parts = [self.of_dtype(v, node) for v in self.positional(node)]
            whole = reduce(lambda a, b: Op("add", (a, b)), parts)
            return Op("dtype", (whole,), (), self.source.loc(node))
        if f in (np.finfo, np.iinfo):
            return self.limits(node, f)
        if f is np.real:
            return self.as_array(self.positional(node)[0], node)
        if f is np.imag:
            return self.with_values(node, np.zeros_like, [self.as_array(self.positional(node)[0], node)], {})
        if f is np.ndim:
            return self.axes_count(self.as_array(self.positional(node)[0], node), node)
        if f in (np.array, np.asarray, np.asanyarray):
            return self.array_of(node, f)
        if _lookup(arrays.SHAPED, f):
            return self.allocate(node, _lookup(arrays.SHAPED, f))
        if _lookup(arrays.RESHAPES, f):
            first, *shape = self.positional(node)
            options = self.keywords(node)
            if len(shape) > 1:
                options, shape = {"order": shape[1], **options}, shape[:1]
            return self.reshaped(node, self.leaf(first, node), shape, options)
        spelling = _lookup(arrays.BY_OBJECT, f)
        if spelling is None:
            return NOT_HERE
        given, options = self.values_of(node)
        if self.is_beyond(spelling, given, options) and library.page_of(f) is not None:
            return self.user_call(node, f, (given, options))
        return self.array_call(node, spelling, given, options)

    def is_beyond(self, spelling: str, given: list, options: dict) -> bool:
        """Return whether a call has options, or operands with axes, that the table of array functions does not know."""
        entry = arrays.BY_SPELLING[spelling]
        operands = [v for v in given if isinstance(v, ir.Expr)]
        ranks = [r for r in map(self.shared.ranks.rank, operands) if r is not None]
        other = any(not entry.least <= r <= entry.most for r in ranks) or any(n not in entry.params for n in options)
        if len(given) > len(entry.params):
            return True
        return other or spelling == "np.arange" and not self.counts_up(given, options)

    def counts_up(self, given: list, options: dict) -> bool:
        """Return whether a range is one of whole numbers, with a known positive step."""
        step = options.get("step", given[2] if len(given) > 2 else Const(1))
        kinds = [self.shared.ranks.kind(v) for v in (*given, *options.values()) if isinstance(v, ir.Expr)]
        floats = any(k is not None and k.is_float for k in kinds)
        return not floats and isinstance(step, Const) and isinstance(step.value, int) and step.value > 0

    def hint(self, node, f):
        """Read `stop_gradient(x)` or `print_grad(x, label)`."""
        given = self.bound(node, f)
        if f is stop_gradient:
            return self.stopped(given["x"], node)
        label = given.get("label", Const(""))
        if not (isinstance(label, Const) and isinstance(label.value, str)):
            self.fail(node, "the label of print_grad is not a constant text", "write the text here")
        return Op("print_grad", (self.leaf(given["x"], node),), (("label", label.value),), self.source.loc(node))

    def bound(self, node, f) -> dict:
        """Return the arguments of a call by the names of the parameters of `f`."""
        try:
            return inspect.signature(f).bind(*self.positional(node), **self.keywords(node)).arguments
        except TypeError as e:
            self.fail(node, f"{ast.unparse(node.func)}: {e}", "correct the call")

    def stopped(self, value, node):
        """Return a value without its derivative; the parts of a tuple are held against later writes."""
        if isinstance(value, Struct):
            return replace(value, items=tuple(self.hold(self.stopped(v, node), node) for v in value.items))
        if not isinstance(value, ir.Expr) or isinstance(value, Const):
            return value
        return Op("stop_gradient", (value,), (), self.source.loc(node))

    def refuse_option(self, node, name: str):
        what = f"option {name} of {ast.unparse(node.func)} is not supported"
        self.fail(node, what, _INSTEAD_OF.get(name, "leave it out"))

    def elementwise_call(self, node, spelling):
        if node.keywords:
            self.refuse_option(node, node.keywords[0].arg)
        read, given = self.leaf if spelling.startswith("math.") else self.as_array, self.positional(node)
        own = self.by_special(node, given[0], f"__{spelling}__") if len(given) == 1 else NOT_HERE
        if own is not NOT_HERE:
            return self.leaf(own, node)
        args, loc = [read(v, node) for v in given], self.source.loc(node)
        row = elementwise.BY_SPELLING.get(spelling)
        if spelling in ("max", "min"):
            if len(args) == 1:
                return Op(f"np.{spelling}", tuple(args), (), loc)
            return reduce(lambda a, b: self.tidied(Op(spelling, (a, b), (), loc)), args)
        if spelling == "math.log" and len(args) == 2:
            return Op("div", (Op("math.log", (args[0],)), Op("math.log", (args[1],))), (), loc)
        if spelling in _OF_MANY and len(args) > 2:
            return reduce(lambda a, b: Op(spelling, (a, b), (), loc), args)
        binary = spelling in elementwise.OPERATOR_UFUNCS.values() and spelling not in ("neg", "invert")
        arity = row.arity if row else 2 if binary else 1
        if len(args) != arity:
            self.fail(node, f"{ast.unparse(node.func)} takes {arity} arguments, {len(args)} given", "correct the call")
        return Op(spelling, tuple(args), (), loc)

    def array_call(self, node, spelling, positional, keywords):
        entry = arrays.BY_SPELLING[spelling]
        if len(positional) > len(entry.params):
            self.fail(node, f"too many arguments for {spelling}", "correct the call")
        given = dict(zip(entry.params, positional, strict=False))
        given |= {_ALSO.get((spelling, k), k): v for k, v in keywords.items()}
        unknown = [k for k in given if k not in entry.params]
        if unknown:
            self.fail(node, f"option {unknown[0]!r} of {spelling} is not supported", f"supported: {entry.params}")
        loc = self.source.loc(node)
        if spelling == "np.shape":
            return ShapeOf(self.leaf(given["a"], node))
        readers = {k: self.dtype_of if k == "dtype" else self.static for k in entry.static if k in given}
        static = {k: read(given.pop(k), node) for k, read in readers.items()}
        static = {k: v for k, v in static.items() if v is not None and v is not False}
        if spelling in ("np.sum", "np.mean") and "dtype" in static:
            given["a"] = self.summed_as(given["a"], static.pop("dtype"), spelling, node)
        if spelling == "np.arange" and "stop" not in given:
            given["stop"] = given.pop("start")
        if spelling == "np.arange":
            given.setdefault("start", Const(0))
        if spelling == "np.clip":
            return self.clip(node, **given)
        operands = [given[p] for p in entry.params if p in given]
        if spelling == "np.where":
            if len(operands) != 3:
                self.fail(node, "np.where with two arguments is not supported", "use the form np.where(test, a, b)")
            test, then, other = (self.as_array(v, node) for v in operands)
            if isinstance(test, Const) and not any(self.shared.ranks.rank(e) != 0 for e in (then, other)):
                return then if test.value else other
            return Op("np.where", (test, then, other), (), loc)
        spelling = {"np.matmul": "np.dot", "np.size": "size", "np.copy": "copy"}.get(spelling, spelling)
        taken = tuple(self.as_array(v, node) for v in operands)
        kind = self.shared.ranks.kind(taken[0]) if spelling.endswith("_like") else None
        if kind is not None and not kind.rank:
            return self.number_like(spelling, static.get("dtype", kind.dtype), *taken[1:])
        return Op(spelling, taken, tuple(sorted(static.items())), loc)

    def summed_as(self, value, dtype, spelling: str, node) -> ir.Expr:
        """Return an array converted to the dtype that it is to be summed in."""
        value = self.as_array(value, node)
        own, wanted = self.shared.ranks.kind(value), dtype
        if isinstance(dtype, ir.Expr):
            kind = self.shared.ranks.kind(dtype)
            wanted = None if kind is None else kind.dtype
        if wanted not in ("float64", "float32", *(("int64",) if spelling == "np.sum" else ())):
            what = f"dtype={wanted or '...'} of {spelling} is not supported"
            self.fail(node, what, "sum as it is, and convert the result")
        same = own is not None and (own.dtype == wanted or wanted == "int64" and (own.is_int or own.dtype == "bool"))
        return value if same else Op("astype", (value,), (("dtype", wanted),), self.source.loc(node))

    def as_array(self, value, node) -> ir.Expr:
        """Return a value as NumPy takes it: lists and tuples of numbers, and shapes, as arrays."""
        value = self.opened(value, node)
        if isinstance(value, List):
            return self.rows_of_list(value, node)
        of_items = isinstance(value, Struct) and value.kind not in ("dict", "dataclass", COMPLEX)
        return self.filled_array(value, None, node) if of_items else self.leaf(value, node)

    def clip(self, node, a, a_min=None, a_max=None):
        value, loc = self.leaf(a, node), self.source.loc(node)
        lo, hi = (Obj(None) if bound is None else bound for bound in (a_min, a_max))
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
        if isinstance(value, Obj) and value.value in (complex, np.complex64, np.complex128):
            self.fail(node, "this function does not give complex numbers here", "add 0j to what it gives")
        self.fail(node, "this option must be known when the function is read", "write a constant")

    def dtype(self, node):
        return self.dtype_of(self.expr(node), node)

    def dtype_of(self, value, node):
        """Return the name of a dtype, or the array whose dtype is meant."""
        found = self.static(value, node)
        if found is None or isinstance(found, ir.Expr):
            return found
        try:
            name = np.dtype(found).name
        except TypeError:
            name = str(found)
        if name not in arrays.DTYPES.values():
            self.fail(node, f"the dtype {name} is not supported", "use float64, float32, integers or bool")
        return name

    def shape_operands(self, node, values):
        """Return the sizes of a shape argument: a tuple, one number, or another array's shape."""
        if len(values) == 1 and isinstance(values[0], Struct):
            values = [v for item in values[0].items for v in self.spread(item, node)]
        if len(values) == 1 and isinstance(values[0], ShapeOf):
            return values[0]
        sizes = []
        for v in values:
            if isinstance(v, ShapeOf):
                self.fail(node, "a shape inside a shape is not supported", "index it")
            sizes.append(self.signed(self.leaf(v, node)))
        return sizes

    def spread(self, value, node) -> list:
        value = self.opened(value, node)
        return list(value.items) if isinstance(value, Struct) else [value]

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
        static = () if dtype is None else (("dtype", self.dtype_of(dtype, node)),)
        sizes = self.shape_operands(node, [shape])
        loc = self.source.loc(node)
        if isinstance(sizes, ShapeOf):
            return Op(f"{spelling}_like", (sizes.array, *fill), static, loc)
        return Op(spelling, (*sizes, *fill), static, loc)

    def array_of(self, node, f):
        """Read `np.array` of an array, or of tuples and lists of numbers."""
        value, *dtype = self.positional(node) or [self.fail(node, "this array has no items", "give them first")]
        options = self.keywords(node)
        dtype = dtype[0] if dtype else options.pop("dtype", None)
        for name, option in options.items():
            if name != "order" and not (name == "copy" and option == Const(True)):
                self.refuse_option(node, name)
        dtype = None if isinstance(dtype, Obj) and dtype.value is None else dtype
        value, loc = self.opened(value, node), self.source.loc(node)
        if isinstance(value, ir.Expr):
            kind = self.shared.ranks.kind(value)
            same = dtype is not None and kind is not None and self.dtype_of(dtype, node) == kind.dtype == "float64"
            if f is not np.array and same:
                dtype = None  # the array itself: nothing that follows can make its dtype wider
            number = kind is not None and not kind.rank and not kind.is_numpy  # from here on it is NumPy's
            own = "copy" if f is np.array else "np.float64" if number and kind.is_float else ""
            copied = Op(own, (value,), (), loc) if own else value
            return copied if dtype is None else Op("astype", (value,), (("dtype", self.dtype_of(dtype, node)),), loc)
        if isinstance(value, List):
            array = self.rows_of_list(value, node)
            if isinstance(node.args[0], ast.ListComp) and value.full:
                self.shared.lists_of_lists.discard(value.buffer.id)  # nothing shows the list
                self.out[:] = [as_array(s, value.buffer.id) for s in self.out]
            else:
                array = Op("copy", (array,), (), loc)
            return array if dtype is None else Op("astype", (array,), (("dtype", self.dtype_of(dtype, node)),), loc)
        return self.filled_array(value, dtype, node) if isinstance(value, Struct) else self.leaf(value, node)

    def slice_of(self, node) -> ir.Slice:
        given = [None if isinstance(v, Obj) and v.value is None else self.leaf(v, node) for v in self.positional(node)]
        if not 1 <= len(given) <= 3:
            self.fail(node, f"slice() takes 1 to 3 arguments, {len(given)} given", "correct the call")
        return ir.Slice(*([None, *given] if len(given) == 1 else given))

    def filled_array(self, value: Struct, dtype, node):
        """Emit an array of known items and return its name."""
        loc = self.source.loc(node)
        shape, leaves = regular(value)
        if shape is None:
            self.fail(node, "the rows of this array differ in length", "make them equal")
        leaves = [self.leaf(v, node) for v in leaves]
        kinds = {type(e.value).__name__ if isinstance(e, Const) else "float" for e in leaves}
        kind = "bool" if kinds == {"bool"} else "int64" if kinds and kinds <= {"int", "bool"} else "float64"
        of_arrays = any(self.shared.ranks.rank(e) for e in leaves)
        if of_arrays and len(shape) > 1:
            self.fail(node, "rows of arrays are not supported", "use np.stack for each row")
        if of_arrays and dtype is not None:
            made = self.filled_array(value, None, node)
            return Op("astype", (made,), (("dtype", self.dtype_of(dtype, node)),), loc)
        kind = kind if dtype is None else self.dtype_of(dtype, node)
        name = self.fresh("array")
        made = Op("np.empty", tuple(map(Const, shape)), dtype_option(kind), loc)
        if dtype is None and len(shape) == 1 and not all(isinstance(e, Const) for e in leaves):
            made = Op("list", (Const(shape[0]),), (("copies", True),), loc)  # of the kind of its items
        self.emit(ir.Let(name, made, loc))
        for at, e in zip(np.ndindex(*shape), leaves, strict=True):
            self.emit(ir.Store(name, tuple(map(Const, at)), e, "=", loc))
        return Name(name)

    def reshaped(self, node, base, shape: list, options: dict):
        """Return an array in another shape, which may be given by name, its elements in either order."""
        shape = [options.pop("shape")] if "shape" in options else shape
        order = options.pop("order", Const("C"))
        if options:
            self.refuse_option(node, next(iter(options)))
        if order == Const("C"):
            return self.reshape(node, base, shape)
        whole = shape[0] if len(shape) == 1 else Struct(tuple(shape), tuple(range(len(shape))))
        return self.user_call(node, np.reshape, ([base, self.opened(whole, node), order], {}))

    def reshape(self, node, base, shape):
        sizes = self.shape_operands(node, shape)
        if isinstance(sizes, ShapeOf):
            return Op("reshape_like", (base, sizes.array), (), self.source.loc(node))
        return Op("reshape", (base, *sizes), (), self.source.loc(node))


def _astype(dtype, copy=True):
    """Stand for the method, with the options that are known."""


def _item(*place):
    """Stand for the method."""


def _lookup(table, key):
    try:
        return table.get(key)
    except TypeError:
        return None
