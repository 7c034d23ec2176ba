"""Each rule of insight: five cases in which it must speak, five in which it must be silent."""

import numpy as np
import pytest

from grafito.errors import LossWarning
from grafito.insight import rules
from grafito.language import use

CHANCE = np.random.default_rng(0)
ROWS = CHANCE.normal(size=(60, 3))
MANY = (
    np.random.default_rng(1).normal(size=(6000, 70)).astype("float32")
)  # of which not all are looked at
NOISE = CHANCE.normal(size=200)
NAN, INF = float("nan"), float("inf")


def falling(first, last, n=40, noise=0.02):
    return (np.geomspace(first, last, n) * (1 + noise * NOISE[:n])).tolist()


# Arguments by rule: those for which it speaks, with words that it says, and those for which not.
SPEAKS = {
    "rate_too_large": [
        (([2.3, 4.0, 30.0, 1e6, 1e9], 1.0), "learning_rate=0.1"),
        (([2.3, NAN, NAN], 10.0), "no number"),
        (([0.5, 0.6, 3.0, INF], 0.5), "sample 4"),
        ((falling(0.7, 5.0), 0.01), "loss grows"),
        (([0.33, 2e6, 6e13, 2e18, 3e3, *[5e3 + 9 * i for i in range(15)]], 1e4), "loss grows"),
        (([2.3, 2.4, 2.2, 2.5, 2.3, 2.4, 2.35], 3.0, {"a": 0.7, "b": 0.01}), "'a'|70 %"),
        (([2.0, 9.0, 50.0, 300.0], 1.0), "loss from 2 to 175"),
        (([0.7, 0.8, 1.1, 1.6, 2.5, 3.9], 0.1), "loss grows"),
        # One step of 40 times the usual weights, and then no better than guessing.
        (([59.0, 3e5, 2.6, 0.9, 2.2, 2.9, 1.9], 10.0, {}, {"a": 44.0, "b": 30.0}, 0.69), "44"),
        (([83.0, 0.65, 0.7, 0.73, 0.69, 0.71], 1.0, {"a": 0.0}, {"a": 1e4}, 0.69), "1e+04"),
    ],
    "rate_too_small": [
        (([2.3, 2.3, 2.3, 2.3], 1e-7, {"a": 1e-7}), "learning_rate=3e-05"),
        ((falling(2.3, 2.25), 1e-6, {"a": 2e-6, "b": 1e-6}), "hardly move"),
        ((falling(0.7, 0.69), 1e-5, {"a": 5e-5}), "0.0002"),
        ((falling(30.0, 29.5, noise=0.05), 1e-5, {"a": 1e-5}, 28.0), "1e-05 of the weights"),
        (([1.0] * 20, 1e-4, {"a": 9e-5}, 1.0), "learning_rate=0.001"),
    ],
    "shuffled_labels": [
        (([2.3, 1.5, 0.6], [2.31, 2.4, 2.9], 2.3), "guessing gives 2.3"),
        ((falling(0.7, 0.1), [0.7] * 40, 0.693), "0.7 at best"),
        ((falling(1.1, 0.01), falling(1.1, 5.0), 1.0986), "shuffled"),
        (([4.7, 3.0, 2.0, 1.0], [4.61, 4.6, 4.8, 5.0], 4.6), "no other example"),
        (([0.69, 0.6, 0.5, 0.3], [0.69, 0.685, 0.72, 0.8], 0.69), "permutation"),
    ],
    "overfitting": [
        (([1.0, 0.5, 0.3, 0.2, 0.1], [1.0, 0.6, 0.7, 0.8, 0.9]), "epoch 2"),
        ((falling(1, 0.01), [*falling(1, 0.3, 10), *falling(0.3, 0.9, 30)]), "epoch 10|epoch 9"),
        (([0.9, 0.8, 0.6, 0.4], [0.85, 0.9, 1.0, 1.1]), "epoch 1"),
        (([2.3, 1.0, 0.5, 0.3, 0.2, 0.1], [2.3, 1.5, 1.4, 1.5, 1.7, 1.9]), "1.4 to 1.9"),
        (([10, 5, 2, 1, 0.5, 0.2], [11, 8, 8, 9, 12, 15]), "EarlyStopping"),
    ],
    "underfitting": [
        (([0.7, 0.66, 0.65, 0.65, 0.65], 0.69), "0.65"),
        (([2.3] * 8, 2.3), "guessing gives 2.3"),
        (([0.25, 0.25, 0.25, 0.25, 0.25], 0.25), "one more layer"),
        (([5.0, 4.2, 4.1, 4.1, 4.1, 4.1, 4.1], 4.5), "stands still"),
        ((falling(2.35, 2.29, 30, 0.001), 2.3), "underfits"),
    ],
    "validation_looks_better": [
        (([0.9, 0.8, 0.7], [0.5, 0.4, 0.4], ["dropout"]), "'dropout'"),
        ((falling(1.0, 0.3), falling(0.7, 0.2), ["noise", "b"]), "'noise'"),
        (([1.0, 0.9, 0.8, 0.7], [1.1, 0.8, 0.7, 0.6], ["d"]), "0.7, validation loss 0.6"),
        (([2.0] * 5, [1.5] * 5, ["d"]), "evaluate"),
        ((falling(0.5, 0.4, noise=0), falling(0.45, 0.36, noise=0), ["d"]), "training alone"),
    ],
    "one_has_won": [
        (({"d_loss": [0.7, 0.1, 0.01], "g_loss": [0.7, 2.0, 5.0]},), "'d_loss' is near 0"),
        (({"g": [0.7, 0.1, 0.001], "d": [0.7, 2.0, 9.0]},), "'g' is near 0"),
        (({"a": falling(0.7, 1e-4), "b": falling(0.7, 8.0)},), "smaller learning rate for 'a'"),
        (({"d": [1.4, 0.5, 0.1, 0.05], "g": [0.7, 1.0, 3.0, 4.0]},), "g from 0.7 to 4"),
        (({"b": falling(1, 10), "a": falling(1, 0.01)},), "labels of 0.9"),
    ],
    "dead_units": [
        (("h", 60, 64), "60 of 64"),
        (("h", 64, 64), "'h'"),
        (("h", 6, 10), "leaky_relu"),
        (("c", 1, 1), "1 of 1"),
        (("h", 501, 1000), "501 of 1000"),
        (("h", 100, 100, 0.0), "he_normal"),  # leaky_relu would give 0 as well
    ],
    "saturated_units": [
        (("h", "tanh", 0.9), "90 %"),
        (("h", "sigmoid", 1.0), "'sigmoid' is flat"),
        (("h", "sigmoid", 0.61), "61 %"),
        (("deep", "tanh", 0.75), "'deep'"),
        (("h", "tanh", 0.99), "BatchNormalization"),
    ],
    "vanishing_gradients": [
        (({"a": 1e-7, "b": 1e-4, "c": 0.1},), "layer 'a'"),
        (({"a": 0.0, "b": 1e-3, "c": 1.0},), "0 at 'a'"),
        (({"a": 1e-9, "b": 1e-8, "c": 1e-5},), "1e-05 at 'c'"),
        (({"a": 1e-4, "b": 1e-2, "c": 1.0, "d": 0.5},), "1 at 'c'"),
        (({f"l{i}": 10.0 ** (i - 9) for i in range(10)},), "he_normal"),
        (({"a": 1e-4, "b": 1.0, "c": 3.0}, {"a": 5.0}), "vanish"),
    ],
    "exploding_gradients": [
        (({"a": 2e6, "b": 4e4, "c": 10.0}, {"a": 3.0}), "layer 'a'"),
        (({"a": INF, "b": 1.0, "c": 1.0}, {}), "inf at 'a'"),
        (({"a": NAN, "b": 1.0, "c": 1.0}, {}), "'a'"),
        (({"a": 10.0, "b": 1e5, "c": 1.0}, {"b": 30.0}), "layer 'b'"),
        (({f"l{i}": 10.0 ** (9 - i) for i in range(10)}, {"l0": 5.0}), "1e+09"),
    ],
    "linear_in_a_row": [
        (([("a", "linear"), ("b", "linear")],), "'a' and 'b'"),
        (([("a", "linear"), ("flatten", ""), ("b", "sigmoid")],), "layer 'a'"),
        (([("a", "relu"), ("b", "linear"), ("c", "softmax")],), "'b' and 'c'"),
        (([("c1", "linear"), ("drop", ""), ("c2", "relu"), ("d", "softmax")],), "'c1'"),
        (([("input", ""), ("a", "linear"), ("b", "custom")],), 'activation="relu"'),
    ],
    "never_adapted": [
        (({"normalization": ([0.0, 0.0], [1.0, 1.0])},), "'normalization'"),
        (({"n1": ([0.0], [1.0]), "n2": ([0.0], [1.0])},), "'n1'"),
        (({"n1": ([3.0], [2.0]), "n2": ([0.0], [1.0])},), "'n2'"),
        (({"a": (np.zeros(784), np.ones(784))},), "adapt(x_train)"),
        (({"b": (0.0, 1.0)},), "never adapted"),
    ],
    "inputs_not_scaled": [
        (([33.0], [78.0], True), "255.0"),
        (([-20.0, 90.0], [110.0, 110.0], True), "adapt(x)"),  # no pixel is negative
        (([128.0, 120.0, 100.0], [60.0, 60.0, 60.0]), "x / 255.0"),
        (([0.0, 5e4, 0.1, 0.2, 1.0], [1.0, 1e4, 1.0, 1.0, 1.0]), "column 1"),
        (([45.0, 0.5, 3.0, 2.0, 1.0], [15.0, 0.5, 1.0, 1.0, 1.0]), "adapt(x)"),
        (([0.0, 0.0, 0.0], [1.0, 1e-3, 1e-3]), "one column hides the others"),
    ],
    "scaled_differently": [
        ((([0.13], [0.31]), ([33.0], [78.0])), "the other mean 33"),
        ((([33.0], [78.0]), ([0.13], [0.31])), "training mean 33"),
        ((([0.0, 0.0], [1.0, 1.0]), ([0.1, 500.0], [1.0, 90.0])), "column 1"),
        ((([0.0] * 3, [1.0] * 3), ([100.0] * 3, [1.0] * 3), "test"), "Training and test"),
        ((([0.5], [0.3]), ([0.001], [0.001])), "scaled differently"),
    ],
    "equal_rows": [
        ((ROWS, ROWS[:10]), "10 of 10"),
        ((ROWS, np.concatenate([ROWS[:3], ROWS + 1])), "3 of 63"),
        ((ROWS.astype("float32"), ROWS.astype("float32")[::2], "test"), "the test data"),
        ((ROWS.reshape(-1, 3, 1), ROWS.reshape(-1, 3, 1)[5:7]), "2 of 2"),
        ((np.arange(100), np.arange(50, 150)), "50 of 100"),
        ((MANY, MANY[::2] + (np.arange(3000) % 2)[:, None]), "1,500 of 3,000"),
    ],
    "class_never_predicted": [
        (([0] * 90 + [1] * 10, [0] * 100), "Class 1"),
        ((list(range(10)) * 10 + [3] * 30, [3] * 130), "Class 0"),
        (([0, 1, 2] * 20 + [0, 1] * 20, [0, 1] * 50), "class_weight={0: 0.833, 1: 0.833, 2: 1.67}"),
        (([1] * 95 + [0] * 5, [1] * 100), "5 of 100"),
        ((np.arange(196) % 39 // 2, np.zeros(196)), "rare classes"),
        (([0] * 900 + [1] * 100, [0], 0.2), "100 of 1000"),
    ],
}  # fmt: skip
SILENT = {
    "rate_too_large": [
        (falling(2.3, 0.1), 0.1),
        (falling(2.3, 2.2, noise=0.2), 0.01, {"a": 1e-3}),
        ([0.02, 0.3, 0.05, 0.01, 0.09, 0.06, 0.03, 0.11, 0.04, 0.05], 0.1),
        ([0.1, 0.15, 0.08, 0.12, 0.09, 0.11], 0.1, {"a": 0.01}),
        ([], 1.0),
        ([5.0, 2.0, 0.9, 0.5, 0.3], 1.0, {"a": 0.5}),
        # Few samples, of batches that differ by chance.
        ([0.7, 1.4, 0.6, 1.5], 0.01),
        ([0.7, 0.69, 0.72, 5.0], 0.01),
        ([0.2, 1.1, 0.3, 0.9, 1.3], 0.01),
        ([1.0, 3.0, 0.5, 2.5, 1.2, 2.9, 0.8, 4.0, 1.9, 2.2], 0.1),
        ([2.0, 3.0], 0.1),
        ([0.001, 0.9, 0.4, 2.5, 0.2, 0.7, 0.01, 0.5], 0.1),  # one example a step
        ([0.69, 0.7, 0.3, 0.1], 1.0, {}, {"a": 5.0}, 0.69),  # a long step that helped
        ([0.69, 0.7, 0.69, 0.7], 0.01, {}, {"a": 0.03}, 0.69),
    ],
    "rate_too_small": [
        (falling(2.3, 0.1), 1e-5, {"a": 1e-6}),
        (falling(2.3, 2.2), 1e-3, {"a": 1e-3}),
        ([0.001] * 10, 1e-3, {"a": 1e-6}, 0.69),
        ([2.3, 2.3, 2.3, 2.3], 1e-3, {}),
        ([2.3, 2.3, 2.3, 2.3], 1e-3, {"a": 0.0}),
    ],
    "shuffled_labels": [
        (falling(2.3, 0.1), falling(2.3, 0.5), 2.3),
        ([2.3, 2.3, 2.3], [2.3, 2.3, 2.3], 2.3),
        ([2.3, 1.5, 0.6], [], 2.3),
        ([2.3, 1.5, 0.6], [2.0, 2.4, 2.9], 2.3),
        ([0.7, 0.3], [0.7, 0.8], 0.69),
        ([0.9, 0.7, 0.55], [0.9, 0.8, 0.79], 0.692),  # a loss with penalties
    ],
    "overfitting": [
        (falling(1, 0.1), falling(1.1, 0.2)),
        ([1.0, 0.5, 0.3, 0.2, 0.1], [1.0, 0.6, 0.6, 0.61, 0.62]),
        ([1.0, 1.0, 1.0, 1.0], [1.0, 1.2, 1.4, 1.8]),
        ([1.0, 0.5], [1.0, 2.0]),
        ([1.0, 0.5, NAN, NAN], [1.0, 0.6, NAN, NAN]),
    ],
    "underfitting": [
        (falling(2.3, 0.1), 2.3),
        ([0.1] * 9, 0.69),
        ([0.7, 0.69, 0.68], 0.69),
        (falling(0.7, 0.6, 20, 0.001), 0.69),
        ([2.33, 2.3, 2.27, 2.24, 2.21], 2.3),  # slow, and on its way
        ([NAN] * 6, 0.69),
    ],
    "validation_looks_better": [
        ([0.9, 0.8, 0.7], [0.5, 0.4, 0.4], []),
        (falling(1, 0.1), falling(1.1, 0.3), ["dropout"]),
        ([0.9, 0.8], [0.5, 0.4], ["dropout"]),
        ([0.9, 0.8, 0.4], [0.5, 0.4, 0.5], ["dropout"]),
        ([0.9, 0.8, 0.7], [], ["dropout"]),
    ],
    "one_has_won": [
        ({"d": [0.7, 0.6, 0.65], "g": [0.7, 0.8, 0.75]},),
        ({"loss": [0.7, 0.1, 0.01]},),
        ({"a": falling(1, 0.01), "b": falling(1, 0.01)},),
        ({"a": [0.7, 0.01], "b": [0.7, 5.0]},),
        ({"a": falling(1, 0.01), "b": falling(1, 5), "c": falling(1, 5)},),
    ],
    "dead_units": [("h", 0, 64), ("h", 32, 64), ("h", 1, 10), ("h", 0, 0), ("h", 0, 1)],
    "saturated_units": [
        ("h", "tanh", 0.0), ("h", "tanh", 0.3), ("h", "sigmoid", 0.6), ("h", "sigmoid", 0.1),
        ("h", "tanh", NAN),
    ],
    "vanishing_gradients": [
        ({"a": 0.1, "b": 0.2, "c": 0.3},),
        ({"a": 1e-5, "b": 0.1},),
        ({"a": 1.0, "b": 1e-5, "c": 1e-6},),
        ({"a": 0.0, "b": 0.0, "c": 0.0},),
        ({"a": 0.01, "b": 1.0, "c": 5.0},),
        ({"a": 1e5, "b": 8e8, "c": 9e8}, {"a": 5.0}),  # they explode
    ],
    "exploding_gradients": [
        ({"a": 0.1, "b": 0.2, "c": 0.3}, {}),
        ({"a": 100.0, "b": 10.0, "c": 1.0}, {"a": 1.0}),
        ({"a": 1e6, "b": 1.0}, {}),
        ({"a": 5.0, "b": 1.0, "c": 1e-3}, {"a": 10.0, "b": 1.0}),
        ({"a": 0.0, "b": 0.0, "c": 0.0}, {}),
    ],
    "linear_in_a_row": [
        ([("a", "relu"), ("b", "linear")],),
        ([("a", "linear"), ("relu", "other layer"), ("b", "linear")],),
        ([("a", "linear")],),
        ([],),
        ([("c", "tanh"), ("pool", "other layer"), ("flatten", ""), ("d", "softmax")],),
    ],
    "never_adapted": [
        ({},),
        ({"n": ([0.5, 0.0], [1.0, 1.0])},),
        ({"n": ([0.0], [1.1])},),
        ({"n": (np.zeros(3), [1.0, 1.0, 2.0])},),
        ({"n1": ([3.0], [2.0]), "n2": ([1e-3], [1.0])},),
    ],
    "inputs_not_scaled": [
        ([0.13], [0.31]),
        ([0.0] * 5, [1.0] * 5),
        ([2.0, 0.5], [3.0, 1.0]),
        ([NAN], [NAN]),
        ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0]),
    ],
    "scaled_differently": [
        (([-0.42, -0.4, 0.2], [0.0, 0.2, 1.0]), ([-0.37, -0.4, 0.2], [0.34, 0.2, 1.0])),
        (([0.13], [0.31]), ([0.14], [0.33])),
        (([0.0, 1.0], [1.0, 1.0]), ([0.3, 0.6], [0.5, 2.0])),
        (([0.0, 0.0], [1.0, 0.0]), ([0.0, 0.02], [1.0, 0.05])),
        (([0.0], [1.0]), ([0.0, 1.0], [1.0, 1.0])),
        (([33.0], [78.0]), ([30.0], [70.0])),
    ],
    "equal_rows": [
        (ROWS, ROWS + 1),
        (np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5), np.array([[0, 1], [1, 1]])),
        (ROWS, ROWS[:1]),
        (ROWS, ROWS[:, :2]),
        (ROWS[:0], ROWS),
        (MANY, MANY + 1),
    ],
    "class_never_predicted": [
        ([0] * 90 + [1] * 10, [0] * 95 + [1] * 5),
        ([0] * 97 + [1] * 3, [0] * 100),
        (list(range(10)) * 10, [3] * 100),  # all are alike: weights change nothing
        ([1] * 50, [0] * 50),
        ([0, 1, 2] * 20, [2, 0, 1] * 20),
        ([], []),
        ([0] * 90 + [1] * 10, [0] * 100, 0.2),  # 2 of it were seen
    ],
}  # fmt: skip


def rows(table):
    return [(name, i) for name, cases in table.items() for i in range(len(cases))]


@pytest.mark.parametrize(("name", "number"), rows(SPEAKS))
def test_a_rule_speaks(name, number):
    arguments, words = SPEAKS[name][number]
    found = getattr(rules, name)(*arguments)
    assert isinstance(found, LossWarning)
    text = str(found)
    assert any(word in text for word in words.split("|")), text
    assert found.error.rows["try"]
    with use("es"):
        assert str(found).splitlines()[0] != text.splitlines()[0]


@pytest.mark.parametrize(("name", "number"), rows(SILENT))
def test_a_rule_is_silent(name, number):
    assert getattr(rules, name)(*SILENT[name][number]) is None


def test_every_rule_has_ten_cases():
    assert set(SPEAKS) == set(SILENT) == set(rules.__all__)
    assert min(len(cases) for cases in (*SPEAKS.values(), *SILENT.values())) == 5
