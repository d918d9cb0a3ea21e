"""Read pages of the library: sizes, axes and second names of arrays are seen through: no statement names them."""

from __future__ import annotations

import ast
from functools import lru_cache

import numpy as np

from .. import library
from ..language import ir
from ..language.affine import simplify_index
from ..language.ir import Const, Let, Name, Op
from .expressions import NOT_HERE, ExpressionReader, Obj, Stop, Struct

_OF_SIZES = frozenset({"add", "sub", "mul", "floordiv", "mod", "min", "max"})


class LibraryReader(ExpressionReader):
    """Reads assignments of a page's own names at its top level; a page binds no name anew inside a branch or loop."""

    def seen_through(self, value) -> ir.Expr | None:
        """Return what a name of a page stands for without a statement of its own; None where it needs one.

        That is a constant, another name, a slice, a dtype, or arithmetic on sizes, which stay what they are.
        """
        if not self.in_library or self.depth != self.own_depth or not isinstance(value, ir.Expr):
            return None
        whole = self.integer(value)
        if whole is not None:
            return Const(whole)
        if isinstance(value, Const):
            return value
        if self.may_change(value):
            return None
        if self.is_size(value):
            return simplify_index(value)
        return value if isinstance(value, Name | ir.Slice) or _is_dtype(value) else None

    def is_seen(self, value) -> bool:
        """Return whether a tuple is made of what is seen through."""
        if isinstance(value, Struct):
            return all(map(self.is_seen, value.items))
        return isinstance(value, Obj) or self.seen_through(value) is not None

    def stays(self, value) -> bool:
        """Return whether an item of a list of a page needs no name: another name, arithmetic on sizes and counters."""
        if not self.in_library or not isinstance(value, ir.Expr) or self.may_change(value):
            return False
        if isinstance(value, ir.Slice):
            return all(map(self.stays, ir.children(value)))
        return isinstance(value, Name) or self.is_place(value)

    def may_change(self, value: ir.Expr) -> bool:
        """Return whether a value has a name that is bound again, be it in the next trip of a loop written out."""
        names = ir.names_in(value)
        targets = {*_loop_targets(self.node), *(n for scope in self.scopes for n in scope.targets)} if names else ()
        trips = {self.renamed[n] for n in targets if n in self.renamed} - set(self.shared.counting)
        return bool(names & trips) or any(map(self.rebinds, names))

    def named_again(self, names, node):
        """Bind the names of a page that a loop or branch is about to bind anew, by statements of their own."""
        for name in sorted(names) if self.in_library else ():
            value, own = self.env[name], Name(self.local_name(name))
            if isinstance(value, ir.Expr) and value != own:
                self.emit(Let(own.id, value, self.source.loc(node)))
                self.env[name] = own

    def known_call(self, node, f):
        """Return what a function of known axes and options gives: it is called now."""
        try:
            if f not in library.KNOWN:
                return NOT_HERE
        except TypeError:
            return NOT_HERE
        positional, keywords = self.values_of(node)
        if f is library.axes.one_element_axes:
            positional = [self.lift(tuple(sorted(self.shared.ranks.ones(self.leaf(positional[0], node)))), node)]
        try:
            given = [self.known_value(v, node) for v in positional]
            options = {k: self.known_value(v, node) for k, v in keywords.items()}
        except Stop:
            if f not in library.OTHERWISE:
                raise
            return self.lift(library.OTHERWISE[f], node)
        try:
            return self.lift(f(*given, **options), node)
        except library.RefusedError as e:
            self.fail(node, *e.args)
        except (ValueError, TypeError) as e:
            self.fail(node, f"{self.page_name()}: {e}", "correct the call")

    def known_value(self, value, node):
        """Return a constant, a dtype (None where it is not known yet), or a tuple of these, as Python has them."""
        if isinstance(value, Struct) and value.kind != "dict":
            items = [self.known_value(v, node) for v in value.items]
            return items if value.kind == "list" else tuple(items)
        if isinstance(value, Obj):
            return value.value
        whole = self.integer(value)
        if whole is not None:
            return whole
        if isinstance(value, Const):
            return value.value
        if isinstance(value, ir.Expr) and any(isinstance(e, Op) and e.fn == "ndim" for e in ir.walk(value)):
            self.fail(node, f"the number of axes of an argument of {self.page_name()} is not known here",
                      "fill an array whose axes are written out: out = np.empty(n)")  # fmt: skip
        if isinstance(value, ir.Expr) and _is_dtype(value):
            kind = self.shared.ranks.kind(value.args[0])
            return None if kind is None else np.dtype(kind.dtype)
        self.fail(node, f"an option of {self.page_name()} must be known when the function is read", "write a constant")

    def page_name(self) -> str:
        """Return how the user's text calls the function whose page is being read."""
        loc = self.source.called_at
        return loc.text[loc.col : loc.end_col] if loc is not None else self.source.name

    def tidied(self, value: ir.Expr) -> ir.Expr:
        """Return arithmetic on sizes and counters in its shortest form, anything else as it is."""
        if not self.in_library or not isinstance(value, Op) or value.fn not in _OF_SIZES or not self.is_place(value):
            return value
        whole = self.integer(value)
        if whole is not None:
            return Const(whole)
        return simplify_index(value) if value.fn in ("add", "sub", "mul") else value

    def is_place(self, value: ir.Expr) -> bool:
        """Return whether an expression is made of sizes and counters of loops."""
        return self.is_size(ir.substitute(value, {Name(n): Const(0) for n in self.shared.counting}))

    def is_size(self, value) -> bool:
        """Return whether an expression is made of constants and sizes of arrays."""
        if isinstance(value, Const):
            return type(value.value) is int
        if not isinstance(value, Op):
            return False
        if value.fn == "neg":
            return self.is_size(value.args[0])
        own = value.fn in ("shape", "size", "len") and isinstance(value.args[0], Name)
        return own or value.fn in _OF_SIZES and all(map(self.is_size, value.args))


def _is_dtype(value) -> bool:
    return isinstance(value, Op) and value.fn == "dtype"


@lru_cache(maxsize=256)
def _loop_targets(node) -> frozenset[str]:
    targets = (n.target for n in ast.walk(node) if isinstance(n, ast.For))
    return frozenset(n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))
