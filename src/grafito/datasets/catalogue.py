"""The data sets that grafito knows: what each one is, where it comes from, how to check it."""

from __future__ import annotations

from grafito.datasets.registry import DataFile, DataSet
from grafito.errors import unknown_name
from grafito.language import message as N_


def _idx_files(bases: tuple[str, ...], digests: dict[str, tuple[str, int]]):
    return tuple(
        DataFile(
            name,
            tuple(base + name for base in bases),
            f"sha256:{digest}",
            size,
            also=((name.removesuffix(".gz"), ""),),
        )
        for name, (digest, size) in digests.items()
    )


_TORONTO = "https://www.cs.toronto.edu/~kriz/"

_SETS = (
    DataSet(
        "mnist",
        what="Handwritten digits, grey images of 28 x 28.",
        examples="70,000",
        classes="10: the digits 0 to 9",
        split="60,000 training and 10,000 test images, by different writers",
        licence="CC BY-SA 3.0 (Yann LeCun and Corinna Cortes)",
        faults="A few test labels are wrong or cannot be decided.",
        source="LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document "
        "recognition, 1998",
        files=_idx_files(
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
            {
                "train-images-idx3-ubyte.gz": (
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                    9_912_422,
                ),
                "train-labels-idx1-ubyte.gz": (
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                    28_881,
                ),
                "t10k-images-idx3-ubyte.gz": (
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                    1_648_877,
                ),
                "t10k-labels-idx1-ubyte.gz": (
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                    4_542,
                ),
            },
        ),
        folders=("mnist",),
    ),
    DataSet(
        "fashion_mnist",
        what="Articles of clothing from a shop, grey images of 28 x 28.",
        examples="70,000",
        classes="10: T-shirt/top, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, "
        "ankle boot",
        split="60,000 training and 10,000 test images",
        licence="MIT (Zalando SE)",
        faults="Shirt, T-shirt, pullover and coat overlap; some images occur twice.",
        source="Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017",
        files=_idx_files(
            (
                "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
                "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            ),
            {
                "train-images-idx3-ubyte.gz": (
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    26_421_880,
                ),
                "train-labels-idx1-ubyte.gz": (
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                    29_515,
                ),
                "t10k-images-idx3-ubyte.gz": (
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    4_422_102,
                ),
                "t10k-labels-idx1-ubyte.gz": (
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                    5_148,
                ),
            },
        ),
        folders=("fashionmnist", "fashion"),
    ),
    DataSet(
        "cifar10",
        what="Photographs of objects and animals, colour images of 32 x 32.",
        examples="60,000",
        classes="10: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck",
        split="50,000 training and 10,000 test images",
        licence="none stated by the authors",
        faults="About 0.5 % of the test labels are wrong (Northcutt 2021); about 3 % of the test "
        "images have a near duplicate in the training part (Barz and Denzler 2020).",
        source="Krizhevsky: Learning multiple layers of features from tiny images, 2009",
        files=(
            DataFile(
                "cifar-10-python.tar.gz",
                (_TORONTO + "cifar-10-python.tar.gz",),
                "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                170_498_071,
                also=(("cifar-10-binary.tar.gz", "md5:c32a1d4ab5d03f1284b67883e8d87530"),),
            ),
        ),
    ),
    DataSet(
        "cifar100",
        what="Photographs of objects, animals and plants, colour images of 32 x 32.",
        examples="60,000",
        classes="100 fine classes in 20 coarse ones",
        split="50,000 training and 10,000 test images",
        licence="none stated by the authors",
        faults="About 6 % of the test labels are wrong (Northcutt 2021); about 10 % of the test "
        "images have a near duplicate in the training part (Barz and Denzler 2020).",
        source="Krizhevsky: Learning multiple layers of features from tiny images, 2009",
        files=(
            DataFile(
                "cifar-100-python.tar.gz",
                (_TORONTO + "cifar-100-python.tar.gz",),
                "sha256:85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
                169_001_437,
                also=(
                    ("cifar-100-binary.tar.gz", "md5:03b5dce01913d631647c71ecec9e9cb8"),
                    ("cifar-100-subset-python.tar.gz", ""),
                ),
            ),
        ),
    ),
    DataSet(
        "imdb",
        what="Film reviews in English, each clearly for or against the film.",
        examples="50,000 labelled reviews",
        classes="2: negative (1 to 4 stars of 10) and positive (7 to 10)",
        split="25,000 training and 25,000 test reviews of different films, half of each class",
        licence="none stated; the authors ask to cite their paper",
        faults="About 3 % of the test labels are wrong (Northcutt 2021); some reviews occur twice.",
        source=N_("Maas and others: Learning word vectors for sentiment analysis, ACL 2011"),
        files=(
            DataFile(
                "aclImdb_v1.tar.gz",
                ("https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",),
                "sha256:c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
                84_125_825,
                also=(("aclImdb_v1-labeled.tar.xz", ""),),
            ),
        ),
    ),
    DataSet(
        "boston_housing",
        what="Districts of Boston around 1970: 13 attributes and the median price of a house.",
        examples="506",
        classes="regression: price in 1,000 dollars",
        split="none; load_data cuts 20 % off after a seeded shuffle",
        licence="none stated",
        faults="Prices above 50 were cut to 50; one attribute (B) is built on the skin colour of "
        "the inhabitants; the published table has slips (Gilley and Pace 1996).",
        source=N_("Harrison and Rubinfeld: Hedonic prices and the demand for clean air, 1978"),
        files=(
            DataFile(
                "housing.data",
                ("https://archive.ics.uci.edu/ml/machine-learning-databases/housing/housing.data",),
                "sha256:baadf72995725d76efe787b664e1f083388c79ba21ef9a7990d87f774184735a",
                49_082,
            ),
        ),
    ),
    DataSet(
        "california_housing",
        what="Districts of California in 1990: 8 attributes and the median price of a house.",
        examples="20,640",
        classes="regression: price in dollars",
        split="none; load_data cuts 20 % off after a seeded shuffle",
        licence="none stated",
        faults="Prices above 500,000 were set to 500,001, and ages above 52 to 52.",
        source=N_("Pace and Barry: Sparse spatial autoregressions, 1997"),
        files=(
            DataFile(
                "cal_housing.tgz",
                (
                    "https://ndownloader.figshare.com/files/5976036",
                    "https://www.dcc.fc.up.pt/~ltorgo/Regression/cal_housing.tgz",
                ),
                "sha256:aaa5c9a6afe2225cc2aed2723682ae403280c4a3695a2ddda4ffb5d8215ea681",
                also=(("cal_housing.data", ""),),
            ),
        ),
    ),
    DataSet(
        "pima",
        what="Women of Pima heritage near Phoenix: 8 measurements, and whether diabetes followed.",
        examples="768",
        classes="2: no (500) and yes (268)",
        split="none; load_data cuts 20 % off, both classes alike",
        licence="none stated",
        faults="A zero stands for a missing value in glucose (5), blood pressure (35), skin fold "
        "(227), insulin (374) and body mass index (11).",
        source=N_(
            "Smith and others: Using the ADAP learning algorithm to forecast the onset of "
            "diabetes mellitus, 1988"
        ),
        files=(
            DataFile(
                "pima-indians-diabetes.data.csv",
                (
                    "https://raw.githubusercontent.com/jbrownlee/Datasets/master/"
                    "pima-indians-diabetes.data.csv",
                ),
                "sha256:6bfe5d0f379d17a0e0819b996407e3c09bf80febd4287f2ed212190dfff154af",
                23_278,
                also=(
                    (
                        "pima-indians-diabetes.csv",
                        "sha256:6bfe5d0f379d17a0e0819b996407e3c09bf80febd4287f2ed212190dfff154af",
                    ),
                ),
            ),
        ),
    ),
    DataSet(
        "digits",
        what="Handwritten digits, grey images of 8 x 8 with values 0 to 16; built in.",
        examples="1,797",
        classes="10: the digits 0 to 9",
        split="none; load_data cuts 20 % off, all classes alike",
        licence="CC BY 4.0",
        faults="Writers are not told apart, so test images can be by writers seen in training.",
        source=N_(
            "Alpaydin and Kaynak: Optical recognition of handwritten digits, 1998; the test "
            "part, as scikit-learn holds it"
        ),
    ),
    DataSet(
        "ice_creams",
        what="Temperature of a day and ice creams sold; built in.",
        examples="16",
        classes="regression: ice creams",
        split="not split",
        licence="made for teaching",
        faults="None known.",
        source=N_("an exercise in linear regression"),
    ),
)

REGISTRY: dict[str, DataSet] = {data_set.name: data_set for data_set in _SETS}


def names() -> tuple[str, ...]:
    """The names of all data sets.

    Returns:
        The names, in the order of the registry.

    Example:
        >>> names()[:3]
        ('mnist', 'fashion_mnist', 'cifar10')
    """
    return tuple(REGISTRY)


def card(name: str) -> DataSet:
    """The record of a data set; printed, it is the data card.

    Args:
        name: the name of the data set; a hyphen may stand for an underscore.

    Returns:
        The record: what it is, how many examples, classes, split, licence, known faults, files.

    Raises:
        UnknownNameError: there is no such data set.

    Example:
        >>> print(card("ice-creams").examples)
        16
    """
    found = REGISTRY.get(str(name).replace("-", "_").lower())
    if found is None:
        raise unknown_name("data set", name, REGISTRY)
    return found
