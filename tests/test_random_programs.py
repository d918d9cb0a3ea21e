"""A fixed sample of random programs, and the harness itself: generator, differences, shrinker."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.random_programs.compare import Outcome, compare, compiled_gradient, plain_gradient
from tests.random_programs.cut import accessed_outside
from tests.random_programs.differences import float_argnums, mismatch, reference
from tests.random_programs.generate import LEVELS, arguments, generate, tame
from tests.random_programs.shrink import shrink

PLAIN = [(level, seed) for level in (1, 2, 3) for seed in range(100, 106)] + [(5, s) for s in range(302, 308)]
COMPILED = [(1, 200), (2, 202), (2, 204), (3, 206), (5, 208)]

# Programs that random runs found wrong, shrunk; new ones are put there as they were saved.
FOUND = sorted((Path(__file__).parent / "random_programs" / "found").glob("*.py"))


def judge(outcome: Outcome, text: str) -> None:
    """Fails on a wrong gradient or a crash; a refusal is not a bug here."""
    assert not outcome.failed, f"{outcome.kind}: {outcome.detail}\n{text}"
    assert outcome.kind != "invalid", f"{outcome.detail}\n{text}"


@pytest.mark.parametrize(("level", "seed"), PLAIN)
def test_generated_source_under_plain_python(level, seed):
    text = generate(seed, level)
    judge(compare(text, plain_gradient), text)


@pytest.mark.parametrize("seed", [26, 53, 118, 1006, 1241, 2160, 2179, *range(400, 408)])
def test_no_access_outside_an_array(seed):
    text = generate(seed, 3 if seed > 2000 else 5 if seed > 1000 else 4)
    found = accessed_outside(text, seed)
    assert found is None, f"{found}\n{text}"


@pytest.mark.parametrize(("level", "seed"), COMPILED)
def test_compiled_gradient(level, seed):
    text = generate(seed, level)
    judge(compare(text, compiled_gradient), text)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.stem)
def test_programs_that_once_were_wrong(path):
    text = path.read_text("utf-8")
    judge(compare(text, plain_gradient), text)


@pytest.mark.parametrize("level", sorted(LEVELS))
def test_programs_run_and_are_finite(level):
    for seed in range(30):
        text = generate(seed, level)
        assert text == generate(seed, level)
        assert tame(text, seed)
        assert ast.unparse(ast.parse(text)) == text.rstrip("\n")


def test_same_text_for_every_hash_seed():
    code = "from tests.random_programs.generate import generate; print([generate(s, 4) for s in range(5)])"
    root = Path(__file__).parent.parent
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(texts) == 1


def test_features_can_be_left_out():
    for seed in range(30):
        nodes = set(map(type, ast.walk(ast.parse(generate(seed, 3, {"repeat": 0.0, "jump": 0.0})))))
        assert not nodes & {ast.While, ast.Break, ast.Continue}


def test_differences_of_a_smooth_function_are_trusted():
    def f(x, a):
        return np.sin(x) * np.sum(a**2)

    args = (0.3, np.array([1.0, -2.0]))
    found = reference(f, args, float_argnums(args))
    assert found.smooth
    assert mismatch(found, (np.cos(0.3) * 5.0, 2.0 * np.sin(0.3) * args[1]), args, (0, 1)) is None
    assert "argument 0" in mismatch(found, (np.cos(0.3) * 5.001, 2.0 * np.sin(0.3) * args[1]), args, (0, 1))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: abs(x),
        lambda x: max(x, 2.0 * x),
        lambda x: 1.0 if x > 1e-7 else 0.0,
        lambda x: x if x < -1e-6 else 3.0 * x,
    ],
)
def test_a_kink_or_jump_at_the_point_is_seen(f):
    assert not reference(f, (0.0,), (0,)).smooth


def test_a_kink_near_the_point_is_stepped_around():
    found = reference(lambda x: abs(x), (2e-4,), (0,))
    assert found.smooth
    assert found.gradients[0] == pytest.approx(1.0, abs=1e-9)


def test_shrinking_keeps_the_failure_and_little_else():
    def fails(text):
        loops = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.For)]
        return any(isinstance(node, ast.Break) for loop in loops for node in ast.walk(loop))

    seed = next(seed for seed in range(1000) if fails(generate(seed, 2)))
    small = shrink(generate(seed, 2), fails, seconds=20.0)
    assert fails(small)
    assert len(ast.parse(small).body[-1].body) <= 2
    assert f"seed {seed}" in small


def test_arguments_are_fresh():
    first, second = arguments(("a", "x"), 3), arguments(("a", "x"), 3)
    first[0][:] = 0.0
    assert np.any(second[0] != 0.0)
