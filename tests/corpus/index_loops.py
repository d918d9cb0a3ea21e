"""Loops over the indices of an array, one after the other under one name, with and without trips."""

import numpy as np

from tests.corpus.case import Case, sample


def over_indices(x):
    at = (1, 0)
    total = np.zeros(x.shape[-1])
    for _ in range(2):
        for place in np.ndindex(x.shape[:-1]):
            total += x[place]
        for place in np.ndindex(x.shape[:-1]):
            total += x[place] ** 2
    for at in np.ndindex(x.shape):
        total[at[1]] *= 1.5
    return np.sum(total) + at[0] * x.shape[1] + at[1]


CASES = [
    Case(over_indices, (sample(2, 3),)),
    Case(over_indices, (np.zeros((0, 3)),)),
]
