"""The steps of training, evaluation and prediction as functions of tensors."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from grafito import defaults, graph, optimizers, seeds
from grafito.errors import ArgumentError, GraphError
from grafito.graph.nest import flatten
from grafito.graph.rewrite import STABLE_FORMS, rewrite
from grafito.layers import Layer
from grafito.layers.building import keeping
from grafito.layers.symbolic import symbols_in
from grafito.metrics import Mean, Metric
from grafito.models import health
from grafito.models.conditions import described
from grafito.models.entrance import entering
from grafito.models.examples import Examples, given_arrays, unpack_x_y_sample_weight
from grafito.models.executor import Executor
from grafito.models.finite import FiniteCheck
from grafito.models.frames import Columns, same_columns
from grafito.models.objectives import (
    Objectives,
    OutputNames,
    free_name,
    in_output_order,
    match_outputs,
)
from grafito.models.ownership import claim
from grafito.models.preparation import check_inputs, prepare
from grafito.models.probe import Probe
from grafito.models.renewal import Origin, origin
from grafito.models.resumption import compile_arguments, compile_from
from grafito.models.turns import alone
from grafito.registry import known_arguments, plain


class Trainable(Layer):
    """A layer with the steps of training, evaluation and prediction; override one for another kind.

    Attributes:
        optimizer: what `compile` chose, or None.
    """

    kind = "model"
    optimizer: Any = None
    not_parts = Layer.not_parts | {"_loss_tracker"}

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._executor = Executor()
        self._objectives = Objectives(None, None, None, None)
        self._loss_tracker = Mean(name="loss")
        self._findings = health.Findings()
        self.learned_as_part = False  # as a part of another model
        self._prepared: dict[Any, Any] = {}  # by form of the data: names and outputs
        self._columns: Columns | None = None  # of the data frames that it was trained on
        self._compiled = False
        self._shuffle_seed = 0
        self._output_structure: Any = None
        self._seen: dict[str, tuple[float, float]] = {}  # least and largest number of each input
        self._told_of_unseen = False

    def told_arguments(self) -> dict[str, Any]:
        parts = [layer for layer in self.sublayers if vars(layer).get("calls") is not None]
        return {"layers": len(parts)}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in {"train_step", "test_step", "predict_step"} & vars(cls).keys():
            setattr(cls, name, keeping(vars(cls)[name]))

    def _apart(self) -> Any:
        """The same network with losses, metrics and programs of its own.

        What is traced with it leaves no mark on this model.
        """
        twin = object.__new__(type(self))
        vars(twin).update(
            vars(self),
            _executor=Executor(self._executor.engine, self._executor.precision),
            _objectives=Objectives(*self._objectives.given),
            _findings=health.Findings(aloud=False),
            _prepared={},
        )
        return twin

    def output_names_for(self, y_pred: Any) -> list[str]:
        """The names of the outputs."""
        if isinstance(y_pred, Mapping):
            return OutputNames.of(y_pred)
        n = len(flatten(y_pred))
        return [self.name] if n == 1 else [f"output_{i}" for i in range(n)]

    @known_arguments
    @alone
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
        *,
        engine: Any = "auto",
        precision: str | None = None,
        check_finite: bool = False,
    ) -> None:
        """Choose what the model is trained for, how, and what is measured.

        Args:
            optimizer: name or object; None for a model that is only evaluated.
            loss: name, object or function (y_true, y_pred); a list or a dictionary by output name
                where there are several outputs. An output whose loss is None needs no targets.
            loss_weights: factors of the losses.
            metrics: names, objects or functions; a list or dictionary of such by output.
            weighted_metrics: the same, computed with the sample weights.
            run_eagerly: compute each step op by op in Python, so that `print`, `if` and `float`
                in `call`, a loss or a training step see numbers. Slow: for looking, not for long.
            steps_per_execution: this and the next two are Keras's; they change nothing here.
            jit_compile: see above.
            auto_scale_loss: see above.
            engine: what runs the training: "auto" or a name of `grafito.engines.names()`.
            precision: "mixed_bfloat16" rounds what products and convolutions read, for speed;
                "float32" leaves the dtypes of the layers. By default the global policy.
            check_finite: whether training ends with a `NonFiniteError` that names the layer when a
                loss or a weight becomes NaN or infinite; the model keeps the weights from before.
                They and the batch go to the folder "not-finite", for `grafito replay`.

        Example:
            >>> from grafito import Sequential, layers
            >>> model = Sequential([layers.Input((2,)), layers.Dense(1)])
            >>> model.compile("sgd", loss="mse", metrics=["mae"])
        """
        chosen = optimizers.get(optimizer)
        claim(chosen, self)
        if isinstance(chosen, optimizers.Optimizer):
            chosen.widen(self.trainable_variables)
        objectives = Objectives(loss, loss_weights, metrics, weighted_metrics)
        precision = precision or defaults.precision()
        executor = Executor(engine, precision, bool(run_eagerly))
        if run_eagerly and precision != "float32":
            raise ArgumentError(
                "A step that runs op by op cannot use mixed precision.",
                received=f"run_eagerly=True, precision={precision!r}",
                fix='precision="float32" while you look',
            )
        if self._compiled:
            executor.step_counter = self._executor.step_counter
            executor.draw_counter = self._executor.draw_counter
        if check_finite:
            executor.watch = FiniteCheck(self, executor.step_counter, executor.start)
        self.optimizer, self._objectives, self._executor = chosen, objectives, executor
        self._optimizer_config = described(chosen)  # callbacks change that of the object
        self._loss_tracker = Mean(name="loss")
        self._shuffle_seed = seeds.next_seed()
        self._findings = health.Findings()
        self._prepared.clear()
        self._compiled = True

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile` as plain data, None before it; files have them.

        A subclass whose `compile` has other arguments says here what they were.
        """
        return plain(compile_arguments(self)) if self._compiled else None

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Call `compile` with what `get_compile_config` gave, as when a file is read."""
        compile_from(self, config)

    @property
    def has_own_compile_config(self) -> bool:
        """Whether a subclass says what its `compile` was given."""
        return type(self).get_compile_config is not Trainable.get_compile_config

    @property
    def metrics(self) -> list[Any]:
        """The loss tracker, the metrics of `compile`, and those that it and its layers keep."""
        return list(dict.fromkeys(self._named_metrics.values()))

    @property
    def metrics_variables(self) -> list[graph.Variable]:
        """The sums of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    @property
    def _named_metrics(self) -> dict[str, Metric]:
        """All metrics by their names in the logs."""
        named: dict[str, Metric] = {"loss": self._loss_tracker, **self._objectives.named}
        known = set(named.values())
        for metric in self.own_metrics():
            if metric not in known:
                named[free_name("", metric.name, False, list(named))] = metric
        return named

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns; complete once data were seen."""
        return list(self._named_metrics)

    def metric_named(self, name: str) -> Any:
        """The metric whose result has this name in the logs; None where no metric has it."""
        return self._named_metrics.get(name)

    # One step. These are traced; override them to train in another way.

    @keeping
    def train_step(self, data: Any) -> dict[str, Any]:
        """One training step as a function of tensors; override it for another kind of training.

        The function is traced once for each batch size and compiled. Inside, variables assigned
        to have their new value from then on.

        Args:
            data: x, (x, y) or (x, y, sample_weight), as much as was given;
                `utils.unpack_x_y_sample_weight` makes three parts of it.

        Returns:
            Names and scalar tensors for the log.
        """
        if self.optimizer is None:
            raise GraphError(
                "The model needs an optimizer to be trained.",
                where=f"model {self.name!r}",
                received="optimizer=None",
                fix='model.compile(optimizer="sgd", loss="mse")',
            )
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=True)
        loss = self._loss_of(True, x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
        variables = self.trainable_variables
        outputs = in_output_order(y_pred, self.output_names_for(y_pred))
        unreached = health.unreached(loss, variables, self._objectives.without_loss(outputs))
        self._findings.add(health.all_frozen(self), unreached, grave=True)
        self._findings.tell()
        if variables:
            slopes = graph.gradients(loss, variables, unconnected="zero")
            self.optimizer.apply(slopes, variables)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    @keeping
    def test_step(self, data: Any) -> dict[str, Any]:
        """One evaluation step as a function of tensors."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        loss = self._loss_of(False, x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    @keeping
    def predict_step(self, data: Any) -> Any:
        """One prediction step as a function of tensors."""
        return self(unpack_x_y_sample_weight(data)[0], training=False)

    def _loss_of(self, training: bool, **batch: Any) -> graph.Tensor:
        """The loss, perhaps of a subclass whose `compute_loss` does not ask what it is for."""
        if "training" in inspect.signature(self.compute_loss).parameters:
            batch["training"] = training
        return self.compute_loss(**batch)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> graph.Tensor:
        """The loss of a batch with all penalties, in its numerically stable form."""
        names = self.output_names_for(y_pred)
        outputs = in_output_order(y_pred, names)
        targets = self._objectives.targets(y, names, "y")
        weights = match_outputs(sample_weight, names, "sample_weight")
        self._objectives.resolve(names, targets, outputs)
        loss = self._objectives.loss(targets, outputs, weights)
        trace = graph.current_trace()
        penalties = [*self.weight_penalties(), *(trace.penalties if trace else ())]
        for penalty in penalties:
            loss = penalty if loss is None else loss + penalty
        if loss is None:
            raise GraphError(
                "There is nothing to minimize.",
                where=f"model {self.name!r}",
                received="no loss and no penalty" if y is not None else "no targets y",
                fix="model.compile(optimizer, loss='mse') and model.fit(x, y)",
            )
        loss = rewrite([loss], rules=STABLE_FORMS, merge=False)[0]
        if trace is not None:
            trace.seen.append(("loss", self, loss))
        return loss

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Add a batch to the metrics; their results so far, by name."""
        names = self.output_names_for(y_pred)
        self._objectives.update(
            self._objectives.targets(y, names, "y"),
            in_output_order(y_pred, names),
            match_outputs(sample_weight, names, "sample_weight"),
        )
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The results of all metrics, by name."""
        return {name: metric.result() for name, metric in self._named_metrics.items()}

    def reset_metrics(self) -> None:
        """Reset all metrics, and the loss, which a subclass may leave out of `metrics`."""
        for metric in dict.fromkeys([*self._named_metrics.values(), *self.metrics]):
            metric.reset_state()

    def prepare(self, examples: Examples, changed: bool = True) -> None:
        """Prepare a step on new data: build the model, create losses and metrics, check the labels.

        A model with its own training step is built when that step is traced.

        Args:
            examples: the data.
            changed: whether the model may have changed since this was last called.
        """
        self._columns = same_columns(self._columns, examples.columns)
        if changed:
            self._renew()
        check_inputs(self, examples.x)
        if type(self).train_step is Trainable.train_step:
            prepare(self, examples)

    def takes(self, x: Any) -> bool:
        """Whether arrays have the shapes of the inputs; True for a model without known inputs."""
        return True

    @property
    def was_trained(self) -> bool:
        """Whether the model was trained, so its input shape should be kept."""
        return bool(
            self.learned_as_part or self._prepared or self._executor.step_counter.storage.item()
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args and graph.current_trace() is None and "calls" in vars(self):
            enter = None if symbols_in(args) else entering(self)
            if enter is not None and not isinstance(args[0], graph.Tensor):
                args = (enter(args[0]), *args[1:])
            arrays = given_arrays(args[0])
            if arrays is not None:
                check_inputs(self, arrays)
        return super().__call__(*args, **kwargs)

    def _renew(self) -> None:
        """Drop compiled steps if layers, what is trainable or the optimizer have changed."""
        self.check_ready()
        if self._executor.renew(self._origin):
            self._prepared.clear()

    def _origin(self) -> Origin:
        return origin(self.family(), self.optimizer, self._objectives.objects)

    def look_into(self, probe: Probe | None) -> None:
        """Have every so many training steps looked into; None ends it."""
        self._executor.probe = probe

    # What `compile` chose

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._compiled

    @property
    def run_eagerly(self) -> bool:
        """Whether each step runs op by op, with numbers to print; it may be set."""
        return self._executor.eager

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._executor.eager = bool(value)


def _batch_size(x: Any) -> int:
    return flatten(x)[0].shape[0]
