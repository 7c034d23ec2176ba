"""A page that is read to its end: what it may leave out where it has too many words."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from grafito.lab.report.blocks import Block
from grafito.lab.report.pieces import Piece

ORDER = ("theory", "choices", "limits", "findings")  # in which parts become shorter
MOST_WORDS = 660  # of sentences and captions; headings, task and files come on top: up to 240


def shortened(blocks: Sequence[Block]) -> list[Block]:
    """The blocks without as many spare sentences as are too much, the last of the theory first.

    Example:
        >>> words = [[Piece("word " * 900), Piece("More.", is_spare=True)]]
        >>> len(shortened([Block("words", "w", "theory", words=words)])[0].words[0])
        1
    """
    found = list(blocks)
    beyond = sum(map(_words, found)) - MOST_WORDS
    order = [i for part in ORDER for i in reversed(range(len(found))) if found[i].part == part]
    for index in order:
        if beyond > 0:
            found[index], beyond = _without(found[index], beyond)
    return found


def _without(block: Block, beyond: int) -> tuple[Block, int]:
    """A block without spare sentences of so many words, and how many are too much still."""
    kept: list[list[Piece]] = []
    for paragraph in reversed(block.words):
        pieces: list[Piece] = []
        for piece in reversed(paragraph):
            if piece.is_spare and beyond > 0:
                beyond -= len(piece.text.split())
            else:
                pieces.insert(0, piece)
        if pieces:
            kept.insert(0, pieces)
    return dataclasses.replace(block, words=kept), beyond


def _words(block: Block) -> int:
    """How many words a reader reads, without tables and formulas."""
    told = [block.title, block.caption] if block.kind != "model" else []
    told += block.paragraphs if block.kind == "text" else []
    told += [piece.text for paragraph in block.words for piece in paragraph if not piece.mathml]
    return sum(len(text.split()) for text in told)
