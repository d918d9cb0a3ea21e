"""What is asked of functions in which one list or array has several names: they are right, or refused."""

import numpy as np
import pytest

import srcgrad as sg
from tests.random_programs.compare import plain_gradient
from tests.random_programs.differences import mismatch, reference


def check_right_or_refused(function, refused, reasons):
    """Check value and gradient of a function of x, n and u; where it is `refused`, that a reason is said."""
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    args = tuple({"x": 0.7, "n": 3, "u": np.array([0.3, 0.5])}[name] for name in names)
    if refused:
        with pytest.raises(sg.UnsupportedError, match="|".join(reasons)):
            plain_gradient(function, args, (0,))
        return
    right = reference(function, args, (0,))
    value, gradients = plain_gradient(function, args, (0,))
    assert abs(value - right.value) < 1e-12
    assert mismatch(right, gradients, args, (0,)) is None
