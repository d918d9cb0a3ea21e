"""Every function of the corpus: its gradient against differences, and what a call must leave alone."""

import importlib

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from tests.corpus.case import Case
from tests.random_programs.compare import directions, disagreement, plain_gradient, plain_tangent, some_of
from tests.random_programs.differences import Reference, mismatch, reference

THEMES = (
    "lectures", "loops", "branches", "inplace", "arrays", "linalg", "masks", "gathers", "mutation", "views",
    "physics", "statistics", "finance", "nets", "calls", "kinks", "stochastic", "structures", "lists",
    "others_get_wrong", "routines", "recursion", "dynamic_programs", "filters", "solvers", "geometry", "memory",
)  # fmt: skip
CASES = [case for theme in THEMES for case in importlib.import_module(f"tests.corpus.{theme}").CASES]
pytestmark = pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning")  # test_pitfalls has those that are due
# Compiling every case takes minutes: some of each theme in every run, the others with `-m long`.
COMPILED = [
    pytest.param(case, id=case.name, marks=() if k % 5 < 2 else pytest.mark.long)
    for k, case in enumerate(CASES)
]
INSIDE = [case for k, case in enumerate(CASES) if k % 13 == 0]


def expected(case: Case) -> Reference:
    """Value and gradient in plain Python, the gradient written with the case if there is one."""
    function = getattr(case.function, "py_func", case.function)
    with np.errstate(all="ignore"):
        if case.expected is None:
            found = reference(function, case.fresh(), case.positions)
            assert found.smooth, "a kink or jump near the point: give the gradient with the case"
            return found
        value = float(function(*case.fresh()))
    return Reference(value, tuple(np.asarray(g) for g in case.expected), 1e-10, smooth=True)


def same_bits(left, right):
    """Whether two tuples of scalars and arrays are equal to the last bit."""
    return all(np.asarray(p).tobytes() == np.asarray(q).tobytes() for p, q in zip(left, right, strict=True))


def check(case: Case, args, value, gradients) -> None:
    """Asserts value, gradient, and that the arguments are as they were."""
    right = expected(case)
    assert abs(value - right.value) <= 1e-12 * max(1.0, abs(right.value))
    wrong = mismatch(right, gradients, args, case.positions)
    assert wrong is None, wrong
    assert same_bits(args, case.fresh()), "an argument was written"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_generated_source_under_plain_python(case):
    args = case.fresh()
    with np.errstate(all="ignore"):
        value, gradients = plain_gradient(case.function, args, case.positions)
        chosen = some_of(case.positions, len(case.name))
        dots = directions(args, chosen)
        same, tangent = plain_tangent(case.function, args, chosen, dots)
    check(case, args, value, gradients)
    assert same_bits((value,), (same,)), "forward mode gives another value"
    parts = tuple(gradients[case.positions.index(k)] for k in chosen)
    assert disagreement(tangent, parts, dots) is None


@pytest.mark.parametrize("case", COMPILED)
def test_compiled_gradient(case):
    derivative = sg.value_and_grad(case.function, argnums=case.positions)
    args = case.fresh()
    value, gradients = derivative(*args)
    check(case, args, value, gradients)
    again, gradients_again = derivative(*args)
    assert same_bits((value, *gradients), (again, *gradients_again)), "a second call gives other bits"


@pytest.mark.parametrize("case", INSIDE, ids=lambda case: case.name)
def test_called_inside_njit(case):
    derivative = sg.value_and_grad(case.function, argnums=case.positions)

    @njit
    def inside(args):
        return derivative(*args)

    value, gradients = derivative(*case.fresh())
    value_inside, gradients_inside = inside(case.fresh())
    assert same_bits((value, *gradients), (value_inside, *gradients_inside))
