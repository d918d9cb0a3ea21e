"""srcgrad: the derivative of numeric Python as readable source, compiled by numba."""

import os as _os

from . import brackets as _brackets  # pages of SciPy's functions
from . import initial_values as _initial_values
from . import integrals as _integrals
from . import scipy
from .api import Differentiable, Source, clear_cache, differentiable, grad, source, value_and_grad
from .check import check_grads, check_rule
from .custom import CustomJvp, CustomVjp, custom_jvp, custom_vjp
from .errors import (
    ArgumentError,
    KindError,
    PitfallWarning,
    SerialLoopWarning,
    SourceNotFoundError,
    SrcgradError,
    UnknownFunctionError,
    UnsupportedError,
)
from .hints import Nondifferentiable, checkpoint, nondifferentiable, print_grad, stop_gradient
from .implicit import fixed_point, root
from .jacobian import hessian, jacfwd, jacobian, jacrev
from .jvp import hvp, jvp
from .look import explain, graph
from .odes import odeint
from .opaque import rule
from .primitives import Primitive, primitive
from .pullback import vjp
from .sparse import SparsityError, sparse_jacobian
from .vmap import vmap

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "CustomJvp",
    "CustomVjp",
    "Differentiable",
    "KindError",
    "Nondifferentiable",
    "PitfallWarning",
    "Primitive",
    "SerialLoopWarning",
    "Source",
    "SourceNotFoundError",
    "SparsityError",
    "SrcgradError",
    "UnknownFunctionError",
    "UnsupportedError",
    "check_grads",
    "check_rule",
    "checkpoint",
    "clear_cache",
    "custom_jvp",
    "custom_vjp",
    "differentiable",
    "explain",
    "fixed_point",
    "grad",
    "graph",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "nondifferentiable",
    "odeint",
    "primitive",
    "print_grad",
    "root",
    "rule",
    "scipy",
    "source",
    "sparse_jacobian",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "vmap",
]

if _os.environ.get("SRCGRAD_CHECK", "0") not in ("", "0"):
    from .check_calls import check_every_call as _check_every_call

    _check_every_call()
