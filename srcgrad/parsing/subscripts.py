"""Read subscripts: items of tuples and shapes, elements and parts of arrays, and what stands between the brackets."""

from __future__ import annotations

import ast
from dataclasses import replace

import numpy as np

from .. import library
from ..language import ir
from ..language.ir import Const, Name, Op, Slice, Sub
from ..language.lists import AS_LIST
from .expressions import NOT_HERE, ExpressionReader, List, Obj, Places, ShapeOf, Stop, Struct, is_text
from .integer_keys import UNKNOWN, UNKNOWN_ITEM, WAY_OUT


class SubscriptReader(ExpressionReader):
    """Reads them."""

    def expr_subscript(self, node):
        value = self.expr(node.value)
        if self.is_complex(value):
            return self.complex_element(node, value)
        own = self.item_by_class(node, value)
        if own is not NOT_HERE:
            return own
        if isinstance(value, Struct | ShapeOf | Places):
            return self.item(value, node)
        if isinstance(value, List):
            return self.item_at(value, node)
        if is_text(value):
            return Const(self.part_of(value.value, node), self.source.loc(node))
        if isinstance(value, Obj) and isinstance(value.value, type(np.mgrid) | type(np.ogrid)):
            return self.grid(node, value.value)
        if isinstance(value, Obj) and isinstance(value.value, type(np.r_) | type(np.c_)):
            return self.side_by_side(node, value.value)
        if isinstance(value, Obj) and isinstance(value.value, type(np.s_)):
            items = self.index(node.slice)
            alone = not value.value.maketuple and not isinstance(node.slice, ast.Tuple)
            return items[0] if alone else Struct(items, tuple(range(len(items))))
        if isinstance(value, Obj):
            self.fail(node, f"{ast.unparse(node.value)} cannot be indexed here", "index arrays and tuples")
        start = len(self.out)
        index = self.index(node.slice)
        (value,) = self.as_before(start, [value], node)
        part = Sub(value, index, self.source.loc(node))
        of_flat = isinstance(value, ir.Op) and value.fn == "flat" and self.shared.ranks.rank(part) != 0
        if isinstance(node.slice, ast.Slice) and self.is_row(value):
            return Op("copy", (part,), AS_LIST, part.loc)
        return Op("copy", (part,), (), part.loc) if of_flat else part

    def part_of(self, items, node):
        """Return an item, or those of a slice, of a text or tuple that is known."""
        if isinstance(node.slice, ast.Slice):
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            return items[slice(*(None if e is None else self.constant_int(e) for e in parts))]
        place = self.constant_int(node.slice)
        if not -len(items) <= place < len(items):
            self.fail(node, f"no item {place} in this text", f"it has {len(items)} characters")
        return items[place]

    def grid(self, node, maker):
        """Return `np.mgrid[...]` or `np.ogrid[...]`: a step of `5j` stands for five places."""
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        ranges = []
        for item in items:
            if not isinstance(item, ast.Slice) or item.upper is None:
                self.fail(node, "the places of a grid are slices with an end", "np.mgrid[0:n, 0:m]")
            step = item.step
            count = isinstance(step, ast.Constant) and isinstance(step.value, complex)
            parts = [Const(0) if item.lower is None else self.scalar(item.lower), self.scalar(item.upper)]
            parts.append(Const(int(abs(step.value))) if count else Const(1) if step is None else self.scalar(step))
            ranges.append(Struct((*parts, Const(count)), (0, 1, 2, 3)))
        whole = Struct(tuple(ranges), tuple(range(len(ranges))))
        page = library.construction.open_grid if maker is np.ogrid else library.construction.dense_grid
        return self.user_call(node, page, ([whole], {}))

    def side_by_side(self, node, maker):
        """Return `np.r_[...]` or `np.c_[...]`: arrays, numbers and ranges of whole numbers put together."""
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        arrays = []
        for part in parts:
            if isinstance(part, ast.Slice):
                if part.upper is None or isinstance(part.step, ast.Constant) and isinstance(part.step.value, complex):
                    self.fail(part, "this range is not supported here", "write np.arange or np.linspace")
                ends = [part.lower, part.upper, part.step]
                given = [Const(k) if e is None else self.scalar(e) for k, e in enumerate(ends)]
                given[2] = given[2] if part.step else Const(1)
                arrays.append(self.user_call(node, np.arange, (given, {})))
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                self.fail(part, "a text that says how arrays are put together is not supported", "np.concatenate")
            else:
                arrays.append(self.expr(part))
        whole = Struct(tuple(arrays), tuple(range(len(arrays))))
        page = library.assembly.in_columns if maker is np.c_ else library.assembly.in_a_row
        return self.user_call(node, page, ([whole], {}))

    def item(self, value, node):
        is_shape, value = isinstance(value, ShapeOf), self.opened(value, node)
        if isinstance(node.slice, ast.Slice) and isinstance(value, Struct):
            if value.kind == "list" and value.items and all(map(self.is_number, value.items)):
                bounds = self.index_part(node.slice)
                if any(self.integer(e) is None for e in ir.children(bounds)):
                    return self.copied_items(Sub(self.as_array(value, node), (bounds,), self.source.loc(node)), node)
            items = self.part_of(value.items, node)
            return Struct(items, tuple(range(len(items))), "list" if value.kind == "list" else "tuple")
        key = self.expr(node.slice)
        key = (self.as_key(key) if isinstance(value, Struct) and value.kind == "dict" else None) or key
        whole = self.integer(key)
        key = key if whole is None else Const(whole)
        if isinstance(key, ir.Expr) and not isinstance(key, Const) and isinstance(value, Struct):
            return self.picked(value, key, node)
        if not isinstance(key, Const) and isinstance(value, Struct):
            if value.kind == "dict":
                self.fail(node, UNKNOWN_ITEM, WAY_OUT)
            self.fail(node, f"a {value.kind} is indexed by what is no constant", "index it by one")
        if not isinstance(key, Const):
            self.fail(node, "a shape is indexed by a value known only at run time", "index it by a constant")
        if isinstance(value, ShapeOf):
            return Op("shape", (value.array,), (("axis", key.value),), self.source.loc(node))
        if isinstance(value, Places):
            return Op("np.nonzero", (value.mask,), (("axis", key.value),), self.source.loc(node))
        if value.kind != "dict" and not isinstance(key.value, int):
            what = f"a {value.kind} is indexed by {key.value!r}"
            self.fail(node, what, "index it by whole numbers, or take a field: p.x")
        try:
            position = value.keys.index(key.value) if value.kind == "dict" else range(len(value.items))[key.value]
        except (ValueError, IndexError):
            if is_shape:
                axes = len(value.items)
                self.fail(node, f"axis {key.value} of an array with {axes} axes", "name an axis that exists")
            unknown = [p for p in self.problems if value.kind == "dict" and p.what in UNKNOWN]
            if unknown:
                raise Stop(unknown[0]) from None  # what would have given it the key was refused
            self.fail(node, f"no item {key.value!r} in this {value.kind}", f"items: {', '.join(map(str, value.keys))}")
        return value.items[position]

    def picked(self, value: Struct, key: ir.Expr, node):
        """Return the item of a tuple of numbers at a place known only at run time."""
        items, loc = value.items, self.source.loc(node)
        row = None if self.storing or value.kind == "dict" else self.row_picked(value, key, node)
        if row is not None:
            return row
        if value.kind == "dict":
            self.fail(node, UNKNOWN_ITEM, WAY_OUT)
        if not items or not all(map(self.is_number, items)):
            rows = value.kind == "list" and all(isinstance(v, Struct | ir.Expr) for v in items)
            way_out = "make it an array: np.array(...)" if rows and items else "index it by a constant"
            self.fail(node, f"a {value.kind} is indexed by a value known only at run time", way_out)
        if self.is_truth(key) and len(items) == 2:
            return ir.Select(key, items[1], items[0], loc)
        if all(isinstance(v, Const) for v in items):
            return self.of_python(value.items, Sub(self.table(value, node), (key,), loc))
        items_held = self.hold(self.as_array(value, node), node, "items")
        return self.of_python(items, Sub(items_held, (key,), loc))

    def of_python(self, items, read: ir.Expr) -> ir.Expr:
        """Return what reads one of known items from an array of them: a float of Python's where all are that."""
        kinds = [self.shared.ranks.kind(v) for v in items]
        if any(k is None or k.is_numpy for k in kinds) or not any(k is not None and k.is_float for k in kinds):
            return read
        return Op("float", (read,), (), read.loc)

    def given_by_python(self, value, f, node):
        """Return what a function gives: those of Python's library take numbers, and give numbers of Python."""
        of_math = getattr(f, "__module__", None) == "math"
        if of_math or f in (int, float, bool):
            whole = isinstance(value, Op) and not self.in_library and self.shared.ranks.rank(value)
            if whole and any(self.shared.ranks.rank(a) for a in value.args):
                instead = {int: "x.astype(int)", float: "x.astype(float)", bool: "x != 0"}.get(f, f"np.{f.__name__}(x)")
                self.fail(node, f"{f.__name__}() of an array, which Python does not have", f"an element, or {instead}")
        return self.as_python(value) if of_math else value

    def as_python(self, value):
        """Return a float, or several of them, as those of Python."""
        if isinstance(value, Struct):
            return replace(value, items=tuple(map(self.as_python, value.items)))
        kind = self.shared.ranks.kind(value) if isinstance(value, ir.Expr) else None
        of_numpy = kind is not None and kind.is_float and not kind.rank and kind.is_numpy
        return Op("float", (value,), (), value.loc) if of_numpy else value

    def is_number(self, value) -> bool:
        """Return whether a value is one number, no truth value."""
        kind = self.shared.ranks.kind(value) if isinstance(value, ir.Expr) and not is_text(value) else None
        return isinstance(value, Const) and kind is not None or kind is not None and not kind.rank and (
            kind.is_float or kind.is_int)  # fmt: skip

    def table(self, value: Struct, node) -> ir.Expr:
        """Return an array of the constants in a tuple."""
        if not value.items or any(not isinstance(v, Const) or is_text(v) for v in value.items):
            self.fail(node, "a tuple is run through together with an array", "make it an array: np.array(...)")
        return self.constant_table(tuple(v.value for v in value.items))

    def constant_table(self, numbers: tuple) -> Name:
        """Return an array of numbers of the text."""
        array = self.shared.tables.setdefault(repr(numbers), np.array(numbers))
        return Name(self.capture("table", array))

    def index(self, node) -> tuple[ir.Expr, ...]:
        if isinstance(node, ast.Tuple):
            items: list = []
            for part in node.elts:
                start = len(self.out)
                more = self.index_parts(part)
                items = [*self.as_before(start, items, node), *more]
            if items.count(ir.Dots()) > 1:
                self.fail(node, "an ellipsis stands twice in this index", "write the other axes out")
            return tuple(items)
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

    def index_parts(self, node) -> list[ir.Expr]:
        if isinstance(node, ast.Starred):
            return [self.index_value(v, node) for v in self.starred_items(node)]
        return [self.index_part(node)]

    def index_part(self, node) -> ir.Expr:
        if isinstance(node, ast.Slice):
            ends = [node.lower, node.upper, node.step]
            given = iter(self.in_order([e for e in ends if e is not None]))
            found = Slice(*(None if e is None else self.signed(self.leaf(next(given), e)) for e in ends))
            if found.step == Const(0):
                self.fail(node, "the step of a slice is zero", "leave it out")
            return found
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return ir.Dots()
        return self.index_value(self.expr(node), node)

    def signed(self, value: ir.Expr) -> ir.Expr:
        """Return an end of a range or slice: compiled code makes a float of the sum of signed and unsigned 64 bits."""
        kind = self.shared.ranks.kind(value)
        return value if kind is None or kind.dtype != "uint64" else Op("int", (value,))

    def index_value(self, value, node) -> ir.Expr:
        """Return an item of a subscript: a list is an array, one of constants an array that is known before."""
        if isinstance(value, Obj) and value.value is None:
            return ir.NewAxis()
        if isinstance(value, Obj) and value.value is Ellipsis:
            return ir.Dots()
        if isinstance(value, Struct) and value.items and all(isinstance(v, Const) for v in value.items):
            return self.table(value, node)
        if isinstance(value, Struct) and value.kind in ("list", "tuple"):
            return self.filled_array(value, None if value.items else Obj(np.int64), node)
        if isinstance(value, List):
            return self.rows_of_list(value, node)
        return self.leaf(value, node)

    def constant_int(self, node) -> int:
        value = self.expr(node)
        whole = self.integer(value)
        if whole is not None:
            return whole
        self.fail(node, "this must be an integer constant", "write the number")
