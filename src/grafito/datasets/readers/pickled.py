"""The pickles of CIFAR, read by a small machine of our own that can run no code.

A pickle is a program for a stack machine, and `pickle.load` runs it. Here `pickletools` only cuts
it into steps, and the steps that CIFAR files hold are carried out on plain lists, dictionaries,
strings, integers and uint8 arrays. Every other step is refused; no name in the file is imported.
"""

from __future__ import annotations

import math
import pickletools
import warnings

import numpy as np

from grafito.errors import FileError

# The published files have about 300,000 steps; the cap keeps a hostile one from filling memory.
_MAX_STEPS = 2_000_000
_RECONSTRUCT = ("numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct")
_NDARRAY = "numpy ndarray"
_DTYPE = "numpy dtype"


class _Name(str):
    """A global name in the file: a mark, not the thing that it names."""


class _Dtype:
    """Stands where the file builds numpy.dtype; only uint8 is known."""

    def __init__(self, arguments: tuple):
        if arguments[0] != "u1":
            raise ValueError(f"an array of type {arguments[0]!r}; only 'u1' (uint8) is allowed")

    def build(self, state: tuple) -> None:
        """Byte order and the like mean nothing for single bytes."""


class _Array:
    """Stands where the file builds numpy.ndarray, and checks sizes before it makes one."""

    value: np.ndarray | None = None

    def build(self, state: tuple) -> None:
        _version, shape, dtype, fortran, text = state
        if not isinstance(dtype, _Dtype) or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError("an array without a proper shape or type")
        data = text.encode("latin-1")
        if math.prod(shape) != len(data):
            raise ValueError(f"{len(data)} bytes for an array of shape {tuple(shape)}")
        order = "F" if fortran else "C"
        self.value = np.frombuffer(data, np.uint8).reshape(shape, order=order)  # type: ignore[call-overload]


class _Machine:
    """The stack machine: one method call per step of the file."""

    def __init__(self) -> None:
        self.stack: list = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}

    def pop_to_mark(self) -> list:
        mark = self.marks.pop()
        items = self.stack[mark:]
        del self.stack[mark:]
        return items

    def pop(self, count: int) -> list:
        if len(self.stack) < count:
            raise ValueError("a step that takes more values than there are")
        items = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return items

    def run(self, data: bytes) -> int | None:
        """Carry out all steps and return the place of the last one."""
        end: int | None = None
        for count, (opcode, argument, end) in enumerate(pickletools.genops(data)):  # noqa: B007
            if count > _MAX_STEPS:
                raise ValueError("more steps than any CIFAR file has")
            self.step(opcode.name, argument)
        return end

    def step(self, name: str, argument) -> None:
        push = self.stack.append
        match name:
            case "PROTO" | "STOP":
                pass
            case "BININT" | "BININT1" | "BININT2" | "BINSTRING" | "SHORT_BINSTRING":
                push(argument)
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                push({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[name])
            case "EMPTY_LIST":
                push([])
            case "EMPTY_DICT":
                push({})
            case "EMPTY_TUPLE":
                push(())
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                push(tuple(self.pop(int(name[-1]))))
            case "TUPLE":
                push(tuple(self.pop_to_mark()))
            case "MARK":
                self.marks.append(len(self.stack))
            case "APPEND":
                self.extend(self.pop(1))
            case "APPENDS":
                self.extend(self.pop_to_mark())
            case "SETITEM":
                self.update(self.pop(2))
            case "SETITEMS":
                self.update(self.pop_to_mark())
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                push(self.memo[argument])
            case "GLOBAL":
                push(_known_name(argument))
            case "REDUCE":
                push(_make(*self.pop(2)))
            case "BUILD":
                (state,) = self.pop(1)
                self.stack[-1].build(state)
            case _:
                raise ValueError(f"the step {name}, which CIFAR files do not hold")

    def extend(self, items: list) -> None:
        if type(self.stack[-1]) is not list:
            raise ValueError("items for something that is not a list")
        self.stack[-1].extend(items)

    def update(self, items: list) -> None:
        if type(self.stack[-1]) is not dict:
            raise ValueError("items for something that is not a dictionary")
        self.stack[-1].update(zip(items[::2], items[1::2], strict=True))


def _known_name(argument: str) -> _Name:
    if argument not in (*_RECONSTRUCT, _NDARRAY, _DTYPE):
        raise ValueError(f"the name {argument[:80]!r}, which CIFAR files do not hold")
    return _Name(argument)


def _make(name: object, arguments: tuple) -> _Array | _Dtype:
    if isinstance(name, _Name) and name in _RECONSTRUCT:
        return _Array()
    if isinstance(name, _Name) and name == _DTYPE:
        return _Dtype(arguments)
    raise ValueError("a call of something that CIFAR files do not call")


def read_pickle(data: bytes, where: object) -> dict[str, object]:
    r"""Read a CIFAR pickle without running it.

    Args:
        data: the bytes of the pickle.
        where: the file and member, for errors.

    Returns:
        The dictionary in it; arrays are uint8.

    Raises:
        FileError: the data are damaged or hold anything that CIFAR files do not.

    Example:
        >>> read_pickle(b"\x80\x02}U\x06labels]K\x07as.", "demo")
        {'labels': [7]}
    """
    machine = _Machine()
    try:
        with warnings.catch_warnings():
            # pickletools warns of odd escapes in names; a damaged name is refused anyway.
            warnings.simplefilter("ignore")
            end = machine.run(data)
        if end != len(data) - 1:
            raise ValueError("bytes after the end of the pickle")
        (result,) = machine.stack
        items = {
            str(key): value.value if isinstance(value, _Array) else value
            for key, value in result.items()
        }
    except (ValueError, OverflowError, LookupError, TypeError, AttributeError) as error:
        raise FileError(
            "The pickle is damaged or is not from CIFAR; nothing in it was run.",
            where=where,
            received=str(error)[:200],
            expected="a dictionary of lists, strings, integers and uint8 arrays",
            fix="fetch the archive again, or use the binary version of CIFAR",
        ) from None
    return items
