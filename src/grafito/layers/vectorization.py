"""Texts as the numbers of their words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grafito import graph
from grafito.datasets.vocabulary import SPLITS, STANDARDS, aligned, words
from grafito.errors import DataError
from grafito.layers.arguments import choice, integer
from grafito.layers.base import register, registry
from grafito.layers.lookup import Lookup


@register()
class TextVectorization(Lookup):
    """Each text as the numbers of its words, or as a row that says which words it holds.

    Number 0 is the end of a short text and 1 a word that is not known; rows have no number 0. It
    stands first in a model, on `Input((1,), dtype="string")`, which a Sequential adds by itself.

    Args:
        max_tokens: how many numbers there may be, those of the special terms included.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None, or a
            function of one text.
        split: "whitespace", "character", None, or a function from one text to its words.
        ngrams: n for runs of 1 to n words, or a tuple of these lengths.
        output_mode: "int", "multi_hot", "count" or "tf_idf".
        output_sequence_length: how many numbers each text has; those of the longest by default.
        pad_to_max_tokens: make rows `max_tokens` long.
        vocabulary, idf_weights: as in `StringLookup`, without the special terms.
        sparse, encoding: Keras's; the rows are dense, the texts str or UTF-8.

    Shapes: (batch,) or (batch, 1) to (batch, length), or to (batch, numbers) for rows.

    Example:
        >>> TextVectorization(vocabulary=["cat", "dog"])(["The cat!", "Dog"]).numpy().tolist()
        [[1, 2], [3, 0]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ):
        kwargs = {"input_shape": (1,), **kwargs}
        super().__init__(
            max_tokens=max_tokens,
            mask_token="",
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            name=name,
            **kwargs,
        )
        self.standardize = self._function("standardize", standardize, STANDARDS)
        self.split = self._function("split", split, SPLITS)
        self.ngrams = ngrams
        counts = range(1, (ngrams or 1) + 1) if isinstance(ngrams, int | None) else ngrams
        self._lengths = [integer(self, "ngrams", n) for n in counts]
        self.output_sequence_length = output_sequence_length
        if output_sequence_length is not None:
            integer(self, "output_sequence_length", output_sequence_length)
        self.encoding = choice(self, "encoding", encoding, ["utf-8"])

    def _function(self, name: str, given: Any, known: dict[Any, Callable[[str], Any]]) -> Any:
        """A name of the table, or a function of the user's, perhaps by its name in a file."""
        own = registry.custom(given) if isinstance(given, str) else None
        if callable(given) or own:
            return own or given
        return given if given is None else choice(self, name, given, [n for n in known if n])

    def get_config(self) -> dict[str, Any]:
        fixed = ("num_oov_indices", "mask_token", "oov_token", "invert")
        return {n: value for n, value in super().get_config().items() if n not in fixed}

    def documents(self, batch: Any) -> list[list[str]]:
        texts = self.read(batch)
        if texts.ndim > 1 and texts.shape[1:] != (1,):
            raise DataError(
                "TextVectorization reads one text for each example.",
                where=f"x of layer {self.name!r}",
                received=f"an array of shape {texts.shape}",
                expected="(n,) or (n, 1)",
                fix="a TextVectorization for each column: x[:, 0], x[:, 1]",
            )
        standardize = STANDARDS.get(self.standardize, self.standardize)
        split = SPLITS.get(self.split, self.split)
        return [words(text, standardize, split, self._lengths) for text in texts.ravel()]

    def tokens(self, x: Any) -> Any:
        rows = [super(TextVectorization, self).tokens(row).tolist() for row in self.documents(x)]
        whole = self.output_mode == "int"
        numbers = aligned(rows, self.output_sequence_length if whole else None, 0 if whole else -1)
        if self.split is None and whole:
            numbers = numbers[:, 0]
        return numbers[0] if isinstance(x, str) else numbers

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        length = self.output_sequence_length
        if length and self.output_mode == "int" and inputs.ndim == 2 and inputs.shape[1] < length:
            inputs = graph.pad(inputs, ((0, 0), (0, length - inputs.shape[1])))  # no text was read
        return super().call(inputs)

    def token_shape(self, shape: Any) -> Any:
        if self.output_mode != "int":
            return (shape[0], None)
        return (shape[0],) if self.split is None else (shape[0], self.output_sequence_length)
