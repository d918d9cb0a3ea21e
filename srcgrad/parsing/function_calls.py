"""Read calls of other Python functions: in place, where parameters become names of the caller, or its own values.

Where that makes a function too long, the calls of a callee that is long itself stay calls (`routines`).
"""

from __future__ import annotations

import ast
import collections
import inspect
import os
import sysconfig
import types
from dataclasses import replace
from functools import lru_cache
from typing import NoReturn, TypeGuard

import numpy as np

from ..errors import SourceNotFoundError
from ..hints import Nondifferentiable
from ..language import ir
from ..language.ir import Const, Let, Name
from ..library import by_name, is_ours, page_of
from ..library.choice import vectorized, vectorized_as
from .effects import leaves_of
from .expressions import NOT_HERE, ExpressionReader, List, Obj, Stop, Struct
from .integer_keys import UNKNOWN_DICT, WAY_OUT
from .key_tables import with_places
from .members import call_of
from .parts import has_list
from .queues import with_lists_for_queues
from .routines import Expansion, call_routine, form_of
from .source import find_source, python_function

# statements that reading calls in place may make of a function, before calls stay calls, and at most
LONG, LIMIT = 300, 5000
# how often a function is read inside itself, where it takes functions, lists or dicts: what is known of them may end it
DEEPEST = 12

PULLBACK_INSIDE = "call vjp inside the function that calls the pullback"

# their functions have rules or none: what stands in their source is not for us to differentiate
_LIBRARIES = ("numpy", "scipy", "math", "builtins", "numba", "sympy", "random")


_OWN_LIBRARY = sysconfig.get_paths()["stdlib"] + os.sep
_LAZY = (zip, enumerate, reversed, map, filter)
_INSTEAD = {
    "builtins": "do this outside the differentiated function", "itertools": "write the loops",
    "functools": "write a lambda, or a function of your own", "collections": "use a list, a tuple or an array",
    "numpy.fft": "write it with fft, rfft and their like, one axis after the other",
    "numpy": "write it in Python and NumPy, or give it a rule: sg.rule",
}  # fmt: skip


class LocalFunction:
    """A function or lambda defined inside the function being read."""

    def __init__(self, node, reader):
        self.node, self.reader = node, reader
        args = node.args
        names = [a.arg for a in (*args.posonlyargs, *args.args)]
        given = dict(zip(names[len(names) - len(args.defaults) :], args.defaults, strict=False))
        given |= {a.arg: v for a, v in zip(args.kwonlyargs, args.kw_defaults, strict=True) if v is not None}
        # a default is evaluated where the function is defined
        self.defaults = {k: reader.hold(reader.expr(v), v) for k, v in given.items()}
        self.__name__ = getattr(node, "name", "<lambda>")
        read = {n.id for n in ast.walk(node.body) if isinstance(n, ast.Name)} if isinstance(node, ast.Lambda) else set()
        own = {*names, *(a.arg for a in args.kwonlyargs)}
        self.scopes = [s for s in reader.scopes if s.targets & (read - own)]


class CallReader(ExpressionReader):
    """Reads a call by reading the body of the function called, with a reader of its own."""

    def user_call(self, node, f, values=None):
        """Read a call of another Python function in place; `values` are its arguments where they are read already."""
        for read in (self.derivative_call, self.ruled_call):
            value = read(node, f, values)
            if value is not NOT_HERE:
                return value
        if isinstance(f, np.vectorize):
            positional, keywords = values or self.values_of(node)
            page, leading = self.by_elements(node, f, self.lift(f.pyfunc, node))
            return self.user_call(node, page, ([*leading, *positional], keywords))
        f = call_of(f)
        if isinstance(f, types.MethodType) and not _is_of_library(_class_of(f.__self__)):
            return self.method_call(node, f, values)
        local = f if isinstance(f, LocalFunction) else None
        outside = self.lifted_call(node, local, values) if local else NOT_HERE
        if outside is not NOT_HERE:
            return outside
        page = None if local else page_of(f)
        original, f = f, f if page is None else page
        function = None if local else python_function(f)
        if local is None:
            self.require_text(node, f, function)
        identity = local.node if local else function.__code__
        recursive = identity in self.shared.stack[self.shared.base :]
        if recursive and self.shared.routines is None:
            raise Expansion
        if local:
            if any(s not in local.reader.scopes for s in local.scopes):
                self.fail(node, f"{self.name_of(node)} reads a variable of a comprehension that has ended",
                          "give it by a default: lambda x, k=k: ...")  # fmt: skip
            callee = type(self)(local.reader.source, self.shared, {}, local.reader, local.node)
        else:
            ours = is_ours(function)
            callee = type(self)(self.source_of(node, f, function, ours), self.shared, {})
        callee.is_callee = True
        callee.depth = callee.own_depth = self.depth
        positional, keywords = values or self.values_of(node)
        if page is not None:
            positional, keywords = self.named_as_by(original, page, positional, keywords)
            positional = [self.list_as_array(v, node) for v in positional]
            keywords = {k: self.list_as_array(v, node) for k, v in keywords.items()}
        given = self.arguments_of(node, callee, f, positional, keywords)
        constant = isinstance(f, Nondifferentiable)
        if self.shared.routines is not None and not local and not constant:
            made = self.shared.routines.find(self, callee, given)
            if made is not None:
                return call_routine(self, node, made, given)
        if recursive and not self.may_go_on(callee, identity, given, local):
            self.refuse_recursion(node, callee, identity, given, local)
        if constant:
            return self.splice_constant(node, callee, f, identity, given)
        start = len(self.out)
        value = self.splice(node, callee, f, identity, given)
        if not local and ours and isinstance(value, Name) and value.id in ir.bound_in(self.out[start:]):
            self.temporary.add(value.id)  # what the caller calls it is name enough, unless it is an argument
        return value

    def source_of(self, node, f, function, ours: bool):
        """Return the source of a function that is called, `ours` if it is a page."""
        try:
            source = self.shared.sources.get(function) or find_source(f)
        except SourceNotFoundError as e:
            self.fail(node, e.problems[0].what, e.problems[0].way_out)
        if function not in self.shared.sources:
            source = with_lists_for_queues(source)
        if self.shared.keyed and function not in self.shared.sources:
            source = replace(source, node=with_places(source.node))
        if ours:
            source = replace(source, called_at=self.source.loc(node))
        elif self.source.derived:
            source = replace(source, called_at=self.source.called_at, derived=True)
        self.shared.sources[function] = source
        if not ours:
            self.shared.callees.append(source)
        return source

    def method_call(self, node, f: types.MethodType, values):
        """Read a call of a method of an object that is captured: what it has are constants; or of a class."""
        positional, keywords = values or self.values_of(node)
        owner = Obj(f.__self__) if isinstance(f.__self__, type) else self.lift(f.__self__, node, "self")
        return self.user_call(node, f.__func__, ([owner, *positional], keywords))

    def may_go_on(self, callee, identity, given: dict, local) -> bool:
        """Return whether a function that is called inside itself is read in place: it ends there, as far as is known.

        A function given to one that takes functions may call that one, as in an integral of an integral.
        """
        routines, stack = self.shared.routines, self.shared.stack[self.shared.base :]
        if not local and routines.key_of(self, callee, given) in routines.ending:
            return True
        in_place = local or any(form_of(v, k in callee.locals) is None for k, v in given.items())
        return in_place and identity not in routines.told and stack.count(identity) < DEEPEST

    def refuse_recursion(self, node, callee, identity, given: dict, local) -> NoReturn:
        name, routines = self.name_of(node), self.shared.routines
        if routines is not None and identity in routines.endless:
            self.fail(node, f"{name} calls itself with arguments of ever other kinds",
                      "keep their dtypes and numbers of axes")  # fmt: skip
        if local:
            routines.told.add(identity)
            self.refuse_inner(node, local)
        if any(form_of(v, k in callee.locals) is None for k, v in given.items()):
            routines.told.add(identity)
            self.fail(node, f"{name} calls itself, and takes a list, a dict or an inner function",
                      "pass arrays and tuples, or write the recursion as a loop")  # fmt: skip
        for problem in routines.problems.get(routines.key_of(self, callee, given), ()):
            raise Stop(problem)
        self.fail(node, f"{name} calls itself, and writes or returns its arguments, or draws numbers",
                  "return new arrays: x.copy(), or write the recursion as a loop")  # fmt: skip

    def by_elements(self, node, f: np.vectorize, function) -> tuple:
        """Return the page that applies what np.vectorize makes of a function to all elements, and its first arguments.
        """
        kinds = [np.dtype(t) for t in f.otypes or ()]
        if f.signature is not None or f.excluded or len(kinds) > 1 or any(k.kind not in "fib" for k in kinds):
            self.fail(node, f"{self.name_of(node)} is made by np.vectorize with excluded, signature or several otypes",
                      "leave them out, or write the loop")  # fmt: skip
        return (vectorized_as, [function, Obj(kinds[0].type)]) if kinds else (vectorized, [function])

    def is_callable(self, node) -> Const:
        """Return whether a value is a function."""
        (value,) = self.in_order(node.args)
        return Const(isinstance(value, Obj) and (isinstance(value.value, LocalFunction) or callable(value.value)))

    def named_as_by(self, f, page, positional: list, keywords: dict) -> tuple[list, dict]:
        """Return the arguments of a call of a page, those by name for which it has another place than its function."""
        names = by_name(f, page, len(positional))
        if not names:
            return positional, keywords
        first, own = len(positional) - len(names), inspect.signature(page).parameters
        given = zip(names, positional[first:], strict=True)
        return positional[:first], {k: v for k, v in given if k in own or not _is_none(v)} | keywords

    def list_as_array(self, value, node):
        """Return a list that grows at run time as the array of its items, as functions of NumPy take it."""
        return self.rows_of_list(value, node) if isinstance(value, List) else value

    def require_text(self, node, f, function):
        """Refuse a function that has no text to be read, and no rule."""
        library = function is not None and (
            (function.__module__ or "").split(".")[0] in _LIBRARIES or _is_of_python(function))
        if function is not None and not library:
            return
        name = self.name_of(node)
        if getattr(f, "is_pullback", False):
            self.fail(node, f"{name}() is a pullback made outside of the function that calls it", PULLBACK_INSIDE)
        if f in (collections.defaultdict, collections.Counter):
            self.fail(node, UNKNOWN_DICT, f"{WAY_OUT}; d.get(k, 0.0) for d[k] where d is looked at as a whole")
        if isinstance(f, type) and not _is_of_library(f) and f.__module__ not in _INSTEAD:
            self.fail(node, f"{name}() makes an object of a class", "use a dataclass or a namedtuple, with its methods")
        way_out = _INSTEAD.get(getattr(f, "__module__", None), _INSTEAD["numpy"])
        self.fail(node, f"there is no rule for {name}() and no Python source",
                  "use it in a loop or a comprehension" if f in _LAZY else way_out)  # fmt: skip

    def name_of(self, node) -> str:
        """Return how the text calls a function, or the operation that stands for it."""
        return ast.unparse(node.func if isinstance(node, ast.Call) else node)

    def splice_constant(self, node, callee, f, identity, given):
        """Read a call of a nondifferentiable function: nothing active may go in, or come out through a closure."""
        value = self.splice(node, callee, f, identity, given)
        if isinstance(value, ir.Expr):
            value = self.hold(value, node)
        self.require(node, f, {"value": value})
        return value

    def require(self, node, f, values):
        """Emit the statement that no derivative flows through these values."""
        found = [e for v in values.values() for e in leaves_of(v) if not isinstance(e, Const)]
        if found:
            self.emit(ir.RequireConstant((Const(f.__name__), *found), self.source.loc(node)))

    def splice(self, node, callee, f, identity, given):
        before, size = len(self.out), self.shared.size
        if size > LIMIT:
            self.fail(node, f"the calls in this function expand to more than {LIMIT} statements", "differentiate parts")
        reads = _name_counts(callee.node)
        for name, value in given.items():
            callee.env[name] = self.bind_argument(callee, name, value, node, reads.get(name, 0))
        rest = getattr(callee.node.args, "kwarg", None)  # a dict made for the call: what is in it may be the caller's
        callee.callers = {k for k, v in callee.env.items()
                          if (any(map(has_list, v.items)) if rest and k == rest.arg else has_list(v))}  # fmt: skip
        callee.called_by = self, node
        if isinstance(f, Nondifferentiable):
            self.require(node, f, callee.env)
        name, page = getattr(f, "__name__", "call"), callee.source.called_at is not None
        call = ir.Call(name, self.source.loc(node), next(self.shared.calls), page)
        callee.source = replace(callee.source, calls=(*self.source.calls, call))
        self.shared.stack.append(identity)
        self.shared.reading.append(callee)
        paths = self.shared.paths
        try:
            body, value = callee.read_body()
        finally:
            self.shared.stack.pop()
            self.shared.reading.pop()
            self.shared.paths = paths
        self.shared.size = size + sum(1 for _ in ir.statements(body))
        if self.shared.routines is None and self.shared.size > LONG:
            raise Expansion
        if self.shared.size > LIMIT:
            self.fail(node, f"the calls in this function expand to more than {LIMIT} statements", "differentiate parts")
        if isinstance(value, ir.Expr) and not isinstance(value, Name | Const) and body and len(self.out) >= before:
            target = self.fresh(f"{getattr(f, '__name__', 'call')}_value".replace("<lambda>", "lambda"))
            self.temporary.add(target)
            last = Let(target, value, callee.return_loc)
            self.shared.ranks.note(last)
            body, value = (*body, last), Name(target)
        self.out.extend(body)
        self.kept_by(value, callee, node)
        return value

    def values_of(self, node, leading=()) -> tuple[list, dict]:
        """Return the arguments of a call, by position and by name; `leading` come before those it lists."""
        start = len(self.out)
        positional = self.in_order(node.args)
        positional = [*self.as_before(start, list(leading), node), *positional]
        start = len(self.out)
        by_name = self.keywords(node)
        return self.as_before(start, positional, node), by_name

    def arguments_of(self, node, callee, f, positional: list, by_name: dict) -> dict:
        """Return the values of the parameters of a callee, by name, in the order of the parameters."""
        args = callee.node.args
        unnamed = [a.arg for a in args.posonlyargs]
        names = [*unnamed, *(a.arg for a in args.args)]
        every = names + [a.arg for a in args.kwonlyargs]
        if len(positional) > len(names) and not args.vararg:
            self.fail(node, f"{self.name_of(node)} takes {len(names)} arguments, {len(positional)} given",
                      "correct the call")  # fmt: skip
        given: dict = dict(zip(names, positional, strict=False))
        others = {k: v for k, v in by_name.items() if k not in every or k in unnamed} if args.kwarg else {}
        for key, value in by_name.items():
            if key in others:
                continue
            if key not in every and callee.source.called_at is not None:
                self.refuse_option(node, key)
            if key not in every or key in given or key in unnamed:
                self.fail(node, f"{self.name_of(node)} got an unexpected argument {key!r}", "correct the call")
            given[key] = value
        defaults = callee.defaults(f)
        for name in every:
            if name not in given:
                if name not in defaults:
                    self.fail(node, f"{self.name_of(node)} misses argument {name!r}", "give it")
                given[name] = defaults[name]
        given = {name: given[name] for name in every}
        if args.vararg:
            rest = tuple(positional[len(names) :])
            given[args.vararg.arg] = Struct(rest, tuple(range(len(rest))))
        if args.kwarg:
            given[args.kwarg.arg] = Struct(tuple(others.values()), tuple(others), "dict")
            callee.locals |= {args.kwarg.arg}  # made for the call
        return given

    def bind_argument(self, callee, name, value, node, uses):
        """Return what a parameter stands for in the callee: the caller's own value where that is safe."""
        if isinstance(value, Struct):
            return self.bound_item(value, node)
        if not isinstance(value, ir.Expr):
            return value
        assigned = name in callee.locals and not callee.in_library
        written = isinstance(value, Name) and value.id in self.shared.fields  # by the callee, under its object
        if assigned and not written and self.is_array_of_ours(value) and name not in _bound_anew(callee.node):
            callee.renamed[name] = value.id  # the caller's array is updated in place
            return value
        if isinstance(value, Const) and not assigned or isinstance(value, ir.Op) and value.fn == "dtype":
            return value
        if isinstance(value, Name | ir.Slice) and not assigned and not written:
            return value
        whole = None if assigned else self.integer(value)
        if whole is not None:
            return Const(whole)
        if not assigned and uses <= 1 and isinstance(callee.node, ast.Lambda) and callee.is_formula(callee.node.body):
            return value
        target = self.fresh(name)
        callee.renamed[name] = target
        self.emit(Let(target, value, self.source.loc(node)))
        return Name(target)

    def is_array_of_ours(self, value: ir.Expr) -> TypeGuard[Name]:
        """Return whether a value is the name of an array that is not captured."""
        return isinstance(value, Name) and bool(self.shared.ranks.rank(value)) and value.id not in self.shared.captured

    def is_formula(self, body) -> bool:
        """Return whether an expression only computes: nothing in it binds names, runs statements, or runs again."""
        for n in ast.walk(body):
            if isinstance(n, ast.NamedExpr | ast.ListComp | ast.GeneratorExp | ast.DictComp):
                return False
            f = n.func if isinstance(n, ast.Call) else None
            if isinstance(f, ast.Attribute) and not isinstance(self.called_as(f.value), types.ModuleType):
                return False
            if isinstance(f, ast.Name) and (f.id in self.env or isinstance(self.resolve(f.id)[1], Obj)):
                return False
            if isinstance(f, ast.Name) and python_function(self.resolve(f.id)[1]) is not None:
                return False
        return True

    def kept_by(self, value, callee, node):
        """Bind what a function that is returned reads of its parameters to names that the caller does not bind anew."""
        if isinstance(value, Struct):
            for item in value.items:
                self.kept_by(item, callee, node)
        made = value.value if isinstance(value, Obj) else None
        if not isinstance(made, LocalFunction):
            return
        read = {n.id for n in ast.walk(made.node) if isinstance(n, ast.Name)} - callee.locals
        for name in sorted(read & set(callee.env)):
            callee.env[name] = self.hold(callee.env[name], node, name)

    def bound_item(self, value, node):
        """Return an item of a tuple that is an argument: an expression is computed before the call."""
        if isinstance(value, Struct):
            return replace(value, items=tuple(self.bound_item(v, node) for v in value.items))
        kept = isinstance(value, Name) and value.id not in self.shared.fields
        return value if kept else self.hold(value, node)

    def defaults(self, f) -> dict:
        """Return the values of parameters that a call leaves out."""
        if isinstance(f, LocalFunction):
            return f.defaults
        args = self.node.args
        names = [a.arg for a in (*args.posonlyargs, *args.args)]
        function = self.source.function
        given = function.__defaults__ or ()
        values = dict(zip(names[len(names) - len(given) :], given, strict=False)) | (function.__kwdefaults__ or {})
        return {k: self.lift(v, self.node, k) for k, v in values.items()}


def _is_of_python(function) -> bool:
    """Return whether a function stands in Python's own library."""
    path = function.__code__.co_filename
    return path.startswith(_OWN_LIBRARY) and "site-packages" not in path


def _class_of(value) -> type:
    """Return the class of a value, of a class itself."""
    return value if isinstance(value, type) else type(value)


def _is_of_library(cls: type) -> bool:
    return cls.__module__.split(".")[0] in _LIBRARIES


def _is_none(value) -> bool:
    return isinstance(value, Obj) and value.value is None


@lru_cache(maxsize=64)
def _bound_anew(node) -> frozenset[str]:
    """Return the names that a function binds otherwise than by updating what they stand for."""
    updated = {id(n.target) for n in ast.walk(node) if isinstance(n, ast.AugAssign)}
    named = (n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return frozenset(n.id for n in named if id(n) not in updated)


def _name_counts(node) -> dict[str, int]:
    counts: dict[str, int] = {}
    for n in ast.walk(node):
        if isinstance(n, ast.Name):
            counts[n.id] = counts.get(n.id, 0) + 1
    return counts
