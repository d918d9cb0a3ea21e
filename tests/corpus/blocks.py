"""Arrays in blocks: slices between minima and maxima of counters and sizes, which end where the array does."""

import numpy as np

from tests.corpus.case import Case, sample


def upward(x, w):
    s = 0.0
    n = len(x)
    for begin in range(0, n, 3):
        end = min(begin + 3, n)
        s += np.sum(x[begin:end] * w[begin:end]) ** 2
    return s


def downward(x, w):
    s = 0.0
    for end in range(len(x), 0, -3):
        begin = max(end - 3, 0)
        s += np.prod(2.0 * x[begin:end]) + np.sum(w[:begin] * x[:begin])
    return s


def beyond_the_end(x, w):
    s = 0.0
    for begin in range(0, 2 * len(x), 2):
        end = max(begin - 1, 1)
        s += np.sum(x[begin : end + 3]) * np.sum(w[end:])
        for k in range(begin):
            s += 0.1 * np.sum(x[k:begin] ** 2)
    return s


def of_two_counters(x, w):
    s = 0.0
    n = len(x)
    for a in range(n - 1, -1, -1):
        for b in range(a, n, 2):
            low, high = min(a, b - 1), max(a, b + 1)
            s += np.sum(x[low:high] * w[a]) + x[low] * w[min(high, n - 1)]
    return s


def written_blocks(x, w):
    end = len(x)
    while end > 0:
        begin = max(end - 2, 0)
        least = min(begin, 3)
        x[begin:end] = x[begin:end] * w[least] + np.sum(x[:least])
        end = begin
    return np.sum(x**3)


def bound_anew(x, w):
    s = 0.0
    for i in range(3):
        k = min(i, 2)
        if i == 1:
            k = min(k, 0)
        s += np.sum(x[k : i + 5]) * w[k]
    return s


def sizes_that_agree(x, w):
    n = len(x)
    if n < 2 or n != len(w):
        raise ValueError("sizes")
    s = 0.0
    for i in range(n - 1, 0, -2):
        begin = max(i - 4, 0)
        step = x[begin:i] - w[begin:i]
        x[begin:i] += 0.3 * step
        s += step @ step
    return s + np.sum(x)


def solved_by_blocks(L, B):
    X = B.copy()
    n = L.shape[0]
    for begin in range(0, n, 2):
        end = min(begin + 2, n)
        for i in range(begin, end):
            X[i] = (X[i] - L[i, begin:i] @ X[begin:i]) / (2.0 + L[i, i])
        X[end:] -= L[end:, begin:end] @ X[begin:end]
    return np.sum(X**2)


CASES = [
    *(Case(f, (sample(n, seed=1), sample(n, seed=2)))
      for f in (upward, downward, beyond_the_end, of_two_counters, written_blocks, bound_anew, sizes_that_agree)
      for n in (7, 3)),
    Case(solved_by_blocks, (sample(5, 5), sample(5, 3, seed=1))),
]  # fmt: skip
