"""The Python program of a network that was built in the studio, in the names of Keras."""

from __future__ import annotations

from grafito.errors import ArgumentError
from grafito.language import message
from grafito.studio.examples import CLASSES, FEATURES, REGRESSION
from grafito.studio.network import WITH_LABELS
from grafito.studio.session import Session

NOT_THERE = message("Keras cannot read the file of the model that you opened.")
NOT_HERE = message("The data of an experiment are not in this program.")


def program(session: Session, library: str) -> str:
    """The Python that builds the network, trains it as far as it is now, and measures it."""
    network, settings = session.network, session.settings
    examples = network.examples
    if not examples.lines:
        raise ArgumentError(NOT_HERE, fix="grafito run NAME")
    if settings.model and library == "keras":
        raise ArgumentError(NOT_THERE, fix="Program")
    given = [line for line in examples.lines if line.startswith("from ")]
    made = [line for line in examples.lines if not line.startswith("from ")]
    lines = ["import numpy as np", f"from {library} import Sequential, layers, optimizers"]
    if settings.l1 or settings.l2:
        lines[-1] += ", regularizers"
    if settings.model:
        lines.append(f"from {library}.models import load_model")
    lines += [f"from {library}.utils import set_random_seed", *given]
    if examples.held_out.any():
        lines.append("from grafito.datasets.transforms import stratified_split")
    lines += ["", f"set_random_seed({settings.seed})", *made]
    if examples.has_features:
        columns = ", ".join(FEATURES[name].code for name in settings.features)
        lines.append(f"x = np.stack([{columns}], axis=1)")
    if network.x.shape[1:] != examples.x.shape[1:] and not examples.has_features:
        lines.append(f"x = x.reshape({(-1, *network.x.shape[1:])})")
    lines += _parts(session)
    lines += ["", *_network(session), ""]
    metrics = [] if examples.task == REGRESSION else ["accuracy"]
    kind = type(network.model.optimizer).__name__
    lines += [
        "model.compile(",
        f"    optimizers.{kind}(learning_rate={settings.rate!r}),",
        f'    loss="{network.loss}",',
        f"    metrics={metrics},",
        ")",
    ]
    held = ", validation_data=(x[held_out], y[held_out])" if examples.held_out.any() else ""
    epochs = max(1, session.steps.step // session.batches)
    lines.append(f"model.fit(x_train, y_train, batch_size={settings.batch}, epochs={epochs}{held})")
    lines.append('print("loss and accuracy:", model.evaluate(x_train, y_train, verbose=0))')
    return "\n".join(lines).replace("'", '"') + "\n"


def _parts(session: Session) -> list[str]:
    """The targets as the loss takes them, and what is held out."""
    examples, settings = session.network.examples, session.settings
    lines = []
    if examples.held_out.any():
        labels = "y" if examples.task != REGRESSION else "np.arange(len(y)) + 0.5"
        share = f"stratified_split({labels}, {settings.data.validation!r}, 0)[1]"
        lines += ["held_out = np.zeros(len(y), bool)", f"held_out[{share}] = True"]
    if examples.task == CLASSES and session.network.loss not in WITH_LABELS:
        lines.append(f"y = np.eye({len(examples.classes)})[y]")
    rows = "[~held_out]" if examples.held_out.any() else ""
    return [*lines, f"x_train, y_train = x{rows}, y{rows}"]


def _network(session: Session) -> list[str]:
    settings, network = session.settings, session.network
    if settings.model:
        return ['model = load_model("model.safetensors")  # the file that you opened']
    rule = ""
    if settings.l1 or settings.l2:
        rule = f", kernel_regularizer=regularizers.L1L2({settings.l1!r}, {settings.l2!r})"
    lines = ["model = Sequential(", "    [", f"        layers.Input(({network.x.shape[1]},)),"]
    for hidden in settings.layers:
        lines.append(
            f'        layers.Dense({hidden.units}, activation="{hidden.activation}"{rule}),'
        )
        if hidden.dropout:
            lines.append(f"        layers.Dropout({hidden.dropout!r}),")
    last = network.model.layers[-1].units
    lines.append(f'        layers.Dense({last}, activation="{network.output}"{rule}),')
    return [*lines, "    ]", ")"]
