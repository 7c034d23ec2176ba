"""Reports findings: the gravest before the first step, and the first NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from grafito.callbacks import Callback
from grafito.errors import LossWarning, warn


class Findings:
    """Findings before the first step; the gravest one is reported.

    Args:
        aloud: whether to warn; of data that nobody has given nothing is said.

    Example:
        >>> findings = Findings()
        >>> findings.add(None)
        >>> findings.tell()
    """

    def __init__(self, aloud: bool = True) -> None:
        self._aloud = aloud
        self._found: list[LossWarning] = []
        self._told: set[str] = set()

    def add(self, *findings: LossWarning | None, grave: bool = False) -> None:
        """Keep findings; grave ones come first."""
        news = [finding for finding in findings if finding is not None]
        self._found = [*news, *self._found] if grave else [*self._found, *news]

    def tell(self) -> None:
        """Warn of the first, unless it was reported before, and drop the others."""
        found, self._found = self._found[:1], []
        for finding in found:
            if self._aloud and str(finding) not in self._told:
                self._told.add(str(finding))
                warn(finding)


class FirstNaN(Callback):
    """Warns at the first epoch whose loss is NaN or infinite.

    Example:
        >>> FirstNaN().on_epoch_end(0, {"loss": 0.5})  # a number: nothing to say
    """

    only_reads_logs = True

    def __init__(self) -> None:
        self._said = False

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._look(epoch, (logs or {}).get("loss"))

    def read_epochs(self, epochs: range, logs: dict[str, list[Any]]) -> None:
        for epoch, loss in zip(epochs, logs.get("loss", ()), strict=False):
            self._look(epoch, loss)

    def _look(self, epoch: int, loss: Any) -> None:
        if self._said or not isinstance(loss, float) or math.isfinite(loss):
            return
        self._said = True
        warn(
            LossWarning(
                f"The loss became NaN in epoch {epoch + 1}, and the weights with it."
                if math.isnan(loss)
                else f"The loss became infinite in epoch {epoch + 1}, and the weights with it.",
                fix="check_finite=True in model.compile(...): it names the step and the layer",
            )
        )
