"""Whole arrays: broadcasting, reductions along axes, slices, reshapes."""

import numpy as np

from tests.corpus.case import Case, sample


def standardised(X):
    mean = X.mean(axis=0)
    spread = np.sqrt(((X - mean) ** 2).mean(axis=0) + 1e-3)
    Z = (X - mean) / spread
    return np.sum(Z**3)


def outer_by_broadcast(a, b):
    table = a.reshape(a.size, 1) * b + np.sin(b)
    return np.sum(table * table)


def layer_norm(x, gain, bias):
    centred = x - np.mean(x, axis=1, keepdims=True)
    scale = np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + 1e-5)
    return np.sum(np.tanh(gain * centred / scale + bias))


def log_sum_exp_rows(S):
    m = np.max(S, axis=1, keepdims=True)
    return np.sum(m[:, 0] + np.log(np.sum(np.exp(S - m), axis=1)))


def total_variation(image):
    down = image[1:, :] - image[:-1, :]
    right = image[:, 1:] - image[:, :-1]
    return np.sum(np.sqrt(down[:, :-1] ** 2 + right[:-1, :] ** 2 + 0.01))


def finite_difference_energy(u, h):
    slope = (u[1:] - u[:-1]) / h
    middle = 0.5 * (u[1:] + u[:-1])
    return h * np.sum(0.5 * slope**2 + 0.25 * (middle**2 - 1.0) ** 2)


def scalar_with_matrix(s, M):
    M = M * s
    M = M + s
    return (M**2).mean() - M.min()


def extremes(A):
    return np.sum(A.max(axis=0)) - A.min() + np.max(A, axis=1).sum()


def weighted_columns(A, w):
    B = A * w
    C = B.T * 2.0
    return np.sum(C[0] * C[-1]) + np.sum(B[:, 0])


def reshaped_and_back(x):
    A = x.reshape(2, 3)
    B = A.T.copy()
    return np.sum(np.cos(B) * np.arange(2)) + np.sum(A[1] ** 2)


def strided_reads(x):
    return np.sum(x[::2] ** 2) * np.sum(x[1::2]) + np.mean(x[2:5])


def rebound_in_a_loop(x, dt, n):
    for _ in range(n):
        x = x + dt * np.sin(x)
    return np.sum(x)


def filled_rows(a, n):
    T = np.zeros((n, a.size))
    T[0] = a
    for i in range(1, n):
        T[i, :] = np.cos(T[i - 1, :]) * a
        T[i, 0] = T[i - 1, -1]
    return np.mean(T) + T[n - 1, 0]


def guarded_elementwise(x):
    return np.sum(np.where(x > 0.0, np.exp(-x) * x, np.maximum(x, -0.5) ** 3) + np.minimum(x, 0.3))


def methods_and_functions(x, A):
    return x.sum() * A.mean() + np.sum(A, axis=-1).max() + A.sum(axis=0).min() + np.mean(x)


def full_of_ones(x, n):
    base = np.ones((n, x.size))
    like = np.zeros_like(x) + 0.5
    grid = np.arange(n) * 0.5
    return np.sum(base * x) + np.sum(like * x**2) + np.sum(grid) * x[0]


def items_by_place(A):
    return A.item(1, 2) * A.item(4) + A[1].item(-1) + A.item((0, 1)) ** 2


def reshaped_to_what_is_left(x, n, m):
    k = -1 if n > 0 else 2
    A, B = x.reshape(n, m), np.reshape(x, (2, k))
    A *= x[0]
    return np.sum(A[0] ** 2) * A.shape[0] + np.sum(B[1] * x.reshape(2, k)[0]) + np.sum(A.reshape(k) ** 3) * A.shape[1]


def reshaped_by_columns(A):
    B = A.reshape(A.shape[1], A.shape[0], order="F")
    C = np.reshape(A, shape=(-1, 2), order="F")
    return np.sum(B[0] * C[1, 1]) + np.reshape(A, (-1,), "F")[1] * B[1, 0]


def options_by_place(A, x):
    B = A - np.mean(A, 0, None, None, True)
    C = np.sum(A, 1, None, None, True, x) * A.std(0, None, None, 1)
    places = np.array([True, False, True])
    return np.sum(B * C * np.max(A, 0, None, True)) + np.var(A, None, None, None, 1) + np.sum(A[:, places])


def minors(A):
    s = 0.0
    for j in range(3):
        B = np.delete(np.delete(A, 0, axis=0), j, axis=1)
        s += (-1.0) ** j * A[0, j] * (B[0, 0] * B[1, 1] - B[0, 1] * B[1, 0])
    return s


def bounds_and_places_by_name(x):
    y = x.clip(max=0.4) * np.clip(x, min=-0.2) + x.clip(-0.3, max=0.3)
    places = np.arange(x.size, step=2)
    return np.sum(y[places] * places) + np.sum(x.astype(dtype=np.float64) * y)



def blocks_of_an_image(image, q):
    n = 2
    basis = np.cos(np.outer(np.arange(n), 0.5 + np.arange(n)))
    total = 0.0
    for i in range(0, image.shape[0], n):
        for j in range(0, image.shape[1], n):
            block = basis @ image[i : i + n, j : j + n] @ basis.T
            total += np.sum(np.tanh(block / q) ** 2)
    return total


def repeated_numbers(b):
    p, q = np.broadcast_arrays(b, np.linalg.norm(b))
    norm = np.linalg.norm(b)
    first = np.array_split(np.broadcast_to(norm, (6,)), 3)[0]
    return np.sum(p * q) + np.sum(first**2)


def chosen_by_a_shorter_condition(A):
    u = np.compress([True, False], A, axis=1)
    return np.sum(u**2) + np.sum(np.asfortranarray(A.T) @ np.asfortranarray(A))


def told_by_dtypes(x, k):
    if k.dtype != np.int64 or x.dtype != float:
        raise TypeError("floats and whole numbers")
    scale = 2.0 if x.dtype == "float64" else 3.0
    single = np.ones(x.size, dtype=np.float32)
    return scale * np.sum(x**k) + (x[0] if single.dtype == x.dtype else x[1] ** 2)


def as_vector(v):
    if np.isscalar(v):
        v = np.array([v])
    return v if type(v) is np.ndarray else np.array(v)


def sizes_as_items_and_numbers_as_arrays(X, a):
    cells = np.prod(X.shape) * max(X.shape) + np.array(X.shape)[0]
    spread = np.sum(X / np.array(X.shape)) / np.sum(X.shape)
    return spread * cells + np.sum(as_vector(X[0]) * as_vector(a)) + np.sum(as_vector([a, X[0, 1] * a]) ** 2)


def integers_to_fractions(x):
    w = np.ones(3, int) * 2
    return np.sum(w**-1.0 * x) + np.sum(w**-0.5 * x**-2) + w.shape[0] ** -1 * x[0]


CASES = [
    Case(sizes_as_items_and_numbers_as_arrays, (sample(3, 2), 0.7)),
    Case(told_by_dtypes, (sample(3), np.array([1, 2, 3]))),
    Case(blocks_of_an_image, (sample(4, 2), 0.7)),
    Case(standardised, (sample(6, 3),)),
    Case(outer_by_broadcast, (sample(3), sample(4, seed=1))),
    Case(layer_norm, (sample(3, 4), sample(4, seed=1), sample(4, seed=2))),
    Case(log_sum_exp_rows, (sample(3, 4, low=-5.0, high=5.0),)),
    Case(total_variation, (sample(4, 5),)),
    Case(finite_difference_energy, (sample(8), 0.25)),
    Case(scalar_with_matrix, (0.7, sample(3, 2))),
    Case(extremes, (sample(4, 3),)),
    Case(weighted_columns, (sample(4, 3), sample(3, seed=1))),
    Case(reshaped_and_back, (sample(6),)),
    Case(strided_reads, (sample(7),)),
    Case(rebound_in_a_loop, (sample(4), 0.1, 5)),
    Case(filled_rows, (sample(4), 3)),
    Case(guarded_elementwise, (sample(8),)),
    Case(methods_and_functions, (sample(3), sample(4, 3, seed=1))),
    Case(full_of_ones, (sample(3), 4)),
    Case(items_by_place, (sample(2, 3),)),
    *(Case(reshaped_to_what_is_left, (sample(8), *shape)) for shape in ((4, -1), (8, 1))),
    Case(reshaped_to_what_is_left, (sample(2), 1, -1)),
    Case(reshaped_by_columns, (sample(2, 3),)),
    Case(options_by_place, (sample(4, 3), 0.7)),
    Case(minors, (sample(3, 3),)),
    Case(bounds_and_places_by_name, (sample(7),)),
    Case(repeated_numbers, (sample(3),)),
    Case(chosen_by_a_shorter_condition, (sample(2, 3),)),
    Case(integers_to_fractions, (sample(3),)),
]
