"""Read a Python function into the IR: the only door in.

Calls of other Python functions are read in place; tuples and fields are replaced by their items; names are resolved
by object. Everything outside the language is refused with its line, all problems of a function in one report.
"""

from __future__ import annotations

import ast
import types

import numpy as np

from . import ir, tree
from .errors import Problem, UnknownFunctionError, UnsupportedError, problem_at
from .ir import Const, Let, Name, Op, Return, Store
from .parse_expr import ExpressionReader, Obj, ShapeOf, Stop, Struct
from .source import Source, find_source, python_function, source_from_text
from .structure import structure

_AUGMENTED = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.Mod: "mod",
    ast.FloorDiv: "floordiv", ast.MatMult: "np.dot", ast.BitAnd: "bitand", ast.BitOr: "bitor",
}  # fmt: skip
_REFUSED = {
    "Try": ("try/except", "test for the bad value with an if"),
    "With": ("with", "do this outside the differentiated function"),
    "Global": ("global", "pass the value as an argument and return it"),
    "Nonlocal": ("nonlocal", "pass the value as an argument and return it"),
    "ClassDef": ("a class definition", "define it outside"),
    "Delete": ("del", "leave it out"),
    "Import": ("an import inside the function", "import at the top of the file"),
    "ImportFrom": ("an import inside the function", "import at the top of the file"),
    "AsyncFor": ("async for", "use an ordinary loop"),
    "AsyncWith": ("async with", "do this outside"),
    "Match": ("match", "use if/elif"),
}


# their functions have rules or none: what stands in their source is not for us to differentiate
_LIBRARIES = ("numpy", "scipy", "math", "builtins", "numba", "sympy", "random")


class LocalFunction:
    """A function or lambda defined inside the function being read."""

    def __init__(self, node, reader):
        self.node, self.reader = node, reader
        self.__name__ = getattr(node, "name", "<lambda>")


class _Parsed:
    """What `parse` returns: the function, and the structures of its parameters and result."""

    def __init__(self, function, structures, result, callees):
        self.function: ir.Function = function
        self.structures: tuple[tree.Structure, ...] = structures
        self.result: tree.Structure = result
        self.callees: tuple[Source, ...] = callees


def parse(f, structures: tuple[tree.Structure, ...] | None = None) -> _Parsed:
    """Return the IR of a Python function whose parameters have the given structures (default: all leaves).

    Raises
    ------
    UnsupportedError
        With every construct outside the language, by line.
    SourceNotFoundError
        If there is no source.
    """
    source = f if isinstance(f, Source) else find_source(f)
    shared = _Shared(source)
    reader = Reader(source, shared, {})
    params, bound = reader.bind_structures(structures)
    reader.env.update(bound)
    body, value = reader.read_body()
    if shared.problems:
        kind = UnknownFunctionError if all("no rule" in p.what for p in shared.problems) else UnsupportedError
        raise kind(*shared.problems)
    result, flat = _flatten_result(value)
    loc = body[-1].loc if body and reader.return_loc is None else reader.return_loc
    block = (*body, Return(ir.Tuple(flat) if isinstance(result, tree.Node) else flat[0], loc))
    captured = tuple(shared.captured.items())
    doc = ast.get_docstring(source.node) if isinstance(source.node, ast.FunctionDef) else None
    name = source.name
    function = ir.Function(name, params, block, source.loc(source.node), doc, (), captured)
    return _Parsed(ir.verify(function), tuple(structures or [tree.LEAF] * len(params)), result, tuple(shared.callees))


def parse_text(text: str, namespace: dict | None = None) -> ir.Function:
    """Return the IR of the last function defined in `text`.

    >>> from srcgrad.emit import emit
    >>> print(emit(parse_text("def f(x):\\n    y = x * 2.0\\n    return y + 1.0")))
    def f(x):
        y = x * 2.0
        return y + 1.0
    """
    import math

    return parse(source_from_text(text, {"np": np, "math": math, **(namespace or {})})).function


def _flatten_result(value) -> tuple[tree.Structure, tuple[ir.Expr, ...]]:
    if isinstance(value, Struct):
        parts = [_flatten_result(v) for v in value.items]
        node = tree.Node(value.kind, value.keys, tuple(p[0] for p in parts), value.make)
        return node, tuple(e for _, flat in parts for e in flat)
    return tree.LEAF, (value,)


class _Shared:
    """What a function and the callees read into it have in common."""

    def __init__(self, source: Source):
        taken = {n.id for n in ast.walk(source.node) if isinstance(n, ast.Name)}
        taken |= {n.arg for n in ast.walk(source.node) if isinstance(n, ast.arg)}
        self.fresh = ir.Fresh(taken)
        self.problems: list[Problem] = []
        self.captured: dict[str, np.ndarray] = {}
        self.captured_ids: dict[int, str] = {}
        self.callees: list[Source] = [source]
        self.stack: list[object] = [source.function.__code__]
        self.size = 0


class Reader(ExpressionReader):
    """Reads one function body; a callee gets a reader of its own that shares names and problems."""

    def __init__(self, source: Source, shared: _Shared, env: dict, outer: Reader | None = None, node=None):
        self.source, self.shared, self.env, self.outer = source, shared, env, outer
        self.node = node or source.node
        self.fresh = shared.fresh
        self.problems = shared.problems
        self.out: list[ir.Stmt] = []
        self.depth = 0
        self.template = None
        self.return_loc = None
        self.locals = _assigned_names(self.node)
        self.renamed: dict[str, str] = {}
        self.is_callee = False

    # -- names
    def local_name(self, name: str) -> str:
        if not self.is_callee:
            return name
        if name not in self.renamed:
            self.renamed[name] = self.fresh(name)
        return self.renamed[name]

    def resolve(self, name):
        reader = self.outer
        while reader is not None:
            if name in reader.env:
                return True, reader.env[name]
            if name in reader.locals:
                return True, Name(reader.local_name(name))
            reader = reader.outer
        return self.source.resolve(name)

    def capture(self, hint: str, array: np.ndarray) -> str:
        key = id(array)
        if key not in self.shared.captured_ids:
            name = self.fresh(hint) if hint in self.fresh.taken and hint in self.locals else hint
            while name in self.shared.captured:
                name = self.fresh(hint)
            self.fresh.taken.add(name)
            self.shared.captured_ids[key] = name
            self.shared.captured[name] = array
        return self.shared.captured_ids[key]

    def emit(self, stmt: ir.Stmt):
        self.out.append(stmt)

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
                params.append(name)
                env[name] = Name(name)
                continue
            flat = [self.fresh(n) for n in tree.leaf_names(structure_, name)]
            params += flat
            env[name] = _structured(structure_, iter(flat))
        return tuple(params), env

    def read_body(self):
        """Return (structured block, value): the statements of the function and its result."""
        if isinstance(self.node, ast.AsyncFunctionDef):
            self.problems.append(
                problem_at(self.source.loc(self.node), "async functions are not supported", "use an ordinary def")
            )
            return (), Const(None)
        if isinstance(self.node, ast.Lambda):
            try:
                value = self.expr(self.node.body)
                self.return_loc = self.source.loc(self.node.body)
            except Stop as stop:
                self.problems.append(stop.problem)
                value = Const(0.0)
            return tuple(self.out), value
        self.block(self.node.body)
        block = tuple(self.out)
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
        return body, _rebuild(self.template, iter(_leaves_of(result)))

    def user_call(self, node, f):
        """Read a call of another Python function in place."""
        local = f if isinstance(f, LocalFunction) else None
        if getattr(f, "_transform", "primal") != "primal":
            self.fail(node, f"{ast.unparse(node.func)} is a derivative, and called inside a differentiated function",
                      "differentiate it from outside: grad(grad(f))")  # fmt: skip
        function = None if local else python_function(f)
        library = function is not None and (function.__module__ or "").split(".")[0] in _LIBRARIES
        if local is None and (function is None or library):
            name = ast.unparse(node.func)
            self.fail(node, f"there is no rule for {name}() and no Python source",
                      "write it in Python and NumPy, or register a rule for it")  # fmt: skip
        identity = local.node if local else function.__code__
        if identity in self.shared.stack:
            self.fail(node, f"{ast.unparse(node.func)} calls itself", "write the recursion as a loop")
        if local:
            callee = Reader(local.reader.source, self.shared, {}, local.reader, local.node)
        else:
            source = find_source(f)
            self.shared.callees.append(source)
            callee = Reader(source, self.shared, {})
        callee.is_callee = True
        callee.depth = self.depth
        return self.splice(node, callee, f, identity)

    def splice(self, node, callee: Reader, f, identity):
        before = len(self.out)
        self.bind_call(node, callee, f)
        self.shared.stack.append(identity)
        try:
            body, value = callee.read_body()
        finally:
            self.shared.stack.pop()
        self.shared.size += sum(1 for _ in ir.statements(body))
        if self.shared.size > 5000:
            self.fail(node, "the calls in this function expand to more than 5000 statements", "differentiate parts")
        if isinstance(value, ir.Expr) and not isinstance(value, Name | Const) and body and len(self.out) >= before:
            target = self.fresh(f"{getattr(f, '__name__', 'call')}_value".replace("<lambda>", "lambda"))
            body = (*body, Let(target, value, callee.return_loc))
            value = Name(target)
        self.out.extend(body)
        return value

    def bind_call(self, node, callee: Reader, f):
        args = callee.node.args
        names = [a.arg for a in (*args.posonlyargs, *args.args)]
        every = names + [a.arg for a in args.kwonlyargs]
        if args.vararg or args.kwarg:
            self.fail(node, f"{ast.unparse(node.func)} takes *args or **kwargs", "name every parameter")
        positional = self.positional(node)
        if len(positional) > len(names):
            self.fail(node, f"{ast.unparse(node.func)} takes {len(names)} arguments, {len(positional)} given",
                      "correct the call")  # fmt: skip
        given = dict(zip(names, positional, strict=False))
        for key, value in self.keywords(node).items():
            if key not in every or key in given:
                self.fail(node, f"{ast.unparse(node.func)} got an unexpected argument {key!r}", "correct the call")
            given[key] = value
        defaults = callee.defaults(self)
        for name in every:
            if name not in given:
                if name not in defaults:
                    self.fail(node, f"{ast.unparse(node.func)} misses argument {name!r}", "give it")
                given[name] = defaults[name]
        reads = _name_counts(callee.node)
        for name in every:
            callee.env[name] = self.bind_argument(callee, name, given[name], node, reads.get(name, 0))

    def bind_argument(self, callee, name, value, node, uses):
        """Return what a parameter stands for in the callee: the caller's own value where that is safe."""
        if not isinstance(value, ir.Expr):
            return value
        assigned = name in callee.locals
        if isinstance(value, Const) and not assigned:
            return value
        if isinstance(value, Name) and not assigned:
            return value
        if not assigned and uses <= 1 and isinstance(callee.node, ast.Lambda):
            return value
        target = self.fresh(name)
        callee.renamed[name] = target
        self.emit(Let(target, value, self.source.loc(node)))
        return Name(target)

    def defaults(self, caller) -> dict:
        args = self.node.args
        names = [a.arg for a in (*args.posonlyargs, *args.args)]
        function = self.source.function if self.node is self.source.node else None
        if function is not None:
            values = dict(zip(names[len(names) - len(function.__defaults__ or ()) :], function.__defaults__ or (),
                              strict=False))  # fmt: skip
            values |= function.__kwdefaults__ or {}
            return {k: self.lift(v, self.node, k) for k, v in values.items()}
        found = dict(zip(names[len(names) - len(args.defaults) :], args.defaults, strict=False))
        return {k: caller.expr(v) for k, v in found.items()}

    # -- statements
    def block(self, nodes):
        for node in nodes:
            try:
                self.stmt(node)
            except Stop as stop:
                self.problems.append(stop.problem)

    def nested(self, nodes) -> tuple:
        saved, self.out = self.out, []
        self.depth += 1
        try:
            self.block(nodes)
            return tuple(self.out)
        finally:
            self.out = saved
            self.depth -= 1

    def stmt(self, node: ast.stmt):
        method = getattr(self, f"stmt_{type(node).__name__.lower()}", None)
        if method is None:
            what, way = _REFUSED.get(type(node).__name__, (f"the statement {type(node).__name__}", "rewrite it"))
            self.fail(node, f"{what} is not supported", way)
        method(node)

    def stmt_pass(self, node):
        pass

    def stmt_expr(self, node):
        if isinstance(node.value, ast.Constant):
            return
        if isinstance(node.value, ast.Call):
            target = node.value.func
            if isinstance(target, ast.Name) and target.id == "print" and "print" not in self.locals:
                self.emit(ir.Print(tuple(self.scalar(a) for a in node.value.args), self.source.loc(node)))
                return
            if isinstance(target, ast.Attribute) and target.attr == "fill":
                base = self.scalar(target.value)
                if isinstance(base, Name):
                    value = self.scalar(node.value.args[0])
                    self.emit(Store(base.id, (ir.Dots(),), value, "=", self.source.loc(node)))
                    return
            self.expr(node.value)
            return
        self.fail(node, "an expression alone does nothing here", "assign it, or leave it out")

    def stmt_assign(self, node):
        value = self.expr(node.value)
        if len(node.targets) > 1 and isinstance(value, ir.Expr) and not isinstance(value, Const | Name):
            name = self.fresh("value")
            self.emit(Let(name, value, self.source.loc(node)))
            value = Name(name)
        for target in node.targets:
            self.assign(target, value, node)

    def stmt_annassign(self, node):
        if node.value is not None:
            self.assign(node.target, self.expr(node.value), node)

    def assign(self, target, value, node):
        """Bind a target (name, element, tuple of these) to a value."""
        if isinstance(target, ast.Tuple | ast.List):
            return self.assign_tuple(target, value, node)
        if isinstance(target, ast.Name):
            return self.assign_name(target.id, value, node)
        if isinstance(target, ast.Subscript):
            base = self.expr(target.value)
            if isinstance(base, Struct | Obj | ShapeOf):
                self.fail(target, "only elements of arrays can be assigned", "build a new tuple")
            return self.store(base, self.index(target.slice), self.leaf(value, node), "=", node)
        self.fail(target, f"cannot assign to {ast.unparse(target)}", "assign to names and array elements")

    def assign_name(self, name, value, node):
        if isinstance(self.env.get(name), Name) and not isinstance(value, ir.Expr) and self.depth:
            self.fail(node, f"{name!r} changes between a number and a tuple", "use two names")
        if isinstance(value, ir.Expr):
            old = self.env.get(name)
            if old is not None and not isinstance(old, ir.Expr) and self.depth:
                self.fail(node, f"{name!r} changes between a tuple and a number", "use two names")
            target = self.local_name(name)
            self.env[name] = Name(target)
            if isinstance(value, Op) and value.fn == "grow" and value.args == (Name(target),):
                return self.emit(ir.Grow(target, self.source.loc(node)))
            self.emit(Let(target, value, self.source.loc(node)))
        else:
            self.env[name] = self.assign_struct(name, value, node)

    def assign_struct(self, name, value, node):
        if isinstance(value, ShapeOf):
            return value
        if isinstance(value, Obj):
            if self.depth and not (name in self.env and self.env[name] == value):
                self.fail(node, f"{name!r} is bound to {value.value!r} inside a branch or loop", "bind it before")
            return value
        if self.depth and name in self.env:
            before = self.env[name]
            if not isinstance(before, Struct) or len(before.items) != len(value.items):
                self.fail(node, f"the tuple {name!r} changes its form", "use two names")
        items, pending = [], []
        for key, item in zip(value.keys, value.items, strict=True):
            if isinstance(item, ir.Expr):
                target = self.component(name, key)
                pending.append((target, item))
                items.append(Name(target))
            else:
                items.append(self.assign_struct(f"{name}_{key}", item, node))
        self.assign_together(pending, node)
        return Struct(tuple(items), value.keys, value.kind, value.make)

    def component(self, name, key) -> str:
        part = f"{name}_{key}"
        if part not in self.renamed:
            self.renamed[part] = self.fresh(part)
        return self.renamed[part]

    def assign_tuple(self, target, value, node):
        if isinstance(value, ShapeOf):
            items = [
                Op("shape", (value.array,), (("axis", k),), self.source.loc(node)) for k in range(len(target.elts))
            ]
        elif isinstance(value, Struct):
            items = list(value.items)
        elif isinstance(value, ir.Expr):
            items = [ir.Sub(value, (Const(k),), self.source.loc(node)) for k in range(len(target.elts))]
        else:
            self.fail(node, "this cannot be unpacked", "unpack tuples, shapes and arrays")
        if len(items) != len(target.elts) or any(isinstance(t, ast.Starred) for t in target.elts):
            self.fail(node, f"{len(items)} values for {len(target.elts)} names", "give as many names as values")
        simple = all(isinstance(t, ast.Name) for t in target.elts)
        if simple and all(isinstance(i, ir.Expr) for i in items):
            names = [t.id for t in target.elts]
            self.assign_together([(self.local_name(n), i) for n, i in zip(names, items, strict=True)], node)
            for n in names:
                self.env[n] = Name(self.local_name(n))
            return
        if not simple:
            items = [self.hold(i, node) for i in items]
        for t, item in zip(target.elts, items, strict=True):
            self.assign(t, item, node)

    def hold(self, value, node):
        """Return the value under a name of its own, so that later stores do not change it."""
        if not isinstance(value, ir.Expr) or isinstance(value, Const):
            return value
        name = self.fresh("value")
        self.emit(Let(name, value, self.source.loc(node)))
        return Name(name)

    def assign_together(self, pairs, node):
        """Bind several names at once: a right side that reads a name bound before it is held first."""
        loc = self.source.loc(node)
        targets = [t for t, _ in pairs]
        held = []
        for k, (_, value) in enumerate(pairs):
            if ir.names_in(value) & set(targets[:k]):
                name = self.fresh(f"{targets[k]}_new")
                self.emit(Let(name, value, loc))
                value = Name(name)
            held.append(value)
        for target, value in zip(targets, held, strict=True):
            self.emit(Let(target, value, loc))

    def store(self, base, index, value, op, node):
        if isinstance(base, ir.Sub):
            name = self.fresh("row")
            self.emit(Let(name, base, self.source.loc(node)))
            base = Name(name)
        if not isinstance(base, Name):
            self.fail(node, "only elements of named arrays can be assigned", "give the array a name")
        if base.id in self.shared.captured:
            self.fail(node, f"the captured array {base.id!r} is written", "pass it as an argument")
        self.emit(Store(base.id, index, value, op, self.source.loc(node)))

    def stmt_augassign(self, node):
        fn = _AUGMENTED.get(type(node.op))
        if fn is None:
            self.fail(node, "this augmented assignment is not supported", "write it out")
        loc = self.source.loc(node)
        if isinstance(node.target, ast.Name):
            before = self.expr(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))
            if isinstance(before, Struct):
                value = self.expr_binop(ast.copy_location(ast.BinOp(node.target, node.op, node.value), node))
                return self.assign_name(node.target.id, value, node)
            value = Op(fn, (self.leaf(before, node), self.scalar(node.value)), (("inplace", True),), loc)
            return self.assign_name(node.target.id, value, node)
        if not isinstance(node.target, ast.Subscript):
            self.fail(node, "this augmented assignment is not supported", "write it out")
        base, index = self.expr(node.target.value), self.index(node.target.slice)
        value = self.scalar(node.value)
        if fn in ("add", "sub"):
            return self.store(base, index, value, "+=" if fn == "add" else "-=", node)
        element = ir.Sub(self.leaf(base, node), index, loc)
        self.store(base, index, Op(fn, (element, value), (), loc), "=", node)

    def stmt_return(self, node):
        value = Obj(None) if node.value is None else self.expr(node.value)
        if isinstance(value, ShapeOf | Obj):
            if isinstance(value, Obj) and value.value is None and self.is_callee:
                self.template = value
                self.emit(Return(ir.Tuple(()), self.source.loc(node)))
                return
            self.fail(node, "this cannot be returned", "return numbers, arrays or tuples of them")
        shape, flat = _flatten_result(value)
        if self.template is not None and _flatten_result(self.template)[0] != shape:
            self.fail(node, "the returns of this function have different forms", "return the same number of values")
        self.template = value if self.template is None else self.template
        single = flat[0] if not isinstance(shape, tree.Node) else ir.Tuple(flat)
        self.emit(Return(single, self.source.loc(node)))

    def stmt_if(self, node):
        test = self.expr(node.test)
        if isinstance(test, Const):
            return self.block(node.body if test.value else node.orelse)
        test = self.leaf(test, node.test)
        env = dict(self.env)
        then = self.nested(node.body)
        after_then, self.env = self.env, {**env, **{k: v for k, v in self.env.items() if k not in env}}
        other = self.nested(node.orelse)
        self.env = {**after_then, **self.env}
        self.emit(ir.If(test, then, other, self.source.loc(node)))

    def stmt_while(self, node):
        test, block = self.guarded(node.test)
        loc = self.source.loc(node)
        body = self.nested(node.body)
        if block:
            leave = ir.If(Op("not", (test,)), (ir.Break(loc),), (), loc)
            body, test = (*block, leave, *body), Const(True)
        self.emit(ir.While(test, body, self.nested(node.orelse), loc))

    def stmt_break(self, node):
        self.emit(ir.Break(self.source.loc(node)))

    def stmt_continue(self, node):
        self.emit(ir.Continue(self.source.loc(node)))

    def stmt_for(self, node):
        call = node.iter
        if isinstance(call, ast.Call) and not call.keywords:
            target = self.expr(call.func) if not isinstance(call.func, ast.Attribute) else None
            name = getattr(target.value, "__name__", "") if isinstance(target, Obj) else ""
            if isinstance(target, Obj) and (target.value is range or name == "prange"):
                return self.for_range(node, [self.scalar(a) for a in call.args])
            if isinstance(target, Obj) and target.value in (enumerate, zip, reversed):
                return self.for_items(node, call, target.value)
        iterable = self.expr(call)
        if isinstance(iterable, Struct):
            return self.unrolled(node, iterable.items)
        self.for_array(node, [(node.target, self.leaf(iterable, call))], None)

    def unrolled(self, node, items):
        for statement in ast.walk(ast.Module(node.body, [])):
            if isinstance(statement, ast.Break | ast.Continue | ast.Return) or node.orelse:
                self.fail(node, "break, continue or return in a loop over a tuple is not supported", "write it out")
        for item in items:
            self.assign(node.target, item, node)
            self.block(node.body)

    def for_range(self, node, args):
        lo, hi, step = {1: lambda a: (Const(0), a, Const(1)), 2: lambda a, b: (a, b, Const(1)),
                        3: lambda a, b, c: (a, b, c)}[len(args)](*args)  # fmt: skip
        loc = self.source.loc(node)
        if not isinstance(node.target, ast.Name):
            self.fail(node, "the loop variable must be a name", "give it a name")
        name = node.target.id
        assigned = any(
            isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
            for s in node.body for n in ast.walk(s)
        )  # fmt: skip
        var = self.fresh(f"{name}_loop") if assigned else self.local_name(name)
        self.env[name] = Name(self.local_name(name))
        saved, self.out = self.out, []
        if assigned:
            self.emit(Let(self.local_name(name), Name(var), loc))
        body = (*self.out, *self.nested(node.body))
        self.out = saved
        self.emit(ir.For(var, lo, hi, step, body, self.nested(node.orelse), loc))

    def for_items(self, node, call, f):
        """Read a loop over enumerate, zip or reversed of arrays and tuples."""
        if f is reversed:
            inner = call.args[0]
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "range":
                args = [self.scalar(a) for a in inner.args]
                if len(args) == 3:
                    self.fail(node, "reversed(range()) with a step is not supported", "write the range downward")
                lo, hi = (Const(0), args[0]) if len(args) == 1 else args
                one = Const(1)
                return self.for_range(node, [Op("sub", (hi, one)), Op("sub", (lo, one)), Const(-1)])
        if f is enumerate and isinstance(node.target, ast.Tuple) and len(node.target.elts) == 2:
            counter, target = node.target.elts
            value = self.expr(call.args[0])
            if isinstance(value, Struct):
                pairs = tuple(Struct((Const(k), v), (0, 1)) for k, v in enumerate(value.items))
                return self.unrolled(node, pairs)
            return self.for_array(node, [(target, self.leaf(value, call))], counter)
        values = [self.expr(a) for a in call.args]
        if f is zip and all(isinstance(v, Struct) for v in values):
            rows = zip(*(v.items for v in values), strict=False)
            return self.unrolled(node, tuple(Struct(tuple(r), tuple(range(len(r)))) for r in rows))
        if f is zip and isinstance(node.target, ast.Tuple) and len(node.target.elts) == len(values):
            pairs = [(t, self.leaf(v, call)) for t, v in zip(node.target.elts, values, strict=True)]
            return self.for_array(node, pairs, None)
        self.fail(node, f"this loop over {f.__name__} is not supported", "loop over range and index")

    def for_array(self, node, pairs, counter):
        """Read a loop over the first axis of arrays."""
        loc = self.source.loc(node)
        pairs = [(t, a if isinstance(a, Name) else self.hold(a, node)) for t, a in pairs]
        var = self.fresh("i")
        hi: ir.Expr = Op("len", (pairs[0][1],))
        for _, array in pairs[1:]:
            hi = Op("min", (hi, Op("len", (array,))))
        saved, self.out = self.out, []
        self.depth += 1
        if counter is not None:
            self.assign(counter, Name(var), node)
        for target, array in pairs:
            self.assign(target, ir.Sub(array, (Name(var),), loc), node)
        self.depth -= 1
        body = (*self.out, *self.nested(node.body))
        self.out = saved
        self.emit(ir.For(var, Const(0), hi, Const(1), body, self.nested(node.orelse), loc))

    def stmt_assert(self, node):
        message = node.msg.value if isinstance(node.msg, ast.Constant) and isinstance(node.msg.value, str) else None
        self.emit(ir.Assert(self.scalar(node.test), message, self.source.loc(node)))

    def stmt_raise(self, node):
        call = node.exc
        name = call.func if isinstance(call, ast.Call) else call
        if not isinstance(name, ast.Name):
            self.fail(node, "this raise is not supported", "raise a built-in exception with a constant message")
        found, kind = self.resolve(name.id)
        if not (found and isinstance(kind, type) and issubclass(kind, Exception)) or kind.__module__ != "builtins":
            self.fail(node, "only built-in exceptions can be raised", "raise ValueError or another built-in")
        args = call.args if isinstance(call, ast.Call) else []
        values = tuple(self.shown(a) for a in args)
        self.emit(ir.Raise(name.id, values, self.source.loc(node)))

    def shown(self, node) -> ir.Expr:
        """Return an argument of a raised exception; a formatted text is not run, only pointed to."""
        if isinstance(node, ast.JoinedStr):
            return Const(f"see {self.source.file}:{self.source.loc(node).line}")
        return self.scalar(node)

    def stmt_functiondef(self, node):
        if node.decorator_list:
            self.fail(node, "a decorated inner function is not supported", "define it outside")
        self.env[node.name] = Obj(LocalFunction(node, self))

    def expr_lambda(self, node):
        return Obj(LocalFunction(node, self))


def _structured(structure_: tree.Structure, names):
    if isinstance(structure_, tree.Leaf):
        return Name(next(names))
    items = tuple(_structured(c, names) for c in structure_.children)
    return Struct(items, structure_.keys, structure_.kind, structure_.make)


def _leaves_of(result) -> list:
    return list(result.items) if isinstance(result, ir.Tuple) else [result]


def _rebuild(template, leaves):
    if isinstance(template, Struct):
        return Struct(tuple(_rebuild(v, leaves) for v in template.items), template.keys, template.kind, template.make)
    if isinstance(template, Obj):
        return template
    return next(leaves)


def _own_nodes(node):
    """Yield the ast nodes of a function without those of functions defined inside it."""
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    stack = list(body)
    while stack:
        n = stack.pop()
        yield n
        if not isinstance(n, ast.FunctionDef | ast.Lambda | ast.ListComp | ast.GeneratorExp):
            stack.extend(ast.iter_child_nodes(n))


def _assigned_names(node) -> set[str]:
    found = {n.id for n in _own_nodes(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return found | {n.name for n in _own_nodes(node) if isinstance(n, ast.FunctionDef)}


def _name_counts(node) -> dict[str, int]:
    counts: dict[str, int] = {}
    for n in ast.walk(node):
        if isinstance(n, ast.Name):
            counts[n.id] = counts.get(n.id, 0) + 1
    return counts


__all__ = ["Reader", "parse", "parse_text", "types"]
