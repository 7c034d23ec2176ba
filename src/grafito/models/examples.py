"""The data of `fit`, `evaluate` and `predict`: arrays with one example a row, or batches."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Number
from typing import Any

import numpy as np

from grafito.engines.processes import process_count, process_index
from grafito.engines.resources import thread_count
from grafito.errors import ArgumentError, DataError
from grafito.graph.dtypes import dtype_name
from grafito.graph.nest import map_structure, sequence_like
from grafito.models.frames import Columns, columns_of, frame_array, is_frame, is_series, place_in

ONE = 1.001  # sum of a row of probabilities, with its rounding
Enter = Callable[[Any], Any] | None  # what makes numbers of the texts among the inputs
_CHUNK = 1 << 18  # elements looked at together: both looks at them find them in the cache
_LARGE = 1 << 24  # bytes that several threads look at, each at a part
Extremes = tuple[float, float]


@dataclass(frozen=True)
class Examples:
    """Inputs, targets and weights of n examples, each an array or a structure of arrays."""

    x: Any
    y: Any = None
    sample_weight: Any = None
    role: str = ""  # a prefix of the names in messages, for example "validation "
    columns: Columns | None = None  # of the data frames that the arrays come from
    extremes: dict[str, Extremes] = field(default_factory=dict)  # of inputs, where they are known

    @property
    def parts(self) -> tuple[Any, Any, Any]:
        return self.x, self.y, self.sample_weight

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays by name: "x", "x[1]", "y['label']", ..."""
        names = ("x", "y", "sample_weight")
        return dict(
            leaf
            for n, p in zip(names, self.parts, strict=True)
            if p is not None
            for leaf in named_leaves(n, p)
        )

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def rows(self, indices: Any) -> Examples:
        """The examples at these positions."""
        x, y, sample_weight = (
            p if p is None else map_structure(lambda a: a[indices], p) for p in self.parts
        )
        return Examples(x, y, sample_weight, self.role, self.columns)

    @cached_property
    def spec(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Shape and dtype of each array."""
        return {name: (a.shape, dtype_name(a.dtype)) for name, a in self.arrays.items()}

    @cached_property
    def form(self) -> tuple[Any, ...]:
        """What a traced step depends on, apart from the number of examples."""
        arrays = tuple((name, shape[1:], dtype) for name, (shape, dtype) in self.spec.items())
        return repr(map_structure(lambda _: None, self.parts)), arrays


def named_leaves(name: str, structure: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of a structure with the expressions that reach them."""
    if isinstance(structure, (list, tuple)):
        for i, part in enumerate(structure):
            yield from named_leaves(f"{name}[{i}]", part)
    elif isinstance(structure, Mapping):
        for key in sorted(structure):
            yield from named_leaves(f"{name}[{key!r}]", structure[key])
    else:
        yield name, structure


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The data of a step as Keras packs it: x, (x, y) or (x, y, sample_weight).

    Example:
        >>> pack_x_y_sample_weight([1, 2], [0, 1])
        ([1, 2], [0, 1])
    """
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (list, tuple)) else x


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """The data of `train_step`, `test_step` or `predict_step` as three parts, None where absent.

    Raises:
        DataError: for more than three parts.

    Example:
        >>> unpack_x_y_sample_weight(([1, 2], [0, 1]))
        ([1, 2], [0, 1], None)
    """
    parts = tuple(data) if isinstance(data, (list, tuple)) else (data,)
    if not 1 <= len(parts) <= 3:
        raise DataError(
            "Data must be x, (x, y) or (x, y, sample_weight).", received=f"{len(parts)} parts"
        )
    return (*parts, None, None)[:3]


def batch_examples(batch: Any, role: str = "", enter: Enter = None) -> Examples:
    """A batch of a stream: x, (x, y) or (x, y, sample_weight); `enter` is called on x first."""
    parts = tuple(batch) if isinstance(batch, (list, tuple)) else (batch,)
    if not 1 <= len(parts) <= 3:
        raise DataError(
            "Data must be x, (x, y) or (x, y, sample_weight).",
            where=role.strip() or "a batch",
            received=f"a {type(batch).__name__} of {len(parts)}",
        )
    x, y, sample_weight = (*parts, None, None)[:3]
    return make_examples(x, y, sample_weight, role, enter)


def make_examples(
    x: Any, y: Any = None, sample_weight: Any = None, role: str = "", enter: Enter = None
) -> Examples:
    """Arrays as examples, after checking that they can be used; `role` is for messages.

    Raises:
        DataError: for no examples, different numbers of them, non-numbers, NaN or infinity.
    """
    columns = columns_of(x, y)
    x = enter(x) if enter and x is not None else x
    given = (("x", x), ("y", y), ("sample_weight", sample_weight))
    x, y, sample_weight = (_to_arrays(role + name, part) for name, part in given)
    examples = Examples(x, y, sample_weight, role, columns)
    arrays = {role + name: array for name, array in examples.arrays.items()}
    if x is None or not arrays:
        raise DataError("There is no input.", where=f"{role}x", fix="model.fit(x, y)")
    sizes = {name: len(a) if a.ndim else None for name, a in arrays.items()}
    if None in sizes.values():
        name = next(n for n, size in sizes.items() if size is None)
        raise DataError(
            "An array has no axis for the examples.",
            where=name,
            received="a single number",
            fix="numpy.array([value])",
        )
    if len(set(sizes.values())) > 1:
        some = [f"{name}: {size}" for name, size in sizes.items()]
        raise DataError(
            "The arrays do not have the same number of examples.",
            received=", ".join(some if len(some) < 7 else [*some[:3], "...", some[-1]]),
            fix=_size_hint(examples),
        )
    if not next(iter(sizes.values())):
        name, array = next(iter(arrays.items()))
        raise DataError("There are no examples.", where=name, received=f"shape {array.shape}")
    for name, array in examples.arrays.items():
        ends = check_finite(role + name, array, columns)
        if ends and name.startswith("x"):
            examples.extremes[name] = ends
    return examples


def _size_hint(examples: Examples) -> str | None:
    """What to write if inputs and targets have different numbers of examples."""
    x, y = examples.x, examples.y
    if isinstance(x, list):
        shapes = sorted({a.shape for a in x})
        if len(shapes) == 1:
            return "numpy.array(x), where x is a list of examples"
        some = ", ".join(map(str, shapes[:3]))
        return f"one size for all, as an array of x of one shape: there are {some}"
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        if x.ndim == 2 and x.shape[1] == len(y):
            return "x.T: an example is a row, not a column"
        if y.ndim == 2 and y.shape[1] == len(x):
            return "y.T: an example is a row, not a column"
    return None


def _to_arrays(name: str, part: Any) -> Any:
    if part is None:
        return None
    if isinstance(part, Mapping):
        return {str(key): _to_array(f"{name}[{key!r}]", part[key]) for key in part}
    if isinstance(part, (list, tuple)) and part and all(getattr(p, "ndim", 0) for p in part):
        arrays = [_to_array(f"{name}[{i}]", p) for i, p in enumerate(part)]
        return sequence_like(part, arrays) if hasattr(part, "_fields") else arrays
    return _to_array(name, part)


def _to_array(name: str, values: Any) -> np.ndarray:
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise DataError(
            "A masked array has elements without a value.",
            where=name,
            received=f"{int(np.ma.count_masked(values))} masked elements",
            fix=f"{name}.filled(0.0), or leave out these examples",
        )
    if hasattr(values, "toarray") and not hasattr(values, "__array__"):
        raise DataError(
            "A sparse matrix cannot be read.",
            where=name,
            received=type(values).__name__,
            fix=f"{name}.toarray()",
        )
    if is_frame(values) or is_series(values):
        values = frame_array(name, values)
    if callable(values) and not hasattr(values, "__array__"):
        own = getattr(values, "__name__", "")
        raise DataError(
            "A function gives data only where it is called.",
            where=name,
            received=f"the function {own or type(values).__name__}",
            fix=f"{own if own.isidentifier() else name}()",
        )
    try:
        array = values if isinstance(values, np.ndarray) else np.asarray(values)
    except ValueError as error:
        raise _uneven(name, values) from error
    if array.dtype == object and array.ndim == 1 and any(np.ndim(v) for v in array):
        raise _uneven(name, array)
    if array.dtype.kind not in "biuf":
        raise DataError(
            "An array does not hold numbers.",
            where=name,
            received=f"{type(values).__name__} with dtype {array.dtype}",
            fix=_number_hint(name, array),
        )
    if array.dtype.kind == "f" and array.dtype.itemsize not in (4, 8):
        return array.astype("float32" if array.dtype.itemsize < 4 else "float64")
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _uneven(name: str, values: Any) -> DataError:
    """The error for examples of several sizes."""
    try:
        shapes = sorted({np.shape(v) for v in values if not isinstance(v, str)}, key=str)
    except ValueError:  # arrays of several shapes within one element: (x, y)
        return DataError(
            "A list is read as one array, not as batches.",
            where=name,
            received=f"{len(values)} parts, each of arrays of several shapes",
            fix=f"iter({name}) for one epoch, a PyDataset for more",
        )
    some = ", ".join(map(str, shapes[:3])) + (", ..." if len(shapes) > 3 else "")
    long = all(len(shape) == 1 for shape in shapes)
    return DataError(
        "The rows do not have the same length.",
        where=name,
        received=f"examples of shape {some}",
        fix=f"utils.pad_sequences({name})" if long else "resize or cut the examples to one size",
    )


def _number_hint(name: str, array: np.ndarray) -> str:
    """How to turn an array into numbers."""
    try:
        array.astype("float32")
    except (TypeError, ValueError):
        return f"numpy.unique({name}, return_inverse=True)[1], the number of each text"
    return f"{name}.astype('float32')"


def check_finite(name: str, array: np.ndarray, columns: Columns | None = None) -> Extremes | None:
    """The least and the largest of some floats; None where this process does not see them all.

    Raises:
        DataError: naming the first NaN or infinite element, and its column.
    """
    if array.dtype.kind != "f" or not array.size:
        return None
    rows = max(1, _CHUNK // max(1, array[:1].size))
    first_row, last_row = 0, len(array)
    if isinstance(array, np.memmap):  # of which several processes look at a part each
        first_row, last_row = (last_row * (process_index() + i) // process_count() for i in (0, 1))
    ends = _extremes(array[first_row:last_row], rows)
    if all(map(math.isfinite, ends)):
        return ends if last_row - first_row == len(array) else None
    for start in range(first_row, last_row, rows):
        chunk = array[start : min(start + rows, last_row)]
        finite = np.isfinite(chunk)
        if not finite.all():
            first = tuple(int(i) for i in np.argwhere(~finite)[0])
            place = ", ".join(map(str, (first[0] + start, *first[1:])))
            parts = (array[at : min(at + rows, last_row)] for at in range(start, last_row, rows))
            count = sum(part.size - np.count_nonzero(np.isfinite(part)) for part in parts)
            named = place_in(columns, name, first[0] + start, first[-1])
            raise DataError(
                "The data contain non-finite values.",
                where=named or f"{name}[{place}], the first one",
                received=f"{chunk[first]} ({count} such values from there on)",
                fix=_finite_hint(name, array),
            )
    return None


def _extremes(array: np.ndarray, rows: int) -> Extremes:
    """The least and the largest number, NaN where there is one; so many rows at a time."""

    def of(part: np.ndarray) -> Extremes:
        chunks = [part[at : at + rows] for at in range(0, len(part), rows)]
        lows, highs = zip(*((chunk.min(), chunk.max()) for chunk in chunks), strict=True)
        return float(np.min(lows)), float(np.max(highs))

    if array.nbytes < _LARGE:
        return of(array) if len(array) else (math.inf, -math.inf)
    parts = [part for part in np.array_split(array, thread_count()) if len(part)]
    try:
        with ThreadPoolExecutor(len(parts)) as pool:
            lows, highs = zip(*pool.map(of, parts), strict=True)
    except RuntimeError:  # the main thread has ended, and no other begins any more
        return of(array)
    return float(np.min(lows)), float(np.max(highs))


def given_arrays(x: Any) -> Any:
    """The arrays that a model is called on, in their structure; None for anything else.

    Example:
        >>> given_arrays([[1, 2]]).tolist(), given_arrays(None)
        ([[1, 2]], None)
    """
    structure = isinstance(x, (list, tuple, Mapping))
    parts = list(x.values()) if isinstance(x, Mapping) else x
    if structure and all(isinstance(part, np.ndarray) for part in parts):
        return x
    if structure and not all(map(_has_numbers, parts)):
        return None
    with contextlib.suppress(ValueError):  # rows of several lengths: the layer says what is wrong
        array = np.asarray(x) if isinstance(x, (list, tuple, np.ndarray)) else None
        return array if array is not None and array.dtype.kind in "iuf" else None
    return None


def _has_numbers(part: Any) -> bool:
    """Whether NumPy can read it: no tensor, and no list that begins with one."""
    if isinstance(part, (list, tuple)):
        return not part or _has_numbers(part[0])
    return isinstance(part, (np.ndarray, np.generic, Number))


def _finite_hint(name: str, array: np.ndarray) -> str:
    """How to fix an array with NaN; a whole column of NaN comes from a division by 0."""
    columns = np.isnan(array).all(axis=0) if array.ndim == 2 and len(array) > 1 else np.array(False)
    if columns.any():
        column = int(np.argwhere(columns)[0][0])
        return (
            f"column {column} is all NaN, as where a constant one was divided by its deviation 0: "
            f"{name}[:, ~numpy.isnan({name}).all(axis=0)]"
        )
    return f"numpy.nan_to_num({name}), or drop those rows"


def check_class_weight(class_weight: Any) -> None:
    """Raise an ArgumentError for what is no dictionary from class to finite weight, nor None."""
    if class_weight is not None and not (
        isinstance(class_weight, Mapping)
        and all(isinstance(x, (int, float, np.number)) for p in class_weight.items() for x in p)
    ):
        raise ArgumentError(
            "class_weight must be a dictionary from class number to weight.",
            received=class_weight,
            fix="class_weight={0: 1.0, 1: 2.0}",
        )
    for label, weight in (class_weight or {}).items():
        if not np.isfinite(weight):
            raise ArgumentError(
                "A class weight must be finite.",
                where=f"class_weight[{label}]",
                received=weight,
                fix="class_weight={0: 1.0, 1: 2.0}",
            )


def weigh_classes(examples: Examples, class_weight: Any) -> Examples:
    """The examples with their weights times those of their classes.

    Raises:
        ArgumentError: for a class_weight that does not fit the labels.
    """
    check_class_weight(class_weight)
    if class_weight is None:
        return examples
    y, given = examples.y, examples.sample_weight
    if not isinstance(y, np.ndarray):
        raise ArgumentError("class_weight needs one array of targets.", received=type(y).__name__)
    rows = y.reshape(len(y), -1)
    # one-hot or probabilities, -1 in place of 0 where a hinge wants it; else they are many labels
    one_hot = y.ndim == 2 and bool((np.maximum(y, 0.0).sum(axis=1) <= ONE).all())
    if rows.shape[1] > 1 and not one_hot:
        raise ArgumentError(
            "class_weight needs one class for each example.",
            received=f"targets of shape {y.shape}, several labels in a row",
            expected="one label, or one-hot rows",
            fix="sample_weight=..., a weight for each label",
        )
    labels = y.argmax(axis=1) if rows.shape[1] > 1 else rows[:, 0]
    weights = np.ones(len(y))  # in the digits of a model of float64, too
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    if given is not None:
        given = map_structure(lambda w: w * weights.reshape(-1, *[1] * (w.ndim - 1)), given)
    weights = weights if given is None else given
    return dataclasses.replace(examples, y=y, sample_weight=weights)
