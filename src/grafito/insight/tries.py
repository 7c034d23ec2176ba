"""Short trainings of a copy that answer a question: can it learn one batch, and at which rate?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from grafito.errors import ArgumentError
from grafito.insight.trial import batches, copy_of, examples_of, first_rows
from grafito.language import localised, message, translate
from grafito.optimizers import SGD

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEARNED = 0.05  # of the loss at the beginning: that much left is learned by heart
EXPLODED = 4.0  # times the least loss so far: the rate is too large
SMOOTH = 0.8  # of the smoothed loss that stays at each step
BIAS = 1e-12

YES = message("The network learns {} examples by heart: loss {} to {} in {} steps.")
NO = message("The network does not learn {} examples by heart: loss {} to {} in {} steps.")
ROSE = message("The loss is no number after {} steps: the learning rate {} is too large.")
SUGGESTED = message("The loss falls fastest near {}; take {}. From {} on it grows.")
STEADY = message("The loss falls fastest near {}; take {}. It grows at none of the rates tried.")
NEVER = message("The loss falls at no rate from {} to {}: see overfit_one_batch and diagnose.")


@dataclass(frozen=True)
class Overfit:
    """What came of training on one batch alone.

    Attributes:
        learned: whether the loss fell to 5 % of what it was, or less.
        losses: of each step.
        examples: in the batch.
        rate: the learning rate.
    """

    learned: bool
    losses: tuple[float, ...]
    examples: int
    rate: float

    def __str__(self) -> str:
        if not np.isfinite(self.losses[-1]):
            return translate(ROSE).format(len(self.losses), localised(f"{self.rate:g}"))
        said = translate(YES if self.learned else NO)
        ends = localised(f"{self.losses[0]:.4g}"), localised(f"{self.losses[-1]:.4g}")
        text = said.format(self.examples, *ends, len(self.losses))
        if self.learned:
            return text
        advice = translate(
            "A fault lies in the data, the loss or the last layer, or the rate does not do: "
            "see rate_range and diagnose."
        )
        return f"{text}\n{advice}"


def overfit_one_batch(
    model: Any, x: Any, y: Any = None, *, examples: int = 10, steps: int = 300
) -> Overfit:
    """Train a copy on a few examples until it knows them by heart, or does not.

    A network that cannot learn ten examples has a fault that no more data or epochs will mend. The
    model stays as it is.

    Args:
        model: a compiled model.
        x: examples; the first are taken.
        y: their targets.
        examples: how many.
        steps: how many at most.

    Example:
        >>> from grafito import Sequential, layers, optimizers, utils
        >>> utils.set_random_seed(0)
        >>> model = Sequential([layers.Input((3,)), layers.Dense(8, "tanh"), layers.Dense(1)])
        >>> model.compile(optimizers.Adam(0.05), "mse")
        >>> x = np.random.default_rng(0).normal(size=(6, 3))
        >>> overfit_one_batch(model, x, x[:, :1] * x[:, 1:2]).learned
        True
    """
    _positive(examples=examples, steps=steps)
    batch = first_rows(examples_of(model, x, y), examples)
    twin = copy_of(model)
    losses: list[float] = []
    while len(losses) < steps and (not losses or _goes_on(losses)):
        losses.append(_loss(twin, batch))
    learned = bool(losses[-1] <= LEARNED * losses[0]) or losses[0] <= BIAS
    return Overfit(learned, tuple(losses), len(batch), float(twin.optimizer.learning_rate.numpy()))


def _goes_on(losses: list[float]) -> bool:
    return bool(np.isfinite(losses[-1])) and not losses[-1] <= LEARNED * losses[0]


def _loss(model: Any, batch: Any) -> float:
    """One training step; the loss before it."""
    return float(model.train_on_batch(batch.x, batch.y, return_dict=True)["loss"])


@dataclass(frozen=True)
class RateRange:
    """The loss at growing learning rates.

    Attributes:
        rates: that were tried, one a step.
        losses: smoothed.
        suggested: a rate to take: a third of that at which the loss fell fastest; None where it
            fell at none.
        fastest: the rate at which it fell fastest.
        limit: the first rate at which the loss grows; None where it never did.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggested: float | None
    fastest: float | None
    limit: float | None

    def __str__(self) -> str:
        if self.suggested is None or self.fastest is None:
            return translate(NEVER).format(*_short(self.rates[0], self.rates[-1]))
        numbers = _short(self.fastest, self.suggested)
        if self.limit is None:
            return translate(STEADY).format(*numbers)
        return translate(SUGGESTED).format(*numbers, *_short(self.limit))

    def figure(self, *, title: str | None = None, lang: str | None = None) -> Figure:
        """The curve: loss over learning rate, with the rate to take as a vertical line."""
        from grafito.figures import canvas, sweep
        from grafito.language import known_names, use

        known = [(r, v) for r, v in zip(self.rates, self.losses, strict=True) if np.isfinite(v)]
        names = ("learning rate", "loss")
        with known_names():
            sheet = sweep(dict(known), names=names, log="x", title=title, lang=lang)
        with use(lang):
            vars(sheet)["alt"] = str(self)
        axes = sheet.axes[0]
        for line in axes.lines:
            line.set_marker("")
        top = max(self.losses[0] * 1.5, 1e-12)
        axes.set_ylim(min(v for _, v in known) - 0.05 * top, top)
        if self.suggested is not None:
            axes.axvline(self.suggested, color=canvas.VERMILION, linewidth=1.2, linestyle="--")
        return sheet


def rate_range(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 120,
    batch_size: int = 32,
) -> RateRange:
    """Train a copy at a rate that grows from step to step, and see where the loss falls and grows.

    The method is Smith's ("Cyclical learning rates for training neural networks", 2017). The model
    stays as it is.

    Args:
        model: a compiled model.
        x: examples.
        y: their targets.
        lowest: the first rate.
        highest: the last one; it ends before where the loss explodes.
        steps: how many rates.
        batch_size: examples in a step.

    Example:
        >>> from grafito import Sequential, layers, utils
        >>> utils.set_random_seed(0)
        >>> model = Sequential([layers.Input((3,)), layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = np.random.default_rng(0).normal(size=(64, 3))
        >>> 0.001 < rate_range(model, x, x.sum(axis=1)).suggested < 1
        True
    """
    _positive(steps=steps, batch_size=batch_size, lowest=lowest)
    if not highest > lowest:
        raise ArgumentError(
            "A range of rates goes upwards.",
            received=f"lowest={lowest:g}, highest={highest:g}",
            fix="lowest=1e-6, highest=10.0",
        )
    examples = examples_of(model, x, y)
    twin = copy_of(model)
    rates = np.geomspace(lowest, highest, steps)
    raw: list[float] = []
    chosen = batches(examples, min(batch_size, len(examples)))
    optimizer = twin.optimizer
    optimizer._rate = SGD(lowest).rate  # in place of a schedule, where it follows one
    for rate in rates:
        optimizer.learning_rate = float(rate)
        raw.append(_loss(twin, next(chosen)))
        if not np.isfinite(raw[-1]) or raw[-1] > 10 * EXPLODED * max(min(raw), BIAS):
            break
    return read_rates(rates[: len(raw)], np.array(raw))


def read_rates(rates: np.ndarray, losses: np.ndarray) -> RateRange:
    """What the losses of a range say; a pure function of the numbers.

    Example:
        >>> read_rates(np.array([0.1, 1.0]), np.array([1.0, 1.0])).suggested is None
        True
    """
    finite = np.where(
        np.isfinite(losses), losses, np.nanmax(losses[np.isfinite(losses)], initial=1)
    )
    smooth, mean = np.zeros(len(finite)), 0.0
    for i, value in enumerate(finite):  # without the bias of a mean that begins at 0
        mean = SMOOTH * mean + (1 - SMOOTH) * value
        smooth[i] = mean / (1 - SMOOTH ** (i + 1))
    spread = float(np.std(np.diff(finite[: max(len(finite) // 3, 2)])))  # of batches, at tiny rates
    best = int(np.argmin(smooth))
    fell = smooth[0] - smooth[best]
    grows = [i for i in range(best, len(finite)) if finite[i] > 1.2 * smooth[0] + 2 * spread]
    limit = float(rates[grows[0]]) if grows else None
    if best < 2 or fell <= max(0.02 * abs(smooth[0]), 0.5 * spread):
        return RateRange(tuple(rates), tuple(smooth), None, None, limit)
    slope = np.gradient(smooth[: best + 1], np.log(rates[: best + 1]))
    fastest = float(rates[int(np.argmin(slope))])
    return RateRange(tuple(rates), tuple(smooth), fastest / 3, fastest, limit)


def _positive(**numbers: float) -> None:
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise ArgumentError(
                "This number is positive.", received=f"{name}={value!r}", fix=f"{name}=10"
            )


def _short(*rates: float) -> list[str]:
    return [localised(f"{rate:.1g}") for rate in rates]
