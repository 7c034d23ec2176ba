"""The program in which a student's files run; it knows NumPy and no grafito.

Its one argument is a folder with `job.json` and `inputs.npz`; it leaves `answer.json` there, and
`where.txt` with the line at which it was shortly before its time was over.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

LARGEST = 100_000  # numbers of an answer
LOOKED = 0.75  # the share of its time after which is written down where it is


def limit(memory: int, seconds: int, file: int) -> None:
    """Have the system refuse more memory, time of the processor and bytes in a file."""
    try:
        import resource
    except ImportError:  # Windows
        return
    bounds = {"RLIMIT_AS": memory, "RLIMIT_CPU": seconds, "RLIMIT_FSIZE": file, "RLIMIT_CORE": 0}
    for name, bound in bounds.items():
        with contextlib.suppress(ValueError, OSError, AttributeError):  # not on every system
            resource.setrlimit(getattr(resource, name), (bound, bound))


def plain(value: Any) -> dict[str, Any]:
    """What a student's code returned, as JSON holds it.

    Example:
        >>> plain(np.eye(2))
        {'shape': [2, 2], 'numbers': [1.0, 0.0, 0.0, 1.0]}
        >>> plain(None), plain("no")
        ({'type': 'NoneType'}, {'type': 'str'})
    """
    try:
        array = np.asarray(value)
        numbers = array.astype("float64") if array.dtype.kind in "biuf" else None
    except (TypeError, ValueError):
        numbers = None
    if numbers is None:
        return {"type": type(value).__name__}
    if numbers.size > LARGEST:
        return {"shape": list(numbers.shape), "numbers": None}
    return {"shape": list(numbers.shape), "numbers": numbers.reshape(-1).tolist()}


def told(error: BaseException, folder: Path) -> dict[str, Any]:
    """An error with the last line of the student's files that it came through."""
    answer: dict[str, Any] = {"error": type(error).__name__, "message": str(error)[:500]}
    if isinstance(error, SyntaxError):
        place = (error.filename or "", error.lineno or 0, (error.text or "").strip())
        return {**answer, "message": error.msg, "place": [Path(place[0]).name, *place[1:]]}
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).parent == folder:
            answer["place"] = [Path(frame.filename).name, frame.lineno or 0, frame.line or ""]
    return answer


def answers(job: dict[str, Any], inputs: dict[str, Any], folder: Path) -> Iterator[dict[str, Any]]:
    """The answer of each step; the last one is an error where there was one."""
    scope: dict[str, Any] = {"np": np, **inputs}
    try:
        for module, names in job["names"].items():
            loaded = importlib.import_module(module)
            for name in names:
                if not hasattr(loaded, name):
                    yield {"error": "missing", "message": name, "place": [f"{module}.py", 0, ""]}
                    return
                scope[name] = getattr(loaded, name)
        with np.errstate(all="ignore"):
            exec(job["setup"], scope)
            for before, code in job["steps"]:
                exec(before, scope)
                yield plain(eval(code, scope))
    except BaseException as error:  # whatever a student's code does, SystemExit too
        yield told(error, folder)


def main() -> None:
    """Read the job, run it, write the answers."""
    room, folder = Path(sys.argv[1]), Path.cwd()
    job = json.loads((room / "job.json").read_text(encoding="utf-8"))
    with np.load(room / "inputs.npz", allow_pickle=False) as file:
        inputs = {name: file[name] for name in file.files}
    limit(*job["limits"])
    sys.path.insert(0, str(folder))
    found = []
    with (room / "where.txt").open("w", encoding="utf-8") as file:
        faulthandler.dump_traceback_later(LOOKED * job["seconds"], file=file)
        for answer in answers(job, inputs, folder):  # one by one: the next may never come
            found.append(answer)
            (room / "answer.new").write_text(json.dumps(found), encoding="utf-8")
            (room / "answer.new").replace(room / "answer.json")
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main()
