"""Rows of the convolutions and poolings; the witness visits every element of every window."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from specs import At, Row, real

from grafito.graph import convolution, pooling

PADDING = ((1, 0), (0, 1))
CONVOLUTION = {"strides": (2, 1), "padding": PADDING, "dilation": (1, 2), "groups": 2}
X, K, Y = (2, 5, 6, 4), (3, 2, 2, 6), (2, 2, 5, 6)  # image, kernel and result of that convolution
POOL = {"size": (2, 3), "strides": (2, 1), "padding": PADDING}
P = (2, 3, 5, 4)  # what becomes of an image of shape X in that pooling
PLAIN = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1), "groups": 1}
Index = tuple[int, ...]


def meetings(x, k, y, strides, padding, dilation, groups) -> Iterator[tuple[Index, Index, Index]]:
    """Where an element of the image meets one of the kernel, and the place of their product."""
    for n, i, j, f in np.ndindex(y):
        for a, b, c in np.ndindex(k[:3]):
            row = strides[0] * i + dilation[0] * a - padding[0][0]
            column = strides[1] * j + dilation[1] * b - padding[1][0]
            if 0 <= row < x[1] and 0 <= column < x[2]:
                channel = c + f // (k[3] // groups) * k[2]
                yield (n, row, column, channel), (a, b, c, f), (n, i, j, f)


def convolve(x, k, y, **options):
    """The result, of shape y."""
    out = np.zeros(y)
    for at_x, at_k, at_y in meetings(x.shape, k.shape, y, **options):
        out[at_y] += x[at_x] * k[at_k]
    return out


def back_to_image(y, k, x, **options):
    """The input gradient, of shape x."""
    out = np.zeros(x)
    for at_x, at_k, at_y in meetings(x, k.shape, y.shape, **options):
        out[at_x] += y[at_y] * k[at_k]
    return out


def back_to_kernel(x, y, k, **options):
    """The kernel gradient, of shape k."""
    out = np.zeros(k)
    for at_x, at_k, at_y in meetings(x.shape, k, y.shape, **options):
        out[at_k] += x[at_x] * y[at_y]
    return out


def windows(x: Index, y: Index, size, strides, padding) -> Iterator[tuple[Index, list[Index]]]:
    """Each window's place in the result and, row by row, the places in the image that it sees."""
    for n, i, j, c in np.ndindex(y):
        seen = []
        for a, b in np.ndindex(size):
            row = strides[0] * i + a - padding[0][0]
            column = strides[1] * j + b - padding[1][0]
            if 0 <= row < x[1] and 0 <= column < x[2]:
                seen.append((n, row, column, c))
        yield (n, i, j, c), seen


def pool(x, y, combine, **options):
    """The result, of shape y."""
    out = np.zeros(y)
    for place, seen in windows(x.shape, y, **options):
        out[place] = combine([x[at] for at in seen])
    return out


def scatter(x, g):
    """Each element of g added where its window is largest in x."""
    out = np.zeros(x.shape)
    for place, seen in windows(x.shape, g.shape, **POOL):
        out[max(seen, key=lambda at: x[at])] += g[place]
    return out


def gather(x, h):
    """For each window the element of h where x is largest."""
    out = np.zeros(P)
    for place, seen in windows(x.shape, P, **POOL):
        out[place] = h[max(seen, key=lambda at: x[at])]
    return out


def spread(g):
    """Each element of g added to all elements that its window sees."""
    out = np.zeros(X)
    for place, seen in windows(X, g.shape, **POOL):
        for at in seen:
            out[at] += g[place]
    return out


def torch_conv2d(torch, x, k):
    x = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (0, 1, 1, 0))
    y = torch.nn.functional.conv2d(x, k.permute(3, 2, 0, 1), None, (2, 1), 0, (1, 2), 2)
    return y.permute(0, 2, 3, 1)


def torch_max_pool(torch, x):
    x = torch.nn.functional.pad(x.permute(0, 3, 1, 2), (0, 1, 1, 0), value=-torch.inf)
    return torch.nn.functional.max_pool2d(x, (2, 3), (2, 1)).permute(0, 2, 3, 1)


def torch_average_pool(torch, x):
    y = torch.nn.functional.avg_pool2d(x.permute(0, 3, 1, 2), (2, 3), (2, 1))
    return y.permute(0, 2, 3, 1)


CONVOLUTIONS = [
    Row(
        "Conv2D",
        convolution.Conv2D,
        convolution.Conv2D(**CONVOLUTION),
        (real(*X), real(*K)),
        lambda x, k: convolve(x, k, Y, **CONVOLUTION),
        torch_conv2d,
    ),
    Row(
        "Conv2DInputGradient",
        convolution.Conv2DInputGradient,
        convolution.Conv2DInputGradient(**CONVOLUTION, shape=X),
        (real(*Y), real(*K)),
        lambda y, k: back_to_image(y, k, X, **CONVOLUTION),
    ),
    Row(
        "Conv2DKernelGradient",
        convolution.Conv2DKernelGradient,
        convolution.Conv2DKernelGradient(**CONVOLUTION, shape=K),
        (real(*X), real(*Y)),
        lambda x, y: back_to_kernel(x, y, K, **CONVOLUTION),
    ),
    Row(
        "conv2d",
        None,
        lambda x, k: convolution.conv2d(x, k, padding="same"),
        (real(1, 4, 3, 2), real(3, 2, 2, 3)),
        lambda x, k: convolve(x, k, (1, 4, 3, 3), **{**PLAIN, "padding": ((1, 1), (0, 1))}),
    ),
    Row(
        "conv1d",
        None,
        lambda x, k: convolution.conv1d(x, k, strides=2),
        (real(2, 7, 2), real(3, 2, 3)),
        lambda x, k: convolve(
            x[:, None], k[None], (2, 1, 3, 3), **{**PLAIN, "strides": (1, 2)}
        ).squeeze(1),
    ),
    Row(
        "depthwise_conv2d",
        None,
        convolution.depthwise_conv2d,
        (real(1, 4, 3, 2), real(2, 2, 2, 3)),
        lambda x, k: convolve(x, k.reshape(2, 2, 1, 6), (1, 3, 2, 6), **{**PLAIN, "groups": 2}),
    ),
    Row(
        "conv2d_transpose",
        None,
        lambda x, k: convolution.conv2d_transpose(x, k, strides=2),
        (real(1, 2, 3, 2), real(3, 2, 4, 2)),
        lambda x, k: back_to_image(x, k, (1, 5, 6, 4), **{**PLAIN, "strides": (2, 2)}),
    ),
    Row(
        "conv1d_transpose",
        None,
        lambda x, k: convolution.conv1d_transpose(x, k),
        (real(2, 3, 2), real(3, 4, 2)),
        lambda x, k: back_to_image(x[:, None], k[None], (2, 1, 5, 4), **PLAIN).squeeze(1),
    ),
]

POOLINGS = [
    Row(
        "MaxPool",
        pooling.MaxPool,
        pooling.MaxPool(**POOL),
        (real(*X),),
        lambda x: pool(x, P, max, **POOL),
        torch_max_pool,
        analytic=False,
    ),
    Row(
        "MaxPoolScatter",
        pooling.MaxPoolScatter,
        pooling.MaxPoolScatter(**POOL),
        (real(*X), real(*P)),
        scatter,
        analytic=False,
    ),
    Row(
        "MaxPoolGather",
        pooling.MaxPoolGather,
        pooling.MaxPoolGather(**POOL),
        (real(*X), real(*X, salt=1)),
        gather,
        analytic=False,
    ),
    Row(
        "SumPool",
        pooling.SumPool,
        pooling.SumPool(**POOL),
        (real(*X),),
        lambda x: pool(x, P, sum, **POOL),
    ),
    Row(
        "SumPoolGradient",
        pooling.SumPoolGradient,
        pooling.SumPoolGradient(**POOL, shape=X),
        (real(*P),),
        spread,
    ),
    Row(
        "max_pool",
        None,
        lambda x: pooling.max_pool(x, 2),
        (real(2, 6, 3),),
        lambda x: x.reshape(2, 3, 2, 3).max(2),
        analytic=False,
        at=(At(([[[3.0], [3.0]]],), [[[3.0]]], ([[[1.0], [0.0]]],)),),
    ),
    Row(
        "average_pool",
        None,
        lambda x: pooling.average_pool(x, (2, 3), (2, 1)),
        (real(*X),),
        lambda x: pool(
            x, (2, 2, 4, 4), np.mean, size=(2, 3), strides=(2, 1), padding=((0, 0), (0, 0))
        ),
        torch_average_pool,
    ),
    Row(
        "average_pool, padded",
        None,
        lambda x: pooling.average_pool(x, (2, 2), (2, 2), "same"),
        (real(*X),),
        lambda x: pool(
            x, (2, 3, 3, 4), np.mean, size=(2, 2), strides=(2, 2), padding=((0, 1), (0, 0))
        ),
    ),
]


def filled(row: Row, name: str, image: np.ndarray) -> Row:
    """The row with another first input; at ties a maximum has no slope to compare."""
    inputs = (image, *row.inputs[1:])
    order = row.order if row.analytic else 0
    return dataclasses.replace(row, name=f"{row.name}, {name}", inputs=inputs, order=order, at=())


for rows in (CONVOLUTIONS, POOLINGS):
    for row in list(rows):
        x = row.inputs[0]
        rows.append(filled(row, "sparse", np.where(np.abs(x) > 1.5, x, 0.0)))
        rows.append(filled(row, "constant", np.full(x.shape, 0.7)))
