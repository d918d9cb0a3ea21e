"""The retraining pitfall: "TV" and "telly" move, "television" stays behind.

A logistic regression says from one word whether a review is good. Pre-trained vectors of words that mean the same are
neighbours. "TV" and "telly" occur in the training reviews, "television" only later. If the vectors are trained along
with the classifier, the first two move to where they belong for this task; the third has a gradient of exactly zero,
stays, and ends on the wrong side. With frozen vectors the boundary has to make room for the two, and does so for the
third as well.
"""
from collections import namedtuple

import numpy as np

import srcgrad as sg
from showing import BLUE, GREY, ORANGE, RED, panels, parser, save
from srcgrad import train

VECTORS = {  # two dimensions, so that they can be drawn; our own numbers, with neighbours that mean the same
    "TV": (-0.28, 1.02), "telly": (-0.42, 0.80), "television": (-0.66, 1.06),
    "dull": (0.72, 0.36), "boring": (1.00, 0.02), "awful": (0.78, -0.34),
    "superb": (-0.70, -0.42), "lovely": (-1.00, -0.12), "great": (-0.72, 0.18),
}  # fmt: skip
WORDS = list(VECTORS)
REVIEWS = {  # how many, and whether they are good
    "TV": (6, False), "telly": (4, False), "dull": (20, False), "boring": (20, False), "awful": (20, False),
    "superb": (20, True), "lovely": (20, True), "great": (20, True),
}  # fmt: skip

Model = namedtuple("Model", "vectors w b")


@sg.differentiable
def loss(model, words, good):
    """Return the mean cross-entropy of a logistic regression on the vector of one word."""
    logits = train.embedding(model.vectors, words) @ model.w + model.b
    return train.binary_cross_entropy(logits, good)


def trained(gradient, frozen, words, good, steps):
    """Return the model after some steps of gradient descent."""
    model = Model(np.array(list(VECTORS.values())), np.zeros(2), 0.0)
    optimizer = train.SGD(0.5)
    state = optimizer.init(model)
    for _ in range(steps):
        _, grads = gradient(model, words, good)
        model, state = optimizer.update(model, grads, state, frozen=Model(frozen, False, False))
    return model, grads


def main(arguments=None):
    """Train with vectors that move and with vectors that stay, and draw where they end."""
    add = parser(__doc__, "retraining_pitfall.png")
    add.add_argument("--steps", type=int, default=1000, help="of gradient descent (default 1000)")
    options = add.parse_args(arguments)
    steps = 300 if options.quick else options.steps
    rows = [(WORDS.index(word), good) for word, (count, good) in REVIEWS.items() for _ in range(count)]
    words, good = np.array([k for k, _ in rows]), np.array([float(g) for _, g in rows])

    gradient = sg.value_and_grad(loss)
    models = {}
    for title, frozen in (("vectors trained along", False), ("vectors frozen", True)):
        models[title], grads = trained(gradient, frozen, words, good, steps)
        scores = models[title].vectors @ models[title].w + models[title].b
        print(title)
        for k, word in enumerate(WORDS[:3]):
            print(f"  {word:10}  gradient {np.abs(grads.vectors[k]).max():.1e}  score {scores[k]:+6.2f}: "
                  f"{'good' if scores[k] > 0.0 else 'bad'}")  # fmt: skip
    save(drawn(models), options.picture)


def drawn(models):
    """Return the picture: vectors before and after, with the boundary between good and bad."""
    figure, axes = panels(1, len(models), size=(4.6, 2.9), sharex=True, sharey=True)
    before = np.array(list(VECTORS.values()))
    for one, (title, model) in zip(axes, models.items(), strict=True):
        x, y = np.meshgrid(np.linspace(-2.3, 2.3, 200), np.linspace(-1.0, 1.7, 200))
        one.contourf(x, y, model.w[0] * x + model.w[1] * y + model.b, [-np.inf, 0.0, np.inf],
                     colors=["#fbe3cf", "#dbe8f6"])  # fmt: skip
        for word, start, end in zip(WORDS, before, model.vectors, strict=True):
            new = word == "television"
            colour = RED if new else ORANGE if not REVIEWS[word][1] else BLUE
            if np.hypot(*(end - start)) > 0.05:
                one.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": GREY, "shrinkA": 0, "shrinkB": 3})
                one.plot(*start, "o", color="white", markeredgecolor=GREY, markersize=4)
            one.plot(*end, "*" if new else "o", color=colour, markersize=12 if new else 6)
            shift = (-8, 4) if new else (0, -13) if word == "telly" else (0, 7)
            one.annotate(word, end, shift, textcoords="offset points", color=colour, ha="right" if new else "center",
                         fontweight="bold" if new else "normal")  # fmt: skip
        one.set(title=title, xticks=[], yticks=[], aspect="equal")
        one.grid(visible=False)
    axes[0].text(0.03, 0.92, "good", color=BLUE, transform=axes[0].transAxes)
    axes[0].text(0.97, 0.92, "bad", color=ORANGE, ha="right", transform=axes[0].transAxes)
    return figure


if __name__ == "__main__":
    main()
