"""What holds where a program does not say: the dtype of layers, the precision of training."""

from __future__ import annotations

from grafito.errors import ArgumentError

__all__ = ["epsilon", "floatx", "precision", "set_epsilon", "set_floatx", "set_precision"]

FLOATS = ("float32", "float64", "bfloat16")

_chosen = {"floatx": "float32", "precision": "float32"}
_numbers = {"epsilon": 1e-7}


def floatx() -> str:
    """The dtype of layers that name none.

    Example:
        >>> floatx()
        'float32'
    """
    return _chosen["floatx"]


def set_floatx(value: str) -> None:
    """Choose the dtype of layers that are made from now on and name none.

    Args:
        value: "float32", "float64" or "bfloat16"; "float16" is computed as float32.

    Raises:
        ArgumentError: for another dtype.

    Example:
        >>> set_floatx("float32")
    """
    value = "float32" if value == "float16" else value
    if value not in FLOATS:
        raise ArgumentError(
            "Layers compute with floating-point numbers.",
            received=f"floatx={value!r}",
            expected=", ".join(FLOATS),
        )
    _chosen["floatx"] = value


def epsilon() -> float:
    """A small number, for divisions of one's own; losses and layers of grafito need none.

    Example:
        >>> epsilon()
        1e-07
    """
    return _numbers["epsilon"]


def set_epsilon(value: float) -> None:
    """Choose the number that `epsilon` gives.

    Example:
        >>> set_epsilon(1e-7)
    """
    if not isinstance(value, (int, float)) or not 0 < value < 1:
        raise ArgumentError(
            "The small number must lie between 0 and 1.", received=f"epsilon={value!r}"
        )
    _numbers["epsilon"] = float(value)


def precision() -> str:
    """What `compile` takes where its `precision` is not given.

    Example:
        >>> precision()
        'float32'
    """
    return _chosen["precision"]


def set_precision(value: str) -> None:
    """Choose it: "float32", or "mixed_bfloat16".

    Raises:
        ArgumentError: for another policy.

    Example:
        >>> set_precision("float32")
    """
    if value not in ("float32", "mixed_bfloat16"):
        half = "; half precision is no faster on a CPU, and loses digits" * (
            "float16" in str(value)
        )
        raise ArgumentError(
            "There is no such policy here.",
            received=f"{value!r}{half}",
            expected="'float32' or 'mixed_bfloat16'",
        )
    _chosen["precision"] = value


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
