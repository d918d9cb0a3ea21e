"""Read what makes lists of arrays and of other lists: running results, orders by a key, the rest behind a star."""

from __future__ import annotations

import ast
import math
from types import FunctionType

import numpy as np

from ..language import ir
from ..language.ir import Const, Let, Name, Op
from ..language.lists import AS_LIST
from ..rules import elementwise
from .builtin_calls import itself
from .expressions import NOT_HERE, OBJECT, ExpressionReader, List, Obj, Places, Struct
from .members import member_of, order_of
from .parts import is_plain
from .source import python_function


class SequenceReader(ExpressionReader):
    """Reads them as the loops and sorts that they are."""

    # what `Reader` sets up
    env: dict

    def text_for(self, value, node, base="items") -> ast.Name:
        """Return the text of a new name that stands for a value."""
        name = self.fresh(base)
        self.env[name] = value
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def is_sequence(self, e: ast.expr) -> bool:
        """Return whether an expression is a tuple, list or object, as its text or a name shows."""
        value = self.expr(e) if is_plain(e) else None
        tuples = isinstance(value, Struct) and value.kind in ("tuple", "list", "namedtuple", OBJECT, "dataclass")
        return tuples or isinstance(value, List) or isinstance(e, ast.Tuple | ast.List)

    def as_list(self, items: ast.expr, node) -> Struct | List:
        """Return the items of anything as a list."""
        call = ast.copy_location(ast.Call(self.text_for(Obj(list), node, "list"), [items], []), node)
        return self.expr(call)

    def accumulated(self, node) -> List:
        """Return `itertools.accumulate(items, f, initial=first)` as a list."""
        options = {k.arg: k.value for k in node.keywords}
        if not 1 <= len(node.args) <= 2 or set(options) - {"func", "initial"}:
            self.fail(node, "these arguments of accumulate() are not supported", "accumulate(items, f, initial=first)")
        function = options.get("func", node.args[1] if len(node.args) > 1 else None)
        total, item = self.fresh("total"), self.fresh("item")

        def at(n):
            return ast.copy_location(n, node)

        held = self.text_for(self.as_list(node.args[0], node), node)
        start: ast.expr = at(ast.Subscript(held, at(ast.Constant(0)), ast.Load()))
        rest: ast.expr = at(ast.Subscript(held, at(ast.Slice(at(ast.Constant(1)))), ast.Load()))
        if not _is_left_out(options.get("initial")):
            start, rest = options["initial"], held
        made = self.new_list(self.fresh("items"), Struct((), (), "list"), node, own=False)
        self.assign_name(total, self.scalar(start), node)
        now, append = at(ast.Name(total, ast.Load())), self.text_for(made, node)
        self.push(made, self.expr(now), node)
        pair = [now, at(ast.Name(item, ast.Load()))]
        added = ast.BinOp(pair[0], at(ast.Add()), pair[1])
        value = at(added if function is None or _is_left_out(function) else ast.Call(function, pair, []))
        body = [at(ast.Assign([at(ast.Name(total, ast.Store()))], value)),
                at(ast.Expr(at(ast.Call(at(ast.Attribute(append, "append", ast.Load())), [now], []))))]  # fmt: skip
        self.stmt_for(at(ast.For(at(ast.Name(item, ast.Store())), rest, body, [])))
        return made

    def sorted_by_key(self, node, key: ast.expr, backward: bool, method="__lt__") -> List:
        """Return `sorted(items, key=f)`: the items in the order of their keys, equal ones as they stand."""
        items = self.as_list(node.args[0], node)
        if isinstance(items, Struct) and any(isinstance(v, Struct) for v in items.items):
            items = self.new_list(self.fresh("items"), items, node, own=False)
        held, function = self.text_for(items, node), self.text_for(self.expr(key), node, "key")
        one, place = (ast.copy_location(ast.Name(self.fresh(n), ast.Load()), node) for n in ("item", "place"))

        def at(n):
            return ast.copy_location(n, node)

        def each(made: ast.expr, name: ast.Name, source: ast.expr) -> ast.ListComp:
            target = at(ast.Name(name.id, ast.Store()))
            return at(ast.ListComp(made, [ast.comprehension(target, source, [], 0)]))

        given = self.expr(each(at(ast.Call(function, [one], [])), one, held))
        own = self.order_by_class(given, method, node)
        if own is not None:
            given = self.expr(each(at(ast.Call(own, [one], [])), one, self.text_for(given, node)))
        keys = self.key_columns(given, node)
        turned = (ir.Slice(None, None, Const(-1)),)
        if backward:  # equal ones stand as before: both the keys and their order are turned round
            keys = [ir.Sub(self.hold(k, node), turned) for k in keys]
        if len(keys) > 1:  # the last key of `lexsort` is the first to tell
            given = Struct(tuple(keys[::-1]), tuple(range(len(keys))))
            order = self.hold(self.user_call(node, np.lexsort, ([given], {})), node, "order")
        else:
            order = self.hold(self.user_call(node, np.argsort, (keys, {"kind": Const("stable")})), node, "order")
        if backward:
            last = Op("sub", (Op("len", (order,)), Const(1)))
            order = self.hold(Op("sub", (last, ir.Sub(order, turned))), node, "order")
        chosen = at(ast.Subscript(held, place, ast.Load()))
        return self.expr(each(chosen, place, self.text_for(order, node, "order")))

    def order_by_class(self, keys: Struct | List, method: str, node) -> ast.expr | None:
        """Return the key by which objects are in order as their class says it; None for numbers and plain tuples."""
        of_list = isinstance(keys, List) and self.has_tuples(keys)
        forms = [self.item_read(keys, self.whole(keys))] if of_list else getattr(keys, "items", ())
        classes = {v.make for v in forms if isinstance(v, Struct) and v.make is not None
                   and (v.kind != "namedtuple" or isinstance(member_of(v.make, method), FunctionType))}  # fmt: skip
        if not classes:
            return None
        key = order_of(classes.pop(), method)
        if key is None or classes:
            self.fail(node, "objects are put in an order that no comparison of one key in their class gives",
                      "give a key: key=lambda item: ...")  # fmt: skip
        for n in ast.walk(key):
            ast.copy_location(n, node)
        return key

    def first_in_order(self, items: ast.expr, key: ast.expr | None, f, node):
        """Return the greatest or least of tuples, or by a key that is one: the first of equals."""
        call = ast.copy_location(ast.Call(node.func, [items], []), node)
        found = self.sorted_by_key(call, key or itself(node), f is max, "__gt__" if f is max else "__lt__")
        first = ast.Subscript(self.text_for(found, node), ast.copy_location(ast.Constant(0), node), ast.Load())
        return self.expr(ast.copy_location(first, node))

    def key_columns(self, keys: Struct | List, node) -> list[ir.Expr]:
        """Return the keys of an order as arrays: one, or where they are tuples one for each of their parts."""
        columns: list
        if isinstance(keys, List) and self.has_tuples(keys):
            form = self.item_read(keys, self.whole(keys))
            columns = list(form.items)
        elif isinstance(keys, Struct) and any(isinstance(k, Struct) for k in keys.items):
            rows = [k.items if isinstance(k, Struct) else () for k in keys.items]
            parts = [Struct(c, tuple(range(len(c))), "list") for c in zip(*rows, strict=False)]
            columns = [self.as_array(p, node) if all(map(self.is_number, p.items)) else None for p in parts]
        else:
            columns = [self.as_array(keys, node)]
        if not columns or not all(isinstance(c, ir.Expr) and self.shared.ranks.rank(c) in (None, 1) for c in columns):
            self.fail(node, "a key that is neither a number nor a tuple of numbers is not supported",
                      "order by numbers")  # fmt: skip
        return columns

    def arrays_side_by_side(self, node) -> list[ir.Expr] | None:
        """Return the arrays of places that a loop over `zip(*np.nonzero(a))` runs through together, else None."""
        star = node.args[0] if len(node.args) == 1 and isinstance(node.args[0], ast.Starred) else None
        f = self.called_object(star.value) if star is not None and isinstance(star.value, ast.Call) else None
        if star is None or not any(f is g for g in (np.nonzero, np.where, np.triu_indices, np.tril_indices)):
            return None
        found = self.expr(star.value)
        if isinstance(found, Places):
            mask = self.hold(found.mask, node)
            axes = range(self.shared.ranks.rank(mask) or 0)
            return [self.hold(Op("np.nonzero", (mask,), (("axis", k),), self.source.loc(node)), node) for k in axes]
        return [self.hold(v, node) for v in found.items] if isinstance(found, Struct) else None

    def transposed(self, node):
        """Return `zip(*rows)` as a tuple of the columns of known rows, or of a list of tuples; else `NOT_HERE`."""
        star = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if not isinstance(star, ast.Starred):
            return NOT_HERE
        rows = self.expr(star.value)
        if isinstance(rows, List) and self.has_tuples(rows):
            form = self.item_read(rows, self.whole(rows))
            if all(isinstance(column, ir.Expr) and self.shared.ranks.rank(column) == 1 for column in form.items):
                columns = tuple(self.copied_items(column, node) for column in form.items)
                return Struct(columns, tuple(range(len(columns))))
        if not isinstance(rows, Struct) or any(not isinstance(row, Struct) for row in rows.items):
            self.fail(node, "zip(*rows) of other than tuples of numbers is not supported",
                      "make an array: np.array(rows).T")  # fmt: skip
        made = [Struct(items, tuple(range(len(items)))) for items in zip(*(r.items for r in rows.items), strict=False)]
        return Struct(tuple(made), tuple(range(len(made))))

    def with_list(self, node: ast.Call, f) -> ast.Call:
        """Return a call of a function of numbers with a list in place of a generator."""
        first = node.args[0] if node.args and getattr(f, "__module__", "") in ("math", "statistics") else None
        given = isinstance(first, ast.Call | ast.GeneratorExp) and f is not math.fsum
        made = self.as_generator(first) if given else None
        if not isinstance(made, ast.GeneratorExp):
            return node
        items = ast.copy_location(ast.ListComp(made.elt, made.generators), made)
        return ast.copy_location(ast.Call(node.func, [items, *node.args[1:]], node.keywords), node)

    def known_order(self, items: ast.expr) -> list | None:
        """Return items in order where that is known when the text is read: names of a dict, pairs that have these."""
        value = self.expr(items) if is_plain(items) or _is_of_dict(items) or _is_display(items) else None
        if not isinstance(value, Struct):
            return None
        found = list(map(Const, value.keys)) if value.kind == "dict" else list(value.items)
        if any(isinstance(v, Struct) and v.kind in (OBJECT, "dataclass") for v in found):
            return None
        by = [v.items[0] if isinstance(v, Struct) and v.items else v for v in found]
        known = [v.value for v in by if isinstance(v, Const)]
        pairs = any(isinstance(v, Struct) for v in found)
        if len(known) < len(found) or len({type(v) for v in known}) > 1 or pairs and len(set(known)) < len(known):
            return None
        return [found[k] for k in sorted(range(len(found)), key=known.__getitem__)]

    def list_of_array(self, node, array: ir.Expr) -> List:
        """Return `a.tolist()` of an array with one axis."""
        if self.shared.ranks.rank(array) != 1:
            self.fail(node, "tolist() of an array that has not one axis", "loop over the array itself")
        return self.copied_items(array, node)

    def copied_items(self, array: ir.Expr, node) -> List:
        """Return the elements of an array as a list."""
        made, loc = Name(self.fresh("items")), self.source.loc(node)
        self.emit(Let(made.id, Op("copy", (array,), AS_LIST, loc), loc))
        return List(made, Op("len", (made,)), full=True)

    def items_at_star(self, target: ast.Tuple | ast.List, value, node) -> list:
        """Return the items of an array that is unpacked, as many as one starred name takes together in a list."""
        if isinstance(value, List):
            value = self.array_of_list(value, node)
        stars = [k for k, t in enumerate(target.elts) if isinstance(t, ast.Starred)]
        if len(stars) > 1 or not isinstance(value, ir.Expr) or self.shared.ranks.rank(value) not in (1, None):
            self.fail(node, "a starred name takes items of an array that has not one axis", "index what is unpacked")
        array, loc = self.hold(value, node), self.source.loc(node)
        (star,), others = stars, len(target.elts) - 1
        few = ir.Raise("ValueError", (Const(f"not enough values to unpack ({loc.place})"),), loc)
        self.emit(ir.If(Op("lt", (Op("len", (array,)), Const(others))), (few,), (), loc))
        behind = others - star
        part = ir.Sub(array, (ir.Slice(Const(star), Const(-behind) if behind else None, None),), loc)
        items: list = [ir.Sub(array, (Const(k),), loc) for k in range(star)]
        items.append(self.copied_items(part, node))
        items += [ir.Sub(array, (Const(k),), loc) for k in range(-behind, 0)]
        return items

    def spread_over(self, value: ir.Expr, least: int, most: int, node) -> ir.Expr:
        """Return an array that is spread over arguments, after a check that it has as many items as they may be."""
        if least == most:
            return self.of_length(value, most, node)
        value = self.hold(value, node) if not isinstance(value, Name) else value
        count, loc = Op("len", (value,)), self.source.loc(node)
        said = Const(f"a function takes {least} to {most} of the arguments that are spread:")
        stop = ir.Raise("ValueError", (said, count, Const(loc.place)), loc)
        outside = Op("or", (Op("lt", (count, Const(least))), Op("gt", (count, Const(most)))))
        self.emit(ir.If(outside, (stop,), (), loc))
        return value

    def repeated(self, item, count: ir.Expr, node):
        """Return the list of one number many times."""
        if not isinstance(item, ir.Expr) or self.shared.ranks.rank(item):
            what = "a list of one thing other than a number, as long as is known only at run time"
            self.fail(node, what, "append to an empty list, or fill an array")
        name, loc = self.fresh(self.wanted_name or "items"), self.source.loc(node)
        plain = all(isinstance(e, Name | Const | Op) for e in ir.walk(count))
        length = count if plain else self.hold(count, node)
        self.emit(Let(name, Op("np.full", (length, self.leaf(item, node)), AS_LIST, loc), loc))
        self.shared.list_sizes[name] = length
        return List(Name(name), length if isinstance(length, Name) else Op("len", (Name(name),)), full=True)

    def with_star_open(self, node: ast.Call, f) -> ast.Call:
        """Return a call with the elements of an array in place of a star, where it is known how many `f` takes."""
        stars = [a for a in node.args if isinstance(a, ast.Starred)]
        if f in (max, min) and len(node.args) == 1 and stars:
            return ast.copy_location(ast.Call(node.func, [stars[0].value], node.keywords), node)
        known = _parameters(f) if len(stars) == 1 and _is_pure(stars[0].value) else None
        if known is None or any(k.arg is None for k in node.keywords):
            return node
        value = self.unpacked(stars[0].value)
        if isinstance(value, List):
            value = self.array_of_list(value, node)
        if not isinstance(value, ir.Expr):
            return node
        named = [k for k, (name, _) in enumerate(known) if name in {k.arg for k in node.keywords}]
        own = known[: named[0] if named else None][len(node.args) - 1 :]
        least = sum(default is _NEEDED for _, default in own)
        own = own if stars[0] is node.args[-1] and all(default is not None for _, default in own) else own[:least]
        array = self.text_for(self.spread_over(value, least, len(own), node), node, "given")
        args: list[ast.expr] = []
        for arg in node.args:
            args += [_given(array, k, own[k][1], arg) for k in range(len(own))] if arg is stars[0] else [arg]
        return ast.copy_location(ast.Call(node.func, args, node.keywords), node)


def _given(array: ast.expr, k: int, default, at: ast.expr) -> ast.expr:
    """Return the text of item k of an array that is spread over arguments, or of the default where it ends before."""
    item = ast.Subscript(array, ast.Constant(k), ast.Load())
    if default is _NEEDED:
        return ast.fix_missing_locations(ast.copy_location(item, at))
    test = ast.Compare(ast.Attribute(array, "size", ast.Load()), [ast.Gt()], [ast.Constant(k)])
    return ast.fix_missing_locations(ast.copy_location(ast.IfExp(test, item, ast.Constant(default)), at))


def _is_of_dict(node: ast.expr) -> bool:
    """Return whether an expression is `d.items()` or its like."""
    f = node.func if isinstance(node, ast.Call) else None
    return isinstance(f, ast.Attribute) and f.attr in ("items", "keys") and is_plain(f.value)


def _is_display(node: ast.expr) -> bool:
    """Return whether an expression lists constants."""
    return isinstance(node, ast.Tuple | ast.List) and all(isinstance(e, ast.Constant) for e in node.elts)


def _is_pure(node: ast.expr) -> bool:
    """Return whether to evaluate an expression has no effect."""
    return not any(isinstance(n, ast.Call | ast.NamedExpr) for n in ast.walk(node))


def _is_left_out(option: ast.expr | None) -> bool:
    return option is None or isinstance(option, ast.Constant) and option.value is None


_NEEDED = object()  # in place of a default


def _parameters(f) -> list[tuple[str, object]] | None:
    """Return the names of the parameters of a function, each with its default: None where that is no number.

    None of functions that take any number of arguments.
    """
    row = elementwise.BY_SPELLING.get(elementwise.spelling_of(f) or "")
    if row is not None:
        return None if f in (max, min, math.hypot) else [("", _NEEDED)] * row.arity
    inner = getattr(f, "node", None) if hasattr(f, "reader") else None
    function = python_function(f) if inner is None else None
    if inner is not None:
        args = inner.args
        names = [a.arg for a in (*args.posonlyargs, *args.args)]
        defaults = [d.value if isinstance(d, ast.Constant) else None for d in args.defaults]
        several = args.vararg or args.kwarg
    elif function is not None:
        code = function.__code__
        names, defaults = [*code.co_varnames[: code.co_argcount]], list(function.__defaults__ or ())
        several = code.co_flags & 12
    if inner is None and function is None or several:
        return None
    numbers = [d if type(d) in (int, float) else None for d in defaults]
    return list(zip(names, [*[_NEEDED] * (len(names) - len(numbers)), *numbers], strict=True))
