"""Overfitting: a network that knows its patients by heart, and four ways to keep it from that.

What to see here: with more hidden units the error on the patients seen falls to nothing and that on others rises,
most where the network can just fit all it has seen, and a little less beyond ("double descent"). A narrow network has
no room for details; weight decay and dropout hold a wide one back; early stopping keeps the best parameters on the
way. The data are the 442 diabetes patients inside scikit-learn, half of them to learn from; errors are parts of the
variance left unexplained.
"""
from collections import namedtuple

import numpy as np
from sklearn.datasets import load_diabetes

import srcgrad as sg
from showing import BLUE, GREEN, GREY, ORANGE, Clock, panels, parser, save
from srcgrad import train

Params = namedtuple("Params", "W1 b1 W2 b2 w3 b3")


@sg.differentiable
def predicted(params, X, rate, rng):
    """Return the progress of the disease for each patient; a part `rate` of the hidden units drops out."""
    h = train.dropout(np.tanh(train.dense(X, params.W1, params.b1)), rate, rng)
    h = train.dropout(np.tanh(train.dense(h, params.W2, params.b2)), rate, rng)
    return h @ params.w3 + params.b3


@sg.differentiable
def loss(params, X, y, rate, rng):
    """Return the mean squared error."""
    return train.mse(predicted(params, X, rate, rng), y)


def start(width, rng):
    """Return first weights of two hidden layers."""
    return Params(train.xavier_normal(rng, (10, width)), np.zeros(width), train.xavier_normal(rng, (width, width)),
                  np.zeros(width), train.xavier_normal(rng, (width, 1))[:, 0], 0.0)  # fmt: skip


def main(arguments=None):
    """Train networks of many widths, and one width in four ways; draw both."""
    add = parser(__doc__, "overfitting.png")
    add.add_argument("--epochs", type=int, default=800, help="passes over the patients (default 800)")
    options = add.parse_args(arguments)
    widths, epochs = ((1, 8), 8) if options.quick else ((1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64), options.epochs)
    data, rng, clock = load_diabetes(), np.random.default_rng(options.seed), Clock()
    X = data.data / data.data.std(axis=0)
    y = (data.target - data.target.mean()) / data.target.std()
    rows, held_out = train.split(len(y), 0.5, rng)
    gradient, still = sg.value_and_grad(loss), np.random.default_rng(0)

    def error(params, rows):
        return loss(params, X[rows], y[rows], 0.0, still) / np.var(y[rows])

    def fitted(width, rate=0.0, decay=0.0, **options):
        first, dropping = start(width, np.random.default_rng(1)), np.random.default_rng(2)
        return train.fit(gradient, first, (X[rows], y[rows]), train.AdamW(0.005, decay=decay), epochs=epochs,
                         size=len(rows), rng=1, args=(rate, dropping), progress=False, **options)  # fmt: skip

    by_width = np.array([[error(fitted(width).params, part) for part in (rows, held_out)] for width in widths])
    for width, (own, other) in zip(widths, by_width, strict=True):
        print(f"width {width:3}: unexplained {own:.3f} of the patients seen, {other:.3f} of others")
    clock("trained all widths")

    wide = widths[-1]
    watched = {"own": lambda params: error(params, rows), "other": lambda params: error(params, held_out)}
    runs = {
        "nothing done": fitted(wide, metrics=watched),
        "weight decay": fitted(wide, decay=2.0, metrics=watched),
        "dropout of one half": fitted(wide, rate=0.5, metrics=watched),
    }
    stopped = fitted(wide, stopping=train.EarlyStopping(patience=100), monitor="other", metrics=watched)
    ends = {name: run.history["other"][-1] for name, run in runs.items()}
    ends["early stopping"] = error(stopped.params, held_out)
    for name, value in ends.items():
        print(f"width {wide}, {name:20} {value:.3f} of others unexplained")
    clock("trained in other ways")
    save(drawn(widths, by_width, runs, stopped), options.picture)


def drawn(widths, by_width, runs, stopped):
    """Return the picture: errors against width, and in time."""
    figure, (left, right) = panels(1, 2)
    left.plot(widths, by_width[:, 0], "o-", color=BLUE, markersize=4, label="patients seen")
    left.plot(widths, by_width[:, 1], "o-", color=ORANGE, markersize=4, label="other patients")
    left.set(title="after training to the end", xlabel="hidden units in each layer", xscale="log", xticks=widths,
             ylabel="variance unexplained", ylim=(0.0, None))  # fmt: skip
    left.set_xticks([], minor=True)
    left.set_xticklabels([w if w in (1, 2, 4, 8, 16, 32, 64) else "" for w in widths])
    left.legend()
    for (name, run), colour in zip(runs.items(), (GREY, GREEN, BLUE), strict=True):
        right.plot(run.history["other"], color=colour, label=name)
    seen = runs["nothing done"].history["own"]
    right.plot(seen, color=GREY, linewidth=1.0, linestyle=":", label="nothing done, patients seen")
    best = np.argmin(stopped.history["other"])
    right.plot(best, stopped.history["other"][best], "*", color=ORANGE, markersize=12, label="early stopping")
    right.set(title=f"other patients, width {widths[-1]}", xlabel="epoch", xscale="log", ylim=(0.0, 2.0))
    right.legend(fontsize=7.5)
    return figure


if __name__ == "__main__":
    main()
