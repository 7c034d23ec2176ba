"""What only one thread at a time does with a model."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


def alone(method: Method) -> Method:
    """A method that changes weights or metrics from step to step; another thread's call is refused.

    Raises:
        GraphError: when another thread trains or evaluates the model.
    """

    @functools.wraps(method)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.check_ready()
        with self._executor.alone(self.name):
            return method(self, *args, **kwargs)

    return called  # type: ignore[return-value]
