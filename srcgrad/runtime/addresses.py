"""Addresses of C functions of SciPy and NumPy: an attribute for each, looked up when it is asked for.

Compiled code asks by name when it first calls a function (`srcgrad.runtime.special`, `fourier`), in whatever process it
runs by then: they are imported no earlier, and no address is kept in a file.
"""

from __future__ import annotations

import ctypes
import importlib
import re

from numba.core import cgutils

# what Cython exports: numbers in, a number out, and a flag of Cython's own; of `name_of_integer` the first is whole
_NUMBERS = re.compile(r"double \((?:double, )+int __pyx_skip_dispatch\)")
# of the fields of a ufunc: where its loops, and what they are given besides, stand (`PyUFuncObject` in ufuncobject.h)
_LOOPS, _DATA = 32, 40
_INTEGER = re.compile(r"double \((?:Py_ssize_t|long), (?:double, )+int __pyx_skip_dispatch\)")


def __getattr__(name: str) -> int:
    """Return the address of `double name(double, ..., int)` in `scipy.special.cython_special`.

    Of `name_of_integer` that of `double name(Py_ssize_t, double, ..., int)`; of `fft_loop` and `fft_data` those of
    NumPy's loop over transforms of complex numbers, and of what it is given besides.

    Raises
    ------
    AttributeError
        If these versions of SciPy and NumPy export no such function.
    """
    if name.startswith("__"):
        raise AttributeError(name)
    if name.endswith(("_loop", "_data")):
        return _of_transform(*name.split("_"))
    exported = importlib.import_module("scipy.special.cython_special").__pyx_capi__
    text, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    text.restype, text.argtypes = ctypes.c_char_p, (ctypes.py_object,)
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    own = name.removesuffix("_of_integer")
    wanted = _NUMBERS if own == name else _INTEGER
    # one with several types of arguments has a prefix for each
    spelled = re.compile(rf"(?:__pyx_fuse_\d+(?:_\d+)*)?{own}")
    for key, capsule in exported.items():
        signature = text(capsule) if spelled.fullmatch(key) else b""
        if wanted.fullmatch(signature.decode()):
            address = pointer(capsule, signature)
            assert address
            return address
    raise AttributeError(f"scipy.special.cython_special exports no {own} of such numbers")


def _of_transform(name: str, part: str) -> int:
    """Return an address that a ufunc of NumPy's FFT has."""
    ufunc = getattr(importlib.import_module("numpy.fft._pocketfft_umath"), name)
    if ufunc.types[0] != "Dd->D" or ufunc.nin != 2:
        raise AttributeError(f"NumPy's {name} takes {ufunc.types[0]}")
    table = ctypes.c_void_p.from_address(id(ufunc) + (_LOOPS if part == "loop" else _DATA)).value
    address = ctypes.c_void_p.from_address(table or 0).value
    assert address
    return address


def address_of(context, builder, name: str):
    """Emit code for the address of a C function: what its slot holds, asked for where the slot is empty."""
    pointer, slot_name = cgutils.voidptr_t, f"srcgrad_address_{name}"
    slot = builder.module.globals.get(slot_name)
    if slot is None:
        slot = cgutils.add_global_variable(builder.module, pointer, slot_name)
        slot.linkage, slot.initializer = "internal", pointer(None)
    held = builder.load(slot)
    found = cgutils.alloca_once_value(builder, held)
    with builder.if_then(cgutils.is_null(builder, held), likely=False):
        asked = _asked(context, builder, name)
        with builder.if_then(cgutils.is_null(builder, asked), likely=False):
            message = f"SciPy and NumPy export no {name} of such numbers"
            context.call_conv.return_user_exc(builder, RuntimeError, (message,))
        builder.store(asked, slot)
        builder.store(asked, found)
    return builder.load(found)


def _asked(context, builder, name: str):
    """Emit the question for an address, null where there is none; the code may run without Python's lock."""
    python = context.get_python_api(builder)
    answer = cgutils.alloca_once_value(builder, cgutils.voidptr_t(None))
    lock = python.gil_ensure()
    module = python.import_module(context.insert_const_string(builder.module, __name__))
    with builder.if_then(cgutils.is_not_null(builder, module)):
        number = python.object_getattr_string(module, name)
        with builder.if_then(cgutils.is_not_null(builder, number)):
            builder.store(python.long_as_voidptr(number), answer)
            python.decref(number)
        python.decref(module)
    python.err_clear()
    python.gil_release(lock)
    return builder.load(answer)
