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
from numba import njit

import srcgrad as sg

try:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split
    from tqdm import tqdm
except ImportError as error:
    sys.exit(f"train_mlp.py needs {error.name}: run pip install -e '.[examples]' in the project's folder")

Params = namedtuple("Params", "W1 b1 W2 b2")
Split = namedtuple("Split", "X labels images")
Epoch = namedtuple("Epoch", "loss train_accuracy test_accuracy")


# ---- the model: two plain functions, differentiated as they stand ------------------------------------------


def tanh_loss(W1, b1, W2, b2, X, labels, l2):
    """Return the mean cross-entropy of a tanh network plus l2 times the sum of its squared weights."""
    H = np.tanh(X @ W1 + b1)
    S = H @ W2 + b2
    loss = 0.0
    for i in range(S.shape[0]):
        m = S[i].max()
        loss += m + np.log(np.sum(np.exp(S[i] - m))) - S[i, labels[i]]
    return loss / S.shape[0] + l2 * (np.sum(W1 * W1) + np.sum(W2 * W2))


def relu_loss(W1, b1, W2, b2, X, labels, l2):
    """Return the mean cross-entropy of a ReLU network plus l2 times the sum of its squared weights."""
    H = np.maximum(0.0, X @ W1 + b1)
    S = H @ W2 + b2
    loss = 0.0
    for i in range(S.shape[0]):
        m = S[i].max()
        loss += m + np.log(np.sum(np.exp(S[i] - m))) - S[i, labels[i]]
    return loss / S.shape[0] + l2 * (np.sum(W1 * W1) + np.sum(W2 * W2))


LOSSES = {"tanh": tanh_loss, "relu": relu_loss}


def predict(activation, params, X):
    """Return the most probable digit of each row of X."""
    Z = X @ params.W1 + params.b1
    H = np.tanh(Z) if activation == "tanh" else np.maximum(0.0, Z)
    return (H @ params.W2 + params.b2).argmax(axis=1)


def initial_params(activation, hidden, rng):
    """Return weights that keep signals at scale (Xavier for tanh, He for ReLU), and biases 0."""

    def normal(n_in, n_out):
        variance = 2.0 / n_in if activation == "relu" else 2.0 / (n_in + n_out)
        return rng.normal(scale=math.sqrt(variance), size=(n_in, n_out))

    return Params(normal(64, hidden), np.zeros(hidden), normal(hidden, 10), np.zeros(10))


# ---- the optimisers: they update w and its moments m and v in place; t counts the steps from 1 ------------


@njit
def sgd(w, g, m, v, t, lr):
    w -= lr * g


@njit
def momentum(w, g, m, v, t, lr):
    m[:] = 0.9 * m + g
    w -= lr * m


@njit
def adam(w, g, m, v, t, lr):
    m[:] = 0.9 * m + 0.1 * g
    v[:] = 0.999 * v + 0.001 * g * g
    w -= lr * (m / (1.0 - 0.9**t)) / (np.sqrt(v / (1.0 - 0.999**t)) + 1e-8)


OPTIMIZERS = {"sgd": (sgd, 0.4), "momentum": (momentum, 0.05), "adam": (adam, 0.003)}  # update, default rate


# ---- training ----------------------------------------------------------------------------------------------


@njit
def run_epoch(loss_grad, update, params, m, v, X, labels, order, batch, lr, l2, t):
    """Return the summed loss of one pass over the rows in `order`, and the steps made so far."""
    W1, b1, W2, b2 = params
    total = 0.0
    for start in range(0, order.size, batch):
        rows = order[start : start + batch]
        loss, (W1_bar, b1_bar, W2_bar, b2_bar) = loss_grad(W1, b1, W2, b2, X[rows], labels[rows], l2)
        total += loss * rows.size
        t += 1
        update(W1, W1_bar, m.W1, v.W1, t, lr)
        update(b1, b1_bar, m.b1, v.b1, t, lr)
        update(W2, W2_bar, m.W2, v.W2, t, lr)
        update(b2, b2_bar, m.b2, v.b2, t, lr)
    return total, t


def train(options, loss_grad, params, training, held_out, rng):
    """Return one Epoch record for each pass over the training images; the parameters are updated in place."""
    update, default_rate = OPTIMIZERS[options.optimizer]
    rate = default_rate if options.lr is None else options.lr
    m, v = Params(*map(np.zeros_like, params)), Params(*map(np.zeros_like, params))
    X, labels = training.X, training.labels

    start = time.perf_counter()
    nothing = np.arange(0)  # compiles, trains on no row
    run_epoch(loss_grad, update, params, m, v, X, labels, nothing, options.batch, rate, options.l2, 0)
    print(f"compiled the epoch loop in {time.perf_counter() - start:.2f} s")

    start = time.perf_counter()
    history, t = [], 0
    with tqdm(range(options.epochs), unit="epoch") as bar:
        for epoch in bar:
            lr = rate * 0.5 * (1.0 + math.cos(math.pi * epoch / options.epochs))
            noisy = X + options.noise * rng.normal(size=X.shape)
            order = rng.permutation(len(X))
            total, t = run_epoch(
                loss_grad, update, params, m, v, noisy, labels, order, options.batch, lr, options.l2, t
            )
            if not math.isfinite(total):
                sys.exit(f"the loss is no longer finite in epoch {epoch + 1}: try --lr below {rate:g}")
            accuracies = [accuracy(options.activation, params, split) for split in (training, held_out)]
            history.append(Epoch(total / len(X), *accuracies))
            bar.set_postfix(loss=f"{history[-1].loss:.4f}", accuracy=f"{100.0 * accuracies[1]:.2f} %")
    print(f"trained {options.epochs} epochs, {t} steps, in {time.perf_counter() - start:.2f} s")
    return history


def accuracy(activation, params, split):
    """Return the fraction of the split's images that are read correctly."""
    return np.mean(predict(activation, params, split.X) == split.labels)


def load_splits(seed):
    """Return the training and the held-out images (a stratified fifth), every pixel standardised."""
    digits = load_digits()
    X_train, X_test, labels_train, labels_test = train_test_split(
        digits.data, digits.target, test_size=0.2, stratify=digits.target, random_state=seed
    )
    # Some pixels are dark in every image: the 1 keeps them from dividing by 0.
    mean, scale = X_train.mean(axis=0), X_train.std(axis=0) + 1.0
    return (
        Split((X_train - mean) / scale, labels_train, X_train.reshape(-1, 8, 8)),
        Split((X_test - mean) / scale, labels_test, X_test.reshape(-1, 8, 8)),
    )


# ---- pictures ----------------------------------------------------------------------------------------------


def draw_learning_curves(history, path):
    """Save loss and accuracy against epochs."""
    epochs = np.arange(1, len(history) + 1)
    loss, train_accuracy, test_accuracy = (np.array(column) for column in zip(*history, strict=True))
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
    add("--activation", choices=sorted(LOSSES), default="tanh", help="of the hidden layer")
    add("--optimizer", choices=sorted(OPTIMIZERS), default="adam", help="update rule")
    add("--epochs", type=count, default=80, help="passes over the training images")
    add("--batch", type=count, default=32, help="images per gradient step")
    rates = ", ".join(f"{name} {default:g}" for name, (_, default) in OPTIMIZERS.items())
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

    params = initial_params(options.activation, options.hidden, rng)

    loss_grad = sg.value_and_grad(LOSSES[options.activation], argnums=(0, 1, 2, 3))
    if options.show_source:
        print(sg.source(loss_grad, *params, training.X, training.labels, options.l2))

    history = train(options, loss_grad, params, training, held_out, rng)
    predicted = predict(options.activation, params, held_out.X)
    wrong = predicted != held_out.labels
    print(f"held-out accuracy {100.0 * np.mean(~wrong):.2f} % ({np.sum(wrong)} of {len(wrong)} misread)")

    draw_learning_curves(history, options.out / "learning_curves.png")
    draw_misread(held_out, predicted, options.out / "misread_digits.png")
    print(f"saved learning_curves.png and misread_digits.png in {options.out}")


if __name__ == "__main__":
    main()
