"""Read a Python function into the IR: the only door in.

Calls of other Python functions are read in place; tuples and fields are replaced by their items; names are resolved
by object. Everything outside the language is refused with its line, all problems of a function in one report.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from .. import tree
from ..errors import Problem, UnknownFunctionError, UnsupportedError, problem_at
from ..hints import require_constant
from ..language import ir
from ..language.blocks import verify
from ..language.ir import Const, Name, Op, Return
from ..language.repeats import NOWHERE, Repeats
from .array_calls import ArrayCallReader
from .assignments import AssignmentReader
from .builtin_calls import BuiltinReader
from .cells import CellReader
from .checkpoint_loops import CheckpointReader
from .columns import ReadAgain
from .combinations import CombinationReader
from .complex_arrays import ComplexArrayReader
from .complex_numbers import ComplexReader
from .comprehensions import ComprehensionReader
from .conditions import ConditionReader
from .derivatives import DerivativeReader
from .dicts import DictReader
from .effects import EffectReader
from .evaluation import EvaluationReader
from .expressions import COMPLEX, RESERVED, List, Lost, Obj, Stop, structured
from .externals import ExternalReader
from .function_calls import CallReader, LocalFunction
from .handed_objects import HandedObjectReader
from .held_items import put_items_in_place
from .index_loops import IndexLoopReader
from .inner_recursion import InnerRecursionReader, to_be_lifted
from .integer_keys import UNKNOWN
from .key_tables import with_places
from .library_calls import LibraryReader
from .list_copies import ListCopyReader
from .list_methods import ListMethodReader
from .lists import ListReader
from .lookups import LookupReader
from .loops import LoopReader
from .match import MatchReader
from .none import NoneReader
from .objects import ObjectReader
from .operations import OperationReader
from .operators import OperatorReader
from .parted import PartedReader
from .parts import has_list, is_any_list, is_known_object, is_list, parts_of
from .queues import with_lists_for_queues
from .random_draws import RandomReader
from .ranks import Ranks
from .refused import STATEMENTS
from .returns import ReturnReader, flatten_result, leaves_of_result, rebuilt
from .routines import Expansion, Routines
from .rule_calls import RuleReader, rule_of
from .sequences import SequenceReader
from .shapes import ShapeReader
from .shared import Shared
from .source import Source, assigned_names, find_source, names_in_text, own_nodes, source_from_text
from .structure import structure
from .subscripts import SubscriptReader
from .tabled import TABLED, UNROLLED, TableReader

KEYS = "keys"  # among what is to be read anew: dicts with integer keys as lists
DIFFERENT = Lost("stands for different things on different paths", "use each where it is bound")
PARTLY_BOUND = Lost("is bound on some paths only", "bind it before the branch as well")


class _Parsed:
    """What `parse` returns: the function, the structures of its parameters and result, pitfalls of what it calls."""

    def __init__(self, function, structures, result, shared):
        self.function: ir.Function = function
        self.structures: tuple[tree.Structure, ...] = structures
        self.result: tree.Structure = result
        self.callees: tuple[Source, ...] = tuple(shared.callees)
        self.pitfalls: tuple[Problem, ...] = tuple(dict.fromkeys(shared.pitfalls))


def parse(
    f, structures: tuple[tree.Structure, ...] | None = None, inline=frozenset(), kinds=None, repeats: Repeats = NOWHERE
) -> _Parsed:
    """Return the IR of a Python function whose parameters have the given structures (default: all leaves).

    `kinds` are those of its flat parameters, where they are known: what the text asks of ranks is then decided.
    `repeats` says which axes of them have one element, and what the derivatives it calls allow for.

    Where calls read in place make it too long, functions called again and again become routines; those with their key
    in `inline` are read in place still.

    Raises
    ------
    UnsupportedError
        With every construct outside the language, by line.
    SourceNotFoundError
        If there is no source.
    """
    source = f if isinstance(f, Source) else find_source(f)
    rule = None if isinstance(f, Source) else rule_of(f)
    read = partial(_read, source, structures, kinds, repeats, rule)
    try:
        return _until_known(read, inline, set())
    except UnsupportedError as error:
        if not any(p.what in UNKNOWN for p in error.problems):
            raise
        try:
            return _until_known(read, inline, {(KEYS,)})
        except UnsupportedError as other:
            # what is said again is said of a dict that lists cannot stand for
            raise (other if any(p.what in UNKNOWN for p in other.problems) else error) from None


def _until_known(read: Callable[..., _Parsed], inline: frozenset, rebound: set[tuple]) -> _Parsed:
    """Return what is read, once it is known what has to be read another way; some is known from the start."""
    while True:
        try:
            return _with_routines(read, inline, rebound)
        except ReadAgain as found:
            rebound.add(found.key)
        except (UnsupportedError, UnknownFunctionError) as error:
            tables = {key for key in rebound if key[0] == TABLED}
            inner = to_be_lifted(rebound, error.problems)
            if not tables and not inner:
                raise
            rebound -= tables  # an item has to be known
            rebound |= inner | ({(UNROLLED,)} if tables else set())


def _with_routines(read: Callable[..., _Parsed], inline: frozenset, rebound: set[tuple]) -> _Parsed:
    try:
        return read(None, rebound)
    except Expansion:
        routines = Routines(inline)
        parsed = read(routines, rebound)
        once = routines.called_once(parsed.function.body)
        return read(Routines(inline | once), rebound) if once else parsed


def _read(source: Source, structures, kinds, repeats, rule, routines: Routines | None, rebound: set[tuple]) -> _Parsed:
    source = with_lists_for_queues(source)
    source = replace(source, node=with_places(source.node)) if (KEYS,) in rebound else source
    shared = Shared(source)
    shared.keyed = (KEYS,) in rebound
    shared.stretch, shared.rebound = repeats.anywhere, rebound
    shared.routines = routines
    reader = Reader(source, shared, {})
    params, bound = reader.bind_structures(structures)
    shared.ranks = Ranks(dict(zip(params, kinds, strict=True)) if kinds is not None else None)
    shared.ranks.of_one |= {p: repeats.axes_of(k) for k, p in enumerate(params)}
    reader.env.update(bound)
    reader.callers = {k for k, v in bound.items() if has_list(v)}
    shared.reading.append(reader)
    shared.given_lists = {p.token for v in bound.values() for p in parts_of(v) if is_list(p)}
    shared.complex |= (COMPLEX,) in rebound
    known = shared.complex or reader.meets_complex()
    body, value = reader.read_body() if rule is None else reader.read_call(rule, bound)
    if shared.complex and not known:
        raise ReadAgain((COMPLEX,))  # what was read before the first complex number took it for real
    if shared.problems:
        kind = UnknownFunctionError if all("no rule" in p.what for p in shared.problems) else UnsupportedError
        raise kind(*dict.fromkeys(shared.problems))
    result, flat = flatten_result(value)
    loc = body[-1].loc if body and reader.return_loc is None else reader.return_loc
    block = (*shared.heads, *body, Return(flat[0] if len(flat) == 1 else ir.Tuple(flat), loc))
    block = put_items_in_place(block, shared.held)
    captured = tuple(shared.captured.items())
    doc = ast.get_docstring(source.node) if isinstance(source.node, ast.FunctionDef) else None
    name = f"{source.name}_function" if source.name in RESERVED else source.name
    function = ir.Function(name, params, block, reader.source.loc(source.node), doc, (), captured)
    return _Parsed(verify(function), tuple(structures or [tree.LEAF] * len(params)), result, shared)


def parse_text(text: str, namespace: dict | None = None) -> ir.Function:
    """Return the IR of the last function defined in `text`, which is read as generated text is.

    >>> from srcgrad.language.emit import emit
    >>> print(emit(parse_text("def f(x):\\n    y = x * 2.0\\n    return y + 1.0")))
    def f(x):
        y = x * 2.0
        return y + 1.0
    """
    import math

    from ..primitives import own
    from ..runtime import fourier, simd, special

    known = {"np": np, "math": math, "fourier": fourier, "simd": simd, "special": special, "own": own}
    return parse(replace(source_from_text(text, known | (namespace or {})), derived=True)).function


class Reader(
    LoopReader, ListReader, ComprehensionReader, AssignmentReader, CallReader, OperationReader, BuiltinReader,
    ArrayCallReader, RandomReader, ConditionReader, MatchReader, CheckpointReader, IndexLoopReader, LibraryReader,
    SubscriptReader, ExternalReader, DerivativeReader, RuleReader, EffectReader, ShapeReader, OperatorReader,
    NoneReader, CombinationReader, DictReader, SequenceReader, ComplexReader, ComplexArrayReader, EvaluationReader,
    PartedReader, ReturnReader, ObjectReader, CellReader,
    ListMethodReader, HandedObjectReader, LookupReader, ListCopyReader, TableReader,
    InnerRecursionReader,
):  # fmt: skip
    """Reads one function body; a callee gets a reader of its own that shares names and problems."""

    def __init__(self, source: Source, shared: Shared, env: dict, outer: Reader | None = None, node=None):
        self.source, self.shared, self.env, self.outer = source, shared, env, outer
        self.node = node or source.node
        self.nodes = tuple(ast.walk(self.node))
        self.fresh, self.spoken = shared.fresh, shared.spoken
        if source.called_at is None:
            self.spoken.own |= names_in_text(source.node)
            self.source = replace(source, spoken=self.spoken)
        self.problems = shared.problems
        self.out: list[ir.Stmt] = []
        self.depth = self.own_depth = 0
        self.in_library = source.called_at is not None and not source.derived
        self.template = None
        self.whole_numbers = True  # whether all that is returned beside None is integers
        self.return_loc = None
        self.locals = assigned_names(self.node)
        self.renamed: dict[str, str] = {}
        self.is_callee = self.is_page = False
        self.temporary: set[str] = set()
        self.components: dict[tuple, str] = {}
        self.callers = set[str]()  # names that stand for lists of a caller's
        self.called_by: tuple[Reader, Any] | None = None
        self.read_early = set[str]()  # names that were read before a line bound them
        self.wanted_name: str | None = None
        self.grown_names: set[str] | None = None
        self.written_inside: set[str] | None = None
        self.looked_into_found: set[int] | None = None
        self.storing = False
        self.written_names = set[str]()  # those of them that are not only bound anew
        self.buffers, self.taking = set[str](), set[str]()
        self.own_lists: dict[str, List] = {}
        self.ways, self.loops, self.sums = list[list[ast.stmt]](), list[ast.stmt](), []
        self.broken: set[str] = set()
        self.scopes: list = []  # of the comprehensions that are being read
        self.entered: list[set[str]] = [set()]  # for every block around, the names bound before it

    # -- names
    def local_name(self, name: str) -> str:
        if name in self.renamed:
            return self.renamed[name]
        if not self.is_callee and name not in RESERVED:
            return name
        if name not in self.renamed:
            self.renamed[name] = self.fresh(name)
            self.spoken.known[self.renamed[name]] = name
        return self.renamed[name]

    def resolve(self, name):
        reader = self.outer
        while reader is not None:
            if name in reader.env:
                return True, reader.env[name]
            if name in reader.locals:
                reader.read_early.add(name)
                return True, Name(reader.local_name(name))
            reader = reader.outer
        return self.source.resolve(name)

    def capture(self, hint: str, array: np.ndarray) -> str:
        """Return the name under which a captured array stands; no variable of any function read has it."""
        key = id(array)
        if key not in self.shared.captured_ids:
            free = hint in self.shared.free_names and hint not in self.shared.captured and hint not in RESERVED
            name = hint if free else self.fresh(hint)
            self.fresh.taken.add(name)
            self.shared.captured_ids[key] = name
            self.shared.captured[name] = array
            self.shared.ranks.bind(name, ir.Kind(str(array.dtype), array.ndim))
        return self.shared.captured_ids[key]

    def rebinds(self, name: str) -> bool:
        """Return whether the function binds a name of the program more than once."""
        given = {a.arg for a in ast.walk(self.node.args) if isinstance(a, ast.arg)}
        stores = [n.id for n in own_nodes(self.node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        bound = [*given, *stores]
        own = {n: self.renamed.get(n, n) for n in set(stores)}
        return any(bound.count(n) > 1 and own[n] == name for n in own)

    def emit(self, stmt: ir.Stmt):
        self.out.append(stmt)
        self.shared.ranks.note(stmt)
        self.note_row(stmt)

    # -- functions
    def bind_structures(self, structures):
        """Return (flat parameter names, environment) for parameters of the given structures."""
        args = self.node.args
        if args.vararg or args.kwarg:
            raise UnsupportedError(
                problem_at(self.source.loc(self.node), "*args and **kwargs parameters are not supported",
                           "name every parameter")
            )  # fmt: skip
        names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
        structures = structures or (tree.LEAF,) * len(names)
        params, env = [], {}
        for name, structure_ in zip(names, structures, strict=True):
            if isinstance(structure_, tree.Leaf):
                own = self.fresh(name) if name in RESERVED else name
                self.renamed[name] = own
                params.append(own)
                env[name] = Name(own)
                continue
            self.shared.complex |= tree.has_complex(structure_)
            flat = [self.fresh(n) for n in tree.leaf_names(structure_, name)]
            params += flat
            self.spoken.known.update(zip(flat, tree.leaf_paths(structure_, name), strict=True))
            self.own_parts((name,), structure_, iter(flat))
            env[name] = structured(structure_, map(Name, flat))
        return tuple(params), env

    def read_body(self):
        """Return (structured block, value): the statements of the function and its result."""
        if isinstance(self.node, ast.AsyncFunctionDef):
            self.problems.append(
                problem_at(self.source.loc(self.node), "async functions are not supported", "use an ordinary def")
            )
            return (), Const(None)
        body = self.node.body
        whole = ast.copy_location(ast.Return(body), body) if isinstance(self.node, ast.Lambda) else None
        if whole is not None and self.parted(whole, []) is None:
            self.ways.append([whole])
            try:
                value = self.expr(self.node.body)
                self.require_result(value, self.node.body)
                self.return_loc = self.source.loc(self.node.body)
            except Stop as stop:
                self.problems.append(stop.problem)
                value = Const(0.0)
            self.ways.pop()
            return tuple(self.out), value
        self.block(body if whole is None else [whole])
        block = self.with_nothing(tuple(self.out))
        returns = [s for s in ir.statements(block) if isinstance(s, Return)]
        if self.problems:
            return (), Const(0.0)
        if not returns:
            if not self.is_callee:
                self.problems.append(
                    problem_at(self.source.loc(self.node), f"{self.source.name} returns nothing",
                               "return the value to be differentiated")
                )  # fmt: skip
                return (), Const(0.0)
            body, _ = structure(block, self.fresh)
            return body, Obj(None)
        self.return_loc = returns[-1].loc
        body, result = structure(block, self.fresh)
        for stmt in ir.statements(body):
            if isinstance(stmt, ir.Let) and stmt.target not in self.shared.ranks.kinds:
                self.shared.ranks.note(stmt)
        return body, rebuilt(self.template, iter(leaves_of_result(result)))

    def read_call(self, rule, bound):
        """Return (block, value) of a function with a rule of its own: a call of it."""
        try:
            value = self.call_by_rule(self.node, rule, [], bound)
        except Stop as stop:
            self.problems.append(stop.problem)
            return (), Const(0.0)
        return tuple(self.out), value

    # -- statements
    def nested(self, body) -> tuple:
        """Return the statements of a block inside another one; `body` is its ast nodes, or reads it."""
        saved, self.out, whole, paths = self.out, [], dict(self.shared.whole), self.shared.paths
        self.depth += 1
        self.shared.enter()
        self.entered.append(set(self.env))
        try:
            body() if callable(body) else self.block(body)
            return tuple(self.out)
        finally:
            self.out, self.shared.whole, self.shared.paths = saved, whole, paths
            self.depth -= 1
            self.entered.pop()

    def stmt(self, node: ast.stmt):
        method = getattr(self, f"stmt_{type(node).__name__.lower()}", None)
        if method is None:
            what, way = STATEMENTS.get(type(node).__name__, (f"the statement {type(node).__name__}", "rewrite it"))
            self.fail(node, f"{what} is not supported", way)
        method(node)

    def stmt_pass(self, node):
        pass

    def stmt_delete(self, node):
        for target in node.targets:
            if isinstance(target, ast.Subscript):
                self.without_item(target)
                continue
            if not isinstance(target, ast.Name):
                self.fail(node, "del of a field is not supported", "leave out the del")
            self.expr(ast.copy_location(ast.Name(target.id, ast.Load()), target))
            self.env[target.id] = Lost("is used after it was deleted", "leave out the del")

    def stmt_expr(self, node):
        if isinstance(node.value, ast.Constant):
            return
        if isinstance(node.value, ast.Yield | ast.YieldFrom | ast.Await):
            self.expr(node.value)
        if isinstance(node.value, ast.Call):
            target = node.value.func
            if isinstance(target, ast.Name) and target.id == "print" and "print" not in self.locals:
                shown = tuple(e for a in node.value.args for e in self.printed(a))
                self.emit(ir.Print(shown, self.source.loc(node)))
                return
            if isinstance(target, ast.Name) and self.resolve(target.id)[1] is require_constant:
                self.emit(ir.RequireConstant(tuple(self.scalar(a) for a in node.value.args), self.source.loc(node)))
                return
            value = self.expr(node.value)
            if isinstance(value, Op) and value.fn in ("stop_gradient", "print_grad"):
                self.fail(node, f"the value of {value.fn} is not used", f"assign it: y = {ast.unparse(node.value)}")
            return
        self.fail(node, "an expression alone does nothing here", "assign it, or leave it out")

    def stmt_if(self, node):
        test = self.test(node.test)
        if isinstance(test, Const):
            return self.block(node.body if test.value else node.orelse)
        self.branch(test, lambda: self.block(node.body), lambda: self.block(node.orelse), node)

    def branch(self, test: ir.Expr, then, other, node):
        """Emit a branch on a test known only at run time; `then` and `other` read the two sides."""
        self.before_block(node)
        env = dict(self.env)
        first = self.nested(then)
        after_then = self.env
        new = {k: v for k, v in after_then.items() if k not in env}
        self.env = env | {k: v for k, v in new.items() if not is_known_object(v)}
        second = self.nested(lambda: (other(), self.join_objects(new, node)))
        after_other, self.env = self.env, {**after_then, **self.env}
        for name in self.env:
            values = after_then.get(name), after_other.get(name)
            self.joined(*values)
            if any(isinstance(v, Lost) for v in values):
                self.env[name] = next(v for v in values if isinstance(v, Lost))
            elif values[0] != values[1] and (any(map(is_known_object, values)) or any(map(self.which_cells, values))):
                if all(map(is_any_list, values)):
                    self.read_as_buffer(name)
                self.env[name] = PARTLY_BOUND if None in values else DIFFERENT
        self.emit(ir.If(test, first, second, self.source.loc(node)))

    def stmt_functiondef(self, node):
        if node.decorator_list:
            self.fail(node, "a decorated inner function is not supported", "define it outside")
        self.env[node.name] = self.assign_struct(node.name, Obj(LocalFunction(node, self)), node)

    def expr_lambda(self, node):
        return Obj(LocalFunction(node, self))
