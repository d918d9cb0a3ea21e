"""The text of a function is found among others: lambdas in one line, files that are edited while they are loaded."""

import os
import pathlib

import numpy as np
import pytest

import srcgrad as sg
from tests.helpers import loaded

SIN, COS = (lambda x: np.sin(x)), (lambda x: np.cos(x))
LEAST, MOST = (lambda x: x.min() * 2.0), (lambda x: x.max() * 2.0)
TABLE = {
    "square": lambda x: x**2, "cube": lambda x: x**3,
    "shifted": (lambda x,
                       by=2.0: x**3 + by * x),
}  # fmt: skip
BOTH = dict(twice=lambda x: 2.0 * x, thrice=lambda x: 3.0 * x)
NESTED = lambda x: (lambda y: y * y)(x) + (lambda y: 3.0 * y)(x)


def values(functions, x):
    return [sg.value_and_grad(f)(x) for f in functions]


def test_lambdas_in_one_line():
    assert values((SIN, COS), 1.0) == [(np.sin(1.0), np.cos(1.0)), (np.cos(1.0), -np.sin(1.0))]
    x = np.arange(3.0)
    assert [sg.grad(f)(x).tolist() for f in (LEAST, MOST)] == [[2.0, 0.0, 0.0], [0.0, 0.0, 2.0]]
    a, b = (lambda x: np.sin(x)), (lambda x: np.cos(x))
    assert values((a, b), 1.0) == values((SIN, COS), 1.0)
    if x.size:
        if x.any():
            if x.max() > 1.0:
                c, d = (lambda x: np.sin(x)), (lambda x: np.cos(x))
                assert values((c, d), 1.0) == values((SIN, COS), 1.0)


def test_lambdas_in_a_table():
    assert values(TABLE.values(), 2.0) == [(4.0, 4.0), (8.0, 12.0), (12.0, 14.0)]
    assert values(BOTH.values(), 2.0) == [(4.0, 2.0), (6.0, 3.0)]
    assert sg.value_and_grad(NESTED)(2.0) == (10.0, 7.0)
    for _, f in {"square": lambda x: x**2, "cube": lambda x: x**3}.items():
        assert sg.value_and_grad(f)(2.0)[0] == f(2.0)
    for _, f in [("sin", lambda x: np.sin(x)), ("square", lambda x: x**2)]:
        assert sg.value_and_grad(f)(1.0)[0] == f(1.0)


def test_error_in_a_lambda_names_its_place():
    with pytest.raises(sg.UnsupportedError) as found:
        sg.grad(
            lambda x: x + (
                x @ {1: x}))(np.ones(2))  # fmt: skip
    (problem,) = found.value.problems[:1]
    assert problem.text[problem.col : problem.end_col] in ("{1: x}", "x @ {1: x}")


def test_a_lambda_that_cannot_be_told_apart_is_refused():
    namespace = {"np": np}
    exec("a, b = (lambda x: np.sin(x)), (lambda x: np.cos(x))", namespace)
    with pytest.raises(sg.SourceNotFoundError):
        sg.grad(namespace["a"])(1.0)


def edit(module, text):
    """Write another text into the file of a module that stays loaded."""
    path = pathlib.Path(module.__file__)
    path.write_text(text)
    os.utime(path, (os.stat(path).st_mtime + 2.0,) * 2)


def test_an_edited_file_is_refused_until_it_is_loaded_again(tmp_path):
    module = loaded("def f(x):\n    return x**2\n", tmp_path, "edited_while_loaded")
    edit(module, "def f(x):\n    return x**5 + 0.0\n")
    with pytest.raises(sg.SourceNotFoundError, match="'f' was edited after it was loaded"):
        sg.grad(module.f)(2.0)
    module.__spec__.loader.exec_module(module)
    assert sg.value_and_grad(module.f)(2.0) == (32.0, 80.0)


def test_an_edit_behind_a_function_is_none_of_it(tmp_path):
    module = loaded("def f(x):\n    return x**2\n", tmp_path, "edited_behind")
    edit(module, "def f(x):\n    return x**2\n\n\ndef g(x):\n    return x\n")
    assert sg.value_and_grad(module.f)(2.0) == (4.0, 4.0)


@pytest.mark.parametrize(
    ("before", "after", "pick"),
    [
        ("f = [lambda x: x**2,\n     lambda x: x**3]\n", "# moved\nf = [lambda x: x**2,\n     lambda x: x**3]\n", 1),
        ("f = [lambda x: x**2]\ng = lambda x: x**3\n", "g = lambda x: x**3\nf = [lambda x: x**2]\n", 0),
    ],
)
def test_lambdas_that_have_moved_in_their_file(tmp_path, before, after, pick):
    module = loaded(before, tmp_path, "moved_lambdas")
    edit(module, after)
    with pytest.raises(sg.SourceNotFoundError, match="was edited after it was loaded"):
        sg.grad(module.f[pick])(2.0)


def test_definitions_with_lines_at_the_margin(tmp_path):
    text = 'def make():\n    def f(x):\n        """About f.\n\nAt the margin.\n        """\n        y = (x\n+ x * x)\n'
    module = loaded(f"{text}        return y\n    return f\n\x0c\nf, g = make(), lambda x: x**3\n", tmp_path, "margins")
    assert sg.value_and_grad(module.f)(2.0) == (6.0, 5.0)
    assert sg.value_and_grad(module.g)(2.0) == (8.0, 12.0)


def test_a_lambda_inside_of_a_text(tmp_path):
    text = "fs = []\ns = f'''\n{fs.append(lambda x: x**4)}\n {fs.append(lambda x: x**5)}'''\n"
    assert sg.grad(loaded(text, tmp_path, "texts").fs[1])(1.0) == 5.0
