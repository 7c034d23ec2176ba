"""Binary frames for the page: pictures of what a network computes, and the points of its data."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from grafito.models import Model
from grafito.studio.examples import BINARY, CLASSES
from grafito.studio.network import Network

VERSION, PICTURE, POINTS = 1, 1, 2
SIDE, UNIT_SIDE = 60, 20  # points of a picture; every third of them makes that of a unit
SHOWN = 8  # answers, where there is no plane


def frame(kind: int, number: int, arrays: Mapping[str, np.ndarray], **more: Any) -> bytes:
    r"""A frame: version, kind, a header as JSON, the arrays one after the other.

    Example:
        >>> frame(2, 1, {"y": np.zeros(1, "uint8")})[:2]
        b'\x01\x02'
    """
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    rows = [
        {"name": name, "dtype": array.dtype.name, "shape": array.shape}
        for name, array in plain.items()
    ]
    header = json.dumps({"frame": number, "arrays": rows, **more}).encode()
    header += b" " * (-len(header) % 4)
    parts = [struct.pack("<BBHI", VERSION, kind, 0, len(header)), header]
    for array in plain.values():
        octets = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        parts += [octets, b"\0" * (-len(octets) % 4)]
    return b"".join(parts)


def points(network: Network, number: int) -> bytes:
    """The examples as points; none where they are neither in a plane nor on a line."""
    examples = network.examples
    if examples.limits() is None:
        x = np.zeros((0, 2), "float32")
        return frame(POINTS, number, {"x": x, "y": x[:, 0], "held_out": np.zeros(0, "uint8")})
    x = examples.x
    if x.shape[1] == 1:
        x = np.concatenate([x, np.asarray(examples.y, "float32")[:, None]], axis=1)
    arrays = {
        "x": x.astype("float32"),
        "y": np.asarray(examples.y, "float32"),
        "held_out": examples.held_out.astype("uint8"),
    }
    return frame(POINTS, number, arrays)


class Pictures:
    """Pictures of one network; what does not change with its weights is computed once."""

    def __init__(self, network: Network):
        self._network = network
        model = network.model
        self._layers = network.units()
        self._whole = None
        self._points = self._grid()
        if self._points is not None and len(self._points):
            drawn = [x.output for x in self._layers if network.layer_drawn(x)]
            self._whole = Model(model.inputs, [*drawn, model.outputs[0]])
            self._whole.compile(engine=model._executor.engine_wanted)

    def _grid(self) -> np.ndarray | None:
        """Where the network is asked: the points of the plane, of a line, or some examples."""
        limits = self._network.examples.limits()
        if limits is None:
            x, _ = self._network.part(bool(self._network.examples.held_out.any()))
            return x[:SHOWN] if self._network.drawn else None
        if len(limits) == 2:
            line = np.linspace(limits[0], limits[1], SIDE * 2, dtype="float32")[:, None]
            return self._network.inputs(line)
        across = np.linspace(limits[0], limits[1], SIDE, dtype="float32")
        up = np.linspace(limits[3], limits[2], SIDE, dtype="float32")  # the first row is the top
        grid = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
        return self._network.inputs(grid)

    def arrays(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """The arrays of a picture of the network as it is now, and what the header says more."""
        found: dict[str, np.ndarray] = {}
        more: dict[str, Any] = {}
        if self._whole is not None and self._points is not None:
            outputs = self._whole.predict_on_batch(self._points)
            *inner, answer = outputs if isinstance(outputs, list) else [outputs]
            drawn = [i for i, x in enumerate(self._layers) if self._network.layer_drawn(x)]
            limits = self._network.examples.limits()
            if limits is None:
                self._answers(answer, found)
            else:
                self._of_axes(dict(zip(drawn, inner, strict=True)), answer, found, more)
        if self._network.drawn:
            self._weights(found)
        return found, more

    def _of_axes(
        self,
        inner: Mapping[int, np.ndarray],
        answer: np.ndarray,
        found: dict[str, np.ndarray],
        more: dict[str, Any],
    ) -> None:
        limits = self._network.examples.limits() or []
        answer = answer.reshape(len(answer), -1)
        if len(limits) == 2:
            line = np.linspace(limits[0], limits[1], len(answer))
            found["curve"] = np.stack([line, answer[:, 0]], axis=1).astype("float32")
        elif self._network.examples.task in (BINARY, CLASSES):
            found["regions"] = _octets(answer.T.reshape(-1, SIDE, SIDE), 0.0, 1.0)
        else:
            low, high = _range(self._network.examples.y)
            found["regions"] = _octets(answer[:, :1].T.reshape(-1, SIDE, SIDE), low, high)
            more |= {"low": low, "high": high}
        points = np.asarray(self._points)
        if points.shape[-1] <= 64:
            found["units/inputs"] = self._unit_pictures(points)
        for i, array in inner.items():
            found[f"units/{i}"] = self._unit_pictures(array)

    def _unit_pictures(self, array: np.ndarray) -> np.ndarray:
        """Each unit on the plane, from the least it gives there to the most."""
        array = array.reshape(len(array), -1)
        if len(array) == SIDE * SIDE:
            step = SIDE // UNIT_SIDE
            array = array.reshape(SIDE, SIDE, -1)[step // 2 :: step, step // 2 :: step]
            array = np.moveaxis(array, -1, 0)
        else:
            line = array[:: len(array) // UNIT_SIDE][:UNIT_SIDE].T
            array = np.repeat(line[:, None, :], UNIT_SIDE, axis=1)
        most = np.abs(array).max(axis=(1, 2), keepdims=True)
        return _octets(array / np.where(most > 0, most, 1), -1.0, 1.0)

    def _answers(self, answer: np.ndarray, found: dict[str, np.ndarray]) -> None:
        found["answers"] = answer.reshape(len(answer), -1).astype("float32")
        shape = self._network.examples.shape
        if shape is not None and self._points is not None:
            images = self._points.reshape(len(self._points), *shape)
            found["images"] = _octets(images, *_range(images))

    def _weights(self, found: dict[str, np.ndarray]) -> None:
        shape = self._network.examples.shape
        for i, layer in enumerate(self._layers):
            kernel = getattr(layer, "kernel", None)
            if kernel is None or len(kernel.shape) != 2 or kernel.size > 100_000:
                continue
            weights = np.asarray(kernel.numpy(), "float32")
            found[f"weights/{i}"] = weights
            if getattr(layer, "bias", None) is not None:
                found[f"bias/{i}"] = np.asarray(layer.bias.numpy(), "float32")
            if i == 0 and shape is not None and weights.shape[0] == np.prod(shape):
                found["units/0"] = self._unit_weights(weights, shape)

    def _unit_weights(self, weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        most = np.abs(weights).max(axis=0, keepdims=True)
        scaled = (weights / np.where(most > 0, most, 1)).T
        return _octets(scaled.reshape(-1, *shape), -1.0, 1.0)


def _range(numbers: np.ndarray) -> tuple[float, float]:
    low, high = float(np.min(numbers)), float(np.max(numbers))
    return low, high if high > low else low + 1.0


def _octets(array: np.ndarray, low: float, high: float) -> np.ndarray:
    """Numbers from low to high as 0 to 255; what is no number is in the middle."""
    scaled = (np.asarray(array, "float64") - low) / (high - low) * 255
    return np.clip(np.nan_to_num(scaled, nan=127.5, posinf=255, neginf=0), 0, 255).astype("uint8")
