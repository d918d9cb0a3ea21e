"""Array functions written in the language itself, a page each: reading a call of one reads its page in place.

A page is an ordinary function of Python and NumPy that gives what its NumPy namesake gives. It needs no rule: its
derivatives, of any order and in any mode, are those of the text on the page. Numbers of axes, options and lengths of
tuples are known when a page is read, so that tests on them are no branches of the generated code.
"""

from . import assembly, numbers, scans, special, ufuncs
from .pages import METHODS, PAGES, is_ours, page_of

__all__ = ["METHODS", "PAGES", "assembly", "is_ours", "numbers", "page_of", "scans", "special", "ufuncs"]
