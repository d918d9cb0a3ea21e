"""What the digest of a function reads: its own text and that of all it calls, not that of Python's library."""

import copy
import dataclasses
import enum
import logging
import sys
import types

import numpy as np

from srcgrad import tree
from srcgrad.generation import digests
from tests.helpers import loaded

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


def test_a_file_of_the_user_s_may_be_called_as_one_of_python_s_library(tmp_path, monkeypatch):
    found = []
    for factor in (2.0, 7.0):
        text = f"import numpy as np\n\n\ndef total(x):\n    return {factor} * np.sum(x)\n"
        monkeypatch.setitem(sys.modules, "profile", loaded(text, tmp_path, "profile"))
        digests._is_python_s.cache_clear()
        user = loaded("from profile import total\n\n\ndef f(x):\n    return total(x)\n", tmp_path, "user")
        found.append(digests.function_digest(user.f))
    digests._is_python_s.cache_clear()
    assert found[0] != found[1]


class Kernel(enum.Enum):
    SQUARE = 2

    def weight(self):
        return 2.0 * self.value

    @property
    def half(self):
        return 0.5


def test_what_the_class_of_a_member_of_an_enumeration_says_counts(monkeypatch):
    given = [tree.structure_of(Kernel.SQUARE), tree.structure_of((Kernel.SQUARE, 1.0))]
    before = [digests.described((s,)) for s in given]
    monkeypatch.setattr(Kernel, "weight", lambda self: 5.0 * self.value)
    changed = [digests.described((s,)) for s in given]
    monkeypatch.setattr(Kernel, "half", property(lambda self: 0.25))
    again = [digests.described((s,)) for s in given]
    assert all(len({*three}) == 3 for three in zip(before, changed, again, strict=True))
