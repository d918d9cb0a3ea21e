"""Tables filled from earlier cells: alignments, sums over paths, running extremes."""

import numpy as np
from scipy import special

from tests.corpus.case import Case, sample


def dtw(a, b):
    n, m = len(a), len(b)
    D = np.full((n + 1, m + 1), np.inf)
    D[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = abs(a[i - 1] - b[j - 1])
            D[i, j] = cost + min(D[i - 1, j], D[i, j - 1], D[i - 1, j - 1])
    return D[n, m]


def needleman(s, gap):
    n, m = s.shape
    F = np.zeros((n + 1, m + 1))
    for i in range(n + 1):
        F[i, 0] = gap * i
    for j in range(m + 1):
        F[0, j] = gap * j
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            match = F[i - 1, j - 1] + s[i - 1, j - 1]
            delete = F[i - 1, j] + gap
            insert = F[i, j - 1] + gap
            F[i, j] = max(match, delete, insert)
    return F[-1, -1]


def viterbi_soft(emit, trans):
    T, K = emit.shape
    score = emit[0].copy()
    for t in range(1, T):
        new = np.zeros(K)
        for k in range(K):
            cand = score + trans[:, k]
            m = np.max(cand)
            new[k] = m + np.log(np.sum(np.exp(cand - m))) + emit[t, k]
        score = new
    m = score.max()
    return m + np.log(np.exp(score - m).sum())


def hmm_forward(pi, A, B, obs):
    alpha = pi * B[:, obs[0]]
    ll = 0.0
    for t in range(1, len(obs)):
        s = alpha.sum()
        ll += np.log(s)
        alpha = (alpha / s) @ A * B[:, obs[t]]
    return ll + np.log(np.sum(alpha))


def best_segment_of_prefix_sums(a):
    cum = np.zeros(a.size + 1)
    for i in range(a.size):
        cum[i + 1] = cum[i] + a[i]
    best = cum[1] - cum[0]
    bi, bj = 0, 1
    for i in range(a.size):
        for j in range(i + 1, a.size + 1):
            if cum[j] - cum[i] > best:
                best = cum[j] - cum[i]
                bi, bj = i, j
    return best * (bj - bi)


def restarted_run(a, thr):
    run, best = 0.0, 0.0
    start = 0
    for i in range(len(a)):
        if run + a[i] < thr:
            run = a[i]
            start = i
        else:
            run = run + a[i] * (1 + 0.1 * (i - start))
        best = max(best, run)
    return best * best


def two_largest(a):
    best, second = -np.inf, -np.inf
    for v in a:
        if v > best:
            best, second = v, best
        elif v > second:
            second = v
    return best - second


def two_pointers(a):
    left, right = 0, a.size - 1
    s = 0.0
    while left < right:
        if a[left] < a[right]:
            s += a[left] * a[right]
            left += 1
        else:
            s -= a[right] ** 2
            right -= 1
    return s


def chain_with_states_out_of_reach(logits, seen):
    steps = np.where(np.tri(3) > 0.0, logits, -np.inf)
    a = np.array([-np.inf, -np.inf, 0.0])
    for t in range(seen.shape[0]):
        a = special.logsumexp(a[:, None] + steps, axis=0) + seen[t]
    return special.logsumexp(a)


def chain_by_pairs(logits, seen):
    a = np.array([-np.inf, -np.inf, 0.0])
    for t in range(seen.shape[0]):
        new = np.full(3, -np.inf)
        for j in range(3):
            for i in range(j, 3):
                new[j] = np.logaddexp(new[j], a[i] + logits[i, j])
            new[j] += seen[t, j]
        a = new
    return np.logaddexp(np.logaddexp(a[0], a[1]), a[2])


CASES = [
    Case(chain_with_states_out_of_reach, (sample(3, 3), sample(4, 3, seed=1))),
    Case(chain_by_pairs, (sample(3, 3), sample(4, 3, seed=1))),
    Case(dtw, (np.array([-0.08, -1.16, -0.63, -0.49, -0.71]), np.array([0.55, -0.06, -0.59, 0.41]))),
    Case(
        needleman,
        (
            np.array(
                [
                    [0.83, -1.64, -0.26, -0.98, -0.17],
                    [-1.29, 0.02, -0.04, -0.3, -1.05],
                    [-0.4, -1.09, -1.36, 0.22, -1.11],
                    [1.17, 0.72, -2.0, 0.27, -1.1],
                ]
            ),
            -0.4,
        ),
    ),
    Case(
        viterbi_soft,
        (
            np.array([[0.03, 0.04, -1.99], [-0.23, -0.26, 0.96], [-1.18, 0.74, -1.1], [-0.33, -0.84, 1.45]]),
            np.array([[0.57, 2.43, 0.64], [0.84, 0.84, -0.61], [-0.07, 1.35, -0.4]]),
        ),
    ),
    Case(
        hmm_forward,
        (
            np.array([0.74, 1.14, 0.33]),
            np.array([[0.62, 0.87, 1.08], [1.2, 0.34, 0.74], [1.08, 0.25, 0.79]]),
            np.array([[0.37, 0.97, 1.14, 0.74], [0.21, 0.26, 0.62, 1.05], [0.44, 0.87, 0.61, 0.47]]),
            np.array([0, 3, 1, 2, 2]),
        ),
    ),
    Case(best_segment_of_prefix_sums, (np.array([-0.52, 1.09, 0.61, -0.18, 0.63, 1.26]),)),
    Case(restarted_run, (np.array([-0.07, 0.23, 1.08, 0.58, -0.64, -0.72, 2.01]), 0.1)),
    Case(two_largest, (np.array([1.51, -1.25, 0.86, 0.49, 0.87]),)),
    Case(two_pointers, (np.array([0.7, 1.58, 0.42, -0.75, 0.3, -0.02]),)),
]
