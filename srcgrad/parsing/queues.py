"""Queues, `collections.deque`, as lists: item 0 is the one on the left, one too many leaves at the other end."""

from __future__ import annotations

import ast
import collections
import copy
from dataclasses import replace

from .source import Source


def with_lists_for_queues(source: Source) -> Source:
    """Return the source of a function in which the names that are bound to queues are bound to lists.

    >>> from .source import source_from_text
    >>> text = '''
    ... def f(x, n):
    ...     q = deque(maxlen=3)
    ...     for i in range(n):
    ...         q.append(x * i)
    ...     q.appendleft(x)
    ...     return q.popleft() + q[0]'''
    >>> print(ast.unparse(with_lists_for_queues(source_from_text(text, {"deque": collections.deque})).node))
    def f(x, n):
        q_longest = 3
        q = []
        for i in range(n):
            q.append(x * i)
            if len(q) > q_longest:
                q.pop(0)
        q.insert(0, x)
        if len(q) > q_longest:
            q.pop()
        return q.pop(0) + q[0]
    """
    if not isinstance(source.node, ast.FunctionDef) or not any(_is_queue(n, source) for n in ast.walk(source.node)):
        return source
    return replace(source, node=ast.fix_missing_locations(_Rewriter(source).visit(copy.deepcopy(source.node))))


def _is_queue(node: ast.AST, source: Source) -> bool:
    """Return whether a piece of text makes a queue."""
    f = node.func if isinstance(node, ast.Call) else None
    if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.attr == "deque":
        return source.resolve(f.value.id)[1] is collections
    return isinstance(f, ast.Name) and source.resolve(f.id)[1] is collections.deque


class _Rewriter(ast.NodeTransformer):
    def __init__(self, source: Source):
        self.source = source
        bound = [n for n in ast.walk(source.node) if isinstance(n, ast.Assign) and _is_queue(n.value, source)]
        pairs = [(t, n.value) for n in bound for t in n.targets]
        self.longest = {t.id: _longest(c) for t, c in pairs if isinstance(t, ast.Name) and isinstance(c, ast.Call)}

    def visit_Call(self, node):
        self.generic_visit(node)
        if _is_queue(node, self.source):
            if not node.args:
                return ast.copy_location(ast.List([], ast.Load()), node)
            return ast.copy_location(ast.Call(ast.Name("list", ast.Load()), node.args[:1], []), node)
        f = node.func
        if not isinstance(f, ast.Attribute) or not isinstance(f.value, ast.Name) or f.value.id not in self.longest:
            return node
        if f.attr == "popleft":
            f.attr, node.args = "pop", [ast.Constant(0)]
        elif f.attr == "appendleft":
            f.attr, node.args = "insert", [ast.Constant(0), *node.args]
        return node

    def visit_Assign(self, node):
        made = _is_queue(node.value, self.source) and isinstance(node.targets[0], ast.Name)
        longest = _longest(node.value) if made else None
        self.generic_visit(node)
        if longest is None:
            return node
        name = self.most(node.targets[0].id)
        held = ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], longest), node)
        return [held, node, *self.shortened(node.targets[0].id, [ast.Constant(0)], node)]

    def visit_Expr(self, node):
        call = node.value
        f = call.func if isinstance(call, ast.Call) else None
        added = f.attr if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) else ""
        name = f.value.id if added else ""
        self.generic_visit(node)
        if self.longest.get(name) is None or added not in ("append", "appendleft", "extend"):
            return node
        place: list[ast.expr] = [] if added == "appendleft" else [ast.Constant(0)]
        return [node, *self.shortened(name, place, node, added == "extend")]

    def most(self, name: str) -> str:
        """Return the name of how many items a queue may have, which the text does not have."""
        found = f"{name}_longest"
        while any(getattr(n, "id", getattr(n, "arg", None)) == found for n in ast.walk(self.source.node)):
            found += "_"
        return found

    def shortened(self, name: str, place: list[ast.expr], node: ast.AST, several=True) -> list[ast.stmt]:
        """Return what takes out those items that are too many."""
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
            return []
        count = ast.Call(ast.Name("len", ast.Load()), [ast.Name(name, ast.Load())], [])
        test = ast.Compare(count, [ast.Gt()], [ast.Name(self.most(name), ast.Load())])
        pop = ast.Call(ast.Attribute(ast.Name(name, ast.Load()), "pop", ast.Load()), place, [])
        make = ast.While if several else ast.If
        found = make(test, [ast.Expr(pop)], [])
        for n in ast.walk(found):
            ast.copy_location(n, node)
        return [found]


def _longest(call: ast.Call) -> ast.expr | None:
    """Return how many items a queue may have, None where it may have any number."""
    given = [*call.args[1:], *(k.value for k in call.keywords if k.arg == "maxlen")]
    return given[0] if given and not (isinstance(given[0], ast.Constant) and given[0].value is None) else None
