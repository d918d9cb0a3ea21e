"""What loops carry on: neighbours on a ring, tuples and dicts bound anew, a search, loops that compute the same."""

from __future__ import annotations

from tests.random_programs.idioms import IDIOMS, Idioms
from tests.random_programs.patterns import PATTERNS
from tests.random_programs.scope import FLOAT_NAMES, LOOP_NAMES, Span
from tests.random_programs.statements import STATEMENTS, Lines, indented


class Carried(Idioms):
    """A source of statements that also draws from these."""

    def ring(self) -> Lines | None:
        """Places that count from the end of a vector in some trips, and from its start in others."""
        index, names, read = self.scope.fresh(LOOP_NAMES), self.vectors(), self.readable()
        target = self.scope.assignable()
        if index is None or not names or not read or not target or self.scope.depth >= 2:
            return None
        w, v, s = self.rng.choice(names), self.rng.choice(read), self.rng.choice(target)
        i = index
        forms = [
            f"{w}[{i}] = 0.5 * {w}[{i}] + 0.3 * {v}[{i} - 1]",
            f"{w}[{i}] = np.tanh({w}[{i} - 1] + {v}[{i}])",
            f"{w}[{i} - 1] += 0.2 * {w}[{i}]",
            f"{w}[{i} - 2] = np.sin({w}[{i}])",
            f"{s} = np.tanh({s} + {w}[{i} - 1] * {w}[-1])",
            f"{w}[-1] = 0.9 * {w}[-1] + 0.1 * {w}[{i}]",
            f"{w}[{i}] -= 0.1 * ({w}[{i}] - {w}[({i} + 1) % n])",
            f"{w}[n - 1 - {i}] = 0.5 * {w}[{i} - 2]",
            f"{w}[{i} - n] *= 0.9 + 0.1 * np.sin({v}[{i}])",
            f"{s} = 0.8 * {s} + 0.1 * {w}[{i} - 1] * {w}[n - 1]",
            f"{s} = np.tanh({s} + {v}[{i} - 1] * {v}[{i} - 2])",
        ]
        trips = self.rng.choice(("n", "n", "1, n", "n - 1, -1, -1", "-1, n - 1", "n - 1"))
        return [f"for {i} in range({trips}):", *indented(self.rng.sample(forms, self.rng.randint(1, 3)))]

    def state(self) -> Lines | None:
        """A tuple, a dict or a list of numbers that every trip binds anew, some of its parts to others."""
        index, target = self.scope.fresh(LOOP_NAMES), self.scope.assignable()
        p, q = (self.rng.choice(self.scope.floats) for _ in range(2))
        if index is None or not target or self.scope.depth >= 2:
            return None
        s = self.rng.choice(target)
        value = self.inside(**{index: Span("3")}).value(1.0, 1)
        state = f"state_{self.rng.randrange(1000)}"
        made, steps, last = self.rng.choice(
            (
                (
                    f"({p}, {q})",
                    [f"({{0}}[1], np.tanh({{0}}[0] + {value}))", "({0}[1] * 0.5, {0}[0])"],
                    "{0}[0] - {0}[1]",
                ),
                (
                    f"{{{{'u': {p}, 'v': {q}}}}}",
                    [
                        f"{{{{'u': np.tanh({{0}}['v'] * {value}), 'v': {{0}}['u']}}}}",
                        "{{'u': {0}['v'], 'v': {0}['u']}}",
                    ],
                    "{0}['u'] * {0}['v']",
                ),
                (
                    f"(({p}, {q}), {q})",
                    [f"(({{0}}[1], np.sin({{0}}[0][0])), {value} * {{0}}[0][1])", "({0}[0], {0}[0][0])"],
                    "{0}[0][0] + {0}[0][1] * {0}[1]",
                ),
            )
        )
        body = [f"{state} = {self.rng.choice(steps).format(state)}"]
        if self.rng.random() < 0.4:
            body = [f"if {self.expressions.condition()}:", *indented(body)]
        if self.rng.random() < 0.5:
            body.append(f"{s} = np.tanh({s} + {last.format(state)})")
        return [
            f"{state} = {made.format(state)}",
            f"for {index} in range({self.rng.choice(('3', 'k', 'n'))}):",
            *indented(body),
            f"{s} = np.tanh({last.format(state)})",
        ]

    def search(self) -> Lines | None:
        """What is None until a trip binds it, or a branch."""
        index, read, target = self.scope.fresh(LOOP_NAMES), self.readable(), self.scope.assignable()
        if index is None or not read or not target or self.scope.depth >= 2:
            return None
        v, s = self.rng.choice(read), self.rng.choice(target)
        best = f"best_{self.rng.randrange(1000)}"
        body = self.rng.choice(
            (
                [f"if {best} is None or {index} > {best}:", f"    {best} = {index}"],
                [f"if {best} is not None:", f"    {s} = np.tanh({s} + {best} * {index})", f"{best} = {index}"],
                [f"if {index} > 0.2:", f"    {best} = {index} * {s}", "    break"],
                [f"{best} = None if {index} > 1.0 else {index}"],
                [f"if {index} > 0.8:", f"    {best} = None", "else:", f"    {best} = 0.5 * {index}"],
            )
        )
        return [
            f"{best} = None",
            f"for {index} in {v}:",
            *indented(body),
            f"if {best} is not None:",
            f"    {s} = np.tanh({best} * {s} + 0.1)",
        ]

    def twice(self) -> Lines | None:
        """Two loops that compute the same on their way, with something between them."""
        index, read, target = self.scope.fresh(LOOP_NAMES), self.readable(), self.scope.assignable()
        d, names = self.scope.fresh(FLOAT_NAMES), self.vectors()
        if None in (index, d) or not read or not target or self.scope.depth >= 2:
            return None
        v, u, s, t = (self.rng.choice(c) for c in (read, read, target, target))
        i, rng = index, self.rng
        common = rng.choice((f"{d} = {v}[{i}] - {u}[{i}]", f"{d} = {v}[{i}] * {u}[n - 1 - {i}]", f"{d} = {v}[{i} - 1]"))
        uses = [
            f"{s} = {s} + 0.1 * np.exp(-{d} * {d})",
            f"{t} = np.tanh({t} + np.cos({d}) * {v}[{i}])",
            f"{s} += 0.1 * {d} ** 2",
            f"if {d} > 0.1:\n    {s} = np.tanh({s} * {d})",
        ]
        if names:
            w = rng.choice(names)
            uses += [f"{w}[{i}] = np.tanh({d})", f"{w}[{i}] += 0.1 * {d}", f"{w}[n - 1 - {i}] *= 0.5 * {d}"]
        between = rng.choice(([], [f"{s} = np.sin({s})"], [f"{names[0]}[-1] = {s}"] if names else []))

        def loop() -> Lines:
            chosen = rng.sample(uses, rng.randint(1, 2))
            return [f"for {i} in range(n):", *indented([common, *(line for u in chosen for line in u.split("\n"))])]

        return [*loop(), *between, *loop()]


CARRIED = ("ring", "state", "search", "twice")

Carried.known = STATEMENTS + PATTERNS + IDIOMS + CARRIED
