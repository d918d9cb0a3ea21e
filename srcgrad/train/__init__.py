"""The training kit: what it takes to train a model whose gradient srcgrad gives, as functions of plain arrays.

Activations, losses, layers, schedules, clipping and optimisers are called from Python and inside njit code; the first
four can be differentiated. Randomness comes from generators that are passed in.
"""

from .activations import gelu, hard_tanh, leaky_relu, logistic, prelu, relu, silu, softplus, tanh
from .attention import attention, multi_head_attention, softmax
from .batches import sampled_batches, shuffled_batches, split, take_rows
from .clipping import clip_by_norm, clip_by_value, global_norm
from .convolutions import average_pool2d, conv2d, max_pool2d, residual_conv
from .epochs import run_epoch
from .files import generator_state, load_checkpoint, restore_generator, save_checkpoint
from .fit import Fitted, fit
from .initialisers import (
    class_bias,
    fans,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
    logit_bias,
    mean_bias,
    normal,
    uniform,
    xavier_normal,
    xavier_uniform,
)
from .layers import batch_norm, batch_norm_fixed, dense, dropout, embedding, layer_norm, residual
from .losses import binary_cross_entropy, hinge, huber, mse, softmax_cross_entropy
from .optimizers import SGD, Adagrad, Adam, AdamW, Momentum, Nesterov, RMSprop
from .penalties import l1, l2, soft_threshold
from .plots import plot_history, plot_sweep
from .recurrent import gru_cell, lstm_cell
from .schedules import constant, cosine, cyclic, exponential, halve_every, one_cycle, warm_up
from .sparse import SparseAdam
from .stepping import Optimizer
from .stopping import EarlyStopping
from .structures import tree_map
from .sweep import sweep_rates

sigmoid = logistic

__all__ = [
    "SGD", "Adagrad", "Adam", "AdamW", "EarlyStopping", "Fitted", "Momentum", "Nesterov", "Optimizer", "RMSprop",
    "SparseAdam", "attention", "average_pool2d", "batch_norm", "batch_norm_fixed", "binary_cross_entropy", "class_bias",
    "clip_by_norm", "clip_by_value", "constant", "conv2d", "cosine", "cyclic", "dense", "dropout", "embedding",
    "exponential", "fans", "fit", "gelu", "generator_state", "global_norm", "gru_cell", "halve_every", "hard_tanh",
    "he_normal", "he_uniform", "hinge", "huber", "l1", "l2", "layer_norm", "leaky_relu", "lecun_normal",
    "lecun_uniform", "load_checkpoint", "logistic", "logit_bias", "lstm_cell", "max_pool2d", "mean_bias", "mse",
    "multi_head_attention", "normal", "one_cycle", "plot_history", "plot_sweep", "prelu", "relu", "residual",
    "residual_conv", "restore_generator", "run_epoch", "sampled_batches", "save_checkpoint", "shuffled_batches",
    "sigmoid", "silu", "soft_threshold", "softmax", "softmax_cross_entropy", "softplus", "split", "sweep_rates",
    "take_rows", "tanh", "tree_map", "uniform", "warm_up", "xavier_normal", "xavier_uniform",
]  # fmt: skip
