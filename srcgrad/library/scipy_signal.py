"""Signals: convolutions and recursive filters of `scipy.signal`."""

from __future__ import annotations

import numpy as np

from .axes import axis_of, one_of, refuse
from .pages import page


@page("scipy.signal.convolve", cases=("A(5), A(3)", 'A(6), A(3), mode="same"', 'A(3), A(5), "valid"',
                                      'A(5), A(3), method="direct"', 'A(2), A(5), mode="same"'))  # fmt: skip
def convolve(in1, in2, mode="full", method="auto"):
    """The convolution of two vectors; `same` has the length of the first."""
    one_of(mode, "mode", "full", "same", "valid")
    one_of(method, "method", "auto", "direct", "fft")
    if np.ndim(in1) != 1 or np.ndim(in2) != 1:
        refuse("convolutions of other than vectors are not supported", "scipy.signal.convolve2d, or loops")
    whole = np.convolve(in1, in2, "valid" if mode == "valid" else "full")
    first = (np.shape(in2)[0] - 1) // 2
    return whole[first : first + np.shape(in1)[0]] if mode == "same" else whole


@page("scipy.signal.fftconvolve", cases=("A(5), A(3)", 'A(6), A(4), mode="same"'))
def fftconvolve(in1, in2, mode="full"):
    """The convolution of two vectors, summed up as it stands."""
    return convolve(in1, in2, mode)


@page("scipy.signal.convolve2d", cases=("A(4, 3), A(2, 2)", 'A(4, 5), A(3, 3), mode="same"',
                                        'A(3, 4), A(2, 3), mode="valid"'))  # fmt: skip
def convolve2d(in1, in2, mode="full"):
    """The convolution of two matrices; `same` has the sizes of the first."""
    one_of(mode, "mode", "full", "same", "valid")
    n, m = in1.shape
    p, q = in2.shape
    if mode == "valid" and (p > n or q > m):
        raise ValueError("convolve2d: the second matrix is larger than the first")
    out = np.zeros((n + p - 1, m + q - 1), dtype=np.result_type(in1, in2))
    for i in range(p):
        for j in range(q):
            out[i : i + n, j : j + m] += in1 * in2[i, j]
    if mode == "same":
        return out[(p - 1) // 2 : (p - 1) // 2 + n, (q - 1) // 2 : (q - 1) // 2 + m]
    return out[p - 1 : n, q - 1 : m] if mode == "valid" else out


@page("scipy.signal.lfilter", cases=("A(3), P(3), A(6)", "[1.0, S()], [2.0, 0.5], A(5)", "A(2), 1.0 + P(1), A(4)",
                                     "A(2), P(3), A(3, 4)", "A(2), P(2), A(4, 2), axis=0"))  # fmt: skip
def lfilter(b, a, x, axis=-1):
    """The signal through a filter: a[0] y[n] = sum of b[k] x[n - k], less the sum of a[k] y[n - k] from k = 1 on."""
    u, v, signal = np.asarray(b), np.asarray(a), np.asarray(x)
    if signal.ndim > 2:
        refuse("filters of arrays with more than two axes are not supported", "loop over the first axes")
    axis = axis_of(axis, signal.ndim)
    rows = np.atleast_2d(signal if axis == signal.ndim - 1 else signal.T)
    out = np.zeros(rows.shape, dtype=np.result_type(u, v, signal, np.float32))
    for r in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            total = 0.0
            for k in range(min(u.shape[0], i + 1)):
                total += u[k] * rows[r, i - k]
            for k in range(1, min(v.shape[0], i + 1)):
                total -= v[k] * out[r, i - k]
            out[r, i] = total / v[0]
    if signal.ndim == 1:
        return out[0]
    return out if axis == 1 else out.T
