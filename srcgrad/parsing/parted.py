"""Read statements one after the other; twice, for both sides, where a choice `a if test else b` parts the ways.

A name holds as many axes on every path, and an array that is written has one name for sure. Where the sides of a choice
are an array and a number, or arrays that are written then, the statement is read once with each side, in two branches;
where the statement binds a name to it, so is all that follows in its block.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NoReturn

import numpy as np

from ..errors import Problem
from ..language import ir
from ..language.ir import Return
from .accumulated import AccumulatedReader
from .columns import ReadAgain
from .expressions import Stop, Struct, stored_names
from .integer_keys import UNKNOWN
from .looped import root_of

SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Return, ast.Expr)
MOST = 4  # choices that part all that follows them, in each other: each doubles it
METHODS = frozenset({
    "sum", "mean", "copy", "min", "max", "std", "var", "dot", "reshape", "ravel", "flatten", "transpose", "astype",
    "item", "all", "any", "prod", "cumsum", "argmin", "argmax", "keys", "values", "items", "get",
})  # fmt: skip
PURE = (len, abs, min, max, sum, float, int, bool, round)
WAY_OUT = "write if and else around what it is for"


class PartedReader(AccumulatedReader):
    """Reads blocks."""

    # what `Reader` sets up
    in_library: bool
    called_as: Callable
    local_name: Callable[[str], str]
    broken: set[str]  # names that statements with problems should have bound
    ways: list[list[ast.stmt]]  # the statements around that are being read, with those that follow them

    def block(self, nodes: list[ast.stmt]):
        """Read the statements of a block."""
        for k, node in enumerate(nodes):
            parted = self.parted(node, nodes[k + 1 :])
            self.ways.append([node, *nodes[k + 1 :]])
            known = len(self.problems)
            try:
                self.read_accumulated(node, partial(self.stmt, parted or node))
                if len(self.problems) > known and isinstance(node, SIMPLE):
                    self.broken |= stored_names(node)  # to what stands for the result of a call with problems
            except Stop as stop:
                if self.in_library:
                    raise  # it is the call that is wrong: one problem of the user's line
                self.note(stop.problem, node)
            finally:
                self.ways.pop()
            if _may_leave(node):
                self.shared.enter(-1)
            if self.out and isinstance(self.out[-1], Return | ir.Raise | ir.Break | ir.Continue):
                return  # a test decided when it was read may end here: what follows is never reached
            if parted is not None and len(parted.body) > 1:
                return
            if parted is not None and nodes[k + 1 :]:
                self.part_what_follows(node)

    def note(self, problem: Problem, node: ast.stmt):
        """Note a problem of a statement, unless it is with what another statement with a problem should have bound."""
        if not self.broken.intersection(re.findall(r"\w+", problem.text[problem.col : problem.end_col])):
            self.problems.append(problem)
        if isinstance(node, SIMPLE):
            self.broken |= stored_names(node)
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            if problem.what in UNKNOWN:
                self.broken |= {root_of(t) for t in targets if isinstance(t, ast.Subscript)} - {""}

    def parted(self, node: ast.stmt, after: list[ast.stmt]) -> ast.If | None:
        """Return a statement as a branch that it has turned out to be, with what follows it if that is parted too."""
        choices = [n for n in self.choices_of(node) if self.key_of(n, False) in self.shared.rebound]
        if not choices:
            return None
        choice = choices[0]
        rest = after if self.key_of(choice, True) in self.shared.rebound else []
        sides = ([_with_side(node, choice, side), *rest] for side in (choice.body, choice.orelse))
        return ast.copy_location(ast.If(choice.test, *sides), node)

    def part_what_follows(self, node: ast.stmt):
        """Have what follows a parted statement read twice, too, where it has bound a name to other numbers of axes."""
        branch = self.out[-1] if self.out else None
        if not isinstance(branch, ir.If):
            return
        for name in map(self.local_name, stored_names(node)):
            values = [[s.value for s in b if isinstance(s, ir.Let) and s.target == name] for b in ir.blocks_of(branch)]
            ranks = [self.shared.ranks.rank(v[-1]) for v in values if v]
            if len(ranks) == 2 and None not in ranks and ranks[0] != ranks[1]:
                choice = next(n for n in self.choices_of(node) if self.key_of(n, False) in self.shared.rebound)
                self.part_rest(choice, f"what this choice is for has {ranks[0]} and {ranks[1]} axes")

    def part_rest(self, choice: ast.IfExp, what: str) -> NoReturn:
        """Have the text read again with all that follows a choice in its branches."""
        here = self.source.file, self.source.first_line
        of_rest = [k for k in self.shared.rebound if k[-1] == "the rest" and k[:2] == here]
        if len(of_rest) == MOST or self.key_of(choice, True) in of_rest:
            self.fail(choice, f"{what}, as those of {MOST} choices before it", WAY_OUT)
        self.shared.rebound.add(self.key_of(choice, True))
        raise ReadAgain(self.key_of(choice, False))

    def choices_of(self, node: ast.AST) -> Iterator[ast.IfExp]:
        """Yield the choices of a simple statement that it makes in any case, and before anything else has an effect."""
        if not isinstance(node, SIMPLE) or node.value is None:
            return
        first = [node.target] if isinstance(node, ast.AugAssign) else []
        whole = isinstance(node.value, ast.IfExp)
        if not whole and any(isinstance(n, ast.NamedExpr) for n in ast.walk(node)):
            return
        calls = [n for e in (*first, node.value) for n in ast.walk(e) if isinstance(n, ast.Call)]
        effects = [n for n in calls if not self.is_pure(n.func)]
        for choice in _always(node.value):
            # what calls hold is evaluated before them, what stands on their left as well
            ahead = [n for n in effects if (n.end_lineno, n.end_col_offset) <= (choice.lineno, choice.col_offset)]
            within = [] if whole else [n for n in effects if any(n is m for m in ast.walk(choice.test))]
            if not ahead and not within:
                yield choice

    def is_pure(self, f: ast.expr) -> bool:
        """Return whether a call of what an expression stands for surely has no effect."""
        if isinstance(f, ast.Attribute) and f.attr in METHODS:
            return True
        found = self.called_as(f)
        module = str(getattr(found, "__module__", None) or "")
        of_numpy = module.split(".")[0] in ("numpy", "math") and "random" not in module
        return of_numpy or isinstance(found, np.ufunc) or any(found is g for g in PURE)

    def key_of(self, choice: ast.IfExp, rest: bool) -> tuple:
        where = self.source.file, self.source.first_line, choice.lineno, choice.col_offset
        return *where, "the rest" if rest else "parts"

    def part_ways(self, choice: ast.IfExp, what: str, lists=False) -> NoReturn:
        """Have the text read again in two branches, one for each side of a choice; refuse that where it cannot be.

        What follows is read with each side too, but where both are lists: a list may have any length after a branch.
        """
        node, *after = self.ways[-1] if self.ways else [choice]
        if not any(n is choice for n in self.choices_of(node)):
            self.fail(choice, what, WAY_OUT)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is choice and after and not lists:
            self.part_rest(choice, what)
        if self.key_of(choice, False) in self.shared.rebound:
            self.fail(choice, what, WAY_OUT)
        raise ReadAgain(self.key_of(choice, False))

    def part_if_it_must(self, choice: ast.IfExp, then, other):
        """Part the ways where the sides of a choice have different numbers of axes, or are arrays that are written."""
        pairs = list(_leaves(then, other))
        if any(isinstance(e, ir.Slice) for pair in pairs for e in pair):
            self.part_ways(choice, "a slice is chosen by a test")
        ranks = [[self.shared.ranks.rank(e) if isinstance(e, ir.Expr) else None for e in pair] for pair in pairs]
        if any(None not in pair and pair[0] != pair[1] for pair in ranks):
            axes = next(pair for pair in ranks if None not in pair and pair[0] != pair[1])
            self.part_ways(choice, f"the two sides of this choice have {axes[0]} and {axes[1]} axes")
        node = self.ways[-1][0] if self.ways else None
        if not isinstance(node, ast.Assign) or node.value is not choice or not any(r[0] for r in ranks):
            return
        names = {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        written = {n for s in self.nodes for n in _written(s)}
        shown = all(isinstance(e, ir.Name) for pair, r in zip(pairs, ranks, strict=True) if r[0] for e in pair)
        if shown and names & written:
            self.part_ways(choice, "arrays that are written are chosen by a test")


def _always(node: ast.AST) -> Iterator[ast.IfExp]:
    """Yield the choices that an expression makes in any case."""
    if isinstance(node, ast.IfExp):
        yield node
    elif isinstance(node, ast.BoolOp):
        yield from _always(node.values[0])
    elif isinstance(node, ast.Compare):
        yield from (*_always(node.left), *_always(node.comparators[0]))
    elif not isinstance(node, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.SetComp):
        for part in ast.iter_child_nodes(node):
            yield from _always(part)


def _with_side(node: ast.stmt, choice: ast.IfExp, side: ast.expr) -> ast.stmt:
    """Return a statement with one side of a choice in its place."""

    class Side(ast.NodeTransformer):
        def visit(self, found: ast.AST) -> ast.AST:
            return side if found is choice else self.generic_visit(_shallow(found))

    made = Side().visit(node)
    assert isinstance(made, ast.stmt)
    return made


def _shallow(node: ast.AST) -> ast.AST:
    """Return a copy of a node whose parts may be replaced."""
    copied = {name: list(v) if isinstance(v, list) else v for name, v in ast.iter_fields(node)}
    return ast.copy_location(type(node)(**copied), node)


def _leaves(then, other) -> Iterator[tuple]:
    """Yield what stands in the same places of two values."""
    if isinstance(then, Struct) and isinstance(other, Struct) and len(then.items) == len(other.items):
        for pair in zip(then.items, other.items, strict=True):
            yield from _leaves(*pair)
    else:
        yield then, other


def _written(node: ast.AST) -> set[str]:
    """Return the names of arrays of which a statement writes elements."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []
    parts = [n.value for t in targets for n in ast.walk(t) if isinstance(n, ast.Subscript)]
    parts += [node.target] if isinstance(node, ast.AugAssign) else []
    return {n.id for n in parts if isinstance(n, ast.Name)}


def _may_leave(node: ast.stmt) -> bool:
    """Return whether what follows a statement in its block may not run: one in it jumps beyond the block."""
    if not isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Match):
        return False
    jumps: tuple[type[ast.stmt], ...] = (ast.Return, ast.Break, ast.Continue)
    jumps = (ast.Return,) if isinstance(node, ast.For | ast.While) else jumps
    inside = list(ast.iter_child_nodes(node))
    while inside:
        n = inside.pop()
        if isinstance(n, jumps):
            return True
        inside += [] if isinstance(n, ast.FunctionDef | ast.Lambda) else ast.iter_child_nodes(n)
    return False
