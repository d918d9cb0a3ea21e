"""srcgrad: the derivative of numeric Python as readable source, compiled by numba."""

from . import scipy
from .api import Differentiable, Source, clear_cache, differentiable, grad, source, value_and_grad
from .check import check_grads
from .errors import (
    ArgumentError,
    KindError,
    PitfallWarning,
    SourceNotFoundError,
    SrcgradError,
    UnknownFunctionError,
    UnsupportedError,
)
from .hints import Nondifferentiable, checkpoint, nondifferentiable, print_grad, stop_gradient
from .jacobian import hessian, jacfwd, jacobian, jacrev
from .jvp import hvp, jvp
from .look import explain, graph
from .pullback import vjp
from .sparse import SparsityError, sparse_jacobian
from .vmap import vmap

__version__ = "0.1.0"

__all__ = [
    "ArgumentError",
    "Differentiable",
    "KindError",
    "Nondifferentiable",
    "PitfallWarning",
    "Source",
    "SourceNotFoundError",
    "SparsityError",
    "SrcgradError",
    "UnknownFunctionError",
    "UnsupportedError",
    "check_grads",
    "checkpoint",
    "clear_cache",
    "differentiable",
    "explain",
    "grad",
    "graph",
    "hessian",
    "hvp",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "nondifferentiable",
    "print_grad",
    "scipy",
    "source",
    "sparse_jacobian",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "vmap",
]
