"""Rows: losses, metrics, models and training."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

TYPED = "words for the programmer's next line, which the case does not hold"
BODY = "the edit is inside a function or class of the user's"

ROWS = [
    Row(
        "classifier(loss='sparse_crossentropy').fit(x, labels, verbose=0)",
        "'sparse_crossentropy'",
        "'sparse_categorical_crossentropy'",
    ),
    Row(
        "net(layers.Dense(1, activation='softmax'), loss='mse').fit(x, y)",
        new='Dense(1, activation="sigmoid") with "binary_crossentropy"',
        sentence="two edits, of the layer and of the loss",
    ),
    Row(
        'net(layers.Dense(1, activation="tanh"), loss="bce").fit(x, labels % 2, verbose=0)',
        'activation="tanh"',
        'activation="sigmoid"',
    ),
    Row(
        'net(layers.Dense(3, activation="relu"), loss="sparse_categorical_crossentropy")'
        ".fit(x, labels, verbose=0)",
        'activation="relu"',
        'activation="softmax"',
    ),
    Row(
        "net(layers.Dense(1, activation='sigmoid'), loss=losses.BinaryCrossentropy("
        "from_logits=True)).fit(x, labels % 2, verbose=0)",
        "from_logits=True",
        "from_logits=False",
    ),
    Row(
        "def loss(y_true, y_pred):\n    graph.square(y_true - y_pred)\nnet(loss=loss).fit(x, y, verbose=0)",
        "graph.square(y_true - y_pred)",
        "return graph.mean(graph.square(y_true - y_pred))",
    ),
    Row(
        "net(layers.Dense(1, name='a'), loss={'a': ['mse', 'mae']}).fit(x, y, verbose=0)",
        new="one function that adds them up",
        sentence=BODY,
    ),
    Row(
        "model = Sequential([layers.Dense(1)]); model.fit(x, y, verbose=0)",
        "model.fit",
        "model.compile(optimizer='adam', loss='mse'); model.fit",
        says="model.compile(optimizer='adam', loss='mse')",
    ),
    Row(
        "model = Sequential([layers.Dense(1)]); model.compile(None, 'mse'); model.fit(x, y, verbose=0)",
        "model.compile(None, 'mse')",
        'model.compile(optimizer="sgd", loss="mse")',
    ),
    Row(
        "model = net(loss=None); model.fit(x, y)",
        new="model.compile(optimizer, loss='mse')",
        sentence="the optimizer stands for the user's own",
    ),
    Row(
        "m.fit(x, y, verbose=0)",
        "m.fit",
        "model.trainable = True; m.fit",
        says="model.trainable = True",
        before="m = model = net(); m.trainable = False",
    ),
    Row(
        "net(loss=lambda y_true, y_pred: graph.mean(y_true)).fit(x, y, verbose=0)",
        new="a loss that uses y_pred",
        sentence=BODY,
    ),
    Row(
        "net(loss=lambda t, p: graph.round(p)).fit(x, y, verbose=0)",
        "loss=lambda t, p: graph.round(p)",
        'loss="mse"',
    ),
    Row(
        "net(layers.Dense(1, activation=step)).fit(x, labels % 2, verbose=0)",
        "activation=step",
        'activation="sigmoid"',
        before="step = lambda x: graph.where(x > 0, 1.0, 0.0)",
    ),
    Row(
        'net(metrics=["accuracy"]).fit(x, y, verbose=0)', 'metrics=["accuracy"]', 'metrics=["mae"]'
    ),
    Row('net(metrics=["accuracy"]).fit(x, y, verbose=0)', '"accuracy"', "metrics.R2Score()"),
    Row(
        'net(loss=logits, metrics=["accuracy"]).fit(x, labels % 2, verbose=0)',
        '"accuracy"',
        "metrics.BinaryAccuracy(threshold=0.0)",
        before="logits = losses.BinaryCrossentropy(from_logits=True)",
    ),
    Row(
        "net(layers.Dense(1, activation='sigmoid')).fit(x, 30 * y)",
        new="a last layer without activation",
        sentence="the layer stands elsewhere",
    ),
    Row(
        "net().fit(x, y, sample_weight=sample_weight, verbose=0)",
        "sample_weight=sample_weight",
        "sample_weight=numpy.maximum(sample_weight, 0)",
        before="sample_weight = y - 2",
    ),
    Row("net().fit(x, y, steps_per_epoch=6, verbose=0)", "steps_per_epoch=6", "epochs=3"),
    Row(
        "m.compile(optimizers.SGD(1e9), 'mse'); m.fit(x, y, epochs=20, verbose=0)",
        new="check_finite=True",
        before="m = net()",
        sentence="it ends with the error that names the step",
    ),
    Row(
        "m.fit(x, y, epochs=90, verbose=0)",
        new="a smaller learning rate",
        sentence="a number to try",
        before="m = net(optimizer=optimizers.SGD(30.0), check_finite=True)",
    ),
    Row(
        "def loss(y, x):\n    return -graph.mean(y * graph.log(x))\n"
        "net(layers.Dense(1, activation='relu', kernel_initializer=initializers.Constant(-1.0)), "
        "loss=loss, check_finite=True).fit(np.ones((8, 4)), np.ones(8), verbose=0)",
        "graph.log(x)",
        "graph.log(x + 1e-7)",
    ),
    *(
        Row(
            f"net(layers.Lambda(lambda x: graph.{op}(x - 3)), layers.Dense(1), check_finite=True)"
            ".fit(x, y, verbose=0)",
            f"graph.{op}(x - 3)",
            f"graph.{op}(graph.maximum(x - 3, {floor}))",
            says=f"{words}: graph.{op}(graph.maximum(x, {floor}))",
        )
        for op, floor, words in (
            ("log", "1e-7", "the logarithm of a negative number"),
            ("log1p", "-0.999999", "log1p of a number below -1"),
            ("sqrt", "1e-7", "the root of a negative number"),
        )
    ),
    Row(
        "net().fit(batches, steps_per_epoch=2, verbose=0)",
        "batches,",
        "batches(),",
        before="def batches():\n    while True:\n        yield x, y",
    ),
    Row(
        "def loss(y, x):\n    x = graph.mean(graph.square(y - x))\n    return graph.sqrt(x)\n"
        "net(layers.Dense(1, kernel_initializer='zeros'), loss=loss, check_finite=True)"
        ".fit(np.ones((8, 4)), np.zeros(8), verbose=0)",
        "graph.sqrt(x)",
        "graph.sqrt(x + 1e-7)",
    ),
    Row(
        "def loss(y, x):\n    return graph.mean(graph.abs(x) / y)\n"
        "net(loss=loss, check_finite=True).fit(np.ones((8, 4)), np.zeros(8), verbose=0)",
        "/ y",
        "/ (y + 1e-7)",
        says="y + 1e-7",
        sentence="which of the two is the denominator the hint cannot know",
    ),
    Row(
        "def loss(y, x):\n    return graph.mean(graph.exp(x))\n"
        "net(layers.Dense(2, kernel_initializer=initializers.Constant(50.0)), loss=loss, "
        "check_finite=True).fit(np.ones((8, 4)), np.zeros((8, 2)), verbose=0)",
        "exp(x)",
        "exp(x - graph.max(x))",
    ),
    Row(
        "m.fit(1e30 * x, y, verbose=0)",
        new="divide the data by their standard deviation",
        sentence="a scaling is words",
        before="m = net(layers.Lambda(lambda x: graph.square(x)), layers.Dense(1), "
        "check_finite=True)",
    ),
    Row(
        "net(check_finite=True).fit(x, 1e300 * y.astype('float64'), verbose=0)",
        new="divide the data by their standard deviation",
        sentence="a scaling is words",
    ),
    Row("net(optimizer=optimizers.SGD(-0.1))", "-0.1", "learning_rate=0.1"),
    Row("net(optimizer=optimizers.SGD('0.1'))", "'0.1'", "learning_rate=0.1"),
    Row("net(optimizer=optimizers.SGD(momentum=3.0))", "momentum=3.0", "momentum=0.9"),
    Row("net(optimizer=optimizers.LBFGS(history_size=0))", "history_size=0", "history_size=10"),
    Row("net(optimizer=optimizers.LBFGS(clipnorm=1.0))", "LBFGS(clipnorm=1.0)", "LBFGS()"),
    Row(
        "net(layers.Dense(1, kernel_constraint='non_neg'), optimizer='lbfgs')"
        ".fit(x, y, batch_size=60, verbose=0)",
        "optimizer='lbfgs'",
        "optimizer='adam'",
    ),
    Row(
        "net(optimizer='lbfgs').fit(x, y, batch_size=32, verbose=0)",
        "batch_size=32",
        "batch_size=60",
    ),
    Row(
        "net(optimizer=optimizers.AdamW(weight_decay=None))",
        "AdamW(weight_decay=None)",
        "Adam()",
        sentence="the arguments are the user's",
    ),
    Row(
        "o = optimizers.SGD(s); o.learning_rate = 0.1",
        "SGD(s); o.learning_rate = 0.1",
        "SGD(learning_rate=0.1)",
        before="s = optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)",
    ),
    Row(
        "o = optimizers.SGD(); a = net(optimizer=o); b = net(optimizer=o); "
        "a.fit(x, y, verbose=0); b.fit(x, y, verbose=0)",
        "b = net(optimizer=o)",
        "b = net(optimizer=optimizers.SGD(...))",
        says="SGD(...)",
        sentence="the arguments are the user's",
    ),
    Row(
        "Sequential([layers.Dense])",
        "layers.Dense",
        "layers.Dense(...)",
        says="Dense(...)",
        sentence="units are the user's",
    ),
    Row(
        "Sequential([layers.Dense(1, name='a'), layers.Dense(1, name='a')])",
        "(1, name='a')]",
        '(1, name="a_2")]',
        says='name="a_2"',
    ),
    Row(
        "Sequential([layers.Dense(1), layers.Input((4,))])",
        new="Model(inputs, outputs)",
        sentence="another kind of model",
    ),
    Row(
        "model = Sequential([]); model.build((None, 3))",
        "model.build",
        "model.add(layers.Dense(1)); model.build",
        says="model.add(layers.Dense(1))",
    ),
    Row(
        "i = layers.Input((3,)); Model(i, layers.Dense(1, name='a')(layers.Dense(1, name='a')(i)))",
        new='name="a_2" for one of them',
        sentence="a name is the user's",
    ),
    Row(
        "Model(3, 4)",
        "Model(3, 4)",
        "x = Input(shape); y = layer(x); Model(x, y)",
        sentence="the layers are the user's",
    ),
    Row(
        "i = layers.Input((2,)); Model(i, outputs={1: layers.Dense(1)(i), 'a': i})",
        new="outputs={'1': ..., 'a': ...}",
        sentence="what they name is the user's",
    ),
    Row(
        "i = layers.Input((2,)); Model(layers.Input((3,)), layers.Dense(1)(i))",
        new="name it among the inputs",
        sentence="the names are the user's",
    ),
    Row(
        "Sequential([layers.Dense(1)]).count_params()",
        new="put Input(shape) first",
        sentence="the shape is the user's",
    ),
    Row("net().summary(print_fn=3)", "print_fn=3", "print_fn=print"),
    Row(
        "model = net(); model.explain()",
        "model.explain",
        "model.fit(x, y); model.explain",
        says="model.fit(x, y)",
    ),
    Row(
        "graph.gradients(model.output, model.trainable_weights)",
        "graph.gradients(model.output, model.trainable_weights)",
        "p = model(graph.as_tensor(x)); graph.gradients(p, model.trainable_weights)",
        before="model = net()",
    ),
    Row(
        "models.cross_validate(net(), x, y, epochs=1, verbose=0)",
        "net(), x",
        "lambda x: make(), x",
        says="lambda x: make(), x",
        before="make = net",
    ),
    Row(
        "models.cross_validate(lambda: net(), x, y, epochs=1, verbose=0)",
        "lambda: net(), x",
        "lambda x: make(), x",
        says="lambda x: make(), x",
        before="make = net",
    ),
    Row(
        "models.cross_validate(lambda x: None, x, y)", new="return model at its end", sentence=BODY
    ),
    Row(
        "m = net(); models.cross_validate(lambda x: m, x, y, epochs=1, verbose=0)",
        new="make and compile the model inside build",
        sentence=BODY,
    ),
    Row(
        "models.cross_validate(lambda x: net(), x, y, folds=99, epochs=1, verbose=0)",
        "folds=99",
        "folds=5",
    ),
    Row(
        "class M(metrics.Metric):\n    def __init__(self):\n        self.v = self.add_variable()\nM()",
        "        self.v",
        "        super().__init__(); self.v",
        says="super().__init__()",
    ),
    Row(
        "class M(metrics.Metric):\n    def __init__(self):\n        super().__init__()\n"
        '        self.v = self.add_variable((), initializer="ones")\nM()',
        'initializer="ones"',
        'initializer="zeros"',
    ),
    Row(
        "metrics.ConfusionMatrix(2)(labels, np.ones((60, 3)) / 3)",
        "ConfusionMatrix(2)",
        "ConfusionMatrix(3)",
    ),
    Row(
        "utils.to_categorical(['a', 'b'])",
        "['a', 'b']",
        "numpy.unique(x, return_inverse=True)[1]",
        before="x = ['a', 'b']",
    ),
    Row(
        "utils.to_categorical(labels, 3)",
        "labels,",
        "labels - labels.min(),",
        before="labels = labels + 1",
    ),
    Row("utils.pad_sequences([1, 2])", "[1, 2]", "[[1, 2], [3]]"),
    Row(
        "utils.pad_sequences([['a']])", new="another dtype=", sentence="the numbers are the user's"
    ),
    Row(
        "class D(utils.PyDataset):\n    pass\nD()[0]",
        "pass",
        "def __getitem__(self, i): return x, y",
    ),
    Row("grafito.lab.seeds if False else utils.set_random_seed(-1)", "-1", "seed=0"),
]
