"""Array functions written in the language itself, a page each: reading a call of one reads its page in place.

A page is an ordinary function of Python and NumPy that gives what its NumPy namesake gives. It needs no rule: its
derivatives, of any order and in any mode, are those of the text on the page. Numbers of axes, options and lengths of
tuples are known when a page is read, so that tests on them are no branches of the generated code.
"""

from . import (
    assembly,
    axes,
    choice,
    complex_numbers,
    construction,
    distributions,
    fourier,
    further_distributions,
    linear_algebra,
    numbers,
    numeric,
    order,
    polynomials,
    products,
    quadrature,
    scans,
    scipy_linalg,
    scipy_signal,
    scipy_statistics,
    scipy_systems,
    sets,
    special,
    statistics,
    tables,
    ufuncs,
    windows,
)  # fmt: skip
from .pages import CASES, KNOWN, METHODS, OTHERWISE, PAGES, RefusedError, by_name, is_ours, page_of

__all__ = [
    "CASES", "KNOWN", "METHODS", "OTHERWISE", "PAGES", "RefusedError", "assembly", "axes", "by_name", "choice",
    "complex_numbers", "construction", "distributions", "fourier", "further_distributions", "is_ours",
    "linear_algebra", "numbers", "numeric", "order", "page_of", "polynomials", "products", "quadrature", "scans",
    "scipy_linalg", "scipy_signal", "scipy_statistics", "scipy_systems", "sets", "special", "statistics", "tables",
    "ufuncs", "windows",
]  # fmt: skip
