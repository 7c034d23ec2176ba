"""Files that an earlier version wrote (commit e7e5ddf) load, predict and train on for ever."""

from pathlib import Path

import numpy as np
import pytest

from grafito import layers
from grafito.models import load_model

FOLDER = Path(__file__).parent / "files_e7e5ddf"
FILES = sorted(FOLDER.glob("*.safetensors"))
EPOCHS = 2  # trained before the models were saved
# Layers younger than the files, and the one whose function no file holds.
SINCE = {"Lambda", "Operation", "CategoryEncoding", "CenterCrop", "DepthwiseConv1D"}
SINCE |= {"Discretization", "GroupNormalization", "IntegerLookup", "RandomBrightness"}
SINCE |= {"RandomContrast", "Resizing", "SeparableConv1D", "StringLookup", "TextVectorization"}
SINCE |= {"UnitNormalization", "Wrapper"}


@pytest.fixture(scope="module")
def expected():
    """For each file: inputs, targets, predictions, and the losses of one more epoch."""
    with np.load(FOLDER / "expected.npz") as arrays:
        return dict(arrays)


def parts(expected, name, part):
    """One array, or a list where the model has several inputs or outputs."""
    found = [expected[key] for key in sorted(expected) if key.startswith(f"{name}/{part}")]
    return found[0] if len(found) == 1 else found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_predicts_and_trains_on(path, expected):
    name = path.stem
    model = load_model(path)
    x, y = parts(expected, name, "x"), parts(expected, name, "y")
    predictions = model.predict(x, verbose=0)
    for ours, theirs in zip(
        listed(predictions), listed(parts(expected, name, "pred")), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5)
    if model.compiled:
        history = model.fit(x, y, epochs=EPOCHS + 1, initial_epoch=EPOCHS, batch_size=5, verbose=0)
        np.testing.assert_allclose(history.history["loss"], expected[f"{name}/loss"], rtol=2e-3)


def listed(values):
    return values if isinstance(values, list) else [values]


def test_every_kind_of_layer_that_can_be_saved_is_there():
    kinds = {
        value.__name__
        for value in vars(layers).values()
        if isinstance(value, type) and issubclass(value, layers.Layer) and value is not layers.Layer
    }
    text = "".join(path.read_bytes().decode("latin-1") for path in FILES)
    missing = {
        kind for kind in kinds if f'"class_name\\":\\"{kind}\\"' not in text.replace(" ", "")
    }
    assert missing <= SINCE
