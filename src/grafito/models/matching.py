"""Whether an array fits the shape of a model's input, and what to write if it does not."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

from grafito.language import message

Sizes = Sequence[int | None]


def fits(shape: Sequence[int], expected: Sizes) -> bool:
    """Whether the input takes an example of this shape.

    Example:
        >>> fits((28, 28), (None, 28)), fits((28,), (28, 28))
        (True, False)
    """
    return len(shape) == len(expected) and all(
        e is None or n == e for n, e in zip(shape, expected, strict=True)
    )


def input_hint(shape: Sequence[int], expected: Sizes, trained: bool = True) -> str | None:
    """What to write in place of an array x that does not fit; None if nothing is known.

    Args:
        shape: of the array, the axis of the examples included.
        expected: of one example of the input; None where any size fits.
        trained: whether the model was trained, so that it should be kept.

    Example:
        >>> input_hint((784,), (784,)), input_hint((28, 28), (784,))
        ('x[None], an array of one example', 'x.reshape(-1, 784), an array of one example')
        >>> input_hint((60, 1, 28, 28), (28, 28, 1))
        'numpy.moveaxis(x, 1, -1)'
    """
    shape, wanted = tuple(shape), tuple(expected)
    size = math.prod(n or 0 for n in wanted)  # 0 where one is free
    one = _one_example(shape, wanted, size)
    if one is not None:
        return message("{}, an array of one example").format(one)
    if len(shape) == 3 and shape[-1] in (3, 4) and _is_square(wanted):
        text = message("an image of {} x {}: resize this one of {} x {}")
        return text.format(*wanted[:2], *shape[:2])
    example = shape[1:]
    if len(wanted) == 1 and len(shape) == 2 and fits(shape[:1], wanted):
        return message("x.T, one example a row")
    if len(example) > 2 and fits((*example[1:], example[0]), wanted):
        return "numpy.moveaxis(x, 1, -1)"
    if size and math.prod(example) == size:
        return f"x.reshape(-1, {', '.join(map(str, wanted))})"
    if len(example) == len(wanted) >= 3 and fits(example[:-1], wanted[:-1]):
        return _channels(example[-1], wanted[-1])
    square = _is_square(wanted) and 1 not in map(operator.eq, example, wanted)
    if len(example) == len(wanted) and ((len(wanted) == 3 and None not in wanted[:2]) or square):
        text = message("images of {} x {}: resize those of {} x {}")
        return text.format(*wanted[:2], *example[:2])
    return None if trained or not example else f"Input({example})"


def _is_square(wanted: tuple[int | None, ...]) -> bool:
    """Whether the shape is probably that of an image: as high as wide."""
    return len(wanted) in (2, 3) and wanted[0] == wanted[1] is not None


def _one_example(shape: tuple[int, ...], wanted: tuple[int | None, ...], size: int) -> str | None:
    """What to write if the array is a single example."""
    if fits(shape, wanted):
        return "x[None]"
    if len(shape) > 2 and fits((*shape[1:], shape[0]), wanted):
        return "numpy.moveaxis(x, 0, -1)[None]"
    if size and math.prod(shape) == size:
        return f"x.reshape(-1, {', '.join(map(str, wanted))})"
    if len(wanted) == len(shape) == 3 and fits(shape[:-1], wanted[:-1]) and wanted[-1] == 1:
        return "x.mean(-1, keepdims=True)[None]"
    return None


def _channels(given: int, wanted: int | None) -> str | None:
    if wanted == 1:
        return "x.mean(-1, keepdims=True)"
    return f"numpy.repeat(x, {wanted}, axis=-1)" if given == 1 else None
