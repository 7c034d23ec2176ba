"""What all optimizers share: state, learning rate, clipping, decay, constraints, counting."""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from grafito import graph
from grafito.errors import (
    ArgumentError,
    GrafitoWarning,
    LossWarning,
    refuse_attribute,
    undefined,
    warn,
)
from grafito.graph import Tensor, Variable
from grafito.graph.nest import parts
from grafito.optimizers import schedules
from grafito.optimizers.clipping import Clipping
from grafito.optimizers.several import Several
from grafito.registry import (
    Configurable,
    Registry,
    constructor_arguments,
    known_arguments,
    plain,
    refuse_unknown,
    snake_case,
)

registry = Registry("optimizer")

SHOWN = 3  # weights that a warning names

Slots = dict[str, Tensor]


class Optimizer(Configurable):
    """Changes variables step by step so that a loss falls.

    A subclass says in `update` how one variable changes, and in `slots` what it remembers of each.

    Args:
        learning_rate: a number, or a schedule of `grafito.optimizers.schedules`.
        weight_decay: w loses weight_decay * learning_rate * w before each update.
        clipnorm: the largest norm of the gradient of each variable.
        clipvalue: the largest absolute value of an element of a gradient.
        global_clipnorm: the largest norm of all gradients together.
        use_ema: average the weights, as `Several` says, which explains `ema_...` too.
        gradient_accumulation_steps: so many gradients are averaged for one update.
        name: what drawings and files call it.

    Raises:
        ArgumentError: for two kinds of clipping at once, or a number outside of its range.

    Example:
        >>> w = graph.Variable([1.0, -3.0], name="w")
        >>> class SignDescent(Optimizer):
        ...     def update(self, w, g, rate, step, slots):
        ...         return w - rate * graph.sign(g), {}
        >>> SignDescent(0.5).apply([w], [w])
        >>> w.numpy().tolist()
        [0.5, -2.5]
    """

    also_takes = ("decay", "lr")
    full_batch = False  # whether each step needs all data
    kind = "optimizer"

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ):
        if "lr" in unknown:
            learning_rate = unknown.pop("lr")
            warn(
                GrafitoWarning(
                    "`lr` is called learning_rate.", fix=f"learning_rate={learning_rate}"
                )
            )
        self._refuse(unknown)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.name = name or snake_case(type(self).__name__)
        _ = self._clip, self._several  # a wrong limit is told at once
        self.iterations = Variable(0, dtype="int32", trainable=False, name="iterations")
        self._dtype = "float32"  # that of the learning rate
        self._rate: Any = self._checked_rate(learning_rate)
        if not isinstance(self._rate, schedules.LearningRateSchedule):
            self._exact_rate = self._rate
            self._rate = self._rate_variable(self._rate)
        self._slots: dict[Variable, dict[str, Variable]] = {}
        self._spared: tuple[set[Variable], set[str]] = (set(), set())

    # What a subclass defines

    def slots(self) -> Mapping[str, Any]:
        """What is remembered of each variable: names with initial values.

        A number stands for a slot of the variable's shape, an array for one of its own shape.
        """
        return {}

    def update(
        self, w: Tensor, g: Tensor, rate: Tensor, step: Tensor, slots: Slots
    ) -> tuple[Tensor, Slots]:
        """The rule, a pure function of tensors of the variable's dtype.

        Args:
            w: the variable before the update, after weight decay.
            g: its gradient, after clipping.
            rate: the learning rate.
            step: 1 in the first update.
            slots: values of the slots by name.

        Returns:
            The new variable and the new values of the slots that change.
        """
        raise undefined(self, "update(self, w, g, rate, step, slots)")

    # State

    @known_arguments
    def build(self, variables: Iterable[Variable]) -> None:
        """Create the slots of the variables; those that exist stay."""
        variables = list(variables)
        self.widen(variables)
        for variable in variables:
            known = self._slots.setdefault(variable, {})
            for name, initial in self._kept(
                variable
            ).items():  # a setting that was changed may need more
                if name not in known:
                    known[name] = _slot(variable, name, initial)

    def widen(self, variables: Iterable[Variable]) -> None:
        """Compute the learning rate in float64 where one of these variables has this dtype."""
        if self._dtype == "float64" or all(v.dtype != "float64" for v in variables):
            return
        self._dtype = "float64"
        if isinstance(self._rate, Variable):
            rounded = self._rate.numpy()
            given = self._exact_rate if np.float32(self._exact_rate) == rounded else str(rounded)
            self._rate = self._rate_variable(float(given))

    def _rate_variable(self, number: float) -> Variable:
        return Variable(number, dtype=self._dtype, trainable=False, name="learning_rate")

    @property
    def built(self) -> bool:
        """Whether the slots exist."""
        return bool(self._slots)

    @property
    def variables(self) -> list[Variable]:
        """The whole state: the count of updates, the learning rate, the slots, what is its own."""
        slots = [slot for variable in self._slots for slot in self.slots_of(variable)]
        return [*self.counters, *slots, *self.own_variables]

    @property
    def own_variables(self) -> list[Variable]:
        """The variables that a subclass keeps as attributes, also in lists and dictionaries."""
        return list(parts(self, (Variable,), {"iterations", "_rate", "_slots", "_spared"}))

    @property
    def counters(self) -> list[Variable]:
        """The state that belongs to no variable: the count of updates, the learning rate."""
        rate = [self._rate] if isinstance(self._rate, Variable) else []
        return [self.iterations, *rate]

    def built_for(self, variable: Variable) -> bool:
        """Whether the slots of this variable exist."""
        return variable in self._slots

    def slots_of(self, variable: Variable) -> list[Variable]:
        """What is remembered of one variable."""
        self.build([variable])
        return [self._slots[variable][name] for name in self._kept(variable)]

    @property
    def trained(self) -> list[Variable]:
        """The variables that it remembers."""
        return list(self._slots)

    @property
    def rate(self) -> Any:
        """Where the learning rate comes from: its variable, or the schedule."""
        return self._rate

    @property
    def learning_rate(self) -> Tensor:
        """The current learning rate, a scalar tensor; a number may be assigned to it."""
        if isinstance(self._rate, Variable):
            return self._rate
        step = self.iterations
        return self._rate(step if self._dtype == "float32" else graph.cast(step, self._dtype))

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        value = self._checked_rate(value)
        if isinstance(value, schedules.LearningRateSchedule):
            self._rate = value
        elif isinstance(self._rate, Variable):
            self._rate.assign(value)
            self._exact_rate = value
        else:
            raise ArgumentError(
                "The learning rate follows a schedule and cannot be set.",
                where=self.name,
                received=value,
                fix=f"{type(self).__name__}(learning_rate={value}) without a schedule",
            )

    def get_config(self) -> dict[str, Any]:
        """The constructor arguments as plain data, with the current learning rate."""
        rate = self._rate
        number = float(str(rate.numpy())) if isinstance(rate, Variable) else plain(rate)
        return {**super().get_config(), "learning_rate": number}

    def own_arguments(self) -> dict[str, Any]:
        rate = (
            self.get_config()["learning_rate"] if isinstance(self._rate, Variable) else self._rate
        )
        usual = ("name", "learning_rate")
        return {
            "learning_rate": rate,
            **{k: v for k, v in super().own_arguments().items() if k not in usual},
        }

    def exclude_from_weight_decay(
        self,
        var_list: Iterable[Variable] | None = None,
        var_names: Iterable[str] | None = None,
    ) -> None:
        """Spare variables from weight decay.

        Args:
            var_list: the variables.
            var_names: words; variables whose name contains one of them are spared too.
        """
        self._spared = (set(var_list or ()), set(var_names or ()))

    # A step

    def apply(
        self, grads: Iterable[Any], trainable_variables: Iterable[Variable] | None = None
    ) -> None:
        """Update the variables; within a traced step this becomes a part of the step.

        Args:
            grads: a gradient for each variable, or None for a variable that stays.
            trainable_variables: the variables; those of `build` by default.

        Raises:
            ArgumentError: when their numbers differ, or there is no gradient at all.

        Warns:
            LossWarning: for weights beside others whose steps it has counted.

        Example:
            >>> from grafito.optimizers import SGD
            >>> w = graph.Variable(3.0, name="w")
            >>> SGD(0.1).apply([graph.gradients(w**2, w)], [w])
            >>> round(w.numpy().item(), 6)
            2.4
        """
        gradients = list(grads)
        variables = list(self._slots if trainable_variables is None else trainable_variables)
        if len(gradients) != len(variables):
            raise ArgumentError(
                "Each variable needs a gradient.",
                where=self.name,
                received=f"{len(gradients)} gradients for {len(variables)} variables",
            )
        pairs = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
        if not variables:
            return
        if not pairs:
            raise ArgumentError("No variable has a gradient.", where=self.name)
        if len(pairs) < len(variables):
            missing = [v.path for g, v in zip(gradients, variables, strict=True) if g is None]
            warn(GrafitoWarning(f"These variables have no gradient: {', '.join(missing)}"))
        self._tell_others(variables)
        self.build(variables)
        graph.execute(lambda: self._apply(pairs))

    def _tell_others(self, variables: Sequence[Variable]) -> None:
        """Say that the count of steps is that of other weights, where anything follows from it."""
        counted = self.slots() or not isinstance(self._rate, Variable)
        if counted and self._slots and not any(v in self._slots for v in variables):
            warn(
                LossWarning(
                    "An optimizer counts the steps of one set of weights; others start amid them.",
                    where=self.name,
                    received=", ".join(v.path for v in variables[:SHOWN]),
                    expected=f"weights such as {next(iter(self._slots)).path}",
                    fix=f"one optimizer for each set, {type(self).__name__}(...)",
                )
            )

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Update the variables, given pairs of a gradient and its variable."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self.iterations

    def _apply(self, pairs: Sequence[tuple[Any, Variable]]) -> None:
        with graph.scope(self.name):
            count, rate = self.iterations + 1, self.learning_rate
            trace = graph.current_trace()
            if trace is not None:
                trace.seen += [("gradient", v, g) for g, v in pairs]
            several = self._several
            due, updates = several.due(count), several.updates(count)
            means = [several.gather(graph.cast(g, v.dtype), self._slots[v], due) for g, v in pairs]
            self._change(self._clip(means), [v for _, v in pairs], due, rate, updates)
            self.iterations.assign(count)

    def _change(self, gradients: Any, variables: Any, due: Any, rate: Any, count: Any) -> None:
        """Change all variables, each by itself."""
        for g, variable in zip(gradients, variables, strict=True):
            of_dtype = (graph.cast(x, variable.dtype) for x in (rate, count))
            self._update_variable(variable, g, due, *of_dtype)

    @property
    def _clip(self) -> Clipping:
        return Clipping(self.clipnorm, self.clipvalue, self.global_clipnorm)

    @property
    def _several(self) -> Several:
        return Several(
            self.use_ema,
            self.ema_momentum,
            self.ema_overwrite_frequency,
            self.gradient_accumulation_steps,
        )

    def _kept(self, variable: Variable) -> dict[str, Any]:
        """The slots of the rule, and those of what is done over several steps."""
        return {**self.slots(), **self._several.slots(variable)}

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Give variables the averages that `use_ema` keeps; `fit` does so at its end."""
        for variable in var_list if self.use_ema else ():
            if "average" in self._slots.get(variable, ()):
                variable.assign(self._slots[variable]["average"])

    def _update_variable(
        self, variable: Variable, g: Tensor, due: Tensor | None, rate: Tensor, count: Tensor
    ) -> None:
        """Decay, rule and constraint of one variable."""
        slots = self._slots[variable]
        w = graph.as_tensor(variable)
        if self._decays(variable):
            w = w - w * self.weight_decay * rate
        values = {name: graph.as_tensor(slot) for name, slot in slots.items()}
        w, new_slots = self.update(w, g, rate, count, values)
        w, new_slots = self._several.settle(variable, w, new_slots, values, count, due)
        w = w if variable.constraint is None else variable.constraint(w)
        variable.assign(w)
        for name, new in new_slots.items():
            slots[name].assign(new)

    def _decays(self, variable: Variable) -> bool:
        spared, words = self._spared
        named = any(word in (variable.name or "") for word in words)
        return self.weight_decay is not None and variable not in spared and not named

    # Arguments

    def _refuse(self, unknown: dict[str, Any]) -> None:
        if unknown.pop("decay", None) is not None:
            warn(
                GrafitoWarning(
                    "`decay` is ignored, as in Keras 3.",
                    fix="learning_rate=optimizers.schedules.InverseTimeDecay(0.1, 1, 0.01)",
                )
            )
        refuse_unknown(type(self).__name__, unknown, constructor_arguments(type(self)))

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; one that is misspelt, or another library's, is refused."""
        known = name in vars(self) or hasattr(type(self), name) or name.startswith("_")
        if not known and next(iter(sys._getframe(1).f_locals.values()), None) is not self:
            arguments = constructor_arguments(type(self))  # that a method of its own may set
            if name not in arguments:
                refuse_attribute(self, "optimizer", name, value, arguments)
        super().__setattr__(name, value)

    def _checked_rate(self, rate: Any) -> Any:
        if isinstance(rate, Mapping):
            rate = schedules.get(rate)
        if isinstance(rate, schedules.LearningRateSchedule):
            return rate
        if inspect.isroutine(rate):
            return schedules.Called(rate)
        try:
            value = math.nan if isinstance(rate, str) else float(rate)
        except (TypeError, ValueError):
            value = math.nan
        if not 0 <= value < math.inf:
            raise ArgumentError(
                "A learning rate must be a number, 0 or more, or a schedule.",
                where=type(self).__name__,
                received=f"learning_rate={rate!r}",
                fix=f"learning_rate={_number_meant(rate)}",
            )
        return value


def _number_meant(rate: Any) -> float:
    """The number in a text, or without its sign; 0.01 where there is none."""
    try:
        value = abs(float(rate))
    except (TypeError, ValueError):
        return 0.01
    return value if 0 < value < math.inf else 0.01


def _slot(variable: Variable, name: str, initial: Any) -> Variable:
    own_shape = isinstance(initial, np.ndarray)
    value = initial if own_shape else np.full(variable.shape, initial)
    return Variable(value, dtype=variable.dtype, trainable=False, name=f"{variable.path}/{name}")
