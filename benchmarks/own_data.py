"""What `lab.fit` reaches beside simpler models: `python -m benchmarks.own_data [NAME ...]`.

Seven tables: iris, wine and digits of scikit-learn, pima, Boston, California from their files, and
one that is made here, with categories and gaps. Each goes through `lab.fit` with the settings that
it chooses by itself; its held-out scores stand in `results/own-data.json`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grafito import datasets, lab
from grafito.language import numeral

NAMES = {
    "en": {"boston": "Boston", "california": "California", "pima": "Pima"},
    "es": {"boston": "Boston", "california": "California", "pima": "Pima", "made": "generada"},
}
RESULT = Path(__file__).parent / "results" / "own-data.json"
Table = tuple[Any, str]  # a data frame, and its target


def of_sklearn(name: str) -> Table:
    """A table that scikit-learn holds, its classes by name."""
    import sklearn.datasets

    held = getattr(sklearn.datasets, f"load_{name}")(as_frame=True)
    return held.frame.assign(
        target=np.asarray(held.target_names)[held.target].astype(str)
    ), "target"


def of_files(name: str, target: str) -> Table:
    """Both parts of a data set that is read from files."""
    import pandas

    module = getattr(datasets, name)
    x, y = (np.concatenate(each) for each in zip(*module.load_data(), strict=True))
    frame = pandas.DataFrame(x.astype("float64"), columns=[*module.FEATURES])
    return frame.assign(**{target: y.ravel().astype("float64")}), target


def made(rows: int = 800) -> Table:
    """Prices of homes: products of size, city, state and age, with noise of 12 % and gaps."""
    import pandas

    rng = np.random.default_rng(0)
    city = rng.choice(["Madrid", "Sevilla", "Bilbao", "Lugo"], rows, p=[0.4, 0.3, 0.2, 0.1])
    kind = rng.choice(["flat", "house", "studio"], rows, p=[0.6, 0.25, 0.15])
    studios, flats = rng.normal(35, 6, rows), rng.normal(85, 25, rows)
    size = np.where(kind == "flat", flats, rng.normal(150, 45, rows))
    size = np.where(kind == "studio", studios, size).clip(18)
    year = rng.integers(1900, 2024, rows).astype(float)
    floor = np.where(kind == "house", np.nan, rng.integers(0, 9, rows).astype(float))
    state = rng.choice(["new", "good", "to renovate"], rows, p=[0.2, 0.6, 0.2])
    unknown = rng.random(rows) < 0.15
    lift = np.where(year > 1970, "yes", rng.choice(["yes", "no"], rows))
    lift = np.where(unknown, None, lift)
    metre = {"Madrid": 4200, "Sevilla": 2300, "Bilbao": 3300, "Lugo": 1300}
    worth = {"new": 1.25, "good": 1.0, "to renovate": 0.72}
    price = np.array([metre[each] for each in city]) * size**0.92
    price *= np.array([worth[each] for each in state])
    price *= 1 + 0.004 * np.abs(year - 1960) * (year > 1960)
    price *= np.where(np.nan_to_num(floor) > 3, np.where(lift == "no", 0.85, 1.04), 1.0)
    price *= np.exp(rng.normal(0, 0.12, rows))
    for column, share in ((size, 0.05), (year, 0.15), (floor, 0.05)):
        column[rng.random(rows) < share] = np.nan
    state = np.where(rng.random(rows) < 0.1, None, state)
    columns = {"city": city, "kind": kind, "size": size.round(1), "year": year, "floor": floor}
    frame = pandas.DataFrame({**columns, "state": state, "lift": lift, "price": price.round(-2)})
    return frame, "price"


TABLES: dict[str, Callable[[], Table]] = {
    "iris": lambda: of_sklearn("iris"),
    "wine": lambda: of_sklearn("wine"),
    "digits": lambda: of_sklearn("digits"),
    "pima": lambda: of_files("pima", "diabetes"),
    "boston": lambda: of_files("boston_housing", "price"),
    "california": lambda: of_files("california_housing", "price"),
    "made": made,
}


def measured(name: str) -> dict[str, Any]:
    """The held-out scores of a table, and whether the network is as good as the better rival.

    The standard error is that of the rival's mean.
    """
    frame, target = TABLES[name]()
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        found = lab.fit(frame, target, out=folder, verbose=0)
        with (found.folder / "scores.csv").open(encoding="utf-8") as file:
            rows = [line.strip().split(",") for line in file][1:]
        metric = next(iter(found.numbers))
    scores = {row[0]: (float(row[1]), float(row[2])) for row in rows}
    rival = max((each for each in scores if each != "network"), key=lambda each: scores[each][0])
    best, error = scores[rival]
    ours = scores["network"][0]
    said = "network" if ours > best + error else "as good" if ours >= best - error else rival
    seconds = round(time.process_time() - began, 1)
    shown = {each: list(pair) for each, pair in scores.items()}
    return {"rows": len(frame), "metric": metric, **shown, "winner": said, "seconds": seconds}


SAID = {
    "en": {"network": "the network", "as good": "none", "linear model": "the linear model"},
    "es": {"network": "la red", "as good": "nadie", "linear model": "el modelo lineal"},
}
SAID["en"]["gradient boosting"], SAID["es"]["gradient boosting"] = "boosting", "el *boosting*"


def page_rows(found: dict[str, Any], lang: str) -> list[str]:
    """The rows of the table in the guide; "none" wins where the network is within one error."""
    shown = []
    for name, one in found.items():
        scores = [one[each] for each in ("network", "linear model", "gradient boosting")]
        cells = [f"{numeral(f'{a:.3f}', lang)} ± {numeral(f'{b:.3f}', lang)}" for a, b in scores]
        rows, winner = numeral(f"{one['rows']:,}", lang), SAID[lang][one["winner"]]
        shown.append(f"| {' | '.join([NAMES[lang].get(name, name), rows, *cells, winner])} |")
    return shown


def main(names: list[str]) -> None:
    """Measure these tables, or all, and write the results."""
    found = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    for name in names or TABLES:
        found[name] = measured(name)
        print(name, found[name], flush=True)
        found = {each: found[each] for each in TABLES if each in found}
        RESULT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
    for spoken in NAMES:
        print(*page_rows(json.loads(RESULT.read_text(encoding="utf-8")), spoken), sep="\n")
