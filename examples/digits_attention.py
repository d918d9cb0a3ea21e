"""A tiny attention model reads handwritten digits, as sixteen patches that look at one another.

What to see here: an image of 8 x 8 pixels is cut into patches of 2 x 2. Each becomes a vector, to which one for its
place is added; all attend to all in four heads, twice, and their mean gives the scores. Afterwards the attention is
drawn: which patches of an image the others look at. The images are those inside scikit-learn; a stratified fifth is
held out.
"""
import numpy as np
from sklearn.datasets import load_digits

import srcgrad as sg
from showing import BLUE, ORANGE, Clock, panels, parser, save
from srcgrad import train

HEADS = 4


def each(x, weights, bias):
    """Return the dense layer of the vector at each place: x has shape (examples, places, inputs)."""
    n, places, inputs = x.shape
    return train.dense(x.reshape(n * places, inputs), weights, bias).reshape(n, places, len(bias))


@sg.differentiable
def hidden(net, patches, blocks):
    """Return the vectors at each place after some blocks, for patches of shape (examples, 16, 4)."""
    x = each(patches, net["patch"], net["bias"]) + net["place"]
    for k in range(blocks):
        y = train.layer_norm(x, net["gain1"][k], net["bias1"][k])
        x = x + train.multi_head_attention(y, y, net["Q"][k], net["K"][k], net["V"][k], net["O"][k], HEADS)
        y = train.layer_norm(x, net["gain2"][k], net["bias2"][k])
        x = x + each(train.relu(each(y, net["W1"][k], net["b1"][k])), net["W2"][k], net["b2"][k])
    return x


@sg.differentiable
def scores(net, patches):
    """Return the scores of ten digits."""
    x = hidden(net, patches, len(net["Q"]))
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
    return images.reshape(n, 4, 2, 4, 2).transpose(0, 1, 3, 2, 4).reshape(n, 16, 4)


def looks(net, patches):
    """Return how much each patch looks at each other one in the last block: (examples, heads, 16, 16)."""
    y = train.layer_norm(hidden(net, patches, 1), net["gain1"][1], net["bias1"][1])
    queries, keys = ((y @ net[name][1]).reshape(len(y), 16, HEADS, -1).transpose(0, 2, 1, 3) for name in "QK")
    return train.softmax(queries @ keys.transpose(0, 1, 3, 2) / np.sqrt(queries.shape[-1]))


def main(arguments=None):
    """Train, report, and draw."""
    add = parser(__doc__, "digits_attention.png")
    add.add_argument("--epochs", type=int, default=40, help="passes over the training images (default 40)")
    options = add.parse_args(arguments)
    epochs, most, d = (1, 30, 4) if options.quick else (options.epochs, None, 24)
    digits, rng, clock = load_digits(), np.random.default_rng(options.seed), Clock()
    images, labels = digits.images[:most] / 16.0, digits.target[:most]
    rows, held_out = train.split(len(labels), 0.2, rng, labels)
    patches, net = cut(images), start(rng, 2, d)

    def right(net, rows):
        return np.mean(scores(net, patches[rows]).argmax(axis=1) == labels[rows])

    fitted = train.fit(loss, net, (patches[rows], labels[rows]), train.AdamW(0.004, decay=0.02), epochs=epochs,
                       size=32, rng=rng, schedule=lambda t: train.cosine(t, 0.004, epochs),
                       metrics={"own": lambda net: right(net, rows), "other": lambda net: right(net, held_out)},
                       )  # fmt: skip
    clock(f"trained {epochs} epochs, compiling included,")
    print(f"held-out accuracy {100.0 * fitted.history['other'][-1]:.2f} % of {len(held_out)} digits")
    shown = held_out[[np.flatnonzero(labels[held_out] == digit)[0] for digit in (2, 3, 4, 8)]]
    save(drawn(fitted.history, images[shown], looks(fitted.params, patches[shown])), options.picture)


def drawn(history, images, attention):
    """Return the picture: accuracy in time, and which patches of four digits the others look at, head by head."""
    figure = panels(size=(9.0, 3.7))[0]
    figure.clear()
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.15])
    axes = left.subplots()
    for name, label, colour in (("own", "training", BLUE), ("other", "held out", ORANGE)):
        values = 100.0 * history[name]
        axes.plot(np.arange(1, len(values) + 1), values, color=colour, label=label)
    axes.set(title=f"accuracy, {values[-1]:.1f} % held out", xlabel="epoch", ylabel="%",
             ylim=(min(92.0, values[-1] - 5.0), 100.2))  # fmt: skip
    axes.legend(loc="lower right")
    grid = right.subplots(4, 1 + HEADS)
    right.suptitle("digits, and how much each patch is looked at, in four heads", x=0.01, ha="left", fontsize=10.0)
    for one in grid.flat:
        one.set_axis_off()
    for row, image, heads in zip(grid, images, attention, strict=True):
        row[0].imshow(image, cmap="gray_r")
        for one, weights in zip(row[1:], heads, strict=True):
            one.imshow(image, cmap="gray_r")
            seen = weights.sum(axis=0).reshape(4, 4)
            one.imshow(np.kron(seen, np.ones((2, 2))), cmap="Oranges", alpha=0.75, vmin=0.0, vmax=4.0)
    return figure


if __name__ == "__main__":
    main()
