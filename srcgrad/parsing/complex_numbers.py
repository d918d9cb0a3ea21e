"""Read complex numbers: pairs of real ones, which all passes and derivatives know; arithmetic and functions of them."""

from __future__ import annotations

import ast
import cmath
from functools import lru_cache

import numpy as np

from ..language import ir
from ..language.ir import Const, Name, Op, Sub
from ..library import complex_numbers as pages
from ..library import fourier
from ..rules import elementwise
from .complex_functions import (
    ADDED,
    AS_TEXT,
    BY_PARTS,
    HANDLED,
    JOINING,
    LIKE,
    MAKERS,
    OF_FORM,
    OF_SIZES,
    OPERATORS,
    PAGES,
    PRODUCTS,
    is_in,
    is_numeric,
    transform_of,
)  # fmt: skip
from .expressions import COMPLEX, NOT_HERE, ExpressionReader, List, Stop, Struct, pair

# text that names one of these may compute with complex numbers
_NAMES = frozenset({"complex", "complex64", "complex128", "cmath", "fft"})


class ComplexItems(Exception):
    """What is summed up turns out to be complex."""


class ComplexReader(ExpressionReader):
    """Reads them. A part that is the constant 0.0 has no axes of its own until the number gets a name."""

    # -- which there are
    def is_complex(self, value) -> bool:
        """Return whether a value is a complex number or an array of these."""
        return isinstance(value, Struct) and value.kind == COMPLEX

    def meets_complex(self) -> bool:
        """Return whether there may be complex numbers: the text read so far had some, or this one names them."""
        if not self.shared.complex:
            self.shared.complex = _names_complex(self.node)
        return self.shared.complex

    def has_complex(self, value) -> bool:
        """Return whether a value is complex, or an item of it."""
        return self.is_complex(value) or isinstance(value, Struct) and any(map(self.has_complex, value.items))

    def array_of_complex(self, value, node):
        """Return a list or tuple of complex numbers as an array of these; anything else as it is."""
        value = self.list_of_complex(value)
        if isinstance(value, Struct) and value.kind in ("tuple", "list") and self.has_complex(value):
            return self.complex_array(node, np.array, [value], {}, "float64")
        return value

    def beside_array(self, value, other, node):
        """Return an operand: a list of complex numbers beside an array, or a complex number, is an array."""
        beside = self.is_complex(other) or isinstance(other, ir.Expr) and self.axes_of(other)
        return self.array_of_complex(value, node) if beside and isinstance(value, Struct | List) else value

    def number(self, real, imag) -> Struct:
        """Return a complex number of its parts."""
        self.shared.complex = True
        return pair(real, imag)

    def complex_constant(self, value: complex) -> Struct:
        return self.number(Const(value.real), Const(value.imag))

    def complex_captured(self, value: np.ndarray, node, hint: str) -> Struct:
        """Return a captured array of complex numbers as two: those of its parts."""
        parts = self.shared.complex_parts.setdefault(id(value), (value.real.copy(), value.imag.copy()))
        return self.number(*(self.lift(part, node, f"{hint}_{k}") for part, k in zip(parts, ("re", "im"), strict=True)))

    def real_item(self, value, node) -> ir.Expr:
        """Return a real item of a sum.

        Raises
        ------
        ComplexItems
            If it is complex: the sum is read anew, as one of complex numbers.
        """
        if self.is_complex(value):
            raise ComplexItems
        return self.leaf(value, node)

    def ends_of(self, value, node) -> tuple:
        """Return the parts of a number, both with all its axes."""
        return self.whole_number(self.promoted(value, node)).items

    def promoted(self, value, node) -> Struct:
        """Return a number as a complex one."""
        return value if self.is_complex(value) else self.number(self.as_array(value, node), Const(0.0))

    def axes_of(self, e: ir.Expr) -> int:
        """Return the number of axes of a part, 0 where the text does not tell."""
        return self.shared.ranks.rank(e) or 0

    def whole_number(self, value: Struct) -> Struct:
        """Return a complex number both parts of which have all its axes."""
        real, imag = map(self.as_floats, value.items)
        return pair(self.spread_like(real, imag), self.spread_like(imag, real))

    def as_floats(self, e: ir.Expr) -> ir.Expr:
        """Return a part as floats: what is written into it later need not be whole."""
        kind = self.shared.ranks.kind(e)
        if isinstance(e, Const) and type(e.value) is int:
            return Const(float(e.value), e.loc)
        if kind is None or kind.is_float:
            return e
        return Op("astype", (e,), (("dtype", "float64"),)) if kind.rank else Op("float", (e,))

    def spread_like(self, e: ir.Expr, other: ir.Expr) -> ir.Expr:
        """Return an expression with the axes of another one, if it has fewer."""
        if self.axes_of(e) >= self.axes_of(other):
            return e
        zeros = Op("np.zeros_like", (other,))
        return zeros if _is_zero(e) else Op("add", (e, zeros))

    def held_number(self, value, node) -> Struct:
        """Return a complex number whose parts can be read again."""
        return pair(*(v if isinstance(v, Const | Name) else self.hold(v, node, "part") for v in value.items))

    # -- arithmetic
    def complex_operator(self, node, op: type, a, b):
        """Return the value of an operator, at least one side of which is complex: new arrays, as arithmetic gives."""
        return self.number(*map(self.new_part, self.operated(node, op, a, b).items))

    def new_part(self, e: ir.Expr) -> ir.Expr:
        """Return a part that no other name shows."""
        return Op("copy", (e,)) if isinstance(e, Name | Sub) and self.axes_of(e) else e

    def operated(self, node, op: type, a, b) -> Struct:
        """Return the value of an operator, which may show the memory of one side."""
        if op is ast.Pow:
            return self.complex_power(node, a, b)
        if op is ast.MatMult:
            return self.complex_product(node, np.matmul, [a, b], {})
        if op not in (ast.Add, ast.Sub, ast.Mult, ast.Div):
            self.fail(node, "this operator of a complex number is not supported", "compute with .real and .imag")
        if op in (ast.Add, ast.Sub):
            return self.complex_sum(node, "add" if op is ast.Add else "sub", a, b)
        if op is ast.Div and not self.is_complex(b):
            by = self.held(self.operand(b, a, node), node)
            return self.number(*(v if _is_zero(v) else self.made_of("div", v, by, node) for v in a.items))
        if op is ast.Div:
            sides = [self.ends_of(v, node) for v in (a, b)]
            return self.from_page(node, pages.quotient, [*sides[0], *sides[1]])
        if not self.is_complex(a) or not self.is_complex(b):
            z, x = (a, b) if self.is_complex(a) else (b, a)
            by = self.held(self.operand(x, z, node), node)
            return self.number(*(self.product(v, by, node) for v in z.items))
        (p, q), (r, s) = (self.held_number(v, node).items for v in (a, b))
        real = self.total("sub", self.product(p, r, node), self.product(q, s, node), node)
        return self.number(real, self.total("add", self.product(p, s, node), self.product(q, r, node), node))

    def held(self, e: ir.Expr, node) -> ir.Expr:
        return e if isinstance(e, Const | Name) else self.hold(e, node, "factor")

    def made_of(self, fn: str, a: ir.Expr, b: ir.Expr, node) -> ir.Expr:
        return self.tidied(Op(fn, (a, b), (), self.source.loc(node)))

    def product(self, a: ir.Expr, b: ir.Expr, node) -> ir.Expr:
        """Return a product of parts: nothing is multiplied by a part that is not there, or by one."""
        if _is_zero(a) or _is_zero(b):
            return Const(0.0)
        for one, other in ((a, b), (b, a)):
            if isinstance(one, Const) and one.value == 1.0 and not isinstance(other, Const):
                return other
        return self.made_of("mul", a, b, node)

    def total(self, fn: str, a: ir.Expr, b: ir.Expr, node) -> ir.Expr:
        """Return the sum or difference of two parts, each of which may be not there."""
        if _is_zero(b):
            return a
        if not _is_zero(a):
            return self.made_of(fn, a, b, node)
        return b if fn == "add" else self.negative(b, node)

    def negative(self, e: ir.Expr, node) -> ir.Expr:
        return Const(-e.value) if isinstance(e, Const) else Op("neg", (e,), (), self.source.loc(node))

    def complex_sum(self, node, fn: str, a, b):
        """Return a sum or difference: a part that one side does not have has the axes of what that side has."""
        a, b = (v if self.is_complex(v) else pair(self.operand(v, o, node), Const(0.0)) for v, o in ((a, b), (b, a)))
        parts = []
        for k in (0, 1):
            p, r = a.items[k], b.items[k]
            made = self.total(fn, p, r, node)
            for own, rest in ((p, a.items[1 - k]), (r, b.items[1 - k])):
                if _is_zero(own) and self.axes_of(rest) and not _same_axes(made, rest, self.axes_of):
                    zeros = Op("np.zeros_like", (rest,))
                    made = zeros if _is_zero(made) else self.made_of("sub", made, zeros, node)
            parts.append(made)
        return self.number(*parts)

    def complex_negative(self, node, value: Struct):
        return self.number(*(v if _is_zero(v) else self.negative(v, node) for v in value.items))

    def complex_power(self, node, a, b):
        """Return a power: by multiplication where the exponent is a whole number known now, else by logarithms."""
        if self.is_complex(b):
            sides = [self.ends_of(v, node) for v in (a, b)]
            return self.from_page(node, pages.power, [*sides[0], *sides[1]])
        value = self.operand(b, a, node)
        whole = self.integer(value)
        if isinstance(value, Const) and isinstance(value.value, float) and value.value.is_integer():
            whole = int(value.value)
        if whole is None or abs(whole) > 100:
            return self.unknown_power(node, self.whole_number(a), value)
        if whole == 0:
            real = self.whole_number(a).items[0]
            return self.number(self.spread_like(Const(1.0), real), Const(0.0))
        base, made, n = self.held_number(a, node), None, abs(whole)
        while n:
            if n % 2:
                made = base if made is None else self.operated(node, ast.Mult, made, base)
            n //= 2
            base = self.held_number(self.operated(node, ast.Mult, base, base), node) if n else base
        return made if whole > 0 else self.operated(node, ast.Div, Const(1.0), made)

    def unknown_power(self, node, base: Struct, exponent: ir.Expr):
        """Return a power with a real exponent that is not known, or not whole; what is an integer multiplies."""
        if exponent == Const(0.5):
            return self.from_page(node, pages.square_root, list(base.items))
        kind = self.shared.ranks.kind(exponent)
        whole = kind is not None and kind.is_int and not kind.rank
        return self.from_page(node, pages.whole_power if whole else pages.real_power, [*base.items, exponent])

    def complex_equality(self, node, left, right, equal: bool) -> ir.Expr:
        """Return whether two numbers are equal in both parts."""
        sides = [self.ends_of(v, node) for v in (left, right)]
        if any(self.axes_of(e) for side in sides for e in side):
            self.fail(node, "arrays of complex numbers are compared", "compare .real and .imag")
        loc = self.source.loc(node)
        test = Op("and", tuple(Op("eq", ends, (), loc) for ends in zip(*sides, strict=True)), (), loc)
        return test if equal else Op("not", (test,), (), loc)

    def from_page(self, node, page, args: list, options: dict | None = None):
        """Return the number that a page of the library gives: complex where it gives two parts."""
        value = self.user_call(node, page, (args, options or {}))
        if self.problems:
            raise Stop(self.problems[0])  # the page has not been read to its end
        return self.number(*value.items) if isinstance(value, Struct) else value

    # -- functions
    def complex_call(self, node, f):
        """Return the value of a call that takes or makes complex numbers; NOT_HERE for any other."""
        transform = transform_of(f)
        always = getattr(f, "__module__", "") == "cmath" or f is complex or transform is not None
        if not always and (not self.meets_complex() or is_in(AS_TEXT, f)):
            return NOT_HERE
        if not (always or is_in(HANDLED, f) or is_numeric(f)):
            return NOT_HERE
        if any(isinstance(a, ast.GeneratorExp | ast.Lambda | ast.Starred) for a in node.args):
            return NOT_HERE
        given, options = self.values_of(node)
        if not always and not is_in(HANDLED, f):
            return self.unknown_function(node, f, given, options)
        joins = f in JOINING or f in MAKERS
        given = [self.list_of_complex(v) if joins else self.array_of_complex(v, node) for v in given]
        dtype = self.complex_dtype(options.get("dtype"))
        if f in MAKERS and dtype is None and len(given) > 1:
            dtype = self.complex_dtype(given[-1])
            given = given[:-1] if dtype is not None else given
        values = [v for v in (*given, *options.values()) if not isinstance(v, List)]
        if not always and dtype is None and not any(map(self.has_complex, values)):
            return self.with_values(node, f, given, options)
        if dtype is not None:
            options.pop("dtype", None)
        if f in OF_FORM and dtype is None and ("dtype" in options or len(given) > OF_FORM[f]):
            return self.with_values(node, f, [self.part_in(given[0], 0, node), *given[1:]], options)
        if f in MAKERS and (dtype is not None or f not in LIKE):
            return self.complex_array(node, f, given, options, dtype or "float64")
        return self.complex_value(node, f, given, options)

    def unknown_function(self, node, f, given: list, options: dict):
        """Return the value of a function that is not among those of complex numbers: of real ones, or of sizes."""
        values = [self.list_of_complex(v) for v in (*given, *options.values())]
        if not is_in(OF_SIZES, f) and any(map(self.has_complex, values)):
            self.fail(node, f"{ast.unparse(node.func)} of complex numbers is not supported",
                      "compute with .real and .imag")  # fmt: skip
        return self.with_values(node, f, given, options)

    def complex_value(self, node, f, given: list, options: dict):
        """Return the value of such a call, whose arguments are read."""
        transform = transform_of(f)
        if transform is not None:
            named = next((name for name in ("a", "x") if name in options), None)
            array = given.pop(0) if named is None else options.pop(named)
            if transform in (fourier.rfft, fourier.rfft2) and self.is_complex(array):
                self.fail(node, f"{ast.unparse(node.func)} of complex numbers", "take np.fft.fft, or their .real")
            ends = self.ends_of(array, node)
            return self.from_page(node, transform, [*ends, *given], options)
        if f is complex:
            if options or len(given) > 2 or any(map(self.has_complex, given)) and len(given) > 1:
                self.fail(node, "complex() takes a real and an imaginary part here", "complex(x, y)")
            parts = [self.leaf(v, node) for v in given if not self.is_complex(v)]
            return given[0] if not parts and given else self.number(*parts, *[Const(0.0)] * (2 - len(parts)))
        if f in (np.real, np.imag):
            return self.ends_of(given[0], node)[f is np.imag]
        if f in (np.conj, np.conjugate):
            real, imag = self.promoted(given[0], node).items
            return self.number(self.new_part(real), imag if _is_zero(imag) else self.negative(imag, node))
        if f in (np.negative, np.square):
            one = self.promoted(given[0], node)
            return self.complex_negative(node, one) if f is np.negative else self.operated(node, ast.Pow, one, Const(2))
        if is_in(OPERATORS, f) and len(given) == 2 and not options:
            return self.complex_operator(node, OPERATORS[f], *given)
        if f in PRODUCTS:
            return self.complex_product(node, f, given, options)
        if f in BY_PARTS:
            return self.by_parts(node, f, given, options)
        return self.complex_function(node, f, given, options)

    def complex_function(self, node, f, given: list, options: dict):
        """Return the value of a function that has a page, or of one of a few others."""
        if f in (np.where,) and len(given) == 3 and not options:
            sides = [self.ends_of(v, node) for v in given[1:]]
            test = self.leaf(given[0], node)
            return self.number(*(Op("np.where", (test, *ends)) for ends in zip(*sides, strict=True)))
        if f in (np.linalg.solve, np.linalg.inv):
            matrices = [part for v in given for part in self.ends_of(v, node)]
            if any(self.axes_of(e) > 2 for e in matrices) or options:
                self.fail(node, "stacks of complex matrices are not supported", "write the loop")
            return self.from_page(node, pages.solution if f is np.linalg.solve else pages.inverse, matrices)
        if f is cmath.polar:
            parts = list(self.ends_of(given[0], node))
            ends = (self.from_page(node, p, parts) for p in (pages.magnitude, pages.phase))
            return Struct(tuple(ends), (0, 1))
        if f is cmath.rect:
            size, angle = (self.held(self.leaf(v, node), node) for v in given)
            turned = self.from_page(node, pages.of_angle, [angle])
            return self.complex_operator(node, ast.Mult, size, turned)
        if not is_in(PAGES, f) or len(given) != 1 or options:
            self.fail(node, f"{ast.unparse(node.func)} of a complex number is not supported with these arguments",
                      "compute with .real and .imag")  # fmt: skip
        value = self.promoted(given[0], node)
        real, imag = value.items
        if PAGES[f] is pages.exponential and _is_zero(real):
            return self.from_page(node, pages.of_angle, [imag])
        return self.from_page(node, PAGES[f], list(self.whole_number(value).items))

    def by_parts(self, node, f, given: list, options: dict):
        """Return what a linear function gives of the real and of the imaginary parts of its first argument."""
        count = 2 if f is np.append else 1
        values, rest = given[:count], given[count:]
        mode = options.get("mode", rest[1] if f is np.pad and len(rest) > 1 else Const("constant"))
        other = f is np.pad and mode not in map(Const, ("constant", "edge", "wrap", "reflect", "symmetric"))
        added = other or ADDED & set(options) or len(rest) > 2
        if added or any(map(self.has_complex, (*rest, *options.values()))):
            self.fail(node, f"{ast.unparse(node.func)} of complex numbers is not supported with these options",
                      "call it for .real and .imag")  # fmt: skip
        parts = ([self.part_in(v, k, node) for v in values] for k in (0, 1))
        return self.number(*(self.with_values(node, f, [*part, *rest], options) for part in parts))

    def part_in(self, value, k: int, node):
        """Return the real (0) or imaginary (1) part of a number, or of each item of a list."""
        if isinstance(value, Struct) and not self.is_complex(value):
            return Struct(tuple(self.part_in(v, k, node) for v in value.items), value.keys, value.kind)
        return self.ends_of(value, node)[k]

    def complex_product(self, node, f, given: list, options: dict):
        """Return a product that is linear in its last two operands."""
        at = 1 if f is np.einsum else 0
        if len(given) == 2 and f is np.einsum:
            return self.number(*(self.with_values(node, f, [given[0], self.part_in(given[1], k, node)], options)
                                 for k in (0, 1)))  # fmt: skip
        if len(given) < at + 2 or f is np.einsum and len(given) > 3:
            self.fail(node, "this product of complex numbers is not supported", "take two operands at a time")
        before, (a, b), after = given[:at], given[at : at + 2], given[at + 2 :]
        ends = [list(self.held_number(self.whole_number(self.promoted(v, node)), node).items)
                if self.is_complex(v) else [self.held(self.as_array(v, node), node), None] for v in (a, b)]  # fmt: skip
        (p, q), (r, s) = ends
        if f is np.vdot and q is not None:
            q = self.hold(self.negative(q, node), node, "part")

        def of(one, other):
            if one is None or other is None:
                return Const(0.0)
            found = self.with_values(node, f, [*before, one, other, *after], options)
            return found if isinstance(found, Const | Name) else self.hold(found, node, "product")

        real = self.total("sub", of(p, r), of(q, s), node)
        return self.number(real, self.total("add", of(p, s), of(q, r), node))

    def with_values(self, node, f, args: list, options: dict):
        """Return the value of a call with arguments that are read already, of real numbers."""
        given: list[str] = []

        def named(value) -> ast.Name:
            given.append(self.fresh("given"))
            self.env[given[-1]] = value
            return ast.copy_location(ast.Name(given[-1], ast.Load()), node)

        func = node.func if isinstance(node, ast.Call) else ast.Name(getattr(f, "__name__", "f"), ast.Load())
        keywords = [ast.keyword(k, named(v)) for k, v in options.items()]
        call = ast.Call(func, [named(v) for v in args], keywords)
        for n in ast.walk(call):
            ast.copy_location(n, node)
        try:
            return self.by_tables(call, f)
        finally:
            for name in given:
                del self.env[name]


def _is_zero(e) -> bool:
    return isinstance(e, Const) and type(e.value) in (int, float) and e.value == 0.0


def _same_axes(a: ir.Expr, b: ir.Expr, rank) -> bool:
    """Return whether two expressions have the same sizes, since they are made of the same arrays by elements."""
    return (found := _arrays_in(a, rank)) is not None and found == _arrays_in(b, rank)


def _arrays_in(e: ir.Expr, rank) -> frozenset | None:
    """Return the arrays that an elementwise expression is made of; None where there is anything else."""
    if not rank(e):
        return frozenset()
    if isinstance(e, Name):
        return frozenset({e.id})
    if not isinstance(e, Op) or not elementwise.is_elementwise(e.fn):
        return None
    parts = [_arrays_in(a, rank) for a in e.args]
    return None if None in parts else frozenset().union(*(p for p in parts if p is not None))


@lru_cache(maxsize=256)
def _names_complex(node) -> bool:
    """Return whether a text has complex constants, or names complex numbers."""
    for n in ast.walk(node):
        if isinstance(n, ast.Constant) and (isinstance(n.value, complex) or n.value in ("complex", "complex128")):
            return True
        if isinstance(n, ast.Name | ast.Attribute) and (n.id if isinstance(n, ast.Name) else n.attr) in _NAMES:
            return True
    return False
