"""A tiny attention model reads handwritten digits, as sixteen patches that look at one another.

What to see here: an image of 8 x 8 pixels is cut into patches of 2 x 2. Each becomes a vector, to which one for its
place is added; all attend to all in four heads, twice, and their mean gives the scores. Afterwards the attention is
drawn: which patches of an image the others look at. The images are those inside scikit-learn; a stratified fifth is
held out.
"""
import numpy as np
from sklearn.datasets import load_digits

import srcgrad as sg
from showing import Clock, parser
from srcgrad import train

HEADS = 4


def each(x, weights, bias):
    """Return the dense layer of the vector at each place: x has shape (examples, places, inputs)."""
    n, places, inputs = x.shape
    return train.dense(x.reshape(n * places, inputs), weights, bias).reshape(n, places, len(bias))


@sg.differentiable
def scores(net, patches):
    """Return the scores of ten digits for patches of shape (examples, 16, 4)."""
    x = each(patches, net["patch"], net["bias"]) + net["place"]
    for k in range(len(net["Q"])):
        y = train.layer_norm(x, net["gain1"][k], net["bias1"][k])
        x = x + train.multi_head_attention(y, y, net["Q"][k], net["K"][k], net["V"][k], net["O"][k], HEADS)
        y = train.layer_norm(x, net["gain2"][k], net["bias2"][k])
        x = x + each(train.relu(each(y, net["W1"][k], net["b1"][k])), net["W2"][k], net["b2"][k])
    return train.dense(np.mean(x, axis=1), net["last"], net["b"])


@sg.differentiable
def loss(net, patches, labels):
    """Return the mean cross-entropy."""
    return train.softmax_cross_entropy(scores(net, patches), labels)


def start(rng, blocks, d):
    """Return the first weights of some blocks, for vectors of d numbers."""

    def stack(*shape):
        return np.array([train.xavier_normal(rng, shape) for _ in range(blocks)])

    return {
        "patch": train.xavier_normal(rng, (4, d)), "bias": np.zeros(d), "place": 0.2 * rng.normal(size=(16, d)),
        "gain1": np.ones((blocks, d)), "bias1": np.zeros((blocks, d)),
        "Q": stack(d, d), "K": stack(d, d), "V": stack(d, d), "O": stack(d, d),
        "gain2": np.ones((blocks, d)), "bias2": np.zeros((blocks, d)),
        "W1": stack(d, 2 * d), "b1": np.zeros((blocks, 2 * d)), "W2": stack(2 * d, d), "b2": np.zeros((blocks, d)),
        "last": train.xavier_normal(rng, (d, 10)), "b": np.zeros(10),
    }  # fmt: skip


def cut(images):
    """Return the 16 patches of each image, row by row."""
    n = len(images)
    return images.reshape(n, 4, 2, 4, 2).transpose(0, 1, 3, 2, 4).reshape(n, 16, 4) / 16.0


def main(arguments=None):
    """Train, report, and draw."""
    add = parser(__doc__, "digits_attention.png")
    add.add_argument("--epochs", type=int, default=30, help="passes over the training images (default 30)")
    options = add.parse_args(arguments)
    epochs, most, d = (1, 40, 8) if options.quick else (options.epochs, None, 24)
    digits, rng, clock = load_digits(), np.random.default_rng(options.seed), Clock()
    images, labels = digits.images[:most], digits.target[:most]
    rows, held_out = train.split(len(labels), 0.2, rng, labels)
    patches, net = cut(images), start(rng, 2, d)

    def right(net, rows):
        return np.mean(scores(net, patches[rows]).argmax(axis=1) == labels[rows])

    fitted = train.fit(loss, net, (patches[rows], labels[rows]), train.Adam(0.004), epochs=epochs, size=32, rng=rng,
                       schedule=lambda t: train.cosine(t, 0.004, epochs),
                       metrics={"own": lambda net: right(net, rows), "other": lambda net: right(net, held_out)},
                       )  # fmt: skip
    clock(f"trained {epochs} epochs, compiling included,")
    print(f"held-out accuracy {100.0 * fitted.history['other'][-1]:.2f} % of {len(held_out)} digits")


if __name__ == "__main__":
    main()
