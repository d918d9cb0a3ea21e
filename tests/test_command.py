"""The command line: what it prints and writes, what it says of wrong commands, and with which status it leaves."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from srcgrad import command, targets, timings

ROOT = Path(__file__).parents[1]
PROGRAMS = '''
import numpy as np

SCALE = np.array([1.0, 2.0, 3.0])


def gate(x, y, z):
    a = x + y
    b = max(y, z)
    return a * b


def scaled(v, s=0.5, n=2):
    return np.sum(s * v) ** n


def vector(v):
    return 2.0 * v


def rounded(x):
    return np.floor(x) * x


def unknown(x):
    y = {x, 2}
    return x.foo(y)


def broken(x):
    if x > 0.0:
        raise ValueError("too deep")
    return x
'''
GATE = "gate --args 1.0 2.0 0.0"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a file of programs, the working folder; what commands add to the path is taken away again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("programs_on_disk", "elsewhere"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr("warnings.showwarning", print)
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)  # without the seconds of compiling
    (tmp_path / "programs_on_disk.py").write_text(PROGRAMS, "utf-8")
    return tmp_path


def run(text, capsys, status=0):
    """Return what a command printed: on standard output where it went well, else on the other."""
    words = [w.replace("~", " ") for w in text.split()]
    with pytest.raises(SystemExit) as stopped:
        command.main(words)
    out, err = capsys.readouterr()
    assert stopped.value.code == status, out + err
    return err if status else out


# --- what the commands do -----------------------------------------------------------------------------------------


def test_show_prints_forward_and_backward(folder, capsys):
    for target in ("programs_on_disk.py:", "programs_on_disk:", f"{folder}/programs_on_disk.py:"):
        printed = run(f"show {target}{GATE}", capsys)
        assert "def gate_grad(x, y, z):" in printed
        assert printed.index("# forward") < printed.index("b = max(y, z)") < printed.index("# backward")
        assert "\x1b[" not in printed
        assert "\x1b[" in run(f"show {target}{GATE} --color always", capsys)


def test_show_other_forms(folder, capsys):
    assert "return z_bar" in run(f"show programs_on_disk:{GATE} --argnums z", capsys)
    assert "return x_bar, z_bar" in run(f"show programs_on_disk:{GATE} --argnums 0,-1", capsys)
    assert "return out, x_bar" in run(f"show programs_on_disk:{GATE} --argnums x --of value_and_grad", capsys)
    forward = run(f"show programs_on_disk:{GATE} --of jvp --argnums x", capsys)
    assert "def gate_jvp(x, y, z, x_dot):" in forward
    pair = run("show programs_on_disk:vector --args SCALE --of vjp", capsys)
    forward, backward = pair.split("def vector_backward(")
    assert "return out" in forward
    assert "v_bar[i] = 2.0 * out_bar[i]" in backward
    primal = run(f"show programs_on_disk:{GATE} --of primal", capsys)
    assert "def gate(x, y, z):" in primal
    assert "_bar" not in primal


def test_show_side_by_side(folder, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    lines = run(f"show programs_on_disk:{GATE} --side-by-side", capsys).splitlines()
    assert any(re.search(r"8 +a = x \+ y +│ 10 +# return a \* b", line) for line in lines)
    assert all(len(line) <= 120 for line in lines)
    monkeypatch.setenv("COLUMNS", "60")
    narrow = run(f"show programs_on_disk:{GATE} --side-by-side", capsys)
    assert "│" not in narrow
    assert narrow.index("# forward") < narrow.index("# backward")


def test_show_writes_a_page_or_a_module(folder, capsys):
    assert run(f"show programs_on_disk:{GATE} -o gate.html", capsys) == "gate.html\n"
    page = (folder / "gate.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert page.count('class="sg-side"') == 2
    run(f"show programs_on_disk:{GATE} -o gate_grad.py", capsys)
    namespace = {}
    exec((folder / "gate_grad.py").read_text("utf-8"), namespace)
    assert namespace["gate_grad"](1.0, 2.0, 0.0) == (2.0, 5.0, 0.0)


def test_show_a_derivative_that_stands_in_the_module(folder, capsys):
    text = PROGRAMS + "\n\nimport srcgrad as sg\n\ngate_by_y = sg.grad(gate, argnums='y')\n"
    (folder / "elsewhere.py").write_text(text, "utf-8")
    assert "return y_bar" in run("show elsewhere:gate_by_y --args 1.0 2.0 0.0", capsys)


def test_graph_prints_and_draws(folder, capsys):
    assert "y: 2 · 1 = 2" in run(f"graph programs_on_disk:{GATE}", capsys)
    beginnings = {"svg": b"<svg", "html": b"<!doctype", "dot": b"digraph", "mmd": b"flowchart", "txt": b"graph of gate",
                  "png": b"\x89PNG", "pdf": b"%PDF"}  # fmt: skip
    for ending, beginning in beginnings.items():
        run(f"graph programs_on_disk:{GATE} -o gate.{ending}", capsys)
        assert (folder / f"gate.{ending}").read_bytes().startswith(beginning)
    assert "use one of .dot, .gv, .html" in run(f"graph programs_on_disk:{GATE} -o gate.jpg", capsys, 1)


def test_explain(folder, capsys):
    printed = run(f"explain programs_on_disk:{GATE} --argnums x", capsys)
    assert "gate = 6, differentiated by x" in printed
    assert "*     a = x + y" in printed


def test_check(folder, capsys):
    printed = run("check programs_on_disk:scaled --args SCALE s=0.25 --order 2", capsys)
    assert re.fullmatch(r"v  deviates by .*\ns  deviates by .*\nright up to order 2, in fwd and rev modes\n", printed)
    assert "in rev mode\n" in run(f"check programs_on_disk:{GATE} --modes rev --argnums z", capsys)


def test_check_says_what_is_off(folder, capsys, monkeypatch):
    def wrong(*args, **options):
        raise AssertionError("x: 1.0 is not 2.0")

    monkeypatch.setattr(command, "check_grads", wrong)
    assert run(f"check programs_on_disk:{GATE}", capsys, 1) == "srcgrad: x: 1.0 is not 2.0\n"


def test_bench(folder, capsys, monkeypatch):
    monkeypatch.setattr(timings, "LOOP", 10)
    for words in (GATE, "scaled --args -SCALE"):
        printed = run(f"bench programs_on_disk:{words} --rounds 3 --seconds 0.03", capsys)
        ratio = float(re.search(r"^ratio +([\d.]+) ", printed, re.MULTILINE)[1])
        assert ratio > 0.0
        assert printed.count("first call") == 2
        assert "medians of 3 rounds, " in printed


def test_timings_are_per_call_and_in_turns():
    calls = []
    found = timings.in_turns(lambda: calls.append("a"), lambda: calls.append("b"), rounds=3, seconds=0.01)
    assert len(found.first) == len(found.second) == len(found.ratios) == 3
    order = "".join(calls[4:]).replace("aa", "a").replace("aa", "a")
    assert set(order) == {"a", "b"}
    assert timings.spread([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0)
    assert [timings.in_words(t) for t in (2.0, 0.0123, 4.5e-5, 1.5e-8)] == ["2 s", "12.3 ms", "45 us", "15 ns"]


# --- arguments ----------------------------------------------------------------------------------------------------


def test_arguments_are_expressions(folder):
    f = targets.find("programs_on_disk:scaled")
    v, s, n = targets.arguments(f, ["np.arange(3.0) + SCALE[0]", "n=int(math.sqrt(9))"])
    assert v.tolist() == [1.0, 2.0, 3.0]
    assert (s, n) == (0.5, 3)
    assert targets.argnums(f, (v, s, n), None) == (0, 1)
    assert targets.argnums(f, (v, s, n), "v, 1") == ("v", 1)
    assert targets.argnums(f, (v, s, n), "-1") == -1


def test_a_minus_begins_an_expression_behind_args_only():
    words = "check m:f --args -1.0 -np.ones(3) x=-2 --modes rev"
    assert command._protected(words.split())[3:6] == [" -1.0", " -np.ones(3)", "x=-2"]
    assert command._protected(words.split())[6:] == ["--modes", "rev"]


# --- what is wrong ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("programs_on_disk.py", "which function of programs_on_disk.py? Write programs_on_disk.py:NAME. It has gate"),
        ("programs_on_disk:nothing", "there is no 'nothing' in programs_on_disk. It has gate, scaled, vector"),
        ("programs_on_disk:SCALE", "programs_on_disk:SCALE is no function: it is ndarray."),
        ("no_such_module:f", "there is no module 'no_such_module' (a file is written file.py:function)"),
        ("no/such.py:f", "there is no file 'no/such.py'"),
        ("no/such:f", "'no/such' is neither a module nor a file .py"),
        ("programs_on_disk:gate --args 1.0", "gate(x, y, z): missing a required argument: 'y'"),
        ("programs_on_disk:gate --args x=1.0 2.0", "the argument '2.0' stands behind one that is named"),
        ("programs_on_disk:gate --args np.ons(3)", "the argument 'np.ons(3)': AttributeError: module 'numpy' has no"),
        ("programs_on_disk:gate --args 1.0~+", "the argument '1.0 +': SyntaxError: invalid syntax"),
    ],
)  # fmt: skip
def test_a_wrong_command(words, message, folder, capsys):
    assert run(f"check {words}", capsys, 2).startswith(f"srcgrad: {message}")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("show programs_on_disk:unknown --args 1.0", 'line 26\n    y = {x, 2}\n        ^^^^^^\na set of other than'),
        ("show programs_on_disk:vector --args SCALE", "vector returns float64[:], grad needs one number"),
        ("show programs_on_disk:gate --args 1 2 3", "no argument is a float\n  pass what the derivative is by as"),
        (f"show programs_on_disk:{GATE} --argnums q", "argnums='q': there is no argument 'q'"),
        ("graph programs_on_disk:broken --args 1.0", "ValueError: too deep (--traceback shows where)"),
    ],
)  # fmt: skip
def test_what_cannot_be_differentiated(words, message, folder, capsys):
    printed = run(words, capsys, 1)
    assert printed.startswith("srcgrad: ")
    assert message in printed


@pytest.mark.filterwarnings("default::srcgrad.PitfallWarning")
def test_a_warning_names_the_line(folder, capsys):
    with pytest.raises(SystemExit):
        command.main("show programs_on_disk:rounded --args 2.5".split())
    _, err = capsys.readouterr()
    assert err.startswith("srcgrad: warning: File ")
    assert "return np.floor(x) * x\n           ^^^" in err


def test_traceback(folder):
    with pytest.raises(ValueError, match="too deep"):
        command.main("graph programs_on_disk:broken --args 1.0 --traceback".split())


def test_wrong_options(folder, capsys):
    assert "argument --seconds: 0 is not above 0" in run(f"bench programs_on_disk:{GATE} --seconds 0", capsys, 2)
    assert "argument --order: invalid choice" in run(f"check programs_on_disk:{GATE} --order 4", capsys, 2)
    assert "use .html or .py" in run(f"show programs_on_disk:{GATE} -o gate.txt", capsys, 2)


def test_help_has_examples(capsys):
    for words in ("--help", "show --help", "bench --help"):
        printed = run(words, capsys)
        assert "python -m srcgrad graph examples/gate.py:gate --args 1.0 2.0 0.0 -o gate.svg" in printed


def test_as_a_module_and_as_a_script(tmp_path):
    words = ["graph", str(ROOT / "examples" / "gate.py") + ":gate", "--args", "1.0", "2.0", "0.0"]
    done = subprocess.run([sys.executable, "-m", "srcgrad", *words], cwd=tmp_path, capture_output=True, text=True,
                          encoding="utf-8", timeout=120, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "a = x + y          3         2  x: 2 · 1 = 2, y: 2 · 1 = 2" in done.stdout
    assert 'srcgrad = "srcgrad.command:main"' in (ROOT / "pyproject.toml").read_text("utf-8")
