"""Random numbers with the functions of `keras.random`, made by `grafito.graph.random`.

Inside a training step they take their key from the step, as layers do: other numbers in each step,
the same after a resume. Outside of it, a `SeedGenerator` or no seed gives other numbers in each
call, an integer always the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grafito import graph, seeds
from grafito.errors import ArgumentError
from grafito.errors import names_of as _names_of
from grafito.graph import Tensor, as_tensor
from grafito.registry import Configurable

__all__ = ["SeedGenerator", "categorical", "dropout", "normal", "randint", "shuffle"]
__all__ += ["truncated_normal", "uniform"]


class SeedGenerator(Configurable):
    """A source of seeds: each use draws other numbers.

    Args:
        seed: an integer; by default the next one of the program's stream.
        name: accepted as in Keras.

    Raises:
        ArgumentError: for a seed that is no integer from 0 on.

    Example:
        >>> source = SeedGenerator(7)
        >>> bool((normal((2,), seed=source).numpy() == normal((2,), seed=source).numpy()).any())
        False
    """

    def __init__(self, seed: int | None = None, name: str | None = None):
        self.seed = seeds.next_seed() if seed is None else _whole(seed)
        self.name = name
        self._count = 0

    def key(self) -> dict[str, Any]:
        """Which numbers are next: seed, step and use, for the functions of the graph.

        Example:
            >>> SeedGenerator(7).key()
            {'seed': 7, 'step': 0, 'use': 1}
        """
        trace = graph.current_trace()
        if trace is None:
            self._count += 1
            return {"seed": self.seed, "step": 0, "use": self._count}
        step = 0 if trace.step is None else trace.step
        return {"seed": self.seed, "step": step, "use": trace.next_random_use()}


_common: dict[Any, SeedGenerator] = {}  # for each beginning of the stream, of which one is kept


def _key(seed: Any) -> dict[str, Any]:
    if isinstance(seed, SeedGenerator):
        return seed.key()
    if seed is not None:
        return {"seed": _whole(seed)}
    stream = seeds.stream()
    if stream not in _common:
        _common.clear()
        _common[stream] = SeedGenerator()
    return _common[stream].key()


def _whole(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ArgumentError(
            "A seed must be a non-negative integer.", received=f"seed={seed!r}", fix="seed=0"
        )
    return seed


def normal(
    shape: Sequence[int],
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: str | None = None,
    seed: Any = None,
) -> Tensor:
    """Numbers with a normal distribution.

    Example:
        >>> normal((2, 3), seed=1).shape
        (2, 3)
    """
    return graph.random.normal(shape, mean, stddev, dtype=dtype or "float32", **_key(seed))


def truncated_normal(
    shape: Sequence[int],
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: str | None = None,
    seed: Any = None,
) -> Tensor:
    """Numbers with a normal distribution that is cut off at two deviations.

    Example:
        >>> bool((abs(truncated_normal((100,), seed=1).numpy()) <= 2).all())
        True
    """
    draw = graph.random.truncated_normal
    return draw(shape, mean, stddev, dtype=dtype or "float32", **_key(seed))


def uniform(
    shape: Sequence[int],
    minval: Any = 0.0,
    maxval: Any = 1.0,
    dtype: str | None = None,
    seed: Any = None,
) -> Tensor:
    """Numbers spread evenly over [minval, maxval).

    Example:
        >>> uniform((2, 3), seed=1).shape
        (2, 3)
    """
    return graph.random.uniform(shape, minval, maxval, dtype=dtype or "float32", **_key(seed))


def randint(
    shape: Sequence[int], minval: int, maxval: int, dtype: str = "int32", seed: Any = None
) -> Tensor:
    """Whole numbers from minval to maxval - 1, each equally likely.

    Example:
        >>> bool((randint((100,), 0, 3, seed=1).numpy() < 3).all())
        True
    """
    share = graph.random.uniform(shape, dtype="float64", **_key(seed))
    return graph.cast(graph.floor(share * (maxval - minval)) + minval, dtype)


def categorical(logits: Any, num_samples: int, dtype: str = "int32", seed: Any = None) -> Tensor:
    """Class numbers, drawn for each row with the probabilities softmax(logits).

    Example:
        >>> categorical([[0.0, 100.0]], 3, seed=1).numpy().tolist()
        [[1, 1, 1]]
    """
    logits = as_tensor(logits)
    rows, classes = logits.shape
    share = graph.random.uniform((rows, num_samples, classes), **_key(seed))
    noise = -graph.log(-graph.log(share + 2.0**-25))  # Gumbel's: the largest sum is the draw
    return graph.cast(graph.argmax(graph.expand_dims(logits, 1) + noise, -1), dtype)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Tensor:
    """The parts along an axis in random order.

    Example:
        >>> sorted(shuffle([1, 2, 3], seed=1).numpy().tolist())
        [1, 2, 3]
    """
    x = as_tensor(x)
    return graph.take(x, graph.random.permutation(x.shape[axis], **_key(seed)), axis)


def dropout(
    inputs: Any, rate: float, noise_shape: Sequence[int] | None = None, seed: Any = None
) -> Tensor:
    """Each element 0 with a probability, else divided by the probability that it stays.

    Example:
        >>> dropout([1.0, 1.0, 1.0, 1.0], 0.5, seed=1).numpy().sum() % 2
        np.float32(0.0)
    """
    x = as_tensor(inputs)
    if not rate:
        return x
    kept = graph.random.bernoulli(noise_shape or x.shape, 1.0 - rate, **_key(seed))
    return graph.where(kept, x / (1.0 - rate), 0.0)


__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
