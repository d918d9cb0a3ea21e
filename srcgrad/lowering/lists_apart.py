"""Lists of arrays of different sizes: the elements of all items in one array, and where each item begins.

An item is a part of that array, in the shape that was put in; a new one is laid behind all others, also where it takes
the place of another. A list of arrays of one size is an array with one more axis: this is for those that are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import reduce

from ..errors import UnsupportedError
from ..language import ir
from ..language.ir import Block, Const, Expr, Function, Kind, Let, Name, Op, Slice, Stmt, Store, Sub
from ..language.kind import dtype_option
from ..language.lists import AS_LIST, PUT, is_list
from ..language.sum_order import INPLACE

JOINED = "arrays that are joined along one axis differ in length along another one"


class SizesDiffer(Exception):
    """The arrays in a list differ in size; `error` says so where they cannot be an array with one more axis."""

    def __init__(self, name: str, error: UnsupportedError | None = None):
        super().__init__(name)
        self.name, self.error = name, error


class _Whole(Exception):
    """A list is used as a whole, as the array that it is not."""


def lay_apart(function: Function, name: str, kinds: dict[str, Kind]) -> Function | None:
    """Return the function with the items of a list of arrays one behind the other; None where that does not do.

    >>> from srcgrad.language.emit import emit
    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text('''
    ... def f(x, n):
    ...     ys = []
    ...     for i in range(n):
    ...         ys.append(x[i:])
    ...     return ys[0][1]''')
    >>> made = lay_apart(f, "ys", {"x": Kind("float64", 1), "n": Kind("int64"), "ys": Kind("float64", 2)})
    >>> print(emit(made, comments=False))
    def f(x, n):
        ys_elements = np.empty(8)
        ys_top = 0
        ys_start = list()
        ys_size = list()
        ys_count = 0
        for i in range(n):
            ys_start = grow(ys_start) if ys_count == ys_start.shape[0] else ys_start
            ys_size = grow(ys_size) if ys_count == ys_size.shape[0] else ys_size
            ys_item = x[i:]
            ys_at = ys_top
            ys_start[ys_count] = ys_at
            ys_size[ys_count] = ys_item.shape[0]
            ys_top += ys_item.shape[0]
            ys_elements = grow(ys_elements, ys_top) if ys_top > ys_elements.shape[0] else ys_elements
            ys_room = part(ys_elements, ys_at, ys_item.shape[0])
            ys_room[...] = ys_item  # put
            ys_count += 1
        return part(ys_elements, head(ys_start, ys_count)[0], head(ys_size, ys_count)[0])[1]
    """
    fresh = ir.Fresh(ir.all_names(function))
    try:
        return _Layout.of(name, kinds, fresh, function).laid_apart(function)
    except _Whole:
        return None


@dataclass
class _Layout:
    """The names of a list's parts, and of lists of the same items: each with the arrays that tell where they are."""

    name: str
    kinds: dict[str, Kind]
    fresh: ir.Fresh
    elements: str
    top: str
    places: dict[str, tuple[str, ...]]  # of each list the arrays of where its items begin, and of their sizes

    @classmethod
    def of(cls, name: str, kinds: dict[str, Kind], fresh: ir.Fresh, function: Function) -> _Layout:
        made = cls(name, kinds, fresh, fresh(f"{name}_elements"), fresh(f"{name}_top"), {})
        made.places[name] = made.new_places(name)
        for stmt in ir.statements(function.body):
            if isinstance(stmt, Let) and stmt.target not in made.places and made.is_list(made.uncopied(stmt.value)):
                made.places[stmt.target] = made.new_places(stmt.target)
        return made

    def new_places(self, name: str) -> tuple[str, ...]:
        axes = self.kinds[self.name].rank - 1
        sizes = [f"{name}_size" if axes == 1 else f"{name}_size_{d}" for d in range(axes)]
        return tuple(map(self.fresh, (f"{name}_start", *sizes)))

    # -- what stands for the list
    def is_list(self, e: Expr) -> bool:
        """Return whether an expression is the list, as many of its items as count, or a slice of these."""
        if isinstance(e, Op) and e.fn == "head":
            return self.is_list(e.args[0])
        if isinstance(e, Sub):
            return len(e.index) == 1 and isinstance(e.index[0], Slice) and self.is_list(e.base)
        return isinstance(e, Name) and e.id in self.places

    def uncopied(self, e: Expr) -> Expr:
        """Return the list of which an expression makes another one with the same items, else the expression."""
        return e.args[0] if isinstance(e, Op) and e.fn == "copy" and AS_LIST[0] in e.static else e

    def place(self, e: Expr, k: int) -> Expr:
        """Return what the list is, of its starts (0) or sizes."""
        if isinstance(e, Op):
            return replace(e, args=(self.place(e.args[0], k), *map(self.expr, e.args[1:])))
        if isinstance(e, Sub):
            return replace(e, base=self.place(e.base, k), index=tuple(map(self.expr, e.index)))
        assert isinstance(e, Name), e
        return Name(self.places[e.id][k])

    def item_of(self, e: Sub) -> Expr:
        """Return an item of the list, or what stands in it."""
        at, *rest = e.index
        if isinstance(at, Slice | ir.NewAxis | ir.Dots) or self.kind_rank(at):
            raise _Whole
        at = self.expr(at)
        found = self.part(*(Sub(self.place(e.base, k), (at,), e.loc) for k in range(len(self.places[self.name]))))
        return Sub(found, tuple(map(self.expr, rest)), e.loc) if rest else found

    def part(self, start: Expr, *sizes: Expr) -> Op:
        return Op("part", (Name(self.elements), start, *sizes))

    def kind_rank(self, e: Expr) -> int:
        names = [self.kinds[n].rank for n in ir.names_in(e) if n in self.kinds]
        return max(names, default=0) if not isinstance(e, Sub | Op) else 0

    def expr(self, e: Expr) -> Expr:
        """Return an expression with the items of the list as parts of its elements."""
        if isinstance(e, Sub) and self.is_list(e.base) and not self.is_list(e):
            return self.item_of(e)
        if isinstance(e, Op) and e.fn in ("len", "shape") and self.is_list(e.args[0]):
            if e.fn == "shape" and e.option("axis") != 0:
                raise _Whole
            return replace(e, args=(self.place(e.args[0], 0),))
        if self.is_list(e):
            raise _Whole
        return ir.rebuild(e, self.expr)

    # -- statements
    def laid_apart(self, function: Function) -> Function:
        loc = next(s.loc for s in ir.statements(function.body) if isinstance(s, Let) and s.target == self.name)
        dtype = self.kinds[self.name].dtype
        static = dtype_option(dtype)
        if loc is not None and loc.spoken is not None:
            loc.spoken.known[self.elements] = self.name
        head = (Let(self.elements, Op("np.empty", (Const(8),), static, loc), loc), Let(self.top, Const(0), loc))
        return replace(function, body=(*head, *self.block(function.body)))

    def block(self, block: Block) -> tuple[Stmt, ...]:
        return tuple(s for stmt in block for s in self.stmt(stmt))

    def stmt(self, stmt: Stmt) -> Iterator[Stmt]:
        if isinstance(stmt, Let) and stmt.target in self.places:
            yield from self.made(stmt)
        elif isinstance(stmt, ir.Grow) and stmt.base == self.name:
            yield from (replace(stmt, base=place) for place in self.places[self.name])
        elif isinstance(stmt, Store) and stmt.base in self.places:
            yield from self.stored(stmt)
        elif isinstance(stmt, Let) and isinstance(stmt.value, Sub) and len(stmt.value.index) == 1 and (
            self.is_list(stmt.value.base)):  # fmt: skip
            yield from self.item_named(stmt, stmt.value)
        else:
            yield from self.with_joined(stmt)

    def item_named(self, stmt: Let, value: Sub) -> Iterator[Stmt]:
        """Yield what gives an item a name."""
        item = self.item_of(value)
        assert isinstance(item, Op), item
        names = []
        for place, e in zip(self.places[self.name], item.args[1:], strict=True):
            names.append(self.fresh(stmt.target + place.removeprefix(self.name)))
            yield Let(names[-1], e, stmt.loc)
        yield replace(stmt, value=self.part(*map(Name, names)))

    def made(self, stmt: Let) -> Iterator[Stmt]:
        """Yield what makes the list, or another one of the same items."""
        other = self.uncopied(stmt.value)
        for k, place in enumerate(self.places[stmt.target]):
            if stmt.target == self.name and is_list(stmt):
                if isinstance(stmt.value, Op) and len(stmt.value.args) > 1:
                    raise _Whole
                yield replace(stmt, target=place)
            elif self.is_list(other):
                held = self.place(other, k)
                yield replace(stmt, target=place, value=held if other is stmt.value else Op("copy", (held,), AS_LIST))
            else:
                raise _Whole

    def with_joined(self, stmt: Stmt) -> Iterator[Stmt]:
        """Yield a statement, before it what makes one array of the list's items where it asks for that."""
        found = [e for e in ir.walk(*ir.exprs_of(stmt)) if self.joined_by(e) is not None]
        if found and any(isinstance(e, ir.Select) or isinstance(e, Op) and e.fn in ("and", "or")
                         for e in ir.walk(*ir.exprs_of(stmt))) or found and isinstance(stmt, ir.While):  # fmt: skip
            raise _Whole
        table: dict[Expr, Expr] = {}
        for e in dict.fromkeys(found):
            items = self.joined_by(e)
            assert items is not None, e
            name = stmt.target if isinstance(stmt, Let) and stmt.value == e else self.fresh(f"{self.name}_joined")
            yield from self.joined(name, items, stmt.loc)
            table[e] = Name(name)
        if isinstance(stmt, Let) and table.get(stmt.value) == Name(stmt.target):
            return
        stmt = ir.with_exprs(stmt, lambda e: self.expr(ir.substitute(e, table)))
        yield ir.with_blocks(stmt, self.block)

    def joined_by(self, e: Expr) -> Expr | None:
        """Return the list of which an expression joins the items along their first axis, None of any other."""
        made = e.args[0] if isinstance(e, Op) and e.fn == "copy" else None
        if not isinstance(made, Op) or made.fn != "reshape" or not self.is_list(made.args[0]):
            return None
        first, second, *rest = (Op("shape", (made.args[0],), (("axis", d),)) for d in range(self.kinds[self.name].rank))
        return made.args[0] if made.args[1:] == (Op("mul", (first, second)), *rest) else None

    def joined(self, target: str, items: Expr, loc) -> Iterator[Stmt]:
        """Yield what lays the items of the list one behind the other in an array of its own."""
        k, n, at = (self.fresh(f"{target}_{part}") for part in ("item", "length", "at"))
        start, *sizes = (Sub(self.place(items, d), (Name(k),)) for d in range(len(self.places[self.name])))
        none = Op("eq", (count := Op("len", (self.place(items, 0),)), Const(0)))
        yield ir.If(none, (ir.Raise("ValueError", (Const("need at least one array to concatenate"),), loc),), (), loc)
        others: list[Name] = []
        for d in range(2, len(sizes) + 1):
            others.append(Name(self.fresh(f"{target}_size")))
            yield Let(others[-1].id, Sub(self.place(items, d), (Const(0),)), loc)
        rows = (self.adds(n, sizes[0], loc),)
        differs = [ir.If(Op("ne", (size, other)), (ir.Raise("ValueError", (Const(JOINED),), loc),), (), loc)
                   for size, other in zip(sizes[1:], others, strict=True)]  # fmt: skip
        yield Let(n, Const(0), loc)
        yield ir.For(k, Const(0), count, Const(1), (*differs, *rows), (), loc)
        flat = self.fresh(f"{target}_flat") if others else target
        dtype = self.kinds[self.name].dtype
        static = dtype_option(dtype)
        yield Let(flat, Op("np.empty", (reduce(_times, list[Expr]((Name(n), *others))),), static, loc), loc)
        yield Let(at, Const(0), loc)
        room = self.fresh(f"{target}_room")
        body = (Let(room, Op("part", (Name(flat), Name(at), *sizes)), loc),
                Store(room, (ir.Dots(),), self.part(start, *sizes), "=", loc),
                self.adds(at, reduce(_times, list[Expr](sizes)), loc))  # fmt: skip
        yield ir.For(k, Const(0), count, Const(1), body, (), loc)
        if others:
            yield Let(target, Op("reshape", (Name(flat), Name(n), *others), (), loc), loc)

    def adds(self, name: str, more: Expr, loc) -> Let:
        return Let(name, Op("add", (Name(name), more), INPLACE), loc)

    def stored(self, stmt: Store) -> Iterator[Stmt]:
        """Yield what puts an item into the list, or writes into one."""
        at, *rest = stmt.index
        if isinstance(at, Slice | ir.NewAxis | ir.Dots) or self.kind_rank(at):
            raise _Whole
        at, loc = self.expr(at), stmt.loc
        if rest or stmt.op != "=":
            item = self.fresh(f"{self.name}_item")
            yield Let(item, self.item_of(Sub(Name(stmt.base), (at,), loc)), loc)
            index = tuple(map(self.expr, rest)) if rest else (ir.Dots(),)
            yield replace(stmt, base=item, index=index, value=self.expr(stmt.value))
        elif isinstance(stmt.value, Sub) and self.is_list(stmt.value.base) and len(stmt.value.index) == 1:
            other, given = self.expr(stmt.value.index[0]), stmt.value.base
            for k, place in enumerate(self.places[stmt.base]):  # the same array
                yield replace(stmt, base=place, index=(at,), value=Sub(self.place(given, k), (other,), loc))
        else:
            yield from self.put(stmt.base, at, self.expr(stmt.value), loc)

    def put(self, base: str, at: Expr, value: Expr, loc) -> Iterator[Stmt]:
        """Yield what lays an item behind all others."""
        if not isinstance(value, Name):
            item = self.fresh(f"{self.name}_item")
            yield Let(item, value, loc)
            value = Name(item)
        start = self.fresh(f"{self.name}_at")
        lengths: list[Expr] = [Op("shape", (value,), (("axis", d),)) for d in range(len(self.places[base]) - 1)]
        yield Let(start, Name(self.top), loc)
        for place, told in zip(self.places[base], (Name(start), *lengths), strict=True):
            yield Store(place, (at,), told, "=", loc)
        yield self.adds(self.top, reduce(_times, lengths), loc)
        yield ir.Grow(self.elements, Name(self.top), True, loc)
        room = self.fresh(f"{self.name}_room")
        yield Let(room, self.part(Name(start), *lengths), loc)
        yield Store(room, (ir.Dots(),), value, PUT, loc)


def _times(m: Expr, n: Expr) -> Expr:
    return Op("mul", (m, n))
