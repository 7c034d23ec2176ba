"""Initial values of weights, with Keras's names: a shape in, a tensor of numbers out.

The numbers come from the counter-based generator of the graph, so they depend on the seed alone. A
seed given as an integer gives the same numbers at each call; without one each call draws the next
seed of `grafito.seeds`, so that two layers that share an initializer start differently.

    >>> from grafito import initializers
    >>> initializers.get("ones")((2,)).numpy().tolist()
    [1.0, 1.0]
"""

from grafito.errors import names_of as _names_of
from grafito.errors import offered as _offered
from grafito.initializers.basic import (
    Constant,
    Identity,
    Initializer,
    Ones,
    Orthogonal,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    Zeros,
    get,
    registry,
)
from grafito.initializers.scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    compute_fans,
)
from grafito.registry import deserializer as _deserializer
from grafito.registry import serialize

deserialize = _deserializer(get)

# Keras has each class under a second name, for programs that write keras.initializers.zeros().
constant, zeros, ones = Constant, Zeros, Ones
identity, orthogonal = Identity, Orthogonal
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal = HeUniform, HeNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal

__getattr__ = _names_of(__name__)
__all__ = _offered(vars())


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
