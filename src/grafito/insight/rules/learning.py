"""Rules of losses over time: of batches, and of epochs with their validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from grafito.errors import LossWarning

LARGE_STEP = 0.1  # of a weight's size: one update that moves it so far overshoots
FIRST_STEP = 0.02  # likewise: one that is no longer at the beginning begins to learn
SMALL_STEP = 1e-4  # the usual update is a thousandth
RISEN = 1.2  # times the loss at the beginning
LEAP, LANDED = 100.0, 3.0  # times the first loss: a peak, and where it came down again
UNIT = 1.0  # the usual length of the weights of a unit
STILL, SHARE = 0.03, 0.25  # fall of the second half: of the loss, and of the whole fall
SAME_AS_GUESSING = 0.02  # how near to the entropy of the classes is no better than guessing
WORSE_THAN_GUESSING = 1.1  # times its loss; beyond, penalties may have been added
WON, LOST = 0.1, 1.5  # of its first loss, one network and the other
SURE = 0.05  # a loss so small has won, however the first epoch ended


def _parts(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The losses at the beginning and at the end; two of each at least, where there are four."""
    n = len(values)
    return values[: max(n // 5, min(2, n // 2), 1)], values[-max(n // 3, min(2, n // 2), 1) :]


def _grows(values: np.ndarray) -> bool:
    """Whether losses are higher at the end than at the beginning by more than chance.

    Losses of batches lie apart by factors, so that their logarithms are compared; how far they lie
    apart by chance is told by neighbours, whose differences a steady growth leaves alike.
    """
    early, late = (np.log(part) if values.min() > 0 else part for part in _parts(values))
    steps = np.diff(np.log(values) if values.min() > 0 else values)
    noise = float(np.std(steps, ddof=1)) / np.sqrt(2)
    error = max(noise * np.sqrt(1 / len(early) + 1 / len(late)), 1e-12)
    free = len(values) - 2
    rare = 2.33 + 2.4 / free + 14 / free**2  # beyond lies one in a hundred, by Student's t
    return bool(late.mean() - early.mean() > rare * error)


def rate_too_large(
    losses: Sequence[float],
    rate: float,
    steps: Mapping[str, float] | None = None,
    longest: Mapping[str, float] | None = None,
    guess: float | None = None,
    first: Mapping[str, float] | None = None,
) -> LossWarning | None:
    """The loss of batches grows, jumps or is no number, by updates that are too long.

    Args:
        losses: of whole batches, in order; four at least.
        rate: the learning rate.
        steps: for each layer, the length of an update as a share of the weights, at the middle.
        longest: for each layer, how far one update moved the weights of a unit at most; those of
            the usual initialisers are about 1 long.
        guess: the loss of guessing.
        first: for each layer, the length of the first update as a share of the weights.

    Example:
        >>> print(rate_too_large([2.0, 9.0, 50.0, 300.0], rate=1.0))
        The learning rate is too large: the loss grows.
          received   loss from 2 to 175, learning_rate=1
          try        learning_rate=0.1
    """
    values = np.asarray(losses, "float64")
    fix = f"learning_rate={_smaller(rate, first or {})}"
    if len(values) and not np.isfinite(values).all():
        step = int(np.argmin(np.isfinite(values))) + 1
        return LossWarning(
            "The learning rate is too large: the loss is no number any more.",
            received=f"sample {step} of the loss is {values[step - 1]}, learning_rate={rate:g}",
            fix=fix,
        )
    if len(values) < 4:
        return None
    start, late = abs(float(values[0])), float(np.median(_parts(values)[1]))
    leap = LEAP * max(start, guess) if guess else LEAP**2 * max(start, 1e-12)
    leapt = values.max() > leap and late > LANDED * max(start, guess or 0.0)
    if leapt or (late > RISEN * float(np.mean(_parts(values)[0])) and _grows(values)):
        return LossWarning(
            "The learning rate is too large: the loss grows.",
            received=f"loss from {values[0]:.4g} to {late:.4g}, learning_rate={rate:g}",
            fix=fix,
        )
    received = _far(late, start, rate, steps or {}, longest or {}, guess)
    return received and LossWarning(
        "The learning rate is too large: the loss does not fall, and weights move far.",
        where=received[0],
        received=received[1],
        fix=fix,
    )


def _smaller(rate: float, first: Mapping[str, float]) -> str:
    """A rate to try: a tenth, or one whose first update is short; an update grows with the rate."""
    longest = max((each for each in first.values() if np.isfinite(each)), default=0.0)
    return repr(float(f"{rate * min(0.1, FIRST_STEP / max(longest, 1e-12)):.1g}"))


def _far(
    late: float,
    start: float,
    rate: float,
    steps: Mapping[str, float],
    longest: Mapping[str, float],
    guess: float | None,
) -> tuple[str, str] | None:
    """Where weights move far while nothing is learned, and how far; None where they do not."""
    name = max(steps, key=steps.__getitem__, default="")
    received = ""
    if name and steps[name] > LARGE_STEP and late > 0.8 * start:
        received = f"updates of {100 * steps[name]:.0f} % of the weights, learning_rate={rate:g}"
    elif longest and guess and late > 0.8 * guess:
        name = max(longest, key=longest.__getitem__)
        if longest[name] > UNIT:
            received = (
                f"an update of {longest[name]:.2g} for weights of length 1, learning_rate={rate:g}"
            )
    return (name, received) if received else None


def rate_too_small(
    losses: Sequence[float],
    rate: float,
    steps: Mapping[str, float],
    guess: float | None = None,
) -> LossWarning | None:
    """The loss hardly falls, and no layer moves by more than a ten-thousandth at a step.

    Args:
        losses: of batches, in order; four at least.
        rate: the learning rate.
        steps: for each layer, the length of an update as a share of the weights.
        guess: the loss of guessing; far below it there is nothing left to learn.

    Example:
        >>> print(rate_too_small([2.0, 2.0, 1.99, 1.99], rate=1e-6, steps={"dense": 2e-6}))
        The learning rate is too small: weights hardly move.
          received   updates of 2e-06 of the weights, loss from 2 to 1.99, learning_rate=1e-06
          try        learning_rate=0.0003
    """
    values = np.asarray(losses, "float64")
    if len(values) < 4 or not steps or not np.isfinite(values).all():
        return None
    first, late = float(np.mean(_parts(values)[0])), float(np.median(_parts(values)[1]))
    longest = max(steps.values())
    if not 0 < longest < SMALL_STEP or late < 0.8 * first or late > RISEN * first:
        return None
    if guess is not None and late < 0.5 * guess:
        return None
    better = rate * min(1e-3 / longest, 300.0)
    return LossWarning(
        "The learning rate is too small: weights hardly move.",
        received=f"updates of {longest:.1g} of the weights, loss from {first:.3g} to {late:.3g}, "
        f"learning_rate={rate:g}",
        fix=f"learning_rate={better:.1g}",
    )


def shuffled_labels(
    training: Sequence[float], validation: Sequence[float], entropy: float
) -> LossWarning | None:
    """Training falls while validation is at best as good as guessing: labels of other examples.

    Args:
        training: loss of each epoch; three at least.
        validation: the same of the validation.
        entropy: of the classes, the loss of guessing by their shares.

    Example:
        >>> print(shuffled_labels([2.3, 1.5, 0.6], [2.31, 2.4, 2.9], entropy=2.3))
        The labels look shuffled: what is learned holds for no other example.
          received   training loss 0.6, validation loss 2.31 at best; guessing gives 2.3
          try        the same order for both: i = rng.permutation(len(x)); x, y = x[i], y[i]
    """
    if len(training) < 3 or len(validation) < 3 or entropy <= 0:
        return None
    best, last = float(np.min(validation)), float(training[-1])
    guessing = (1 - SAME_AS_GUESSING) * entropy <= best <= WORSE_THAN_GUESSING * entropy
    if not guessing or last > 0.85 * min(entropy, training[0]):
        return None
    return LossWarning(
        "The labels look shuffled: what is learned holds for no other example.",
        received=f"training loss {last:.3g}, validation loss {best:.3g} at best; "
        f"guessing gives {entropy:.3g}",
        fix="the same order for both: i = rng.permutation(len(x)); x, y = x[i], y[i]",
    )


def overfitting(training: Sequence[float], validation: Sequence[float]) -> LossWarning | None:
    """Since some epoch training falls and validation rises.

    Args:
        training: loss of each epoch.
        validation: the same of the validation.

    Example:
        >>> print(overfitting([1.0, 0.5, 0.3, 0.2, 0.1], [1.0, 0.6, 0.7, 0.8, 0.9]))
        The network overfits since epoch 2.
          received   validation loss from 0.6 to 0.9, training loss from 0.5 to 0.1
          try        callbacks=[callbacks.EarlyStopping(restore_best_weights=True)], or Dropout
    """
    if len(training) < 4 or len(validation) < 4:
        return None
    n = min(len(training), len(validation))
    training, validation = np.asarray(training[:n]), np.asarray(validation[:n])  # type: ignore[assignment]
    if not np.isfinite([training, validation]).all():
        return None
    best = int(np.argmin(validation))
    since = n - 1 - best
    late = float(np.mean(validation[-min(2, since) :])) if since else float(validation[-1])
    if since < 2 or late < 1.1 * validation[best] or training[-1] > 0.95 * training[best]:
        return None
    return LossWarning(
        f"The network overfits since epoch {best + 1}.",
        received=f"validation loss from {validation[best]:.3g} to {validation[-1]:.3g}, "
        f"training loss from {training[best]:.3g} to {training[-1]:.3g}",
        fix="callbacks=[callbacks.EarlyStopping(restore_best_weights=True)], or Dropout",
    )


def underfitting(training: Sequence[float], guess: float) -> LossWarning | None:
    """The loss of the training stands still near that of guessing.

    Args:
        training: loss of each epoch; five at least.
        guess: the loss of guessing: the entropy of the classes, or the variance of the targets.

    Example:
        >>> print(underfitting([0.7, 0.66, 0.65, 0.65, 0.65], guess=0.69))
        The network underfits: the loss stands still near that of guessing.
          received   training loss 0.65; guessing gives 0.69
          try        more units or one more layer with an activation, or features that say more
    """
    values = np.asarray(training, "float64")
    if len(values) < 5 or not np.isfinite(values).all() or guess <= 0:
        return None
    half = values[-max(len(values) // 2, 3) :]
    fall, whole = half[0] - half[-1], values[0] - half[-1]
    falls = fall / max(abs(float(half[0])), 1e-12)
    on_its_way = falls > STILL / 10 * (len(half) - 1) and fall > SHARE * whole
    if falls > STILL or on_its_way or not 0.6 * guess <= half[-1] <= RISEN * guess:
        return None
    return LossWarning(
        "The network underfits: the loss stands still near that of guessing.",
        received=f"training loss {half[-1]:.3g}; guessing gives {guess:.3g}",
        fix="more units or one more layer with an activation, or features that say more",
    )


def validation_looks_better(
    training: Sequence[float], validation: Sequence[float], noise: Sequence[str] = ()
) -> LossWarning | None:
    """Validation is better than training, because training is measured while layers add noise.

    Args:
        training: loss of each epoch.
        validation: the same of the validation.
        noise: names of layers that drop or add something in training alone.

    Example:
        >>> print(validation_looks_better([0.9, 0.8, 0.7], [0.5, 0.4, 0.4], ["dropout"]))
        Validation looks better than training: 'dropout' acts in training alone.
          received   training loss 0.7, validation loss 0.4
          try        model.evaluate(x, y) measures the training data without it
    """
    n = min(len(training), len(validation))
    if n < 3 or not noise:
        return None
    better = np.asarray(validation[:n]) < 0.98 * np.asarray(training[:n])
    if better.mean() < 2 / 3 or not better[-1]:
        return None
    return LossWarning(
        f"Validation looks better than training: {noise[0]!r} acts in training alone.",
        received=f"training loss {training[n - 1]:.3g}, validation loss {validation[n - 1]:.3g}",
        fix="model.evaluate(x, y) measures the training data without it",
    )


def one_has_won(losses: Mapping[str, Sequence[float]]) -> LossWarning | None:
    """Of two networks that compete one has all but no loss left, and the other grows.

    Args:
        losses: of each epoch, by the names of the two networks.

    Example:
        >>> print(one_has_won({"d_loss": [0.7, 0.1, 0.01], "g_loss": [0.7, 2.0, 5.0]}))
        One network of the pair has won: 'd_loss' is near 0 and 'g_loss' grows.
          received   d_loss from 0.7 to 0.01, g_loss from 0.7 to 5
          try        a smaller learning rate for 'd_loss', or labels of 0.9 in place of 1
    """
    if len(losses) != 2 or any(len(values) < 3 for values in losses.values()):
        return None
    for winner, loser in (tuple(losses), tuple(losses)[::-1]):
        low, high = np.asarray(losses[winner], "float64"), np.asarray(losses[loser], "float64")
        part = max(len(low) // 4, 1)
        ends = float(low[-part:].mean()), float(high[-part:].mean())
        if ends[0] < max(WON * abs(low[0]), SURE) and ends[1] > LOST * abs(high[0]):
            return LossWarning(
                f"One network of the pair has won: {winner!r} is near 0 and {loser!r} grows.",
                received=f"{winner} from {low[0]:.3g} to {ends[0]:.3g}, "
                f"{loser} from {high[0]:.3g} to {ends[1]:.3g}",
                fix=f"a smaller learning rate for {winner!r}, or labels of 0.9 in place of 1",
            )
    return None
