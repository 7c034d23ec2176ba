"""Sizes of what slides over an image: strides, padding and the number of windows."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from grafito.errors import ArgumentError, ShapeError, unknown_name

Pair = tuple[int, int]


def per_axis(name: str, value: Any, axes: int, least: int = 1) -> tuple[int, ...]:
    """One integer for each axis, from one for all of them or from a sequence.

    Raises:
        ArgumentError: for another number of integers, or one below `least`.

    Example:
        >>> per_axis("strides", 2, axes=2)
        (2, 2)
    """
    sizes = (value,) * axes if isinstance(value, Integral) else value
    if (
        not isinstance(sizes, Sequence)
        or len(sizes) != axes
        or not all(isinstance(n, Integral) and int(n) >= least for n in sizes)
    ):
        raise ArgumentError(
            f"{name} must be an integer" + (f" or {axes} of them." if axes > 1 else "."),
            received=f"{name}={value!r}",
            expected=f"at least {least}",
        )
    return tuple(int(n) for n in sizes)


def window_padding(
    where: str,
    padding: str,
    sizes: Sequence[int],
    extents: Sequence[int],
    strides: Sequence[int],
    kinds: Sequence[str] = ("valid", "same"),
) -> tuple[Pair, ...]:
    """How many elements to add before and after each axis.

    Args:
        where: name of the function, for errors.
        padding: "valid" adds none; "same" makes ceil(size / stride) windows, the odd element
            coming last; "causal" makes no window see beyond its own place.
        sizes: of the axes.
        extents: how far a window reaches along each axis.
        strides: distance between windows.
        kinds: the names that `where` knows.

    Raises:
        UnknownNameError: for another name.
        ShapeError: when no window fits.

    Example:
        >>> window_padding("conv2d", "same", (5, 6), (3, 3), (2, 2))
        ((1, 1), (0, 1))
    """
    if padding not in kinds:
        raise unknown_name("padding", padding, kinds)
    pairs: list[Pair] = []
    for size, extent, stride in zip(sizes, extents, strides, strict=True):
        total = {"valid": 0, "causal": extent - 1}.get(padding)
        if total is None:
            total = max((-(-size // stride) - 1) * stride + extent - size, 0)
        pairs.append((total, 0) if padding == "causal" else (total // 2, total - total // 2))
    counts = [
        (size + sum(pair) - extent) // stride + 1
        for size, extent, stride, pair in zip(sizes, extents, strides, pairs, strict=True)
    ]
    if any(count < 1 for count in counts):
        raise ShapeError(
            "The window does not fit into the input.",
            where=where,
            received=f"input {tuple(sizes)}, window {tuple(extents)}, strides {tuple(strides)}",
            expected=f"a result of at least 1 along each axis; it would be {tuple(counts)}",
            fix='padding="same", a smaller window, or fewer poolings and strides before',
        )
    return tuple(pairs)


def transposed_padding(
    padding: str, size: int, extent: int, stride: int, output_padding: int | None
) -> tuple[int, Pair, int]:
    """How a transposed convolution gets its size, along one axis, by the rules of Keras.

    Args:
        padding: "valid" or "same".
        size: of the input.
        extent: how far the window reaches.
        stride: distance between windows.
        output_padding: elements added after; None makes `size * stride` of "same" and leaves no
            input unseen in "valid".

    Returns:
        The size whose convolution has the input's size, the padding of that convolution, and how
        many zeros to add after.

    Raises:
        UnknownNameError: for another name.

    Example:
        >>> transposed_padding("same", 4, 3, 2, None)
        (8, (0, 1), 0)
    """
    if padding not in ("valid", "same"):
        raise unknown_name("padding", padding, ("valid", "same"))
    if padding == "valid":
        added = max(stride - extent, 0) if output_padding is None else output_padding
        before = 0
        full = (size - 1) * stride + extent + added
    elif output_padding is None:
        full = size * stride
        before = extent - 1 - min((stride + extent - 1) // 2, extent - 1)
    else:
        full = (size - 1) * stride + extent % 2 + output_padding
        before = extent - 1 - min((extent + extent % 2 + output_padding - 1) // 2, extent - 1)
    after = (size - 1) * stride + extent - before - full
    return full - max(-after, 0), (before, max(after, 0)), max(-after, 0)
