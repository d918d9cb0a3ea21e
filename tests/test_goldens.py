"""Emitted source, kept as text: a change of it is a diff to be read, and the text is run where it stands.

A golden begins with the program itself, so that the line numbers in its comments are lines of the same file.
`pytest tests/test_goldens.py --update-goldens` writes the files anew.
"""

import dataclasses
import inspect
import math
import os
from pathlib import Path
from unittest import mock

import numba
import numpy as np
import pytest

import srcgrad as sg
from srcgrad import tree
from srcgrad.generation import entry, generate, pipeline
from srcgrad.language.repeats import NOWHERE, in_turn
from srcgrad.parsing.source import find_source
from srcgrad.switches import SWITCHES, VARIABLE
from tests.golden_programs import PAIRS, PROGRAMS, TANGENTS, WITHOUT
from tests.random_programs.compare import directions, disagreement
from tests.random_programs.differences import copied, mismatch, reference

FOLDER = Path(__file__).parent / "goldens"
LAYOUTS = {"_pair": pipeline.pair, "_jvp": pipeline.jvp}
SKIPPING = {f"{name}_without_{switch.replace(' ', '_')}": (name, switch) for name, switch in WITHOUT}
NAMES = [*PROGRAMS, *(f"{name}_pair" for name in PAIRS), *(f"{name}_jvp" for name in TANGENTS), *SKIPPING]


def program_of(golden):
    """Return (name of a golden's program, the layout it is printed in)."""
    if golden in SKIPPING:
        return SKIPPING[golden][0], pipeline.value_and_grad
    ending = next((e for e in LAYOUTS if golden.endswith(e)), "")
    return golden.removesuffix(ending), LAYOUTS.get(ending, pipeline.value_and_grad)


def generated(golden):
    """Return (generated module, its text) of a golden's program, in its layout."""
    name, layout = program_of(golden)
    function, args, positions = PROGRAMS[name]
    source = dataclasses.replace(find_source(function), file=f"{golden}.py", first_line=1)
    kinds = tuple(entry.kind_of_type(numba.typeof(arg), "") for arg in args)
    structures = (tree.LEAF,) * len(args)
    with mock.patch.dict(os.environ, {VARIABLE: SKIPPING.get(golden, ("", ""))[1]}):
        made = layout(source, structures, kinds, positions)
        repeats = in_turn(list(args), made.compared())[0]
        if repeats != NOWHERE:
            made = layout(source, structures, kinds, positions, pipeline.Variant(repeats))
    return made, generate.module_text(golden, made)


def golden_text(golden):
    """Return the text of a golden: program, separator, generated module."""
    function, args, positions = PROGRAMS[program_of(golden)[0]]
    params = list(inspect.signature(function).parameters)
    kinds = (f"{p}: {entry.kind_of_type(numba.typeof(a), p)}" for p, a in zip(params, args, strict=True))
    by = ", ".join(params[k] for k in positions)
    _, text = generated(golden)
    return f"{inspect.getsource(function)}\n\n# ---- with respect to {by}, for {'; '.join(kinds)} ----\n\n{text}"


def run_golden(golden):
    """Return the names that the text of a golden file defines, run as it stands in the folder."""
    namespace = {"np": np, "math": math, "sg": sg}
    path = FOLDER / f"{golden}.py"
    exec(compile(path.read_text("utf-8"), str(path), "exec"), namespace)
    return namespace


@pytest.mark.parametrize("golden", NAMES)
def test_emitted_source_is_the_golden(golden, update_goldens):
    path, text = FOLDER / f"{golden}.py", golden_text(golden)
    if update_goldens:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text("utf-8"), "read the difference, then run pytest with --update-goldens"


@pytest.mark.parametrize("name", TANGENTS)
def test_golden_computes_the_derivative_along_tangents(name):
    function, args, positions = PROGRAMS[name]
    dots = directions(args, positions)
    value, tangent = run_golden(f"{name}_jvp")[f"{function.__name__}_jvp"](*copied(args), *dots)
    same, *gradients = run_golden(name)[f"{function.__name__}_value_and_grad"](*copied(args))
    assert value == same
    assert disagreement(tangent, tuple(gradients), dots) is None


@pytest.mark.parametrize("golden", [name for name in NAMES if not name.endswith("_jvp")])
def test_golden_computes_the_gradient(golden):
    function, args, positions = PROGRAMS[program_of(golden)[0]]
    made, _ = generated(golden)
    names = [f.name for f in made.functions]
    functions = [run_golden(golden)[name] for name in names]
    given = copied(args)
    if golden.endswith("_pair"):
        forward, backward = functions
        value, residuals = forward(*given)
        gradients = backward(residuals, 1.0)
        gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    else:
        value, *gradients = functions[0](*given)
    right = reference(function, args, positions)
    assert right.smooth or golden == "gate"
    assert value == pytest.approx(right.value, rel=1e-12, abs=1e-12)
    if right.smooth:
        assert mismatch(right, gradients, args, positions) is None
    else:
        assert gradients == [2.0, 5.0, 0.0]
    assert all(np.array_equal(a, b) for a, b in zip(given, args, strict=True)), "an argument was written"


@pytest.mark.parametrize("golden", SKIPPING)
def test_an_optimisation_switched_off_is_not_done(golden):
    files = (FOLDER / f"{name}.py" for name in (golden, SKIPPING[golden][0]))
    without, usual = (file.read_text("utf-8").replace(f"{file.stem}.py", "").partition("# ---- ")[2] for file in files)
    assert without != usual


def test_every_optimisation_has_goldens_on_both_sides():
    assert {switch for _, switch in WITHOUT} == set(SWITCHES)


def test_a_switch_that_there_is_not_is_named(monkeypatch):
    monkeypatch.setenv(VARIABLE, "gather, folding")
    with pytest.raises(ValueError, match="SRCGRAD_SKIP names folding; there are joins, repeated"):
        sg.source(sg.grad(PROGRAMS["gate"][0]), 1.0, 2.0, 0.0)


def test_every_golden_file_has_a_program():
    assert sorted(path.stem for path in FOLDER.glob("*.py")) == sorted(NAMES)
