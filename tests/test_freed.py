"""Memory that a call frees stays with the process."""

import os
import platform
import subprocess
import sys

import pytest

from srcgrad.freed import VARIABLE

PROGRAM = """
import resource

import numpy as np

from srcgrad.freed import keep_freed

kept = keep_freed()


def records():
    return [np.ones(800_000) for _ in range(4)]


records(), records()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    records()
print(kept, (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) // 5)
"""

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of glibc")


def pages(**variables):
    """Return (MiB kept, pages that a call gets from the system) in a process with such environment variables."""
    ours = ("GLIBC_TUNABLES", VARIABLE)
    left = {k: v for k, v in os.environ.items() if not k.startswith("MALLOC_") and k not in ours}
    command = [sys.executable, "-c", PROGRAM]
    run = subprocess.run(command, env=left | variables, capture_output=True, text=True, check=True)
    kept, faults = map(int, run.stdout.split())
    return kept, faults


def test_records_of_one_call_are_memory_of_the_next():
    kept, faults = pages()
    assert kept == 256
    assert faults < 100


def test_a_bound_can_be_given():
    kept, faults = pages(**{VARIABLE: "8"})
    assert kept == 8
    assert faults > 1000


def test_it_can_be_left_to_the_system():
    assert pages(**{VARIABLE: "0"})[0] == 0


@pytest.mark.parametrize("theirs", [{"MALLOC_TRIM_THRESHOLD_": "131072"}, {"GLIBC_TUNABLES": "glibc.malloc.check=0"}])
def test_it_is_left_to_those_who_have_set_it(theirs):
    assert pages(**theirs)[0] == 0
