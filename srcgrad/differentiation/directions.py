"""Forward mode along many directions at once: every tangent has an axis more, behind the others, for the direction.

What a statement's partials are is computed once for all directions, and the loop over them runs along memory.
"""

from __future__ import annotations

from dataclasses import replace

from ..analysis.access import element_of, rank_of, root_of, transposed
from ..language import ir
from ..language.ir import Const, Expr, For, If, Kind, Let, Name, Op, Slice, Stmt, Sub
from ..language.kind import dtype_option
from ..language.kinds import kind_of
from ..rules import externals
from .forward import TangentBuilder
from .widths import WIDTH

ZERO, ONE = Const(0), Const(1)


class ManyTangents(TangentBuilder):
    """Writes tangents of as many directions as the name `width` says."""

    many = True

    def __init__(self, kinds, active, fresh: ir.Fresh, pages):
        super().__init__(kinds, active, fresh, pages)
        self.width, self.direction = fresh("directions"), fresh("d")
        kinds[self.width] = kinds[self.direction] = Kind("int64")
        self.bound_numbers: dict[str, None] = {}

    def dot(self, name: str) -> str:
        new = name not in self.dots
        dot = super().dot(name)
        if new:
            self.kinds[dot] = Kind(self.kinds[name].dtype, self.kinds[name].rank + 1)
        return dot

    def heads(self, dots, outs, anew, loc) -> list[Stmt]:
        axis = self.kinds[dots[0]].rank - 1
        made: list[Stmt] = [Let(self.width, Op("shape", (Name(dots[0]),), (("axis", axis),)), loc)]
        own = [n for n in self.bound_numbers if n not in outs]
        if own:
            error = ir.Raise("ValueError", (Const(f"more than {WIDTH} directions at once"),), loc)
            made.append(If(Op("gt", (Name(self.width), Const(WIDTH))), (error,), (), loc))
        for name in self.bound_numbers:
            made.append(Let(self.dot(name), self.memory(name, name in own), loc))
        return made

    def memory(self, name: str, inside: bool) -> Op:
        """Return the memory for a number's tangents: in the frame of the function where they end with the call."""
        made = self.allocation("np.empty", (), self.kinds[name].dtype)
        return replace(made, fn="stack", args=(Const(WIDTH),)) if inside else made

    # -- places
    def place(self, leaf: Expr) -> Expr:
        if isinstance(leaf, Name):
            return Sub(Name(self.dot(leaf.id)), (Name(self.direction),))
        assert isinstance(leaf, Sub), leaf
        return replace(leaf, base=self.shadow(leaf.base), index=(*leaf.index, Name(self.direction)))

    def put(self, leaf: Expr, value: Expr, op: str = "=") -> Stmt:
        if isinstance(leaf, Name):
            self.bound_numbers.setdefault(leaf.id)
        return super().put(leaf, value, op)

    def each(self, *stmts: Stmt) -> list[Stmt]:
        return [self.loop(self.direction, Name(self.width), stmts)]

    def loop(self, var: str, size: Expr, body) -> For:
        return For(var, ZERO, size, ONE, tuple(body))

    # -- arrays
    def allocation(self, fn: str, sizes, dtype: str) -> Op:
        """Return the allocation of the tangents of an array of these sizes."""
        return Op(fn, (*sizes, Name(self.width)), dtype_option(dtype))

    def sizes(self, name: str) -> tuple[Expr, ...]:
        return tuple(Op("shape", (Name(name),), (("axis", d),)) for d in range(self.kinds[name].rank))

    def array(self, stmt: Let) -> tuple[list[Stmt], list[Stmt]]:
        name, value = stmt.target, stmt.value
        made = super().array(stmt)
        if isinstance(value, Op) and value.fn == "np.dot":
            return [], [*made[1], *self.products(name, value, self.matrix_product(value) is not None)]
        return made

    def array_value(self, name: str, value: Expr) -> Expr:
        dtype = self.kinds[name].dtype
        if isinstance(value, Op):
            if value.fn == "copy" and self.is_active(value.args[0]):
                return replace(value, args=(self.shadow(value.args[0]),))
            if value.fn == "unset":
                return replace(value, args=(self.allocation("np.empty", ir.children(value.args[0]), dtype),))
            if value.fn in ("np.empty", "stack"):
                return self.allocation("np.empty", value.args, dtype)
            if value.fn == "np.dot" and (product := self.matrix_product(value)) is not None:
                return product
            if value.fn == "np.empty_like":
                return self.allocation("np.empty", self.sizes_like(value, name), dtype)
            if value.fn == "np.zeros_like":
                return self.allocation("np.zeros", self.sizes_like(value, name), dtype)
            if value.fn in ("np.zeros", "np.ones"):
                return self.allocation("np.zeros", value.args, dtype)
        return self.zero(name)

    def sizes_like(self, value: Op, name: str) -> tuple[Expr, ...]:
        """Return the sizes of an array as those of the one that it is made like: of it itself nothing may be needed."""
        return self.sizes(value.args[0].id if isinstance(value.args[0], Name) else name)

    def zero(self, name: str) -> Expr:
        return self.allocation("np.zeros", self.sizes(name), self.kinds[name].dtype)

    # -- products
    def matrix_product(self, value: Op) -> Op | None:
        """Return what the vector of a product with a matrix adds to its tangents: the matrix times the vector's."""
        a, b = value.args
        ranks = tuple(rank_of(e, lambda n: self.kinds[n].rank) for e in (a, b))
        matrix, vector = (a, b) if ranks == (2, 1) else (transposed(b), a)
        if sorted(ranks) != [1, 2] or not self.is_active(root_of(vector)) or not _along_memory(vector):
            return None
        return replace(value, args=(matrix, self.shadow(vector)))

    def products(self, name: str, value: Op, without_vector=False) -> list[Stmt]:
        """Return the loops that add the tangents of a product of arrays to zeros, or those that its matrix gives."""
        a, b = value.args
        ranks = tuple(rank_of(e, lambda n: self.kinds[n].rank) for e in (a, b))
        i, k, j = (self.fresh(n) for n in "ikj")
        left = (i, k) if ranks[0] == 2 else (k,)
        right = (k, j) if ranks[1] == 2 else (k,)
        sides = ((a, left), (b, right))
        cells = [element_of(e, tuple(map(Name, idx)), lambda n: self.kinds[n].rank) for e, idx in sides]
        pairs = ((cells[0], cells[1]), (cells[1], cells[0]))
        factors = [(mine, other) for mine, other in pairs if self.is_active(mine)]
        if without_vector:
            factors = [(mine, other) for (mine, other), rank in zip(pairs, ranks, strict=True)
                       if rank == 2 and self.is_active(mine)]  # fmt: skip
        if not factors:
            return []
        terms: list[Expr] = [Op("mul", (other, self.place(mine))) for mine, other in factors]
        total = terms[0] if len(terms) == 1 else Op("add", tuple(terms))
        outer = [n for n in (i, j) if n in (*left, *right)]
        body = self.each(self.put(Sub(Name(name), tuple(map(Name, outer))), total, "+="))
        sizes = {n: Op("shape", (e,), (("axis", d),)) for e, idx in sides for d, n in enumerate(idx)}
        for n in (j, k, i):
            if n in sizes:
                body = [self.loop(n, sizes[n], body)]
        return body

    # -- calls
    def external_tangent(self, row: externals.External, name: str, given: dict, target: str, stmt: Stmt) -> list[Stmt]:
        """Return the calls of a page of a rule for each direction."""
        body: list[Stmt] = []
        for operand in row.operands:
            dot = given[f"{operand}_dot"]
            if dot is not None:
                own = self.fresh(f"{operand}_dot")
                self.kinds[own] = kind_of(given[operand], self.kinds)
                along = self.slice_of(given[operand])
                body.append(Let(own, Op("copy", (along,)) if self.kinds[own].rank else along))
                given = given | {f"{operand}_dot": Name(own)}
        push, kind = self.fresh(f"{target}_push"), self.kinds[target]
        self.kinds[push] = kind
        body += [self.page(row, name, given, push, stmt), *self.require_shape(row, push, target, stmt)]
        if not kind.rank:
            return self.each(*body, self.put(Name(target), Name(push)))
        at = tuple(Name(self.fresh("i")) for _ in range(kind.rank))
        store = self.put(Sub(Name(target), at), Sub(Name(push), at))
        for n, size in zip(at[::-1], self.sizes(target)[::-1], strict=True):
            store = self.loop(n.id, size, (store,))
        made = Let(self.dot(target), self.allocation("np.empty", self.sizes(target), kind.dtype))
        return [made, *self.each(*body, store)]

    def slice_of(self, array: Expr) -> Expr:
        """Return the tangent of an array expression along one direction."""
        if isinstance(array, Op):
            return replace(array, args=(self.slice_of(array.args[0]), *array.args[1:]))
        rank = self.kinds[root_of(array).id].rank
        index = array.index if isinstance(array, Sub) else ()
        index = (*index, *[Slice()] * (rank - len(index)))
        return Sub(Name(self.dot(root_of(array).id)), (*index, Name(self.direction)))


def _along_memory(vector: Expr) -> bool:
    """Return whether a vector is an array, or the last axis of one, or a part of it."""
    if isinstance(vector, Sub):
        return isinstance(vector.base, Name) and not any(isinstance(i, Slice) for i in vector.index[:-1])
    return isinstance(vector, Name)
