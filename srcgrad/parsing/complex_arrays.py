"""Read complex arrays: what makes them, their methods and elements, stores into both of their parts."""

from __future__ import annotations

import ast

import numpy as np

from ..language import ir
from ..language.ir import Const, Name, Op, Sub
from .columns import ReadAgain
from .expressions import COMPLEX, ExpressionReader, List, Obj, ShapeOf, Struct, is_text
from .trips import Trips

_DTYPES = {complex: "float64", np.complex128: "float64", np.complex64: "float32",
           "complex": "float64", "complex128": "float64", "complex64": "float32"}  # fmt: skip
_METHODS: dict[str, object] = {
    "sum": np.sum, "mean": np.mean, "cumsum": np.cumsum, "transpose": np.transpose, "reshape": np.reshape,
    "ravel": np.ravel, "flatten": np.ravel, "copy": np.copy, "dot": np.dot, "trace": np.trace, "squeeze": np.squeeze,
    "conj": np.conj, "conjugate": np.conj, "diagonal": np.diagonal, "repeat": np.repeat, "swapaxes": np.swapaxes,
    "take": np.take,
}  # fmt: skip


class ComplexArrayReader(ExpressionReader):
    """Reads them; arithmetic and functions are read in `complex_numbers`."""

    # what `Reader` sets up
    env: dict

    def as_complex_if_it_must(self, name: str, value, node):
        """Return what a name is bound to: a real number as a complex one where a loop or branch makes it complex."""
        if not self.meets_complex():
            return value
        before = self.env.get(name)
        if isinstance(value, ir.Expr) and not isinstance(value, ir.Slice) and not is_text(value):
            needed = self.must_be_complex(name) or self.inside and self.is_complex(before)
            return self.number(value, Const(0.0)) if needed else value
        if self.is_complex(value) and self.inside and isinstance(before, Name):
            if self.must_be_complex(name):
                self.fail(node, f"{name!r} is real before this branch or loop, and complex in it",
                          f"begin with {name} = {name} + 0j")  # fmt: skip
            raise ReadAgain((*self.key_of_list(name), COMPLEX))
        return value

    def must_be_complex(self, name: str) -> bool:
        """Return whether a branch or loop makes a name complex that begins as a real number."""
        return (*self.key_of_list(name), COMPLEX) in self.shared.rebound

    def complex_array(self, node, f, given: list, options: dict, dtype: str):
        """Return a complex array that a call makes: of sizes, of items, or like another one."""
        real_dtype = {"dtype": Obj(np.dtype(dtype).type)}
        if len(given) < (2 if f in (np.full, np.full_like) else 0 if f in (np.zeros, np.ones, np.empty) else 1):
            self.fail(node, f"{ast.unparse(node.func)} of complex numbers is not supported with these options",
                      "give its arguments by their places")  # fmt: skip
        if f in (np.array, np.asarray, np.asanyarray):
            if isinstance(given[0], List):
                self.fail(node, "a list of real numbers that grows becomes a complex array", "np.array(...) + 0j")
            return self.number(*(self.with_values(node, np.array, [self.part_in(given[0], k, node)], real_dtype)
                                 for k in (0, 1)))  # fmt: skip
        if f in (np.full, np.full_like):
            value = self.promoted(given[1], node)
            filled = [self.with_values(node, f, [self.part_in(given[0], 0, node) if f is np.full_like else given[0], v],
                                   options | real_dtype) for v in value.items]  # fmt: skip
            return self.number(*filled)
        if given and self.has_complex(given[0]):
            given = [self.part_in(given[0], 0, node), *given[1:]]
        zeros = {np.ones: np.zeros, np.ones_like: np.zeros_like, np.eye: np.zeros, np.identity: np.zeros}.get(f, f)
        if f in (np.eye, np.identity):
            shape = [given[0], given[1] if len(given) > 1 else given[0]]
            other = self.with_values(node, np.zeros, [Struct(tuple(shape), (0, 1))], real_dtype)
            return self.number(self.with_values(node, f, given, options | real_dtype), other)
        return self.number(*(self.with_values(node, g, given, options | real_dtype) for g in (f, zeros)))

    def complex_dtype(self, value) -> str | None:
        """Return the dtype of the parts where a dtype is complex; None where it is not."""
        if isinstance(value, Obj | Const):
            try:
                return _DTYPES.get(getattr(value.value, "name", value.value))
            except TypeError:
                return None
        return None

    # -- methods, elements, stores
    def list_of_complex(self, value):
        """Return a list of complex numbers that grows as an array of these; anything else as it is."""
        form = self.shared.columns.get(value.buffer.id) if isinstance(value, List) else None
        return self.item_read(value, self.whole(value)) if self.is_complex(form) else value

    def complex_attribute(self, node, value: Struct, name: str):
        """Return a field of a complex number or array."""
        whole = self.whole_number(value)
        real, imag = whole.items
        if name in ("real", "imag"):
            return real if name == "real" else imag
        if name == "shape":
            return ShapeOf(real)
        if name == "T":
            return self.number(*(Op("np.transpose", (v,), (), self.source.loc(node)) for v in whole.items))
        if name == "ndim":
            return self.axes_count(real, node)
        if name == "size":
            return Op("size", (real,), (), self.source.loc(node))
        if name == "dtype":
            kind = self.shared.ranks.kind(real)
            return Obj(np.complex64 if kind is not None and kind.dtype == "float32" else np.complex128)
        self.fail(node, f"attribute .{name} of a complex number is not supported", "use .real and .imag")

    def complex_method(self, node, value: Struct, name: str):
        """Return the value of a method of a complex number or array."""
        given, options = self.values_of(node, (value,))
        if name == "astype" and self.complex_dtype(given[1] if len(given) > 1 else options.get("dtype")):
            return self.by_parts(node, np.copy, given[:1], {})
        if name == "item" and len(given) == 1:
            return self.number(*(Op("item", (v,), (), self.source.loc(node)) for v in value.items))
        if name in ("reshape", "transpose") and len(given) > 2:
            given = [given[0], Struct(tuple(given[1:]), tuple(range(len(given) - 1)))]
        f = _METHODS.get(name)
        if f is None:
            self.fail(node, f"method .{name}() of a complex number is not supported", "use .real and .imag")
        made = self.complex_value(node, f, given, options)
        return self.by_parts(node, np.copy, [made], {}) if name == "flatten" else made

    def complex_element(self, node, value: Struct):
        """Return elements of a complex array."""
        start = len(self.out)
        index = self.index(node.slice)
        (value,) = self.as_before(start, [self.whole_number(value)], node)
        return self.number(*(Sub(v, index, self.source.loc(node)) for v in value.items))

    def complex_trips(self, value: Struct, node) -> Trips:
        """Return the trips of a loop over a complex array."""
        real, imag = (self.hold(v, node) for v in self.whole_number(value).items)
        if not self.axes_of(real):
            self.fail(node, "a complex number is run through", "loop over an array")
        loc = self.source.loc(node)
        return Trips(Op("len", (real,)), lambda k: self.number(Sub(real, (k,), loc), Sub(imag, (k,), loc)))

    def complex_store(self, base: Struct, index, value, op: str, node):
        """Emit the stores of both parts of a value; the second does not read what the first has written."""
        real, imag = self.ends_of(value, node)
        start = len(self.out)
        self.store(base.items[0], index, real, op, node)
        if op != "=" and not self.is_complex(value):
            return
        (imag, *index) = self.as_before(start, [imag, *index], node)
        self.store(base.items[1], tuple(index), imag, op, node)

    def complex_update(self, node):
        """Read an augmented assignment, where there may be complex numbers."""
        target = node.target
        base = self.expr(target.value) if isinstance(target, ast.Subscript) else None
        if self.is_complex(base):
            return self.update_element(node, base)
        if isinstance(base, Struct) and base.kind in ("dict", "list"):
            node = ast.copy_location(ast.AugAssign(self.index_read(target), node.op, node.value), node)
        elif not isinstance(target, ast.Name):
            return self.update(node)
        old = self.expr(_loaded(node.target))
        # a right side that makes a list, or binds names, is read where the old value has been
        plain = not any(isinstance(n, ast.List | ast.ListComp | ast.NamedExpr) for n in ast.walk(node.value))
        if not self.is_complex(old) and not (plain and isinstance(old, ir.Expr) and isinstance(target, ast.Name)):
            return self.update(node)
        start = len(self.out)
        value = self.expr(node.value)
        if not self.is_complex(old) and not self.is_complex(value):
            return self.update_with(node, value)
        (old,) = self.as_before(start, [old], node)
        made = self.complex_operator(node, type(node.op), old, value)
        if not self.is_complex(old) and self.axes_of(old):
            self.fail(node, "a complex number is added to a real array in place", "make it complex: a = a + 0j")
        if self.is_complex(old) and self.axes_of(old.items[0]):
            return self.complex_store(old, (ir.Dots(),), made, "=", node)
        return self.assign(node.target, made, node)

    def update_with(self, node, value):
        """Read an augmented assignment of a value that is read already."""
        name = self.fresh("given")
        self.env[name] = value
        given = ast.copy_location(ast.Name(name, ast.Load()), node)
        try:
            return self.update(ast.copy_location(ast.AugAssign(node.target, node.op, given), node))
        finally:
            del self.env[name]

    def update_element(self, node, base: Struct):
        """Read an augmented assignment to elements of a complex array."""
        index = self.index(node.target.slice)
        start = len(self.out)
        value = self.expr(node.value)
        index = tuple(self.as_before(start, list(index), node))
        if isinstance(node.op, ast.Add | ast.Sub) and len(self.out) == start:
            return self.complex_store(base, index, value, "+=" if isinstance(node.op, ast.Add) else "-=", node)
        loc = self.source.loc(node)
        element = self.number(*(Sub(v, index, loc) for v in base.items))
        (element,) = self.as_before(start, [element], node)
        made = self.complex_operator(node, type(node.op), element, value)
        return self.complex_store(base, index, made, "=", node)


def _loaded(target: ast.expr) -> ast.expr:
    """Return what is assigned to as it is read."""
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    assert isinstance(target, ast.Subscript), target
    return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)
