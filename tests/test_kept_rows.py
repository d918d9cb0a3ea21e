"""Loops that add to neighbours, split at rows: what is put into a row, and what is not."""

from dataclasses import replace

import pytest

from srcgrad.language import ir
from srcgrad.language.emit import emit
from srcgrad.language.ir import Kind
from srcgrad.optimisation.kept_rows import keep_rows
from srcgrad.parsing.function import parse_text

MATRIX, VECTOR = Kind("float64", 2), Kind("float64", 1)


def kept(body, **kinds):
    """A loop over j with this body, split at rows, as text."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    f = parse_text(f"def f(x_bar, x, A, n):\n    for j in range(n):\n{lines}    return x_bar\n")
    known = {"x_bar": VECTOR, "x": VECTOR, "A": MATRIX, **kinds}
    made = keep_rows(f.body, lambda loop, around: True, known, ir.Fresh(ir.all_names(f)))
    return emit(replace(f, body=made), comments=False), emit(f, comments=False)


DEAR = "t = np.sqrt({0}) / (1.0 + np.sqrt({1}))\nx_bar[j] -= t\nx_bar[j + 1] += t * t\nx_bar[j + 2] += 3.0 * t"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_number_is_kept_with_its_dtype(dtype):
    made, _ = kept(DEAR.format("x[j]", "x[j] + 2.0"), t=Kind(dtype))
    assert f"t_row = np.empty(max(n, 0){', dtype=np.float32' if dtype == 'float32' else ''})" in made
    assert made.count("for j in range(n)") == 4


def test_rows_of_arrays_and_what_nothing_is_known_of_are_not_kept():
    view = "r = A[j]\nx_bar[j] -= np.sqrt(r[0])\nx_bar[j + 1] += r[1] / np.sqrt(r[0])\nx_bar[j + 2] += np.sqrt(r[2])"
    for body, kinds in ((view, {"r": VECTOR}), (DEAR.format("x[j]", "x[j] + 2.0"), {})):
        made, text = kept(body, **kinds)
        assert made == text


def test_what_the_loop_stores_itself_is_not_kept():
    made, text = kept(DEAR.format("x_bar[j + 3]", "x[j]"), t=Kind("float64"))
    assert made == text
