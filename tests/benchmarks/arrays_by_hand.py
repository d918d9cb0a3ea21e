"""Value and gradient of array kernels, a joint function each, as an expert writes them for numba.

Statements over one range stand in one loop; what is linear keeps no records; adjoints that live for one element are
scalars. That each kernel ends in a sum gives the constant that reverse begins with, and moves no work out of loops.
"""

import math

import numpy as np

from tests.benchmarks import adbench_by_hand as adbench
from tests.benchmarks.adbench_by_hand import expert


@expert
def jacobi_2d(TSTEPS, A, B):
    n, m = A.shape
    for t in range(1, TSTEPS):
        spread_2d(A, B)
        spread_2d(B, A)
    value = 0.0
    for i in range(n):
        for j in range(m):
            value += A[i, j] + B[i, j]
    A_bar = np.ones((n, m))
    B_bar = np.ones((n, m))
    if TSTEPS < 2:
        return value, (A_bar, B_bar)
    # adjoints inside, in frames of zeros that nothing comes from; those of the borders only grow
    inside_A = np.zeros((n, m))
    inside_B = np.zeros((n, m))
    inside_A[1:-1, 1:-1] = 1.0
    for t in range(1, TSTEPS):
        gathered_2d(inside_A, inside_B, B_bar)
        if t == 1:
            inside_B[1:-1, 1:-1] += 1.0
        gathered_2d(inside_B, inside_A, A_bar)
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            A_bar[i, j] = inside_A[i, j]
            B_bar[i, j] = 0.0
    return value, (A_bar, B_bar)


@expert
def spread_2d(A, B):
    """Means of A and four neighbours into B."""
    for i in range(1, A.shape[0] - 1):
        for j in range(1, A.shape[1] - 1):
            B[i, j] = 0.2 * (A[i, j] + A[i, j - 1] + A[i, j + 1] + A[i + 1, j] + A[i - 1, j])


@expert
def gathered_2d(into, out, border):
    """The adjoint of `spread_2d`: from that of its result to that of its argument, inside and at the border."""
    n, m = into.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            out[i, j] = 0.2 * (into[i, j] + into[i, j - 1] + into[i, j + 1] + into[i + 1, j] + into[i - 1, j])
    for j in range(1, m - 1):
        border[0, j] += 0.2 * into[1, j]
        border[n - 1, j] += 0.2 * into[n - 2, j]
    for i in range(1, n - 1):
        border[i, 0] += 0.2 * into[i, 1]
        border[i, m - 1] += 0.2 * into[i, m - 2]


@expert
def heat_3d(TSTEPS, A, B):
    n, m, l = A.shape
    for t in range(1, TSTEPS):
        spread_3d(A, B)
        spread_3d(B, A)
    value = 0.0
    for i in range(n):
        for j in range(m):
            for k in range(l):
                value += A[i, j, k]
    A_bar = np.ones((n, m, l))
    B_bar = np.zeros((n, m, l))
    if TSTEPS < 2:
        return value, (A_bar, B_bar)
    inside_A = np.zeros((n, m, l))
    inside_B = np.zeros((n, m, l))
    inside_A[1:-1, 1:-1, 1:-1] = 1.0
    for t in range(1, TSTEPS):
        gathered_3d(inside_A, inside_B, B_bar)
        gathered_3d(inside_B, inside_A, A_bar)
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            for k in range(1, l - 1):
                A_bar[i, j, k] = inside_A[i, j, k]
    return value, (A_bar, B_bar)


@expert
def spread_3d(A, B):
    for i in range(1, A.shape[0] - 1):
        for j in range(1, A.shape[1] - 1):
            for k in range(1, A.shape[2] - 1):
                B[i, j, k] = (
                    0.125 * (A[i + 1, j, k] - 2.0 * A[i, j, k] + A[i - 1, j, k])
                    + 0.125 * (A[i, j + 1, k] - 2.0 * A[i, j, k] + A[i, j - 1, k])
                    + 0.125 * (A[i, j, k + 1] - 2.0 * A[i, j, k] + A[i, j, k - 1])
                    + A[i, j, k]
                )


@expert
def gathered_3d(into, out, border):
    n, m, l = into.shape
    for i in range(1, n - 1):
        for j in range(1, m - 1):
            for k in range(1, l - 1):
                around = into[i + 1, j, k] + into[i - 1, j, k] + into[i, j + 1, k] + into[i, j - 1, k]
                out[i, j, k] = 0.25 * into[i, j, k] + 0.125 * (around + into[i, j, k + 1] + into[i, j, k - 1])
    for j in range(1, m - 1):
        for k in range(1, l - 1):
            border[0, j, k] += 0.125 * into[1, j, k]
            border[n - 1, j, k] += 0.125 * into[n - 2, j, k]
    for i in range(1, n - 1):
        for k in range(1, l - 1):
            border[i, 0, k] += 0.125 * into[i, 1, k]
            border[i, m - 1, k] += 0.125 * into[i, m - 2, k]
        for j in range(1, m - 1):
            border[i, j, 0] += 0.125 * into[i, j, 1]
            border[i, j, l - 1] += 0.125 * into[i, j, l - 2]


@expert
def seidel_2d(TSTEPS, A):
    n, m = A.shape
    known = np.empty(m)
    for t in range(TSTEPS - 1):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                above = A[i - 1, j - 1] + A[i - 1, j] + A[i - 1, j + 1]
                known[j] = A[i, j] + (above + A[i, j + 1] + A[i + 1, j - 1] + A[i + 1, j] + A[i + 1, j + 1])
            for j in range(1, m - 1):
                A[i, j] = (known[j] + A[i, j - 1]) / 9.0
    value = 0.0
    for i in range(n):
        for j in range(m):
            value += A[i, j]
    A_bar = np.ones((n, m))
    g = np.zeros(m)  # the adjoint of a row's sums, between zeros
    for t in range(TSTEPS - 1):
        for i in range(n - 2, 0, -1):
            after = 0.0
            for j in range(m - 2, 0, -1):
                after = (A_bar[i, j] + after) / 9.0
                g[j] = after
            A_bar[i, 0] += g[1]
            A_bar[i, m - 1] += g[m - 2]
            for j in range(1, m - 1):
                A_bar[i, j] = g[j] + g[j - 1]
            for j in range(1, m - 1):
                three = g[j - 1] + g[j] + g[j + 1]
                A_bar[i - 1, j] += three
                A_bar[i + 1, j] += three
            A_bar[i - 1, 0] += g[1]
            A_bar[i + 1, 0] += g[1]
            A_bar[i - 1, m - 1] += g[m - 2]
            A_bar[i + 1, m - 1] += g[m - 2]
    return value, (A_bar,)


@expert
def trisolv(L, x, b):
    n = x.shape[0]
    value = 0.0
    for i in range(n):
        x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]
        value += x[i]
    L_bar = np.zeros((n, n))
    b_bar = np.empty(n)
    x_bar = np.ones(n)
    for i in range(n - 1, -1, -1):
        t = x_bar[i] / L[i, i]
        b_bar[i] = t
        x_bar[i] = 0.0  # what x held before is overwritten
        for j in range(i + 1):
            L_bar[i, j] = -t * x[j]
        for j in range(i):
            x_bar[j] -= t * L[i, j]
    return value, (L_bar, x_bar, b_bar)


@expert
def durbin(r):
    n = r.size
    alphas = np.empty(n)
    betas = np.empty(n)
    rec = np.empty(n * (n - 1) // 2)  # y before step k, k numbers
    y = np.empty(n)
    alphas[0] = y[0] = -r[0]
    betas[0] = 1.0
    start = 0
    for k in range(1, n):
        before = rec[start : start + k]
        betas[k] = betas[k - 1] * (1.0 - alphas[k - 1] * alphas[k - 1])
        total = 0.0
        for j in range(k):
            before[j] = y[j]
            total += r[k - 1 - j] * y[j]
        alphas[k] = -(r[k] + total) / betas[k]
        for j in range(k):
            y[j] = before[j] + alphas[k] * before[k - 1 - j]
        y[k] = alphas[k]
        start += k
    value = 0.0
    for j in range(n):
        value += y[j]
    r_bar = np.zeros(n)
    y_bar = np.ones(n)
    new = np.empty(n)
    beta_bar = 0.0
    alpha_next = 0.0  # to alpha of the step before, through beta
    for k in range(n - 1, 0, -1):
        start -= k
        before = rec[start : start + k]
        alpha_bar = y_bar[k] + alpha_next
        for j in range(k):
            alpha_bar += y_bar[j] * before[k - 1 - j]
        t = alpha_bar / betas[k]
        beta_bar -= alphas[k] * t
        r_bar[k] -= t
        for j in range(k):
            new[j] = y_bar[j] + alphas[k] * y_bar[k - 1 - j] - t * r[k - 1 - j]
        for j in range(k):
            r_bar[j] -= t * before[k - 1 - j]
        y_bar, new = new, y_bar
        alpha_next = -2.0 * alphas[k - 1] * betas[k - 1] * beta_bar
        beta_bar *= 1.0 - alphas[k - 1] * alphas[k - 1]
    r_bar[0] -= y_bar[0] + alpha_next
    return value, (r_bar,)


@expert
def spmv(A_row, A_col, A_val, x):
    A_bar = np.empty(A_val.size)
    x_bar = np.zeros(x.size)
    value = 0.0
    for i in range(A_row.size - 1):
        total = 0.0
        for k in range(A_row[i], A_row[i + 1]):
            column = A_col[k]
            total += A_val[k] * x[column]
            A_bar[k] = x[column]
            x_bar[column] += A_val[k]
        value += total
    return value, (A_bar, x_bar)


@expert
def go_fast(a):
    n, m = a.shape
    a_bar = np.empty((n, m))
    trace = 0.0
    for i in range(n):
        t = math.tanh(a[i, i])
        trace += t
        a_bar[i, i] = n * m * (1.0 - t * t)
    value = 0.0
    for i in range(n):
        slope = a_bar[i, i]
        for j in range(m):
            value += a[i, j] + trace
            a_bar[i, j] = 1.0
        a_bar[i, i] += slope
    return value, (a_bar,)


@expert
def softmax_rows(x, x_bar):
    """The sum of the squares of each row's softmax; its gradient goes into x_bar."""
    value = 0.0
    for i in range(x.shape[0]):
        largest = x[i, 0]
        for j in range(1, x.shape[1]):
            largest = max(largest, x[i, j])
        total = 0.0
        for j in range(x.shape[1]):
            p = math.exp(x[i, j] - largest)
            x_bar[i, j] = p
            total += p
        inverse = 1.0 / total
        square = 0.0
        for j in range(x.shape[1]):
            p = x_bar[i, j] * inverse
            square += p * p
        value += square
        for j in range(x.shape[1]):
            p = x_bar[i, j] * inverse
            x_bar[i, j] = 2.0 * p * (p - square)
    return value


@expert
def softmax(x):
    x_bar = np.empty(x.shape)
    n = x.shape[-1]
    value = softmax_rows(x.reshape((-1, n)), x_bar.reshape((-1, n)))
    return value, (x_bar,)


@expert
def layer(x, w, b):
    """A layer with ReLU."""
    out = x @ w
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = max(out[i, j] + b[j], 0.0)
    return out


@expert
def through_relu(out, out_bar, b_bar):
    """The adjoint before the ReLU, in place, and that of the bias."""
    b_bar[:] = 0.0
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            g = out_bar[i, j] if out[i, j] > 0.0 else 0.0
            out_bar[i, j] = g
            b_bar[j] += g


@expert
def mlp(input, w1, b1, w2, b2, w3, b3):
    h1 = layer(input, w1, b1)
    h2 = layer(h1, w2, b2)
    z = h2 @ w3
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] += b3[j]
    z_bar = np.empty(z.shape)
    value = softmax_rows(z, z_bar)
    b3_bar = np.zeros(b3.size)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            b3_bar[j] += z_bar[i, j]
    w3_bar = h2.T @ z_bar
    h2_bar = z_bar @ w3.T
    b2_bar = np.empty(b2.size)
    through_relu(h2, h2_bar, b2_bar)
    w2_bar = h1.T @ h2_bar
    h1_bar = h2_bar @ w2.T
    b1_bar = np.empty(b1.size)
    through_relu(h1, h1_bar, b1_bar)
    return value, (h1_bar @ w1.T, input.T @ h1_bar, b1_bar, w2_bar, b2_bar, w3_bar, b3_bar)


@expert
def conv2d(input, weights, bias):
    N, H, W, C_in = input.shape
    K, C_out = weights.shape[0], weights.shape[3]
    input_bar = np.zeros(input.shape)
    weights_bar = np.zeros(weights.shape)
    bias_bar = np.zeros(C_out)
    pixel = np.empty(C_out)
    value = 0.0
    for image in range(N):
        for i in range(H - K + 1):
            for j in range(W - K + 1):
                for o in range(C_out):
                    pixel[o] = bias[o]
                    bias_bar[o] += 1.0
                for a in range(K):
                    for b in range(K):
                        for c in range(C_in):
                            x = input[image, i + a, j + b, c]
                            g = 0.0
                            for o in range(C_out):
                                pixel[o] += x * weights[a, b, c, o]
                                weights_bar[a, b, c, o] += x
                                g += weights[a, b, c, o]
                            input_bar[image, i + a, j + b, c] += g
                for o in range(C_out):
                    value += pixel[o]
    return value, (input_bar, weights_bar, bias_bar)


KERNELS = {
    f.__name__: f
    for f in (
        jacobi_2d, heat_3d, seidel_2d, trisolv, durbin, spmv, go_fast, softmax, mlp, conv2d,
        adbench.gmm_loops, adbench.gmm_arrays, adbench.adbench_lstm_loops, adbench.bundle_loops,
    )
} | {"adbench_lstm_arrays": adbench.adbench_lstm_loops, "bundle_arrays": adbench.bundle_loops}  # fmt: skip
