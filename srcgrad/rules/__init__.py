"""Tables: which functions are known, how they are spelled, their partial derivatives."""

from . import arrays, draws, elementwise, externals, linalg

__all__ = ["arrays", "draws", "elementwise", "externals", "linalg"]
