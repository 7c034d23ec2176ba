"""Rounds of two programs in one launch: epochs that end with a smaller batch, without a pause."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

if TYPE_CHECKING:
    from grafito.engines.jax.program import Program

APART = 256  # rounds in launches of their own, before both programs are compiled into one

Body = Callable[[Any, Any, Any], Any]


class Rounds:
    """Rounds that each take some steps of a program and one of another.

    Args:
        first: runs some steps in each round.
        last: then runs one; its outputs are shown.
    """

    def __init__(self, first: Program, last: Program):
        self.first, self.last = first, last
        self._seen = 0  # rounds
        self._changed = list(dict.fromkeys([*first.changed, *last.changed]))
        changed = set(self._changed)
        self._read = [v for v in dict.fromkeys([*first.read, *last.read]) if v not in changed]
        self._launch = first.jit(self._loop)

    def worthwhile(self, rounds: int) -> bool:
        """Whether there were enough rounds to compile both into one; these are to come."""
        self._seen += rounds
        return self._seen >= APART

    def run(self, rounds: int, steps: int) -> dict[str, np.ndarray] | None:
        """Run so many rounds, unless a program is sent its batches.

        Returns:
            Each output of the last program at the end of each round.
        """
        first, last = self.first, self.last

        def run(count: int) -> dict[str, np.ndarray]:
            given = (first.held, last.held), np.int32(steps), np.int32(count)
            return last.launched(self._launch, self._changed, self._read, count, lambda: given)

        with first.lock, last.lock, jax.enable_x64(True):
            for program in (first, last):
                program.place()
            if first.sends_batches or last.sends_batches:
                return None
            return in_parts(run, rounds, last.capacity)

    def _loop(
        self, state: list[Any], read: list[Any], held: tuple[Any, Any], steps: Any, rounds: Any
    ) -> Any:
        known = dict(zip(self._read, read, strict=True))
        first = self.first.body(self._changed, known, held[0])
        last = self.last.body(self._changed, known, held[1])

        def body(i: Any, carried: Any) -> Any:
            state, outputs, fault = carried
            begun: Any = state, {}, fault  # nothing is shown of the first
            state, _, fault = lax.fori_loop(0, steps, lambda j, x: first(j, j, x), begun)
            return last(0, i, (state, outputs, fault))

        return lax.fori_loop(0, rounds, body, (state, self.last.room(), jnp.zeros(3, "int64")))


def in_parts(
    run: Callable[[int], dict[str, np.ndarray]], count: int, most: int
) -> dict[str, np.ndarray]:
    """The outputs of so many steps or rounds, of which one launch takes so many at most.

    Example:
        >>> in_parts(lambda n: {"ones": np.ones(n)}, 5, 2)["ones"].tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    parts = [run(min(most, count - done)) for done in range(0, count, most)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
