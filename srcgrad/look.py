"""The public functions that look at a function: graph and explain. What they need is imported when they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .draw.graph import Graph
    from .explanation.evaluation import Explanation


def graph(f, /, *args, **kwargs) -> Graph:
    """Return the computation graph of `f`: operations as nodes, values on the edges.

    Parameters
    ----------
    f : function
        A plain function, lambda, njit function, or what `differentiable` or `grad` returned.
    *args, **kwargs
        Example arguments. With them the graph is evaluated: forward, and backward where the result is one float, so
        that every edge shows its value and the local, upstream and downstream gradients.

    Returns
    -------
    Graph
        `forward(...)` and `backward()` evaluate it; `to_svg`, `to_dot`, `to_mermaid`, `to_networkx` and `print` show
        it, and so does Jupyter.

    Raises
    ------
    UnsupportedError
        If `f` uses something outside the language; with every line.

    Notes
    -----
    Every operation is a gate of its own, whose derivative is made as that of a function is and run as plain Python; the
    gradient of a value is the sum over the gates that use it. Every value is kept: for looking, not for speed. Where a
    local gradient is infinite the product can be NaN; the derivative that `grad` generates sees a whole statement.

    Examples
    --------
    >>> import srcgrad as sg
    >>> def gate(x, y, z):
    ...     return (x + y) * max(y, z)
    >>> g = sg.graph(gate)
    >>> g.forward(1.0, 2.0, 0.0), g.backward()
    (6.0, (2.0, 5.0, 0.0))
    """
    from .draw.graph import graph as drawn

    return drawn(f, args, kwargs)


def explain(f, /, *args, argnums=None, **kwargs) -> Explanation:
    """Return what the derivative of `f` does with each line, and what happened in one evaluation of it.

    Parameters
    ----------
    f : function
        Returns one float.
    *args
        Its arguments.
    argnums : int, str or tuple of these, optional
        The arguments to differentiate by; by default all floats and arrays of floats.
    **kwargs
        Arguments given by name.

    Returns
    -------
    Explanation
        For each line: whether it is active, in what it is linear, what is kept for the way back or computed again, why,
        and how many bytes that took; how the norms of adjoints grow from trip to trip of loops; the lines where inf and
        nan were born, forward and backward.

    Raises
    ------
    UnsupportedError, ArgumentError
        As `grad` does.

    Notes
    -----
    What is said of lines is what the passes decided for the source that `grad` generates. That source runs once more as
    plain Python, with calls between its statements, so choose arguments with which that does not take long. Statements
    inside functions that stay calls (see `limitations`) are not watched.

    Examples
    --------
    >>> import numpy as np
    >>> import srcgrad as sg
    >>> def root(x):
    ...     y = x - 1.0
    ...     return np.sqrt(y) * np.log(y)
    >>> born = sg.explain(root, 1.0).births[0]
    >>> born.section, born.loc.text.strip(), born.reads
    ('forward', 'return np.sqrt(y) * np.log(y)', (('y', 0.0),))
    """
    from .explanation.evaluation import explain as explained

    return explained(f, args, argnums, kwargs)
