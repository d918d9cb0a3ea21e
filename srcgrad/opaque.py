"""Functions without text: what compiled code calls as it is, with rules of the user's own."""

from __future__ import annotations

import ctypes
import inspect
import sys
from collections.abc import Callable
from typing import Any

from .errors import ArgumentError, Problem
from .primitives import own
from .rules import externals
from .travel import look_up


def rule(function, operands, results, *signatures, dtypes=""):
    """Return a decorator of the class that holds the rule of a function without Python source.

    Parameters
    ----------
    function : callable
        What compiled code can call: an njit function, a ctypes function with its argument types, a `cfunc`, an
        intrinsic. It stands under a name of its own in the module of the rule.
    operands, results : str
        Names for its arguments and results, separated by spaces.
    *signatures : str
        Sizes as NumPy writes them, `"(n,n),(n)->(n)"`, `"()->()"` for numbers; several for several numbers of axes.
    dtypes : str, optional
        Those of the results, separated by spaces; float64 by default, `.` for that of the operands.

    Returns
    -------
    callable
        Takes the class. Its functions, text of the language, are pages: `x_bar` gives the adjoint of the operand `x`,
        `y_dot` the tangent of the result `y`. Each takes what it needs by name: operands, results, `y_bar`, `x_dot`.
        An adjoint or tangent that is not there is None. What has no page has no derivative, which is an error where it
        is asked for.

    Raises
    ------
    ArgumentError
        If the function has no name in the module of the rule, or the pages ask for what there is not.

    Examples
    --------
    At the top of a module::

        cbrt = ctypes.CDLL(ctypes.util.find_library("m")).cbrt
        cbrt.argtypes, cbrt.restype = [ctypes.c_double], ctypes.c_double
        @sg.rule(cbrt, "x", "y", "()->()")
        class Cbrt:
            def x_bar(y, y_bar):
                return y_bar / (3.0 * y * y)
    """

    def register(pages):
        module, name = _place(function, pages)
        key = _free(name, function)
        names = tuple(results.split())
        given = dtypes.split() or ["float64"] * len(names)
        row = externals.External(
            f"own.{key}", tuple(operands.split()), names, tuple(map(externals.read_signature, signatures)),
            tuple("" if d == "." else d for d in given), pages, (), names, function, (module, name),
        )  # fmt: skip
        _check_pages(row, pages)
        setattr(own, key, function)
        externals.add(row)
        return pages

    return register


def _free(name: str, function) -> str:
    """Return a name for a function in `own`, where no other stands."""
    return name if getattr(own, name, function) is function else _free(f"{name}_", function)


def _place(function, pages) -> tuple[str, str]:
    """Return (module, name) under which another process finds a function."""
    names = vars(sys.modules[pages.__module__]) if pages.__module__ in sys.modules else {}
    found = next((n for n, value in names.items() if value is function), None)
    if found is None:
        what = f"the function {getattr(function, '__name__', function)!r} has no name in {pages.__module__}"
        raise ArgumentError(Problem(what, "assign it to a name at the top of the module, above its rule"))
    return pages.__module__, found


def _check_pages(row: externals.External, pages):
    bars = [f"{n}_bar" for n in (*row.operands, *row.results)]
    known = {*row.operands, *row.results, *bars, *(f"{o}_dot" for o in row.operands)}
    wanted = {*(f"{o}_bar" for o in row.operands), *(f"{r}_dot" for r in row.results)}
    for name, page in vars(pages).items():
        if not callable(page):
            continue
        strange = [p for p in page.__code__.co_varnames[: page.__code__.co_argcount] if p not in known]
        if name not in wanted or strange:
            what = f"{pages.__name__}.{name}" + (f" takes {strange[0]!r}" if strange else " is no page of the rule")
            way = f"pages: {', '.join(sorted(wanted))}; they take {', '.join(sorted(known))}"
            raise ArgumentError(Problem(what, way))
    lengths = len(row.operands), len(row.results)
    if not row.signatures or any((len(s[0]), len(s[1])) != lengths for s in row.signatures):
        raise ArgumentError(Problem(f"the signatures of {row.spelling} do not fit its operands and results",
                                    'write "(n),(n)->()" for two vectors and a number'))  # fmt: skip


def imported(module: str, name: str) -> Callable[..., Any]:
    """Return a function that a generated module calls, by the name of its place."""
    found = look_up(module, name)
    if found is None:
        raise ImportError(f"there is no {name} in {module}")
    return found


# what all ctypes functions are
_POINTER = ctypes.CFUNCTYPE(None).__mro__[1]


def has_address(function, seen: frozenset[int] = frozenset()) -> bool:
    """Return whether compiled code holds the address of a function, which differs from process to process.

    That of an njit function does if it uses one that does.
    """
    if isinstance(function, _POINTER) or type(function).__name__ == "CFunc":
        return True
    python = getattr(function, "py_func", None)
    if python is None or id(function) in seen:
        return False
    used = inspect.getclosurevars(python)
    return any(has_address(f, seen | {id(function)}) for f in (*used.globals.values(), *used.nonlocals.values()))


def used_in(text: str) -> list[externals.External]:
    """Return the functions of the user's own that a text calls."""
    return [row for row in externals.OWN if f"{row.spelling}(" in text]


def definition(row: externals.External) -> str:
    """Return how a generated module finds a function."""
    module, name = row.place or ("", "")
    return f"{row.spelling.removeprefix('own.')}=imported({module!r}, {name!r})"
