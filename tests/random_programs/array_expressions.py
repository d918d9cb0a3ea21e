"""Random array expressions of a wanted shape: slices, broadcasts, reductions, products, gathers."""

from __future__ import annotations

import ast

from tests.random_programs.expressions import BINARY, UNARY, Bounded, Expressions
from tests.random_programs.scope import ONE, Dim, M, N, Shape

ARRAY_BINARY = (
    ("np.maximum({0}, {1})", max),
    ("np.minimum({0}, {1})", max),
    ("np.where({0} > 0.1, {0}, {1})", lambda b, c: b + c),
    ("np.where({0} > {1}, {1}, 0.5 * {0})", lambda b, c: b + c),
    ("np.hypot({0}, 1.0 + {1} ** 2)", lambda b, c: b + 1.0 + c * c),
)

VIEWS = ("reshape", "ravel", "T", "transpose")


def makes_new_array(text: str) -> bool:
    """Whether the expression is arithmetic or an elementwise call, never a view of an array.

    >>> makes_new_array("a + b"), makes_new_array("a[1:]"), makes_new_array("np.reshape(a, (4, 1))")
    (True, False, False)
    """
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr not in VIEWS
    return isinstance(node, ast.BinOp | ast.UnaryOp)


class ArrayExpressions(Expressions):
    """Scalar and array expressions over the names of a scope."""

    def array(self, shape: Shape, depth: int = 2, limit: float = 4.0) -> Bounded:
        """An expression of exactly this shape, possibly a view of an array of the scope."""
        draw = self.rng.random()
        if depth <= 0 or draw < 0.15:
            return self.whole(shape)
        if draw < 0.52:
            text, bound = self.rng.choice(BINARY + ARRAY_BINARY)
            left, right = self.array(shape, depth - 1), self.part(shape, depth - 1)
            if self.rng.random() < 0.3 and "where" not in text:
                left, right = right, left
            made = text.format(left[0], right[0], lib="np"), bound(left[1], right[1])
        elif draw < 0.8:
            text, bound = self.rng.choice(UNARY)
            operand = self.limited(self.array(shape, depth - 1), 4.0)
            made = text.format(f"({operand[0]})", lib="np"), bound(operand[1])
        else:
            made = self.computed(shape, depth - 1)
        return self.limited(made, limit)

    def fresh_array(self, shape: Shape, depth: int = 2) -> str:
        """An expression that surely makes a new array of this shape, no view."""
        text, _ = self.array(shape, depth)
        if makes_new_array(text):
            return text
        return self.rng.choice((f"({text}).copy()", f"1.0 * ({text})", f"np.sin({text})"))

    def library(self) -> str:
        """np where arrays may come; scalars take either."""
        return "np"

    def part(self, shape: Shape, depth: int) -> Bounded:
        """An operand that broadcasts to the shape: whole, a scalar, a row, or with axes of extent one."""
        draw = self.rng.random()
        if draw < 0.25:
            return self.scalar(min(depth, 1))
        if len(shape) == 2 and draw < 0.6:
            return self.array(self.rng.choice((shape[1:], (shape[0], ONE), (ONE, shape[1]))), depth)
        return self.array(shape, depth)

    def slices(self, dim: Dim, whole: Dim) -> str | None:
        """The text of a slice that leaves `dim` of an axis of extent `whole`, None if there is none."""
        if dim.base != whole.base or dim.less < whole.less:
            return None
        cut = dim.less - whole.less
        first = self.rng.randint(0, cut)
        last = cut - first
        if cut == 0 and self.scope.on("negative_step"):
            return "::-1"
        stop = f"-{last}" if last else ""
        if last and self.rng.random() < 0.3:
            stop = f"{self.extent(whole)} - {last}"
        return f"{first or ''}:{stop}"

    def stored(self, shape: Shape) -> list[str]:
        """Views of the arrays in scope that have this shape."""
        found = []
        for name, own in self.scope.arrays.items():
            if own == shape:
                found += [name] * 3
            if own == shape[::-1] and len(own) == 2:
                found.append(f"{name}.T")
            if len(own) == len(shape):
                cuts = [self.slices(dim, whole) for dim, whole in zip(shape, own, strict=True)]
                if all(cuts):
                    found.append(f"{name}[{', '.join(cut for cut in cuts if cut)}]")
            if len(own) == 3 and len(shape) == 2 and own[:2] == shape:
                found.append(f"{name}[:, :, {self.index(own[2])}]")
            if len(own) == 3 and len(shape) == 2 and own[1:] == shape:
                found.append(f"{name}[{self.index(own[0])}]")
            if len(own) == 2 and len(shape) == 1:
                column, row = self.slices(shape[0], own[0]), self.slices(shape[0], own[1])
                if column:
                    found.append(f"{name}[{column}, {self.index(own[1])}]")
                if row:
                    at = self.index(own[0])
                    found.append(f"{name}[{at}]" if row == ":" else f"{name}[{at}, {row}]")
        return found

    def whole(self, shape: Shape) -> Bounded:
        """A leaf of this shape: a stored array if there is one, else something computed."""
        found = self.stored(shape)
        if found and self.rng.random() < 0.85:
            return self.rng.choice(found), 3.0
        return self.computed(shape, 1)

    def computed(self, shape: Shape, depth: int) -> Bounded:
        """A product, a gather, a reduction that keeps an axis, or a constant array."""
        choices = [self.made]
        if len(shape) == 3:
            choices = [self.made]
        elif len(shape) == 1:
            choices += [self.vector]
        elif ONE in shape:
            choices = [self.kept]
        else:
            choices += [self.matrix]
        return self.rng.choice(choices)(shape, depth)

    def made(self, shape: Shape, depth: int) -> Bounded:
        """A constant array."""
        extents = ", ".join(self.extent(dim) for dim in shape)
        size = extents if len(shape) == 1 else f"({extents})"
        if len(shape) == 1 and self.rng.random() < 0.4:
            return f"0.1 * np.arange({size})", 0.6
        return self.rng.choice(((f"np.ones({size})", 1.0), (f"{self.constant()} * np.ones({size})", 1.6)))

    def vector(self, shape: Shape, depth: int) -> Bounded:
        """A vector out of a matrix product, a gather or a reduction over one axis."""
        arrays, (dim,) = self.scope.arrays, shape
        rows = [name for name, own in arrays.items() if len(own) == 2 and own[0] == dim and ONE not in own]
        columns = [name for name, own in arrays.items() if len(own) == 2 and own[1] == dim and ONE not in own]
        draw = self.rng.random()
        if dim == N and draw < 0.25 and "a" in arrays and self.scope.on("gather"):
            return f"{self.rng.choice([v for v, own in arrays.items() if own == (N,)] or ['a'])}[idx]", 3.0
        if rows and draw < 0.6:
            name = self.rng.choice(rows)
            other = self.array((arrays[name][1],), min(depth, 1))[0]
            return self.product(name, f"({other})"), 18.0
        if columns and draw < 0.8:
            name = self.rng.choice(columns)
            other = self.array((arrays[name][0],), min(depth, 1))[0]
            return self.product(*self.rng.choice(((f"({other})", name), (f"{name}.T", f"({other})")))), 18.0
        names, axis = (rows, 1) if rows and (not columns or self.rng.random() < 0.5) else (columns, 0)
        if not names:
            return self.made(shape, depth)
        name = self.rng.choice(names)
        return self.reduced(name, self.rng.choice((str(axis), str(axis - 2))), keepdims=False)

    def matrix(self, shape: Shape, depth: int) -> Bounded:
        """A matrix out of a product, a gather of rows, or a column with a row."""
        arrays = self.scope.arrays
        if shape[0] == N and self.rng.random() < 0.4 and self.scope.on("gather"):
            names = [name for name, own in arrays.items() if own == (N, shape[1])]
            if names:
                return f"{self.rng.choice(names)}[idx]", 3.0
        inner = [
            (p, q)
            for p, own in arrays.items()
            for q, other in arrays.items()
            if len(own) == len(other) == 2
            and own[0] == shape[0]
            and other[0] == shape[1]
            and own[1] == other[1]
        ]
        if inner and self.rng.random() < 0.5:
            left, right = self.rng.choice(inner)
            return self.product(left, f"{right}.T"), 18.0
        column, row = self.array((shape[0], ONE), 1), self.array(shape[1:], 1)
        return f"(({column[0]}) * ({row[0]}))", column[1] * row[1]

    def kept(self, shape: Shape, depth: int) -> Bounded:
        """An array with an axis of extent one: a reduction with keepdims or a reshape."""
        axis = shape.index(ONE)
        dim = shape[1 - axis]
        names = [
            name
            for name, own in self.scope.arrays.items()
            if len(own) == 2 and own[1 - axis] == dim and ONE not in own
        ]
        if names and self.rng.random() < 0.6:
            return self.reduced(
                self.rng.choice(names), self.rng.choice((str(axis), str(axis - 2))), keepdims=True
            )
        vector, bound = self.array((dim,), min(depth, 1))
        extents = ["1", "1"]
        extents[1 - axis] = self.rng.choice((self.extent(dim), "-1"))
        text = ", ".join(extents)
        return self.rng.choice((f"({vector}).reshape({text})", f"np.reshape({vector}, ({text}))")), bound

    def reduced(self, operand: str, axis: str | None, keepdims: bool) -> Bounded:
        """A reduction of the operand over one axis, or over all if the axis is None."""
        kind = self.rng.choice(("sum", "sum", "mean", "max", "min"))
        options = ([f"axis={axis}"] if axis is not None else []) + (["keepdims=True"] if keepdims else [])
        bound = 18.0 if kind == "sum" else 3.0
        if self.rng.random() < 0.5:
            return f"({operand}).{kind}({', '.join(options)})", bound
        return f"np.{kind}({', '.join([operand, *options])})", bound

    def product(self, left: str, right: str) -> str:
        """The matrix product of two operands."""
        return self.rng.choice((f"({left} @ {right})", f"np.dot({left}, {right})"))

    def reduction(self, depth: int) -> Bounded:
        """A scalar out of arrays: a full reduction, an inner product, a helper over a vector."""
        arrays = self.scope.arrays
        if not arrays or not self.scope.features.get("compute"):
            return self.leaf()
        shape = self.rng.choice([own for own in arrays.values() if ONE not in own] or [(N,)])
        draw = self.rng.random()
        helpers = [name for name, kind in self.scope.helpers.items() if kind == "vector"]
        if helpers and draw < 0.2 and self.scope.on("call"):
            return f"{self.rng.choice(helpers)}({self.array(shape[:1], 1)[0]})", 6.0
        if draw < 0.4:
            left, right = self.array(shape[:1], 1)[0], self.array(shape[:1], 1)[0]
            return self.product(f"({left})", f"({right})"), 30.0
        operand, bound = self.array(shape, min(depth, 2))
        text, size = self.reduced(f"({operand})", None, False)
        return text, size * max(bound, 1.0) / 3.0


def vector_shapes(expressions: ArrayExpressions) -> list[Shape]:
    """Shapes that a new array may take in this scope."""
    shapes: list[Shape] = [(N,), (N,), (Dim("n", 1),), (Dim("n", 2),)]
    if "M" in expressions.scope.arrays:
        shapes += [(M,), (N, M), (N, M), (N, ONE), (ONE, M), (M, M)]
    return shapes
