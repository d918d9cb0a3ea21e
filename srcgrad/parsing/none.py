"""Read names that are None until a branch or loop binds them: `best = None` ahead of a search.

Whether such a name is None is a truth value of its own, which `best is None` reads. To read the name itself before it
is bound to a number, an array or a tuple is an error at run time, as for any name that is bound on some paths only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..language.ir import Const, Expr, If, Let, Name, Op, names_in
from .columns import ReadAgain, form_of
from .expressions import OBJECT, ExpressionReader, Obj, Stop, Struct, is_text
from .parts import parts_of


@dataclass(frozen=True)
class Maybe:
    """What a name stands for that may be None: the name of its number, or a tuple of names; that of whether it is None.
    """

    number: str | Struct
    none: str

    def read(self, loc=None) -> Name | Struct:
        """Return what it is where it is not None."""
        return Name(self.number, loc) if isinstance(self.number, str) else self.number


MAYBE = "number or None"


def maybe_of(number: Expr, none: Expr) -> Struct:
    """Return what a call gives that may be None: its number, and whether there is none."""
    return Struct((number, none), ("number", "none"), MAYBE)


def is_maybe(value) -> bool:
    """Return whether a value is what a call gives that may be None."""
    return isinstance(value, Struct) and value.kind == MAYBE


class NoneReader(ExpressionReader):
    """Binds and tests names that may be None."""

    # what `Reader` sets up
    env: dict

    def without_none(self, names: set[str], node):
        """Let names that are None here, and that a branch or loop binds, stand for a number or None from here on."""
        inside = [n for s in ast.iter_child_nodes(node) for n in ast.walk(s)]
        loops = [n.target for n in (node, *inside) if isinstance(n, ast.For | ast.comprehension)]
        counted = {n.id for t in loops for n in ast.walk(t) if isinstance(n, ast.Name)}
        for name in sorted(names - counted):
            value = self.env.get(name)
            if isinstance(value, Obj) and value.value is None and name in self.locals:
                maybe = Maybe(self.named_like_before(name), self.fresh(f"{name}_is_none"))
                self.emit(Let(maybe.none, Const(True), self.source.loc(node)))
                self.env[name] = maybe

    def chooses_none(self, name: str, value: ast.expr) -> bool:
        """Return whether a choice is one of None, `x = None if t else v`, or of whether the name is None by now."""
        if not isinstance(value, ast.IfExp):
            return False
        tested = any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value.test))
        if not _gives_none(value):
            return self.may_be_none(name) and tested
        read = any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(value))
        return name in self.locals and (self.may_be_none(name) or not read and not self.inside)

    def as_branch(self, node: ast.Assign) -> ast.If:
        """Return a choice between None and a number as a branch that binds the name, which is None ahead of it."""
        (target,), value = node.targets, node.value
        assert isinstance(target, ast.Name), node
        assert isinstance(value, ast.IfExp), node
        if not self.may_be_none(target.id) and _gives_none(value):
            self.env[target.id] = Obj(None)
        then, other = (ast.copy_location(ast.Assign([target], e), e) for e in (value.body, value.orelse))
        return ast.copy_location(ast.If(value.test, [then], [other]), node)

    def reads_maybe(self, value) -> bool:
        """Return whether a value reads the number of a name that may be None: only where it is none."""
        numbers = {n for v in self.env.values() if isinstance(v, Maybe) for n in _names_of(v)}
        return bool(numbers) and isinstance(value, Expr) and bool(names_in(value) & numbers)

    def may_be_none(self, name: str) -> bool:
        """Return whether a name stands for a number or None."""
        return isinstance(self.env.get(name), Maybe)

    def bind_maybe(self, name: str, value, node):
        """Bind a name that may be None to a number, or to None."""
        maybe, loc = self.env[name], self.source.loc(node)
        is_none = isinstance(value, Obj) and value.value is None
        if not is_none and isinstance(value, Struct) and isinstance(maybe.number, str) and _is_plain(value):
            self.read_with_names(name, value)
        if not is_none and isinstance(maybe.number, Struct) and isinstance(value, Struct):
            if form_of(maybe.number) != form_of(value):
                self.changes_form((name,), value, maybe.number, node)
            pairs = list(zip(parts_of(maybe.number), parts_of(value), strict=True))
            self.assign_together([(a.id, b) for a, b in pairs if isinstance(a, Name)], node)
        elif not is_none:
            if not isinstance(value, Expr) or is_text(value) or isinstance(maybe.number, Struct):
                self.fail(node, f"{name!r} is None in one place and no number in another", "use two names")
            self.emit(Let(maybe.number, value, loc))
        self.emit(Let(maybe.none, Const(is_none), loc))

    def named_like_before(self, name: str) -> str | Struct:
        """Return the name of the number that a name stands for, or those of the tuple that the text binds it to."""
        key = ("none", *self.key_of_list(name))
        form = next((k[-1] for k in self.shared.rebound if k[:-1] == key), None)
        return self.local_name(name) if form is None else self.with_names(name, form)

    def with_names(self, path: str, form):
        """Return a tuple of some form with a new name for each part."""
        if not isinstance(form, Struct):
            return Name(self.fresh(path))
        items = (self.with_names(f"{path}_{k}", v) for k, v in zip(form.keys, form.items, strict=True))
        return replace(form, items=tuple(items))

    def read_with_names(self, name: str, value: Struct):
        """Have the text read again with names for the parts of a tuple that a name may stand for."""
        key = ("none", *self.key_of_list(name))
        if not any(k[:-1] == key for k in self.shared.rebound):
            raise ReadAgain((*key, form_of(value)))

    def read_as_tuple(self, node: ast.expr):
        """Have the text read again if a name is a tuple or None, as far as what it is bound to can be read here."""
        name = node.id if isinstance(node, ast.Name) and self.may_be_none(node.id) else None
        for n in self.nodes if name is not None else ():
            binds = isinstance(n, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in n.targets)
            try:
                value = self.expr(n.value) if isinstance(n, ast.Assign) and binds else None
            except Stop:
                continue
            if isinstance(value, Struct) and value.kind == OBJECT:
                self.fail(node, f"{name!r} is None, and an object that is written in a branch or loop",
                          "begin with an object")  # fmt: skip
            if name is not None and isinstance(value, Struct) and _is_plain(value):
                self.read_with_names(name, value)

    def bind_given(self, name: str, value: Struct, node):
        """Bind a name to what a call gives that may be None."""
        number, none = value.items
        maybe, loc = self.env.get(name), self.source.loc(node)
        if not isinstance(maybe, Maybe) or isinstance(maybe.number, Struct):
            maybe = self.env[name] = Maybe(self.local_name(name), self.fresh(f"{name}_is_none"))
        assert isinstance(maybe.number, str), maybe
        self.emit(Let(maybe.none, none, loc))
        self.emit(If(Op("not", (Name(maybe.none),)), (Let(maybe.number, number, loc),), (), loc))

    def truth_of_maybe(self, node: ast.Name) -> list[Callable[[], Expr]]:
        """Return the parts of the truth of a name that may be None: it is not None, and no zero."""
        maybe, loc = self.env[node.id], self.source.loc(node)
        if isinstance(maybe.number, Struct):
            return [lambda: Op("not", (Name(maybe.none, loc),), (), loc)]
        return [lambda: Op("not", (Name(maybe.none, loc),), (), loc),
                lambda: Op("ne", (Name(maybe.number, loc), Const(0)), (), loc)]  # fmt: skip

    def none_test(self, op, left, left_node, right, right_node) -> Expr | None:
        """Return the comparison of a name that may be None with None; None where it is another comparison."""
        for value, node, other in ((left, left_node, right), (right, right_node, left)):
            maybe = self.env.get(node.id) if isinstance(node, ast.Name) else None
            if not isinstance(other, Obj) or other.value is not None:
                continue
            loc = self.source.loc(node)
            test = Name(maybe.none, loc) if isinstance(maybe, Maybe) else value.items[1] if is_maybe(value) else None
            if test is not None:
                return test if isinstance(op, ast.Is | ast.Eq) else Op("not", (test,), (), loc)
        return None


def _names_of(maybe: Maybe) -> set[str]:
    return {maybe.number} if isinstance(maybe.number, str) else {e.id for e in parts_of(maybe.number)
                                                                 if isinstance(e, Name)}  # fmt: skip


def _is_plain(value: Struct) -> bool:
    """Return whether a tuple is made of numbers and arrays, and nothing can be written into it."""
    parts = [v for v in parts_of(value) if not isinstance(v, Struct)]
    kinds = {v.kind for v in parts_of(value) if isinstance(v, Struct)}
    held = all(isinstance(v, Expr) and not is_text(v) for v in parts)
    return kinds <= {"tuple", "namedtuple", "dataclass"} and bool(parts) and held


def _gives_none(value: ast.expr) -> bool:
    """Return whether a choice has None on one of its sides."""
    if isinstance(value, ast.IfExp):
        return _gives_none(value.body) or _gives_none(value.orelse)
    return isinstance(value, ast.Constant) and value.value is None
