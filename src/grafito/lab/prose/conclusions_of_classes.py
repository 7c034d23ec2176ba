"""Which classes a network confuses, and which it knows best: sentences computed from counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grafito.lab.prose.sentence import Sentence, percent
from grafito.language import message as N_

MOST_NAMED = 3  # of several that tie
MORE = "…"


def confusions(counts: np.ndarray, names: Sequence[str]) -> list[Sentence]:
    """Which classes are confused most often, and which is known best and worst.

    Args:
        counts: examples of each class (rows) by the class they were given (columns).
        names: of the classes.

    Example:
        >>> found = confusions(np.array([[9, 1], [4, 6]]), ["cat", "dog"])
        >>> [found[0].values[key] for key in ("worst", "lost", "total", "other")]
        ['dog', 4, 10, 'cat']
    """
    counts = np.asarray(counts)
    wrong = counts - np.diag(np.diag(counts))
    if not wrong.any():
        return [Sentence(N_("No test example is taken for another class."))]
    return [_most_frequent(wrong, counts.sum(axis=1), names), *_best_and_worst(counts, names)]


def _most_frequent(wrong: np.ndarray, totals: np.ndarray, names: Sequence[str]) -> Sentence:
    """The confusion that is met most often; where several tie, that they do."""
    lost = int(wrong.max())
    pairs = [(int(row), int(column)) for row, column in np.argwhere(wrong == lost)]
    if len(pairs) == 1:
        row, column = pairs[0]
        values = {
            "lost": lost, "total": int(totals[row]), "worst": names[row], "other": names[column],
        }  # fmt: skip
        if lost == 1:
            text = N_(
                "The only confusion: one of the {total} examples of “{worst}” is taken for "
                "“{other}”."
            )
        else:
            text = N_(
                "The most frequent confusion: {lost} of the {total} examples of “{worst}” are "
                "taken for “{other}”."
            )
        return Sentence(text, values)
    shown = [[names[row], names[column]] for row, column in pairs[:MOST_NAMED]]
    told = {"count": len(pairs), "lost": lost, "taken": shown}
    if lost == 1 and len(pairs) > MOST_NAMED:
        text = N_(
            "No confusion is met twice; there are {count}, among them (class → the class it is "
            "taken for): {taken}."
        )
    elif lost == 1:
        text = N_(
            "No confusion is met twice; there are {count} (class → the class it is taken for): "
            "{taken}."
        )
    elif len(pairs) > MOST_NAMED:
        text = N_(
            "{count} confusions tie as the most frequent, with {lost} examples each, among them "
            "(class → the class it is taken for): {taken}."
        )
    else:
        text = N_(
            "{count} confusions tie as the most frequent, with {lost} examples each (class → the "
            "class it is taken for): {taken}."
        )
    return Sentence(text, told)


def _best_and_worst(counts: np.ndarray, names: Sequence[str]) -> list[Sentence]:
    """Which class is known best, and which worst; nothing where all are known alike."""
    totals = counts.sum(axis=1)
    recall = np.where(totals > 0, np.diag(counts) / np.maximum(totals, 1), np.nan)
    most, fewest = float(np.nanmax(recall)), float(np.nanmin(recall))
    if most == fewest:
        return []
    best, worst = ([names[int(i)] for i in np.flatnonzero(recall == x)] for x in (most, fewest))
    shares = {"most": percent(most), "fewest": percent(fewest)}
    if len(best) == len(worst) == 1:
        text = N_(
            "“{best}” is known best, with {most} % of its examples, and “{least}” worst, with "
            "{fewest} %."
        )
        return [Sentence(text, {"best": best[0], "least": worst[0], **shares})]
    text = N_(
        "Classes known best, with {most} % of their examples: {best}; known worst, with "
        "{fewest} %: {least}."
    )
    return [Sentence(text, {"best": _some(best), "least": _some(worst), **shares})]


def _some(names: Sequence[str]) -> list[str]:
    """The first of them, and a sign for the rest."""
    return [*names[:MOST_NAMED], *([MORE] if names[MOST_NAMED:] else [])]
