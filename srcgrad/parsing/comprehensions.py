"""Read comprehensions and generators: lists of known items, arrays that a loop fills, sums, extremes and tests."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import NoReturn

from ..language import ir
from ..language.ir import Const, Let, Name, Op
from ..language.kinds import INT
from ..language.sum_order import INPLACE
from .columns import NO_ITEM, NOT_ALIKE
from .complex_numbers import ComplexItems
from .expressions import FORMS, RESERVED, ExpressionReader, List, Stop, Struct, stored_names
from .integer_keys import UNKNOWN_ITEMS, WAY_OUT
from .list_bindings import makes_list
from .trips import Trips

# items that are known when the text is read, at most
MANY = 1000


class _RunTime(Exception):
    """A comprehension has a part that is known only at run time."""


class _Arrays(Exception):
    """A generator that is summed up gives arrays, or objects."""


class ComprehensionReader(ExpressionReader):
    """Reads comprehensions, and generators inside sum, max, min, any, all, list and tuple."""

    # what `Reader` sets up
    env: dict

    def expr_listcomp(self, node):
        node = self.with_its_own_names(node)
        return self.comprehension(node, lambda: self.expr(node.elt))

    def with_its_own_names(self, node):
        """Return a comprehension whose names differ from those that its first source reads, which are not its own."""
        own = {n for g in node.generators for n in stored_names(g.target)}
        read = {n.id for n in ast.walk(node.generators[0].iter) if isinstance(n, ast.Name)}
        names = {n: self.fresh(n) for n in own & read}
        return self.with_picks_as_loops(self.with_own_names(node, names) if names else node)

    def comprehension(self, node, read, unrolled=False) -> Struct | List:
        """Return a list of what `read` gives for every item: known, or filled by a loop.

        With `unrolled`, ranges of known length are known items.
        """
        env, out, length, objects = dict(self.env), self.out, len(self.out), self.fields_now()
        collected: list = []
        try:
            with _Scope(self, node):
                self.each(node.generators, node, lambda: collected.append(self.own_item(read(), node.elt, node)),
                          known=True, unrolled=unrolled)
            return Struct(tuple(collected), tuple(range(len(collected))), "list")
        except _RunTime:
            self.env, self.out = dict(env), out
            self.fields_again(objects)
            del self.out[length:]
        try:
            with _Scope(self, node):
                return self.filled(node, read)
        except Stop as stop:
            if unrolled or stop.problem.what not in (NO_ITEM, NOT_ALIKE, FORMS):
                raise
            self.env, self.out = env, out
            self.fields_again(objects)
            del self.out[length:]
        return self.comprehension(node, read, unrolled=True)

    def own_item(self, value, text: ast.expr, node):
        """Return an item as it is now; one that the text writes as a list is a list that nothing else shows."""
        found = self.lasting(value, node)
        new = makes_list(text) and isinstance(value, Struct) and value.kind == "list"
        return replace(found, kind="list", token=object()) if new else found

    def lasting(self, value, node):
        """Return an item as it is now: what its names are bound to later is not what the list holds."""
        if self.is_cell(value):
            return value
        if isinstance(value, Struct):
            # what the items show may have other names: they are not written through this one
            kind = "tuple" if value.kind == "list" else value.kind
            return replace(value, items=tuple(self.lasting(v, node) for v in value.items), kind=kind)
        if not isinstance(value, ir.Expr) or isinstance(value, Const) or self.stays(value):
            return value
        return self.hold(value, node)

    def filled(self, node, read) -> List:
        """Return an array that a loop fills; with one loop it is as long as that has trips."""
        loc = self.source.loc(node)
        first, *others = node.generators
        found = self.iterable(first.iter, node)
        if others or isinstance(found, Struct) or found.most is not None:
            name = self.wanted_name or "items"
            made = self.new_list(name, Struct((), (), "list"), node, own=name not in self.own_lists)
            self.each(node.generators, node, lambda: self.push(made, read(), node), known=False)
            return made
        buffer = self.buffer_name(self.wanted_name or "items")
        count = self.size_of_trips(found)
        static = (("chosen", True),) if first.ifs else ()
        if not first.ifs:
            self.shared.list_sizes[buffer] = count
        made = List(Name(buffer), Op("len", (Name(buffer),)), full=True)
        start = len(self.out)
        self.emit(Let(buffer, Op("list", (count,), static, loc), loc))
        plain = found.bounds is not None and found.bounds[::2] == (Const(0), Const(1))
        own = plain and isinstance(first.target, ast.Name)
        var = self.local_name(first.target.id) if own else self.fresh("i")
        self.shared.ranks.bind(var, INT)

        def bind():
            if own:
                self.env[first.target.id] = Name(var)
            else:
                self.assign(first.target, found.upward()(Name(var)), node)

        if not first.ifs:
            def store():
                bind()
                item = read()
                self.note_list_inside(made, item)
                self.put(made, Name(var), self.item_of_list(item, node, made), node)

            body = self.nested(store)
            if self.has_tuples(made):
                self.out[start:] = self.made_columns(made, (count,), node)
            self.emit(ir.For(var, Const(0), found.count, Const(1), body, (), loc))
            return replace(made, count=self.first_column(made, made.count))
        counter = self.fresh(f"{buffer}_count")
        self.emit(Let(counter, Const(0), loc))

        def keep():
            item = read()
            self.note_list_inside(made, item)
            self.put(made, Name(counter), self.item_of_list(item, node, made), node)
            self.emit(Let(counter, Op("add", (Name(counter), Const(1)), INPLACE), loc))

        def choose():
            bind()
            self.where(first.ifs, node, keep, known=False)

        at = len(self.out)
        body = self.nested(choose)
        if self.has_tuples(made):
            self.out[start:at] = [*self.made_columns(made, (count,), node, static), *self.out[start + 1 : at]]
        self.emit(ir.For(var, Const(0), found.count, Const(1), body, (), loc))
        return List(Name(buffer), Name(counter))

    def size_of_trips(self, found: Trips) -> ir.Expr:
        """Return the number of trips as the size of an array, which is not negative."""
        whole = None if ir.names_in(found.count) else self.integer(found.count)
        if whole is not None:
            return Const(max(whole, 0))
        sized = isinstance(found.count, Op) and found.count.fn == "len"
        return found.count if sized else Op("max", (found.count, Const(0)))

    def each(self, generators, node, act, known: bool, unrolled=False):
        """Read `act` for every item of nested generators; with `known`, only what is known when the text is read."""
        if not generators:
            return act()
        first, *others = generators
        found = self.iterable(first.iter, node)
        picks = ast.For(first.target, first.iter, [ast.Expr(e) for e in _read_by(node)], [])
        made = getattr(node, "elt", None)
        parts = made.elts if isinstance(made, ast.Tuple) else [made]
        if self.in_library or any(isinstance(e, ast.Lambda | ast.JoinedStr) for e in parts):  # known, or refused
            unrolled = True
        counted = isinstance(found, Trips) and unrolled and self.integer(found.count) in range(MANY + 1)
        if isinstance(found, Trips) and (counted or self.picks_known_items(picks, found)):
            found = self.known(found, node)
        if isinstance(found, Trips) and found.most is not None and isinstance(node, ast.DictComp):
            found = Struct(self.all_known(found, node), ())

        def body(item):
            self.bind_item(first.target, item, node, set())
            self.where(first.ifs, node, lambda: self.each(others, node, act, known, unrolled), known)

        if isinstance(found, Struct):
            for item in found.items:
                body(item)
            return None
        if known:
            raise _RunTime
        if found.most is not None:
            for k in range(found.most):
                inside = self.nested(lambda k=k: body(found.item(Const(k))))
                self.emit(ir.If(Op("lt", (Const(k), found.count)), inside, (), self.source.loc(node)))
            return None
        counts = isinstance(first.target, ast.Name) and found.bounds is not None and not found.downward
        lo, hi, step = found.bounds if counts and found.bounds is not None else (Const(0), found.count, Const(1))
        var = self.local_name(first.target.id) if counts else self.fresh("i")
        self.shared.ranks.bind(var, INT)
        inside = self.nested(lambda: body(Name(var) if counts else found.upward()(Name(var))))
        return self.emit(ir.For(var, lo, hi, step, inside, (), self.source.loc(node)))

    def where(self, tests, node, act, known: bool):
        """Read `act` where all conditions of a generator hold."""
        if not tests:
            return act()
        test = self.test(tests[0])
        if isinstance(test, Const):
            return self.where(tests[1:], node, act, known) if test.value else None
        if known:
            raise _RunTime
        body = self.nested(lambda: self.where(tests[1:], node, act, known))
        return self.emit(ir.If(test, body, (), self.source.loc(node)))

    def expr_dictcomp(self, node):
        node, pairs = self.with_its_own_names(node), list[tuple]()

        def read():
            pairs.append((self.known_key(node.key), self.own_item(self.expr(node.value), node.value, node)))

        try:
            with _Scope(self, node):
                self.each(node.generators, node, read, known=True, unrolled=True)
        except _RunTime:
            self.fail(node, UNKNOWN_ITEMS, WAY_OUT)
        found = dict(pairs)
        return Struct(tuple(found.values()), tuple(found), "dict")

    # -- generators
    def expr_generatorexp(self, node) -> NoReturn:
        self.fail(node, "a generator expression is not supported here", "make it a list: [...]")

    def of_generator(self, node, f):
        """Return what sum, max, min, any, all, list or tuple make of a generator."""
        generator = self.with_its_own_names(node.args[0])
        if f in (any, all):
            return self.any_or_all(node, generator, f)
        loc = self.source.loc(node)
        if f is not sum:
            found = self.comprehension(generator, lambda: self.expr(generator.elt), unrolled=f is tuple)
            if f in (max, min) and self.is_of_tuples(found):
                return self.first_in_order(self.text_for(found, node), None, f, node)
            if isinstance(found, Struct):
                return self.of_items(found, f, node) if f in (max, min) else replace(found, kind=f.__name__)
            if f is tuple:
                self.fail(node, "a tuple of what is known only at run time is not supported", "use an array")
            return Op(f"np.{f.__name__}", (self.array_of_list(found, node),), (), loc) if f in (max, min) else found
        start = self.expr(node.args[1]) if len(node.args) > 1 else Const(0)
        env, out, length, objects = dict(self.env), self.out, len(self.out), self.fields_now()
        for of_complex in (False, True):
            try:
                return self.sum_of_numbers(generator, start, of_complex, node)
            except (_Arrays, ComplexItems) as e:
                self.fields_again(objects)
                self.env, self.out = dict(env), out
                del self.out[length:]
                if isinstance(e, _Arrays):
                    break
        found = self.comprehension(generator, lambda: self.expr(generator.elt))
        given = [] if start == Const(0) else [start]
        if isinstance(found, Struct):
            return self.of_items(found, sum, node, *given)
        return self.of_array(self.array_of_list(found, node), sum, node, *given)

    def sum_of_numbers(self, generator, start, of_complex: bool, node):
        """Return the sum of what a generator gives, added up by its loop."""
        loc = self.source.loc(node)
        _require_no_object(start)
        first = self.ends_of(start, node) if of_complex else (self.real_item(start, node),)
        totals = tuple(self.fresh("total") for _ in first)
        for total, value in zip(totals, first, strict=True):
            self.emit(Let(total, value, loc))

        def add():
            value = self.expr(generator.elt)
            _require_no_object(value)
            for total, part in zip(totals, self.ends_of(value, node) if of_complex else (self.real_item(value, node),),
                                   strict=True):  # fmt: skip
                if self.shared.ranks.rank(part):
                    raise _Arrays
                self.emit(Let(total, Op("add", (Name(total), part), INPLACE), loc))

        self.run_through(generator, add)
        return self.number(*map(Name, totals)) if of_complex else Name(totals[0])

    def run_through(self, generator, act):
        """Read `act` for every item of a generator."""
        with _Scope(self, generator):
            self.each(generator.generators, generator, act, known=False)

    def any_or_all(self, node, generator, f):
        loc, wanted = self.source.loc(node), f is any
        found = self.fresh("found" if wanted else "holds")
        self.emit(Let(found, Const(not wanted), loc))

        def hit():
            test = self.test(generator.elt)
            value = test if wanted else Op("not", (test,))
            self.emit(ir.If(value, (Let(found, Const(wanted), loc),), (), loc))

        def look():
            # what follows the item that decides is not looked at
            inside = self.nested(hit)
            self.emit(ir.If(Name(found) if not wanted else Op("not", (Name(found),)), inside, (), loc))

        for test in [e for g in generator.generators for e in g.ifs]:
            if any(isinstance(n, ast.NamedExpr) for n in ast.walk(test)):
                self.fail(test, f"a name is bound in a condition of what {f.__name__} looks at", "write the loop")
        self.run_through(generator, look)
        return Name(found)


class _Scope:
    """The names of a comprehension, which it has to itself."""

    def __init__(self, reader, node):
        self.reader = reader
        targets = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        self.targets = targets

    def __enter__(self):
        r = self.reader
        r.scopes.append(self)
        self.around = len(r.shared.looped)
        self.counting = r.shared.counting
        self.before = {n: (r.env.pop(n, None), r.renamed.get(n)) for n in self.targets}
        self.parts = {k: r.components.pop(k) for k in list(r.components) if k[0] in self.targets}
        for n in self.targets:
            alone = not r.is_callee and n not in r.locals and not self.before[n][0] and not r.resolve(n)[0]
            r.renamed[n] = r.counter() if n == "_" else n if alone and n not in RESERVED else r.fresh(n)
            r.shared.counting |= {r.renamed[n]}

    def __exit__(self, *exc):
        r = self.reader
        r.scopes.remove(self)
        r.shared.counting = self.counting
        del r.shared.looped[self.around :]
        for own in [k for k in r.components if k[0] in self.targets]:
            del r.components[own]
        r.components |= self.parts
        for n, (value, renamed) in self.before.items():
            r.env.pop(n, None)
            r.renamed.pop(n, None)
            if value is not None:
                r.env[n] = value
            if renamed is not None:
                r.renamed[n] = renamed


def _read_by(node):
    elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    return [*elements, *(test for g in node.generators for test in g.ifs)]


def _require_no_object(value):
    """Have what is summed up be read as a list where it is an object, which may say what `+` is."""
    if isinstance(value, Struct) and value.make is not None:
        raise _Arrays
