"""The examples, run as a user runs them: printed numbers, saved pictures, messages for bad options."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


PLAIN = {"NUMBA_DISABLE_JIT": "1"}  # without the seconds of compiling


def run(script, *options, cwd, status=0, timeout=300, **environment):
    """Return what the example printed, after checking its exit status."""
    command = [sys.executable, str(EXAMPLES / script), *map(str, options)]
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=timeout, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout if status == 0 else done.stderr


def test_gate_prints_the_lecture_numbers_and_both_sources(tmp_path):
    printed = run("gate.py", "--picture", "gate.svg", cwd=tmp_path)
    assert "drawn in gate.svg" in printed
    assert (tmp_path / "gate.svg").read_text("utf-8").startswith("<svg")
    assert "b = max(y, z)      2         3  y: 3 · 1 = 3, z: 3 · 0 = 0" in printed
    assert "a = x + y = 3, b = max(y, z) = 2, f = a * b = 6" in printed
    assert "df/dx = 2, df/dy = 5, df/dz = 0" in printed
    primal, adjoint = printed.split("# ---- primal ----")[1].split("# ---- adjoint ----")
    assert "def gate" in primal
    assert "_bar" not in primal
    assert "y_bar" in adjoint


def test_neuron_prints_the_lecture_numbers(tmp_path):
    printed = run("neuron.py", cwd=tmp_path)
    assert "L = 0.15\n" in printed
    assert "dL/dw = -0.15   on paper -0.15\n" in printed
    assert "dL/db = -0.125   on paper -0.125\n" in printed
    assert "two-sided differences agree" in printed
    adjoint = printed.split("# ---- value and adjoint ----")[1]
    code = [line for line in adjoint.splitlines() if not line.strip().startswith("#")]
    assert "\n".join(code).count("exp(") == 1, "the logistic function is computed once"


@pytest.mark.long
def test_bundle_adjustment_comes_down_to_the_noise(tmp_path):
    printed = run("bundle_adjustment.py", "--cameras", 4, "--points", 30, "--steps", 5, cwd=tmp_path)
    errors = [float(e) for e in re.findall(r"root mean square ([\d.]+) pixels", printed)]
    assert errors[0] > 5.0
    assert errors[-1] < 0.15, "of the size of the noise, 0.1 pixels"


def test_optimize_solves_the_four_problems(tmp_path):
    printed = run("optimize.py", "--show-source", cwd=tmp_path, **PLAIN)
    assert float(re.search(r"farthest from 1: (\S+)", printed)[1]) < 1e-6
    first, second = re.findall(r"0\.2\d+ after", printed)
    assert first == second, "both methods come to the same loss"
    for value, error, known in re.findall(r"\w+ (\S+) \+- (\S+)   true (\S+)", printed):
        assert abs(float(value) - float(known)) < 3.0 * float(error)
    assert 0.15 < float(re.search(r"noise (\S+)", printed)[1]) < 0.25
    assert "def process_loss_value_and_grad(" in printed
    assert (tmp_path / "out" / "optimize.png").stat().st_size > 5_000


def test_optimize_explains_and_refuses_options(tmp_path):
    assert "--problem" in run("optimize.py", "--help", cwd=tmp_path)
    assert "not a whole number" in run("optimize.py", "--seed", -1, cwd=tmp_path, status=2)
    (tmp_path / "taken").touch()
    assert "cannot use 'taken' as a folder" in run("optimize.py", "--out", "taken", cwd=tmp_path, status=2)


def held_out_accuracy(printed):
    """Return the held-out accuracy in percent, as printed."""
    return float(re.search(r"held-out accuracy ([\d.]+) %", printed)[1])


def assert_pictures(folder):
    """Both pictures are there, and they are PNG files with something in them."""
    for name in ("learning_curves.png", "misread_digits.png"):
        content = (folder / name).read_bytes()
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
        assert len(content) > 5_000


def test_train_mlp_reads_97_percent_of_the_held_out_digits(tmp_path):
    printed = run("train_mlp.py", cwd=tmp_path)
    assert held_out_accuracy(printed) >= 97.0
    assert "trained 80 epochs" in printed
    assert_pictures(tmp_path / "out")


@pytest.mark.long
def test_train_mlp_with_other_options_shows_its_adjoint(tmp_path):
    options = "--activation relu --optimizer sgd --epochs 3 --batch 64 --hidden 32 --seed 7 --show-source"
    printed = run("train_mlp.py", *options.split(), "--out", tmp_path / "a" / "b", cwd=tmp_path, **PLAIN)
    assert "W1_bar" in printed.split("compiled the epoch loop")[0]
    assert held_out_accuracy(printed) >= 90.0
    assert_pictures(tmp_path / "a" / "b")
    assert not (tmp_path / "out").exists()


def test_train_mlp_stops_when_the_loss_diverges(tmp_path):
    options = "--optimizer momentum --lr 1e200 --epochs 2"
    message = run("train_mlp.py", *options.split(), cwd=tmp_path, status=1, **PLAIN)
    assert "the loss of epoch 1 is nan: try a smaller learning rate than 1e+200, with --lr" in message


@pytest.fixture(scope="module")
def train_mlp():
    """The example as a module: it is imported once for all bad options."""
    spec = importlib.util.spec_from_file_location("train_mlp", EXAMPLES / "train_mlp.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_train_mlp_explains_its_options(capsys, train_mlp):
    with pytest.raises(SystemExit) as stopped:
        train_mlp.main(["--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    for option in "activation optimizer epochs batch lr l2 noise hidden seed out show-source".split():
        assert f"--{option}" in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--epochs 0", "argument --epochs: 0 is not a whole number of at least 1"),
        ("--batch 1.5", "argument --batch: '1.5' is not a whole number of at least 1"),
        ("--lr nan", "argument --lr: nan is not a number above 0"),
        ("--lr 0", "argument --lr: 0 is not a number above 0"),
        ("--l2 -1", "argument --l2: -1 is not a number of at least 0"),
        ("--hidden many", "argument --hidden: 'many' is not a whole number of at least 1"),
        ("--activation gelu", "argument --activation: invalid choice: 'gelu'"),
        ("--out taken", "argument --out: cannot use 'taken' as a folder: File exists"),
    ],
)
def test_train_mlp_refuses_a_bad_option(options, message, tmp_path, monkeypatch, capsys, train_mlp):
    (tmp_path / "taken").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        train_mlp.main(options.split())
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


# ---- the gallery -------------------------------------------------------------------------------------------

GALLERY = {  # what a small run prints, but where that is slow in plain Python, and a full one
    "lotka_volterra": (r"births of hares +0.54\d\d \+- 0.05", r"at rest: 33\.\d thousand hares, 19\.\d thousand"),
    "wave_packet": (r"to arrive: 0\.0\d\d with noise", r"noise for a field, 0\.9[5-9]\d with"),
    "heat_source": (r"correlation of the map with the true one: 0\.[5-9]", r"one: 0\.9[78]"),
    "kalman_nile": (r"measurement: +15098\.5 .*\n.*level: +1469\.2 .*\n.*-632\.55\n", r"falls by 223 in 1899"),
    "hidden_markov": (r"3 states: -log L 329\.6.*rates 13\.1, 19\.7, 29\.7", r"4 states: -log L 327\.7"),
    "garch": (r"beta: of last variance +0\.436", r"log-likelihood -441\.70"),
    "gaussian_process": (r"19 months held out: off by 2\.[34]", r"to -93\.6\d(.*\n)*132 .* by 1\.1\d ppm, (89|9\d) %"),
    "named_entities": (r"raises the score by", r"2000 .*frozen 9[4-8].*tuned (99|100)(.*\n)*.*the score by [1-9]"),
    "retraining_pitfall": (r"television +gradient 0.0e\+00", r"television .* \+0.35: good\n(.*\n)+ +television .*bad"),
    "vanishing_gradients": (r"tic, Xavier .*e-\d\d\n.*\n.*\nReLU, He .*e[+-]00\n", r"ReLU, weights too large .*e\+05"),
    "nonlinearities": (r"\nReLU +98\.8 % +83 %", r"\nReLU +100\.0 % +100 % .*\n.*\npara.* +0\.0 % +0 % +0\.[01]"),
    "optimizer_race": (r"Adam +at", r"Adam +at \( 0\.99.*loss 8\.9\de-05"),
    "learning_rates": (r"cyclic +last loss", r"SGD: best rate of the sweep 3e-01"),
    "l1_l2": (None, r"16 of 20 .* and 0 of the noise"),
    "overfitting": (r"dropout of one half", r"width  12: unexplained 0.00\d of the patients seen, 1\.[45]"),
    "transfer": (r"ten digits: [\d.]+ % of the held-out", r"\?  20 labels: first layer frozen [89].*random start [78]"),
    "vectorisation": (r"the three gradients agree within [\d.]+e-1[5-9]", r"a compiled loop"),
    "digits_cnn": (None, r"held-out accuracy (98\.[5-9]|99|100)"),
    "digits_attention": (None, r"held-out accuracy 9[6-9]"),
}
SMALL = [name for name, (small, _) in GALLERY.items() if small]
RUN_ALL = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    print(f"==== {name}")
    importlib.import_module(name).main(["--quick", "--picture", f"{name}.png"])
"""


@pytest.fixture(scope="module")
def small_runs(tmp_path_factory):
    """The folder with the pictures of small runs in plain Python, and what each printed."""
    folder = tmp_path_factory.mktemp("gallery")
    command = [sys.executable, "-c", RUN_ALL, str(EXAMPLES), *SMALL]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=600,
                          check=False, env={**os.environ, **PLAIN})  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    parts = done.stdout.split("==== ")[1:]
    return folder, {part.split("\n", 1)[0]: part for part in parts}


@pytest.mark.parametrize("name", SMALL)
def test_small_run(name, small_runs):
    folder, printed = small_runs
    assert re.search(GALLERY[name][0], printed[name]), printed[name]
    assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.long
def test_garch_of_sunspots(tmp_path):
    printed = run("garch.py", "--series", "sunspots", cwd=tmp_path)
    assert re.search(r"squared +0\.31\d(.*\n)+log-likelihood -425\.05; 17 of 299 years", printed), printed


@pytest.mark.long
@pytest.mark.parametrize("name", GALLERY)
def test_full_run(name, tmp_path):
    printed = run(f"{name}.py", cwd=tmp_path, timeout=1800)
    assert re.search(GALLERY[name][1], printed), printed
    assert (tmp_path / "out" / f"{name}.png").stat().st_size < 80_000


def test_every_example_is_in_the_gallery_and_its_pictures_are_small():
    page = (EXAMPLES.parent / "docs" / "examples.md").read_text("utf-8")
    scripts = {path.stem for path in EXAMPLES.glob("*.py")} - {"showing"}
    assert set(re.findall(r"`(\w+)\.py`", page)) == scripts
    for name in re.findall(r"\(pictures/(\w+\.png)\)", page):
        assert (EXAMPLES.parent / "docs" / "pictures" / name).stat().st_size < 80_000
