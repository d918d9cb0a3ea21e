"""Lists of arrays of different sizes: what of them is refused or an error, and that all ways to call them agree."""

import numba
import numpy as np
import pytest

import srcgrad as sg
from tests.random_programs.compare import plain_gradient

X = np.array([0.3, -0.7, 1.1, 0.4, -0.2, 0.9])


def rows_of(x, n):
    rows = []
    for i in range(n):
        rows.append(x[: i + 1] ** 2)
    return rows


def item_beyond_its_end(x, n):
    return rows_of(x, n)[0][1]


def item_that_is_not_there(x, n):
    rows = rows_of(x, n)
    return rows[n][0]


def of_one_size_in_the_end(x, n):
    return np.sum(np.array(rows_of(x, n)))


def joined_of_nothing(x, n):
    return np.sum(np.concatenate(rows_of(x, n)))


def joined_of_other_widths(x, n):
    rows = []
    for i in range(n):
        rows.append(np.outer(x, x[: i + 1]))
    return np.sum(np.concatenate(rows))


@pytest.mark.parametrize(
    ("f", "n", "error", "said"),
    [
        (item_beyond_its_end, 3, IndexError, r"return rows_of\(x, n\)\[0\]\[1\].*axis 0: index, size"),
        (item_that_is_not_there, 3, IndexError, r"rows\[n\].*axis 0: index, size"),
        (of_one_size_in_the_end, 3, ValueError, "the arrays in a list differ in size"),
        (joined_of_nothing, 0, ValueError, "need at least one array to concatenate"),
        (joined_of_other_widths, 3, ValueError, "arrays that are joined along one axis differ in length"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_errors_are_those_of_numpy(f, n, error, said):
    with pytest.raises(error, match=said):
        plain_gradient(f, (X, n), (0,))


def written_after_it_was_put(x, n):
    rows = []
    for i in range(n):
        r = x[: i + 1] * 2.0
        rows.append(r)
        r[0] = 5.0 * x[1]
    return np.sum(rows[-1])


def part_of_what_is_written(x, n):
    y = x * 1.0
    rows = []
    for i in range(n):
        rows.append(y[i:])
    y[2] = 7.0 * x[0]
    return np.sum(rows[-1])


def item_put_again_and_written(x, n):
    rows = rows_of(x, n)
    last = rows[-1]
    last[0] = 3.0 * x[2]
    rows.append(last)
    rows[0][0] = x[0]
    return np.sum(rows[-1])


def copied_and_written(x, n):
    rows = rows_of(x, n)
    others = list(rows)
    others[0][0] = x[3]
    return np.sum(rows[0]) + np.sum(others[0])


@pytest.mark.parametrize(
    ("f", "line", "name"),
    [(written_after_it_was_put, "rows.append(r)", "r"), (part_of_what_is_written, "rows.append(y[i:])", "y"),
     (item_put_again_and_written, "rows.append(last)", "last"), (copied_and_written, "others = list(rows)", "item")],
    ids=lambda v: getattr(v, "__name__", ""),
)  # fmt: skip
def test_an_array_that_is_written_has_to_be_copied_into_the_list(f, line, name):
    with pytest.raises(sg.UnsupportedError) as refused:
        sg.grad(f)(X, 4)
    assert line in str(refused.value)
    assert f"'{name}' is put into a list, and one of the two is written" in str(refused.value)


def two_sizes(x, y, n):
    rows = [x]
    for _ in range(n):
        rows.append(y)
    return sum(np.sum(r**3) for r in rows)


def two_sizes_and_noise(x, y, n):
    return two_sizes(x, y, n) + np.random.normal()


def test_a_list_that_was_taken_for_an_array_is_read_again():
    g = sg.grad(two_sizes, argnums=(0, 1))
    for y in (X[:2], X):
        for found, right in zip(g(X, y, 3), (3 * X**2, 9 * y**2), strict=True):
            np.testing.assert_allclose(found, right)


def test_one_that_draws_random_numbers_is_not():
    with pytest.raises(ValueError, match="the arrays in a list differ in size here"):
        sg.grad(two_sizes_and_noise)(X, X[:2], 3)


def levels(x, n):
    found = [x]
    for _ in range(n):
        found.append(found[-1][::2] * found[-1][1::2])
    total = 0.0
    for k, level in enumerate(found):
        total += k * np.sum(np.sin(level))
    return total


@pytest.mark.long
def test_compiled_and_inside_njit_it_is_the_same():
    x = np.linspace(0.1, 0.8, 8)
    made = sg.grad(levels)
    inside = numba.njit(lambda x, n: made(x, n))
    found = made(x, 2)
    np.testing.assert_array_equal(found, inside(x, 2))
    np.testing.assert_array_equal(found, plain_gradient(levels, (x, 2), (0,))[1][0])
    sg.check_grads(levels, (x, 2))


def test_float32_and_gaps():
    x = np.linspace(0.1, 0.8, 16)[::2]
    given = np.ascontiguousarray(x), x, x.astype(np.float32)
    right, gaps, narrow = (plain_gradient(levels, (v, 2), (0,))[1][0] for v in given)
    np.testing.assert_array_equal(gaps, right)
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, right, rtol=1e-5)


def test_the_source_reads_as_one_would_write_it():
    text = sg.source(sg.differentiable(levels), np.ones(8), 2)
    assert "found_elements = grow(found_elements, found_top)" in text
    assert "level_start = found_start[" in text
    assert "clip" not in text
    assert text.count("IndexError") == 0
