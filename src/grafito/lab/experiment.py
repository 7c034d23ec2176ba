"""What an experiment is: all settings as plain data, and the network they describe."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from grafito import optimizers
from grafito.errors import ArgumentError, unknown_name
from grafito.models import Model

Arrays = tuple[np.ndarray, np.ndarray]
Data = tuple[Arrays, Arrays]
Variants = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Experiment(ABC):
    """A network, its data and every setting: what is needed to get the same numbers again.

    A subclass says its name, changes defaults, adds settings of its own, and defines `load` and
    `network`; it may define `measure` and `figures`.

    Attributes:
        name: what to call it by.
        what: one sentence.
        data: the data set it reads, None where the data are built in.
        variants: settings of each of its forms; the first is the usual one.
        variant: the form that was chosen.
    """

    name: ClassVar[str]
    what: ClassVar[str]
    data: ClassVar[str | None] = None
    variants: ClassVar[Variants] = {}

    variant: str = ""
    seed: int = 1
    epochs: int = 10
    batch_size: int = 32
    optimizer: str = "adam"
    learning_rate: float = 0.001
    loss: str = "sparse_categorical_crossentropy"
    metrics: tuple[str, ...] = ("accuracy",)
    validation_split: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise ArgumentError(
                    f"The setting {name!r} is too small.",
                    where=self.name,
                    received=f"{name}={getattr(self, name)}",
                    expected=f"at least {least}",
                )

    @abstractmethod
    def load(self) -> Data:
        """((x_train, y_train), (x_test, y_test))."""

    @abstractmethod
    def network(self, x: np.ndarray) -> Model:
        """The network for inputs such as these, not yet compiled."""

    def measure(self, model: Model, data: Data) -> dict[str, float]:
        """The numbers that count at the end; the first is the one that results show."""
        x, y = data[1]
        logs = model.evaluate(x, y, batch_size=1000, verbose=0, return_dict=True)
        return {name: logs[name] for name in (*self.metrics, "loss")}

    def figures(self, model: Model, data: Data) -> Iterator[tuple[str, Any]]:
        """Figures besides the curves, with the names of their files."""
        yield from ()

    def compiled(self, x: np.ndarray, engine: Any) -> Model:
        """The network, ready to be trained."""
        model = self.network(x)
        settings = {"learning_rate": self.learning_rate}
        optimizer = optimizers.get({"class_name": self.optimizer, "config": settings})
        model.compile(optimizer, loss=self.loss, metrics=list(self.metrics), engine=engine)
        return model

    @classmethod
    def usual(cls, variant: str | None = None) -> Self:
        """The experiment as it stands in the course, in one of its variants.

        Raises:
            UnknownNameError: when there is no such variant.
        """
        variant = variant or next(iter(cls.variants), "")
        if variant and variant not in cls.variants:
            raise unknown_name(f"variant of {cls.name}", variant, cls.variants or ["none"])
        return cls(variant=variant, **cls.variants.get(variant, {}))

    def with_settings(self, **settings: Any) -> Self:
        """The same experiment with some settings changed.

        Raises:
            UnknownNameError: for a setting that it does not have.
            ArgumentError: for a value of another type than the setting's.
        """
        present = dataclasses.asdict(self)
        del present["variant"]
        for name, value in settings.items():
            if name not in present:
                raise unknown_name(f"setting of {self.name}", name, present)
            settings[name] = _of_type(name, value, type(present[name]))
        return dataclasses.replace(self, **settings)

    def changes(self) -> dict[str, Any]:
        """The settings that differ from the usual ones of this variant."""
        usual = dataclasses.asdict(self.usual(self.variant))
        now = dataclasses.asdict(self)
        return {name: value for name, value in now.items() if value != usual[name]}


def _of_type(name: str, value: Any, wanted: type) -> Any:
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted is tuple and isinstance(value, list):
        return tuple(value)
    if type(value) is not wanted:
        raise ArgumentError(
            f"The setting {name!r} has another type.",
            received=repr(value),
            expected=f"a value of type {wanted.__name__}",
        )
    return value
