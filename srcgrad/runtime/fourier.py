"""Discrete Fourier transforms as generated code calls them: `fourier.forward(z)`, compiled and in plain Python alike.

Compiled code calls the loops of NumPy's FFT (pocketfft) by their addresses, which differ from process to process.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir as llvm
from numba.core import types
from numba.extending import intrinsic, overload

from ..rules.fourier import backward, forward
from .addresses import address_of


def _loop_caller(name: str):
    """Return an intrinsic that calls NumPy's loop `name` for every row of an array of complex numbers."""

    @intrinsic
    def call(typing_context, given, factor, made, rows, n):
        def generate(context, builder, signature, args):
            word = context.get_value_type(types.intp)
            pairs = zip(signature.args[:3], args[:3], strict=True)
            arrays = [context.make_array(t)(context, builder, a) for t, a in pairs]

            def table(values):
                memory = builder.alloca(word, llvm.Constant(word, len(values)))
                for k, value in enumerate(values):
                    builder.store(value, builder.gep(memory, [llvm.Constant(word, k)]))
                return memory

            rows, n = args[3:]
            size, none = llvm.Constant(word, 16), llvm.Constant(word, 0)
            row = builder.mul(n, size)
            places = table([builder.ptrtoint(a.data, word) for a in arrays])
            lengths, steps = table([rows, n, n]), table([row, none, row, size, size])
            pointer = llvm.IntType(8).as_pointer()
            kind = llvm.FunctionType(llvm.VoidType(), [pointer] * 4)
            loop, data = (address_of(context, builder, part) for part in (f"{name}_loop", f"{name}_data"))
            given = [builder.bitcast(p, pointer) for p in (places, lengths, steps)]
            builder.call(builder.bitcast(loop, kind.as_pointer()), [*given, data])
            return context.get_dummy_value()

        return types.void(given, factor, made, rows, n), generate

    return call


def _compiled(function, name: str):
    """Tell numba what a transform does."""
    call = _loop_caller(name)

    @overload(function)
    def of_arrays(z):
        def transform(z):
            if z.size == 0:
                raise ValueError("a Fourier transform of no elements")
            n = z.shape[-1]
            flat = np.ascontiguousarray(z).reshape((2, z.size // 2))
            given, made = np.empty(flat.shape[1], np.complex128), np.empty(flat.shape[1], np.complex128)
            for j in range(flat.shape[1]):
                given[j] = complex(flat[0, j], flat[1, j])
            call(given, np.ones(1), made, flat.shape[1] // n, n)
            out = np.empty_like(flat)
            for j in range(flat.shape[1]):
                out[0, j] = made[j].real
                out[1, j] = made[j].imag
            return out.reshape(z.shape)

        return transform


_compiled(forward, "fft")
_compiled(backward, "ifft")
__all__ = ["backward", "forward"]
