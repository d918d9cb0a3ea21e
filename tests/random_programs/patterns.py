"""Statements as people write them: stencils, scatters, time loops, triangles, views, masks, closures, tallies."""

from __future__ import annotations

from tests.random_programs.scope import (
    FLOAT_NAMES,
    INT_NAMES,
    LOOP_NAMES,
    MATRIX_NAMES,
    ONE,
    VECTOR_NAMES,
    M,
    N,
    Span,
)
from tests.random_programs.statements import STATEMENTS, Lines, Statements, indented

INSIDE = (
    ("1, n - 1", Span("n", low=1, high=1)),
    ("1, n - 1", Span("n", low=1, high=1)),
    ("n - 2, 0, -1", Span("n", low=1, high=1)),
    ("1, n - 1, 2", Span("n", low=1, high=1)),
)
TRIANGLES = (
    ("{0}", 0, 1),
    ("{0} + 1", 0, 0),
    ("{0}, n", None, 0),
    ("n - 1, {0} - 1, -1", None, 0),
    ("{0} - 1, -1, -1", 0, 1),
    ("idx[{0}]", 0, 1),
    ("idx[{0}], n", 0, 0),
)


class Patterns(Statements):
    """A source of statements that also draws from the patterns below."""

    def value(self, limit: float = 1.0, depth: int = 2) -> str:
        """A scalar expression no larger than the limit."""
        return self.expressions.limited(self.expressions.scalar(depth), limit)[0]

    def vectors(self) -> list[str]:
        """Writable vectors of full length."""
        return [name for name in self.scope.writable(1) if self.scope.arrays[name] == (N,)]

    def matrices(self) -> list[str]:
        """Writable matrices of full extent."""
        return [name for name in self.scope.writable(2) if self.scope.arrays[name] == (N, M)]

    def inside(self, *loops: str, **ints: Span | None) -> Patterns:
        """A source for a block in these loops, with these integers."""
        scope = self.scope
        for loop in loops or ("for",):
            scope = scope.inner(loop)
        scope.ints.update(ints)
        return type(self)(scope, self.budget)

    # ---- several accesses to one array in one loop

    def stencil(self) -> Lines | None:
        """Shifted reads and stores of vectors, two statements or more on one element."""
        index, names = self.scope.fresh(LOOP_NAMES), self.vectors()
        if index is None or not names or self.scope.depth >= 3:
            return None
        header, span = self.rng.choice(INSIDE)
        inner = self.inside(**{index: span})
        readable = [name for name, own in self.scope.arrays.items() if own == (N,)]
        chosen = self.rng.sample(names, min(len(names), self.rng.choice((1, 1, 2))))

        def cell(name: str) -> str:
            return f"{name}[{self.rng.choice((index, index, f'{index} - 1', f'{index} + 1'))}]"

        lines: Lines = []
        for _ in range(self.rng.randint(1, 3)):
            target = cell(self.rng.choice(chosen))
            reads = [cell(self.rng.choice(chosen + readable)) for _ in range(self.rng.randint(1, 3))]
            terms = [f"{inner.expressions.constant(0.1, 0.4)} * {read}" for read in reads]
            draw = self.rng.random()
            if draw < 0.3:
                terms[0] = f"np.sin({reads[0]}) * {reads[-1]}"
            elif draw < 0.4:
                terms.append(inner.value(0.5, 1))
            text = f" {self.rng.choice('+-')} ".join(terms)
            operator = self.rng.choice(("=", "=", "+=", "-=", "*="))
            lines.append(f"{target} {operator} {f'np.cos({text})' if operator == '*=' else text}")
        return [f"for {index} in range({header}):", *indented(lines)]

    def stencil_of_rows(self) -> Lines | None:
        """The same over two axes, the inner loop over either."""
        names = self.matrices()
        if not names or self.scope.depth >= 2:
            return None
        i, j = (self.scope.fresh(pool) for pool in (("i", "ii", "row"), ("j", "l", "c")))
        if i is None or j is None:
            return None
        header, span = self.rng.choice(INSIDE)
        inner = self.inside("for", "for", **{i: span, j: Span("m", low=1)})
        readable = [name for name, own in self.scope.arrays.items() if own == (N, M)]
        name = self.rng.choice(names)

        def cell(array: str) -> str:
            return f"{array}[{self.rng.choice((i, f'{i} - 1', f'{i} + 1'))}, {self.rng.choice((j, f'{j} - 1'))}]"

        lines = []
        for _ in range(self.rng.randint(1, 2)):
            reads = [cell(self.rng.choice([name, *readable])) for _ in range(self.rng.randint(1, 3))]
            text = " + ".join(f"{inner.expressions.constant(0.1, 0.4)} * {read}" for read in reads)
            if self.rng.random() < 0.3:
                text = f"np.sin({text}) * {reads[0]}"
            lines.append(f"{cell(name)} {self.rng.choice(('=', '+=', '-='))} {text}")
        loops = [f"for {i} in range({header}):", f"for {j} in range(1, M.shape[1]):"]
        if self.rng.random() < 0.3 and not any(name in loop for name in (i, j) for loop in (header,)):
            loops.reverse()
        return [loops[0], *indented([loops[1], *indented(lines)])]

    def scatter(self) -> Lines | None:
        """Stores and additions at places that an integer array gives."""
        index, names = self.scope.fresh(LOOP_NAMES), self.vectors()
        if not names or index is None or self.scope.depth >= 3:
            return None
        name = self.rng.choice(names)
        draw = self.rng.random()
        if draw < 0.2:
            text = self.expressions.limited(self.expressions.array((N,), 1), 1.0)[0]
            return [f"{name}[idx] {self.rng.choice(('=', '+=', '-='))} {text}"]
        inner = self.inside(**{index: Span("n")})
        place = self.rng.choice((f"idx[{index}]", f"idx[n - 1 - {index}]", f"idx[idx[{index}]]"))
        if draw < 0.4:
            held = self.scope.fresh(INT_NAMES)
            if held is None:
                return None
            inner.scope.ints[held] = Span("n")
            lines = [f"{held} = {place}", f"{name}[{held}] += {inner.value()}", *inner.block(1)]
            return [f"for {index} in range(n):", *indented(lines)]
        text = inner.value()
        if draw < 0.6:
            text = f"0.3 * {name}[{index}] + {text}"
        return [
            f"for {index} in range(n):",
            f"    {name}[{place}] {self.rng.choice(('=', '+=', '-='))} {text}",
        ]

    # ---- loops

    def march(self) -> Lines | None:
        """A loop over time: a new state from the old one, then a swap, a copy or a new binding."""
        step, index = self.scope.fresh(("t", "step", "count")), self.scope.fresh(LOOP_NAMES)
        old, new = self.scope.fresh(VECTOR_NAMES[:3]), self.scope.fresh(VECTOR_NAMES[3:])
        if not (step and index and old and new) or self.scope.depth >= 2 or len(self.scope.arrays) > 7:
            return None
        source = self.rng.choice([name for name, own in self.scope.arrays.items() if own == (N,)] or ["np.ones(n)"])
        header, span = self.rng.choice(INSIDE[:3])
        inner = self.inside("for", "for", **{index: span, step: None})
        reads = [self.rng.choice((f"{old}[{index}]", f"{old}[{index} - 1]", f"{old}[{index} + 1]")) for _ in range(3)]
        text = f"{reads[0]} + 0.2 * ({reads[1]} - {reads[2]}) * {inner.value(1.0, 1)}"
        body = [f"for {index} in range({header}):", f"    {new}[{index}] = {text}"]
        if self.rng.random() < 0.4:
            body.append(f"{new}[{self.rng.choice(('0', '-1', 'n - 1'))}] = {self.rng.choice((f'{new}[1]', '0.2'))}")
        if self.rng.random() < 0.3:
            body.append(self.rng.choice((f"if {old}[1] > 1.5:", f"if {step} > 2:")))
            body.append("    break")
        body += self.rng.choice(
            (
                [f"{old}, {new} = {new}, {old}"],
                [f"{old}, {new} = {new}, {old}"],
                [f"{old}[:] = {new}"],
                [f"{old} = {new}.copy()"],
                [f"{old} = {old} + 0.1 * {new}"],
                [f"for {index} in range(n):", f"    {old}[{index}] = {new}[{index}]"],
            )
        )
        self.scope.arrays |= {old: (N,), new: (N,)}
        fill = self.rng.choice((f"np.zeros_like({old})", f"{old}.copy()", "np.ones(n)"))
        return [
            f"{old} = {source}.copy()",
            f"{new} = {fill}",
            f"for {step} in range({self.rng.choice(('k', '3', 'k + 1'))}):",
            *indented(body),
        ]

    def triangle(self) -> Lines | None:
        """Two loops, the bounds of the inner one given by the outer one or by an array."""
        outer, inner = self.scope.fresh(LOOP_NAMES), self.scope.fresh(("jj", "c", "d"))
        if outer is None or inner is None or self.scope.depth >= 2:
            return None
        bounds, low, high = self.rng.choice(TRIANGLES)
        source = self.inside("for", "for", **{outer: Span("n"), inner: Span("n", low=low or 0, high=high)})
        lines = source.block(self.rng.randint(1, 2))
        names = self.vectors()
        if names and self.rng.random() < 0.6:
            name = self.rng.choice(names)
            lines.append(f"{name}[{outer}] += 0.2 * {name}[{inner}] * {source.value(1.0, 1)}")
        return [
            f"for {outer} in range(n):",
            *indented([f"for {inner} in range({bounds.format(outer)}):", *indented(lines)]),
        ]

    def items(self) -> Lines | None:
        """A loop over the elements or rows of arrays: enumerate, zip, reversed, a tuple of numbers."""
        name, index = self.scope.fresh(FLOAT_NAMES), self.scope.fresh(LOOP_NAMES)
        vectors = [v for v, own in self.scope.arrays.items() if own == (N,)]
        if name is None or index is None or not vectors or self.scope.depth >= 3:
            return None
        vector, other = self.rng.choice(vectors), self.rng.choice(vectors)
        draw = self.rng.random()
        if draw < 0.3:
            head, span = f"for {index}, {name} in enumerate({vector}):", Span("n")
        elif draw < 0.5:
            head, span = f"for {name} in ({self.value(1.0, 1)}, {self.value(1.0, 1)}, 0.3):", None
        elif draw < 0.7:
            head, span = f"for {name}, {index} in zip({vector}, idx):", Span("n")
        elif draw < 0.8:
            head, span = f"for {name} in {vector}[1:] * {other}[:-1]:", None
        elif draw < 0.9:
            head, span = f"for {name} in {vector}[::-1]:", None
        else:
            head, span = f"for {index}, {name} in enumerate({vector} + 0.5 * {other}):", Span("n")
        inner = self.inside(**({index: span} if f" {index}" in head else {}))
        inner.scope.floats.append(name)
        inner.scope.read_only |= {vector, other}
        return [head, *indented(inner.block(self.rng.randint(1, 2)))]

    def rows(self) -> Lines | None:
        """A loop whose body names a row or column of a matrix, and may write through it."""
        names = self.matrices()
        index, row = self.scope.fresh(LOOP_NAMES), self.scope.fresh(VECTOR_NAMES)
        if not names or index is None or row is None or self.scope.depth >= 2:
            return None
        name, by_row = self.rng.choice(names), self.rng.random() < 0.6
        extent, size = (N, M) if by_row else (M, N)
        head = f"for {index} in range({'n' if by_row else 'M.shape[1]'}):"
        view = f"{name}[{index}]" if by_row else f"{name}[:, {index}]"
        inner = self.inside(**{index: Span(extent.base)})
        inner.scope.arrays[row] = (size,)
        body = inner.rng.choice(
            (
                [f"{row} *= {inner.value()}"],
                [f"{row}[0] = {row}[1] * {inner.value()}"],
                [f"{row} += 0.3 * {row}[::-1]"],
                [f"{row}[:] = np.tanh({row})"],
                [],
            )
        )
        if by_row and self.rng.random() < 0.3:
            head, body = f"for {row} in {name}:", body
            inner.scope.ints.pop(index)
            return [head, *indented([*body, *inner.block(1)])]
        return [head, *indented([f"{row} = {view}", *body, *inner.block(self.rng.randint(1, 2))])]

    def loop_else(self) -> Lines | None:
        """A loop that may be left early, with an else."""
        index, names = self.scope.fresh(LOOP_NAMES), self.scope.assignable()
        if index is None or not names or self.scope.depth >= 2:
            return None
        name = self.rng.choice(names)
        inner = self.inside(**{index: Span("n")})
        body = [*inner.block(1), f"if {inner.expressions.condition()}:", "    break", *inner.block(1)]
        if self.rng.random() < 0.4:
            body = [f"if {inner.expressions.condition()}:", *indented([f"{name} += 0.1", "continue"]), *body]
        return [
            f"for {index} in range(n):",
            *indented(body),
            "else:",
            *indented([f"{name} = {name} * {self.value(1.0, 1)}"]),
        ]

    def escape(self) -> Lines | None:
        """A loop whose variable is read after it, as wherever it was left."""
        index = self.scope.fresh(LOOP_NAMES)
        if index is None or self.scope.depth >= 2:
            return None
        inner = self.inside(**{index: Span("n")})
        body = inner.block(self.rng.randint(1, 2))
        if self.rng.random() < 0.6:
            body += [f"if {inner.expressions.condition()}:", "    break"]
        self.scope.ints[index] = Span("n")
        self.scope.read_only.add(index)
        return [f"for {index} in range(n):", *indented(body)]

    def cube(self) -> Lines | None:
        """Statements over an array of three axes."""
        names = [name for name in self.scope.writable() if len(self.scope.arrays[name]) == 3]
        if not names:
            if "V" not in self.scope.arrays or self.scope.depth >= 2:
                return None
            name = self.scope.fresh(("Q", "cube"))
            if name is None:
                return None
            self.scope.arrays[name] = (N, M, M)
            return [f"{name} = {self.rng.choice(('V.copy()', 'V * 0.5', 'np.sin(V)', 'V + V[::-1]'))}"]
        name = self.rng.choice(names)
        index = self.scope.fresh(LOOP_NAMES)
        forms = [
            f"{name}[{self.expressions.index(N)}] *= {self.value()}",
            f"{name}[:, {self.expressions.index(M)}] = 0.5 * {name}[:, 0] + {self.value()}",
            f"{name}[1:] = {name}[:-1] * 0.7",
            f"{name}[..., 0] = np.sin({name}[..., 1])",
            f"{name} += 0.2 * V.sum(axis=0)",
            f"{name} -= {name}.mean(axis=(1, 2), keepdims=True)",
            f"{name} = {name} * np.max({name}, axis=2, keepdims=True)" if self.scope.depth == 0 else f"{name} *= 0.9",
            f"{name}[:, :, 0] += M * 0.1",
            f"{name} *= a[:, None, None]",
            f"{name}[:, 1, :] -= {self.value()}",
        ]
        if index is not None and self.rng.random() < 0.3:
            return [
                f"for {index} in range(1, n):",
                f"    {name}[{index}, 0] = {name}[{index} - 1, 1] * 0.5 + {name}[{index}, 0]",
            ]
        return [self.rng.choice(forms)]

    # ---- whole arrays

    def overlap(self) -> Lines | None:
        """A store whose source is another part of the same array."""
        vectors, matrices = self.vectors(), self.matrices()
        scale = self.value(1.0, 1)
        forms = []
        for w in vectors[-2:]:
            forms += [
                f"{w}[1:] = {w}[:-1]",
                f"{w}[:-1] = {w}[1:] * {scale}",
                f"{w}[:] = {w}[::-1]",
                f"{w}[1:] += {w}[:-1]",
                f"{w}[:-1] -= 0.5 * {w}[1:]",
                f"{w}[::2] *= {scale}",
                f"{w}[1::2] = {w}[1::2] ** 2 * 0.3",
                f"{w}[1:-1] = 0.5 * ({w}[:-2] + {w}[2:])",
                f"{w}[::-1] = {w} * {scale}",
                f"{w}[n // 2:] = 0.1",
                f"{w}[:2], {w}[-2:] = 0.4 * {w}[-2:], 0.6 * {w}[:2]",
                f"{w}[1:] *= {w}[0]",
                f"{w} /= 1.0 + np.sum({w} ** 2)",
                f"{w} -= {w}.mean()",
                f"{w}[:] = np.where({w} > 0.2, {w}, 0.1 * {w}[::-1])",
            ]
        for w in matrices[-2:]:
            forms += [
                f"{w}[:] = {w}[::-1]",
                f"{w}[:, 0] = {w}[:, 1] * {scale}",
                f"{w}[1:] += {w}[:-1]",
                f"{w}[0], {w}[1] = 0.5 * {w}[1], {w}[0] + 0.1",
                f"{w} *= {w}.sum(axis=0) * 0.1",
                f"{w} /= 2.0 + {w} ** 2",
                f"{w} -= {w}.mean(axis=1)[:, None]",
                f"{w}.T[0] = {scale}",
                f"{w}[idx] = 0.5 * {w}",
                f"{w}[:, ::-1] = {w} * 0.5",
            ]
        return [self.rng.choice(forms)] if forms else None

    def mask(self) -> Lines | None:
        """A condition on whole arrays as a factor, a choice or a count."""
        name = self.scope.fresh(VECTOR_NAMES)
        vectors = [v for v, own in self.scope.arrays.items() if own == (N,)]
        if name is None or len(vectors) < 1 or len(self.scope.arrays) > 8:
            return None
        p, q = self.rng.choice(vectors), self.rng.choice(vectors)
        limit = self.expressions.constant(0.0, 0.6)
        text = self.rng.choice(
            (
                f"{p} * ({q} > {limit})",
                f"np.where(({p} > -{limit}) & ({q} < {limit}), {p}, {q} * 0.5)",
                f"np.where(np.logical_or({p} > {limit}, {q} > {limit}), {p} ** 2, {q})",
                f"np.where({p} > {limit}, np.sqrt(np.abs({p}) + 0.1), -{q})",
                f"np.where(idx > 1, {p}, {q})",
                f"{p} * idx",
                f"np.clip({p}, -{limit}, {limit}) * {q}",
                f"np.where(np.arange(n) % 2 == 0, {p}, {self.value(1.0, 1)})",
                f"np.maximum({p}, 0.0) * np.sign({q})",
                f"{p} ** 2 / (1.0 + idx ** 2)",
                f"abs({p}) ** 1.5",
                f"np.linspace(0.0, 1.0, n) * {p}" if self.rng.random() < 0.1 else f"np.arange(n) / n * {p}",
            )
        )
        self.scope.arrays[name] = (N,)
        return [f"{name} = {text}"]

    def axes(self) -> Lines | None:
        """A reduction over one axis of an expression, or products of matrices."""
        names = [name for name, own in self.scope.arrays.items() if len(own) == 2 and ONE not in own]
        cubes = [name for name, own in self.scope.arrays.items() if len(own) == 3]
        if not names or len(self.scope.arrays) > 8:
            return None
        w = self.rng.choice(names)
        rows, columns = self.scope.arrays[w]
        kind = self.rng.choice(("sum", "mean", "max", "min"))
        draw = self.rng.random()
        if draw < 0.3:
            name = self.scope.fresh(VECTOR_NAMES)
            text, shape = f"np.{kind}({w} * {self.value(1.0, 1)}, axis={self.rng.choice((0, -2))})", (columns,)
        elif draw < 0.5:
            name = self.scope.fresh(VECTOR_NAMES)
            text, shape = f"(np.sin({w}) + {w}).{kind}(axis=1)", (rows,)
        elif draw < 0.6 and cubes:
            name = self.scope.fresh(MATRIX_NAMES)
            text, shape = f"{self.rng.choice(cubes)}.{kind}(axis={self.rng.choice((1, 2))})", (N, M)
        elif draw < 0.8:
            name = self.scope.fresh(MATRIX_NAMES)
            text, shape = f"0.1 * ({w} @ {w}.T)", (rows, rows)
        else:
            name = self.scope.fresh(MATRIX_NAMES)
            text, shape = f"{w} - {w}.{kind}(axis=0)", (rows, columns)
        if name is None:
            return None
        self.scope.arrays[name] = shape
        return [f"{name} = {text}"]

    # ---- integers that choose

    def choose(self) -> Lines | None:
        """The place of an extreme element, used as an index."""
        vectors = [v for v, own in self.scope.arrays.items() if own == (N,)]
        name = self.scope.fresh(INT_NAMES)
        if name is None or not vectors:
            return None
        vector = self.rng.choice(vectors)
        text = self.rng.choice(("np.argmax({})", "{}.argmin()", "np.argmin({} ** 2)", "int(np.argmax(np.abs({})))"))
        self.scope.ints[name] = Span("n")
        return [f"{name} = {text.format(vector)}"]

    def tally(self) -> Lines | None:
        """Counts in an integer array, then a vector scaled by them."""
        count, index = self.scope.fresh(("counts", "hits")), self.scope.fresh(LOOP_NAMES)
        names = self.vectors()
        if count is None or index is None or not names or self.scope.depth >= 1 or count in self.scope.floats:
            return None
        test = self.inside(**{index: Span("n")}).expressions.condition()
        made = self.rng.choice(("np.zeros(n, dtype=np.int64)", "np.zeros(n, np.int64)", "np.zeros_like(idx)"))
        name = self.rng.choice(names)
        return [
            f"{count} = {made}",
            f"for {index} in range(n):",
            *indented([f"if {test}:", f"    {count}[idx[{index}]] += 1"]),
            *self.rng.choice(
                (
                    [f"{name} *= 0.3 * {count}"],
                    [f"{name}[{count}[0] % n] += {self.value()}"],
                    [f"for {index} in range({count}[0]):", f"    {name}[{index} % n] *= 0.5"],
                    [f"{name} += {count} / (1 + {count})"],
                )
            ),
        ]

    # ---- names

    def chain(self) -> Lines | None:
        """Several targets, nested ones, and tuples that stand under one name."""
        floats = self.scope.assignable()
        first, second = self.scope.fresh(FLOAT_NAMES), None
        if not floats or first is None:
            return None
        second = self.rng.choice(floats)
        vectors, value, other = self.vectors(), self.value(2.0), self.value(2.0, 1)
        fresh = first not in self.scope.floats
        draw = self.rng.random()
        if draw < 0.25:
            lines = [f"{first} = {second} = {value}"]
        elif draw < 0.45:
            lines = [f"({first}, {second}), {floats[0]} = ({value}, {other}), 0.5 * {second}"]
            if floats[0] == second:
                lines = [f"({first},), {second} = ({value},), {other}"]
        elif draw < 0.65:
            pair = self.scope.fresh(("pair", "both"))
            if pair is None or self.scope.depth:
                return None
            lines = [f"{pair} = ({value}, {other})", f"{first} = {pair}[0] * {pair}[1]", f"{second} = {pair}[-1]"]
        elif draw < 0.8 and vectors:
            name = self.rng.choice(vectors)
            cell = self.expressions.element(name)
            lines = [f"{first} = {cell} = {value}"]
        else:
            lines = [f"{first}, {second} = ({value}, {other}) if {self.expressions.condition()} else ({other}, 0.2)"]
            if self.rng.random() < 0.7:
                lines = [f"{first}: float = {value}"]
        if fresh:
            self.scope.floats.append(first)
        return lines

    def augmented(self) -> Lines | None:
        """The augmented assignments that the other statements leave out."""
        names, floats = self.vectors(), self.scope.assignable()
        if not floats:
            return None
        name = self.rng.choice(floats)
        forms = [
            f"{name} **= 2",
            f"{name} %= 1.7",
            f"{name} //= 0.8",
            f"{name} -= {name} * {self.value()}",
            f"{name} = -{name}",
        ]
        if names:
            w = self.rng.choice(names)
            cell = self.expressions.element(w)
            forms += [
                f"{cell} **= 2",
                f"{cell} /= 1.0 + {cell} ** 2",
                f"{w} **= 2",
                f"{w} %= 1.3",
                f"{w}[1:] /= 2.0 + np.cos({w}[:-1])",
                f"{cell} -= {cell} * {self.value()}",
                f"{cell} *= {cell}",
            ]
        text = self.rng.choice(forms)
        if text.endswith("**= 2"):
            target = text.removesuffix(" **= 2")
            return [f"{target} = np.tanh({target})", text] if "[" in target or target in floats else [text]
        return [text]

    def closure(self) -> Lines | None:
        """A function inside, which reads the names around it when it is called."""
        name, target = self.scope.fresh(("inner", "phi")), self.scope.fresh(FLOAT_NAMES)
        if self.scope.depth or name is None or target is None or name in self.scope.helpers:
            return None
        read = self.rng.choice(self.scope.floats)
        argument = self.value(1.0, 1)
        if self.rng.random() < 0.5:
            lines = [f"{name} = lambda d_: np.sin(d_ * {read}) + d_"]
        else:
            lines = [
                f"def {name}(d_, scale=0.5):",
                *indented([f"if d_ > {self.expressions.constant()}:", "    return d_ * scale"]),
                *indented(["r_ = np.tanh(d_)", f"return r_ * {read} + scale"]),
            ]
        if self.scope.assignable() and self.rng.random() < 0.4:
            lines += self.augment() or []
        self.scope.floats.append(target)
        return [*lines, f"{target} = {name}({argument})", f"{target} += {name}({target})"]

    def helped(self) -> Lines | None:
        """A call of a helper that returns several values, returns early, or writes two arrays."""
        kinds = {kind: name for name, kind in self.scope.helpers.items()}
        first, second = self.scope.fresh(FLOAT_NAMES), self.rng.choice([*self.scope.assignable(), ""])
        vectors = [v for v, own in self.scope.arrays.items() if own == (N,)]
        own = self.vectors()
        if first is None or not second:
            return None
        draw = self.rng.random()
        level = self.value(2.0, 1)
        if "two" in kinds and draw < 0.4:
            self.scope.floats.append(first)
            return [f"{first}, {second} = {kinds['two']}({level}, {second})"]
        if "moments" in kinds and vectors and draw < 0.6:
            self.scope.floats.append(first)
            return [f"{first}, {second} = {kinds['moments']}({self.rng.choice(vectors)})"]
        if "blend" in kinds and len(own) > 1 and draw < 0.8:
            p, q = self.rng.sample(own, 2)
            return [f"{kinds['blend']}({p}, {q}, {level})"]
        if "search" in kinds and vectors:
            self.scope.floats.append(first)
            return [f"{first} = {kinds['search']}({self.rng.choice(vectors)}, {level})"]
        return None

    def spare(self) -> Lines | None:
        """A part of an array under a name, strided or transposed, written through at once."""
        name = self.scope.fresh(("part", "half"))
        if name is None or self.scope.depth:
            return None
        vectors, matrices = self.vectors(), self.matrices()
        if vectors and self.rng.random() < 0.6:
            base = self.rng.choice(vectors)
            cut = self.rng.choice(("1:", ":-1", "::-1", "::2", "1:-1", "2:", ":n // 2"))
            lines = self.rng.choice(
                (
                    [f"{name}[0] = {self.value()}", f"{name} *= {self.value()}"],
                    [f"{name}[:] = np.sin({name})"],
                    [f"for i_ in range({name}.size):", f"    {name}[i_] = {name}[i_] * {base}[0] + 0.1"],
                    [f"{name} += {base}[-1]"],
                    [f"{name}[-1] -= {base}[0] * {name}[0]"],
                )
            )
            return [f"{name} = {base}[{cut}]", *lines]
        if matrices:
            base = self.rng.choice(matrices)
            cut = self.rng.choice((".T", "[1:]", "[:, 1:]", "[::-1]", "[:, ::-1].T", ".T[1:]", "[1:-1, :2]"))
            lines = self.rng.choice(
                (
                    [f"{name}[0] *= {self.value()}"],
                    [f"{name}[:, 0] = {name}[:, -1] + 0.1"],
                    [f"{name} += {base}[0, 0]"],
                    [f"{name}[0, 0] = {base}[-1, -1] * {self.value()}"],
                )
            )
            return [f"{name} = {base}{cut}", *lines]
        return None


HELPERS = (
    ("two", "turn", "def turn(u, w):\n    c, s = np.cos(u), np.sin(u)\n    return c * w + s, s * w - c\n"),
    ("two", "turn", "def turn(u, w):\n    if u > w:\n        return u - w, u * w\n    return np.tanh(w), 0.5\n"),
    (
        "two",
        "turn",
        "def turn(u, w=0.5):\n    for q in range(3):\n        u = 0.5 * u + w\n        if u > 1.2:\n"
        "            return u, w\n        w = w * 0.7\n    return w, u * w\n",
    ),
    (
        "moments",
        "moments",
        "def moments(v):\n    m = np.mean(v)\n    return m, np.mean((v - m) ** 2)\n",
    ),
    (
        "moments",
        "moments",
        "def moments(v):\n    lo = hi = v[0]\n    for e in v:\n        lo = min(lo, e)\n        hi = max(hi, e)\n"
        "    return lo, hi - lo\n",
    ),
    (
        "blend",
        "blend",
        "def blend(v, w, s):\n    for i in range(v.size):\n        t = v[i]\n        v[i] = t * np.cos(s) + w[i]\n"
        "        w[i] = w[i] * np.sin(s) - 0.3 * t\n",
    ),
    ("blend", "blend", "def blend(v, w, s):\n    v[1:] += s * w[:-1]\n    w[:] = 0.5 * (v + w)\n"),
    (
        "search",
        "search",
        "def search(v, level):\n    total = 0.0\n    for i in range(v.size):\n        total += v[i] ** 2\n"
        "        if total > level:\n            return total - level + v[i]\n    return 0.5 * total\n",
    ),
    (
        "search",
        "search",
        "def search(v, level):\n    j = 0\n    while j < v.size - 1 and v[j] < level:\n        j += 1\n"
        "    return v[j] * level\n",
    ),
)

PATTERNS = (
    "stencil",
    "stencil_of_rows",
    "scatter",
    "march",
    "triangle",
    "items",
    "rows",
    "loop_else",
    "escape",
    "cube",
    "overlap",
    "mask",
    "axes",
    "choose",
    "tally",
    "chain",
    "augmented",
    "closure",
    "helped",
    "spare",
)

Patterns.known = STATEMENTS + PATTERNS
