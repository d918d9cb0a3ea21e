"""The training kit inside functions that are differentiated: its functions are read in place."""

import numpy as np

from srcgrad import train
from tests.corpus.case import Case, sample


def smooth_activations(x):
    y = 2.0 * train.logistic(x) + 3.0 * train.tanh(x) - train.gelu(x) + 0.5 * train.softplus(x)
    return np.sum(y + train.silu(y))


def activations_with_kinks(x, slope):
    y = 2.0 * train.hard_tanh(x) - 3.0 * train.relu(x) + train.leaky_relu(x, 0.1)
    return np.sum(y * y + train.prelu(x, slope))


def slopes_by_channel(x, slopes):
    return np.sum(train.prelu(x, slopes) ** 2)


def losses_of_differences(x, y):
    return train.mse(x, y) + 2.0 * train.huber(x, y, 0.3)


def margins(scores, signs):
    return train.hinge(scores, signs)


def scores_of_classes(logits, labels):
    return train.softmax_cross_entropy(3.0 * logits, labels)


def scores_of_two_classes(logits, targets):
    return train.binary_cross_entropy(3.0 * logits, targets)


def penalties(W, b):
    return train.l2((W, b), 0.1) + train.l1((W,), 0.3) + np.sum(train.soft_threshold(b, 0.2) ** 2)


def rates(lr, lowest):
    total = 0.0
    for t in range(12):
        total += train.constant(t, lr) + 2.0 * train.halve_every(t, lr, 5) - train.exponential(t, lr, 0.2)
        total += t * train.cosine(t, lr, 9, lowest) * train.warm_up(t, 1.0, 4)
        total += t * train.cyclic(t, lowest, lr, 2) - t * train.one_cycle(t, lr, 10)
    return total


def two_layers_and_a_block(x, W, b, V, c):
    return np.sum(train.residual(train.dense(x, W, b), V, c, V, c) ** 2)


def words_in_a_table(table, words, u):
    return np.sum(u * train.embedding(table, words))


def deep_net(x, W, b):
    layers = ((W, b), (W, b), (W, b))
    for weights, bias in layers:
        x = train.tanh(train.dense(x, weights, bias))
    return np.sum(x * x)


def normalised_features(x, gain, bias, u):
    return np.sum(u * train.layer_norm(x, gain, bias))


def normalised_batch(x, gain, bias, u):
    y, mean, variance = train.batch_norm(x, gain, bias)
    return np.sum(u * y) + np.sum(mean * variance) + np.sum(train.batch_norm_fixed(x, gain, bias, mean, variance))


def convolution(x, w, b, u):
    return np.sum(u * train.conv2d(x, w, b, 2, 1))


def pooled(x, u):
    return np.sum(u * train.max_pool2d(x)) - np.sum(u * train.average_pool2d(x, 3, 1))


def masked_attention(q, k, v, mask, u):
    return np.sum(u * train.attention(q, k, v, mask))


def attention_in_heads(x, y, Q, K, V, W, heads, u):
    return np.sum(u * train.multi_head_attention(x, y, Q, K, V, W, heads))


def lstm_over_time(xs, W, U, b):
    h, c = np.zeros(U.shape[0]), np.zeros(U.shape[0])
    for t in range(xs.shape[0]):
        h, c = train.lstm_cell(xs[t], h, c, W, U, b)
    return np.sum(h * h)


def gru_over_time(xs, W, U, b, d):
    h = np.zeros((xs.shape[1], U.shape[0]))
    for t in range(xs.shape[0]):
        h = train.gru_cell(xs[t], h, W, U, b, d)
    return np.sum(h * h)


IMAGES = sample(2, 4, 4, 2)
LOOKS = np.array([[True, False, True], [False, False, False], [True, True, True], [False, True, False]])

CASES = [
    Case(smooth_activations, (sample(2, 3),)),
    Case(activations_with_kinks, (sample(2, 3, low=-2.0, high=2.0), 0.25)),
    Case(slopes_by_channel, (sample(4, 3), np.array([0.1, 0.2, 0.3]))),
    Case(losses_of_differences, (sample(4, 2), sample(4, 2, seed=1))),
    Case(margins, (sample(6, low=-2.0, high=2.0), np.array([1.0, -1.0, 1.0, 1.0, -1.0, -1.0])), (0,)),
    Case(scores_of_classes, (sample(4, 3), np.array([2, 0, 1, 1]))),
    Case(scores_of_two_classes, (sample(5), np.array([0.0, 1.0, 1.0, 0.0, 0.3]))),
    Case(penalties, (sample(2, 3), sample(4, seed=1))),
    Case(rates, (0.1, 0.01)),
    Case(two_layers_and_a_block, (sample(3, 2), sample(2, 4), sample(4), sample(4, 4), sample(4, seed=1))),
    Case(words_in_a_table, (sample(5, 2), np.array([[1, 2, 1], [0, 4, 4]]), sample(2, 3, 2)), (0,)),
    Case(deep_net, (sample(2, 3), sample(3, 3), sample(3))),
    Case(normalised_features, (sample(2, 3, 4), sample(4), sample(4, seed=1), sample(2, 3, 4, seed=2))),
    Case(normalised_batch, (sample(3, 2, 3), sample(3), sample(3, seed=1), sample(3, 2, 3, seed=2))),
    Case(convolution, (IMAGES, sample(3, 3, 2, 2), sample(2), sample(2, 2, 2, 2, seed=1)), (0, 1, 2)),
    Case(pooled, (IMAGES, sample(2, 2, 2, 2, seed=1)), (0,)),
    Case(masked_attention, (sample(4, 2), sample(3, 2), sample(3, 3), LOOKS, sample(4, 3))),
    Case(
        attention_in_heads,
        (sample(2, 3, 2), sample(2, 2, 2), sample(2, 4), sample(2, 4), sample(2, 2), sample(2, 3), 2, sample(2, 3, 3)),
    ),
    Case(lstm_over_time, (sample(3, 2), sample(2, 8), sample(2, 8, seed=1), sample(8))),
    Case(gru_over_time, (sample(3, 2, 2), sample(2, 6), sample(2, 6, seed=1), sample(6), sample(6, seed=1))),
]
