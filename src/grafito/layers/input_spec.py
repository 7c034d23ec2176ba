"""What a layer of one's own asks of its inputs, beyond what it was built for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grafito.errors import ShapeError
from grafito.graph.dtypes import dtype_name
from grafito.graph.nest import flatten
from grafito.registry import Configurable


class InputSpec(Configurable):
    """What an input must be; `self.input_spec = InputSpec(ndim=3)` in a layer has it checked.

    Args:
        dtype: its element type.
        shape: its sizes with the batch, None where free.
        ndim, min_ndim, max_ndim: its number of axes, exactly, at least, at most.
        axes: a dictionary from axis to size.
        allow_last_axis_squeeze: let a last axis of size 1 be missing, or be there.
        name: of the input where they come as a dictionary.
        optional: Keras's; an input that is None is not checked.

    Example:
        >>> InputSpec(shape=(None, 4), dtype="float32")
        InputSpec(dtype=float32, shape=(None, 4), ndim=2)
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ):
        self.dtype = dtype and dtype_name(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name, self.optional = name, optional

    def __repr__(self) -> str:
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        given = [(name, getattr(self, name)) for name in names]
        return f"InputSpec({', '.join(f'{name}={value}' for name, value in given if value)})"

    def fits(self, x: Any) -> bool:
        """Whether a tensor or a symbol is what is asked.

        Args:
            x: with shape and dtype.
        """
        shape, wanted = tuple(x.shape), self.shape
        if self.allow_last_axis_squeeze and wanted is not None:
            shape, wanted = (s[:-1] if s and s[-1] == 1 else s for s in (shape, wanted))
        elif self.ndim is not None and len(shape) != self.ndim:
            return False
        sizes = list(enumerate(wanted or ()))
        inside = [(a, n) for a, n in self.axes.items() if -len(shape) <= a < len(shape)]
        return (
            (self.dtype is None or x.dtype == self.dtype)
            and (self.min_ndim or 0) <= len(shape) <= (self.max_ndim or len(shape))
            and (wanted is None or len(shape) == len(wanted))
            and len(inside) == len(self.axes)
            and all(n is None or shape[a] in (n, None) for a, n in [*sizes, *inside])
        )


def check_spec(layer: Any, inputs: Any) -> None:
    """Raise a ShapeError for inputs that are not what `layer.input_spec` asks.

    Args:
        layer: with an `input_spec`, one or a list of them.
        inputs: the first argument of its call.
    """
    specs, given = flatten(layer.input_spec), flatten(inputs)
    if isinstance(inputs, Mapping) and all(getattr(spec, "name", None) for spec in specs):
        given = [inputs.get(spec.name) for spec in specs]
    good = len(specs) == len(given) and all(
        spec is None or x is None or spec.fits(x) for spec, x in zip(specs, given, strict=True)
    )
    if not good:
        raise ShapeError(
            "An input is not what the layer asks for.",
            where=f"layer {layer.name!r} ({type(layer).__name__})",
            received=", ".join(f"{x.dtype} of shape {x.shape}" for x in given if x is not None),
            expected=", ".join(map(repr, specs)),
        )
