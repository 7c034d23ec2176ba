"""Rows: the shapes of inputs, the arrays and the labels."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

TYPED = "words for the programmer's next line, which the case does not hold"
BODY = "the edit is inside a function or class of the user's"
MODEL_784 = "m = net(layers.Dense(10), shape=(784,))"
IMAGES_1 = "m = net(layers.Flatten(), layers.Dense(3), shape=(28, 28, 1))"
IMAGES_3 = "m = net(layers.Flatten(), layers.Dense(3), shape=(8, 8, 3))"

PETS = "import os; os.makedirs('pets/cats', exist_ok=True); utils.save_img('pets/cats/1.png', np.zeros((2, 2, 3)))"
READ = "utils.image_dataset_from_directory('pets', verbose=False"

ROWS = [
    Row(
        "open('broken.png', 'w').close(); utils.load_img('broken.png')",
        new="another copy of the file",
        sentence="the file is the user's",
    ),
    Row(
        "list(table.rows_of(['a,\"b'], ',', 'd.csv'))",
        "\"b'",
        '"b"\'',
        says="close it, or write it twice where it belongs to the text",
        before="from grafito.datasets.readers import table",
    ),
    Row(
        "columns.typed_table(frame)",
        "frame",
        "frame.replace([np.inf, -np.inf], np.nan)",
        before="import pandas; from grafito.datasets import columns; frame = pandas.DataFrame({'a': [1.0, np.inf]})",
    ),
    Row("utils.array_to_img(np.zeros((1, 2, 2, 3)))", "3)))", "3))[0])", says="x[0]"),
    Row(
        "utils.img_to_array(x, data_format='channels_first')",
        "data_format='channels_first'",
        "data_format='channels_last'",
    ),
    Row(
        "utils.timeseries_dataset_from_array(x, None, sequence_length=0)",
        "sequence_length=0",
        "sequence_length=1",
    ),
    Row(
        "utils.timeseries_dataset_from_array(x, None, sequence_length=99)",
        "sequence_length=99",
        "sequence_length=9",
        says="a shorter sequence_length",
    ),
    Row("utils.split_dataset(x, left_size=0)", "left_size=0", "left_size=0.8"),
    Row(
        f"{READ}, validation_split=0.2, subset='both', labels=None)",
        "labels=None",
        "labels=None, seed=1",
        before=PETS,
        says="seed=1",
    ),
    Row(
        "utils.image_dataset_from_directory('pets/cats', verbose=False)",
        "verbose=False",
        "verbose=False, labels=None",
        before=PETS,
        says="labels=None",
    ),
    Row(
        f"{READ}, label_mode='binary')",
        new="label_mode='int'",
        before=PETS,
        sentence="with one class there is another warning",
    ),
    Row(f"{READ})", "verbose=False", "verbose=False, labels=None", before=PETS, says="labels=None"),
    Row(
        f"{READ}, labels=None, subset='both', seed=1)",
        "subset='both'",
        "subset='both', validation_split=0.2",
        before=PETS,
        says="validation_split=0.2",
    ),
    Row("x = np.zeros(784); m.predict(x)", "(x)", "(x[None])", before=MODEL_784),
    Row("x = np.zeros(784); m(x)", "(x)", "(x[None])", before=MODEL_784),
    Row("x = np.zeros((28, 28)); m.predict(x)", "(x)", "(x.reshape(-1, 784))", before=MODEL_784),
    Row("x = np.zeros((784, 1)); m.predict(x)", "(x)", "(x.reshape(-1, 784))", before=MODEL_784),
    Row("x = np.zeros((5, 28, 28)); m.predict(x)", "(x)", "(x.reshape(-1, 784))", before=MODEL_784),
    Row("x = np.zeros((784, 5)); m.predict(x)", "(x)", "(x.T)", before=MODEL_784),
    Row("x = np.zeros((28, 28, 1)); m.predict(x)", "(x)", "(x[None])", before=IMAGES_1),
    Row(
        "x = np.zeros((28, 28)); m.predict(x)", "(x)", "(x.reshape(-1, 28, 28, 1))", before=IMAGES_1
    ),
    Row(
        "x = np.zeros((5, 1, 28, 28)); m.predict(x)",
        "(x)",
        "(numpy.moveaxis(x, 1, -1))",
        before=IMAGES_1,
    ),
    Row(
        "x = np.zeros((3, 8, 8)); m.predict(x)",
        "(x)",
        "(numpy.moveaxis(x, 0, -1)[None])",
        before=IMAGES_3,
    ),
    Row(
        "x = np.zeros((5, 28, 28, 3)); m.predict(x)",
        "(x)",
        "(x.mean(-1, keepdims=True))",
        before=IMAGES_1,
    ),
    Row(
        "x = np.zeros((28, 28, 3)); m.predict(x)",
        "(x)",
        "(x.mean(-1, keepdims=True)[None])",
        before=IMAGES_1,
    ),
    Row(
        "x = np.zeros((5, 8, 8, 1)); m.predict(x)",
        "(x)",
        "(numpy.repeat(x, 3, axis=-1))",
        before=IMAGES_3,
    ),
    Row(
        "m.predict(np.zeros((3, 28, 28)))",
        new="images of 8 x 8: resize those of 28 x 28",
        sentence="resizing is another library's",
        before="m = net(layers.Flatten(), layers.Dense(3), shape=(8, 8))",
    ),
    Row(
        "m.predict(np.zeros((30, 20, 3)))",
        new="an image of 8 x 8: resize this one of 30 x 20",
        sentence="resizing is another library's",
        before="m = net(layers.Flatten(), layers.Dense(3), shape=(8, 8))",
    ),
    Row(
        "m.predict(np.zeros((5, 30, 40, 3)))",
        new="images of 8 x 8: resize those of 30 x 40",
        sentence="resizing is another library's",
        before=IMAGES_3,
    ),
    Row(
        "m = net(layers.Dense(1), shape=(5,)); m.fit(x, y, verbose=0)",
        "(5,)",
        "(4,)",
    ),
    Row("m = net(); m.fit(y, x, verbose=0)", "(y, x", "(x, y"),
    Row(
        "net().fit(rng.random((4, 60)), y, verbose=0)",
        "rng.random((4, 60))",
        "x.T",
        before="x = np.ones((4, 60))",
    ),
    Row(
        "m.fit(x, y, verbose=0)",
        "y,",
        "y.T,",
        before="m = net(layers.Dense(2)); y = np.ones((2, 60))",
    ),
    Row(
        "m.fit(x, labels, verbose=0)",
        "x,",
        "numpy.array(x),",
        before="m = classifier(layers.Flatten(), shape=(8, 8)); x = list(images)",
    ),
    Row(
        "classifier().fit([np.ones((8, 8)), np.ones((9, 8))], [0, 1], verbose=0)",
        new="one size for all",
        sentence="resizing is another library's",
    ),
    Row(
        "classifier().fit(np.array([np.ones((8, 8)), np.ones((9, 8))], object), [0, 1])",
        new="resize or cut the examples to one size",
        sentence="resizing is another library's",
    ),
    Row(
        "net(shape=(2,)).fit(x, [1.0, 2.0], verbose=0)",
        "(x,",
        "(utils.pad_sequences(x),",
        before="x = [[1, 2], [1]]",
    ),
    Row(
        "net().fit(x, y, verbose=0)",
        "(x,",
        "(x.astype('float32'),",
        before="x = x.astype(object)",
    ),
    Row(
        "net(shape=(1,)).fit(x, y, verbose=0)",
        "(x,",
        "(numpy.unique(x, return_inverse=True)[1],",
        before="x = np.array(['si', 'no'] * 30)",
    ),
    Row(
        "net().fit(x, y, verbose=0)",
        "(x,",
        "(x.filled(0.0),",
        before="x = np.ma.masked_array(x, x > 0.9)",
    ),
    Row(
        "net().fit(x, y, verbose=0)",
        "(x,",
        "(x.toarray(),",
        before="import scipy.sparse; x = scipy.sparse.csr_matrix(x)",
    ),
    Row("net().fit(x, y, verbose=0)", "(x,", "(numpy.nan_to_num(x),", before="x[3, 2] = np.nan"),
    Row(
        "used = x; net(shape=(used.shape[1],)).predict(used, verbose=0)",
        "used = x",
        "used = x[:, ~numpy.isnan(x).all(axis=0)]",
        says="x[:, ~numpy.isnan(x).all(axis=0)]",
        before="x[:, 1] = np.nan",
    ),
    Row("net().fit(None, y)", "fit(None, y)", "fit(x, y)"),
    Row(
        "m.predict(value)",
        "value",
        "numpy.array([value])",
        before="m = net(shape=(1,)); value = 3.0",
    ),
    Row(
        "net().fit(x, y, x_test, y_test, verbose=0)",
        "x_test, y_test",
        "validation_data=(x_test, y_test)",
        before="x_test, y_test = x, y",
    ),
    Row("net().evaluate(x)", "evaluate(x)", "evaluate(x, y)"),
    Row("net().predict(x, y)", "predict(x, y)", "predict(x)"),
    Row("net().evaluate(x, y, x, y)", "evaluate(x, y, x, y)", "evaluate(x, y)"),
    Row(
        "m.evaluate(data)",
        "evaluate(data)",
        "evaluate(*data)",
        before="m = net(); data = x, y",
    ),
    Row(
        "m.fit(x, y, validation=0.1, verbose=0)",
        "validation=0.1",
        "validation_split=0.1",
        before="m = net()",
    ),
    Row("net().fit(x)", "fit(x)", "fit(x, y)"),
    Row(
        "net(loss=None, metrics=['mae']).evaluate(x)",
        "evaluate(x)",
        "evaluate(x, y)",
        sentence="a model without a loss has nothing to evaluate",
    ),
    Row(
        "net().fit(x, y, validation_data=x_val, verbose=0)",
        "validation_data=x_val",
        "validation_data=(x_val, y_val)",
        before="x_val, y_val = x, y",
    ),
    Row(
        "m.fit(x, y, class_weight=[1.0, 2.0], verbose=0)",
        "class_weight=[1.0, 2.0]",
        "class_weight={0: 1.0, 1: 2.0}",
        before="m = net(layers.Dense(1, activation='sigmoid')); y = labels % 2",
    ),
    Row(
        "m.fit(x, y, class_weight={0: 1.0, 1: float('inf')}, verbose=0)",
        "class_weight={0: 1.0, 1: float('inf')}",
        "class_weight={0: 1.0, 1: 2.0}",
        before="m = net(layers.Dense(1, activation='sigmoid')); y = labels % 2",
    ),
    Row(
        "m.fit(x, y, class_weight={0: 1.0, 1: 2.0}, verbose=0)",
        new="sample_weight=..., a weight for each label",
        sentence=TYPED,
        before="m = net(layers.Dense(3)); y = numpy.stack([labels] * 3, 1)",
    ),
    Row(
        "m.fit(x, verbose=0)",
        "(x",
        "(iter(x)",
        before="m = net(); x = [(x[:25], y[:25]), (x[25:], y[25:])]",
        says="iter(x) for one epoch",
    ),
    Row(
        "net().fit(x, y, validation_split=3, verbose=0)",
        "validation_split=3",
        "validation_split=0.1",
    ),
    Row(
        "net().fit(iter([(x, y)]), validation_split=0.1)", new="validation_data=...", sentence=TYPED
    ),
    Row("net().fit(iter([]))", new="a PyDataset", sentence="the data must be written anew"),
    Row(
        "losses.check_labels(losses.get('mse'), y)",
        "losses.check",
        "names, y = numpy.unique(y, return_inverse=True); losses.check",
        says="names, y = numpy.unique(y, return_inverse=True)",
        before="y = np.array(['a', 'b'])",
    ),
    Row(
        "classifier().fit(x, labels + 1, verbose=0)", "labels + 1", "y - 1", before="y = labels + 1"
    ),
    Row(
        "classifier().fit(x, np.arange(60) % 5)",
        new="a last layer with 5 units",
        sentence="the layer stands elsewhere",
    ),
    Row(
        "classifier().fit(x, y, verbose=0)",
        " y,",
        " numpy.unique(y, return_inverse=True)[1],",
        before="y = np.array([-7, 0, 2] * 20)",
    ),
    Row(
        "classifier().fit(x, y, verbose=0)",
        "verbose=0",
        "sample_weight=(y >= 0)",
        before="y = np.array([-1, 0, 2] * 20)",
    ),
    Row(
        "classifier(loss='categorical_crossentropy').fit(x, labels, verbose=0)",
        "labels",
        "utils.to_categorical(y, 3)",
        before="y = labels",
    ),
    Row(
        "classifier(loss='categorical_crossentropy').fit(x, labels, verbose=0)",
        "'categorical_crossentropy'",
        "'sparse_categorical_crossentropy'",
    ),
    Row(
        "classifier().fit(x, y, verbose=0)",
        " y,",
        " numpy.argmax(y, axis=-1),",
        before="y = np.eye(3)[labels]",
    ),
    Row(
        "classifier(loss=losses.get('sparse_categorical_crossentropy')).fit(x, y, verbose=0)",
        "'sparse_categorical_crossentropy'",
        "'categorical_crossentropy'",
        before="y = np.eye(3)[labels]",
    ),
    Row(
        "classifier(metrics=[metrics.Precision(class_id=1)], loss='mse').fit(x, labels, verbose=0)",
        "labels",
        "utils.to_categorical(y, 3)",
        before="y = labels",
    ),
    Row(
        "classifier(metrics=[metrics.Recall()]).fit(x, labels, verbose=0)",
        "metrics.Recall()",
        "metrics.ConfusionMatrix(3)",
    ),
    Row(
        "net(layers.Dense(3)).fit(x, y)",
        new="a last layer with 1 unit",
        sentence="the layer stands elsewhere",
    ),
    Row(
        "net(layers.Dense(3, activation='sigmoid'), loss='bce').fit(x, labels % 2)",
        new="a last layer with 1 unit, or a loss for classes",
        sentence="the layer stands elsewhere",
    ),
    Row(
        "net(layers.Dense(3)).fit(x, np.ones((60, 2)))",
        new="a last layer with 2 units",
        sentence="the layer stands elsewhere",
    ),
    Row(
        "losses.get('mse')(np.ones((6, 1)), np.ones((5, 1)))",
        new="one target for each example",
        sentence="the data must be corrected",
    ),
    Row(
        "losses.get('mse')(np.ones((5, 3, 2)), np.ones((5, 6)))",
        new="reshape the targets",
        sentence="which axes belong together only the user knows",
    ),
    Row(
        "classifier(layers.Dense(4), shape=(8, 8)).fit(images, labels, verbose=0)",
        "layers.Dense(4)",
        "layers.Flatten()",
    ),
    Row(
        "last = layers.Identity(); net(layers.Conv2D(2, 3), last, layers.Dense(1), shape=(8, 8, 1))"
        ".fit(images, y, verbose=0)",
        "layers.Identity()",
        "layers.Flatten()",
    ),
    Row(
        "m.fit(x, y, verbose=0)",
        "m.fit(x, y",
        "m.fit(x, y / 255",
        says="y / 255",
        before="m = net(layers.Dense(1, activation='sigmoid'), loss='bce'); y = labels * 127.5",
    ),
    Row(
        "net(layers.Dense(1, activation='sigmoid'), loss='bce').fit(x, y, verbose=0)",
        "y,",
        "(y + 1) / 2,",
        before="y = np.array([-1, 1] * 30)",
    ),
    Row(
        "net(loss='hinge').fit(x, y, verbose=0)",
        "y,",
        "numpy.where(y > 0, 1, -1),",
        before="y = np.array([-2, 1] * 30)",
    ),
    Row(
        "net(layers.Dense(1, activation='sigmoid'), loss='bce').fit(x, labels)",
        new='a unit for each class with "sparse_categorical_crossentropy"',
        sentence="two edits, of the layer and of the loss",
    ),
    Row(
        "net(layers.Dense(1, activation='sigmoid'), loss='bce').fit(x, 9000 * y)",
        new='loss="mse" and a last layer without activation',
        sentence="two edits, of the layer and of the loss",
    ),
    Row(
        "classifier(loss='categorical_crossentropy').fit(x, y)",
        new='activation="sigmoid" with "binary_crossentropy"',
        sentence="two edits, of the layer and of the loss",
        before="y = np.eye(3)[labels]; y[0] = [1, 1, 0]",
    ),
    Row(
        "classifier(loss='categorical_crossentropy').fit(x, y)",
        new='activation="sigmoid" with "binary_crossentropy"',
        sentence="two edits, of the layer and of the loss",
        before="y = np.eye(3)[labels] * 0.7",
    ),
    Row(
        "losses.get(lambda t, p: graph.mean(p))(np.ones(4), np.ones(4), np.ones(4))",
        new="graph.mean(..., axis=-1) in a function of your own",
        sentence=BODY,
    ),
    Row(
        "net(layers.Dense(2)).fit(x, x[:, :2], sample_weight=sample_weight, verbose=0)",
        "sample_weight=sample_weight",
        "sample_weight=sample_weight.mean(axis=-1)",
        says="sample_weight.mean(axis=-1)",
        before="sample_weight = np.ones((60, 2))",
    ),
    Row(
        "datasets.photographs.digits_like(np.full((40, 40), 0.9))",
        new="more light, a thicker pen, nothing else in the picture",
        sentence="the picture is taken anew",
        before="import grafito.datasets.photographs",
    ),
]
