"""The callback, the list that `fit` calls, and the history that it returns."""

from __future__ import annotations

import contextlib
import inspect
import weakref
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from grafito.errors import ArgumentError, UnknownKeyError, unknown_name
from grafito.foreign import LOGS
from grafito.foreign.telling import tell_older
from grafito.registry import KnownArguments
from grafito.shown import Shown

Logs = dict[str, Any]


class Callback(KnownArguments):
    """Something that `fit` calls at its turning points; subclass it and define what you need.

    A callback that defines a batch hook makes training stop after each batch to call it. Hooks get
    the dictionary `logs` last; where there is nothing to tell it is empty. They may leave it out.
    Setting `self.model.stop_training = True` ends training after the current slice.

    Attributes:
        only_reads_logs: True says that the hooks look at nothing but their arguments, so that many
            short epochs may run before the hooks of each are called. It holds for the class that
            says it, not for classes derived from it.
        counts: names of the attributes that `get_state` gives, for a training that goes on.
        model: the model being trained.
        params: "task" (which method was called), "verbose", "steps" (batches of an epoch, None
            where that is not known), and in `fit` "epochs" and "validation_freq".

    Example:
        >>> class Count(Callback):
        ...     epochs = 0
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         self.epochs += 1
    """

    kind = "callback"
    only_reads_logs = False
    counts: ClassVar[tuple[str, ...]] = ()
    model: Any = None
    params: Mapping[str, Any] = {}

    def set_model(self, model: Any) -> None:
        self.model = model

    def set_params(self, params: Mapping[str, Any]) -> None:
        self.params = params

    def set_data(self, training: Any, validation: Any) -> None:
        """What `fit` trains and validates with: examples with x and y, or a stream, or None."""

    def on_train_begin(self, logs: Logs | None = None) -> None: ...
    def on_train_end(self, logs: Logs | None = None) -> None: ...
    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None: ...
    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None: ...
    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Calls `on_batch_begin`, its name in older programs."""
        hook_of(self, "on_batch_begin")(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Calls `on_batch_end`, its name in older programs."""
        hook_of(self, "on_batch_end")(batch, logs)

    def on_test_begin(self, logs: Logs | None = None) -> None: ...
    def on_test_end(self, logs: Logs | None = None) -> None: ...
    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_predict_begin(self, logs: Logs | None = None) -> None: ...
    def on_predict_end(self, logs: Logs | None = None) -> None: ...
    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None: ...
    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None: ...

    def on_progress(self, kind: str, done: int, total: int | None, logs: Logs) -> None:
        """After each slice of about a fifth of a second: batches done of the total, if known."""

    def read_epochs(self, epochs: range, logs: dict[str, list[Any]]) -> None:
        """After epochs that ran together: their numbers, and for each name a list of values."""
        for i, epoch in enumerate(epochs):
            hook_of(self, "on_epoch_begin")(epoch, {})
            own = {name: values[i] for name, values in logs.items()}
            hook_of(self, "on_epoch_end")(epoch, own)

    def get_state(self) -> dict[str, Any]:
        """What a backup keeps: numbers, texts, arrays, and lists and dictionaries of them."""
        return {name: getattr(self, name) for name in self.counts}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what `get_state` gave; called after `on_train_begin`."""
        for name in self.counts:
            setattr(self, name, state[name])

    def close(self) -> None:
        """At the very end, also where an error ended it: let go of what was opened."""

    def defines(self, hook: str) -> bool:
        """Whether the hook of this name does something."""
        if getattr(type(self), hook) is not getattr(Callback, hook) or hook in vars(self):
            return True
        older = hook.replace("train_batch", "batch")
        return older != hook and self.defines(older)


HOOKS = {  # how many arguments each takes, `logs` last
    name: len(inspect.signature(hook).parameters) - 1
    for name, hook in vars(Callback).items()
    if name.startswith("on_")
}


def hook_of(callback: Callback, name: str) -> Callable[..., Any]:
    """A hook of a callback, to be called with all arguments, also where it leaves `logs` out.

    Raises:
        ArgumentError: when it takes other arguments.
    """
    function, given = getattr(callback, name), [None] * (HOOKS[name] - 1)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # one without a signature
        return function
    for adapted, arguments, named in (
        (function, [*given, None], {}),
        (lambda *args: function(*args[:-1], logs=args[-1]), given, {"logs": None}),
        (lambda *args: function(*args[:-1]), given, {}),
    ):
        with contextlib.suppress(TypeError):
            signature.bind(*arguments, **named)
            return adapted
    names = list(inspect.signature(getattr(Callback, name)).parameters)[1:]
    raise ArgumentError(
        "A hook of a callback takes other arguments.",
        where=f"{type(callback).__name__}.{name}",
        received=f"{name}{signature}",
        expected=f"{name}({', '.join(names)})",
    )


class CallbackList(KnownArguments):
    """The callbacks of one call of `fit`, `evaluate` or `predict`, called together.

    Args:
        callbacks: a callback, a list of them, or None.
        model: what they see as `self.model`.
        params: what they see as `self.params`.

    Raises:
        ArgumentError: for an element that is no callback.

    Example:
        >>> history = History()
        >>> CallbackList([history], model=None, params={}).call("on_epoch_end", 0, {"loss": 2.0})
        >>> history.history
        {'loss': [2.0]}
    """

    def __init__(self, callbacks: Any, model: Any, params: dict[str, Any]):
        given = [] if callbacks is None else callbacks
        self.params = params
        self._hooks: dict[str, list[Callable[..., None]]] = {}
        self.callbacks: list[Callback] = list(
            given if isinstance(given, (list, tuple)) else [given]
        )
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise ArgumentError(
                    "A callback must be an object of a subclass of Callback.",
                    received=repr(callback),
                    fix=f"{callback.__name__}()" if isinstance(callback, type) else None,
                )
            callback.set_model(model)
            callback.set_params(params)

    def __enter__(self) -> CallbackList:
        return self

    def __exit__(self, *_: object) -> None:
        for callback in self.callbacks:
            callback.close()

    def call(self, hook: str, *args: Any) -> None:
        """Call one hook of all callbacks, in order; where no logs are given they are empty."""
        if len(args) < HOOKS[hook]:
            args = (*args, {})
        for act in self._defined(hook):
            act(*args)

    def wants_batches(self, kind: str) -> bool:
        """Whether some callback defines a batch hook for training, testing or predicting."""
        return any(self._defined(f"on_{kind}_batch_{moment}") for moment in ("begin", "end"))

    @property
    def only_read_logs(self) -> bool:
        """Whether the hooks of an epoch may be called when epochs after it have run already."""
        said = all(vars(type(c)).get("only_reads_logs") for c in self.callbacks)
        return said and not self.wants_batches("train")

    def _defined(self, hook: str) -> list[Callable[..., None]]:
        """The hooks of this name that do something."""
        if hook not in self._hooks:
            self._hooks[hook] = [hook_of(c, hook) for c in self.callbacks if c.defines(hook)]
        return self._hooks[hook]


class Logged(dict[str, list[Any]]):
    """Lists by name; a name that is not among them is answered with those that are.

    Example:
        >>> Logged(loss=[0.5])["loss"]
        [0.5]
    """

    def __missing__(self, name: object) -> list[Any]:
        present = LOGS.get(str(name), "")
        if present in self:
            tell_older(str(name), repr(present))
            return self[present]
        error = unknown_name("name in the history", name, self)
        rows = error.rows
        raise UnknownKeyError(error.what, expected=rows["expected"], fix=rows.get("try"))


class History(Callback, Shown):
    """What `fit` returns: the logs of every epoch.

    Attributes:
        epoch: numbers of the epochs, from 0.
        history: from name to the list of its values, one for each epoch.
        interrupted: whether Ctrl-C ended the training.
        last: the logs of the last epoch.

    Example:
        >>> log = History()
        >>> log.on_epoch_end(0, {"loss": 0.5})
        >>> log.on_epoch_end(1, {"loss": 0.25})
        >>> log.history["loss"]
        [0.5, 0.25]
    """

    only_reads_logs = True
    counts = ("epoch", "history", "last")
    _model: Callable[[], Any] = staticmethod(lambda: None)

    @property
    def model(self) -> Any:
        """The model that was trained, as long as somebody else holds it."""
        return self._model()

    @model.setter
    def model(self, model: Any) -> None:
        self._model = weakref.ref(model) if model is not None else lambda: None

    def __init__(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = Logged()
        self.interrupted = False
        self.last: Logs = {}

    def __getitem__(self, name: str) -> list[Any]:
        return self.history[name]

    def __repr__(self) -> str:
        named = "".join(
            f", {name} {values[0]:.4g} → {values[-1]:.4g}"
            for name, values in self.history.items()
            if values and isinstance(values[0], float)
        )
        return f"<History of {len(self.epoch)} epochs{named}>"

    def set_state(self, state: Mapping[str, Any]) -> None:
        super().set_state(state)
        self.history = Logged({name: [*values] for name, values in state["history"].items()})

    def __getstate__(self) -> dict[str, Any]:
        """A pickle or a copy has the numbers, not the model that they are of."""
        return {k: v for k, v in vars(self).items() if k not in ("_model", "params")}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        self.last = dict(logs or {})
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def read_epochs(self, epochs: range, logs: dict[str, list[Any]]) -> None:
        self.epoch.extend(epochs)
        self.last = {name: values[-1] for name, values in logs.items()}
        for name, values in logs.items():
            self.history.setdefault(name, []).extend(values)
