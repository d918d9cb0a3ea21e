"""SciPy's optimisers for functions of structured parameters, with all the derivatives that a method takes.

SciPy does the optimisation: what is added here are derivatives, and the way from structures to vectors and back.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import tree
from .api import Differentiable, value_and_grad
from .errors import ArgumentError, Problem
from .flat import Layout, flatten, layout_of
from .jacobian import hessian, jacobian
from .jvp import hvp
from .sparse import sparse_jacobian

WITHOUT_DERIVATIVES = frozenset(("nelder-mead", "powell", "cobyla", "cobyqa"))
PRODUCTS = frozenset(("newton-cg", "trust-ncg", "trust-krylov", "trust-constr"))
DENSE = frozenset(("dogleg", "trust-exact"))
WITH_JACOBIAN = frozenset(("hybr", "lm"))


class Function:
    """A function of structured parameters as one of a vector.

    Attributes
    ----------
    x0 : float64 array of shape (n,)
        The parameters given, as a vector.
    layout : Layout
        Where each parameter stands in a vector.
    """

    def __init__(self, f, x0, args=()):
        self.f = f
        self.args = args if isinstance(args, tuple) else (args,)
        start = _started(x0)
        self.layout: Layout = layout_of(start)
        self.x0 = np.array(self.layout.flatten(start), dtype=float)
        self._value = f if isinstance(f, Differentiable) else Differentiable(f)

    def unflatten(self, x: np.ndarray):
        """Return the parameters that a vector stands for."""
        return self.layout.unflatten(x)


class Objective(Function):
    """A function that returns one number, with its derivatives by a vector: what SciPy's minimisers take.

    Parameters
    ----------
    f : function
        Takes the parameters and `args`; returns one float.
    x0 : float, array, or tuple, namedtuple, dataclass, list or dict of these
        The parameters to start from; a list of numbers is an array, as in SciPy.
    args : tuple
        Further arguments of `f`.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> from scipy import optimize
    >>> p = sg.scipy.Objective(lambda p: (p["a"] - 1.0) ** 2 + np.sum(p["b"] ** 2), {"a": 0.0, "b": np.ones(2)})
    >>> found = optimize.basinhopping(p.value_and_grad, p.x0, niter=1, minimizer_kwargs={"jac": True})
    >>> round(p.unflatten(found.x)["a"], 6)
    1.0
    """

    def fun(self, x: np.ndarray) -> float:
        """Return the value."""
        return self._value(self.unflatten(x), *self.args)

    def value_and_grad(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the value and the gradient, a vector: with `jac=True` what `scipy.optimize.minimize` takes."""
        value, gradient = self._value_and_grad(self.unflatten(x), *self.args)
        return value, self.layout.flatten(gradient).astype(float, copy=False)

    def hess(self, x: np.ndarray) -> np.ndarray:
        """Return the Hessian, a matrix of shape (n, n)."""
        found = self._hessian(self.unflatten(x), *self.args)
        return np.vstack([self.layout.matrix(row) for row in _each(found, len(self.layout.templates))])

    def hessp(self, x: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Return the product of the Hessian with a vector."""
        nothing = (None,) * len(self.args)
        primals, tangents = (self.unflatten(x), *self.args), (self.unflatten(p), *nothing)
        return self.layout.flatten(self._hvp(primals, tangents)).astype(float, copy=False)

    @functools.cached_property
    def _value_and_grad(self):
        return value_and_grad(self.f)

    @functools.cached_property
    def _hessian(self):
        return hessian(self.f)

    @functools.cached_property
    def _hvp(self):
        return hvp(self.f)


class Residual(Function):
    """A function that returns numbers and arrays, as a vector, with its Jacobian: what `least_squares` and `root` take.

    Parameters
    ----------
    f : function
        Takes the parameters and `args`; returns floats and arrays of them, in any structure.
    x0, args
        As for `Objective`.
    sparsity : SciPy sparse array or array of shape (m, n), optional
        Where the Jacobian has entries.
    """

    def __init__(self, f, x0, args=(), sparsity=None):
        super().__init__(f, x0, args)
        self.sparsity = sparsity

    def fun(self, x: np.ndarray) -> np.ndarray:
        """Return the value, a vector of shape (m,)."""
        found = self._value(self.unflatten(x), *self.args)
        return layout_of(found, "the result").flatten(found)

    def jac(self, x: np.ndarray) -> np.ndarray:
        """Return the Jacobian, a matrix of shape (m, n)."""
        found = self._jacobian(self.unflatten(x), *self.args)
        return np.vstack([self.layout.matrix(rows) for rows in _each(found, len(self.layout.templates))])

    def sparse_jac(self, x: np.ndarray):
        """Return the Jacobian, a SciPy sparse array of shape (m, n)."""
        return self._sparse_jacobian(self.unflatten(x), *self.args)

    def weighted_hess(self, x: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the sum of the Hessians of all entries, each times its weight, a matrix of shape (n, n)."""
        found = self._hessian(self.unflatten(x), *self.args)
        count = len(self.layout.templates)
        total, at = np.zeros((x.size, x.size)), 0
        for entries in _each(found, count**2):
            blocks = [self.layout.matrix(entries[k : k + count]).reshape(-1, n, x.size)
                      for k, n in zip(range(0, count**2, count), self.layout.sizes, strict=True)]  # fmt: skip
            whole = np.concatenate(blocks, axis=1)
            total += np.tensordot(weights[at : at + whole.shape[0]], whole, axes=1)
            at += whole.shape[0]
        return total

    @functools.cached_property
    def _jacobian(self):
        return jacobian(self.f)

    @functools.cached_property
    def _sparse_jacobian(self):
        return sparse_jacobian(self.f, sparsity=self.sparsity)

    @functools.cached_property
    def _hessian(self):
        return hessian(self.f)


def _each(value, count: int) -> Iterator[list[Any]]:
    """Yield the leaves of a structured value, so many at a time."""
    leaves = list(tree.leaves(tree.structure_of(value), value))
    yield from (leaves[k : k + count] for k in range(0, len(leaves), count))


def _started(x0):
    """Return the parameters to start from; a list of numbers, and integers alone, as SciPy reads them."""
    if isinstance(x0, list) and all(np.ndim(item) == 0 and not isinstance(item, dict | str) for item in x0):
        x0 = np.asarray(x0)
    whole = tree.structure_of(x0) == tree.LEAF and np.asarray(x0).dtype.kind in "iu"
    return (np.asarray(x0, dtype=float) if np.ndim(x0) else float(x0)) if whole else x0


# ---- bounds and constraints


def bounds_of(bounds, layout: Layout, columns: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return (least, largest) values of every parameter, as vectors.

    Parameters
    ----------
    bounds : Bounds, pair, sequence of pairs, or a structure of these, or None
        In place of each number or array a pair (least, largest) of numbers, for all its entries, or a
        `scipy.optimize.Bounds`, whose parts may be arrays; None is no bound. Keys of dicts may be left out. Parameters
        that are one array may have a pair for each entry or, with `columns`, a pair of arrays.
    """
    low, high = np.full(layout.size, -np.inf), np.full(layout.size, np.inf)
    at = 0
    for path, given, template in _bounds_by_leaf(bounds, layout):
        size = int(np.size(template))
        if given is not None:
            least, largest = _pair(path, given, columns, np.ndim(template))
            low[at : at + size] = _spread(path, least, -np.inf, np.shape(template))
            high[at : at + size] = _spread(path, largest, np.inf, np.shape(template))
        at += size
    return low, high


def _bounds_by_leaf(bounds, layout: Layout):
    """Yield (path, bounds given, template) for each leaf of the parameters."""
    paths = tree.leaf_paths(layout.structure, "bounds")
    yield from zip(paths, _matched("bounds", bounds, layout.structure), layout.templates, strict=True)


def _matched(path: str, bounds, structure: tree.Structure):
    """Yield what stands in a structure of bounds in the place of each leaf; None where nothing does."""
    if isinstance(structure, tree.Leaf):
        yield bounds
    elif isinstance(structure, tree.Node):
        found = _parts(path, bounds, structure)
        for key, child in zip(structure.keys, structure.children, strict=True):
            yield from _matched(tree.part_path(structure, path, key), found.get(key), child)


def _parts(path: str, bounds, structure: tree.Node) -> dict:
    """Return what bounds of a structure say of its parts, by key."""
    if bounds is None:
        return {}
    if structure.kind == "dict" and isinstance(bounds, dict) and set(bounds) <= set(structure.keys):
        return bounds
    own = tree.structure_of(bounds)
    if isinstance(own, tree.Node) and own.kind == structure.kind != "dict" and own.keys == structure.keys:
        items = [getattr(bounds, k) for k in own.keys] if own.kind == "dataclass" else bounds
        return dict(zip(own.keys, items, strict=True))
    what = f"{path} does not have the structure of x0, a {structure.kind} of {', '.join(map(str, structure.keys))}"
    raise ArgumentError(Problem(what, "give a pair (least, largest) in the place of each number or array"))


def _pair(path: str, given, columns: bool, rank: int) -> tuple[Any, Any]:
    """Return (least, largest) values of a leaf: numbers, arrays or None."""
    if hasattr(given, "lb") and hasattr(given, "ub"):
        return given.lb, given.ub
    items = list(given) if isinstance(given, tuple | list | np.ndarray) else []
    if len(items) == 2 and (columns or all(b is None or np.ndim(b) == 0 for b in items)):
        return items[0], items[1]
    if not columns and rank == 1 and items and all(np.shape(b) == (2,) for b in items):
        low, high = zip(*items, strict=True)
        return [_or(b, -np.inf) for b in low], [_or(b, np.inf) for b in high]
    what, way = f"{path} is {given!r}, not a pair (least, largest)", "write (least, largest), of arrays Bounds(...)"
    raise ArgumentError(Problem(what, way))


def _or(bound, missing: float):
    return missing if bound is None else bound


def _spread(path: str, bound, missing: float, shape: tuple[int, ...]) -> np.ndarray:
    """Return a bound for each entry of a leaf."""
    try:
        given = np.asarray(_or(bound, missing), dtype=float)
        return np.broadcast_to(given.reshape(()) if given.size == 1 else given, shape).ravel()
    except ValueError:
        what = f"{path} does not have the shape {shape} of its parameter"
        raise ArgumentError(Problem(what, "give numbers, or arrays of this shape")) from None


def _constrained(constraints, problem: Objective):
    """Return SciPy's constraints with functions of a vector and their derivatives."""
    from scipy.optimize import NonlinearConstraint

    several = isinstance(constraints, list | tuple)
    out: list[Any] = []
    for c in constraints if several else (constraints,):
        given = c.get("jac") if isinstance(c, dict) else getattr(c, "jac", None)
        if callable(given) or callable(getattr(c, "hess", None)):
            raise ArgumentError(Problem("a constraint has derivatives of its own", "leave out its jac and hess"))
        start = problem.unflatten(problem.x0)
        if isinstance(c, NonlinearConstraint):
            r = Residual(c.fun, start)
            out.append(NonlinearConstraint(r.fun, c.lb, c.ub, r.jac, r.weighted_hess, c.keep_feasible))
        elif isinstance(c, dict):
            r = Residual(c["fun"], start, c.get("args", ()))
            out.append({"type": c["type"], "fun": r.fun, "jac": r.jac})
        else:
            out.append(c)
    return out if several else out[0]


# ---- the optimisers


def minimize(f, x0, args=(), method=None, *, hess=None, bounds=None, constraints=(), tol=None, callback=None,
             options=None):  # fmt: skip
    """Return SciPy's `OptimizeResult` of minimising `f`, with the derivatives that the method takes.

    Parameters
    ----------
    f : function
        Takes the parameters and `args`; returns one float.
    x0 : float, array, or tuple, namedtuple, dataclass, list or dict of these, nested
        The parameters to start from, floats; a list of numbers is an array, as in SciPy.
    args : tuple
        Further arguments of `f`, of any kind: what is held constant.
    method, tol, options
        As for `scipy.optimize.minimize`.
    hess : {None, "dense", "product"} or HessianUpdateStrategy
        How Newton's methods get second derivatives: as a matrix (`hessian`), or as products with vectors (`hvp`); by
        default the products where the method takes them.
    bounds : Bounds, or in the structure of x0 a pair (least, largest) or a Bounds for each number or array, or None
        None is no bound; keys of dicts may be left out. One array may have a sequence of pairs, as in SciPy.
    constraints : constraint, or list of constraints
        SciPy's; functions in them take the parameters in their structure, and get their derivatives here.
    callback : function, optional
        As SciPy's; it sees the parameters in their structure.

    Returns
    -------
    scipy.optimize.OptimizeResult
        `x` and the gradient `jac` in the structure of x0; matrices in the order of `flatten(x0)`.

    Raises
    ------
    ArgumentError
        If a parameter is no float, bounds do not fit x0, or `f` does not return one float.

    Notes
    -----
    Gradients cost one to three evaluations of `f`, products with the Hessian two to three gradients, whatever the
    number of parameters; nothing is differenced. Nelder-Mead, Powell, COBYLA and COBYQA take no derivatives.

    Examples
    --------
    >>> import srcgrad as sg
    >>> def rosenbrock(p):
    ...     return (1.0 - p["x"]) ** 2 + 100.0 * (p["y"] - p["x"] ** 2) ** 2
    >>> found = sg.scipy.minimize(rosenbrock, {"x": -1.0, "y": 2.0}, method="trust-ncg")
    >>> round(found.x["x"], 5), round(found.x["y"], 5)
    (1.0, 1.0)
    """
    from scipy import optimize

    problem, by_name = Objective(f, x0, args), str(method).lower()
    given = {"method": method, "tol": tol, "options": options, **_second(hess, by_name, problem)}
    given["constraints"] = _constrained(constraints, problem) if constraints else ()
    given["callback"] = None if callback is None else _in_structure(callback, problem)
    if bounds is not None:
        given["bounds"] = optimize.Bounds(*bounds_of(bounds, problem.layout), getattr(bounds, "keep_feasible", False))
    plain = by_name in WITHOUT_DERIVATIVES
    first = problem.fun if plain else problem.value_and_grad
    found = optimize.minimize(first, problem.x0, jac=None if plain else True, **given)
    return _structured(found, problem, ("x", "jac"))


def _second(hess, method: str, problem: Objective) -> dict[str, Any]:
    """Return what a method is given of second derivatives."""
    if hess is None:
        hess = "product" if method in PRODUCTS else "dense" if method in DENSE else None
    if isinstance(hess, str):
        if hess not in ("dense", "product"):
            raise ArgumentError(Problem(f"hess={hess!r}", 'write "dense", "product" or a HessianUpdateStrategy'))
        if method not in PRODUCTS | DENSE or hess == "product" and method in DENSE:
            raise ArgumentError(Problem(f"method={method!r} does not take hess={hess!r}", "leave it out"))
        return {"hess": problem.hess} if hess == "dense" else {"hessp": problem.hessp}
    return {} if hess is None else {"hess": hess}


def _in_structure(callback: Callable, problem: Function) -> Callable:
    """Return a callback of SciPy's that shows one of the user's the parameters in their structure."""
    from scipy.optimize import OptimizeResult

    if "intermediate_result" in inspect.signature(callback).parameters:

        def seen(intermediate_result):
            x = problem.unflatten(np.array(intermediate_result.x))
            return callback(intermediate_result=OptimizeResult({**intermediate_result, "x": x}))

        return seen
    return lambda x, *state: callback(problem.unflatten(np.array(x)), *state)


def _structured(found, problem: Function, names: tuple[str, ...]):
    """Return SciPy's result with some of its vectors in the structure of the parameters."""
    for name in names:
        if np.shape(found.get(name)) == problem.x0.shape:
            found[name] = problem.unflatten(np.asarray(found[name]))
    return found


def least_squares(f, x0, args=(), *, bounds=None, sparse=False, jac_sparsity=None, callback=None, **options):
    """Return SciPy's `OptimizeResult` of minimising half the sum of the squares of what `f` returns.

    Parameters
    ----------
    f : function
        Takes the parameters and `args`; returns residuals: floats and arrays of them, in any structure.
    x0, args
        As for `minimize`.
    bounds : Bounds, or in the structure of x0 a pair (least, largest) or a Bounds for each number or array, or None
        As for `minimize`; here one array may have a pair of arrays, as in SciPy.
    sparse : bool
        Whether the Jacobian is a sparse array (`sparse_jacobian`).
    jac_sparsity : SciPy sparse array or array of shape (m, n), optional
        Where it has entries, if that is known: implies `sparse`.
    **options
        As for `scipy.optimize.least_squares`: `method`, `ftol`, `xtol`, `gtol`, `x_scale`, `loss`, `f_scale`, ...

    Returns
    -------
    scipy.optimize.OptimizeResult
        `x`, the gradient `grad` and `active_mask` (as floats) in the structure of x0; `fun` is a vector, `jac` a matrix
        by parameters in the order of `flatten(x0)`.

    Raises
    ------
    ArgumentError
        If a parameter or a residual is no float, or bounds do not fit x0.

    Notes
    -----
    A dense Jacobian is that of `jacobian`: forward mode, 16 parameters at once, or reverse mode.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> t = np.linspace(0.0, 1.0, 5)
    >>> def residual(p, t, y):
    ...     return p["a"] * np.exp(-p["k"] * t) - y
    >>> found = sg.scipy.least_squares(residual, {"a": 1.0, "k": 1.0}, (t, 3.0 * np.exp(-2.0 * t)))
    >>> round(found.x["a"], 6), round(found.x["k"], 6)
    (3.0, 2.0)
    """
    from scipy import optimize

    problem = Residual(f, x0, args, jac_sparsity)
    given = dict(options)
    if bounds is not None:
        given["bounds"] = bounds_of(bounds, problem.layout, columns=True)
    if callback is not None:
        given["callback"] = _in_structure(callback, problem)
    jac = problem.sparse_jac if sparse or jac_sparsity is not None else problem.jac
    found = optimize.least_squares(problem.fun, problem.x0, jac=jac, **given)
    return _structured(found, problem, ("x", "grad", "active_mask"))


def root(f, x0, args=(), method="hybr", *, tol=None, callback=None, options=None):
    """Return SciPy's `OptimizeResult` of finding where all that `f` returns is zero.

    Parameters
    ----------
    f : function
        Takes the parameters and `args`; returns as many floats as there are parameters, in any structure.
    x0, args
        As for `minimize`.
    method, tol, callback, options
        As for `scipy.optimize.root`. The methods "hybr" and "lm" take the Jacobian, the others none.

    Returns
    -------
    scipy.optimize.OptimizeResult
        `x` in the structure of x0; `fun` is a vector.

    Raises
    ------
    ArgumentError
        If a parameter or a value is no float.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> found = sg.scipy.root(lambda p: (p["x"] ** 2 - p["y"], p["y"] - 4.0), {"x": 1.0, "y": 1.0})
    >>> round(found.x["x"], 6)
    2.0
    """
    from scipy import optimize

    problem = Residual(f, x0, args)
    jac = problem.jac if method in WITH_JACOBIAN else None
    if callback is not None:
        shown = _in_structure(callback, problem)
        callback = lambda x, fun: shown(x, fun)  # noqa: E731  of two arguments, as SciPy asks
    found = optimize.root(problem.fun, problem.x0, method=method, jac=jac, tol=tol, callback=callback, options=options)
    return _structured(found, problem, ("x",))


__all__ = ["Objective", "Residual", "flatten", "least_squares", "minimize", "root"]
