"""Run generated text as plain Python, with the arithmetic of compiled code: 1 / 0 is inf, log(-1) is nan."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from . import ir
from .ir import Const, Expr, Name


class _Math:
    """The module `math` where a value outside the domain gives nan, and one too large inf, as compiled code has it."""

    def __getattr__(self, name: str):
        function = getattr(math, name)

        def careful(*args):
            try:
                return np.float64(function(*args)) if name not in ("floor", "ceil", "trunc") else function(*args)
            except OverflowError:
                return np.float64(np.inf)
            except ValueError:
                return np.float64(-np.inf if name.startswith("log") and args[0] == 0.0 else np.nan)

        return careful if callable(function) else function


def functions_of(text: str, names: tuple[str, ...], given: dict[str, Any] | None = None) -> list:
    """Return the functions with these names that the text of a generated module defines.

    Parameters
    ----------
    text : str
        The text of a module, as `generate.module_text` gives it.
    names : tuple of str
        The functions wanted.
    given : dict, optional
        Further names that the text may use.

    Examples
    --------
    >>> (f,) = functions_of("import math\\ndef f(x):\\n    return math.log(x) / x", ("f",))
    >>> f(np.float64(-1.0))
    np.float64(nan)
    """
    namespace: dict[str, Any] = {"float": np.float64}
    exec(compile(text, "<srcgrad plain>", "exec"), namespace)
    if "math" in namespace:
        namespace["math"] = _Math()
    namespace |= given or {}
    return [_quiet(namespace[n]) for n in names]


def _quiet(function):
    def quiet(*args):
        with np.errstate(all="ignore"):
            return function(*args)

    return quiet


def as_numpy(value, kind: ir.Kind):
    """Return a number as NumPy's of its kind, whose division by zero gives inf; anything else as it is."""
    if kind.rank or not kind.is_float or isinstance(value, np.ndarray):
        return value
    return np.float32(value) if kind.dtype == "float32" else np.float64(value)


def with_numpy_constants(block: ir.Block, fresh: ir.Fresh) -> tuple[ir.Block, dict[str, Any]]:
    """Return the block with its numbers under names, and what these stand for: NumPy's numbers.

    >>> from srcgrad.language.ir import Let, Op
    >>> block, given = with_numpy_constants((Let("y", Op("div", (Const(1.0), Name("x")))),), ir.Fresh(()))
    >>> block[0].value.args[0].id, given
    ('number', {'number': np.float64(1.0)})
    """
    found: dict[str, str] = {}
    given: dict[str, Any] = {}

    def one(e: Expr) -> Expr:
        if isinstance(e, Const) and isinstance(e.value, float):
            if repr(e.value) not in found:
                found[repr(e.value)] = fresh("number")
                given[found[repr(e.value)]] = np.float64(e.value)
            return Name(found[repr(e.value)])
        return ir.rebuild(e, one)

    def inside(stmts: ir.Block) -> ir.Block:
        return tuple(ir.with_blocks(ir.with_exprs(s, one), inside) for s in stmts)

    return inside(block), given
