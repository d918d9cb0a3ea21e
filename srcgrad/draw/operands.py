"""Expressions as nodes: every operation one, indices and numbers written on the node that uses them."""

from __future__ import annotations

from dataclasses import replace

from ..language import ir
from ..language.emit import expr_text
from ..language.ir import Const, Expr, Kind, Loc, Name, Op, Return, Sub
from ..language.kinds import kind_of
from ..language.sum_order import as_value
from ..rules import elementwise
from . import labels
from .model import CONSTANT, TEST, Box, Edge, Eval, Node

_SIZES = frozenset({"shape", "len", "size", "ndim", "dtype"})
_COUNTING = elementwise.ARITHMETIC | elementwise.STEPS | {"min", "max", "int", "float"}


class ExpressionBuilder:
    """Makes nodes of expressions, in the order in which they are evaluated."""

    def __init__(self, kinds: dict[str, Kind] | None, names: set[str]):
        self.kinds = kinds
        self.nodes: list[Node] = []
        self.boxes: list[Box] = []
        self.calls: dict[tuple[Box | None, int], Box] = {}
        self.fresh = ir.Fresh(())
        self.unnamed = ir.Fresh(names)
        self.env: dict[str, tuple[Node, int]] = {}
        self.counters: set[str] = set()
        self.steps: list = []
        self.box: Box | None = None
        self.base: tuple[ir.Call, ...] = ()

    # -- boxes
    def box_at(self, loc: Loc | None) -> Box | None:
        """Return the box of a statement or operation: inside the present one, in the calls it was read in."""
        box, calls = self.box, loc.calls if loc else ()
        if calls[: len(self.base)] != self.base:
            return box
        for call in calls[len(self.base) :]:
            key = box, call.number
            if key not in self.calls:
                self.calls[key] = self.make_box(Box("call", call.name, box, call.at))
            box = self.calls[key]
        return box

    def make_box(self, box: Box) -> Box:
        self.boxes.append(box)
        return box

    # -- nodes
    def node(self, op: str, label: str, wanted: str = "", loc: Loc | None = None, **more) -> Node:
        """Return a new node, in the box of its place."""
        made = Node(self.new_id(wanted), op, label, loc=loc, **{"box": self.box_at(loc), **more})
        self.nodes.append(made)
        return made

    def new_id(self, wanted: str = "") -> str:
        """Return an id, that of a part of an expression unlike any name of the function."""
        found = self.fresh(wanted) if wanted else self.unnamed("t")
        self.fresh.taken.add(found)
        self.unnamed.taken.add(found)
        return found

    def connect(self, source: tuple[Node, int], target: Node, active: bool = True, back: bool = False) -> Edge:
        """Return a new edge to the next input of a node."""
        edge = Edge(source[0], target, len(target.edges), source[1], active, back)
        target.edges.append(edge)
        return edge

    def known(self, name: str) -> bool:
        """Return whether a name is written on the nodes that use it, in place of an edge: a counter of a loop."""
        return name in self.counters

    # -- expressions
    def is_written_out(self, expr: Expr) -> bool:
        """Return whether an operand is written on the node that uses it: numbers, sizes, arithmetic of counters."""
        if isinstance(expr, Const) or isinstance(expr, Name) and self.known(expr.id):
            return True
        if isinstance(expr, Op):
            return expr.fn in _SIZES or expr.fn in _COUNTING and all(map(self.is_written_out, expr.args))
        return False

    def operand(self, expr: Expr, loc: Loc | None) -> str:
        """Return the name under which the value of an expression stands, after the steps that compute it."""
        if isinstance(expr, Name):
            return expr.id
        return self.operation(expr, "", loc)

    def operation(self, expr: Expr, name: str, loc: Loc | None) -> str:
        """Emit the node of an expression and return the name of its value."""
        where = getattr(expr, "loc", None) or loc
        if isinstance(expr, Const) or self.is_written_out(expr) and not ir.names_in(expr):
            return self.constant(expr, name, where)
        if isinstance(expr, Name):
            return self.gate(expr, [], [], name, expr.id, where, "index")
        label, pieces = _pieces(expr)
        slots: list[str] = []
        reads, put = [], []
        for piece in pieces:
            if self.is_written_out(piece):
                put.append(piece)
                continue
            reads.append(self.operand(piece, where))
            slots.append(self.slot(reads[-1], slots))
            put.append(Name(slots[-1]))
        whole = _with_pieces(expr, put)
        return self.gate(whole, slots, reads, name, label, where, _fn(expr))

    def slot(self, key: str, slots: list[str]) -> str:
        return ir.Fresh(slots)(key.lstrip("%"))

    def constant(self, expr: Expr, name: str, loc: Loc | None) -> str:
        node = self.node(CONSTANT, labels.short(expr_text(expr)), name, loc, name=name, active=False)
        node.text, node.kind = expr_text(expr), self.kind(expr)
        node.gate = ir.Function("gate", (), (Return(expr),), loc)
        return self.emit(node, (), name)

    def kind(self, expr: Expr, more: dict[str, Kind] | None = None) -> Kind | None:
        if self.kinds is None:
            return None
        return kind_of(expr, self.kinds | (more or {}))

    def gate(self, whole: Expr, slots, reads, name: str, label: str, loc, fn: str) -> str:
        """Emit a node whose value is an expression of its slots, and of names that are written on it."""
        others = [n for n in sorted(ir.names_in(whole)) if n not in slots]
        kinds = {s: self.kinds[k] for s, k in zip(slots, reads, strict=True)} if self.kinds else {}
        node = self.node(fn, label, name, loc, name=name, kind=self.kind(whole, kinds))
        shown = {s: self.shown(k) for s, k in zip(slots, reads, strict=True)}
        node.text = expr_text(ir.rename_expr(whole, shown))
        return self.finish(node, (Return(whole),), slots, reads, others, name)

    def finish(self, node: Node, body, slots, reads, others, name: str, writes: tuple[str, ...] = ()) -> str:
        """Give a node its gate, its edges and its step; `others` are names that it reads besides its slots."""
        node.slots = (*slots, *others)
        node.gate = ir.Function("gate", node.slots, body, node.loc)
        float_valued = node.kind is None or node.kind.is_float
        node.active = float_valued and node.op not in (TEST, "stop_gradient")
        for key in reads:
            self.connect(self.env[key], node, self.is_float(key) and node.active)
        sources = {e.source for e in node.edges}
        for n in others:
            if not self.known(n) and n in self.env and self.env[n][0] not in sources and self.is_shown(n, body):
                sources.add(self.env[n][0])
                self.connect(self.env[n], node, False)
        return self.emit(node, (*reads, *others), name, writes)

    def is_shown(self, name: str, body) -> bool:
        """Return whether a name is read for its value, not for its sizes alone."""
        return any(_reads_value(e, name) for s in body for e in ir.exprs_of(s))

    def is_float(self, key: str) -> bool:
        if self.kinds is None or key not in self.kinds:
            return True
        return self.kinds[key].is_float

    def shown(self, key: str) -> str:
        """Return how a value is called in the texts of nodes that read it."""
        if not key.startswith("%"):
            return key
        node = self.env[key][0]
        return node.name or node.id

    def emit(self, node: Node, reads, name: str, writes: tuple[str, ...] = ()) -> str:
        key = name or f"%{node.id}"
        self.steps.append(Eval(node, tuple(reads), (key,), writes))
        if self.kinds is not None and node.kind is not None:
            self.kinds[key] = node.kind
        self.rebind({key: (node, 0)}, writes)
        return key

    def rebind(self, found: dict[str, tuple[Node, int]], writes: tuple[str, ...]):
        """Let names stand for results; those of `writes` for what is written in place, seen by every name of it."""
        for w in writes:
            old = self.env.get(w)
            for other in [n for n, node in self.env.items() if node == old and old is not None]:
                self.env[other] = found[w]
        self.env |= found

    def hidden(self, expr: ir.Expr) -> Eval:
        """Return the evaluation of something that is not drawn."""
        names = tuple(sorted(ir.names_in(expr)))
        gate = ir.Function("gate", names, (Return(expr),))
        node = Node("", TEST, "", slots=names, gate=gate, active=False)
        return Eval(node, names, ("%hidden",))


def _fn(expr: Expr) -> str:
    if isinstance(expr, Op):
        return "logistic" if _logistic_argument(expr) is not None else expr.fn
    return "select" if isinstance(expr, ir.Select) else "index"


def _logistic_argument(expr: Expr) -> Expr | None:
    """Return z where the expression is 1 / (1 + exp(-z))."""
    if not (isinstance(expr, Op) and expr.fn == "div"):
        return None
    from ..differentiation.symbolic import logistic_parts

    parts = logistic_parts(expr)
    if parts is None or parts[2] != 1 or not (isinstance(parts[0], Const) and parts[0].value == 1):
        return None
    return parts[1]


def _pieces(expr: Expr) -> tuple[str, list[Expr]]:
    """Return what is written on the node of an expression, and its operands."""
    z = _logistic_argument(expr)
    if z is not None:
        return "σ", [z]
    if isinstance(expr, Sub):
        return labels.operation(expr), [expr.base]
    if isinstance(expr, Op) and expr.fn == "np.where":
        return labels.operation(expr), list(expr.args[1:])
    if isinstance(expr, Op):
        return labels.operation(expr), list(expr.args)
    return labels.operation(expr), list(ir.children(expr)[1:])


def _with_pieces(expr: Expr, pieces: list[Expr]) -> Expr:
    """Return an expression with other operands."""
    if _logistic_argument(expr) is not None:
        spelling = next(e.fn for e in ir.walk(expr) if isinstance(e, Op) and e.fn.endswith(".exp"))
        exp = Op(spelling, (Op("neg", (pieces[0],)),))
        return Op("div", (Const(1.0), Op("add", (Const(1.0), exp))), (), expr.loc)
    if isinstance(expr, Sub):
        return replace(expr, base=pieces[0])
    if isinstance(expr, ir.Select):
        return replace(expr, then=pieces[0], other=pieces[1])
    assert isinstance(expr, Op), expr
    args = (expr.args[0], *pieces) if expr.fn == "np.where" else tuple(pieces)
    return as_value(replace(expr, args=args))


def _reads_value(expr: Expr, name: str) -> bool:
    if isinstance(expr, Op) and expr.fn in _SIZES:
        return False
    if isinstance(expr, Name):
        return expr.id == name
    return any(_reads_value(e, name) for e in ir.children(expr))
