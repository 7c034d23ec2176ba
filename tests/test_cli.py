"""The command line: what it prints, the files it leaves, its exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from typer.testing import CliRunner

import grafito
from grafito import cli, datasets, lab
from grafito.figures.text import number


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli.app, words)


def test_as_a_program(tmp_path):
    strict = ["-W", "error", "-W", "ignore::DeprecationWarning"]  # of older libraries
    command = [sys.executable, *strict, "-m", "grafito", "run", "digits", "--epochs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    (folder,) = tmp_path.glob("runs/digits/*")
    assert str(folder.relative_to(tmp_path)) in done.stdout
    titles, row = (line.split() for line in done.stdout.splitlines()[-3:-1])
    assert titles == ["experiment", "accuracy", "loss", "epochs", "seconds", "engine"]
    assert (row[0], row[3]) == ("digits", "1")


@pytest.mark.parametrize("words", [["data", "verify", "digits"], ["run", "digits", "--quick"]])
def test_a_reader_that_has_had_enough(words, tmp_path):
    command = [sys.executable, "-u", "-m", "grafito", *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as running:
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 1


def test_version(run):
    assert run("--version").stdout == f"grafito {grafito.__version__}\n"


def test_list(run):
    done = run("list")
    assert done.exit_code == 0
    assert all(name in done.stdout for name in lab.names())
    assert "concatenated" in done.stdout


def test_run_with_every_option(run, tmp_path):
    words = ["--variant", "few", "--epochs", "3", "--batch-size", "2", "--seed", "7"]
    words += ["--set", "bits=3", "--set", "learning_rate=1,skip=true", "--engine", "auto"]
    assert run("run", "parity", *words, "--out", "elsewhere").exit_code == 0
    (path,) = tmp_path.glob("elsewhere/parity/*/configuration.json")
    configuration = json.loads(path.read_text())
    settings = configuration["settings"]
    assert configuration["variant"] == "few"
    expected = {
        "epochs": 3,
        "batch_size": 2,
        "seed": 7,
        "bits": 3,
        "hidden": 2,
        "learning_rate": 1.0,
        "skip": True,
    }
    assert {name: settings[name] for name in expected} == expected


# The first course exercise, x = (2.8, -1.8), w = (1.45, -0.35), b = -4: the value, and the
# gradients of w0, x0, w1, x1 and b.
POINT = "w0=1.45,x0=2.8,w1=-0.35,x1=-1.8,b=-4"
Z = "w0*x0 + w1*x1 + b"
COURSE = {
    f"1/(1+exp(-({Z})))": (0.666, 0.623, 0.323, -0.400, -0.078, 0.222),
    f"sigmoid({Z})": (0.666, 0.623, 0.323, -0.400, -0.078, 0.222),
    # 1 - tanh(0.69)**2 is 0.64242, so w1 has -1.15636; the course rounds these two upwards.
    f"tanh({Z})": (0.598, 1.799, 0.932, -1.156, -0.225, 0.642),
    f"elu({Z})": (0.690, 2.8, 1.45, -1.8, -0.35, 1),
    f"leaky_relu({Z}, negative_slope=0.1)": (0.690, 2.8, 1.45, -1.8, -0.35, 1),
}


def rows(printed):
    """The cells of each row by the name of its node, which stands before " = "."""
    lines = [line.split("  ") for line in printed.splitlines()[1:]]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    return {cell[0].split(" = ")[0]: cell[1:] for cell in cells}


@pytest.mark.parametrize("formula", COURSE)
def test_draw_the_first_exercise(formula, run, tmp_path):
    done = run("draw", formula, "--at", POINT, "--out", "fig.svg")
    assert done.exit_code == 0
    value, *gradients = (number(float(x)) for x in COURSE[formula])
    table = rows(done.stdout.rpartition("drawing")[0])
    assert [table[name][1] for name in ("w0", "x0", "w1", "x1", "b")] == gradients
    assert list(table.values())[-1] == [value, "1.000"]
    assert "0.690" in done.stdout
    drawn = "".join(ElementTree.parse(tmp_path / "fig.svg").getroot().itertext())
    for text in (value, *gradients):
        assert text.replace("-", "−") in drawn


# Formulas that begin with a minus, among options.
MINUS = {
    "first": (["-x^2", "--at", "x=3"], "−9.000"),
    "last": (["--at", "x=3", "-x^2"], "−9.000"),
    "after a negative value": (["--at", "x=-3", "-x"], "3.000"),
    "of several names": (["-t*log(p)", "--at=t=1,p=1", "--digits", "3"], "0.000"),
    "of a parenthesis": (["-(x + 1)", "--at", "x=1"], "−2.000"),
    "twice": (["--(x)", "--at", "x=1"], "1.000"),
    "of a number": (["-2*x", "--at", "x=1"], "−2.000"),
    "after two dashes": (["--at", "x=1", "--", "-x"], "−1.000"),
}


@pytest.mark.parametrize("case", MINUS)
def test_a_formula_may_begin_with_a_minus(case, run):
    words, value = MINUS[case]
    done = run("draw", *words)
    assert done.exit_code == 0, done.stderr
    assert list(rows(done.stdout).values())[-1][0] == value


def test_draw_parameters(run, tmp_path):
    assert run("draw", "w*x", "--parameters", "w", "--out", "fig.svg").exit_code == 0
    drawn = "".join(ElementTree.parse(tmp_path / "fig.svg").getroot().itertext())
    assert "parameter" in drawn
    wrong = run("draw", "w*x", "--parameters", "v", "--out", "fig.svg")
    assert "Unknown input 'v'" in wrong.stderr


def test_draw_without_values(run):
    lines = [line.rstrip() for line in run("draw", "w*x").stdout.splitlines()]
    assert lines == ["node", "w", "x", "#1 = w × x"]


def test_draw_the_second_exercise(run):
    point = "x=[-3.1,1.5],W=[[-0.2,2],[-0.5,-0.3]],b=[-4,-1]"
    done = run("draw", "mean(square(sigmoid(W @ x + b) - 0))", "--at", point)
    table = rows(done.stdout)
    assert table["W"][1] == "[[−0.304 0.147] [−0.406 0.196]]"
    assert table["b"][1] == "[0.098 0.131]"
    values = [cells[0] for cells in table.values()]
    assert {"[−0.380 0.100]", "[0.406 0.525]", "0.220"} <= set(values)


def test_draw_png_and_digits(run, tmp_path):
    done = run("draw", "x/3", "--at", "x=1", "--digits", "6", "--out", "fig.png")
    assert "0.333333" in done.stdout
    assert (tmp_path / "fig.png").read_bytes().startswith(b"\x89PNG")


def test_draw_shapes_where_no_values_are_given(run):
    done = run("draw", "x*y")
    assert done.exit_code == 0
    assert "gradient" not in done.stdout


@pytest.mark.parametrize("words", [["list"], ["doctor"], ["data", "list"], ["build", "list"]])
def test_a_narrow_terminal_wraps_what_a_wide_one_shows(words, run, monkeypatch):
    shown = {}
    for columns in ("20", "500"):
        monkeypatch.setenv("COLUMNS", columns)
        shown[columns] = run(*words, "--lang", "en").stdout
    assert "…" not in shown["20"]
    assert max(map(len, shown["20"].splitlines())) <= 20
    whole = {columns: "".join(re.findall(r"[^\s\d]", text)) for columns, text in shown.items()}
    assert sorted(whole["20"]) == sorted(whole["500"])  # digits apart: memory is never the same
    if words == ["list"]:
        assert "mnist-dense\n" in shown["20"]


def test_data_list(run):
    done = run("data", "list")
    assert done.exit_code == 0
    assert "fashion_mnist" in done.stdout
    assert "licence" in run("data", "list", "mnist").stdout
    assert "70,000" in run("data", "list", "mnist").stdout
    assert "70\u202f000" in run("data", "list", "mnist", "--lang", "es").stdout


def test_data_that_is_built_in(run):
    for command in ("get", "verify"):
        done = run("data", command, "digits")
        assert (done.exit_code, done.stdout) == (0, "digits: built in\n")


def test_data_on_the_disk(run, real_data):
    folder = real_data("mnist")
    assert str(folder) in run("data", "get", "mnist").stdout
    done = run("data", "verify", "mnist")
    assert done.exit_code == 0
    assert done.stdout.count("the published file") == 4


def test_findings_in_spanish(run, real_data):
    real_data("mnist")
    done = run("data", "verify", "mnist", "--lang", "es")
    assert done.stdout.count("el archivo publicado") == 4
    assert "60\u202f000 imágenes de 28 × 28" in done.stdout


def test_damaged_data_is_a_failure(run, tmp_path, monkeypatch):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b nothing")
    monkeypatch.setenv("GRAFITO_DATA", str(tmp_path))
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path / "cache"))
    done = run("data", "verify", "mnist")
    monkeypatch.undo()
    assert done.exit_code == 1
    assert done.stdout.count("not here") == 3


SPANISH = {
    "list": (["list"], ["experimento", "incluido", "Variantes: plain"]),
    "run": (["run", "ice-creams", "--epochs", "1"], ["Época 1/1", "épocas", "carpeta", "motor"]),
    "draw": (["draw", "x/4", "--at", "x=1", "--out", "fig.svg"], ["nodo", "0,250", "dibujo"]),
    "data": (["data", "list"], ["datos"]),
}


@pytest.mark.parametrize("command", SPANISH)
@pytest.mark.parametrize("way", ["option", "variable"])
def test_spanish(command, way, run, monkeypatch):
    words, expected = SPANISH[command]
    if way == "option":
        done = run(*words, "--lang", "es")
    else:
        with monkeypatch.context() as surroundings:
            surroundings.setenv("GRAFITO_LANG", "es")
            done = run(*words)
    assert done.exit_code == 0
    assert not [text for text in expected if text not in done.stdout]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("run", "Realiza un experimento."),
        ("report", "Dibuja de nuevo el informe"),
        ("compare", "Compara ejecuciones"),
        ("search", "Prueba valores de los ajustes"),
    ],
)
def test_help_in_spanish(command, words):
    program = f"from grafito.cli import app; app(['{command}', '--help'])"
    shown = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"GRAFITO_LANG": "es", "PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "utf-8"},
    )
    assert words in shown.stdout


# Words, exit code, and what the message says.
WRONG = {
    "unknown experiment": (["run", "minst-dense"], 2, "try        'mnist-dense'"),
    "unknown variant": (["run", "xor", "--variant", "plane"], 2, "'plain'"),
    "unknown setting": (["run", "xor", "--set", "bist=3"], 2, "'bits'"),
    "setting of another type": (["run", "xor", "--set", "bits=two"], 2, "int"),
    "unreadable setting": (["run", "xor", "--set", "bits"], 2, "NAME=VALUE"),
    "unknown engine": (["run", "xor", "--engine", "refernce"], 2, "'reference'"),
    "unknown language": (["run", "xor", "--lang", "fr"], 2, "en, es"),
    "no epochs": (["run", "xor", "--epochs", "0"], 2, "at least 1"),
    "no number": (["run", "xor", "--epochs", "many"], 2, "--epochs"),
    "unknown command": (["rnu"], 2, "run"),
    "unknown option": (["run", "xor", "--epoch", "1"], 2, "--epochs"),
    "no name": (["run"], 2, "name"),
    "unwritable folder": (["run", "xor", "--epochs", "1", "--out", "file"], 1, "cannot be written"),
    "broken formula": (["draw", "1/(1+"], 2, "column 6"),
    "unknown function": (["draw", "sigmiod(x)"], 2, "sigmoid"),
    "missing value": (["draw", "x*y", "--at", "x=1"], 2, "try        --at x=1,y=1"),
    "value of nothing": (["draw", "x", "--at", "x=1,y=[2]"], 2, "'y'"),
    "no value": (["draw", "x", "--at", "x=one"], 2, "'x' is not a number"),
    "ragged rows": (["draw", "x", "--at", "x=[[1],[2,3]]"], 2, "a table of numbers"),
    "unknown level": (["draw", "x", "--at", "x=1", "--level", "op", "--out", "x.svg"], 2, "'ops'"),
    "unknown format": (["draw", "x", "--at", "x=1", "--out", "x.txt"], 2, "'txt'"),
    "no such folder": (["draw", "x", "--at", "x=1", "--out", "no/x.svg"], 1, "no/x.svg"),
    "no run": (["report", "."], 1, "not the folder of a run"),
    "nothing to compare": (["compare", "no"], 1, "no such folder"),
    "search of one value": (["search", "digits", "--set", "epochs=3"], 2, "--set epochs=3,6"),
    "search of nothing": (["search", "digits", "--set", "epoch=3,4"], 2, "'epochs'"),
    "search of too much": (
        ["search", "digits", "--set", f"epochs={','.join(map(str, range(1, 301)))}"],
        2,
        "--set epochs=1,151,300",
    ),
    "search by the test part": (["search", "xor", "--set", "bits=2,3"], 2, "validation_split=0.2"),
    "unknown data": (["data", "get", "nmist"], 2, "'mnist'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_errors_are_messages(case, run, tmp_path):
    (tmp_path / "file").write_text("")
    words, code, message = WRONG[case]
    done = run(*words)
    assert done.exit_code == code
    assert message.lower() in done.stderr.lower()  # older versions of Typer write NAME
    assert "Traceback" not in done.stderr
    assert isinstance(done.exception, SystemExit)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "minst-dense", "--lang", "es"], "Experimento desconocido: 'minst-dense'."),
        (["run", "xor", "--set", "bits", "--lang", "es"], "esperado   como en w=2,x=[1,-1]"),
        (["draw", "1/(1+", "--lang", "es"], "dónde      columna 6\n"),
        (["draw", "sigmoid(", "--lang", "es"], "Falta un valor al final de la fórmula.\n"),
        (
            ["draw", "clip(x)", "--lang", "es"],
            "clip no se puede llamar así: falta el argumento 'low'.",
        ),
        (["draw", "|x", "--lang", "es"], "Falta cerrar una barra."),
        (["draw", "x", "--at", "y=1", "--lang", "es"], "La fórmula no tiene el nombre 'y'."),
        (["draw", "x", "--parameters", "v", "--lang", "es"], "Entrada desconocida: 'v'."),
        (["draw", "sum(x, axis=3)", "--at", "x=[1]", "--lang", "es"], "No existe ese eje.\n"),
        (
            ["draw", "x+y", "--at", "x=[1,2],y=[1,2,3]", "--lang", "es"],
            "Las formas no se pueden combinar elemento a elemento.\n",
        ),
        (["draw", "x", "--out", "no/x.svg", "--lang", "es"], "No existe el archivo o la carpeta"),
        (["draw", "x*y", "--at", "x=1", "--lang", "es"], "La entrada 'y' no tiene valor.\n"),
        (["draw", "x", "--at", "x=abc", "--lang", "es"], "El valor de 'x' no es un número ni"),
        (["draw", "x", "--out", "no/x.svg", "--lang", "es"], "No se puede escribir el archivo"),
        (["report", "nowhere", "--lang", "es"], "No existe tal carpeta."),
        (["run", "xor", "--lang", "fr"], "Unknown language 'fr'."),
    ],
)
def test_errors_in_spanish(words, message, run):
    done = run(*words)
    assert done.exit_code > 0
    assert message in done.stderr


def test_missing_data_says_what_to_do(run, tmp_path, monkeypatch):
    monkeypatch.setenv("GRAFITO_DATA", "")
    monkeypatch.setenv("GRAFITO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    done = run("run", "mnist-dense")
    monkeypatch.undo()
    assert done.exit_code == 1
    assert "train-images-idx3-ubyte.gz (9.9 MB)" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_a_wrong_language_in_the_surroundings(tmp_path):
    import os

    command = [sys.executable, "-m", "grafito", "list"]
    env = {**os.environ, "GRAFITO_LANG": "fr"}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Unknown language 'fr'.")


def test_a_quick_form_that_is_none_is_told(run):
    words = ("run", "ice-creams", "--quick", "--epochs", "1")
    assert "--quick no cambia nada" in run(*words, "--lang", "es").stdout
    assert "--quick" not in run("run", "digits", "--quick").stdout


def test_several_seeds_end_with_their_report(run, tmp_path):
    done = run("run", "xor", "--seeds", "2", "--set", "epochs=2")
    (page,) = tmp_path.glob("runs/xor/*/report.html")
    assert done.stdout.splitlines()[-1] == f"report {page.relative_to(tmp_path)}"


def test_search(run, tmp_path):
    words = [
        "search",
        "digits",
        "--quick",
        "--set",
        "epochs=1",
        "--set",
        "learning_rate=0.01,0.001",
    ]
    done = run(*words, "--seeds", "1", "--engine", "reference", "--lang", "es")
    assert done.exit_code == 0, done.stderr
    assert "con learning_rate=0.01." in done.stdout
    (page,) = tmp_path.glob("runs/search/*/report.html")
    assert done.stdout.splitlines()[-1] == f"informe {page.relative_to(tmp_path)}"


def test_build(run, tmp_path):
    assert "Softmax" in run("build", "list").stdout
    done = run("build", "start", "--lang", "es")
    assert "Eso no los aísla" in done.stdout
    assert "se guarda para la vuelta" in (tmp_path / "my-network" / "dense.py").read_text()
    done = run("build", "check")
    assert (done.exit_code, "Not written yet." in done.stdout) == (1, True)
    path = tmp_path / "my-network" / "sgd.py"
    path.write_text("def sgd(w, gradient, rate):\n    return w + rate * gradient\n")
    done = run("build", "check", "sgd")
    assert "it is to fall" in done.stdout
    assert "second hint: Return" not in done.stdout
    assert "grafito build check sgd --hint\n" in done.stdout
    assert "second hint: Return" in run("build", "check", "sgd", "--hint").stdout
    path.write_text("def sgd(w, gradient, rate):\n    return w - rate * gradient\n")
    assert run("build", "check", "sgd").exit_code == 0
    assert "mnist" in run("build", "check", "mnits").stderr
    assert "build start --folder no" in run("build", "check", "--folder", "no").stderr


def test_explain_in_spanish(run):
    told = run("explain", "lenet", "--engine", "llvm", "--lang", "es").stdout
    measured = run("explain", "digits", "--profile", "--engine", "llvm", "--lang", "es").stdout
    for word in ("núcleo", "disposición", "escribe en", "convolución, gradiente de su", "todos"):
        assert word in told
    for word in ("% del paso", "limitado por", "Un solo hilo", "producto de matrices"):
        assert word in measured
    english = (
        r"(?<!/)\b(kernels?|layer|computes|threads|writes|rows|gradient of|arena at|bound|roof)\b"
    )
    assert not re.search(english, told + measured)
    assert not re.search(r"\d\.\d (KiB|MiB|k|M)\b", told)


@pytest.mark.parametrize("name", datasets.names())
def test_data_cards_in_spanish(run, name):
    told = run("data", "list", name, "--lang", "es").stdout
    assert not re.search(r"fuente +[^:]*\b(and|others|exercise)\b|the test part", told)


def test_explain(run):
    done = run("explain", "digits", "--batch-size", "48", "--engine", "llvm")
    assert done.exit_code == 0
    assert "matrix product" in done.stdout
    assert "48 x 10" in done.stdout
    assert "% of roof" in run("explain", "digits", "--profile", "--engine", "llvm").stdout
    assert "== images as lanes" in run("explain", "digits", "--passes", "--engine", "llvm").stdout
    assert "one network" in run("explain", "two-neurons").stderr
    assert run("explain", "two-neurons").exit_code == 2
