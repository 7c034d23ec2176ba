"""Each hint is carried out on its own case; each `fix=` of the sources has a row."""

import contextlib
from collections import Counter

import pytest

from hints import data, graphs, layers, others, training
from hints.rows import Row, hint_of, names, run, sites, watched

ROWS: list[Row] = [*data.ROWS, *training.ROWS, *layers.ROWS, *graphs.ROWS, *others.ROWS]

# What has no row yet; it may only shrink.
UNCOVERED: dict[str, int] = {
    "callbacks/actions.py TerminateOnNaN.on_progress": 1,
    "cli/__init__.py draw_formula": 1,
    "datasets/readers/archive.py _content": 1,
    "datasets/readers/archive.py open_stream": 2,
    "datasets/readers/archive.py read_tar": 1,
    "datasets/readers/cifar.py _read": 1,
    "datasets/readers/pickled.py read_pickle": 1,
    "datasets/readers/table.py _Numbers.check": 1,
    "datasets/store.py _download": 2,
    "datasets/store.py data_folders": 1,
    "engines/llvm/budget.py check": 1,
    "figures/canvas.py Sheet.show": 1,
    "figures/classes.py _column": 1,
    "figures/confusion.py _checked": 1,
    "figures/curves.py curves": 1,
    "figures/gallery.py activation_gallery": 1,
    "figures/graph.py draw_diagram": 1,
    "figures/graph.py graph_diagram": 1,
    "figures/images.py as_images": 1,
    "figures/network.py layer_boxes": 1,
    "figures/network.py network_diagram": 1,
    "figures/regions.py _points": 1,
    "figures/regions.py decision_regions": 1,
    "figures/sources.py _by_name": 1,
    "figures/sources.py _called": 1,
    "figures/sources.py _traced": 1,
    "figures/sources.py missing_value": 1,
    "figures/sources.py outputs_of": 1,
    "files/native.py _check_kind": 1,
    "files/native.py write_arrays": 1,
    "graph/check.py _look_closer": 1,
    "graph/convolution.py _transposed": 1,
    "graph/dtypes.py converted": 1,
    "graph/dtypes.py outside": 1,
    "graph/eager.py run_step": 1,
    "graph/elementwise/base.py signed": 1,
    "graph/elementwise/functions.py power": 1,
    "graph/evaluate.py _leaf_values": 1,
    "graph/numpy_calls.py _with_numbers": 1,
    "graph/numpy_calls.py call_ufunc": 1,
    "graph/operators.py _booleans": 1,
    "graph/shaping/arrange.py whole_sizes": 1,
    "graph/shaping/indexing.py _bounds": 1,
    "graph/shaping/indexing.py slice": 1,
    "graph/tensor.py placeholder": 1,
    "lab/experiment.py _of_type": 1,
    "lab/explanation.py explain": 1,
    "lab/folder.py _unwritable": 1,
    "lab/folder.py plain_name": 1,
    "lab/record.py Record._file": 1,
    "lab/report/pdf.py write_pdf": 2,
    "lab/report/reading.py read_run": 1,
    "layers/base.py Layer.add_weight": 2,
    "layers/normalization.py LayerNormalization.__init__": 1,
    "layers/regularization.py Dropout.__init__": 1,
    "metrics/curves.py AUC.__init__": 1,
    "models/architecture.py model_from_json": 1,
    "models/examples.py check_integers": 1,
    "models/loops.py Loops._loop": 1,
    "models/model.py Functional._match_inputs": 1,
    "models/objectives.py _check_list": 1,
    "models/runner.py Runner.alone": 1,
    "models/shortage.py shortage": 1,
    "models/state.py assign_all": 1,
    "models/steps.py Steps.compile": 1,
    "registry.py Configurable.get_config": 1,
}


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_a_hint_helps(number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    row = ROWS[number]
    hint = hint_of(row)
    assert (row.says or row.new.strip(" ,()[]")) in hint, f"{row.case}\nsays: {hint}"
    if not row.sentence:
        scope = names()
        run(row.before, scope)
        run(row.mended, scope)


def test_every_hint_of_the_sources_has_a_row(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with watched() as met:
        for row in ROWS:
            with contextlib.suppress(AssertionError):
                hint_of(row)
    missing = Counter(name for site, name in sites().items() if site not in met)
    assert dict(missing) == UNCOVERED, f"no row, or one too many: {missing}"
