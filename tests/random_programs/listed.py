"""Lists: of numbers, begun with integers or floats, that grow or are bound anew; lists of lists, written inside."""

from __future__ import annotations

from tests.random_programs.carried import CARRIED, Carried
from tests.random_programs.idioms import IDIOMS
from tests.random_programs.patterns import PATTERNS
from tests.random_programs.scope import LOOP_NAMES, Span
from tests.random_programs.statements import STATEMENTS, Lines, indented


class Listed(Carried):
    """A source of statements that also draws from these."""

    def listed(self) -> Lines | None:
        """A list of numbers: made, changed in several ways, and read."""
        index, target = self.scope.fresh(LOOP_NAMES), self.scope.assignable()
        if index is None or not target or self.scope.depth >= 2:
            return None
        s, i, rng = self.rng.choice(target), index, self.rng
        inner = self.inside(**{i: Span("n")})
        p, q, inside = self.value(1.0, 1), self.rng.choice(self.scope.floats), inner.value(0.6, 1)
        name = f"items_{rng.randrange(100)}"
        made = rng.choice((
            ["{0} = [0] * n"], ["{0} = [0.0] * n"], [f"{{0}} = [{p}, {q}, 1, 2]"], ["{0} = [0, 0, 1, 0]"],
            ["{0} = list(range(n))"], ["{0} = [0.1 * v for v in range(n)]"], [f"{{0}} = [{q}] * 4"],
            ["{0} = [0 for _ in range(n)]"], [f"{{0}} = [{p}]", f"for {i} in range(n):", f"    {{0}}.append({inside})"],
            ["{0} = []", f"for {i} in range(n):", f"    {{0}}.append({inside})"],
            ["{0} = []", f"for {i} in range(n):", f"    if {i} % 2 == 0:", f"        {{0}}.append({inside})",
             f"{{0}} += [{q}, {p}]"],
            [f"{{0}} = [{q}]", f"for {i} in range(3):", f"    {{0}}.append(np.sin({{0}}[-1] + {i}))"],
        ))  # fmt: skip
        steps = [
            ["{0}[0] = " + p],
            ["{0}[-1] += " + p],
            [f"for {i} in range(len({{0}})):", f"    {{0}}[{i}] = np.sin({{0}}[{i}] + {inside})"],
            [f"for {i} in range(1, len({{0}})):", f"    {{0}}[{i}] += 0.5 * {{0}}[{i} - 1]"],
            [f"for {i}, v_ in enumerate({{0}}):", f"    {{0}}[{i}] = 0.5 * v_ + {inside}"],
            ["{0}[0], {0}[1] = {0}[1], {0}[0]"],
            [f"{{0}} = [np.tanh(v_ + {q}) for v_ in {{0}}]"],
            [f"for {i} in range(2):", f"    {{0}} = [0.5 * v_ + {inside} for v_ in {{0}}]"],
            [f"for {i} in range(2):", f"    {{0}} = {{0}}[1:] + [{{0}}[0] * {inside}]"],
            [f"for {i} in range(2):", f"    {{0}}[{i}] *= 0.7", f"    {{0}} = [v_ + {q} for v_ in {{0}}]"],
            ["while len({0}) > 2:", "    {0} = [0.5 * {0}[j_] + 0.3 * {0}[j_ + 1] for j_ in range(len({0}) - 1)]"],
            ["{0}.append({0}[0] * " + p + ")"],
            [f"for {i} in range(3):", f"    {{0}}.append({{0}}[-1] * 0.5 + {inside})"],
            [f"for {i} in range(n):", f"    if {{0}}[0] > {inside}:", "        break", f"    {{0}}.append({inside})"],
            ["{0}.reverse()"],
            [f"{{0}}.insert(1, {q})"],
            [f"{s} = np.tanh({{0}}.pop())"],
            ["{0} = sorted({0})"],
            ["{0} = {0}[::-1]"],
            ["{0} = [v_ for v_ in {0} if v_ < 5.0]"],
            ["b_ = {0}[:]", "b_[0] = " + p, f"{s} = np.tanh(b_[0] + b_[-1])"],
            ["b_ = list({0})", "b_[1] *= 2", "{0}[0] += b_[1]"],
            ["b_ = {0}", "b_[0] = " + p],
        ]
        chosen = [line for step in rng.sample(steps, rng.randint(1, 4)) for line in step]
        reads = ("sum({0})", "{0}[0] * {0}[-1]", "max({0}) + {0}[1]", "sum(v_ * v_ for v_ in {0}) / len({0})",
                 "np.mean(np.array({0}))", "{0}[len({0}) // 2] - {0}[0]")  # fmt: skip
        lines = [*made, *self.around(chosen), f"{s} = np.tanh({rng.choice(reads)})"]
        return [line.replace("{0}", name) for line in lines]

    def around(self, lines: Lines) -> Lines:
        """The lines, or these in a branch or loop."""
        draw = self.rng.random()
        if draw < 0.2:
            return [f"if {self.expressions.condition()}:", *indented(lines)]
        if draw < 0.35:
            return ["for r_ in range(2):", *indented(lines)]
        return lines

    def nested_lists(self) -> Lines | None:
        """A list of lists: made, written inside, and read."""
        i, target = self.scope.fresh(LOOP_NAMES), self.scope.assignable()
        if i is None or not target or self.scope.depth >= 2:
            return None
        s, rng = self.rng.choice(target), self.rng
        inner = self.inside("for", "for", **{i: Span("n")})
        p, q, inside = self.value(1.0, 1), self.rng.choice(self.scope.floats), inner.value(0.6, 1)
        name = f"rows_{rng.randrange(100)}"
        made = rng.choice((
            ["{0} = [[0] * 3 for _ in range(3)]"], ["{0} = [[0.0] * n for _ in range(n)]"],
            ["{0} = [[0 for _ in range(n)] for _ in range(n)]"], ["{0} = [[0.0 for _ in range(3)] for _ in range(4)]"],
            [f"{{0}} = [[{q}, 1, 0], [0, {p}, 2], [0, 0, 1]]"], ["{0} = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]"],
            [f"{{0}} = [[0.1 * i_ * j_ + {q} for j_ in range(n)] for i_ in range(n)]"],
            ["{0} = []", f"for {i} in range(n):", f"    {{0}}.append([{inside}, {q}, 0.5])"],
            ["{0} = []", f"for {i} in range(n):", "    row_ = []", "    for j_ in range(3):",
             f"        row_.append({inside} + j_)", "    {0}.append(row_)"],
        ))  # fmt: skip
        loops = [f"for {i} in range(len({{0}})):", "    for j_ in range(len({0}[0])):"]
        steps = [
            ["{0}[0][0] = " + p],
            ["{0}[1][2] += " + p],
            ["{0}[-1][0] = {0}[0][1] * " + p],
            [*loops, f"        {{0}}[{i}][j_] = 0.5 * {{0}}[{i}][j_] + {inside}"],
            [*loops, f"        {{0}}[{i}][j_] += 0.3 * {{0}}[{i} - 1][j_ - 1]"],
            ["for row_ in {0}:", "    row_[0] = 0.5 * row_[1] + " + q],
            [f"for {i}, row_ in enumerate({{0}}):", f"    row_[1] -= {inside}"],
            ["row_ = {0}[1]", "row_[0] += " + p],
            ["{0}[0], {0}[1] = {0}[1], {0}[0]"],
            ["{0}[1] = [v_ * 0.5 for v_ in {0}[0]]"],
            ["{0} = [row_[:] for row_ in {0}]"],
            ["{0} = [[np.sin(v_) for v_ in row_] for row_ in {0}]"],
            [f"for {i} in range(2):", "    new_ = [row_[:] for row_ in {0}]",
             "    new_[1][1] = 0.25 * ({0}[0][1] + {0}[2][1] + {0}[1][0] + {0}[1][2])", "    {0} = new_"],
            [f"for {i} in range(2):", f"    {{0}} = [[0.5 * v_ + {inside} for v_ in row_] for row_ in {{0}}]"],
            ["b_ = [list(row_) for row_ in {0}]", "b_[0][0] = " + p, "{0}[1][1] += b_[0][0]"],
        ]  # fmt: skip
        chosen = [line for step in rng.sample(steps, rng.randint(1, 3)) for line in step]
        reads = ("{0}[0][0] + {0}[1][2]", "sum({0}[v_][v_] for v_ in range(3))", "sum(sum(row_) for row_ in {0})",
                 "{0}[-1][-1] * {0}[0][1]", "np.sum(np.array({0})[1:])")  # fmt: skip
        lines = [*made, *self.around(chosen), f"{s} = np.tanh({rng.choice(reads)})"]
        return [line.replace("{0}", name) for line in lines]

    def kept_by_name(self) -> Lines | None:
        """Lists in a dict or tuple, written and grown there."""
        i, target = self.scope.fresh(LOOP_NAMES), self.scope.assignable()
        if i is None or not target or self.scope.depth >= 2:
            return None
        s, rng = self.rng.choice(target), self.rng
        inside = self.inside(**{i: Span("n")}).value(0.6, 1)
        p, q = self.value(1.0, 1), self.rng.choice(self.scope.floats)
        name = f"kept_{rng.randrange(100)}"
        steps = [
            [f"{{0}}['u'][0] = {p}"],
            [f"for {i} in range(2):", f"    {{0}}['u'][{i}] += 0.5 * {{0}}['v'][{i}] + {inside}"],
            [f"{{0}}['v'][-1] *= {q}"],
            [f"for {i} in range(n):", f"    {{0}}['log'].append({inside})"],
            [f"{{0}}['w'][1][0] = {p}", "{0}['w'][0][1] += 0.5 * {0}['w'][1][0]"],
            [f"{{0}}['t'] = {{0}}['u'][0] * {q}"],
            ["{0}['u'] = [0.5 * v_ for v_ in {0}['u']]"],
        ]
        chosen = [line for step in rng.sample(steps, rng.randint(1, 3)) for line in step]
        reads = ("{0}['u'][0] + {0}['u'][1] * {0}['v'][1]", "sum({0}['log']) + {0}['w'][0][1]",
                 "{0}['t'] * {0}['v'][0]")  # fmt: skip
        made = f"{{0}} = {{{{'u': [{q}, 1.0], 'v': [0.5, {p}], 'log': [{q}], 'w': [[0, {q}], [1, 2]], 't': 0.0}}}}"
        lines = [made, *self.around(chosen), f"{s} = np.tanh({rng.choice(reads)})"]
        return [line.replace("{0}", name).replace("{{", "{").replace("}}", "}") for line in lines]


LISTED = ("listed", "nested_lists", "kept_by_name")

Listed.known = STATEMENTS + PATTERNS + IDIOMS + CARRIED + LISTED
