"""A program tells what it does: its kernels in order, their code, and how long each takes."""

import dataclasses
import re

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from grafito import Input, engines, graph, language, layers, models
from grafito.engines.llvm import pipeline
from grafito.engines.llvm.compilation.machine import Machine
from grafito.engines.llvm.program import Program
from grafito.errors import ArgumentError, GraphError, UnknownNameError
from grafito.graph.program import Graph, trace_graph


@pytest.fixture(scope="module")
def model():
    made = models.Sequential(
        [
            Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu", name="images"),
            layers.Flatten(),
            layers.Dense(10, name="classes"),
        ],
        name="small",
    )
    made.compile("sgd", "mse", engine="llvm")
    made.fit(np.zeros((32, 8, 8, 1), "float32"), np.zeros((32, 10), "float32"), verbose=0)
    return made


def cells(text, first):
    """The cells of the line that begins so."""
    (line,) = [line for line in text.splitlines() if re.match(rf"{first}[0-9a-f]{{12}} ", line)]
    return re.split(r"  +", line)


def test_the_schedule_tells_layers_fusion_work_and_places(model):
    text = model.explain()
    titles, rule = text.splitlines()[:2]
    assert titles.split("  ")[0] == "kernel"
    assert {"layer", "loops", "layout", "FLOPs", "bytes", "writes to"} <= set(
        re.split(r"  +", titles)
    )
    assert set(rule) == {"-", " "}
    _, layer, computes, loops, layout, _, flops, *_ = cells(text, "conv_")
    assert (layer, loops, layout) == ("small/images", "32 x 6 x 6 x 4", "images as lanes")
    assert computes == "convolution + add + relu"
    assert flops == "87.6 k"  # 2 · 32 · 36 · 4 · 9 and the relu
    assert "small/images/gradient" in text
    assert "variable images/bias" in text
    assert text.splitlines()[-1].endswith(
        f"arena of {model._executor.training_programs()[32]._assembled.arena / 1024:.1f} KiB"
    )


def test_a_profile_tells_time_and_share_of_the_roof(model):
    text = model.explain(profile=True)
    titles = text.splitlines()[0]
    assert titles.split()[-3:] == ["%", "of", "roof"]
    *_, microseconds, share, flops, _, rate, roof, bound, of_roof = cells(text, "conv_")
    assert float(microseconds) > 0
    assert float(rate) > 0
    assert flops == "87.6 k"
    assert bound in ("operations", "bytes")
    assert float(roof) >= 0
    assert share.endswith("%")
    assert of_roof.endswith("%")
    assert "100.0%" in text.splitlines()[-2]


def test_a_profile_sees_the_first_batch_and_no_row_behind_the_last(model, monkeypatch):
    """After an epoch the next batch would lie behind the data, where any memory may be."""
    began = []
    run = Program._enter

    def enter(self, *args):
        began.append(int(model._executor.start.storage))
        return run(self, *args)

    monkeypatch.setattr(Program, "_enter", enter)
    model.fit(np.zeros((64, 8, 8, 1), "float32"), np.zeros((64, 10), "float32"), verbose=0)
    del began[:]
    model.explain(profile=True)
    assert began == [0]


def test_the_program_is_listed_after_each_pass(model):
    text = model.explain(passes=True)
    names = re.findall(r"^== (.*)$", text, re.MULTILINE)
    assert names == [each.__name__.replace("_", " ") for each in pipeline.PASSES]
    listings = dict(zip(names, re.split(r"^== .*$", text, flags=re.MULTILINE)[1:], strict=True))
    assert re.search(r"%\d+ = conv\(%\d+, %\d+\) float32 32x6x6x4 ", listings["lower ops"])
    assert " in lanes" not in listings["lower ops"]
    assert re.search(r"= conv\(.*\) float32 32x6x6x4 in lanes", listings["images as lanes"])
    assert "* %" in listings["materialize"]
    assert re.search(r"^conv -> .*\n    %\d+ = conv", listings["fuse"], re.MULTILINE)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_padding_around_images_that_come_by_rows_is_made_in_lanes(padding):
    """A convolution skips rows of zeros that it knows: those of a `pad`, not of its copy."""
    x, k = (graph.placeholder(s, name=n) for n, s in (("x", (32, 9, 9, 3)), ("k", (5, 5, 3, 2))))
    y = graph.conv2d(x, k, padding=padding)
    back = graph.placeholder(y.shape, name="back")
    outputs = {"y": y, "dx": graph.gradients([y], [x], [back])[0]}
    step = Graph({"x": x, "k": k, "back": back}, outputs, {})
    *_, (_, stage) = pipeline.stages(step, Machine())
    images = {x.kind: x.inputs[0] for x in stage.order if x.kind.startswith("conv")}
    padded = {kind for kind, image in images.items() if image.kind == "pad"}
    assert padded == {"conv_input_gradient", *(["conv"] if padding == "same" else [])}
    assert all(images[kind].lanes for kind in padded)


def test_a_pass_changes_nothing_that_another_returned(model):
    g = next(iter(model._executor.training_programs().values())).graph
    seen = []
    for _, stage in pipeline.stages(g, Machine()):
        assert [str(earlier) for earlier, _ in seen] == [text for _, text in seen]
        seen.append((stage, str(stage)))
    x = stage.order[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        x.lanes = True


def test_code_of_a_kernel_is_listed(model):
    program = model._executor.training_programs()[32]
    name = cells(program.explain(), "conv_")[0]
    assert f'define void @"{name}"' in program.source(name)
    with pytest.raises(UnknownNameError, match=name):
        program.source(f"{name}x")


def counter(engine):
    total = graph.Variable([1.0, 2.0], name="total")

    def step(x):
        total.assign(total * 2.0 + graph.sum(x))
        return {"total": total}

    program = engines.get(engine).compile(
        trace_graph(step, {"x": graph.placeholder((3,), name="x")})
    )
    return program, total


def test_profiling_changes_no_state_and_no_input():
    program, total = counter("llvm")
    with pytest.raises(ArgumentError, match="'x'"):
        program.profile()
    x = np.ones(3, "float32")
    x.flags.writeable = False  # such as an array that is mapped from a file
    program.bind({"x": x})
    program.profile(repeats=2)
    assert total.numpy().tolist() == [1.0, 2.0]
    assert program.run()["total"].tolist() == [[5.0, 7.0]]


def test_other_engines_have_no_schedule():
    program, _ = counter("reference")
    for tell in (program.explain, program.profile):
        with pytest.raises(GraphError, match="op by op"):
            tell()


def test_a_model_that_was_not_trained_has_no_schedule():
    made = models.Sequential([Input((2,)), layers.Dense(1)])
    with pytest.raises(GraphError, match="fit"):
        made.explain()


def test_the_tables_write_numbers_as_the_language_does(model):
    with language.use("es"):
        tables = (model.explain(), model.explain(profile=True))
    for text in tables:
        found = re.findall(r"\d+[.,]\d+", re.sub(r"[a-z]+_[0-9a-f]{12}", "", text))
        assert found
        assert all("," in number for number in found), found
