"""Networks of convolutions on images that meet kinks and ties: black, sparse, constant, repeated.

The witness is the reference engine in float64. It also tells where the network is at a kink: where
it gives 0 exactly, so must the CPU engine, and the slopes agree there too; where only rounding
decides between two slopes, gradients are not compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from grafito import graph
from grafito.engines import get
from grafito.graph.program import Graph

SHORT = 15  # cases of the short form

NEAR = 1e-5  # of a kink, where float32 may be on the other side
EQUAL = 1e-11  # rounding of float64: two windows that hold the same numbers


class Block(NamedTuple):
    """A convolution and what follows it."""

    kernel: np.ndarray
    bias: np.ndarray | None
    options: dict[str, Any]
    normalized: bool
    pool: tuple[Any, Any, int] | None


def images(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Batches of every kind."""
    n, height, width, _ = shape
    x = rng.normal(size=shape)
    black = x.copy()
    black[:, : int(rng.integers(0, height))] = 0
    black[:, :, : int(rng.integers(0, width))] = 0
    black[rng.random(n) < 0.2] = 0
    sparse = x * (rng.random((*shape[:3], 1)) < 0.08)
    sparse[rng.random(shape) < 0.2] = -0.0
    constant, repeated = np.ones(shape) * x[:, :1, :1], np.ones(shape) * np.round(x[:1])
    kinds = {"random": x, "black": black, "sparse": sparse}
    kinds |= {"constant": constant, "repeated": repeated}
    return {name: images.astype("float32") for name, images in kinds.items()}


def block(rng: np.random.Generator, shape: tuple[int, ...]) -> Block:
    """Mostly windows of 3 x 3, as they are in most networks."""
    height, width, channels = shape[1:]
    size = tuple(int(rng.integers(1, 1 + min(5, n))) for n in (height, width))
    if rng.random() < 0.7:
        size = min(3, height), min(3, width)
    options: dict[str, Any] = {"padding": str(rng.choice(["same", "valid"]))}
    way = rng.choice(["plain", "plain", "plain", "strides", "strides", "dilation", "groups"])
    if way == "groups":
        options["groups"] = int(rng.choice([g for g in (1, 2, channels) if channels % g == 0]))
    elif way == "strides":
        options |= {"strides": tuple(int(n) for n in rng.choice([1, 2, 2, 3, 4], 2))}
        if rng.random() < 0.5:
            size = tuple(int(rng.integers(1, 1 + min(9, n))) for n in (height, width))
    elif way == "dilation" and 2 * max(size) <= min(height, width):
        options |= {"dilation": 2}
    groups = options.get("groups", 1)
    filters = groups * int(rng.choice([1, 8, 17])) if groups < channels else channels
    kernel = rng.normal(size=(*size, channels // groups, filters)) / np.sqrt(
        np.prod(size) * channels
    )
    bias = [None, np.zeros(filters), rng.normal(size=filters)][int(rng.integers(0, 3))]
    pool = [None, (graph.max_pool, 2, 2), (graph.max_pool, 2, 1), (graph.average_pool, 2, 2)]
    return Block(kernel, bias, options, rng.random() < 0.2, pool[int(rng.integers(0, 4))])


def network(x: Any, blocks: list[Block], dtype: str) -> tuple[Any, list[Any], list[Any], list[Any]]:
    """The result, the weights, the convolutions, and what stands before a kink."""
    weights, convolutions, kinks = [], [], []
    for b in blocks:
        k = graph.placeholder(b.kernel.shape, dtype, f"w{len(weights)}")
        weights.append(k)
        x = graph.conv2d(x, k, **b.options)
        convolutions.append(x)
        if b.bias is not None:
            weights.append(graph.placeholder(b.bias.shape, dtype, f"w{len(weights)}"))
            x = x + weights[-1]
        if b.normalized:
            axes = (0, 1, 2)
            mean, variance = (f(x, axis=axes, keepdims=True) for f in (graph.mean, graph.variance))
            x = (x - mean) / graph.sqrt(variance + 1e-3)
        kinks.append((x, None))
        x = graph.relu(x)
        if b.pool is not None and min(x.shape[1:3]) >= b.pool[1]:
            function, size, stride = b.pool
            kinks += [(x, (size, stride))] if function is graph.max_pool else []
            x = function(x, size, stride)
    return x, weights, convolutions, kinks


def rounding_decides(value: np.ndarray, window: tuple[int, int] | None) -> bool:
    """Whether a number lies near a kink, or two different ones of a window near to each other."""
    if window is None:
        return bool(np.any((value != 0) & (np.abs(value) < NEAR)))
    size, stride = window
    seen = np.lib.stride_tricks.sliding_window_view(value, (size, size), (1, 2))
    seen = np.sort(seen[:, ::stride, ::stride].reshape(*seen[:, ::stride, ::stride].shape[:4], -1))
    gap = seen[..., -1:] - seen[..., :-1]
    return bool(np.any((gap > EQUAL) & (gap < NEAR)))


def tile(rng: np.random.Generator) -> Callable[..., Any]:
    """Chooses tiles of Winograd's method, which its own rule seldom takes for small images."""
    points = rng.choice([4, 6, 6], 2)

    def choose(sizes: Any, *_: Any, **__: Any) -> Any:
        window = sizes.window
        if max(window) == 1 or max(window) > 5:
            return None
        counts = [6 if r > 3 else n for n, r in zip(points, window, strict=True)]
        return tuple(n - r + 1 if r > 1 else 1 for n, r in zip(counts, window, strict=True))

    return choose


def case(rng: np.random.Generator) -> None:
    """A network of one or two convolutions, and every kind of images."""
    pytest.importorskip("llvmlite")
    from grafito.engines.llvm.lowering import winograd as method

    with pytest.MonkeyPatch.context() as patch:
        if rng.random() < 0.7:
            patch.setattr(method, "choose", tile(rng))
        check(rng)


def check(rng: np.random.Generator) -> None:
    """Compare all that the network gives for each kind of images."""
    height, width = (int(rng.integers(3, 14)) for _ in range(2))
    shape = int(rng.choice([1, 2, 8, 17])), height, width, int(rng.choice([1, 3, 8, 16]))
    blocks = [block(rng, shape)]
    after = network(graph.placeholder(shape), blocks, "float32")[0].shape
    if rng.random() < 0.3 and min(after[1:3]) >= 2:
        blocks.append(block(rng, after))
    arrays = [a for b in blocks for a in (b.kernel, b.bias) if a is not None]
    shown = rng.random() < 0.5  # convolutions that are asked for are stored
    programs = []
    for engine, dtype in (("llvm", "float32"), ("reference", "float64")):
        x = graph.placeholder(shape, dtype, "x")
        y, weights, convolutions, kinks = network(x, blocks, dtype)
        slopes = graph.gradients(graph.sum(graph.sin(y + 0.5)), [*weights, x])
        names = [*(f"d{w.name}" for w in weights), "dx"]
        outputs = {"y": y, **dict(zip(names, slopes, strict=True))}
        if shown or engine == "reference":
            outputs |= {f"convolution {i}": z for i, z in enumerate(convolutions)}
        if engine == "reference":
            outputs |= {f"kink {i}": z for i, (z, _) in enumerate(kinks)}
        inputs = {w.name: w for w in [x, *weights]}
        programs.append(get(engine).compile(Graph(inputs, outputs, {})))
    for kind, data in images(rng, shape).items():
        results = []
        for program, dtype in zip(programs, ("float32", "float64"), strict=True):
            given = (a.astype("float32").astype(dtype) for a in (data, *arrays))
            program.bind(dict(zip(inputs, given, strict=True)))
            results.append({name: np.array(value[0]) for name, value in program.run().items()})
        compare(kind, blocks, *results, [window for _, window in kinks])


def compare(
    kind: str, blocks: list[Block], ours: dict[str, Any], theirs: dict[str, Any], windows: list[Any]
) -> None:
    """Values, zeros, and the gradients where no rounding decides."""
    fuzzy = any(rounding_decides(theirs[f"kink {i}"], w) for i, w in enumerate(windows))
    fuzzy |= any(b.normalized and kind != "random" for b in blocks)  # means of equal numbers round
    # Of windows with the same numbers any may be the largest: to the weights that is the same.
    ties = kind in ("constant", "repeated") or len(blocks) > 1
    largest = max(np.abs(a).max() for name, a in theirs.items() if name[0] == "d")
    for name, value in ours.items():
        if (name[0] == "d" and fuzzy) or (name == "dx" and ties):
            continue
        expected, where = theirs[name], f"{name}, {kind} images"
        scale = max(np.abs(expected).max(), largest / 10 if name[0] == "d" else 0.01)
        after = name in ("y", "convolution 1") and any(b.normalized for b in blocks)
        if after and kind != "random":
            # A mean of equal numbers rounds, and the root of 0.001 multiplies that by 32.
            sums = (np.abs(z).max() for n, z in theirs.items() if "convolution" in n)
            scale = 32 * max(1.0, scale, *sums)
        np.testing.assert_allclose(value, expected, rtol=0, atol=3e-5 * scale, err_msg=where)
        if name == "convolution 0":
            np.testing.assert_array_equal(value[expected == 0], 0, err_msg=f"zeros, {where}")
