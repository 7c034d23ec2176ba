"""What further exercises of the courses are about, their theory, why so, and how far they go."""

from __future__ import annotations

from grafito.lab.prose.sentence import Formula, Sentence, Task
from grafito.lab.prose.theory import ACTIVATIONS, OPTIMIZERS
from grafito.language import message as N_

DIMENSIONS = Task(
    told=N_(
        "Before a network computes anything its matrices have to fit: this is where many "
        "programs fail. The exercise asks five questions about a network with 10 inputs, 50 hidden "
        "units and 3 outputs, and the answers can be found with a pencil. Here they are read off a "
        "network that was built, and the equation of its output is checked with numbers."
    ),
    theory=(
        (
            Sentence(
                N_(
                    "Examples stand in rows. A layer multiplies them by a matrix with one row for "
                    "each input and one column for each unit, and adds one bias for each unit to "
                    "every row. The number of columns of the one is the number of rows of the "
                    "next; the number of examples passes through unchanged, so that a batch of any "
                    "size fits."
                )
            ),
        ),
        (
            Sentence(
                N_(
                    "Written out, the hidden layer gives H, and the output layer turns H into Y. "
                    "The biases are rows, which are added to each row of the product."
                )
            ),
        ),
        (Formula("relu(X*W_h + b_h)", "H"),),
        (Formula("relu(H*W_o + b_o)", "Y"),),
        ACTIVATIONS["relu"],
    ),
    reasons=N_(
        "The number of examples is small and unlike the other sizes, so that no two sizes can be "
        "mixed up; in a training it would be the size of the batch."
    ),
    limits=N_(
        "Some books write examples as columns: then the factors of all products change places, and "
        "each matrix here is the transpose of theirs."
    ),
)
ONE_UPDATE = Task(
    told=N_(
        "A network learns by many equal steps, and here one of them is written out to the last "
        "number: forward the sums and outputs of every unit, back the deltas, from them the "
        "gradient of every weight, and the new weights. It begins with the chain rule on three "
        "quantities: each degree of temperature gives half a unit of thirst, and each unit of "
        "thirst two glasses of water."
    ),
    theory=(
        (
            Sentence(
                N_(
                    "The chain rule multiplies the slopes along the way: water changes with "
                    "temperature as water with thirst, times thirst with temperature, which is "
                    "2 · 0.5 = 1."
                )
            ),
        ),
        (
            Sentence(
                N_(
                    "In a network δ is the gradient of the loss at the sum z of a unit. At the "
                    "output it is the slope of the loss times the slope of the sigmoid; in a layer "
                    "before, the deltas d of the next layer come back through the weights W "
                    "between the two: they are multiplied by W, added up over the units of the "
                    "next layer, and multiplied by the slope of the sigmoid again."
                )
            ),
        ),
        (Formula("2*(a - t)*a*(1 - a)", "δ"),),
        (Formula("sum(W*d)*a*(1 - a)", "δ", vectors=("W", "d")),),
        (
            Sentence(
                N_(
                    "The gradient of a weight is the δ of the unit it leads to, times the output "
                    "of the unit it comes from; that of a bias is δ itself."
                )
            ),
        ),
        ACTIVATIONS["sigmoid"],
        OPTIMIZERS["sgd"],
    ),
    reasons=N_(
        "The first weights are drawn by the seed and rounded to two decimals, so that every number "
        "can be computed again on paper. The formulas are computed by NumPy, and beside them the "
        "graph finds the same gradients on its own."
    ),
    limits=N_(
        "The step follows the gradient of one example. Its length is chosen large, so that the "
        "change can be seen; training takes smaller ones, and the mean over many examples."
    ),
)
STEEPEST_DESCENT = Task(
    told=N_(
        "Why does training go against the gradient, and how far? From one point of the loss "
        "surface of a line the slope is measured in every direction; then descent goes down from "
        "there with three learning rates: one that creeps, one that fits, and one that bounces "
        "from side to side of the valley."
    ),
    theory=(
        (
            Sentence(
                N_(
                    "The slope in a direction u of length 1 is the product of the gradient g and "
                    "u. With φ the angle between them it is the length of the gradient times the "
                    "cosine of φ: greatest along the gradient, least against it, and 0 across, "
                    "where a line of equal loss runs."
                )
            ),
        ),
        OPTIMIZERS["sgd"],
        (
            Sentence(
                N_(
                    "On a parabola of curvature c a step multiplies the distance from the bottom "
                    "by 1 − ηc. With a small rate that is nearly 1, and descent creeps; above 1/c "
                    "it is negative, and descent jumps across the bottom; from 2/c on each jump is "
                    "longer than the one before, and descent diverges. In a valley the steep side "
                    "sets the limit, and the flat floor the time."
                )
            ),
        ),
        (Formula("2/c", "eta_max"),),
    ),
    reasons=N_(
        "The surface is that of the experiment descent-variants, whose curvature is known exactly, "
        "so that the rates can be given as shares of the largest one that does not diverge."
    ),
    limits=N_(
        "The gradient is steepest at the point alone: a long step along it may end higher than it "
        "began, and the shortest way to the minimum usually points elsewhere."
    ),
)
APPROXIMATION = Task(
    told=N_(
        "The theorem of universal approximation says that one hidden layer is enough for every "
        "continuous function on an interval, if it has enough units. It does not say how many, and "
        "not that training finds them. Here networks of growing width learn the same function, "
        "without noise, and the error that is left is drawn against the width."
    ),
    reasons=N_(
        "There is no noise and every network is trained equally long, so that what is left of the "
        "error comes from the width or from the training; several starts tell the one from the "
        "other."
    ),
    limits=N_(
        "More units can only help to represent a function; whether the training arrives is another "
        "question, which is why the curve may stop falling. With noise in the data a wide network "
        "would learn the noise too, as the experiment overfitting shows."
    ),
)
