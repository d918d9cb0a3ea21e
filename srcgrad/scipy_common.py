"""What SciPy's functions of functions have in common: a function with further arguments, and options."""

from __future__ import annotations

from .library.pages import RefusedError, known, part
from .parsing.makers import with_surroundings


@known
def plain(name, *options):
    """Raise where an option is given that a function does not have here."""
    if any(option not in (None, 0, False) for option in options):
        raise RefusedError(f"this option of {name} is not supported", "leave it out")


@part
def with_all(f, args):
    """Return a function that could stand outside, and all that it takes beside its first argument."""
    function, around = with_surroundings(f)
    given = args if isinstance(args, tuple) else (args,)
    return function, (*given, *around)
