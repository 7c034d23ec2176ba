"""The form of a data set's record; the records themselves stand in `catalogue`."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from grafito.language import message, translate


@dataclass(frozen=True)
class DataFile:
    """One published file.

    Args:
        name: its published name.
        urls: where it can be had, tried in order.
        digest: the published checksum, "sha256:..." or "md5:...".
        size: the published size in bytes; None where none is published.
        also: names of other forms of the same data that a user may hold, with their published
            checksum, or "" where there is none.
    """

    name: str
    urls: tuple[str, ...]
    digest: str
    size: int | None = None
    also: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All file names under which the data are looked for, the best first."""
        return (self.name, *(name for name, _ in self.also))


@dataclass(frozen=True)
class DataSet:
    """A data set and its card.

    Args:
        name: the name to call it by.
        what: one sentence.
        examples: how many there are.
        classes: the classes or the target.
        split: how it is divided into training and test parts.
        licence: the terms of its authors, as far as they state any.
        faults: what is known to be wrong with it.
        source: the publication.
        files: the published files; none for a data set that comes with the libraries.
        folders: folder names that tell whose file it is, where the file names do not.
    """

    name: str
    what: str
    examples: str
    classes: str
    split: str
    licence: str
    faults: str
    source: str
    files: tuple[DataFile, ...] = ()
    folders: tuple[str, ...] = ()

    def rows(self) -> list[tuple[str, str]]:
        """What stands on the card, by name, in the language being spoken."""
        card = {
            message("what"): self.what,
            message("examples"): self.examples,
            message("classes"): self.classes,
            message("split"): self.split,
            message("licence"): self.licence,
            message("faults"): self.faults,
            message("source"): self.source,
        }
        return [(translate(name), translate(text)) for name, text in card.items()]

    def __str__(self) -> str:
        rows = self.rows()
        for file in self.files:
            size = f"{file.size:,} bytes, " if file.size else ""
            rows.append((translate("file"), f"{file.name}, {size}{file.digest}"))
        lines = [self.name]
        for title, text in rows:
            wrapped = textwrap.wrap(text, 84, break_long_words=False, break_on_hyphens=False)
            lines.append(f"  {title:<9} {wrapped[0]}")
            lines += [f"  {'':<9} {line}" for line in wrapped[1:]]
        return "\n".join(lines)
