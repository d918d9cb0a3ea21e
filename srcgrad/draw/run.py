"""Forward and backward through a drawing: the sorted gates one after the other, then reversed, as the lectures say."""

from __future__ import annotations

import builtins
import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..api import worded
from ..errors import ArgumentError, Problem, SrcgradError, problem_at
from ..language import ir
from ..language.plain import as_numpy
from ..rules import elementwise
from .build import Drawing
from .gates import Gate, gate_of, jacobian
from .model import Alias, Branch, Edge, Eval, Fail, Grow, Leave, Loop, Node, Passage
from .taken import with_empty_lists, without_unbound

# evaluations of gates that are kept at most
MOST = 1_000_000


@dataclass(eq=False)
class Entry:
    """One evaluation of a node: what it read, what it gave, and what has come back to it."""

    node: Node
    inputs: list[Ref]
    values: tuple
    gate: Gate | None = None
    residuals: Any = None
    slot: int = 0
    bars: list[Any] = field(default_factory=list)
    passages: list[tuple[Edge, int, Passage]] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Ref:
    """A result of an evaluation."""

    entry: Entry
    result: int

    @property
    def value(self):
        return self.entry.values[self.result]


class _Left(Exception):
    """A loop was left."""


class Evaluation:
    """One evaluation of a drawing: runs its program, keeps every value, goes back through what it kept."""

    def __init__(self, drawing: Drawing, title: str):
        assert drawing.kinds is not None
        self.drawing, self.kinds, self.title = drawing, drawing.kinds, title
        self.env: dict[str, Ref] = {}
        self.tape: list[Entry] = []
        for node in drawing.nodes:
            node.values, node.gradients = [], []
            for edge in node.edges:
                edge.passages = []
        for box in drawing.boxes:
            box.runs = 0

    # -- forward
    def forward(self, values: list) -> list:
        """Return the results for the values of the inputs and captured arrays, in their order."""
        for node, value in zip(self.drawing.inputs, values, strict=True):
            assert node.kind is not None
            self.bind(node.name, self.enter(Entry(node, [], (as_numpy(value, node.kind),))))
        self.block(self.drawing.program)
        return [plain(node.value) for node in self.drawing.outputs]

    def enter(self, entry: Entry) -> Entry:
        if len(self.tape) >= MOST:
            raise ArgumentError(Problem(f"drawing {self.title} keeps more than {MOST} values",
                                        "draw it with smaller arguments"))  # fmt: skip
        self.tape.append(entry)
        entry.bars = [None] * len(entry.values)
        entry.node.values.append(plain(entry.values[0]))
        for edge in entry.node.edges:
            k = edge.slot - entry.slot if len(entry.node.edges) > len(entry.inputs) else edge.slot
            if 0 <= k < len(entry.inputs) and entry.inputs[k].entry.node is edge.source:
                passage = Passage(plain(entry.inputs[k].value))
                edge.passages.append(passage)
                entry.passages.append((edge, k, passage))
        return entry

    def bind(self, name: str, entry: Entry, result: int = 0):
        self.env[name] = Ref(entry, result)

    def block(self, steps: list):
        for step in steps:
            getattr(self, f"run_{type(step).__name__.lower()}")(step)

    def look_up(self, name: str) -> Ref:
        if name not in self.env:
            raise UnboundLocalError(f"{name.lstrip('%')} is not bound on this path")
        return self.env[name]

    def evaluate(self, step: Eval) -> Entry:
        """Return the evaluation of a node, entered in the tape where it is one that is drawn."""
        node = step.node
        if node.gate is None:
            refs = [self.look_up(n) for n in step.reads]
            return Entry(node, refs, tuple(r.value for r in refs))
        kinds = tuple(self.kinds[n] for n in step.reads)
        try:
            function, refs = self.reached(step)
            gate = gate_of(function, kinds)
            node.source = gate.text
            values, residuals = gate.forward(*_inputs(node, [r.value for r in refs], bool(step.writes)))
        except SrcgradError:
            raise
        except (ValueError, IndexError) as e:
            raise _at(e, node) from None
        return Entry(node, refs, tuple(_own(v) for v in values), gate, residuals)

    def reached(self, step: Eval) -> tuple[ir.Function, list[Ref]]:
        """Return the gate of a node as this path needs it, and what it reads."""
        gate = step.node.gate
        assert gate is not None
        slots = dict(zip(step.node.slots, step.reads, strict=True))
        unbound = {s for s, n in slots.items() if n not in self.env}
        if unbound:
            gate = without_unbound(gate, unbound, lambda test: bool(self.evaluate(_reading(test, slots)).values[0]))
        refs = [self.env[n] if n in self.env else _nothing(self.kinds[n]) for n in step.reads]
        grown = {s.base for s in ir.statements(gate.body) if isinstance(s, ir.Grow)}
        empty = {s for s, ref in zip(slots, refs, strict=True) if s in grown and not len(ref.value)}
        return with_empty_lists(gate, empty) if empty else gate, refs

    def run_eval(self, step: Eval):
        entry = self.enter(self.evaluate(step))
        old = [self.env.get(w) for w in step.writes]
        for k, target in enumerate(step.targets):
            self.bind(target, entry, k)
        for w, ref in zip(step.writes, old, strict=True):
            for name in [n for n, found in self.env.items() if found is ref and ref is not None]:
                self.env[name] = self.env[w]

    def run_alias(self, step: Alias):
        self.env[step.target] = self.look_up(step.source)

    def run_grow(self, step: Grow):
        (at,) = self.evaluate(step.at).values
        old = self.env[step.base].value
        if (at > len(old)) if step.upto else (at == len(old)):
            longer = np.empty((max(2 * len(old), int(at), 8), *old.shape[1:]), old.dtype)
            longer[: len(old)] = old
            entry = Entry(Node("", "grow", ""), [self.env[step.base]], (longer,))
            entry.bars = [None]
            self.tape.append(entry)
            self.bind(step.base, entry)

    def run_branch(self, step: Branch):
        head = self.evaluate(step.test)
        if head.node.label:
            self.enter(head)
        taken = 0 if head.values[0] else 1
        box = step.boxes[taken]
        if box is not None:
            whole = box if box.kind == "if" else box.parent
            for entered in dict.fromkeys((whole, box)):
                if entered is not None:
                    entered.runs += 1
        try:
            self.block((step.then, step.other)[taken])
        finally:
            for names, node in step.merges:
                self.meet(names, node, "else" if taken else "then")

    def meet(self, names: tuple[str, ...], node: Node, side: str):
        if names[0] in self.env and side in node.slots:
            entry = Entry(node, [self.env[names[0]]], (self.env[names[0]].value,), slot=node.slots.index(side))
            self.enter(entry)
            for name in names:
                self.bind(name, entry)

    def run_leave(self, step: Leave):
        raise _Left

    def run_fail(self, step: Fail):
        args = [e.value if isinstance(e, ir.Const) else self.evaluate(_reading(e)).values[0] for e in step.args]
        raise getattr(builtins, step.exception)(*args)

    # -- loops
    def run_loop(self, step: Loop):
        count = 0
        if step.var is None:
            while True:
                left = {name: self.env[name] for name, _ in step.carries if name in self.env}
                self.next_trip(step, count)
                if not self.tested(step):
                    self.env |= left
                    break
                count += 1
                if self.trip(step):
                    break
        else:
            for k in range(*map(int, self.enter(self.evaluate(step.head)).values)):
                self.bind_counter(step.var, k)
                self.next_trip(step, count)
                count += 1
                if self.trip(step):
                    break
        if not count:
            for name, node in step.exits:
                if name in self.env:
                    self.bind(name, self.enter(Entry(node, [self.env[name]], (self.env[name].value,), slot=-1)))

    def bind_counter(self, name: str, k: int):
        self.env[name] = Ref(Entry(Node("", "counter", ""), [], (k,), bars=[None]), 0)

    def tested(self, step: Loop) -> bool:
        return bool(self.enter(self.evaluate(step.head)).values[0])

    def next_trip(self, step: Loop, count: int):
        """Take over what the trip before has left."""
        refs = {name: self.env[name] for name, _ in step.carries if name in self.env}
        for name, node in step.carries:
            if name in refs:
                back = bool(count) and len(node.edges) > 1
                self.bind(name, self.enter(Entry(node, [refs[name]], (refs[name].value,), slot=int(back))))

    def trip(self, step: Loop) -> bool:
        """Run the body once; return whether it left the loop."""
        step.box.runs += 1
        try:
            self.block(step.body)
            left = False
        except _Left:
            left = True
        refs = {name: self.env[name] for name, _ in step.exits if name in self.env}
        for name, node in step.exits:
            if name in refs:
                self.bind(name, self.enter(Entry(node, [refs[name]], (refs[name].value,))))
        return left

    # -- backward
    def backward(self, gradients: list):
        """Go back through the tape, given the gradients of the results."""
        for entry in self.tape:
            entry.bars = [None] * len(entry.values)
            entry.node.gradients = []
        last = {e.node: e for e in self.tape}
        for node, bar in zip(self.drawing.outputs, gradients, strict=True):
            if bar is not None:
                last[node].bars[0] = bar
        for entry in reversed(self.tape):
            self.pull(entry)

    def pull(self, entry: Entry):
        """Hand the gradient of an evaluation on to what it read."""
        node = entry.node
        node.gradients.insert(0, None if entry.bars[0] is None else plain(entry.bars[0]))
        if all(b is None for b in entry.bars):
            return
        downs = self.downstream(entry)
        for edge, k, passage in entry.passages:
            down = downs.get(k)
            if not edge.active or down is None:
                continue
            passage.downstream = plain(down)
            if len(entry.bars) == 1:
                passage.upstream, passage.jacobian = plain(entry.bars[0]), functools.partial(_local, entry, k)
        for k, down in downs.items():
            ref = entry.inputs[k]
            known = ref.entry.bars[ref.result]
            ref.entry.bars[ref.result] = down if known is None else known + down

    def downstream(self, entry: Entry) -> dict[int, Any]:
        if entry.gate is None:
            (bar,) = entry.bars
            size = np.shape(entry.inputs[0].value) if entry.inputs else ()
            return {0: bar[: size[0]] if size and size != np.shape(bar) else bar} if entry.inputs else {}
        if entry.gate.reverse is None:
            return {}
        bars = [_zero(v) if b is None else b for v, b in zip(entry.values, entry.bars, strict=True)]
        if not any(np.any(b) for b in bars):
            # what zero comes back to gets zero, also where the local gradient is infinite
            return {k: _zero(entry.inputs[k].value) for k in entry.gate.wrt}
        found = entry.gate.backward(entry.residuals, *bars)
        if not elementwise.is_elementwise(entry.node.op):
            return found
        return {k: np.where(bars[0] == 0.0, 0.0, d) if np.shape(d) == np.shape(bars[0]) and np.ndim(d) else d
                for k, d in found.items()}  # fmt: skip


def _reading(expr: ir.Expr, called: dict[str, str] | None = None) -> Eval:
    """Return the evaluation of an expression, of whose names some are `called` something else outside."""
    names = tuple(sorted(ir.names_in(expr)))
    gate = ir.Function("gate", names, (ir.Return(expr),))
    reads = tuple((called or {}).get(n, n) for n in names)
    return Eval(Node("", "test", "", slots=names, gate=gate), reads, ("%hidden",))


def _nothing(kind: ir.Kind) -> Ref:
    """Return what stands where a gate reads nothing."""
    value = as_numpy(np.zeros((0,) * kind.rank) if kind.rank else 0, kind)
    return Ref(Entry(Node("", "nothing", ""), [], (value,), bars=[None]), 0)


def _inputs(node: Node, values: list, writes: bool) -> list:
    """Return the inputs of a gate; where it writes, none shares memory with another one."""
    if node.op == "store" and len(values) > 1 and _awaits_sizes(*values[:2]):
        values = [np.empty((len(values[0]), *np.shape(values[1])), values[0].dtype), *values[1:]]
    if not writes:
        return values
    return [v.copy() if isinstance(v, np.ndarray) else v for v in values]


def _awaits_sizes(base, item) -> bool:
    """Return whether an array is the buffer of a list whose first item tells the sizes of all."""
    return base.ndim > 1 and not base.size and len(base) > 0 and base.ndim == np.ndim(item) + 1


def _local(entry: Entry, k: int):
    if entry.gate is None:
        return plain(np.float64(1.0)) if not np.ndim(entry.values[0]) else _identity(entry.values[0])
    return plain(jacobian(entry.gate, entry.residuals, k, entry.values, 0))


def _identity(value):
    shape = np.shape(value)
    return np.eye(int(np.prod(shape))).reshape(shape + shape)


def _zero(value):
    return np.zeros_like(value) if np.ndim(value) else type(value)(0)


def _own(value):
    """Return an array that shares no memory with another one."""
    return value.copy() if isinstance(value, np.ndarray) and value.base is not None else value


def plain(value):
    """Return a value as a user sees it: float64 as Python's float."""
    if isinstance(value, np.float64 | np.int64 | np.bool_):
        return value.item()
    return value


def _at(e: Exception, node: Node) -> Exception:
    """Return an error of a gate with the line it stands for."""
    words = " ".join(str(a) for a in worded(e).args).removesuffix(": ")
    return type(e)(str(problem_at(node.loc, words, f"in {node.text}")))
