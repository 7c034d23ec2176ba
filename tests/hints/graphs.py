"""Rows: tensors, formulas, engines."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

USERS = "which of them is the user's to know"
T = "t = graph.constant([[1.0, 2.0], [3.0, 4.0]])"

ROWS = [
    Row(
        "graph.cross_entropy(0.8, 1.0)",
        "graph.cross_entropy",
        "graph.binary_cross_entropy",
    ),
    Row(
        "losses.categorical_crossentropy(1.0, 0.8)",
        "1.0, 0.8",
        "[[0.0, 1.0]], [[0.2, 0.8]]",
        says="a row of probabilities for each example",
    ),
    Row('figures.draw_graph("w*x", w=1)', "w=1", "feeds={'w': 1, 'x': 2}", says="feeds={'w': 1}"),
    Row(
        "t = graph.constant(1.0); 3.0 if t > 0 else 4.0",
        "3.0 if t > 0 else 4.0",
        "graph.where(t > 0, 3.0, 4.0)",
        says="graph.where(condition, a, b)",
    ),
    Row(
        "graph.constant('a')",
        new="numpy.asarray(values, dtype='float32')",
        sentence="the numbers are the user's",
    ),
    Row(
        "graph.constant([1.0, 2.0]) + graph.constant([1.0, 2.0, 3.0])",
        new="reshape one of them",
        sentence=USERS,
    ),
    Row("graph.value(3)", new="graph.value(y, {x: 3.0})", sentence="x and y are the user's"),
    Row(
        "p = graph.placeholder((2,)); p.numpy()",
        new="graph.",
        sentence="the values are the user's",
    ),
    Row(
        "p = graph.placeholder((), name='p'); values = 1.0; graph.value(p)",
        "graph.value(p)",
        "graph.value(p, {'p': values})",
        says="{'p': values}",
    ),
    Row(
        "graph.matmul(np.ones((2, 3)), np.ones((2, 3)))",
        new="transpose one of them",
        sentence=USERS,
    ),
    Row(
        "x = graph.constant([1.0, 2.0]); y = graph.constant(3.0); graph.gradients(x, y)",
        "(x, y)",
        '(x, y, unconnected="zero")',
        says='unconnected="zero"',
    ),
    Row(
        "graph.conv2d(np.ones((8, 8)), np.ones((3, 3, 1, 1)))",
        "np.ones((8, 8))",
        "graph.expand_dims(graph.expand_dims(np.ones((8, 8)), 0), -1)",
        says="graph.expand_dims",
    ),
    Row(
        "x = np.ones((1, 3, 8, 8)); graph.conv2d(x, np.ones((3, 3, 3, 2)))",
        "2d(x,",
        "2d(graph.moveaxis(x, 1, -1),",
        says="graph.moveaxis(x, 1, -1)",
    ),
    Row(
        "graph.conv2d(np.ones((1, 8, 8, 2)), np.ones((3, 3, 3, 2)))",
        new="check the channels of the",
        sentence=USERS,
    ),
    Row(
        "graph.max_pool(np.ones(8), 2)",
        "np.ones(8)",
        "graph.expand_dims(graph.expand_dims(np.ones(8), 0), -1)",
        says="graph.expand_dims",
    ),
    Row(
        "x, targets = np.ones((4, 3)), np.array([0, 1, 2, 0]); graph.softmax_cross_entropy(x, targets)",
        "(x, targets",
        "(x, graph.one_hot(targets, 3)",
        says="graph.one_hot(targets, 3)",
    ),
    Row("graph.parse('2 x')", "2 x", "2 * x", says="* x"),
    Row("graph.parse('x + x(3)')", "x(3)", "x * (3)", says="x * (...)"),
    Row(
        "net(precision='float64')",
        new='dtype="float64" for Input and layers',
        sentence="an argument of each layer",
    ),
    Row(
        "graph.trace_graph(lambda: 3, {})",
        "3",
        '{"loss": loss}',
        before="loss = graph.constant(1.0)",
    ),
    Row(
        "graph.random.uniform((2,), dtype='int32', seed=1)",
        new="graph.random_bits or graph.permutation",
        sentence="another kind of numbers",
    ),
    Row("graph.take(np.ones((3, 2)), [5]).numpy()", new="enlarge the table", sentence=USERS),
    Row(
        "t = graph.constant([1.0, 2.0]); t[np.array([0, 1])]",
        "t[np.array([0, 1])]",
        "graph.take(t, np.array([0, 1]), 0)",
        says="graph.take(x, indices, axis)",
    ),
    Row(
        "indices = np.array([0.0]); graph.take(np.ones((3, 2)), indices)",
        "2)), indices",
        "2)), graph.cast(indices, 'int32')",
        says="graph.cast(indices, 'int32')",
    ),
    Row(
        "graph.constant(1.0).backward()",
        new="graph.gradients(y, x)",
        sentence="x and y are the user's",
    ),
    Row(
        "graph.check_gradients(graph.log, [np.zeros(2)])",
        new="choose a point inside the domain",
        sentence="the point is the user's",
    ),
    Row(
        "model = net(engine='reference'); model.fit(x, y, verbose=0); model.explain()",
        "engine='reference'",
        "engine='llvm'",
    ),
    Row(
        'class Odd(graph.Op):\n    def infer(self, x):\n        return x.shape, x.dtype\n    def value(self, xp, x):\n        return x\n    def gradient(self, g, out, x):\n        return (g,)\nnet(layers.Lambda(lambda x: Odd()(x)), layers.Dense(1), engine="auto").fit(x, y, verbose=0)',
        'engine="auto"',
        'engine="reference"',
    ),
    Row(
        "net(layers.Embedding(3, 2), layers.Flatten(), layers.Dense(1), shape=(1,)).fit(9 * labels, y, verbose=0)",
        new="enlarge the table (input_dim of an Embedding)",
        sentence=USERS,
    ),
    Row(
        "p = model.predict(x); graph.gradients(p, model.trainable_weights)",
        "p = model.predict(x)",
        "p = model(graph.as_tensor(x))",
        before="model = net()",
    ),
    Row(
        "graph.value(graph.parse('sum(x*w)', shapes={'w': (4,)}), {'x': x[0], 'w': x[1]})",
        "shapes={'w': (4,)}",
        "shapes={'x': (4,), 'w': (4,)}",
        says="shapes={'x': (4,)}",
    ),
    Row(
        "graph.parse('x @ w')",
        "'x @ w'",
        "'x @ w', shapes={'x': (2, 3), 'w': (3, 1)}",
        says="shapes={'x': (2, 3), 'w': (3, 1)}",
    ),
    Row(
        "a, b = graph.placeholder((), name='n'), graph.placeholder((), name='n'); graph.gradients(a * b, 'n')",
        ", 'n')",
        ", a)",
        says="the tensor itself in place of its name",
    ),
    Row(
        "graph.check_gradients(lambda x: Double()(x), [np.ones(2)])",
        new="look at `gradient` of",
        before="class Double(graph.Op):\n    def infer(self, x):\n        return x.shape, x.dtype\n    def value(self, xp, x):\n        return 2 * x\n    def gradient(self, g, out, x):\n        return (g,)",
        sentence="the edit is inside a class of the user's",
    ),
    Row(
        "graph.conv2d_transpose(np.ones((1, 1, 1, 1)), np.ones((2, 2, 1, 1)), strides=2, padding='same', output_padding=0)",
        "output_padding=0",
        "output_padding=None",
        says="a larger output_padding, or None",
    ),
    Row(
        "values = [1.5]; graph.constant(values, 'int32')",
        "(values,",
        "(numpy.round(values),",
        says="numpy.round",
    ),
    Row(
        "x = graph.constant([1, 2], 'uint8'); x + 300",
        "x + 300",
        "graph.cast(x, 'int32') + 300",
        says="graph.cast(x, 'int32')",
    ),
    Row(
        "graph.eager.run_step(lambda: 3, {}, {})",
        "3",
        '{"loss": loss}',
        before="loss = graph.constant(1.0)",
    ),
    Row("x = y = graph.constant([True, False]); x - y", "x - y", "graph.not_equal(x, y)"),
    Row(
        "x, y = graph.constant([2, 3]), graph.constant([-1, 1]); x ** y",
        "x ** y",
        "graph.cast(x, 'float32') ** y",
    ),
    Row(
        "graph.value(2 * p)",
        "2 * p",
        "2 * p, {p: 1}",
        says="graph.value(..., {x: 1})",
        before="p = graph.placeholder(())",
    ),
    Row("a = np.ones(2); t = graph.constant([1.0, 2.0]); a += t", "a += t", "a = a + t"),
    Row(
        "p = graph.placeholder((2,), name='p'); np.exp(p, where=True)",
        "np.exp(p, where=True)",
        "graph.exp(p)",
        says="graph.exp",
    ),
    Row(
        "x = graph.constant([1.0, 2.0]); x & (x > 0)",
        "x & (x > 0)",
        "(x > 0) & (x > 0)",
        says="x > 0",
    ),
    Row(
        "x = graph.constant([1.0, 2.0]); graph.reshape(x, (2.0, -1))",
        "reshape(x, (2.0, -1))",
        "reshape(x, (2, -1))",
    ),
    Row("x = graph.constant([[1.0, 2.0]]); x[..., 0, ...]", "x[..., 0, ...]", "x[..., 0]"),
    Row("x = graph.constant([1.0, 2.0]); x[::0]", "x[::0]", "x[::1]"),
    Row("graph.placeholder((None, 2))", "placeholder((None, 2))", "placeholder((8, 2))"),
]
