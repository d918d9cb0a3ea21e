"""Random scalar expressions, each with a bound of its size, and indices that are always in range."""

from __future__ import annotations

import math

from tests.random_programs.scope import Dim, N, Scope

Bounded = tuple[str, float]

# text of the operand -> text, and bound of the operand -> bound
UNARY = (
    ("{lib}.sin({0})", lambda b: 1.0),
    ("{lib}.cos({0})", lambda b: 1.0),
    ("{lib}.tanh({0})", lambda b: 1.0),
    ("{lib}.sqrt(1.0 + {0} ** 2)", lambda b: 1.0 + b),
    ("{lib}.exp(-({0}) ** 2)", lambda b: 1.0),
    ("{lib}.exp(-abs({0}))", lambda b: 1.0),
    ("{lib}.log(1.5 + ({0}) ** 2)", lambda b: 0.5 + 2.0 * math.log(2.0 + b)),
    ("{lib}.log1p(({0}) ** 2)", lambda b: 2.0 * math.log(2.0 + b)),
    ("1.0 / (1.0 + {lib}.exp(-({0})))", lambda b: 1.0),
    ("1.0 / (1.0 + ({0}) ** 2)", lambda b: 1.0),
    ("(1.0 + ({0}) ** 2) ** 0.5", lambda b: 1.0 + b),
    ("(0.5 + ({0}) ** 2) ** -1.5", lambda b: 2.9),
    ("abs({0})", lambda b: b),
    ("(-({0}))", lambda b: b),
    ("({0}) ** 2", lambda b: b * b),
    ("({0}) ** 3", lambda b: b**3),
    ("{lib}.expm1(0.3 * {lib}.tanh({0}))", lambda b: 0.4),
)
SCALAR_ONLY = (
    ("math.atan({0})", lambda b: 1.6),
    ("math.erf({0})", lambda b: 1.0),
    ("np.arctan({0})", lambda b: 1.6),
    ("np.square({0})", lambda b: b * b),
    ("np.abs({0})", lambda b: b),
    ("float({0})", lambda b: b),
)
BINARY = (
    ("({0} + {1})", lambda b, c: b + c),
    ("({0} + {1})", lambda b, c: b + c),
    ("({0} - {1})", lambda b, c: b + c),
    ("({0} * {1})", lambda b, c: b * c),
    ("({0} * {1})", lambda b, c: b * c),
    ("({0} / (1.0 + ({1}) ** 2))", lambda b, c: b),
    ("({0} / (2.0 + {lib}.sin({1})))", lambda b, c: b),
    ("(1.5 + 0.5 * {lib}.sin({0})) ** {lib}.cos({1})", lambda b, c: 2.0),
)
SCALAR_BINARY = (
    ("max({0}, {1})", max),
    ("min({0}, {1})", max),
    ("np.maximum({0}, {1})", max),
    ("math.hypot({0}, 1.0 + ({1}) ** 2)", lambda b, c: b + 1.0 + c * c),
)
GUARDED = (
    ("(math.sqrt({0}) if {0} > 0.05 else {1})", lambda b, c: 1.0 + b + c),
    ("(math.log({0}) if {0} > 0.1 else {1})", lambda b, c: 2.4 + b + c),
    ("({1} / {0} if abs({0}) > 0.3 else {1})", lambda b, c: 4.0 * c),
    ("({0} if {0} > 0.0 else 0.1 * {1})", lambda b, c: b + c),
)


class Expressions:
    """Scalar expressions over the names of a scope."""

    def __init__(self, scope: Scope):
        self.scope, self.rng = scope, scope.rng

    def constant(self, low: float = 0.1, high: float = 1.6) -> str:
        """A short positive decimal."""
        return repr(round(self.rng.uniform(low, high), 1) or 0.1)

    def limited(self, expression: Bounded, limit: float) -> Bounded:
        """The same expression, or a tame function of it where its bound exceeds the limit."""
        text, bound = expression
        if bound <= limit:
            return expression
        if bound < 20.0 * limit and self.rng.random() < 0.4:
            return f"{max(0.01, round(0.9 * limit / bound, 2))!r} * ({text})", limit
        return f"{self.library()}.{self.rng.choice(('sin', 'tanh', 'cos'))}({text})", 1.0

    def library(self) -> str:
        """The module that a scalar function comes from."""
        return self.rng.choice(("np", "math"))

    def extent(self, dim: Dim) -> str:
        """The text of a dimension's extent."""
        arrays = self.scope.arrays
        if dim.base == "1":
            return "1"
        spelled = ["n", "n", "n"] if dim.base == "n" else ["M.shape[1]"]
        if dim.base == "n" and "a" in arrays:
            spelled += ["a.size", "len(a)", "a.shape[0]"]
        text = self.rng.choice(spelled)
        return f"({text} - {dim.less})" if dim.less else text

    def indices(self, dim: Dim) -> list[str]:
        """Loop variables, with their offsets, that stay inside the dimension."""
        found = []
        for name, span in self.scope.ints.items():
            if span is None or span.base != dim.base:
                continue
            for offset in range(max(-span.low, -2), min(span.high - dim.less, 2) + 1):
                sign = "+" if offset > 0 else "-"
                found += [name] * 4 if offset == 0 else [f"{name} {sign} {abs(offset)}"] * 2
            if span.low >= dim.less and self.rng.random() < 0.3:
                found.append(f"{self.extent(Dim(dim.base))} - 1 - {name}")
        return found

    def index(self, dim: Dim) -> str:
        """An index that is in range for the dimension."""
        found = self.indices(dim)
        if found and self.rng.random() < 0.8:
            return self.rng.choice(found)
        others = [str(c) for c in range(min(dim.smallest, 2))] + ["-1"]
        for name in self.scope.ints:
            if name not in ("n", "k") or self.rng.random() < 0.2:
                others.append(f"({name} + 1) % {self.extent(dim)}")
        if dim.base == "n" and dim.less == 0 and self.scope.on("gather"):
            others += [f"idx[{i}]" for i in found if i in self.scope.ints][:2] or ["idx[0]"]
        if dim.base == "m" and dim.less == 0 and self.scope.on("gather"):
            others += [f"labels[{i}]" for i in self.indices(N) if i in self.scope.ints][:2]
        return self.rng.choice(others)

    def element(self, name: str) -> str:
        """An element of the array, every index in range."""
        return f"{name}[{', '.join(self.index(dim) for dim in self.scope.arrays[name])}]"

    def leaf(self) -> Bounded:
        """A variable, a constant, an array element or an integer."""
        scope, draw = self.scope, self.rng.random()
        if draw < 0.33 and scope.arrays:
            return self.element(self.rng.choice(list(scope.arrays))), 3.0
        if draw < 0.4 and scope.ints:
            return f"0.1 * {self.rng.choice(list(scope.ints)[-4:])}", 0.6
        if draw < 0.42 and scope.arrays and scope.on("gather"):
            return f"0.1 * idx[{self.index(N)}]", 0.6
        if draw < 0.44 and scope.on("constant"):
            return "C", 0.8
        if draw < 0.52 or not scope.floats:
            return self.constant(), 1.6
        return self.rng.choice(scope.floats[-5:] if self.rng.random() < 0.5 else scope.floats), 3.0

    def scalar(self, depth: int = 2, limit: float = 4.0) -> Bounded:
        """A floating expression whose operators nest at most `depth` deep."""
        draw = self.rng.random()
        if depth <= 0 or draw < 0.12:
            return self.leaf()
        if draw < 0.52:
            text, bound = self.rng.choice(BINARY + SCALAR_BINARY)
            left, right = self.scalar(depth - 1), self.scalar(depth - 1)
            made = text.format(left[0], right[0], lib=self.library()), bound(left[1], right[1])
        elif draw < 0.86:
            text, bound = self.rng.choice(UNARY + SCALAR_ONLY)
            operand = self.limited(self.scalar(depth - 1), 4.0)
            made = text.format(f"({operand[0]})", lib=self.library()), bound(operand[1])
        elif draw < 0.92 and self.scope.on("select"):
            made = self.select(depth)
        elif draw < 0.97 and self.scope.on("call"):
            made = self.call(depth)
        else:
            made = self.reduction(depth)
        return self.limited(made, limit)

    def select(self, depth: int) -> Bounded:
        """A conditional expression, half of them guarding what is undefined elsewhere."""
        if self.scope.floats and self.rng.random() < 0.5:
            text, bound = self.rng.choice(GUARDED)
            other = self.leaf()
            return text.format(self.rng.choice(self.scope.floats), other[0]), bound(3.0, other[1])
        left, right = self.scalar(depth - 1), self.scalar(depth - 1)
        return f"({left[0]} if {self.condition()} else {right[0]})", max(left[1], right[1])

    def call(self, depth: int) -> Bounded:
        """A call of one of the program's helper functions of scalars."""
        names = [name for name, kind in self.scope.helpers.items() if kind.startswith("scalar")]
        if not names:
            return self.leaf()
        name = self.rng.choice(names)
        operands = [self.limited(self.scalar(depth - 1), 3.0)[0]]
        if self.scope.helpers[name].endswith("2"):
            second = self.leaf()[0]
            operands.append(f"w={second}" if self.scope.on("keyword") else second)
        return f"{name}({', '.join(operands)})", 2.5

    def reduction(self, depth: int) -> Bounded:
        """A scalar made of arrays; here, where there are none, a leaf."""
        return self.leaf()

    def condition(self) -> str:
        """A test: mostly on active values, sometimes on integers, sometimes combined."""
        scope, draw = self.scope, self.rng.random()
        if draw < 0.15:
            left, right = self.condition(), self.condition()
            return self.rng.choice((f"({left} and {right})", f"({left} or {right})", f"not ({left})"))
        if draw < 0.35 and scope.ints:
            name = self.rng.choice(list(scope.ints))
            limit = self.rng.choice(("1", "2", "n - 2"))
            return self.rng.choice(
                (f"{name} % 2 == {self.rng.choice('01')}", f"{name} < {limit}", f"{name} >= {limit}")
            )
        if draw < 0.42 and scope.on("chained"):
            return f"-0.5 < {self.scalar(1)[0]} <= {self.constant()}"
        if draw < 0.7:
            return f"{self.scalar(1)[0]} {self.rng.choice(('<', '>', '<=', '>='))} {self.constant(0.0, 0.9)}"
        return f"{self.scalar(1)[0]} {self.rng.choice('<>')} {self.scalar(1)[0]}"
