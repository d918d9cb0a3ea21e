"""Read objects of the user's classes that a function makes: their fields, and the methods that write them.

What `__init__` gives its fields is known from its text. An object whose fields stay what they were is kept as these,
as a dataclass is. One that is written later has a variable for each field that is, which all its names show.
"""

from __future__ import annotations

import ast
import dataclasses
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import FunctionType
from typing import Any, NoReturn

from ..language import ir
from ..language.ir import Const, Let, Name, Op
from ..language.sum_order import INPLACE
from .columns import ReadAgain
from .expressions import NOT_HERE, OBJECT, ExpressionReader, List, Obj, Stop, Struct, is_text
from .members import keeps_fields, member_of
from .none import is_maybe, maybe_of
from .parts import is_any_list, is_list

# the methods that compare, and those of the other side that do the same
_ORDER: dict[type, tuple[str, str]] = {
    ast.Lt: ("__lt__", "__gt__"), ast.Gt: ("__gt__", "__lt__"),
    ast.LtE: ("__le__", "__ge__"), ast.GtE: ("__ge__", "__le__"),
}  # fmt: skip
NONE = "none"  # of a field that is None until a block writes it


@dataclass(eq=False)
class Fields:
    """The fields of one object, made on some path."""

    cls: type
    label: str
    paths: tuple[int, ...]
    values: dict[str, Any] = field(default_factory=dict)
    moved: bool = False  # whether the name of the object becomes other ones in a branch or loop
    failed: dict[str, Any] = field(default_factory=dict)  # problems of what was to be written
    made: bool = False
    reader = None  # as functions have that are defined inside: on two paths it may be another one


class ObjectReader(ExpressionReader):
    """Makes objects, reads and writes their fields."""

    # what `Reader` sets up
    wanted_name: str | None
    entered: list[set[str]]
    locals: frozenset[str]

    def made_object(self, node, cls: type) -> Struct:
        """Return an object of a class of the user's, made by the arguments of a call."""
        fields = Fields(cls, self.wanted_name or cls.__name__.lower(), self.shared.paths)
        self.shared.objects.append(fields)
        made = Struct((Obj(fields),), ("",), OBJECT, cls)
        positional, keywords = self.values_of(node)
        for name in [key[2] for key in self.shared.rebound if key[:2] == (OBJECT, cls)]:
            begun = member_of(cls, name) if name else None  # what the class has until the object has its own
            if begun is not None and not isinstance(begun, FunctionType | property | staticmethod):
                self.give(fields, name, self.lift(begun, node, name), node)
        if dataclasses.is_dataclass(cls) and keeps_fields(cls):
            given = self.construct(node, cls, (positional, keywords))
            for name, value in zip(given.keys, given.items, strict=True):
                self.give(fields, name, value, node)
            positional, keywords, begin = [], {}, member_of(cls, "__post_init__")
        else:
            begin = member_of(cls, "__init__")
        if isinstance(begin, FunctionType):
            self.user_call(node, begin, ([made, *positional], keywords))
        elif positional or keywords:
            self.fail(node, f"{cls.__name__}() takes no arguments", "correct the call")
        fields.made = True
        if self.is_written(cls) or any(v is fields for value in fields.values.values() for v in _fields_in(value)):
            return made
        return Struct(tuple(fields.values.values()), tuple(fields.values), "dataclass", cls)

    def is_written(self, cls: type) -> bool:
        """Return whether an object of a class is written after it was made."""
        return any(key[:2] == (OBJECT, cls) for key in self.shared.rebound)

    def fields_now(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return what the fields of all objects, and lists and dicts in them, hold: a text is read on trial."""
        cells = [(cell, dict(vars(cell)) | {"perhaps": set(cell.perhaps)}) for cell in self.shared.cells.values()]
        return [*((fields, {"values": dict(fields.values)}) for fields in self.shared.objects), *cells]

    def fields_again(self, before: list[tuple[Any, dict[str, Any]]]):
        """Have all of these hold what they did before a trial."""
        for found, values in before:
            vars(found).update(values)

    def makes_written(self, node: ast.AST) -> bool:
        """Return whether a piece of text makes objects that are written: each of them has to be known."""
        names = {n.func.id for n in ast.walk(node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        found = (self.resolve(name)[1] for name in names - self.locals)
        return any(isinstance(cls, type) and self.is_written(cls) for cls in found)

    def is_variable(self, cls: type, name: str) -> bool:
        return (OBJECT, cls, name) in self.shared.rebound

    def read_field_anew(self, cls: type, name: str) -> NoReturn:
        """Have the text read again with a variable for a field, which is written."""
        raise ReadAgain((OBJECT, cls, name))

    # -- fields
    def field_of(self, value: Struct, name: str):
        """Return a field of an object, a namedtuple or a dict; NOT_HERE where it has none of that name."""
        if name == "__class__" and value.make is not None:
            return Obj(value.make)
        if value.kind == OBJECT:
            if name in fields_of(value).failed:
                raise Stop(fields_of(value).failed[name])
            return fields_of(value).values.get(name, NOT_HERE)
        return value.items[value.keys.index(name)] if name in value.keys else NOT_HERE

    def as_it_is(self, value):
        """Return a value in which objects that are written are what they hold now."""
        if not isinstance(value, Struct):
            return value
        if value.kind != OBJECT:
            return replace(value, items=tuple(map(self.as_it_is, value.items)))
        held = {k: self.as_it_is(v) for k, v in fields_of(value).values.items()}
        return Struct(tuple(held.values()), tuple(held), "dataclass", value.make)

    def set_field(self, target: ast.Attribute, value, node):
        """Read `object.name = value`."""
        start = len(self.out)
        owner = self.expr(target.value)
        (value,) = self.as_before(start, [value], node)
        return self.write_to(owner, target, value, node)

    def write_to(self, owner, target: ast.Attribute, value, node):
        """Give a field of an object that has been read a value."""
        if not isinstance(owner, Struct) or owner.make is None or owner.kind not in (OBJECT, "dataclass"):
            self.fail(target, f"cannot assign to {ast.unparse(target)}", "assign to names and array elements")
        cls, name = owner.make, self.mangled(target.attr)
        setter = member_of(cls, name)
        if isinstance(setter, property):
            if setter.fset is None:
                self.fail(target, f"the property {name!r} has no setter", "give it one")
            return self.user_call(node, setter.fset, ([owner, value], {}))
        if dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            self.fail(target, f"{cls.__name__} is frozen, and {name!r} is written", "dataclasses.replace(...)")
        if owner.kind == OBJECT:
            return self.write(fields_of(owner), name, value, target, node)
        if self.is_variable(cls, name):
            self.fail(target, f"the object of {ast.unparse(target)} is not made in this function, and is written",
                      "make a new one of its fields")  # fmt: skip
        raise ReadAgain((OBJECT, cls, name))

    def mangled(self, name: str) -> str:
        """Return a field's name: one that begins with two underscores belongs to the class whose text says it."""
        if not name.startswith("__") or name.endswith("__"):
            return name
        around = self.source.function.__qualname__.split(".<locals>")[0].rpartition(".")[0].rpartition(".")[2]
        return f"_{around.lstrip('_')}{name}" if around else name

    def write(self, fields: Fields, name: str, value, target, node):
        """Write a field; what is refused once is not read again as something else."""
        try:
            return self.written(fields, name, value, target, node)
        except Stop as stop:
            fields.failed[name] = stop.problem
            raise

    def written(self, fields: Fields, name: str, value, target, node):
        """Write a field: into its variable where the object is older than the block that this stands in."""
        if (fields.made or not self.runs_with(fields)) and not self.is_variable(fields.cls, name):
            self.read_field_anew(fields.cls, name)
        old: Any = self.now(fields.values.get(name))
        if is_maybe(old) and not isinstance(value, Struct):
            return self.write_maybe(old, value, target, node)
        if self.runs_with(fields):
            return self.give(fields, name, value, node)
        if name not in fields.values and (not isinstance(value, ir.Expr) or is_text(value)):
            self.fail(target, f"the field {name!r} is new in a branch or loop", "begin with it, say as 0.0")
        if name not in fields.values:  # as a name that is bound there: read elsewhere it may not be there
            return self.give(fields, name, value, node)
        is_none = isinstance(old, Obj) and old.value is None
        if is_none and isinstance(value, ir.Expr) and not is_text(value) and (OBJECT, fields.cls, name, NONE) not in (
            self.shared.rebound):  # fmt: skip
            raise ReadAgain((OBJECT, fields.cls, name, NONE))
        if is_maybe(old):
            return self.write_maybe(old, value, target, node)
        if isinstance(value, Struct) and value.kind == OBJECT:
            return self.bind_field_object(fields, name, old, value, node)
        if any(is_list(v) or isinstance(v, List) for v in (old, value)):
            return self.bind_field_anew(fields, name, old, value, target, node)
        return self.write_parts(old, value, f"the field {name!r}", target, node)

    def write_maybe(self, old: Struct, value, target, node):
        """Write a field that may be None."""
        (number, none), loc = old.items, self.source.loc(node)
        if isinstance(value, Obj) and value.value is None:
            return self.emit(Let(none.id, Const(True), loc))
        if not isinstance(value, ir.Expr) or is_text(value):
            self.fail(target, f"{ast.unparse(target)} is None in one place and no number in another", "use two fields")
        self.emit(Let(number.id, value, loc))
        return self.emit(Let(none.id, Const(False), loc))

    def where_it_is_not_none(self, found, node):
        """Return what a field holds: where it may be None, and nothing asks whether it is, what it is otherwise."""
        return found.items[0] if is_maybe(found) and id(node) not in self.asked_for_none else found

    @cached_property
    def asked_for_none(self) -> set[int]:
        """The fields in the text that are compared with None, or bound to a name."""
        compared = [e for n in self.nodes if isinstance(n, ast.Compare) and len(n.ops) == 1
                    and any(isinstance(e, ast.Constant) and e.value is None for e in (n.left, *n.comparators))
                    for e in (n.left, *n.comparators)]  # fmt: skip
        bound = [n.value for n in self.nodes if isinstance(n, ast.Assign) and len(n.targets) == 1
                 and isinstance(n.targets[0], ast.Name)]  # fmt: skip
        none = [e for e in compared if isinstance(e, ast.Attribute)]
        return {id(e) for e in (*none, *bound)}

    def give(self, fields: Fields, name: str, value, node):
        """Have a field hold a value from here on, under a variable of its own."""
        where, varies = (fields.cls, name), self.is_variable(fields.cls, name)
        fields.values[name] = self.in_variable(where, f"{fields.label}_{name}", value, node, varies)

    def in_variable(self, where: tuple, label: str, value, node, varies: bool):
        """Return what a field, or an item of a list or dict in one, holds: variables for its numbers and arrays.

        `where` are the class, the field and the keys that lead to it; `varies` says that it is written.
        """
        if isinstance(value, List):
            return self.list_in_field(where, label, value, node)
        if is_list(value):
            return self.cell(where, label, value, node)
        if isinstance(value, Struct) and value.kind != OBJECT and not is_maybe(value):
            return self.in_variables(where, label, value, node, varies)
        is_none = isinstance(value, Obj) and value.value is None
        if is_none and len(where) == 2 and (OBJECT, *where, NONE) in self.shared.rebound:
            number, none = self.fresh(label), self.fresh(f"{label}_is_none")
            self.spoken.known[number] = spoken_field(where, label)
            self.shared.fields |= {number, none}
            self.emit(Let(none, Const(True), self.source.loc(node)))
            return maybe_of(Name(number), Name(none))
        plain = isinstance(value, ir.Expr) and not isinstance(value, ir.Slice)
        self.require_unmoved(value, node)
        if not plain or isinstance(value, Const) and (not varies or isinstance(value.value, str)):
            return value
        made = self.fresh(label)
        if varies:
            self.shared.fields.add(made)
        self.spoken.known[made] = spoken_field(where, label)
        self.emit(Let(made, value, self.source.loc(node)))
        return Name(made)

    def update_field(self, node: ast.AugAssign, fn: str):
        """Read `object.name += value`; an array there is written in place."""
        target = node.target
        assert isinstance(target, ast.Attribute), target
        loc = self.source.loc(node)
        owner = self.expr(target.value)
        if not isinstance(owner, Struct):
            self.fail(target, f"cannot assign to {ast.unparse(target)}", "assign to names and array elements")
        found = self.field_of(owner, self.mangled(target.attr))
        old = self.member(target, owner, target.attr) if found is NOT_HERE else found
        old = self.now(old.items[0] if is_maybe(old) else old)
        if is_any_list(old) and fn == "add":
            return self.extended(target, old, node)
        if not isinstance(old, ir.Expr):
            return self.assign(target, self.updated_object(node, old), node)
        start = len(self.out)
        value = self.scalar(node.value)
        (before,) = self.as_before(start, [old], node)
        if isinstance(old, Name) and self.shared.ranks.rank(old) != 0:
            if before is not old or found is not NOT_HERE and self.field_of(owner, self.mangled(target.attr)) != old:
                self.fail(node, "the field is bound anew in what is added to it", "use two statements")
            return self.emit(Let(old.id, Op(fn, (old, value), INPLACE), loc))
        return self.write_to(owner, target, Op(fn, (before, value), (), loc), node)

    def updated_object(self, node: ast.AugAssign, old):
        """Return what a field becomes that holds an object or a tuple: what its class says, or an operation gives."""
        target = node.target
        assert isinstance(target, ast.Attribute), target
        found = self.in_place_by_class(node, old)
        if found is not NOT_HERE:
            return found
        called = any(isinstance(n, ast.Call) for n in ast.walk(target))  # it would be called twice
        if called or not isinstance(old, Struct) or is_any_list(old) or old.kind == "dict":
            self.fail(target, f"{ast.unparse(target)} is no number and no array, and is updated", "assign a new one")
        read = ast.copy_location(ast.Attribute(target.value, target.attr, ast.Load()), target)
        return self.expr(ast.copy_location(ast.BinOp(read, node.op, node.value), node))

    # -- which object it is
    def same_object(self, left, right) -> bool | None:
        """Return whether two values are one object; None where they are no objects made here."""
        classes = [v.make for v in (left, right) if isinstance(v, Struct) and v.kind in (OBJECT, "dataclass")]
        if len(classes) == 2 and all(v.kind == OBJECT for v in (left, right)):
            return left == right
        unread = [cls for cls in classes if cls is not None and not self.is_written(cls)]
        if unread:
            raise ReadAgain((OBJECT, unread[0], ""))
        return None

    def are_objects(self, left, right, node) -> bool:
        """Return whether two values are objects that are equal only where they are the same."""
        classes = [v.make for v in (left, right) if isinstance(v, Struct) and v.kind in (OBJECT, "dataclass")]
        plain = [cls for cls in classes if getattr(cls, "__eq__", None) is object.__eq__]
        if any(v.kind == OBJECT for v in (left, right) if isinstance(v, Struct)) and len(plain) < len(classes):
            self.fail(node, "objects whose fields are written are compared", "compare their fields")
        return len(classes) == 2 and len(plain) == 2

    def by_own_equality(self, node, op, left, right):
        """Return a comparison by a class that says what is equal; NOT_HERE for all others."""
        cls = left.make if isinstance(left, Struct) else None
        own = member_of(cls, "__eq__") if cls is not None else None
        if not isinstance(own, FunctionType):
            return NOT_HERE
        if member_of(cls, "__ne__") is not None:
            self.fail(node, f"{cls.__name__} has an __ne__ of its own", "leave it out: `!=` is not `==`")
        test = self.user_call(node, own, ([left, right], {}))
        test = test if isinstance(test, ir.Expr) else self.fail(node, "__eq__ gives no truth value", "return one")
        if isinstance(op, ast.Eq):
            return test
        return Const(not test.value) if isinstance(test, Const) else Op("not", (test,), (), self.source.loc(node))

    def by_own_order(self, node, op, left, right):
        """Return `<` and its like by a class that says what is less, the left one's first; NOT_HERE for all others."""
        names = _ORDER.get(type(op), ())
        for name, value, other in zip(names, (left, right), (right, left), strict=False):
            cls = value.make if isinstance(value, Struct) else None
            own = member_of(cls, name) if cls is not None else None
            if isinstance(own, FunctionType):
                return self.leaf(self.user_call(node, own, ([value, other], {})), node)
        return NOT_HERE

    def by_special(self, node, value, *names: str):
        """Return what the first special method gives that the class of an object has; NOT_HERE where it has none."""
        cls = value.make if isinstance(value, Struct) else None
        own = next((m for n in names if cls is not None and (m := member_of(cls, n)) is not None), None)
        return self.user_call(node, own, ([value], {})) if isinstance(own, FunctionType) else NOT_HERE

    def is_kept(self, value) -> bool:
        """Return whether a value holds an object of a class that is not made of its fields."""
        if not isinstance(value, Struct):
            return False
        fields = [f.name for f in dataclasses.fields(value.make)] if dataclasses.is_dataclass(value.make) else None
        plain = value.kind == "dataclass" and value.make is not None and list(value.keys) != fields
        return plain or value.kind == OBJECT or any(map(self.is_kept, value.items))

    # -- methods
    def of_base_class(self, node: ast.Call):
        """Return the value of `super().method(...)`; NOT_HERE for any other call."""
        f = node.func
        call = f.value if isinstance(f, ast.Attribute) else None
        plain = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "super"
        if not plain or not isinstance(f, ast.Attribute) or not isinstance(call, ast.Call) or call.args:
            return NOT_HERE
        function, args = self.source.function, getattr(self.node, "args", None)
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        owner = self.env.get(args.args[0].arg) if args is not None and args.args else None
        if "__class__" not in cells or not isinstance(owner, Struct) or owner.make is None:
            return NOT_HERE
        above = owner.make.__mro__
        above = above[above.index(cells["__class__"].cell_contents) + 1 :]
        if f.attr == "__init__" and above[0] is object:
            return Obj(None)
        found = next((vars(c)[f.attr] for c in above if isinstance(vars(c).get(f.attr), FunctionType)), None)
        if found is None:
            self.fail(node, f"{ast.unparse(f)} does not exist", "check the name")
        return self.user_call(node, found, self.values_of(node, [owner]))


def spoken_field(where: tuple, label: str) -> str:
    """Return how text reads what stands under a label.

    >>> spoken_field((dict, "state", "cash"), "account_state_cash")
    "account.state['cash']"
    """
    owner = label.removesuffix("".join(f"_{key}" for key in where[1:]))
    return f"{owner}.{where[1]}" + "".join(f"[{key!r}]" for key in where[2:])


def fields_of(value: Struct) -> Fields:
    """Return what an object that is written holds."""
    found = value.items[0].value
    assert isinstance(found, Fields), value
    return found


def _fields_in(value):
    """Yield the fields of the objects that stand in a value."""
    if isinstance(value, Struct):
        for item in value.items:
            yield from _fields_in(item)
    elif isinstance(value, Obj) and isinstance(value.value, Fields):
        yield value.value
