"""The weights after a short training, bit by bit: a change of the compiler's form changes none.

The CPU is fixed, not the one that runs the tests: code for AVX2 runs on every x86-64 of the last
ten years, and what needs AVX-512 is left out elsewhere. All numbers that go in are exact, so that
NumPy, whose functions differ in the last bit from CPU to CPU, has no say.

`python tests/engines/test_digests.py` prints the table anew. A change that means to change numbers
says so where it changes a row.
"""

import hashlib
import platform

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import llvmlite.binding as llvm

from grafito import Input, layers, models, optimizers, utils
from grafito.engines.llvm import Engine

AVX512 = "+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx2,+fma"
CPUS = {  # name, features
    "AVX2": ("haswell", "+avx2,+fma,+bmi,+bmi2,+f16c"),
    "AVX-512": ("skylake-avx512", AVX512),
    "AVX-512 BF16": ("znver4", f"{AVX512},+avx512bf16"),
}
CLASSES = 5


def dense():
    return (21,), [
        layers.Dense(40, "tanh", kernel_regularizer="l2"),
        layers.Dense(24, "sigmoid"),
        layers.Dense(12, "relu"),
    ]


def winograd():
    return (12, 12, 16), [
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.GlobalAveragePooling2D(),
    ]


def convolution():
    return (11, 10, 1), [
        layers.Conv2D(6, 5, activation="tanh"),
        layers.AveragePooling2D(2),
        layers.Conv2D(7, 2, activation="relu"),
        layers.Flatten(),
    ]


def strides():
    return (13, 12, 3), [
        layers.Conv2D(9, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2DTranspose(5, 3, strides=2, activation="relu"),
        layers.Conv2D(4, 3, dilation_rate=2, padding="same"),
        layers.MaxPooling2D(3, strides=2),
        layers.Flatten(),
    ]


def groups():
    return (9, 9, 8), [
        layers.Conv2D(16, 3, groups=4, padding="same", activation="relu"),
        layers.DepthwiseConv2D(3, activation="relu"),
        layers.Conv2D(10, 1),
        layers.Flatten(),
    ]


def normalisation():
    return (8, 8, 3), [
        layers.Conv2D(12, 3, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Flatten(),
        layers.LayerNormalization(),
        layers.Dense(20, "elu"),
        layers.BatchNormalization(),
    ]


def dropout():
    return (18,), [
        layers.Embedding(16, 6),
        layers.Conv1D(8, 3, activation="relu"),
        layers.SpatialDropout1D(0.25),
        layers.Flatten(),
        layers.Dense(30, "relu"),
        layers.Dropout(0.5),
    ]


def augmentation():
    return (10, 10, 3), [
        layers.RandomFlip("horizontal"),
        layers.RandomCrop(8, 8),
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
    ]


def mixed():
    return (12, 12, 4), [
        layers.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(48, "relu"),
        layers.Dense(33, "tanh"),
    ]


NETWORKS = {  # the network, the optimizer
    "dense": (dense, "adam"),
    "winograd": (winograd, "sgd"),
    "convolution": (convolution, "rmsprop"),
    "strides": (strides, "adam"),
    "groups": (groups, "adamw"),
    "normalisation": (normalisation, lambda: optimizers.SGD(0.0625, momentum=0.875)),
    "dropout": (dropout, "adagrad"),
    "augmentation": (augmentation, "nadam"),
    "mixed precision": (mixed, "adam"),
}
DIGESTS = {
    ("dense", "AVX2"): "8e2d9da5a2469aaf",
    ("dense", "AVX-512"): "8e2d9da5a2469aaf",
    ("winograd", "AVX2"): "c8b6a3a81cb0ab9c",
    ("winograd", "AVX-512"): "71922ac292969e1b",
    ("convolution", "AVX2"): "7eb6dc4b49dbd957",
    ("convolution", "AVX-512"): "7023f0ae858686c7",
    ("strides", "AVX2"): "5f5a437b4834b81f",
    ("strides", "AVX-512"): "e1cb28662592705a",
    ("groups", "AVX2"): "d5fac6282ba28212",
    ("groups", "AVX-512"): "c0918c362cf741d3",
    ("normalisation", "AVX2"): "9caf9757d95a0182",
    ("normalisation", "AVX-512"): "859b769705e2af5f",
    ("dropout", "AVX2"): "21dd389e6ca974cd",
    ("dropout", "AVX-512"): "507d7b4fb1c6b1f8",
    ("augmentation", "AVX2"): "47d98edba225e313",
    ("augmentation", "AVX-512"): "69f14da335948a3b",
    ("mixed precision", "AVX2"): "5a2d5b0ddf28c516",
    ("mixed precision", "AVX-512"): "5a3f9030be76f160",
    ("mixed precision", "AVX-512 BF16"): "0fc8acacc110452a",
}


def exact(rng, shape):
    """Numbers from -1 to 1 that are sums of few powers of two."""
    return (rng.integers(-64, 65, shape) / 64).astype("float32")


def digest(name, cpu):
    """That of the weights after seven steps, one of them with a smaller batch."""
    make, optimizer = NETWORKS[name]
    utils.set_random_seed(11)
    rng = np.random.default_rng(0)
    shape, inside = make()
    model = models.Sequential([Input(shape), *inside, layers.Dense(CLASSES, "softmax")])
    weights = model.get_weights()
    scale = [2.0 ** -np.ceil(np.log2(max(1.0, w.size / w.shape[-1])) / 2) for w in weights]
    pairs = zip(weights, scale, strict=True)
    model.set_weights([w if w.ndim < 2 else exact(rng, w.shape) * s for w, s in pairs])
    x, y = exact(rng, (55, *shape)), rng.integers(0, CLASSES, 55)
    if name == "dropout":
        x = rng.integers(0, 16, (55, *shape))
    engine = Engine(threads=2, cpu=CPUS[cpu][0], features=CPUS[cpu][1])
    optimizer = optimizer if isinstance(optimizer, str) else optimizer()
    model.compile(
        optimizer, "sparse_categorical_crossentropy", engine=engine,
        precision="mixed_bfloat16" if name == "mixed precision" else "float32",
    )  # fmt: skip
    model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    if name in ("winograd", "convolution"):
        assert ("Winograd" in model.explain()) == (name == "winograd")
    total = hashlib.sha256()
    for w in model.get_weights():
        assert np.isfinite(w).all()
        total.update(np.ascontiguousarray(w).tobytes())
    return total.hexdigest()[:16]


def rows():
    for name in NETWORKS:
        for cpu in CPUS if name == "mixed precision" else list(CPUS)[:2]:
            yield name, cpu


@pytest.mark.parametrize(("name", "cpu"), list(rows()))
def test_weights_after_a_short_training(name, cpu):
    if platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("the digests are those of x86-64")
    here = llvm.get_host_cpu_features()
    missing = [f for f in CPUS[cpu][1].split(",") if not here.get(f[1:])]
    if missing:
        pytest.skip(f"this CPU has no {' '.join(missing)}")
    assert digest(name, cpu) == DIGESTS[name, cpu]


if __name__ == "__main__":
    for row in rows():
        print(f"    {row}: {digest(*row)!r},".replace("'", '"'))
