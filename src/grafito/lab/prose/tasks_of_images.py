"""What the exercises on images are about, why so, and how far their answers go."""

from __future__ import annotations

from grafito.lab.prose.sentence import Task
from grafito.language import message as N_

DIGITS = Task(
    told=N_(
        "The images are handwritten digits of 8 × 8 grey pixels that come with scikit-learn. A "
        "network reads the 64 pixels as one row and says which of the ten digits it sees. The set "
        "is small enough for a training of seconds, so that it is a good place to try settings."
    ),
    reasons=N_(
        "A dense network knows nothing of neighbouring pixels; for images as small as these that "
        "is no loss worth speaking of."
    ),
    limits=N_(
        "Digits of other writers, scanned in another way, would be harder: training and test "
        "images come from the same source."
    ),
)
MNIST_DENSE = Task(
    told=N_(
        "MNIST holds 70,000 handwritten digits of 28 × 28 grey pixels. The network of the thesis "
        "reads the 784 pixels as one row, squeezes them through two hidden layers and gives a "
        "probability to each digit. The exercise asks how accuracy in training, validation and "
        "test differ, which is the measure of overfitting."
    ),
    reasons=N_(
        "Narrow hidden layers keep the number of weights small; a penalty on activities is meant "
        "to hold back overfitting without touching the weights themselves."
    ),
    variants={
        "unpenalised": Task(
            told=N_(
                "MNIST holds 70,000 handwritten digits of 28 × 28 grey pixels. The network of the "
                "thesis reads the 784 pixels as one row, squeezes them through two hidden layers "
                "and gives a probability to each digit. Here nothing holds back overfitting: what "
                "the penalty of the other form does is measured against this one."
            ),
            reasons=N_(
                "All settings but the penalty are those of the form with L2, so that nothing else "
                "can explain a difference."
            ),
        )
    },
    limits=N_(
        "MNIST is nearly solved: networks with convolutions leave fewer than one digit in two "
        "hundred wrong."
    ),
)
FASHION_DENSE = Task(
    told=N_(
        "Fashion-MNIST has the form of MNIST, but shows ten kinds of clothing and is much harder: "
        "a shirt, a coat and a pullover look alike in 28 × 28 grey pixels. The exercise is the "
        "first program of many courses: build, train, evaluate, predict, save, load."
    ),
    reasons=N_(
        "Plain gradient descent, which the exercise asks for, is the simplest rule there is; its "
        "slow and even progress makes learning curves easy to read."
    ),
    limits=N_("Plain gradient descent is slow: other optimizers arrive in fewer epochs."),
)
CIFAR_DENSE = Task(
    told=N_(
        "CIFAR-10 holds 60,000 small colour photographs of ten kinds of things. A dense network "
        "sees their 3,072 numbers without knowing which of them are neighbours, so it learns "
        "colours and vague shapes: guessing gives 10 %, and half of the images right is much."
    ),
    reasons=N_(
        "A dense network on photographs has so many weights that it could learn the images by "
        "heart; where the kernels are penalised, it is for that reason."
    ),
    limits=N_(
        "A dense network is the wrong tool for photographs; the experiments lenet, alexnet and "
        "vgg16 show what convolutions add."
    ),
)
CIFAR_RELU = Task(
    told=CIFAR_DENSE.told,
    limits=CIFAR_DENSE.limits,
    reasons=N_(
        "Cross-entropy needs probabilities: sigmoid outputs are divided by their sum, linear ones "
        "go through softmax. Its gradient does not fade behind a sigmoid, so it has a rate of its "
        "own: with ten times that rate the network learns the images by heart."
    ),
)
MNIST_DENSE_CONV = Task(
    told=N_(
        "Two networks for the same digits: one with a dense hidden layer, the other with two "
        "convolutions, and nearly as many parameters. The question is whether the structure of a "
        "network counts, when its size is about the same: a convolution is told that neighbouring "
        "pixels belong together, a dense layer would have to find that out."
    ),
    reasons=N_(
        "Dropout stands before the output, in each network with the strength that the exercise "
        "prescribes, because both have enough weights to overfit."
    ),
    limits=N_(
        "Each network has its own number of epochs, so the comparison is one of results and not of "
        "time."
    ),
)
ORIGINAL = Task(
    told=N_(
        "The exercise scrambles all images by one fixed permutation of their pixels. This form "
        "leaves them as they are: what the permutation takes away is measured against it."
    ),
    limits=N_("What the permutation does is not seen here, but in the form with permuted pixels."),
)
MNIST_PERMUTED = Task(
    told=N_(
        "All images are scrambled by one fixed permutation of their pixels. To a dense layer this "
        "is nothing: it has a weight for every pixel and does not care where that stands. A "
        "convolution counts on neighbours, and after the permutation these have nothing to do with "
        "each other."
    ),
    reasons=N_(
        "Both networks are those of the experiment mnist-dense-conv, which trains them on the "
        "images as they are: what each network loses is the difference of its accuracies."
    ),
    limits=N_(
        "Only one permutation was tried, that of the seed; the dense network sees no difference "
        "between any two of them."
    ),
    variants={"dense-original": ORIGINAL, "convolutions-original": ORIGINAL},
)
MNIST_CONV1 = Task(
    told=N_(
        "How far does a network come with a single convolution that has a single kernel of 4 × 4? "
        "The kernel makes one filtered picture of the digit, and ten output units weigh its "
        "pixels. The exercise asks for the confusion matrix and for precision and recall of each "
        "class: a single number hides which digits are mixed up."
    ),
    reasons=N_("Small batches take many steps in each epoch, which makes up for a small rate."),
    limits=N_(
        "With one kernel the network can stress one kind of stroke only; a second one would find "
        "another."
    ),
)
FASHION_WEIGHTED = Task(
    told=N_(
        "Not every error is equally bad. Here those on shoes, which are sandals, sneakers and "
        "boots, count more in the loss than those on other clothes; a network without such weights "
        "stands beside. The question is what the weights change: fewer errors on shoes, and at "
        "whose cost."
    ),
    reasons=N_(
        "The weight multiplies the loss of an example, and so its gradient: a shoe of weight "
        "2 pulls as hard as two other pieces."
    ),
    variants={
        "unweighted": Task(
            reasons=N_(
                "All weights are 1 here, and the rest is as in the form with weights, so that "
                "nothing else can explain a difference."
            ),
            limits=N_("What weights change is not seen here, but with both forms side by side."),
        )
    },
    limits=N_(
        "The weights change what is learned by little where shoes are told from other clothes "
        "anyway; the table of errors shows whether they did."
    ),
)
MNIST_DENOISE = Task(
    told=N_(
        "An autoencoder gives an image back after squeezing it through a narrow layer. Here it is "
        "shown a digit with noise and asked for the digit without: what fits through the narrow "
        "layer is the form of the digit, and the noise, which has no form, stays behind."
    ),
    reasons=N_(
        "The output is a sigmoid because pixels lie between 0 and 1, and the loss compares it with "
        "the clean image pixel by pixel."
    ),
    limits=N_(
        "The mean squared error prefers a blurred stroke to a sharp one in the wrong place, so "
        "that restored digits look softer than clean ones."
    ),
)
ON_PHOTOGRAPHS = Task(
    told=N_(
        "Two ideas for the same photographs: one network is wide, with a few kernels and then a "
        "huge dense layer; the other, LeNet-5, is deep, with more kernels, pooling and small dense "
        "layers. The exercise asks for time, size of the file, error curves and the confusion "
        "matrix, so that the price of an idea can be seen."
    ),
    reasons=N_(
        "Small batches make many steps in an epoch, and the pixels stay in the range that the "
        "activations like."
    ),
    limits=N_("Times depend on the machine and on what else it does; sizes and errors do not."),
)
DEEP = Task(
    told=N_(
        "Deep convolutional networks began the present age of image recognition: AlexNet in 2012, "
        "VGG16 two years later. Both were made for photographs of 224 × 224 pixels in a thousand "
        "classes and are fitted here to 32 × 32 pixels, in ten classes or in a hundred."
    ),
    reasons=N_(
        "Photographs are mirrored and shifted at random in training: a cat stays a cat, and the "
        "network sees each image in many forms. The test images are left as they are."
    ),
    limits=N_("Published results of these networks take hundreds of epochs and a rate that falls."),
)
