"""Run folders made by hand, as `lab.run` leaves them."""

from __future__ import annotations

import csv
import json

from grafito import figures

SUMMARY = {
    "model": "sequential",
    "titles": ["Layer (type)", "Output Shape", "Param #"],
    "rows": [
        ["dense_1 (Dense)", "(None, 300)", 235500],
        ["a_very_long_name_that_goes_on (Dense)", "(None, 10)", 3010],
    ],
    "totals": [["Total params", "238,510 (931.7 KiB)"]],
}


FINDING = "/secret/a.gz: 12,345 images of 28 x 28; the published file"


def history(end=0.4, epochs=5):
    losses = [end + 1 / (epoch + 1) for epoch in range(epochs)]
    return {"loss": losses, "val_loss": [1.1 * loss for loss in losses]}


def write_csv(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def run_folder(folder, *, numbers=None, seed=1, settings=(), curves=None, **told):
    """A run with one of everything; `told` changes its description."""
    folder.mkdir(parents=True)
    description = {
        "status": "complete",
        "experiment": "digits",
        "what": "Handwritten digits of 8 x 8 by a small dense network.",
        "asked": "What <b>can</b> it do?",
        "course": "TP1-2",
        "expected": "about 90 %",
        "variant": "wide",
        "quick": False,
        "settings": {"seed": seed, "epochs": 5, "learning_rate": 0.003, **dict(settings)},
        "engine": "reference",
        "command": "grafito run digits --variant wide --seed 1",
        "data": [{"name": "digits", "source": "a book", "files": [FINDING]}],
        "versions": {"grafito": "1.2.3", "machine": "a machine"},
        "started": "2026-01-02T03:04:05+00:00",
        "seconds": 65.2,
        "peak_memory": 1 << 28,
    }
    contents = [
        {"kind": "history", "file": "history.csv"},
        {"kind": "section", "title": "Training"},
        {
            "kind": "figure",
            "file": "curves.svg",
            "png": "curves.png",
            "title": "Confusion matrix",
            "caption": "After {epochs} epochs at {rate}.",
            "values": {"epochs": 5, "rate": 0.25},
            "lang": "en",
        },
        {"kind": "table", "file": "classes.csv", "title": "Results"},
        {"kind": "text", "title": "Data", "text": "First.\n\nSecond & last."},
        {"kind": "model", "file": "model.safetensors", "summary": SUMMARY, "parameters": 238510},
    ]
    table = curves or history()
    write_csv(
        folder / "history.csv",
        [["epoch", *table], *zip(range(len(table["loss"])), *table.values(), strict=True)],
    )
    write_csv(
        folder / "classes.csv",
        [["class", "recall", "examples", "0.03"], ["sandal", 0.5, 12000, 1], ["bag", 0.25, 7, 2]],
    )
    sheet = figures.curves(table)
    sheet.savefig(folder / "curves.svg")
    sheet.savefig(folder / "curves.png", dpi=50)
    (folder / "model.safetensors").write_bytes(b"weights")
    results = numbers or {"accuracy": 0.9777, "loss": 0.0777}
    for name, content in (
        ("configuration.json", description | told),
        ("index.json", contents),
        ("metrics.json", {**results, "epochs": 5, "seconds": 1.5}),
    ):
        (folder / name).write_text(json.dumps(content))
    return folder
