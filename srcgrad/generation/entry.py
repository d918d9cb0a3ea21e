"""Compiled entry points: from numba's argument types to a generated module, callable from Python and from njit.

Python code calls the generated implementation through a function that finds it by the types of the arguments. Compiled
code calls an njit function in a generated module, which calls a stub; an overload of the stub maps the argument types
to the implementation. That numba would optimise and compile all over again, so nothing makes it before it is asked
for. A second process loads from numba's cache what it calls.
"""

from __future__ import annotations

import functools
import inspect
import threading
import types as pytypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numba
import numpy as np
from numba.core import types
from numba.extending import overload

from .. import store, tree
from ..analysis import warned
from ..errors import BROADCAST, BROADCAST_ONCE, ArgumentError, KindError, Problem, SourceNotFoundError, SrcgradError
from ..freed import keep_freed
from ..hints import Nondifferentiable
from ..language.emit import Line, emit_lines
from ..language.ir import Fresh, Kind
from ..language.repeats import NOWHERE, Repeats, every_axis
from ..opaque import has_address
from ..parsing.source import python_function
from . import generate
from .argument_types import OPERATORS_OF_THEIR_OWN, kind_of_type, require_arrays, type_of
from .digests import described
from .tree_types import built, leaf_types, structure_of_type

try:
    from numba._dispatcher import compute_fingerprint as fingerprint
except ImportError:

    def fingerprint(args: tuple) -> object:
        """Return the types of arguments."""
        return tuple(map(numba.typeof, args))


# one at a time, whatever the thread: sympy's caches are for one
GENERATING = threading.RLock()

# --- entries ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """What is wanted: a function, a transform ('primal', 'grad', 'value_and_grad'), by which arguments, its options."""

    f: object
    name: str
    transform: str
    argnums: tuple[int, ...]
    single: bool
    params: tuple[str, ...]
    digest: str
    structures: tuple[tree.Structure, ...] | None = None
    repeats: Repeats = NOWHERE
    boundscheck: bool = True
    simd: bool = False
    inside: bool = False
    options: object = None
    whole: bool = False


class Entry:
    """What is called for a request, and the generated modules behind it by argument kinds.

    `call` is for Python code, `dispatcher` is the njit function for compiled code.

    One for compiled callers takes its implementations from two others: from `wide()`, where axes of length one may be
    repeated, at calls whose arguments have such an axis, else from `plain`.
    """

    def __init__(self, request: Request, plain: Entry | None = None, wide: Callable[[], Entry] | None = None):
        self.request = request
        self.plain, self.wide = plain, wide
        self.modules: dict = {}
        self.met: dict[tuple, None] = {}  # types of arguments that Python code has given
        flat = request.params
        if request.structures is not None:
            pairs = zip(request.params, request.structures, strict=True)
            fresh = Fresh(())
            flat = tuple(fresh(n) for p, s in pairs for n in tree.leaf_names(s, p))
        self.flat = flat
        self.key = store.digest(
            "entry", store.package_digest(), request.digest, request.transform, repr(request.argnums),
            repr(request.single), repr(described(request.structures or ())), repr(request.repeats),
            repr(request.boundscheck), repr(request.simd), repr(request.inside), repr(request.options),
            repr(request.whole),
        )  # fmt: skip
        warned.warn(warned.noted_problems(self.key))
        # whether a call leaves traces, so that it cannot be made again: known from the first module on
        self.once = store.load_note(self._note()) is not None
        self.call = by_types(self._implementation)
        keep_freed()

    def _note(self) -> str:
        return store.digest(self.key, "once")

    @functools.cached_property
    def dispatcher(self):
        """The njit function that compiled code calls; where nothing is compiled, what Python code calls."""
        if numba.config.DISABLE_JIT:
            return self.call
        request = self.request
        name = request.name if request.transform == "primal" else f"{request.name}_{request.transform}"
        args, stub = ", ".join(self.flat), Fresh(self.flat)("stub")
        text = f'"""Entry of {name}: maps argument types to generated code."""\n\n\n'
        text += f"def {stub}({args}):\n    raise RuntimeError('compiled code only')\n\n\n"
        text += f"def {name}({self._declared()}):\n    return {stub}({args})\n"
        module = store.publish(f"{name}_entry", self.key, text)
        overload(getattr(module, stub), strict=False)(self._typing_function())
        compiled = numba.njit(cache=module.__srcgrad_cached__)(getattr(module, name))
        return store.guard(compiled, self._may_be_loaded)

    def _may_be_loaded(self) -> bool:
        """Return whether another process can load what is compiled."""
        every = (self, *([self.plain] if self.plain is not None else []))
        return not any(is_bound_to_process(module) for e in every for module, _, _ in e.modules.values())

    def _declared(self) -> str:
        """Return the parameters with the defaults that compiled callers can leave out: numbers."""
        if self.request.structures is not None:
            return ", ".join(self.flat)
        parts: list[str] = []
        for name, parameter in parameters(self.request.f).parameters.items():
            simple = type(parameter.default) in (bool, int, float, str, type(None))
            if not simple:
                parts = [p.partition("=")[0] for p in parts]
            parts.append(f"{name}={parameter.default!r}" if simple else name)
        return ", ".join(parts)

    def _implementation(self, args: tuple):
        """Return the function that takes such arguments from Python."""
        try:
            given = tuple(map(numba.typeof, args))
        except ValueError as e:
            raise TypeError(str(e)) from None
        made = self.implement(given)
        self.met[given] = None
        return getattr(made, "only", made)

    def signatures(self) -> list[tuple]:
        """Return the argument types that the entry has been called with."""
        compiled = getattr(vars(self).get("dispatcher"), "signatures", ())
        return [*map(tuple, compiled), *self.met]

    def _typing_function(self):
        args = ", ".join(f"x{k}" for k in range(len(self.flat)))
        namespace = {"implement": self.implement}
        exec(f"def typing({args}):\n    return implement(({args}{',' if args else ''}))", namespace)
        return namespace["typing"]

    def implement(self, given) -> object:
        """Return the Python function that passes arguments of these types on; compiled callers have it compiled."""
        _, kinds, structures, _ = self._kinds(given)
        module, result, dispatcher = self.module(given)
        if self.request.inside and tree.has_complex(result):
            raise KindError(Problem(f"{self.request.name} gives complex numbers, which compiled callers do not get",
                                    "return .real and .imag"))  # fmt: skip
        places: list[str] = []
        short: list[str] = []
        namespace = {"impl": dispatcher, "np": np}
        names = [f"x{k}" for k in range(len(self.flat))]  # the user's may be those of the namespace
        for name, t, s in zip(names, given, structures, strict=True):
            for place, leaf in zip(tree.index_expression(s, name), leaf_types(t), strict=True):
                zero_d = isinstance(leaf, types.Array) and leaf.ndim == 0
                places.append(f"{place}[()]" if zero_d else place)
                short += [f"{place}.shape[{d}] == 1" for d in range(leaf.ndim if isinstance(leaf, types.Array) else 0)]
        checks, passed = self._passed(places, kinds, structures)
        call = f"impl({', '.join(passed)})"
        compares = any(message in module.__srcgrad_text__ for message in (BROADCAST, BROADCAST_ONCE))
        if self.wide is not None and short and compares:
            namespace["wide"] = self.wide().module(given)[2]
            call = f"wide({', '.join(passed)}) if {' or '.join(short)} else {call}"
        returned = self._returned(kinds, structures, result, namespace)
        body = "".join(f"    {line}\n" for line in checks) + f"    r = {call}\n    return {returned}\n"
        exec(f"def glue({', '.join(names)}):\n{body}", namespace)
        if not checks and call == f"impl({', '.join(names)})" and _is_whole(returned):
            namespace["glue"].only = dispatcher
        return namespace["glue"]

    def _passed(self, places: list[str], kinds, structures) -> tuple[list[str], list[str]]:
        """Return (statements that check the arguments, what the implementation is given) from their leaves' places."""
        return [], places

    def taken(self, kinds, structures) -> list[tuple[int, int]]:
        """Return which of the flat arguments the implementation takes, each with that whose dtype it has."""
        return [(k, k) for k in range(len(kinds))]

    def _returned(self, kinds, structures, result, namespace) -> str:
        """Return the expression that puts the implementation's flat results into their structure."""
        request = self.request
        if request.transform not in ("grad", "value_and_grad"):
            items = _items(tree.count(result), "r")
            return built(result, iter(items), namespace)
        wrt = self.wrt(structures)
        count = len(wrt) + (request.transform == "value_and_grad")
        items = _items(count, "r")
        value = [items.pop(0)] if request.transform == "value_and_grad" else []
        items = [f"np.float32({e})" if kinds[k] == Kind("float32") else e for e, k in zip(items, wrt, strict=True)]
        if request.structures is not None:
            return f"({''.join(f'{e}, ' for e in [*value, *items])})"
        flat = iter(items)
        parts = [built(structures[k], flat, namespace) for k in request.argnums]
        grads = parts[0] if request.single else f"({', '.join(parts)},)"
        grads = "()" if grads == "(,)" else grads
        return f"({value[0]}, {grads})" if value else grads

    def wrt(self, structures) -> tuple[int, ...]:
        """Return the positions of the differentiated flat parameters."""
        starts, at = [], 0
        whole = self.request.structures or structures
        for s in whole:
            starts.append(at)
            at += tree.count(s)
        for k in self.request.argnums:
            given = whole[k]
            if isinstance(given, tree.Known):
                name = self.request.params[k]
                raise ArgumentError(Problem(f"the argument {name!r} is {given.value!r}, not a float",
                                            "differentiate with respect to float arguments"))  # fmt: skip
        return tuple(starts[k] + n for k in self.request.argnums for n in range(tree.count(whole[k])))

    def _kinds(self, given):
        structures = tuple(structure_of_type(t) for t in given)
        flat = [leaf for t in given for leaf in leaf_types(t)]
        names = [n for s, p in zip(structures, self.flat, strict=True) for n in tree.leaf_names(s, p)]
        kinds = tuple(kind_of_type(t, n) for t, n in zip(flat, names, strict=True))
        key = (kinds, described(structures))
        return key, kinds, structures, names

    def module(self, given):
        """Return (generated module, structure of the result, compiled implementation) for argument types."""
        if self.plain is not None:
            return self.plain.module(given)
        with GENERATING:
            key, kinds, structures, _ = self._kinds(given)
            if key not in self.modules:
                made = self._generate(kinds, structures)
                warned.warn_and_note(self.key, generate.pitfalls_of(made[0]))
                if getattr(made[0], "ONCE", False) and not self.once:
                    self.once = True
                    store.save_note(self._note(), "")
                self.modules[key] = made
            return self.modules[key]

    def compared(self, given) -> tuple[tuple[int, int] | None, ...]:
        """Return which axes of the arguments have to fit others; with None where other sizes have to."""
        try:
            return tuple(getattr(self.module(given)[0], "COMPARED", ()))
        except SrcgradError:
            return every_axis(self._kinds(given)[1])

    def lines(self, given) -> list[list[Line]]:
        """Return the lines of the functions generated for argument types, with their origins; generated anew."""
        if self.plain is not None:
            return self.plain.lines(given)
        _, kinds, structures, _ = self._kinds(given)
        made = self._builder(kinds, self._whole(structures))[1]()
        return [emit_lines(f) for f in (*made.functions, *made.callees)]

    def _generate(self, kinds, structures):
        whole = self._whole(structures)
        name, build = self._builder(kinds, whole)
        key = store.digest(self.key, repr([str(k) for k in kinds]), repr(described(whole)))
        module, result = generate.module_for(name, key, build)
        implementation = getattr(module, module.NAMES[0])
        return module, result, compiled(implementation, module)

    def _whole(self, structures):
        """Return the structures of the arguments: those asked for, else those of the types."""
        return self.request.structures if self.request.structures is not None else structures

    def _builder(self, kinds, whole):
        """Return (name, function that generates) for flat kinds and structures of the arguments."""
        return generate.builder(self.request, kinds, whole, self.wrt(whole))


def by_types(find: Callable[[tuple], Callable]) -> Callable:
    """Return a function that hands its arguments on to what `find(args)` gives the first time for such types."""
    found: dict[object, Callable] = {}

    def call(*args):
        if not OPERATORS_OF_THEIR_OWN.isdisjoint(map(type, args)):
            require_arrays(args)
        try:
            key = fingerprint(args)
        except NotImplementedError:
            key = None  # `find` says what is wrong with them
        made = found.get(key)
        if made is None:
            made = find(args)
            if key is not None:
                found[key] = made
        return made(*args)

    return call


@dataclass(frozen=True)
class Arguments:
    """The arguments of a call: their structures, their numbers and arrays, and the kinds of these."""

    structures: tuple[tree.Structure, ...]
    flat: list
    kinds: tuple[Kind, ...]


def values_of(signature: inspect.Signature, args: tuple, kwargs: dict | None = None) -> tuple:
    """Return the values of all parameters, in their order, with the defaults of those left out.

    Parameters that the function takes by name only may be given by position too, as derivatives take all of theirs.

    Raises
    ------
    TypeError
        If they do not fit the signature.

    Examples
    --------
    >>> values_of(inspect.signature(lambda x, y=2.0, *, scale: x), (1.0, 4.0, 3.0))
    (1.0, 4.0, 3.0)
    >>> values_of(inspect.signature(lambda x, y=2.0, *, scale: x), (1.0,), {"scale": 3.0})
    (1.0, 2.0, 3.0)
    """
    by_name = [n for n, p in signature.parameters.items() if p.kind is p.KEYWORD_ONLY]
    first = len(signature.parameters) - len(by_name)
    given = dict(kwargs or {})
    if first < len(args) <= len(signature.parameters):
        named = dict(zip(by_name, args[first:], strict=False))
        if twice := [n for n in named if n in given]:
            raise TypeError(f"multiple values for argument {twice[0]!r}")
        args, given = args[:first], named | given
    bound = signature.bind(*args, **given)
    bound.apply_defaults()
    return tuple(bound.arguments.values())


def called(f, signature: inspect.Signature, values: Iterable):
    """Return the value of a plain function, given those of all its parameters in their order.

    >>> called(lambda x, *, y: x - y, inspect.signature(lambda x, *, y: x - y), (3.0, 1.0))
    2.0
    """
    pairs = list(zip(signature.parameters.values(), values, strict=True))
    by_name = {p.name: v for p, v in pairs if p.kind is p.KEYWORD_ONLY}
    return f(*(v for p, v in pairs if p.kind is not p.KEYWORD_ONLY), **by_name)


def arguments_of(
    signature: inspect.Signature, args: tuple, kwargs: dict | None = None, fixed: bool = False
) -> Arguments:
    """Return the arguments of a call taken apart, with the defaults of those left out; arrays without axes as numbers.

    Where they are `fixed`, small integers are part of the structures.

    Raises
    ------
    TypeError
        If they do not fit the signature.
    KindError
        If one of their parts is neither a real number nor an array of these.
    """
    values = values_of(signature, args, kwargs)
    structures = tuple(tree.structure_of(a) for a in values)
    structures = tree.with_integers(structures, values) if fixed else structures
    flat = [leaf for s, a in zip(structures, values, strict=True) for leaf in tree.leaves(s, a)]
    flat = [leaf[()] if isinstance(leaf, np.ndarray) and leaf.ndim == 0 else leaf for leaf in flat]
    names = [n for s, p in zip(structures, signature.parameters, strict=True) for n in tree.leaf_paths(s, p)]
    kinds = tuple(kind_of_type(type_of(a, n), n) for a, n in zip(flat, names, strict=True))
    return Arguments(structures, flat, kinds)


def is_bound_to_process(module) -> bool:
    """Return whether numba cannot load the code of a generated module from its cache.

    Its functions call themselves, or hold the address of a function.
    """
    own = vars(module).get("own")
    return getattr(module, "RECURSIVE", False) or own is not None and any(map(has_address, vars(own).values()))


def compiled(function, module):
    """Return a generated function compiled by numba, cached beside its module where that is on disk.

    The functions of the module that it may call are compiled with it.
    """
    if numba.config.DISABLE_JIT:
        return function

    cached = module.__srcgrad_cached__ and not is_bound_to_process(module)

    def compile_one(f):
        return store.guard(numba.njit(cache=cached, error_model="numpy", parallel=in_parallel(f))(f))

    for name in getattr(module, "CALLEES", ()):
        if isinstance(getattr(module, name), pytypes.FunctionType):
            setattr(module, name, compile_one(getattr(module, name)))
    return compile_one(function)


def in_parallel(function) -> dict[str, bool] | bool:
    """Return numba's option for a generated function: loops that are written so run on all cores, nothing else."""
    if "prange" not in function.__code__.co_names:
        return False
    others = ("comprehension", "reduction", "inplace_binop", "setitem", "numpy", "stencil", "fusion")
    return {"prange": True, **dict.fromkeys(others, False)}


def _items(count: int, name: str) -> list[str]:
    return [name] if count == 1 else [f"{name}[{k}]" for k in range(count)]


def _is_whole(returned: str) -> bool:
    """Return whether an expression is the result `r` itself, as it is or item by item."""
    count = returned.count("r[")
    return returned == "r" or count > 1 and returned.replace(",)", ")") == f"({', '.join(_items(count, 'r'))})"


def parameters(f) -> inspect.Signature:
    """Return the signature of the Python function behind `f`.

    Raises
    ------
    SourceNotFoundError
        If there is none.
    """
    if hasattr(f, "_transform"):
        return f._signature
    function = python_function(f)
    if isinstance(f, Nondifferentiable):
        raise ArgumentError(Problem(f"{f.__name__} is declared nondifferentiable", "leave out the declaration"))
    if function is None:
        name = getattr(f, "__name__", type(f).__name__)
        raise SourceNotFoundError(_no_function(f, name))
    return inspect.signature(function)


def _no_function(f, name: str) -> Problem:
    """Return what something is that has no Python source, with the function to write in its place."""
    if isinstance(f, functools.partial):
        return Problem("a functools.partial has no source", "write a function that calls it: lambda x: partial(x)")
    if not callable(f) or isinstance(f, type) or getattr(f, "__module__", "") == "builtins":
        return Problem(f"{name!r} is not a Python function", "pass a function with source, or an njit function")
    if isinstance(f, pytypes.MethodType):
        given = ", ".join(list(inspect.signature(f).parameters))
        way_out = f"write a function that calls it: lambda {given}: model.{name}({given})"
        return Problem(f"{name!r} is a method", way_out)
    named = name if hasattr(f, "__name__") else "model"
    return Problem(f"{name!r} has no source of its own", f"write a function that calls it: lambda x: {named}(x)")


def positions(argnums, signature: inspect.Signature) -> tuple[tuple[int, ...], bool]:
    """Return (positions, whether one was given alone) of `argnums`: an index, a name, or a tuple of these."""
    single = isinstance(argnums, int | np.integer | str) and not isinstance(argnums, bool)
    names = list(signature.parameters)
    if not single and not isinstance(argnums, tuple | list):
        raise ArgumentError(Problem(f"argnums={argnums!r} is neither a position, a name nor a tuple of these",
                                    f"arguments: {names}"))  # fmt: skip
    found = []
    for a in (argnums,) if single else tuple(argnums):
        if isinstance(a, str) and a in names:
            found.append(names.index(a))
        elif isinstance(a, int | np.integer) and not isinstance(a, bool) and -len(names) <= a < len(names):
            found.append(int(a) % len(names))
        else:
            raise ArgumentError(Problem(f"argnums={argnums!r}: there is no argument {a!r}", f"arguments: {names}"))
    if len(set(found)) < len(found) or not found:
        raise ArgumentError(Problem(f"argnums={argnums!r} is empty or names an argument twice", f"arguments: {names}"))
    return tuple(found), single
