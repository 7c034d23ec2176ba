"""Rules of data: scales, parts that share rows, classes that nobody predicts."""

from __future__ import annotations

from typing import Any

import numpy as np

from grafito.errors import LossWarning

LARGE = 10.0  # typical size of an input beyond which it is not scaled
UNEVEN = 100.0  # times the spread of the narrowest column
ANOTHER_RANGE = 20.0  # times
SHARED = 0.01  # of the rows of the smaller part
DISTINCT = 0.9  # of the rows: where rows repeat anyway, equal ones say nothing
LOOKED_AT = 3_000  # rows
KEY = 64  # numbers of a row
SEEN_OFTEN = 5  # examples of a class that should be predicted at least once
RARE = 0.8  # of an even share; a class as frequent as the others is missed for another reason


def inputs_not_scaled(means: Any, spreads: Any, integers: bool = False) -> LossWarning | None:
    """Inputs are large numbers, or one column hides the others.

    Args:
        means: of each column (feature or channel).
        spreads: their standard deviations.
        integers: whether they are whole numbers, as pixels from 0 to 255.

    Example:
        >>> print(inputs_not_scaled([33.0], [78.0], integers=True))
        The inputs are not scaled: numbers of size 84.7.
          received   column 0: mean 33, standard deviation 78
          try        x / 255.0 where they are pixels, or layers.Normalization()
    """
    mean, spread = np.asarray(means, "float64"), np.asarray(spreads, "float64")
    sizes = np.sqrt(mean**2 + spread**2)
    known = np.isfinite(sizes)
    if not known.any():
        return None
    largest = int(np.argmax(np.where(known, sizes, -1)))
    numbers = f"{mean[largest]:.3g}", f"{spread[largest]:.3g}"
    if sizes[largest] > LARGE:
        few = len(mean) <= 4 and sizes[largest] < 256
        pixels = mean.min() >= 0 and (integers or few)
        return LossWarning(
            f"The inputs are not scaled: numbers of size {sizes[largest]:.3g}.",
            received=f"column {largest}: mean {numbers[0]}, standard deviation {numbers[1]}",
            fix="x / 255.0 where they are pixels, or layers.Normalization()"
            if pixels
            else "norm = layers.Normalization(); norm.adapt(x), as the first layer",
        )
    moving = spread[spread > 0]
    if len(moving) > 1 and len(moving) <= 64 and moving.max() > UNEVEN * np.median(moving):
        widest = int(np.argmax(spread))
        return LossWarning(
            "The inputs are not scaled: one column hides the others.",
            received=f"column {widest} spreads by {spread[widest]:.3g}, "
            f"others by {np.median(moving):.3g}",
            fix="norm = layers.Normalization(); norm.adapt(x), as the first layer",
        )
    return None


def scaled_differently(
    ours: tuple[Any, Any], theirs: tuple[Any, Any], name: str = "validation"
) -> LossWarning | None:
    """Another part of the data lies in another range than the training data.

    Args:
        ours: mean and standard deviation of each column of the training data.
        theirs: the same of the other part.
        name: of the other part.

    Example:
        >>> print(scaled_differently(([0.1], [0.3]), ([33.0], [78.0])))
        Training and validation are scaled differently.
          received   column 0: training mean 0.1, deviation 0.3; the other mean 33, deviation 78
          try        the same scaling for both, with the numbers of the training data
    """
    (mean, spread), (other_mean, other_spread) = (
        [np.atleast_1d(np.asarray(each, "float64")) for each in part] for part in (ours, theirs)
    )
    if mean.shape != other_mean.shape:
        return None
    whole = max(float(np.sqrt(np.mean(mean**2 + spread**2))), 1e-12)
    size = np.sqrt(mean**2 + spread**2)
    other = np.sqrt(other_mean**2 + other_spread**2)
    whole_other = float(np.sqrt(np.mean(other**2)))
    widths = np.maximum(spread, 0.01 * whole)
    still = spread <= 1e-6 * whole  # a pixel at the border is lit in few images, perhaps in none
    widths[still] = np.maximum(widths[still], np.sqrt(np.mean(spread**2)))
    wider = np.maximum(other_spread, 0.01 * whole) / widths
    moved = np.abs(other_mean - mean) / widths
    narrow = whole_other < whole / ANOTHER_RANGE
    worst = int(np.argmax(np.maximum(wider, moved)))
    if not narrow and max(wider[worst], moved[worst]) < ANOTHER_RANGE:
        return None
    worst = int(np.argmax(size)) if narrow else worst
    return LossWarning(
        "Training and validation are scaled differently."
        if name == "validation"
        else "Training and test are scaled differently.",
        received=f"column {worst}: training mean {mean[worst]:.3g}, deviation "
        f"{spread[worst]:.3g}; the other mean {other_mean[worst]:.3g}, deviation "
        f"{other_spread[worst]:.3g}",
        fix="the same scaling for both, with the numbers of the training data",
    )


def equal_rows(ours: Any, theirs: Any, name: str = "validation") -> LossWarning | None:
    """Rows of the training data stand in the other part too, which is no test then.

    Args:
        ours: the inputs of the training, one example a row.
        theirs: those of the other part.
        name: of the other part.

    Example:
        >>> x = np.arange(40.0).reshape(20, 2)
        >>> print(equal_rows(x, x[:10]))
        Rows of the training data stand in the validation data too.
          received   10 of 10 rows
          try        x, i = numpy.unique(x, axis=0, return_index=True); y = y[i], before the split
    """
    a, b = np.asarray(ours), np.asarray(theirs)
    if not len(a) or not len(b) or not a.size or a.shape[1:] != b.shape[1:]:
        return None
    b = _some(b).astype(a.dtype, copy=False)
    sample = _some(a)
    if len({row.tobytes() for row in sample}) < DISTINCT * len(sample):
        return None
    short = set(_short(b))
    known = {a[i].tobytes() for i, key in enumerate(_short(a)) if key in short}
    found = sum(row.tobytes() in known for row in b)
    if found < max(2, SHARED * len(b)):
        return None
    return LossWarning(
        "Rows of the training data stand in the validation data too."
        if name == "validation"
        else "Rows of the training data stand in the test data too.",
        received=f"{found:,} of {len(b):,} rows",
        fix="x, i = numpy.unique(x, axis=0, return_index=True); y = y[i], before the split",
    )


def _some(rows: np.ndarray) -> np.ndarray:
    """Rows from all parts of an array, so many that a share of them is known well."""
    return rows[:: -(-len(rows) // LOOKED_AT)]


def _short(rows: np.ndarray) -> list[bytes]:
    """Some numbers of each row as bytes: equal in equal rows, and read fast."""
    flat = rows.reshape(len(rows), -1)
    part = np.ascontiguousarray(flat[:, :: -(-flat.shape[1] // KEY)])
    return part.view(f"V{part.shape[1] * part.itemsize}").ravel().tolist()


def class_never_predicted(labels: Any, predicted: Any, share: float = 1.0) -> LossWarning | None:
    """A class that is rarer than others is never the answer.

    Args:
        labels: class numbers.
        predicted: the class numbers that a model gives, each once or more often.
        share: of the examples for which it gave them.

    Example:
        >>> print(class_never_predicted([0] * 90 + [1] * 10, [0] * 100))
        Class 1 is never predicted.
          received   10 of 100 examples have it
          try        class_weight={0: 0.556, 1: 5} in fit
    """
    labels, predicted = np.asarray(labels).reshape(-1), np.asarray(predicted).reshape(-1)
    answers = set(np.unique(predicted).tolist())
    if answers.issuperset(range(int(labels.max(initial=0)) + 1)):
        return None
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) < 2:
        return None
    missing = [
        (c, n)
        for c, n in zip(classes.tolist(), counts.tolist(), strict=True)
        if c not in answers and share * n >= SEEN_OFTEN and n < RARE * len(labels) / len(classes)
    ]
    if not missing:
        return None
    label, count = missing[0]
    weights = {c: len(labels) / (len(classes) * n) for c, n in zip(classes, counts, strict=True)}
    told = ", ".join(f"{int(c)}: {w:.3g}" for c, w in weights.items())
    return LossWarning(
        f"Class {label} is never predicted.",
        received=f"{count} of {len(labels)} examples have it",
        fix=f"class_weight={{{told}}} in fit"
        if len(classes) <= 10
        else "class_weight in fit, larger for the rare classes",
    )
