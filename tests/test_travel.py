"""Derivatives in threads, and sent to processes that do not have the script they come from."""

import threading

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.generation import entry
from tests.helpers import run_python

SCRIPT = """
import numpy as np, srcgrad as sg
import cloudpickle

def helper(x): return x * x

@sg.custom_vjp
def by_rule(x): return x * x
def forward(x): return by_rule(x), x
def backward(x, bar): return (3.0 * x * bar,)
by_rule.defvjp(forward, backward)

@sg.nondifferentiable
def factor(n): return n + 1.0

cube = sg.primitive("cube", "x**3")

@sg.differentiable
def f(x): return np.sum(helper(x) + by_rule(x)) + cube(x[0]) * factor(2)

@sg.grad
def slope(x): return helper(x) * 2.0

def through(x): return slope(x) ** 2

a = np.array([1.0, 2.0])
local = sg.grad(lambda x: np.sum(helper(x) * a))
with open("sent", "wb") as file:
    cloudpickle.dump((f, sg.grad(f), slope, sg.grad(through), local), file)
"""
READER = """
import pickle
import numpy as np
with open("sent", "rb") as file:
    f, of_f, slope, of_through, local = pickle.load(file)
a = np.array([1.0, 2.0])
print(f(a), *of_f(a), slope(1.5), of_through(1.5), *local(a))
"""


def test_sent_to_a_process_without_the_script(tmp_path):
    pytest.importorskip("cloudpickle")
    settings = dict(NUMBA_DISABLE_JIT="1", SRCGRAD_CACHE_DIR=str(tmp_path / "cache"))
    (tmp_path / "script.py").write_text(SCRIPT, "utf-8")
    start = "import subprocess, sys; subprocess.run([sys.executable, 'script.py'], check=True)"
    run_python(start, tmp_path, **settings)
    found = list(map(float, run_python(READER, tmp_path, **settings).split()))
    assert found == [13.0, 5.0 + 9.0, 10.0, 6.0, 48.0, 2.0, 8.0]


def test_first_calls_from_many_threads(monkeypatch):
    monkeypatch.setattr(entry.numba.config, "DISABLE_JIT", True)
    curvature = sg.grad(sg.grad(lambda x: np.sin(x) * x))

    def loss(w, a):
        return curvature(w) * np.sum(sg.grad(lambda x: np.sum(x**3) * w)(a))

    slope = sg.grad(loss)
    found = [None] * 8
    start = threading.Barrier(len(found))

    def work(k):
        start.wait()
        found[k] = slope(0.7, np.array([1.0, 2.0]))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * len(found)
    h = 1e-5
    a = np.array([1.0, 2.0])
    assert found[0] == pytest.approx((loss(0.7 + h, a) - loss(0.7 - h, a)) / (2 * h), rel=1e-7)
