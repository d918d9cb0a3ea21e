"""What several test files share: a fresh Python, equality to the last bit, modules from text."""

import importlib.util
import linecache
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np

from srcgrad import store
from srcgrad.api import Transformed

ROOT = Path(__file__).parents[1]


def run_python(code, folder, *arguments, **environment):
    """Return what a program prints, run by a fresh Python in a folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env=environment, cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def same_bits(a, b):
    """Return whether two values, or tuples of values, are equal to the last bit and in dtype and shape."""
    if isinstance(a, tuple):
        return isinstance(b, tuple) and len(a) == len(b) and all(map(same_bits, a, b))
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def loaded(text, folder, name):
    """Return a text as an imported module with a file, so that the source of its functions can be found."""
    path = folder / f"{name}.py"
    path.write_text(text, "utf-8")
    linecache.checkcache(str(path))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def plain_training(monkeypatch):
    """Let the training kit run as plain Python until the test is over, whatever of it was compiled before."""
    monkeypatch.setattr(store, "package_digest", lambda: "plain")
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    for name, module in list(sys.modules.items()):
        if name == "srcgrad.runtime" or name.startswith("srcgrad.train"):
            for key, value in list(vars(module).items()):
                if isinstance(value, Transformed):
                    for attribute, fresh in (("_entry", None), ("_entries", {}), ("_texts", False)):
                        monkeypatch.setattr(value, attribute, fresh)
                elif hasattr(value, "py_func"):
                    monkeypatch.setattr(module, key, value.py_func)
