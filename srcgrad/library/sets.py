"""Arrays as sets of their elements, in ascending order; the derivative goes to the first of equal ones."""

from __future__ import annotations

import numpy as np

from .axes import known_option, refuse
from .pages import page


@page(np.unique_values, cases=("I(6)", "A(2, 2)"))
def unique_values(x):
    """The different elements."""
    return np.unique(np.asarray(x))


@page(np.union1d, cases=("A(3), A(2)", "I(4), I(3)"))
def union1d(ar1, ar2):
    """The elements of the one or the other."""
    return np.unique(np.concatenate((np.ravel(np.asarray(ar1)), np.ravel(np.asarray(ar2)))))


@page(np.intersect1d, cases=("A(3), A(2)", "I(5), I(4)"))
def intersect1d(ar1, ar2, assume_unique=False, return_indices=False):
    """The elements of both."""
    if return_indices:
        refuse("np.intersect1d with return_indices is not supported", "use np.unique and np.isin")
    found = np.unique(np.asarray(ar1))
    return found[np.isin(found, ar2)]


@page(np.setdiff1d, cases=("A(3), A(2)", "I(5), I(4)"))
def setdiff1d(ar1, ar2, assume_unique=False):
    """The elements of the first that are not in the second."""
    found = np.ravel(np.asarray(ar1)) if known_option(assume_unique) else np.unique(np.asarray(ar1))
    return found[~np.isin(found, ar2)]


@page(np.setxor1d, cases=("A(3), A(2)", "I(5), I(4)"))
def setxor1d(ar1, ar2, assume_unique=False):
    """The elements of one of them only."""
    found = np.union1d(ar1, ar2)
    return found[np.isin(found, ar1) != np.isin(found, ar2)]
