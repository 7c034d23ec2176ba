"""Products of matrices of all sizes, 0 and 1 among them, on the CPU engine and the reference."""

from __future__ import annotations

import warnings

import numpy as np

from fuzz.both_engines import DATA, compare
from grafito import graph
from grafito.graph.dtypes import numpy_dtype

SHORT = 40  # cases of the short form

SIZES = [0, 1, 2, 3, 15, 16, 17, 40]
AFTER = [  # what joins the kernel of a product
    lambda z: z,
    lambda z: graph.relu(z + 1.0),
    lambda z: graph.tanh(z) * z,
    lambda z: graph.sum(graph.square(z), axis=-1),
    lambda z: graph.softmax(z) * z,
]
TOLERANCES = {"float32": 1e-4, "float64": 1e-10, "bfloat16": 4e-2}


def case(rng: np.random.Generator) -> None:
    """x @ y with its gradients: batched or not, read in another order, with what follows it."""
    n, k, m = (int(rng.choice(SIZES)) for _ in range(3))
    batch = rng.choice([0, 1, 2, 5], size=int(rng.choice([0, 0, 1, 2]))).tolist()
    dtype = str(rng.choice(["float32", "float32", "float64", "bfloat16"]))
    shapes = [[*batch, n, k], [*(batch if rng.random() < 0.5 else []), k, m]]
    turned = rng.random(2) < 0.3
    inputs, operands = [], []
    for name, shape, other in zip("xy", shapes, turned, strict=True):
        own = [*shape[:-2], shape[-1], shape[-2]] if other else shape
        x = graph.placeholder(tuple(own), dtype, name)
        axes = (*range(len(own) - 2), len(own) - 1, len(own) - 2)
        inputs.append(x)
        operands.append(graph.transpose(x, axes) if other else x)
    after = AFTER[
        : -1 if dtype == "bfloat16" else None
    ]  # differences of what is rounded say little
    z = after[rng.integers(len(after))](operands[0] @ operands[1])
    angle = z / 16 if dtype == "bfloat16" else z  # a large one is rounded by whole degrees
    slopes = graph.gradients(graph.sum(graph.sin(angle)), inputs)
    outputs = dict(zip(("z", "dx", "dy"), (z, *slopes), strict=True))
    data = DATA[str(rng.choice(["normal", "sparse", "zero"]))]
    arrays = [
        {x.name: 0.3 * np.asarray(data(rng, x.shape)).astype(numpy_dtype(dtype)) for x in inputs}
        for _ in range(2)
    ]
    arrays = [{n: a.astype(numpy_dtype(dtype)) for n, a in given.items()} for given in arrays]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This CPU multiplies bfloat16 no faster")
        tolerance = TOLERANCES[dtype]
        compare(inputs, outputs, arrays, (tolerance, tolerance), threads=int(rng.integers(1, 4)))
