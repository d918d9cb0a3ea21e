"""Compiled functions reached through their address: code that calls one is compiled without it.

Numba puts the code of a function into that of its caller and optimises both once more. A caller that is given a
`Pointer` depends on the types of the function alone: it is compiled in less time, once for all functions of the same.
"""

from __future__ import annotations

from numba.core import cgutils, imputils, types
from numba.core.errors import TypingError
from numba.extending import NativeValue, intrinsic, models, overload, register_model, typeof_impl, unbox


class Pointed(types.Type):
    """The type of a pointer, a number in compiled code: those of the arguments and of the result."""

    bitwidth = types.uintp.bitwidth

    def __init__(self, args: tuple, result):
        self.args, self.result = args, result
        super().__init__(f"Pointed{args} -> {result}")

    @property
    def key(self):
        """What tells two of these types apart."""
        return self.args, self.result


class Pointer:
    """The address of a function compiled for given types; the function lives as long as the pointer."""

    def __init__(self, dispatcher, args: tuple):
        dispatcher.compile(args)
        made = dispatcher.overloads[args]
        self.function, self.type = dispatcher, Pointed(args, made.signature.return_type)
        self.address = made.library.get_pointer_to_function(made.fndesc.llvm_func_name)


def call(f, given: tuple):
    """Return f(*given), for any function that compiled code can call, and for a pointer inside njit code.

    >>> call(lambda x, y: x - y, (3.0, 2.0))
    1.0
    """
    return f(*given)


@overload(call)
def _call(f, given):
    if isinstance(f, Pointed):
        return lambda f, given: _call_through(f, given)
    return lambda f, given: f(*given)


@intrinsic
def _call_through(context, pointer, given):
    if tuple(given.types) != pointer.args:
        raise TypingError(f"a function compiled for {pointer.args} is called with {tuple(given.types)}")

    def lower(context, builder, signature, values):
        address, packed = values
        convention = context.call_conv
        function = builder.inttoptr(address, convention.get_function_type(pointer.result, pointer.args).as_pointer())
        items = cgutils.unpack_tuple(builder, packed)
        status, result = convention.call_function(builder, function, pointer.result, pointer.args, items)
        with cgutils.if_unlikely(builder, status.is_error):
            convention.return_status_propagate(builder, status)
        return imputils.impl_ret_new_ref(context, builder, pointer.result, result)

    return pointer.result(pointer, given), lower


# --- pointers as arguments: their address as a number ----------------------------------------------------------------


@typeof_impl.register(Pointer)
def _typeof(value, context):
    return value.type


register_model(Pointed)(models.IntegerModel)


@unbox(Pointed)
def _unbox(kind, value, context):
    address = context.pyapi.object_getattr_string(value, "address")
    number = context.pyapi.long_as_voidptr(address)
    context.pyapi.decref(address)
    failed = cgutils.is_not_null(context.builder, context.pyapi.err_occurred())
    return NativeValue(context.builder.ptrtoint(number, cgutils.intp_t), is_error=failed)
