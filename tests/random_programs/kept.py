"""What a trip of a loop makes and later ones have: arrays of a branch, fields of objects, lists of arrays."""

from __future__ import annotations

from tests.random_programs.carried import CARRIED
from tests.random_programs.idioms import IDIOMS
from tests.random_programs.listed import LISTED, Listed
from tests.random_programs.patterns import PATTERNS
from tests.random_programs.scope import LOOP_NAMES, N, Span
from tests.random_programs.statements import STATEMENTS, Lines, indented

# a class whose objects the programs write
CELL = """
class Cell:
    top = 1.0

    def __init__(self, x, w):
        self.x, self.w, self.n = x, w, 0
        self.last = None

    def step(self, v):
        self.x = np.tanh(0.5 * self.x + v)
        self.n += 1
        return self.x

    def early(self, v):
        if v > 0.1:
            return self.x
        self.w = np.tanh(self.w - v)
        return v

    def note(self, v):
        if self.last is not None:
            self.x += 0.1 * self.last
        self.last = v

    def rise(self, v):
        if v > self.top:
            self.top = v
        return self.top


def pushed(v, cell):
    cell.x = 0.5 * cell.x + v
    return v * cell.w
"""


class Kept(Listed):
    """A source of statements that also draws from these."""

    def carried_array(self) -> Lines | None:
        """An array that a branch of a loop makes, which later trips change and read."""
        index, read, target = self.scope.fresh(LOOP_NAMES), self.readable(), self.scope.assignable()
        if index is None or not read or not target or self.scope.depth >= 2:
            return None
        rng, i, v, s = self.rng, index, self.rng.choice(read), self.rng.choice(target)
        z = f"kept_{rng.randrange(100)}"
        first = rng.choice((f"np.zeros_like({v})", f"{v} * 0.5", "np.ones(n)", f"np.full(n, {rng.choice(target)})"))
        when = rng.choice((f"{i} == 0", f"{i} % 2 == 0", f"{i} == 0 or {s} > 1.0", f"{i} < 2"))
        body = [f"if {when}:", f"    {z} = {first}"]
        body += rng.sample([
            f"{z} = 0.9 * {z} + 0.1 * {v}", f"{z}[{i} % n] += 0.3 * {v}[{i} % n]", f"{z} *= 0.8",
            f"{z} = np.tanh({z} + {s})", f"{s} = np.tanh({s} + np.mean({z}))",
        ], rng.randint(2, 4))  # fmt: skip
        trips = rng.choice(("n", "3", "1 + n"))
        after = [f"{s} = np.tanh({s} + {z}[0])"] if rng.random() < 0.6 else []
        return [f"for {i} in range({trips}):", *indented(body), *after]

    def begun(self) -> Lines | None:
        """A number that the first trip makes an array."""
        index, read, target = self.scope.fresh(LOOP_NAMES), self.readable(), self.scope.assignable()
        if index is None or not read or not target or self.scope.depth >= 2:
            return None
        rng, i, v, s = self.rng, index, self.rng.choice(read), self.rng.choice(target)
        m = f"mean_{rng.randrange(100)}"
        step = rng.choice((f"{m} = 0.9 * {m} + 0.1 * {v}", f"{m} = np.tanh({m} + {v} * {s})", f"{m} += 0.2 * {v}",
                           f"{m} = {v} - 0.5 * {m} * np.cos({v})"))  # fmt: skip
        step = rng.choice(([step], [step], [f"if {i} % 2 == 0:", f"    {step}"]))
        inside = [f"{s} = np.tanh({s} + {m}[0] * 0.1)"] if len(step) == 1 and rng.random() < 0.5 else []
        start = rng.choice(("0", "0.0", "1.0"))
        return [f"{m} = {start}", f"for {i} in range(n):", *indented([*step, *inside]), f"{s} = np.tanh(np.mean({m}))"]

    def apart(self) -> Lines | None:
        """A list of parts of an array, each of another size."""
        index, read, target = self.scope.fresh(LOOP_NAMES), self.readable(), self.scope.assignable()
        if index is None or not read or not target or self.scope.depth >= 2:
            return None
        rng, i, v, s = self.rng, index, self.rng.choice(read), self.rng.choice(target)
        rows = f"rows_{rng.randrange(100)}"
        value = self.inside(**{str(i): Span("n")}).value(0.5, 1)
        item = rng.choice((f"{v}[: {i} + 1] * {value}", f"np.sin({v}[{i}:])", f"np.ones({i} + 2) * {v}[{i}]"))
        uses = [
            [f"for r_ in {rows}:", f"    {s} = np.tanh({s} + np.mean(r_))"],
            [f"{s} = np.tanh({s} + {rows}[-1][0] * {rows}[1][-1])"],
            [f"{rows}[0][0] = {s}", f"{s} = np.tanh({rows}[0][0] + {rows}[-1][-1])"],
            [f"{s} = np.tanh(np.sum({rows}.pop()) + len({rows}))"],
            [f"{s} = np.tanh(np.mean(np.concatenate({rows})))"],
            [f"{rows}[1] = {v} * 0.5", f"{s} = np.tanh({s} + sum([np.sum(r_) for r_ in {rows}]))"],
        ]
        chosen = [line for use in rng.sample(uses, rng.randint(1, 2)) for line in use]
        return [f"{rows} = []", f"for {i} in range(n):", f"    {rows}.append({item})", *chosen]

    def written_object(self) -> Lines | None:
        """An object whose methods write its fields, under two names."""
        index, target = self.scope.fresh(LOOP_NAMES), self.scope.assignable()
        if index is None or not target or self.scope.depth >= 2:
            return None
        rng, i, s, q = self.rng, index, self.rng.choice(target), self.rng.choice(self.scope.floats)
        c = f"cell_{rng.randrange(100)}"
        value = self.inside(**{str(i): Span("n")}).value(0.5, 1)
        calls = [
            f"{s} = np.tanh({s} + {c}.step({value}))", f"{c}.early({value})", f"{s} = {c}.early({s}) * 0.5",
            f"{c}.note({value})", f"{s} = np.tanh({s} + {c}.rise({value}))", f"{c}.w, {c}.x = {c}.x, {c}.w * 0.9",
            f"{s} = np.tanh(pushed({c}.x, {c}) + {c}.x)", f"{c}.x += 0.1 * {c}.step({s})",
            f"{c}_.w = 0.5 * {c}.w + {s}",
            f"{s} = np.tanh({c}.x * {c}_.step(0.1))", f"old_ = {c}.x", f"if {s} > 0.2:\n    {c}.x = {value}",
        ]  # fmt: skip
        body = [line for call in rng.sample(calls, rng.randint(2, 4)) for line in call.split("\n")]
        loop = [f"for {i} in range({rng.choice(('n', '3', 'k'))}):", *indented(body)]
        made = [f"{c} = Cell({q}, {self.value(0.5, 1)})", rng.choice((f"{c}_ = {c}", f"{c}_ = Cell(0.3, {q})"))]
        end = [f"{s} = np.tanh({c}.x + {c}_.w * 0.5 + 0.1 * {c}.n)"]
        before = [line.split("\n")[0] for line in rng.sample(calls[:6], 1) if i not in line]
        return [*made, *before, *loop, *end]

    def vector_of_a_matrix(self) -> Lines | None:
        """A matrix of integers times an expression that is a vector."""
        read, target = self.readable((N,)), self.scope.assignable()
        if not read or not target:
            return None
        v, s = self.rng.choice(read), self.rng.choice(target)
        made = self.rng.choice(("np.eye(n, dtype=int)", f"({v}[None, :] > {v}[:, None]).astype(int)", "np.tri(n)"))
        return [f"{s} = np.tanh(np.mean({made} @ ({v} * 0.5 + {s})))"]


KEPT = ("carried_array", "begun", "apart", "written_object", "vector_of_a_matrix")

Kept.known = STATEMENTS + PATTERNS + IDIOMS + CARRIED + LISTED + KEPT
