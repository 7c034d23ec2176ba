"""Rows of softmax, the cross-entropies and random numbers."""

import numpy as np
from scipy import special
from specs import ONE, At, Row, probabilities, real

from grafito.graph import neural, random

inf, nan = np.inf, np.nan

LOGITS = (real(3, 4), probabilities(3, 4))
CHANCES = (probabilities(3, 4), probabilities(3, 4, salt=1))


def _log_loss(p, t):
    return -t * np.log(p) - (1 - t) * np.log(1 - p)


NEURAL = [
    Row(
        "softmax",
        neural.Softmax,
        lambda x: neural.softmax(x, axis=0),
        ONE,
        lambda x: special.softmax(x, 0),
        lambda t, x: t.softmax(x, 0),
        at=(
            At(([1000.0, -inf],), [1.0, 0.0], ([0.0, 0.0],)),
            At(([-inf, -inf],), [nan, nan]),
        ),
    ),
    Row(
        "log_softmax",
        neural.LogSoftmax,
        neural.log_softmax,
        ONE,
        lambda x: special.log_softmax(x, -1),
        lambda t, x: t.log_softmax(x, -1),
        at=(At(([0.0, 1000.0],), [-1000.0, 0.0], ([1.0, -1.0],)),),
    ),
    Row(
        "softmax over several axes",
        neural.Softmax,
        lambda x: neural.softmax(x, axis=(0, -1)),
        (real(2, 3, 4),),
        lambda x: special.softmax(x, (0, 2)),
    ),
    Row(
        "log_softmax over all axes",
        neural.LogSoftmax,
        lambda x: neural.log_softmax(x, axis=None),
        (real(3, 4),),
        lambda x: special.log_softmax(x),
    ),
    Row(
        "softmax_cross_entropy",
        neural.SoftmaxCrossEntropy,
        neural.softmax_cross_entropy,
        LOGITS,
        lambda z, t: -(t * special.log_softmax(z, -1)).sum(-1),
        lambda torch, z, t: torch.nn.functional.cross_entropy(z, t, reduction="none"),
        at=(
            At(([0.0, 1000.0], [1.0, 0.0]), 1000.0, ([-1.0, 1.0], [1000.0, 0.0])),
            At(([0.0, -inf], [1.0, 0.0]), 0.0, ([0.0, 0.0], [0.0, inf])),
        ),
    ),
    Row(
        "sigmoid_cross_entropy",
        neural.SigmoidCrossEntropy,
        neural.sigmoid_cross_entropy,
        LOGITS,
        lambda z, t: np.logaddexp(z, 0) - z * t,
        lambda torch, z, t: torch.nn.functional.binary_cross_entropy_with_logits(
            z, t, reduction="none"
        ),
        at=(At((-1000.0, 1.0), 1000.0, (-1.0, 1000.0)), At((0.0, 0.5), np.log(2), (0.0, 0.0))),
    ),
    Row(
        "cross_entropy",
        neural.CrossEntropy,
        neural.cross_entropy,
        (2 * CHANCES[0], CHANCES[1]),
        lambda p, t: -(t * np.log(p / p.sum(-1, keepdims=True))).sum(-1),
        lambda torch, p, t: -(t * (p / p.sum(-1, keepdim=True)).log()).sum(-1),
        at=(At(([0.0, 1.0], [1.0, 0.0]), -np.log(1e-7), ([0.0, 0.0], None)),),
    ),
    Row(
        "binary_cross_entropy",
        neural.BinaryCrossEntropy,
        neural.binary_cross_entropy,
        CHANCES,
        _log_loss,
        lambda torch, p, t: -t * p.log() - (1 - t) * (1 - p).log(),
        at=(
            At((0.0, 1.0), -np.log(1e-7), (0.0, None)),
            At((1e-7, 1.0), -np.log(1e-7), (-0.5e7, None)),
        ),
    ),
]

FIRST_WORDS = np.array([0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8], np.uint32)  # Random123

RANDOM = [
    Row(
        "random_bits",
        random.RandomBits,
        lambda: random.random_bits((2, 2), seed=0),
        (),
        lambda: FIRST_WORDS.reshape(2, 2),
        order=0,
        dtype="uint32",
    ),
    Row(
        "argsort",
        random.ArgSort,
        lambda x: random.argsort(x, axis=0),
        ONE,
        lambda x: x.argsort(0),
        order=0,
        dtype="int32",
        at=(At(([2.0, 1.0, 2.0, 1.0],), [1, 3, 0, 2]),),
    ),
]
