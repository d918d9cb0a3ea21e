"""Discrete Fourier transforms and their rules: sums over exp(-2 pi i j k / n) and exp(2 pi i j k / n).

A complex array is a real one whose first axis has two elements, the real and the imaginary parts; transforms are those
of the last axis. What compiled code does for them stands in `srcgrad.runtime.fourier`.
"""

from __future__ import annotations

import numpy as np

from .externals import BY_OBJECT, BY_SPELLING, External, read_signature


def forward(z):
    """Return the sums of z[j] exp(-2 pi i j k / n)."""
    return _of_parts(z, np.fft.fft)


def backward(z):
    """Return the sums of z[j] exp(2 pi i j k / n)."""
    return _of_parts(z, lambda a: np.fft.ifft(a, norm="forward"))


def _of_parts(z, transform):
    if z.size == 0:
        raise ValueError("a Fourier transform of no elements")
    y = transform(z[0] + 1j * z[1].astype(np.complex128))
    return np.stack((y.real, y.imag)).astype(z.dtype)


class Forward:
    """The adjoint of a sum over exp(-2 pi i j k / n) is one over exp(2 pi i j k / n)."""

    def z_bar(y_bar):
        return backward(y_bar)

    def y_dot(z_dot):
        return forward(z_dot)


class Backward:
    """The adjoint of a sum over exp(2 pi i j k / n) is one over exp(-2 pi i j k / n)."""

    def z_bar(y_bar):
        return forward(y_bar)

    def y_dot(z_dot):
        return backward(z_dot)


_SIGNATURES = tuple(map(read_signature, ("(2,n)->(2,n)", "(2,m,n)->(2,m,n)", "(2,l,m,n)->(2,l,m,n)")))
for _function, _rule in ((forward, Forward), (backward, Backward)):
    BY_OBJECT[_function] = f"fourier.{_function.__name__}"
    BY_SPELLING[BY_OBJECT[_function]] = External(
        BY_OBJECT[_function], ("z",), ("y",), _SIGNATURES, ("",), _rule, fields=("y",))  # fmt: skip
