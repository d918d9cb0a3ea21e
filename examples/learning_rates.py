"""The learning rate: find its order of magnitude with a sweep, then let it fall.

What to see here: too small a rate is late, too large a one diverges, and the best is a little below the edge. Near
the edge minibatches make the steps noisy, and rates that fall come out lower than a constant one. (A wide network
fits every digit, the noise ends, and a constant rate is as good: try --hidden 64.) The digits are those inside
scikit-learn.
"""
from collections import namedtuple

import numpy as np
from sklearn.datasets import load_digits

import srcgrad as sg
from showing import BLUE, GREEN, GREY, ORANGE, PURPLE, Clock, panels, parser, save
from srcgrad import train

Params = namedtuple("Params", "W1 b1 W2 b2")


@sg.differentiable
def loss(params, X, labels):
    """Return the mean cross-entropy of a perceptron with one hidden layer."""
    hidden = train.relu(train.dense(X, params.W1, params.b1))
    return train.softmax_cross_entropy(train.dense(hidden, params.W2, params.b2), labels)


def schedules(lr, epochs):
    """Return functions of the epoch that are learning rates, with their colours."""
    return {
        "constant": (lambda t: train.constant(t, lr), GREY),
        "halved every 5 epochs": (lambda t: train.halve_every(t, lr, epochs // 6), BLUE),
        "exponential": (lambda t: train.exponential(t, lr, 5.0 / epochs), ORANGE),
        "cosine": (lambda t: train.cosine(t, lr, epochs), GREEN),
        "cyclic": (lambda t: train.cyclic(t, 0.02 * lr, lr, epochs / 6.0), PURPLE),
    }


def main(arguments=None):
    """Sweep, train with five schedules, and draw."""
    add = parser(__doc__, "learning_rates.png")
    add.add_argument("--hidden", type=int, default=8, help="hidden units (default 8)")
    options = add.parse_args(arguments)
    X, labels = load_digits(return_X_y=True)
    count, epochs = (50, 6) if options.quick else (len(X), 30)
    X, labels = X[:count] / 16.0, labels[:count]
    rng, clock = np.random.default_rng(options.seed), Clock()
    hidden = options.hidden
    params = Params(train.he_normal(rng, (64, hidden)), np.zeros(hidden), train.xavier_normal(rng, (hidden, 10)),
                    np.zeros(10))  # fmt: skip

    gradient = sg.value_and_grad(loss)
    rates = 10.0 ** np.arange(-5.0, 2.1, 1.0 if options.quick else 0.5)
    swept = {}
    for name, optimizer in (("SGD", train.SGD()), ("Adam", train.Adam())):
        swept[name] = train.sweep_rates(gradient, params, (X, labels), optimizer, rates, epochs=3, size=16)
        best = np.argmin(swept[name])
        print(f"{name}: best rate of the sweep {rates[best]:.0e}, loss {swept[name][best]:.3f} after 3 epochs")
    clock("swept")

    lr, histories = 0.5, {}
    for name, (schedule, _) in schedules(lr, epochs).items():
        fitted = train.fit(gradient, params, (X, labels), train.SGD(), epochs=epochs, size=16, rng=options.seed,
                           schedule=schedule, progress=False)  # fmt: skip
        histories[name] = fitted.history
        print(f"{name:22} last loss {fitted.history['loss'][-1]:.1e}")
    clock(f"trained {epochs} epochs with each of {len(histories)} schedules")
    save(drawn(rates, swept, histories, schedules(lr, epochs)), options.picture)


def drawn(rates, swept, histories, ways):
    """Return the picture: the sweep, the schedules, and what comes of them."""
    figure, (left, middle, right) = panels(1, 3, size=(3.5, 3.3))
    for (name, losses), colour in zip(swept.items(), (BLUE, ORANGE), strict=True):
        shown = np.where(np.isfinite(losses), np.minimum(losses, 8.0), 8.0)
        over = ~(losses < 8.0)
        left.loglog(rates, shown, "-", color=colour, label=name)
        left.loglog(rates[~over], shown[~over], "o", color=colour, markersize=4)
        left.loglog(rates[over], shown[over], "x", color=colour, markersize=5)
    left.set(title="loss after 3 epochs (x: above 8)", xlabel="learning rate")
    left.set_yticks([0.5, 1.0, 2.0, 4.0, 8.0], [0.5, 1, 2, 4, 8])
    left.set_yticks([], minor=True)
    left.legend()
    for name, (schedule, colour) in ways.items():
        epochs = len(histories[name]["loss"])
        t = np.linspace(0.0, epochs - 1.0, 400)
        middle.plot(t + 1.0, [schedule(s) for s in t], color=colour, linewidth=1.3, label=name)
        right.semilogy(np.arange(1, epochs + 1), histories[name]["loss"], color=colour, linewidth=1.3)
    middle.set(title="schedules", xlabel="epoch", ylim=(0.0, None))
    right.set(title="training loss of SGD", xlabel="epoch")
    handles, names = middle.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=5)
    return figure


if __name__ == "__main__":
    main()
