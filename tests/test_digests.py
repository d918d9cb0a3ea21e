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


class Vector:
    def __init__(self, x):
        self.x = x

    def __add__(self, other):
        return Vector(self.x + other.x)

    def __lt__(self, other):
        return self.x < other.x


@dataclasses.dataclass(order=True)
class Job:
    cost: float


def summed_and_ordered(x):
    return sorted([Vector(x) + Vector(2.0), Vector(1.0)])[0].x * min([Job(x), Job(1.0)]).cost


def test_operators_and_init_of_a_class_count_though_no_text_names_them(monkeypatch):
    found = [digests.function_digest(summed_and_ordered)]
    for name, new in (
        ("__add__", lambda self, other: Vector(self.x - other.x)),
        ("__lt__", lambda self, other: self.x > other.x),
        ("__init__", lambda self, x: setattr(self, "x", 2.0 * x)),
    ):
        monkeypatch.setattr(Vector, name, new)
        found.append(digests.function_digest(summed_and_ordered))
    monkeypatch.setattr(Job.__dataclass_fields__["cost"], "compare", False)
    found.append(digests.function_digest(summed_and_ordered))
    assert len({*found}) == 5


def test_what_hangs_on_too_much_is_like_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(digests, "MANY", 60)
    lines = ["def f0(x):", "    return x"]
    for k in range(1, digests.MANY + 9):
        lines += [f"def f{k}(x):", f"    return f{k - 1}(x)"]
    module = loaded("\n".join(lines), tmp_path, "chain")
    few, many = module.f20, vars(module)[f"f{digests.MANY + 5}"]
    assert digests.function_digest(few) == digests.function_digest(few)
    assert digests.function_digest(many) != digests.function_digest(many)
    assert digests.described([tree.Known(few)]) == digests.described([tree.Known(few)])
    assert digests.described([tree.Known(many)]) != digests.described([tree.Known(many)])
