"""What the digest of a function reads: its own text and that of all it calls, not that of Python's library."""

import copy
import dataclasses
import logging
import types

import numpy as np

from srcgrad.generation import digests

LOG = logging.getLogger(__name__)
SETTINGS = types.SimpleNamespace(rate=0.5)


def with_python_s_library(x):
    @dataclasses.dataclass
    class Unused:
        rate: float

    LOG.debug("at %s", x)
    return np.sum(copy.deepcopy(x)) * SETTINGS.rate


def test_python_s_library_is_known_by_name(monkeypatch):
    """A dataclass decorator, a logger: to follow all that they name takes half a minute, and opens C libraries."""
    read = []
    monkeypatch.setattr(digests, "lines_of", lambda f: read.append(f.__name__) or ([f.__name__], 1))
    digests.function_digest(with_python_s_library)
    assert read == ["with_python_s_library"]


def test_what_an_object_of_python_s_library_holds_counts(monkeypatch):
    before = digests.function_digest(with_python_s_library)
    monkeypatch.setattr(SETTINGS, "rate", 0.25)
    assert digests.function_digest(with_python_s_library) != before
