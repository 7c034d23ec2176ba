"""Layers that number words: they stand first in a model, and the vocabulary is saved with it.

Text is no dtype of the graph. Where data enter a model, the layer that reads a text makes numbers
of it (`tokens`); within the graph it goes on from these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from grafito import graph
from grafito.datasets.vocabulary import (
    as_texts,
    bucket,
    listed,
    looked_up,
    ranked,
    terms_at,
)
from grafito.errors import ArgumentError, DataError, GraphError
from grafito.graph.dtypes import INTEGER
from grafito.layers.arguments import choice, integer
from grafito.layers.base import Layer, register
from grafito.layers.encoding import MODES, dense, encode, not_adapted
from grafito.layers.preprocessing import batches
from grafito.layers.symbolic import Symbol, infer_outputs, is_text


class Lookup(Layer):
    """What all share: a vocabulary, its special terms in front, what is made of the numbers."""

    reads_text = True  # numbers are made of its input where data enter

    def __init__(
        self,
        *,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: Any = None,
        oov_token: Any = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.max_tokens = None if max_tokens is None else integer(self, "max_tokens", max_tokens)
        self.num_oov_indices = integer(self, "num_oov_indices", num_oov_indices, 0)
        self.mask_token, self.oov_token = mask_token, oov_token
        self.output_mode = choice(self, "output_mode", output_mode, (*MODES, "tf_idf"))
        self.invert, self.sparse = invert, dense(self, sparse)
        self.pad_to_max_tokens = pad_to_max_tokens
        self.vocabulary: list[Any] | None = None
        self.idf_weights: list[float] | None = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    @property
    def special(self) -> list[Any]:
        """What stands before the vocabulary: the mask, where indices are given, and the unknown."""
        mask = [] if self.mask_token is None or self.output_mode != "int" else [self.mask_token]
        return [*mask, *[self.oov_token] * self.num_oov_indices]

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Use these terms, in this order.

        Args:
            vocabulary: a list, an array or the path of a file, with the special terms or without.
            idf_weights: of each term, for "tf_idf".

        Raises:
            ArgumentError: for no terms, or the same one twice.
        """
        special = self.special
        if not isinstance(vocabulary, str) and list(vocabulary[: len(special)]) == special:
            vocabulary = vocabulary[len(special) :]
        terms = listed(vocabulary)
        if self.output_mode == "tf_idf" and (idf_weights is None or len(idf_weights) != len(terms)):
            raise ArgumentError(
                "tf_idf needs a weight for each term of a vocabulary that is given.",
                where=f"layer {self.name!r} ({type(self).__name__})",
                received=idf_weights if idf_weights is None else f"{len(idf_weights)} weights",
                expected=f"idf_weights, {len(terms)} numbers",
                fix="layer.adapt(data), which finds them",
            )
        self.vocabulary = terms
        self.idf_weights = None if idf_weights is None else [float(w) for w in idf_weights]

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Take the terms of data as vocabulary, the most frequent first.

        Args:
            data: an array, a list, or an iterable of batches (x or (x, y)).
            batch_size: Keras's; it changes nothing.
            steps: how many batches of an iterable are looked at; all by default.

        Raises:
            DataError: when there is no term.
        """
        special = {self.mask_token, self.oov_token}
        documents = (
            [term for term in document if term not in special]
            for i, batch in enumerate(batches(data))
            if steps is None or i < steps
            for document in self.documents(batch)
        )
        terms, idf = ranked(documents)
        if not terms:
            raise DataError(
                "There is no data to adapt to.", where=f"layer {self.name!r}", received="no term"
            )
        room = None if self.max_tokens is None else max(self.max_tokens - len(self.special), 0)
        self.vocabulary, self.idf_weights = terms[:room], idf[:room]

    def documents(self, batch: Any) -> Iterable[list[Any]]:
        """The terms of each example of a batch."""
        values = self.read(batch)
        flat = values.reshape(-1, values.shape[-1] if values.ndim > 1 else 1)
        return flat.tolist()

    def read(self, x: Any) -> Any:
        """The array of terms in what came."""
        return as_texts(x, f"x of layer {self.name!r}")

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The terms in the order of their numbers.

        Args:
            include_special_tokens: whether the mask and the unknown are among them.
        """
        return [*(self.special if include_special_tokens else ()), *self.known]

    def vocabulary_size(self) -> int:
        """How many numbers there are, those of the special terms included."""
        return len(self.special) + len(self.known)

    @property
    def known(self) -> list[Any]:
        """The vocabulary, which must be there."""
        if self.vocabulary is None:
            raise not_adapted(self)
        return self.vocabulary

    def tokens(self, x: Any) -> Any:
        """The numbers of texts, as an array that the graph goes on with; -1 counts nowhere."""
        first = len(self.special)
        places = {term: first + i for i, term in enumerate(self.known)}
        if self.mask_token is not None:
            places[self.mask_token] = 0 if self.output_mode == "int" else -1
        return looked_up(self.read(x), places, self._unknown)

    def _unknown(self, term: Any) -> int:
        n = self.num_oov_indices
        if not n:
            raise DataError(
                "A term is not in the vocabulary.",
                where=f"layer {self.name!r} ({type(self).__name__})",
                received=repr(term),
                fix="num_oov_indices=1, a number for all that is not known",
            )
        return len(self.special) - n + bucket(term, n)

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        mode, depth = self.output_mode, 0
        if mode != "int":
            padded = self.max_tokens if self.pad_to_max_tokens else None
            depth = padded or self.vocabulary_size()
        rows = encode(inputs, "count" if mode == "tf_idf" else mode, depth, self.dtype)
        if mode != "tf_idf":
            return rows
        idf = self.idf_weights or []
        weights = [*[sum(idf) / len(idf)] * len(self.special), *idf]
        return rows * graph.constant([*weights, *[0.0] * (depth - len(weights))], self.dtype)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        x = args[0] if args else None
        if self.invert:
            return self._terms(x)
        if self.reads_text and x is not None and not isinstance(x, (graph.Tensor, Symbol)):
            args = (graph.constant(self.tokens(x)), *args[1:])
        return super().__call__(*args, **kwargs)

    def _terms(self, x: Any) -> Any:
        if isinstance(x, Symbol) or graph.current_trace() is not None:
            raise GraphError(
                "Numbers become terms outside of models.",
                where=f"layer {self.name!r} ({type(self).__name__})",
                received="invert=True in a model",
                fix="layer(model.predict(x).argmax(axis=-1))",
            )
        return terms_at(x, self.get_vocabulary(), self.oov_token)

    def infer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        symbol = args[0]
        if not self.reads_text:
            return super().infer(args, kwargs)
        if not is_text(symbol):
            raise ArgumentError(
                "A layer that reads text stands first in a model.",
                where=f"layer {self.name!r} ({type(self).__name__})",
                received=f"{symbol.dtype} of shape {symbol.shape}",
                expected="an Input for text",
                fix="Input((1,), dtype='string')",
            )
        numbers = Symbol(self.token_shape(symbol.shape), "int32")
        return infer_outputs(self._call_on_tensors, (numbers, *args[1:]), kwargs)

    def token_shape(self, shape: Any) -> Any:
        """The shape of the numbers for texts of this shape."""
        return shape


@register()
class StringLookup(Lookup):
    """The number of each text in a vocabulary; texts that are not in it have numbers of their own.

    Where indices are given, the mask has number 0; then come the numbers of unknown texts, and then
    the vocabulary. It stands first in a model, on `Input(shape, dtype="string")`.

    Args:
        max_tokens: how many numbers there may be, those of the special terms included.
        num_oov_indices: how many numbers unknown texts have; 0 makes them an error.
        mask_token: a text that counts as no text.
        oov_token: what stands for the unknown in `get_vocabulary`.
        vocabulary: the texts in order, or a file with one in each line; else `adapt` finds them.
        idf_weights: of each text, for "tf_idf" with a vocabulary that is given.
        invert: texts for numbers, outside of models.
        output_mode: "int", or rows as in `CategoryEncoding`; "tf_idf" weighs its counts.
        pad_to_max_tokens: make rows `max_tokens` long.
        sparse, encoding: Keras's; the rows are dense, the texts str or UTF-8.

    Shapes: any, and the same for "int"; rows as in `CategoryEncoding`.

    Example:
        >>> StringLookup(vocabulary=["a", "b"])([["b", "z", "a"]]).numpy().tolist()
        [[2, 0, 1]]
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            name=name,
            **kwargs,
        )
        self.encoding = choice(self, "encoding", encoding, ["utf-8"])


@register()
class IntegerLookup(Lookup):
    """`StringLookup` for whole numbers, anywhere in a model.

    An unknown number x has place x mod `num_oov_indices` among those of the unknown.

    Args:
        max_tokens, num_oov_indices, mask_token, oov_token, ...: as in `StringLookup`, numbers.
        vocabulary_dtype: Keras's; any whole numbers are taken.

    Shapes: any, and the same for "int"; rows as in `CategoryEncoding`.

    Example:
        >>> IntegerLookup(vocabulary=[12, 36])([[36, 7]]).numpy().tolist()
        [[2, 0]]
    """

    reads_text = False

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            name=name,
            **kwargs,
        )
        self.vocabulary_dtype = choice(self, "vocabulary_dtype", vocabulary_dtype, list(INTEGER))

    def read(self, x: Any) -> Any:
        return graph.cast(graph.constant(x), "int64").numpy()

    def call(self, inputs: graph.Tensor) -> graph.Tensor:
        x, n, first = graph.cast(inputs, "int64"), self.num_oov_indices, len(self.special)
        numbers_of = {term: first + i for i, term in enumerate(self.known)}
        terms = sorted(numbers_of)
        order = graph.constant([numbers_of[term] for term in terms], "int32")
        sorted_terms = graph.constant(terms, "int64")
        place = graph.minimum(graph.searchsorted(sorted_terms, x), len(terms) - 1)
        unknown = graph.cast(graph.mod(x, n), "int32") + (first - n) if n else -1
        known = graph.equal(graph.take(sorted_terms, place), x)
        numbers = graph.where(known, graph.take(order, place), unknown)
        if self.mask_token is not None:
            masked = 0 if self.output_mode == "int" else -1
            numbers = graph.where(graph.equal(x, self.mask_token), masked, numbers)
        return super().call(graph.cast(numbers, "int32"))
