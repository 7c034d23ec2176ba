"""Rows: networks as estimators of scikit-learn."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

ESTIMATORS = "from grafito.estimators import NetworkClassifier, NetworkRegressor"
MAKES = "lambda shape, outputs: Sequential([layers.Input(shape), layers.Dense(outputs)])"
SAYS = "network=lambda shape, outputs: Sequential([Input(shape), ..., Dense(outputs, ...)])"

ROWS = [
    Row(
        "NetworkRegressor(early_stopping=True, validation_fraction=0, epochs=1).fit(x, y)",
        "validation_fraction=0",
        "validation_fraction=0.1",
        before=ESTIMATORS,
    ),
    Row(
        "with patch('importlib.util.find_spec', lambda name: None):\n    runpy.run_path(grafito.__path__[0] + '/estimators/__init__.py')",
        new="pip install -U scikit-learn",
        sentence="a command of the shell",
        before="from unittest.mock import patch; import runpy",
    ),
    Row(
        "NetworkRegressor(lambda shape, outputs: Sequential([layers.Input(shape), layers.Dense(3)]), epochs=1).fit(x, y)",
        "Dense(3)",
        "Dense(1)",
        says="Dense(1, ...) as the last layer",
        before=ESTIMATORS,
    ),
    Row(
        "NetworkRegressor(network=net(), epochs=1).fit(x, y)",
        "net()",
        MAKES,
        says=SAYS,
        before=ESTIMATORS,
    ),
    Row(
        "NetworkRegressor(network=lambda shape, outputs: None, epochs=1).fit(x, y)",
        "lambda shape, outputs: None",
        MAKES,
        says=SAYS,
        before=ESTIMATORS,
    ),
    Row(
        "NetworkClassifier(epochs=1).fit(x, np.stack([labels, labels], 1))",
        "NetworkClassifier(epochs=1)",
        "MultiOutputClassifier(NetworkClassifier(epochs=1))",
        says="sklearn.multioutput.MultiOutputClassifier(NetworkClassifier())",
        before=ESTIMATORS + "; from sklearn.multioutput import MultiOutputClassifier",
    ),
    Row(
        "network = NetworkClassifier().partial_fit(x, labels % 2); network.partial_fit(x, labels)",
        "labels % 2)",
        "labels % 2, classes=[0, 1, 2])",
        says="partial_fit(X, y, classes=...) with all of them in the first call",
        before=ESTIMATORS,
    ),
    Row(
        "NetworkClassifier().partial_fit(x, 0 * labels)",
        "0 * labels)",
        "0 * labels, classes=[0, 1])",
        says="partial_fit(X, y, classes=...) with all that will come",
        before=ESTIMATORS,
    ),
    Row(
        "NetworkClassifier(epochs=1, class_weight={5: 2.0}).fit(x, labels)",
        "class_weight={5: 2.0}",
        "class_weight={0: 1.0, 1: 1.0, 2: 1.0}",
        before=ESTIMATORS,
    ),
    Row(
        "NetworkClassifier(epochs=1, class_weight='uniform').fit(x, labels)",
        "class_weight='uniform'",
        'class_weight="balanced"',
        before=ESTIMATORS,
    ),
]
