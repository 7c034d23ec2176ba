"""A diagnosis in words: of a training that is watched, or of a model and its data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from grafito.callbacks import Callback
from grafito.errors import ArgumentError, LossWarning
from grafito.insight import facts, rules
from grafito.insight.statistics import FLAT, Samples, asked
from grafito.insight.trial import copy_of, examples_of
from grafito.language import message, say, translate
from grafito.models.epochs import validation_source
from grafito.models.health import accuracy_of_numbers, activation_of, activations
from grafito.models.probe import Probe

PER_EPOCH = 20  # samples, where nothing else is asked for
FEWEST = 10  # examples; of fewer, half of the healthy units may give 0 for all
STREAM = 10  # steps from sample to sample, where the length of an epoch is not known
NOTHING = message("Nothing was found that keeps the network from learning.")
WATCHED = message("{} samples of {} steps, {} epochs.")


@dataclass(frozen=True)
class Diagnosis:
    """What rules found, by the name of the rule, the gravest first; printed, it says so in words.

    Attributes:
        found: a warning for each rule that had something to say.
        samples: the numbers of the training.
    """

    found: Mapping[str, LossWarning]
    samples: Samples = field(default_factory=Samples)

    def __str__(self) -> str:
        return "\n".join(map(str, self.found.values())) or translate(NOTHING)

    def __bool__(self) -> bool:
        return bool(self.found)


class Health(Callback):
    """Watches a training and says what is wrong with it, with the evidence and one edit to try.

    Statistics of layers, gradients and updates are outputs of the compiled step, of every so many;
    weights come out the same to the last bit. Arrays of data are looked at too, at the end.

    Args:
        every: steps from one sample to the next; by default such that an epoch has 20.

    Attributes:
        samples: the numbers, by layer.
        diagnosis: what they say; `fit` prints it at the end unless it is silent.

    Example:
        >>> from grafito import Sequential, layers, optimizers
        >>> model = Sequential([layers.Input((2,)), layers.Dense(1)])
        >>> model.compile(optimizers.SGD(1e4), "mse")
        >>> x = np.random.default_rng(0).normal(size=(64, 2))
        >>> health = Health()
        >>> history = model.fit(x, x[:, :1], epochs=2, verbose=0, callbacks=[health])
        >>> list(health.diagnosis.found)
        ['rate_too_large']
    """

    def __init__(self, every: int | None = None):
        whole = isinstance(every, int) and not isinstance(every, bool)
        if every is not None and not (whole and every > 0):
            raise ArgumentError(
                "Steps are looked into one in so many.", received=f"every={every!r}", fix="every=10"
            )
        self.every = every
        self.samples = Samples()
        self.logs: dict[str, list[float]] = {}
        self.diagnosis = Diagnosis({})
        self._probe: Probe | None = None
        self._data: tuple[Any, Any] = None, None

    def set_data(self, training: Any, validation: Any) -> None:
        self._data = training, validation

    def on_train_begin(self, logs: Any = None) -> None:
        self.samples, self.logs = Samples(), {}
        steps = self.params.get("steps")
        every = self.every or (max(1, steps // PER_EPOCH) if steps else STREAM)
        self._probe = Probe(every, asked, self.samples.take)
        self.model.look_into(self._probe)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.samples.new_epoch()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, value in (logs or {}).items():
            if isinstance(value, (int, float)):
                self.logs.setdefault(name, []).append(float(value))

    def on_train_end(self, logs: Any = None) -> None:
        examples, held_out = self._data
        y = getattr(examples, "y", None)
        self.diagnosis = Diagnosis(
            {
                **of_data(self.model, examples, held_out),
                **of_model(self.model),
                **of_training(self.model, self.samples, self.logs, y),
                **_answered(self.model, self.samples, y),
            },
            self.samples,
        )
        if self.params.get("verbose"):
            say(self.diagnosis)

    def close(self) -> None:
        self._data = None, None
        if self._probe is not None:
            self.model.look_into(None)
            self._probe = None

    def __str__(self) -> str:
        epochs = max((len(values) for values in self.logs.values()), default=0)
        every = self.samples.steps[-1] + 1 if self.samples.steps else 0
        head = translate(WATCHED).format(len(self.samples), every, epochs)
        return f"{head}\n{self.diagnosis}"


def of_model(model: Any) -> dict[str, LossWarning]:
    """What the layers alone say."""
    return _those(
        never_adapted=rules.never_adapted(facts.normalizations(model)),
        linear_in_a_row=rules.linear_in_a_row(activations(model)),
    )


def of_training(
    model: Any, samples: Samples, logs: Mapping[str, Sequence[float]], y: Any = None
) -> dict[str, LossWarning]:
    """What the numbers of a training say; with the targets there is more to say."""
    rate = facts.rate_of(model)
    labels = facts.labels_of(y)
    guess = facts.guess_of(model, y, labels)
    steps = {**samples.middle("update")}
    training, validation = logs.get("loss", ()), logs.get("val_loss", ())
    pair = {name: logs[name] for name in logs if name.endswith("loss") and name != "loss"}
    pair = {name: values for name, values in pair.items() if not name.startswith("val_")}
    found = _those(
        rate_too_large=rate
        and rules.rate_too_large(
            samples.whole_losses,
            rate,
            steps,
            samples.longest(facts.units(model)),
            guess,
            samples.early("update", 1),
        ),
        exploding_gradients=rules.exploding_gradients(
            samples.early("gradient"), samples.early("weight")
        ),
        vanishing_gradients=rules.vanishing_gradients(
            samples.early("gradient"), samples.early("weight")
        ),
        dead_units=_first(
            rules.dead_units(name, layer.dead, layer.peak.size, _length(samples, name))
            for name, layer in samples.layers.items()
            if layer.peak is not None and samples.seen >= FEWEST
        ),
        saturated_units=_first(
            rules.saturated_units(name, _flat_activation(model, name), float(np.median(layer.flat)))
            for name, layer in samples.layers.items()
            if layer.flat
        ),
        one_has_won=rules.one_has_won(pair),
    )
    small = rate and rules.rate_too_small(samples.whole_losses, rate, steps, guess)
    if small and not found:
        found |= _those(rate_too_small=small)
    entropy = "crossentropy" in facts.loss_name(model) and labels is not None and guess
    shuffled = rules.shuffled_labels(training, validation, entropy) if entropy else None
    found |= _those(shuffled_labels=shuffled)
    if not shuffled:
        found |= _those(overfitting=rules.overfitting(training, validation))
    if guess and not found:
        found |= _those(underfitting=rules.underfitting(training, guess))
    return found | _those(
        validation_looks_better=rules.validation_looks_better(
            training, validation, facts.noisy(model)
        )
    )


def diagnose(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    validation_data: Any = None,
    epochs: int = 5,
    batch_size: int = 32,
) -> Diagnosis:
    """Look at a model, its data, and a short training of a copy; say what is wrong, in words.

    Args:
        model: a compiled model; it stays as it is. What its own last `fit` logged is read too.
        x: training inputs.
        y: training targets.
        validation_data: (x, y) that it is validated with; else a fifth of the examples.
        epochs: that the copy is trained; 0 for the look alone.
        batch_size: examples in a step.

    Example:
        >>> from grafito import Sequential, layers
        >>> model = Sequential([layers.Input((2,)), layers.Dense(4, "tanh"), layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = 255 * np.random.default_rng(0).random((64, 2))
        >>> print(diagnose(model, x, x[:, :1] / 255, epochs=0))
        The inputs are not scaled: numbers of size 158.
          received   column 1: mean 135, standard deviation 83.1
          try        x / 255.0 where they are pixels, or layers.Normalization()
    """
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 0:
        raise ArgumentError("Epochs are counted.", received=f"epochs={epochs!r}", fix="epochs=5")
    examples = examples_of(model, x, y)
    held_out = validation_source(validation_data)
    found = {**of_data(model, examples, held_out), **of_model(model)}
    history = getattr(getattr(model, "history", None), "history", {})
    samples = Samples()
    if epochs:
        twin, health = copy_of(model), Health()
        given: dict[str, Any] = {"validation_data": validation_data}
        if validation_data is None and len(examples) >= 50 and examples.y is not None:
            given = {"validation_split": 0.2}
        given |= {"verbose": 0, "callbacks": [health]}
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", LossWarning)
            twin.fit(examples.x, examples.y, batch_size, epochs, **given)
        samples = health.samples
        found |= _told_by_fit(said)
        watched = dict(health.diagnosis.found)
        watched.pop("class_never_predicted", None)  # of all examples it is known after training
        found = {**found, **{name: each for name, each in watched.items() if name not in found}}
        found |= _of_answers(twin, examples)
    if len(history.get("loss", ())) > 1:
        found |= of_training(model, Samples(), history, examples.y)
    return Diagnosis(found, samples)


def _told_by_fit(said: Any) -> dict[str, LossWarning]:
    """What `fit` found before its first step, but that a loss became NaN: that has a cause."""
    told = [w.message for w in said if isinstance(w.message, LossWarning)]
    told = [each for each in told if not each.error.what.startswith("The loss became")]
    return {f"fit_{i}": each for i, each in enumerate(told)}


def of_data(model: Any, examples: Any, held_out: Any = None) -> dict[str, LossWarning]:
    """What the data say, with the model that they are for; nothing where they are a stream."""
    y = getattr(examples, "y", None)
    measured = model.metrics if isinstance(y, np.ndarray) else ()
    ours, theirs = facts.arrays(examples), facts.arrays(held_out)
    scales = [facts.columns(x) for x in ours]
    pairs = zip(scales, map(facts.columns, theirs), strict=False)
    alike = len(ours) == len(theirs)
    return _those(
        metric_does_not_fit=_first(accuracy_of_numbers(metric, y) for metric in measured),
        inputs_not_scaled=None
        if facts.scales_itself(model)
        else _first(
            rules.inputs_not_scaled(*scale, integers=x.dtype.kind in "biu")
            for x, scale in zip(ours, scales, strict=True)
            if scale
        ),
        scaled_differently=_first(
            rules.scaled_differently(a, b) for a, b in pairs if alike and a and b
        ),
        equal_rows=rules.equal_rows(ours[0], theirs[0]) if len(ours) == len(theirs) == 1 else None,
    )


def _answered(model: Any, samples: Samples, y: Any) -> dict[str, LossWarning]:
    """Classes that were not answered once in the samples of the last epoch."""
    labels = facts.labels_of(y)
    finite = samples.losses and np.isfinite(samples.losses).all()
    if labels is None or not finite or "crossentropy" not in facts.loss_name(model):
        return {}
    logits = bool(getattr(model.loss, "from_logits", False))
    answers = samples.answered(0.0 if logits else 0.5)
    if not answers:
        return {}
    share = min(samples.seen / len(labels), 1.0)
    return _those(class_never_predicted=rules.class_never_predicted(labels, answers, share))


def _of_answers(model: Any, examples: Any) -> dict[str, LossWarning]:
    """Classes that a trained copy never answers."""
    labels = facts.labels_of(examples.y)
    if labels is None or "crossentropy" not in facts.loss_name(model):
        return {}
    outputs = model.predict(examples.x, verbose=0)
    if not isinstance(outputs, np.ndarray) or len(outputs) != len(labels):
        return {}
    logits = bool(getattr(model.loss, "from_logits", False))
    answers = facts.classes_of(outputs, logits)
    return _those(class_never_predicted=rules.class_never_predicted(labels, answers))


def _length(samples: Samples, name: str) -> float:
    """How long the weights of one unit of a layer are at the beginning."""
    peak, weight = samples.layers[name].peak, samples.early("weight", 1).get(f"{name}/kernel")
    return 1.0 if weight is None or peak is None else weight / float(np.sqrt(peak.shape[-1]))


def _flat_activation(model: Any, name: str) -> str:
    layers = {layer.name: layer for layer in model.family()}
    activation = activation_of(layers[name]) if name in layers else ""
    return activation if activation in FLAT else "sigmoid"


def _first(found: Any) -> LossWarning | None:
    return next((each for each in found if each is not None), None)


def _those(**found: Any) -> dict[str, LossWarning]:
    """The rules that had something to say."""
    return {name: each for name, each in found.items() if isinstance(each, LossWarning)}
