"""Infer what every name holds: dtype and rank.

NumPy's promotion: numbers of Python are weak against arrays, those of NumPy are not. A name has one kind in the whole
function (webs see to that); where definitions differ in dtype the wider one holds, where they differ in rank the
function is refused.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import KindError, UnsupportedError, problem_at
from ..rules import arrays, draws, elementwise, externals
from . import ir
from .axes import axes_of, permutation
from .blocks import updates
from .calls import ReadInPlace, reachable
from .ir import Const, For, Kind, Let, Name, Op, Select, Slice, Sub
from .kind import OF_NUMBERS, common, elementwise_kind, in_numpy, of_array, promote, require_sizes
from .lists import becomes_list, holds_items, is_list, of_items

FLOAT, INT, BOOL = Kind("float64"), Kind("int64"), Kind("bool")
GENERATOR = "generator"
_RESHAPED = ("np.nonzero", "np.diag", "permuted", "flat", "np.ravel", "reshape", "reshape_like", "broadcast_to",
             "windows")  # fmt: skip


def infer_kinds(function: ir.Function, params: dict[str, Kind]) -> dict[str, Kind]:
    """Return the kind of every name of a function, given its parameters' kinds.

    >>> from srcgrad.parsing.function import parse_text
    >>> f = parse_text("def f(a, n):\\n    s = 0\\n    for i in range(n):\\n        s += a[i]\\n    return s")
    >>> {k: str(v) for k, v in infer_kinds(f, {"a": Kind("float32", 1), "n": INT}).items()}
    {'a': 'float32[:]', 'n': 'int64', 's': 'float64', 'i': 'int64'}
    """
    inference = _infer(function, params)
    inference.final = True
    inference.block(function.body)
    return inference.kinds


def _infer(function: ir.Function, params: dict[str, Kind]) -> _Inference:
    kinds = dict(params)
    for name, array in function.captured:
        kinds[name] = Kind(str(array.dtype), array.ndim)
    made = [s for s in ir.statements(function.body) if holds_items(s)]
    copies = {n for s in made if not is_list(s) for n in ir.binds(s)}
    widened = {s.target for s in ir.statements(function.body) if isinstance(s, Let) and becomes_list(s.value)}
    inference = _Inference(kinds, {n for s in made for n in ir.binds(s)}, copies, widened)
    inference.of_lists = {n for s in made for n in ir.binds(s) if len(ir.children(ir.exprs_of(s)[0])) > 1}
    for _ in range(16):
        before = dict(kinds)
        inference.complete = True
        inference.block(function.body)
        unknown = sorted(inference.lists - set(kinds))
        settled = kinds == before and all(k.numpy == before[n].numpy for n, k in kinds.items())
        if settled and unknown:
            # what is put into it is made from what it holds: numbers, then, as all that is said of them fits
            kinds[unknown[0]] = Kind("float64", 1)
        elif settled:
            break
    return inference


class AxesDiffer(KindError):
    """A name holds a number in one place and an array of this kind in another one."""

    def __init__(self, name: str, kind: Kind, problem):
        super().__init__(problem)
        self.name, self.kind = name, kind


class Unknown(Exception):
    """A name has no kind yet: its definition comes later in the text."""


class _Inference:
    def __init__(self, kinds: dict[str, Kind], lists: set[str], copies: set[str], widened: set[str]):
        self.kinds = kinds
        self.lists = lists  # what holds what is put into it
        self.copies = copies  # those of them that are arrays of given items
        self.widened = widened  # lists that are made of an array: what is put into them later may be wider
        self.of_lists: set[str] = set()  # lists of lists
        self.rows: dict[str, str] = {}  # of rows of such a list, what they are rows of
        self.final = False
        self.complete = True

    def block(self, block):
        for stmt in block:
            try:
                self.stmt(stmt)
            except Unknown as unknown:
                self.complete = False
                if self.final:
                    problem = problem_at(stmt.loc, f"{unknown.args[0]!r} is used before it is assigned",
                                         "assign it on every path")  # fmt: skip
                    if isinstance(stmt, ir.Unpack):
                        problem = problem_at(stmt.loc, "this function returns nothing without calling itself",
                                             "let the recursion end")  # fmt: skip
                    raise UnsupportedError(problem) from None
            for inner in ir.blocks_of(stmt):
                self.block(inner)

    def stmt(self, stmt):
        if holds_items(stmt):
            if stmt.target not in self.kinds:
                raise Unknown(stmt.target)
        elif isinstance(stmt, Let) and updates(stmt) and stmt.target in self.kinds and (
            own := self.kinds[stmt.target]).rank:  # fmt: skip
            check_cast(kind_of(stmt.value, self.kinds, stmt.loc), own, stmt.loc)
        elif isinstance(stmt, Let):
            self.bind(stmt.target, kind_of(stmt.value, self.kinds, stmt.loc), stmt.loc)
            self.note_row(stmt)
        elif isinstance(stmt, ir.Unpack) and isinstance(stmt.value, Op):
            for name, kind in zip(stmt.targets, call_kinds(stmt.value, self.kinds, stmt.loc), strict=True):
                self.bind(name, kind, stmt.loc)
        elif isinstance(stmt, For):
            for e in (stmt.lo, stmt.hi, stmt.step):
                kind = kind_of(e, self.kinds, stmt.loc)
                if kind.rank or kind.is_float:
                    raise KindError(problem_at(stmt.loc, f"range() needs integers, not {kind}", "use int()"))
            self.bind(stmt.var, INT, stmt.loc)
        elif isinstance(stmt, ir.Store):
            self.put(stmt)
            base = kind_of(Name(stmt.base), self.kinds, stmt.loc)
            if not base.rank:
                raise KindError(problem_at(stmt.loc, f"{stmt.base!r} is a number, not an array", "index arrays only"))
            place = kind_of(Sub(Name(stmt.base), stmt.index), self.kinds, stmt.loc)
            value = kind_of(stmt.value, self.kinds, stmt.loc)
            if stmt.op != "=" and place.rank:
                check_cast(value, base, stmt.loc)
        elif isinstance(stmt, ir.ReadFor):
            self.read_for(stmt)
        elif isinstance(stmt, ir.If | ir.While):
            kind = kind_of(stmt.test, self.kinds, stmt.loc)
            if kind.rank:
                raise KindError(problem_at(stmt.loc, "the truth of an array is ambiguous", "use .any() or .all()"))
        else:
            for e in ir.exprs_of(stmt):
                if not isinstance(e, ir.Tuple | Const):
                    kind_of(e, self.kinds, stmt.loc)
                elif isinstance(e, ir.Tuple):
                    for item in e.items:
                        kind_of(item, self.kinds, stmt.loc)

    def put(self, stmt: ir.Store):
        """Widen the list that a store puts something into, itself or into a row of it."""
        item, known = kind_of(stmt.value, self.kinds, stmt.loc), self.kinds.get(stmt.base)
        if stmt.op != "=" and item == BOOL:
            item = INT  # truth values are added as numbers
        if stmt.base in self.lists:
            parts = any(isinstance(i, Slice | ir.Dots) for i in stmt.index)
            kept = known is not None and (parts or stmt.op != "=")
            rank = known.rank if known is not None and kept else item.rank + len(stmt.index)
            made = of_items(item, stmt.base in self.copies)
            self.bind(stmt.base, replace(made, rank=rank), stmt.loc)
            if self.is_of_list(stmt.value):
                self.of_lists.add(stmt.base)
        owner = self.rows.get(stmt.base, stmt.base if stmt.base in self.widened else None)
        if owner in self.kinds:
            known = self.kinds[owner]
            self.bind(owner, replace(of_items(item, False), rank=known.rank), stmt.loc)

    def note_row(self, stmt: Let):
        """Take notice of a name that shows a row of a list of lists."""
        value = stmt.value
        while isinstance(value, Sub) or isinstance(value, Op) and value.fn == "head":
            value = value.base if isinstance(value, Sub) else value.args[0]
        owner = self.rows.get(value.id, value.id) if isinstance(value, Name) else None
        if owner in self.of_lists and owner != stmt.target and self.kinds[stmt.target].rank:
            self.rows[stmt.target] = owner

    def is_of_list(self, value: ir.Expr) -> bool:
        """Return whether a value is a list, or as much of its buffer as counts."""
        if isinstance(value, Op) and value.fn == "head":
            value = value.args[0]
        own = isinstance(value, Name) and (value.id in self.lists - self.copies or value.id in self.widened)
        return own or becomes_list(value)

    def read_for(self, stmt: ir.ReadFor):
        for arg, assumed in zip(stmt.args, stmt.kinds, strict=True):
            kind = kind_of(arg, self.kinds, stmt.loc)
            if self.final and kind != assumed:
                what = f"an argument of a derivative is {assumed} at first, and {kind} in a later trip"
                raise KindError(problem_at(stmt.loc, what, "begin with a value of the dtype that it has in the end"))

    def bind(self, name, kind: Kind, loc):
        old = self.kinds.get(name)
        if old is not None and old.rank != kind.rank:
            what = f"{name!r} holds {old} and then {kind}"
            begun = bool(kind.rank) and not old.rank
            way = "begin with an array, as np.zeros(...)" if begun else "give both the same number of axes"
            array = kind if kind.rank > old.rank else old
            raise AxesDiffer(name, array, problem_at(loc, what, f"use two names, or {way}"))
        if old is not None:
            own = in_numpy(old, kind) if not kind.rank else kind.numpy and old.numpy
            kind = Kind(promote(old.dtype, kind.dtype), kind.rank, own)
        self.kinds[name] = kind


def check_cast(value: Kind, target: Kind, loc):
    """Raise where NumPy does not write values of a kind into an array in place."""
    if value.rank and not np.can_cast(value.dtype, target.dtype, "same_kind") or (
        not value.rank and value.is_float and not target.is_float):  # fmt: skip
        raise KindError(problem_at(loc, f"{value} is written into {target} in place", "convert one of them first"))


def kind_of(expr: ir.Expr, kinds: dict[str, Kind], loc=None) -> Kind:
    """Return the kind of an expression.

    Raises
    ------
    KindError
        If the kinds of operands do not fit.
    """
    if isinstance(expr, Name):
        if expr.id not in kinds:
            raise Unknown(expr.id)
        return kinds[expr.id]
    if isinstance(expr, Const):
        if isinstance(expr.value, bool):
            return BOOL
        if isinstance(expr.value, int):
            return INT
        if isinstance(expr.value, float):
            return of_array(FLOAT) if isinstance(expr.value, np.floating) else FLOAT
        raise KindError(problem_at(expr.loc or loc, "text is used as a number", "keep text out of numeric functions"))
    if isinstance(expr, Select):
        kind_of(expr.test, kinds, loc)
        return common([kind_of(expr.then, kinds, loc), kind_of(expr.other, kinds, loc)])
    if isinstance(expr, Sub):
        return _sub_kind(expr, kinds, loc)
    assert isinstance(expr, Op), expr
    return _op_kind(expr, kinds, loc)


def call_kinds(call: Op, kinds: dict[str, Kind], loc=None) -> tuple[Kind, ...]:
    """Return the kinds of what a call gives: results, a pullback's adjoints of arguments, or results and tangents."""
    operands = tuple(kind_of(a, kinds, loc) for a in call.args)
    if call.fn in externals.BY_SPELLING:
        return external_kinds(call, operands, loc)
    routine, form = call.option("routine"), call.option("form")

    def results(args: tuple[Kind, ...]) -> tuple[Kind, ...]:
        return _routine_kinds(routine, args, loc)

    return results(operands) if form is None else form.kinds(operands, results)


def _routine_kinds(routine, operands: tuple[Kind, ...], loc) -> tuple[Kind, ...]:
    if sum(kinds is None for kinds in routine.facts.values()) > 5:
        raise KindError(problem_at(loc, f"{routine.name} calls itself with arguments of ever other kinds",
                                   "keep their dtypes and numbers of axes"))  # fmt: skip
    found = _known_kinds(routine, operands)
    if found is None:
        raise Unknown(routine.name)
    if any(_marks(operands)) and routine.rule is None:
        plain = tuple(replace(k, numpy="") for k in operands)
        _known_kinds(routine, plain)
        ours, usual = (routine.facts.get(("names", given, _marks(given))) for given in (operands, plain))
        if ours and usual and ours != usual and routine in reachable(routine.function.body):
            what = f"{routine.name} calls itself, and a number of NumPy given to it widens its arrays"
            raise KindError(problem_at(loc, what, "give it one of Python: float(...), or arrays that are as wide"))
        if ours and usual and ours != usual:
            raise ReadInPlace(routine)  # it is compiled for numbers of Python, and those of NumPy differ to it
    return found


def _known_kinds(routine, operands: tuple[Kind, ...]) -> tuple[Kind, ...] | None:
    key = ("kinds", operands, _marks(operands))
    return routine.facts[key] if key in routine.facts else routine_kinds(routine, operands)


def _marks(operands: tuple[Kind, ...]) -> tuple[str, ...]:
    return tuple(k.numpy for k in operands)


def external_kinds(call: Op, operands: tuple[Kind, ...], loc=None) -> tuple[Kind, ...]:
    """Return the kinds of what a function that is called as it is gives."""
    found = externals.BY_SPELLING[call.fn].result_kinds(operands)
    if found is None:
        given = " and ".join(map(str, operands))
        raise KindError(problem_at(call.loc or loc, f"{call.fn} of {given}", "pass arrays with the axes it takes"))
    return tuple(map(of_array, found))


def routine_kinds(routine, operands: tuple[Kind, ...]) -> tuple[Kind, ...]:
    """Return the kinds of a routine's results; where it calls itself, those that its other paths give settle them."""
    function, facts, key = routine.function, routine.facts, ("kinds", operands, _marks(operands))
    params = dict(zip(function.params, operands, strict=True))
    facts[key] = None
    try:
        for _ in range(5):
            inference = _infer(function, params)
            found = tuple(kind_of(e, inference.kinds) for e in routine.results)
            settled, facts[key] = facts[key] == found, found
            if settled or inference.complete:
                break
    except Unknown:
        del facts[key]
        raise
    if inference.complete:
        facts["names", operands] = facts["names", *key[1:]] = infer_kinds(function, params)
    else:
        del facts[key]  # known in part only, while a routine that calls this one is being settled
    return found


def as_float(expr: ir.Expr, kinds: dict[str, Kind]) -> ir.Expr:
    """Return a scalar expression, made a float where it is an integer or a truth value; unknown names are floats."""
    kind = kind_of(expr, {n: kinds.get(n, FLOAT) for n in ir.names_in(expr)})
    if kind.dtype == "bool":
        return Select(expr, Const(1.0), Const(0.0))
    return expr if kind.is_float else Op("float", (expr,))


def _negative_power(base: Kind, power: Kind, loc) -> Kind:
    """Return the kind of a whole number to a negative power, a float; NumPy has none of arrays to whole powers."""
    if base.rank and not power.is_float:
        raise KindError(problem_at(loc, f"{base} to a negative power: NumPy has none", "make the base a float"))
    return Kind("float64", base.rank)


def _op_kind(expr: Op, kinds, loc) -> Kind:
    fn = expr.fn
    operands = [kind_of(a, kinds, loc) for a in expr.args]
    where = expr.loc or loc
    if draws.is_draw(fn):
        return _draw_kind(expr, operands, where)
    if any(k.dtype == GENERATOR for k in operands):
        raise KindError(problem_at(where, "a random generator is used as a number", "draw from it: rng.normal()"))
    if fn == "pow" and isinstance(expr.args[1], Const) and expr.args[1].value < 0 and not operands[0].is_float:
        return _negative_power(operands[0], operands[1], where)
    if elementwise.is_elementwise(fn):
        if (refused := elementwise.refusal(fn, operands)) is not None:
            raise KindError(problem_at(where, *refused))
        return elementwise_kind(fn, operands)
    if fn in ("shape", "len", "size", "ndim", "trips", "next_checkpoint"):
        if fn == "shape" and expr.option("axis") >= operands[0].rank:
            raise KindError(problem_at(where, f"axis {expr.option('axis')} of {operands[0]}", "it has fewer axes"))
        return INT
    if fn == "np.where":
        chosen = of_array(common(operands[1:]))
        return chosen if operands[0].rank <= chosen.rank else Kind(chosen.own, operands[0].rank)
    if fn in arrays.REDUCTIONS:
        return of_array(_reduction_kind(expr, operands[0], where))
    if fn == "np.dot":
        return of_array(_dot_kind(operands, where))
    if fn in externals.BY_SPELLING:
        return external_kinds(expr, tuple(operands), where)[0]
    if fn == "np.outer":
        return Kind(common(operands).own, 2)
    if fn in ("np.full", "np.full_like") and operands[-1].rank:
        raise KindError(problem_at(where, f"{fn} of {operands[-1]}", "write np.broadcast_to(value, shape).copy()"))
    if fn in arrays.ALLOCATIONS:
        sizes, default = (operands[:-1], operands[-1].own) if fn == "np.full" else (operands, "float64")
        require_sizes(sizes, where)
        return of_array(Kind(_dtype_option(expr, kinds, default), len(sizes)))
    if fn == "stack":
        return Kind(_dtype_option(expr, kinds, "float64"), 1)
    if fn in ("np.zeros_like", "np.ones_like", "np.empty_like", "np.full_like"):
        return of_array(Kind(_dtype_option(expr, kinds, operands[0].own), operands[0].rank))
    if fn == "np.arange":
        return Kind(_dtype_option(expr, kinds, common(operands).dtype), 1)
    if fn in _RESHAPED:
        return _shape_kind(expr, operands, where)
    if fn in ("copy", "np.ascontiguousarray"):
        return of_array(replace(operands[0], numpy="" if operands[0].rank else operands[0].numpy))
    if fn == "begun":
        return Kind(expr.option("dtype"), expr.option("rank"))
    if fn == "part":
        return replace(operands[0], rank=len(operands) - 2)
    if fn in ("head", "print_grad", "np.flip", "np.transpose", "unset"):
        return operands[0]
    if fn == "astype":
        return of_array(Kind(_dtype_option(expr, kinds, "float64"), operands[0].rank))
    if fn in ("in_order", "overlap", "same_shape"):
        return BOOL
    if fn == "item":
        return Kind(operands[0].dtype)
    if fn in ("records", "pop"):
        return operands[0]
    raise KindError(problem_at(where, f"{fn} is not supported here", "rewrite it with loops"))


def _shape_kind(expr: Op, operands, loc) -> Kind:
    """Return the kind of an array with other axes than its operand."""
    fn, dtype, rank = expr.fn, operands[0].dtype, operands[0].rank
    if fn == "np.nonzero":
        if expr.option("axis") >= rank:
            what = f"np.nonzero of an array with {rank} axes has no item {expr.option('axis')}"
            raise KindError(problem_at(loc, what, "take one that exists"))
        return Kind("int64", 1)
    if fn == "np.diag":
        axes = expr.option("rank", 0)
        if not 0 < rank <= 2 and not axes or rank < axes:
            raise KindError(problem_at(loc, f"the diagonal of {operands[0]}", "pass an array with two axes"))
        return Kind(dtype, 2 if rank == 1 else rank - 1)
    if fn == "permuted":
        return Kind(dtype, len(permutation(expr, rank, loc)))
    given = len(operands) - 1
    require_sizes(operands[1:] if fn in ("reshape", "broadcast_to") else (), loc)
    if fn == "broadcast_to" and given < rank:
        raise KindError(problem_at(loc, f"{operands[0]} is broadcast to {given} axes", "give it as many or more"))
    ranks = {"flat": 1, "np.ravel": 1, "reshape": given, "broadcast_to": given, "windows": rank + given}
    return Kind(dtype, ranks.get(fn, operands[-1].rank))


def _draw_kind(expr: Op, operands, loc) -> Kind:
    if expr.fn not in draws.DRAWS:
        return INT
    row = draws.DRAWS[expr.fn]
    method = expr.fn.startswith(".")
    if method and operands[0].dtype != GENERATOR:
        raise KindError(problem_at(loc, f"method {expr.fn}() of {operands[0]} is not supported",
                                   "call it on a numpy.random.Generator"))  # fmt: skip
    given = operands[method : len(row.params) + method]
    if any(k.dtype == GENERATOR for k in given):
        raise KindError(problem_at(loc, "a random generator is used as a number", "draw from it: rng.normal()"))
    if row.dtype and any(k.rank for k in given):
        way = row.smooth or "draw in a loop"
        raise KindError(problem_at(loc, f"the parameters of {row.name}() must be numbers, not arrays", f"write {way}"))
    size = expr.option("size")
    rank = 0 if size is None else operands[-1].rank if size == "like" else len(operands) - len(given) - method
    if row.dtype:
        return Kind(row.dtype, rank)
    dtype = given[0].dtype if given[0].rank else "int64"
    return Kind(dtype, max(given[0].rank, 1) if row.name == "permutation" else rank)


def _dtype_option(expr: Op, kinds, default: str) -> str:
    dtype = expr.option("dtype")
    if dtype is None:
        return default
    return dtype if isinstance(dtype, str) else kind_of(dtype, kinds).dtype


def _reduction_kind(expr: Op, operand: Kind, loc) -> Kind:
    axis, rank = expr.option("axis"), operand.rank
    if expr.fn in ("np.argmax", "np.argmin"):
        dtype = "int64"
        if isinstance(axis, tuple):
            raise KindError(problem_at(loc, f"{expr.fn} along axes {axis}", "name one axis"))
    else:
        whole = {"np.mean": "float64", "np.sum": "int64"}.get(expr.fn, operand.dtype)
        dtype = operand.dtype if operand.is_float else whole
    reduced = len(axes_of(axis, rank, loc))
    return Kind(dtype, rank if expr.option("keepdims") else rank - reduced)


def _dot_kind(operands, loc) -> Kind:
    a, b = operands
    if not a.rank or not b.rank:
        return common(map(of_array, operands))
    if a.dtype == b.dtype == "bool":
        raise KindError(problem_at(loc, "a product of truth values", "convert them: a.astype(int)"))
    if a.rank > 2 or b.rank > 2:
        raise KindError(problem_at(loc, f"a product of {a} and {b}", "use one- and two-dimensional arrays, or a loop"))
    return Kind(promote(a.dtype, b.dtype), a.rank + b.rank - 2)


def is_mask(item: ir.Expr, kinds, loc=None) -> bool:
    """Return whether an item of a subscript is a boolean array."""
    if isinstance(item, Slice | ir.NewAxis | ir.Dots):
        return False
    kind = kind_of(item, kinds, loc)
    return kind.dtype == "bool" and kind.rank > 0


def _sub_kind(expr: Sub, kinds, loc) -> Kind:
    base = kind_of(expr.base, kinds, loc)
    where = expr.loc or loc
    rank, used, advanced = 0, 0, []
    for item in expr.index:
        if isinstance(item, Slice):
            rank, used = rank + 1, used + 1
            for kind in (kind_of(e, kinds, loc) for e in ir.children(item)):
                if kind.rank or not kind.is_int:
                    raise KindError(problem_at(where, f"an index must be an integer, not {kind}", "use int()"))
        elif isinstance(item, ir.NewAxis):
            rank += 1
        elif not isinstance(item, ir.Dots):
            kind = kind_of(item, kinds, loc)
            if kind.dtype == "bool" and kind.rank:
                used += kind.rank
                advanced.append(1)
                continue
            used += 1
            if kind.dtype == "bool":
                raise KindError(problem_at(where, "an index must be an integer, not bool", "use an if, or int()"))
            if kind.is_float:
                raise KindError(problem_at(where, f"an index must be an integer, not {kind}", "use int()"))
            if kind.rank:
                advanced.append(kind.rank)
    if used > base.rank:
        raise KindError(problem_at(where, f"too many indices: {used} for {base}", "drop an index"))
    rank += base.rank - used + (max(advanced) if advanced else 0)
    return Kind(base.dtype, rank) if base.numpy == OF_NUMBERS and not rank else of_array(Kind(base.dtype, rank))
