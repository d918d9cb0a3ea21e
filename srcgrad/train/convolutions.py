"""Convolutions and pooling of images, channels last: arrays of shape (examples, rows, columns, channels).

Where a window does not fit the last time, the rows and columns at the end are left out.
"""

from __future__ import annotations

import numpy as np

import srcgrad as sg


def require_fitting(images, weights, biases, stride, padding):
    """Return nothing; raise where filters of this shape cannot be moved over images of that one."""
    if weights[2] != images[3]:
        raise ValueError("conv2d: the weights are for another number of channels: weights.shape[2] is x.shape[3]")
    if biases != weights[3]:
        raise ValueError("conv2d: there is not one bias for each filter: bias.shape is weights.shape[3:]")
    if stride < 1 or padding < 0:
        raise ValueError("conv2d: the stride is less than one pixel, or the padding less than none")
    if weights[0] > images[1] + 2 * padding or weights[1] > images[2] + 2 * padding:
        raise ValueError("conv2d: the window is larger than the image: give a smaller one, or more padding")


@sg.differentiable
def conv2d(x, weights, bias, stride=1, padding=0):
    """Return the convolution of images with a set of filters (no filter is flipped, as usual for networks).

    Parameters
    ----------
    x : array of shape (examples, rows, columns, channels)
    weights : array of shape (height, width, channels, filters)
    bias : array of shape (filters,)
    stride : int
        Pixels between two windows, along both axes.
    padding : int
        Zeros put on each side, along both axes; (height - 1) / 2 keeps the size for odd windows and stride 1.

    Returns
    -------
    array of shape (examples, (rows + 2 padding - height) // stride + 1, the same for columns, filters)

    Raises
    ------
    ValueError
        If weights, bias and images do not fit together, or a window is larger than the image with its padding.

    Notes
    -----
    One matrix product of all windows with all filters; it keeps the windows, height * width times as large as x.
    """
    require_fitting(x.shape, weights.shape, bias.shape[0], stride, padding)
    n, rows, columns, channels = x.shape
    height, width, _, filters = weights.shape
    padded = np.zeros((n, rows + 2 * padding, columns + 2 * padding, channels), dtype=x.dtype)
    for i in range(n):
        for j in range(rows):
            for k in range(columns):
                for c in range(channels):
                    padded[i, padding + j, padding + k, c] = x[i, j, k, c]
    down = (rows + 2 * padding - height) // stride + 1
    across = (columns + 2 * padding - width) // stride + 1
    windows = np.empty((n * down * across, height * width * channels), dtype=x.dtype)
    for i in range(n):
        for j in range(down):
            for k in range(across):
                row = (i * down + j) * across + k
                for p in range(height):
                    for q in range(width):
                        for c in range(channels):
                            windows[row, (p * width + q) * channels + c] = padded[i, stride * j + p, stride * k + q, c]
    kernels = np.empty((height * width * channels, filters), dtype=weights.dtype)
    for p in range(height):
        for q in range(width):
            for c in range(channels):
                for f in range(filters):
                    kernels[(p * width + q) * channels + c, f] = weights[p, q, c, f]
    products = windows @ kernels
    out = np.empty((n, down, across, filters), dtype=products.dtype)
    for i in range(n):
        for j in range(down):
            for k in range(across):
                for f in range(filters):
                    out[i, j, k, f] = products[(i * down + j) * across + k, f] + bias[f]
    return out


def require_windows(rows, columns, size, step):
    """Return nothing; raise where an image has no windows of this size."""
    if size < 1 or step < 1:
        raise ValueError("pooling: the size of a window or the stride is less than one pixel")
    if size > rows or size > columns:
        raise ValueError("pooling: the window is larger than the image: give a smaller size")


@sg.differentiable
def max_pool2d(x, size=2, stride=None):
    """Return the largest value of each window and channel; of equal ones the first takes the derivative.

    Where a window has NaN the result is NaN.

    Parameters
    ----------
    x : array of shape (examples, rows, columns, channels)
    size : int
        Rows and columns of a window.
    stride : int, optional
        Pixels between two windows; by default `size`.

    Returns
    -------
    array of shape (examples, (rows - size) // stride + 1, the same for columns, channels)

    Raises
    ------
    ValueError
        If the size or the stride is less than one pixel, or a window is larger than the image.
    """
    step = size if stride is None else stride
    n, rows, columns, channels = x.shape
    require_windows(rows, columns, size, step)
    down, across = (rows - size) // step + 1, (columns - size) // step + 1
    out = np.empty((n, down, across, channels), dtype=x.dtype)
    for i in range(n):
        for j in range(down):
            for k in range(across):
                for c in range(channels):
                    top, left = 0, 0
                    best = sg.stop_gradient(x[i, step * j, step * k, c])
                    for p in range(size):
                        for q in range(size):
                            v = sg.stop_gradient(x[i, step * j + p, step * k + q, c])
                            if v > best or v != v:  # nothing is larger than NaN
                                top, left = p, q
                                best = v
                    out[i, j, k, c] = x[i, step * j + top, step * k + left, c]
    return out


@sg.differentiable
def average_pool2d(x, size=2, stride=None):
    """Return the mean of each window and channel; parameters and shape of the result as for `max_pool2d`."""
    step = size if stride is None else stride
    n, rows, columns, channels = x.shape
    require_windows(rows, columns, size, step)
    down, across = (rows - size) // step + 1, (columns - size) // step + 1
    out = np.zeros((n, down, across, channels), dtype=np.result_type(x, np.float32))
    for i in range(n):
        for j in range(down):
            for k in range(across):
                for p in range(size):
                    for q in range(size):
                        for c in range(channels):
                            out[i, j, k, c] += x[i, step * j + p, step * k + q, c] / (size * size)
    return out


@sg.differentiable
def residual_conv(x, weights1, bias1, weights2, bias2):
    """Return relu(x + F(x)), where F is two convolutions with odd windows, a ReLU between them.

    Parameters
    ----------
    x : array of shape (examples, rows, columns, channels)
    weights1, bias1 : arrays of shape (height, height, channels, filters) and (filters,)
    weights2, bias2 : arrays of shape (height, height, filters, channels) and (channels,)

    Notes
    -----
    K. He et al., Deep residual learning for image recognition (CVPR 2016), equation 1 and figure 2, without batch
    normalisation.
    """
    hidden = np.maximum(0.0, conv2d(x, weights1, bias1, 1, weights1.shape[0] // 2))
    return np.maximum(0.0, x + conv2d(hidden, weights2, bias2, 1, weights2.shape[0] // 2))
