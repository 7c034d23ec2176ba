"""A page with too many words leaves out those that are spare, theory first, and no others."""

from __future__ import annotations

from grafito.lab.report.blocks import Block
from grafito.lab.report.length import MOST_WORDS, shortened
from grafito.lab.report.pieces import Piece


def words(part, count, spares):
    pieces = [Piece("word " * count), *(Piece("spare " * 10, is_spare=True) for _ in range(spares))]
    return Block("words", part, part, words=[pieces])


def left(blocks):
    return [len(block.words[0]) - 1 for block in shortened(blocks)]


def test_a_short_page_stays_as_it_is():
    blocks = [words("theory", MOST_WORDS - 100, 4), words("findings", 10, 4)]
    assert left(blocks) == [4, 4]


def test_theory_becomes_shorter_first_and_only_as_far_as_it_must():
    assert left([words("findings", MOST_WORDS - 60, 3), words("theory", 20, 4)]) == [3, 1]
    assert left([words("findings", MOST_WORDS, 3), words("theory", 0, 4)]) == [0, 0]


def test_what_is_not_spare_stays():
    (block,) = shortened([words("theory", 2 * MOST_WORDS, 2)])
    assert [len(piece.text.split()) for piece in block.words[0]] == [2 * MOST_WORDS]
