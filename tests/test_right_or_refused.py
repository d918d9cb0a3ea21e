"""Programs on the rim of the language: the gradient is right, or an error of ours says no; never a wrong number."""

import math
from collections import namedtuple

import numpy as np
import pytest

import srcgrad as sg
from tests.helpers import same_bits
from tests.random_programs.differences import copied, float_argnums, mismatch, reference

Pair = namedtuple("Pair", "a b")
TABLE = np.array([1.0, 2.0])
cube_slope = sg.grad(lambda x: x * x * x)
X, K, B = np.array([0.5, 1.5, -2.0]), np.array([3, 1, 2]), np.array([True, True, False])


def default_bound_at_definition(x):
    k = x
    g = lambda t, s=k: t * s
    k = 3.0
    return g(x) + k


def variable_bound_at_the_call(x):
    k = x
    g = lambda t: t * k
    k = 3.0 * x
    return g(x) + k


def loop_over_a_name_bound_anew(a):
    s = 0.0
    for v in a:
        a = a * 2.0
        s += v * a[0]
    return s


def loop_over_an_array_written_meanwhile(a):
    s = 0.0
    for v in a:
        a[2] += v * v
        s += v
    return s


def enumerate_of_a_name_bound_anew(a):
    s = 0.0
    for i, v in enumerate(a):
        a = a + i
        s += v * a[i]
    return s


def cast_then_power(x):
    return float(int(x)) ** 20 * x


def negative_power_of_an_integer(x, n):
    return x * n**-1


def float_power_of_integers(x, k):
    return np.sum(np.float_power(k, -1) * x)


def math_pow_of_integers(x, n):
    return np.sum(np.full(3, math.pow(n, -1)) * x)


def sum_of_masks(x, b):
    return np.sum((b + b) * x)


def float_of_a_bool(x, b):
    return np.sum(float(b[0]) * x)


def integers_from_floats(x):
    return np.sum(x.astype(np.int64) * x)


def integer_array_written_with_floats(x):
    c = np.zeros(3, dtype=np.int64)
    c[:] = 10.0 * x
    return np.sum(c * x)


def gradient_inside(x):
    return cube_slope(x) * x


def view_written(a):
    b = a[1:]
    b *= 2.0
    return np.sum(a * a)


def view_bound_anew(a):
    b = a[1:]
    b = b * 2.0
    return np.sum(a * a) + np.sum(b)


def rows_written(A):
    for row in A:
        row *= row
    return np.sum(A * A)


def two_names_of_one_array(x):
    a = b = np.zeros(3)
    a[0] = x
    b[1] = a[0] * x
    return a[1] + b[0]


def branch_that_aliases(a, n):
    if n > 0:
        b = a
    else:
        b = a * 2.0
    b[0] = b[1] * b[2]
    return np.sum(b * a)


def reshaped_and_written(A):
    c = A.reshape(4)
    c[0] = 7.0 * A[1, 1]
    return np.sum(A * A)


def overlapping_copy(a):
    a[1:] = a[:-1]
    a[:-1] += a[1:]
    return a[0] * 3.0 + a[2] * a[1]


def swap_of_elements(a):
    i, j = 0, 2
    a[i], a[j] = a[j], a[i] * 2.0
    return a[0] * 3.0 + a[2] * a[1]


def index_bound_before_the_store(a):
    i = 0
    i, a[i] = 1, 5.0 * a[2]
    return a[0] * a[1] * i


def captured_array_through_a_name(x):
    q = TABLE
    q[0] = x
    return q[0] * q[1]


def captured_view_written(x):
    q = TABLE[0:1]
    q += x
    return np.sum(TABLE) * x


def counter_after_the_loop(x, n):
    s = 0.0
    for i in range(n):
        i = i + 1
        s += x**i
    return s * i


def repeated_gather_store(a, k):
    a[k % 3] += 2.0 * a[k % 3]
    a[k % 2] = a
    return np.sum(a * a)


def fields_and_unpacking(x):
    p = Pair(x, b=x * x)
    a, b = p
    p = Pair(p.b, a)
    return p.a * p[1] * b


def list_of_two_names(x):
    a = [x, 2.0 * x]
    b = a
    b[0] = x * x
    return a[0] * a[1]


def walrus(x):
    y = x
    if x > 0.5 and (y := x * 2.0) > 1.0:
        y = y * y
    return y


def early_returns(a):
    s = 1.0
    while True:
        for i in range(a.size):
            s *= a[i]
            if s < -0.1:
                return s * s * i
        else:
            s += 0.3
        if s > 9.0:
            break
    return s


def weighted_sum(x):
    return np.sum(TABLE * x)


def parameter_named_as_a_helper_s_array(TABLE, x):
    return weighted_sum(x) * TABLE[0]


def local_named_as_a_helper_s_array(x):
    TABLE = x * 2.0
    return weighted_sum(x) * TABLE


def parameters_named_min_and_max(x, min, max, n):
    y = 1.0
    for i in range(n):
        y = y * y * x[i] + np.sum(np.clip(x[:n], min, max))
    return y


def parameter_named_range(x, range):
    s = 0.0
    for v in x:
        s += v * v * range
    return s


def local_named_grow(x):
    grow = 1.1
    while x < 5.0:
        x = x * x * grow
    return x


def late_variable_of_a_comprehension(x):
    k = 5.0
    fs = [lambda v: v * k for k in (1.0, 2.0, 3.0)]
    return fs[0](x) + fs[1](x) * k


def one_array_put_into_a_list_again_and_again(a):
    rows = []
    y = np.zeros(3)
    for i in range(3):
        y += a * i
        rows.append(y)
    return sum(np.sum(r) * k for k, r in enumerate(rows))


def item_written_after_it_was_replaced(a):
    rows = [a * k for k in range(3)]
    r = rows[1]
    rows[1] = a * 5.0
    r[0] = 7.0 * a[1]
    return np.sum(r * rows[1])


def slices_chosen_by_a_branch(a):
    t = (slice(0, 2),)
    if a[0] > 0.0:
        t = (slice(1, 3),)
    return np.sum(a[t] ** 2)


def written_through_a_view_of_what_became_another_name(a):
    s = 0.0
    for i in range(3):
        y = a * 2.0
        v = y[1:]
        a = y
        a[1] = 5.0 * a[0]
        v[1] += s
        s += np.sum(v)
    return s + np.sum(a)


def moved_on_one_path(a):
    s = 0.0
    if a[0] > 0.0:
        y = a * 2.0
        v = y[:2]
        a = y
        a[0] = 4.0
        s = np.sum(v)
    return s * a[1]


def rows_joined(a):
    table = [[v * k for v in a] for k in range(3)]
    r, s = table[1], table[2]
    both = r + s
    return both[0] * both[1]


def row_repeated(a):
    table = [[0.0] * len(a) for _ in range(2)]
    table[1][1] = a[0]
    twice = table[1] * 2
    return twice[1] * a[1]


def row_extended(a):
    table = [[v * k for v in a] for k in range(3)]
    r = table[1]
    r += table[2]
    return r[0] * r[1]


def list_handed_over_while_it_is_looped_over(a):
    out = []
    for v in a:
        out.append(v)
    s = 0.0
    for p in out:
        new = []
        for q in out:
            new.append(q * p + 1.0)
        s += p
        out = new
    return s + sum(out)


def list_bound_anew_while_it_is_looped_over(a):
    out = []
    for v in a:
        out.append(v)
    s = 0.0
    for i, p in enumerate(out):
        s += p * i
        out = [q * 2.0 for q in out]
    return s + sum(out)


def slice_of_a_list_written_while_it_is_looped_over(a):
    xs = []
    for v in a:
        xs.append(v)
    s = 0.0
    for p, q in zip(xs, xs[1:]):
        s += p * q
        xs[0] = s
        xs[2] = 1.0
    return s + sum(xs)


CASES = [
    (list_handed_over_while_it_is_looped_over, (X,)),
    (list_bound_anew_while_it_is_looped_over, (X,)),
    (slice_of_a_list_written_while_it_is_looped_over, (X,)),
    (rows_joined, (X,)),
    (row_repeated, (X,)),
    (row_extended, (X,)),
    (written_through_a_view_of_what_became_another_name, (X,)),
    (moved_on_one_path, (X,)),
    (late_variable_of_a_comprehension, (0.7,)),
    (one_array_put_into_a_list_again_and_again, (X,)),
    (item_written_after_it_was_replaced, (X,)),
    (slices_chosen_by_a_branch, (X,)),
    (default_bound_at_definition, (2.0,)),
    (variable_bound_at_the_call, (2.0,)),
    (loop_over_a_name_bound_anew, (X,)),
    (loop_over_an_array_written_meanwhile, (X,)),
    (enumerate_of_a_name_bound_anew, (X,)),
    (cast_then_power, (10.5,)),
    (negative_power_of_an_integer, (0.7, 5)),
    (float_power_of_integers, (X, K)),
    (math_pow_of_integers, (X, 2)),
    (sum_of_masks, (X, B)),
    (float_of_a_bool, (X, B)),
    (integers_from_floats, (3.0 * X + 0.2,)),
    (integer_array_written_with_floats, (X + 0.23,)),
    (gradient_inside, (1.5,)),
    (view_written, (X,)),
    (view_bound_anew, (X,)),
    (rows_written, (np.array([[0.5, 1.5], [-0.7, 0.9]]),)),
    (two_names_of_one_array, (1.5,)),
    (branch_that_aliases, (X, 1)),
    (reshaped_and_written, (np.array([[0.5, 1.5], [-0.7, 0.9]]),)),
    (overlapping_copy, (X,)),
    (swap_of_elements, (X,)),
    (index_bound_before_the_store, (X,)),
    (captured_array_through_a_name, (1.5,)),
    (captured_view_written, (1.5,)),
    (counter_after_the_loop, (0.8, 4)),
    (repeated_gather_store, (X, np.array([0, 1, 1]))),
    (fields_and_unpacking, (1.3,)),
    (list_of_two_names, (0.7,)),
    (walrus, (0.7,)),
    (parameter_named_as_a_helper_s_array, (np.array([0.5, -0.7]), 0.7)),
    (local_named_as_a_helper_s_array, (0.7,)),
    (parameters_named_min_and_max, (X, -0.9, 0.8, 2)),
    (parameter_named_range, (X, 0.8)),
    (local_named_grow, (2.0,)),
    (early_returns, (np.array([1.5, 0.8, -1.2]),)),
]
@pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning")
@pytest.mark.parametrize(("function", "args"), [pytest.param(f, args, id=f.__name__) for f, args in CASES])
def test_right_or_refused(function, args):
    argnums = float_argnums(args)
    table = TABLE.copy()
    try:
        right = None if function is gradient_inside else reference(function, args, argnums)
    finally:
        TABLE[:] = table
    given = copied(args)
    try:
        value, gradients = sg.value_and_grad(function, argnums=argnums)(*given)
    except sg.SrcgradError:
        return
    assert same_bits(given, copied(args)), "an argument was written"
    if right is None:
        assert (value, *gradients) == (3.0 * 1.5**3, 9.0 * 1.5**2)
        return
    assert value == pytest.approx(right.value, rel=1e-12)
    assert mismatch(right, gradients, args, argnums) is None
