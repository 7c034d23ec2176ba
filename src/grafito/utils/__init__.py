"""The few helpers that course programs use from `keras.utils`."""

from grafito.backend import clear_session, is_keras_tensor, standardize_dtype
from grafito.errors import names_of as _names_of
from grafito.models.examples import pack_x_y_sample_weight, unpack_x_y_sample_weight
from grafito.models.streams import PyDataset
from grafito.saving import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from grafito.utils.arrays import normalize, pad_sequences, to_categorical
from grafito.utils.drawing import plot_model
from grafito.utils.folders import image_dataset_from_directory
from grafito.utils.images import array_to_img, img_to_array, load_img, save_img
from grafito.utils.random import set_random_seed
from grafito.utils.rows import split_dataset, timeseries_dataset_from_array

Sequence = PyDataset  # its name in Keras 2

__all__ = ["PyDataset", "Sequence", "pack_x_y_sample_weight", "pad_sequences", "set_random_seed"]
__all__ += ["CustomObjectScope", "clear_session", "custom_object_scope"]
__all__ += ["deserialize_keras_object", "get_custom_objects", "get_registered_name"]
__all__ += ["get_registered_object", "is_keras_tensor", "normalize", "register_keras_serializable"]
__all__ += ["serialize_keras_object", "standardize_dtype"]
__all__ += ["array_to_img", "image_dataset_from_directory", "img_to_array", "load_img"]
__all__ += ["plot_model", "save_img", "split_dataset", "timeseries_dataset_from_array"]
__all__ += ["to_categorical", "unpack_x_y_sample_weight"]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
