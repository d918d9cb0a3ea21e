"""Checkpointed loops: what the plain loop gives, few states, no more trips run again than the theory says."""

import functools
import inspect
import itertools
import math

import numba
import numpy as np
import pytest

import srcgrad as sg
from srcgrad.runtime import next_checkpoint
from tests.helpers import loaded
from tests.random_programs.compare import plain_run

_numbers = itertools.count()


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """A function that returns the module of a program text, from a file of its own."""
    folder = tmp_path_factory.mktemp("programs")
    return lambda text: loaded(text, folder, f"checkpoints_{next(_numbers)}")


LOOP = range(0)  # stands for the loop of a variant


def swing(theta, n):
    x, v = theta[0], theta[1]
    for i in LOOP:
        a = -theta[2] * np.sin(x) - theta[3] * v
        v = v + 0.1 * a
        x = x + 0.1 * v
    return (x - 1.0) ** 2


def heat(u0, n):
    u = u0.copy()
    new = u0.copy()
    for t in LOOP:
        for i in range(1, u.size - 1):
            new[i] = u[i] + 0.2 * u[i] * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        u, new = new, u
    return np.sum(u * u)


def trajectory(x, n):
    path = np.zeros(n + 1)
    path[0] = x[0]
    for k in LOOP:
        path[k + 1] = path[k] + 0.1 * np.sin(path[k]) * x[1]
    return np.sum(path**2)


def own_elements(x, n):
    y, z, w, s = np.ones(n) * x[0], np.ones(n) * x[1], np.zeros((n, 2)), x[2]
    for k in LOOP:
        y[k] = y[k] * s
        y[k], z[k] = z[k], y[k] * x[3]
        w[k, 0] = s
        for _ in range(2):
            w[k, 1] += w[k, 0] * x[3] + w[k, 1] ** 2
        s = 0.3 * s + y[k] * z[k] * w[k, 1]
    return s + np.sum(y * z) + np.sum(w**2)


def triangle(x, n):
    s, y = x[0], np.ones(n + 3) * x[1]
    for k in LOOP:
        for j in range(k, y.size - 1):
            y[j] = y[j] * s + 0.1 * y[j + 1]
        z = y[k:] * s
        z[0] = np.sin(z[0])
        for j in range(k + 1):
            s = s * 0.5 + np.sin(s) * y[j] * z[0] * 0.1
    return s + np.sum(y)


def from_three(x, n):
    s = x[0]
    for k in LOOP:
        s = s * x[1] + 0.1 * k * np.cos(s)
    return s * s


def branching(x, n):
    s, hits = x[0], 0
    before = s * s
    for k in LOOP:
        if s > x[1]:
            s = s - 0.3 * s * x[2]
            hits += 1
        else:
            s = s + x[1] * x[3]
        y = s * s
        for j in range(hits):
            y = np.sin(y) + s
        s = 0.5 * s + 0.1 * y
    return s * before + hits * x[0]


def before_and_after(x, n):
    u = x * x
    w = np.sum(u)
    for k in LOOP:
        for i in range(u.size):
            u[i] = u[i] + 0.01 * np.sin(u[i] * w)
        w = w * 0.9 + u[k % u.size]
    w = w * np.sum(u)
    return w * w


def while_inside(x, n):
    s = x[0]
    for k in LOOP:
        t = s
        while t > 0.5:
            t = t * t * 0.4 * x[1]
        s = s + t
        if s > 3.0:
            s = s * 0.1
    return s * x[2]


def nested(x, n):
    s = x[0]
    for k in LOOP:
        for j in sg.checkpoint(range(4), "binomial", slots=2):
            s = np.sin(s) + 0.1 * j * x[1]
        for j in sg.checkpoint(range(5), "periodic", every=2):
            s = s + 0.05 * s * s * x[2]
    return s


def in_a_loop(x, n):
    s = x[0]
    for r in range(3):
        s = s * x[1]
        for k in LOOP:
            s = np.sin(s) + x[2] * k
        s = s * s
    return s


def elements(x, n):
    s = 1.0
    for v in sg.checkpoint(x, "periodic", every=2):
        s = s * v + np.sin(s)
    return s


def unused(x, n):
    t = 0
    for k in LOOP:
        t += k
    return x[0] * t


X = np.array([1.1, 0.7, 0.3, 0.4])
PROGRAMS = (
    swing, heat, trajectory, own_elements, triangle, from_three, branching, before_and_after, while_inside, nested,
    in_a_loop, unused,
)  # fmt: skip
SCHEDULES = {
    "periodic": "sg.checkpoint(range(n), 'periodic', every=3)",
    "sqrt": "sg.checkpoint(range(n))",
    "binomial": "sg.checkpoint(range(n), schedule='binomial', slots=3)",
    "one state": "sg.checkpoint(range(n), schedule='binomial', slots=1)",
}


def variant(program, loop, load):
    """Return the program with its loop over the iterable given as text."""
    text = inspect.getsource(program).replace("LOOP", loop)
    return getattr(load("import numpy as np\n\nimport srcgrad as sg\n\n\n" + text), program.__name__)


@pytest.fixture(scope="module")
def plain_loop(load):
    """A function that returns (the plain variant of a program, its value and gradient in plain Python)."""

    @functools.cache
    def make(program):
        plain = variant(program, "range(n)", load)
        return plain, in_plain_python(plain)

    return make


def in_plain_python(f):
    """Return the generated function of value and gradient, not compiled."""
    made, text, _ = plain_run(f, (X.copy(), 2), (0,))
    namespace = {}
    exec(text, namespace)
    return namespace[made.functions[0].name]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_same_as_the_plain_loop(program, schedule, load, plain_loop):
    plain, plain_gradient = plain_loop(program)
    kept = variant(program, SCHEDULES[schedule], load)
    kept_gradient = in_plain_python(kept)
    for n in (0, 1, 2, 3, 8, 13):
        if program is trajectory and n == 0:
            continue
        first, second = plain_gradient(X.copy(), n), kept_gradient(X.copy(), n)
        assert first[0] == second[0]
        # sums over stretches of a loop round differently
        assert np.allclose(first[1], second[1], rtol=1e-13, atol=1e-15)
        assert kept(X.copy(), n) == plain(X.copy(), n)


REVERSED = [swing, heat, nested, in_a_loop]
W = np.array([0.3, -1.0, 0.2, 0.5])


@pytest.mark.parametrize(
    ("program", "schedule"),
    [(swing, "binomial"), (heat, "sqrt"), (nested, "sqrt"), (in_a_loop, "binomial")],
    ids=lambda v: getattr(v, "__name__", v),
)
def test_compiled_gradient_and_pullback(program, schedule, load):
    plain, kept = (variant(program, loop, load) for loop in ("range(n)", SCHEDULES[schedule]))
    a, a_bar = in_plain_python(plain)(X, 7)
    b, b_bar = sg.value_and_grad(kept)(X, 7)
    assert b == pytest.approx(a, rel=1e-14)
    assert np.allclose(a_bar, b_bar, rtol=1e-12, atol=1e-15)
    _, pullback = sg.vjp(kept, X, 7)
    assert np.allclose(pullback(1.0)[0], b_bar, rtol=1e-13)
    assert np.allclose(pullback(2.0)[0], 2.0 * b_bar, rtol=1e-13)


def test_compiled_second_order(load):
    plain, kept = (variant(swing, loop, load) for loop in ("range(n)", SCHEDULES["binomial"]))
    check_second_order(plain, kept)


@pytest.mark.parametrize("program", REVERSED, ids=lambda f: f.__name__)
@pytest.mark.parametrize("schedule", ["sqrt", "binomial"])
def test_second_order_in_plain_python(program, schedule, load, monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    check_second_order(*(variant(program, loop, load) for loop in ("range(n)", SCHEDULES[schedule])))


def check_second_order(plain, kept):
    """The pullback of the gradient is that of the plain loop."""
    _, twice = sg.vjp(sg.grad(kept), X, 7)
    _, expected = sg.vjp(sg.grad(plain), X, 7)
    assert np.allclose(twice(W)[0], expected(W)[0], rtol=1e-12)


def test_loops_over_arrays():
    sg.check_grads(elements, (X, 0))


def test_binomial_runs_as_few_trips_again_as_the_theory_says(load):
    text = '''
import numpy as np

import srcgrad as sg


def counted(x, n):
    for k in sg.checkpoint(range(n), "binomial", slots={slots}):
        x = np.sin(x)
    return x
'''
    for slots in (1, 2, 3, 5, 8):
        f = load(text.format(slots=slots)).counted
        source = sg.source(sg.value_and_grad(f), 1.0, 1)
        source = source.replace("x_1 = np.sin(x_1)", "x_1 = np.sin(x_1); RUN.append(1)")
        for n in (1, 2, 7, 30, 64):
            namespace = {"RUN": []}
            exec(source, namespace)
            namespace["counted_value_and_grad"](1.0, n)
            r = next(r for r in range(n + 1) if math.comb(slots + r, slots) >= n)
            again = r * n - math.comb(slots + r, slots + 1)
            # besides: the run forward's last trip; a trip with its records needs no value of its own here
            assert len(namespace["RUN"]) == again + 1


def test_states_stand_on_a_stack_of_the_size_asked_for():
    kept = []
    for n in (1, 5, 40, 1000):
        at, top = 0, 0
        while at < n:
            stop = next_checkpoint(at, n, 4 - 1 - top)
            assert at < stop <= n
            top += stop < n
            at = stop
        kept.append(top + 1)
    assert kept == [1, 4, 4, 4]


def test_printed_once(capsys):
    def shown(x, n):
        for k in sg.checkpoint(range(n), "periodic", every=2):
            x = x * 0.5
            print("trip", k)
        return x * x

    sg.grad(shown)(3.0, 3)
    assert capsys.readouterr().out == "trip 0\ntrip 1\ntrip 2\n"


def test_memory_is_that_of_the_states():
    def run(x, n):
        for k in sg.checkpoint(range(n), "binomial", slots=10):
            x = np.sin(x)
        return x

    text = sg.source(sg.value_and_grad(run), 1.0, 10)
    assert "_rec" not in text
    assert sg.checkpoint(range(3)) == range(3)
