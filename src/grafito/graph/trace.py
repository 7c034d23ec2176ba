"""What a traced function does besides returning values: it changes variables and adds penalties.

While a `Trace` is active, `Variable.assign` records the new value instead of storing it, and every
op that is given the variable afterwards reads the recorded value. So a Python function that reads
like a sequence of statements becomes one graph from old state to new state.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grafito.graph.tensor import Tensor
    from grafito.graph.variable import Variable

_active: ContextVar[Trace | None] = ContextVar("trace", default=None)
_scope: ContextVar[tuple[str, ...]] = ContextVar("scope", default=())


_calls = itertools.count(1)


class Call(str):
    """The name of a function or layer, with the number of the call; equal to others as text."""

    __slots__ = ("number",)
    number: int

    def __new__(cls, name: str) -> Call:
        call = super().__new__(cls, name)
        call.number = next(_calls)
        return call


def renamed(call: str, name: str) -> str:
    """The same call under another name."""
    if name == call:
        return call
    other = Call(name)
    other.number = getattr(call, "number", 0)
    return other


class Trace:
    """The record of one traced call; a context manager.

    Args:
        training: whether layers behave as in training (dropout drops, statistics move); None
            leaves it to each layer.
        at_once: whether its values are computed now, from variables as they are now.
        step: integer tensor that counts training steps; random ops are keyed by it.
        numbers: the values of its tensors, where the step is computed while it is traced.

    Attributes:
        updates: variable to its new value.
        penalties: scalar tensors that layers add to the loss.
        reads: where values are computed at once, the variables read with what they hold.
        shown: labels and tensors that the step prints.
        seen: what there is to look into, as kind, owner and tensor: "output" of a layer,
            "gradient" of a variable, "loss" of a model.

    Example:
        >>> from grafito import graph
        >>> count = graph.Variable(1.0, name="count")
        >>> with Trace() as trace:
        ...     count.assign(count + 1)
        ...     total = count * 10
        >>> float(graph.value(total))
        20.0
    """

    def __init__(
        self,
        training: bool | None = False,
        step: Tensor | None = None,
        at_once: bool = False,
        numbers: Any = None,
    ):
        self.training = training
        self.step = step
        self.numbers = numbers
        self.updates: dict[Variable, Tensor] = {}
        self.penalties: list[Tensor] = []
        self.reads: dict[Variable, Tensor] | None = {} if at_once else None
        self.shown: list[tuple[str, Tensor]] = []
        self.seen: list[tuple[str, Any, Tensor]] = []
        self._random_uses = 0

    def __enter__(self) -> Trace:
        self._token = _active.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _active.reset(self._token)

    def next_random_use(self) -> int:
        """A number that tells this use of random numbers from the others of the same step."""
        self._random_uses += 1
        return self._random_uses


def current_trace() -> Trace | None:
    """The active trace, or None outside of one.

    Example:
        >>> with Trace(training=True):
        ...     current_trace().training
        True
    """
    return _active.get()


def has_numbers() -> bool:
    """Whether a step is being computed while it is traced, so that its tensors have values."""
    trace = _active.get()
    return trace is not None and trace.numbers is not None


@contextlib.contextmanager
def scope(name: str) -> Iterator[None]:
    """Everything built inside belongs to one call of the function or layer `name` (for drawings).

    Example:
        >>> from grafito import graph
        >>> with scope("double"):
        ...     y = graph.constant(1.0) * 2
        >>> y.scope
        ('double',)
    """
    with scopes((*_scope.get(), Call(name))):
        yield


@contextlib.contextmanager
def scopes(names: tuple[str, ...]) -> Iterator[None]:
    """Everything built inside has exactly these scopes, whatever is being built around it."""
    token = _scope.set(names)
    try:
        yield
    finally:
        _scope.reset(token)


def current_scope() -> tuple[str, ...]:
    """Names of the functions and layers now being built, outermost first."""
    return _scope.get()
