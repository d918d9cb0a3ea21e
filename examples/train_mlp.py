"""Train a 64-64-10 perceptron on handwritten digits; the whole epoch loop, gradient included, is compiled.

Run `python examples/train_mlp.py --help` for the options.
"""
import argparse
import math
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np

import srcgrad as sg
from srcgrad import train

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from sklearn.datasets import load_digits
except ImportError as error:
    sys.exit(f"train_mlp.py needs {error.name}: run pip install -e '.[examples]' in the project's folder")

Params = namedtuple("Params", "W1 b1 W2 b2")
Split = namedtuple("Split", "X labels images")

ACTIVATIONS = {"tanh": (train.tanh, train.xavier_normal), "relu": (train.relu, train.he_normal)}  # and first weights
OPTIMIZERS = {"sgd": train.SGD(0.4), "momentum": train.Momentum(0.05), "adam": train.Adam(0.003)}


# ---- the model: plain functions, differentiated as they stand ----------------------------------------------


def scores(activation, params, X):
    """Return the scores of the ten digits for each row of X."""
    hidden = activation(train.dense(X, params.W1, params.b1))
    return train.dense(hidden, params.W2, params.b2)


def loss_of(activation):
    """Return the loss: the mean cross-entropy of the network, plus l2 times the sum of its squared weights."""

    def loss(params, X, labels, l2):
        error = train.softmax_cross_entropy(scores(activation, params, X), labels)
        return error + train.l2((params.W1, params.W2), l2)

    return loss


def accuracy(activation, params, split):
    """Return the fraction of the split's images that are read correctly."""
    return np.mean(scores(activation, params, split.X).argmax(axis=1) == split.labels)


# ---- training ----------------------------------------------------------------------------------------------


def fit(options, loss_grad, params, training, held_out, rng):
    """Return the trained parameters, and the history: loss and accuracies of each epoch."""
    activation, optimizer = ACTIVATIONS[options.activation][0], OPTIMIZERS[options.optimizer]
    rate = optimizer.lr if options.lr is None else options.lr
    data = training.X, training.labels

    start = time.perf_counter()
    nothing = np.arange(0), options.batch, np.empty(0)  # compiles, trains on no row
    train.run_epoch(loss_grad, optimizer, params, optimizer.init(params), data, *nothing, (options.l2,), None, None)
    print(f"compiled the epoch loop in {time.perf_counter() - start:.2f} s")

    start = time.perf_counter()
    try:
        fitted = train.fit(
            loss_grad, params, data, optimizer, epochs=options.epochs, size=options.batch, rng=rng, args=(options.l2,),
            schedule=lambda epoch: train.cosine(epoch, rate, options.epochs),
            augment=lambda rng, X, labels: (X + options.noise * rng.normal(size=X.shape), labels),
            metrics={
                "train_accuracy": lambda params: accuracy(activation, params, training),
                "test_accuracy": lambda params: accuracy(activation, params, held_out),
            },
        )  # fmt: skip
    except FloatingPointError as error:
        sys.exit(f"{error} than {rate:g}, with --lr")
    steps = fitted.state.step
    print(f"trained {options.epochs} epochs, {steps} steps, in {time.perf_counter() - start:.2f} s")
    return fitted


def load_splits(seed):
    """Return the training and the held-out images (a stratified fifth), every pixel standardised."""
    digits, rng = load_digits(), np.random.default_rng(seed)
    rows = train.split(len(digits.target), 0.2, rng, digits.target)
    # Some pixels are dark in every image: the 1 keeps them from dividing by 0.
    mean, scale = digits.data[rows[0]].mean(axis=0), digits.data[rows[0]].std(axis=0) + 1.0
    return [Split((digits.data[r] - mean) / scale, digits.target[r], digits.images[r]) for r in rows]


# ---- pictures ----------------------------------------------------------------------------------------------


def draw_learning_curves(history, path):
    """Save loss and accuracy against epochs."""
    loss, train_accuracy, test_accuracy = history["loss"], history["train_accuracy"], history["test_accuracy"]
    epochs = np.arange(1, len(loss) + 1)
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained")
    left.semilogy(epochs, loss, color="tab:blue")
    left.set(title="training loss", xlabel="epoch", ylabel="cross-entropy + L2")
    right.plot(epochs, 100.0 * train_accuracy, color="tab:blue", label="training")
    right.plot(epochs, 100.0 * test_accuracy, color="tab:orange", label="held out")
    right.set(title=f"accuracy, {100.0 * test_accuracy[-1]:.1f} % held out", xlabel="epoch", ylabel="%")
    right.set_ylim(max(0.0, min(95.0, 100.0 * np.median(test_accuracy) - 3.0)), 100.3)
    right.legend(loc="lower right", frameon=False)
    for axes in (left, right):
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def draw_misread(split, predicted, path, most=40):
    """Save a sheet of the held-out digits that were read wrongly, at most `most` of them."""
    wrong = np.flatnonzero(predicted != split.labels)
    shown = wrong[:most]
    columns = max(1, min(8, len(shown)))
    rows = max(1, math.ceil(len(shown) / columns))
    size = (max(4.0, 1.15 * columns), 1.4 * rows + 0.5)
    figure, grid = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    for axes, k in zip(grid.flat, shown, strict=False):
        axes.imshow(split.images[k], cmap="gray_r", vmin=0.0, vmax=16.0)
        axes.set_title(f"{split.labels[k]} read as {predicted[k]}", fontsize=9)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_color("0.75")
    more = "" if len(shown) == len(wrong) else f", the first {len(shown)} of them"
    figure.suptitle(f"{len(wrong)} of {len(split.labels)} held-out digits misread{more}", fontsize=11)
    figure.savefig(path, dpi=150)
    plt.close(figure)


# ---- the command line --------------------------------------------------------------------------------------


def number(kind, least, what, *, exclusive=False):
    """Return an argparse type: a finite number, at least `least` (above it, if exclusive)."""

    def convert(text):
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {what}") from None
        if not math.isfinite(value) or value < least or (exclusive and value == least):
            raise argparse.ArgumentTypeError(f"{text} is not {what}")
        return value

    return convert


def parse_options(arguments):
    """Return the validated options; print the reason and exit with status 2 if one is wrong."""
    count = number(int, 1, "a whole number of at least 1")
    seed = number(int, 0, "a whole number of at least 0")
    amount = number(float, 0.0, "a number of at least 0")
    rate = number(float, 0.0, "a number above 0", exclusive=True)
    parser = argparse.ArgumentParser(
        description="Train a 64-64-10 perceptron on the handwritten digits that ship inside scikit-learn.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--activation", choices=sorted(ACTIVATIONS), default="tanh", help="of the hidden layer")
    add("--optimizer", choices=sorted(OPTIMIZERS), default="adam", help="update rule")
    add("--epochs", type=count, default=80, help="passes over the training images")
    add("--batch", type=count, default=32, help="images per gradient step")
    rates = ", ".join(f"{name} {optimizer.lr:g}" for name, optimizer in OPTIMIZERS.items())
    add(
        "--lr",
        type=rate,
        default=argparse.SUPPRESS,
        help=f"first learning rate; it falls to 0 as a cosine (default: {rates})",
    )
    add("--l2", type=amount, default=1e-4, help="times the sum of squared weights, added to the loss")
    add("--noise", type=amount, default=0.3, help="spread of the noise added to training pixels")
    add("--hidden", type=count, default=64, help="hidden units")
    add("--seed", type=seed, default=0, help="of the split, the first weights, the order and the noise")
    add("--out", type=Path, default=Path("out"), metavar="DIR", help="folder for the pictures")
    add(
        "--show-source",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print the adjoint that srcgrad wrote",
    )
    options = parser.parse_args(arguments, argparse.Namespace(lr=None, show_source=False))
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"argument --out: cannot use {str(options.out)!r} as a folder: {error.strerror}")
    return options


def main(arguments=None):
    """Train, report, and save the two pictures."""
    options = parse_options(arguments)
    training, held_out = load_splits(options.seed)
    rng = np.random.default_rng(options.seed)

    activation, normal = ACTIVATIONS[options.activation]
    hidden = options.hidden
    params = Params(normal(rng, (64, hidden)), np.zeros(hidden), normal(rng, (hidden, 10)), np.zeros(10))

    loss_grad = sg.value_and_grad(loss_of(activation))
    if options.show_source:
        print(sg.source(loss_grad, params, training.X, training.labels, options.l2))

    params, _, history = fit(options, loss_grad, params, training, held_out, rng)
    predicted = scores(activation, params, held_out.X).argmax(axis=1)
    wrong = predicted != held_out.labels
    print(f"held-out accuracy {100.0 * np.mean(~wrong):.2f} % ({np.sum(wrong)} of {len(wrong)} misread)")

    draw_learning_curves(history, options.out / "learning_curves.png")
    draw_misread(held_out, predicted, options.out / "misread_digits.png")
    print(f"saved learning_curves.png and misread_digits.png in {options.out}")


if __name__ == "__main__":
    main()
