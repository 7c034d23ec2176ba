"""Methods of a model that only one thread may run at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


def alone(method: Method) -> Method:
    """Make a method refuse calls while another thread changes weights or metrics.

    Raises:
        GraphError: when another thread trains or evaluates the model.
    """

    @functools.wraps(method)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.check_ready()
        with self._executor.alone(self.name):
            return method(self, *args, **kwargs)

    return called  # type: ignore[return-value]
