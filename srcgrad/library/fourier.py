"""Fourier transforms, of arrays by their real and imaginary parts: lengths, axes and norms as `np.fft` has them."""

from __future__ import annotations

import numpy as np

from ..rules import fourier
from .axes import axes_of, known_option, last_axis, one_of, refuse, transformed_axes, whole_transform
from .pages import page, part


@part
def fft(a, b, n=None, axis=-1, norm=None):
    """np.fft.fft."""
    return along(a, b, n, axis, norm, True)


@part
def ifft(a, b, n=None, axis=-1, norm=None):
    """np.fft.ifft."""
    return along(a, b, n, axis, norm, False)


@part
def rfft(a, b, n=None, axis=-1, norm=None):
    """np.fft.rfft: the first half of the transform of real numbers."""
    p, q = along(a, b, n, axis, norm, True)
    p, q = np.moveaxis(p, axis, 0), np.moveaxis(q, axis, 0)
    half = p.shape[0] // 2 + 1
    return np.moveaxis(p[:half], 0, axis), np.moveaxis(q[:half], 0, axis)


@part
def irfft(a, b, n=None, axis=-1, norm=None):
    """np.fft.irfft: the real numbers with this half of a transform."""
    p, q = np.moveaxis(a, axis, -1), np.moveaxis(b, axis, -1)
    size = 2 * (p.shape[-1] - 1) if n is None else n
    p, q = mirrored(p, size, 1.0), mirrored(q, size, -1.0)
    real, _ = along(p, q, None, -1, norm, False)
    return np.moveaxis(real, -1, axis)


@part
def mirrored(a, size, sign):
    """The whole of a part of a transform, of which the first half is given, as far as it is."""
    half = min(a.shape[-1], size // 2 + 1)
    whole = np.zeros((*a.shape[:-1], size), dtype=a.dtype)
    whole[..., :half] = a[..., :half]
    if sign < 0.0:
        whole[..., 0] = 0.0
        if size % 2 == 0:
            whole[..., size // 2] = 0.0
    for k in range(1, min(half, (size + 1) // 2)):
        whole[..., size - k] = sign * whole[..., k]
    return whole


@part
def along(a, b, n, axis, norm, forward):
    """The transform along one axis."""
    one_of(norm, "norm", None, "backward", "ortho", "forward")
    if a.ndim > 3:
        refuse("a Fourier transform of an array with more than three axes is not supported", "loop over the first axes")
    p, q = np.moveaxis(a, axis, -1), np.moveaxis(b, axis, -1)
    if n is None:
        z = np.stack((p, q))
    else:
        z = np.zeros((2, *p.shape[:-1], n), dtype=a.dtype)
        size = min(n, p.shape[-1])
        z[0, ..., :size] = p[..., :size]
        z[1, ..., :size] = q[..., :size]
    if known_option(forward):
        y = fourier.forward(z)
    else:
        y = fourier.backward(z)
    real, imag = np.moveaxis(y[0], -1, axis), np.moveaxis(y[1], -1, axis)
    if norm == "ortho":
        return real / np.sqrt(z.shape[-1]), imag / np.sqrt(z.shape[-1])
    if whole_transform(norm, forward):
        return real / z.shape[-1], imag / z.shape[-1]
    return real.copy(), imag.copy()


@part
def fftn(a, b, s=None, axes=None, norm=None):
    """np.fft.fftn."""
    return along_axes(a, b, s, axes, norm, True)


@part
def ifftn(a, b, s=None, axes=None, norm=None):
    """np.fft.ifftn."""
    return along_axes(a, b, s, axes, norm, False)


@part
def along_axes(a, b, s, axes, norm, forward):
    """The transform along one axis after another."""
    p, q = a, b
    for k, axis in enumerate(transformed_axes(axes, a.ndim, s is None, 0 if s is None else len(s))):
        p, q = along(p, q, None if s is None else s[k], axis, norm, forward)
    return p, q


@part
def fft2(a, b, s=None, axes=(-2, -1), norm=None):
    """np.fft.fft2."""
    return fftn(a, b, s, axes, norm)


@part
def ifft2(a, b, s=None, axes=(-2, -1), norm=None):
    """np.fft.ifft2."""
    return ifftn(a, b, s, axes, norm)


@part
def rfft2(a, b, s=None, axes=(-2, -1), norm=None):
    """np.fft.rfft2: half of the transform along the last of the axes, and then along the others."""
    p, q = rfft(a, b, None if s is None else s[1], last_axis(axes), norm)
    return along(p, q, None if s is None else s[0], axes[0], norm, True)


@part
def irfft2(a, b, s=None, axes=(-2, -1), norm=None):
    """np.fft.irfft2."""
    p, q = along(a, b, None if s is None else s[0], axes[0], norm, False)
    return irfft(p, q, None if s is None else s[1], last_axis(axes), norm)


@page(np.fft.fftfreq, "scipy.fft.fftfreq", cases=("5", "6, 0.1"))
def fftfreq(n, d=1.0):
    """The frequencies of a transform, those that are not negative first."""
    k = np.arange(n)
    return np.where(k < (n + 1) // 2, k, k - n) / (n * d)


@page(np.fft.rfftfreq, "scipy.fft.rfftfreq", cases=("5", "6, 0.1"))
def rfftfreq(n, d=1.0):
    """The frequencies of half a transform."""
    return np.arange(n // 2 + 1) / (n * d)


@page(np.fft.fftshift, "scipy.fft.fftshift", cases=("A(5)", "A(4, 3)", "A(4, 3), 1", "A(2, 3, 4), axes=(0, -1)"))
def fftshift(x, axes=None):
    """The array turned so that the frequency zero is in the middle."""
    y = x
    for axis in axes_of(axes, x.ndim):
        y = np.roll(y, x.shape[axis] // 2, axis)
    return y


@page(np.fft.ifftshift, "scipy.fft.ifftshift", cases=("A(5)", "A(4, 3)", "A(4, 3), 1", "A(2, 3, 4), axes=(0, -1)"))
def ifftshift(x, axes=None):
    """The array turned back."""
    y = x
    for axis in axes_of(axes, x.ndim):
        y = np.roll(y, -(x.shape[axis] // 2), axis)
    return y
