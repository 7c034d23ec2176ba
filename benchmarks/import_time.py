"""How long `import grafito` takes, each time in a fresh interpreter.

The goal is 0.3 s, of which NumPy is the largest part; it is measured alone beside it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

REPEATS = 7
GOAL = 0.3  # seconds

_PROGRAM = """
import time
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


def import_seconds(module: str, repeats: int = REPEATS) -> list[float]:
    """Seconds that `import module` took in each of several fresh interpreters, in order.

    One more run comes first and is not counted: it fills the file cache and compiles to bytecode.
    """
    program = [sys.executable, "-c", _PROGRAM.format(module=module)]
    times = [
        float(subprocess.run(program, check=True, capture_output=True, text=True).stdout)
        for _ in range(repeats + 1)
    ]
    return sorted(times[1:])


def main() -> None:
    """Print the median and the range for NumPy and for grafito."""
    print(f"import time in seconds, median of {REPEATS} fresh interpreters (range)")
    for module in ("numpy", "grafito"):
        times = import_seconds(module)
        print(f"{module:<8} {statistics.median(times):.3f}  ({times[0]:.3f} to {times[-1]:.3f})")
    print(f"{'goal':<8} {GOAL:.3f}")


if __name__ == "__main__":
    main()
