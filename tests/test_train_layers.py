"""The training kit's activations, losses, layers and schedules: values by hand, values and gradients by PyTorch."""

import math

import numpy as np
import pytest

import srcgrad as sg
from srcgrad import train
from tests.helpers import plain_training, same_bits


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    plain_training(monkeypatch)


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def agrees(torch, ours, theirs, *args, rtol=1e-11):
    """Value and gradient by every array of floats are those of PyTorch; weights of the results are random."""
    value, pullback = sg.vjp(ours, *args)
    tensors = [torch.tensor(a, requires_grad=a.dtype.kind == "f") if isinstance(a, np.ndarray) else a for a in args]
    expected = theirs(*tensors)
    several = isinstance(value, tuple)
    weights = tuple(np.random.default_rng(9).standard_normal(np.shape(v)) for v in (value if several else (value,)))
    outputs = expected if several else (expected,)
    for a, b in zip(value if several else (value,), outputs, strict=True):
        np.testing.assert_allclose(a, b.detach().numpy(), rtol=rtol, atol=1e-13)
    sum((torch.tensor(w) * b).sum() for w, b in zip(weights, outputs, strict=True)).backward()
    bars = pullback(weights if several else weights[0])
    compared = 0
    for bar, tensor in zip(bars, tensors, strict=True):
        if isinstance(tensor, torch.Tensor) and tensor.requires_grad:
            np.testing.assert_allclose(bar, tensor.grad.numpy(), rtol=rtol, atol=1e-13)
            compared += 1
    assert compared


# --- activations -----------------------------------------------------------------------------------------------------

ACTIVATIONS = [
    (train.logistic, "sigmoid"), (train.tanh, "tanh"), (train.hard_tanh, "hardtanh"), (train.relu, "relu"),
    (train.leaky_relu, "leaky_relu"), (train.gelu, "gelu"), (train.softplus, "softplus"), (train.silu, "silu"),
]  # fmt: skip
each_activation = pytest.mark.parametrize(("ours", "name"), ACTIVATIONS, ids=[name for _, name in ACTIVATIONS])


@each_activation
def test_activations_are_those_of_pytorch(ours, name, torch, rng):
    theirs = getattr(torch.nn.functional, name)
    if name == "leaky_relu":
        agrees(torch, ours, theirs, rng.normal(0.0, 2.0, (3, 4)), 0.01)
        agrees(torch, ours, theirs, rng.normal(0.0, 2.0, (3, 4)), 0.2)
    else:
        agrees(torch, ours, theirs, rng.normal(0.0, 2.0, (3, 4)))


def test_learnt_slopes_are_those_of_pytorch(torch, rng):
    x = rng.standard_normal((5, 3))
    agrees(torch, train.prelu, torch.nn.functional.prelu, x, np.array([0.25, 0.1, -0.3]))


LIMITS = {  # far below zero, at zero, far above: values and derivatives
    "sigmoid": ((0.0, 0.5, 1.0), (0.0, 0.25, 0.0)),
    "tanh": ((-1.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    "hardtanh": ((-1.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    "relu": ((0.0, 0.0, 2000.0), (0.0, 0.0, 1.0)),
    "leaky_relu": ((-20.0, 0.0, 2000.0), (0.01, 0.01, 1.0)),
    "gelu": ((0.0, 0.0, 2000.0), (0.0, 0.5, 1.0)),
    "softplus": ((0.0, math.log(2.0), 2000.0), (0.0, 0.5, 1.0)),
    "silu": ((0.0, 0.0, 2000.0), (0.0, 0.5, 1.0)),
}


@each_activation
def test_activations_far_out_and_at_zero(ours, name):
    x = np.array([-2000.0, 0.0, 2000.0])
    values, slopes = LIMITS[name]
    with np.errstate(over="ignore"):
        y, pullback = sg.vjp(ours, x, 0.01) if name == "leaky_relu" else sg.vjp(ours, x)
        bar = pullback(np.ones(3))
    np.testing.assert_allclose(y, values, rtol=1e-15)
    np.testing.assert_allclose(bar[0] if isinstance(bar, tuple) else bar, slopes, rtol=1e-15)


@each_activation
def test_activations_keep_the_dtype(ours, name):
    x = np.linspace(-3.0, 3.0, 7, dtype=np.float32)
    assert ours(x).dtype == np.float32
    np.testing.assert_allclose(ours(x), ours(x.astype(np.float64)), rtol=1e-5, atol=1e-6)


# --- losses and penalties -------------------------------------------------------------------------------------------


def test_losses_are_those_of_pytorch(torch, rng):
    F = torch.nn.functional
    x, y = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    agrees(torch, train.mse, F.mse_loss, x, y)
    agrees(torch, train.huber, lambda a, b, d: F.huber_loss(a, b, delta=d), x, y, 0.7)
    agrees(torch, train.softmax_cross_entropy, F.cross_entropy, 5.0 * x, np.array([2, 0, 0, 1]))
    targets = np.array([[0.0, 1.0, 0.3], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.5, 0.0, 1.0]])
    agrees(torch, train.binary_cross_entropy, F.binary_cross_entropy_with_logits, 5.0 * x, targets)
    agrees(torch, train.hinge, lambda s, t: torch.relu(1.0 - t * s).mean(), x, np.sign(y))


def test_losses_of_large_scores_lose_no_digits():
    loss, bars = sg.value_and_grad(train.softmax_cross_entropy)(np.array([[1e4, 0.0], [0.0, 1e4]]), np.array([0, 0]))
    assert loss == 5e3
    np.testing.assert_array_equal(bars, [[0.0, 0.0], [-0.5, 0.5]])
    with np.errstate(over="ignore"):
        loss, bars = sg.value_and_grad(train.binary_cross_entropy)(np.array([1e4, -1e4]), np.array([0.0, 0.0]))
    assert loss == 5e3
    np.testing.assert_array_equal(bars, [0.5, 0.0])


def test_losses_refuse_labels_that_do_not_fit():
    with pytest.raises(ValueError, match="one label for each row"):
        train.softmax_cross_entropy(np.zeros((2, 3)), np.array([0]))
    with pytest.raises(IndexError):
        train.softmax_cross_entropy(np.zeros((2, 3)), np.array([0, 3]))


def test_penalties_by_hand():
    W, b = np.array([[1.0, -2.0], [0.0, 3.0]]), np.array([0.5, -0.1])
    assert math.isclose(train.l2((W, b), 0.1), 0.1 * 14.26)
    assert math.isclose(train.l1((W, b), 0.1), 0.1 * 6.6)
    np.testing.assert_allclose(sg.grad(train.l2)((W,), 0.1)[0], 0.2 * W)
    np.testing.assert_allclose(sg.grad(train.l1)((W,), 0.1)[0], 0.1 * np.sign(W))
    np.testing.assert_allclose(train.soft_threshold(b, 0.2), [0.3, 0.0], atol=1e-16)


# --- layers ----------------------------------------------------------------------------------------------------------


def test_dense_and_embedding_are_those_of_pytorch(torch, rng):
    F = torch.nn.functional
    x, W, b = rng.standard_normal((3, 4)), rng.standard_normal((4, 2)), rng.standard_normal(2)
    agrees(torch, train.dense, lambda x, W, b: F.linear(x, W.T, b), x, W, b)
    agrees(torch, train.dense, lambda x, W, b: F.linear(x, W.T, b), x[0], W, b)
    table = rng.standard_normal((5, 3))
    agrees(torch, train.embedding, lambda t, w: F.embedding(w, t), table, np.array([[1, 1], [4, 0], [1, 4]]))


def test_residual_blocks_are_those_of_pytorch(torch, rng):
    F = torch.nn.functional
    x, W, V = rng.standard_normal((3, 4)), rng.standard_normal((4, 5)), rng.standard_normal((5, 4))
    b, c = rng.standard_normal(5), rng.standard_normal(4)
    agrees(torch, train.residual, lambda x, W, b, V, c: F.relu(x + F.relu(x @ W + b) @ V + c), x, W, b, V, c)


def convolved(torch, x, w, b, stride=1, padding=0):
    """PyTorch's convolution, with channels last and its filters behind."""
    out = torch.nn.functional.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), b, stride, padding)
    return out.permute(0, 2, 3, 1)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 2)])
def test_convolutions_are_those_of_pytorch(stride, padding, torch, rng):
    x, w, b = rng.standard_normal((2, 6, 5, 2)), rng.standard_normal((3, 2, 2, 3)), rng.standard_normal(3)
    agrees(torch, train.conv2d, lambda *args: convolved(torch, *args), x, w, b, stride, padding)


def test_a_residual_block_of_convolutions_is_that_of_pytorch(torch, rng):
    x, w, v = (rng.standard_normal(shape) for shape in ((1, 4, 3, 2), (3, 3, 2, 2), (3, 3, 2, 2)))
    b, c = rng.standard_normal(2), rng.standard_normal(2)

    def theirs(x, w, b, v, c):
        return torch.relu(x + convolved(torch, torch.relu(convolved(torch, x, w, b, 1, 1)), v, c, 1, 1))

    agrees(torch, train.residual_conv, theirs, x, w, b, v, c)


def test_convolution_by_hand():
    x = np.arange(9.0).reshape(1, 3, 3, 1)
    w = np.array([[1.0, 0.0], [0.0, -1.0]]).reshape(2, 2, 1, 1)
    assert (train.conv2d(x, w, np.array([10.0])) == 6.0).all()  # x[i, j] - x[i + 1, j + 1] + 10
    padded = train.conv2d(x, w, np.zeros(1), 2, 1)[0, :, :, 0]
    np.testing.assert_array_equal(padded, [[-0.0, -2.0], [-6.0, -4.0]])
    with pytest.raises(ValueError, match="another number of channels"):
        train.conv2d(x, np.ones((2, 2, 2, 1)), np.zeros(1))


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 1), (2, 3)])
def test_pooling_is_that_of_pytorch(size, stride, torch, rng):
    F, x = torch.nn.functional, rng.standard_normal((2, 5, 6, 2))
    for ours, theirs in ((train.max_pool2d, F.max_pool2d), (train.average_pool2d, F.avg_pool2d)):
        agrees(torch, ours, lambda x, *a, of=theirs: of(x.permute(0, 3, 1, 2), *a).permute(0, 2, 3, 1), x, size, stride)


def test_of_equal_values_the_first_takes_the_derivative():
    _, pullback = sg.vjp(train.max_pool2d, np.ones((1, 2, 2, 1)), 2, None)
    np.testing.assert_array_equal(pullback(np.ones((1, 1, 1, 1)))[0].ravel(), [1.0, 0.0, 0.0, 0.0])


def test_normalisation_is_that_of_pytorch(torch, rng):
    F = torch.nn.functional
    x, gain, bias = rng.normal(3.0, 2.0, (4, 2, 3)), rng.standard_normal(3), rng.standard_normal(3)
    agrees(torch, train.layer_norm, lambda x, g, b, e: F.layer_norm(x, (3,), g, b, e), x, gain, bias, 1e-3)

    def theirs(x, gain, bias, eps):
        rows = x.reshape(-1, 3)
        y = F.batch_norm(rows, None, None, gain, bias, training=True, eps=eps).reshape(x.shape)
        return y, rows.mean(0), rows.var(0, unbiased=False)

    agrees(torch, train.batch_norm, theirs, x, gain, bias, 1e-3)

    def fixed(x, gain, bias, mean, variance, eps):  # PyTorch has no derivatives by the averages: its operations have
        y = (x - mean) / torch.sqrt(variance + eps) * gain + bias
        torch.testing.assert_close(y, F.batch_norm(x, mean.detach(), variance.detach(), gain, bias, eps=eps))
        return y

    mean, variance = rng.standard_normal(3), rng.random(3) + 0.5
    agrees(torch, train.batch_norm_fixed, fixed, x[:, 0], gain, bias, mean, variance, 1e-3)


def test_normalised_features_have_mean_0_and_variance_1(rng):
    x, one, zero = rng.normal(3.0, 2.0, (50, 3)), np.ones(3), np.zeros(3)
    y, mean, variance = train.batch_norm(x, one, zero, 0.0)
    np.testing.assert_allclose(y.mean(axis=0), 0.0, atol=1e-14)
    np.testing.assert_allclose(y.var(axis=0), 1.0, rtol=1e-13)
    np.testing.assert_allclose(train.batch_norm_fixed(x, one, zero, mean, variance, 0.0), y, rtol=1e-13)
    np.testing.assert_allclose(train.layer_norm(x, one, zero, 0.0).var(axis=1), 1.0, rtol=1e-12)


@pytest.mark.parametrize("masked", [False, True])
def test_attention_is_that_of_pytorch(masked, torch, rng):
    queries, keys, values = (rng.standard_normal(shape) for shape in ((2, 4, 3), (2, 5, 3), (2, 5, 2)))
    mask = rng.random((4, 5)) < 0.6 if masked else None
    if masked:
        mask[:, 0] = True
    agrees(torch, train.attention, torch.nn.functional.scaled_dot_product_attention, queries, keys, values, mask)


def test_a_query_that_sees_nothing_gets_zeros(rng):
    q, k, v = (rng.standard_normal((2, 3)) for _ in range(3))
    out, pullback = sg.vjp(train.attention, q, k, v, np.array([[False, False], [True, False]]))
    np.testing.assert_allclose(out, [np.zeros(3), v[0]], rtol=1e-14)
    bars = pullback(np.ones((2, 3)))
    assert not bars[0].any()
    np.testing.assert_allclose(bars[2], [np.ones(3), np.zeros(3)], rtol=1e-14)
    np.testing.assert_array_equal(train.softmax(np.array([1e4, -np.inf, 1e4])), [0.5, 0.0, 0.5])


def test_attention_in_heads_is_that_of_pytorch(torch, rng):
    x, context = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 5, 4))
    Q, K, V, W = (rng.standard_normal((4, 4)) for _ in range(4))

    def theirs(x, context, Q, K, V, W, heads, mask):
        seen = context.transpose(0, 1)
        out, _ = torch.nn.functional.multi_head_attention_forward(
            x.transpose(0, 1), seen, seen, 4, heads, None, torch.zeros(12, dtype=torch.float64), None, None, False, 0.0,
            W.T, None, use_separate_proj_weight=True, q_proj_weight=Q.T, k_proj_weight=K.T, v_proj_weight=V.T,
            attn_mask=~mask,
        )  # fmt: skip
        return out.transpose(0, 1)

    mask = np.array([[True, False, True, True, False], [True] * 5, [False, False, False, False, True]])
    agrees(torch, train.multi_head_attention, theirs, x, context, Q, K, V, W, 2, mask)


def test_recurrent_cells_are_those_of_pytorch(torch, rng):
    def lstm(x, h, c, W, U, b):
        return torch._VF.lstm_cell(x, (h, c), W.T, U.T, b, torch.zeros_like(b))

    def gru(x, h, W, U, b, d):
        return torch._VF.gru_cell(x, h, W.T, U.T, b, d)

    x, h, c = rng.standard_normal((2, 4)), rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    agrees(torch, train.lstm_cell, lstm, x, h, c, *(rng.standard_normal(s) for s in ((4, 12), (3, 12), 12)))
    agrees(torch, train.gru_cell, gru, x, h, *(rng.standard_normal(s) for s in ((4, 9), (3, 9), 9, 9)))


def test_dropout_draws_from_the_generator_it_is_given():
    x = np.linspace(1.0, 2.0, 1000).reshape(20, 50)
    rng, other = np.random.default_rng(3), np.random.default_rng(3)
    y, pullback = sg.vjp(train.dropout, x, 0.3, rng)
    kept = other.random(x.shape) >= 0.3
    np.testing.assert_array_equal(y, np.where(kept, x / 0.7, 0.0))
    assert rng.bit_generator.state == other.bit_generator.state
    np.testing.assert_array_equal(pullback(np.ones(x.shape))[0], np.where(kept, 1.0 / 0.7, 0.0))
    assert not same_bits(train.dropout(x, 0.3, rng), y)
    assert abs(y.mean() - x.mean()) < 0.1
    np.testing.assert_array_equal(train.dropout(x, 0.0, rng), x)


# --- learning rates ---------------------------------------------------------------------------------------------------

NAMED = [
    (train.constant, (0.2,), {0: 0.2, 7: 0.2}),
    (train.halve_every, (0.8, 5), {0: 0.8, 4: 0.8, 5: 0.4, 9.5: 0.4, 10: 0.2, 24: 0.05}),
    (train.exponential, (0.8, 0.1), {0: 0.8, 10: 0.8 / math.e}),
    (train.cosine, (1.0, 8, 0.2), {0: 1.0, 2: 0.6 + 0.4 * math.sqrt(0.5), 4: 0.6, 8: 0.2, 9: 0.2, -1: 1.0}),
    (train.warm_up, (0.5, 5), {0: 0.1, 1: 0.2, 4: 0.5, 5: 0.5, 100: 0.5}),
    (train.cyclic, (0.1, 0.5, 4), {0: 0.1, 1: 0.2, 4: 0.5, 6: 0.3, 8: 0.1, 12: 0.5, 13: 0.4}),
    (train.one_cycle, (1.0, 10), {0: 0.04, 1.5: 0.52, 3: 1.0, 6.5: 0.500002, 10: 4e-6, 11: 4e-6}),
]


@pytest.mark.parametrize(("schedule", "args", "rates"), NAMED, ids=[row[0].__name__ for row in NAMED])
def test_rates_at_named_steps(schedule, args, rates):
    for t, rate in rates.items():
        assert math.isclose(schedule(t, *args), rate, rel_tol=1e-12), t


def test_rates_are_those_of_pytorch(torch):
    schedulers = torch.optim.lr_scheduler

    def theirs(make, steps):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
        scheduler, rates = make(optimizer), []
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return rates

    pairs = [
        (lambda t: train.halve_every(t, 0.4, 3), lambda o: schedulers.StepLR(o, 3, 0.5)),
        (lambda t: train.exponential(t, 0.4, 0.1), lambda o: schedulers.ExponentialLR(o, math.exp(-0.1))),
        (lambda t: train.cosine(t, 0.4, 12, 0.1), lambda o: schedulers.CosineAnnealingLR(o, 12, 0.1)),
        (lambda t: train.cyclic(t, 0.1, 0.4, 4), lambda o: schedulers.CyclicLR(o, 0.1, 0.4, 4, cycle_momentum=False)),
        # PyTorch counts steps from 0 to total_steps - 1, and its top lies at rising * total_steps - 1
        (lambda t: train.one_cycle(t, 0.4, 12, 4 / 12),
         lambda o: schedulers.OneCycleLR(o, 0.4, total_steps=13, pct_start=5 / 13, cycle_momentum=False)),
    ]  # fmt: skip
    for ours, make in pairs:
        np.testing.assert_allclose([ours(t) for t in range(12)], theirs(make, 12), rtol=1e-9)


def test_integers_are_taken_for_floats():
    image = np.arange(16).reshape(1, 4, 4, 1)
    kernel, bias = np.full((3, 3, 1, 1), 0.5), np.zeros(1)
    queries, keys, values = np.array([[1, 2]]), np.array([[1, 2], [3, 4]]), np.array([[5, 1], [2, 4]])
    for layer, args in (
        (train.average_pool2d, (image,)), (train.conv2d, (image, kernel, bias)),
        (train.attention, (queries, keys, values)), (train.batch_norm, (image, np.ones(1), bias)),
    ):  # fmt: skip
        floats = layer(*(a.astype(np.float64) for a in args))
        found = layer(*args)
        pairs = zip(found, floats, strict=True) if isinstance(found, tuple) else [(found, floats)]
        for ours, right in pairs:
            np.testing.assert_allclose(ours, right, rtol=1e-14)
