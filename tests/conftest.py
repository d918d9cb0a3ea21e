"""One cache folder for a whole test run, fixed seeds, and the flag that rewrites the goldens."""

import os
import random
import shutil
import tempfile
from pathlib import Path

# before NumPy is loaded: each worker has one core
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

_FOLDER = pytest.StashKey[str]()
# They take over two seconds of CPU each, and others guard most of what they do; more are marked where they stand.
LONG = frozenset(Path(__file__).with_name("long_tests.txt").read_text("utf-8").splitlines())


def pytest_addoption(parser):
    parser.addoption(
        "--update-goldens", action="store_true", help="write tests/goldens/*.py anew, to be reviewed as a diff"
    )


def pytest_configure(config):
    # The workers of xdist are started later and inherit the environment: all of them share the folder.
    if hasattr(config, "workerinput"):
        return
    folder = tempfile.mkdtemp(prefix="srcgrad-tests-")
    config.stash[_FOLDER] = folder
    os.environ["SRCGRAD_CACHE_DIR"] = folder
    os.environ.pop("SRCGRAD_DUMP", None)


def pytest_unconfigure(config):
    if folder := config.stash.get(_FOLDER, None):
        os.environ.pop("SRCGRAD_CACHE_DIR", None)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Mark what `long_tests.txt` names; where whole files are collected, each function that it names of them is there.
    """
    found = {item.nodeid.removeprefix("tests/"): item for item in items}
    for name in LONG & set(found):
        found[name].add_marker(pytest.mark.long)
    functions = {name.partition("[")[0] for name in found}
    files = {name.partition("::")[0] for name in found}
    missing = {n.partition("[")[0] for n in LONG if n.partition("::")[0] in files} - functions
    if missing and not any("::" in arg for arg in config.args):
        raise pytest.UsageError(f"tests/long_tests.txt names what is not there: {', '.join(sorted(missing))}")


@pytest.fixture(autouse=True)
def _seeds():
    random.seed(0)
    np.random.seed(0)


@pytest.fixture
def rng():
    """A generator that gives every test the same numbers, in whatever order the tests run."""
    return np.random.default_rng(0)


@pytest.fixture
def update_goldens(request):
    """Whether the goldens are to be written instead of compared."""
    return request.config.getoption("--update-goldens")
