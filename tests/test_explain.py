"""explain: what the passes say of each line, what is kept and why, how adjoints grow, where inf and nan are born."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import srcgrad as sg
from tests.random_programs.differences import mismatch
from tests.test_corpus import CASES, expected

pytestmark = pytest.mark.filterwarnings("ignore::srcgrad.PitfallWarning")


def line_of(found, text):
    """Return the report of the line with this text."""
    (line,) = (line for line in found.lines if line.text.strip() == text)
    return line


def gate(x, y, z):
    a = x + y
    b = max(y, z)
    return a * b


def energy(q, k, n):
    e = 0.0
    for i in range(n):
        r = q[i + 1] - q[i]
        if r > 1.0:
            e += k * np.log(r)
        else:
            e += 0.5 * k * (r - 1.0) ** 2
    return e


def chain(w, h, n):
    for t in range(n):
        h = np.tanh(w * h)
    return np.sum(h)


SPRINGS = np.array([0.0, 0.5, 2.0, 2.4]), 1.5, 3


def test_activity_and_linearity_of_lines():
    found = sg.explain(gate, 1.0, 2.0, 0.0)
    assert (found.value, found.gradients) == (6.0, {"x": 2.0, "y": 5.0, "z": 0.0})
    first, second, third = (line_of(found, t) for t in ("a = x + y", "b = max(y, z)", "return a * b"))
    assert (first.active, first.linear, first.mixed, first.curved) == (("a",), ("x", "y"), (), ())
    assert second.curved == ("y", "z")
    assert (third.active, third.mixed) == (("result",), ("a", "b"))
    assert found.bytes == 0
    assert found.births == []


def test_only_arguments_asked_for_are_active():
    found = sg.explain(gate, 1.0, 2.0, 0.0, argnums="x")
    assert found.gradients == {"x": 2.0}
    assert line_of(found, "a = x + y").linear == ("x",)
    assert line_of(found, "b = max(y, z)").active == ()
    assert line_of(found, "return a * b").linear == ("a",)


def test_a_line_is_curved_in_what_its_parts_are_made_of():
    def dense(W, x, b):
        h = np.tanh(W @ x + b)
        return np.sum(2.0 * h)

    found = sg.explain(dense, np.ones((2, 3)), np.ones(3), np.ones(2))
    assert set(line_of(found, "h = np.tanh(W @ x + b)").curved) == {"W", "x", "b"}
    assert line_of(found, "return np.sum(2.0 * h)").linear == ("h",)


def test_kept_and_computed_again():
    def growth(x, n):
        for i in range(n):
            y = np.exp(-x)
            z = y - 2.0
            x = x + y * z
        return x

    found = sg.explain(growth, 0.5, 4)
    first, second, third = (line_of(found, t) for t in ("y = np.exp(-x)", "z = y - 2.0", "x = x + y * z"))
    ((name, why),) = first.kept
    assert name == "y"
    assert why.startswith("it costs more to compute again than to keep; read by the reverse of lines ")
    assert why.endswith(f"{first.number}, {third.number}")
    assert first.bytes == found.bytes == 4 * 8
    assert (second.kept, second.again) == ((), (("z", f"line {third.number}"),))
    assert (first.curved, second.linear) == (("x",), ("y",))
    assert (third.linear, third.mixed, third.curved) == (("x",), ("y", "z"), ())


def test_where_both_parts_are_one_pass_nothing_is_kept():
    found = sg.explain(energy, *SPRINGS)
    difference, logarithm = line_of(found, "r = q[i + 1] - q[i]"), line_of(found, "e += k * np.log(r)")
    assert "# forward and backward" in sg.source(sg.value_and_grad(energy, argnums=(0, 1)), *SPRINGS)
    assert difference.one_pass
    assert (difference.kept, difference.again, found.bytes) == ((), (), 0)
    assert (logarithm.linear, logarithm.mixed, logarithm.curved) == (("e",), ("k",), ("r",))
    assert not line_of(sg.explain(chain, 0.5, np.ones(2), 3), "h = np.tanh(w * h)").one_pass


def test_what_is_overwritten_is_kept_in_the_size_it_has():
    n = 20
    found = sg.explain(chain, 0.5, np.array([0.3, -1.2]), n)
    step = line_of(found, "h = np.tanh(w * h)")
    ((name, why),) = step.kept
    assert name == "h"
    assert why.startswith("it is overwritten here")
    assert step.bytes == 2 * n * 8
    # the record in the generated source has that size
    assert "h_rec = np.empty((max(n, 0), " in sg.source(sg.grad(chain), 0.5, np.ones(2), n).replace("h_1_rec", "h_rec")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("y = 2.0 * x + i", "x changed before it is read again"),
        ("y = np.random.normal()", "random numbers are drawn once"),
    ],
)
def test_why_a_value_is_not_computed_again(text, reason, tmp_path):
    from tests.helpers import loaded

    program = f"""import numpy as np

def f(x, n):
    s = 0.0
    for i in range(n):
        {text}
        x = 0.9 * x
        s += y * y * x
    return s
"""
    found = sg.explain(loaded(program, tmp_path, f"reason_{len(text)}").f, 0.7, 3)
    (why,) = (why for name, why in line_of(found, text).kept if name == "y")
    assert why.startswith(reason)
    assert line_of(found, text).bytes == 24


def test_adjoints_of_a_loop_by_trip():
    found = sg.explain(chain, 0.5, np.array([0.3, -1.2]), 12)
    (loop,) = found.loops
    norms = loop.norms["h"]
    assert len(norms) == 12
    # by hand: the adjoint at the beginning of each trip
    h = [np.array([0.3, -1.2])]
    for _ in range(12):
        h.append(np.tanh(0.5 * h[-1]))
    bar, right = np.ones(2), []
    for after in reversed(h[1:]):
        bar = 0.5 * (1.0 - after**2) * bar
        right.append(np.sqrt(np.sum(bar**2)))
    np.testing.assert_allclose(norms, right[::-1], rtol=1e-12)
    assert loop.growth("h") == pytest.approx(right[-1] / right[0], rel=1e-12)


def test_adjoints_of_while_loops_and_checkpointed_ones():
    def cube_root(a):
        x = a
        while abs(x * x * x - a) > 1e-9:
            x = x - (x * x * x - a) / (3.0 * x * x)
        return x

    def decay(x, n):
        for _ in sg.checkpoint(range(n), schedule="periodic", every=4):
            x = x - 0.1 * x * x
        return x

    (loop,) = sg.explain(cube_root, 5.0).loops
    assert loop.growth("x") < 1e-6
    found = sg.explain(decay, 1.0, 10)
    assert found.gradients["x"] == pytest.approx(sg.grad(decay)(1.0, 10), rel=1e-12)
    assert any("a state from which trips are run again" in why for line in found.lines for _, why in line.kept)


def test_birth_of_nan_forward():
    def total(x, n):
        s = 0.0
        for i in range(n):
            y = x - i
            s += np.sqrt(y)
        return s

    found = sg.explain(total, 2.0, 5)
    born = found.births[0]
    assert born.section == "forward"
    assert np.isnan(born.value)
    assert born.loc.text.strip() == "s += np.sqrt(y)"
    assert dict(born.reads)["y"] == -1.0
    assert [at for _, at in born.trips] == [3]
    assert np.isnan(found.value)
    assert "nan born forward at test_explain.py" in str(found)
    assert "trip 3 of line" in str(found)


def test_birth_of_inf_in_the_backward_part_alone():
    def steep(x):
        y = x * x
        return y ** (1.0 / 3.0) + np.log(y + 1.0)

    def flat(x, a):
        y = a * x
        return a * y

    assert sg.explain(steep, 2.0).births == []
    found = sg.explain(flat, 0.0, 1e200, argnums=0)
    assert found.value == 0.0
    assert [(b.section, b.value) for b in found.births] == [("backward", np.inf)]


def test_an_infinity_that_is_meant_is_not_born():
    def least(a):
        best = np.inf
        for i in range(a.size):
            if a[i] < best:
                best = a[i]
        return best

    assert sg.explain(least, np.array([3.0, 1.0, 2.0])).births == []


def corpus():
    """Some of every theme in each run; all with `-m long`."""
    return [pytest.param(c, id=c.name, marks=() if k % 24 == 5 else pytest.mark.long) for k, c in enumerate(CASES)]


@pytest.mark.parametrize("case", corpus())
def test_corpus(case):
    args = case.fresh()
    found = sg.explain(case.function, *args, argnums=case.positions)
    right = expected(case)
    assert abs(found.value - right.value) <= 1e-10 * max(1.0, abs(right.value))
    gradients = tuple(found.gradients.values())
    if len(gradients) == len(case.positions):
        assert mismatch(right, gradients, args, case.positions) is None
    assert all(np.array_equal(a, b) for a, b in zip(args, case.fresh(), strict=True) if isinstance(a, np.ndarray))
    assert found.bytes == sum(line.bytes for line in found.lines)
    assert str(found).count("\n") >= len(found.lines)


def test_structured_arguments():
    def loss(p, x):
        return np.sum((p["W"] @ x + p["b"]) ** 2)

    p, x = {"W": np.ones((2, 3)), "b": np.zeros(2)}, np.arange(3.0)
    found = sg.explain(loss, p, x, argnums="p")
    right = sg.grad(loss)(p, x)
    np.testing.assert_allclose(found.gradients["p_W"], right["W"], rtol=1e-13)
    np.testing.assert_allclose(found.gradients["p_b"], right["b"], rtol=1e-13)


def test_lines_of_functions_that_are_called():
    def squared(t):
        u = t * t
        return u

    def f(x):
        return 3.0 * squared(x)

    found = sg.explain(f, 2.0)
    assert line_of(found, "u = t * t").curved == ("x",)
    assert found.line(f.__code__.co_firstlineno + 1).active == ("result",)


def test_errors():
    with pytest.raises(sg.ArgumentError, match="grad needs one number"):
        sg.explain(lambda a: 2.0 * a, np.ones(2))
    with pytest.raises(sg.ArgumentError, match="no argument is a float"):
        sg.explain(lambda n: 2.0 * n, 3)
    with pytest.raises(sg.ArgumentError, match="there is no argument 'w'"):
        sg.explain(gate, 1.0, 2.0, 0.0, argnums="w")


def test_html():
    found = sg.explain(chain, 0.5, np.array([0.3, -1.2]), 20)
    page = found._repr_html_()
    root = ElementTree.fromstring(page.replace("&nbsp;", " ").replace("<br>", "<br/>"))
    assert len(list(root.iter("tr"))) == len(found.lines)
    assert len(list(root.iter("polyline"))) == 1
    assert repr(found) == str(found)


def test_lines_with_functions_of_the_library_are_in_the_users_names():
    def scanned(a, b):
        c = np.cumsum(a)
        d = np.concatenate((c, b))
        return np.sum(d * d)

    found = sg.explain(scanned, np.array([1.0, -2.0, 0.5]), np.array([3.0]))
    assert line_of(found, "c = np.cumsum(a)").linear == ("a",)
    assert line_of(found, "c = np.cumsum(a)").active[0] == "c"
    assert line_of(found, "return np.sum(d * d)").curved == ("d",)
    assert found.loops == []


def test_lines_of_functions_called_stand_below_their_names():
    def squared(v):
        w = v * v
        return w

    def both(v):
        a = squared(v)
        return np.sum(a) + np.sum(squared(2.0 * v))

    found = sg.explain(both, np.array([1.0, 2.0]))
    assert [line.function for line in found.lines] == ["", "", "", "squared"]
    assert found.lines[-1].text.strip() == "w = v * v"
    printed = str(found).splitlines()
    at = printed.index("     in squared():")
    assert printed[at + 1].split()[:5] == [str(squared.__code__.co_firstlineno + 1), "*", "w", "=", "v"]
    assert "in squared():" in found._repr_html_()
