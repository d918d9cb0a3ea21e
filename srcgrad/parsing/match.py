"""Read `match`: patterns become tests and names, cases become if and elif."""

from __future__ import annotations

import ast

from ..language import ir
from ..language.ir import Const
from .expressions import ExpressionReader, Obj, Struct


class MatchReader(ExpressionReader):
    """Reads `match` on numbers, text and tuples: values, `|`, `_`, captured names, sequences, guards."""

    def stmt_match(self, node):
        subject = self.expr(node.subject)
        if isinstance(subject, ir.Expr) and not isinstance(subject, Const):
            subject = self.hold(subject, node)
        self.cases(node.cases, subject, node)

    def cases(self, cases, subject, node):
        """Read the first case; where it does not match, the others."""
        if not cases:
            return None
        case, *others = cases
        test, names = self.pattern(case.pattern, subject, node)
        if isinstance(test, Const) and not test.value:
            return self.cases(others, subject, node)
        if isinstance(test, Const):
            self.capture_names(names, node)
            test = Const(True) if case.guard is None else self.test(case.guard)
            if isinstance(test, Const):
                return self.block(case.body) if test.value else self.cases(others, subject, node)
        elif case.guard is not None:
            test, names = self.guarded_case(test, names, case, node)

        def body():
            self.capture_names(names, node)
            self.block(case.body)

        return self.branch(test, body, lambda: self.cases(others, subject, node), node)

    def guarded_case(self, test, names, case, node):
        """Return (test, names still to be bound) of a case with a guard, which sees the names of its pattern."""
        loc = self.source.loc(node)
        if not names:
            return self.chain("and", [lambda: test, lambda: self.test(case.guard)], node), names
        matched = self.fresh("matched")
        self.emit(ir.Let(matched, test, loc))

        def read():
            self.capture_names(names, node)
            self.emit(ir.Let(matched, self.test(case.guard), loc))

        self.emit(ir.If(ir.Name(matched), self.nested(read), (), loc))
        return ir.Name(matched), []

    def capture_names(self, names, node):
        for name, value in names:
            self.assign(ast.copy_location(ast.Name(name, ast.Store()), node), value, node)

    def pattern(self, pattern, subject, node) -> tuple[ir.Expr, list]:
        """Return (test, [(name, value)]) of a pattern."""
        if isinstance(pattern, ast.MatchValue):
            value = self.expr(pattern.value)
            if isinstance(subject, Struct) or isinstance(subject, Obj) and isinstance(value, ir.Expr):
                return Const(False), []
            return self.compare(pattern, ast.Eq(), subject, node.subject, value, pattern.value), []
        if isinstance(pattern, ast.MatchSingleton):
            if pattern.value is None:
                return Const(isinstance(subject, Obj) and subject.value is None), []
            self.fail(pattern, f"the pattern {pattern.value} is not supported", "use if")
        if isinstance(pattern, ast.MatchAs):
            test, names = (Const(True), []) if pattern.pattern is None else self.pattern(pattern.pattern, subject, node)
            return test, names if pattern.name is None else [*names, (pattern.name, subject)]
        if isinstance(pattern, ast.MatchOr):
            found = [self.pattern(p, subject, node) for p in pattern.patterns]
            if any(names for _, names in found):
                self.fail(pattern, "names in alternatives are not supported", "write a case for each")
            return self.chain("or", [lambda t=t: t for t, _ in found], node), []
        if isinstance(pattern, ast.MatchSequence) and not any(isinstance(p, ast.MatchStar) for p in pattern.patterns):
            return self.sequence(pattern, subject, node)
        self.fail(pattern, f"the pattern {ast.unparse(pattern)} is not supported", "use if and elif")

    def sequence(self, pattern, subject, node) -> tuple[ir.Expr, list]:
        subject = self.opened(subject, node)
        if not isinstance(subject, Struct):
            self.fail(pattern, "a sequence pattern needs a tuple known when the function is read", "index and compare")
        if len(subject.items) != len(pattern.patterns) or subject.kind == "dict":
            return Const(False), []
        found = [self.pattern(p, v, node) for p, v in zip(pattern.patterns, subject.items, strict=True)]
        tests = [lambda t=t: t for t, _ in found]
        return self.chain("and", tests, node) if tests else Const(True), [n for _, names in found for n in names]
