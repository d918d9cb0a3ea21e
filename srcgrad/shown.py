"""Numbers as people read them: four digits, sizes in bytes, norms."""

from __future__ import annotations

import numpy as np


def number(value) -> str:
    """Return a number with four digits.

    >>> number(3.0), number(-0.00012346), number(1e6), number(True)
    ('3', '-0.0001235', '1e6', 'True')
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(value)
    mantissa, e, exponent = f"{float(value):.4g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def size(count: int) -> str:
    """Return a number of bytes.

    >>> size(24), size(123456)
    ('24 B', '123.5 kB')
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.4g} {unit}"
    return f"{count} B"


def norm(value) -> float:
    """Return the Euclidean norm of a number or array, without overflow on the way.

    >>> norm(np.array([3e200, 0.0]))
    3e+200
    """
    a = np.asarray(value, dtype=float).ravel()
    largest = float(np.max(np.abs(a), initial=0.0))
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    return float(largest * np.sqrt(np.sum((a / largest) ** 2)))
