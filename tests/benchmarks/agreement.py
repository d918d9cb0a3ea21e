"""That rivals compute the same before they are timed."""

from __future__ import annotations

from typing import Any

import numpy as np

Derivative = tuple[Any, Any]


def assert_agree(who: str, theirs: Derivative, ours: Derivative, rtol: float = 1e-8) -> None:
    """Asserts that values agree to rtol, and gradients to a hundred times that; both are pairs of these."""
    (value, bars), (expected, gradients) = theirs, ours
    np.testing.assert_allclose(value, expected, rtol=rtol, err_msg=who)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    for bar, gradient in zip(bars, gradients, strict=True):
        np.testing.assert_allclose(
            bar, gradient, rtol=100 * rtol, atol=rtol * max(np.abs(gradient).max(), 1e-300), err_msg=who
        )
