"""Rows: layers, parts and what is called on symbols."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

BODY = "the edit is inside a class of the user's"
USERS = "a number of the user's"

ROWS = [
    Row(
        "layer = layers.Dense(2); print(layer.kernel)",
        "print",
        "layer.build((None, 4)); print",
        says="layer.build((None, 4))",
    ),
    Row("layers.Dropout(0.5)(x, trainning=True)", "trainning=True", "training=True"),
    Row('layers.Dense("4")', '"4"', "units=4"),
    Row("layers.Dense(2.6)", "2.6", "units=3"),
    Row("layers.Dense(0)", "0", "units=1"),
    Row("layers.Dense(1, name=7)", "name=7", 'name="7"'),
    Row("layers.Dense(None)", "None", "units=2"),
    Row("layers.Conv2D(2, kernel_size=0)", "kernel_size=0", "kernel_size=2"),
    Row(
        "layers.Conv2D(2, 3, data_format='channels_first')(layers.Input((3, 8, 8)))",
        "layers.Conv2D(2, 3, data_format='channels_first')(layers.Input((3, 8, 8)))",
        "layers.Conv2D(2, 3)(layers.Permute((2, 3, 1))(layers.Input((3, 8, 8))))",
        says="Permute((2, 3, 1)) before it",
    ),
    Row(
        "layers.Conv2D(2, 3)(layers.Input((8, 8)))",
        "layers.Input((8, 8))",
        "layers.Reshape((8, 8, 1))(layers.Input((8, 8)))",
        says="Reshape((8, 8, 1)) before it",
    ),
    Row("layers.Conv2D(2, 3)(layers.Input((8, 8)))", "Input((8, 8))", "Input((8, 8, 1))"),
    Row(
        "layers.Conv2D(2, 3)(layers.Input((64,)))",
        new="Reshape((height, width, channels)) before it",
        sentence="the sizes are the user's",
    ),
    Row(
        "layers.Conv2D(2, 3)(layers.Input((8, 8, None)))",
        new="a number as the last size of Input",
        sentence=USERS,
    ),
    Row("layers.Conv2D(2, 3, strides=2, dilation_rate=2)", "strides=2", "strides=1"),
    Row("layers.Conv2D(filters=5, kernel_size=3, groups=2)", "filters=5", "filters=4"),
    Row(
        "layers.Conv2DTranspose(2, 3, output_padding=5)", "output_padding=5", "output_padding=None"
    ),
    Row(
        "layers.Conv2D(2, 5)(layers.Input((4, 4, 1)))",
        "2, 5",
        '2, 5, padding="same"',
        says='padding="same"',
    ),
    Row(
        "layers.RandomContrast(0.1, value_range=7)",
        "value_range=7",
        "value_range=(0, 255)",
    ),
    Row("layers.Wrapper(3)", "Wrapper(3)", "Wrapper(layers.Dense(1))", says="Wrapper(Dense(1))"),
    Row("layers.CategoryEncoding(3, sparse=True)", "sparse=True", "sparse=False"),
    Row(
        "layers.CategoryEncoding(3, output_mode='multi_hot')(np.ones((2, 2), int), count_weights=x[:2, :2])",
        "output_mode='multi_hot'",
        "output_mode='count'",
    ),
    Row(
        "layers.Discretization()",
        "Discretization()",
        "Discretization(num_bins=4)",
        says="num_bins=4",
    ),
    Row("layers.Discretization(bin_boundaries=[0.0], num_bins=3)", "num_bins=3", "num_bins=None"),
    Row(
        "layers.Discretization([0.0]).adapt(x)",
        "Discretization([0.0])",
        "Discretization(num_bins=4)",
    ),
    Row(
        "layer = layers.Discretization(num_bins=3); layer(x)",
        "; layer(x)",
        "; layer.adapt(x); layer(x)",
        says="layer.adapt(data)",
    ),
    Row("layers.GroupNormalization(groups=3)(x)", "groups=3", "groups=1"),
    Row(
        "layers.Resizing(4, 4, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)",
        "pad_to_aspect_ratio=True",
        "pad_to_aspect_ratio=False",
    ),
    Row("layers.RandomZoom(height_factor='a')", "height_factor='a'", "height_factor=0.1"),
    Row(
        "layers.RandomCrop(9, 9)(np.ones((1, 8, 8, 1)))",
        new="ZeroPadding2D or UpSampling2D before it",
        sentence="how much is the user's",
    ),
    Row(
        "class A(layers.Layer):\n    pass\nA()(x)",
        "pass",
        "def call(self, inputs): return inputs",
        says="def call(self, inputs)",
    ),
    Row(
        "class A(layers.Layer):\n    def build(self, shape):\n        self.w = self.add_weight(shape=(shape[-1],))\n    def call(self, x):\n        return x\nA()(layers.Input((None,)))",
        "(None,)))",
        "(784,)))",
        says="Input((784,))",
    ),
    Row(
        "class A(layers.Layer):\n    def __init__(self):\n        self.a = 1\n    def call(self, x):\n        return x\nA()(x)",
        "        self.a",
        "        super().__init__(); self.a",
        says="super().__init__()",
    ),
    Row("layers.Dense(1).output", new="put Input(shape) first", sentence="the shape is the user's"),
    Row("layer = layers.Dense(1); y = layer()", "layer()", "layer(x)", says="y = layer(x)"),
    Row(
        "class A(layers.Layer):\n    def call(self, x):\n        2 * x\nA()(x)",
        "2 * x",
        "return 2 * x",
        says="return the output at its end",
    ),
    Row("layer = layers.Dense(1); layer.build()", "layer.build()", "layer.build((None, 784))"),
    Row(
        "layer = layers.Dense(1); layer.build((None, 2)); layer.build((None, 3))",
        "; layer.build((None, 3))",
        "; layer = layers.Dense(1); layer.build((None, 3))",
        says="a new layer: Dense(...)",
    ),
    Row("model = net(); layers.Dense(1).compute_output_shape(3)", "3", "(None, 784)"),
    Row(
        "class A(layers.Layer):\n    def call(self, x):\n        return layers.Dense(1)(x)\nA()(x)",
        new="make Dense in __init__",
        sentence=BODY,
    ),
    Row("layers.Input(784)", "Input(784)", "Input((784,))"),
    Row("layers.Input()", "Input()", "Input((784,))"),
    Row("layers.Dense(1)(np.ones(3))", "np.ones(3)", "x.reshape(-1, 1)"),
    Row(
        "layers.Lambda(3)",
        "layers.Lambda(3)",
        "layers.Lambda(lambda x: 2 * x)",
        says="Lambda(lambda x: 2 * x)",
    ),
    Row(
        "layers.Lambda(lambda x: x).get_config()",
        new="write a subclass of Layer with this call",
        sentence=BODY,
    ),
    Row("layers.Embedding(3, 2, mask_zero=True)", "mask_zero=True", "mask_zero=False"),
    Row(
        "a = layers.Input((2,)); b = layers.Input((2,)); layers.Add()(a)",
        "Add()(a)",
        "Add()([a, b])",
    ),
    Row("layers.Dot(axes=0)", "axes=0", "axes=-1"),
    Row("layers.BatchNormalization(axis=5)(x)", "axis=5", "axis=-1"),
    Row("layers.Dense(2, trainable='no')", "trainable='no'", "trainable=False"),
    Row(
        "layers.Normalization(mean=1.0)",
        new="layer.adapt(data) in place of both",
        sentence="the data are the user's",
    ),
    Row(
        "layers.Normalization()(layers.Input((None,)))",
        "Normalization()",
        "Normalization(axis=None)",
        says="axis=None",
    ),
    Row(
        "layers.Normalization(mean=1.0, variance=2.0).adapt(x)",
        "Normalization(mean=1.0, variance=2.0)",
        "Normalization()",
    ),
    Row("layers.AlphaDropout(rate=1.0)", "rate=1.0", "rate=0.5"),
    Row("layers.Reshape((3, 5))(layers.Input((4,)))", "Reshape((3, 5))", "Reshape((-1,))"),
    Row("layers.Permute(dims=(0, 1))", "dims=(0, 1)", "dims=(2, 1)"),
    Row(
        "symbol = layers.Input((2,)); np.asarray(symbol)",
        "np.asarray(symbol)",
        "ops.exp(symbol)",
    ),
    Row("symbol = layers.Input((2,)); np.exp(symbol)", "np.exp", "ops.exp"),
    Row("symbol = layers.Input((2,)); np.absolute(symbol)", "np.absolute", "ops.abs"),
    Row(
        "symbol = layers.Input((2,)); np.frexp(symbol)",
        new="a function of grafito.ops",
        sentence="there is none for it",
    ),
    Row(
        "x = layers.Input((2,)); x if x > 0 else 0.0",
        "x if x > 0 else 0.0",
        "ops.where(x > 0, x, 0.0)",
        says="ops.where(condition, a, b)",
    ),
    Row("regularizers.L2(-1.0)", "-1.0", "l2=0.01"),
    Row("layers.Dense(output_dim=3)", "output_dim=3", "units=3"),
    Row(
        "layers.Dense(3).forward(x)",
        "layers.Dense(3).forward(x)",
        "layer = layers.Dense(3); layer(x)",
        says="layer(x)",
    ),
    Row("losses.get('entropia_cruzada')", "'entropia_cruzada'", "'categorical_crossentropy'"),
    Row(
        "net().fit(x, y, verbose=0)['acc']",
        "'acc'",
        "'accuracy'",
        before="net_ = net; net = lambda: net_(layers.Dense(1, activation='sigmoid'), metrics=['accuracy']); y = labels % 2",
    ),
    Row(
        "layers.Dense(1, activation=lambda x: x).get_config()",
        new="define it with `def`",
        sentence=BODY,
    ),
    Row("from grafito.seeds import set_seed; set_seed(-3)", "-3", "seed=0"),
]
