"""What the training kit is given and cannot take: errors before anything is trained, and values at the edge."""

import math
import pickle

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

import srcgrad as sg
from srcgrad import train
from srcgrad.train.batches import LENGTHS, NO_SUCH_ROW
from tests.helpers import plain_training, same_bits


@pytest.fixture
def plain(monkeypatch):
    plain_training(monkeypatch)


def line(params, x, y):
    return train.mse(train.dense(x, params[0], params[1]), y)


X = np.random.default_rng(1).standard_normal((4, 2))
Y = X @ np.ones((2, 1))
START = np.zeros((2, 1)), np.zeros(1)
W, RNG = np.ones(3), np.random.default_rng(0)

# --- layers, losses, learning rates ---------------------------------------------------------------------------------

IMAGE, FILTERS, ROW, HEADS = np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 2)), np.ones((2, 3)), np.ones((2, 3, 4))
LABELS = "a label is no class; number the classes from 0"
NO_MASK = r"has to be of bool: True where a query sees a key\n  compare it: mask == 0.0 if it holds -inf"
REFUSED = [
    (train.conv2d, (IMAGE, FILTERS, np.ones(3)), ValueError, "not one bias for each filter"),
    (train.conv2d, (IMAGE, FILTERS, np.ones(1)), ValueError, "not one bias for each filter"),
    (train.conv2d, (IMAGE, FILTERS, np.ones(2), 0), ValueError, "stride is less than one pixel"),
    (train.conv2d, (IMAGE, FILTERS, np.ones(2), 1, -1), ValueError, "padding less than none"),
    (train.conv2d, (IMAGE[:, :2], FILTERS, np.ones(2)), ValueError, "larger than the image: give a smaller one, or"),
    (train.max_pool2d, (IMAGE, 5), ValueError, "larger than the image: give a smaller size"),
    (train.max_pool2d, (IMAGE, 2, 0), ValueError, "stride is less than one pixel"),
    (train.average_pool2d, (IMAGE[:, :, :1], 2), ValueError, "larger than the image: give a smaller size"),
    (train.average_pool2d, (IMAGE, 0, 1), ValueError, "the size of a window or the stride is less"),
    (train.dropout, (ROW, 1.0, RNG), ValueError, "from 0 to below 1"),
    (train.dropout, (ROW, -0.1, RNG), ValueError, "from 0 to below 1"),
    (train.dropout, (ROW, math.nan, RNG), ValueError, "from 0 to below 1"),
    (train.attention, (HEADS, HEADS[:1], HEADS), ValueError, "before the last two axes: make them the same"),
    (train.attention, (HEADS, HEADS, HEADS[:1]), ValueError, "before the last two axes: make them the same"),
    (train.attention, (HEADS, HEADS, HEADS[:, :2]), ValueError, "not as many values as keys"),
    (train.attention, (HEADS, HEADS[0], HEADS), sg.UnsupportedError, "3 axes and keys or values with 2 axes"),
    (train.attention, (HEADS, HEADS, HEADS, np.zeros((3, 3))), sg.UnsupportedError, f"float64, and {NO_MASK}"),
    (train.attention, (HEADS, HEADS, HEADS, np.ones((3, 3), int)), sg.UnsupportedError, f"int64, and {NO_MASK}"),
    (train.multi_head_attention, (HEADS, HEADS[:1], *[np.ones((4, 4))] * 4, 2), ValueError, "make them the same"),
    (train.multi_head_attention, (HEADS, HEADS[0], *[np.ones((4, 4))] * 4, 2), sg.UnsupportedError, "3 axes and the"),
    (train.multi_head_attention, (HEADS, HEADS, *[np.ones((4, 4))] * 4, 2, np.zeros((3, 3))), sg.UnsupportedError,
     NO_MASK),
    (train.softmax_cross_entropy, (ROW, np.array([0, -1])), IndexError, LABELS),
    (train.softmax_cross_entropy, (ROW, np.array([3, 0])), IndexError, LABELS),
    (train.softmax_cross_entropy, (ROW, np.array([[0], [1]])), sg.UnsupportedError, "give the class of each row"),
    *((loss, (a, b), error, message) for loss in (train.mse, train.binary_cross_entropy, train.hinge, train.huber)
      for a, b, error, message in ((W[:, None], W, sg.UnsupportedError, "a prediction with 2 axes and a target with 1"),
                                   (W, W[:1], ValueError, "of different shapes: bring both to one"))),
    (train.one_cycle, (0, 1.0, 4, 1.5), ValueError, "a share of the length, from 0 to 1"),
]  # fmt: skip


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("row", REFUSED, ids=[f"{row[0].__name__}-{k}" for k, row in enumerate(REFUSED)])
def test_layers_and_losses_refuse_what_does_not_fit(row):
    function, args, error, message = row
    with pytest.raises(error, match=message):
        function(*args)


@pytest.mark.long
def test_errors_of_layers_are_those_of_functions_that_are_differentiated():
    def masked(q, mask):
        return np.sum(train.attention(q, q, q, mask))

    gradient = sg.grad(masked)
    assert gradient(HEADS, np.ones((3, 3), bool)).shape == HEADS.shape
    with pytest.raises(sg.UnsupportedError, match=NO_MASK):
        gradient(HEADS, np.zeros((3, 3)))
    with pytest.raises(IndexError, match=LABELS):
        sg.grad(train.softmax_cross_entropy)(ROW, np.array([-1, 0]))


@pytest.mark.usefixtures("plain")
def test_one_number_may_be_the_target_of_all():
    assert train.mse(np.array([1.0, 3.0]), 0.0) == 5.0
    np.testing.assert_array_equal(sg.grad(train.mse)(np.array([1.0, 3.0]), 0.0), [1.0, 3.0])


@pytest.mark.usefixtures("plain")
def test_the_largest_value_of_a_window_with_nan_is_nan(rng):
    x = rng.standard_normal((2, 6, 6, 3))
    x[rng.random(x.shape) < 0.2] = np.nan
    expected = np.max(x.reshape(2, 3, 2, 3, 2, 3), axis=(2, 4))
    y, pullback = sg.vjp(train.max_pool2d, x, 2, None)
    np.testing.assert_array_equal(y, expected)
    bar = pullback(np.ones(y.shape))[0]
    np.testing.assert_array_equal(bar.reshape(2, 3, 2, 3, 2, 3).sum(axis=(2, 4)), np.ones(y.shape))
    assert np.array_equal(np.isnan(x[bar > 0.0]).sum(), np.isnan(expected).sum())


@pytest.mark.usefixtures("plain")
def test_a_cycle_may_rise_all_along():
    rates = [train.one_cycle(t, 1.0, 4, 1.0) for t in range(6)]
    np.testing.assert_allclose(rates[2:], [0.52, 0.48 * math.sqrt(0.5) + 0.52, 4e-6, 4e-6])
    assert train.one_cycle(0, 1.0, 4, 0.0) == 1.0


# --- rows -----------------------------------------------------------------------------------------------------------


def test_batches_have_rows_and_splits_take_lists():
    for batches in (train.shuffled_batches(4, 0, RNG), train.shuffled_batches(4, -1, RNG),
                    train.sampled_batches(4, 0, 2, RNG)):  # fmt: skip
        with pytest.raises(ValueError, match="size is less than 1"):
            next(batches)
    kept, held = train.split(4, 0.5, np.random.default_rng(2), [0, 0, 1, 1])
    assert sorted([*kept, *held]) == [0, 1, 2, 3]
    assert sorted(held // 2) == [0, 1]
    assert [(part.size, part.dtype) for part in train.split(0, 0.5, RNG)] == [(0, np.int64)] * 2


def never(*args):
    raise AssertionError("trained")


ORDER, RATES = np.arange(4), np.full(2, 0.1)
EPOCHS = [
    (dict(order=np.array([0, 1, 2, 5000])), IndexError, "the row 5000, and the data have 4 rows"),
    (dict(order=[0, -5]), IndexError, "the row -5"),
    (dict(order=[0.0, 1.0]), TypeError, "order is of float64 .* give row numbers"),
    (dict(order=np.ones(4, bool)), TypeError, "order is of bool"),
    (dict(order=ORDER[None]), TypeError, "with 2 axes"),
    (dict(data=(X, Y[:2])), ValueError, r"different lengths: \[2, 4\]; give as many rows of each"),
    (dict(data=()), ValueError, "the data have no arrays"),
    (dict(data=(X, 3.0)), ValueError, "the data have 3.0 alone"),
    (dict(data=(X, None)), TypeError, "no array of numbers"),
    (dict(data=([[1.0, 2.0], [3.0]],)), ValueError, "items have different lengths"),
    (dict(rates=RATES[:1]), ValueError, "there are 1 rates for 2 steps"),
    (dict(rates=np.ones(3)), ValueError, "there are 3 rates for 2 steps"),
    (dict(rates=0.1), TypeError, r"as np.full\(2, 0.1\)"),
    (dict(size=2.0), TypeError, "size is 2.0: give an integer"),
    (dict(size=0), ValueError, "at least one row"),
    (dict(args=2.0), TypeError, r"args is a float: give a tuple, \(x,\)"),
    (dict(state=train.SGD().init(START)), ValueError, "the state of Adam is what its init returns, not a SGDState"),
    (dict(state=train.Adam().init(START[:1])), ValueError, "structures differ"),
    (dict(frozen=(True,)), ValueError, "frozen: structures differ"),
    (dict(frozen=(1, 0)), ValueError, "frozen has 1: give True where"),
]


@pytest.mark.parametrize(("options", "error", "message"), EPOCHS, ids=[str(row[2]) for row in EPOCHS])
def test_an_epoch_is_refused_before_anything_is_trained(options, error, message):
    optimizer = train.Adam()
    given = dict(state=optimizer.init(START), data=(X, Y), order=ORDER, size=2, rates=RATES) | options
    with pytest.raises(error, match=message):
        train.run_epoch(never, optimizer, START, **given)


@pytest.mark.usefixtures("plain")
def test_an_epoch_takes_lists():
    gradient, optimizer = sg.value_and_grad(line), train.Adam()
    state = optimizer.init(START)
    expected = train.run_epoch(gradient, optimizer, START, state, (X, Y), ORDER, 2, RATES, (), None, (False, True))
    lists = [X.tolist(), Y.tolist()], ORDER.tolist(), 2, RATES.tolist(), [], None, [False, True]
    found = train.run_epoch(gradient, optimizer, START, state, *lists)
    assert same_bits((*expected[0], expected[2]), (*found[0], found[2]))


gradient_of_line = sg.value_and_grad(line)


@njit
def compiled_epoch(optimizer, params, state, data, order, size, rates):
    return train.run_epoch(gradient_of_line, optimizer, params, state, data, order, size, rates)


@njit
def compiled_rows(data, rows):
    return train.take_rows(data, rows)


@pytest.mark.long
def test_compiled_code_reads_no_row_that_is_not_there():
    optimizer = train.Adam()
    state = optimizer.init(START)
    python = train.run_epoch(gradient_of_line, optimizer, START, state, (X, Y), [3, 1, -4, 2], 2, RATES)
    found = compiled_epoch(optimizer, START, state, (X, Y), np.array([3, 1, 0, 2]), 2, RATES)
    np.testing.assert_allclose(found[2], python[2], rtol=1e-14)
    for data, order, size, rates, error, message in (
        ((X, Y), np.array([0, 1, 2, 5000]), 2, RATES, IndexError, NO_SUCH_ROW),
        ((X, Y), np.array([0, 1, 2, -5]), 2, RATES, IndexError, NO_SUCH_ROW),
        ((X, Y[:2]), ORDER, 2, RATES, ValueError, LENGTHS),
        ((X, Y), ORDER, 2, RATES[:1], ValueError, "as many rates as steps"),
        ((X, Y), ORDER, 0, RATES, ValueError, "size is less than 1"),
    ):
        with pytest.raises(error, match=message):
            compiled_epoch(optimizer, START, state, data, order, size, rates)
    small = optimizer.init((np.zeros((1, 1)), np.zeros(1)))
    with pytest.raises(ValueError, match="a moment has another shape"):
        compiled_epoch(optimizer, START, small, (X, Y), ORDER, 2, RATES)
    assert same_bits(compiled_rows((X, Y), np.array([0, -1]))[0], X[[0, -1]])
    with pytest.raises(IndexError, match=NO_SUCH_ROW):
        compiled_rows((X, Y[:2]), np.array([0, 2]))


# --- steps ----------------------------------------------------------------------------------------------------------


@njit
def compiled_update_rows(optimizer, table, rows, grads, state):
    return optimizer.update_rows(table, rows, grads, state)


@pytest.mark.long
def test_rows_of_tables_are_those_that_short_integers_name():
    table, optimizer = np.zeros((200, 1)), train.SparseAdam(0.1)
    state = optimizer.init(table)
    for rows, expected in ((np.array([-1, -50, 100], np.int8), [100, 150, 199]), (np.array([199], np.uint8), [199])):
        grads = np.ones((rows.size, 1))
        for given in (rows, rows.tolist()):
            assert np.flatnonzero(optimizer.update_rows(table, given, grads, state)[0]).tolist() == expected
        new, _ = compiled_update_rows(optimizer, table, rows, grads, state)
        assert np.flatnonzero(new).tolist() == expected
    assert not optimizer.update_rows(table, [], np.ones((0, 1)), state)[0].any()
    with pytest.raises(TypeError, match="rows are of float64: give the numbers of the rows"):
        optimizer.update_rows(table, [0.0], np.ones((1, 1)), state)
    with pytest.raises(ValueError, match="the state of SparseAdam"):
        optimizer.update_rows(table, [0], np.ones((1, 1)), train.SGD().init(table))
    with pytest.raises(TypeError, match="floats and arrays of floats"):
        optimizer.update_rows(np.zeros((2, 1), int), [0], np.ones((1, 1)), state)
    with pytest.raises(TypingError, match="give the numbers of the rows"):
        compiled_update_rows(optimizer, table, np.zeros(1), np.ones((1, 1)), state)
    with pytest.raises(TypingError, match="the state of SparseAdam"):
        compiled_update_rows(optimizer, table, np.zeros(1, int), np.ones((1, 1)), train.SGD().init(table))


UPDATES = [
    (W, 1.0, train.Adam().init(W), None, "another shape than its parameter: give"),
    (1.0, W, train.Adam().init(1.0), None, "another shape than its parameter: give"),
    (W, W, train.SGD().init(W), None, "the state of Adam is what its init returns, not a SGDState"),
    (W, W, None, None, "the state of Adam is what its init returns, not a NoneType"),
    (W, W, train.Adam().init(W[:2]), None, "a moment has another shape"),
    ((W, W), (W, W), train.Adam().init((W, W)), (1, 0), "frozen has 1: give True where a parameter is to stay"),
]


@njit
def compiled_update(optimizer, params, grads, state, frozen):
    return optimizer.update(params, grads, state, None, frozen)


@pytest.mark.parametrize(("params", "grads", "state", "frozen", "message"), UPDATES)
def test_steps_refuse_what_does_not_fit(params, grads, state, frozen, message):
    with pytest.raises(ValueError, match=message):
        train.Adam().update(params, grads, state, frozen=frozen)
    if isinstance(params, np.ndarray):
        with pytest.raises(ValueError, match=message):
            train.Adam().update_in_place(params, grads, state, frozen=frozen)


@pytest.mark.parametrize(("params", "grads", "state", "frozen", "message"), [*UPDATES[:3], UPDATES[-1]])
def test_compiled_steps_refuse_types_that_do_not_fit(params, grads, state, frozen, message):
    with pytest.raises(TypingError, match=message.replace("frozen has 1", "frozen.0. is of type int64")):
        compiled_update(train.Adam(), params, grads, state, frozen)


@njit
def compiled_clip(grads):
    return train.global_norm(grads), train.clip_by_norm(grads, 1.0)


NORMS = [
    ((np.full(3, 1e25, np.float32),), 1e25 * math.sqrt(3.0)),
    ((np.full(3, 3e38, np.float32), np.zeros(0), 0.0), 3e38 * math.sqrt(3.0)),
    ((np.full(3, 1e200), np.zeros(2)), 1e200 * math.sqrt(3.0)),
    ((np.full(4, 1e-30, np.float32),), 2e-30),
    ((np.array([math.inf, 1.0]),), math.inf),
]


@pytest.mark.parametrize(("grads", "norm"), NORMS, ids=[str(norm) for _, norm in NORMS])
def test_norms_are_those_of_gradients_whose_squares_are_too_large(grads, norm, monkeypatch):
    found = [compiled_clip(grads)]
    plain_training(monkeypatch)
    with np.errstate(all="ignore"):
        found.append((train.global_norm(grads), train.clip_by_norm(grads, 1.0)))
    for value, clipped in found:
        assert math.isclose(value, norm, rel_tol=1e-6)
        assert clipped[0].dtype == grads[0].dtype
        if norm < math.inf:
            np.testing.assert_allclose(clipped[0], grads[0] / np.float64(max(norm, 1.0)), rtol=1e-6)


# --- files ----------------------------------------------------------------------------------------------------------


def test_what_is_no_checkpoint_is_said_to_be_none(tmp_path):
    path = tmp_path / "file"
    train.save_checkpoint(path, (W,))
    whole = path.read_bytes()
    every = [b"", b"hello\n", pickle.dumps({"a": 1}), *(whole[:cut] for cut in (2, 100, len(whole) // 2, -5))]
    every.append(whole[:200] + bytes([whole[200] ^ 255]) + whole[201:])
    for kept in ({"about": np.array("hello")}, {"about": np.array("[1]")}, {"about": np.array([None])}, {"a": W}):
        with open(path, "wb") as file:
            np.savez(file, **kept)
        every.append(path.read_bytes())
    np.save(tmp_path / "array.npy", W)
    every.append((tmp_path / "array.npy").read_bytes())
    for content in every:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="file is no checkpoint"):
            train.load_checkpoint(path, (W,))


# --- fit ------------------------------------------------------------------------------------------------------------


def trained(loss=line, data=(X, Y), **options):
    return train.fit(loss, START, data, train.Adam(0.1), progress=False, **dict(epochs=2, size=2) | options)


OPTIONS = [
    (dict(metrics={"loss": never}), ValueError, "a metric is named 'loss'"),
    (dict(metrics={"lr": never}), ValueError, "a metric is named 'lr'"),
    (dict(metrics=never), TypeError, "give a dict of functions"),
    (dict(size=8.0), TypeError, "size is 8.0: give an integer"),
    (dict(epochs=2.5), TypeError, "epochs is 2.5: give an integer"),
    (dict(data=()), ValueError, r"the data have no arrays: give a tuple of arrays: \(X,\)"),
    (dict(stopping=3), TypeError, r"stopping is 3: give train.EarlyStopping\(patience\)"),
    (dict(args=2.0), TypeError, "args is a float: give a tuple"),
    (dict(frozen=(True,)), ValueError, "frozen: structures differ"),
]


@pytest.mark.parametrize(("options", "error", "message"), OPTIONS, ids=[str(row[2]) for row in OPTIONS])
def test_options_of_fit_are_refused_before_anything_is_compiled(options, error, message):
    with pytest.raises(error, match=message):
        trained(**options)


@pytest.mark.usefixtures("plain")
def test_fit_takes_lists():
    def weighted(params, x, y, weight):
        return weight * line(params, x, y)

    expected = trained(weighted, args=(2.0,))
    found = trained(weighted, [X.tolist(), Y], args=[2.0])
    assert same_bits(found.params, expected.params)


@pytest.mark.usefixtures("plain")
def test_runs_that_were_asked_for_otherwise_are_not_gone_on_with(tmp_path):
    path = tmp_path / "run"
    fitted = trained(checkpoint=path)
    assert same_bits(trained(checkpoint=path).params, fitted.params)
    with pytest.raises(ValueError, match=r"history \['loss', 'lr'\], not \['loss', 'lr', 'size'\]: ask for the same"):
        trained(checkpoint=path, metrics={"size": lambda params: 1.0})
    with pytest.raises(ValueError, match="states of 1 generators, not of 2: give the same args"):
        trained(checkpoint=path, args=(RNG,))
    train.save_checkpoint(path, (fitted.params, fitted.state, None))
    with pytest.raises(ValueError, match="a checkpoint that fit did not write"):
        trained(checkpoint=path)
