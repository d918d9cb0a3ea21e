"""Every refusal: its class, its line, the caret under the right place, one sentence what and one how out.

In the programs below « and » mark what the caret must underline.
"""

import itertools
import re

import numpy as np
import pytest

import srcgrad as sg
from srcgrad.errors import Problem
from srcgrad.parsing import function_calls
from tests.helpers import loaded
from tests.refused_programs import DRAWS, HINTS, KINDS, MATRIX, RESULTS, SYNTAX, UNKNOWN, VECTOR

HEAD = """import dataclasses
import collections
import math
import statistics

import numpy as np
from numba import njit

import srcgrad as sg


@dataclasses.dataclass
class Plain:
    size: float

    def area(self):
        return self.size**2


class Other:
    def __init__(self, size):
        self.size = size

    def __getattr__(self, name):
        return 0.0


class Thing:
    def __init__(self, size):
        self.size = size


@dataclasses.dataclass
class Checked:
    size: float

    def __post_init__(self):
        assert self.size > 0.0


PLAIN = Plain(2.0)
TABLE = [1.0, 2.0]
namespace = {}
exec("def made(t):\\n    return t", namespace)
MADE = namespace["made"]


"""
_numbers = itertools.count()


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """A function that returns the function `f` of a program text, from a file of its own."""
    folder = tmp_path_factory.mktemp("programs")

    def load(text, name=None):
        module = loaded(HEAD + text, folder, name or f"program_{next(_numbers)}")
        return module.f

    return load


def marked(text):
    """Return (text without marks, [(line in the file, underlined text)])."""
    places = []
    for number, line in enumerate((HEAD + text).splitlines(), 1):
        places += [(number, found.replace("«", "")) for found in re.findall("«(.*?)»", line)]
    return text.replace("«", "").replace("»", ""), places


def body(lines, parameters="x"):
    """Return a function f with these lines."""
    return f"def f({parameters}):\n" + "".join(f"    {line}\n" for line in lines.splitlines())


def error_of(load, program, args):
    """Return (the error that the gradient of a marked program raises, what should be underlined)."""
    text, places = marked(program)
    with pytest.raises(sg.SrcgradError) as caught:
        sg.grad(load(text))(*args)
    return caught.value, places


def check(error, places, *what):
    """Assert that the error underlines the places, in order, and says what is wrong and how to rewrite it."""
    assert [(p.line, p.text[p.col : p.end_col]) for p in error.problems] == places
    text = str(error)
    for problem, fragment in zip(error.problems, what, strict=True):
        assert fragment in problem.what
        assert problem.way_out
        assert problem.file.endswith(".py")
        lines = text.splitlines()
        at = lines.index(f'  File "{problem.file}", line {problem.line}')
        code, carets = lines[at + 1 : at + 3]
        start, end = carets.index("^"), carets.rindex("^") + 1
        assert code[start:end] == problem.text[problem.col : problem.end_col]
        assert problem.text.strip() == code.strip()
        assert lines[at + 3 : at + 5] == [problem.what, f"  {problem.way_out}"]


@pytest.mark.parametrize("name", SYNTAX)
def test_syntax_outside_the_language(name, load):
    lines, what = SYNTAX[name]
    error, places = error_of(load, body(lines), (2.0,))
    assert isinstance(error, sg.UnsupportedError)
    check(error, places, what)


@pytest.mark.parametrize("name", DRAWS)
def test_random_numbers_outside_the_language(name, load):
    lines, what = DRAWS[name]
    error, places = error_of(load, "RNG = np.random.default_rng(0)\n\n\n" + body(lines), (2.0,))
    check(error, places, what)


@pytest.mark.parametrize("name", HINTS)
def test_hints(name, load):
    lines, what = HINTS[name]
    callee = "@sg.nondifferentiable\ndef table(t):\n    return t * t\n\n\n"
    error, places = error_of(load, callee + body(lines), (2.0,))
    assert isinstance(error, sg.UnsupportedError)
    check(error, places, what)


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_names_and_arguments(name, load):
    lines, argument, what = UNKNOWN[name]
    error, places = error_of(load, body(lines), (argument,))
    assert isinstance(error, sg.UnsupportedError)
    check(error, places, what)


def test_unknown_function_has_its_own_class(load):
    error, places = error_of(load, body("return np.sum(«np.packbits(x)»)"), (VECTOR,))
    assert isinstance(error, sg.UnknownFunctionError)
    check(error, places, "there is no rule for np.packbits() and no Python source")


@pytest.mark.parametrize("name", KINDS)
def test_kinds_that_do_not_fit(name, load):
    lines, args, what = KINDS[name]
    error, places = error_of(load, body(lines, "x, y" if len(args) > 1 else "x"), args)
    check(error, places, what)


@pytest.mark.parametrize("name", RESULTS)
def test_results_without_a_gradient(name, load):
    lines, args, what = RESULTS[name]
    error, places = error_of(load, body(lines), args)
    check(error, places, what)


def test_generator_function(load):
    error, places = error_of(load, body("«yield x»\nreturn x"), (2.0,))
    check(error, places, "yield is not supported")


def test_async_function(load):
    error, places = error_of(load, "«async def f(x):»\n    return x\n", (2.0,))
    check(error, places, "async functions are not supported")


def test_function_without_a_return(load):
    error, places = error_of(load, "«def f(x):»\n    y = x\n", (2.0,))
    check(error, places, "f returns nothing")


@pytest.mark.parametrize("parameters", ["*x", "x, *rest", "x, **options"])
def test_star_parameters(load, parameters):
    error, places = error_of(load, f"«def f({parameters}):»\n    return 1.0\n", (2.0,))
    check(error, places, "*args and **kwargs parameters are not supported")


def test_all_problems_in_one_report(load):
    program = body("«with x:»\n    pass\ny = «frobnicate»(x)\nif y > 0.0:\n    «import json»\nreturn «{x}»")
    error, places = error_of(load, program, (2.0,))
    check(error, places, "with", "frobnicate", "an import", "a set")
    assert str(error).splitlines()[0] == "4 problems"


def test_what_follows_from_a_problem_of_a_callee_is_no_problem(load):
    program = "def made(t):\n    return Thing(«np.packbits(t)»)\n\n\n"
    program += body("q = made(x)\nfor _ in range(2):\n    q = made(q.size)\nreturn q.size + made(x).size")
    error, places = error_of(load, program, (2.0,))
    check(error, places, "np.packbits()")


def test_problems_of_a_helper_name_the_helper(load):
    program = "def helper(t):\n    return «np.packbits(t)»\n\n\n" + body("return np.sum(helper(x))")
    error, places = error_of(load, program, (VECTOR,))
    check(error, places, "np.packbits()")


def test_recursion_of_a_lambda_is_refused_by_name(load):
    inner = "g = lambda t, n: t if n == 0 else «g(t * x, n - 1)»\nreturn g(x, int(x))"
    error, places = error_of(load, body(inner), (2.0,))
    check(error, places, "g calls itself")


def test_recursion_of_a_function_that_writes_is_refused_by_name(load):
    program = "def g(a, n):\n    a[n] = a[n + 1] * 2.0\n    if n > 0:\n        «g(a, n - 1)»\n\n\n"
    program += body("a = np.ones(3) * x\ng(a, 1)\nreturn a[0]")
    error, places = error_of(load, program, (2.0,))
    check(error, places, "g calls itself")


def test_recursion_that_does_not_end_is_refused(load):
    error, places = error_of(load, body("return «f(x - 1.0)»"), (2.0,))
    check(error, places, "this function returns nothing without calling itself")


def test_recursion_over_more_and_more_axes_is_refused(load):
    program = "def g(a, n):\n    return np.sum(a) if n == 0 else «g(a[..., None], n - 1)»\n\n\n"
    error, places = error_of(load, program + body("return g(x, 2)"), (VECTOR,))
    check(error, places, "g calls itself with arguments of ever other kinds")


def test_calls_that_expand_without_end_are_refused(load, monkeypatch):
    monkeypatch.setattr(function_calls, "LONG", 20)
    monkeypatch.setattr(function_calls, "LIMIT", 50)
    lines = ["def g0(a, x):\n    a[0] = a[0] * x\n"]
    for k in range(1, 7):
        call = f"g{k - 1}(a, x)" if k > 1 else "«g0(a, x)»"
        lines.append(f"def g{k}(a, x):\n    {call}\n    {call}\n")
    program = "\n\n".join(lines) + "\n\n" + body("a = np.ones(1)\ng6(a, x)\nreturn a[0]")
    error, places = error_of(load, program, (1.0,))
    check(error, places, *["the calls in this function expand to more than 50 statements"] * 2)


def test_captured_array_is_not_written(load):
    error, places = error_of(load, "TABLE = np.ones(3)\n\n\n" + body("«TABLE[0] = x»\nreturn x"), (2.0,))
    check(error, places, "the captured array 'TABLE' is written")


def test_captured_array_without_axes_is_not_written(load):
    error, places = error_of(load, "LEVEL = np.array(2.0)\n\n\n" + body("a = LEVEL\n«a += x»\nreturn a * x"), (2.0,))
    check(error, places, "'a' is the captured array 'LEVEL', and is written")


# ---- arguments


@pytest.mark.parametrize(
    ("argument", "kind"), [(3, "int64"), (True, "bool"), (np.arange(3), "int64[:]"), (np.ones(2, bool), "bool[:]")]
)
def test_integer_argument_has_no_derivative(load, argument, kind):
    f = load(body("return np.sum(x) * 2.0" if np.ndim(argument) else "return x * 2.0"))
    with pytest.raises(sg.ArgumentError, match=re.escape(f"the argument 'x' is of kind {kind}, not a float")):
        sg.grad(f)(argument)


UNFIT = {
    "text array": np.array(["a"]),
    "float16": np.ones(2, np.float16),
    "datetime": np.array(["2020-01-01"], "M8[D]"),
    "set": {1.0},
    "object": object(),
    "object array": np.array([1.0, "a"], dtype=object),
    "other byte order": np.ones(2, ">f8"),
    "long double": np.ones(2, np.longdouble),
}


@pytest.mark.parametrize("name", UNFIT)
def test_unfit_arguments(load, name):
    f = load(body("return np.sum(x) * y", "y, x"))
    with pytest.raises(sg.KindError) as caught:
        sg.grad(f)(2.0, UNFIT[name])
    assert "pass real numbers" in str(caught.value)


@pytest.mark.parametrize("argument", ["abc", None])
def test_text_and_none_are_no_numbers(load, argument):
    text = "'abc'" if argument else "None"
    with pytest.raises(sg.UnsupportedError, match=r"None is used as a number|string arithmetic"):
        sg.grad(load(body("return y * x", "y, x")))(2.0, argument)
    with pytest.raises(sg.ArgumentError, match=re.escape(f"the argument 'x' is {text}, not a float")):
        sg.grad(load(body("return y if x else 2.0 * y", "y, x")), argnums=(0, 1))(2.0, argument)


def test_text_inside_njit(load):
    from numba import njit

    g = sg.grad(load(body("return y if x == 'a' else 2.0 * y", "y, x")))
    assert g(2.0, "a") == 1.0

    @njit
    def outer(y):
        return g(y, "a")

    with pytest.raises(sg.KindError, match="the argument 'x' is text"):
        outer(2.0)


@pytest.mark.parametrize("argnums", [2, -3, "z", (0, 0), (0, "x"), (), (0, 5)])
def test_argnums_that_name_no_argument(load, argnums):
    f = load(body("return x * y", "x, y"))
    with pytest.raises(sg.ArgumentError, match=r"argnums=.*\n  arguments: \['x', 'y'\]"):
        sg.grad(f, argnums=argnums)


@pytest.mark.parametrize("argnums", [1.0, None, True])
def test_argnums_of_another_type(load, argnums):
    f = load(body("return x * y", "x, y"))
    with pytest.raises(sg.ArgumentError, match=r"arguments: \['x', 'y'\]"):
        sg.grad(f, argnums=argnums)


def test_calls_that_do_not_fit_the_signature(load):
    f = load(body("return x * y", "x, y"))
    for call in (sg.grad(f), sg.value_and_grad(f), sg.differentiable(f), lambda *a, **k: sg.vjp(f, *a, **k)):
        for args, kwargs in (((1.0,), {}), ((1.0, 2.0, 3.0), {}), ((), {})):
            with pytest.raises(TypeError, match="argument"):
                call(*args, **kwargs)
    with pytest.raises(TypeError, match=r"f\(\) got an unexpected keyword argument 'z'"):
        sg.grad(f)(1.0, 2.0, z=2.0)
    with pytest.raises(TypeError, match=r"f\(\) multiple values for argument 'x'"):
        sg.grad(f)(1.0, x=2.0)


# ---- source


def test_missing_source():
    namespace = {}
    exec("def f(x):\n    return x * x\n", namespace)
    with pytest.raises(sg.SourceNotFoundError, match="the source of 'f' cannot be found"):
        sg.grad(namespace["f"])(2.0)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((1.0, object()), "the argument 'p' is of type object"),
        ((1.0, [np.ones(2, ">f8")]), r"the argument 'p\[0\]' is of dtype >f8"),
        ((1.0, 2**70), "the argument 'p' is a whole number of more than 64 bits"),
    ],
)
@pytest.mark.parametrize("call", [sg.vjp, lambda f, *a: sg.grad(f)(*a), lambda f, *a: sg.jacobian(f)(*a)])
def test_arguments_of_no_known_type(call, args, message):
    with pytest.raises(sg.KindError, match=message):
        call(lambda x, p: x * x, *args)


def test_a_sum_to_which_no_trip_adds(load):
    f = load(body("total = 0.0\nfor k in range(n):\n    total += k * x\nreturn np.sum(total)", "x, n"))
    assert sg.grad(f)(np.ones(2), 3).tolist() == [3.0, 3.0]
    with pytest.raises(ValueError, match="'total' is a number: nothing was added to it"):
        sg.grad(f)(np.ones(2), 0)


def test_a_large_whole_number_after_a_usual_one():
    g = sg.grad(lambda x, n: x * n)
    assert g(1.5, 3) == 3.0
    with pytest.raises(sg.KindError, match="the argument 'n' is a whole number of more than 64 bits"):
        g(1.5, 10**30)


def test_lambdas_that_cannot_be_told_apart(load):
    f = load("f = [lambda x: x * 2.0, lambda x: x * 2.0 + 0.0][0]\n")
    assert sg.grad(f)(1.0) == 2.0


def test_source_of_something_else():
    with pytest.raises(sg.ArgumentError, match="was not made by srcgrad"):
        sg.source(len)


def test_source_before_anything_was_generated(load):
    f = load(body("return x * x"))
    with pytest.raises(sg.ArgumentError, match="nothing has been generated yet"):
        sg.source(sg.grad(f))


# ---- run time


@pytest.mark.parametrize(
    ("lines", "args"),
    [
        ("return np.sum(x + y)", (np.ones(3), np.ones(4))),
        ("return np.sum(x * y)", (np.ones((3, 2)), np.ones(3))),
        ("return np.sum(np.where(x > 0.0, x, y))", (np.ones(3), np.ones(2))),
        ("return np.sum(x @ y)", (np.ones((3, 2)), np.ones((3, 2)))),
        ("return x @ y", (np.ones(3), np.ones(4))),
        ("x[:2] = y\nreturn np.sum(x)", (np.ones(3), np.ones(3))),
        ("return np.sum(x.reshape(4)) * y", (np.ones(3), 1.0)),
        ("return np.max(x) * y", (np.ones(0), 1.0)),
        ("import itertools\nreturn sum(itertools.islice(x, len(x) - 5)) * y", (np.ones(3), 1.0)),
    ],
)
def test_shapes_that_do_not_fit_raise_as_numpy_does(load, lines, args):
    f = load(body(lines, "x, y"))
    with pytest.raises(ValueError):
        f(*(np.copy(a) for a in args))
    calls = (sg.differentiable(f), sg.grad(f), sg.value_and_grad(f), lambda *a: sg.vjp(f, *a))
    for call in calls if "+ y" in lines else calls[1:2]:
        with pytest.raises(ValueError) as caught:
            call(*args)
        assert not isinstance(caught.value, sg.SrcgradError)


def test_sizes_that_do_not_fit_are_named_with_the_line(load):
    f = load("def f(W, x, b):\n    z = W @ x\n    return np.sum(z + b)\n", "sizes")
    line = f.__code__.co_firstlineno
    product, total = (np.ones((2, 3)), np.ones(4), np.ones(2)), (np.ones((2, 3)), np.ones(3), np.ones(5))
    calls = (sg.grad(f), lambda *a: sg.vjp(f, *a), lambda *a: sg.explain(f, *a))
    for call in calls:
        with pytest.raises(ValueError) as caught:
            call(*product)
        assert str(caught.value) == f"matmul: mismatch in the inner dimension: lengths 3 and 4 (sizes.py:{line + 1})"
    with pytest.raises(ValueError) as caught:
        sg.grad(f)(*total)
    message = rf"operands could not be broadcast together: lengths (2 and 5|5 and 2) \(sizes.py:{line + 2}\)"
    assert re.fullmatch(message, str(caught.value))


def test_exceptions_of_the_program_reach_the_user(load):
    f = load(body("if x < 0.0:\n    raise ArithmeticError('below zero')\nassert x < 9.0, 'too large'\nreturn x * x"))
    g = sg.grad(f)
    assert g(3.0) == 6.0
    with pytest.raises(ArithmeticError, match="below zero"):
        g(-1.0)
    with pytest.raises(AssertionError, match="too large"):
        g(10.0)


def test_name_assigned_on_one_path_only(load):
    f = load(body("if x > 1.0:\n    z = x\nreturn z * 1.0"))
    with pytest.raises((sg.UnsupportedError, UnboundLocalError)):
        sg.grad(f)(0.5)


@pytest.mark.parametrize("value", ["x", "x * 2.0"])
@pytest.mark.parametrize("place", ["return {}", "def g(x):\n    if x > 1.0:\n        return {}\nreturn g(x) * 2.0"])
def test_path_on_which_nothing_is_returned(load, place, value):
    lines = place.format(value)
    f = load(body(f"if x > 1.0:\n    {lines}" if place == "return {}" else lines))
    assert sg.grad(f)(2.0) == (2.0 if "*" in value else 1.0) * (2.0 if "g(x)" in lines else 1.0)
    with pytest.raises(UnboundLocalError, match=r"^nothing is returned on this path, where the others return numb"):
        sg.grad(f)(0.5)


def test_name_that_is_none_on_a_path(load):
    f = load(body("y = None\nfor k in range(2):\n    if x > 1.0:\n        y = x * k\nreturn y * 2.0"))
    assert sg.grad(f)(2.0) == 2.0
    with pytest.raises(UnboundLocalError, match=r"^y is None on this path \("):
        sg.grad(f)(0.5)


def test_call_that_gives_none_on_a_path(load):
    f = load(body("def g(x):\n    if x < 1.0:\n        return None\n    return x * x\nreturn g(x) * 2.0"))
    assert sg.grad(f)(2.0) == 8.0
    with pytest.raises(TypeError, match=r"^g\(x\) gives None \("):
        sg.grad(f)(0.5)


def test_choice_of_a_name_that_is_not_bound(load):
    f = load(body("for k in range(2):\n    z = y if k > 0 else x\n    if x > 1.0:\n        y = x * x\nreturn z * z"))
    assert sg.grad(f)(2.0) == 32.0  # of x**4
    with pytest.raises(UnboundLocalError, match="y is not bound"):
        sg.grad(f)(0.5)


@pytest.mark.parametrize("text", ["np.sum(x if k > 1 else x[:1])", "np.sum(y * x if k > 1 else 2.0 * x[:1])"])
def test_sides_of_a_choice_are_not_repeated(load, text):
    f = load(body(f"y = x[::-1]\nreturn {text}", "x, k"))
    with pytest.raises(ValueError, match=r"the two sides of a choice have different sizes: lengths 3 and 1 \("):
        sg.grad(f)(np.ones(3), 0)


def test_row_returned_early_of_an_array_that_is_written_later(load):
    early = "def early(u, s):\n    if u[0, 0] > s:\n        return 2.0 * u[0]\n    return u[-1]\n"
    f = load(early + body("e = early(a, s)\na[0] = e\nreturn np.sum(a * e)", "a, s"))
    with pytest.raises(sg.UnsupportedError, match=r"(?s)what is returned becomes another name.*return a copy"):
        sg.grad(f)(np.ones((3, 2)), 1.0)


@pytest.mark.parametrize("head", ["for k in range(2):\n    r = a[k]", "for r in a:"])
def test_row_that_a_loop_came_to_is_written_after_it_was_bound(load, head):
    f = load(body(f"{head}\n    a += 0.1 + a * a\nreturn np.sum(np.sin(r))", "a"))
    with pytest.raises(sg.UnsupportedError, match="'r' is first assigned inside a branch or loop"):
        sg.grad(f)(np.ones((2, 3)))


def test_array_read_in_a_line_before_the_one_that_binds_it(load):
    loop = "for k in range(3):\n    if k > 2:\n        s += np.sum(before)\n    before = np.outer(x[k:], x)\n"
    f = load(body(f"s = 0.0\n{loop}return s"))
    with pytest.raises(sg.UnsupportedError, match=r"'before' is first assigned inside a branch or loop"):
        sg.grad(f)(np.ones(3))


def test_recursion_that_returns_an_array_it_was_given(load):
    f = load(
        "def g(a):\n    if len(a) < 2:\n        return a\n    b = g(a[1:])\n    b[0] += a[0]\n    return b\n"
        "def f(x):\n    return np.sum(g(x))"
    )
    with pytest.raises(sg.UnsupportedError, match=r"g calls itself, and writes or returns its arguments") as error:
        sg.grad(f)(np.ones(3))
    assert "x.copy()" in str(error.value)


# ---- afterwards


def test_same_object_raises_the_same_error_again(load):
    g = sg.grad(load(body("return np.sum(np.packbits(x))")))
    texts = set()
    for argument in (VECTOR, VECTOR, MATRIX):
        with pytest.raises(sg.UnknownFunctionError) as caught:
            g(argument)
        texts.add(str(caught.value))
    assert len(texts) == 1


def test_an_error_leaves_nothing_behind(load):
    g = sg.grad(load(body("return np.sum(x) + x[0]")))
    with pytest.raises(sg.ArgumentError):
        g(np.arange(3))
    with pytest.raises(sg.KindError):
        g(2.0)
    np.testing.assert_array_equal(g(VECTOR), [2.0, 1.0, 1.0])
    with pytest.raises(sg.ArgumentError):
        g("abc")
    np.testing.assert_array_equal(g(2.0 * VECTOR), [2.0, 1.0, 1.0])


def test_corrected_function_works(load):
    with pytest.raises(sg.UnknownFunctionError):
        sg.grad(load(body("return np.sum(np.packbits(x))"), "corrected"))(VECTOR)
    f = load(body("s = 0.0\nt = 0.0\nfor v in x:\n    s += v\n    t += s\nreturn t"), "corrected")
    np.testing.assert_array_equal(sg.grad(f)(VECTOR), [3.0, 2.0, 1.0])


def test_errors_inside_njit_are_ours(load):
    from numba import njit

    g = sg.grad(load(body("return np.sum(«np.packbits(x)»)".replace("«", "").replace("»", ""))))

    @njit
    def outer(x):
        return g(x)

    with pytest.raises(Exception, match=r"there is no rule for np\.packbits\(\) and no Python source"):
        outer(VECTOR)


def test_family():
    for error in (sg.UnsupportedError, sg.KindError, sg.ArgumentError, sg.SourceNotFoundError):
        assert issubclass(error, sg.SrcgradError)
    assert issubclass(sg.UnknownFunctionError, sg.UnsupportedError)
    assert issubclass(sg.KindError, TypeError)
    assert issubclass(sg.ArgumentError, TypeError)


def test_problem_without_a_place():
    assert str(Problem("what", "way out")) == "what\n  way out"
    assert str(Problem("what", "way out", "a.py", 3)) == '  File "a.py", line 3\nwhat\n  way out'


def test_messages_say_what_the_text_says(load):
    """Names that generated code needs, as those of parts and of lists bound anew, are not the user's."""
    whole = load(body("return p['n'] * p['w'][0]", "p"))
    with pytest.raises(sg.ArgumentError, match=re.escape("the argument 'p['n']' is of kind int64")):
        sg.grad(whole)({"n": 3, "w": np.ones(2)})
    lines = "y, h = list(x), []\nfor k in range(3):\n    «h.append(y)»\n    y = [v * 2.0 for v in y]\nreturn h[0][0]"
    error, places = error_of(load, body(lines), (np.ones(2),))
    check(error, places, "'y' is put into a list")
    assert error.problems[0].way_out == "put a copy into it: y.copy()"
