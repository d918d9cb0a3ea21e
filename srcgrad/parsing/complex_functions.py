"""Which functions take complex numbers, and how each is read: by a page, by parts, as a product, as it stands."""

from __future__ import annotations

import ast
import cmath
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..library import complex_numbers as pages
from ..library import fourier

PAGES: dict[object, Callable] = {
    np.exp: pages.exponential, cmath.exp: pages.exponential, np.log: pages.logarithm, cmath.log: pages.logarithm,
    np.sqrt: pages.square_root, cmath.sqrt: pages.square_root, np.sin: pages.sine, cmath.sin: pages.sine,
    np.cos: pages.cosine, cmath.cos: pages.cosine, np.tan: pages.tangent, cmath.tan: pages.tangent,
    np.sinh: pages.hyperbolic_sine, cmath.sinh: pages.hyperbolic_sine,
    np.cosh: pages.hyperbolic_cosine, cmath.cosh: pages.hyperbolic_cosine,
    np.tanh: pages.hyperbolic_tangent, cmath.tanh: pages.hyperbolic_tangent,
    abs: pages.magnitude, np.abs: pages.magnitude, np.angle: pages.phase, cmath.phase: pages.phase,
    np.linalg.norm: pages.norm, np.linalg.eigvalsh: pages.eigenvalues,
}  # fmt: skip
OPERATORS: dict[object, type[ast.operator]] = {
    np.add: ast.Add, np.subtract: ast.Sub, np.multiply: ast.Mult, np.divide: ast.Div, np.power: ast.Pow, pow: ast.Pow,
    np.matmul: ast.MatMult,
}  # fmt: skip
# what is done to the real and to the imaginary parts alike: functions that are linear in their first argument
BY_PARTS = (
    np.sum, np.mean, np.cumsum, np.transpose, np.reshape, np.ravel, np.roll, np.flip, np.fliplr, np.flipud, np.rot90,
    np.diff, np.tile, np.repeat, np.expand_dims, np.squeeze, np.moveaxis, np.swapaxes, np.trace, np.diag, np.diagonal,
    np.triu, np.tril, np.broadcast_to, np.take, np.copy, np.zeros_like, np.empty_like, np.concatenate, np.stack,
    np.hstack, np.vstack, np.column_stack, np.append, np.pad, np.fft.fftshift, np.fft.ifftshift, np.trapezoid,
    np.atleast_1d, np.atleast_2d,
)  # fmt: skip
# what is linear in each of its last two arguments
PRODUCTS = (np.dot, np.inner, np.outer, np.kron, np.convolve, np.tensordot, np.einsum, np.vdot)
# of complex or real arrays; what they give is complex, but for one
TRANSFORMS: dict[str, Callable] = {f.__name__: f for f in (
    fourier.fft, fourier.ifft, fourier.rfft, fourier.irfft, fourier.fft2, fourier.ifft2, fourier.fftn, fourier.ifftn,
    fourier.rfft2, fourier.irfft2,
)}  # fmt: skip

LIKE = (np.zeros_like, np.empty_like)
JOINING = (np.concatenate, np.stack, np.hstack, np.vstack, np.column_stack)
_NEWER = ((np, "matvec"), (np.linalg, "outer"), (np.linalg, "matmul"))
# whose pages are arithmetic, and right for complex numbers as they stand
AS_TEXT = (
    np.average, np.polyval, np.linalg.matrix_power, np.insert, np.delete, np.split, np.array_split, np.hsplit,
    np.vsplit, np.dstack, np.meshgrid, np.choose, np.cumprod, np.ediff1d, np.gradient, np.block, np.atleast_3d,
    np.take_along_axis, np.linalg.tensordot, *(getattr(m, n) for m, n in _NEWER if hasattr(m, n)),
)  # fmt: skip
# what asks an array for its form alone
OF_SIZES = (np.shape, np.size, np.ndim, np.iscomplexobj, np.isrealobj)
# what makes an array of the form of another one, and how many arguments come before its dtype
OF_FORM = {np.zeros_like: 1, np.empty_like: 1, np.ones_like: 1, np.full_like: 2}
ADDED = {"initial", "prepend", "append", "constant_values", "end_values"}
MAKERS: tuple[Any, ...] = (
    *LIKE,
    np.array, np.asarray, np.asanyarray, np.zeros, np.ones, np.empty, np.full, np.full_like, np.ones_like, np.eye,
    np.identity,
)  # fmt: skip
HANDLED = frozenset({
    *PAGES, *OPERATORS, *BY_PARTS, *PRODUCTS, *MAKERS, np.real, np.imag, np.conj, np.conjugate, np.negative,
    np.square, np.where, np.linalg.solve, np.linalg.inv,
})  # fmt: skip
# all that takes or gives complex numbers, for the documentation
KNOWN = (*HANDLED, *AS_TEXT, complex, cmath.polar, cmath.rect, *(getattr(np.fft, name) for name in TRANSFORMS))


def transform_of(f) -> Callable | None:
    """Return the page of a Fourier transform of NumPy or SciPy."""
    name = getattr(f, "__name__", "")
    for module in ("numpy.fft", "scipy.fft") if name in TRANSFORMS else ():
        if getattr(sys.modules.get(module), name, None) is f:
            return TRANSFORMS[name]
    return None


def is_numeric(f) -> bool:
    """Return whether an object is a function of NumPy, SciPy or of the math module."""
    owner = getattr(f, "__self__", None)
    module = getattr(f, "__module__", None) or ""
    if isinstance(f, type) or isinstance(owner, np.random.Generator):
        return False
    return isinstance(f, np.ufunc) or isinstance(owner, np.ufunc) or module.split(".")[0] in ("numpy", "scipy", "math")


def is_in(table, f) -> bool:
    """Return whether a table has an object, which may be one that cannot be hashed."""
    try:
        return f in table
    except TypeError:
        return False
