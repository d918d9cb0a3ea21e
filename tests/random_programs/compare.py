"""One program text, differentiated and compared with central differences in plain Python."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import re
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from tests.random_programs.differences import copied, float_argnums, mismatch, reference
from tests.random_programs.generate import arguments, parameter_names

Gradient = Callable[[FunctionType, tuple[Any, ...], tuple[int, ...]], tuple[Any, tuple[Any, ...]]]


@dataclass(frozen=True)
class Outcome:
    """ok, refused, unreliable, invalid (fails in plain Python by itself), WRONG or CRASH, and why."""

    kind: str
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether this is a bug of the transformer."""
        return self.kind in ("WRONG", "CRASH")

    @property
    def family(self) -> tuple[str, str]:
        """What stays the same while a failure is shrunk: its kind, and of a crash the first words."""
        if self.kind != "CRASH":
            return self.kind, ""
        first = self.detail.splitlines()[0] if self.detail else ""
        return self.kind, re.sub(r"[^A-Za-z ]+", " ", first)[:40]


# ---- the two ways to a gradient


def compiled_gradient(
    f: FunctionType, args: tuple[Any, ...], argnums: tuple[int, ...]
) -> tuple[Any, tuple[Any, ...]]:
    """Value and gradients as a user gets them."""
    import srcgrad as sg

    value, gradients = sg.value_and_grad(f, argnums=argnums)(*args)
    return value, gradients


def plain_gradient(
    f: FunctionType, args: tuple[Any, ...], argnums: tuple[int, ...]
) -> tuple[Any, tuple[Any, ...]]:
    """Value and gradients from the generated source run as plain Python, no compiler in between."""
    import numba

    from srcgrad import entry, generate, pipeline, tree

    kinds = tuple(entry.kind_of_type(numba.typeof(arg), f"argument {k}") for k, arg in enumerate(args))
    structures = (tree.LEAF,) * len(args)
    # As a compiled call does: axes of length one are repeated only once they have been met.
    for stretch in (False, True):
        made = pipeline.value_and_grad(f, structures, kinds, argnums, pipeline.Variant(stretch))
        namespace: dict[str, Any] = {}
        exec(compile(generate.module_text("plain", made), "<generated>", "exec"), namespace)
        try:
            value, *gradients = namespace[made.functions[0].name](*args)
        except ValueError as error:
            if stretch or "broadcast" not in str(error):
                raise
        else:
            break
    return value, tuple(gradients)


# ---- one program


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raises TimeoutError in Python code that runs longer, where the system has alarms."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def stop(signum: int, frame: object) -> None:
        raise TimeoutError("the program does not end")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def loaded(text: str) -> Iterator[ModuleType]:
    """The program as a module of a real file, so that its source can be found."""
    name = "program_" + hashlib.sha256(text.encode()).hexdigest()[:16]
    with tempfile.TemporaryDirectory(prefix="random-program-") as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
            yield module
        finally:
            sys.modules.pop(name, None)


def seed_of(text: str) -> int:
    """The seed that the text names in its first line, 0 without one."""
    found = re.search(r"seed (\d+)", text)
    return int(found.group(1)) if found else 0


def compare(text: str, gradient: Gradient = compiled_gradient) -> Outcome:
    """What became of the program: its value, gradient and side effects against plain Python."""
    try:
        with warnings.catch_warnings(), loaded(text) as module:
            warnings.simplefilter("ignore")
            return compare_function(module.f, seed_of(text), gradient)
    except SyntaxError as error:
        return Outcome("invalid", str(error))


def compare_function(f: FunctionType, seed: int, gradient: Gradient) -> Outcome:
    """The same for a function that is already there."""
    args = arguments(parameter_names(f), seed)
    argnums = float_argnums(args)
    try:
        with time_limit(1.0):
            f(*copied(args))
        with time_limit(10.0), np.errstate(all="raise", under="ignore"):
            expected = reference(f, args, argnums)
    except Exception as error:
        return Outcome("invalid", f"{type(error).__name__}: {error}")
    if not np.isfinite(expected.value) or not argnums:
        return Outcome("invalid", f"value {expected.value}")
    before = copied(args)
    try:
        with time_limit(120.0):
            value, gradients = gradient(f, args, argnums)
    except Exception as error:
        return refused_or_crash(error)
    for k, (old, new) in enumerate(zip(before, args, strict=True)):
        if isinstance(old, np.ndarray) and (
            not isinstance(new, np.ndarray) or old.tobytes() != new.tobytes()
        ):
            return Outcome("WRONG", f"argument {k} was written")
    if not abs(value - expected.value) <= 1e-12 * max(1.0, abs(expected.value)) + 1e-14 * expected.norm:
        return Outcome("WRONG", f"value {value!r}, plain Python gives {expected.value!r}")
    wrong = mismatch(expected, gradients, args, argnums)
    if not expected.smooth:
        return Outcome("unreliable", wrong or "agrees nevertheless")
    return Outcome("WRONG", wrong) if wrong else Outcome("ok")


def refused_or_crash(error: Exception) -> Outcome:
    """An error of the transformer's own family is a refusal; any other is a bug."""
    import srcgrad as sg

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, sg.SrcgradError):
            return Outcome("refused", f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__
    trace = "".join(traceback.format_exception(error))
    return Outcome("CRASH", f"{type(error).__name__}: {error}\n{trace}")
