"""Functions that travel to another process: found again by their names there, or made anew from what was sent.

A function of a script, or one defined inside another, is sent by value by cloudpickle (as joblib and dask do). Its
text, which is what a derivative is made from, is sent with it.
"""

from __future__ import annotations

import importlib
import inspect
import operator
import pickle
import sys
import threading
import tokenize
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

# joblib has had one of its own
_PICKLERS = ("cloudpickle", "joblib.externals.cloudpickle")
_sending = threading.local()


# the attribute under which a function that is sent to another process carries its lines
SENT = "__srcgrad_lines__"


def lines_of(function: FunctionType) -> tuple[list[str], int]:
    """Return (lines of a function's definition, number of the first one): those of its file, or those sent with it.

    Raises
    ------
    OSError
        If there are neither.
    """
    try:
        # of its code: of a function made by a decorator, `inspect` finds the text of what that wraps
        return inspect.getsourcelines(function.__code__)
    except tokenize.TokenError as e:
        raise OSError(str(e)) from None  # a part of a text in quotes
    except OSError:
        if SENT in function.__dict__:
            return function.__dict__[SENT]
        raise


def python_function(f) -> FunctionType | None:
    """Return the plain Python function behind `f`: itself, a numba dispatcher's, or what one of ours or a cache wraps.

    What other objects do with what they wrap is not known.
    """
    for _ in range(20):
        if isinstance(f, FunctionType):
            return f
        if hasattr(f, "py_func"):
            f = f.py_func
        elif hasattr(f, "__wrapped__") and type(f).__module__.split(".")[0] in ("srcgrad", "functools"):
            f = f.__wrapped__
        else:
            return None
    return None


def look_up(module: str, qualname: str):
    """Return the object of a module by its qualified name, None where there is none."""
    try:
        return operator.attrgetter(qualname)(importlib.import_module(module))
    except (ImportError, AttributeError):
        return None


def reduced(thing, f, make: Callable[..., Any], args: tuple) -> tuple:
    """Return what pickles an object that stands for the function `f`: its name, or `make` and its arguments.

    An object of a script is sent both ways where cloudpickle is loaded: the other process may run another script.
    """
    function = python_function(f)
    if function is None:
        return make, args
    send_texts(function)
    inside = function.__module__ == "__main__" and getattr(_sending, "by_value", False)
    if inside or look_up(function.__module__, function.__qualname__) is not thing:
        return make, args
    return found_again, (function.__module__, function.__qualname__, _by_value(function, make, args))


def found_again(module: str, qualname: str, value: bytes | None = None):
    """Return an object found by its name, or made of what was sent of it."""
    found = look_up(module, qualname)
    if found is None and value is not None:
        make, args = pickle.loads(value)
        return make(*args)
    if found is None:
        raise pickle.UnpicklingError(f"there is no {qualname} in {module}")
    return found


def _by_value(function: FunctionType, make, args: tuple) -> bytes | None:
    pickler = next((sys.modules[name] for name in _PICKLERS if name in sys.modules), None)
    if function.__module__ != "__main__" or pickler is None:
        return None
    _sending.by_value = True
    try:
        return pickler.dumps((make, args))
    finally:
        _sending.by_value = False


def send_texts(function: FunctionType):
    """Let the texts of a function, and of those that it calls, be sent with them where they are sent by value."""
    waiting, seen = [function], set()
    while waiting:
        f = waiting.pop()
        if id(f) in seen or look_up(f.__module__ or "", f.__qualname__) is f and f.__module__ != "__main__":
            continue
        seen.add(id(f))
        try:
            f.__dict__[SENT] = lines_of(f)
        except (OSError, TypeError):
            continue
        waiting += _functions_named(f)


def _functions_named(function: FunctionType) -> Iterator[FunctionType]:
    """Yield the functions that a function names: those it calls, and the pages of their rules."""
    names, codes = set(), [function.__code__]
    while codes:
        code = codes.pop()
        names |= {*code.co_names}
        codes += [c for c in code.co_consts if isinstance(c, CodeType)]
    cells = [c.cell_contents for c in function.__closure__ or () if _is_full(c)]
    for value in (*cells, *(function.__globals__[n] for n in sorted(names) if n in function.__globals__)):
        for part in (value, *getattr(value, "rule", {}).values()) if not isinstance(value, type) else ():
            found = python_function(part)
            if found is not None and not (found.__module__ or "").startswith(("numpy", "srcgrad.", "numba", "scipy")):
                yield found


def _is_full(cell) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
