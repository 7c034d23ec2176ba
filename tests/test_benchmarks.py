"""The benchmarks compare what they say: the same networks, the same numbers, honest ratios."""

import ctypes
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))  # the benchmarks are no part of the package

from benchmarks import __main__ as command  # noqa: E402
from benchmarks import contest, data, on_gpu, peak, process, report  # noqa: E402
from benchmarks.conditions import Conditions, narrowed  # noqa: E402
from benchmarks.jobs import JOBS  # noqa: E402
from benchmarks.participants import BASELINES, ENTRIES  # noqa: E402

GPU_LACKS = {
    ("", "yes"): "no GPU that JAX finds",
    ("H200", ""): "no GPU that PyTorch finds",
    ("H200", "yes"): "",
}


@pytest.mark.parametrize("found", GPU_LACKS)
def test_it_is_told_that_there_is_no_gpu(found, monkeypatch, capsys):
    here = importlib.util.find_spec
    there = {"jax": here("json"), "torch": here("json")}
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a: there.get(n) or here(n, *a))
    monkeypatch.setattr(on_gpu, "LOOK", f"print({'|'.join(found)!r})")
    assert GPU_LACKS[found] in on_gpu.obstacle()
    if GPU_LACKS[found]:
        with pytest.raises(SystemExit):
            command.parse(["xor", "--device", "gpu"])
        assert GPU_LACKS[found] in capsys.readouterr().err
    else:
        options = command.parse(["xor", "--device", "gpu"])
        assert (options.engine, options.peers) == ("jax", list(on_gpu.PEERS))


def test_a_gpu_needs_jax_and_pytorch(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, *a: None)
    assert on_gpu.obstacle() == "--device gpu needs jax: pip install jax"


def test_the_table_of_a_gpu_has_plain_times(monkeypatch, tmp_path, capsys):
    """All but the device, which stays the CPU."""
    monkeypatch.setattr(on_gpu, "obstacle", lambda: "")
    monkeypatch.setattr(on_gpu, "VARIABLES", {})
    monkeypatch.setattr(on_gpu, "TORCH", "cpu")
    words = ["xor", "--device", "gpu", "--quick", "--peers", "grafito", "pytorch", "jax"]
    command.main([*words, "--out", str(tmp_path)])
    shown = capsys.readouterr().out
    assert "| | seconds | fastest to slowest | examples/s |" in shown
    for name in ("grafito", "JAX by hand"):
        assert re.search(rf"\| {name} \| [0-9.e-]+ \| .* to .* \| [0-9,]+ \|", shown), shown
    result = json.loads((tmp_path / "xor-gpu.json").read_text())
    assert result["peak_gflops"] is None
    assert result["entries"]["grafito"]["form"] == "engine jax"
    assert not (tmp_path / "README.md").exists()


BIG = ("autoencoder", "wide-dense", "alexnet", "vgg16", "vgg16-mixed", "autoencoder-mixed")
SMALL = [name for name in JOBS if name not in BIG]
ALL = [pytest.param(name, marks=pytest.mark.slow) if name in BIG else name for name in JOBS]


@pytest.fixture(autouse=True)
def made_up_data(monkeypatch):
    """Reading the real files takes longer than the tests."""
    monkeypatch.delenv("GRAFITO_DATA", raising=False)


def tiny(name, batch=4):
    """The job with one batch of a few examples."""
    job = JOBS[name]
    return replace(job, batch=batch, steps=1, epochs=1, examples=max(batch, job.batch))


def participant(name, job, engine="reference"):
    """One who takes part, in this process."""
    entry = ENTRIES[name]
    x, y, _ = data.load(job)
    if entry.module == "in_torch" and not entry.option.endswith("channels_last") and x.ndim == 4:
        x = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    return entry.participant()(job, x, y, entry.option or engine)


def losses(name, job, steps=3):
    """The losses of the first steps, with penalties."""
    one = participant(name, job)
    found = []
    for _ in range(steps):
        penalty = one.penalty() if hasattr(one, "penalty") else 0.0
        found.append(one.run() + penalty)
    return found


@pytest.mark.parametrize("name", ALL)
def test_shapes_are_those_of_the_network(name):
    from benchmarks.participants.in_grafito import build_model

    job = JOBS[name]
    model = build_model(job)
    expected = [layer.output_shape(shape) for layer, shape in job.with_shapes()]
    assert [layer.last_outputs[0][0][1:] for layer in called(model)] == expected
    assert model.count_params() == job.count_params()


def called(model):
    """The layers after one call."""
    from grafito.models.summary import layer_costs

    layer_costs(model)
    return [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]


@pytest.mark.parametrize("name", ALL)
def test_parameters_agree_with_keras(name, keras):
    assert participant("keras", tiny(name)).count_params() == JOBS[name].count_params()


@pytest.mark.parametrize("name", ALL)
def test_parameters_agree_with_pytorch(name, torch):
    assert participant("pytorch", tiny(name)).count_params() == JOBS[name].count_params()


@pytest.mark.parametrize(
    ("name", "peer"),
    [
        (name, peer)
        for name in SMALL
        for peer in ("pytorch", "pytorch-channels-last", "pytorch-fused")
        if ENTRIES[peer].applies(JOBS[name])
    ],
)
def test_first_losses_agree_with_pytorch(name, peer, torch):
    job = tiny(name)
    assert losses(peer, job) == pytest.approx(losses("grafito", job), rel=1e-4)


@pytest.mark.parametrize("peer", ["pytorch-autocast", "pytorch-autocast-channels-last"])
def test_mixed_precision_is_near_autocast(peer, torch):
    job = replace(tiny("lenet"), precision="mixed_bfloat16")
    ours, theirs, plain = (
        losses(p, j) for p, j in (("grafito", job), (peer, job), ("pytorch", job))
    )
    assert theirs == pytest.approx(ours, rel=5e-3)
    assert theirs != plain != ours
    assert not ENTRIES[peer].applies(JOBS["lenet"])


@pytest.mark.parametrize("peer", ["keras", "jax"])
@pytest.mark.parametrize("name", SMALL)
def test_first_losses_agree_with_jax(name, peer, keras):
    job = tiny(name)
    assert losses(peer, job) == pytest.approx(losses("grafito", job), rel=1e-4)


def test_batches_come_in_order_and_the_last_is_smaller(torch):
    job = replace(JOBS["mnist-dense"], batch=8, examples=20)
    expected = losses("grafito", job)
    for peer in ("pytorch", "pytorch-loader", "jax"):
        assert losses(peer, job) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", list(JOBS))
def test_data_have_their_shapes(name):
    job = JOBS[name].short(1)
    x, y, words = data.load(job)
    assert x.shape == (job.used, *job.shape)
    assert len(y) == len(x)
    assert x.dtype == (np.int32 if job.data == "imdb" else np.float32)
    assert "random" in words or job.data in data.MADE


def test_images_are_stored_in_both_orders(tmp_path):
    data.write(tiny("lenet"), tmp_path)
    last, first = (data.read(tmp_path, channels_first)[0] for channels_first in (False, True))
    assert first.flags.c_contiguous
    assert np.array_equal(last.transpose(0, 3, 1, 2), first)


def test_an_autoencoder_has_no_second_copy_of_its_inputs(tmp_path):
    data.write(tiny("autoencoder"), tmp_path)
    x, y = data.read(tmp_path)
    assert x is y


def measured(seconds, **more):
    """What a participant tells."""
    times = {"import_seconds": 1.0, "build_seconds": 0.5, "first_seconds": 4.0}
    told = {"form": "", "compile_seconds": None, "first_loss": 2.0, "peak_bytes": 1 << 20}
    return {"title": "someone", "seconds": seconds, "losses": [], **times, **told, **more}


def result(**entries):
    """A job's result with these entries."""
    about = {"title": "A job", "floor": 1.5, "data": "random", "batch": 4, "optimizer": "sgd"}
    sizes = {"epochs": 1, "examples": 8, "scale": 10.0, "params": 9, "multiply_adds": 10**9}
    where = {"peak_gflops": 4.0, "threads": 1, "rounds": 3, "cpu": "a CPU", "busy_before": 0.5}
    return {**about, **sizes, **where, "entries": entries}


def test_ratios_are_taken_round_by_round_against_the_faster_form():
    ours = measured([1.0, 2.0, 1.0], title="grafito", compile_seconds=0.25)
    torch = {BASELINES[0]: measured([9.0] * 3), BASELINES[1]: measured([2.0, 6.0, 3.0])}
    found = result(grafito=ours, **torch)
    row = report.rows(found)["grafito"]
    assert report.baseline(found) == BASELINES[1]
    assert (row.ratio, row.ratio_range) == (3.0, (2.0, 3.0))
    assert row.seconds == 10.0  # a tenth of an epoch was run
    assert row.share == 0.5  # two billion operations in a second, of four
    assert row.compile_seconds == 0.25
    assert report.rows(found)[BASELINES[1]].compile_seconds == 1.0  # the first run took longer
    assert row.first_epoch == 1.0 + 0.5 + 4.0 + 9.0
    assert "| A job | 1.5 | 3 (2–3) | yes |" in report.summary([found])


def test_one_who_failed_is_named_with_the_reason():
    found = result(grafito={"title": "grafito", "seconds": [], "skipped": "no compiler"})
    assert report.baseline(found) is None
    assert "| grafito | not run: no compiler |" in report.details(found)
    assert "not run: no compiler" in report.document([found])


def test_a_busy_machine_is_confessed():
    found = result(grafito=measured([1.0]))
    assert "other programs used 50 % of the CPUs" in report.details(found)
    assert "other programs" not in report.details(found | {"busy_before": 0.01})


@pytest.mark.slow
def test_a_job_in_processes_of_their_own(tmp_path, capsys, torch):
    arguments = ["lenet", "--quick", "--engine", "reference", "--threads", "1"]
    peers = ["grafito", *BASELINES, "pytorch-loader"]
    command.main([*arguments, "--out", str(tmp_path), "--peers", *peers])
    stored = json.loads((tmp_path / "lenet.json").read_text(encoding="utf-8"))
    assert set(stored["entries"]) == set(peers)
    for row in report.rows(stored).values():
        assert row.skipped is None
        assert row.seconds > 0
        assert row.peak_bytes > 1 << 20
        assert row.loss == pytest.approx(report.rows(stored)["grafito"].loss, rel=1e-4)
    assert "LeNet-5" in (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "LeNet-5" in capsys.readouterr().out


@pytest.mark.slow
def test_all_are_held_to_narrow_registers(tmp_path, torch):
    """PyTorch says so itself; JAX, which does not obey, is left out with the reason."""
    held = Conditions("avx2")
    found = contest.hold(
        "xor", ["grafito", "pytorch", "jax"], 1, "auto", 1, steps=1, epochs=1, conditions=held
    )
    rows = report.rows(found)
    assert rows["grafito"].title == "grafito (engine llvm)"
    assert rows["pytorch"].ratio == 1.0
    assert "wider registers" in rows["jax"].skipped
    program = "import torch; print(torch.backends.cpu.get_cpu_capability())"
    variables = process.environment(1, "", held.variables("pytorch", tmp_path))
    told = subprocess.run([sys.executable, "-c", program], env=variables, capture_output=True)
    assert told.stdout.decode().strip() == "AVX2"


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_a_library_answers_for_mkl_in_the_processes_of_pytorch_alone(tmp_path):
    full = Conditions(full_mkl=True)
    library = full.variables("pytorch-compile", tmp_path)["LD_PRELOAD"]
    assert ctypes.CDLL(library).mkl_serv_intel_cpu_true() == 1
    assert full.variables("grafito", tmp_path) == full.variables("jax", tmp_path) == {}


def test_without_a_compiler_the_reason_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(OSError, match="C compiler"):
        Conditions(full_mkl=True).variables("pytorch", tmp_path)


def test_features_are_narrowed_to_avx2():
    assert narrowed("+avx2,+avx512f,-avx512er,+amx-tile,+fma") == (
        "+avx2,-avx512f,-avx512er,-amx-tile,+fma"
    )


def test_each_of_the_conditions_has_its_table_and_its_file():
    one = result(grafito=measured([1.0]))
    other = one | {"conditions": {"isa": "avx2", "full_mkl": True}}
    page = report.document([one, other])
    assert page.index("## As installed") < page.index("## All held to AVX2, PyTorch's product")
    assert "## A job, all held to AVX2" in page
    names = [command.stem("lenet", each) for each in command.ALL]
    assert names == ["lenet", "lenet-full-mkl", "lenet-avx2", "lenet-avx2-full-mkl"]


@pytest.mark.slow
def test_a_failure_does_not_stop_the_others():
    found = contest.hold("xor", ["grafito", "jax"], 1, "nonsense", 1, steps=1, epochs=1)
    assert "nonsense" in found["entries"]["grafito"]["skipped"]
    assert len(found["entries"]["jax"]["seconds"]) == 1


@pytest.fixture
def worker():
    """A worker without a job, which ends by itself."""
    one = process.Process({"threads": 1, "entry": "nobody"}, "", limit=60.0)
    yield one
    one.close()


def test_a_worker_that_ends_early_is_told_with_its_reason(worker):
    with pytest.raises(process.Failed, match=r"KeyError: 'nobody'"):
        worker.answer()
    with pytest.raises(process.Failed, match="KeyError"):  # and again, when it is asked
        worker.ask("run")


def test_a_worker_that_is_killed_is_told_with_its_status(worker):
    worker.process.kill()
    with pytest.raises(process.Failed, match="ended with -9"):
        worker.ask("run")


def test_a_worker_that_says_nothing_is_not_waited_for(worker):
    worker.limit = 0.0
    with pytest.raises(process.Failed, match="no answer in 0 s"):
        worker.answer()


ORPHAN = """
from benchmarks import worker
worker.end_with_parent()
print("up", flush=True)
import time
time.sleep(600)
"""
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", sys.argv[1]])
time.sleep(600)
"""


def test_a_worker_ends_with_the_benchmark_that_started_it():
    """Also where that was killed: the pipe that both write to has an end then."""
    environment = process.environment(1, "")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, ORPHAN], stdout=subprocess.PIPE, env=environment
    )
    assert parent.stdout
    assert parent.stdout.readline() == b"up\n"
    parent.kill()
    assert parent.communicate(timeout=60) == (b"", None)


@pytest.mark.parametrize("arguments", [["nothing"], ["--peers", "nobody"], ["--threads", "100000"]])
def test_wrong_arguments_are_refused(arguments, capsys):
    with pytest.raises(SystemExit):
        command.parse(arguments)
    assert "error" in capsys.readouterr().err


def test_the_peak_is_that_of_the_engine_in_all_cores(monkeypatch):
    """A product of matrices is no measure of it: some libraries use half of the registers."""
    monkeypatch.setattr(peak.peak, "measure", lambda machine, threads, lanes: threads * 2e9)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2})
    assert peak.measure() == 6.0


def test_peaks_and_bandwidths_are_printed(monkeypatch, capsys):
    monkeypatch.setattr(peak.peak, "measure", lambda *_: 3e9)
    monkeypatch.setattr(peak.bandwidth, "measure", lambda *_: 5e9)
    peak.main()
    out = capsys.readouterr().out
    assert re.search(r"float32 +3\.0 +3\.0", out)
    assert out.count("5.0") == 16


@pytest.mark.slow
def test_memory_of_two_processes_that_stream_a_set():
    pytest.importorskip("jax")
    from benchmarks.shards import shards

    found = shards(2**25)
    assert [name.partition(",")[2] for name in found] == [
        f" {way} of 0.0312 GiB, process {i} of 2, MiB"
        for way in ("shards", "memmap for all")
        for i in range(2)
    ]
    assert all(0 <= grown < 1000 for grown in found.values())
