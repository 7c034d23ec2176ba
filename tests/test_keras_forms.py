"""Every argument and attribute of Keras is there, or answered with what to write in its place."""

from __future__ import annotations

import importlib
import inspect

import pytest

from grafito.errors import UnknownArgumentError
from grafito.registry import constructor_arguments

MODULES = ("activations", "callbacks", "constraints", "initializers", "layers", "losses", "metrics")
MODULES += ("models", "optimizers", "optimizers.schedules", "regularizers", "utils", "backend")
MODULES += ("config", "distribution", "mixed_precision", "ops", "preprocessing.image", "random")
MODULES += ("preprocessing.sequence", "saving")

# Methods that the library calls, not a program.
INNER = {"call", "build", "compute_output_shape", "result", "update_state", "compute_output_spec"}
INNER |= {"train_step", "test_step", "predict_step"}  # whose arguments differ by backend

VARIADIC = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def arguments(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # written in C
        return []
    return [p.name for p in parameters if p.kind not in VARIADIC and p.name not in ("self", "args")]


def accepted(function):
    if not inspect.isclass(function):
        return arguments(function)
    return [*constructor_arguments(function), *getattr(function, "also_takes", ())]


def refused(theirs, ours):
    """The arguments of one that the other does not have."""
    return [name for name in arguments(theirs) if name not in accepted(ours)]


def pairs(module):
    """Label, callable of Keras and callable of grafito, for each that both have."""
    keras, grafito = (importlib.import_module(f"{lib}.{module}") for lib in ("keras", "grafito"))
    for name in dir(keras):
        theirs, ours = getattr(keras, name), getattr(grafito, name, None)
        if name.startswith("_") or not callable(theirs) or not callable(ours):
            continue
        yield name, theirs, ours
        for method in set(dir(theirs)) - INNER if inspect.isclass(theirs) else ():
            if not method.startswith("_") and hasattr(ours, method):
                both = getattr(theirs, method), getattr(ours, method)
                if all(map(callable, both)):
                    yield f"{name}.{method}", *both


@pytest.mark.parametrize("module", MODULES)
def test_an_argument_of_keras_is_taken_or_answered(keras, module):
    bare = set()
    for label, theirs, ours in pairs(module):
        for name in refused(theirs, ours):
            try:
                ours(**{name: None})
            except UnknownArgumentError as error:
                if "try" in error.rows:
                    continue
            except TypeError:
                pass
            bare.add(f"{label}({name}=)")
    assert bare == set()


# Arguments of Keras that stay out; what an argument of `serialize` is called.
OUT = {"lora_rank", "lora_alpha", "quantization_config", "sparse", "ragged", "tensor", "optional"}
OUT |= {"input_tensor", "mask", "loss_scale_factor", "renorm", "renorm_clipping", "synchronized"}
OUT |= {"renorm_momentum", "from_sorted_ids", "safe_mode", "zipped", "skip_mismatch", "retstep"}
OUT |= {"max_shard_size", "call_function", "recursive", "double_checkpoint", "unroll", "axis"}
OUT |= {"add_history", "add_progbar", "axisa", "axisb", "axisc", "flash_attention", "name"}
OUT |= {"attn_logits_soft_cap", "auto_shard_dataset", "salt", "oov_method"}
OUT |= {"preferred_backend", "splines", "format"}
OUT |= {"activation", "constraint", "initializer", "layer", "loss", "metric", "optimizer"}
OUT |= {"learning_rate_schedule", "regularizer"}


@pytest.mark.parametrize("module", MODULES)
def test_help_shows_the_arguments_in_the_order_of_keras(keras, module):
    out_of_order, missing = {}, set()
    for name, theirs, ours in pairs(module):
        if "." in name or not (wanted := arguments(theirs)):
            continue
        shown = arguments(ours)
        missing |= set(wanted) - set(shown)
        wanted = [n for n in wanted if n in shown]
        if [n for n in shown if n in wanted] != wanted:
            out_of_order[name] = shown
    assert out_of_order == {}
    assert missing <= OUT


# Objects whose public attributes are compared, made with the names of either library.
OBJECTS = {
    "layers": ("Layer Dense Conv2D BatchNormalization LayerNormalization Dropout Embedding "
               "Flatten Rescaling RandomFlip Normalization Add Lambda MaxPooling2D Reshape "
               "Activation InputLayer Input"),
    "losses": "Loss MeanSquaredError Huber SparseCategoricalCrossentropy",
    "metrics": "Mean MeanSquaredError Accuracy AUC Precision F1Score R2Score",
    "optimizers": "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax Nadam",
    "initializers": "GlorotUniform Zeros",
    "regularizers": "L2",
    "constraints": "UnitNorm",
    "callbacks": "Callback EarlyStopping ReduceLROnPlateau CSVLogger TerminateOnNaN History",
    "models": "Sequential Model",
}  # fmt: skip

FIRST = {  # arguments
    "Dense": (3,), "Conv2D": (3, 3), "Dropout": (0.5,), "Embedding": (4, 3), "Rescaling": (2.0,),
    "Lambda": (abs,), "Reshape": ((3,),), "Activation": ("relu",), "InputLayer": ((3,),),
    "Input": ((3,),), "CSVLogger": ("log.csv",),
}  # fmt: skip

# What there is once a layer is built, or called on a symbol.
LATER = {"moving_mean", "moving_variance", "input", "output"}


@pytest.mark.parametrize("module", OBJECTS)
def test_an_attribute_of_keras_is_there_or_answered(keras, module):
    bare = set()
    for name in OBJECTS[module].split():
        theirs, ours = (
            getattr(importlib.import_module(f"{lib}.{module}"), name)(*FIRST.get(name, ()))
            for lib in ("keras", "grafito")
        )
        for attribute in set(dir(theirs)) - LATER - set(dir(ours)):
            try:
                if not attribute.startswith("_") and getattr(theirs, attribute, None) is not None:
                    getattr(ours, attribute)
            except AttributeError as error:
                if "  try  " not in str(error):
                    bare.add(f"{name}.{attribute}")
    assert bare == set()
