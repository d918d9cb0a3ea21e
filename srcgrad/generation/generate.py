"""Generated modules: the text around the functions, and the store's copy where there is one."""

from __future__ import annotations

import json
import os
import re
import sys
import time

import numpy as np

from .. import opaque, store, tree
from ..analysis.warned import from_text, to_text
from ..errors import Problem
from ..parsing.source import python_function
from ..rules.rows import OWN
from ..runtime import HELPERS

TIMES = {"transform": 0.0}


def builder(request, kinds, structures, wrt):
    """Return (name, function that generates) for a request: nothing is parsed before it is called."""

    def build():
        made = variant()
        made = made.vectorised() if request.simd else made
        return made.run_once() if made.leaves_traces() else made

    def variant():
        from . import pipeline

        chosen = pipeline.Variant(request.repeats, request.boundscheck, whole=request.whole)
        if request.transform == "primal":
            return pipeline.primal(request.f, structures, kinds, chosen)
        if request.transform == "pair":
            return pipeline.pair(request.f, structures, kinds, wrt, chosen)
        if request.transform in ("jvp", "hvp"):
            return pipeline.jvp(request.f, structures, kinds, wrt, chosen, request.transform == "jvp")
        if request.transform == "jvps":
            return pipeline.jvp(request.f, structures, kinds, wrt, chosen, value=False, many=True)
        if request.transform in ("jacfwd", "jacrev", "jacobian", "one_mode", "cheaper", "hessian"):
            from . import jacobians

            by = tree.part_of(structures, request.argnums, request.single)
            return getattr(jacobians, request.transform)(request.f, structures, kinds, wrt, by, chosen)
        if request.transform == "vmap":
            from . import batching

            return batching.vmap(request.f, structures, kinds, request.options, chosen)
        value = request.transform == "value_and_grad"
        return pipeline.value_and_grad(request.f, structures, kinds, wrt, chosen, value)

    return f"{request.name}_{request.transform}", build


def module_for(name: str, key: str, build):
    """Return (module, structure of the result): from the store, or generated and published."""
    module = store.lookup(name, key)
    if module is None:
        start = time.perf_counter()
        made = build()
        text = module_text(name, made)
        TIMES["transform"] += time.perf_counter() - start
        module = store.publish(name, key, text)
        return module, made.result
    return module, structure_from(json.loads(module.RESULT))


def module_text(name: str, made) -> str:
    """Return the text of a generated module."""
    body = made.text()
    lines = [f'"""{made.title()}"""', ""]
    standard = [n for n in ("math", "random") if re.search(rf"(?<![\w.]){n}\.", body)]
    if standard:
        lines += [*(f"import {n}" for n in standard), ""]
    lines.append("import numpy as np")
    code = "\n".join(line for line in body.splitlines() if not line.lstrip().startswith("#"))
    lines += ["from numba import prange"] if "in prange(" in code else []
    helpers = [n for n in HELPERS if f"{n}(" in body]
    helpers += [m for m in ("fourier", "simd", "special") if re.search(rf"(?<![\w.]){m}\.", body)]
    if helpers:
        lines += ["", f"from srcgrad.runtime import {', '.join(sorted(helpers))}"]
    hints = [n for n in ("print_grad", "require_constant", "stop_gradient") if f"{n}(" in code]
    if hints:
        lines += [*([] if helpers else [""]), f"from srcgrad.hints import {', '.join(hints)}"]
    own = [p.text for n, p in OWN.items() if re.search(rf"(?<![\w.])own\.{n}\(", code)]
    lines += ["from srcgrad.opaque import imported"] if opaque.used_in(code) else []
    own += map(opaque.definition, opaque.used_in(code))
    lines += ["from srcgrad.primitives import primitives"] if own else []
    constants = [line for n, a in made.captured for line in constant_lines(n, a)]
    if any("load_array" in c for c in constants):
        lines.append("from srcgrad.store import load_array")
    if constants or own:
        lines += ["", *([f"own = primitives({', '.join(own)})"] if own else []), *constants]
    lines += ["", f"NAMES = {[f.name for f in made.functions]!r}"]
    if made.callees:
        lines += [f"CALLEES = {[f.name for f in made.callees]!r}", f"RECURSIVE = {made.is_recursive()!r}"]
    if made.rules:
        lines += [f"RULES = {dict(made.rules)!r}"]
    if compared := made.compared():
        lines += [f"COMPARED = {compared!r}"]
    if made.once:
        lines += ["ONCE = True"]
    lines += [f"RESULT = {json.dumps(structure_to(made.result))!r}"]
    if made.pitfalls:
        lines += [f"PITFALLS = {to_text(made.pitfalls)!r}"]
    return "\n".join(lines) + "\n\n\n" + body


def pitfalls_of(module) -> tuple[Problem, ...]:
    """Return what a generated module knows of its pitfalls."""
    return from_text(getattr(module, "PITFALLS", "[]"))


def constant_lines(name: str, array: np.ndarray) -> list[str]:
    """Return the lines that define a captured array: its numbers where they are few, else a file."""
    if array.size <= 64:
        values = np.array2string(array, separator=", ", floatmode="unique", threshold=1000, max_line_width=10**6)
        if array.ndim == 0 or array.size == 0 or array.dtype.kind not in "fiu" or "nan" in values or "inf" in values:
            values = repr(array.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
        values = " ".join(values.split())
        return [f"{name} = np.array({values}, dtype=np.{array.dtype}).reshape({array.shape})"]
    return [f"{name} = load_array({store.save_array(np.ascontiguousarray(array))!r})"]


def structure_to(structure: tree.Structure):
    """Return a structure as plain lists; a namedtuple's class is named by module and qualified name."""
    if isinstance(structure, tree.Leaf):
        return "*"
    if isinstance(structure, tree.Known):
        return ["known", structure.value]
    made = f"{structure.make.__module__}:{structure.make.__qualname__}" if structure.make else ""
    return [structure.kind, list(structure.keys), [structure_to(c) for c in structure.children], made]


def structure_from(data) -> tree.Structure:
    """Return the structure of plain lists; a namedtuple's class is looked up, and a plain tuple where it is gone."""
    if data == "*":
        return tree.LEAF
    if data[0] == "known":
        return tree.Known(data[1])
    kind, keys, children, made = data
    module, _, name = made.partition(":")
    make = sys.modules.get(module)
    for part in name.split(".") if make is not None else ():
        make = getattr(make, part, None)
    found = make if isinstance(make, type) else None
    return tree.Node(kind, tuple(keys), tuple(structure_from(c) for c in children), found)


def place(f) -> str:
    """Return 'name (file.py:line)' of a function."""
    function = python_function(f)
    assert function is not None, f
    code = function.__code__
    return f"{function.__qualname__} ({os.path.basename(code.co_filename)}:{code.co_firstlineno})"


def visible(text: str) -> str:
    """Return a module's text without the lines that only the store reads."""
    ours = "NAMES = ", "CALLEES = ", "RULES = ", "RECURSIVE = ", "RESULT = ", "COMPARED = ", "ONCE = ", "PITFALLS = "
    lines = [line for line in text.splitlines() if not line.startswith(ours)]
    return "\n".join(lines).replace("\n\n\n\n", "\n\n").rstrip() + "\n"
