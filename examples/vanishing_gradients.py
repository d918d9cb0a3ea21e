"""Why deep networks did not learn: gradients that vanish or explode on their way back through twenty layers.

What to see here: one step back through a layer multiplies the gradient by its weights and by the slope of its
activation. The logistic function's slope is at most 1/4, so that twenty layers leave next to nothing for the first
ones; with weights that are too large everything grows instead. Weights whose size fits the activation keep gradients
alike in all layers.
"""
import numpy as np

import srcgrad as sg
from showing import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, panels, parser, save
from srcgrad import train

WAYS = {  # activation, standard deviation of a weight times the root of the width, colour
    "logistic, weights too small": (train.logistic, 0.3, GREY),
    "logistic, Xavier": (train.logistic, 1.0, PURPLE),
    "tanh, Xavier": (train.tanh, 1.0, BLUE),
    "ReLU, weights too small": (train.relu, 0.7, ORANGE),
    "ReLU, He": (train.relu, np.sqrt(2.0), GREEN),
    "ReLU, weights too large": (train.relu, 2.5, RED),
}


def network(activation):
    """Return the loss of a deep network with this activation, and the standard deviation of each layer's output.

    To the inputs of each layer's units zeros are added: the gradient by them is what arrives there.
    """

    def loss(W, added, x, target):
        h = x
        for k in range(W.shape[0]):
            h = activation(h @ W[k] + added[k])
        return train.mse(h, target)

    def spreads(W, x):
        out = np.empty(W.shape[0])
        h = x
        for k in range(W.shape[0]):
            h = activation(h @ W[k])
            out[k] = np.std(h)
        return out

    return loss, spreads


def main(arguments=None):
    """Take one gradient for each activation and size of weights, and draw its size layer by layer."""
    add = parser(__doc__, "vanishing_gradients.png")
    add.add_argument("--depth", type=int, default=20, help="layers (default 20)")
    add.add_argument("--width", type=int, default=64, help="units of a layer (default 64)")
    options = add.parse_args(arguments)
    depth, width = options.depth, 16 if options.quick else options.width
    rng = np.random.default_rng(options.seed)
    x, target = rng.normal(size=(2, 100, width))
    W = rng.normal(size=(depth, width, width)) / np.sqrt(width)

    norms, outputs, made = {}, {}, {}
    added = np.zeros((depth, *x.shape))
    print(f"{'gradient that arrives at the':30} first layer   last layer      ratio")
    for name, (activation, scale, _) in WAYS.items():
        if activation not in made:
            loss, spreads = network(activation)
            made[activation] = sg.grad(loss, "added"), spreads
        grad, spreads = made[activation]
        norms[name] = np.linalg.norm(grad(scale * W, added, x, target).reshape(depth, -1), axis=1)
        outputs[name] = spreads(scale * W, x)
        first, last = norms[name][[0, -1]]
        print(f"{name:30} {first:11.1e}  {last:11.1e}  {first / last:9.1e}", flush=True)
    save(drawn(norms, outputs), options.picture)


def drawn(norms, outputs):
    """Return the picture: sizes of outputs on the way forward and of gradients on the way back."""
    figure, (left, right) = panels(1, 2)
    for name, (_, _, colour) in WAYS.items():
        layers = np.arange(1, len(norms[name]) + 1)
        left.semilogy(layers, outputs[name], ".-", color=colour, linewidth=1.2)
        right.semilogy(layers, norms[name], ".-", color=colour, linewidth=1.2, label=name)
    left.set(title="forward: spread of the outputs", xlabel="layer")
    right.set(title="backward: norm of the gradient that arrives", xlabel="layer")
    for axes in (left, right):
        axes.set_xticks([1, *range(5, len(layers) + 1, 5)])
    figure.legend(loc="outside lower center", ncols=3)
    return figure


if __name__ == "__main__":
    main()
