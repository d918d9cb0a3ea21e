"""Read calls of Python's builtins: of generators, of items known when the text is read, and of arrays."""

from __future__ import annotations

import ast
import dataclasses
import functools
import itertools
import math

import numpy as np

from .. import library
from ..language import ir
from ..language.ir import Const, Let, Name, Op
from ..language.lists import AS_LIST
from .expressions import NOT_HERE, OBJECT, ExpressionReader, List, Obj, ShapeOf, Struct, is_text
from .members import is_users_class
from .trips import PICKING

_OF_GENERATORS = (sum, max, min, any, all, list, tuple)
_READERS = (
    (len, "length"), (slice, "slice_of"), (isinstance, "is_instance"), (callable, "is_callable"), (pow, "power"),
    (range, "known_range"), (sorted, "sorted_items"), (functools.reduce, "reduced"),
    (itertools.accumulate, "accumulated"), (set, "constant_set"), (frozenset, "constant_set"),
    (zip, "transposed"), (type, "exact_type"), (np.isscalar, "is_scalar"),
)  # fmt: skip
# what gives items to a loop and is no value of its own
_LAZY = (
    zip, enumerate, reversed, itertools.product, itertools.pairwise, *PICKING,
    itertools.chain, itertools.islice,
)  # fmt: skip
# what they take besides their items
_OPTIONS: dict[object, tuple[str, ...]] = {sum: ("start",), max: ("key", "default"), min: ("key", "default")}

# methods of texts that give texts and numbers
_OF_TEXT = frozenset({
    "startswith", "endswith", "removeprefix", "removesuffix", "lower", "upper", "strip", "lstrip", "rstrip", "split",
    "replace", "count", "find", "isdigit", "isalpha",
})  # fmt: skip


class _Tuples(Exception):
    """What is compared turns out to be tuples."""


class BuiltinReader(ExpressionReader):
    """Reads them; `NOT_HERE` says that a call is none of these, or one of arithmetic."""

    def builtin_call(self, node, f):
        """Return the value of a call of a builtin of Python that is no arithmetic."""
        node = self.with_generator(node, f)
        reader = next((name for g, name in _READERS if g is f), None)
        if reader is not None:
            return getattr(self, reader)(node)
        if f in (float, int, round):
            return self.converted_text(node, f)
        if f is str and len(node.args) == 1 and not node.keywords:
            return Const(self.text_of(self.expr(node.args[0]), node))
        if f in (max, min) and node.keywords:
            return self.extreme(node, f)
        if node.args and isinstance(node.args[0], ast.GeneratorExp) and f in _OF_GENERATORS:
            return self.of_generator(node, f)
        if f is dict and node.keywords:
            named = [k.arg and ast.copy_location(ast.Constant(k.arg), k.value) for k in node.keywords]
            first = [ast.copy_location(ast.Call(node.func, [a], []), a) for a in node.args]
            given = [*first, *(k.value for k in node.keywords)]
            return self.expr(ast.copy_location(ast.Dict([*(None for _ in node.args), *named], given), node))
        if f is dict and node.args:
            return self.dict_of(node)
        if f in (list, tuple, dict) and not node.keywords:
            return self.container(node, f)
        if f in (sum, max, min, any, all) and (len(node.args) == 1 or f is sum):
            value, *start = self.positional(node)
            value = self.list_of_complex(self.opened(self.gone_through(value, node), node))
            if f in (max, min) and self.is_of_tuples(value):
                return self.first_in_order(self.text_for(value, node), None, f, node)
            if self.is_complex(value) and f is sum and self.axes_of(value.items[0]) == 1:
                return self.by_parts(node, np.sum, [value], {})
            if self.is_complex(value):
                return self.leaf(value, node)
            if isinstance(value, Struct):
                return self.of_items(value, f, node, *start)
            return self.of_array(value, f, node, *start)
        if f in (max, min) and any(map(self.is_sequence, node.args)):
            found = Struct(tuple(self.in_order(node.args)), tuple(range(len(node.args))))
            if not all(isinstance(v, Struct) for v in found.items):
                self.fail(node, f"{f.__name__}() of lists is not supported", "compare their items")
            return self.first_in_order(self.text_for(found, node), None, f, node)
        if f is math.fsum and node.args and isinstance(node.args[0], ast.GeneratorExp):
            return self.of_generator(node, sum)
        if f is math.fsum:
            return self.array_call(node, "np.sum", self.positional(node), {})
        if isinstance(f, type) and (issubclass(f, tuple) and hasattr(f, "_fields") or dataclasses.is_dataclass(f)):
            return self.construct(node, f)
        if is_users_class(f):
            return self.made_object(node, f)
        return self.replaced_fields(node) if f is dataclasses.replace and node.args else NOT_HERE

    def with_generator(self, node, f):
        """Return a call whose items come from `map` or `filter` as one of a generator, `start` as its second argument.

        An option that is not known is refused.
        """
        if f not in _OF_GENERATORS:
            return node
        unknown = [k.arg for k in node.keywords if k.arg not in _OPTIONS.get(f, ())]
        if unknown:
            self.refuse_option(node, unknown[0])
        args, keywords = [self.as_generator(a) for a in node.args[:1]] + node.args[1:], node.keywords
        if args and self.called_object(args[0]) in _LAZY:
            args[0] = self.each_of(args[0], node)
        if f is sum and keywords:
            args, keywords = [*args, keywords[0].value], []
        return ast.copy_location(ast.Call(node.func, args, keywords), node)

    def as_generator(self, node):
        """Return a call of `map`, `filter` or their likes as the generator that it is, anything else as it stands."""
        f = self.called_object(node)
        if f == itertools.chain.from_iterable and len(node.args) == 1 and not node.keywords:
            row, item = self.fresh("row"), self.fresh("item")
            loops = [(ast.Name(row, ast.Store()), node.args[0]), (ast.Name(item, ast.Store()), _read(row))]
            return _generator(_read(item), [ast.comprehension(*loop, [], 0) for loop in loops], node)
        if f not in (map, filter, itertools.starmap) or len(node.args) < 2 or node.keywords:
            return node
        function, *sources = node.args
        names = [self.fresh("item") for _ in sources]
        items: list[ast.expr] = list(map(_read, names))
        targets: list[ast.expr] = [ast.Name(n, ast.Store()) for n in names]
        target = targets[0] if len(targets) == 1 else ast.Tuple(targets, ast.Store())
        source = sources[0] if len(sources) == 1 else ast.Call(ast.Name("zip", ast.Load()), sources, [])
        given = [ast.Starred(items[0], ast.Load())] if f is itertools.starmap else items
        applied = ast.Call(function, given, [])
        elt, tests = (items[0], [applied]) if f is filter else (applied, [])
        return _generator(elt, [ast.comprehension(target, source, tests, 0)], node)

    # -- of items
    def is_of_tuples(self, value) -> bool:
        """Return whether a list or tuple is one of tuples."""
        known = isinstance(value, Struct) and any(isinstance(v, Struct) for v in value.items)
        return known or isinstance(value, List) and self.has_tuples(value)

    def of_items(self, value: Struct, f, node, *start):
        """Return sum, max, min, any or all of known items."""
        loc = self.source.loc(node)
        items = [*start, *(map(Const, value.keys) if value.kind == "dict" else value.items)]
        if f in (any, all):
            tests = [lambda v=v: v for v in items]
            return self.chain("or" if f is any else "and", tests, node) if tests else Const(f is all)
        if not items:
            return Const(0) if f is sum else self.fail(node, f"{f.__name__}() of nothing", "give it items")
        if f is sum and any(isinstance(v, Struct) and v.make is not None for v in items):
            return functools.reduce(lambda a, b: self.added(node, a, b), items if start else [Const(0), *items])
        if f is sum and any(map(self.is_complex, items)):
            return functools.reduce(lambda a, b: self.operated(node, ast.Add, self.promoted(a, node), b), items)
        found = self.leaf(items[0], node)
        for v in items[1:]:
            found = Op("add" if f is sum else f.__name__, (found, self.leaf(v, node)), (), loc)
        return found

    def added(self, node, a, b):
        """Return `a + b`, where an object may say what that is."""
        found = self.by_class(node, ast.Add, a, b)
        if found is not NOT_HERE:
            return found
        return Op("add", (self.leaf(a, node), self.leaf(b, node)), (), self.source.loc(node))

    def of_array(self, value, f, node, *start):
        """Return sum, max, min, any or all of an array: Python runs through its first axis."""
        value = self.array_of_list(value, node) if isinstance(value, List) else value
        rank = self.shared.ranks.rank(value) if isinstance(value, ir.Expr) else 1
        if f is not sum and (rank or 0) > 1:
            self.fail(node, f"{f.__name__}() compares the rows of an array", f"np.{f.__name__}")
        if f in (any, all):
            return self.user_call(node, np.any if f is any else np.all, ([value], {}))
        options = {"axis": Const(0)} if f is sum and rank != 1 else {}
        found = self.array_call(node, f"np.{f.__name__}", [value], options)
        return Op("add", (self.leaf(start[0], node), found), (), self.source.loc(node)) if start else found

    def extreme(self, node, f):
        """Return the greatest or least item by a key, the first of equals, or the default where there is none."""
        loc, options = self.source.loc(node), {k.arg: k.value for k in node.keywords}
        best, by, found = (self.fresh(n) for n in ("best", "best_key", "found"))
        default = self.scalar(options["default"]) if "default" in options else None
        items = node.args[0] if len(node.args) == 1 else ast.copy_location(ast.Tuple(node.args, ast.Load()), node)
        if not isinstance(items, ast.GeneratorExp):
            items = self.each_of(items, node)
        env, out, start, depth, objects = dict(self.env), self.out, len(self.out), self.depth, self.fields_now()
        sure, flagged = False, False

        def take(value, key):
            self.emit(Let(best, value, loc))
            self.emit(Let(by, key, loc))

        def look():
            nonlocal sure, flagged
            value = self.hold(self.expr(items.elt), node)
            key = self.hold(self.applied(options["key"], value, node), node) if "key" in options else value
            if isinstance(value, Struct) or isinstance(key, Struct):
                raise _Tuples
            value, key = self.leaf(value, node), self.leaf(key, node)
            if self.depth == depth and not sure and not flagged:
                sure = True
                return take(value, key)
            better = Op("gt" if f is max else "lt", (key, Name(by)))
            if not sure:
                flagged, better = True, Op("or", (Op("not", (Name(found),)), better))
            body = [Let(best, value, loc), Let(by, key, loc)]
            self.emit(ir.If(better, (*body, Let(found, Const(True), loc)) if not sure else tuple(body), (), loc))

        try:
            self.run_through(items, look)
        except _Tuples:
            self.fields_again(objects)
            self.env, self.out = env, out
            del self.out[start:]
            made = ast.copy_location(ast.ListComp(items.elt, items.generators), node)
            return self.first_in_order(made, options.get("key"), f, node)
        if sure:
            return Name(best)
        if not flagged:
            return default if default is not None else self.fail(node, f"{f.__name__}() of nothing", "give it items")
        first = default if default is not None else Const(0)
        self.out[start:start] = [Let(found, Const(False), loc), Let(best, first, loc), Let(by, Const(0), loc)]
        if default is None:
            empty = ir.Raise("ValueError", (Const(f"{f.__name__}() iterable argument is empty ({loc.place})"),), loc)
            self.emit(ir.If(Op("not", (Name(found),)), (empty,), (), loc))
        return Name(best)

    def applied(self, function: ast.expr, value, node):
        """Return what a function, given as text, returns for a value."""
        name = self.fresh("item")
        self.env[name] = value
        call = ast.copy_location(ast.Call(function, [ast.copy_location(ast.Name(name, ast.Load()), node)], []), node)
        try:
            return self.expr(call)
        finally:
            del self.env[name]

    def each_of(self, items: ast.expr, node) -> ast.GeneratorExp:
        """Return the generator of the items of something."""
        name = self.fresh("item")
        target, item = ast.Name(name, ast.Store()), ast.Name(name, ast.Load())
        made = ast.GeneratorExp(item, [ast.comprehension(target, items, [], 0)])
        for n in (target, item, made):
            ast.copy_location(n, node)
        return made

    def sorted_items(self, node):
        """Return `sorted` of numbers as a list: the elements of an array in order."""
        key = next((k.value for k in node.keywords if k.arg == "key"), None)
        options = {k.arg: self.expr(k.value) for k in node.keywords if k.arg != "key"}
        if len(node.args) != 1:
            self.fail(node, "sorted() takes one argument", "correct the call")
        backward = options.get("reverse", Const(False))
        if not isinstance(backward, Const):
            self.fail(node, "this option must be known when the function is read", "write a constant")
        if key is not None and not (isinstance(key, ast.Constant) and key.value is None):
            return self.sorted_by_key(node, key, bool(backward.value))
        known = self.known_order(node.args[0])
        if known is not None:
            known = known[::-1] if backward.value else known
            return Struct(tuple(known), tuple(range(len(known))), "list")
        taken = self.with_generator(ast.copy_location(ast.Call(node.func, node.args, []), node), list)
        generator = isinstance(taken.args[0], ast.GeneratorExp)
        items = self.of_generator(taken, list) if generator else self.container(taken, list)
        if self.is_of_tuples(items):
            call = ast.copy_location(ast.Call(node.func, [self.text_for(items, node)], []), node)
            return self.sorted_by_key(call, itself(node), bool(backward.value))
        array = self.array_of_list(items, node) if isinstance(items, List) else self.as_array(items, node)
        if self.shared.ranks.rank(array) not in (1, None):
            self.fail(node, "sorted() of tuples or rows is not supported", "give a key: key=lambda p: p[0]")
        value, loc = self.user_call(node, np.sort, ([array], {})), self.source.loc(node)
        if backward.value:
            value = Op("copy", (ir.Sub(value, (ir.Slice(None, None, Const(-1)),)),), (), loc)
        made, kind = Name(self.fresh("items")), self.shared.ranks.kind(value)
        value = self.undone(value) if kind is not None and kind.is_float else Op("copy", (value,), AS_LIST, loc)
        self.emit(Let(made.id, value, loc))
        return List(made, Op("len", (made,)), full=True)

    def reduced(self, node):
        """Return `functools.reduce(f, items, first)`, by a loop."""
        function, items, *first = node.args
        total, item = self.fresh("total"), self.fresh("item")

        def at(n):
            return ast.copy_location(n, node)

        if not first:
            name = self.fresh("items")
            self.env[name] = self.hold(self.unpacked(items), node)
            items = at(ast.Name(name, ast.Load()))
            first = [at(ast.Subscript(items, at(ast.Constant(0)), ast.Load()))]
            items = at(ast.Subscript(items, at(ast.Slice(at(ast.Constant(1)))), ast.Load()))
        self.assign_name(total, self.scalar(first[0]), node)
        call = at(ast.Call(function, [at(ast.Name(n, ast.Load())) for n in (total, item)], []))
        body = [at(ast.Assign([at(ast.Name(total, ast.Store()))], call))]
        self.stmt_for(at(ast.For(at(ast.Name(item, ast.Store())), items, body, [])))
        return self.expr(at(ast.Name(total, ast.Load())))

    # -- of values
    def power(self, node):
        values = list(self.bound(node, pow).values())
        if len(values) > 2:
            self.fail(node, "pow() with a modulus is not supported", "write x**y % z")
        return Op("pow", tuple(self.leaf(v, node) for v in values), (), self.source.loc(node))

    def converted_text(self, node, f):
        """Return the number that a constant text stands for; `NOT_HERE` where a number is converted."""
        if f is round:
            return self.rounded(node)
        root = node.args[0] if len(node.args) == 1 else None
        while isinstance(root, ast.Call | ast.Attribute | ast.Subscript):
            root = root.func if isinstance(root, ast.Call) else root.value
        of_text = isinstance(root, ast.Constant | ast.Name) and is_text(self.expr(root))
        value = self.expr(node.args[0]) if of_text else None
        if value is None or not is_text(value):
            return NOT_HERE
        try:
            return Const(f(value.value), self.source.loc(node))
        except ValueError as e:
            self.fail(node, str(e), "write a number")

    def rounded(self, node):
        """Return a number with so many decimals; `NOT_HERE` for a whole number."""
        given = [*node.args[1:], *(k.value for k in node.keywords)]
        if not given:
            return NOT_HERE
        values = list(self.bound(node, round).values())
        if isinstance(values[1], Obj) and values[1].value is None:
            return self.expr(ast.copy_location(ast.Call(node.func, node.args[:1], []), node))
        kind = self.shared.ranks.kind(self.leaf(values[0], node))
        if kind is not None and kind.rank:
            self.fail(node, "round() of an array, which Python does not have", "np.round(x, decimals)")
        of_numpy = kind is not None and kind.is_numpy
        return self.user_call(node, np.round if of_numpy else library.numbers.round_decimal, (values, {}))

    def text_method(self, node, text: str, name: str):
        """Return what a method of a text that is known gives: known as well."""
        given = [v.value if isinstance(v, Const) else None for v in self.positional(node)]
        if name not in _OF_TEXT or node.keywords or None in given:
            self.fail(node, f"method .{name}() of a text is not supported", "keep text outside")
        found = getattr(text, name)(*given)
        items = tuple(map(Const, found)) if isinstance(found, list) else ()
        return Struct(items, tuple(range(len(items))), "list") if isinstance(found, list) else Const(found)

    def length(self, node):
        value = self.expr(node.args[0])
        value = value if isinstance(value, ShapeOf) else self.opened(value, node)
        value = self.whole_number(value).items[0] if self.is_complex(value) else value
        if isinstance(value, ir.Expr) and self.shared.ranks.rank(value) == 0 and not is_text(value):
            self.fail(node, "len() of a number", "give it an array, a list or a tuple")
        found = self.by_special(node, value, "__len__")
        if found is not NOT_HERE:
            return found
        if isinstance(value, Struct) and value.kind in (OBJECT, "dataclass"):
            self.fail(node, "len() of an object that has no __len__", "count its fields yourself")
        if isinstance(value, Struct):
            return Const(len(value.items))
        if isinstance(value, List):
            return value.count
        if isinstance(value, Const) and isinstance(value.value, str):
            return Const(len(value.value))
        if isinstance(value, ShapeOf):
            return self.axes_count(value.array, node)
        return Op("len", (self.leaf(value, node),), (), self.source.loc(node))

    def known_range(self, node, *otherwise):
        """Return a range that is no loop's as the tuple of its items; where it is unknown `otherwise`, or an array."""
        values = self.positional(node)
        ends = [self.integer(v) if isinstance(v, ir.Expr) else None for v in values]
        if ends[2:] == [0]:
            self.fail(node, "range() with a step of 0", "give it another step")
        if None in ends or not 1 <= len(ends) <= 3:
            if otherwise:
                return otherwise[0]
            kinds = [self.shared.ranks.kind(v) if isinstance(v, ir.Expr) else None for v in values]
            if not 1 <= len(ends) <= 3 or any(k is None or not k.is_int or k.rank for k in kinds):
                self.fail(node, "a range of other than whole numbers", "give it integers, or use np.arange")
            return self.with_values(node, np.arange, values, {})
        items = tuple(map(Const, range(*(n for n in ends if n is not None))))
        return Struct(items, tuple(range(len(items))))

    def container(self, node, make):
        """Read `list` and `tuple` of what is known when the text is read, or a list of an array."""
        if not node.args:
            return Struct((), (), make.__name__)
        items = node.args[0]
        value = self.known_range(items, None) if self.called_object(items) is range else self.expr(items)
        if value is not None:
            value = self.opened(self.gone_through(value, node), node)
            if isinstance(value, Struct) and value.kind != "dict" and not self.is_complex(value):
                return Struct(value.items, tuple(range(len(value.items))), make.__name__)
            name = self.fresh("items")
            self.env[name] = value if isinstance(value, Name) else self.hold(value, node)
            items = ast.copy_location(ast.Name(name, ast.Load()), node)
        found = self.iterable(items, node)
        if isinstance(found, Struct):
            return Struct(found.items, tuple(range(len(found.items))), make.__name__)
        if make is tuple:
            self.fail(node, "a tuple of what is known only at run time is not supported", "use an array")
        made = self.each_of(items, node)
        return self.expr(ast.copy_location(ast.ListComp(made.elt, made.generators), node))


def itself(node) -> ast.expr:
    """Return the text of a function that gives what it is given, at the place of a piece of text."""
    made = ast.parse("lambda item: item", mode="eval").body
    for n in ast.walk(made):
        ast.copy_location(n, node)
    return made


def _read(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _generator(elt: ast.expr, loops: list[ast.comprehension], node) -> ast.GeneratorExp:
    """Return a generator where a call stands."""
    made = ast.GeneratorExp(elt, loops)
    for n in ast.walk(made):
        if not hasattr(n, "lineno"):
            ast.copy_location(n, node)
    return made
