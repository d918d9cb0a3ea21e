"""What a command line names: a function in a module or a file, and the values of its arguments."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import math
import operator
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from . import tree
from .api import Transformed
from .errors import ArgumentError, Problem
from .generation import entry
from .parsing.source import python_function

_BY_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)(.*)", re.DOTALL)


class TargetError(Exception):
    """What the command line names cannot be found, or its arguments do not fit."""


def find(target: str):
    """Return the function that `module:function` or `path/to/file.py:function` names.

    Raises
    ------
    TargetError
        If there is no such module, file or function; with the functions that there are.
    """
    place, colon, name = target.rpartition(":")
    if not colon or not place:
        place, name = target, ""
    if not place.endswith(".py") and ("/" in place or "\\" in place):
        raise TargetError(f"{place!r} is neither a module nor a file .py: write module:function or file.py:function")
    module = _from_file(Path(place)) if place.endswith(".py") else _from_name(place)
    if not name:
        raise TargetError(f"which function of {place}? Write {place}:NAME. {_there_are(module)}")
    try:
        found = operator.attrgetter(name)(module)
    except AttributeError:
        raise TargetError(f"there is no {name!r} in {place}. {_there_are(module)}") from None
    if not isinstance(found, Transformed) and python_function(found) is None:
        raise TargetError(f"{place}:{name} is no function: it is {type(found).__name__}. {_there_are(module)}")
    return found


def _from_name(name: str):
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as e:
        if e.name and (name == e.name or name.startswith(f"{e.name}.")):
            raise TargetError(f"there is no module {e.name!r} (a file is written file.py:function)") from None
        raise
    except (ValueError, TypeError):
        raise TargetError(f"{name!r} is no name of a module") from None


def _from_file(path: Path):
    """Return the module of a file, which is run as an import of it would run it."""
    if not path.is_file():
        raise TargetError(f"there is no file {str(path)!r}")
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # the file's neighbours, as for `python file.py`
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _there_are(module) -> str:
    own = module.__name__
    names = [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and isinstance(value, Transformed | type(find))
        and getattr(python_function(value), "__module__", "") == own
    ]
    return f"It has {', '.join(names)}." if names else "It has no functions."


def arguments(f, texts: Sequence[str]) -> tuple:
    """Return the arguments that Python expressions stand for: by position, or by name as `x=1.0`.

    They may use np, math and what stands in the function's own module. Arguments left out have their defaults.

    Raises
    ------
    TargetError
        If one is no expression, fails, or is none that the function takes.
    """
    function = python_function(f)
    names = {"math": math, "numpy": np, "np": np, **(function.__globals__ if function else {})}
    given, by_name = [], {}
    for text in texts:
        named = _BY_NAME.fullmatch(text)
        value = _evaluated(named[2] if named else text, names)
        if named:
            by_name[named[1]] = value
        elif by_name:
            raise TargetError(f"the argument {text!r} stands behind one that is named")
        else:
            given.append(value)
    signature = inspect.signature(f) if isinstance(f, Transformed) else entry.parameters(f)
    try:
        return entry.values_of(signature, tuple(given), by_name)
    except TypeError as e:
        parameters = ", ".join(map(str, signature.parameters.values()))
        name = getattr(f, "__name__", "the function")
        raise TargetError(f"{name}({parameters}): {e}; give values with --args") from None


def _evaluated(text: str, names: dict):
    try:
        return eval(text.strip(), names)
    except Exception as e:
        said = e.msg if isinstance(e, SyntaxError) else e
        raise TargetError(f"the argument {text.strip()!r}: {type(e).__name__}: {said}") from None


def argnums(f, args: tuple, text: str | None):
    """Return `argnums` of a text such as "w,b" or "0"; without one, all arguments that hold floats only.

    Raises
    ------
    ArgumentError
        If no argument does.
    """
    if text is not None:
        found = tuple(int(part) if re.fullmatch(r"-?\d+", part) else part for part in map(str.strip, text.split(",")))
        return found[0] if len(found) == 1 else found
    signature = entry.parameters(f)
    kinds = iter(entry.arguments_of(signature, args).kinds)
    own = [[next(kinds) for _ in range(tree.count(tree.structure_of(a)))] for a in args]
    floats = tuple(k for k, inside in enumerate(own) if inside and all(kind.is_float for kind in inside))
    if not floats:
        raise ArgumentError(Problem("no argument is a float", "pass what the derivative is by as floats, as 2.0"))
    return floats
