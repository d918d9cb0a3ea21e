"""Addresses of SciPy's C functions: an attribute for each, looked up when it is asked for.

Compiled code asks by name when it first calls a function (`srcgrad.runtime.special`), in whatever process it runs by
then: SciPy is imported no earlier, and no address is kept in a file.
"""

from __future__ import annotations

import ctypes
import importlib
import re

# what Cython exports: numbers in, a number out, and a flag of Cython's own; of `name_of_integer` the first is whole
_NUMBERS = re.compile(r"double \((?:double, )+int __pyx_skip_dispatch\)")
_INTEGER = re.compile(r"double \((?:Py_ssize_t|long), (?:double, )+int __pyx_skip_dispatch\)")


def __getattr__(name: str) -> int:
    """Return the address of `double name(double, ..., int)` in `scipy.special.cython_special`.

    Of `name_of_integer` that of `double name(Py_ssize_t, double, ..., int)`.

    Raises
    ------
    AttributeError
        If this version of SciPy exports no such function.
    """
    if name.startswith("__"):
        raise AttributeError(name)
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
