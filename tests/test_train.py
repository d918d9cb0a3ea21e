"""The training kit's update rules: step by step against the published formulas, and against PyTorch's optimisers."""

from collections import namedtuple

import numpy as np
import pytest

from srcgrad import train
from tests.helpers import plain_training, same_bits

Net = namedtuple("Net", "W b scale")
STEPS = 8


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    plain_training(monkeypatch)


# --- the published rules: parameters and memory of one array, whole arrays at a time --------------------------------


def sgd(w, g, memory, t, lr):
    return w - lr * g, memory


def momentum(w, g, memory, t, lr, mu=0.9):
    velocity = mu * memory.get("velocity", 0.0) + g
    return w - lr * velocity, {"velocity": velocity}


def nesterov(w, g, memory, t, lr, mu=0.9):
    """Sutskever et al. (2013), equations 3 and 4, for the point looked ahead to: x = theta + mu v, g taken at x."""
    v = memory.get("v", 0.0)
    theta = w - mu * v
    v = mu * v - lr * g
    return theta + v + mu * v, {"v": v}


def adagrad(w, g, memory, t, lr, eps=1e-10):
    squares = memory.get("squares", 0.0) + g**2
    return w - lr * g / (np.sqrt(squares) + eps), {"squares": squares}


def rmsprop(w, g, memory, t, lr, beta=0.9, eps=1e-8):
    mean_square = beta * memory.get("mean_square", 0.0) + (1 - beta) * g**2
    return w - lr * g / (np.sqrt(mean_square) + eps), {"mean_square": mean_square}


def adam(w, g, memory, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * memory.get("m", 0.0) + (1 - beta1) * g
    v = beta2 * memory.get("v", 0.0) + (1 - beta2) * g**2
    return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), {"m": m, "v": v}


def adamw(w, g, memory, t, lr, decay=0.01):
    new, memory = adam(w, g, memory, t, lr)
    return new - lr * decay * w, memory


RULES = [
    (train.SGD, sgd, 0.01),
    (train.Momentum, momentum, 0.01),
    (train.Nesterov, nesterov, 0.01),
    (train.Adagrad, adagrad, 0.01),
    (train.RMSprop, rmsprop, 0.001),
    (train.Adam, adam, 0.001),
    (train.AdamW, adamw, 0.001),
    (train.SparseAdam, adam, 0.001),
]
OPTIMIZERS = [kind for kind, _, _ in RULES]
each = pytest.mark.parametrize("kind", OPTIMIZERS, ids=lambda kind: kind.__name__)


def start(rng, dtype=np.float64):
    return Net(rng.standard_normal((2, 3)).astype(dtype), rng.standard_normal(3).astype(dtype), 0.5)


def gradients(rng, params):
    """Return gradients of very different sizes, an exact zero among them: one structure for each step."""
    every = []
    for _ in range(STEPS):
        W, b = (rng.standard_normal(a.shape) * 10.0 ** rng.integers(-3, 3, a.shape) for a in params[:2])
        b[1] = 0.0
        every.append(Net(W.astype(params.W.dtype), b.astype(params.b.dtype), float(rng.standard_normal())))
    return every


@pytest.mark.parametrize(("kind", "rule", "lr"), RULES, ids=[kind.__name__ for kind in OPTIMIZERS])
def test_steps_and_defaults_are_the_published_ones(kind, rule, lr, rng):
    params = start(rng)
    optimizer = kind()
    state = optimizer.init(params)
    expected, memories = [np.array(a) for a in params], [{}, {}, {}]
    assert state.step == 0
    for t, grads in enumerate(gradients(rng, params), start=1):
        params, state = optimizer.update(params, grads, state)
        for k, g in enumerate(grads):
            expected[k], memories[k] = rule(expected[k], np.array(g), memories[k], t, lr)
            np.testing.assert_allclose(params[k], expected[k], rtol=1e-12, atol=1e-15)
    assert state.step == STEPS
    assert isinstance(params, Net)
    assert isinstance(params.scale, float)
    for name in state._fields[1:]:
        if name in memories[0]:
            np.testing.assert_allclose(getattr(state, name).W, memories[0][name], rtol=1e-12)


@each
def test_an_update_leaves_its_arguments_and_in_place_has_the_same_bits(kind, rng):
    params, optimizer = start(rng)[:2], kind(lr=0.1)
    params = params[0].T, params[1]  # one that is not contiguous
    grads = [(g.W.T, g.b) for g in gradients(rng, start(rng))]
    before = train.tree_map(np.copy, params)
    state = optimizer.init(params)
    new, place = params, train.tree_map(np.copy, params)
    for k, g in enumerate(grads):
        kept, copies = state[1:], train.tree_map(np.copy, state[1:])
        new, state = optimizer.update(new, g, state, lr=0.1 / (k + 1))
        assert same_bits(kept, copies)
    written = optimizer.init(place)
    for k, g in enumerate(grads):
        written = optimizer.update_in_place(place, g, written, lr=0.1 / (k + 1))
    assert same_bits(params, before)
    assert not same_bits(new, before)
    assert same_bits(new, place)
    assert same_bits(tuple(state), tuple(written))


@each
def test_float32_stays(kind, rng):
    params, optimizer = start(rng, np.float32)[:2], kind(lr=0.1)
    wide = train.tree_map(np.float64, params)
    state, wide_state = optimizer.init(params), optimizer.init(wide)
    for grads in gradients(rng, start(rng, np.float32)):
        params, state = optimizer.update(params, tuple(grads[:2]), state)
        wide, wide_state = optimizer.update(wide, train.tree_map(np.float64, tuple(grads[:2])), wide_state)
    for part in (params, *state[1:]):
        assert part[0].dtype == part[1].dtype == np.float32
    for ours, other in zip(params, wide, strict=True):
        np.testing.assert_allclose(ours, other, rtol=1e-4, atol=1e-5)


@each
def test_frozen_parameters_keep_value_and_moments_to_the_last_bit(kind, rng):
    params, optimizer = {"net": start(rng), "rest": [np.ones(2)]}, kind(lr=0.1)
    free, state, free_state = params, optimizer.init(params), optimizer.init(params)
    frozen = {"net": Net(True, False, True), "rest": True}
    new = params
    for g in gradients(rng, params["net"]):
        grads = {"net": g, "rest": [np.ones(2)]}
        new, state = optimizer.update(new, grads, state, frozen=frozen)
        free, free_state = optimizer.update(free, grads, free_state)
    assert same_bits(new["net"].W, params["net"].W)
    assert new["net"].scale == 0.5
    assert same_bits(new["rest"][0], np.ones(2))
    assert same_bits(new["net"].b, free["net"].b)
    assert not same_bits(new["net"].b, params["net"].b)
    for moment, other in zip(state[1:], free_state[1:], strict=True):
        assert not moment["net"].W.any()
        assert moment["net"].scale == 0.0
        assert same_bits(moment["net"].b, other["net"].b)


def test_what_is_no_parameter_is_refused():
    adam = train.Adam()
    w = np.ones((2, 3))
    with pytest.raises(TypeError, match="floats and arrays of floats"):
        adam.init((w, np.arange(3)))
    with pytest.raises(ValueError, match="another shape"):
        adam.update(w, np.ones(3), adam.init(w))
    with pytest.raises(ValueError, match="structures differ"):
        adam.update((w, w), (w,), adam.init((w, w)))
    with pytest.raises(TypeError, match="cannot be written in place"):
        adam.update_in_place((1.0, w), (1.0, w), adam.init((1.0, w)))
    with pytest.raises(ValueError, match="w is written and shares memory with g"):
        adam.update_in_place(w, w, adam.init(w))
    sgd, whole = train.SGD(), np.arange(3)
    for update in (sgd.update, sgd.update_in_place):
        with pytest.raises(TypeError, match="floats and arrays of floats"):
            update(whole, np.ones(3), sgd.init(whole))


# --- rows of a table ------------------------------------------------------------------------------------------------


def test_sparse_adam_is_adam_at_the_rows_read_and_nothing_elsewhere(rng):
    table = first = rng.standard_normal((6, 2))
    optimizer = train.SparseAdam(lr=0.1)
    state = optimizer.init(table)
    expected, m, v = table.copy(), np.zeros((6, 2)), np.zeros((6, 2))
    for t in range(1, STEPS + 1):
        rows = np.array([[3, 0], [3, -2]]) if t % 2 else np.array([[1, 1], [4, 1]])
        grads = rng.standard_normal((2, 2, 2))
        dense = np.zeros((6, 2))
        np.add.at(dense, rows, grads)
        for r in np.unique(rows % 6):
            expected[r], memory = adam(expected[r], dense[r], {"m": m[r], "v": v[r]}, t, 0.1)
            m[r], v[r] = memory["m"], memory["v"]
        before = table.copy(), state.m.copy(), state.v.copy()
        new, new_state = optimizer.update_rows(table, rows, grads, state)
        assert same_bits(before, (table, state.m, state.v))
        table, state = new, new_state
        np.testing.assert_allclose(table, expected, rtol=1e-12)
        np.testing.assert_allclose(state.m, m, rtol=1e-12)
        np.testing.assert_allclose(state.v, v, rtol=1e-12)
    assert state.step == STEPS
    for r in (2, 5):
        assert same_bits(table[r], first[r])


def test_sparse_adam_in_place_without_rows_and_with_wrong_ones(rng):
    table, rows, grads = rng.standard_normal((4, 3)), np.array([1, 3]), rng.standard_normal((2, 3))
    optimizer = train.SparseAdam()
    new, state = optimizer.update_rows(table, rows, grads, optimizer.init(table), 0.2)
    place, written = table.copy(), optimizer.init(table)
    written = optimizer.update_rows_in_place(place, rows, grads, written, 0.2)
    assert same_bits((new, state.m, state.v), (place, written.m, written.v))
    same, later = optimizer.update_rows(new, rows[:0], grads[:0], state)
    assert same_bits(same, new)
    assert later.step == 2
    with pytest.raises(IndexError, match="not in the table"):
        optimizer.update_rows(table, np.array([1, 4]), grads, state)
    with pytest.raises(ValueError, match="another shape"):
        optimizer.update_rows(table, rows, grads[:1], state)


# --- PyTorch ----------------------------------------------------------------------------------------------------------

TORCH = [
    (train.SGD(lr=0.1), "SGD", dict(lr=0.1)),
    (train.Momentum(lr=0.1, beta=0.8), "SGD", dict(lr=0.1, momentum=0.8)),
    (train.Nesterov(lr=0.1, beta=0.8), "SGD", dict(lr=0.1, momentum=0.8, nesterov=True)),
    (train.Adagrad(), "Adagrad", dict()),
    (train.RMSprop(lr=0.01, beta=0.99), "RMSprop", dict()),
    (train.Adam(), "Adam", dict()),
    (train.Adam(0.1, 0.8, 0.95, 1e-3), "Adam", dict(lr=0.1, betas=(0.8, 0.95), eps=1e-3)),
    (train.AdamW(), "AdamW", dict()),
    (train.AdamW(decay=0.3), "AdamW", dict(weight_decay=0.3)),
]


@pytest.mark.parametrize(("optimizer", "name", "options"), TORCH, ids=[str(row[0]) for row in TORCH])
def test_steps_are_those_of_pytorch(optimizer, name, options, rng):
    torch = pytest.importorskip("torch")
    params = start(rng)[:2]
    theirs = [torch.nn.Parameter(torch.tensor(a)) for a in params]
    other = getattr(torch.optim, name)(theirs, **options)
    state = optimizer.init(params)
    for k, grads in enumerate(gradients(rng, start(rng))):
        lr = optimizer.lr / (1 + k // 3)
        params, state = optimizer.update(params, tuple(grads[:2]), state, lr)
        other.param_groups[0]["lr"] = lr
        for p, g in zip(theirs, grads[:2], strict=True):
            p.grad = torch.tensor(g)
        other.step()
        for ours, p in zip(params, theirs, strict=True):
            np.testing.assert_allclose(ours, p.detach().numpy(), rtol=1e-12, atol=1e-14)


def test_sparse_steps_are_those_of_pytorch(rng):
    torch = pytest.importorskip("torch")
    table = rng.standard_normal((6, 2))
    theirs = torch.nn.Parameter(torch.tensor(table))
    # PyTorch adds eps before the bias of v is corrected: the rules are equal without it
    other = torch.optim.SparseAdam([theirs], lr=0.1, eps=1e-200)
    optimizer = train.SparseAdam(lr=0.1, eps=0.0)
    state = optimizer.init(table)
    for _ in range(STEPS):
        rows, grads = rng.integers(0, 5, 4), rng.standard_normal((4, 2))
        table, state = optimizer.update_rows(table, rows, grads, state)
        theirs.grad = torch.sparse_coo_tensor(rows[None], grads, (6, 2), check_invariants=True)
        other.step()
        np.testing.assert_allclose(table, theirs.detach().numpy(), rtol=1e-12)
