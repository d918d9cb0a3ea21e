"""Training with the kit: clipping, minibatches, early stopping, checkpoint files, `fit`; mostly as plain Python."""

import json
import math
import sys

import numpy as np
import pytest
from numba import njit

import srcgrad as sg
from srcgrad import train
from srcgrad.train import epochs
from tests.helpers import plain_training, run_python, same_bits


@pytest.fixture
def plain(monkeypatch):
    plain_training(monkeypatch)


def line(params, x, y):
    return train.mse(train.dense(x, params[0], params[1]), y)


def noisy_line(params, x, y, rng):
    return train.mse(train.dense(train.dropout(x, 0.25, rng), params[0], params[1]), y)


TRUE = np.array([[1.0], [-2.0]])
X = np.random.default_rng(1).standard_normal((11, 2))
DATA = X, X @ TRUE + 0.5


def start():
    return np.zeros((2, 1)), np.zeros(1)


def trained(epochs=4, loss=line, **options):
    return train.fit(loss, start(), DATA, options.pop("optimizer", train.Adam(0.1)),
                     epochs=epochs, size=4, progress=False, **options)  # fmt: skip


# --- clipping ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("plain")
def test_a_gradient_is_clipped_to_its_norm_over_all_parameters():
    grads = {"W": np.array([[3.0, 0.0]]), "b": [4.0, np.zeros(2)]}
    assert train.global_norm(grads) == 5.0
    clipped = train.clip_by_norm(grads, 1.0)
    assert math.isclose(train.global_norm(clipped), 1.0)
    np.testing.assert_allclose(clipped["W"], [[0.6, 0.0]])
    assert math.isclose(clipped["b"][0], 0.8)
    same = train.clip_by_norm(grads, 5.0)
    assert same_bits(same["W"], grads["W"])
    assert same["b"][0] == 4.0
    assert grads["W"][0, 0] == 3.0
    assert np.isnan(train.clip_by_norm((np.array([np.nan, 1.0]),), 1.0)[0]).any()
    small = train.clip_by_norm((np.array([30.0], np.float32),), 1.0)
    assert small[0].dtype == np.float32
    assert train.global_norm(start()) == 0.0
    assert not train.clip_by_norm(start(), 1.0)[0].any()


@pytest.mark.usefixtures("plain")
def test_elements_are_clipped_to_a_value():
    grads = np.array([-3.0, -0.5, 0.0, 2.0]), 7.0
    clipped = train.clip_by_value(grads, 1.0)
    np.testing.assert_array_equal(clipped[0], [-1.0, -0.5, 0.0, 1.0])
    assert clipped[1] == 1.0
    assert grads[0][0] == -3.0


def test_clipping_by_norm_is_that_of_pytorch(plain, rng):
    torch = pytest.importorskip("torch")
    grads = rng.standard_normal((3, 2)), rng.standard_normal(4)
    for limit in (0.5, 100.0):
        theirs = [torch.nn.Parameter(torch.zeros(g.shape)) for g in grads]
        for p, g in zip(theirs, grads, strict=True):
            p.grad = torch.tensor(g, dtype=p.dtype)
        norm = torch.nn.utils.clip_grad_norm_(theirs, limit)
        assert math.isclose(train.global_norm(grads), float(norm), rel_tol=1e-6)
        for ours, p in zip(train.clip_by_norm(grads, limit), theirs, strict=True):
            np.testing.assert_allclose(ours, p.grad.numpy(), rtol=1e-5)


# --- minibatches ---------------------------------------------------------------------------------------------------


def test_minibatches_hold_every_row_once_in_an_order_of_the_seed():
    batches = list(train.shuffled_batches(10, 4, np.random.default_rng(5)))
    assert [len(rows) for rows in batches] == [4, 4, 2]
    rows = np.concatenate(batches)
    assert sorted(rows) == list(range(10))
    assert list(rows) != list(range(10))
    rng = np.random.default_rng(5)
    again, later = (np.concatenate(list(train.shuffled_batches(10, 4, rng))) for _ in range(2))
    assert same_bits(rows, again)
    assert not same_bits(rows, later)
    assert list(train.shuffled_batches(0, 4, rng)) == []


def test_sampled_batches_draw_with_replacement():
    batches = list(train.sampled_batches(3, 50, 2, np.random.default_rng(5)))
    expected = np.random.default_rng(5)
    assert all(same_bits(rows, expected.integers(0, 3, 50)) for rows in batches)
    assert [len(rows) for rows in batches] == [50, 50]


def test_splits_keep_the_share_of_each_class(rng):
    labels = np.array([0] * 10 + [1] * 20 + [2] * 5)
    kept, held = train.split(35, 0.2, np.random.default_rng(2), labels)
    assert sorted([*kept, *held]) == list(range(35))
    assert np.bincount(labels[held]).tolist() == [2, 4, 1]
    again = train.split(35, 0.2, np.random.default_rng(2), labels)
    assert same_bits((kept, held), again)
    assert [len(part) for part in train.split(10, 0.25, rng)] == [8, 2]
    with pytest.raises(ValueError, match="between 0 and 1"):
        train.split(10, 1.5, rng)
    with pytest.raises(ValueError, match="3 labels for 10 rows"):
        train.split(10, 0.5, rng, np.zeros(3))


def test_rows_are_taken_from_every_array():
    taken = train.take_rows({"x": np.arange(6.0).reshape(3, 2), "y": [np.arange(3)]}, np.array([2, 0]))
    np.testing.assert_array_equal(taken["x"], [[4.0, 5.0], [0.0, 1.0]])
    np.testing.assert_array_equal(taken["y"][0], [2, 0])


# --- fit -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("plain")
def test_fit_is_the_loop_written_out():
    fitted = trained(rng=3, schedule=lambda t: 0.1 / (1 + t), per="step", limit=1.0,
                     metrics={"bias": lambda params: params[1][0]})  # fmt: skip
    gradient, optimizer, rng = sg.value_and_grad(line), train.Adam(), np.random.default_rng(3)
    params, state, t = start(), optimizer.init(start()), 0
    history = {"loss": [], "lr": [], "bias": []}
    for _ in range(4):
        total = 0.0
        history["lr"].append(0.1 / (1 + t))
        for rows in train.shuffled_batches(11, 4, rng):
            loss, grads = gradient(params, DATA[0][rows], DATA[1][rows])
            params, state = optimizer.update(params, train.clip_by_norm(grads, 1.0), state, 0.1 / (1 + t))
            total += loss * len(rows)
            t += 1
        history["loss"].append(total / 11)
        history["bias"].append(params[1][0])
    assert t == fitted.state.step == 12
    assert same_bits(fitted.params, params)
    assert same_bits((fitted.state.m, fitted.state.v), (state.m, state.v))
    assert list(fitted.history) == ["loss", "lr", "bias"]
    for name, values in history.items():
        np.testing.assert_allclose(fitted.history[name], values, rtol=1e-14)


@pytest.mark.usefixtures("plain")
def test_fit_finds_a_line_by_seeds_and_leaves_its_arguments():
    params, before = start(), [a.copy() for a in (*start(), *DATA)]
    fitted = train.fit(line, params, DATA, train.SGD(0.1), epochs=100, size=4, progress=False)
    assert same_bits((*params, *DATA), tuple(before))
    np.testing.assert_allclose(fitted.params[0], TRUE, atol=1e-6)
    np.testing.assert_allclose(fitted.params[1], 0.5, atol=1e-6)
    assert fitted.history["loss"][-1] < 1e-10
    assert np.all(fitted.history["lr"] == 0.1)
    assert same_bits(trained(rng=1).params, trained(rng=np.random.default_rng(1)).params)
    assert not same_bits(trained(rng=1).params, trained(rng=2).params)


@pytest.mark.usefixtures("plain")
def test_dicts_are_trained_as_tuples_are():
    def by_name(params, x, y):
        return train.mse(train.dense(x, params["W"], params["b"]), y)

    W, b = start()
    fitted = train.fit(by_name, {"W": W, "b": b}, DATA, train.Adam(0.1), epochs=4, size=4, progress=False)
    assert same_bits(tuple(fitted.params.values()), trained().params)


@pytest.mark.usefixtures("plain")
def test_frozen_parameters_are_not_trained():
    fitted = trained(frozen=(False, True))
    assert same_bits(fitted.params[1], start()[1])
    assert fitted.params[0].all()
    assert same_bits(trained(frozen=True).params, start())


@pytest.mark.usefixtures("plain")
def test_the_data_of_each_epoch_may_be_augmented():
    seen, times = [], []

    def augment(rng, x, y):
        seen.append(rng.random())
        count = (5, 22)[len(seen) - 1]  # fewer and more than the 11 examples there are
        return np.concatenate((x, 2.0 * x))[:count], np.concatenate((y, 2.0 * y))[:count]

    def schedule(t):
        times.append(t)
        return 0.0

    fitted = trained(epochs=2, augment=augment, schedule=schedule, per="step")
    assert seen[0] != seen[1]
    assert times == list(range(2 + 6))
    squares = DATA[1] ** 2
    np.testing.assert_allclose(fitted.history["loss"], [squares[:5].mean(), 2.5 * squares.mean()], rtol=1e-14)
    with pytest.raises(ValueError, match=r"different lengths: \[5, 11\]"):
        trained(augment=lambda rng, x, y: (x[:5], y))


@pytest.mark.usefixtures("plain")
def test_what_cannot_be_trained_is_refused():
    with pytest.raises(ValueError, match='"epoch" or "step"'):
        trained(per="batch")
    with pytest.raises(ValueError, match="no metric of this name"):
        trained(monitor="accuracy")
    with pytest.raises(ValueError, match=r"different lengths: \[3, 11\]"):
        train.fit(line, start(), (X, X[:3, :1]), train.SGD(), epochs=1)
    with pytest.raises(TypeError, match=r"a tuple of arrays: \(X,\)"):
        train.fit(line, start(), X, train.Adam(), epochs=1)
    with pytest.raises(ValueError, match="at least one row"):
        train.fit(line, start(), DATA, train.Adam(), epochs=1, size=0)
    with pytest.raises(ValueError, match="no examples"):
        train.fit(line, start(), (X[:0], X[:0]), train.Adam(), epochs=1)
    with pytest.raises(TypeError, match="give one of the kit"):
        train.fit(line, start(), DATA, "adam", epochs=1)
    with pytest.raises(TypeError, match="missing a required argument: 'y'"):  # compiled, a KindError that says as much
        train.fit(line, start(), (X,), train.Adam(), epochs=1, progress=False)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="try a smaller learning rate"):
        trained(optimizer=train.SGD(1e200))


@pytest.mark.usefixtures("plain")
def test_progress_is_shown_on_standard_error(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    train.fit(line, start(), DATA, train.SGD(), epochs=20, size=8)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 10
    assert err.startswith("epoch 2 of 20: loss ")
    trained()
    assert capsys.readouterr().err == ""


# --- early stopping ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("plain")
def test_early_stopping_keeps_the_best_weights():
    held_out, seen = iter([5.0, 3.0, 4.0, 2.0, 2.5, 2.0, 1.0]), []

    def metric(params):
        seen.append(train.tree_map(np.copy, params))
        return next(held_out)

    fitted = trained(epochs=7, metrics={"held out": metric}, monitor="held out", stopping=train.EarlyStopping(2))
    assert fitted.history["held out"].tolist() == [5.0, 3.0, 4.0, 2.0, 2.5, 2.0]
    assert len(fitted.history["loss"]) == 6
    assert same_bits(fitted.params, seen[3])
    assert not same_bits(fitted.params, seen[-1])


def test_early_stopping_copies_and_wants_more_than_the_least():
    stopping, params = train.EarlyStopping(patience=2, least=0.5), {"w": np.zeros(2)}
    state = stopping.update(stopping.init(params), 3.0, params)
    params["w"][:] = 1.0
    assert state.params["w"].tolist() == [0.0, 0.0]
    state = stopping.update(state, 2.6, params)
    assert (state.best, state.waited) == (3.0, 1)
    assert not stopping.stops(state)
    assert stopping.update(state, 2.4, params).params["w"].tolist() == [1.0, 1.0]
    assert stopping.stops(stopping.update(state, math.nan, params))


# --- checkpoint files ----------------------------------------------------------------------------------------------


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("cut", [1, 3])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(cut, plain, tmp_path):
    def run(checkpoint=None, stop=None):
        left = iter(range(10) if stop is None else range(stop))

        def metric(params):
            if next(left, None) is None:
                raise Interrupted
            return float(np.sum(params[0] ** 2))

        return trained(epochs=6, loss=noisy_line, rng=np.random.default_rng(4), args=(np.random.default_rng(7),),
                       metrics={"size": metric}, stopping=train.EarlyStopping(3), checkpoint=checkpoint,
                       schedule=lambda t: 0.1 * 0.9**t, per="step")  # fmt: skip

    whole, path = run(), tmp_path / "run.ckpt"
    with pytest.raises(Interrupted):
        run(path, cut)
    assert [p.name for p in tmp_path.iterdir()] == ["run.ckpt"]
    resumed = run(path)
    assert same_bits(resumed.params, whole.params)
    assert same_bits(tuple(resumed.state), tuple(whole.state))
    assert list(resumed.history) == list(whole.history)
    assert all(same_bits(resumed.history[k], whole.history[k]) for k in whole.history)
    ended = run(path, 0)  # nothing is left to do
    assert same_bits(ended.params, whole.params)


def test_checkpoints_hold_structures_to_the_last_bit(tmp_path):
    path = tmp_path / "file"
    state = train.Adam().init(0.5)
    values = {"W": np.array([[0.1, np.nan]], np.float32), "rest": (state, [1, True, np.float32(0.3)], np.zeros((0, 2)))}
    notes = {"epoch": 2, "rng": train.generator_state(np.random.default_rng(1))}
    train.save_checkpoint(path, values, notes)
    like = {"W": np.zeros((1, 2), np.float32), "rest": (state, [0, False, np.float32(0.0)], np.ones((0, 2)))}
    found, said = train.load_checkpoint(path, like)
    assert said == json.loads(json.dumps(notes))
    assert same_bits(found["W"], values["W"])
    assert found["rest"][:2] == values["rest"][:2]
    assert [type(v) for v in found["rest"][1]] == [int, bool, np.float32]
    assert type(found["rest"][0]) is type(state)
    assert found["rest"][2].shape == (0, 2)
    rng = np.random.default_rng(9)
    train.restore_generator(rng, said["rng"])
    assert rng.random() == np.random.default_rng(1).random()


def test_other_files_are_refused_and_a_failure_leaves_the_old_one(tmp_path, monkeypatch):
    path, w = tmp_path / "file", np.ones(3)
    with pytest.raises(FileNotFoundError):
        train.load_checkpoint(path, w)
    train.save_checkpoint(path, (w,))
    for like, message in (((w, w), "not"), ((np.ones(2),), r"of shape \(3,\), not"), ((w.astype("f4"),), "float32")):
        with pytest.raises(ValueError, match=message):
            train.load_checkpoint(path, like)
    with pytest.raises(TypeError, match="numbers and arrays of numbers only"):
        train.save_checkpoint(path, (np.array([None]),))

    def broken(*args):
        raise OSError("full")

    monkeypatch.setattr("os.replace", broken)
    with pytest.raises(OSError, match="full"):
        train.save_checkpoint(path, (2.0 * w,))
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    np.testing.assert_array_equal(train.load_checkpoint(path, (w,))[0][0], w)
    np.savez(tmp_path / "other.npz", a=w)
    with pytest.raises(ValueError, match="is no checkpoint"):
        train.load_checkpoint(tmp_path / "other.npz", w)


# --- pictures -------------------------------------------------------------------------------------------------------


def test_pictures_show_what_was_recorded(tmp_path):
    pytest.importorskip("matplotlib")
    history = {"loss": np.array([2.0, 1.0]), "lr": np.full(2, 0.1), "accuracy": np.array([0.5, 0.75])}
    left, right = train.plot_history(history, tmp_path / "history.png").axes
    assert [line.get_ydata().tolist() for line in (*left.lines, *right.lines)] == [[2.0, 1.0], [0.5, 0.75]]
    assert (left.get_yscale(), left.get_xlabel()) == ("log", "epoch")
    assert right.get_legend().get_texts()[0].get_text() == "accuracy"
    assert len(train.plot_history({"loss": np.array([1.0, -1.0]), "lr": np.ones(2)}).axes) == 1
    (axes,) = train.plot_sweep([0.1, 1.0, 10.0], [2.0, 1.0, math.inf], tmp_path / "sweep.png").axes
    assert [line.get_xdata().tolist() for line in axes.lines] == [[0.1, 1.0], [10.0]]
    assert axes.get_xscale() == "log"
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in ("history.png", "sweep.png"))


# --- rates, first values, structures ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("plain")
def test_a_sweep_is_a_short_training_for_each_rate():
    rates = [1e-4, 1e-1, 1e200]
    with np.errstate(all="ignore"):
        losses = train.sweep_rates(line, start(), DATA, train.SGD(), rates, epochs=2, size=4, seed=5)
    for rate, loss in zip(rates[:2], losses, strict=False):
        assert trained(2, optimizer=train.SGD(rate), rng=5).history["loss"][-1] == loss
    assert losses[1] < losses[0]
    assert losses[2] == math.inf


INITIALISERS = [
    ("xavier", lambda n_in, n_out: 2.0 / (n_in + n_out)),
    ("he", lambda n_in, n_out: 2.0 / n_in),
    ("lecun", lambda n_in, n_out: 1.0 / n_in),
]


@pytest.mark.parametrize(("name", "variance"), INITIALISERS, ids=[name for name, _ in INITIALISERS])
def test_first_values_have_the_published_variance(name, variance):
    for shape, fans in (((100, 60), (100, 60)), ((3, 3, 20, 40), (180, 360))):
        for law in ("normal", "uniform"):
            make = getattr(train, f"{name}_{law}")
            w = make(np.random.default_rng(0), shape, np.float32)
            assert w.dtype == np.float32
            assert train.fans(shape) == fans
            assert abs(w.var() / variance(*fans) - 1.0) < 0.06
            assert abs(w.mean()) < 4.0 * math.sqrt(variance(*fans) / w.size)
            if law == "uniform":
                assert np.abs(w).max() <= math.sqrt(3.0 * variance(*fans)) * (1.0 + 1e-6)
            assert same_bits(w, make(np.random.default_rng(0), shape, np.float32))
    with pytest.raises(ValueError, match="no inputs and outputs"):
        train.fans((3,))


def test_suitable_first_values_keep_the_variance_from_layer_to_layer(rng):
    z, bar = rng.standard_normal((200, 150)), rng.standard_normal((200, 150))
    h = wide = z
    for _ in range(10):
        W = train.lecun_normal(rng, (150, 150))
        z, bar = z @ W, bar @ W.T
        h = np.maximum(h @ train.he_normal(rng, (150, 150)), 0.0)
        wide = wide @ train.normal(rng, (150, 150), 0.01)
    assert 0.5 < z.var() < 2.0, "n_in Var(W) = 1, forward"
    assert 0.5 < bar.var() < 2.0, "n_out Var(W) = 1, backward"
    assert 0.5 < np.mean(h**2) < 2.0, "He, for ReLU"
    assert wide.var() < 1e-15


@pytest.mark.usefixtures("plain")
def test_first_biases_have_no_gradient_where_weights_are_zero(rng):
    y, labels = rng.random((12, 2)), np.array([0, 0, 1, 2, 2, 2])
    zeros = np.zeros((12, 2))
    slope = sg.grad(lambda b: train.mse(zeros + b, y))(train.mean_bias(y))
    np.testing.assert_allclose(slope, 0.0, atol=1e-15)
    slope = sg.grad(lambda b: train.binary_cross_entropy(zeros + b, y))(train.logit_bias(y))
    np.testing.assert_allclose(slope, 0.0, atol=1e-15)
    three = np.zeros((6, 3))
    slope = sg.grad(lambda b: train.softmax_cross_entropy(three + b, labels))(train.class_bias(labels, 3))
    np.testing.assert_allclose(slope, 0.0, atol=1e-15)
    assert np.isfinite(train.logit_bias(np.ones(4))).all()
    assert np.isfinite(train.class_bias(labels, 5)).all()
    with pytest.raises(ValueError, match="a label 2, and 2 classes"):
        train.class_bias(labels, 2)


# --- compiled -----------------------------------------------------------------------------------------------------

gradient_of_line, gradient_of_noisy_line = sg.value_and_grad(line), sg.value_and_grad(noisy_line)


@njit
def compiled_steps(optimizer, params, data):
    state, last = optimizer.init(params), 0.0
    order = np.arange(data[0].shape[0])
    for t in range(3):
        rates = np.array([train.cosine(t, 0.1, 3), 0.01])
        params, state, last = train.run_epoch(
            gradient_of_line, optimizer, params, state, data, order, 6, rates, (), None, (False, True)
        )
    return params, state, last


@njit
def compiled_epochs(optimizer, params, data, rng, noise):
    state, last = optimizer.init(params), 0.0
    for epoch in range(3):
        for rows in train.shuffled_batches(data[0].shape[0], 4, rng):
            x, y = train.take_rows(data, rows)
            last, grads = gradient_of_noisy_line(params, x, y, noise)
            grads = train.clip_by_value(train.clip_by_norm(grads, 1.0), 0.1)
            rate = train.one_cycle(epoch, 0.1, 3) * train.warm_up(epoch, 1.0, 2)
            params, state = optimizer.update(params, grads, state, rate)
    return params, state, last


def trains_as_plain_python_does(monkeypatch, compiled, optimizer, given=lambda: ()):
    """The compiled loop gives what the same loop gives as plain Python, which is returned."""
    found = compiled(optimizer, start(), DATA, *given())
    plain_training(monkeypatch)
    monkeypatch.setitem(globals(), "gradient_of_line", sg.value_and_grad(line))
    monkeypatch.setitem(globals(), "gradient_of_noisy_line", sg.value_and_grad(noisy_line))
    plain = compiled.py_func(optimizer, start(), DATA, *given())
    for a, b in zip((*found[0], *found[1].v, found[2]), (*plain[0], *plain[1].v, plain[2]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert found[1].step == plain[1].step
    return plain


def test_a_loop_inside_njit_trains_as_plain_python_does(monkeypatch):
    params, state, _ = trains_as_plain_python_does(monkeypatch, compiled_steps, train.AdamW())
    assert params[0].all()
    assert not params[1].any()
    assert state.step == 6


def wide_line(params, x, y):
    return np.mean((x @ params[0] + params[1] - y[:, None]) ** 2)  # the bias may have an axis of length one


@pytest.mark.long
def test_fit_compiles_one_loop_for_all_functions_of_the_same_types(monkeypatch):
    targets = np.array([3, 0, 2, 1, 1, 0, 2, 3, 1, 0, 2])

    def picked(params, x, labels):
        return np.sum(params[1][labels] ** 2) + np.sum(params[0]) ** 2

    wide = sg.value_and_grad(wide_line)

    def trained_on(loss, bias, labels, epochs=2):
        return train.fit(loss, (np.ones((2, 4)).T[::-1].T, bias), (X, labels), train.Momentum(0.1),
                         epochs=epochs, size=4, limit=0.5, progress=False)  # fmt: skip

    cases = (picked, np.ones(4)), (wide, np.zeros(1))
    epochs._loops.clear()
    found = [trained_on(loss, bias, targets) for loss, bias in cases]
    (loop,) = epochs._loops.values()
    assert len(loop.signatures) == 1
    assert epochs.loop_of(next(iter(epochs._loops))) is loop
    assert wide((np.ones((2, 4)), np.zeros(1)), X, targets)[1][1].shape == (1,)
    with pytest.raises(IndexError, match="index 4 is out of bounds for axis 0 with size 4"):
        trained_on(picked, np.zeros(4), targets + 1)
    with pytest.raises(ValueError, match="3 and 4"):
        trained_on(wide, np.zeros(3), targets)
    plain_training(monkeypatch)
    for (loss, bias), compiled in zip(cases, found, strict=True):
        plain = trained_on(wide_line if loss is wide else loss, bias, targets)
        for a, b in zip(compiled.params, plain.params, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
        np.testing.assert_allclose(compiled.history["loss"], plain.history["loss"], rtol=1e-12)


KEPT = """
import numpy as np
import srcgrad as sg
from srcgrad import train
from srcgrad.train import epochs
def loss(w, x):
    return train.mse(x @ w, x[:, 0])
train.fit(loss, np.zeros(2), (np.ones((4, 2)),), train.SGD(0.1), epochs=1, progress=False)
(loop,) = epochs._loops.values()
print(sum(loop.stats.cache_hits.values()), sum(loop.stats.cache_misses.values()))
"""


@pytest.mark.long
def test_the_loop_is_found_on_disk_by_the_next_process(tmp_path):
    script = tmp_path / "kept.py"
    script.write_text(KEPT)
    run = "import runpy; runpy.run_path('kept.py')"
    assert run_python(run, tmp_path, SRCGRAD_CACHE_DIR=str(tmp_path / "cache")) == "0 1"
    assert run_python(run, tmp_path, SRCGRAD_CACHE_DIR=str(tmp_path / "cache")) == "1 0"


@pytest.mark.long
def test_shuffled_epochs_inside_njit_are_those_of_plain_python(monkeypatch):
    def generators():
        return np.random.default_rng(1), np.random.default_rng(2)

    params, state, _ = trains_as_plain_python_does(monkeypatch, compiled_epochs, train.Adam(), generators)
    assert params[0].all()
    assert params[1].all()
    assert state.step == 9
