"""From a function as it is read to the nodes, edges and boxes of its drawing, and the program that evaluates it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..analysis.aliases import sharing, written
from ..language import ir
from ..language.blocks import exposed_reads, surely_bound
from ..language.calls import is_call, operation
from ..language.emit import expr_text
from ..language.ir import Block, Const, For, If, Kind, Let, Name, Op, Return, Stmt, Store, While
from ..language.kinds import infer_kinds
from ..language.lists import becomes_list
from . import labels
from .model import (
    CARRY,
    CONSTANT,
    EXIT,
    INPUT,
    MERGE,
    OUTPUT,
    TEST,
    Alias,
    Box,
    Branch,
    Edge,
    Eval,
    Fail,
    Leave,
    Loop,
    Node,
)
from .spans import Entangled, span_from, spread_selects, writes
from .stores import StoreBuilder


@dataclass(frozen=True)
class Drawing:
    """The nodes of a function in topological order, its boxes, and the program that evaluates them.

    `kinds` are those of all names under which the program keeps values, where the arguments are known.
    """

    nodes: tuple[Node, ...]
    boxes: tuple[Box, ...]
    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    program: list
    kinds: dict[str, Kind] | None

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Every edge, in the order of the nodes that they lead to."""
        return tuple(e for n in self.nodes for e in n.edges)


def build(function: ir.Function, kinds: dict[str, Kind] | None) -> Drawing:
    """Return the drawing of a function as it is read; with kinds, what is active is known.

    >>> from srcgrad.parsing.function import parse_text
    >>> drawing = build(parse_text("def f(x, y):\\n    a = x + y\\n    return a * max(y, 0.0)"), None)
    >>> [(n.id, n.text) for n in drawing.nodes]
    [('x', 'x'), ('y', 'y'), ('a', 'x + y'), ('t', 'max(y, 0.0)'), ('out', 'a * t'), ('result', 'out')]
    """
    try:
        return _Builder(function, kinds).run()
    except Entangled:
        return _Builder(function, kinds).run(whole=True)


class _Builder(StoreBuilder):
    def __init__(self, function: ir.Function, kinds):
        names = ir.all_names(function)
        super().__init__(kinds, names)
        self.locals = ir.Fresh(names)
        self.function = replace(function, body=spread_selects(function.body, self.locals))
        self.statements: dict[type, Callable] = {
            Let: self.let, Store: self.store, If: self.branch, For: self.loop, While: self.loop, ir.Grow: self.grow,
            ir.Break: self.leave, ir.Raise: self.fail, ir.Assert: self.check, ir.Unpack: self.unpack, ir.Do: self.do,
        }  # fmt: skip
        self.reads = Counter(
            n for s in ir.statements(self.function.body) for e in ir.exprs_of(s) for n in ir.names_in(e)
        )
        ours = [s for s in ir.statements(self.function.body) if s.loc and any(c.library for c in s.loc.calls)]
        self.of_pages = {n for s in ours for n in ir.binds(s)}
        self.binds = Counter(n for s in ir.statements(self.function.body) for n in ir.binds(s))
        self.written = ir.stored_in(self.function.body)
        self.groups: dict[str, set[str]] = {}
        if kinds is not None:
            given = (*function.params, *(n for n, _ in function.captured))
            self.kinds = kinds = infer_kinds(self.function, {n: kinds[n] for n in given if n in kinds})
            self.written, self.groups = written(self.function, kinds), sharing(self.function, kinds)

    def run(self, whole: bool = False) -> Drawing:
        f = self.function
        for name in (*f.params, *(n for n, _ in f.captured)):
            node = self.node(INPUT, name, name, None, name=name, text=name, kind=self.kinds and self.kinds[name])
            node.active = node.kind is None or node.kind.is_float
            node.op = INPUT if name in f.params else CONSTANT
            node.active &= node.op == INPUT
            self.env[name] = node, 0
        inputs = tuple(self.nodes)
        *body, last = f.body
        assert isinstance(last, Return)
        values = last.value.items if isinstance(last.value, ir.Tuple) else (last.value,)
        read = ir.names_in(*values)
        if whole:
            self.lump(tuple(body), read)
        else:
            self.block(tuple(body), read)
        outputs = tuple(self.output(e, last, len(values)) for e in values)
        self.mark_active(inputs)
        return Drawing(tuple(self.nodes), tuple(self.boxes), inputs, outputs, self.steps, self.kinds)

    def mark_active(self, inputs):
        """Leave active what depends on a differentiable input; one that flows where none may is a constant."""
        constants = {n for s in ir.statements(self.function.body) if isinstance(s, ir.RequireConstant)
                     for n in ir.names_in(*s.args)}  # fmt: skip
        barred = [n for n in self.nodes if n.name in constants and n.kind is not None and n.kind.is_float]
        while barred:
            node = barred.pop()
            node.active &= node.op != INPUT
            barred += [e.source for e in node.edges if e.active and not e.back]
        reached = {n for n in inputs if n.active}
        while True:
            ways = (e for n in self.nodes if n not in reached for e in n.edges)
            more = {e.target for e in ways if e.active and e.source in reached}
            if not more:
                break
            reached |= more
        for node in self.nodes:
            node.active &= node in reached
            for edge in node.edges:
                edge.active &= edge.source in reached

    def output(self, value: ir.Expr, last: Return, count: int) -> Node:
        key = value.id if isinstance(value, Name) and not self.known(value.id) else ""
        if not key:
            key = self.operation(value, "", last.loc)
            self.env[key][0].id = self.new_id("out")
        found, _ = self.env[key]
        node = self.node(OUTPUT, self.function.name if count == 1 else expr_text(value), "result", None)
        node.box = None
        node.kind, node.text = found.kind, found.name or found.id
        self.connect(self.env[key], node, self.is_float(key))
        node.active = node.edges[0].active
        self.steps.append(Eval(node, (key,), (f"%{node.id}",)))
        return node

    # -- blocks
    def block(self, block: Block, after: set[str]):
        k = 0
        while k < len(block):
            end = span_from(block, k, self.kinds, after, self.written)
            later = exposed_reads(block[end:]) | (after - surely_bound(block[end:]))
            page, stop = self.page(block, k)
            if page is not None and stop >= end:
                end = stop
                later = exposed_reads(block[end:]) | (after - surely_bound(block[end:]))
                self.lump(block[k:end], later, page)
            elif end > k + 1:
                self.lump(block[k:end], later)
            elif (made := self.filled(block[k:])) > 1:
                end = k + made
            else:
                self.stmt(block[k], later)
            k = end

    def page(self, block: Block, k: int) -> tuple[ir.Call | None, int]:
        """Return (the call of a function of the library that statement k belongs to, where its statements end)."""
        depth = len(self.base)

        def calls(stmt: Stmt) -> tuple[ir.Call, ...]:
            return stmt.loc.calls if stmt.loc else ()

        found = next((c for c in calls(block[k])[depth:] if c.library), None)
        if found is None:
            return None, k
        end = k + 1
        while end < len(block) and found in calls(block[end]):
            end += 1
        return found, end

    def nested(self, block: Block, after: set[str], box: Box | None, base) -> list:
        """Return the steps of a block inside a box."""
        saved = self.steps, self.box, self.base
        self.steps, self.box, self.base = [], box, base
        try:
            self.block(block, after)
            return self.steps
        finally:
            self.steps, self.box, self.base = saved

    def stmt(self, stmt: Stmt, after: set[str]):
        if isinstance(stmt, If | For | While):
            self.taken_apart(stmt, after)
        elif type(stmt) in self.statements:
            self.statements[type(stmt)](stmt, after)
        elif not isinstance(stmt, ir.Print | ir.RequireConstant | ir.ReadFor):
            self.lump((stmt,), after)

    def taken_apart(self, stmt: Stmt, after: set[str]):
        """Emit a branch or loop as a box, or as one node where what is in it cannot be told apart."""
        before = len(self.nodes), len(self.boxes), len(self.steps), dict(self.env), set(self.counters), dict(self.calls)
        try:
            self.statements[type(stmt)](stmt, after)
        except Entangled:
            if _may_leave(stmt):
                raise
            nodes, boxes, steps, self.env, self.counters, self.calls = before
            for node in self.nodes[nodes:]:
                self.fresh.taken.discard(node.id)
            del self.nodes[nodes:], self.boxes[boxes:], self.steps[steps:]
            self.fresh.last = {}
            self.lump((stmt,), after)

    def leave(self, stmt, after):
        self.steps.append(Leave())

    def fail(self, stmt: ir.Raise, after):
        self.steps.append(Fail(stmt.exception, stmt.args, stmt.loc))

    def check(self, stmt: ir.Assert, after):
        fails = [Fail("AssertionError", (Const(stmt.message or ""),), stmt.loc)]
        self.steps.append(Branch(self.hidden(stmt.test), [], fails, [], (None, None)))

    def do(self, stmt: ir.Do, after):
        self.steps.append(self.hidden(stmt.value))

    # -- assignments
    def as_wide(self, value: Op, dtype: str) -> Op:
        """Return what makes a list with room for the widest number that is put into it."""
        if value.fn == "np.full":
            return replace(value, static=(("dtype", dtype),))
        return Op("astype", value.args, (("dtype", dtype),), value.loc)

    def let(self, stmt: Let, after):
        name, value = stmt.target, stmt.value
        if isinstance(value, Name) and not self.known(value.id):
            self.steps.append(Alias(name, value.id))
            self.env[name] = self.env[value.id]
            node = self.env[name][0]
            once = self.reads[value.id] == 1 or value.id in self.of_pages
            if once and node.name == value.id and node.op != INPUT:
                self.rename(node, name)
            return
        if isinstance(value, Name) and self.binds[name] == 1:
            self.steps.append(Alias(name, value.id))
            self.counters.add(name)
            return
        if isinstance(value, Op) and value.fn in ("list", "stack"):
            kind = self.kinds[name] if self.kinds else Kind("float64", 1)
            # the sizes of items are those of the first one
            sizes = (*value.args, *(Const(0),) * (kind.rank - len(value.args)))
            value = Op("np.empty", sizes, (("dtype", kind.dtype),), value.loc)
            self.made(name, value, "[ ]", stmt)
            return
        if isinstance(value, Op) and becomes_list(value) and self.kinds:
            value = self.as_wide(value, self.kinds[name].dtype)
        inplace = isinstance(value, Op) and bool(value.option("inplace")) and value.args[0] == Name(name)
        self.operation(value, name, stmt.loc)
        if inplace and self.kinds is not None and self.kinds[name].rank:
            last = self.steps[-1]
            last.writes = (name,)
            old = last.node.edges[0].source, last.node.edges[0].result
            for other in [n for n, found in self.env.items() if found == old]:
                self.env[other] = last.node, 0

    def rename(self, node: Node, name: str):
        """Call a node by the name that its value gets at once."""
        self.fresh.taken.discard(node.id)
        node.id, node.name = self.new_id(name), name

    # -- what stays together
    def unpack(self, stmt: ir.Unpack, after):
        label = str(operation(stmt).option("name")) if is_call(stmt) else ""
        self.lump((stmt,), after, label)

    def lump(self, stmts: Block, after: set[str], made: ir.Call | str = ""):
        """Emit statements as one node, whose results are what they leave, also in memory that a view shows."""
        into = {n for s in stmts for n in writes(s)}
        shared = {n for w in into for n in self.groups.get(w, {w})}
        after = after | {n for n in shared if any(self.env[m] == self.env.get(n) for m in after & set(self.env))}
        named = (n for s in ir.statements(stmts) for n in (*ir.binds(s), *_stored(s)))
        changed = dict.fromkeys((*named, *sorted(shared)))
        loops = {s.var for s in ir.statements(stmts) if isinstance(s, For)}
        outs = tuple(n for n in changed if n in after and n not in loops)
        if not outs:
            return
        wanted = (exposed_reads(stmts) | {n for n in changed if n in self.env}) & set(self.env)
        wanted |= {n for n in exposed_reads(stmts) if self.known(n)}
        names = [n for n in dict.fromkeys((*_in_order(stmts), *sorted(wanted))) if n in wanted]
        lines = sorted({s.loc.line for s in ir.statements(stmts) if s.loc})
        where = f"lines {lines[0]}–{lines[-1]}" if len(lines) > 1 else f"line {lines[0]}" if lines else "statements"
        loc, label = stmts[0].loc, made if isinstance(made, str) else made.name
        if isinstance(made, ir.Call) and loc is not None:
            loc = replace(loc, calls=loc.calls[: loc.calls.index(made)])
        node = self.node("block", label or where, outs[0] if len(outs) == 1 else "block", loc)
        node.results, node.text = outs, label or where
        if label:
            node.text = f"{label}({', '.join(self.shown(n) for n in names if n in self.env)})"
        node.name = outs[0] if len(outs) == 1 else ""
        result = Name(outs[0]) if len(outs) == 1 else ir.Tuple(tuple(map(Name, outs)))
        node.slots = tuple(names)
        node.gate = ir.Function("gate", node.slots, (*stmts, Return(result)), node.loc)
        if self.kinds is not None:
            node.kind, node.result_kinds = self.kinds[outs[0]], tuple(self.kinds[n] for n in outs)
            node.active = any(k.is_float for k in node.result_kinds)
        for n in names:
            if not self.known(n):
                self.connect(self.env[n], node, self.is_float(n))
        bound = ir.bound_in(stmts)
        into_all = tuple(n for n in outs if n in self.env and n not in bound)
        self.steps.append(Eval(node, tuple(names), outs, into_all))
        self.rebind({n: (node, k) for k, n in enumerate(outs)}, into_all)

    # -- branches
    def branch(self, stmt: If, after: set[str]):
        if all(isinstance(s, ir.Raise) for s in (*stmt.then, *stmt.other)):
            blocks = [[Fail(s.exception, s.args, s.loc) for s in b] for b in (stmt.then, stmt.other)]  # type: ignore[attr-defined]
            self.steps.append(Branch(self.hidden(stmt.test), blocks[0], blocks[1], [], (None, None)))
            return
        box = self.make_box(Box("if", f"if {labels.short(expr_text(stmt.test), 40)}", self.box_at(stmt.loc), stmt.loc))
        test = self.head(stmt.test, box, stmt)
        base = stmt.loc.calls if stmt.loc else self.base
        sides, envs, boxes = [], [], []
        before = dict(self.env)
        for kind, block in (("then", stmt.then), ("else", stmt.other)):
            alone = len(block) == 1 and isinstance(block[0], If) or not (stmt.then and stmt.other)
            inner = box if alone else self.make_box(Box(kind, kind, box, stmt.loc))
            self.env = dict(before)
            sides.append(self.nested(block, after, inner, base))
            boxes.append(inner)
            envs.append(self.env)
        every = dict.fromkeys((*_changed((*stmt.then, *stmt.other)), *before))
        bound = [n for n in every if n in after and any(env.get(n) != before.get(n) for env in envs)]
        self.env = {n: found for n, found in before.items() if n not in bound}
        merges = self.merges(bound, envs, box, stmt)
        self.steps.append(Branch(test, sides[0], sides[1], merges, (boxes[0], boxes[1])))

    def head(self, test: ir.Expr, box: Box, stmt: Stmt, gate: ir.Function | None = None) -> Eval:
        """Return the evaluation of a test or range, whose node is the head of a box."""
        node = self.node(TEST, box.title, "test", stmt.loc, text=box.title, active=False)
        node.box = box
        box.head = node
        names = sorted(ir.names_in(test))
        node.slots = tuple(names)
        node.gate = ir.Function("gate", node.slots, (Return(test),), stmt.loc)
        sources = dict.fromkeys(self.env[n] for n in names if n in self.env and not self.known(n))
        for found in sources:
            self.connect(found, node, False)
        return Eval(node, tuple(names), ("%test",))

    def merges(self, bound: list[str], envs, box: Box, stmt: Stmt):
        """Return the nodes where what two sides leave meets."""
        found: dict[tuple, list[str]] = {}
        for n in bound:
            sources = tuple(env.get(n) for env in envs)
            if sources[0] == sources[1] and sources[0] is not None:
                self.env[n] = sources[0]
            else:
                found.setdefault(sources, []).append(n)
        made = []
        for sources, names in found.items():
            node = self.port(MERGE, names[0], box, stmt)
            for source in sources:
                if source is not None:
                    self.connect(source, node, node.active)
            node.slots = tuple("then" if s == 0 else "else" for s in (0, 1) if sources[s] is not None)
            made.append((tuple(names), node))
            for n in names:
                self.env[n] = node, 0
        return made

    def port(self, op: str, name: str, box: Box, stmt: Stmt) -> Node:
        kind = self.kinds[name] if self.kinds is not None else None
        node = self.node(op, name, name, stmt.loc, name=name, text=name, kind=kind)
        node.box = box
        node.active = kind is None or kind.is_float
        return node

    # -- loops
    def loop(self, stmt: For | While, after: set[str]):
        title = _title(stmt)
        box = self.make_box(Box("for" if isinstance(stmt, For) else "while", title, self.box_at(stmt.loc), stmt.loc))
        head = stmt.test if isinstance(stmt, While) else ir.Tuple((stmt.lo, stmt.hi, stmt.step))
        tested = ir.names_in(head) if isinstance(stmt, While) else set()
        again = exposed_reads(stmt.body) | tested
        shown = {m for n in ir.stored_in(stmt.body) for m in self.groups.get(n, ()) if m in self.env}  # row = C[i]
        changed = [n for n in dict.fromkeys((*_changed(stmt.body), *sorted(shown)))
                   if not (isinstance(stmt, For) and n == stmt.var)]  # fmt: skip
        sure = surely_bound(stmt.body)
        taken = [n for n in changed if n in again or n in after and n not in sure and n in self.env]
        self.check_apart({*changed, *again, *after}, stmt)
        if isinstance(stmt, For):
            test = self.head(head, box, stmt)
        carries = []
        for n in taken:
            node = self.port(CARRY, n, box, stmt)
            if n in self.env:
                self.connect(self.env[n], node, node.active)
            carries.append((n, node))
        self.env |= {n: (node, 0) for n, node in carries}
        if isinstance(stmt, While):
            test = self.head(head, box, stmt)
        counted = isinstance(stmt, For) and stmt.var not in self.counters
        if isinstance(stmt, For):
            self.counters.add(stmt.var)
            if self.kinds is not None:
                self.kinds.setdefault(stmt.var, Kind("int64"))
        before = dict(self.env)
        base = stmt.loc.calls if stmt.loc else self.base
        body = self.nested(stmt.body, after | again, box, base)
        exits = self.exits(stmt, changed, taken, after, before, box, dict(carries))
        if counted and isinstance(stmt, For) and stmt.var not in after:
            self.counters.discard(stmt.var)
        self.steps.append(Loop(test, stmt.var if isinstance(stmt, For) else None, body, carries, exits, box))

    def exits(self, stmt, changed, taken, after, before, box, carries):
        """Return the nodes of what a trip leaves: for the next trip, and for what follows the loop."""
        made = []
        ends = self.env
        arrays = [n for n in taken if n in self.written and n in ends]
        if self.kinds is not None and any(ends[n] == ends.get(m) for n in arrays for m in taken if m != n):
            raise Entangled
        self.env = {n: found for n, found in before.items() if n not in changed}
        for n in changed:
            if n not in after and n not in taken or n not in ends:
                continue
            node = self.port(EXIT, n, box, stmt)
            self.connect(ends[n], node, node.active)
            if n in carries:
                self.connect((node, 0), carries[n], node.active, back=True)
            made.append((n, node))
            self.env[n] = node, 0
        return made

    def check_apart(self, names: set[str], stmt: Stmt):
        """Raise where two names that a loop changes are one array before it, and it writes into one of them."""
        written = set().union(*(writes(s) for b in ir.blocks_of(stmt) for s in b)) & self.written
        arrays = [n for n in names if n in self.env and (self.kinds is None or self.kinds[n].rank)]
        written = {n for n in arrays if any(self.env[n] == self.env[w] for w in written & set(arrays))}
        if len({self.env[n] for n in written}) < len(written):
            raise Entangled


def _in_order(block: Block) -> list[str]:
    """Return the names that a block reads, binds or writes, in the order of the text."""
    found: dict[str, None] = {}
    for stmt in ir.statements(block):
        read = (e.id for part in ir.exprs_of(stmt) for e in ir.walk(part) if isinstance(e, Name))
        found |= dict.fromkeys((*read, *ir.binds(stmt), *_stored(stmt)))
    return list(found)


def _may_leave(stmt: Stmt) -> bool:
    """Return whether a statement may leave a loop around it."""
    if isinstance(stmt, ir.Break):
        return True
    return isinstance(stmt, If) and any(_may_leave(s) for b in ir.blocks_of(stmt) for s in b)


def _stored(stmt: Stmt) -> tuple[str, ...]:
    return (stmt.base,) if isinstance(stmt, Store | ir.Grow) else ()


def _changed(block: Block) -> list[str]:
    """Return the names that a block binds or writes into, in the order of the text; none of its loop counters."""
    found = dict.fromkeys(n for s in ir.statements(block) for n in (*ir.binds(s), *_stored(s)))
    counters = {s.var for s in ir.statements(block) if isinstance(s, For)}
    return [n for n in found if n not in counters]


def _title(stmt: For | While) -> str:
    if isinstance(stmt, While):
        return f"while {labels.short(expr_text(stmt.test), 40)}"
    parts = [stmt.lo, stmt.hi, stmt.step]
    if stmt.step == Const(1):
        parts = [stmt.hi] if stmt.lo == Const(0) else parts[:2]
    return f"for {stmt.var} in range({', '.join(labels.short(expr_text(p)) for p in parts)})"
