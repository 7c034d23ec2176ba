"""Everything that is shown has a Spanish text, no Spanish text is left over, none is half done."""

from __future__ import annotations

import gettext
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

import grafito
from grafito import datasets, figures, graph, lab, language, layers
from grafito.errors import (
    ArgumentError,
    GrafitoError,
    GrafitoWarning,
    UnknownNameError,
    missing_attribute,
    unknown_name,
)

sys.path.append(str(Path(__file__).resolve().parents[1]))  # the tool is no part of the package

from translations import __main__ as catalogues
from translations import sources

ADVICE = "python -m translations"
(SPANISH,) = catalogues.CATALOGUES
TEXTS = {message.id for message in catalogues.extracted() if message.id}
TRANSLATED = {message.id: message for message in catalogues.read(SPANISH) if message.id}


def test_no_text_is_missing_and_none_is_left_over():
    assert len(TEXTS) > 100
    assert TEXTS - TRANSLATED.keys() == set(), ADVICE
    assert TRANSLATED.keys() - TEXTS == set(), ADVICE


def test_the_template_is_up_to_date():
    assert {m.id for m in catalogues.read(catalogues.TEMPLATE) if m.id} == TEXTS, ADVICE


def test_every_text_has_a_translation_that_someone_stands_for():
    empty = [text for text, message in TRANSLATED.items() if not message.string.strip()]
    fuzzy = [text for text, message in TRANSLATED.items() if message.fuzzy]
    assert (empty, fuzzy) == ([], [])


CODE = r"""[\w\]]\(.*\)|\w=[\w{]|lambda |"\w+": """

# Spanish texts with three decimals, which look like English thousands.
DECIMALS = {"loss 0.220", "loss 0.338, accuracy 88.2 %, with 266,610 parameters", "R² 0.669"}


def places(text):
    """The names, or numbers, of the values that a text takes."""
    names = re.findall(r"(?<!{){(\w*)}", text)
    return sorted(name or str(number) for number, name in enumerate(names))


def test_translations_take_the_same_values():
    with_values = [text for text in TEXTS if places(text)]
    assert len(with_values) > 20
    assert [t for t in with_values if places(t) != places(TRANSLATED[t].string)] == []


def test_numbers_are_written_as_spanish_does():
    """A comma before decimals; a narrow space that does not break between thousands, or nothing."""
    verbatim = {"CC BY 4.0", "CC BY-SA 3.0 (Yann LeCun and Corinna Cortes)", "at most 1.8e308"}
    verbatim |= {text for text in TRANSLATED if re.search(CODE, text)}  # code
    english = r"\d\.\d|\d,\d{3}(?!\d)|\d \d{3}(?!\d)"
    wrong = {t for t, message in TRANSLATED.items() if re.search(english, message.string)}
    assert wrong - DECIMALS <= verbatim


def test_compiled_is_what_was_written():
    with SPANISH.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    different = [
        t for t, message in TRANSLATED.items() if compiled.gettext(t) != (message.string or t)
    ]
    assert different == [], ADVICE


def test_experiments_speak_spanish():
    say = language.translator("es")
    assert not [kind.name for kind in lab.kinds().values() if say(kind.what) == kind.what]


# Source, and the texts in it.
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('_("one"), message("two"), translate("three"), N_("4 5")', ["one", "two", "three"]),
        ('N_("four")', ["four"]),
        ('_("one" if x else "two")', ["one", "two"]),
        (
            'class A(B):\n what = "one"\n name = "two"\n class_names: C = ("three", "four")',
            ["one", "three", "four"],
        ),
        ('class A(B):\n together = {"no": ("one", "two")}', ["one", "two"]),
        ('record.table("file", ["one", "two"], rows, title="three")', ["one", "two", "three"]),
        ('record.figure("file", figure, "one", "two")', ["one", "two"]),
        ('axes.text(0, 1, "no")', []),
        (
            'raise ShapeError(f"one{x}", where="no", received=f"two {y!r}", fix=a or "three 4")',
            ["one{}", "two {}", "three 4"],
        ),
        ('raise ShapeError(a, where=f"one {x}", fix=f"no={x}")', ["one {}"]),
        ('LossWarning("one", fix="two 3")', ["one", "two 3"]),
        ('rows = {"received": a, "expected": b}', ["received", "expected"]),
        ("def measure(self):\n return {'one_two': 3, **more}", ["one two"]),
        ('record.metrics({"one": 1})', ["one"]),
        ('_("1 2 x =")', []),
        # Prose, wherever it stands
        ('HINTS = {"no": "one two three", "no no": f"four {x} five six seven"}',
         ["one two three", "four {} five six seven"]),
        ('fix = "one two three" + (f" or {x}" if x else "") + "!"',
         ["one two three or {}!", "one two three!"]),
        ('def f():\n    """no no no"""\n    place = "outside upper right"', []),
    ],
)  # fmt: skip
def test_texts_are_found(source, expected, tmp_path):
    assert texts_in(source, tmp_path) == expected


def texts_in(source, tmp_path, **options):
    path = tmp_path / "src" / "grafito" / "a.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)
    with path.open("rb") as file:
        return [text for _, _, text, _ in sources.texts(file, {}, (), options)]


def test_prose_is_a_text_but_where_it_is_verbatim(tmp_path):
    assert texts_in('"one two three", "four or five"', tmp_path, tables="a.py") == [
        "one two three",
        "four or five",
    ]
    assert texts_in('x = "one two three"', tmp_path, verbatim="a.py") == []


def test_settings_are_found(tmp_path):
    (tmp_path / "a.py").write_text(
        "class A(B):\n batch_size: int = 1\n names: ClassVar[int] = 2\nclass C:\n other: int = 1"
    )
    with (tmp_path / "a.py").open("rb") as file:
        found = [text for _, _, text, _ in sources.texts(file, {}, (), {"settings": str(tmp_path)})]
    assert found == ["batch size"]


def test_kinds_of_names_are_found(tmp_path):
    (tmp_path / "a.py").write_text('unknown_name("loss", x, y); unknown_name(f"part of {z}", x, y)')
    with (tmp_path / "a.py").open("rb") as file:
        found = [text for _, _, text, _ in sources.texts(file, {}, (), {})]
    assert found == ["Unknown loss {}.", "Unknown part of {} {}."]


TOLD = {
    "plain": (ArgumentError("The formula is nested too deeply."), "La fórmula está anidada"),
    "value": (ArgumentError("The setting 'a b' is too small."), "ajuste 'a b' es demasiado"),
    "row": (
        ArgumentError("A value cannot be read.", expected="at most 3"),
        "esperado   como máximo 3",
    ),
    "kind": (unknown_name("loss", "mze", ["mse"]), "Pérdida desconocida: 'mze'."),
    "choices": (unknown_name("loss", "mze", ["mse", "mae"]), "esperado   uno de mae, mse"),
    "order": (unknown_name("'padding' of Conv2D", "x", []), "Conv2D no admite 'x' como 'padding'."),
    "what was typed": (ArgumentError("No.", received="salt and pepper"), "salt and pepper"),
    "joined values": (ArgumentError("No.", received="(2, 3) and (4,)"), "(2, 3) y (4,)"),
    "any kind": (unknown_name("thing", "x", []), "Nombre desconocido (thing): 'x'."),
    "unknown": (ArgumentError("Nobody wrote this.", received="loss"), "Nobody wrote this."),
    "words of others": (ArgumentError("The owl of the house has no feathers."), "The owl of the"),
    "others' sentence": (ArgumentError("No.", received="no space left on device"), "no space left"),
    "sentence among values": (
        ArgumentError("No.", fix="if a `where` is to avoid this value, two sizes; else two sizes"),
        "si un `where` debe evitar este valor, dos tamaños; si no, dos tamaños",
    ),
    "kind of object": (missing_attribute(None, "model", "fit_predict"), "Un modelo no tiene"),
    "warning": (GrafitoWarning("`decay` is ignored, as in Keras 3.").error, "no se tiene en"),
}


def filled(text):
    """The text with something in each place, and the same in its translation."""
    values = [f"'{i}'" for i in range(text.count("{}"))]
    return text.format(*values), TRANSLATED[text].string.format(*values)


def test_each_template_is_told_by_its_own_translation():
    """No shorter one takes its place."""
    plain = [t for t in TEXTS if "{}" in t and "{}{}" not in t and not re.search(r"{\w+}", t)]
    with language.use("es"):
        wrong = {text for text in plain if language.retell(filled(text)[0]) != filled(text)[1]}
    assert wrong == set()


def test_a_key_error_speaks_spanish():
    with language.use("es"), pytest.raises(KeyError) as error:
        grafito.callbacks.History().history["los"]
    with language.use("es"):
        assert "esperado   ninguno" in str(error.value)


@pytest.mark.parametrize("case", TOLD)
def test_errors_are_retold(case):
    error, told = TOLD[case]
    with language.use("es"):
        assert told in error.told(language.retell)
    assert error.told(language.retell) == error.message == str(error)


@pytest.mark.parametrize(
    ("name", "spanish", "english"),
    [
        ("learning_rate", "tasa de aprendizaje", "learning rate"),
        ("wide slope", "pendiente (ancha)", "wide slope"),
        ("L2 training accuracy", "exactitud de entrenamiento (L2)", "L2 training accuracy"),
        ("separable errors", "errores (separables)", "separable errors"),
        ("plain right", "aciertos (simple)", "plain right"),
        ("my own slope", "pendiente (my own)", "my own slope"),
        ("my_own", "my own", "my own"),
        ("", "", ""),
    ],
)
def test_names_in_words(name, spanish, english):
    assert language.in_words(name) == english
    with language.use("es"):
        assert language.in_words(name) == spanish


@pytest.mark.parametrize(
    ("name", "spanish"),
    [
        ("one-by-one", "uno a uno"),
        ("full-batch, one-by-one", "lote completo, uno a uno"),
        ("hidden units: 5", "unidades ocultas: 5"),
        ("dog", "perro"),
        ("a dog", "a dog"),
        ("table lamp", "table lamp"),
        (2.5, "2.5"),
        ("", ""),
    ],
)
def test_names_of_things(name, spanish):
    assert language.namer("es")(name) == spanish
    assert language.namer("en")(name) == str(name)


@pytest.mark.parametrize(
    ("asked", "surroundings", "chosen"),
    [
        ("es", {"GRAFITO_LANG": "en"}, "es"),
        ("en", {"GRAFITO_LANG": "es"}, "en"),
        (None, {"GRAFITO_LANG": "es"}, "es"),
        (None, {"LANG": "es_AR.UTF-8"}, "es"),
        (None, {"LANG": "en_US.UTF-8", "LC_ALL": "es_ES"}, "es"),
        (None, {"LANG": "fr_FR"}, "en"),
        (None, {"LANG": "C.UTF-8"}, "en"),
        (None, {}, "en"),
    ],
)
def test_choice(asked, surroundings, chosen, monkeypatch):
    for name in ("GRAFITO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    assert language.choose(asked) == chosen


def test_nothing_stays_nothing():
    """gettext keeps its header under the empty text."""
    assert language.translator("es")("") == ""


@pytest.mark.parametrize("call", [language.choose, language.translator])
def test_a_language_that_is_not_spoken(call):
    with pytest.raises(UnknownNameError, match="en, es"):
        call("fr")


def test_the_language_ends_with_its_block():
    with language.use("es"), language.use("en"):
        assert language.translate("loss") == "loss"
    assert language.current() == "en"


# What is said in a language that `set_language`, a block or the surroundings ask for.
SPOKEN = {
    "nothing": (None, None, None, "en"),
    "surroundings": ("es", None, None, "es"),
    "surroundings, longer": ("es_AR.UTF-8", None, None, "es"),
    "another language": ("fr", None, None, "en"),
    "the program": (None, "es", None, "es"),
    "the program against the surroundings": ("es", "en", None, "en"),
    "a block": ("es", "es", "en", "en"),
    "a block against the surroundings": (None, None, "es", "es"),
}


@pytest.mark.parametrize("case", SPOKEN)
def test_python_speaks_the_language_it_is_asked_for(case, monkeypatch):
    surroundings, program, block, spoken = SPOKEN[case]
    monkeypatch.setenv("LANG", "es_ES.UTF-8")  # the locale is asked by the command line alone
    monkeypatch.delenv("GRAFITO_LANG", raising=False)
    if surroundings:
        monkeypatch.setenv("GRAFITO_LANG", surroundings)
    try:
        grafito.set_language(program)
        with language.use(block):
            assert language.current() == spoken
            other = threading.Thread(target=lambda: found.append(language.current()))
            found: list[str] = []
            other.start()
            other.join()
            said = str(ArgumentError("The formula is nested too deeply.", expected="at most 3"))
            table = figures.graph_table("w/2", {"w": 1})
            shown = figures.curves({"loss": [1.0]}).alt
    finally:
        grafito.set_language(None)
    if not block:
        assert found == [spoken]
    words = {
        "en": ("nested", "expected", "value", "0.5"),
        "es": ("anidada", "esperado", "valor", "0,5"),
    }
    for text, word in zip((said, said, table, table), words[spoken], strict=True):
        assert word in text
    assert ("pérdida" in shown) == (spoken == "es")


def test_a_program_in_spanish():
    program = (
        "import numpy as np, grafito; from grafito import layers, lab\n"
        "m = grafito.Sequential([layers.Input((2,)), layers.Dense(1)]); m.compile('sgd', 'mse')\n"
        "m.fit(np.ones((40, 2)), np.ones((40, 1)), verbose=2, validation_split=0.25)\n"
        "m.summary()\n"
        "result = lab.run(lab.get('xor', epochs=1), out='here', verbose=0)\n"
        "print(result.table(), (result.folder / 'report.html').read_text(encoding='utf-8')[:60])\n"
        "m.fit(np.ones((40, 2)), np.ones((30, 1)))"
    )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True, text=True, check=False, cwd=folder,
            env={**os.environ, "GRAFITO_LANG": "es", "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
    for words in ("Época 1/1", "10 de 40 ejemplos", "Capa (tipo)", "Parámetros en total",
                  "experimento", 'lang="es"'):  # fmt: skip
        assert words in done.stdout
    assert "  recibido   " in done.stderr


@pytest.mark.parametrize("name", ["applications", "Sequental", "zzz"])
def test_an_unknown_name_has_one_hint(name):
    program = f"import grafito; grafito.{name}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "Did you mean" not in done.stderr
    assert done.stderr.count("  try  ") == (name != "zzz")


# Errors of data, training, graphs and figures, and words of their Spanish.
ERRORS = {
    "data": (lambda: trained().fit(np.ones((4, 2)), np.ones(3)), "mismo número de ejemplos"),
    "shape": (lambda: trained().fit(np.ones((4, 3)), np.ones(4)), "forma para la que se construyó"),
    "finite": (lambda: trained().fit(np.full((4, 2), np.nan), np.ones(4)), "no son finitos"),
    "graph": (lambda: graph.constant([1.0, 2.0]) + graph.constant([1.0, 2.0, 3.0]), "formas no"),
    "formula": (lambda: graph.parse("sigmoid("), "al final de la fórmula"),
    "drawing": (lambda: figures.draw_graph("w*x", {"w": 1}), "La entrada 'x' no tiene valor"),
    "figure": (lambda: figures.confusion_matrix([1, 2]), "matriz de confusión debe ser cuadrada"),
    "table": (lambda: datasets.read_csv(__file__), "línea"),
}  # fmt: skip


def trained():
    model = grafito.Sequential([layers.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("case", ERRORS)
def test_errors_speak_spanish(case):
    call, words = ERRORS[case]
    with pytest.raises(GrafitoError) as caught:
        call()
    with language.use("es"):
        said = str(caught.value)
    assert words in said
    assert words not in str(caught.value)
    assert not re.search(r"\b(the|expected|received|where|try)\b", said.partition("\n")[0])
