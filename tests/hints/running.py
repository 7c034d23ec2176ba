"""Rows: weights, forms of inputs and outputs, threads, memory."""
# ruff: noqa: E501  (a case is a line of code)

from hints.rows import Row

COMPILES = """
class Own(Model):
    def __init__(self):
        super().__init__()
        self.d = layers.Dense(1)
    def call(self, x):
        return self.d(x)
    def compile(self, rate):
        super().compile(optimizers.SGD(rate), "mse")
"""

ROWS = [
    Row(
        "class Own(losses.Loss):\n    name = 'own'\nOwn()(y, y)",
        "name = 'own'",
        "def call(self, y_true, y_pred): return graph.abs(y_true - y_pred)",
        says="def call(self, y_true, y_pred)",
    ),
    Row(
        "import grafito.keras",
        "import grafito.keras",
        "from grafito import Sequential, layers",
    ),
    Row(
        "net().fit(x, y, steps_per_epoch=60 / 32, verbose=0)",
        "steps_per_epoch=60 / 32",
        "steps_per_epoch=len(x) // batch_size",
        before="batch_size = 32",
    ),
    Row(
        "optimizers.SGD(0.1, decay=0.01)",
        "0.1, decay=0.01",
        "learning_rate=optimizers.schedules.InverseTimeDecay(0.1, 1, 0.01)",
    ),
    Row(
        "copy.deepcopy(own)",
        new="model.compile(...) once more",
        sentence="the edit follows the line that warns",
        before=f"import copy{COMPILES}own = Own(); own.compile(0.1); own.fit(x, y, verbose=0)",
    ),
    Row(
        "class A(layers.Layer):\n    def build(self, shape):\n        self.w = self.add_weight('w', (3,))\n    def call(self, x):\n        return x\nA()(x)",
        "self.add_weight('w', (3,))",
        "self.add_weight(shape=(3,), name='w')",
        says="self.add_weight(shape=(...), name='w')",
    ),
    Row("layers.Dense(10**15, kernel_initializer='zeros')(x)", "10**15", "10", says="fewer units"),
    Row("layers.LayerNormalization(axis='a')", "axis='a'", "axis=-1"),
    Row("layers.Dropout(0.5, noise_shape=3)", "noise_shape=3", "noise_shape=(None, 1, None)"),
    Row("metrics.AUC(num_thresholds=1)", "num_thresholds=1", "num_thresholds=200"),
    Row(
        "m = Sequential([layers.Input((1,), dtype='int32'), layers.Lambda(lambda x: graph.cast(x, 'float32'))]); m.predict(np.full((3, 1), 2**40), verbose=0)",
        "dtype='int32'",
        "dtype='int64'",
    ),
    Row(
        "m = Sequential([layers.Input((1,), dtype='bool'), layers.Lambda(lambda x: graph.cast(x, 'float32'))]); m.predict(np.full((3, 1), 2), verbose=0)",
        "dtype='bool'",
        "dtype='int64'",
    ),
    Row(
        "x = np.full((60, 4), 1e39); net().predict(x, verbose=0)",
        "predict(x,",
        "predict(x / numpy.abs(x).max(),",
        says="x / numpy.abs(x).max()",
    ),
    Row(
        "m([one, two])",
        "[one, two]",
        "{'b': one, 'a': two}",
        says="{'b': ..., 'a': ...}",
        before="b, a = layers.Input((1,)), layers.Input((1,)); m = Model({'b': b, 'a': a}, layers.Add()([a, b])); one = two = np.ones((2, 1))",
    ),
    Row(
        "m.compile('sgd', ['mse', 'mae']); m.fit(x, {'b': y, 'a': y}, verbose=0)",
        "['mse', 'mae']",
        "{'b': 'mse', 'a': 'mae'}",
        says="{'b': ..., 'a': ...}",
        before="i = layers.Input((4,)); m = Model(i, {'b': layers.Dense(1)(i), 'a': layers.Dense(1)(i)})",
    ),
    Row(
        "with m._executor.alone('m'):\n    ThreadPoolExecutor().submit(m.fit, x, y, verbose=0).result()",
        "m.fit, x, y",
        "m.predict, x",
        says="predict can be called from any thread meanwhile",
        before="from concurrent.futures import ThreadPoolExecutor; m = net()",
    ),
    Row("net(precision='bfloat16')", "'bfloat16'", "'mixed_bfloat16'"),
    Row(
        "net(run_eagerly=True, precision='mixed_bfloat16')",
        "precision='mixed_bfloat16'",
        'precision="float32"',
    ),
    Row(
        "net().fit(x, y, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_end=full)])",
        new="a smaller batch_size",
        sentence="how much smaller the hint cannot know",
        before="def full(epoch, logs):\n    raise MemoryError",
    ),
    Row(
        "budget.check(Memory(10**18, 0))",
        new="a smaller batch, or fewer units",
        sentence="a number of the user's",
        before="from grafito.engines.llvm import budget; from grafito.engines.interface import Memory",
    ),
    Row(
        "with patch('grafito.engines.llvm.budget.available_memory', lambda: 20_000_000):\n    m.fit(x, x, batch_size=6000, verbose=0)",
        "batch_size=6000",
        "batch_size=100",
        says="batch_size=",
        before="from unittest.mock import patch; m = net(layers.Dense(1000), layers.Dense(4)); x = np.zeros((6000, 4), 'float32')",
    ),
    Row(
        "class Tied(constraints.Constraint):\n    def __init__(self, k):\n        pass\nTied(3).get_config()",
        "pass",
        "self.k = k",
        says="self.k = k in __init__",
    ),
    Row(
        "m.fit(1e30 * x, 1e30 * y, verbose=0, callbacks=[callbacks.TerminateOnNaN(raise_error=True)])",
        new="compile(..., check_finite=True)",
        before="m = net(optimizer=optimizers.SGD(1e9))",
        sentence="it ends with the error that names the layer",
    ),
    Row(
        "graph.Variable(None)",
        "None",
        'initializer="zeros", shape=(2, 3)',
    ),
    Row(
        "graph.Variable(0.0, 'int32')",
        "'int32'",
        "dtype='int32'",
    ),
    Row(
        "graph.Variable('zeros')",
        "'zeros')",
        "'zeros', shape=(2, 3))",
        says="shape=(2, 3)",
    ),
    Row(
        "graph.Variable('zeros', shape=(-2, 3))",
        "shape=(-2, 3)",
        "shape=(2, 3)",
    ),
    Row(
        "net(layers.Dense(3, activation='softmax'), loss='bce').fit(x, targets, verbose=0)",
        "'bce'",
        '"categorical_crossentropy"',
        before="targets = np.eye(3)[labels]",
    ),
    Row(
        "net(layers.Dense(3, activation='sigmoid'), loss='categorical_crossentropy').fit(x, targets, verbose=0)",
        "activation='sigmoid'",
        'activation="softmax"',
        before="targets = np.eye(3)[labels]",
    ),
    Row(
        "net(layers.Dense(1, activation='tanh'), loss='poisson').fit(x, y, verbose=0)",
        "activation='tanh'",
        'activation="softplus"',
    ),
    Row(
        "loss = graph.mean(graph.square(y - graph.matmul(x, w))); graph.gradients(loss, [w])",
        "(y -",
        "(y.reshape(-1, 1) -",
        says="y.reshape(-1, 1)",
        before="w = graph.Variable(np.zeros((4, 1), 'float32'))",
    ),
    Row(
        "m.fit(x, y, class_weight={0: -1.0, 1: 2.0}, verbose=0)",
        "-1.0",
        "0",
        before="m = net(layers.Dense(1, activation='sigmoid'), loss='bce'); y = labels % 2",
    ),
    Row(
        "net(layers.Dense(3, activation='sigmoid'), loss='bce', metrics=['categorical_accuracy']).fit(x, several, verbose=0)",
        "metrics=['categorical_accuracy']",
        'metrics=["binary_accuracy"]',
        before="several = np.eye(3)[labels]; several[:, 0] = 1",
    ),
    Row(
        "optimizer = optimizers.SGD(); optimizer.lr = 0.1",
        "optimizer.lr = 0.1",
        "optimizer.learning_rate = 0.1",
    ),
    Row(
        "layer = net().layers[-1]; layer.units = 3",
        "layer = net().layers[-1]; layer.units = 3",
        "layer = layers.Dense(units=3)",
        says="a new layer, Dense(..., units=3)",
    ),
    Row(
        "layer = net().layers[-1]; layer.kernel_initializer = 'zeros'",
        "layer.kernel_initializer = 'zeros'",
        "layer.kernel.assign(np.zeros((4, 1)))",
        says="layer.kernel.assign(...)",
    ),
    Row(
        "losses.get('categorical_crossentropy')(np.ones((6, 1)), np.ones((6, 1)))",
        "'categorical_crossentropy'",
        '"binary_crossentropy"',
    ),
    Row(
        "o.apply_gradients([(1.0, v)]); o.apply_gradients([(1.0, w)])",
        "o.apply_gradients([(1.0, w)])",
        "optimizers.Adam().apply_gradients([(1.0, w)])",
        says="one optimizer for each set, Adam(...)",
        before="o = optimizers.Adam(); v, w = graph.Variable(1.0), graph.Variable(2.0)",
    ),
    Row(
        "engines._warn_that_it_is_slow('This process may not make memory executable.')",
        new="engine='reference' to choose this without a warning",
        sentence="test_obstacles carries it out",
        before="from grafito import engines; engines._warn_that_it_is_slow.cache_clear()",
    ),
    Row(
        "bfloat16.warn_that_it_is_slow()",
        new="precision='float32'",
        sentence="an argument of the user's own compile",
        before="from grafito.engines.llvm.lowering import bfloat16; "
        "bfloat16.warn_that_it_is_slow.cache_clear()",
    ),
    Row(
        "with patch.object(Engine, 'obstacle', lambda *_: 'none'):\n    Engine().compile(None)",
        new="pip install 'grafito[jax]'",
        sentence="a command, not code",
        before="from unittest.mock import patch; from grafito.engines.jax import Engine",
    ),
    Row(
        "with patch.dict(lowering.RULES, {type(y.op): lambda *_: None.nothing}):\n    program = engines.get('jax').compile(g); program.bind({'x': x[0]}); program.run()",
        "'jax'",
        "'llvm'",
        says="engine='llvm'",
        before="from unittest.mock import patch; from grafito import engines; from grafito.engines.jax import lowering; p = graph.placeholder((4,), name='x'); y = graph.exp(p); g = graph.Graph({'x': p}, {'y': y}, {})",
    ),
    Row(
        "program.bind({'x': np.array([9], 'int32')}); program.run()",
        "[9]",
        "[2]",
        says="map larger indices to one of it",
        before="from grafito import engines; i = graph.placeholder((1,), 'int32', 'x'); program = engines.get('jax').compile(graph.Graph({'x': i}, {'y': graph.take(graph.constant([1.0, 2.0, 3.0]), i)}, {}))",
    ),
    Row(
        "program.run()",
        new="a smaller batch_size",
        sentence="a number of the user's",
        before="import jax\nfrom grafito import engines\np = graph.placeholder((4,), name='x'); program = engines.get('jax').compile(graph.Graph({'x': p}, {'y': p + 1.0}, {})); program.bind({'x': x[0]})\ndef full(*_):\n    raise jax.errors.JaxRuntimeError('RESOURCE_EXHAUSTED: no memory')\nprogram._launch = full",
    ),
    Row(
        "disk_cache._say_that_nothing_is_kept(Path('a'), 'why')",
        new="GRAFITO_CACHE=folder",
        sentence="a variable of the surroundings",
        before="from pathlib import Path; from grafito.engines.llvm.compilation import disk_cache; disk_cache._say_that_nothing_is_kept.cache_clear()",
    ),
    Row(
        "with patch('grafito.engines.llvm.compilation.executable_memory.permitted', lambda: False):\n    Machine().link([])",
        new="engine='reference'",
        sentence="an argument of compile",
        before="from unittest.mock import patch; from grafito.engines.llvm.compilation.machine import Machine",
    ),
    Row(
        "backup._save = full; backup._write(0, 0, None)",
        new="choose a folder that exists",
        sentence="the folder is the user's",
        before="from grafito import files\nbackup = callbacks.BackupAndRestore('here')\ndef full(*_):\n    files.writing.replace_file('none/at/all', b'')",
    ),
    Row(
        "for i in range(12):\n    layer.scale = float(i); m.predict(x, verbose=0)",
        new="self.scale = graph.Variable(1.0, trainable=False)",
        sentence="the class is the user's",
        before="class Scaled(layers.Layer):\n    def call(self, inputs):\n        return inputs * self.scale\nlayer = Scaled(); layer.scale = 1.0; m = net(layer)",
    ),
    Row("optimizers.SGD(lr=0.1)", "lr=0.1", "learning_rate=0.1"),
    Row("optimizers.SGD(ema_momentum=2)", "ema_momentum=2", "ema_momentum=0.99"),
    Row(
        "m.predict(255 * x, verbose=0)",
        "255 * x",
        "255 * x / 255",
        says="x / 255",
        before="m = net(); x = x / x.max(); m.fit(x, y, verbose=0)",
    ),
]
