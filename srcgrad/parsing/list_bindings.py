"""Find out what a name is bound to that takes a list: another name of it, or the items of a list of its own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace

from ..language.ir import Const, Let, Name, Op, names_in
from ..language.lists import AS_LIST
from .assignments import times_bound
from .columns import ReadAgain, counter_of
from .expressions import ExpressionReader, List, Struct, regular, stored_names
from .looped import bound_by, grows, grows_inside, lengthened
from .parts import is_list, parts_of


class ListBindingReader(ExpressionReader):
    """Decides which names show one list."""

    # what `Reader` sets up
    env: dict
    own_lists: dict[str, List]
    entered: list[set[str]]
    callers: set[str]

    def let_it_change(self, name: str, value, node):
        """Give a list that a branch or loop binds anew a buffer of its own, which takes the new items."""
        if not isinstance(value, List) or value == self.own_lists.get(name) or name not in self.locals:
            return
        if self.is_cell(value):
            return
        shown = name in self.callers or self.others_that_show(name, value) or self.shown_around(value)
        fixed = value.full and self.key_of_list(name) not in self.shared.rebound and self.never_longer(name)
        if fixed and not shown and not self.has_tuples(value):
            self.env[name] = self.own_lists[name] = replace(value, count=Op("len", (value.buffer,)))
            return
        if not shown or self.may_go_apart(name, value, node):
            made = self.env[name] = self.new_list(name, Struct((), (), "list"), node)
            self.callers.discard(name)
            self.append_all(made, value, node)

    def own_list(self, name: str, value, node):
        """Return what a name is bound to that takes a list: a buffer where the list has to grow at run time."""
        before = self.env.get(name)
        if name in self.grown():
            self.cell_of(value)
        if self.is_cell(value) or is_list(value) and value.token in self.shared.holders:
            return value
        value = self.shown_list((name,), value, node)
        if self.has_rows(name, value):
            return self.list_of_rows(name, value, node)
        found = self.own_or_same(name, value, before, node)
        if self.inside and name in self.entered[-1] and isinstance(found, List) and isinstance(before, Struct):
            self.fail(node, f"the list {name!r} changes its length inside a branch or loop",
                      "copy it before: list(...)")  # fmt: skip
        return found

    def own_or_same(self, name: str, value, before, node):
        """Return the list that a name shows from here on: the one given, or its own with the same items."""
        known = isinstance(value, Struct) and value.kind == "list"
        several = name in self.entered[-1] or self.key_of_list(name) in self.shared.rebound
        again = several and self.inside and before != value
        if again and isinstance(before, List) and before != self.own_lists.get(name):
            self.fail(node, f"the list {name!r} is bound anew inside a branch or loop",
                      "copy it: list(...), or use two names")  # fmt: skip
        if known and (isinstance(before, List) or name in self.grown() and (self.inside or self.escapes(name))):
            return self.started(name, value, node)
        taken = value.full if isinstance(value, List) and name in self.grown() and self.appends(name) else False
        shown = taken and (self.others_that_show(name, value) or self.shown_around(value))
        if shown and not self.may_be_copied(name, value, node):
            return self.grown_together(name, value, node)
        if isinstance(value, List) and again:
            if isinstance(before, Struct) and before.kind == "list":
                self.read_as_buffer(name)
            if not isinstance(before, List | None) or not self.may_be_copied(name, value, node):
                self.fail(node, f"the list {name!r} becomes another name of a list inside a branch or loop",
                          "copy it: list(...)")  # fmt: skip
            taken = True
        elif isinstance(value, List) and self.inside and self.starts_anew(name, value):
            taken = self.may_be_copied(name, value, node)
        if taken:
            own = self.own_lists.get(name)
            if own is not None and own.buffer.id in self.shared.row_shapes:
                return self.taken_over(own, value, name, node)
            if own is not None and own.full:
                if not self.is_as_long(own, value):
                    self.read_as_buffer(name)
                return self.bound_anew(own, self.array_of_list(value, node), name, node)
            made = self.started(name, Struct((), (), "list"), node)
            self.append_all(made, value, node, copied=True)
            return made
        return value

    def never_longer(self, name: str) -> bool:
        """Return whether nothing appends to the lists that a name is ever bound to, or takes from them."""
        names, given = self.names_given({name})
        owners = map(lengthened, self.nodes)
        grown = any(isinstance(n, ast.Name) and n.id in names for n in owners)
        return not grown and not any(self.escapes(n, given) for n in names)

    def grown_together(self, name: str, value: List, node) -> List:
        """Return the buffer that a list becomes which has other names already: they show it, too."""
        others = self.others_that_show(name, value)
        if self.inside or self.shown_around(value) or any(self.env[k] != value for k in others):
            self.fail(node, f"{name!r} becomes another name of a list that grows", "copy it: list(...)")
        made = self.new_list(others[0], Struct((), (), "list"), node)
        self.append_all(made, value, node)
        self.env.update(dict.fromkeys(others, made))
        return made

    def is_as_long(self, own: List, value: List) -> bool:
        """Return whether a list surely has as many items as another one: what the text says of both is the same."""
        sizes = self.shared.list_sizes
        told, size = sizes.get(own.buffer.id), sizes.get(value.buffer.id)
        if value.part is not None or size is None:
            return False
        return size == own.count or size == told and not any(map(self.rebinds, names_in(size)))

    def bound_anew(self, own: List, value, name: str, node) -> List:
        """Give a list that is an array of its own the items of another one, as many as it has."""
        if self.others_that_show(name, own):
            self.fail(node, f"the list {name!r} starts anew while another name shows it", "use two names")
        self.written_meanwhile(own)
        loc = self.source.loc(node)
        self.emit(Let(own.buffer.id, Op("copy", (value,), AS_LIST, loc), loc))
        return own

    def keeps_length(self, name: str) -> bool:
        """Return whether nothing makes the list of a name longer or shorter, and the name is bound to no other."""
        given = any(isinstance(n, ast.arg) and n.arg == name for n in ast.walk(self.node.args))
        if given or times_bound(self.node, name) != 1 or self.escapes(name):
            return False
        return not any(map(self.appends, self.names_given({name})[0]))

    def only_rebinds(self, name: str) -> bool:
        """Return whether the list of a caller is never written under a name that is bound to others later."""
        again = name in self.callers and self.key_of_list(name) in self.shared.rebound
        return again and not any(name in grows(n) for n in self.nodes)

    def owns(self, name: str) -> bool:
        """Return whether a name stands for a list or dict of the function's own, not for that of a caller."""
        return name in self.locals and name not in self.callers

    def starts_anew(self, name: str, value: List) -> bool:
        """Return whether a list may get other items while `name` shows those it has."""
        owners = [k for k in self.others_that_show(name, value) if self.own_lists.get(k) == value]
        return any(self.rebinds(self.local_name(k)) for k in owners)

    def read_as_buffer(self, name: str):
        """Have the text read again with this list as a buffer from the beginning, unless that was done."""
        key = self.key_of_list(name)
        if name in self.locals and key not in self.shared.rebound:
            raise ReadAgain(key)

    def key_of_list(self, name: str) -> tuple:
        return self.source.file, self.source.first_line, self.node.lineno, self.node.col_offset, name

    def others_that_show(self, name: str, value: List) -> list[str]:
        """Return the other names of this function that show a list, or have it as a part."""
        return [k for k in self.names_that_show(value) if k != name]

    def names_that_show(self, value: List) -> list[str]:
        """Return the names of this function that show a list, or have it as a part."""
        own = self.locals | {a.arg for a in ast.walk(self.node.args) if isinstance(a, ast.arg)}
        return [k for k, v in self.env.items() if k in own and value in parts_of(v)]

    def shown_around(self, value: List) -> bool:
        """Return whether a name of a function around this one shows a list."""
        reader = self.outer
        while reader is not None:
            if any(value in parts_of(v) for v in reader.env.values()):
                return True
            reader = reader.outer
        return False

    def may_be_copied(self, name: str, value: List, node) -> bool:
        """Return whether nothing shows that a name has a copy of a list: that is new, or neither is written."""
        others = self.others_that_show(name, value)
        around = self.shown_around(value)
        if not others and not around or not around and self.is_handed_over(others, node):
            return True
        names, given = self.names_given({name, *others})
        self.grown()
        return not around and not any(n in self.written_names or self.escapes(n, given) for n in names)

    def stays_as_it_is(self, value: Struct, into: List | None) -> bool:
        """Return whether nothing writes a list of known items that is put into another one: it may be a tuple there."""
        self.grown()
        shown = [k for k, v in self.env.items() if any(self.is_same(part, value) for part in parts_of(v))]
        takes = {k for k, v in self.own_lists.items() if v == into}
        shown = [k for k in shown if k not in takes]
        if self.shown_outside(value) or self.callers & set(shown):
            return False
        names, given = self.names_given(set(shown))
        given += [item for n in self.nodes for item in _put_into_lists(n, takes)]
        return not any(n in self.written_names or self.escapes(n, given) for n in names)

    def names_given(self, names: set[str]) -> tuple[set[str], list[ast.expr]]:
        """Return the names that these, or what is bound to them, are ever bound to, and where their text says so."""
        pairs = [(t, v) for n in self.nodes if isinstance(n, ast.Assign) for t in n.targets
                 for t, v in bound_by(t, n.value)]  # fmt: skip
        given: list[ast.expr] = []
        while True:
            given = [v for _, v in pairs if v.id in names]
            more = {t.id for t, v in pairs if v.id in names} - names
            if not more:
                return names, given
            names = names | more

    def before_it_starts(self, target, value, node):
        """Return a list as it is before a name is bound: what shows the buffer of that name is copied."""
        own = self.own_lists.get(target.id) if isinstance(target, ast.Name) else None
        if own is None or not self.inside or not isinstance(value, List) or value.buffer != own.buffer:
            return value
        copied = self.hold(Op("copy", (self.array_of_list(value, node),), AS_LIST, self.source.loc(node)), node)
        return List(copied, Op("len", (copied,)), full=True)

    def shown_list(self, path: tuple, value, node):
        """Return a list that gets a name, or becomes a part of what has one: the buffer that it is by now."""
        name = path[0] + "".join(f"[{key!r}]" for key in path[1:])
        value = next((now for was, now in self.shared.buffers if self.is_same(was, value)), value)
        if isinstance(value, List) and value.part is not None and self.has_tuples(value):
            value = self.copied_columns(value, node)
        elif isinstance(value, List) and value.part is not None and self.shared.ranks.rank(value.part) != 1:
            # rows that both lists have: item by item, so that it is seen where one of the two is written
            rows, loc = self.hold(value.part, node), self.source.loc(node)
            if isinstance(rows, Name):
                self.spoken.known[rows.id] = self.spoken.of(value.buffer.id)
            made = self.new_list(name.partition("[")[0], Struct((), (), "list"), node, own=False)
            self.append_all(made, List(rows, Op("len", (rows,), (), loc), full=True), node)
            value = made
        elif isinstance(value, List) and value.part is not None:
            copied = self.buffer_name(name) if len(path) == 1 else self.fresh("_".join(map(str, path)))
            self.emit(Let(copied, Op("copy", (value.part,), AS_LIST, self.source.loc(node)), self.source.loc(node)))
            value = List(Name(copied), Op("len", (Name(copied),)), full=True)
        return self.one_of_two(name, value, node)

    def is_handed_over(self, others: list[str], node) -> bool:
        """Return whether the names that show a list show it no longer once a statement has bound it to another name.

        They are bound anew by this statement, as where two lists change places, or new in each trip of a loop at the
        end of which this stands. Nothing shows then that two names had one list.
        """
        if not isinstance(node, ast.Assign):
            return False
        pairs = list(bound_by(node.targets[0], node.value))
        given = [v.id for _, v in pairs]
        if len(pairs) != len(stored_names(node.targets[0]) if pairs else ()) or len(node.targets) > 1:
            return False
        anew = {t.id for t, _ in pairs}
        return len(given) == len({*given}) and all(
            k in given and (k in anew or self.is_new_in_each_trip(k, node)) for k in others
        )

    def is_new_in_each_trip(self, name: str, node, makes: Callable[[ast.Assign, str], bool] | None = None) -> bool:
        """Return whether a list is made in the trip of the loop whose body `node` stands in, and left after that.

        The last that is done with it is what `node` does. Where else the text has the name, it makes a list first, or
        what `makes` tells.
        """
        makes = makes or _makes
        bodies = [self.node.body] if isinstance(self.node, ast.FunctionDef) else []
        bodies += [n.body for n in self.nodes if isinstance(n, ast.For | ast.While)]
        uses = [n for n in self.nodes if isinstance(n, ast.Name) and n.id == name]
        covered, found = set[ast.Name](), False
        for body in bodies:
            inside = [(s, here) for s in body if (here := [n for n in uses if _stands_in(n, s)])]
            first = inside[0][0] if inside else None
            if isinstance(first, ast.Assign) and makes(first, name):
                covered.update(n for _, here in inside for n in here)
                found = found or _ends_with(inside[-1][0], node, name)
        return found and covered >= {*uses}

    def started(self, name: str, items: Struct, node) -> List:
        """Return the buffer of a name, with these items in it: the one it has, unless another name shows that."""
        made = self.own_lists.get(name)
        held = [self.held_item(v, node) for v in items.items]
        shown = made is not None and (bool(self.others_that_show(name, made)) or self.is_cell(made))
        if shown and self.inside:
            self.fail(node, f"the list {name!r} starts anew while another name shows it", "use two names")
        if made is None or shown:
            return self.new_list(name, replace(items, items=tuple(held)), node)
        if made.full:
            shape, leaves = regular(items)
            if not leaves or not all(map(self.is_number, leaves)):
                self.fail(node, f"the list {name!r} changes its form", "use two names")
            new = self.table_of(self.fresh(name), shape, False, node)
            self.fill_table(new, shape, leaves, node)
            if not self.is_as_long(made, new):
                self.read_as_buffer(name)
            return self.bound_anew(made, new.buffer, name, node)
        self.written_meanwhile(made)
        self.emit(Let(counter_of(made), Const(0), self.source.loc(node)))
        for item in held:
            self.push(made, item, node)
        return made

    def one_of_two(self, name: str, value, node):
        """Return what a second name of a list is bound to: where one of them is written both must see it."""
        if not isinstance(value, Struct) or value.kind not in ("list", "dict") or value.token in self.shared.holders:
            return value
        given = node.value if isinstance(node, ast.Assign) else None
        if value.kind == "dict" and isinstance(given, ast.Name) and self.owns(given.id):
            left = self.left(given.id)
            if given in left and not self.escapes(given.id, left):
                return replace(value, token=object())
        others = [k for k, v in self.env.items() if k != name and any(self.is_same(p, value) for p in parts_of(v))]
        elsewhere = not all(map(self.owns, others)) or self.shown_outside(value)
        whole = {k for k in others if self.is_same(self.env[k], value)}
        self.grown()
        written = {name.partition("[")[0], *whole} & self.written_names
        inside = {k for n in self.nodes for k in grows_inside(n)} & set(others)
        if not (others or elsewhere) or not (written or inside):
            return value
        hidden = elsewhere or self.inside or not all(self.is_same(self.env[k], value) for k in others)
        if value.kind == "dict" or hidden:
            self.read_born(value)
            self.fail(node, f"{name!r} becomes another name of a {value.kind} that is written",
                      f"copy it: {value.kind}(...)")  # fmt: skip
        made = self.turned_into_buffer(others[0], value, node)
        self.env.update(dict.fromkeys(others, made))
        return made

    def left(self, name: str) -> list[ast.expr]:
        """Return where a name is read to bind another one, and left after that: nothing shows that both were one."""
        every = [n for n in self.nodes if isinstance(n, ast.Assign)]
        if sum(_makes(n, name) for n in every) < times_bound(self.node, name):
            return []
        moves = [n for n in every if isinstance(n.value, ast.Name) and n.value.id == name]
        return [n.value for n in moves if self.is_new_in_each_trip(name, n) or self.is_last_line_of(name, n)]

    def is_last_line_of(self, name: str, node: ast.Assign) -> bool:
        """Return whether a statement in no loop is the last that has a name, in the text and so at run time."""
        loops = [n for n in self.nodes if isinstance(n, ast.For | ast.While)]
        if any(n is node for loop in loops for n in ast.walk(loop)):
            return False
        end = node.value.lineno, node.value.col_offset
        return all((n.lineno, n.col_offset) <= end for n in _names(self.node, name))

    def is_shown(self, value: Struct) -> bool:
        """Return whether a list or dict has a name here or outside, or is in one that has."""
        return self.shown_outside(value) or any(self.is_same(p, value) for v in self.env.values() for p in parts_of(v))

    def shown_outside(self, value) -> bool:
        """Return whether a list or dict is one of a function around this one, or of the module."""
        reader = self.outer
        while reader is not None:
            if any(self.is_same(part, value) for v in reader.env.values() for part in parts_of(v)):
                return True
            reader = reader.outer
        return any(self.is_same(part, value) for part in self.shared.lifted)

    def appends(self, name: str) -> bool:
        """Return whether something appends to a list, or takes from it."""
        named = any(isinstance(n, ast.Name) and n.id == name for n in map(lengthened, self.nodes))
        return named or name in self.taking


def makes_list(e: ast.expr) -> bool:
    """Return whether an expression that is a list or a dict is one that nothing else shows."""
    if isinstance(e, ast.Call):
        return isinstance(e.func, ast.Name) and e.func.id in ("list", "sorted", "dict") or (
            isinstance(e.func, ast.Attribute) and e.func.attr == "copy")  # fmt: skip
    of_parts = isinstance(e, ast.Subscript) and isinstance(e.slice, ast.Slice)
    return of_parts or isinstance(e, ast.List | ast.ListComp | ast.BinOp | ast.Dict | ast.DictComp)


def _put_into_lists(n: ast.AST, names: set[str]) -> Iterator[ast.expr]:
    """Yield the items that a piece of text puts into a list, or that a list of one of these names begins with."""
    if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in ("append", "insert"):
        yield from n.args
    if isinstance(n, ast.Assign) and isinstance(n.value, ast.List) and any(ast.unparse(t) in names for t in n.targets):
        yield from n.value.elts


def _makes(stmt: ast.Assign, name: str) -> bool:
    """Return whether a statement binds a name, to a new list or dict that does not depend on it."""
    targets = [t for t in stmt.targets if isinstance(t, ast.Name) and t.id == name]
    return len(targets) == 1 and makes_list(stmt.value) and len(_names(stmt, name)) == 1


def _ends_with(last: ast.stmt, node, name: str) -> bool:
    """Return whether a statement is, or has in it, one behind which it does not say a name any more, on any path."""
    if isinstance(last, ast.Assign | ast.Expr):
        start, end = (last.lineno, last.col_offset), (last.end_lineno, last.end_col_offset)
        return start <= (node.lineno, node.col_offset) < end  # where a choice is read as a branch, `node` is made of it
    if not isinstance(last, ast.If):
        return False
    end = node.end_lineno, node.end_col_offset
    if any((n.lineno, n.col_offset) >= end for n in _names(last, name)):
        return False
    return any(_ends_with(s, node, name) for s in (*last.body, *last.orelse))


def _stands_in(node: ast.expr, stmt: ast.stmt) -> bool:
    """Return whether an expression stands in a statement."""
    end = stmt.end_lineno, stmt.end_col_offset
    return (stmt.lineno, stmt.col_offset) <= (node.lineno, node.col_offset) < end


def _names(node, name: str) -> set[ast.Name]:
    """Return where a piece of text says a name."""
    return {n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name}
