"""Rows: what insight asks for."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

ROWS = [
    Row(
        "insight.overfit_one_batch(m, x, y, steps=3)",
        "insight",
        'm.compile("adam", loss="mse"); insight',
        says='model.compile("adam", loss="mse")',
        before="m = Sequential([layers.Input((4,)), layers.Dense(1)])",
    ),
    Row('insight.gradient_check("w*x", [2.0, 1.0])', "[2.0, 1.0]", '{"w": 2.0, "x": 1.0}'),
    Row(
        "insight.gradient_check(3.0, x)",
        "3.0, x",
        '"sum(w*x)", {"w": 2.0, "x": [1.0, 3.0]}',
    ),
    Row(
        "insight.rate_range(net(), x, y, steps=5, lowest=20.0)",
        "lowest=20.0",
        "lowest=1e-6, highest=10.0",
    ),
    Row("insight.overfit_one_batch(net(), x, y, steps=0)", "steps=0", "steps=10"),
    Row(
        "insight.Player(classifier(*(layers.Dense(4, 'elu') for _ in range(40))), x, labels)",
        new="a network of fewer layers",
        sentence="which ones the hint cannot know",
    ),
    Row(
        "insight.saliency(m, images[:1, :, :, None])",
        "images[:1, :, :, None]",
        "images[:1, :, :, None][0]",
        says="x[0], the first one",
        before="m = Sequential([layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(2)])",
    ),
    Row(
        "m = Sequential([layers.Input((None, None, 1)), layers.Conv2D(2, 3, name='c'), layers.GlobalMaxPooling2D()]); insight.maximise_unit(m, 'c', 0, steps=2)",
        "(None, None, 1)",
        "(28, 28, 1)",
        says="layers.Input((28, 28, 1))",
    ),
    Row(
        "insight.maximise_unit(m, 'c', [], steps=2)",
        "[]",
        "[0, 1]",
        says="units=[0, 1]",
        before="m = Sequential([layers.Input((8, 8, 1)), layers.Conv2D(2, 3, name='c')])",
    ),
    Row(
        "insight.embedding_map(m)",
        "(m)",
        "(m, x)",
        says="embedding_map(model, x)",
        before="m = Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(1)])",
    ),
    Row("insight.Health(every=0)", "every=0", "every=10"),
    Row("insight.diagnose(net(), x, y, epochs=-1)", "epochs=-1", "epochs=5"),
    *(
        Row(f"raise insight.rules.{case}", new=says, sentence="tests/insight makes the edit")
        for case, says in {
            "rate_too_large([2.0, 9.0, 50.0, 300.0], 1.0)": "learning_rate=0.1",
            "rate_too_large([1.0, np.nan], 1.0)": "learning_rate=0.1",
            "rate_too_large([1.0] * 9, 1.0, {'a': 1.0})": "learning_rate=0.1",
            "rate_too_small([1.0] * 9, 1e-6, {'a': 1e-6})": "learning_rate=0.0003",
            "shuffled_labels([2.3, 1.5, 0.6], [2.31, 2.4, 2.9], 2.3)": "the same order for both",
            "overfitting([1.0, 0.5, 0.3, 0.2], [1.0, 0.6, 0.8, 0.9])": "EarlyStopping",
            "underfitting([0.69] * 9, 0.69)": "more units",
            "validation_looks_better([1.0] * 3, [0.5] * 3, ['d'])": "model.evaluate(x, y)",
            "one_has_won({'d': [1.0, 0.1, 0.0], 'g': [1.0, 2.0, 9.0]})": "a smaller learning rate",
            "dead_units('h', 9, 9)": "leaky_relu",
            "dead_units('h', 9, 9, 0.0)": "he_normal",
            "saturated_units('h', 'tanh', 0.9)": "BatchNormalization()",
            "vanishing_gradients({'a': 1e-9, 'b': 0.1, 'c': 1.0})": "he_normal",
            "exploding_gradients({'a': 1e9, 'b': 0.1, 'c': 1.0}, {})": "he_normal",
            "linear_in_a_row([('a', 'linear'), ('b', 'relu')])": 'activation="relu"',
            "never_adapted({'n': ([0.0], [1.0])})": "adapt(x_train)",
            "inputs_not_scaled([30.0], [70.0], True)": "x / 255.0",
            "inputs_not_scaled([0.0, 0.0, 0.0], [1.0, 1e-3, 1e-3])": "norm.adapt(x)",
            "scaled_differently(([0.1], [0.3]), ([33.0], [78.0]))": "the same scaling",
            "equal_rows(x, x)": "numpy.unique",
            "class_never_predicted([0, 1, 1, 1] * 9, [1] * 36)": "class_weight={0: 2, 1: 0.667}",
        }.items()
    ),
]
