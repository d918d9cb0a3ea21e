"""Read calls that write or choose from arrays: each is an assignment or a subscript under another name."""

from __future__ import annotations

import ast
import inspect

import numpy as np

from .. import library
from ..language import ir
from ..language.ir import Const, Let, Name, Op, Slice, Sub
from ..rules import elementwise
from .expressions import NOT_HERE, ExpressionReader, Obj, Places, Struct

_READERS = {
    np.take: "take", np.compress: "compress", np.extract: "extract", np.nonzero: "nonzero", np.where: "nonzero",
    np.flatnonzero: "flatnonzero", np.ix_: "ix_", np.copyto: "copyto", np.put: "put",
    np.fill_diagonal: "fill_diagonal", np.diag: "diag", np.diagonal: "diagonal", np.trace: "trace",
    np.swapaxes: "swapaxes", np.moveaxis: "moveaxis", np.rollaxis: "rollaxis", np.transpose: "transpose",
    np.permute_dims: "transpose", np.matrix_transpose: "matrix_transpose", np.flip: "flip", np.flipud: "flipud",
    np.fliplr: "fliplr", np.expand_dims: "expand_dims", np.broadcast_to: "broadcast_to",
    np.broadcast_shapes: "broadcast_shapes", np.broadcast_arrays: "broadcast_arrays",
    np.lib.stride_tricks.sliding_window_view: "sliding_window_view",
}  # fmt: skip
# a store into one of these writes the array it shows
VIEWS = frozenset({"flat", "np.transpose", "permuted", "np.flip", "np.ravel", "reshape", "reshape_like"})
_METHODS = {"put", "take", "compress", "nonzero", "diagonal", "trace", "swapaxes", "fill", "transpose", "flatten"}


class ArrayCallReader(ExpressionReader):
    """Reads them; `NOT_HERE` says that a call is none of these."""

    def written_into(self, node, f, read):
        """Return the value of a NumPy call; with `out=` it is stored there, and that array is the value.

        With `where=` only what it chooses is stored. Where `f` is None the call is one of an array's method.
        """
        args, out = node.args, [k.value for k in node.keywords if k.arg == "out"]
        if isinstance(f, np.ufunc) and len(args) == f.nin + 1 and not any(isinstance(a, ast.Starred) for a in args):
            args, out = args[:-1], args[-1:]
        numpy = f is None or isinstance(f, np.ufunc) or (getattr(f, "__module__", None) or "").startswith("numpy")
        if not out or not numpy:
            return read(node)
        where = [k.value for k in node.keywords if k.arg == "where" and isinstance(f, np.ufunc)]
        rest = [k for k in node.keywords if k.arg != "out" and k.value not in where]
        value = read(ast.copy_location(ast.Call(node.func, args, rest), node))
        target = self.expr(out[0])
        if isinstance(target, Struct) and len(target.items) == 1:
            target = target.items[0]
        if isinstance(target, Obj) and target.value is None:
            return value if not where else self.refuse_option(node, "where")
        target, value = self.leaf(target, node), self.leaf(value, node)
        if isinstance(target, Op) and target.fn not in VIEWS:  # one made for this, as np.zeros_like(a)
            target = self.made(target, "out", node)
        if where:
            value = Op("np.where", (self.scalar(where[0]), value, target), (), self.source.loc(node))
        self.store(target, (ir.Dots(),), value, "out", node)
        return target

    def made(self, value, base: str, node) -> Name:
        """Return an array under a name of its own."""
        name = self.fresh(base)
        self.emit(Let(name, value, self.source.loc(node)))
        return Name(name)

    def numpy_call(self, node, f):
        """Return the value of a call of a function in this page's table."""
        owner = getattr(f, "__self__", None)
        if isinstance(owner, np.ufunc) and f.__name__ == "at":
            return self.fitting(node, self.read_at, owner, *self.positional(node), **self.keywords(node))
        try:
            name = _READERS.get(f)
        except TypeError:
            return NOT_HERE
        # with three arguments np.where is elementwise: read here as well, what they draw would be drawn twice
        if name is None or f is np.where and len(node.args) + len(node.keywords) != 1:
            return NOT_HERE
        return self.fitting(node, getattr(self, f"read_{name}"), *self.positional(node), **self.keywords(node))

    def array_method(self, node, base, name):
        """Return the value of a call of a method in this page's table."""
        if name not in _METHODS or name == "flatten" and (node.args or node.keywords):
            return NOT_HERE
        given = [base, *self.positional(node)]
        if name == "compress" and len(given) > 1:
            given[:2] = given[1], given[0]
        if name == "transpose" and len(given) > 2:
            given = [base, Struct(tuple(given[1:]), tuple(range(len(given) - 1)))]
        return self.fitting(node, getattr(self, f"read_{name}"), *given, **self.keywords(node))

    def fitting(self, node, reader, *args, **options):
        try:
            inspect.signature(reader).bind(node, *args, **options)
        except TypeError as e:
            for name in set(options) - set(inspect.signature(reader).parameters):
                self.refuse_option(node, name)
            self.fail(node, f"{ast.unparse(node.func)}: {e}", "correct the call, or write it out")
        return reader(node, *args, **options)

    # -- writing
    def read_at(self, node, ufunc, a, indices, b=None):
        name = f"np.{ufunc.__name__}"
        if ufunc.nin != 2 or b is None:
            self.fail(node, f"{name}.at of one operand is not supported", "write a loop")
        fn = elementwise.OPERATOR_UFUNCS.get(ufunc) or elementwise.spelling_of(ufunc)
        if fn is None:
            self.fail(node, f"there is no rule for {name}", "write a loop")
        self.store(self.leaf(a, node), self.items(indices, node), self.leaf(b, node), f"at {fn}", node)
        return Obj(None)

    def read_copyto(self, node, dst, src, where=None):
        dst, src = self.leaf(dst, node), self.index_value(src, node)
        if where is not None:
            src = Op("np.where", (self.index_value(where, node), src, dst), (), self.source.loc(node))
        self.store(dst, (ir.Dots(),), src, "out", node)
        return Obj(None)

    def read_put(self, node, a, ind, v):
        flat = Op("flat", (self.leaf(a, node),), (), self.source.loc(node))
        self.store(flat, (self.places(ind, node),), self.index_value(v, node), "=", node)
        return Obj(None)

    def places(self, value, node) -> ir.Expr:
        """Return an array of places; where NumPy takes truth values for the places 0 and 1 they are refused."""
        value = self.index_value(value, node)
        kind = self.shared.ranks.kind(value)
        if kind is not None and kind.dtype == "bool":
            self.fail(node, "a mask is taken for the places 0 and 1 here", "np.flatnonzero(mask), or a[mask]")
        return value

    def read_fill_diagonal(self, node, a, val):
        self.store(self.leaf(a, node), (ir.Dots(),), self.index_value(val, node), "diagonal", node)
        return Obj(None)

    def read_fill(self, node, a, value):
        self.store(a, (ir.Dots(),), self.leaf(value, node), "=", node)
        return Obj(None)

    # -- choosing
    def read_take(self, node, a, indices, axis=None, mode=None):
        if mode not in (None, Const("raise")):
            values = [self.as_array(a, node), indices, axis or Obj(None), mode]
            return self.user_call(node, library.choice.taken_within, (values, {}))
        return self.taken(node, self.leaf(a, node), self.places(indices, node), self.axis(axis, node))

    def taken(self, node, a, indices, axis: int | None):
        loc = self.source.loc(node)
        chosen = Sub(self.flat(a, node), (indices,), loc) if axis is None else Sub(a, self.along(axis, indices), loc)
        return Op("copy", (chosen,), (), loc)

    def read_compress(self, node, condition, a, axis=None):
        # the places: a condition may be shorter than the axis
        chosen = self.chosen(self.as_mask(self.index_value(condition, node), node), node)
        return self.taken(node, self.leaf(a, node), chosen, self.axis(axis, node))

    def read_extract(self, node, condition, arr):
        mask = self.as_mask(self.flat(self.index_value(condition, node), node), node)
        return Sub(self.flat(self.leaf(arr, node), node), (mask,), self.source.loc(node))

    def read_nonzero(self, node, a):
        return Places(self.as_mask(self.leaf(a, node), node))

    def as_result(self, value, node):
        """Return what a function returns; what np.nonzero gives leaves as a tuple of index arrays."""
        if not isinstance(value, Places) or self.is_callee or self.is_page:
            return value
        mask, loc = self.hold(value.mask, node), self.source.loc(node)
        axes = range(self.shared.ranks.rank(mask) or 1)
        return Struct(tuple(Op("np.nonzero", (mask,), (("axis", k),), loc) for k in axes), tuple(axes))

    def read_flatnonzero(self, node, a):
        flat = self.as_mask(self.flat(self.leaf(a, node), node), node)
        return Op("np.nonzero", (flat,), (("axis", 0),), self.source.loc(node))

    def read_ix_(self, node, *lists):
        whole = (Slice(),)
        items = [self.chosen(self.index_value(v, node), node) for v in lists]
        new = (ir.NewAxis(),)
        open_ = [Sub(e, new * k + whole + new * (len(items) - k - 1)) for k, e in enumerate(items)]
        return Struct(tuple(open_), tuple(range(len(open_))))

    def chosen(self, value: ir.Expr, node) -> ir.Expr:
        """Return an index array, of a mask the places where it is true."""
        kind = self.shared.ranks.kind(value)
        if kind is None or kind.dtype != "bool":
            return value
        return self.hold(Op("np.nonzero", (value,), (("axis", 0),), self.source.loc(node)), node)

    def limits(self, node, f):
        """Return `np.finfo` or `np.iinfo` of a dtype, whose fields are constants."""
        dtype = self.static(self.positional(node)[0], node)
        if isinstance(dtype, ir.Expr):
            kind = self.shared.ranks.kind(dtype)
            if kind is None:
                self.fail(node, "the dtype is not known here", "name it: np.float64")
            dtype = kind.dtype
        return Obj(f(np.dtype(dtype)))

    def without_cast(self, value):
        """Return the array itself where a cast, such as `np.float64(a)`, gives it back as it is."""
        if isinstance(value, Op) and value.fn in elementwise.CASTS and value.fn.startswith("np."):
            own = self.shared.ranks.kind(value.args[0])
            if own is not None and own.rank and own == self.shared.ranks.kind(value):
                return value.args[0]
        return value

    def as_mask(self, value: ir.Expr, node) -> ir.Expr:
        return Op("bool", (value,), (), self.source.loc(node))

    def flat(self, value: ir.Expr, node) -> ir.Expr:
        return Op("np.ravel", (value,), (), self.source.loc(node))

    def axis(self, value, node, what: str = "the axis") -> int | None:
        if value is None or (isinstance(value, Obj) and value.value is None):
            return None
        if isinstance(value, Const) and type(value.value) is int:
            return value.value
        self.fail(node, f"{what} must be an integer constant", "write the number")

    def along(self, axis: int, item: ir.Expr) -> tuple[ir.Expr, ...]:
        """Return the subscript that applies an item to one axis."""
        if axis >= 0:
            return (Slice(),) * axis + (item,)
        return (ir.Dots(), item, *(Slice(),) * (-axis - 1))
