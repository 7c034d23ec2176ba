"""What the other trainings are about, why so, and how far their answers go."""

from __future__ import annotations

from grafito.lab.prose.sentence import Task
from grafito.language import message as N_

PARITY = Task(
    told=N_(
        "Is the number of ones among N bits odd? Changing any single bit changes the answer, so no "
        "bit alone says anything: for a network this is one of the hardest functions of its size. "
        "A network with one hidden layer can represent it with N hidden units; the exercise asks "
        "how N' hidden units learn it in practice."
    ),
    reasons=N_(
        "Bits and answers should be symmetric about the middle of the activation, so that no unit "
        "is saturated at the start; all patterns are seen in each epoch, since there are no "
        "others."
    ),
    limits=N_(
        "There is no test part: all patterns that exist are trained on, so what is measured is "
        "learning and not generalisation."
    ),
)
XOR = Task(
    reasons=PARITY.reasons,
    limits=PARITY.limits,
    told=N_(
        "Exclusive or is true when exactly one of two bits is. No line in the plane parts the two "
        "answers, so a single unit cannot learn it: with this example Minsky and Papert showed the "
        "limit of the perceptron in 1969. One hidden layer is enough, and its weights can be "
        "looked at one by one."
    ),
)
LOGISTIC_MAP = Task(
    told=N_(
        "The rule x(t+1) = 4 x(t) (1 − x(t)) is a parabola, and its series is chaos: neighbouring "
        "starts part within a few steps. A small network sees pairs of consecutive values and is "
        "to find the rule. Whether it has found it shows in the forecast, where each prediction "
        "becomes the next input."
    ),
    reasons=N_(
        "The output sees the input beside the hidden units, so that they have to make only the "
        "bend of the parabola and not its slope."
    ),
    limits=N_(
        "A small error of one step doubles at each step on average, so the length of a good "
        "forecast grows only with the logarithm of the accuracy."
    ),
)
WRONG_DAY = Task(
    told=N_(
        "On sixteen days a temperature and a number of ice creams sold were written down, and a "
        "line is to foretell the one from the other. Here a wrong number is entered for the "
        "hottest day. The question is how far a single wrong number pulls the line with the "
        "squared error, and how far with the absolute one."
    ),
)
ONES = Task(
    told=N_(
        "A line has a slope and an intercept. The intercept is either the bias of the layer or the "
        "weight of a second input that is always 1, the column of ones of many textbooks. Both are "
        "to find the same line through sixteen days of temperatures and ice creams sold."
    ),
)
SCALES = Task(
    told=N_(
        "A line through sixteen days of temperatures and ice creams sold is found by gradient "
        "descent, from temperatures as they are in degrees or brought to mean 0 and deviation 1. "
        "The line is the same; what differs is the loss surface, and so the rate that descent "
        "bears and the steps that it takes."
    ),
)
ICE_CREAMS = Task(
    told=N_(
        "On sixteen days a temperature and a number of ice creams sold were written down, and a "
        "line is to foretell the one from the other. A single unit without activation is such a "
        "line: its weight is the slope, its bias the intercept. The least-squares line is known "
        "exactly, so that what gradient descent finds can be checked."
    ),
    variants={
        "outlier": WRONG_DAY,
        "mse": WRONG_DAY,
        "mae": WRONG_DAY,
        "bias": ONES,
        "bias-of-layer": ONES,
        "column-of-ones": ONES,
        "scales": SCALES,
        "standardised": SCALES,
        "unscaled": SCALES,
    },
    reasons=N_(
        "With all days in one batch each step goes down the true gradient, and the path on the "
        "loss surface is smooth."
    ),
    limits=N_(
        "Sixteen points on one line leave nothing to test; the fit says how descent works, not how "
        "well sales can be foretold."
    ),
)
LINEAR = Task(
    what=N_("Two half moons: what units without activation take for the boundary."),
    asked=N_("Are linear units enough? Draw the decision regions."),
    told=N_(
        "Two half moons of points lie into one another, with noise, and no straight line parts "
        "them. The network has hidden layers, but none of their units has an activation: however "
        "many there are, all that comes out is a linear function, which the decision regions show. "
        "The course does not ask for it; it shows what activations are for."
    ),
    limits=N_(
        "Where a line can part the classes, linear units are enough; with two half moons it cannot."
    ),
)
MOONS = Task(
    told=N_(
        "Two half moons of points lie into one another, with noise. A network with two inputs "
        "divides the plane, and the division can be drawn: that makes overfitting visible, where "
        "elsewhere it is a number only. Three networks are compared: one far too large, and two of "
        "a fitting size with a smooth and with an angular activation."
    ),
    reasons=N_(
        "The output is one sigmoid unit, which gives the probability of one of the two moons; the "
        "boundary is where it says one half."
    ),
    limits=N_(
        "Points near the boundary cannot all be right, because the noise of the two moons overlaps "
        "there; the best accuracy that any network can reach lies below 100 %."
    ),
    variants={
        "plane": Task(
            what=N_("Two half moons: how each layer of a network moves the plane."),
            asked=N_("Draw the plane and its points as they enter and after each layer."),
            told=N_(
                "Two half moons of points lie into one another, with noise. Each hidden layer of "
                "this network has two units only, so what it makes of the points is a plane again "
                "and can be drawn: layer by layer one sees the plane bent, so that a straight line "
                "may part the moons at the end. The course does not ask for it; it shows what "
                "layers do."
            ),
            reasons=N_(
                "Layers of two units with tanh move the plane smoothly, without folding parts of "
                "it together as ReLU does."
            ),
        ),
        "linear-units": Task(
            what=N_("Two half moons: linear units beside sigmoid and ReLU."),
            asked=LINEAR.asked,
            told=N_(
                "Two half moons of points lie into one another, with noise, and no straight line "
                "parts them. A network whose units have no activation stands beside one with "
                "sigmoid and one with ReLU. The course does not ask for it; it shows what "
                "activations are for."
            ),
        ),
        "linear": LINEAR,
    },
)
BOSTON = Task(
    told=N_(
        "Thirteen attributes of a district of Boston are to foretell the median price of its "
        "houses. Linear regression is a network of one unit without activation: its weights say "
        "how much each attribute moves the price. The same line can be found in one step by least "
        "squares, which stands beside it."
    ),
    reasons=N_(
        "The attributes have very different units; only scaled ones let one learning rate serve "
        "all weights."
    ),
    limits=N_(
        "Five hundred districts are few: another division into training and test moves R² by "
        "several hundredths."
    ),
)
CALIFORNIA = Task(
    told=N_(
        "Eight attributes of some 20,000 districts of California are to foretell the median price "
        "of their houses. Prices depend on place in a bent way, which a line cannot follow: the "
        "exercise asks for a deep network, its learning curves, and for stopping when validation "
        "no longer improves."
    ),
    reasons=N_(
        "The best number of epochs is not known beforehand, so the training may stop early and "
        "give back the weights of its best epoch."
    ),
    limits=N_(
        "Prices above half a million dollars were cut off at that value when the data were "
        "collected, which no network can foresee."
    ),
    variants={
        "shallow": Task(
            told=N_(
                "Eight attributes of some 20,000 districts of California are to foretell the "
                "median price of their houses. The exercise asks for a deep network; this one has "
                "a single hidden layer, against which the gain of depth can be measured."
            ),
        ),
        "linear": Task(
            told=N_(
                "Eight attributes of some 20,000 districts of California are to foretell the "
                "median price of their houses. The exercise asks for a deep network; this one has "
                "no hidden layer, so that it is a linear regression, against which the gain of "
                "hidden layers can be measured."
            ),
        ),
    },
)
IMDB_DENSE = Task(
    told=N_(
        "Fifty thousand reviews of films are for or against. A review becomes a row of zeros and "
        "ones that says which of the most frequent words occur in it; the order of the words is "
        "lost. A small dense network learns these rows by heart within a few epochs, so the "
        "exercise compares four ways of regularisation."
    ),
    reasons=N_(
        "One sigmoid unit gives the probability of a review for the film; ReLU in the hidden "
        "layers keeps the gradient of so sparse an input alive."
    ),
    limits=N_(
        "A bag of words does not know “not good” from “good, not”; the experiment imdb-embedding "
        "keeps the order."
    ),
)
IMDB_EMBEDDING = Task(
    told=N_(
        "The last words of a review keep their order, and each word becomes a short vector that is "
        "learned together with the rest. On top stands either a dense layer, which sees every word "
        "at its own place, or a convolution, which sees pairs of neighbouring words wherever they "
        "stand."
    ),
    reasons=N_(
        "Most of the weights are in the embedding: dropout and few epochs keep them from learning "
        "the reviews by heart."
    ),
    limits=N_(
        "Only the last words of a review are read, where opinions are often summed up; what stands "
        "before is not seen."
    ),
)
STARTS = Task(
    told=N_(
        "Training begins with random weights, and their size decides whether it begins at all: "
        "with zeros all units of a layer stay alike, with small weights signals fade from layer to "
        "layer, with large ones they grow. The same deep network learns few digits from five "
        "beginnings; Glorot's and He's rules choose the size by the number of inputs."
    ),
    reasons=N_(
        "Four hidden layers are deep enough for a wrong size to show, since it counts once in each "
        "layer."
    ),
    limits=N_(
        "Layers with normalisation bear other beginnings: there the size of the first weights "
        "matters less."
    ),
)
OVERFITTING = Task(
    told=N_(
        "A model that is too simple misses the rule, one that is too flexible learns the noise. "
        "The first part shows it on few points of a sine, where the fitted functions can be looked "
        "at; the second part trains a large network on few digits and compares what helps: "
        "stopping early, penalties, dropout, and images turned and moved a little."
    ),
    reasons=N_(
        "Few images and a large network are chosen on purpose: where data abound, nothing overfits "
        "and no remedy shows."
    ),
    limits=N_(
        "How strong a remedy should be depends on the data; each is shown here with one strength "
        "only."
    ),
    variants={
        "function": Task(
            told=N_(
                "A model that is too simple misses the rule, one that is too flexible learns the "
                "noise. Polynomials and networks of growing size are put through few points of a "
                "sine with noise, where the fitted functions can be looked at, and measured on "
                "other points of the same sine."
            ),
            limits=N_(
                "A few points of one function are a toy: where the right size lies depends on the "
                "function, the noise and the number of points."
            ),
        ),
        **dict.fromkeys(("initialisers", "zeros", "small", "large", "glorot", "he"), STARTS),
    },
)
