"""Layered layout of one level: items in columns from left to right, links between them that carry labels.

After Sugiyama, Tagawa and Toda (1981): columns by longest path, orders by medians, positions by least squares under
the order, which isotonic regression solves exactly for one column given the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

GAP, LINE, BEND = 16.0, 10.0, 16.0  # between cells; height of a passing line; room for its bends
SWEEPS, ROUNDS = 12, 40
SNAP = 12.0


@dataclass(eq=False)
class Item:
    """A rectangle to be placed; `pinned` is 'first', 'last' or '' for the column it has to stand in.

    `x` and `y` are those of its upper left corner. Items of the first column with a `turn` stand in the order of that.
    """

    width: float
    height: float
    pinned: str = ""
    turn: float | None = None
    x: float = 0.0
    y: float = 0.0
    column: int = 0


@dataclass(eq=False)
class Link:
    """A line from the right side of an item, `leaves` below its top, to the left side of another one.

    `label` is the width and height to be kept free in the middle of it. `points` is where it runs, and `at` the centre
    of its label.
    """

    source: Item
    target: Item
    leaves: float
    enters: float
    label: tuple[float, float] = (0.0, 0.0)
    points: list[tuple[float, float]] = field(default_factory=list)
    at: tuple[float, float] = (0.0, 0.0)


@dataclass(eq=False)
class _Cell:
    """What stands in a column: an item, or a link that passes."""

    height: float
    item: Item | None = None
    link: Link | None = None
    before: list[tuple[_Cell, float, float, float]] = field(default_factory=list)
    after: list[tuple[_Cell, float, float, float]] = field(default_factory=list)
    y: float = 0.0
    order: int = 0
    column: int = 0


def arrange(items: list[Item], links: list[Link], narrow: float = 22.0) -> tuple[float, float]:
    """Return (width, height) of a level after giving every item its corner and every link its points.

    >>> a, b = Item(10.0, 10.0), Item(10.0, 10.0)
    >>> arrange([a, b], [Link(a, b, 5.0, 5.0)])
    (46.0, 10.0)
    >>> (a.x, a.y), (b.x, b.y)
    ((0.0, 0.0), (36.0, 0.0))
    """
    if not items:
        return 0.0, 0.0
    _columns(items, links)
    cells, columns, chains = _cells(items, links)
    _order(columns)
    _positions(columns, chains)
    top = min(c.y for c in cells)
    for c in cells:
        c.y -= top
        if c.item is not None:
            c.item.y = c.y
    starts = _across(columns, chains, narrow)
    _routes(chains, columns, starts)
    return starts[-1], max(c.y + c.height for c in cells)


# --- columns ------------------------------------------------------------------------------------------------------


def _columns(items: list[Item], links: list[Link]):
    """Give every item the column of the longest path to it, sources the last one before their first use."""
    into: dict[int, list[Item]] = {id(i): [] for i in items}
    out: dict[int, list[Item]] = {id(i): [] for i in items}
    for link in links:
        into[id(link.target)].append(link.source)
        out[id(link.source)].append(link.target)
    known: dict[int, int] = {}

    def depth(item: Item) -> int:
        if id(item) not in known:
            known[id(item)] = 0 if item.pinned == "first" else max((depth(s) + 1 for s in into[id(item)]), default=0)
        return known[id(item)]

    for item in items:
        item.column = depth(item)
    least = min((i.column for i in items if i.pinned != "first"), default=0)
    shift = 1 if any(i.pinned == "first" for i in items) and not least else 0
    for item in items:
        if item.pinned != "first":
            item.column += shift
    for item in reversed(items):
        if not into[id(item)] and out[id(item)] and not item.pinned:
            item.column = min(t.column for t in out[id(item)]) - 1
    last = max((i.column for i in items if i.pinned != "last"), default=-1) + 1
    for item in items:
        if item.pinned == "last":
            item.column = last


def _cells(items: list[Item], links: list[Link]):
    """Return (cells, cells by column, cells of each link): items in even columns, labels in odd ones."""
    count = 2 * max(i.column for i in items) + 1
    columns: list[list[_Cell]] = [[] for _ in range(count)]
    of_item = {}
    for item in items:
        of_item[id(item)] = cell = _Cell(item.height, item)
        columns[2 * item.column].append(cell)
    chains = []
    for link in links:
        start, end = 2 * link.source.column, 2 * link.target.column
        chain = []
        for k in range(start + 1, end):
            is_label = k == end - 1 and link.label[1]
            cell = _Cell(link.label[1] if is_label else LINE, None, link, column=k)
            columns[k].append(cell)
            chain.append(cell)
        chains.append((link, chain))
        whole = [of_item[id(link.source)], *chain, of_item[id(link.target)]]
        for k, (a, b) in enumerate(pairwise(whole)):
            leaves = link.leaves if k == 0 else a.height / 2
            enters = link.enters if b is whole[-1] else b.height / 2
            weight = 1.0 + 2.0 * (a.item is None) + 2.0 * (b.item is None)
            a.after.append((b, leaves, enters, weight))
            b.before.append((a, enters, leaves, weight))
    return [c for column in columns for c in column], columns, chains


# --- orders -------------------------------------------------------------------------------------------------------


def _order(columns: list[list[_Cell]]):
    """Order the cells of every column so that few links cross, here and on the way to the first column."""
    first = columns[0]
    turned = bool(first) and all(c.item is not None and c.item.turn is not None for c in first)
    found = [_swept(columns, given) for given in ((True, False) if turned else (False,))]
    _, best = min(found, key=lambda pair: pair[0])
    for column, wanted in zip(columns, best, strict=True):
        column[:] = wanted
    _number(columns)


def _turn(cell: _Cell) -> float:
    return cell.item.turn or 0.0 if cell.item is not None else 0.0


def _swept(columns: list[list[_Cell]], given: bool) -> tuple[int, list[list[_Cell]]]:
    """Return (links that cross, the best order found); with `given` the first column stays as its turns have it."""
    if given:
        columns[0].sort(key=_turn)
    _number(columns)
    free = columns[1:] if given else columns
    best, fewest = [list(c) for c in columns], _crossings(columns)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        for column in free if down else reversed(free):
            _sort(column, down)
        _exchange(free)
        crossing = _crossings(columns)
        if crossing < fewest:
            best, fewest = [list(c) for c in columns], crossing
    return fewest, best


def _number(columns):
    for column in columns:
        for k, cell in enumerate(column):
            cell.order = k


def _place(neighbour: tuple[_Cell, float, float, float]) -> float:
    cell, _, there, _ = neighbour
    return cell.order + there / max(cell.height, 1.0)


def _sort(column: list[_Cell], down: bool):
    def median(cell: _Cell) -> float:
        places = sorted(map(_place, cell.before if down else cell.after))
        if not places:
            return cell.order + 0.5
        middle = len(places) // 2
        return places[middle] if len(places) % 2 else (places[middle - 1] + places[middle]) / 2

    keys = {id(c): median(c) for c in column}
    column.sort(key=lambda c: keys[id(c)])
    for k, cell in enumerate(column):
        cell.order = k


def _pair_crossings(a: _Cell, b: _Cell) -> int:
    """Return how many links cross where `a` stands above `b`."""
    count = 0
    for mine, other in ((a.before, b.before), (a.after, b.after)):
        count += sum(1 for m in mine for o in other if _place(m) > _place(o))
    return count


def _exchange(columns):
    """Exchange neighbours where that saves crossings, until none does."""
    for _ in range(8):
        changed = False
        for column in columns:
            for k in range(len(column) - 1):
                a, b = column[k], column[k + 1]
                if _pair_crossings(a, b) > _pair_crossings(b, a):
                    column[k], column[k + 1] = b, a
                    a.order, b.order = b.order, a.order
                    changed = True
        if not changed:
            return


def _crossings(columns) -> int:
    total = 0
    for column in columns:
        ends = [(c.order + leaves / max(c.height, 1.0), n.order + enters / max(n.height, 1.0))
                for c in column for n, leaves, enters, _ in c.after]  # fmt: skip
        total += sum(1 for k, (a, b) in enumerate(ends) for c, d in ends[k + 1 :] if (a - c) * (b - d) < 0)
    turns = [c.item.turn for c in columns[0] if c.item is not None and c.item.turn is not None]
    return total + sum(1 for k, t in enumerate(turns) for later in turns[k + 1 :] if later < t)


# --- positions ----------------------------------------------------------------------------------------------------


def _positions(columns: list[list[_Cell]], chains):
    """Give every cell its height above the others, so that links run as level as the order allows."""
    for column in columns:
        y = 0.0
        for cell in column:
            cell.y = y
            y += cell.height + _gap(cell)
    for k in range(ROUNDS):
        for column in columns if k % 2 == 0 else reversed(columns):
            _level(column, both=k >= ROUNDS // 4, forward=k % 2 == 0)
    for _ in range(3):
        for _, chain in sorted(chains, key=lambda found: -len(found[1])):
            if len(chain) > 1:
                _straighten(chain, columns)
        for column in columns:
            _snap(column)


def _room(column: list[_Cell], k: int) -> tuple[float, float]:
    """Return between which heights a cell can stand while the others stay."""
    cell = column[k]
    least = column[k - 1].y + column[k - 1].height + _gap(column[k - 1]) if k else float("-inf")
    most = column[k + 1].y - _gap(cell) - cell.height if k + 1 < len(column) else float("inf")
    return least, most


def _straighten(chain: list[_Cell], columns):
    """Put as many cells of a link as can be on one height: a bend is better than many small ones."""
    rooms = []
    for cell in chain:
        least, most = _room(columns[cell.column], cell.order)
        rooms.append((least + cell.height / 2, most + cell.height / 2))
    ends = [chain[0].before[0], chain[-1].after[0]]
    wanted = [n[0].y + n[2] for n in ends] + [c.y + c.height / 2 for c in chain]
    best = max(wanted, key=lambda y: sum(least - 0.01 <= y <= most + 0.01 for least, most in rooms))
    for cell, (least, most) in zip(chain, rooms, strict=True):
        cell.y = min(max(best, least), most) - cell.height / 2 if least <= most else cell.y


def _snap(column: list[_Cell]):
    """Move a cell a little where one of its links then runs level."""
    for k, cell in enumerate(column):
        least, most = _room(column, k)
        near = [(n[0].y + n[2] - n[1], n[3]) for n in cell.before + cell.after]
        places = [cell.y, *(y for y, _ in near if abs(y - cell.y) <= SNAP and least - 0.01 <= y <= most + 0.01)]
        cell.y = max(places, key=lambda y: (sum(w for at, w in near if abs(at - y) < 0.05), -abs(y - cell.y)))


def _gap(cell: _Cell) -> float:
    return GAP if cell.item is not None else GAP / 2


def _level(column: list[_Cell], both: bool, forward: bool):
    """Put the cells of a column where their neighbours want them, least squares under their order and distances."""
    wanted, weights, offsets, y = [], [], [], 0.0
    for cell in column:
        near = (cell.before + cell.after) if both else cell.before if forward else cell.after
        weight = sum(n[3] for n in near)
        place = sum(n[3] * (n[0].y + n[2] - n[1]) for n in near) / weight if weight else cell.y
        wanted.append(place - y)
        weights.append(weight or 0.01)
        offsets.append(y)
        y += cell.height + _gap(cell)
    for cell, z, offset in zip(column, increasing(wanted, weights), offsets, strict=True):
        cell.y = z + offset


def increasing(wanted: list[float], weights: list[float]) -> list[float]:
    """Return the numbers that do not decrease and are nearest to those wanted, in weighted least squares.

    The pool-adjacent-violators algorithm (Ayer and others, 1955).

    >>> increasing([1.0, 3.0, 2.0], [1.0, 1.0, 1.0])
    [1.0, 2.5, 2.5]
    """
    pools: list[list[float]] = []  # mean, weight, how many
    for z, w in zip(wanted, weights, strict=True):
        pools.append([z, w, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            b, a = pools.pop(), pools.pop()
            weight = a[1] + b[1]
            pools.append([(a[0] * a[1] + b[0] * b[1]) / weight, weight, a[2] + b[2]])
    return [mean for mean, _, count in pools for _ in range(int(count))]


# --- across -------------------------------------------------------------------------------------------------------


def _across(columns, chains, narrow: float) -> list[float]:
    """Give every item its x; return where the columns begin, and where the last one ends."""
    widths = [max((c.item.width for c in column if c.item is not None), default=0.0) for column in columns]
    for link, chain in chains:
        if chain:
            k = 2 * link.target.column - 1
            widths[k] = max(widths[k], link.label[0] + 2 * BEND if link.label[0] else 0.0)
    for k in range(1, len(widths), 2):
        widths[k] = max(widths[k], narrow + (0.0 if _has_labels(columns[k]) else 4.0 * len(columns[k])))
    x = 0.0
    for k, column in enumerate(columns):
        sources = [c.item for c in column if c.item is not None and not (c.before or c.item.pinned)]
        axis = widths[k] - max((i.width for i in sources), default=0.0) / 2
        for cell in column:
            if cell.item is not None:
                room = widths[k] - cell.item.width
                side = {"first": 0.0, "last": room}.get(cell.item.pinned, room / 2)
                cell.item.x = x + (axis - cell.item.width / 2 if cell.item in sources else side)
        x += widths[k]
    return [sum(widths[:k]) for k in range(len(widths) + 1)]


def _has_labels(column: list[_Cell]) -> bool:
    return any(c.height > LINE for c in column)


def _routes(chains, columns, starts: list[float]):
    """Give every link its points: level across each column, and the place of its label."""
    for link, chain in chains:
        start = link.source.x + link.source.width, link.source.y + link.leaves
        end = link.target.x, link.target.y + link.enters
        points = [start, (starts[2 * link.source.column + 1], start[1])]
        for cell in chain:
            if cell.column % 2 and not _has_labels(columns[cell.column]):
                continue  # one wide bend is better than two
            left, right = starts[cell.column], starts[cell.column + 1]
            y, bend = cell.y + cell.height / 2, min(BEND, (right - left) / 2) if cell.column % 2 else 0.0
            points += [(left + bend, y), (right - bend, y)]
            link.at = (left + right) / 2, y
        link.points = [*points, (starts[2 * link.target.column], end[1]), end]
