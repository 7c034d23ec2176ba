"""The table of node kinds: what the passes of the compiler ask about a kind stands in its row.

A new kind is a row here and, where it has a kernel of its own, a file in `kernels/`.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grafito.language import message as N_

if TYPE_CHECKING:
    from grafito.engines.llvm.ir.nodes import Node

CHEAP = 1  # cost in additions: computing it again costs less than a trip to memory
EXPENSIVE = 8  # of a function such as exp


class Family(enum.Enum):
    """How the value of a node comes about."""

    LEAF = "is given"
    MOVE = "says where an element of its input is"
    GENERATED = "is computed from an index alone"
    ELEMENTWISE = "depends on one element of each input"
    PLACEMENT = "puts its inputs into its buffer"
    REDUCTION = "combines the elements along axes"
    MATMUL = "is a matrix product"
    WINDOW = "looks at images through windows"
    AXIS = "looks at a whole axis, or packs an operand"
    MEMORY = "is scratch memory"


class Reads(enum.Enum):
    """From where a node takes its inputs."""

    VALUES = "any expression, computed where it is read"
    ADDRESSES = "memory, through moves at most"
    BUFFERS = "the input's own buffer"


def size(x: Node) -> int:
    """One operation for each element."""
    return x.size


@dataclass(frozen=True)
class Kind:
    """One row.

    Attributes:
        family: how its value comes about.
        kernel: the function in `kernels/` that emits it, by variant; `kernels.select` chooses.
        title: what `explain` calls it, where that is not its name.
        reads: from where it takes its inputs.
        fusible: whether elementwise nodes may join its kernel as an epilogue.
        cost: of an element that is computed where it is read, in additions.
        flops: additions and multiplications of the whole node.
        materialized: whether it always has a buffer.
        of_bfloat16: whether it has a form that multiplies pairs of bfloat16.
    """

    family: Family
    kernel: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    reads: Reads = Reads.VALUES
    fusible: bool = False
    cost: int = EXPENSIVE
    flops: Callable[[Node], int] = size
    materialized: bool = False
    of_bfloat16: bool = False

    @property
    def anchor(self) -> bool:
        """Whether a kernel is built around it."""
        return bool(self.kernel)


def _one(function: str) -> dict[str, str]:
    return {"": function}


def _elementwise(cost: int, names: str) -> dict[str, Kind]:
    return {name: Kind(Family.ELEMENTWISE, cost=cost) for name in names.split()}


def _reduction() -> Kind:
    return Kind(
        Family.REDUCTION,
        _one("reductions:reduction"),
        fusible=True,
        materialized=True,
        flops=lambda x: x.inputs[0].size,
    )


def _window(title: str, kernel: Mapping[str, str], **more: object) -> Kind:
    options = {"reads": Reads.ADDRESSES, "materialized": True} | more
    return Kind(Family.WINDOW, kernel, title, **options)  # type: ignore[arg-type]


def _axis(title: str, kernel: str, **more: object) -> Kind:
    options = {"materialized": True} | more
    return Kind(Family.AXIS, _one(kernel), title, **options)  # type: ignore[arg-type]


def _matmul(x: Node) -> int:
    return 2 * x.size * x.inputs[0].shape[-1]


def _conv(x: Node) -> int:
    return 2 * x.size * math.prod(x.inputs[1].weight_shape[:3])


def _conv_input_gradient(x: Node) -> int:
    y, weights = x.inputs
    y = y.inputs[0] if y.kind == "pad" else y
    return 2 * y.size * math.prod(weights.weight_shape[:3])


def _conv_weight_gradient(x: Node) -> int:
    image, y = x.inputs
    return 2 * x.size * image.shape[0] * y.shape[1] * y.shape[2]


def _winograd(x: Node, y: Node) -> int:
    """Those of the direct convolution; of the taps of a phase there are so many on average."""
    taps = math.prod(x.taps) / math.prod(x.strides)
    return int(2 * y.size * taps * x.inputs[0].shape[3])


KINDS: dict[str, Kind] = {
    "input": Kind(Family.LEAF),
    "variable": Kind(Family.LEAF),
    "constant": Kind(Family.LEAF),
    "external": Kind(Family.LEAF),  # ends what a kernel sees: the value of another kernel
    "work": Kind(Family.MEMORY),
    # Moves
    "reshape": Kind(Family.MOVE, cost=CHEAP),
    "transpose": Kind(Family.MOVE, cost=CHEAP),
    "broadcast": Kind(Family.MOVE, cost=CHEAP),
    "slice": Kind(Family.MOVE, cost=CHEAP),
    "flip": Kind(Family.MOVE, cost=CHEAP),
    "take": Kind(Family.MOVE, title=N_("gather"), reads=Reads.ADDRESSES, cost=CHEAP),
    # Elementwise work
    "onehot": Kind(Family.GENERATED, cost=CHEAP),
    "fill": Kind(Family.ELEMENTWISE),
    "bounds_check": Kind(Family.ELEMENTWISE, title=N_("check of indices"), materialized=True),
    **_elementwise(
        CHEAP,
        "add subtract multiply negative abs square relu where cast stopgradient show equal "
        "notequal less lessequal greater greaterequal logicaland logicalor logicalnot maximum "
        "minimum sign isfinite",
    ),
    **_elementwise(
        EXPENSIVE,
        "divide mod floordivide power word_pairs exp expm1 log log1p sqrt floor round sin cos tanh "
        "sigmoid softplus erf erfinv",
    ),
    # Buffers that are filled from several places
    "concat": Kind(Family.PLACEMENT, materialized=True),
    "pad": Kind(Family.PLACEMENT, materialized=True),
    "copy": Kind(Family.PLACEMENT, materialized=True),
    # Reductions and products
    "sum": _reduction(),
    "max": _reduction(),
    "min": _reduction(),
    "prod": _reduction(),
    "matmul": Kind(
        Family.MATMUL,
        {
            "rows": "matmul.rows:matmul",
            "lanes": "matmul.lanes:matmul",
            "bfloat16": "matmul.bfloat16:matmul",
        },
        N_("matrix product"),
        Reads.ADDRESSES,
        fusible=True,
        flops=_matmul,
        materialized=True,
        of_bfloat16=True,
    ),
    # Convolutions
    "conv": _window(
        N_("convolution"),
        {"": "convolution.direct:conv", "amx": "convolution.amx:conv"},
        fusible=True,
        flops=_conv,
        of_bfloat16=True,
    ),
    "conv_input_gradient": _window(
        N_("convolution, gradient of its input"),
        {
            "": "convolution.direct:input_gradient",
            "amx": "convolution.amx:input_gradient",
        },
        fusible=True,
        flops=_conv_input_gradient,
        of_bfloat16=True,
    ),
    "conv_weight_gradient": _window(
        N_("convolution, gradient of its weights"),
        {
            "": "convolution.weight_gradient:weight_gradient",
            "bfloat16": "convolution.weight_gradient_bfloat16:weight_gradient",
            "amx": "convolution.weight_gradient_amx:weight_gradient",
        },
        flops=_conv_weight_gradient,
        of_bfloat16=True,
    ),
    "winograd": _window(
        N_("convolution (Winograd)"),
        _one("convolution.winograd:convolution"),
        fusible=True,
        flops=lambda x: _winograd(x, x),
    ),
    "winograd_sums": _window(
        N_("convolution, gradient of its weights (Winograd)"),
        _one("convolution.weight_gradient_winograd:sums"),
        flops=lambda x: _winograd(x, x.inputs[1]),
    ),
    "winograd_weight_gradient": _axis(
        N_("convolution, gradient of its weights (Winograd, end)"),
        "convolution.weight_gradient_winograd:weight_gradient",
    ),
    "winograd_weights": _axis(N_("weights in Winograd's form"), "convolution.winograd:weights"),
    "image_pairs": _axis(N_("pairs of images"), "convolution.weight_gradient_bfloat16:pack"),
    "weight_tiles": _axis(
        N_("weights in tiles"), "convolution.amx:weights", reads=Reads.ADDRESSES
    ),
    # Pooling
    "maxpool": _window(N_("max pooling"), _one("pooling:maxpool")),
    "maxpool_gradient": _window(N_("max pooling, gradient"), _one("pooling:maxpool_gradient")),
    "maxpool_gather": _window(N_("max pooling, chosen elements"), _one("pooling:maxpool_gather")),
    "sumpool": _window(N_("average pooling"), _one("pooling:sumpool")),
    "sumpool_gradient": _window(N_("average pooling, gradient"), _one("pooling:sumpool_gradient")),
    # Along an axis
    "scatter": _axis(N_("sum by index"), "axis:scatter", reads=Reads.BUFFERS),
    "argmax": _axis("argmax", "axis:argmax"),
    "argmin": _axis("argmin", "axis:argmax"),
    "cumsum": _axis(N_("cumulative sum"), "axis:cumsum"),
    "argsort": _axis(N_("sorting"), "axis:argsort"),
    "random_bits": _axis(N_("random bits"), "axis:random_bits", reads=Reads.ADDRESSES),
}  # fmt: skip
