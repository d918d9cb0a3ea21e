"""Bottleneck and transfer: what few numbers keep of a digit, and what one task teaches for another.

What to see here: a network whose middle layer is narrow learns to give back its input, and for that it has to find what
digits have in common. And a layer that has learnt to tell ten digits apart is of use for another question, whether a
digit has a closed loop: frozen, with a new last layer, it needs fewer labelled images than a network that starts from
random weights. The data are the 1797 digits inside scikit-learn; a fifth is held out.
"""
from collections import namedtuple

import numpy as np
from sklearn.datasets import load_digits

import srcgrad as sg
from showing import BLUE, GREEN, GREY, Clock, panels, parser, plain_numbers, save
from srcgrad import train

Params = namedtuple("Params", "W1 b1 W2 b2")
LOOPS = 0, 6, 8, 9
WAYS = {  # whether the first layer has learnt before, what is frozen, and a colour
    "first layer frozen": (True, Params(True, True, False, False), BLUE),
    "first layer tuned along": (True, None, GREEN),
    "random start": (False, None, GREY),
}


@sg.differentiable
def network(params, X):
    """Return what two layers make of the rows of X."""
    return train.dense(train.tanh(train.dense(X, params.W1, params.b1)), params.W2, params.b2)


@sg.differentiable
def reconstruction(params, X):
    """Return the mean squared error of images that are to be given back."""
    return train.mse(network(params, X), X)


@sg.differentiable
def cross_entropy(params, X, labels):
    """Return the mean cross-entropy of classes."""
    return train.softmax_cross_entropy(network(params, X), labels)


def start(rng, hidden, outputs):
    """Return first weights for images of 64 pixels."""
    xavier = train.xavier_normal
    return Params(xavier(rng, (64, hidden)), np.zeros(hidden), xavier(rng, (hidden, outputs)), np.zeros(outputs))


def main(arguments=None):
    """Train an autoencoder, then a classifier whose first layer another one takes over; draw both."""
    add = parser(__doc__, "transfer.png")
    add.add_argument("--code", type=int, default=10, help="numbers in the narrow layer (default 10)")
    options = add.parse_args(arguments)
    epochs, counts, repeats = (1, (20,), 1) if options.quick else (150, (10, 20, 40, 80, 160, 320), 10)
    digits, rng, clock = load_digits(), np.random.default_rng(options.seed), Clock()
    X, labels = digits.data / 16.0, digits.target
    rows, held_out = train.split(len(X), 0.2, rng, labels)
    rows = rows[:200] if options.quick else rows
    gradient = sg.value_and_grad(cross_entropy)

    def trained(loss, first, data, **further):
        return train.fit(loss, first, data, train.Adam(0.01), epochs=epochs, size=64, rng=1, **further).params

    narrow = trained(reconstruction, start(rng, options.code, 64), (X[rows],))
    images = network(narrow, X[held_out])
    left = np.mean((images - X[held_out]) ** 2) / np.mean((X[held_out] - X[rows].mean(axis=0)) ** 2)
    print(f"{options.code} numbers for 64 pixels leave {100.0 * left:.1f} % of the variance of images not seen")
    clock("trained the autoencoder")

    learnt = trained(gradient, start(rng, 48, 10), (X[rows], labels[rows]))
    read = np.mean(network(learnt, X[held_out]).argmax(axis=1) == labels[held_out])
    print(f"ten digits: {100.0 * read:.1f} % of the held-out images")
    loops, accuracies = np.isin(labels, LOOPS).astype(np.int64), {name: [] for name in WAYS}
    for count in counts:
        for name, (before, frozen, _) in WAYS.items():
            found = []
            for draw in range(repeats):
                own = np.random.default_rng((options.seed, draw))
                few, first = own.permutation(rows)[:count], start(own, 48, 2)
                first = Params(*learnt[:2], *first[2:]) if before else first
                params = trained(gradient, first, (X[few], loops[few]), frozen=frozen, progress=False)
                found.append(np.mean(network(params, X[held_out]).argmax(axis=1) == loops[held_out]))
            accuracies[name].append(100.0 * np.mean(found))
        shown = ", ".join(f"{name} {values[-1]:.1f} %" for name, values in accuracies.items())
        print(f"a closed loop? {count:3} labels: {shown}")
    clock("trained all classifiers")
    save(drawn(X[held_out], images, labels[held_out], counts, accuracies), options.picture)


def drawn(originals, images, labels, counts, accuracies):
    """Return the picture: digits above what a narrow layer keeps of them, and accuracies against labels."""
    figure = panels(size=(8.6, 3.3))[0]
    figure.clear()
    left, right = figure.subfigures(1, 2, width_ratios=[1.1, 1])
    left.suptitle("digits not seen, and below what the narrow layer keeps", x=0.01, ha="left", fontsize=10.5)
    grid = left.subplots(4, 5)
    for digit, (above, below) in enumerate(zip(grid[::2].flat, grid[1::2].flat, strict=True)):
        k = np.flatnonzero(labels == digit)[0]
        for one, pixels in ((above, originals[k]), (below, images[k])):
            one.imshow(pixels.reshape(8, 8), cmap="gray_r", vmin=0.0, vmax=1.0)
            one.set_axis_off()
    axes = right.subplots()
    for (name, values), (_, _, colour) in zip(accuracies.items(), WAYS.values(), strict=True):
        axes.plot(counts, values, "o-", color=colour, markersize=4, label=name)
    axes.set(title="has it a closed loop? held-out images", xlabel="labelled images", ylabel="%", xscale="log",
             xticks=counts)  # fmt: skip
    axes.set_xticks([], minor=True)
    plain_numbers(axes.xaxis)
    axes.legend(loc="lower right")
    return figure


if __name__ == "__main__":
    main()
