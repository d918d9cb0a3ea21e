"""Vectorise, or compile: the lecture's 500 windows of 300 numbers, times a matrix of 5 classes, in three ways.

What to see here: a Python loop over a list of vectors pays for each call; one matrix product does not; a loop that is
compiled does not either. The same holds for gradients, and srcgrad differentiates all three as they stand: the
gradient of the product is a product, the gradient of the loop a loop. "Speed-test your code a lot."
"""
import time

import numpy as np

import srcgrad as sg
from showing import BLUE, GREEN, ORANGE, lighter, panels, parser, save
from srcgrad import train


@sg.differentiable
def one(W, x, label):
    """Return the cross-entropy of one window."""
    scores = W @ x
    top = sg.stop_gradient(np.max(scores))
    return top - scores[label] + np.log(np.sum(np.exp(scores - top)))


@sg.differentiable
def all_at_once(W, X, labels):
    """Return the mean over all windows, the rows of X, from one product."""
    return train.softmax_cross_entropy(X @ W.T, labels)


@sg.differentiable
def in_a_loop(W, X, labels):
    """Return the mean over all windows, from loops written out."""
    total = 0.0
    scores = np.empty(W.shape[0])
    for n in range(X.shape[0]):
        for c in range(W.shape[0]):
            s = 0.0
            for k in range(W.shape[1]):
                s += W[c, k] * X[n, k]
            scores[c] = s
        top = sg.stop_gradient(np.max(scores))
        total += top - scores[labels[n]] + np.log(np.sum(np.exp(scores - top)))
    return total / X.shape[0]


def seconds(call, least=0.3):
    """Return the fastest time of a call, repeated for some time."""
    call()
    best, end = np.inf, time.perf_counter() + least
    while time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - begin)
    return best


def main(arguments=None):
    """Time loss and gradient in three ways, and draw the times."""
    add = parser(__doc__, "vectorisation.png")
    add.add_argument("--windows", type=int, default=500, help="how many (default 500)")
    add.add_argument("--numbers", type=int, default=300, help="in each window (default 300)")
    options = add.parse_args(arguments)
    n, d = (20, 10) if options.quick else (options.windows, options.numbers)
    rng = np.random.default_rng(options.seed)
    W, X, labels = rng.normal(size=(5, d)) / np.sqrt(d), rng.normal(size=(n, d)), rng.integers(0, 5, n)
    windows = list(X)

    one_grad = sg.value_and_grad(one)
    product_grad, loop_grad = sg.value_and_grad(all_at_once), sg.value_and_grad(in_a_loop)

    def listed():
        return np.mean([one(W, x, label) for x, label in zip(windows, labels, strict=True)])

    def listed_grad():
        pairs = [one_grad(W, x, label) for x, label in zip(windows, labels, strict=True)]
        return np.mean([value for value, _ in pairs]), np.mean([grad for _, grad in pairs], axis=0)

    ways = {
        "a call for each window": (listed, listed_grad),
        "one matrix product": (lambda: all_at_once(W, X, labels), lambda: product_grad(W, X, labels)),
        "a compiled loop": (lambda: in_a_loop(W, X, labels), lambda: loop_grad(W, X, labels)),
    }
    results = [grad() for _, grad in ways.values()]
    worst = max(np.abs(grad - results[0][1]).max() for _, grad in results)
    print(f"the three gradients agree within {worst:.0e}")
    times = {}
    for name, calls in ways.items():
        times[name] = [1e6 * seconds(call, 0.02 if options.quick else 0.5) for call in calls]
        print(f"{name:24} loss {times[name][0]:8.1f} us, loss and gradient {times[name][1]:8.1f} us", flush=True)
    save(drawn(times, n, d), options.picture)


def drawn(times, n, d):
    """Return the picture: a bar for each loss, and for each loss with its gradient."""
    figure, axes = panels(size=(6.6, 2.6))
    for row, ((loss, both), colour) in enumerate(zip(times.values(), (ORANGE, BLUE, GREEN), strict=True)):
        for shift, value, shade in ((-0.2, loss, lighter(colour)), (0.2, both, colour)):
            axes.barh(row + shift, value, height=0.36, color=shade)
            what = "loss" if shift < 0.0 else "with gradient"
            axes.text(value, row + shift, f" {value:.0f} µs, {what}", va="center", fontsize=8.5, color="0.3")
    axes.set(title=f"{n} windows of {d} numbers, 5 classes", yticks=range(len(times)), yticklabels=list(times),
             xlabel="microseconds", xlim=(0.0, 1.25 * max(map(max, times.values()))))  # fmt: skip
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    return figure


if __name__ == "__main__":
    main()
