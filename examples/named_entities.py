"""Is the word a place? A window model for named entities, with word vectors that are frozen, fine-tuned or random.

The word in the middle of five is classified by a small network that sees the vectors of all five. Many of the names
are places and people both (Paris, Florence, Victoria, Jordan): only the words around tell.

What to see here: the gradient of the loss arrives at the rows of the embedding table that were read, and at no
others. With few labelled sentences it is better to leave pre-trained vectors alone, with many to train them along.
The gradient of a score by its window falls into one piece a word: what each says about the one in the middle. (The
window model is that of R. Collobert et al., Natural language processing (almost) from scratch, JMLR 12 (2011).)
"""
from collections import namedtuple

import numpy as np

import srcgrad as sg
from showing import BLUE, GREEN, GREY, ORANGE, Clock, lighter, panels, parser, plain_numbers, save
from srcgrad import train

# The sentences are our own, the names are of real places. Words of a kind are alike; * is a name of the kind at hand.
KINDS = {
    "place": """London Madrid Oslo Vienna Lisbon Prague Warsaw Dublin Athens Cairo Lagos Nairobi Tunis Dakar Delhi
        Mumbai Tokyo Kyoto Seoul Hanoi Manila Lima Quito Bogota Havana Toronto Chicago Boston Denver Seattle
        Naples Turin Bologna Lyon Bordeaux Hamburg Munich Cologne Zurich Geneva""",
    "person": """Anna Peter Maria Thomas Julia Martin Clara Felix Emma Oscar Nina Hugo Laura Simon Alice Robert Helen
        Daniel Sarah Michael Ruth Walter Irene George""",
    "both": "Paris Florence Victoria Jordan Georgia Lincoln Chelsea Austin Sydney Houston Charlotte Carolina",
    "thing": "winter silence summer anger trouble theory practice music spring water paper print danger theatre",
    "sight": "museums hotels bridges gardens theatres markets churches cellars palaces trams",
    "part": "mayor streets harbour suburbs airport walls cathedral stations squares outskirts",
    "kin": "brother mother dog diary voice doctor songs courage wedding shoes",
    "trust": "trust faith hope confidence pride interest talent humour",
    "went": "flew drove moved sailed cycled travelled returned walked",
    "spoke": "talked listened wrote replied waved apologised bowed sang",
    "met": "met dined danced argued waited laughed",
    "live": "live work study stay settle teach",
    "know": "know trust admire remember envy paint",
    "was": "is was seems looked remained became",
    "good": "amazing empty famous old small quiet lovely strange",
    "time": "today again yesterday often together once",
}
KINDS = {kind: words.split() for kind, words in KINDS.items()}
NAMES = [*KINDS["place"], *KINDS["person"], *KINDS["both"], *KINDS["thing"]]
SENTENCES = {
    "place": """{sight} in * {was} {good}|the {part} of * {was} {good}|we {went} to * {time}|they {live} in * {time}|
        the way from * {was} {good}|{sight} near * {was} {good}|
        people {met} in * {time}|the map of * {was} {good}""",
    "person": """{trust} in * {was} {good}|the {kin} of * {was} {good}|we {spoke} to * {time}|they {know} in * {time}|
        a letter from * {was} {good}|{kin} near * {was} {good}|
        people {met} with * {time}|the story of * {was} {good}""",
    "thing": """{trust} in * {was} {good}|the {kin} of * {was} {good}|we {spoke} to * {time}|they {live} in * {time}|
        the way from * {was} {good}|{sight} near * {was} {good}|
        people {met} with * {time}|the story of * {was} {good}""",
}

SHOWN = """museums in Paris was amazing|trust in Paris was amazing|flew to Jordan today ·|wrote to Jordan today ·|
streets of Florence seems old|diary of Florence seems old|dined in Victoria today ·|
dined with Victoria today ·|live in London today ·|live in winter today ·"""
SHOWN = [text.split() for text in SHOWN.split("|")]  # windows
WAYS = {  # pre-trained, frozen, and a colour
    "random, trained": (False, False, GREY),
    "pre-trained, frozen": (True, True, BLUE),
    "pre-trained, fine-tuned": (True, False, GREEN),
}

Model = namedtuple("Model", "vectors W b u c")


# ---- sentences, and vectors from their neighbourhoods ----------------------------------------------------------------


def sentences(count, rng):
    """Return random sentences: lists of words, and for each word whether it is a place."""
    texts, labels = [], []
    for kind in rng.choice(["place", "person", "thing"], count, p=[0.4, 0.35, 0.25]):
        form = rng.choice(SENTENCES[kind].split("|")).split()
        names = KINDS["both"] if kind != "thing" and rng.random() < 0.4 else KINDS[kind]
        texts.append([str(rng.choice(names if w == "*" else KINDS.get(w.strip("{}"), [w]))) for w in form])
        labels.append([w == "*" and kind == "place" for w in form])
    return texts, labels


def windows_of(texts, labels, number):
    """Return the windows around names and things, rows of five word numbers, and whether the middle is a place."""
    asked = {number[w] for w in NAMES}
    rows, places = [], []
    for words, marks in zip(texts, labels, strict=True):
        padded = [0, 0, *(number[w] for w in words), 0, 0]
        chosen = [k for k in range(len(words)) if padded[k + 2] in asked]
        rows += [padded[k : k + 5] for k in chosen]
        places += [marks[k] for k in chosen]
    return np.array(rows), np.array(places, dtype=float)


def pretrained(texts, number, dimensions):
    """Return word vectors from text without labels: the pointwise mutual information of a word with its neighbours at
    each of four places, cut to few dimensions (O. Levy and Y. Goldberg, NIPS 2014)."""
    n = len(number)
    counts = np.zeros((n, 4, n))
    for words in texts:
        padded = ["·", "·", *words, "·", "·"]
        for k, word in enumerate(words):
            for place, j in enumerate((k, k + 1, k + 3, k + 4)):
                counts[number[word], place, number[padded[j]]] += 1.0
    counts = counts.reshape(n, 4 * n)
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    information = np.log(np.maximum(counts, 1e-9) / np.maximum(expected, 1e-9)).clip(min=0.0)
    left, size, _ = np.linalg.svd(information, full_matrices=False)
    vectors = left[:, :dimensions] * np.sqrt(size[:dimensions])
    return vectors / vectors.std()


# ---- the model -------------------------------------------------------------------------------------------------------


@sg.differentiable
def score(x, W, b, u, c):
    """Return the score for "the middle is a place", a logit, of windows given as vectors, five in a row."""
    return np.tanh(train.dense(x, W, b)) @ u + c


@sg.differentiable
def loss(model, windows, places):
    """Return the mean cross-entropy, with a small penalty."""
    x = train.embedding(model.vectors, windows).reshape(len(windows), -1)
    logits = score(x, model.W, model.b, model.u, model.c)
    return train.binary_cross_entropy(logits, places) + train.l2((model.W,), 1e-4)


@sg.differentiable
def total_score(x, W, b, u, c):
    """Return the sum of the scores, whose gradient by x has a row for each window, and in it a piece for each word."""
    return np.sum(score(x, W, b, u, c))


def accuracy(model, windows, places):
    """Return the fraction of windows that are classified correctly."""
    x = model.vectors[windows].reshape(len(windows), -1)
    return np.mean((score(x, *model[1:]) > 0.0) == (places > 0.5))


def trained(gradient, vectors, frozen, windows, places, rng, steps, hidden=16):
    """Return the model after some steps of Adam on minibatches of 16, from these vectors."""
    d = 5 * vectors.shape[1]
    model = Model(vectors, train.xavier_normal(rng, (d, hidden)), np.zeros(hidden),
                  train.xavier_normal(rng, (hidden, 1))[:, 0], train.logit_bias(places)[()])  # fmt: skip
    epochs = max(1, steps * 16 // len(windows))
    return train.fit(gradient, model, (windows, places), train.Adam(0.01), epochs=epochs, size=16, rng=rng,
                     frozen=Model(frozen, False, False, False, False), progress=False).params  # fmt: skip


def main(arguments=None):
    """Train with few and many sentences, compare, and look at what the network looks at."""
    add = parser(__doc__, "named_entities.png")
    add.add_argument("--dimensions", type=int, default=6, help="of a word vector (default 6)")
    options = add.parse_args(arguments)
    rng, clock = np.random.default_rng(options.seed), Clock()
    sizes, repeats, steps = (5, 10, 20, 50, 100, 200, 500, 1000, 2000), 5, 600
    if options.quick:
        sizes, repeats, steps = (10, 40), 1, 30

    read, _ = sentences(200 if options.quick else 5000, rng)  # without labels
    labelled, held_out = sentences(sizes[-1], rng), sentences(1000, rng)
    words = {w for texts in (read, labelled[0], held_out[0], SHOWN) for words in texts for w in words}
    number = {word: k for k, word in enumerate(["·", *sorted({*words, *NAMES} - {"·"})])}
    test = windows_of(*held_out, number)
    known = pretrained(read, number, options.dimensions)
    clock(f"read {len(read)} sentences of {len(number)} words")

    gradient = sg.value_and_grad(loss)
    correct = {kind: np.empty((len(sizes), repeats)) for kind in WAYS}
    for at, size in enumerate(sizes):
        for repeat in range(repeats):
            some = rng.choice(sizes[-1], size, replace=False)
            examples = windows_of([labelled[0][k] for k in some], [labelled[1][k] for k in some], number)
            for kind, (with_known, frozen, _) in WAYS.items():
                vectors = known if with_known else rng.normal(size=known.shape)
                model = trained(gradient, vectors, frozen, *examples, rng, steps)
                correct[kind][at, repeat] = accuracy(model, *test)
        shown = ", ".join(f"{kind} {100.0 * c[at].mean():.1f} %" for kind, c in correct.items())
        print(f"{size:5} sentences: {shown}", flush=True)
    clock("trained")

    meeting = [number[word] for word in KINDS["met"]]
    after_in = test[0][(test[0][:, 1] == number["in"]) & np.isin(test[0][:, 0], meeting)]
    after_with = after_in.copy()
    after_with[:, 1] = number["with"]
    x, y = (model.vectors[w].reshape(len(w), -1) for w in (after_in, after_with))
    rise = np.mean(score(x, *model[1:]) - score(y, *model[1:]))
    print(f'"met in", instead of "met with" and the like, raises the score by {rise:.1f} on average')
    windows = np.array([[number[w] for w in words] for words in SHOWN])
    x = model.vectors[windows].reshape(len(SHOWN), -1)
    scores = score(x, *model[1:])
    pieces = (sg.grad(total_score)(x, *model[1:]) * x).reshape(len(SHOWN), 5, -1).sum(axis=2)
    for words, one in zip(SHOWN, scores, strict=True):
        print(f"{' '.join(words):32} score {one:6.1f}: {'a place' if one > 0.0 else 'no place'}")
    save(drawn(sizes, correct, pieces, scores), options.picture)


def drawn(sizes, correct, pieces, scores):
    """Return the picture: accuracy by the number of labelled sentences, and what each word says."""
    figure, (left, right) = panels(1, 2, size=(4.6, 3.4))
    for kind, (_, _, colour) in WAYS.items():
        mean, spread = 100.0 * correct[kind].mean(axis=1), 100.0 * correct[kind].std(axis=1)
        left.fill_between(sizes, mean - spread, mean + spread, color=colour, alpha=0.15, linewidth=0)
        left.plot(sizes, mean, "o-", color=colour, markersize=4, label=kind)
    left.set(title="is it a place? accuracy by training sentences", xscale="log", xlabel="labelled sentences",
             ylabel="% of held-out names right")  # fmt: skip
    plain_numbers(left.xaxis)
    left.legend(loc="lower right")

    most = np.abs(pieces).max()
    for row, (words, piece, one) in enumerate(zip(SHOWN, pieces, scores, strict=True)):
        for k, word in enumerate(words):
            shade = lighter(GREEN if piece[k] > 0.0 else ORANGE, 1.0 - min(1.0, abs(piece[k]) / most))
            right.text(k, -row, word, ha="center", va="center", fontweight="bold" if k == 2 else "normal",
                       bbox={"facecolor": shade, "edgecolor": "none", "boxstyle": "round,pad=0.35"})  # fmt: skip
        right.text(5.0, -row, f"{one:+.1f}", ha="center", va="center", color=GREEN if one > 0.0 else ORANGE)
    right.set(title="gradient times vector: green words say “place”", xlim=(-0.6, 5.5), ylim=(0.6 - len(SHOWN), 0.6))
    right.text(5.0, 0.62, "score", ha="center", color="0.4")
    right.set_axis_off()
    return figure


if __name__ == "__main__":
    main()
