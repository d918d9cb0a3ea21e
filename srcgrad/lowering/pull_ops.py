"""Read array expressions as pulls, and scalar expressions with the array operations in them taken out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from ..errors import BROADCAST, UnsupportedError, problem_at
from ..language import ir
from ..language.affine import at_most_one, clipped, simplify_index
from ..language.ir import Const, Expr, If, Kind, Let, Name, Op, Select, Sub
from ..language.kinds import FLOAT
from ..rules import arrays, draws, elementwise, externals
from .choices import ChoiceReader
from .external_calls import ExternalCaller
from .pull import ONE, ZERO, Lifted, Pull, lift, single, stepped
from .reductions import ReductionReader
from .views import ViewReader


class ArrayReader(ReductionReader, ViewReader, ExternalCaller, ChoiceReader):
    """Reads expressions for `Lowerer`, which lowers statements."""

    # what `Lowerer` sets up
    stretch: bool
    single: bool

    # -- scalars
    def scalar(self, expr: Expr, into: str | None = None) -> Expr:
        """Return a scalar expression over scalars and elements; what needs a loop is emitted before it.

        A reduction that is the whole expression accumulates in `into`.
        """
        if isinstance(expr, Name | Const):
            # beside single precision plain Python computes as compiled code does if this is said
            said = self.single and isinstance(expr, Const) and isinstance(expr.value, np.floating)
            return Op("np.float64", (expr,), (), expr.loc) if said else expr
        if isinstance(expr, Select):
            return self.scalar_select(expr)
        if isinstance(expr, Sub):
            base = self.named_array(self.pull(expr.base), self.kind(expr.base))
            element = self.indexed(base, expr).at(())
            # an index into a view has been checked against the view, one into memory is checked by its place
            own = isinstance(element, Sub) and isinstance(base.array, Name)
            return replace(element, loc=expr.loc) if own else element
        if isinstance(expr, ir.Tuple):
            return replace(expr, items=tuple(self.scalar(e) for e in expr.items))
        assert isinstance(expr, Op), expr
        if expr.fn in ("and", "or"):
            return self.scalar_logic(expr)
        if elementwise.is_elementwise(expr.fn):
            return self.scalar_op(replace(expr, args=tuple(self.scalar(a) for a in expr.args)))
        if expr.fn in ("shape", "len", "size", "ndim"):
            return self.size_of(expr)
        if expr.fn == "np.where":
            test, then, other = (self.evaluated(self.scalar(a)) for a in expr.args)
            return Select(test, then, other, expr.loc)
        if expr.fn in arrays.REDUCTIONS:
            return self.reduce(expr, into).at(())
        if expr.fn == "np.dot":
            return self.product(expr, into).at(())
        if expr.fn in externals.BY_SPELLING:
            return self.external(expr, into).at(())
        if expr.fn in ("in_order", "next_checkpoint", "overlap"):
            return expr
        if draws.is_draw(expr.fn):
            return replace(expr, args=tuple(self.draw_argument(a) for a in expr.args))
        if expr.fn == "print_grad":
            return self.watched(expr, into)
        if expr.fn == "copy":
            return self.scalar(expr.args[0], into)
        if expr.fn == "astype":
            return self.pull_astype(expr).at(())
        if expr.fn == "item":
            p = self.pull(expr.args[0])
            for size in p.dims:
                if size != ONE:
                    self.stop_if(Op("ne", (size, ONE)), "can only convert an array of size 1 to a scalar")
            return p.at((ZERO,) * p.rank)
        raise UnsupportedError(problem_at(expr.loc or self.loc, f"{expr.fn} of numbers is not supported", "use arrays"))

    def watched(self, expr: Op, into: str | None) -> Expr:
        """Return the name of a value whose adjoint is printed: it has a statement of its own."""
        value = self.scalar(expr.args[0])
        if not self.kind(value).is_float:
            return value
        name = into if into in self.kinds else self.fresh("watched")
        self.kinds.setdefault(name, self.kind(value))
        self.emit(Let(name, replace(expr, args=(value,)), expr.loc))
        return Name(name)

    def scalar_op(self, expr: Op) -> Expr:
        """Return an operation on scalars in a form that numba computes as Python does."""
        if expr.fn == "stop_gradient" and not self.kind(expr.args[0]).is_float:
            return expr.args[0]
        said = self.single and isinstance(expr.args[0], Const)
        if expr.fn in ("float", "np.float64") and self.kind(expr.args[0]) == FLOAT and not said:
            return expr.args[0]
        if expr.fn in ("float", "np.float64") and self.kind(expr.args[0]).dtype == "bool":
            return Select(expr.args[0], Const(1.0), Const(0.0), expr.loc)
        if expr.fn in ("np.floor", "np.ceil", "np.trunc", "np.fix") and not self.kind(expr).is_float:
            return expr.args[0]
        if expr.fn == "invert" and self.kind(expr.args[0]).dtype == "bool":
            return Op("not", expr.args, (), expr.loc)
        if expr.fn not in ("pow", "max") or not all(self.kind(a).is_int for a in expr.args):
            return expr
        if expr.fn == "max":
            return expr.args[0] if expr.args[1] == ZERO and self.is_nonneg(expr.args[0]) else expr
        base, exponent = expr.args
        if isinstance(exponent, Const) and exponent.value < 0:
            return replace(expr, args=(Op("float", (base,)), exponent))
        if not isinstance(exponent, Const) and not self.is_nonneg(exponent):
            self.stop_if(Op("lt", (exponent, ZERO)), "an integer to a negative integer power: make the base a float")
        return expr

    def scalar_select(self, expr: Select) -> Expr:
        test = self.scalar(expr.test)
        then, before_then = self.branched(lambda: self.scalar(expr.then))
        other, before_other = self.branched(lambda: self.scalar(expr.other))
        if not before_then and not before_other:
            return Select(test, then, other, expr.loc)
        name = self.fresh("value")
        self.kinds[name] = self.kind(expr)
        self.emit(If(test, (*before_then, Let(name, then, expr.loc)), (*before_other, Let(name, other, expr.loc))))
        return Name(name)

    def scalar_logic(self, expr: Op) -> Expr:
        if self.kind(expr).dtype != "bool":
            # `a or b` of numbers is one of them
            first = self.hold(self.scalar(expr.args[0]), "first")
            sides = (first, expr.args[1]) if expr.fn == "or" else (expr.args[1], first)
            return self.scalar_select(Select(first, *sides, expr.loc))
        left = self.scalar(expr.args[0])
        right, before = self.branched(lambda: self.scalar(expr.args[1]))
        if not before:
            return replace(expr, args=(left, right))
        name = self.fresh("test")
        self.kinds[name] = Kind("bool")
        self.emit(Let(name, left))
        test = Name(name) if expr.fn == "and" else Op("not", (Name(name),))
        self.emit(If(test, (*before, Let(name, right, expr.loc))))
        return Name(name)

    def size_of(self, expr: Op) -> Expr:
        base = expr.args[0]
        if expr.fn == "ndim":
            return Const(self.kind(base).rank)
        if isinstance(base, Name) and base.id not in self.state.views:
            return expr
        dims = self.pull(base).dims
        if expr.fn == "size":
            total: Expr = ONE
            for n in dims:
                total = n if total == ONE else Op("mul", (total, n))
            return total
        return dims[expr.option("axis", 0)]

    # -- arrays
    def pull(self, expr: Expr, into: str | None = None) -> Pull:
        """Return the pull of any expression; scalars have no axes."""
        if not self.kind(expr).rank:
            value = self.scalar(expr)
            return Pull((), lambda _: value)
        if isinstance(expr, Name):
            return self.named(expr.id)
        if isinstance(expr, Select):
            return self.either(expr)
        if isinstance(expr, Sub):
            base = self.named_array(self.pull(expr.base), self.kind(expr.base))
            return self.indexed(base, expr)
        assert isinstance(expr, Op), expr
        if elementwise.is_elementwise(expr.fn):
            truths = self.kind(expr).dtype == "bool"
            fn = {"add": "bitor", "mul": "bitand", "invert": "not"}.get(expr.fn, expr.fn) if truths else expr.fn
            if fn == "bool":
                return self.truth(expr.args[0])
            # compiled code computes integers in 64 bits, an array's wrap around in their own
            narrow = self.kind(expr).wraps and fn not in elementwise.CASTS
            wrapped = (lambda e: Op(f"np.{self.kind(expr).dtype}", (e,))) if narrow else (lambda e: e)
            return self.elementwise(expr, expr.args, lambda *args: wrapped(Op(fn, args, (), expr.loc)))
        if expr.fn == "np.where":
            with self.choosing(lazy=False):
                dtype, args = self.kind(expr).dtype, expr.args
                narrow = dtype not in ("float64", "int64")
                args = tuple(self.of_dtype(e, dtype) if narrow and _too_wide(e, dtype) else e for e in args)
                return self.elementwise(expr, args, lambda t, a, b: Select(t, a, b, expr.loc))
        if expr.fn in arrays.REDUCTIONS:
            return self.reduce(expr, into)
        if expr.fn == "np.dot":
            return self.product(expr, into)
        if expr.fn in externals.BY_SPELLING:
            return self.external(expr, into)
        if draws.is_draw(expr.fn):
            return self.named(self.draw_array(self.fresh("draw"), expr).id)
        handler = getattr(self, "pull_" + expr.fn.removeprefix("np."), None)
        if handler is None:
            raise UnsupportedError(
                problem_at(expr.loc or self.loc, f"{expr.fn} is not supported here", "write it as a loop")
            )
        return handler(expr)

    def indexed(self, base: Pull, expr: Sub) -> Pull:
        return self.indexer.apply(base, self.unmasked(expr.index, base.dims), self.lift)

    def elementwise(self, expr: Expr, args, build: Callable[..., Expr]) -> Pull:
        pulls = []
        for a in args:
            p = self.pull(a)
            if p.rank == 0 and not isinstance(expr, Select):
                value = self.evaluated(p.at(()))
                p = single(self.hold(value, "scale") if op_count(value) > 1 else value)
            pulls.append(p)
        pulls = [self.computed_once(p, self.kind(a), pulls) for p, a in zip(pulls, args, strict=True)]
        lifted = self.lift(pulls)
        return Pull(lifted.dims, lambda idx: build(*(lifted.element(k, idx) for k in range(len(pulls)))))

    def computed_once(self, p: Pull, kind: Kind, others: list[Pull]) -> Pull:
        """Return the pull of an array among others; one that they repeat is kept where its elements take long."""
        if not p.rank or not any(self.repeats(p, other) for other in others):
            return p
        if all(self.canonical(n) == ONE for n in p.dims):
            only = p.at((ZERO,) * p.rank)
            held = self.hold(only, "scale") if op_count(only) > 1 else only
            return Pull(p.dims, lambda _: held)
        dear = dearest(p.at((Name("i"),) * p.rank))
        return p if dear is None else self.named(self.materialise(p, kind, self.fresh(dear)).id)

    def repeats(self, p: Pull, other: Pull) -> bool:
        """Return whether an array has axes that another one is repeated along."""
        sizes = [ONE] * (other.rank - p.rank) + [self.canonical(n) for n in p.dims]
        beside = [self.canonical(n) for n in other.dims]
        return any(own == ONE != n for own, n in zip(sizes[::-1], beside[::-1], strict=False))

    def lift(self, pulls) -> Lifted:
        return lift([self.settled(p) for p in pulls], self.resolve_sizes)

    def has_one_element(self, own: Expr, other: Expr) -> bool:
        """Return whether an axis has one element: one of a slice like `x[k:k + 1]` has, after a check."""
        short, fits = (at_most_one(self.lengths_named.get(n, n)) for n in (own, other))
        if not isinstance(own, Const) and short and not fits:
            self.require(own, ONE, BROADCAST)
        return self.canonical(own) == ONE

    def resolve_sizes(self, a: Expr, b: Expr):
        """Return (size, index map of the first, of the second) for two sizes that meet in a broadcast."""
        ca, cb = self.canonical(a), self.canonical(b)
        if ca == cb:
            return a, None, None
        if self.has_one_element(ca, cb):
            return b, partial(stepped, ZERO), None
        if self.has_one_element(cb, ca):
            return a, None, partial(stepped, ZERO)
        if not self.stretch or isinstance(ca, Const) and isinstance(cb, Const):
            self.require(a, b, BROADCAST)
            return a, None, None
        for fixed, other in ((ca, cb), (cb, ca)):
            if isinstance(fixed, Const) and fixed != ONE:
                mapped = partial(times, self.resolve_target(fixed, other))
                return (fixed, None, mapped) if fixed == ca else (fixed, mapped, None)
        size = self.hold(Select(Op("eq", (ca, ONE)), cb, ca), "n", always=True)
        step = self.hold(Select(Op("eq", (ca, ONE)), ZERO, ONE), "step", always=True)
        return size, partial(times, step), partial(times, self.resolve_target(size, cb))

    def resolve_target(self, size: Expr, own: Expr) -> Expr | None:
        """Return the index step (0 or 1) of an axis that must fit a target's, None where it is known to fit."""
        size, own = self.canonical(size), self.canonical(own)
        if size == own:
            return None
        if self.has_one_element(own, size):
            return ZERO
        if not self.stretch or isinstance(own, Const):
            self.require(size, own, BROADCAST)
            return None
        bad = Op("and", (Op("ne", (own, size)), Op("ne", (own, ONE))))
        self.stop_at_sizes(bad, BROADCAST, own, size)
        return self.hold(Select(Op("eq", (own, ONE)), ZERO, ONE), "step", always=True)

    def truth(self, expr: Expr) -> Pull:
        """Return the pull of which elements of an array are not zero."""
        if self.kind(expr).dtype == "bool":
            return self.pull(expr)
        return self.elementwise(expr, (expr,), lambda e: Op("ne", (e, ZERO)))

    def pull_nonzero(self, expr: Op) -> Pull:
        return self.named(self.chosen_places(self.truth(expr.args[0]))[expr.option("axis")].id)

    def pull_head(self, expr: Op) -> Pull:
        """Return the pull of the items of a list: the first so many of its buffer."""
        assert isinstance(expr.args[0], Name), expr
        p = self.named(expr.args[0].id)
        count = self.hold_size(expr.args[1])
        return Pull((count, *p.dims[1:]), p.at, Sub(expr.args[0], (ir.Slice(None, count),)))

    def pull_copy(self, expr: Op) -> Pull:
        return self.pull(expr.args[0])

    pull_ascontiguousarray = pull_copy

    def pull_print_grad(self, expr: Op) -> Pull:
        name = self.fresh("watched")
        self.kinds[name] = self.kind(expr)
        self.watched_array(name, expr)
        return self.named(name)

    def watched_array(self, target: str, expr: Op) -> Name:
        """Emit `target = print_grad(array, label)`: a copy, whose adjoint is printed."""
        p, kind = self.pull(expr.args[0]), self.kind(expr)
        array = p.array if isinstance(p.array, Name) else self.materialise(p, kind, self.fresh("values"))
        value = replace(expr, args=(array,)) if kind.is_float else Op("copy", (array,))
        self.emit(Let(target, value, self.loc))
        self.note_sizes(target, p.dims)
        return Name(target)

    def pull_astype(self, expr: Op) -> Pull:
        p, dtype = self.pull(expr.args[0]), self.kind(expr).dtype
        if dtype == self.kind(expr.args[0]).dtype:
            return p
        cast = f"np.{dtype}"
        if dtype == "bool":
            return Pull(p.dims, lambda idx: Op("ne", (p.at(idx), ZERO), (), expr.loc))
        if cast not in elementwise.CASTS:
            raise UnsupportedError(problem_at(expr.loc, f"astype({dtype}) is not supported", "use float64 or int64"))
        return Pull(p.dims, lambda idx: Op(cast, (p.at(idx),), (), expr.loc))

    def pull_outer(self, expr: Op) -> Pull:
        a, b = (self.named_array(self.pull(e), self.kind(e)) for e in expr.args)
        kind = self.kind(expr)

        def element(idx) -> Expr:
            product = Op("mul", (a.at(idx[:1]), b.at(idx[1:])), (), expr.loc)
            return Op(f"np.{kind.dtype}", (product,)) if kind.wraps else product

        return Pull((a.dims[0], b.dims[0]), element)

    def filled(self, expr: Op, value: Expr) -> Pull:
        like = expr.fn.endswith("_like")
        dims = self.pull(expr.args[0]).dims if like else tuple(self.hold_size(e) for e in self.shape_args(expr))
        for n in dims:
            if not self.is_nonneg(n):  # no array is made that would raise
                self.stop_if(Op("lt", (n, ZERO)), "negative dimensions are not allowed")
        return Pull(dims, lambda _: value)

    def shape_args(self, expr: Op):
        return expr.args[:-1] if expr.fn == "np.full" else expr.args

    def hold_size(self, e: Expr) -> Expr:
        """Return a size as an expression that stays what it is while the array lives."""
        e = self.canonical(simplify_index(self.scalar(e)))
        if varying_names(e) <= self.stable and not any(isinstance(x, Sub) for x in ir.walk(e)):
            return e
        return self.hold(e, "n", always=True)

    def pull_zeros(self, expr: Op) -> Pull:
        return self.filled(expr, self.fill_value(expr, 0))

    def pull_ones(self, expr: Op) -> Pull:
        return self.filled(expr, self.fill_value(expr, 1))

    def pull_full(self, expr: Op) -> Pull:
        value, dtype = self.evaluated(self.scalar(expr.args[-1])), self.kind(expr).dtype
        return self.filled(expr, value if expr.option("list") else self.of_dtype(value, dtype))

    def of_dtype(self, value: Expr, dtype: str) -> Expr:
        """Return a number as an array of a dtype holds it."""
        own = self.kind(value)
        if own.dtype == dtype or own.is_int and dtype == "float64":
            return value
        if isinstance(value, Const):
            return Const(np.asarray(value.value).astype(dtype).item(), value.loc)
        return Op("ne", (value, ZERO)) if dtype == "bool" else Op(f"np.{dtype}", (value,), (), value.loc)

    pull_zeros_like = pull_empty = pull_empty_like = pull_zeros
    pull_ones_like, pull_full_like = pull_ones, pull_full

    def fill_value(self, expr: Op, value: int) -> Expr:
        return Const(float(value)) if self.kind(expr).is_float else Const(value)

    def pull_arange(self, expr: Op) -> Pull:
        start, stop, *steps = (self.scalar(a) for a in expr.args)
        step = steps[0] if steps else ONE
        size = clipped(Op("sub", (stop, start)))
        if step != ONE:
            assert isinstance(step, Const)
            size = Op("floordiv", (Op("add", (size, Const(step.value - 1))), step))
        start, size = self.hold_size(start), self.hold_size(size) if step == ONE else self.hold(size, "n")
        cast = "np.float64" if self.kind(expr).is_float else None

        def at(idx):
            e = simplify_index(Op("add", (start, Op("mul", (step, idx[0])))))
            return Op(cast, (e,)) if cast else e

        return Pull((size,), at)

    # -- random numbers
    def draw_argument(self, expr: Expr) -> Expr:
        """Return a parameter of a draw: a generator or number, or an array that stands in memory."""
        kind = self.kind(expr)
        if not kind.rank:
            return self.scalar(expr)
        p = self.pull(expr)
        return p.array if isinstance(p.array, Name) else self.materialise(p, kind, self.fresh("values"))

    def draw_array(self, target: str, expr: Op) -> Name:
        """Emit the draw of an array, which one call fills."""
        row = draws.DRAWS[expr.fn]
        count = len(row.params) + expr.fn.startswith(".")
        args = tuple(self.draw_argument(a) for a in expr.args[:count])
        dims: tuple[Expr, ...]
        if row.name == "permutation":
            source = expr.args[count - 1]
            dims = self.pull(source).dims or (self.hold_size(args[-1]),)
        elif expr.option("size") == "like":
            dims = self.pull(expr.args[-1]).dims
        else:
            dims = tuple(self.hold_size(e) for e in expr.args[count:])
        self.kinds[target] = self.kind(expr)
        static = tuple((k, "shape" if k == "size" else v) for k, v in expr.static)
        sizes = dims if row.name != "permutation" else ()
        self.emit(Let(target, replace(expr, args=(*args, *sizes), static=static)))
        self.note_sizes(target, tuple(map(self.canonical, dims)))
        return Name(target)

    # -- allocations bound to a name
    def allocation(self, target: str, value: Expr) -> Name | None:
        """Emit `target = np.zeros(...)` and the like as they stand; None if the value is something else."""
        if not isinstance(value, Op):
            return None
        kind = self.kinds[target]
        if value.fn in ("np.zeros", "np.ones", "np.empty", "stack"):
            self.allocate(target, [self.hold_size(e) for e in value.args], kind, value.fn)
            return Name(target)
        if value.fn in ("np.zeros_like", "np.ones_like", "np.empty_like"):
            p = self.pull(value.args[0])
            if isinstance(p.array, Name) and self.kinds[p.array.id] == kind:
                self.emit(Let(target, Op(value.fn, (p.array,))))
                self.note_sizes(target, p.dims)
            else:
                self.allocate(target, p.dims, kind, value.fn.removesuffix("_like"))
            return Name(target)
        if value.fn == "np.ravel" and self.kind(value.args[0]).rank > 1:
            self.flattened(self.named_array(self.pull(value.args[0]), self.kind(value.args[0])), kind, target)
            return Name(target)
        if value.fn == "np.diag" and self.kind(value.args[0]).rank == 1:
            self.pull_diag(value, target)
            return Name(target)
        if draws.is_draw(value.fn):
            return self.draw_array(target, value)
        if value.fn == "print_grad":
            return self.watched_array(target, value)
        if value.fn in ("copy", "np.ascontiguousarray"):
            p = self.pull(value.args[0])
            if isinstance(p.array, Name) and self.kinds[p.array.id] == kind:
                self.emit(Let(target, Op("copy", (p.array,)), self.loc))
                self.note_sizes(target, p.dims)
                return Name(target)
        return None


def times(step: Expr | None, i: Expr) -> Expr:
    """Return an index along an axis that a step of 0 keeps at its only place."""
    return i if step is None else stepped(step, i)


def op_count(expr: Expr) -> int:
    """Return how many operations an expression has; a call of a transcendental function counts three."""
    own = 0
    if isinstance(expr, Op):
        row = elementwise.BY_SPELLING.get(expr.fn)
        own = 3 if row is not None and row.transcendental else 1
    return own + sum(op_count(e) for e in ir.children(expr))


def dearest(expr: Expr) -> str | None:
    """Return the name of the first transcendental function that an expression calls, None where it calls none."""
    rows = (elementwise.BY_SPELLING.get(e.fn) for e in ir.walk(expr) if isinstance(e, Op))
    return next((row.name for row in rows if row is not None and row.transcendental and row.name != "sqrt"), None)


def varying_names(e: Expr) -> set[str]:
    """Return the names of an expression whose values count; a named array's sizes never change."""
    if isinstance(e, Op) and e.fn in ("shape", "len", "size"):
        return set()
    return {e.id} if isinstance(e, Name) else {n for c in ir.children(e) for n in varying_names(c)}


def _too_wide(e: Expr, dtype: str) -> bool:
    """Return whether a number of the text is out of the range of a dtype."""
    if not isinstance(e, Const) or isinstance(e.value, bool) or dtype == "bool":
        return False
    with np.errstate(all="ignore"):
        cast = np.asarray(e.value).astype(dtype).item()
    return cast != e.value if isinstance(e.value, int) else np.isinf(cast) and not np.isinf(e.value)
