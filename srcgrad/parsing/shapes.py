"""Read calls that turn arrays or give them other axes: what they give shows the same memory."""

from __future__ import annotations

from functools import reduce

from .. import library
from ..language import ir
from ..language.ir import Const, Op, Slice, Sub
from .expressions import ExpressionReader, Obj, ShapeOf, Struct

_BACKWARD = Slice(None, None, Const(-1))


class ShapeReader(ExpressionReader):
    """Reads them; `ArrayCallReader` has the table of their names."""

    def axes_count(self, value: ir.Expr, node) -> ir.Expr:
        """Return the number of axes of an array: a constant where what was read so far tells it."""
        rank = self.shared.ranks.rank(value)
        return Op("ndim", (value,), (), self.source.loc(node)) if rank is None else Const(rank)

    def read_diag(self, node, v, k=None):
        v = self.as_array(v, node)
        if self.at_run_time(k) and self.rank_known(v, node) == 1:
            return self.user_call(node, library.construction.beside_diagonal, ([v, k], {}))
        v, k = self.beside(v, k, node)
        return Op("np.diag", (v,), (("k", k),), self.source.loc(node))

    def at_run_time(self, offset) -> bool:
        """Return whether the offset of a diagonal is known only at run time."""
        return isinstance(offset, ir.Expr) and self.integer(offset) is None

    def beside(self, a: ir.Expr, offset, node) -> tuple[ir.Expr, int]:
        """Return (array, offset) of a diagonal of its last two axes: of an offset that is known, else of a part."""
        if not self.at_run_time(offset):
            return a, self.axis(offset, node, "the offset") or 0
        below, above = Op("max", (Op("neg", (offset,)), Const(0))), Op("max", (offset, Const(0)))
        return Sub(a, (ir.Dots(), Slice(below), Slice(above)), self.source.loc(node)), 0

    def read_diagonal(self, node, a, offset=None, axis1=None, axis2=None):
        a, loc = self.as_array(a, node), self.source.loc(node)
        rank = self.shared.ranks.rank(a)
        if rank is not None and (rank > 2 or axis1 is not None or axis2 is not None):
            first, second = (self.of_axes(v, rank, node, d) for v, d in ((axis1, 0), (axis2, 1)))
            if rank < 2 or first == second:
                self.fail(node, f"the diagonal of {rank} axes needs two of them", "name two that exist")
            order = (*(d for d in range(rank) if d not in (first, second)), first, second)
            a = a if order == tuple(range(rank)) else Op("permuted", (a,), (("axes", order),), loc)
        a, k = self.beside(a, offset, node)
        return Op("np.diag", (a,), (("k", k), ("rank", 2)), loc)

    def of_axes(self, value, rank: int, node, default: int) -> int:
        """Return an axis counted from the first one."""
        axis = self.axis(value, node)
        axis = default if axis is None else axis
        if not -rank <= axis < rank:
            self.fail(node, f"axis {axis} of an array with {rank} axes", "name an axis that exists")
        return axis % rank

    def read_trace(self, node, a, offset=None, axis1=None, axis2=None):
        diagonal = self.read_diagonal(node, a, offset, axis1, axis2)
        return Op("np.sum", (diagonal,), (("axis", -1),), self.source.loc(node))

    def read_flatten(self, node, a):
        return Op("np.ravel", (a,), (("copy", True),), self.source.loc(node))

    def read_swapaxes(self, node, a, axis1, axis2):
        axes = self.axis(axis1, node), self.axis(axis2, node)
        return Op("permuted", (self.as_array(a, node),), (("swap", axes),), self.source.loc(node))

    def read_moveaxis(self, node, a, source, destination):
        if isinstance(source, Struct) or isinstance(destination, Struct):
            places = [self.known_value(v, node) for v in (source, destination)]
            return self.ordered(node, a, lambda rank: library.axes.axes_moved(rank, *places))
        axes = self.axis(source, node), self.axis(destination, node)
        return Op("permuted", (self.as_array(a, node),), (("move", axes),), self.source.loc(node))

    def read_rollaxis(self, node, a, axis, start=None):
        of, to = self.axis(axis, node), self.axis(start, node) or 0

        def order(rank: int):
            first, last = library.axes.axis_of(of, rank), to + rank if to < 0 else to
            return library.axes.axes_moved(rank, first, last - (first < last))

        return self.ordered(node, a, order)

    def read_matrix_transpose(self, node, x):
        return Op("permuted", (self.as_array(x, node),), (("swap", (-1, -2)),), self.source.loc(node))

    def ordered(self, node, a, order) -> ir.Expr:
        """Return an array with its axes in another order, which `order` tells for their number."""
        a = self.as_array(a, node)
        rank = self.rank_known(a, node)
        try:
            return Op("permuted", (a,), (("axes", order(rank)),), self.source.loc(node))
        except ValueError as e:
            self.fail(node, str(e), "name axes that exist")

    def rank_known(self, a: ir.Expr, node) -> int:
        rank = self.shared.ranks.rank(a)
        if rank is None:
            self.fail(node, "the number of axes is not known here", "write the axes out")
        return rank

    def read_transpose(self, node, a, axes=None):
        if axes is None or (isinstance(axes, Obj) and axes.value is None):
            return Op("np.transpose", (self.as_array(a, node),), (), self.source.loc(node))
        if not isinstance(axes, Struct):
            self.fail(node, "the axes must be integer constants", "write the numbers")
        order = tuple(self.axis(v, node) for v in axes.items)
        if len({v + len(order) if v < 0 else v for v in order}) < len(order):
            self.fail(node, "an axis stands twice in this transpose", "name every axis once")
        return Op("permuted", (self.as_array(a, node),), (("axes", order),), self.source.loc(node))

    def read_flip(self, node, m, axis=None):
        m, loc = self.as_array(m, node), self.source.loc(node)
        if axis is None or (isinstance(axis, Obj) and axis.value is None):
            return Op("np.flip", (m,), (), loc)
        for v in axis.items if isinstance(axis, Struct) else (axis,):
            m = Sub(m, self.along(self.axis(v, node), _BACKWARD), loc)
        return m

    def read_flipud(self, node, m):
        return Sub(self.as_array(m, node), (_BACKWARD,), self.source.loc(node))

    def read_fliplr(self, node, m):
        return Sub(self.as_array(m, node), (Slice(), _BACKWARD), self.source.loc(node))

    def read_expand_dims(self, node, a, axis):
        a, loc = self.as_array(a, node), self.source.loc(node)
        if self.shared.ranks.rank(a) == 0:
            return self.reshape(node, a, [Const(1)] * (len(axis.items) if isinstance(axis, Struct) else 1))
        if not isinstance(axis, Struct):
            return Sub(a, self.along(self.axis(axis, node), ir.NewAxis()), loc)
        rank = self.rank_known(a, node) + len(axis.items)
        new = [self.of_axes(v, rank, node, 0) for v in axis.items]
        return Sub(a, tuple(ir.NewAxis() if d in new else Slice() for d in range(rank)), loc)

    def read_sliding_window_view(self, node, x, window_shape, axis=None):
        x = self.as_array(x, node)
        rank, shape = self.rank_known(x, node), self.opened(window_shape, node)
        sizes = [self.leaf(v, node) for v in (shape.items if isinstance(shape, Struct) else (shape,))]
        given = axis.items if isinstance(axis, Struct) else () if axis is None else (axis,)
        if isinstance(axis, Obj) and axis.value is None:
            given = ()
        axes = tuple(self.of_axes(v, rank, node, 0) for v in given) if given else tuple(range(rank))
        if len(axes) != len(sizes):
            self.fail(node, f"{len(sizes)} sizes of a window along {len(axes)} axes", "give a size for each axis")
        return Op("windows", (x, *sizes), (("axes", axes),), self.source.loc(node))

    # -- broadcasting
    def read_broadcast_to(self, node, array, shape):
        array = self.as_array(array, node)
        sizes = self.shape_operands(node, [self.opened(shape, node)])
        if not isinstance(sizes, list):
            self.fail(node, "the number of axes is not known here", "write the sizes out")
        return Op("broadcast_to", (array, *sizes), (), self.source.loc(node))

    def read_broadcast_shapes(self, node, *shapes):
        """Return the sizes that arrays of these shapes have together."""
        rows = [self.sizes_of(v, node) for v in shapes]
        count = max(map(len, rows), default=0)
        padded = [[Const(1)] * (count - len(r)) + r for r in rows]
        sizes = [self.common_size(list(dict.fromkeys(column)), node) for column in zip(*padded, strict=True)]
        return Struct(tuple(sizes), tuple(range(count)))

    def sizes_of(self, shape, node) -> list:
        shape = self.opened(shape, node)
        return [self.leaf(v, node) for v in (shape.items if isinstance(shape, Struct) else (shape,))]

    def common_size(self, sizes: list, node) -> ir.Expr:
        """Return the size that others are repeated to; which of them are 1 shows at run time."""
        longer = [n for n in sizes if n != Const(1)]
        if len(longer) < 2:
            return longer[0] if longer else Const(1)
        made = reduce(lambda a, b: Op("add", (a, b)), [Op("np.empty", (n,)) for n in longer])
        name, loc = self.fresh("n"), self.source.loc(node)
        self.emit(ir.Let(name, Op("shape", (made,), (("axis", 0),), loc), loc))
        return ir.Name(name)

    def read_broadcast_arrays(self, node, *args):
        arrays = [self.as_array(v, node) for v in args]
        shapes = [Struct(tuple(self.sizes_of(ShapeOf(a), node)), ()) for a in arrays]
        sizes = self.read_broadcast_shapes(node, *shapes).items
        loc = self.source.loc(node)
        return Struct(tuple(Op("broadcast_to", (a, *sizes), (), loc) for a in arrays), tuple(range(len(arrays))))

    def number_like(self, spelling: str, dtype: str, *fill: ir.Expr) -> ir.Expr:
        """Return what `np.zeros_like` and its like give of a number, which has no axes."""
        value = fill[0] if fill else Const(float(spelling == "np.ones_like"))
        if dtype == "bool":
            return Op("ne", (value, Const(0)))
        return value if dtype == "float64" and not fill else Op(f"np.{dtype}", (value,))
