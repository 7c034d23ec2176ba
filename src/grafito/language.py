"""The language of what a user reads in a terminal: English, or Spanish from a catalogue.

A text is written in English where it is used, inside `translate`, and looked up by itself, as with
gettext. Errors, names and files stay English.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar

from grafito.errors import unknown_name

LANGUAGES = ("en", "es")

_current: ContextVar[str] = ContextVar("language", default="en")

SPANISH = {
    # The command line
    "A pencil for neural networks.": "Un lápiz para redes neuronales.",
    "Print the version.": "Muestra la versión.",
    "Name the experiments.": "Nombra los experimentos.",
    "Run an experiment.": "Realiza un experimento.",
    "Print the values and gradients of a formula; draw its graph.": (
        "Muestra los valores y gradientes de una fórmula; dibuja su grafo."
    ),
    "Data sets: what there is, downloads, checks.": (
        "Conjuntos de datos: cuáles hay, descargas, comprobaciones."
    ),
    "Name the data sets, or show the card of one.": (
        "Nombra los conjuntos de datos, o muestra la ficha de uno."
    ),
    "Find the files of a data set; download those that are not here.": (
        "Busca los archivos de un conjunto de datos; descarga los que faltan."
    ),
    "Check the files that are here, of one data set or of all.": (
        "Comprueba los archivos que hay, de un conjunto de datos o de todos."
    ),
    "A name that `grafito list` shows.": "Un nombre que muestra `grafito list`.",
    "A name that `grafito data list` shows.": "Un nombre que muestra `grafito data list`.",
    "How often all training examples are seen.": (
        "Cuántas veces se ven todos los ejemplos de entrenamiento."
    ),
    "Examples in a step.": "Ejemplos en un paso.",
    "Where the random numbers start.": "Dónde empiezan los números aleatorios.",
    "What runs the training: auto, or the name of an engine.": (
        "Qué realiza el entrenamiento: auto, o el nombre de un motor."
    ),
    "en or es; else GRAFITO_LANG, else the locale.": (
        "en o es; si no, GRAFITO_LANG; si no, la configuración regional."
    ),
    "Folder for the results.": "Carpeta para los resultados.",
    "One of the forms that `grafito list` shows.": "Una de las formas que muestra `grafito list`.",
    "Other settings of the experiment, as in bits=3,hidden=5.": (
        "Otros parámetros del experimento, como en bits=3,hidden=5."
    ),
    'For example "sigmoid(w*x + b)".': 'Por ejemplo "sigmoid(w*x + b)".',
    "Values of the names, as in w=2,x=[1,-1].": "Valores de los nombres, como en w=2,x=[1,-1].",
    "File for the drawing: .svg, .png or .pdf.": "Archivo para el dibujo: .svg, .png o .pdf.",
    "functions (one node for each, such as elu), or ops.": (
        "functions (un nodo por cada una, como elu), u ops."
    ),
    "Decimals.": "Decimales.",
    "Interrupted.": "Interrumpido.",
    "experiment": "experimento",
    "Variants:": "Variantes:",
    "data": "datos",
    "built in": "incluidos",
    "epochs": "épocas",
    "seconds": "segundos",
    "engine": "motor",
    "folder": "carpeta",
    "drawing": "dibujo",
    "partial": "parcial",
    # Training
    "Epoch": "Época",
    "Evaluating": "Evaluación",
    "Predicting": "Predicción",
    "Held out {} of {} examples": "Se apartan {} de {} ejemplos",
    "of each class": "de cada clase",
    "Ended by Ctrl-C. History and weights are kept.": (
        "Terminado con Ctrl-C. La historia y los pesos se conservan."
    ),
    # The experiments
    "accuracy": "exactitud",
    "loss": "pérdida",
    "right": "aciertos",
    "patterns": "patrones",
    "least squares loss": "pérdida mínimos cuadrados",
    "Handwritten digits of 8 x 8 by a small dense network.": (
        "Dígitos manuscritos de 8 x 8 con una red densa pequeña."
    ),
    "Handwritten digits by a dense network 784-64-32-10.": (
        "Dígitos manuscritos con una red densa 784-64-32-10."
    ),
    "Pieces of clothing by a dense network 784-300-100-10.": (
        "Prendas de ropa con una red densa 784-300-100-10."
    ),
    "Exclusive or by a network 2-2-1.": "O exclusivo con una red 2-2-1.",
    "Whether the number of ones among some bits is odd.": (
        "Si la cantidad de unos entre varios bits es impar."
    ),
    "Ice creams sold against temperature, a line by gradient descent.": (
        "Helados vendidos según la temperatura, una recta por descenso de gradiente."
    ),
    "days": "días",
    "gradient descent": "descenso de gradiente",
    "least squares": "mínimos cuadrados",
    "temperature (°C)": "temperatura (°C)",
    "ice creams sold": "helados vendidos",
    "T-shirt": "camiseta",
    "trousers": "pantalón",
    "pullover": "suéter",
    "dress": "vestido",
    "coat": "abrigo",
    "sandal": "sandalia",
    "shirt": "camisa",
    "sneaker": "zapatilla",
    "bag": "bolso",
    "boot": "bota",
    "Two half moons, three networks: what each takes for the boundary.": (
        "Dos medias lunas, tres redes: qué toma cada una por frontera."
    ),
}


def choose(lang: str | None = None) -> str:
    """The language to use: as asked for, else as GRAFITO_LANG says, else that of the locale.

    Args:
        lang: "en" or "es"; forms such as "es_AR" will do.

    Raises:
        UnknownNameError: for another language that was asked for.

    Example:
        >>> choose("es_AR.UTF-8")
        'es'
    """
    asked = lang or os.environ.get("GRAFITO_LANG")
    if asked:
        short = _short(asked)
        if short not in LANGUAGES:
            raise unknown_name("language", asked, LANGUAGES)
        return short
    settings = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    short = _short(next(filter(None, settings), ""))
    return short if short in LANGUAGES else "en"


@contextlib.contextmanager
def use(lang: str | None) -> Iterator[str]:
    """Speak the language that `choose` gives, inside a `with` block.

    Example:
        >>> with use("es"):
        ...     translate("loss")
        'pérdida'
    """
    token = _current.set(choose(lang))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def current() -> str:
    """The language being spoken; English unless `use` says otherwise.

    Example:
        >>> current()
        'en'
    """
    return _current.get()


def translate(text: str) -> str:
    """A text in the language being spoken; without a translation it stays as it is.

    Example:
        >>> translate("loss")
        'loss'
    """
    return SPANISH.get(text, text) if _current.get() == "es" else text


def _short(name: str) -> str:
    return name.replace("-", "_").replace(".", "_").partition("_")[0].lower()
