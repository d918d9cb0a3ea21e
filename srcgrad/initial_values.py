"""Initial value problems as `scipy.integrate` has them: text that is read in place of a call.

The steps are SciPy's, of the same methods with the same coefficients and the same rule for how long they are, so that
values agree to rounding, and the derivative is that of all of it: of the steps, of how long they are, and of the
polynomials between them. `odeint` is solved by steps of our own, whose error is a part of SciPy's.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from .hints import stop_gradient
from .library.pages import RefusedError, known, page, part
from .odes import in_chosen_steps
from .scipy_common import plain

METHODS = ("RK45", "RK23", "DOP853")
ALLOWED = 1.49012e-8  # SciPy's usual tolerance of `odeint`
FINER = 1e-2  # than `odeint` of SciPy, whose steps are not these


@dataclass
class Solution:
    """What `solve_ivp` returns, without events, dense output and Jacobians; fields are items as well."""

    t: Any
    y: Any
    nfev: Any
    success: Any = True
    status: Any = 0
    message: Any = "The solver successfully reached the end of the integration interval."
    sol: Any = None
    t_events: Any = None
    y_events: Any = None
    njev: Any = 0
    nlu: Any = 0

    def __getitem__(self, name):
        return getattr(self, name)


@known
def coefficients(method, name):
    """Return the coefficients of a method by the name that SciPy gives them; the errors' are rows of one array."""
    solver = getattr(importlib.import_module("scipy.integrate"), method)
    if name == "E":
        return np.array([solver.E5, solver.E3] if method == "DOP853" else [solver.E])
    return np.array(getattr(solver, name), dtype=np.float64)


@known
def order_of(method):
    """Return the order of the estimate of the error."""
    return getattr(importlib.import_module("scipy.integrate"), method).error_estimator_order


@known
def is_dop853(method):
    """Return whether a method is that of order 8, which has two estimates and a polynomial of its own."""
    return method == "DOP853"


@known
def check_method(method):
    """Raise where SciPy's method is none of those here."""
    if method not in METHODS:
        name = method if isinstance(method, str) else getattr(method, "__name__", method)
        what = f"solve_ivp with method={name!r} is not supported"
        raise RefusedError(what, f"use one of {', '.join(METHODS)}, by its name")


@known
def check_axes(name, y0_axes, t_axes):
    """Raise where the values at the beginning, or the times, are no vector."""
    if y0_axes != 1 or t_axes != 1:
        raise RefusedError(f"{name}: the values have {y0_axes} axes and the times {t_axes}, not one each",
                           "pass vectors: [y0] for a number")  # fmt: skip


@part
def mean_size(x):
    """Return the root of the mean of squares."""
    total = np.sum(x * x)
    return np.sqrt(total / x.size) if total > 0.0 else total


@part
def slope_at(f, t, y, args):
    """Return dy/dt as an array like y."""
    slope = np.empty(y.size)
    slope[:] = f(t, y, *args)
    return slope


@part
def direction(t0, end):
    """Return 1.0 where time goes up, else -1.0."""
    return 1.0 if end > t0 else -1.0


@part
def stages(f, t, y, slope, h, method, args):
    """Return (y one step on, the slopes at the stages of a step and at its end), from the slope at its beginning."""
    A, B, C = coefficients(method, "A"), coefficients(method, "B"), coefficients(method, "C")
    slopes = np.empty((C.size + 1, y.size))
    slopes[0] = slope
    for s in range(1, C.size):
        slopes[s] = f(t + C[s] * h, y + h * (A[s, :s] @ slopes[:s]), *args)
    new = y + h * (B @ slopes[:-1])
    slopes[-1] = f(t + h, new, *args)
    return new, slopes


@part
def error_of(slopes, h, scale, method):
    """Return how large the error of a step is, next to what is allowed."""
    E = coefficients(method, "E")
    off = (E[0] @ slopes) / scale
    if not is_dop853(method):
        return mean_size(h * off)
    fifth, third = np.sum(off * off), np.sum(((E[1] @ slopes) / scale) ** 2)
    return abs(h) * fifth / np.sqrt((fifth + 0.01 * third) * scale.size) if fifth > 0.0 else fifth


@part
def first_width(f, t, y, slope, end, longest, order, args, rtol, atol):
    """Return how long the first step is tried: E. Hairer et al., Solving Ordinary Differential Equations I, II.4."""
    scale = atol + np.abs(y) * rtol
    size, speed = mean_size(y / scale), mean_size(slope / scale)
    h = 1e-6 if size < 1e-5 or speed < 1e-5 else 0.01 * size / speed
    h = min(h, abs(end - t))
    signed = h * direction(t, end)
    bend = mean_size((slope_at(f, t + signed, y + signed * slope, args) - slope) / scale) / h
    other = max(1e-6, h * 1e-3)
    if speed > 1e-15 or bend > 1e-15:
        other = (0.01 / max(speed, bend)) ** (1.0 / (order + 1))
    return min(100.0 * h, other, abs(end - t), longest)


@part
def begun(f, t0, end, y0, method, args, rtol, atol, longest, first):
    """Return (the slope at the beginning, how long the first step is tried, evaluations of f)."""
    slope = slope_at(f, t0, y0, args)
    if first > 0.0 or y0.size == 0 or not abs(end - t0) > 0.0:
        return slope, first, 1
    return slope, first_width(f, t0, y0, slope, end, longest, order_of(method), args, rtol, atol), 2


@part
def stepped(f, t, y, slope, h, end, method, args, rtol, atol, longest):
    """Return (time, y, slopes) at the end of a step that is exact enough, how long the next is tried, trials."""
    shortest = stop_gradient(10.0 * abs(np.nextafter(t, end) - t))
    sign = direction(t, end)
    exponent = -1.0 / (order_of(method) + 1)
    h = max(min(h, longest), shortest)
    trials = 0
    while True:
        if not h >= shortest:
            raise ValueError("solve_ivp: the steps become too short, or a number is nan")
        on = t + h * sign
        if sign * (on - end) > 0.0:
            on = end
        new, slopes = stages(f, t, y, slope, on - t, method, args)
        scale = atol + np.maximum(np.abs(y), np.abs(new)) * rtol
        error = error_of(slopes, on - t, scale, method)
        trials += 1
        h = abs(on - t)
        if error < 1.0:
            change = min(10.0, 0.9 * error**exponent) if error > 0.0 else 10.0
            return on, new, slopes, h * (change if trials == 1 else min(1.0, change)), trials
        h *= max(0.2, 0.9 * error**exponent)


@part
def inside(x, f, t, y, new, slopes, h, method, args):
    """Return y at a part x of a step, by the polynomial that the method has there."""
    if not is_dop853(method):
        P = coefficients(method, "P")
        weights = np.zeros(P.shape[0])
        for k in range(P.shape[1]):
            weights += P[:, k] * x ** (k + 1)
        return y + h * (weights @ slopes)
    A, C, D = coefficients(method, "A_EXTRA"), coefficients(method, "C_EXTRA"), coefficients(method, "D")
    every = np.zeros((D.shape[1], y.size))
    every[: slopes.shape[0]] = slopes
    for k in range(C.size):
        s = slopes.shape[0] + k
        every[s] = f(t + C[k] * h, y + h * (A[k, :s] @ every[:s]), *args)
    change = new - y
    rests = np.empty((3 + D.shape[0], y.size))
    rests[0] = change
    rests[1] = h * slopes[0] - change
    rests[2] = 2.0 * change - h * (slopes[-1] + slopes[0])
    rests[3:] = h * (D @ every)
    out = np.zeros(y.size)
    for k in range(rests.shape[0]):
        out = (out + rests[rests.shape[0] - 1 - k]) * (x if k % 2 == 0 else 1.0 - x)
    return y + out


@part
def at_times(f, t0, end, y0, times, method, args, rtol, atol, longest, first):
    """Return (y at times in the order of the steps, a row for each; evaluations of f)."""
    ys = np.empty((times.size, y0.size))
    slope, h, count = begun(f, t0, end, y0, method, args, rtol, atol, longest, first)
    t, y, done, sign = t0, y0.copy(), 0, direction(t0, end)
    while y.size and sign * (end - t) > 0.0:
        on, new, slopes, h, trials = stepped(f, t, y, slope, h, end, method, args, rtol, atol, longest)
        count += trials * coefficients(method, "C").size
        while done < times.size and sign * (times[done] - on) <= 0.0:
            ys[done] = inside((times[done] - t) / (on - t), f, t, y, new, slopes, on - t, method, args)
            done += 1
        t, y = on, new
        slope = slopes[-1].copy()
    ys[done:] = y
    return ys, count


@part
def at_steps(f, t0, end, y0, method, args, rtol, atol, longest, first):
    """Return (the times at which steps begin and end, y there, a row for each; evaluations of f)."""
    slope, h, count = begun(f, t0, end, y0, method, args, rtol, atol, longest, first)
    t, y, sign = t0, y0.copy(), direction(t0, end)
    times, ys = [t], [y]
    while y.size and sign * (end - t) > 0.0:
        t, y, slopes, h, trials = stepped(f, t, y, slope, h, end, method, args, rtol, atol, longest)
        count += trials * coefficients(method, "C").size
        slope = slopes[-1].copy()
        times.append(t)
        ys.append(y)
    return np.array(times), np.array(ys), count


@page("scipy.integrate.solve_ivp")
def solve_ivp(
    fun, t_span, y0, method="RK45", t_eval=None, dense_output=False, events=None, vectorized=False, args=None,
    rtol=1e-3, atol=1e-6, max_step=np.inf, first_step=None,
):  # fmt: skip
    """The solution of dy/dt = f(t, y) from y0: times `t`, and `y` with a column for each of them."""
    plain("solve_ivp", dense_output, events, vectorized)
    check_method(method)
    t0, end = t_span
    t0, end = float(t0), float(end)
    y0 = np.array(y0, dtype=np.float64)
    every = () if args is None else args
    first = 0.0 if first_step is None else first_step
    rtol = np.maximum(rtol, 100.0 * np.finfo(np.float64).eps)
    if t_eval is None:
        check_axes("solve_ivp", y0.ndim, 1)
        times, ys, count = at_steps(fun, t0, end, y0, method, every, rtol, atol, max_step, first)
        return Solution(times, ys.T, count)
    times = np.array(t_eval, dtype=np.float64)
    check_axes("solve_ivp", y0.ndim, times.ndim)
    for i in range(times.size):
        if times[i] < min(t0, end) or times[i] > max(t0, end):
            raise ValueError("Values in `t_eval` are not within `t_span`.")
        if i > 0 and not direction(t0, end) * (times[i] - times[i - 1]) > 0.0:
            raise ValueError("Values in `t_eval` are not properly sorted.")
    ys, count = at_times(fun, t0, end, y0, times, method, every, rtol, atol, max_step, first)
    return Solution(times, ys.T, count)


@page("scipy.integrate.odeint")
def odeint(
    func, y0, t, args=(), Dfun=None, col_deriv=0, full_output=0, ml=None, mu=None, rtol=None, atol=None, tcrit=None,
    h0=0.0, hmax=0.0, hmin=0.0, ixpr=0, mxstep=0, mxhnil=0, mxordn=12, mxords=5, printmessg=0, tfirst=False,
):  # fmt: skip
    """The values at the times t of the solution of dy/dt = func(y, t), by a method of order 5(4)."""
    plain("odeint", Dfun, full_output, ml, mu, tcrit, hmax)
    y0, times = np.atleast_1d(np.array(y0, dtype=np.float64)), np.array(t, dtype=np.float64)
    check_axes("odeint", y0.ndim, times.ndim)
    every = args if isinstance(args, tuple) else (args,)
    relative = FINER * (ALLOWED if rtol is None else rtol)
    absolute = FINER * (ALLOWED if atol is None else atol)

    def slope(y, t, *args):
        return func(t, y, *args) if tfirst else func(y, t, *args)

    return in_chosen_steps(slope, y0, times, every, max(relative, 2.5e-14), absolute, "all", 1)
