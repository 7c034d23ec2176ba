"""Rows: figures, drawings of graphs and the command that draws."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

USERS = "the values are the user's"

CONV = "m = model = net(layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1), shape=(8, 8, 1))"

ROWS = [
    Row(
        "figures.draw_graph(graph.exp(x), {x: 1.0}).savefig('figure.png')",
        "figure.png",
        "figure.svg",
        says="an SVG file",
        before="x = graph.placeholder((), name='\N{CUNEIFORM SIGN A}')",
    ),
    Row(
        "figure = figures.curves({'loss': [0.5, 0.2]}); figure.show()",
        "figure.show()",
        'figure.savefig("figure.png")',
    ),
    Row(
        "figures.confusion_matrix([{}, {}], [0, 1])",
        "[{}, {}]",
        '["cat", "dog"]',
        before="",
        sentence="the names are the user's",
    ),
    Row(
        "figures.confusion_matrix(y_pred)",
        "(y_pred)",
        "(y_true, y_pred)",
        before="y_true, y_pred = [0, 1, 1], [0, 1, 0]",
    ),
    Row("figures.curves({'loss': [0.5] * 20}, title=3)", "title=3", 'title="..."'),
    Row("figures.confusion_matrix([0, 1], [0, 1], margins=3)", "margins=3", "margins=True"),
    Row(
        "figures.confusion_matrix([0, 1], [0, 1], class_names=3)",
        "class_names=3",
        'class_names=["a", "b"]',
    ),
    Row("figures.threshold_curves([0, 1], [0.2, 0.7], costs=3)", "costs=3", "costs=(1, 5)"),
    Row(
        "figures.decision_regions(lambda p: p[:, 0] > 0.5, x[:, :2], labels % 2, bands=3)",
        "bands=3",
        "bands=True",
    ),
    Row(
        "figures.decision_regions(lambda p: p[:, 0] > 0.5, x, labels % 2)",
        "labels % 2)",
        "labels % 2, columns=(0, 1))",
        says="columns=(0, 1)",
    ),
    Row(
        "figures.decision_regions(lambda p: p[:, 0] > 0.5, x[:, :1], labels % 2)",
        "x[:, :1], labels % 2",
        "x, labels % 2, columns=(0, 1)",
        says="columns=(0, 1), for examples with more inputs",
    ),
    Row(
        "figures.decision_regions(lambda p: p[:, 0] > 0.5, x, labels % 2, columns=(0, 9))",
        "columns=(0, 9)",
        "columns=(0, 1)",
    ),
    Row(
        "figures.decision_regions(lambda p: p[:, 0] > 0.5, x[:, :2], labels % 2, held_out=3)",
        "held_out=3",
        "held_out=(x[:9, :2], labels[:9] % 2)",
        says="held_out=(x_test, y_test)",
    ),
    Row(
        "figures.calibration_curve([0, 1, 1, 0], np.array([-2.0, 3.0, 2.0, 1.0]))",
        "np.array([-2.0, 3.0, 2.0, 1.0])",
        "graph.sigmoid([-2.0, 3.0, 2.0, 1.0]).numpy()",
        says="graph.sigmoid(y_score).numpy()",
    ),
    Row(
        "figures.kernels(np.ones((12, 2)))",
        "(12, 2))",
        "(12, 2)), shape=(1, 12)",
        says="shape=(1, 12)",
    ),
    Row("figures.curves({'loss': [0.5] * 20}, zoom=3)", "zoom=3", "zoom=(1, 10)"),
    Row("figures.curves({'loss': [0.5] * 20}, smooth='a')", "smooth='a'", "smooth=5"),
    Row("figures.graph_table('x*2', {'x': 1.0}, digits='a')", "digits='a'", "digits=3"),
    Row("figures.draw_graph('x*2', {'x': 1.0}, digits=None)", "digits=None", "digits=3"),
    Row("figures.draw_graph('x*2', {'x': 1.0}, width='a')", "width='a'", "width=17.5"),
    Row("figures.draw_graph('x*2', {'x': 1.0}, most='a')", "most='a'", "most=4"),
    Row("figures.draw_graph('w*x + b', parameters=3)", "parameters=3", 'parameters=["w", "b"]'),
    Row("figures.images_grid(images, columns='a')", "columns='a'", "columns=8"),
    Row("figures.kernels(np.ones((3, 3, 1, 2)), most='a')", "most='a'", "most=16"),
    Row(
        "figures.feature_maps(m, images[0][..., None], most=None)",
        "most=None",
        "most=8",
        before=CONV,
    ),
    Row(
        "images = images[..., None]; figures.feature_maps(model, images)",
        "model, images)",
        "model, images[0])",
        says="images[0]",
        before=CONV,
    ),
    Row(
        "images = images[..., None]; figures.feature_maps({'a': np.ones((6, 6, 2))}, images)",
        ", images)",
        ", images[0])",
        says="images[0]",
    ),
    Row(
        "figures.decision_regions(lambda p: p[:, 0] > 0.5, x[:, :2], labels % 2, resolution='a')",
        "resolution='a'",
        "resolution=200",
    ),
    Row("figures.convolution_steps(np.ones((4, 4)), np.ones((2, 2)), pool=0)", "pool=0", "pool=2"),
    Row("figures.activation_gallery(['relu'], low='a')", "low='a'", "low=-5.0"),
    Row("figures.activation_gallery([])", "[]", '["sigmoid", "relu"]'),
    Row(
        "figures.draw_diagram('x*2')",
        "draw_diagram",
        "draw_graph",
    ),
    Row(
        "figures.draw_graph(deep, x[:1])",
        "x[:1]",
        "x[:1], level='layers'",
        says="level='layers'",
        before="deep = net(*[layers.Dense(4) for _ in range(110)])",
    ),
    Row(
        "figures.draw_graph('+'.join(['x*x'] * 400), {'x': 1.0})",
        new="a part of the graph",
        sentence="which part is the user's",
    ),
    Row(
        "images = np.ones((9, 7)); figures.images_grid(images)",
        "grid(images)",
        "grid(images[None])",
        says="images[None]",
    ),
    Row(
        "images = np.ones(64); figures.images_grid(images)",
        "grid(images)",
        "grid(images.reshape(1, 8, 8))",
        says="images.reshape(1, 8, 8)",
    ),
    Row(
        "images = np.ones((5, 3, 8, 8)); figures.images_grid(images)",
        "grid(images)",
        "grid(numpy.moveaxis(images, 1, -1))",
        says="numpy.moveaxis(images, 1, -1)",
    ),
    Row(
        "figures.network_diagram(layer)",
        "network_diagram(layer)",
        "draw_graph(layer, x)",
        before="layer = graph.exp",
    ),
    Row(
        "class M(Model):\n    def call(self, x):\n        return x\nm = M(); figures.network_diagram(m)",
        new="Sequential([...]) or Model(inputs, outputs)",
        sentence="the layers are the user's",
    ),
    Row(
        "figures.decision_regions(model, x, labels % 2)",
        "labels % 2)",
        "labels % 2, columns=(0, 1))",
        says="columns=(0, 1)",
        before="model = net()",
    ),
    Row(
        "figures.decision_regions(p, x, y)",
        "(p, x, y)",
        "(model.predict, x, y)",
        before="model = net(layers.Dense(1, activation='sigmoid'), shape=(2,)); x = x[:, :2]; y = labels % 2; p = model.predict(x, verbose=0)",
    ),
    Row("figures.draw_graph('x*2', 'x=1')", "'x=1'", '{"x": 1.0}'),
    Row(
        "figures.draw_graph(model)",
        "(model)",
        "(model, x[:1])",
        before="model = Sequential([layers.Dense(1)])",
    ),
    Row(
        "figures.draw_graph(model.output)",
        "(model.output)",
        "(model, x)",
        before="model = net(); x = x[:1]",
    ),
    Row(
        "figures.draw_graph(max, {'x': x})",
        "max",
        "lambda x: graph.max(x)",
        says="lambda x: ...",
    ),
    Row(
        "figures.draw_graph('w*x', {'w': 2.0})",
        new="{'w': ..., 'x': ...}",
        sentence=USERS,
    ),
    Row(
        "cli.draw_formula('w*x', ['w=2'], parameters='', digits=3)",
        "['w=2']",
        "['w=2,x=1']",
        says="--at w=2,x=1",
        before="from grafito import cli",
    ),
]
