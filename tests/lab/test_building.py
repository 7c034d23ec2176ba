"""Build it yourself: the path from the first file to a trained MNIST, right, wrong and empty."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
import textwrap
import time

import numpy as np
import pytest
from lab.answers import BROKEN, RIGHT, WRONG

from grafito import language
from grafito.errors import FileError, UnknownNameError
from grafito.lab import building
from grafito.lab.building import checking, exams, library, process

BY_NAME = {piece.name: piece for piece in library.PIECES}


def write(folder, name, bodies):
    """A file with these bodies in place of its stubs."""
    path = folder / f"{name}.py"
    text = path.read_text()
    for body in bodies:
        indent, stub = re.search(r"^( *)(raise NotImplementedError)$", text, re.MULTILINE).groups()
        text = text.replace(f"{indent}{stub}", textwrap.indent(body, indent), 1)
    path.write_text(text)


@pytest.fixture
def started(tmp_path):
    building.start(tmp_path)
    return tmp_path


@pytest.fixture
def solved(started):
    """All files, rightly written."""
    for name, bodies in RIGHT.items():
        write(started, name, bodies)
    return started


def told(found, hints=2):
    return "\n".join(found.lines(hints))


def test_every_piece_has_answers():
    assert list(RIGHT) == list(WRONG) == list(BY_NAME)
    assert all(len(wrong) >= 3 for wrong in WRONG.values())


def test_the_whole_path_without_mnist(solved):
    found = {}
    for one in building.check(solved):
        found[one.piece] = one
        assert one.is_right, told(one)
        if one.piece == "xor":
            break
    assert [*found] == [*BY_NAME, "xor"]
    assert found["xor"].rights == (1.0, 1.0)
    yours, theirs = found["xor"].losses
    np.testing.assert_allclose(yours, theirs, rtol=1e-6, atol=1e-12)
    assert theirs[-1] < 0.01


def test_a_part_of_mnist(solved, real_data):
    real_data("mnist")
    (found,) = building.check(solved, "mnist")
    assert found.is_right, told(found)
    assert found.rights[0] == found.rights[1] > 0.85
    with language.use("es"):
        assert re.search(r"aciertos al final: los tuyos [89]\d,\d %, los de grafito", told(found))


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers(name, solved):
    assert checking.check_piece(solved, BY_NAME[name]).is_right


CASES = [(name, case) for name, each in WRONG.items() for case in each]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{n} {c[1]!r}" for n, c in CASES])
def test_typical_wrong_answers(name, case, solved):
    old, new, code, message = case
    at = next(i for i, body in enumerate(RIGHT[name]) if old in body)
    bodies = [body.replace(old, new, 1) if i == at else body for i, body in enumerate(RIGHT[name])]
    (solved / f"{name}.py").unlink()
    building.start(solved)
    write(solved, name, bodies)
    found = checking.check_piece(solved, BY_NAME[name])
    assert not found.is_right
    assert found.findings[-1].code == code, told(found)
    assert message in told(found)
    assert told(found).count("hint:") == 2


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_answer(case, started, monkeypatch):
    body, message = BROKEN[case]
    write(started, "sgd", [body])
    run_job = process.run_job
    monkeypatch.setattr(
        checking, "run_job", lambda f, job: run_job(f, dataclasses.replace(job, seconds=4))
    )
    found = checking.check_piece(started, BY_NAME["sgd"])
    assert message in told(found)
    assert found.is_right == (case == "print")


LOST = {
    "endless": (
        {"dense": ["return x @ self.W + self.b", "while True:\n    self.dW = self.x"]},
        "layer.backward(gradient)",
        ["In dense.py, line", "`for i in range(n)` ends by itself"],
    ),
    "loop that forgets": (
        {"sgd": ["i = 0\nwhile i < 3:\n    w = w - rate * gradient\nreturn w"]},
        "sgd(w, gradient, rate)",
        ["In sgd.py, line", "what the condition reads has to change"],
    ),
    "bracket": (
        {"sgd": ["return w - (rate * gradient"]},
        "sgd(w, gradient, rate)",
        ["In sgd.py, line 6: return w - (rate * gradient", "a bracket, a quotation mark"],
    ),
    "colon": (
        {"sgd": ["for i in range(2)\n    w = w - rate"]},
        "sgd(w, gradient, rate)",
        ["In sgd.py, line 6: for i in range(2)", "or a colon that is missing"],
    ),
    "indentation": (
        {"sgd": ["w = w - rate * gradient\n  return w"]},
        "sgd(w, gradient, rate)",
        ["In sgd.py, line 7: return w", "begin in the same column"],
    ),
    "name": (
        {"sgd": ["return w - rate * grad"]},
        "sgd(w, gradient, rate)",
        ["In sgd.py, line 6", "letter by letter"],
    ),
}


@pytest.mark.parametrize("case", LOST)
def test_what_keeps_a_file_from_an_answer_has_its_own_hints(case, started, monkeypatch):
    """File, line and what to do; not the mathematics of the piece."""
    files, code, messages = LOST[case]
    for name, bodies in files.items():
        write(started, name, bodies)
    run_job = process.run_job
    monkeypatch.setattr(
        checking, "run_job", lambda f, job: run_job(f, dataclasses.replace(job, seconds=4))
    )
    (name,) = files
    found = checking.check_piece(started, BY_NAME[name])
    assert found.findings[-1].code == code, told(found)
    for text in messages:
        assert text in told(found), told(found)
    assert told(found).count("hint:") == 2
    with language.use("es"):
        assert "segunda pista: " in told(found)


def test_an_exam_names_the_line_of_an_endless_loop(solved):
    path = solved / "training.py"
    path.write_text(path.read_text().replace("    return losses", "    while losses: pass"))
    found = exams.examine(solved, dataclasses.replace(exams.exam("xor"), epochs=3, seconds=4))
    assert "In training.py, line" in told(found)
    assert "while losses: pass" in told(found)
    assert told(found).count("hint:") == 2


def test_a_file_that_is_gone_and_one_that_is_empty(started):
    (started / "sgd.py").write_text("")
    assert "sgd.py defines no sgd." in told(checking.check_piece(started, BY_NAME["sgd"]))
    (started / "sgd.py").unlink()
    assert "grafito build start" in told(checking.check_piece(started, BY_NAME["sgd"]))
    written, kept = building.start(started)
    assert [path.name for path in written] == ["sgd.py"]
    assert len(kept) == len(BY_NAME) - 1


def test_nothing_runs_on(started):
    """What a file starts ends with it."""
    body = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('pid', 'w').write(str(p.pid))\n"
        "return w - rate * gradient"
    )
    write(started, "sgd", [body])
    assert checking.check_piece(started, BY_NAME["sgd"]).is_right
    pid = int((started / "pid").read_text())
    for _ in range(100):
        if not is_running(pid):
            break
        time.sleep(0.05)
    assert not is_running(pid)


def is_running(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_files_of_ones_own_stay(started):
    (started / "dense.py").write_text("mine")
    building.start(started, "es")
    assert (started / "dense.py").read_text() == "mine"


def test_stubs_in_both_languages(tmp_path):
    for lang in language.LANGUAGES:
        building.start(tmp_path / lang, lang)
    for name in BY_NAME:
        english, spanish = (
            (tmp_path / lang / f"{name}.py").read_text() for lang in language.LANGUAGES
        )
        assert english != spanish
        codes = [ast.unparse(ast.parse(text).body[1:]) for text in (english, spanish)]
        assert codes[0] == codes[1]
        assert max(map(len, spanish.splitlines())) <= 100


def test_an_exam_tells_from_which_epoch_on_losses_differ(solved):
    text = (solved / "training.py").read_text()
    text = text.replace("losses.append(np.mean", "losses.append((len(losses) > 4) + np.mean")
    (solved / "training.py").write_text(text)
    found = exams.examine(solved, dataclasses.replace(exams.exam("xor"), epochs=10))
    assert "From epoch 6 on" in told(found)
    assert not found.is_right


@pytest.mark.parametrize("result", ["None", "losses[1:]", "'no'"])
def test_an_exam_needs_losses(result, solved):
    text = (solved / "training.py").read_text().replace("return losses", f"return {result}")
    (solved / "training.py").write_text(text)
    found = exams.examine(solved, dataclasses.replace(exams.exam("xor"), epochs=3))
    assert "the loss of each epoch" in told(found)


def test_wrong_names(started):
    with pytest.raises(UnknownNameError, match="'dense'"):
        next(building.check(started, "dens"))
    with pytest.raises(FileError, match="no such folder"):
        next(building.check(started / "nowhere"))
    (started / "file").write_text("")
    with pytest.raises(FileError, match="cannot be written"):
        building.start(started / "file")
