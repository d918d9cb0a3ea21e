"""Random statements and blocks: each a method that returns its lines, or None where it does not apply."""

from __future__ import annotations

from tests.random_programs.array_expressions import ArrayExpressions, vector_shapes
from tests.random_programs.scope import (
    FLOAT_NAMES,
    INT_NAMES,
    LOOP_NAMES,
    MATRIX_NAMES,
    ONE,
    PARAMETERS,
    VECTOR_NAMES,
    Dim,
    M,
    N,
    Scope,
    Span,
)

Lines = list[str]

# header after `in range(...)`, and what is known of the variable
RANGES = (
    ("n", Span("n")),
    ("n", Span("n")),
    ("1, n", Span("n", low=1)),
    ("n - 1", Span("n", high=1)),
    ("1, n - 1", Span("n", low=1, high=1)),
    ("n - 1, -1, -1", Span("n")),
    ("n - 1, 0, -1", Span("n", low=1)),
    ("0, n, 2", Span("n")),
    ("n - 2, -1, -2", Span("n", high=1)),
    ("k", None),
    ("k", None),
    ("3", None),
    ("k - 2", None),
    ("n, 2", None),
    ("0, n, k + 1", Span("n")),
    ("k, n", Span("n")),
    ("1, k + 1", None),
)


def indented(lines: Lines) -> Lines:
    """The lines one level deeper; an empty block is `pass`."""
    return ["    " + line for line in lines or ["pass"]]


class Statements:
    """A source of statements for one scope; nested blocks get a source of their own."""

    known: tuple[str, ...]

    def __init__(self, scope: Scope, budget: list[int]):
        self.scope, self.rng, self.budget = scope, scope.rng, budget
        self.expressions = ArrayExpressions(scope)

    def block(self, size: int) -> Lines:
        """About `size` statements."""
        lines: Lines = []
        for _ in range(size):
            if self.budget[0] <= 0:
                break
            made = None
            while made is None:
                names = [name for name in self.known if self.scope.features.get(name, 0.0) > 0.0]
                weights = [self.scope.features[name] for name in names]
                made = getattr(self, self.rng.choices(names, weights)[0])()
            self.budget[0] -= 1
            lines += made * (2 if self.scope.on("again") else 1)
        return lines

    def nested(self, size: int, loop: str | None = None, **ints: Span | None) -> Lines:
        """A block in a scope of its own, with these integers known there."""
        scope = self.scope.inner(loop)
        scope.ints.update(ints)
        return type(self)(scope, self.budget).block(size)

    # ---- scalars

    def assign(self) -> Lines | None:
        """`s = e` to a new or an old name."""
        text, _ = self.expressions.scalar(3)
        old = self.scope.assignable()
        again = self.rng.random() < (0.7 if self.scope.depth else 0.35)
        name = self.rng.choice(old) if old and again else self.scope.fresh(FLOAT_NAMES)
        if name is None:
            return None
        if name not in self.scope.floats:
            self.scope.floats.append(name)
        elif self.rng.random() < 0.5:
            text, _ = self.expressions.limited((text, 4.0), 2.0)
            text = f"{self.expressions.constant(0.3, 0.9)} * {name} + {text}"
        return [f"{name} = {text}"]

    def augment(self) -> Lines | None:
        """`s += e` and its kin, kept small where loops repeat it."""
        old = self.scope.assignable()
        if not old:
            return None
        name, operator = self.rng.choice(old), self.rng.choice(("+=", "+=", "+=", "-=", "*=", "/="))
        if operator in ("*=", "/="):
            return [f"{name} {operator} 1.0 + 0.3 * np.sin({self.expressions.scalar(1)[0]})"]
        return [f"{name} {operator} {self.expressions.limited(self.expressions.scalar(2), 1.0)[0]}"]

    def together(self) -> Lines | None:
        """A tuple assignment, a swap among them."""
        old = self.scope.assignable()
        if len(old) < 2:
            return None
        first, second = self.rng.sample(old, 2)
        if self.rng.random() < 0.3:
            return [f"{first}, {second} = {second}, {first}"]
        if self.rng.random() < 0.3:
            return [f"{first}, {second} = {second}, {self.expressions.scalar(2)[0]}"]
        return [f"{first}, {second} = {self.expressions.scalar(2)[0]}, {self.expressions.scalar(1)[0]}"]

    def integer(self) -> Lines | None:
        """An integer variable: set, or counted on."""
        own = [name for name in self.scope.ints if name in INT_NAMES and name not in self.scope.read_only]
        if own and self.rng.random() < 0.5:
            return [self.rng.choice(("{0} += 1", "{0} = (2 * {0} + 1) % n")).format(self.rng.choice(own))]
        name = self.scope.fresh(INT_NAMES)
        if name is None:
            return None
        text = self.rng.choice(("0", "1", "n - 1", "k + 1", *(f"{other} + 1" for other in self.scope.ints)))
        self.scope.ints[name] = None
        return [f"{name} = {text}"]

    # ---- control flow

    def branch(self) -> Lines | None:
        """if, elif, else; now and then one name bound by both sides."""
        if self.scope.depth >= 3:
            return None
        shared = self.scope.fresh(FLOAT_NAMES) if self.rng.random() < 0.35 else None
        tests = 1 + (self.rng.random() < 0.25)
        lines: Lines = []
        for k in range(tests):
            test = self.expressions.condition()
            lines += [f"{'el' if k else ''}if {test}:", *indented(self.side(shared))]
        if shared or self.rng.random() < 0.6:
            lines += ["else:", *indented(self.side(shared))]
        if shared:
            self.scope.floats.append(shared)
        return lines

    def side(self, shared: str | None) -> Lines:
        """One side of a branch; it binds the shared name, if any, first or last."""
        scope = self.scope.inner()
        inner = type(self)(scope, self.budget)
        if shared is None:
            return inner.block(self.rng.randint(1, 2))
        if self.rng.random() < 0.5:
            lines = inner.block(self.rng.randint(0, 2))
            return [*lines, f"{shared} = {inner.expressions.scalar(2)[0]}"]
        text = inner.expressions.scalar(2)[0]
        scope.floats.append(shared)
        return [f"{shared} = {text}", *inner.block(self.rng.randint(0, 2))]

    def counted(self) -> Lines | None:
        """A for loop over a range."""
        name = self.scope.fresh(LOOP_NAMES)
        if self.scope.depth >= 3 or name is None:
            return None
        header, span = self.rng.choice(RANGES)
        if self.rng.random() < 0.2 and "M" in self.scope.arrays:
            header, span = "M.shape[1]", Span("m")
        if span and span.base == "n" and "a" in self.scope.arrays and self.rng.random() < 0.2:
            header = header.replace("n", self.rng.choice(("a.size", "len(a)", "a.shape[0]")))
        lines = [f"for {name} in range({header}):"]
        body = self.nested(self.rng.randint(1, 3), "for", **{name: span})
        return lines + indented(body)

    def over_array(self) -> Lines | None:
        """A for loop over the elements of a vector that is not written meanwhile."""
        vectors = [name for name, shape in self.scope.arrays.items() if len(shape) == 1]
        name = self.scope.fresh(FLOAT_NAMES)
        if self.scope.depth >= 3 or not vectors or name is None:
            return None
        vector = self.rng.choice(vectors)
        scope = self.scope.inner("for")
        scope.floats.append(name)
        scope.read_only.add(vector)
        return [
            f"for {name} in {vector}:",
            *indented(type(self)(scope, self.budget).block(self.rng.randint(1, 3))),
        ]

    def repeat(self) -> Lines | None:
        """A while loop that a counter ends."""
        name = self.scope.fresh(INT_NAMES)
        if self.scope.depth >= 3 or name is None:
            return None
        scope = self.scope.inner("while")
        scope.ints[name] = None
        scope.read_only.add(name)
        inner = type(self)(scope, self.budget)
        form = self.rng.choice(("counter", "test", "forever"))
        body = inner.block(self.rng.randint(1, 3))
        if form == "forever":
            head = [f"{name} += 1", f"if {name} > {self.rng.choice(('k', 'n', '3'))}:", "    break"]
            return [f"{name} = 0", "while True:", *indented(head + body)]
        extra = f" and {self.expressions.condition()}" if form == "test" else ""
        return [
            f"{name} = 0",
            f"while {name} < {self.rng.choice(('k', 'n', '4'))}{extra}:",
            *indented([f"{name} += 1", *body]),
        ]

    def jump(self) -> Lines | None:
        """A conditional break, continue or return."""
        scope = self.scope
        kinds = ["break", "continue"] * 2 if scope.loops else []
        if scope.on("return_early"):
            kinds.append("return")
        if not kinds:
            return None
        kind = self.rng.choice(kinds)
        lines = type(self)(scope.inner(), self.budget).block(1) if self.rng.random() < 0.3 else []
        last = f"return {self.expressions.scalar(2)[0]}" if kind == "return" else kind
        return [f"if {self.expressions.condition()}:", *indented([*lines, last])]

    # ---- arrays written element by element

    def allocate(self) -> Lines | None:
        """A new local array, filled."""
        shapes = [shape for shape in vector_shapes(self.expressions) if ONE not in shape]
        shape = self.rng.choice(shapes)
        name = self.scope.fresh(VECTOR_NAMES if len(shape) == 1 else MATRIX_NAMES)
        if name is None or len(self.scope.arrays) > 7:
            return None
        extents = ", ".join(self.expressions.extent(dim) for dim in shape)
        size = extents if len(shape) == 1 else f"({extents})"
        like = [other for other, own in self.scope.arrays.items() if own == shape]
        texts = [f"np.zeros({size})", f"np.ones({size})"]
        texts += [f"{other}.copy()" for other in like] * 2 + [f"np.zeros_like({other})" for other in like]
        fill: Lines = []
        text = self.rng.choice(texts)
        if len(shape) == 1 and self.rng.random() < 0.3:
            text = self.rng.choice([f"np.empty({size})", *(f"np.empty_like({other})" for other in like)])
            index = self.scope.fresh(LOOP_NAMES)
            if index is None:
                return None
            scope = self.scope.inner("for")
            scope.ints[index] = Span(shape[0].base, high=shape[0].less)
            element = type(self)(scope, self.budget).expressions.scalar(2)[0]
            fill = [
                f"for {index} in range({self.expressions.extent(shape[0])}):",
                f"    {name}[{index}] = {element}",
            ]
        self.scope.arrays[name] = shape
        return [f"{name} = {text}", *fill]

    def store(self) -> Lines | None:
        """`w[i] = e`, `w[i] += e`, in place or not."""
        names = self.scope.writable()
        if not names:
            return None
        target = self.expressions.element(self.rng.choice(names))
        draw = self.rng.random()
        if draw < 0.25:
            return [
                f"{target} {self.rng.choice(('+=', '-='))} "
                f"{self.expressions.limited(self.expressions.scalar(2), 1.0)[0]}"
            ]
        if draw < 0.35:
            return [f"{target} *= 1.0 + 0.3 * np.cos({self.expressions.scalar(1)[0]})"]
        if draw < 0.5:
            forms = ("np.sin({0})", "0.5 * {0} + {1}", "{0} / (1.0 + {0} ** 2)", "{0} * np.tanh({1})")
            change = self.rng.choice(forms)
            return [f"{target} = " + change.format(target, self.expressions.leaf()[0])]
        if draw < 0.56:
            other = self.expressions.element(self.rng.choice(names))
            return [f"{target}, {other} = {other}, {target}"]
        return [f"{target} = {self.expressions.scalar(2)[0]}"]

    def sweep(self) -> Lines | None:
        """A loop over an array that stores into each element, often from its neighbours."""
        names = [name for name in self.scope.writable() if self.scope.arrays[name][0].base == "n"]
        index = self.scope.fresh(LOOP_NAMES)
        if self.scope.depth >= 3 or not names or index is None:
            return None
        name = self.rng.choice(names)
        header, span = self.rng.choice([pair for pair in RANGES if pair[1] and pair[1].base == "n"])
        less = self.scope.arrays[name][0].less
        if span.high < less:
            header, span = f"1, n - {less}", Span("n", low=1, high=less)
        scope = self.scope.inner("for")
        scope.ints[index] = span
        inner = type(self)(scope, self.budget)
        rest = "".join(", " + inner.expressions.index(dim) for dim in self.scope.arrays[name][1:])
        here = f"{name}[{index}{rest}]"
        value = inner.expressions.scalar(2, limit=2.0)[0]
        if span.low and self.rng.random() < 0.6:
            value = f"0.5 * {name}[{index} - 1{rest}] + {value}"
        lines = [f"{here} {self.rng.choice(('=', '=', '+='))} {value}"]
        if self.rng.random() < 0.4:
            lines += inner.block(1)
        return [f"for {index} in range({header}):", *indented(lines)]

    # ---- whole arrays

    def compute(self) -> Lines | None:
        """A new array from an array expression."""
        shape = self.rng.choice(vector_shapes(self.expressions))
        name = self.scope.fresh(VECTOR_NAMES if len(shape) == 1 else MATRIX_NAMES)
        if name is None or len(self.scope.arrays) > 8:
            return None
        text = self.expressions.fresh_array(shape, self.rng.randint(1, 3))
        self.scope.arrays[name] = shape
        return [f"{name} = {text}"]

    def rebind(self) -> Lines | None:
        """`w = w + e` to an array that exists, a parameter perhaps."""
        names = [name for name in self.scope.arrays if name not in self.scope.read_only]
        if not names:
            return None
        name = self.rng.choice(names)
        shape = self.scope.arrays[name]
        if self.rng.random() < 0.5:
            change, _ = self.expressions.limited(self.expressions.part(shape, 2), 2.0)
            return [f"{name} = {name} + {self.expressions.constant()} * np.sin({change})"]
        return [f"{name} = {self.expressions.fresh_array(shape)}"]

    def in_place(self) -> Lines | None:
        """`w += e` and its kin."""
        names = self.scope.writable()
        if not names:
            return None
        name = self.rng.choice(names)
        value, _ = self.expressions.limited(self.expressions.part(self.scope.arrays[name], 2), 1.0)
        return [f"{name} {self.rng.choice(('+=', '-='))} {value}"]

    def slice_store(self) -> Lines | None:
        """`w[1:-1] = e`, whole rows and columns, `w[:] = e`."""
        names = self.scope.writable()
        if not names:
            return None
        name = self.rng.choice(names)
        shape, indices, left = self.scope.arrays[name], [], []
        for axis, dim in enumerate(shape):
            if len(shape) == 2 and dim != ONE and self.rng.random() < 0.35 and (left or axis == 0):
                indices.append(self.expressions.index(dim))
                continue
            cut = Dim(dim.base, dim.less + self.rng.randint(0, max(0, min(2, dim.smallest - 2))))
            indices.append(self.expressions.slices(cut, dim) or ":")
            left.append(cut)
        text = self.rng.choice((self.expressions.array, self.expressions.part))(tuple(left), 2)
        value, _ = self.expressions.limited(text, 1.0)
        return [f"{name}[{', '.join(indices)}] {self.rng.choice(('=', '=', '=', '+=', '*='))} {value}"]

    # ---- names for parts of arrays

    def view(self) -> Lines | None:
        """A name for a part of an array, through which later statements may write."""
        shape = self.rng.choice(((N,), (Dim("n", 1),), (Dim("n", 2),), (M,), (N, M), (M, N)))
        name = self.scope.fresh(VECTOR_NAMES if len(shape) == 1 else MATRIX_NAMES)
        found = self.expressions.stored(shape)
        if name is None or not found:
            return None
        text = self.rng.choice(found)
        base = text.split("[")[0].split(".")[0]
        if base in self.scope.read_only or (base in PARAMETERS and not self.scope.on("write_parameters")):
            self.scope.read_only.add(name)
        self.scope.arrays[name] = shape
        return [f"{name} = {text}"]

    def exchange(self) -> Lines | None:
        """`w, v = v, w` for two arrays of one shape."""
        arrays = self.scope.arrays
        names = [name for name in arrays if name not in self.scope.read_only and name not in PARAMETERS]
        pairs = [(p, q) for p in names for q in names if p < q and arrays[p] == arrays[q]]
        if not pairs:
            return None
        first, second = self.rng.choice(pairs)
        return [f"{first}, {second} = {second}, {first}"]

    def procedure(self) -> Lines | None:
        """A call of a helper that writes its argument."""
        helpers = [name for name, kind in self.scope.helpers.items() if kind == "writes"]
        names = self.scope.writable(rank=1)
        if not helpers or not names:
            return None
        return [f"{self.rng.choice(helpers)}({self.rng.choice(names)}, {self.expressions.leaf()[0]})"]


STATEMENTS = (
    "assign",
    "augment",
    "together",
    "integer",
    "branch",
    "counted",
    "over_array",
    "repeat",
    "jump",
    "allocate",
    "store",
    "sweep",
    "compute",
    "rebind",
    "in_place",
    "slice_store",
    "view",
    "exchange",
    "procedure",
)

Statements.known = STATEMENTS
