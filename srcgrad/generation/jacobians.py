"""Jacobians: loops over the entries of arguments around tangent forms, over those of results around pullbacks.

A Jacobian is an array for each result and argument, with the axes of the result and then those of the argument. While
it is filled, the entries of the side that is looped over stand along one axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .. import tree
from ..differentiation.reverse import Plan
from ..differentiation.widths import LANES, WIDTH
from ..errors import ArgumentError, UnsupportedError, problem_at
from ..language import ir
from ..language.affine import simplify_index
from ..language.calls import is_call, operation
from ..language.ir import Const, Expr, For, Function, If, Kind, Let, Name, Op, Stmt, Store, Sub, Unpack
from ..language.kind import dtype_option, promote
from ..optimisation.simplify import simplify
from .link import tangent_form
from .modes import draws_numbers, entries_of, forward_is_cheaper, result_kinds, shape, size_known, size_of
from .passes import USUAL, Lowered
from .pipeline import Generated, differentiated, generated, gradient, halves, plan
from .row_loops import Rows, row_loop

ZERO, ONE = Const(0), Const(1)


def jacfwd(f, structures, param_kinds, wrt, by: tree.Structure, variant=USUAL, ending="_jacfwd") -> Generated:
    """Return the function that computes Jacobians in forward mode, along many entries at once.

    `by` is the structure of the arguments differentiated by, which stands in the place of each result.
    """
    low = differentiated(f, structures, param_kinds, wrt, replace(variant, whole=True))
    require_real(low, by)
    base, params = low.function.name, low.function.params
    if draws_numbers(low):
        what = f"{base} draws random numbers, and forward mode runs it again for further entries"
        raise UnsupportedError(problem_at(low.function.loc, what, "use jacrev, or pass the numbers drawn"))
    names = tuple(params[k] for k in wrt)
    along, kinds = tangent_form(low, f"{base}_jvps", names, None, False, True)
    loops = ForwardLoops(low, names, _floats(low, kinds), base)
    functions = (loops.driver(ending), loops.columns(along.name))
    return around(functions, generated((along,), low), tree.each(low.result, iter(_kept(kinds)), by))


def require_real(low: Lowered, by: tree.Structure):
    """Raise where the result or what is differentiated by is complex: an entry would be four numbers."""
    if tree.has_complex(low.result) or tree.has_complex(by):
        what = f"{low.function.name} takes or returns complex numbers, of which there is no Jacobian"
        raise ArgumentError(problem_at(low.function.loc, what, "give and return real and imaginary parts"))


def hessian(f, structures, param_kinds, wrt, by: tree.Structure, variant=USUAL) -> Generated:
    """Return the function that computes Jacobians of a gradient or Jacobian."""
    return jacfwd(f, structures, param_kinds, wrt, by, variant, "_hessian")


def jacrev(f, structures, param_kinds, wrt, by: tree.Structure, variant=USUAL) -> Generated:
    """Return the function that computes Jacobians in reverse mode, a row at a time; of one number, the gradient."""
    low, p = plan(f, structures, param_kinds, wrt, variant)
    require_real(low, by)
    kinds = [p.kinds[o] for o in p.outs]
    if isinstance(low.result, tree.Leaf) and kinds[0] in (Kind("float64"), Kind("float32")):
        return replace(gradient(low, p, wrt, False), result=by)
    loops = ReverseLoops(low, tuple(low.function.params[k] for k in wrt), _floats(low, kinds), low.function.name)
    made = loops.inside(low, p)
    if made is not None:
        return replace(generated((made,), low), result=tree.each(low.result, iter(_kept(kinds)), by))
    forward, backward, driver = loops.functions(low, p)
    return around((driver,), generated((forward, backward), low), tree.each(low.result, iter(_kept(kinds)), by))


def jacobian(f, structures, param_kinds, wrt, by: tree.Structure, variant=USUAL) -> Generated:
    """Return the function that computes Jacobians in the mode that takes less time.

    Where sizes that are known only at run time decide, both are in the module.
    """
    given = f, structures, param_kinds, wrt, by, variant
    low = differentiated(f, structures, param_kinds, wrt, variant)
    _floats(low, result_kinds(low))
    forward = forward_is_cheaper(low, tuple(low.function.params[k] for k in wrt))
    if isinstance(forward, Function):
        return _chosen(low, forward, wrt, jacfwd(*given), jacrev(*given))
    return (jacfwd if forward else jacrev)(*given)


def one_mode(f, structures, param_kinds, wrt, by: tree.Structure, variant=USUAL) -> Generated:
    """Return the function that computes Jacobians to be differentiated: forward mode where sizes are to decide."""
    low = differentiated(f, structures, param_kinds, wrt, variant)
    forward = forward_is_cheaper(low, tuple(low.function.params[k] for k in wrt))
    return (jacfwd if forward else jacrev)(f, structures, param_kinds, wrt, by, variant)


def cheaper(f, structures, param_kinds, wrt, by: tree.Structure, variant=USUAL) -> Generated:
    """Return the function that tells whether forward mode takes less time: a constant, or from sizes."""
    low = differentiated(f, structures, param_kinds, wrt, replace(variant, boundscheck=False))
    _floats(low, result_kinds(low))
    forward = forward_is_cheaper(low, tuple(low.function.params[k] for k in wrt))
    if not isinstance(forward, Function):
        name = f"{low.function.name}_forward_is_cheaper"
        forward = Function(name, low.function.params, (ir.Return(Const(forward)),), low.function.loc)
    return replace(generated((forward,), low, rules=False), result=tree.LEAF, pitfalls=())


def _kept(kinds: Sequence[Kind]) -> list[bool]:
    return [k.is_float for k in kinds]


def _floats(low: Lowered, kinds: Sequence[Kind]) -> dict[str, Kind]:
    """Return names for the results that have derivatives, with their kinds."""
    found = [k for k in kinds if k.is_float]
    if not found:
        raise ArgumentError(problem_at(low.function.loc, f"{low.function.name} returns no float",
                                       "return a float: an integer has no derivative"))  # fmt: skip
    fresh = ir.Fresh(low.function.params)
    return {fresh("out" if len(found) == 1 else f"out_{n}"): k for n, k in enumerate(found)}


def around(functions: tuple[Function, ...], made: Generated, result: tree.Structure) -> Generated:
    """Return functions that call those that were made, in one module."""
    callees = (*functions[1:], *made.functions, *made.callees)
    return replace(made, functions=functions[:1], callees=callees, result=result, inside=made.functions)


@dataclass
class Loops:
    """What the loops of both modes are written with.

    Attributes
    ----------
    low : Lowered
        The function that is differentiated.
    names : tuple of str
        Its parameters that it is differentiated by.
    outs : dict
        Names and kinds of its results that are floats.
    base : str
        Its name, with which those of the functions made begin.
    """

    low: Lowered
    names: tuple[str, ...]
    outs: dict[str, Kind]
    base: str

    def __post_init__(self):
        self.fresh = ir.Fresh({*self.low.function.params, *self.outs})
        self.loc = self.low.function.loc
        self.params = self.low.function.params
        self.kinds = self.low.kinds
        self.i = [self.fresh(n) for n in "ijkl"]

    def jac(self, out: str, name: str) -> str:
        """Return the name of the derivative of a result by an argument."""
        return f"{name}_jac" if len(self.outs) == 1 else f"{out}_by_{name}"

    def dtype(self, out: str, name: str) -> tuple:
        found = promote(self.outs[out].dtype, self.kinds[name].dtype)
        return dtype_option(found)

    def function(self, name: str, params, body, doc: str | None = None) -> Function:
        return Function(name, tuple(params), tuple(body), self.loc, doc)

    @property
    def doc(self) -> str:
        return f"Derivatives of {self.base} by all entries of {', '.join(self.names)}."


def shape_of(name: str, rank: int) -> tuple[Expr, ...]:
    """Return the sizes of all axes."""
    return tuple(shape(name, d) for d in range(rank))


def entry(at: Expr, name: str, rank: int) -> tuple[Expr, ...]:
    """Return the index of the entry of an array that is number `at`, row by row."""
    index: list[Expr] = []
    for d in range(rank - 1, 0, -1):
        index.insert(0, Op("mod", (at, shape(name, d))))
        at = Op("floordiv", (at, shape(name, d)))
    return (at, *index) if rank else ()


def nest(names, sizes, body: Stmt) -> Stmt:
    """Return loops over all indices below the sizes."""
    for name, size in zip(reversed(names), reversed(sizes), strict=True):
        body = For(name, ZERO, size, ONE, (body,))
    return body


def allocate(name: str, sizes, static=()) -> Let:
    """Return the statement that makes an array without values."""
    return Let(name, Op("np.empty", tuple(sizes), static))


def called(targets, function: str, args) -> Unpack:
    """Return the statement that calls a function of the module by its name."""
    return Unpack(tuple(targets), Op("call", tuple(args), (("name", function),)))


def less(a: Expr, b: Expr) -> Expr:
    """Return `a - b`."""
    return simplify_index(Op("sub", (a, b)))


class ForwardLoops(Loops):
    """The loops of forward mode: over chunks of the entries of the arguments, numbered one argument after the other."""

    def __post_init__(self):
        super().__post_init__()
        self.start, self.directions, self.at, self.count = map(self.fresh, ("start", "directions", "at", "entries"))
        self.dots = {n: self.fresh(f"{n}_dot") for n in self.names}
        self.out_dots = {o: self.fresh(f"{o}_dot") for o in self.outs}
        self.firsts, first = {}, ZERO
        for n in self.names:
            self.firsts[n] = first
            first = simplify_index(Op("add", (first, size_of(n, self.kinds[n].rank))))
        self.entries = first

    def here(self, name: str, body) -> For:
        """Return the loop over those entries of an argument that are in the present chunk."""
        first, start = self.firsts[name], Name(self.start)
        last = simplify_index(Op("add", (first, size_of(name, self.kinds[name].rank))))
        stop = Op("min", (Op("add", (start, Name(self.directions))), last))
        lo = start if first == ZERO else Op("max", (start, first))
        return For(self.at, lo, stop, ONE, tuple(body))

    def columns(self, along: str) -> Function:
        """Return the function that computes derivatives along the entries of one chunk."""
        body: list[Stmt] = []
        for name, dot in self.dots.items():
            rank, dtype = self.kinds[name].rank, self.kinds[name].dtype
            body.append(Let(dot, Op("np.zeros", (*shape_of(name, rank), Name(self.directions)), dtype_option(dtype))))
            place = entry(less(Name(self.at), self.firsts[name]), name, rank)
            seed = Store(dot, (*place, less(Name(self.at), Name(self.start))), Const(1.0))
            body.append(self.here(name, [seed]))
        targets = tuple(self.out_dots.values())
        body.append(called(targets, along, (*map(Name, self.params), *map(Name, self.dots.values()))))
        end = Name(targets[0]) if len(targets) == 1 else ir.Tuple(tuple(map(Name, targets)))
        body.append(ir.Return(end))
        doc = f"Derivatives of {self.base} by entries of {', '.join(self.names)}, from number {self.start} on."
        return self.function(f"{self.base}_columns", (*self.params, self.start, self.directions), body, doc)

    def driver(self, ending: str) -> Function:
        """Return the function that fills the Jacobians chunk by chunk."""
        chunk, chunks, last_entry = map(self.fresh, ("chunk", "chunks", "last"))
        of_last = Let(last_entry, Op("max", (less(Name(self.count), ONE), ZERO)))
        parts = Op("add", (Op("floordiv", (Name(last_entry), Const(WIDTH))), ONE))
        # chunks of one size, rounded up to what processors take at once
        lanes = Op("floordiv", (Op("floordiv", (Name(last_entry), Name(chunks))), Const(LANES)))
        width = Op("min", (Op("mul", (Const(LANES), Op("add", (lanes, ONE)))), Op("add", (Name(last_entry), ONE))))
        args = (*map(Name, self.params), Name(self.start), Name(self.directions))
        columns = called(tuple(self.out_dots.values()), f"{self.base}_columns", args)
        body: list[Stmt] = [Let(self.count, self.entries), of_last, Let(chunks, parts), Let(self.directions, width),
                            Let(self.start, ZERO), columns]  # fmt: skip
        fill: list[Stmt] = []
        results: list[Expr] = []
        for out, kind in self.outs.items():
            dot = self.out_dots[out]
            for name in self.names:
                jac, rank = self.jac(out, name), self.kinds[name].rank
                sizes = (*shape_of(dot, kind.rank), size_of(name, rank))
                body.append(allocate(jac, sizes, self.dtype(out, name)))
                at = tuple(map(Name, self.i[: kind.rank]))
                source = Sub(Name(dot), (*at, less(Name(self.at), Name(self.start))))
                store = Store(jac, (*at, less(Name(self.at), self.firsts[name])), source)
                fill.append(nest(self.i[: kind.rank], shape_of(dot, kind.rank), self.here(name, [store])))
                results.append(self.shaped(jac, shape_of(dot, kind.rank), name, rank))
        last = Let(self.start, Op("min", (Name(chunk), less(Name(self.count), Name(self.directions)))))
        again = If(Op("gt", (Name(chunk), ZERO)), (last, columns))
        body.append(For(chunk, ZERO, Name(self.count), Name(self.directions), (again, *fill)))
        body.append(ir.Return(results[0] if len(results) == 1 else ir.Tuple(tuple(results))))
        name = self.base.removesuffix("_grad").removesuffix("_jacrev") if ending == "_hessian" else self.base
        return self.function(f"{name}{ending}", self.params, body, self.doc)

    def shaped(self, jac: str, front: tuple[Expr, ...], name: str, rank: int) -> Expr:
        """Return a Jacobian with the axes of the argument in the place of the one that numbers its entries."""
        sizes = (*front, *shape_of(name, rank))
        if rank == 1:
            return Name(jac)
        return Op("reshape", (Name(jac), *sizes)) if sizes else Sub(Name(jac), (ZERO,))


class ReverseLoops(Loops):
    """The loops of reverse mode: over the entries of the results, each a run of the backward part."""

    def inside(self, low: Lowered, p: Plan) -> Function | None:
        """Return the Jacobian as one function, its rows a loop around the backward part; None where that is longer."""
        first, second, crossing, incoming, copied = halves(low, p, outlives=False)
        if len(p.outs) != 1 or copied:
            return None
        (out,), (given,), bars = p.outs, incoming, ir.children(ir.exprs_of(second[-1])[0])
        fresh = ir.Fresh({*ir.all_names(replace(low.function, body=(*first, *second))), *self.params})
        row, rank = fresh("row"), p.kinds[out].rank
        jacs = tuple(fresh(f"{n}_jac") for n in self.names)
        rows = Rows(second[:-1], bars, jacs, given, crossing)
        known = replace(low.function, body=first)
        sizes = tuple(size_known(n, known, p.sizes) for n in shape_of(out, rank))
        size = size_known(size_of(out, rank) if rank == 1 else entries_of(out, rank), known, p.sizes)
        static = dtype_option(p.kinds[out].dtype)
        loop = row_loop(rows, Op("np.zeros", sizes, static), entry(Name(row), out, rank), row, size, fresh)
        if loop is None:
            return None
        made, results = [], []
        (name_of_out,) = self.outs
        for n, jac in zip(self.names, jacs, strict=True):
            axes = shape_of(n, self.kinds[n].rank)
            static = self.dtype(name_of_out, n)
            made.append(Let(jac, Op("np.zeros" if axes else "np.empty", (size, *axes), static)))
            results.append(Name(jac) if rank == 1 else Op("reshape", (Name(jac), *sizes, *axes)))
        body = (*first, *made, *loop, ir.Return(_one_or_all(tuple(results))))
        sections = ((0, "forward"), (len(first), "backward"))
        function = replace(self.function(f"{self.base}_jacrev", self.params, body, self.doc), sections=sections)
        return simplify(function)

    def functions(self, low: Lowered, p: Plan) -> tuple[Function, Function, Function]:
        """Return (forward part, backward part, the loops around it)."""
        first, second, crossing, incoming, copied = halves(low, p)
        kept = [n for n in crossing if n not in self.params]
        forward_name, backward_name = f"{self.base}_forward", f"{self.base}_backward"
        outs = tuple(map(Name, (*p.outs, *kept)))
        forward = self.function(forward_name, self.params, (*first, ir.Return(_one_or_all(outs))),
                                f"Results of {self.base}, and what the backward part needs.")  # fmt: skip
        passed = [copied.get(n, n) for n in crossing]
        bars = ir.children(ir.exprs_of(second[-1])[0])
        body = (*second[:-1], ir.Return(_one_or_all(bars)))
        backward = self.function(backward_name, (*passed, *incoming), body)
        names = {o: self.fresh("out") for o in p.outs}
        held = {n: self.fresh(n) for n in kept} | {n: n for n in crossing if n in self.params}
        start = called((*names.values(), *(held[n] for n in kept)), forward_name, map(Name, self.params))
        residuals = tuple(Name(held[n]) for n in crossing)
        steps = self.rows(list(names.values()), [p.kinds[o] for o in p.outs], backward_name, residuals)
        return forward, replace(backward, sections=((0, "backward"),)), self.function(
            f"{self.base}_jacrev", self.params, (start, *steps), self.doc)  # fmt: skip

    def rows(self, names: list[str], kinds: list[Kind], backward: str, residuals) -> list[Stmt]:
        """Return the loops over the entries of every result, with the adjoints of the others zero."""
        bars = {n: self.fresh(f"{n}_bar") for n, k in zip(names, kinds, strict=True)}
        own = {n: self.fresh(f"{n}_bar") for n in self.names}
        ranks = {n: k.rank for n, k in zip(names, kinds, strict=True)}
        zeros = (Op("np.zeros_like", (Name(n),)) if r else Const(0.0) for n, r in ranks.items())
        body: list[Stmt] = [Let(bars[n], zero) for n, zero in zip(names, zeros, strict=True)]
        results: list[Expr] = []
        floats = [n for n, k in zip(names, kinds, strict=True) if k.is_float]
        for out, name in zip(self.outs, floats, strict=True):
            args: list[Expr] = [Name(bars[n]) for n in names]
            if not ranks[name]:
                targets = [self.jac(out, n) for n in self.names]
                args[names.index(name)] = Const(1.0)
                body.append(called(targets, backward, (*residuals, *args)))
                results += map(Name, targets)
                continue
            row, size = self.fresh("row"), size_of(name, ranks[name])
            place = entry(Name(row), name, ranks[name])
            call = called(own.values(), backward, (*residuals, *args))
            fill: list[Stmt] = []
            for n in self.names:
                rank, jac = self.kinds[n].rank, self.jac(out, n)
                at = tuple(map(Name, self.i[:rank]))
                body.append(allocate(jac, (size, *shape_of(n, rank)), self.dtype(out, n)))
                source: Expr = Sub(Name(own[n]), at) if rank else Name(own[n])
                fill.append(nest(self.i[:rank], shape_of(n, rank), Store(jac, (Name(row), *at), source)))
                sizes = (*shape_of(name, ranks[name]), *shape_of(n, rank))
                results.append(Name(jac) if ranks[name] == 1 else Op("reshape", (Name(jac), *sizes)))
            set_one, set_zero = (Store(bars[name], place, Const(v)) for v in (1.0, 0.0))
            body.append(For(row, ZERO, size, ONE, (set_one, call, set_zero, *fill)))
        return [*body, ir.Return(_one_or_all(tuple(results)))]


def _one_or_all(items) -> Expr:
    return items[0] if len(items) == 1 else ir.Tuple(tuple(items))


def _chosen(low: Lowered, choice: Function, wrt, forward: Generated, reverse: Generated) -> Generated:
    """Return the function that calls one mode or the other, as `choice` tells."""
    told = generated((choice,), low)
    loops = Loops(low, tuple(low.function.params[k] for k in wrt), _floats(low, result_kinds(low)), "")
    args = tuple(map(Name, loops.params))
    results = tuple(loops.jac(o, n) for o in loops.outs for n in loops.names)
    ahead, back = (called(results, g.functions[0].name, args) for g in (forward, reverse))
    end = ir.Return(_one_or_all(tuple(map(Name, results))))
    *needed, last = told.functions[0].body
    few = ir.Fresh({*loops.params, *results})("forward")
    test: Expr = Name(few)
    ask: tuple[Stmt, ...] = (called((few,), choice.name, args),)
    kept = _together(forward, reverse, told)
    if not needed and isinstance(last, ir.Return):
        test, ask, kept = last.value, (), _together(forward, reverse)
    driver = loops.function(f"{low.function.name}_jacobian", loops.params, (*ask, If(test, (ahead,), (back,)), end))
    return replace(forward, functions=(driver,), callees=kept)


def _together(*modules: Generated) -> tuple[Function, ...]:
    """Return the functions of several modules as those of one: equal ones once, others under names of their own."""
    kept: dict[str, Function] = {}
    for module in modules:
        functions = {f.name: f for f in (*module.functions, *module.callees)}
        fresh = ir.Fresh({*kept, *functions})
        names = {n: fresh(n) for n, f in functions.items() if n in kept and kept[n] != f}
        kept |= {names.get(n, n): _renamed(f, names) for n, f in functions.items()}
    return tuple(kept.values())


def _renamed(function: Function, names: dict[str, str]) -> Function:
    """Return a function that goes, and calls others, by other names."""

    def one(stmt: Stmt) -> Stmt:
        if is_call(stmt):
            made = operation(stmt)
            name = str(made.option("name"))
            return replace(stmt, value=replace(made, static=(("name", names.get(name, name)),)))
        return ir.with_blocks(stmt, lambda b: [one(s) for s in b])

    return replace(function, name=names.get(function.name, function.name), body=tuple(map(one, function.body)))
