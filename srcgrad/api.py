"""The public functions: differentiable, grad, value_and_grad, vjp, source."""

from __future__ import annotations

import functools
import inspect
import re
import threading
from collections.abc import Callable
from typing import Any

import numba

from . import store, travel, tree
from .errors import ArgumentError, KindError, PitfallWarning, Problem, SrcgradError
from .generation import entry, generate
from .generation.argument_types import require_arrays, untyped
from .generation.callables import base_of
from .generation.digests import described, function_digest
from .generation.known_integers import WithIntegers
from .generation.results import OfStructure
from .language.listing import Source
from .language.repeats import ANYWHERE, NOWHERE, Repeats, has_axis_of_one, in_turn, is_about_lengths, is_squeezed
from .parsing.makers import OF_FUNCTION, maker
from .parsing.source import python_function
from .switches import simd_unless_said

# how many functions with known axes of one element are made before one is that allows for any
SEVERAL = 6


class Transformed(WithIntegers):
    """A compiled function made from a Python function; callable from Python and inside njit.

    Numba compiles it at the first call for each combination of argument types. Inside njit code it may be called and
    passed as an argument.
    """

    _transform, _title, _entry_type = "primal", "", entry.Entry
    _options: Any = None
    _as_given = True  # whether the first arguments of what is generated are those of the function

    def __init__(self, f, argnums=(), boundscheck=None):
        self._unwrapped = f
        self._argnums = argnums
        # an option not given is that of the function wrapped
        self._boundscheck = getattr(f, "_boundscheck", True) if boundscheck is None else bool(boundscheck)
        self._simd = getattr(f, "_simd", simd_unless_said())
        self._base = base = base_of(f)
        self._signature = self._parameters(base)
        self._positions, self._single = self._differentiated(argnums)
        self._count = len(self._signature.parameters)
        self._entries: dict = {}
        self._lock = threading.RLock()
        self._entry = self._usual = self._inside = None
        self._repeats: dict[object, Repeats] = {}  # what the last call allowed for, by structures of the arguments
        # whether it was called with text, which numba would try to type at every call; what it cannot type goes
        # unnoticed where nothing is compiled
        self._texts = bool(numba.config.DISABLE_JIT)
        functools.update_wrapper(self, python_function(base))
        self.__wrapped__ = base
        if self._transform != "primal":
            names = ", ".join(list(self._signature.parameters)[k] for k in self._positions)
            name = getattr(base, "__name__", "function")
            self.__name__ = f"{name}_{self._transform}"
            by = f" with respect to {names}" if names else ""
            self.__doc__ = f"{self._title} of {name}{by}.\n\n{base.__doc__ or ''}".rstrip()
        self.__signature__ = self._signature

    def _parameters(self, base) -> inspect.Signature:
        return entry.parameters(base)

    def _differentiated(self, argnums) -> tuple[tuple[int, ...], bool]:
        """Return (positions of the arguments differentiated by, whether one was given alone)."""
        return (), True

    # -- calls
    def __call__(self, *args, **kwargs):
        """Return the value of the compiled function."""
        if kwargs or len(args) != self._count:
            args = self._bind(args, kwargs)
        fixed = self._fixed
        if self._texts and (fixed or not all(map(tree.is_plain, args))):
            return self._call_structured(args)
        try:
            if self._entry is None or self._usual.once:
                self._prepare(args)
            return self._entry(*args)
        except (ValueError, IndexError) as e:
            if "empty list" in str(e) and not all(map(tree.is_plain, args)):
                return self._call_structured(args)  # numba has no type for it
            if not self._may_repeat(None, e):
                raise worded(e) from None
        except (TypeError, OverflowError, SrcgradError, numba.core.errors.NumbaError) as e:
            if all(map(tree.is_plain, args)):
                return self._with_integers(args, self._unwrapped_error(e, args), fixed)
            self._texts = any(isinstance(a, str) or tree.is_complex(a) for a in args)
            return self._call_structured(args)
        return self._repeated(None, args, lambda made: made.call(*args))

    def run_compiled(self, run: Callable[[Any], Any], args: tuple):
        """Return run(function), given what numba compiled or will compile: for callers that hand it on to others.

        It is run once more, with another function, where axes of length one turn out to be repeated; `args` are such
        as it will be called with.
        """
        try:
            return run(self._likely(None, args).dispatcher)
        except (ValueError, IndexError) as e:
            if not self._may_repeat(None, e):
                raise worded(e) from None
        except (TypeError, SrcgradError, numba.core.errors.NumbaError) as e:
            raise self._unwrapped_error(e, args) from None
        return self._repeated(None, args, lambda made: run(made.dispatcher))

    def _called(self, args) -> Transformed:
        """Return the object that a call with these arguments from Python goes to."""
        return self

    def _unwrapped_error(self, e: Exception, args) -> Exception:
        """Return our own error where numba has wrapped one, else a `KindError` that names what it could not type."""
        seen = set()
        cause: BaseException | None = e
        while cause is not None and id(cause) not in seen:
            if isinstance(cause, SrcgradError | PitfallWarning):
                return cause.with_traceback(None)  # the frames of numba, which called us, tell a reader nothing
            seen.add(id(cause))
            cause = cause.__cause__ or cause.__context__
        if "Cannot modify readonly array" in str(e):
            return KindError(Problem("an argument that is written is read-only", "pass a copy of it"))
        return untyped(self._signature.parameters, args) or e

    def _compiled(self) -> list[entry.Entry]:
        """Return the entries that calls have gone to."""
        return [e for e in (*self._entries.values(), self._inside) if e is not None]

    def _bind(self, args, kwargs):
        try:
            return entry.values_of(self._signature, args, kwargs)
        except TypeError as e:
            name = getattr(self._base, "__name__", "function")
            raise TypeError(f"{name}() {e}") from None

    def _prepare(self, args):
        require_arrays(tree.leaves_of(args))
        self._usual = self._entry_for()
        plain = all(map(tree.is_plain, args))
        self._entry = (self._likely(None, args) if plain else self._usual).call

    def _entry_for(self, structures=None, repeats: Repeats = NOWHERE, whole=False) -> entry.Entry:
        key = (_key(structures), repeats, whole)
        with self._lock:
            if key not in self._entries:
                self._entries[key] = self._entry_type(self._request(structures, repeats, whole=whole))
            return self._entries[key]

    def _in_turn(self, structures, args) -> tuple[Repeats, ...]:
        """Return which axes of one element to allow for at a call, the likeliest first."""
        args = tuple(args)
        flat = args if structures else tree.leaves_of(args)
        if not has_axis_of_one(flat):
            return NOWHERE, ANYWHERE
        usual = self._entry_for(structures)
        try:
            types = tuple(map(numba.typeof, args))
        except ValueError:
            return NOWHERE, ANYWHERE  # what numba cannot type is refused with its name where it is called
        chosen = in_turn(flat, usual.compared(types)) if self._as_given else (NOWHERE, ANYWHERE)
        if not usual.once:
            return chosen
        # it has to be right at once
        sure = chosen[0].axes and None not in self._entry_for(structures, chosen[0]).compared(types)
        return chosen[:1] if sure else (ANYWHERE,)

    def _likely(self, structures, args) -> entry.Entry:
        """Return the entry for a call: that of the last one, else the likeliest."""
        key = _key(structures)
        if key not in self._repeats or self._entry_for(structures).once:
            self._repeats[key] = self._in_turn(structures, args)[0]
        return self._entry_for(structures, self._repeats[key])

    def _may_repeat(self, structures, e: Exception) -> bool:
        """Return whether another call may succeed where one raised this."""
        if is_squeezed(e) and self._entry_for(structures).once:
            return False
        return is_about_lengths(e) and not self._repeats.get(_key(structures), NOWHERE).anywhere

    def _repeated(self, structures, args, run: Callable[[entry.Entry], Any]):
        """Return run(entry) of the first entry which allows for the axes of one element that are repeated."""
        before = self._repeats.get(_key(structures))
        several = len(self._entries) > SEVERAL
        for repeats in self._in_turn(structures, args):
            if repeats == before or several and not repeats.anywhere:
                continue
            made = self._entry_for(structures, repeats)
            try:
                result = run(made)
            except (ValueError, IndexError) as e:
                if repeats.anywhere or not is_about_lengths(e):
                    raise worded(e) from None
            else:
                self._repeats[_key(structures)] = repeats
                if structures is None:
                    self._entry = made.call
                return result
        raise AssertionError

    def _request(self, structures=None, repeats: Repeats = NOWHERE, inside=False, whole=False) -> entry.Request:
        name = getattr(self._base, "__name__", "function").replace("<lambda>", "function")
        params = tuple(self._signature.parameters)
        return entry.Request(self._base, name, self._transform, self._positions, self._single, params,
                             function_digest(self._base), structures, repeats, self._boundscheck,
                             self._simd, inside, self._options, whole)  # fmt: skip

    def generated(self, kinds, structures, repeats: Repeats = NOWHERE, whole=False):
        """Return (generated function for flat argument kinds, structure of its result): for a further derivative.

        For one along many directions products of matrices with vectors stay `whole`.
        """
        structures = structures or (tree.LEAF,) * self._count
        module, result, _ = self._entry_for(repeats=repeats, whole=whole)._generate(kinds, structures)
        return getattr(module, module.NAMES[0]), self._result(structures, result)

    def taken(self, kinds, structures) -> list[tuple[int, int]]:
        """Return which of the flat arguments the generated function takes, each with that whose dtype it has."""
        return self._entry_for().taken(kinds, structures)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the parameters of the function."""
        return tuple(entry.parameters(self._base).parameters)

    def _result(self, structures, result: tree.Structure) -> tree.Structure:
        """Return the structure of the result, given those of the arguments and what the generated module says."""
        return result

    def _call_structured(self, args):
        """Return the result for arguments that hold dicts or lists: flattened here, put together again here."""
        fixed, structures = self._fixed, self._structures_of(args)
        flat = [leaf for s, a in zip(structures, args, strict=True) for leaf in tree.leaves(s, a)]
        require_arrays(flat)
        try:
            result = self._likely(structures, flat).call(*flat)
        except (ValueError, IndexError) as e:
            if not self._may_repeat(structures, e):
                raise worded(e) from None
            result = self._repeated(structures, flat, lambda made: made.call(*flat))
        except (TypeError, SrcgradError, numba.core.errors.NumbaError) as e:
            return self._with_integers(args, self._unwrapped_error(e, args), fixed)
        return self._assemble(result, structures)

    def _made_for(self, args) -> tuple[entry.Entry, tuple]:
        """Return the entry for arguments, whose module is made, and the types that it is called with."""
        structured = self._fixed or not all(map(tree.is_plain, args))
        structures = self._structures_of(args) if structured else None
        given = args if structures is None else [*tree.leaves(tree.tuple_of(structures), args)]
        made, types = self._likely(structures, given), tuple(map(numba.typeof, given))
        made.module(types)
        return made, types

    def _assemble(self, result, structures):
        return result

    # -- numba sees the dispatcher
    @property
    def _numba_type_(self):
        with self._lock:
            if self._inside is None:
                # compiled callers cannot try again with axes of length one repeated: they get both variants
                wide = functools.partial(self._entry_for, repeats=ANYWHERE)
                self._inside = self._entry_type(self._request(inside=True), self._entry_for(), wide)
                self._inside.dispatcher.srcgrad_function = self  # found again by what takes functions in compiled code
        return self._inside.dispatcher._numba_type_

    # -- looks
    def __repr__(self):
        return f"<srcgrad {self._transform} of {generate.place(self._base)}>"

    def __reduce__(self):
        args = type(self), self._unwrapped, self._argnums, self._boundscheck
        return travel.reduced(self, self._base, _remake, args)

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)


class Differentiable(OfStructure, Transformed):
    """A compiled primal that derivatives can be taken of; made by `differentiable`."""

    def __init__(self, f, argnums=(), boundscheck=None, simd=None):
        super().__init__(f, argnums, boundscheck)
        self._simd = self._simd if simd is None else bool(simd)

    def __reduce__(self):
        return travel.reduced(self, self._base, Differentiable, (self._unwrapped, (), self._boundscheck, self._simd))


class Derivative(Transformed):
    """A compiled function that takes the arguments of a function and returns derivatives with respect to some."""

    def _differentiated(self, argnums):
        return entry.positions(argnums, self._signature)

    def _by(self, structures) -> tree.Structure:
        """Return the structure of what stands for each argument differentiated by."""
        return tree.part_of(structures, self._positions, self._single)


class Grad(Derivative):
    """A compiled gradient; made by `grad`."""

    _transform, _title = "grad", "Gradient"

    def _result(self, structures, result):
        return self._by(structures)

    def _assemble(self, result, structures):
        return tree.unflatten(self._by(structures), iter(result))


class ValueAndGrad(Derivative):
    """A compiled function that returns value and gradient; made by `value_and_grad`."""

    _transform, _title = "value_and_grad", "Value and gradient"

    def _result(self, structures, result):
        return tree.tuple_of((tree.LEAF, self._by(structures)))

    def _assemble(self, result, structures):
        return result[0], tree.unflatten(self._by(structures), iter(result[1:]))


def _remake(cls, f, argnums, boundscheck):
    return cls(f, argnums, boundscheck)


def _key(structures):
    """Return what entries are found by: None where numba takes the arguments apart."""
    return described(structures) if structures else None


def worded(e: Exception) -> Exception:
    """Return an error of compiled code, which carries its numbers apart, as one sentence."""
    if len(e.args) not in (3, 4) or not isinstance(e.args[0], str):
        return e
    text, first, second, *where = e.args  # where is the place in the user's file, if it is known
    outside = re.fullmatch(r"out of bounds: (.*), axis (\d+): index, size", text, re.DOTALL)
    if outside:
        place, axis = outside.groups()
        return IndexError(f"index {first} is out of bounds for axis {axis} with size {second}: {place}")
    return type(e)(" ".join([f"{text} {first} and {second}", *(f"({place})" for place in where)]))


# --- the functions ----------------------------------------------------------------------------------------------


@maker(OF_FUNCTION)
def differentiable(f=None, *, boundscheck=None, simd=None):
    """Return `f` compiled, with derivatives to be had from it; usable as a decorator.

    Parameters
    ----------
    f : function
        A plain Python function, a lambda, or an njit function with source.
    boundscheck : bool, optional
        Whether an index outside its array raises IndexError, as in NumPy (default), or is not looked at.
    simd : bool, optional
        Whether innermost loops whose trips are independent compute `exp`, `log`, `tanh`, `sin`, `arctan2` and others
        of `srcgrad.runtime.simd` for several elements at once, to 2 units in the last place, and their sums in any
        order; here and in all derivatives. The default is False.

    Returns
    -------
    Differentiable
        Callable from Python and inside njit; array expressions in it run as loops.

    Raises
    ------
    SourceNotFoundError
        If `f` has no Python source. Unsupported constructs are reported at the first call.

    Examples
    --------
    >>> import srcgrad as sg
    >>> square = sg.differentiable(lambda x: x * x)
    >>> square(3.0)
    9.0
    """
    if f is None:
        return functools.partial(differentiable, boundscheck=boundscheck, simd=simd)
    if isinstance(f, Differentiable) and boundscheck is None and simd is None:
        return f
    return Differentiable(f, boundscheck=boundscheck, simd=simd)


@maker(OF_FUNCTION)
def grad(f=None, argnums=0, *, boundscheck=None):
    """Return a function that computes the gradient of the scalar function `f`.

    Parameters
    ----------
    f : function
        Returns one float. A plain function, lambda, njit function or `differentiable`; without it, a decorator.
    argnums : int, str or tuple of these
        The arguments to differentiate by, as positions or names. One alone gives one gradient, a tuple a tuple.
    boundscheck : bool, optional
        Whether an index outside its array raises IndexError; by default as `f` was made, and True for a plain one.

    Returns
    -------
    Grad
        Takes the arguments of `f`; returns for each differentiated argument a value of its shape, dtype and structure.

    Raises
    ------
    ArgumentError
        If an argument named is an integer, or `f` does not return one float.
    UnsupportedError
        If `f` uses something outside the language; with every line.

    Notes
    -----
    Cost: about one to three times that of `f`, independent of the number of arguments (reverse mode).

    Examples
    --------
    >>> import srcgrad as sg
    >>> def f(x, y):
    ...     return x * x * y
    >>> sg.grad(f, argnums=("x", "y"))(3.0, 2.0)
    (12.0, 9.0)
    """
    if f is None:
        return functools.partial(grad, argnums=argnums, boundscheck=boundscheck)
    return Grad(f, argnums, boundscheck)


@maker(OF_FUNCTION)
def value_and_grad(f=None, argnums=0, *, boundscheck=None):
    """Return a function that computes the value and the gradient of the scalar function `f`.

    Parameters, errors and cost as for `grad`; the result is `(value, gradient)`.

    Examples
    --------
    >>> import srcgrad as sg
    >>> sg.value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """
    if f is None:
        return functools.partial(value_and_grad, argnums=argnums, boundscheck=boundscheck)
    return ValueAndGrad(f, argnums, boundscheck)


def source(f, /, *args, **kwargs) -> Source:
    """Return the source that was generated for `f`, a str; Jupyter shows forward and backward side by side.

    Parameters
    ----------
    f : Transformed
        What `differentiable`, `grad` or `value_and_grad` returned.
    *args, **kwargs
        Example arguments: the source for their types. Without them, the source of every combination of argument types
        that `f` has been called with.

    Raises
    ------
    ArgumentError
        If there are no example arguments and `f` has not been called.
    """
    if not isinstance(f, Transformed):
        raise ArgumentError(Problem(f"{f!r} was not made by srcgrad", "pass what grad() or differentiable() returned"))
    found: dict[str, Callable] = {}
    if args or kwargs:
        args = f._bind(args, kwargs)
        f = f._called(args)
        fixed = f._fixed
        try:
            made, types = f._made_for(args)
        except SrcgradError as e:
            made, types = f._with_integers(args, e, fixed, f._made_for)
        found[made.module(types)[0].__srcgrad_text__] = functools.partial(made.lines, types)
    else:
        for made in f._compiled():
            for signature in made.signatures():
                text = made.module(signature)[0].__srcgrad_text__
                found[text] = functools.partial(made.lines, signature)
    if not found:
        raise ArgumentError(Problem("nothing has been generated yet", "call it once, or give example arguments",
                                    generate.place(f._base)))  # fmt: skip
    return Source("\n\n".join(map(generate.visible, found)), lambda: [f for lines in found.values() for f in lines()])


def clear_cache() -> int:
    """Return the number of files removed: everything srcgrad and numba have stored for generated code."""
    return store.clear_cache()


__all__ = ["Differentiable", "Grad", "Source", "Transformed", "ValueAndGrad", "clear_cache",
           "differentiable", "grad", "inspect", "source", "value_and_grad"]  # fmt: skip
