"""Small neural networks, written out."""

import numpy as np

from tests.corpus.case import Case, sample


def mlp_loss(W1, b1, W2, b2, X, labels, lam):
    H = np.tanh(X @ W1 + b1)
    S = H @ W2 + b2
    loss = 0.0
    for i in range(S.shape[0]):
        m = S[i].max()
        loss += m + np.log(np.sum(np.exp(S[i] - m))) - S[i, labels[i]]
    return loss / S.shape[0] + lam * (np.sum(W1 * W1) + np.sum(W2 * W2))


def relu_autoencoder(W, b, V, c, X):
    H = np.maximum(X @ W + b, 0.0)
    R = H @ V + c - X
    return 0.5 * np.sum(R * R) / X.shape[0]


def softmax_temperature(logits, temperature, label):
    z = logits / temperature
    e = np.exp(z - z.max())
    p = e / np.sum(e)
    return -np.log(p[label])


def mean_embedding_classifier(E, w, words, lengths, targets):
    loss = 0.0
    for n in range(targets.size):
        mean = np.zeros(E.shape[1])
        for t in range(lengths[n]):
            mean += E[words[n, t]]
        mean = mean / lengths[n]
        s = 1.0 / (1.0 + np.exp(-(w @ mean)))
        loss += (s - targets[n]) ** 2
    return loss


def elman_network(Wx, Wh, b, wo, xs, targets):
    h = np.zeros(b.size)
    loss = 0.0
    for t in range(xs.shape[0]):
        h = np.tanh(Wx @ xs[t] + Wh @ h + b)
        loss += (wo @ h - targets[t]) ** 2
    return loss


def lstm_cell_over_time(W, xs):
    h, c = 0.0, 0.0
    for t in range(xs.size):
        i = 1.0 / (1.0 + np.exp(-(W[0, 0] * xs[t] + W[0, 1] * h + W[0, 2])))
        f = 1.0 / (1.0 + np.exp(-(W[1, 0] * xs[t] + W[1, 1] * h + W[1, 2])))
        o = 1.0 / (1.0 + np.exp(-(W[2, 0] * xs[t] + W[2, 1] * h + W[2, 2])))
        g = np.tanh(W[3, 0] * xs[t] + W[3, 1] * h + W[3, 2])
        c = f * c + i * g
        h = o * np.tanh(c)
    return h * h


def convolution_pooled(image, kernel):
    rows, columns = image.shape[0] - kernel.shape[0] + 1, image.shape[1] - kernel.shape[1] + 1
    out = np.zeros((rows, columns))
    for i in range(rows):
        for j in range(columns):
            for p in range(kernel.shape[0]):
                for q in range(kernel.shape[1]):
                    out[i, j] += image[i + p, j + q] * kernel[p, q]
    return np.mean(np.maximum(out, 0.0)) + np.max(out)


def attention_head(X, Q, K, V):
    queries, keys, values = X @ Q, X @ K, X @ V
    S = queries @ keys.T / np.sqrt(Q.shape[1])
    A = np.exp(S - np.max(S, axis=1, keepdims=True))
    A = A / np.sum(A, axis=1, keepdims=True)
    return np.sum((A @ values) ** 2)


def residual_blocks(W, x):
    for layer in range(W.shape[0]):
        x = x + 0.5 * np.tanh(W[layer] @ x)
    return np.sum(x**2)


def skip_gram(E, C, centre, context, negative):
    total = np.log1p(np.exp(-(E[centre] @ C[context])))
    for k in range(negative.size):
        total += np.log1p(np.exp(E[centre] @ C[negative[k]]))
    return total


CASES = [
    Case(
        mlp_loss,
        (
            sample(4, 3),
            sample(3, seed=1),
            sample(3, 3, seed=2),
            sample(3, seed=3),
            sample(5, 4, seed=4),
            np.array([0, 2, 1, 1, 0]),
            1e-2,
        ),
    ),
    Case(
        relu_autoencoder,
        (sample(4, 2), sample(2, seed=1), sample(2, 4, seed=2), sample(4, seed=3), sample(5, 4, seed=4)),
    ),
    Case(softmax_temperature, (sample(5, low=-2.0, high=2.0), 0.7, 1)),
    Case(
        mean_embedding_classifier,
        (
            sample(6, 3),
            sample(3, seed=1),
            np.array([[0, 2, 2], [5, 1, 0], [2, 4, 1]]),
            np.array([3, 1, 2]),
            np.array([1.0, 0.0, 1.0]),
        ),
        (0, 1),
    ),
    Case(
        elman_network,
        (
            sample(3, 2),
            sample(3, 3, seed=1),
            sample(3, seed=2),
            sample(3, seed=3),
            sample(4, 2, seed=4),
            sample(4, seed=5),
        ),
    ),
    Case(lstm_cell_over_time, (sample(4, 3), sample(6, seed=1))),
    Case(convolution_pooled, (sample(5, 4), sample(2, 2, seed=1))),
    Case(attention_head, (sample(4, 3), sample(3, 2, seed=1), sample(3, 2, seed=2), sample(3, 2, seed=3))),
    Case(residual_blocks, (sample(3, 4, 4), sample(4, seed=1))),
    Case(skip_gram, (sample(5, 3), sample(5, 3, seed=1), 1, 3, np.array([0, 4, 4]))),
]
