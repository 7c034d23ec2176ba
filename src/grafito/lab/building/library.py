"""The pieces of a small library in NumPy, and grafito's numbers for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grafito import activations, graph, layers, losses, models, optimizers, regularizers
from grafito.language import message as N_

Numbers = dict[str, Any]
UPDATE = "network.update()"
N, INPUTS, UNITS = 4, 5, 3  # examples, inputs and outputs of what is drawn


@dataclass(frozen=True)
class Step:
    """One number that is compared.

    Attributes:
        code: the expression that gives it, as a student would type it.
        hints: a first and a second one.
        before: code that comes first.
    """

    code: str
    hints: tuple[str, str]
    before: str = ""

    @property
    def shown(self) -> str:
        """What is compared, as it is printed."""
        return f"{self.before}; {self.code}" if self.before == UPDATE else self.code


@dataclass(frozen=True)
class Piece:
    """A file that a student writes.

    Attributes:
        name: of the file, without its ending.
        what: one sentence.
        defines: the names that must be there.
        draw: inputs from a generator, and the right numbers of the steps.
        steps: what is compared, in order.
        setup: code that comes first.
    """

    name: str
    what: str
    defines: Sequence[str]
    draw: Callable[[np.random.Generator], tuple[Numbers, Sequence[Any]]]
    steps: Sequence[Step]
    setup: str = ""

    @property
    def names(self) -> Mapping[str, Sequence[str]]:
        """What each file must define."""
        others = {"dense": ["Dense"], "mse": ["mse", "mse_gradient"]}
        return {self.name: self.defines, **(others if self.name == "training" else {})}


def _slopes(value: Any, *variables: Any) -> list[np.ndarray]:
    """A value and its gradients, by grafito."""
    found = [value, *graph.gradients(value, variables)]
    return [np.asarray(graph.value(each), "float64") for each in found]


def _variable(array: np.ndarray) -> Any:
    return graph.Variable(array, dtype="float64")


def _activation(rng: np.random.Generator) -> tuple[Numbers, Sequence[Any]]:
    z = rng.normal(0, 2, (N, UNITS))
    variable = _variable(z)
    value = activations.sigmoid(variable)
    (slope,) = graph.gradients(graph.sum(value), [variable])
    return {"z": z}, [graph.value(value), graph.value(slope)]


def _dense(rng: np.random.Generator) -> tuple[Numbers, Sequence[Any]]:
    x, W, b = rng.normal(size=(N, INPUTS)), rng.normal(size=(INPUTS, UNITS)), rng.normal(size=UNITS)
    gradient = rng.normal(size=(N, UNITS))
    symbols = [_variable(each) for each in (x, W, b)]
    y = graph.matmul(symbols[0], symbols[1]) + symbols[2]
    _, *slopes = _slopes(graph.sum(y * gradient), *symbols)
    return {"x": x, "W": W, "b": b, "gradient": gradient}, [graph.value(y), *slopes]


def _loss(kind: Callable[[], Any], *, labels: bool) -> Any:
    def draw(rng: np.random.Generator) -> tuple[Numbers, Sequence[Any]]:
        given = rng.normal(size=(N, UNITS))
        y_true = np.array([0, 2, 1, 2]) if labels else rng.normal(size=(N, UNITS))
        name = "scores" if labels else "y_pred"
        variable = _variable(given)
        return {"y_true": y_true, name: given}, _slopes(kind()(y_true, variable), variable)

    return draw


def _cce(rng: np.random.Generator) -> tuple[Numbers, Sequence[Any]]:
    inputs, found = _loss(_cross_entropy, labels=True)(rng)
    large = _variable(1000 * inputs["scores"])
    value, _slope = _slopes(_cross_entropy()(inputs["y_true"], large), large)
    return inputs, [*found, value]


def _cross_entropy() -> Any:
    return losses.SparseCategoricalCrossentropy(from_logits=True)


def _l2(rng: np.random.Generator) -> tuple[Numbers, Sequence[Any]]:
    W = rng.normal(size=(INPUTS, UNITS))
    variable = _variable(W)
    return {"W": W, "factor": 0.25}, _slopes(regularizers.L2(0.25)(variable), variable)


def _steps_of(optimizer: Any, inputs: Numbers, count: int) -> list[np.ndarray]:
    """What the weights are after some steps with the same gradient."""
    w = _variable(inputs["w"])
    found = []
    for _ in range(count):
        optimizer.apply([inputs["gradient"]], [w])
        found.append(np.asarray(w.numpy(), "float64"))
    return found


def _sgd(rng: np.random.Generator) -> tuple[Numbers, Sequence[Any]]:
    shape = (INPUTS, UNITS)
    inputs = {"w": rng.normal(size=shape), "gradient": rng.normal(size=shape), "rate": 0.125}
    return inputs, _steps_of(optimizers.SGD(0.125), inputs, 1)


def _momentum(rng: np.random.Generator) -> tuple[Numbers, Sequence[Any]]:
    inputs, _ = _sgd(rng)
    inputs |= {"beta": 0.75, "zero": np.zeros_like(inputs["w"])}
    first, second = _steps_of(optimizers.SGD(0.125, momentum=0.75), inputs, 2)
    return inputs, [first, second, second - first]


def network(weights: Sequence[np.ndarray], loss: Any, rate: float, beta: float, l2: float) -> Any:
    """The same network by grafito: sigmoid in hidden layers, a linear output, float64."""
    count = len(weights) // 2
    parts = [
        layers.Dense(
            weights[2 * i].shape[1],
            activation="sigmoid" if i < count - 1 else None,
            kernel_regularizer=regularizers.L2(l2) if l2 else None,
            dtype="float64",
        )
        for i in range(count)
    ]
    model = models.Sequential([layers.Input((weights[0].shape[0],), dtype="float64"), *parts])
    model.set_weights(list(weights))
    model.compile(optimizers.SGD(rate, momentum=beta), loss=loss)
    return model


def _training(rng: np.random.Generator) -> tuple[Numbers, Sequence[Any]]:
    x, y = rng.normal(size=(8, 2)), rng.normal(size=(8, 1))
    weights = [rng.normal(size=shape) for shape in ((2, 3), (3,), (3, 1), (1,))]
    settings = {"rate": 0.25, "beta": 0.5, "factor": 0.125}
    symbols = [_variable(each) for each in weights]
    hidden = activations.sigmoid(graph.matmul(x, symbols[0]) + symbols[1])
    output = graph.matmul(hidden, symbols[2]) + symbols[3]
    _, *slopes = _slopes(losses.MeanSquaredError()(y, output), *symbols)
    model = network(weights, "mse", *settings.values())
    one = {"batch_size": 8, "shuffle": False, "verbose": 0}
    model.fit(x, y, **one)
    after = model.get_weights()
    again = network(weights, "mse", *settings.values())
    history = again.fit(x, y, epochs=4, **{**one, "batch_size": 4}).history["loss"]
    inputs = {"x": x, "y": y, **dict(zip(("W0", "b0", "W1", "b1"), weights, strict=True))}
    told = [graph.value(output), *(slopes[i] for i in (2, 3, 0, 1)), after[2], after[0], history]
    return {**inputs, **settings}, told


NETWORK = """
def new():
    layers = [Dense(W0.copy(), b0.copy()), Dense(W1.copy(), b1.copy())]
    return Network(layers, mse, mse_gradient, rate, beta, factor)
network = new()
"""
BACK = "network.backward(mse_gradient(y, network.forward(x)))"

PIECES = (
    Piece(
        "activation",
        N_("The sigmoid σ(z) = 1 / (1 + e⁻ᶻ) and its derivative."),
        ["sigmoid", "sigmoid_derivative"],
        _activation,
        [
            Step("sigmoid(z)", (
                N_("Is the sign in the exponent negative? At z = 0 the sigmoid is 1/2."),
                N_("One line is enough: 1 / (1 + np.exp(-z))."),
            )),
            Step("sigmoid_derivative(z)", (
                N_("The derivative can be written by the sigmoid itself; at z = 0 it is 1/4."),
                N_("With s = sigmoid(z) it is s (1 - s), element by element."),
            )),
        ],
    ),
    Piece(
        "dense",
        N_("A dense layer y = x W + b, forward and backward."),
        ["Dense"],
        _dense,
        [
            Step("layer.forward(x)", (
                N_("x has a row for each example: x is (n, inputs), W is (inputs, units)."),
                N_("It is x @ W + b; NumPy adds b to each row."),
            )),
            Step("layer.backward(gradient)", (
                N_("It returns the gradient for x, so it has the shape of x. Which matrix takes a "
                   "row of units back to a row of inputs?"),
                N_("It is gradient @ W.T: the transpose of what went forward."),
            )),
            Step("layer.dW", (
                N_("dW has the shape of W. Each weight joins an input and a unit: dW[i, j] sums "
                   "x[:, i] * gradient[:, j] over the examples."),
                N_("It is x.T @ gradient, with the x that `forward` kept."),
            )),
            Step("layer.db", (
                N_("b was added to every row, so every row of the gradient acts on it."),
                N_("It is the sum of the gradient over the examples, axis=0; the mean over them "
                   "is already in the gradient of the loss."),
            )),
        ],
        "layer = Dense(W.copy(), b.copy())",
    ),
    Piece(
        "mse",
        N_("The mean squared error and its gradient."),
        ["mse", "mse_gradient"],
        _loss(losses.MeanSquaredError, labels=False),
        [
            Step("mse(y_true, y_pred)", (
                N_("It is one number: a mean over all outputs of all examples."),
                N_("np.mean((y_pred - y_true) ** 2), without a factor 1/2."),
            )),
            Step("mse_gradient(y_true, y_pred)", (
                N_("It has the shape of y_pred. What is left of the square when it is "
                   "differentiated, and by how many numbers does the mean divide?"),
                N_("2 (y_pred - y_true) / y_pred.size."),
            )),
        ],
    ),
    Piece(
        "svm",
        N_("The SVM loss (hinge) of scores, and its gradient."),
        ["svm", "svm_gradient"],
        _loss(losses.MulticlassHinge, labels=True),
        [
            Step("svm(y_true, scores)", (
                N_("For each example, sum max(0, 1 + s_j - s_y) over the classes j that are not "
                   "its class y; then take the mean over the examples."),
                N_("Is the class itself left out of the sum? It would add 1 for each example. Its "
                   "scores are scores[np.arange(n), y_true]."),
            )),
            Step("svm_gradient(y_true, scores)", (
                N_("A class j with 1 + s_j - s_y > 0 pushes its own score down by 1 and that of "
                   "the true class up by 1; all is divided by the number of examples."),
                N_("Put 1 where the margin is violated, 0 elsewhere; then at the true class minus "
                   "the sum of its row; then divide by n."),
            )),
        ],
    ),
    Piece(
        "cce",
        N_("Softmax and cross-entropy of scores, and their gradient."),
        ["cce", "cce_gradient"],
        _cce,
        [
            Step("cce(y_true, scores)", (
                N_("The mean over the examples of -log of the probability of the true class, with "
                   "the natural logarithm."),
                N_("The probabilities are exp(s) divided by the sum of its row (axis=1, "
                   "keepdims=True); take p[np.arange(n), y_true]."),
            )),
            Step("cce_gradient(y_true, scores)", (
                N_("With softmax and logarithm together the gradient is short: probabilities "
                   "minus something, divided by the number of examples."),
                N_("(p - one_hot) / n: subtract 1 at the true class of each row."),
            )),
            Step("cce(y_true, 1000 * scores)", (
                N_("With large scores exp overflows, or a probability becomes 0. Softmax does not "
                   "change when a row is shifted by a number."),
                N_("Subtract the maximum of each row first, and take log p as s - log(sum(exp(s))) "
                   "rather than as the logarithm of a quotient."),
            )),
        ],
    ),
    Piece(
        "l2",
        N_("The L2 penalty of weights, and its gradient."),
        ["l2", "l2_gradient"],
        _l2,
        [
            Step("l2(W, factor)", (
                N_("The sum of all squares times the factor: a sum, not a mean."),
                N_("factor * np.sum(W ** 2), without a factor 1/2 and without a root."),
            )),
            Step("l2_gradient(W, factor)", (
                N_("It has the shape of W. The square leaves a factor."),
                N_("2 * factor * W."),
            )),
        ],
    ),
    Piece(
        "sgd",
        N_("A step of gradient descent."),
        ["sgd"],
        _sgd,
        [
            Step("sgd(w, gradient, rate)", (
                N_("The loss rises along the gradient, and it is to fall."),
                N_("Return w - rate * gradient."),
            )),
        ],
    ),
    Piece(
        "momentum",
        N_("A step with momentum: the velocity remembers earlier gradients."),
        ["momentum"],
        _momentum,
        [
            Step("momentum(w, gradient, zero, rate, beta)[0]", (
                N_("Without a velocity the first step is that of plain descent. Return two things: "
                   "the new weights and the new velocity."),
                N_("v = beta * v - rate * gradient, then w + v; return w + v, v."),
            )),
            Step("momentum(w1, gradient, v1, rate, beta)[0]", (
                N_("In the second step the velocity is no longer 0: beta of it stays. Is the new "
                   "velocity returned, and not the old one?"),
                N_("The rate multiplies the gradient alone, not the velocity that is kept."),
            ), "w1, v1 = momentum(w, gradient, zero, rate, beta)"),
            Step("momentum(w1, gradient, v1, rate, beta)[1]", (
                N_("The velocity is what is added to the weights, with its sign."),
                N_("v = beta * v - rate * gradient is the second value that is returned."),
            )),
        ],
    ),
    Piece(
        "training",
        N_("The network and its training loop, from your own pieces."),
        ["Network"],
        _training,
        [
            Step("network.forward(x)", (
                N_("Every layer but the last is followed by the sigmoid; the last stays linear."),
                N_("Keep each z = layer.forward(x) in self.z: the way back needs it."),
            )),
            *(
                Step(code, (
                    N_("Go through the layers from the last to the first; what `backward` of one "
                       "returns is what the one before it gets."),
                    N_("Between two layers multiply by sigmoid_derivative(z), with the z of the "
                       "layer before."),
                ), BACK if code.endswith("[1].dW") else "")
                for code in ("network.layers[1].dW", "network.layers[1].db",
                             "network.layers[0].dW", "network.layers[0].db")
            ),
            *(
                Step(code, (
                    N_("The gradient of a weight is dW and that of its penalty, l2_gradient(W, "
                       "factor); b has no penalty."),
                    N_("momentum(...) returns weights and velocity: put both back, into the layer "
                       "and into self.v."),
                ), before)
                for code, before in (("network.layers[1].W", UPDATE),
                                     ("network.layers[0].W", ""))
            ),
            Step("new().fit(x, y, 4, 4)", (
                N_("For each batch: forward, loss, backward, update. An epoch's loss is the mean "
                   "over its batches of loss plus penalties, before the update."),
                N_("Batches are x[i : i + batch_size] for i = 0, batch_size, ...; return a list "
                   "with one number for each epoch."),
            )),
        ],
        NETWORK,
    ),
)  # fmt: skip
