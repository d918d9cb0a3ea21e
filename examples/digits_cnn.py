"""A convolutional network with a residual block reads handwritten digits: 98.5 % and more of those it has not seen.

What to see here: layers are functions over plain arrays, put together by a function that reads like the architecture; the
gradient by all of its weights, in a dict, is a dict of the same form. Images are moved by up to a pixel at random in each
epoch: what an image shows does not depend on where it stands.

The 1797 images of 8 x 8 pixels are those inside scikit-learn; a stratified fifth is held out and looked at in no decision
but this last one: how many of them are read.
"""
import numpy as np
from sklearn.datasets import load_digits

import srcgrad as sg
from showing import BLUE, ORANGE, Clock, panels, parser, save
from srcgrad import train

@sg.differentiable
def scores(net, images):
    """Return the scores of ten digits for images of shape (examples, 8, 8, 1)."""
    x = train.relu(train.conv2d(images, net["first"], net["b1"], 1, 1))
    x = train.residual_conv(x, net["inner1"], net["c1"], net["inner2"], net["c2"])
    x = train.max_pool2d(x)
    return train.dense(x.reshape(len(images), -1), net["last"], net["b2"])


@sg.differentiable
def loss(net, images, labels):
    """Return the mean cross-entropy."""
    return train.softmax_cross_entropy(scores(net, images), labels)


def moved(rng, images, labels):
    """Return the images, each moved by up to one pixel along both axes, and the labels."""
    wide = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    down, across = rng.integers(0, 3, (2, len(images)))
    return np.array([w[i : i + 8, j : j + 8] for w, i, j in zip(wide, down, across, strict=True)]), labels


def main(arguments=None):
    """Train, report, and draw."""
    add = parser(__doc__, "digits_cnn.png")
    add.add_argument("--epochs", type=int, default=40, help="passes over the training images (default 40)")
    add.add_argument("--filters", type=int, default=16, help="of each convolution (default 16)")
    options = add.parse_args(arguments)
    epochs, c, most = (1, 2, 40) if options.quick else (options.epochs, options.filters, None)
    digits, rng, clock = load_digits(), np.random.default_rng(options.seed), Clock()
    images, labels = digits.images[:most, :, :, None] / 16.0, digits.target[:most]
    rows, held_out = train.split(len(labels), 0.2, rng, labels)

    he = train.he_normal
    net = {  # in a dict: `fit` then loops in Python, which costs nothing here and compiles in half the time
        "first": he(rng, (3, 3, 1, c)), "b1": np.zeros(c),
        "inner1": he(rng, (3, 3, c, c)), "c1": np.zeros(c),
        "inner2": 0.1 * he(rng, (3, 3, c, c)), "c2": np.zeros(c),
        "last": he(rng, (16 * c, 10)), "b2": np.zeros(10),
    }  # fmt: skip
    print(f"{sum(w.size for w in net.values())} weights")

    def right(net, rows):
        return np.mean(scores(net, images[rows]).argmax(axis=1) == labels[rows])

    fitted = train.fit(loss, net, (images[rows], labels[rows]), train.AdamW(0.003, decay=0.01), epochs=epochs, size=32,
                       rng=rng, schedule=lambda t: train.cosine(t, 0.003, epochs), augment=moved,
                       metrics={"own": lambda net: right(net, rows), "other": lambda net: right(net, held_out)})  # fmt: skip
    clock(f"trained {epochs} epochs, compiling included,")
    table = scores(fitted.params, images[held_out])
    wrong = np.flatnonzero(table.argmax(axis=1) != labels[held_out])
    print(f"held-out accuracy {100.0 - 100.0 * len(wrong) / len(held_out):.2f} % "
          f"({len(wrong)} of {len(held_out)} misread)")  # fmt: skip
    save(drawn(fitted, digits.images[held_out[wrong]], labels[held_out[wrong]], table[wrong]), options.picture)


def drawn(fitted, images, labels, table):
    """Return the picture: accuracy in time, the filters, and the digits that were misread."""
    figure, _ = panels(size=(9.0, 3.6))
    figure.clear()
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1])
    axes = left.subplots()
    for name, label, colour in (("own", "training", BLUE), ("other", "held out", ORANGE)):
        values = 100.0 * fitted.history[name]
        axes.plot(np.arange(1, len(values) + 1), values, color=colour, label=label)
    axes.set(title=f"accuracy, {values[-1]:.1f} % held out", xlabel="epoch", ylabel="%", ylim=(max(0.0, min(94.0, values[-1] - 3)), 100.2))
    axes.legend(loc="lower right")
    grid = right.subplots(3, 8)
    right.suptitle("filters of the first layer, and the digits misread", x=0.02, ha="left", fontsize=10.5)
    for one in grid.flat:
        one.set(xticks=[], yticks=[])
        one.set_visible(False)
    filters = fitted.params["first"][:, :, 0, :16]
    for one, k in zip(grid.flat, range(filters.shape[2]), strict=False):
        one.set_visible(True)
        one.imshow(filters[:, :, k], cmap="RdBu_r", vmin=-np.abs(filters).max(), vmax=np.abs(filters).max())
    for one, image, label, score in zip(grid[2], images, labels, table, strict=False):
        one.set_visible(True)
        one.imshow(image, cmap="gray_r")
        one.set_title(f"{label} as {score.argmax()}", fontsize=8, loc="center")
    return figure


if __name__ == "__main__":
    main()
