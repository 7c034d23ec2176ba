"""Hostile model files: `cd tests && python -m faults.hostile 5000` is the long form.

Valid files whose content was changed, with digests that fit. Each must load, or give a FileError
(an UnknownNameError for a name), within seconds and within the memory that its size explains.
"""

from __future__ import annotations

import copy
import json
import random
import resource
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grafito.errors import FileError, UnknownNameError
from grafito.files import read_arrays, write_arrays
from grafito.models import load_model

FOLDER = Path(__file__).parents[1] / "models" / "files_e7e5ddf"
PATIENCE = 2.0  # seconds of the process
MEMORY = 200 << 20  # bytes beyond what stood before

VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        -1,
        3,
        7,
        10**9,
        10**18,
        10**400,
        -(10**9),
        0.5,
        1e300,
        "",
        "x",
        "relu",
    ),
    *([], {}, [1], [[1]], ["x"], [None], {"x": 1}, [10**9], [10**6, 10**6], "../x", "é" * 9, "\0"),
    {"class_name": "relu", "config": {}},
    {"class_name": "Orthogonal", "config": {}},
    {"class_name": "Dense", "config": {"units": 10**9}},
    {"class_name": "Dense", "config": {}},
    {"class_name": ["x"], "config": []},
    {"shared": 0},
    {"shared": [1]},
]


def originals() -> list[tuple[str, Any, Any]]:
    """Files with all kinds of layers, as name, arrays and content."""
    paths = sorted(FOLDER.glob("*.safetensors"))
    return [(path.stem, *read_arrays(path)) for path in paths]


def places(data: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all values inside."""
    inside = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in inside:
        yield (*at, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*at, key))


def changed(content: Any, rng: random.Random) -> tuple[str, Any]:
    """A content in which one or two values are others, or are missing."""
    content, labels = copy.deepcopy(content), []
    for _ in range(rng.choice([1, 1, 1, 2])):
        *path, last = rng.choice(list(places(content)))
        owner = content
        for key in path:
            owner = owner[key]
        if rng.random() < 0.15:
            del owner[last]
            labels.append(f"{'/'.join(map(str, [*path, last]))} is missing")
        else:
            owner[last] = copy.deepcopy(rng.choice(VALUES))
            labels.append(f"{'/'.join(map(str, [*path, last]))} = {str(owner[last])[:40]}")
    return "; ".join(labels), content


def attack(count: int, seed: int, folder: Path) -> tuple[list[str], dict[str, int]]:
    """Load so many changed files; what went wrong, and how often what came.

    Args:
        count: how many.
        seed: of the changes.
        folder: for the files.
    """
    rng, wrong, came = random.Random(seed), [], {"loaded": 0, "FileError": 0, "UnknownNameError": 0}
    files, path = originals(), folder / "hostile.safetensors"
    files = [file for file in files if "model" in file[2]]
    for number in range(count):
        name, arrays, content = rng.choice(files)
        label, content = changed(content, rng)
        write_arrays(path, arrays, content)
        problem = load(path, came)
        if problem:
            wrong.append(f"{number} {name}: {label}: {problem}")
    return wrong, came


def load(path: Path, came: dict[str, int]) -> str | None:
    """Load a file; what went wrong."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, 5 * PATIENCE)
    problem = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_model(path)
        came["loaded"] += 1
    except (FileError, UnknownNameError) as error:
        if str(path) not in str(error):
            problem = f"does not name the file: {error}"
        came[type(error).__name__ if type(error).__name__ in came else "UnknownNameError"] += 1
    except BaseException as error:
        problem = f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    seconds = time.process_time() - began
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    if seconds > PATIENCE:
        problem = f"{seconds:.1f} s; {problem}"
    if memory > MEMORY:
        problem = f"{memory >> 20} MB; {problem}"
    return problem


def _stop(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    import tempfile

    total = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    with tempfile.TemporaryDirectory() as parent:
        found, counts = attack(total, int(sys.argv[2]) if len(sys.argv) > 2 else 1, Path(parent))
    print("\n".join([*found, f"{total} files: {json.dumps(counts)}, {len(found)} wrong"]))
    sys.exit(bool(found))
