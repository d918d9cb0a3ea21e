"""Read conditions: comparisons, `and`, `or`, `in`, `is`, choices; what is known is decided when the text is read."""

from __future__ import annotations

import ast
from dataclasses import replace
from types import FunctionType
from typing import Any, NoReturn

import numpy as np

from ..language import ir
from ..language.ir import Const, Name, Op, Select
from .expressions import COMPLEX, FORMS, NOT_HERE, OBJECT, List, Obj, Places, ShapeOf, Struct, is_text
from .members import member_of
from .parted import PartedReader
from .parts import is_any_list

_COMPARE = {ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne"}
_FOLD = {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
}  # fmt: skip


class ConditionReader(PartedReader):
    """Reads tests: a constant where both sides are known, so that a branch on it is no branch."""

    def truth(self, value, node) -> bool:
        """Return the truth of something known when the function is read: None, a tuple, a function."""
        if isinstance(value, Struct) and value.kind == COMPLEX:
            self.fail(node, "a complex number is used as a test", "compare it: z != 0")
        if isinstance(value, Struct):
            if value.make is not None and any(member_of(value.make, n) for n in ("__bool__", "__len__")):
                self.fail(node, "the truth of an object is that of its __bool__ or __len__", "call it, or compare")
            return bool(value.items) or value.kind == "dataclass"
        if isinstance(value, Obj):
            return bool(value.value)
        self.fail(node, "the truth of this is not known", "compare it with a number")

    def test(self, node) -> ir.Expr:
        """Return the truth of an expression: a constant where it is known when the function is read."""
        if isinstance(node, ast.BoolOp):
            fn = "and" if isinstance(node.op, ast.And) else "or"
            return self.chain(fn, [lambda v=v: self.test(v) for v in node.values], node, truth=True)
        if isinstance(node, ast.Name) and self.may_be_none(node.id):
            return self.chain("and", self.truth_of_maybe(node), node)
        value = self.expr(node)
        found = self.by_special(node, value, "__bool__", "__len__")
        value = value if found is NOT_HERE else found
        if isinstance(value, Const):
            return Const(bool(value.value))
        if isinstance(value, List):
            return Op("gt", (value.count, Const(0)), (), self.source.loc(node))
        return value if isinstance(value, ir.Expr) else Const(self.truth(value, node))

    def expr_boolop(self, node):
        fn = "and" if isinstance(node.op, ast.And) else "or"
        return self.chain(fn, [lambda v=v: self.expr(v) for v in node.values], node)

    def chain(self, fn: str, parts, node, truth=False):
        """Return parts joined by `and` or `or`: a part is read only where those before it leave it open.

        Where only the `truth` matters, `a or True` is known.
        """
        loc = self.source.loc(node)
        value = parts[0]()
        for part in parts[1:]:
            if isinstance(value, Const) or not isinstance(value, ir.Expr):
                holds = bool(value.value) if isinstance(value, Const) else self.truth(value, node)
                if holds == (fn == "or"):
                    return value
                value = part()
                continue
            right, block = self.apart(lambda part=part: self.leaf(part(), node))
            if truth and not block and isinstance(right, Const):
                if bool(right.value) == (fn == "or"):
                    self.hold(value, node)  # what it raises, it raises
                    value = Const(fn == "or")
                continue
            if not block:
                value = _joined(fn, value, right, loc)
                continue
            target = self.fresh("test")
            test = Name(target) if fn == "and" else Op("not", (Name(target),))
            self.emit(ir.Let(target, value, loc))
            self.emit(ir.If(test, (*block, ir.Let(target, right)), (), loc))
            value = Name(target)
        return value

    def expr_compare(self, node):
        if len(node.ops) == 1:
            left, right = self.in_order([node.left, node.comparators[0]])
            return self.compare(node, node.ops[0], left, node.left, right, node.comparators[0])
        left = self.expr(node.left)
        sides = [left, *([None] * len(node.ops))]

        def link(k: int, op):
            start = len(self.out)
            right = self.expr(node.comparators[k])
            (sides[k],) = self.as_before(start, [sides[k]], node)
            # what stands between two comparisons is computed once
            last = k == len(node.ops) - 1
            sides[k + 1] = right if last or isinstance(right, Name) else self.hold(right, node)
            nodes = (node.left, *node.comparators)
            return self.compare(node, op, sides[k], nodes[k], sides[k + 1], nodes[k + 1])

        return self.chain("and", [lambda k=k, op=op: link(k, op) for k, op in enumerate(node.ops)], node)

    def compare(self, node, op, left, left_node, right, right_node) -> ir.Expr:
        """Return one comparison; a constant where both sides are known when the function is read."""
        if isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq):
            test = self.none_test(op, left, left_node, right, right_node)
            if test is not None:
                return test
        if isinstance(op, ast.Eq | ast.NotEq):
            found = self.by_own_equality(node, op, left, right)
            if found is not NOT_HERE:
                return found
        if isinstance(op, ast.Eq | ast.NotEq) and self.are_objects(left, right, node):
            return Const(self.identity(left, right, node) == isinstance(op, ast.Eq))
        if isinstance(op, ast.Is | ast.IsNot):
            return Const(self.identity(left, right, node) == isinstance(op, ast.Is))
        if isinstance(op, ast.In | ast.NotIn):
            found = self.contained(left, left_node, right, node)
            if isinstance(op, ast.In):
                return found
            return Const(not found.value) if isinstance(found, Const) else Op("not", (found,), (), found.loc)
        if isinstance(op, ast.Eq | ast.NotEq) and (self.is_complex(left) or self.is_complex(right)):
            return self.complex_equality(node, left, right, isinstance(op, ast.Eq))
        if any(isinstance(v, Op) and v.fn == "dtype" for v in (left, right)):
            return Const(self.same_dtype(node, left, right) == isinstance(op, ast.Eq))
        own = self.by_own_order(node, op, left, right)
        if own is not NOT_HERE:
            return own
        fn = _COMPARE[type(op)]
        left, right = self.opened(left, left_node), self.opened(right, right_node)
        if isinstance(op, ast.Eq | ast.NotEq) and any(isinstance(v, Struct | Obj) for v in (left, right)):
            return self.same(node, left, right, isinstance(op, ast.Eq))
        leaves = [self.leaf(left, left_node), self.leaf(right, right_node)]
        known = [v.value for v in map(self.folded, leaves) if isinstance(v, Const)]
        if len(known) == 2:
            return Const(_FOLD[fn](*known))
        args = tuple(v if ir.names_in(v) else self.folded(v) for v in leaves)
        if any(is_text(a) for a in args):
            return Const(isinstance(op, ast.NotEq)) if fn in ("eq", "ne") else self.no_text(node)
        return Op(fn, args, (), self.source.loc(node))

    def folded(self, value: ir.Expr) -> ir.Expr:
        """Return an expression of integer constants as the number it is."""
        whole = self.integer(value)
        return value if whole is None or isinstance(value, Const) else Const(whole)

    def no_text(self, node) -> NoReturn:
        self.fail(node, "text is compared with a number", "compare numbers")

    def same(self, node, left, right, equal: bool) -> ir.Expr:
        """Return the comparison of tuples item by item, or of things known when the function is read."""
        if isinstance(left, Struct) and isinstance(right, Struct) and "dict" not in (left.kind, right.kind):
            if len(left.items) != len(right.items):
                return Const(not equal)
            eq = ast.Eq()
            parts = [self.compare(node, eq, a, node, b, node) for a, b in zip(left.items, right.items, strict=True)]
            found = self.chain("and", [lambda p=p: p for p in parts], node) if parts else Const(True)
            if isinstance(found, Const):
                return Const(bool(found.value) == equal)
            return found if equal else Op("not", (found,), (), self.source.loc(node))
        if isinstance(left, Obj) and isinstance(right, Obj):
            return Const((left.value == right.value) == equal)
        if any(isinstance(v, Obj) and v.value is None for v in (left, right)):
            return Const(not equal)
        self.fail(node, "a number is compared with a tuple", "compare the items")

    def same_dtype(self, node, *sides) -> bool:
        """Return whether two dtypes are one, of arrays or by their names."""
        names = []
        for value in sides:
            kind = self.shared.ranks.kind(value.args[0]) if isinstance(value, Op) and value.fn == "dtype" else None
            given: Any = value.value if isinstance(value, Const | Obj) else None
            try:
                known = None if given is None else np.dtype(given).name
            except TypeError:
                known = None
            names.append(kind.dtype if kind is not None and kind.rank else known)
        if None in names:
            self.fail(node, "the dtype of this is not known when the function is read", "leave the test out")
        return names[0] == names[1]

    def among(self, left, left_node, right, node) -> ir.Expr:
        """Return `left in right` for arrays and lists of numbers: NumPy has it that any two elements are equal."""
        if isinstance(right, List) and not self.has_tuples(right):
            right = self.whole(right)
        known = isinstance(right, ir.Expr) and isinstance(left, ir.Expr) and not is_text(left) and not is_text(right)
        if not known or self.shared.ranks.rank(right) == 0:
            what = "`in` needs a tuple known when the function is read, or an array or list of numbers"
            self.fail(node, what, "use a loop")
        return self.user_call(node, np.any, ([Op("eq", (left, right), (), self.source.loc(node))], {}))

    def contained(self, left, left_node, right, node) -> ir.Expr:
        """Return `left in right` for a tuple, the keys of a dict, text, or what has its length at run time."""
        right = self.opened(right, node)
        if isinstance(right, Struct) and right.kind == "dict":
            key = self.as_key(left)
            if key is not None:
                return Const(key.value in right.keys)
            right = Struct(self.keys_of(right), right.keys)
        own = member_of(right.make, "__contains__") if isinstance(right, Struct) and right.make is not None else None
        if isinstance(own, FunctionType):
            return self.user_call(node, own, ([right, left], {}))
        if isinstance(right, Struct) and right.kind in (OBJECT, "dataclass"):
            self.fail(node, "`in` for an object that has no __contains__", "look into its fields")
        if isinstance(right, Obj) and isinstance(right.value, set | frozenset):
            members = sorted(right.value, key=lambda v: (type(v).__name__, repr(v)))
            right = Struct(tuple(self.lift(v, node) for v in members), tuple(range(len(members))))
        if is_text(left) and is_text(right):
            return Const(left.value in right.value)
        if not isinstance(right, Struct) or self.is_complex(right):
            return self.among(left, left_node, right, node)
        if isinstance(left, ir.Expr) and not isinstance(left, Name | Const):
            left = self.hold(left, left_node)
        tests = [self.compare(node, ast.Eq(), left, left_node, item, node) for item in right.items]
        if any(t.value for t in tests if isinstance(t, Const)):
            return Const(True)
        left_open = [t for t in tests if not isinstance(t, Const)]
        return self.chain("or", [lambda t=t: t for t in left_open], node) if left_open else Const(False)

    def expr_set(self, node):
        return self.set_of(self.in_order(node.elts), node)

    def constant_set(self, node):
        """Return `set(...)` or `frozenset(...)` of constants."""
        found = self.container(ast.copy_location(ast.Call(node.func, node.args, []), node), list)
        if not isinstance(found, Struct):
            self.fail(node, "a set of what is known only at run time is not supported", "use a list, or np.unique")
        return self.set_of(found.items, node)

    def set_of(self, items, node) -> Obj:
        """Return a set of constants, which tests of `in` read."""
        if not all(isinstance(v, Const) for v in items):
            self.fail(node, "a set of other than constants is not supported", "write it with lists and arrays")
        return Obj(frozenset(v.value for v in items))

    def identity(self, left, right, node) -> bool:
        if isinstance(left, Obj) and isinstance(right, Obj):
            return left.value is right.value
        nones = [v for v in (left, right) if isinstance(v, Obj) and v.value is None]
        if nones:
            return False
        found = self.same_object(left, right)
        if found is not None:
            return found
        self.fail(node, "`is` between values is not supported", "compare with ==")

    def is_instance(self, node) -> Const:
        """Return whether a value is of a type, or of one of several."""
        value, wanted = self.expr(node.args[0]), self.types_in(node.args[1])
        own = self.own_type(value)
        if own is None or any(not isinstance(t, type) for t in wanted):
            self.fail(node, "the type of this is not known when the function is read", "leave the test out")
        return Const(issubclass(own, tuple(wanted)))

    def own_type(self, value) -> type | None:
        """Return the type of a value; of a number that of Python, which a number of NumPy counts as."""
        if self.is_complex(value):
            return np.ndarray if self.axes_of(value.items[0]) else complex
        if isinstance(value, Struct):
            return {"list": list, "dict": dict}.get(value.kind, value.make or tuple)
        if isinstance(value, List):
            return list
        if isinstance(value, Const | Obj):
            return type(value.value)
        return slice if isinstance(value, ir.Slice) else self.type_of(value)

    def exact_type(self, node) -> Obj:
        """Return `type(value)`: whether a number is one of Python or of NumPy is not known."""
        (value,) = self.in_order(node.args)
        own = self.own_type(value)
        if own is None or own in (float, int, bool, complex) and not isinstance(value, Const):
            self.fail(node, "the type of this is not known when the function is read", "ask isinstance(...)")
        return Obj(own)

    def is_scalar(self, node) -> ir.Expr:
        """Return whether a value is a number or a text, as `np.isscalar` does."""
        (value,) = self.in_order(node.args)
        if isinstance(value, ir.Expr) and not isinstance(value, Const | ir.Slice):
            axes = self.axes_count(value, node)
            return Const(axes.value == 0) if isinstance(axes, Const) else Op("eq", (axes, Const(0)), (), axes.loc)
        return Const(isinstance(value, Const))

    def types_in(self, node) -> list:
        """Return the types that `A`, `(A, B)` or `A | B` names."""
        if isinstance(node, ast.Tuple):
            return [t for e in node.elts for t in self.types_in(e)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return [*self.types_in(node.left), *self.types_in(node.right)]
        return [getattr(self.expr(node), "value", None)]

    def type_of(self, value) -> type | None:
        """Return the type of a number or array, as Python has it; None where the text so far does not tell."""
        if isinstance(value, ShapeOf | Places):
            return tuple
        kind = self.shared.ranks.kind(value)
        if kind is None or kind.rank:
            return None if kind is None else np.ndarray
        return {"float64": float, "int64": int, "bool": bool}.get(kind.dtype)

    def expr_ifexp(self, node):
        test = self.test(node.test)
        if isinstance(test, Const):
            return self.expr(node.body if test.value else node.orelse)
        then, then_block = self.apart(lambda: self.expr(node.body))
        other, other_block = self.apart(lambda: self.expr(node.orelse))
        loc = self.source.loc(node)
        self.part_if_it_must(node, then, other)
        names: list = []
        value = self.either(test, then, other, names, node)
        if not then_block and not other_block and not any(map(self.reads_maybe, (then, other))):
            return value
        branches = [list(then_block), list(other_block)]
        table: dict[ir.Expr, ir.Expr] = {}
        for choice in names:
            target = self.fresh("value")
            table[choice] = Name(target)
            branches[0].append(ir.Let(target, choice.then, loc))
            branches[1].append(ir.Let(target, choice.other, loc))
        self.emit(ir.If(test, tuple(branches[0]), tuple(branches[1]), loc))
        return _replaced(value, table)

    def either(self, test, then, other, choices: list, node):
        """Return `then if test else other` for values of one form: numbers, or tuples of these."""
        if self.is_complex(then) or self.is_complex(other):
            then, other = (self.whole_number(self.promoted(v, node)) for v in (then, other))
        if self.which_cells(then) != self.which_cells(other):
            self.fail(node, "one list or dict of two that are written is chosen",
                      "if and else around what it is for")  # fmt: skip
        alike = isinstance(then, Struct) and isinstance(other, Struct) and then.kind == other.kind
        if alike and then.keys == other.keys:
            pairs = zip(then.items, other.items, strict=True)
            kind = "tuple" if then.kind == "list" else then.kind
            self.joined(then, other)
            return replace(then, items=tuple(self.either(test, a, b, choices, node) for a, b in pairs), kind=kind)
        if not isinstance(then, ir.Expr) and then == other:
            return then
        if is_text(then) or is_text(other):
            self.fail(node, "a text is chosen by a test at run time", "use if and else around what it is for")
        if isinstance(then, Obj | Struct | List) or isinstance(other, Obj | Struct | List):
            self.part_ways(node, FORMS, lists=all(map(is_any_list, (then, other))))
        choice = Select(test, self.leaf(then, node.body), self.leaf(other, node.orelse), self.source.loc(node))
        choices.append(choice)
        return choice


def _joined(fn: str, left: ir.Expr, right: ir.Expr, loc) -> ir.Expr:
    """Return two tests as one, as they are read where they stand in one line: from the left."""
    if isinstance(right, Op) and right.fn == fn:
        return Op(fn, (_joined(fn, left, right.args[0], loc), right.args[1]), (), loc)
    return Op(fn, (left, right), (), loc)


def _replaced(value, table):
    if isinstance(value, Struct):
        return replace(value, items=tuple(_replaced(v, table) for v in value.items))
    return table.get(value, value) if isinstance(value, ir.Expr) else value
