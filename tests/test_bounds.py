"""Indices outside their arrays: IndexError as in NumPy, by line, in every layout; nothing where they are inside."""

import numba
import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from tests.helpers import loaded
from tests.random_programs.compare import plain_gradient
from tests.random_programs.differences import mismatch, reference


def plain(x, k):
    return x[k] * x[0]


def loop(x, k):
    s = 0.0
    for i in range(k):
        s += x[i] * x[i]
    return s


def stencil(x, k):
    s = 0.0
    for i in range(1, k):
        s += x[i + 1] - x[i - 1] * x[i]
    return s


def downward(x, k):
    s = 0.0
    for i in range(k - 1, -1, -1):
        s = s * 0.5 + x[i]
    return s


def store(x, k):
    a = np.zeros(x.size)
    for i in range(x.size):
        a[i + k] = x[i]
    return np.sum(a * a)


def guarded(x, k):
    s = 0.0
    for i in range(x.size + k):
        if i < x.size:
            s += x[i]
    return s + x[k if k < 3 else 0]


def lazily(x, k):
    return (x[k] if k < 3 else 0.0) + (x[k - 1] if k > 0 and x[k - 1] > -10.0 else 1.0)


def searched(x, k):
    j = k
    while j >= 0 and x[j] > 0.0:
        j -= 1
    return x[j + 1] * 2.0


def stopped(x, k):
    s = 0.0
    for i in range(x.size + k):
        if i == 3:
            break
        s += x[i]
    return s


def through_view(x, k):
    v = x[1:3]
    return v[k] * x[0]


def store_through_view(x, k):
    a = x.copy()
    v = a[1:3]
    v[k] = 5.0 * x[0]
    return np.sum(a * a)


def row(x, k):
    A = np.outer(x, x)
    return np.sum(A[k] * 2.0)


def gathered(x, k):
    idx = np.empty(2, np.int64)
    idx[0] = k
    idx[1] = -1
    return np.sum(x[idx] * x[idx])


def gathered_from_view(x, k):
    idx = np.empty(2, np.int64)
    idx[0] = k
    idx[1] = 0
    v = x[1:3]
    return np.sum(v[idx] * v[idx])


def scattered(x, k):
    a = np.zeros(x.size)
    idx = np.empty(2, np.int64)
    idx[0] = k
    idx[1] = 0
    a[idx] = x[:2]
    return np.sum(a * a)


def periodic(x, k):
    s = 0.0
    for i in range(x.size):
        s += x[i] * x[(i + k) % x.size]
    return s


def triangle(x, k):
    s = 0.0
    for i in range(k):
        for j in range(i + 1, k):
            s += x[i] * x[j]
    return s


def indices_under_a_name(x, k):
    j = np.arange(2) + k
    return np.sum(x[j] ** 2)


def counted(x, k):
    return np.sum(x[np.arange(abs(k))] ** 2)


def counted_from_elsewhere(x, k):
    b = x * 1.0
    b[np.arange(2) + k] = 2.0 * x[:2]
    return np.sum(b * x)


def rows_by_number(x, k):
    A = np.outer(x, x)
    return np.sum(A[np.arange(2) + k])


def of_a_view(x, k):
    v = x[1:]
    return np.sum(v[np.arange(1) + k])


def places_of_another_mask(x, k):
    j = np.flatnonzero(np.arange(abs(k)) > 0)
    return np.sum(x[j] ** 2)


def squares_each_time(x, k):
    s = 0.0
    for t in range(3):
        for i in range(2):
            for j in range(i + 1):
                s += x[i * i + j * j + k - t + t] * t
    return s


def squares_if_there_is_a_time(x, k):
    s = x[0]
    for t in range(-1 - k):
        for i in range(2):
            far = 3 * i * i
            for u in range(k + 4):
                s += x[far] * u
    return s


def squares_that_change(x, k):
    s, far = 0.0, 0
    for t in range(4):
        for i in range(2):
            s += x[i * i * far] * t
        far = far + k
    return s


def squares_until_it_stops(x, k):
    s = 0.0
    for t in range(3):
        for i in range(4):
            if i > 1:
                break
            s += x[i * i + k] * t
    return s


PROGRAMS = (plain, loop, squares_each_time, squares_if_there_is_a_time, squares_that_change, squares_until_it_stops,
            stencil, downward, store, guarded, lazily, searched, stopped, through_view, store_through_view,
            row, gathered, gathered_from_view, scattered, periodic, triangle, indices_under_a_name,
            counted, counted_from_elsewhere, rows_by_number, of_a_view, places_of_another_mask)  # fmt: skip
X = np.array([1.0, 2.0, 3.0])


# Compiling takes seconds each: every fourth program in every run, the others with `-m long`.
COMPILED = [
    pytest.param(f, id=f.__name__, marks=() if k % 4 == 0 else pytest.mark.long) for k, f in enumerate(PROGRAMS)
]


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_raises_in_plain_python_where_numpy_does(f, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    raises_where_numpy_does(f)


@pytest.mark.parametrize("f", COMPILED)
def test_raises_exactly_where_numpy_does(f):
    raises_where_numpy_does(f)


def raises_where_numpy_does(f):
    """Asserts that every layout raises where the function does, and gives its value and gradient elsewhere."""
    layouts = (sg.differentiable(f), sg.grad(f), lambda *args: sg.vjp(f, *args))
    outcomes = set()
    for k in range(-6, 7):
        try:
            expected = f(X, k)
        except IndexError:
            expected = None
        outcomes.add(expected is None)
        for call in layouts:
            if expected is None:
                with pytest.raises(IndexError, match=r"out of bounds for axis 0 with size .*test_bounds.py:"):
                    call(X, k)
            else:
                call(X, k)
        if expected is not None:
            assert np.isclose(layouts[0](X, k), expected)
            sg.check_grads(f, (X, k))
    assert outcomes == ({False} if f in (periodic, stopped) else {False, True})


def both_in_step(x, y):
    return sum(a * b for a, b in zip(x, y, strict=True))


def test_parts_of_a_strict_zip_are_of_one_length():
    assert sg.grad(both_in_step)(X, X[:3]).tolist() == X.tolist()
    with pytest.raises(ValueError, match=r"zip\(\) argument 2 differs in length from argument 1 \(test_bounds.py:"):
        sg.grad(both_in_step)(X, X[:2])


def test_message_is_numpys_with_the_line():
    with pytest.raises(IndexError) as caught:
        sg.grad(plain)(X, 3)
    line = plain.__code__.co_firstlineno + 1
    assert str(caught.value) == f"index 3 is out of bounds for axis 0 with size 3: x[k] (test_bounds.py:{line})"


def test_a_function_that_moved_in_its_file_is_named_by_its_new_line(tmp_path, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    text = "\n\ndef last(x, k):\n    return x[k] * 2.0\n"
    for above in (0, 3):
        f = loaded("\n" * above + text, tmp_path, "moving").last
        with pytest.raises(IndexError, match=rf"\(moving.py:{above + 4}\)"):
            sg.grad(f)(X, 3)
        assert f"(line {above + 4})" in sg.source(sg.grad(f), X, 3)


def test_raised_inside_njit():
    gradient = sg.grad(plain)

    @njit
    def outer(x, k):
        return gradient(x, k)

    with pytest.raises(IndexError):
        outer(X, 5)


def test_second_derivative_checks_in_the_forward_part():
    with pytest.raises(IndexError):
        sg.vjp(sg.grad(loop), X, 5)


def test_half_of_a_test_raises_where_the_other_half_decides_it(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)

    def decided(x):
        if x[3] > 9.0 or True:
            return x[0] * x[1]
        return x[2]

    assert sg.grad(decided)(np.arange(4.0)).tolist() == [1.0, 0.0, 0.0, 0.0]
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        sg.grad(decided)(X)


def test_checks_stand_before_loops():
    text = sg.source(sg.value_and_grad(loop), X, 2)
    assert text.count("IndexError") == 1
    assert text.index("IndexError") < text.index("for i in range(k)")


def above(x, k):
    s = 0.0
    for i in range(k):
        for j in range(i + 1, 3):
            s += x[3] * j * x[0]
    return s


def below(x, k):
    s = 0.0
    for i in range(k, -1, -1):
        for j in range(i):
            s += x[3] * j
    return s


def between(x, k):
    s = 0.0
    for i in range(4):
        for j in range(k - i, i):
            s += x[3] * j
    return s


@pytest.mark.parametrize("f", [above, below, between])
def test_checks_stand_before_triangles(f, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    text = sg.source(sg.grad(f), X, 2)
    assert text.index("IndexError") < text.index("for i in range")
    for k in range(-5, 9):
        for x in (X, np.ones(4)):
            try:
                f(x, k)
            except IndexError:
                with pytest.raises(IndexError, match=r"x\[3\]"):
                    sg.grad(f)(x, k)
            else:
                sg.grad(f)(x, k)


def test_no_check_where_the_index_is_inside():
    def inside(x):
        s = x[0] if x.size > 0 else 0.0
        for i in range(1, x.size - 1):
            s += x[i - 1] * x[i] * x[i + 1] + x[-1]
        for i in range(x.size // 2):
            s += x[2 * i] * x[min(i, x.size - 1)]
        return s

    assert "IndexError" not in sg.source(sg.value_and_grad(inside), X)


def test_boundscheck_can_be_switched_off():
    off = sg.value_and_grad(loop, boundscheck=False)
    assert "IndexError" not in sg.source(off, X, 2)
    assert off(X, 3)[0] == 14.0
    from_primal = sg.grad(sg.differentiable(boundscheck=False)(loop))
    assert "IndexError" not in sg.source(from_primal, X, 2)
    assert "IndexError" in sg.source(sg.grad(sg.differentiable(loop, boundscheck=False), boundscheck=True), X, 2)


def sizes_met_in_a_choice(a, b, c):
    v = np.sum(a + b) if c > 0.0 else c
    return v * np.sum(a * b)


def sizes_met_behind_and(a, b, c):
    if c > 0.0 and np.sum(a + b) > 0.0:
        c = 2.0 * c
    return c * np.sum(a * b)


def sizes_met_behind_or(a, b, c):
    return c * (c or np.sum(a + b)) * np.sum(a * b)


@pytest.mark.parametrize("f", [sizes_met_in_a_choice, sizes_met_behind_and, sizes_met_behind_or])
@pytest.mark.parametrize("c", [-1.0, 1.0])
def test_sizes_compared_where_it_may_not_run_are_compared_again(f, c):
    with pytest.raises(ValueError, match="broadcast"):
        plain_gradient(f, (np.ones(5), np.ones(3), c), (0, 1))
    assert plain_gradient(f, (np.ones(3), np.ones(3), c), (0, 1))[0] == f(np.ones(3), np.ones(3), c)
    repeated = plain_gradient(f, (np.ones(3), np.ones(1), c), (0, 1))
    assert repeated[0] == f(np.ones(3), np.ones(1), c)
    assert repeated[1][1].shape == (1,)


def weighted_last(x, places, weights):
    return np.sum(x * x[places]) + x[-1] * weights[places[0]]


def test_an_index_is_read_after_the_checks_that_tell_it_is_inside():
    text = sg.source(sg.value_and_grad(weighted_last), X, np.array([0, 2, 1]), X)
    assert text.index("if x.shape[0] < 1:") < text.index("= places[0]")
    with pytest.raises(IndexError, match=r"x\[-1\]"):
        sg.grad(weighted_last)(X[:0], np.array([], dtype=int), X)


def picked(x, places):
    total = 0.0
    for i in range(x.shape[0]):
        d = x[i] * x[i]
        total += np.exp(d)
    for i in range(places.shape[0]):
        total += np.sin(x[places[i]])
    return total


def summed(x, w):
    total = 0.0
    for i in range(x.shape[0]):
        d = x[i] * x[i]
        total += np.exp(d)
    for i in range(w.shape[0]):
        total += np.sin(w[i])
    return total


def test_no_reverse_loop_goes_ahead_of_checks():
    text = sg.source(sg.value_and_grad(picked), X, np.array([0, 2]))
    assert text.index("raise IndexError") < text.index("x_bar[i] += 2.0 * x[i]")
    text = sg.source(sg.value_and_grad(summed, argnums=(0, 1)), X, X)
    assert text.index("x_bar[i] = 2.0 * x[i]") < text.index("np.sin(w[i])")


def reshaped(x, n, m):
    return np.sum(x.reshape(n, m) ** 2)


def reshaped_with_a_rest(x, n, m):
    return np.sum(x.reshape(n, -1) ** 2) * m


@pytest.mark.parametrize("f", [reshaped, reshaped_with_a_rest])
def test_sizes_of_a_reshape_are_not_negative(f, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    x = np.arange(1.0, 7.0)
    assert np.array_equal(sg.grad(f)(x, 2, 3), (2.0 if f is reshaped else 6.0) * x)
    for n, m in ((-2, -3), (-6, -1)) + (((0, 3),) if f is reshaped_with_a_rest else ()):
        with pytest.raises(ValueError, match=r"cannot reshape array.*test_bounds\.py:"):
            sg.grad(f)(x, n, m)


def over_itself(x, lo, hi):
    s = 0.0
    for i in range(lo, hi):
        x[i] = x[i] ** 3
        s += x[i] ** 2
    return s


def last_value(x, lo, hi):
    y = x.copy()
    for i in range(lo, hi):
        y[i] = x[0] * (i + 10) + x[i] ** 2
    return np.sum(y**2)


def toward_the_end(x, lo, hi):
    k = hi - 1
    for i in range(hi - lo):
        x[k - i] = np.sin(x[k - i]) * i
    return np.sum(x**2)


def doubled(x, lo, hi):
    for i in range(lo, hi):
        x[2 * i] = np.sin(x[2 * i]) * i
    return np.sum(x**2)


def along_rows(x, lo, hi):
    m = np.ones((2, x.size)) * x
    for k in range(2):
        for j in range(lo, hi):
            m[k, j] = m[k, j] ** 2 * x[j]
    return np.sum(m**2)


def one_column(x, lo, hi):
    m = np.ones((x.size, 8)) * x[:, None]
    for j in range(lo, hi):
        m[j, j - lo] = m[j, j - lo] ** 2 * x[j]
        x[j] += m[j, 0]
    return np.sum(m**2) + np.sum(x**2)


def in_parts(x, lo, hi):
    ends = np.array([lo, (lo + hi) // 2, hi])
    for k in range(2):
        for j in range(ends[k], ends[k + 1]):
            x[j] = x[j] ** 2
    return np.sum(x**2)


TURNING = [over_itself, last_value, toward_the_end, doubled, along_rows, one_column, in_parts]


@pytest.mark.parametrize("f", TURNING, ids=lambda f: f.__name__)
def test_a_loop_that_comes_to_elements_from_both_ends_is_refused(f):
    x = np.array([0.7, 1.1, 0.9])
    for lo, hi in ((0, 3), (1, 3), (2, 1), (-2, 1), (-3, 0), (-1, 2), (-3, 1), (-2, 3)):
        args = x, lo, hi
        try:
            expected = reference(f, args, (0,))
        except IndexError:
            with pytest.raises(IndexError):
                plain_gradient(f, args, (0,))
            continue
        step, size = (2 if f is doubled else 1), 10 if f is in_parts else x.size
        if lo < 0 and step * (hi - 1 - lo) >= size:
            with pytest.raises(ValueError, match="from the end of the axis and again"):
                plain_gradient(f, args, (0,))
        else:
            assert mismatch(expected, plain_gradient(f, args, (0,))[1], args, (0,)) is None


def on_cores(x, lo, hi):
    y = x.copy()
    for i in numba.prange(lo, hi):
        y[i] = y[i] * i
    return np.sum(y)


def test_a_turning_loop_is_named(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    message = r"x\[i\] = .* \(test_bounds.py:\d+\) comes to elements from the end .* -3 and 4"
    for derivative in (sg.grad(over_itself), sg.grad(over_itself, boundscheck=False)):
        with pytest.raises(ValueError, match=message):
            derivative(np.ones(4), -3, 3)
    assert "comes to elements" not in sg.source(sg.differentiable(over_itself), X, 0, 1)
    assert "comes to elements" in sg.source(sg.differentiable(on_cores), X, 0, 1)


def row_or_double(x, table, i):
    y = x + table[i - 5, :3] if i > 7 else x * 2
    return np.sum(y**2)


def sum_if_sizes_fit(x, z, i):
    y = x + z if i > 7 else x * 2
    return np.sum(y**2)


def gathered_if(x, places, i):
    return np.sum(x[places] ** 2 if i > 7 else x * 2)


def solved_if(x, A, i):
    y = np.linalg.solve(A, x) if i > 7 else x * 2
    return np.sum(y**2)


def scaled_by_a_maximum(x, z, i):
    y = x / np.max(z) if z.size > 0 else x * 2
    return np.sum(y * y)


def in_a_loop(x, z, i):
    for k in range(3):
        x = x + z[i - 5 + k] * np.max(z[k:]) if i > 7 else x * 2
    return np.sum(x**2)


def rows_of_a_written_array(x, z, i):
    rows = np.ones((3, 3)) * x
    for k in range(3):
        rows[k] = rows[k] * rows[k - 1] * z[i + k] if k > 0 else rows[k]
    return np.sum(rows**2)


A3, OUTSIDE = np.eye(3) + 0.1, np.array([7, 7, 7])
CHOICES = [
    (row_or_double, np.ones((4, 4)), 2), (row_or_double, np.ones((4, 4)), 8), (sum_if_sizes_fit, np.ones(4), 2),
    (sum_if_sizes_fit, X[:3], 8), (gathered_if, OUTSIDE, 2), (gathered_if, np.array([2, 0, 0]), 8),
    (solved_if, np.zeros((3, 3)), 2), (solved_if, A3, 8), (scaled_by_a_maximum, np.zeros(0), 0),
    (scaled_by_a_maximum, X[:3], 0), (in_a_loop, np.ones(4), 2), (in_a_loop, np.arange(1.0, 9.0), 8),
    (rows_of_a_written_array, X, 0), (rows_of_a_written_array, np.arange(8.0), -7),
]  # fmt: skip


@pytest.mark.parametrize(("f", "other", "i"), CHOICES, ids=lambda v: getattr(v, "__name__", None))
def test_the_side_of_a_choice_that_is_not_taken_does_not_run(f, other, i):
    args = np.array([0.7, 1.1, 0.9]), other, i
    value, gradients = plain_gradient(f, args, (0,))
    assert value == pytest.approx(f(*args), rel=1e-14)
    assert mismatch(reference(f, args, (0,)), gradients, args, (0,)) is None


def test_no_adjoint_outside_where_a_gather_is_not_chosen():
    text = sg.source(sg.value_and_grad(gathered_if), X, OUTSIDE, 2)
    store = next(k for k, line in enumerate(text.splitlines()) if "x_bar[at] +=" in line)
    assert text.splitlines()[store - 1].strip() == "if i > 7:"


def empty_sum(x, k):
    return np.sum(np.zeros(0) + x[k]) + x[0]


def rest_times_element(x, k):
    return np.sum(x[3:] * (x[k] * 2.0)) + x[0]


def nothing_stored(x, k):
    y = np.zeros(0)
    y[:] = x[k]
    return np.sum(y) + x[0]


def nothing_filled(x, k):
    return np.sum(np.full(0, x[k])) + x[0]


def where_number(x, k):
    return np.where(k < 3, x[k], 0.0) * x[0]


def where_gathered(x, k):
    return np.sum(np.where(x > 10.0, x[np.array([0, k, 1])], x))


@pytest.mark.parametrize(
    "f", [empty_sum, rest_times_element, nothing_stored, nothing_filled, where_number, where_gathered]
)
def test_an_index_is_checked_where_no_element_comes_to_use_it(f):
    x = np.array([0.7, 1.1, 0.9])
    for k in (2, -3):
        assert mismatch(reference(f, (x, k), (0,)), plain_gradient(f, (x, k), (0,))[1], (x, k), (0,)) is None
    for k in (3, -4):
        with pytest.raises(IndexError, match=r"test_bounds\.py:"):
            plain_gradient(f, (x, k), (0,))


def sum_of_zeros(x, n):
    return np.sum(np.zeros((2, n))) + x[0]


def sum_of_ones(x, n):
    return np.sum(np.ones(n) * x[0])


@pytest.mark.parametrize("f", [sum_of_zeros, sum_of_ones])
def test_the_size_of_an_array_that_is_never_made_is_not_negative(f):
    assert plain_gradient(f, (X, 2), (0,))[0] == f(X, 2)
    with pytest.raises(ValueError, match=r"negative dimensions are not allowed \(test_bounds.py:"):
        plain_gradient(f, (X, -2), (0,))


def smoothed_in_place(u, steps):
    for _ in range(steps):
        u[1:-1] += 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def smoothed_between_buffers(u, steps):
    new = u.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            new[i] = u[i] + 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        for i in range(1, len(u) - 1):
            u[i] = new[i]
    return np.sum(u * u) + np.sum(new)


def wide_stencil(u, steps):
    for _ in range(steps):
        v = u.copy()
        for i in range(2, len(u) - 2):
            u[i] = 0.3 * v[i] - 0.1 * (v[i - 2] + v[i + 2]) + 0.2 * v[i - 1]
    return np.sum(u * u)


@pytest.mark.parametrize("size", range(7))
@pytest.mark.parametrize("f", [smoothed_in_place, smoothed_between_buffers, wide_stencil])
def test_stencils_of_short_arrays_stay_inside(f, size):
    """NumPy raises where generated code in plain Python reads or writes outside."""
    u = np.linspace(0.5, 1.5, size) ** 2
    value, found = plain_gradient(f, (u.copy(), 2), (0,))
    right = reference(f, (u, 2), (0,))
    assert value == pytest.approx(right.value)
    assert mismatch(right, found, (u, 2), (0,)) is None
