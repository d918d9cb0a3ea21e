"""Ordinary differential equations: methods of Runge and Kutta whose derivatives are those of the steps they took.

The functions here but `odeint` are text: they are read in place of a call of `odeint` and differentiated as any other,
so that reverse mode is the discrete adjoint. Of a method that chooses its steps the choice is made first, and has no
derivative; the steps are then taken again in a loop of known length, which checkpoints can cut.
"""

from __future__ import annotations

import functools

import numpy as np
from numba.extending import overload

from .api import Differentiable
from .generation.structured import direct, function_of
from .hints import checkpoint, stop_gradient
from .library.pages import RefusedError, known, part, reads_as

METHODS = ("dopri5", "rk4")
SCHEDULES = ("all", "sqrt", "binomial", "periodic")


@part
def rk4_step(f, y, t, h, args):
    """Return y(t + h) by the classical method of Runge and Kutta."""
    a = np.asarray(f(y, t, *args))
    b = np.asarray(f(y + 0.5 * h * a, t + 0.5 * h, *args))
    c = np.asarray(f(y + 0.5 * h * b, t + 0.5 * h, *args))
    d = np.asarray(f(y + h * c, t + h, *args))
    return y + h * (a + 2.0 * (b + c) + d) / 6.0


@part
def dopri5_stages(f, y, a, t, h, args):
    """Return the slopes at the third to sixth stage of Dormand and Prince's method; `a` is that at the first."""
    b = np.asarray(f(y + h * (a / 5.0), t + h / 5.0, *args))
    c = np.asarray(f(y + h * (3.0 / 40.0 * a + 9.0 / 40.0 * b), t + 0.3 * h, *args))
    d = np.asarray(f(y + h * (44.0 / 45.0 * a - 56.0 / 15.0 * b + 32.0 / 9.0 * c), t + 0.8 * h, *args))
    at_e = 19372.0 / 6561.0 * a - 25360.0 / 2187.0 * b + 64448.0 / 6561.0 * c - 212.0 / 729.0 * d
    e = np.asarray(f(y + h * at_e, t + 8.0 / 9.0 * h, *args))
    at_g = 9017.0 / 3168.0 * a - 355.0 / 33.0 * b + 46732.0 / 5247.0 * c + 49.0 / 176.0 * d - 5103.0 / 18656.0 * e
    g = np.asarray(f(y + h * at_g, t + h, *args))
    return c, d, e, g


@part
def dopri5_slope(a, c, d, e, g):
    """Return the mean slope of a step, of fifth order."""
    return 35.0 / 384.0 * a + 500.0 / 1113.0 * c + 125.0 / 192.0 * d - 2187.0 / 6784.0 * e + 11.0 / 84.0 * g


@part
def dopri5_step(f, y, t, h, args):
    """Return y(t + h) by the method of Dormand and Prince."""
    a = np.asarray(f(y, t, *args))
    c, d, e, g = dopri5_stages(f, y, a, t, h, args)
    return y + h * dopri5_slope(a, c, d, e, g)


@part
def chosen_steps(f, y0, t, args, rtol, atol):
    """Return (starts, widths, first): the steps between two times as parts of that span, from number first[i] on."""
    if rtol < 0.0 or atol < 0.0:
        raise ValueError("odeint: a tolerance is negative")
    starts, widths = [], []
    first = np.zeros(t.size, dtype=np.int64)
    if not y0.size:
        return np.array(starts), np.array(widths), first
    y = y0.copy()
    a = np.array(f(y, t[0], *args))
    scale = atol + rtol * np.abs(y)
    size, slope = np.sqrt(np.mean((y / scale) ** 2)), np.sqrt(np.mean((a / scale) ** 2))
    h = 1e-6 if size < 1e-5 or slope < 1e-5 else 0.01 * size / slope
    for i in range(t.size - 1):
        span = t[i + 1] - t[i]
        done = 0.0
        while done < 1.0:
            part = h / max(abs(span), 1e-300)
            if not done + part > done:  # nor where a number is none
                raise ValueError("odeint: the steps become too short, or a number is nan")
            last = done + part >= 1.0
            part = 1.0 - done if last else part
            c, d, e, g = dopri5_stages(f, y, a, t[i] + done * span, part * span, args)
            new = y + part * span * dopri5_slope(a, c, d, e, g)
            k = np.asarray(f(new, t[i] + (done + part) * span, *args))
            off = 71.0 / 57600.0 * a - 71.0 / 16695.0 * c + 71.0 / 1920.0 * d
            off = off - 17253.0 / 339200.0 * e + 22.0 / 525.0 * g - k / 40.0
            scale = atol + rtol * np.maximum(np.abs(y), np.abs(new))
            error = np.sqrt(np.mean((part * span * off / scale) ** 2))
            if error <= 1.0:
                starts.append(done)
                widths.append(part)
                done = 1.0 if last else done + part
                y[:] = new
                a[:] = k
            change = min(10.0, max(0.2, 0.9 * max(error, 1e-10) ** -0.2))
            # the last step of a span may be short: it says nothing of the next
            h = max(h, part * abs(span) * change) if last and error <= 1.0 else part * abs(span) * change
        first[i + 1] = len(starts)
    return np.array(starts), np.array(widths), first


@part
def in_fixed_steps(f, y0, t, args, steps, schedule, slots):
    """Return y at all times, by a number of steps between two of them."""
    if steps < 1:
        raise ValueError("odeint: less than one step between two times")
    ys = np.empty((t.size, y0.size))
    ys[0] = y0
    y = y0.copy()
    for i in range(t.size - 1):
        h = (t[i + 1] - t[i]) / steps
        for k in checkpoint(range(steps), schedule, every=slots, slots=slots):
            y = rk4_step(f, y, t[i] + k * h, h, args)
        ys[i + 1] = y
    return ys


@part
def in_chosen_steps(f, y0, t, args, rtol, atol, schedule, slots):
    """Return y at all times, by steps that keep the error of each below what is allowed."""
    fixed = stop_gradient(args)
    starts, widths, first = chosen_steps(f, stop_gradient(y0), stop_gradient(t), fixed, rtol, atol)
    # f may depend on more than its arguments
    starts, widths = stop_gradient(starts), stop_gradient(widths)
    ys = np.empty((t.size, y0.size))
    ys[0] = y0
    y = y0.copy()
    for i in range(t.size - 1):
        span = t[i + 1] - t[i]
        for k in checkpoint(range(first[i], first[i + 1]), schedule, every=slots, slots=slots):
            y = dopri5_step(f, y, t[i] + starts[k] * span, widths[k] * span, args)
        ys[i + 1] = y
    return ys


@known
def checked(y0_axes, t_axes, method, schedule):
    """Raise where arguments known when a call is read are not those of `odeint`."""
    if y0_axes != 1 or t_axes != 1:
        what = f"odeint: y0 has {y0_axes} axes and the times have {t_axes}, not one each"
        raise RefusedError(what, "pass arrays with one axis: np.array([y0]), y0.ravel()")
    if method not in METHODS:
        raise RefusedError(f"odeint has no method={method!r}", f"one of {', '.join(METHODS)}")
    if schedule not in SCHEDULES:
        raise RefusedError(f"odeint has no schedule={schedule!r}", f"one of {', '.join(SCHEDULES)}")


def text_of_odeint(f, y0, t, *args, method="dopri5", rtol=1e-6, atol=1e-8, steps=1, schedule="all", slots=20):
    """Return what `odeint` returns: read in its place."""
    y0, t = np.array(y0, dtype=np.float64), np.array(t, dtype=np.float64)
    checked(y0.ndim, t.ndim, method, schedule)
    if method == "rk4":
        return in_fixed_steps(f, y0, t, args, steps, schedule, slots)
    return in_chosen_steps(f, y0, t, args, rtol, atol, schedule, slots)


def _solver(f, options):
    method, rtol, atol, steps, schedule, slots = options

    def odeint(y0, t, args):
        return text_of_odeint(f, y0, t, *args, method=method, rtol=rtol, atol=atol, steps=steps, schedule=schedule,
                              slots=slots)  # fmt: skip

    return Differentiable(odeint)


def odeint(f, y0, t, *args, method="dopri5", rtol=1e-6, atol=1e-8, steps=1, schedule="all", slots=20):
    """Return y at the times t, where dy/dt = f(y, t, *args) and y(t[0]) = y0.

    Parameters
    ----------
    f : function
        `f(y, t, *args)` returns dy/dt, an array like y, or a list or tuple of its numbers.
    y0 : float64 array of shape (n,)
    t : float64 array of shape (m,)
        The times, in order, upward or downward; the first is that of y0.
    *args
        Numbers, arrays, and tuples of them.
    method : {"dopri5", "rk4"}
        Steps chosen by the method of Dormand and Prince, of order 5(4), or the classical method of order 4.
    rtol, atol : float
        Of "dopri5": the error of a step is held below `atol + rtol * abs(y)`, in the mean of squares.
    steps : int
        Of "rk4": how many steps lie between two times.
    schedule : {"all", "sqrt", "binomial", "periodic"}
        What reverse mode keeps of the steps between two times, as in `checkpoint`.
    slots : int
        For "binomial" the number of states kept, for "periodic" the number of steps between two.

    Returns
    -------
    float64 array of shape (m, n)

    Raises
    ------
    UnsupportedError
        If there is no such method or schedule, or an array has other axes.
    ValueError
        If the steps become too short, a number is nan, a tolerance is negative, or `steps` is less than one.

    Notes
    -----
    Derivatives, of any order and in both modes, by y0, t and args, are those of the steps that were taken (the discrete
    adjoint): to rounding those of the numbers returned, and as near to those of the solution as these are to it. How
    long a step is counts as constant. With "dopri5" the equation is solved twice, first for the steps. Inside njit and
    inside differentiated functions it is called as from Python, inside njit with the options left as they are.

    Examples
    --------
    >>> import numpy as np, srcgrad as sg
    >>> def decay(y, t, rate):
    ...     return -rate * y
    >>> def end(rate):
    ...     return sg.odeint(decay, np.array([1.0]), np.array([0.0, 2.0]), rate)[-1, 0]
    >>> value, slope = sg.value_and_grad(end)(0.5)
    >>> round(value, 5), round(slope, 5)
    (0.36788, -0.73576)
    """
    options = method, rtol, atol, steps, schedule, slots
    made = direct.get(f, f"odeint {options!r}", functools.partial(_solver, options=options))
    try:
        return made(np.asarray(y0), np.asarray(t), args)
    except ValueError as e:
        what, ours, _ = str(e).partition(f": {text_of_odeint.__name__}(")  # a line that the caller did not write
        raise (ValueError(what) if ours else e) from None


reads_as(odeint, text_of_odeint)


@overload(odeint, strict=False)
def _odeint(f, y0, t, *args):
    function = function_of(f)
    if function is None:
        return None
    made = direct.get(function, "odeint", lambda f: _solver(f, ("dopri5", 1e-6, 1e-8, 1, "all", 20)))
    return lambda f, y0, t, *args: made(y0, t, args)
