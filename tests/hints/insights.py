"""Rows: what insight asks for."""

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
]
