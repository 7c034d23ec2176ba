"""What a layer owns: its variables, layers and metrics, found by one walk over its attributes."""

from __future__ import annotations

import inspect
import itertools
import weakref
from typing import Any, ClassVar

from grafito import graph
from grafito.constructors import checked_flag
from grafito.errors import ShapeError
from grafito.graph.nest import parts
from grafito.graph.variable import moment
from grafito.metrics import Metric
from grafito.registry import Configurable, own


class Owner(Configurable):
    """Something made of parts: variables, layers and metrics among its attributes.

    A part may be an attribute or lie in a list, a tuple or a dictionary that is one.
    """

    not_parts: ClassVar[frozenset[str]] = frozenset({"build_shape", "build_shapes", "_given"})

    _trainable = True
    _given: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})
    name: str

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        owner = super().__new__(cls, **kwargs)
        owner._given = own((args, kwargs))  # for its configuration, as Keras records it
        return owner

    def argument(self, name: str) -> Any:
        """A constructor argument: the attribute of its name, or what the constructor was given.

        A part of that name (`self.units = Dense(units)`) is not the argument, unless it was given.
        """
        kept = super().argument(name)
        if name in vars(self) and not isinstance(kept, (Owner, graph.Variable)):
            return kept
        args, kwargs = self._given
        bound = inspect.signature(type(self).__init__).bind(self, *args, **kwargs)
        bound.apply_defaults()
        return {**bound.arguments, **kwargs}.get(name, kept)

    def parts(self, *kinds: type) -> list[Any]:
        """The parts of these kinds, each once, in the order in which they were set."""
        return list(parts(self, kinds, self.not_parts))

    @property
    def sublayers(self) -> list[Any]:
        """The layers that this layer is made of."""
        return self.parts(Owner)

    def family(self, trainable_only: bool = False) -> list[Any]:
        """The layer, then the layers that it is made of, each followed by its own; each once.

        Args:
            trainable_only: leave out the layers that are frozen, with those inside them.
        """
        found: dict[Owner, None] = {}
        stack: list[Owner] = [self]
        while stack:
            layer = stack.pop()
            if layer not in found and (layer.trainable or not trainable_only):
                found[layer] = None
                stack.extend(reversed(layer.sublayers))
        return list(found)

    @property
    def weights(self) -> list[graph.Variable]:
        """All variables, of its parts too: own trainable ones, own others, those of the layers."""
        own = (sorted(x.parts(graph.Variable), key=_is_frozen) for x in self.family())
        return list(dict.fromkeys(itertools.chain.from_iterable(own)))

    variables = weights

    @property
    def trainable_variables(self) -> list[graph.Variable]:
        """The variables that optimizers change."""
        own = (x.parts(graph.Variable) for x in self.family(trainable_only=True))
        variables = itertools.chain.from_iterable(own)
        return list(dict.fromkeys(v for v in variables if v.trainable))

    def own_metrics(self) -> list[Metric]:
        """The metrics that it and its layers keep; not those of `compile`."""
        kept = (x.parts(Metric) for x in self.family())
        return list(dict.fromkeys(itertools.chain.from_iterable(kept)))

    @property
    def metrics(self) -> list[Any]:
        """The metrics that it keeps, those of its layers too."""
        return self.own_metrics()

    @property
    def non_trainable_variables(self) -> list[graph.Variable]:
        """The variables that optimizers leave alone."""
        trainable = set(self.trainable_variables)
        return [v for v in self.weights if v not in trainable]

    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables

    @property
    def trainable(self) -> bool:
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        flag = checked_flag(self, "trainable", value)
        for layer in self.family():
            layer._trainable = flag

    def count_params(self) -> int:
        """The number of elements of all weights."""
        return sum(v.size for v in self.weights)

    def get_weights(self) -> list[Any]:
        """Copies of the weights as arrays."""
        variables = self.weights
        with moment.lock:
            return [v.numpy() for v in variables]

    def set_weights(self, weights: list[Any]) -> None:
        """Set all weights from arrays in the order of `get_weights`; all or none.

        Raises:
            ShapeError: when their number or a shape differs; nothing is changed then.
        """
        variables = self.weights
        arrays = list(weights) if isinstance(weights, (list, tuple)) else [weights]
        news = [graph.as_tensor(a) for a in arrays if a is not None]
        if [x.shape for x in news] != [v.shape for v in variables]:
            raise ShapeError(
                "The arrays do not fit the weights.",
                where=f"set_weights of {self.name!r}",
                received=[x.shape for x in news],
                expected=[v.shape for v in variables],
            )
        for variable, new in zip(variables, news, strict=True):
            variable.assign(new)

    @property
    def losses(self) -> list[graph.Tensor]:
        """The penalties of the weights, and those that calls have added: of this step, or last."""
        trace = graph.current_trace()
        return [*self.weight_penalties(), *(trace.penalties if trace else _ADDED.get(self, ()))]

    def weight_penalties(self) -> list[graph.Tensor]:
        """The penalties of the weights that have a regularizer."""
        return [v.regularizer(v) for v in self.trainable_variables if v.regularizer]


_ADDED: weakref.WeakKeyDictionary[Any, list[graph.Tensor]] = weakref.WeakKeyDictionary()


def noted(layer: Any, outputs: Any) -> Any:
    """The outputs of a call; what it added to the loss is kept for `losses` until the next one."""
    trace = graph.current_trace()
    if trace is not None and (trace.penalties or layer in _ADDED):
        _ADDED[layer] = list(trace.penalties)
    return outputs


def _is_frozen(variable: graph.Variable) -> bool:
    return not variable.trainable
