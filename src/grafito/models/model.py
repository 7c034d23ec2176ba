"""Models: a layer that can be trained. By subclassing, from symbols, or as a stack of layers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from grafito.callbacks import History
from grafito.errors import ArgumentError, GraphError, NotBuiltError, missing_attribute, unknown_name
from grafito.language import say
from grafito.layers import Layer
from grafito.layers.base import register
from grafito.layers.building import lengthen_paths, symbols_of_shape
from grafito.models.entrance import entering
from grafito.models.epochs import Epochs, make_source, whole_numbers
from grafito.models.examples import Examples, make_examples, weigh_classes
from grafito.models.fitting import FitSettings, fit
from grafito.models.loops import (
    Loop,
    callback_list,
    in_order,
    predictions,
    require_compiled,
    run_batch,
    under_way,
)
from grafito.models.repetition import note_repetition
from grafito.models.trainable import Trainable
from grafito.models.turns import alone
from grafito.registry import custom_objects as custom_object_scope
from grafito.registry import known_arguments


@register()
class Model(Trainable):
    """A network that can be trained, evaluated, saved and drawn.

    `Model(inputs, outputs)` makes one from symbols. A subclass defines `call` (and `train_step`
    for a training step of its own).

    Args:
        inputs: a symbol, or a list or dictionary of symbols, made by `Input`.
        outputs: symbols computed from them by layers.
        name: by default made from the class name.

    Example:
        >>> from grafito import Model, layers
        >>> x = layers.Input((4,))
        >>> y = layers.Dense(2)(layers.concatenate([layers.Dense(3)(x), x]))
        >>> Model(x, y).count_params()
        31
    """

    history: History | None = None
    stop_training = False
    stop_evaluating = False
    stop_predicting = False

    also_takes = ("inputs", "outputs", "input_shape", "input_dim")

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        from grafito.models.functional import Functional

        symbolic = args or {"inputs", "outputs", "input", "output"} & set(kwargs)
        return super().__new__(Functional if cls is Model and symbolic else cls, *args, **kwargs)

    def __init__(
        self,
        *symbols: Any,
        name: str | None = None,
        trainable: bool = True,
        dtype: str | None = None,
        **kwargs: Any,
    ):
        if symbols or {"inputs", "outputs"} & set(kwargs):  # of a subclass
            from grafito.models.functional import Functional, functional_form

            self.__class__ = functional_form(type(self))
            names = ("inputs", "outputs", "name", "trainable")
            given = dict(zip(names, symbols, strict=False))
            symbolic: Any = Functional.__init__
            symbolic(self, **{"name": name, "trainable": trainable, **given, **kwargs})
        else:
            super().__init__(name=name, trainable=trainable, dtype=dtype, **kwargs)

    @classmethod
    @known_arguments
    def from_config(
        cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None
    ) -> Any:
        """A model of this architecture; `custom_objects` are the user's own classes, by name."""
        from grafito.models.architecture import functional_from_config

        with custom_object_scope(custom_objects):
            if {"inputs", "calls", "outputs"} <= config.keys():
                return functional_from_config(config, cls)
            return super().from_config(config)

    @property
    def loss(self) -> Any:
        """What `compile` was given as loss; a model that was not compiled has none."""
        if "loss" not in vars(self) and not self._compiled:
            raise missing_attribute(self, self.kind, "loss")
        return vars(self).get("loss", self._objectives.given[0])

    @loss.setter
    def loss(self, value: Any) -> None:
        vars(self)["loss"] = value  # a subclass may keep something of its own here

    @property
    def layers(self) -> list[Layer]:
        """The layers of the model, in the order in which they were made or added."""
        return self.sublayers

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or by position."""
        if index is not None:
            count = len(self.layers)
            if not isinstance(index, int) or not -count <= index < count:
                raise ArgumentError(
                    "The model has no such layer.",
                    received=f"index={index!r}",
                    expected=f"an integer from 0 to {count - 1}, or a name",
                )
            return self.layers[index]
        found = [layer for layer in self.layers if layer.name == name]
        if not found:
            raise unknown_name("layer", name, [layer.name for layer in self.layers])
        return found[0]

    def build(self, input_shape: Any, **shapes: Any) -> None:
        """Build the layers by calling the model on inputs of this shape.

        Args:
            input_shape: of the first argument of `call`, or a structure of shapes.
            shapes: those of further arguments, by name: `b_shape` for an argument `b`.
        """
        if type(self).call is Layer.call or all(layer.built for layer in self.family()[1:]):
            return
        others = {name.removesuffix("_shape"): shape for name, shape in shapes.items()}
        symbols = symbols_of_shape([input_shape, others], self.dtype)
        self(symbols[0], **symbols[1])

    def infer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self._building:
            lengthen_paths(self)  # it becomes a part of another model
        return super().infer(args, kwargs)

    def count_params(self) -> int:
        """The number of elements of all weights.

        Raises:
            GraphError: when the model is not built, so that it has no weights yet.
        """
        if not self.built:
            raise not_built(self)
        return super().count_params()

    @known_arguments
    @alone
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> History:
        """Train for a number of epochs.

        Args:
            x: array, or list or dictionary of arrays, one example a row; or an iterable of
                batches (x, y) or (x, y, sample_weight). Memory-mapped arrays are read as needed.
            y: targets, in the same forms.
            batch_size: examples in a step, 32 by default.
            epochs: number of the last epoch.
            verbose: "auto", 0 (silent), 1 (progress bar) or 2 (a line for each epoch).
            callbacks: a list of `grafito.callbacks`.
            validation_split: share of the examples held out, a seeded sample, stratified by class.
            validation_data: (x, y) or (x, y, sample_weight), or an iterable of batches.
            shuffle: take the examples in a new order in each epoch.
            class_weight: dictionary from class to weight; multiplied with those of the examples.
            sample_weight: a weight for each example.
            initial_epoch: number of epochs already done.
            steps_per_epoch: batches that make an epoch; all by default.
            validation_steps: batches used for validation; all by default.
            validation_batch_size: `batch_size` by default.
            validation_freq: validate after every so many epochs.

        Returns:
            The `History`; its `history` maps names to a list of values, one for each epoch.

        Raises:
            DataError: for data that cannot be used; nothing is trained then.
        """
        settings = FitSettings(
            batch_size,
            epochs,
            verbose,
            callbacks,
            validation_split,
            validation_data,
            shuffle,
            class_weight,
            initial_epoch,
            steps_per_epoch,
            validation_steps,
            validation_batch_size,
            validation_freq,
        )
        return fit(self, x, y, sample_weight, settings)

    @known_arguments
    @alone
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics on other data, with the layers as in inference.

        Returns:
            The loss, or a list [loss, metrics...]; a dictionary with `return_dict`.
        """
        require_compiled(self, "evaluate")
        enter = entering(self)
        source = make_source(x, y, sample_weight, enter, batch_size=batch_size)
        batch_size, steps = whole_numbers(self, "evaluate", batch_size=batch_size, steps=steps)
        if isinstance(source, Examples):
            self.prepare(source)
            self._findings.tell()
        epochs = Epochs(source, batch_size or 32, steps, enter=enter)
        log = callback_list(self, "evaluate", callbacks, verbose, steps=epochs.steps)
        with under_way(self, "test"), log:
            log.call("on_test_begin")
            logs = Loop(self, "test", epochs, log).run()
            log.call("on_test_end", logs)
        return logs if return_dict else in_order(self, logs)

    @known_arguments
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The outputs for the examples, as arrays; the model need not be compiled.

        Returns:
            An array with one row an example, or a structure of arrays like the model's output.
        """
        plain = verbose == 0 and callbacks is None and steps is None
        known = self._executor.repetition if plain else None
        if known is not None:
            outputs = known.run(self._executor, x, batch_size)
            if outputs is not None:
                return outputs
        given = batch_size
        enter = entering(self)
        source = make_source(x, enter=enter, batch_size=batch_size)
        batch_size, steps = whole_numbers(self, "predict", batch_size=batch_size, steps=steps)
        epochs = Epochs(source, batch_size or 32, steps, enter=enter)

        log = callback_list(self, "predict", callbacks, verbose, steps=epochs.steps)
        outputs = predictions(self, epochs, log)
        if plain and isinstance(source, Examples):
            note_repetition(self, source, given)
        return outputs

    @known_arguments
    @alone
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on one batch; the metrics are those of this batch.

        Returns:
            The loss, or [loss, metrics...]; a dictionary with `return_dict`.
        """
        require_compiled(self, "train_on_batch")
        examples = weigh_classes(
            make_examples(x, y, sample_weight, enter=entering(self)), class_weight
        )
        logs = run_batch(self, "train", examples)
        return logs if return_dict else in_order(self, logs)

    @known_arguments
    @alone
    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One evaluation step on one batch; the metrics are those of this batch."""
        require_compiled(self, "test_on_batch")
        examples = make_examples(x, y, sample_weight, enter=entering(self))
        logs = run_batch(self, "test", examples)
        return logs if return_dict else in_order(self, logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, in one step.

        Example:
            >>> import numpy as np
            >>> from grafito import Sequential, layers
            >>> model = Sequential([layers.Input((2,)), layers.Dense(1, kernel_initializer="ones")])
            >>> model.predict_on_batch(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
            [[3.0], [7.0]]
        """
        return self.predict(x, batch_size=len(make_examples(x, enter=entering(self))), verbose=0)

    @known_arguments
    def summary(
        self,
        line_length: int | None = None,
        print_fn: Any = None,
        batch_size: int | None = None,
        *,
        expand_nested: bool = False,
        show_trainable: bool = False,
        how: bool = False,
    ) -> None:
        """Print the layers with shapes, parameters, multiply-adds and memory.

        Args:
            line_length: width of the table; that of the terminal by default.
            print_fn: what takes the text; it is printed by default.
            batch_size: of the training step whose memory is told; by default that of the last
                training, or 32.
            expand_nested: show the layers inside of layers and models too.
            show_trainable: a column that says whether the layer is trained.
            how: below the table, the arithmetic by which each number comes about.
        """
        from grafito.models.summary import as_text, summarize
        from grafito.models.summary_sources import how_text

        if print_fn is not None and not callable(print_fn):
            raise ArgumentError(
                "print_fn must be a function that takes the text.",
                received=repr(print_fn),
                fix="print_fn=print",
            )
        rows = summarize(self, batch_size, expand_nested, show_trainable)
        text = as_text(rows, line_length)
        (print_fn or say)(f"{text}\n{how_text(self)}" if how else text)

    def explain(self, profile: bool = False, passes: bool = False) -> str:
        """The schedule of the last training: the kernels that make a step, in order, as a table.

        Args:
            profile: measure the time of each kernel, and its share of what the CPU can do.
            passes: list the program after each pass of the compiler instead.

        Raises:
            GraphError: before the first training, and for engines without a schedule.
        """
        programs = self._executor.training_programs() if self.compiled else {}
        if not programs:
            raise GraphError(
                "A model has a schedule only after it has been trained.",
                where=f"model {self.name!r}",
                fix="model.fit(x, y), one epoch will do",
            )
        program = programs[max(programs)]
        return self._executor.profile(program) if profile else program.explain(passes)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as text, without weights; `models.model_from_json` makes it anew.

        Args:
            kwargs: those of `json.dumps`, for example indent=2.
        """
        from grafito.models.architecture import layer_entry

        return json.dumps(layer_entry(self), **kwargs)

    def __reduce__(self) -> Any:
        from grafito.models.content import pickled

        return pickled(self)

    @known_arguments
    def save(self, filepath: Any, overwrite: bool = True) -> None:
        """Write architecture, weights and training state to one file.

        Args:
            filepath: the file; it is replaced only when the new one is complete.
            overwrite: False raises where the file exists.
        """
        from grafito.models.saving import save_model

        save_model(self, filepath, overwrite)

    def _keep_step(self, *step: Any) -> None:
        """Write a step that gave no finite numbers; see `saving.save_step`."""
        from grafito.models.saving import save_step

        save_step(self, *step)

    @known_arguments
    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights to one file."""
        from grafito.models.saving import save_weights

        save_weights(self, filepath, overwrite)

    @known_arguments
    def load_weights(self, filepath: Any) -> None:
        """Read the weights from a file; all or none."""
        from grafito.models.saving import load_weights

        load_weights(self, filepath)


def not_built(model: Model) -> GraphError:
    """The error for what only a built model has."""
    return NotBuiltError(
        "The model does not know its input shape yet, so it is not built.",
        where=f"model {model.name!r}",
        fix="put Input(shape) first, or call model.build((None, ...))",
    )
