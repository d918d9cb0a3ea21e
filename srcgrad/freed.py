"""Memory that a call frees stays with the process, up to a bound: pages of the system cost more than many calls."""

from __future__ import annotations

import ctypes
import functools
import os

VARIABLE = "SRCGRAD_KEEP_MEMORY"
MEBIBYTE = 1 << 20
USUAL = 256  # MiB that are free and yet kept
LARGEST = 32  # MiB: what is larger glibc takes from the system by itself, and gives back
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD of mallopt(3)


@functools.cache
def keep_freed() -> int:
    """Return how many MiB of freed memory the C library keeps from now on; 0 where it is left as it is.

    A reverse allocates its records anew in each call. Without this glibc gives them back to the system after the call,
    which then zeroes them page by page: a gradient with 13 MB of records takes more than twice as long (measured).
    It is left to those who have set it themselves, and to C libraries other than glibc.
    """
    wanted = os.environ.get(VARIABLE, "")
    size = int(wanted) if wanted.isdecimal() else USUAL
    theirs = any(n.startswith("MALLOC_") for n in os.environ) or "glibc.malloc" in os.environ.get("GLIBC_TUNABLES", "")
    if size == 0 or theirs:
        return 0
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return 0
    kept = mallopt(MMAP_THRESHOLD, min(size, LARGEST) * MEBIBYTE) and mallopt(TRIM_THRESHOLD, size * MEBIBYTE)
    return size if kept else 0
