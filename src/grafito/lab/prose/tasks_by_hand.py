"""What the exercises by hand are about, their theory, why so, and how far they go."""

from __future__ import annotations

from grafito.lab.prose.sentence import Formula, Sentence, Task
from grafito.lab.prose.theory import ACTIVATIONS, OPTIMIZERS, leaky_relu
from grafito.language import message as N_

LEAKY_SLOPE = 0.1  # as the exercise has it
WHEN = N_(
    "The output of a classifier is a sigmoid, because it gives a probability; hidden layers take "
    "ReLU or one of its kin, whose gradient does not fade in deep networks; tanh suits small "
    "networks and outputs between −1 and 1."
)
ACTIVATION_GRAPHS = Task(
    told=N_(
        "A unit computes a weighted sum z of its inputs and bends it by an activation. The "
        "exercise computes such a unit by hand, as a graph: forward, each node gives its value; "
        "backward, each node multiplies the gradient that arrives by its own derivative. What four "
        "activations make of the same sum is laid side by side."
    ),
    theory=(
        (
            Sentence(
                N_(
                    "The gradient of a node is found by the chain rule: the derivative of what "
                    "comes after it, times its own. A product gives each factor the value of the "
                    "other, and a sum passes the gradient on unchanged; so the gradient of a "
                    "weight is the input beside it, times the derivative of the activation at z."
                )
            ),
        ),
        (Formula("w0*x0 + w1*x1 + b", "z"),),
        ACTIVATIONS["sigmoid"],
        ACTIVATIONS["tanh"],
        ACTIVATIONS["elu"],
        leaky_relu(LEAKY_SLOPE),
    ),
    reasons=N_("The sum is the same in each graph, so that only the activations differ."),
    limits=N_(
        "A graph shows one point: the derivatives at another sum would be others, which the curves "
        "of the functions show."
    ),
)
TWO_NEURONS = Task(
    told=N_(
        "A layer of two sigmoid units with two inputs, and a loss that compares both outputs with "
        "their targets. The exercise computes by hand the loss and the gradient of everything it "
        "depends on: the matrix W, the biases b and the inputs x. This is one whole backward pass "
        "in a network small enough to write down."
    ),
    theory=(
        (
            Sentence(
                N_(
                    "Written with matrices, a layer is one product, one sum and one activation; "
                    "the loss is the mean of the squared distances to the targets t."
                )
            ),
        ),
        (Formula("sigmoid(z)", "a"),),
        (Formula("mean(square(a - t))", "L", vectors=("a", "t")),),
        (
            Sentence(
                N_(
                    "Backward, the loss gives 2(a − t)/n to each output; times the derivative of "
                    "the sigmoid, a(1 − a), that is the gradient δ of the sums. The gradient of W "
                    "is the product of δ and the inputs, that of b is δ itself, and that of x is "
                    "the transpose of the matrix times δ."
                )
            ),
        ),
        ACTIVATIONS["sigmoid"],
    ),
    reasons=N_(
        "The numbers are computed twice, by the chain rule on the graph and by central "
        "differences, which move each number a little up and down and look at what the loss does."
    ),
    limits=N_(
        "The gradient is that of one example; training takes the mean over many of them before it "
        "moves a weight."
    ),
)
PERCEPTRON = Task(
    told=N_(
        "The perceptron of Rosenblatt (1958) is one unit whose output is 0 or 1, and the first "
        "machine that learned from examples. Its boundary is a line. The rule leaves the line "
        "alone as long as an example lies on its right side, and turns it towards each example "
        "that does not."
    ),
    theory=(
        (
            Sentence(
                N_(
                    "With the answer y and the true class t, the weights move by the input itself, "
                    "forwards or backwards. Where y = t nothing moves."
                )
            ),
        ),
        (Formula("w + eta*(t - y)*x", "w <-"),),
        (
            Sentence(
                N_(
                    "Novikoff proved in 1962: if some line parts the two classes, the rule finds "
                    "one after finitely many updates, and the fewer the wider the gap between the "
                    "classes. If none does, it never comes to rest."
                )
            ),
        ),
    ),
    reasons=N_(
        "The points lie away from the origin, where the first boundary passes, so that the rule "
        "has to move the line and not only to turn it."
    ),
    limits=N_(
        "The line at which the rule stops is any that separates; support vector machines look for "
        "the one in the middle of the gap."
    ),
)
CONVOLUTION = Task(
    told=N_(
        "A convolution looks at an image through a small window. The kernel, a small table of "
        "weights, is laid on every place of the image; where the image resembles the kernel, the "
        "sum of products is large. Here everything is small enough to be checked with a pencil: "
        "the image is a zero of 7 × 7 pixels, the kernel has 3 × 3."
    ),
    theory=(
        (
            Sentence(
                N_(
                    "An image of n pixels in a row under a kernel of k gives n − k + 1 places, so "
                    "7 becomes 5; pooling squares of 2 × 2 leaves 2 of these, for the last row and "
                    "column fill no square; and flattening writes the numbers that remain in one "
                    "row."
                )
            ),
        ),
        (Formula("n - k + 1", "m"),),
        (
            Sentence(
                N_(
                    "Each kernel answers to one direction of strokes: the vertical one subtracts "
                    "the right column of the window from the left, the horizontal one the lower "
                    "row from the upper, so that both give 0 where the image is even. In a network "
                    "the numbers of a kernel are learned like all weights."
                )
            ),
        ),
        (
            Sentence(
                N_(
                    "Pooling keeps of each square what answered most. It makes the picture "
                    "smaller, and it forgives small shifts: a stroke one pixel further often gives "
                    "the same maximum."
                )
            ),
        ),
    ),
    reasons=N_(
        "The kernels are given by hand so that their effect can be foreseen; the layers of grafito "
        "compute the same, which checks both."
    ),
    limits=N_(
        "One kernel sees one thing. Real networks have dozens of kernels in each layer, and layers "
        "that look at the maps of the layer before."
    ),
)
VANISHING_GRADIENT = Task(
    told=N_(
        "For decades deep networks could hardly be trained, and this is why: the gradient of the "
        "first layer is a product with one factor for each layer above it. If the factors are "
        "below 1 it vanishes, if they are above 1 it explodes. The experiment measures it in every "
        "layer, for three activations, before any training."
    ),
    theory=(
        (
            Sentence(
                N_(
                    "Going back through a layer multiplies the gradient by the derivative of the "
                    "activation and by the weights. For the sigmoid the derivative is at most a "
                    "quarter, so that ten layers leave about a millionth."
                )
            ),
        ),
        ACTIVATIONS["sigmoid"],
        ACTIVATIONS["tanh"],
        ACTIVATIONS["relu"],
        (
            Sentence(
                N_(
                    "ReLU has the opposite trouble: a unit that gives 0 for every example has no "
                    "gradient at all, and is dead for good. Large learning rates and negative "
                    "biases kill units, because one long step can push all sums below 0."
                )
            ),
        ),
    ),
    reasons=N_(
        "All networks have the same width and the same seed, so that what differs is the "
        "activation, the initialiser or the depth alone; gradients are computed in double "
        "precision, because small ones would be lost in noise."
    ),
    limits=N_(
        "The norms before training say how learning begins, not how it ends: normalisation and "
        "skip connections, which are not here, keep gradients alive in networks of any depth."
    ),
)
DESCENT_VARIANTS = Task(
    told=N_(
        "All training is descent on a loss surface, and here the surface has only two directions, "
        "the slope and the bias of a line, so that every path can be drawn. First the question how "
        "many examples a step should see; then seven rules for the step, all from the same start."
    ),
    theory=(
        OPTIMIZERS["sgd"],
        (
            Sentence(
                N_(
                    "Momentum adds to each step a share of the step before, as a ball that rolls; "
                    "Nesterov looks at the gradient where the ball is going to be."
                )
            ),
        ),
        (Formula("beta*v - eta*g", "v <-"),),
        (Formula("w + v", "w <-"),),
        OPTIMIZERS["adagrad"],
        OPTIMIZERS["adadelta"],
        OPTIMIZERS["adam"],
        (
            Sentence(
                N_(
                    "RMSprop is Adam without the mean of the gradients. The rules that divide by "
                    "the size of past gradients have steps of one length in all directions, which "
                    "helps in a valley that is steep on one side and flat along its floor."
                )
            ),
        ),
    ),
    reasons=N_(
        "Each optimizer is tried with every learning rate of a list and shown with its best, "
        "because a comparison with one common rate would judge the rate and not the rule."
    ),
    limits=N_(
        "Two weights and sixteen points are a toy: in networks with millions of weights the noise "
        "of the batches matters more than the form of the valley."
    ),
)
GAN = Task(
    told=N_(
        "Two networks play against each other. The generator turns random numbers into images; the "
        "discriminator looks at an image and says how probable it is that it is a true digit. Each "
        "learns from the other: the discriminator from being deceived, the generator from being "
        "found out. No image is ever compared with another."
    ),
    theory=(
        (
            Sentence(
                N_(
                    "With p the probability that the discriminator D gives to a true image and q "
                    "that of a made one, D lowers the first loss, and the generator the second."
                )
            ),
        ),
        (Formula("-(ln(p) + ln(1 - q))/2", "L_D"),),
        (Formula("-ln(q)", "L_G"),),
        (
            Sentence(
                N_(
                    "If both played perfectly, images could not be told apart any more, and D "
                    "would answer one half to everything. In practice the two chase each other, "
                    "and a falling loss of one side is no sign of better images."
                )
            ),
        ),
        ACTIVATIONS["leaky_relu"],
        OPTIMIZERS["adam"],
    ),
    reasons=N_(
        "Leaky ReLU keeps a gradient on both sides, which the generator needs, since all it learns "
        "comes back through the discriminator; dropout keeps the discriminator from winning too "
        "early; and Adam with a small first momentum is the usual choice against oscillation."
    ),
    limits=N_(
        "There is no number for the quality of an image here; the strip has to be looked at. Dense "
        "networks draw digits with loose pixels, which convolutions would avoid."
    ),
)
PIMA = Task(
    told=N_(
        "Eight measurements of women of the Pima people are to tell who has diabetes. The data "
        "have a trap: a zero in blood pressure or insulin is no measurement but a missing one. The "
        "exercise trains a network in folds, once with the zeros as they are and once with means "
        "in their place."
    ),
    reasons=N_(
        "There are few examples, so each is in the test part of one fold and in the training part "
        "of the others: the mean over the folds uses all of them, and its spread says how far to "
        "trust it. Means and scales are measured on the training part alone, so that nothing of "
        "the test part leaks."
    ),
    limits=N_(
        "Two of three women have no diabetes, so that saying “no” always is right in 65 % of the "
        "cases: accuracies have to be read against that number."
    ),
    variants={
        "scaled": Task(
            told=N_(
                "Eight measurements of women of the Pima people are to tell who has diabetes. A "
                "zero in blood pressure or insulin is a missing measurement, and means take its "
                "place. Besides, all inputs are brought to mean 0 and deviation 1, which the "
                "exercise does not ask for: it shows how much of the result is a matter of scale."
            ),
        ),
        "all": Task(
            told=N_(
                "Eight measurements of women of the Pima people are to tell who has diabetes. The "
                "data have a trap: a zero in blood pressure or insulin is no measurement but a "
                "missing one. The same network is trained in the same folds three times: with the "
                "zeros as they are, with means in their place, and with means and scaled inputs."
            ),
        ),
    },
)
