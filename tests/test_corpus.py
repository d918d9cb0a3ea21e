"""Every function of the corpus: its gradient against differences, and what a call must leave alone."""

import importlib

import numpy as np
import pytest
from numba import njit
from numba.core.dispatcher import Dispatcher

import srcgrad as sg
from srcgrad import hints, runtime, store
from srcgrad.generation import entry
from srcgrad.language.emit import emit
from srcgrad.parsing.function import parse_text
from tests.corpus.case import Case
from tests.random_programs.compare import directions, disagreement, plain_run, plain_tangent, plain_tangents, some_of
from tests.random_programs.differences import Reference, mismatch, reference

THEMES = (
    "lectures", "loops", "branches", "inplace", "arrays", "linalg", "masks", "gathers", "rings", "grids", "parted",
    "accumulated", "mutation", "views", "physics", "statistics", "finance", "nets", "calls", "kinks", "stochastic",
    "structures", "lists", "others_get_wrong", "routines", "recursion", "dynamic_programs", "filters", "solvers",
    "geometry", "memory", "records", "algorithms", "kit", "order", "list_bindings", "python_containers",
    "methods", "small_matrices", "complex_numbers", "levels", "blocks", "small_integers", "nested_lists",
    "list_lengths", "index_loops", "kept_items", "none_results", "integer_keys",
    "apart_lists", "objects", "scipy_calls", "queues", "object_order",
    "none_or_tuples", "carried_over", "cells", "handed_objects", "lookups", "choices", "list_parts",
    "list_copies", "tabled_loops",
)  # fmt: skip
CASES = [case for theme in THEMES for case in importlib.import_module(f"tests.corpus.{theme}").CASES]
pytestmark = pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning")  # those that are due are named below
# Compiling every case takes minutes: one of 120 in every run, the others with `-m long`.
COMPILED = [
    pytest.param(case, k % 240 == 12, id=case.name, marks=() if k % 120 == 12 else pytest.mark.long)
    for k, case in enumerate(CASES)
]


def some(first: int, step: int, *names: str) -> list:
    """Cases `step` apart, but for those named: one of six in every run, the rest with `-m long`."""
    return [pytest.param(case, id=case.name, marks=pytest.mark.long if k % 6 else ())
            for k, case in enumerate(CASES[first::step]) if case.name not in names]  # fmt: skip


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


# what generated code may use
HELPERS = {n: value for module in (runtime, hints) for n, value in vars(module).items() if not n.startswith("_")}
# The pitfalls that are due: `//=` on purpose; and that the slope of the constant is that of the curve cannot be seen.
DUE = {
    "mutation-operators_on_elements": "// of a value that is differentiated",
    "mutation-operators_on_rows": "// of a value that is differentiated",
    "zeros-quotient_behind_where": "equality with a value that is differentiated",
}


@pytest.mark.parametrize(("case", "both_modes"), [
    *(pytest.param(case, k % 2 == 0, id=case.name, marks=() if k % 4 < 2 else pytest.mark.long)
      for k, case in enumerate(CASES)),
    *(pytest.param(case, k % 2 == 1, id=f"{case.name}-other", marks=pytest.mark.long) for k, case in enumerate(CASES)),
])  # fmt: skip
def test_generated_source_under_plain_python(case, both_modes):
    """Gradient and tangent; the arguments as they were; the warnings that are due; text that is input itself.

    That of the tangent, where there is one. Half of the cases in every run: with `-m long` all, in both ways.
    """
    args = case.fresh()
    with np.errstate(all="ignore"):
        made, _, (value, *gradients) = plain_run(case.function, args, case.positions)
    check(case, args, value, gradients)
    assert [p.what.startswith(DUE.get(case.name, "none")) for p in made.pitfalls] == [True] * (case.name in DUE)
    if not both_modes:
        assert is_input_itself(case, made)
    else:
        chosen = some_of(case.positions, len(case.name))
        dots = directions(args, chosen)
        with np.errstate(all="ignore"):
            tangents, _, (same, tangent) = plain_run(case.function, args, chosen, "jvp", dots)
        assert same_bits((value,), (same,)), "forward mode gives another value"
        assert disagreement(tangent, tuple(gradients[case.positions.index(k)] for k in chosen), dots) is None
        assert is_input_itself(case, tangents)


def is_input_itself(case, derived) -> bool:
    """Whether generated text is read back as what it was emitted from.

    Functions that call themselves are read with the file of their module: test_calls, second derivatives.
    """
    if derived.callees or case.function.__module__.endswith(".recursion"):
        return True
    (function,) = derived.functions
    return parse_text(emit(function), {**HELPERS, **dict(derived.captured)}) == function


@pytest.mark.parametrize("case", some(0, 10))
def test_many_directions_at_once(case):
    """The tangents along two directions at once are those along each."""
    args, chosen = case.fresh(), some_of(case.positions, len(case.name))
    first, second = (directions(args, chosen, seed) for seed in (1, 2))
    both = tuple(np.stack([a, b], axis=-1) for a, b in zip(first, second, strict=True))
    with np.errstate(all="ignore"):
        value, tangents = plain_tangents(case.function, args, chosen, both)
        same, tangent = plain_tangent(case.function, args, chosen, first)
    assert value == pytest.approx(same, rel=1e-12)  # its products of matrices are BLAS's, the other's are loops
    rtol = 1e-11 if np.asarray(tangent).dtype == np.float64 else 1e-4
    assert tangents[0] == pytest.approx(tangent, rel=rtol, abs=rtol * float(np.max(np.abs(tangents))))
    assert same_bits(args, case.fresh()), "an argument was written"


def compiling(compile_for):
    """The compilation of a helper of generated code, which may happen while nothing else is compiled."""

    def compile_helper(self, *args, **options):
        entry.numba.config.DISABLE_JIT = False
        try:
            return compile_for(self, *args, **options)
        finally:
            entry.numba.config.DISABLE_JIT = True

    return compile_helper


# at 0**1 the mixed second derivative is infinite from one side only
# of a Hermitian matrix every eigenvalue stands twice in the real one: an error in second derivatives
SYMMETRIC = some(1, 8, "zeros-power", "complex_numbers-energy_bands")


@pytest.mark.parametrize("case", SYMMETRIC)
def test_product_with_the_hessian(case, monkeypatch):
    """Forward over reverse, in plain Python: the product with the Hessian is symmetric, <w, H v> = <v, H w>."""
    monkeypatch.setattr(store, "package_digest", lambda: "plain corpus")
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)
    monkeypatch.setattr(Dispatcher, "_compile_for_args", compiling(Dispatcher._compile_for_args))
    product = sg.hvp(case.function, argnums=case.positions)

    def along(dots):
        given = dict(zip(case.positions, dots, strict=True))
        np.random.seed(0)
        return product(case.fresh(), tuple(given.get(k) for k in range(len(case.args))))

    v, w = (directions(case.args, case.positions, seed) for seed in (1, 2))
    with np.errstate(all="ignore"):
        pairs = [(a, b) for dots, other in ((v, w), (w, v)) for a, b in zip(along(dots), other, strict=True)]
    parts = [float(np.sum(np.asarray(a, dtype=float) * b)) for a, b in pairs]
    size = sum(float(np.sum(np.abs(np.asarray(a, dtype=float) * b))) for a, b in pairs)
    rtol = 1e-3 if any(np.asarray(a).dtype == np.float32 for a, _ in pairs) else 1e-11
    half = len(parts) // 2
    assert sum(parts[:half]) == pytest.approx(sum(parts[half:]), rel=rtol, abs=max(rtol * size, 1e-50))


@pytest.mark.parametrize(("case", "called_inside"), COMPILED)
def test_compiled_gradient(case, called_inside):
    derivative = sg.value_and_grad(case.function, argnums=case.positions)
    args = case.fresh()
    value, gradients = derivative(*args)
    check(case, args, value, gradients)
    again, gradients_again = derivative(*args)
    assert same_bits((value, *gradients), (again, *gradients_again)), "a second call gives other bits"
    if not called_inside:
        return

    @njit
    def inside(args):
        return derivative(*args)

    value_inside, gradients_inside = inside(case.fresh())
    assert same_bits((value, *gradients), (value_inside, *gradients_inside))
