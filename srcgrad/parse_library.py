"""Read pages of the library: sizes, axes and second names of arrays are seen through: no statement names them."""

from __future__ import annotations

from . import ir
from .affine import simplify_index
from .ir import Const, Let, Name, Op
from .parse_expr import ExpressionReader

_OF_SIZES = frozenset({"add", "sub", "mul", "floordiv", "mod", "min", "max"})


class LibraryReader(ExpressionReader):
    """Reads assignments of a page's own names at its top level; a page binds no name anew inside a branch or loop."""

    def seen_through(self, value) -> ir.Expr | None:
        """Return what a name of a page stands for without a statement of its own; None where it needs one.

        That is a constant, another name, a slice, or arithmetic on sizes, which stay what they are.
        """
        if not self.in_library or self.depth != self.own_depth or not isinstance(value, ir.Expr):
            return None
        whole = self.integer(value)
        if whole is not None:
            return Const(whole)
        if any(self.rebinds(n) for n in ir.names_in(value)):
            return None
        if self.is_size(value):
            return simplify_index(value)
        return value if isinstance(value, Name | ir.Slice) else None

    def named_again(self, names, node):
        """Bind the names of a page that a loop or branch is about to bind anew, by statements of their own."""
        for name in sorted(names) if self.in_library else ():
            value, own = self.env[name], Name(self.local_name(name))
            if isinstance(value, ir.Expr) and value != own:
                self.emit(Let(own.id, value, self.source.loc(node)))
                self.env[name] = own

    def is_size(self, value) -> bool:
        """Return whether an expression is made of constants and sizes of arrays."""
        if isinstance(value, Const):
            return type(value.value) is int
        if not isinstance(value, Op):
            return False
        own = value.fn in ("shape", "size", "len") and isinstance(value.args[0], Name)
        return own or value.fn in _OF_SIZES and all(map(self.is_size, value.args))
