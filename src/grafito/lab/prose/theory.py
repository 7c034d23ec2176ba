"""The theory of a network from what it is made of: loss, activations, optimizer, layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from grafito import layers
from grafito.lab.prose.sentence import Formula, Sentence, Words, spare
from grafito.language import message as N_
from grafito.models import Model

Paragraph = tuple[Words, ...]

CROSS_ENTROPY: Paragraph = (
    Sentence(
        N_(
            "Softmax turns the scores z of the output into probabilities p with sum 1. "
            "Cross-entropy is the negative logarithm of what the true class was given: t is 1 for "
            "it and 0 for the others."
        )
    ),
    Formula("softmax(z)", "p", vectors=("z",)),
    Formula("-sum(t*ln(p))", "L", vectors=("t", "p")),
    spare(N_("Their gradient at the scores is p − t, large where the network is wrong.")),
)

LOSSES: dict[str, Paragraph] = {
    "mse": (
        Sentence(
            N_(
                "The loss is the mean of the squared distances between the outputs ŷ and the "
                "targets t."
            )
        ),
        Formula("mean(square(y_hat - t))", "L", vectors=("y_hat", "t")),
        spare(N_("Its gradient grows with the error, so that large errors count most.")),
    ),
    "mae": (
        Sentence(
            N_(
                "The loss is the mean of the distances between the outputs ŷ and the targets t. "
                "Its gradient is as large for a small error as for a large one, so that a single "
                "wrong target pulls no harder than a right one."
            )
        ),
        Formula("mean(|y_hat - t|)", "L", vectors=("y_hat", "t")),
    ),
    "sparse_categorical_crossentropy": CROSS_ENTROPY,
    "categorical_crossentropy": CROSS_ENTROPY,
    "binary_crossentropy": (
        Sentence(
            N_(
                "The output is the probability p of one of two classes, and t is 1 for that class "
                "and 0 for the other. Binary cross-entropy is the negative logarithm of what the "
                "true class was given; with a sigmoid its gradient at the score is p − t."
            )
        ),
        Formula("-(t*ln(p) + (1 - t)*ln(1 - p))", "L"),
    ),
    "multiclass_hinge": (
        Sentence(
            N_(
                "The hinge loss of support vector machines (SVM) asks that the score of the true "
                "class be at least 1 above that of every other class j. What is missing is the "
                "loss; where the margin is kept, there is no gradient."
            )
        ),
        Formula("max(0, 1 + z_j - z_t)", "L"),
    ),
}


def _activation(name: str, text: str, formula: str = "", more: str = "") -> Paragraph:
    symbol = {"sigmoid": "σ"}.get(name, "f")
    return (
        Sentence(text),
        Formula(formula or f"{name}(z)", f"{symbol}(z)"),
        Formula(f"{name}(z)", f"d{symbol}/dz", of="z"),
        *([spare(more)] if more else []),
    )


LEAKY = N_("Leaky ReLU keeps a small slope on the negative side, so that no unit dies.")
ACTIVATIONS: dict[str, Paragraph] = {
    "sigmoid": _activation(
        "sigmoid",
        N_("The sigmoid maps every number into the interval from 0 to 1."),
        "1/(1 + exp(-z))",
        N_(
            "Its derivative is at most 0.25 and nearly 0 far from 0, so a gradient shrinks in each "
            "such layer."
        ),
    ),
    "tanh": _activation(
        "tanh",
        N_("The hyperbolic tangent lies between −1 and 1 and has its centre at 0."),
        more=N_("Its derivative is 1 there and falls to 0 on both sides."),
    ),
    "relu": _activation(
        "relu",
        N_("ReLU passes what is positive and gives 0 for the rest."),
        "max(0, z)",
        N_(
            "Where it passes, the gradient goes through undiminished; where a unit gives 0, its "
            "weights do not move."
        ),
    ),
    "elu": _activation(
        "elu",
        N_(
            "ELU is ReLU with a smooth end: it goes down to −1 on the negative side, and has a "
            "gradient there too."
        ),
    ),
    "leaky_relu": _activation("leaky_relu", LEAKY),
}


def leaky_relu(slope: float) -> Paragraph:
    """Leaky ReLU with another slope than the usual one.

    Example:
        >>> leaky_relu(0.1)[1].right
        'leaky_relu(z, 0.1)'
    """
    formula = f"leaky_relu(z, {slope})"
    return Sentence(LEAKY), Formula(formula, "f(z)"), Formula(formula, "df/dz", of="z")


OPTIMIZERS: dict[str, Paragraph] = {
    "sgd": (
        Sentence(
            N_(
                "Each step moves every weight w against the gradient g of the loss of a batch, by "
                "the learning rate η."
            )
        ),
        Formula("w - eta*g", "w <-"),
    ),
    "adam": (
        Sentence(
            N_(
                "Adam keeps a mean m of the gradients g and a mean v of their squares, and "
                "divides by the root of v, so that every weight has steps of about the length η."
            )
        ),
        Formula("beta*m + (1 - beta)*g", "m <-"),
        Formula("w - eta*m/(√v + epsilon)", "w <-"),
    ),
    "adamw": (
        Sentence(
            N_(
                "AdamW keeps a mean m of the gradients g and a mean v of their squares, and "
                "divides by the root of v, so that every weight has steps of about the length η. "
                "Besides, each step draws the weights a little towards 0, by the weight decay λ."
            )
        ),
        Formula("beta*m + (1 - beta)*g", "m <-"),
        Formula("w - eta*(m/(√v + epsilon) + lambda_*w)", "w <-"),
    ),
    "adagrad": (
        Sentence(
            N_(
                "Adagrad sums up the squares of the gradients g in s and divides by the root: "
                "weights that have moved much take ever shorter steps."
            )
        ),
        Formula("s + g^2", "s <-"),
        Formula("w - eta*g/(√s + epsilon)", "w <-"),
    ),
    "adadelta": (
        Sentence(
            N_(
                "Adadelta divides by a fading mean v of the squared gradients g, and multiplies by "
                "a mean u of its own squared steps, so that no unit of length has to be chosen; η "
                "scales the whole."
            )
        ),
        Formula("w - eta*√(u + epsilon)/√(v + epsilon)*g", "w <-"),
    ),
}

L2: Paragraph = (
    Sentence(N_("The penalty L2 adds the squares of the weights, times λ, to the loss.")),
    Formula("lambda_*sum(w^2)", "R", vectors=("w",)),
    spare(N_("It draws every weight towards 0 and so keeps the function smooth.")),
)
L1: Paragraph = (
    Sentence(N_("The penalty L1 adds the absolute values of the weights, times λ.")),
    Formula("lambda_*sum(|w|)", "R", vectors=("w",)),
    spare(N_("Its pull does not weaken near 0, so many weights become 0.")),
)
ACTIVITY: Paragraph = (
    Sentence(
        N_(
            "A penalty on the activities adds the squares of what the hidden units give, times λ: "
            "the network is asked to say the same with quieter units."
        )
    ),
)
LAYERS: dict[type, Paragraph] = {
    layers.Conv2D: (
        Sentence(
            N_(
                "A convolution slides small kernels over the image: each number of a feature map "
                "is the sum of the products of a kernel and the window under it."
            )
        ),
        spare(N_("The same weights serve every place.")),
    ),
    layers.Conv1D: (
        Sentence(
            N_(
                "A convolution over words slides kernels along the review: each looks at a few "
                "neighbouring words, wherever they stand."
            )
        ),
    ),
    layers.Embedding: (
        Sentence(
            N_(
                "An embedding gives each word a short vector that is learned like any weight; "
                "words of similar use come to lie close together."
            )
        ),
    ),
    layers.MaxPooling2D: (
        spare(N_("Max pooling keeps the largest number of each square and halves both sides.")),
    ),
    layers.AveragePooling2D: (
        spare(N_("Average pooling keeps the mean of each square and halves both sides.")),
    ),
    layers.Dropout: (
        Sentence(
            N_(
                "Dropout leaves out a random share of the units in each training step, so that "
                "none relies on another; in testing all count."
            )
        ),
    ),
    layers.BatchNormalization: (
        Sentence(
            N_(
                "Batch normalisation brings what a layer gives to mean 0 and deviation 1 over the "
                "batch, then scales and shifts it by two learned numbers."
            )
        ),
    ),
}


def theory_of(
    models: Iterable[Model], losses: Iterable[str], optimizers: Iterable[str]
) -> list[Paragraph]:
    """Paragraphs on what networks are made of, each once: losses, activations, optimizers, layers.

    Example:
        >>> model = Model(x := layers.Input((2,)), layers.Dense(1, "tanh")(x))
        >>> [one.left for one in theory_of([model], [], [])[0] if isinstance(one, Formula)]
        ['f(z)', 'df/dz']
    """
    parts = [part for model in models for part in model.layers]
    found = [LOSSES[name] for name in dict.fromkeys(losses) if name in LOSSES]
    names = dict.fromkeys(_activation_name(part) for part in parts)
    found += [ACTIVATIONS[name] for name in names if name in ACTIVATIONS]
    found += [OPTIMIZERS[name] for name in dict.fromkeys(optimizers) if name in OPTIMIZERS]
    kinds = dict.fromkeys(type(part) for part in parts)
    found += [LAYERS[kind] for kind in kinds if kind in LAYERS]
    penalties = [_penalty(getattr(part, "kernel_regularizer", None)) for part in parts]
    if any(l2 for _, l2 in penalties):
        found.append(L2)
    if any(l1 for l1, _ in penalties):
        found.append(L1)
    if any(getattr(part, "activity_regularizer", None) for part in parts):
        found.append(ACTIVITY)
    return found


def _activation_name(part: Any) -> str:
    return getattr(getattr(part, "activation", None), "__name__", "")


def _penalty(regularizer: Any) -> tuple[float, float]:
    """Factors of L1 and L2."""
    config: Mapping[str, Any] = regularizer.get_config() if regularizer is not None else {}
    return float(config.get("l1", 0) or 0), float(config.get("l2", 0) or 0)
