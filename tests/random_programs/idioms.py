"""More of what people write: windows, negative places, powers of integers, flags, tables, choices of arrays."""

from __future__ import annotations

from tests.random_programs.patterns import PATTERNS, Patterns
from tests.random_programs.scope import FLOAT_NAMES, INT_NAMES, LOOP_NAMES, VECTOR_NAMES, M, N, Span
from tests.random_programs.statements import STATEMENTS, Lines, indented


class Idioms(Patterns):
    """A source of statements that also draws from these."""

    def readable(self, shape=(N,)) -> list[str]:
        """Arrays of this shape."""
        return [name for name, own in self.scope.arrays.items() if own == shape]

    def window(self) -> Lines | None:
        """Reads and stores of slices whose bounds are known at run time."""
        index, names, read = self.scope.fresh(LOOP_NAMES), self.vectors(), self.readable()
        target = self.scope.assignable()
        if index is None or not names or not read or not target or self.scope.depth >= 2:
            return None
        w, v, s = self.rng.choice(names), self.rng.choice(read), self.rng.choice(target)
        inner = self.inside(**{index: Span("n")})
        scale = inner.value(1.0, 1)
        i = index
        forms = [
            f"{s} = 0.5 * {s} + np.sum({v}[{i}:]) * 0.1",
            f"{s} = np.tanh({s} + {v}[:{i}] @ {v}[:{i}])",
            f"{s} = np.tanh({s} * {v}[:{i} + 1].max())",
            f"{s} = np.tanh({s} + np.sum({v}[max(0, {i} - 1):{i} + 2] ** 2))",
            f"{s} -= 0.2 * np.mean({v}[{i}:{i} + 2])",
            f"{w}[{i}:] *= np.cos({scale})",
            f"{w}[:{i}] += 0.1 * {v}[:{i}]",
            f"{w}[{i}:] = 0.9 * {w}[: n - {i}]",
            f"{w}[: n - {i}] -= 0.1 * {w}[{i}:]",
            f"{w}[{i}::2] = {scale}",
            f"{w}[{i}:{i} + 2] = 0.5 * {v}[{i}]",
            f"{w}[-{i} - 1] = 0.5 * {v}[-{i} - 1] + {scale}",
            f"{w}[{i} - 1] += 0.3 * {v}[{i} - 2]",
            f"{w}[-{i}] = np.sin({w}[{i} - 1])",
            f"{w}[n - 1 - {i}:] *= 0.9",
        ]
        return [f"for {index} in range(n):", *indented(self.rng.sample(forms, self.rng.randint(1, 2)))]

    def powers(self) -> Lines | None:
        """Powers with integers, and arithmetic of integers turned into floats."""
        names = self.scope.assignable()
        if not names:
            return None
        name, other = self.rng.choice(names), self.rng.choice(self.scope.floats)
        i = self.rng.choice([*self.scope.ints])
        texts = (
            f"np.tanh({other}) ** k",
            f"np.tanh({other}) ** (abs({i}) % 3)",
            f"(1.5 + np.sin({other})) ** -2",
            f"(1.5 + np.sin({other})) ** -(k % 2)",
            f"(-1) ** ({i} % 2) * {self.value(1.0, 1)}",
            f"2.0 ** -abs({i}) * {self.value(1.0, 1)}",
            f"{i} / n * {self.value(1.0, 1)}",
            f"({i} // 2 - {i} % 3) * 0.1 * np.sin({other})",
            f"float({i} > 1) * {self.value(1.0, 1)}",
            f"({other} > 0.1) * {self.value(1.0, 1)}",
            f"max({self.value(1.0, 1)}, {other}, 0.2)",
            f"abs({other}) ** 2.5 if abs({other}) < 2.0 else {other}",
            f"np.sign({other}) * np.sqrt(abs({other}) + 0.1)",
            f"{other} % 1.3 + {other} // 1.3",
            f"round({other}) * 0.1 + int({other}) * {self.value(1.0, 1)}",
        )
        text = self.rng.choice(texts)
        return [f"{name} = np.tanh({text})" if self.scope.loops else f"{name} = {text}"]

    def chained_index(self) -> Lines | None:
        """`M[i][j]`, read and written, rows exchanged."""
        names = self.matrices()
        if not names:
            return None
        w, i, j = self.rng.choice(names), self.expressions.index(N), self.expressions.index(M)
        forms = (
            [f"{w}[{i}][{j}] = {self.value()}"],
            [f"{w}[{i}][{j}] += 0.3 * {w}[{self.expressions.index(N)}][{j}]"],
            [f"{w}[{i}][1:] *= {self.value()}"],
            [f"{w}[0], {w}[1] = {w}[1], {w}[0]"],
            [f"{w}[0], {w}[-1] = {w}[-1].copy(), {w}[0].copy()"],
            [f"{w}[{i}] = {w}[{i}][::-1]"],
            [f"{w}[:, {j}][1:] -= 0.2 * {w}[1:][:, {j}]"],
            [f"{w}[1:][0] = np.sin({w}[:-1][-1])"],
        )
        return self.rng.choice(forms)

    def flag(self) -> Lines | None:
        """A truth value under a name."""
        name, target = self.scope.fresh(("flag", "seen")), self.scope.assignable()
        index = self.scope.fresh(LOOP_NAMES)
        if name is None or not target or index is None or self.scope.depth >= 2:
            return None
        s = self.rng.choice(target)
        inner = self.inside(**{index: Span("n")})
        test = inner.expressions.condition()
        body = self.rng.choice(
            (
                [f"{name} = {name} or {test}", f"if not {name}:", f"    {s} = np.tanh({s} + {inner.value()})"],
                [f"if {test}:", f"    {name} = not {name}", f"if {name}:", f"    {s} -= {inner.value(0.3)}"],
                [f"{name} = {test}", f"{s} += 0.1 if {name} else {inner.value(0.3)}"],
                [f"if {name} and {test}:", "    break", f"{name} = {s} > 0.3", f"{s} = np.sin({s}) + 0.2"],
            )
        )
        return [f"{name} = {self.rng.choice(('False', 'True', self.expressions.condition()))}",
                f"for {index} in range(n):", *indented(body)]  # fmt: skip

    def table(self) -> Lines | None:
        """A captured array, and numbers of it."""
        names = self.scope.assignable()
        if not names:
            return None
        s, i = self.rng.choice(names), self.rng.choice([*self.scope.ints])
        read = self.readable()
        texts = [f"TABLE[{i} % 3] * {self.value(1.0, 1)}", f"np.sin({s}) * TABLE[-1] + TABLE.sum()"]
        if read:
            texts += [f"np.sum(TABLE * {self.rng.choice(read)}[:3])", f"{self.rng.choice(read)}[1:4] @ TABLE"]
        return [f"{s} = np.tanh({self.rng.choice(texts)})"]

    def either(self) -> Lines | None:
        """One of two arrays, chosen at run time."""
        name, read = self.scope.fresh(VECTOR_NAMES), self.readable()
        if name is None or len(read) < 2 or len(self.scope.arrays) > 8:
            return None
        p, q = self.rng.sample(read, 2)
        test = self.expressions.condition()
        text = self.rng.choice(
            (
                f"({p} if {test} else {q}) * {self.value(1.0, 1)}",
                f"({p} if {test} else 0.5 * {q}).copy()",
                f"np.sin({p}[::-1] if {test} else {q})",
                f"np.where({test}, {p}, {q}) + 0.0",
                f"M.ravel()[:n] * {p}",
                f"np.reshape(M, (-1,))[-n:] + {q}",
            )
        )
        self.scope.arrays[name] = (N,)
        return [f"{name} = {text}"]

    def remembered(self) -> Lines | None:
        """What a loop keeps from trip to trip: the last value, a running extreme and its place, a count."""
        index, read, target = self.scope.fresh(LOOP_NAMES), self.readable(), self.scope.assignable()
        first, place = self.scope.fresh(FLOAT_NAMES), self.scope.fresh(INT_NAMES)
        if None in (index, first, place) or not read or not target or self.scope.depth >= 2:
            return None
        v, s = self.rng.choice(read), self.rng.choice(target)
        self.scope.floats.append(str(first))
        self.scope.ints[str(place)] = Span("n")
        i = index
        body = self.rng.choice(
            (
                [f"if {v}[{i}] > {first}:", f"    {first} = {v}[{i}]", f"    {place} = {i}"],
                [f"{s}, {first} = {first} * 0.5 + {v}[{i}], {s}"],
                [f"if {v}[{i}] * {first} < 0.2:", f"    {place} = {i}", "    continue", f"{first} = 0.7 * {v}[{i}]"],
                [f"old_ = {first}", f"{first} = np.sin({first} + {v}[{i}])", f"{s} = 0.5 * {s} + old_ * {first}"],
                [f"{first} += {v}[{place}] * 0.3", f"{place} = ({place} + {i}) % n"],
            )
        )
        return [f"{first} = {v}[0]", f"{place} = 0", f"for {i} in range(1, n):", *indented(body)]


    def triple(self) -> Lines | None:
        """Three loops in each other that multiply a matrix with the transpose of one."""
        read, s = self.readable((N, M)), self.scope.fresh(FLOAT_NAMES)
        i, k = self.scope.fresh(LOOP_NAMES), self.scope.fresh(("l2", "k2"))
        target, vectors = self.scope.assignable(), self.vectors()
        if None in (s, i, k) or not read or not target or self.scope.depth >= 2:
            return None
        p, q, t, j = self.rng.choice(read), self.rng.choice(read), self.rng.choice(target), "j2"
        inner = self.inside(**{str(i): Span("n")})
        scale = self.rng.choice((self.value(0.5, 1), "0.5", f"{p}[{i}, {j}]", f"{q}[0, {j}]", f"{s}_"))
        ends = self.rng.choice(("n", f"{i}", f"{i} + 1", f"{i}, n", "n - 1", f"min({i} + 1, n - 1)", "n - 1, -1, -1"))
        total = self.rng.choice((f"{p}[{i}, {j}] * {q}[{k}, {j}]", f"({p}[{i}, {j}] - {q}[{k}, {j}])"))
        ways = [f"{t} = 0.9 * {t} + 0.1 * np.sin({s})", f"{t} += 0.1 * np.tanh({s})"]
        ways += [f"{w}[{i}] += 0.1 * np.sin({s})" for w in vectors]
        ways += [f"{w}[{k}] -= 0.1 * np.tanh({s})" for w in vectors]
        body = [f"{s} = {inner.value(0.3, 1)}", f"{s}_ = np.cos({s} + {i})",
                f"for {j} in range({self.rng.choice(('{0}', '{0}', '{0} - 1', '1, {0}')).format(f'{p}.shape[1]')}):",
                f"    {s} += {total} * {scale}",
                self.rng.choice(ways)]  # fmt: skip
        head = [f"for {k} in range({ends}):", *indented(body)]
        before = [f"{t} = np.tanh({t})"] if self.rng.random() < 0.3 else []
        return [f"for {i} in range(n):", *indented([*before, *head])]


IDIOMS = ("triple", "window", "powers", "chained_index", "flag", "table", "either", "remembered")

Idioms.known = STATEMENTS + PATTERNS + IDIOMS
