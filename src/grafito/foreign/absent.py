"""Names of Keras that are absent: module, then what to write, then the names it stands for."""

from grafito.foreign.absent_functions import OPS

_SEQUENCES = "layers.Conv1D(8, 3, padding='causal'), or layers.Flatten and layers.Dense"
_ATTENTION = "layers.Dense, layers.Dot and layers.Softmax, of which attention is made"
_VOLUMES = "the layer of two dimensions, on slices: layers.Conv2D, layers.MaxPooling2D"
_TEXT = "layers.StringLookup or layers.IntegerLookup with num_oov_indices=100, which hash alike"
_FOLDERS = "arrays, or a utils.PyDataset that reads one batch at a time, in model.fit"
_FILES = "model.save('model.safetensors'), and models.load_model(path, custom_objects={...})"
_SILENCE = "verbose=0, 1 or 2 in model.fit, model.evaluate and model.predict"
_AUC = "metrics.AUC(curve='PR'), or metrics.Precision and metrics.Recall with thresholds"
_ADAM = "optimizers.Adam, or optimizers.SGD(momentum=0.9, nesterov=True)"
_FUNCTION = "a function (y_true, y_pred) of grafito.graph as loss or metric"

_LAYERS = {
    _SEQUENCES: "LSTM GRU SimpleRNN RNN LSTMCell GRUCell SimpleRNNCell StackedRNNCells "
    "Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D CuDNNLSTM CuDNNGRU recurrent",
    _ATTENTION: "Attention AdditiveAttention MultiHeadAttention GroupQueryAttention",
    _VOLUMES: "AveragePooling3D AvgPool3D Conv3D Conv3DTranspose Convolution3D "
    "Convolution3DTranspose Cropping3D GlobalAveragePooling3D GlobalAvgPool3D GlobalMaxPool3D "
    "GlobalMaxPooling3D MaxPool3D MaxPooling3D SpatialDropout3D UpSampling3D ZeroPadding3D",
    _TEXT: "Hashing HashedCrossing",
    "layers.Dense, layers.LayerNormalization and their kin, which take sequences as they are": (
        "TimeDistributed"
    ),
    "layers.Embedding(..., mask_zero=False), and a sample_weight of 0 for what is padding": (
        "Masking"
    ),
    "layers.RandomFlip, layers.RandomRotation, layers.RandomTranslation, layers.RandomZoom or "
    "layers.GaussianNoise; or change the batches of a generator": "RandomColorDegeneration "
    "RandomColorJitter RandomElasticTransform "
    "RandomErasing RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective "
    "RandomPosterization RandomSaturation RandomSharpness RandomShear RandAugment AugMix "
    "AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix MixUp Equalization "
    "Solarization MaxNumBoundingBoxes",
    "layers.LayerNormalization or layers.BatchNormalization": "RMSNormalization "
    "SpectralNormalization",
    "layers.AveragePooling2D or layers.MaxPooling2D with a pool_size": "AdaptiveAveragePooling1D "
    "AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D AdaptiveMaxPooling2D "
    "AdaptiveMaxPooling3D",
    "layers.Reshape, layers.Dense and layers.Permute": "EinsumDense",
    "layers.Embedding, and x @ graph.transpose(embedding.embeddings)": "ReversibleEmbedding",
    "a layers.Layer with functions of grafito.graph in its call": "FlaxLayer JaxLayer TFSMLayer "
    "TorchModuleWrapper",
    "numbers computed before, for example by scipy.signal.stft": "MelSpectrogram STFTSpectrogram",
    "models.Sequential([...])": "Pipeline",
    "grafito.layers itself: from grafito.layers import Rescaling": "experimental",
}

_UTILS = {
    _FOLDERS: "audio_dataset_from_directory text_dataset_from_directory",
    _SILENCE: "Progbar disable_interactive_logging enable_interactive_logging "
    "is_interactive_logging_enabled",
    "layers.Normalization, layers.Embedding and layers.Concatenate": "FeatureSpace",
    "model.inputs": "get_source_inputs",
    "the names without legacy: saving.serialize_keras_object": "legacy",
    "a dictionary": "Config",
    "arrays of corners, (x, y, width, height)": "bounding_boxes",
}

_MODEL = {
    "engine of model.compile(..., engine='auto')": "jit_compile",
    "model.fit(x, y), model.evaluate(x, y), model.predict(x), which compile their steps": (
        "make_train_function make_test_function make_predict_function train_function "
        "test_function predict_function"
    ),
    "model.compute_loss(x, y, y_pred)": "stateless_compute_loss compute_loss_and_updates",
    "model.get_weights(), and model.set_weights(arrays)": "get_state_tree set_state_tree "
    "jax_state_sync",
    "nothing: an epoch is compiled as a loop without it": "steps_per_execution",
    "model.layers": "operations",
    _FILES: "export",
}

_LAYER = {
    "layer.get_weights(), and layer.set_weights(arrays)": "load_own_variables save_own_variables",
    "self.add_weight(shape=(3,), name='w')": "add_variable",
    "metrics in model.compile(...), or an attribute: self.seen = metrics.Mean()": "add_metric",
    "layer.dtype, or model.compile(precision='mixed_bfloat16')": "autocast dtype_policy",
    "layer.build(input_shape), once it is made from its configuration": "build_from_config "
    "get_build_config",
    "inspect.signature(layer.call)": "call_signature_parameters",
    "a sample_weight of 0 for what is padding": "compute_mask supports_masking mask",
    "layer.compute_output_shape(input_shape)": "compute_output_spec",
    "layer(layers.Input(shape))": "symbolic_call",
    "layer.name, or layer.weights[0].path for a weight's": "path",
    "nothing: weights keep all their digits": "quantization_mode quantize quantized_build "
    "quantized_call quantization_config get_quantization_layer_structure "
    "variable_serialization_spec",
    "nothing: memory is planned": "rematerialized_call",
    "layer(x), and layer.get_weights() or layer.set_weights(arrays)": "stateless_call",
    "nothing: every layer is compiled": "supports_jit",
    "nothing: each weight is trained": "enable_lora lora_alpha lora_enabled lora_rank",
    "layer(images, training=True)": "transform_bounding_boxes transform_images transform_labels "
    "transform_segmentation_masks transform_single_bounding_box transform_single_image "
    "transform_single_label transform_single_segmentation_mask get_random_transformation",
    "nothing: layers take arrays and tensors": "backend convert_weight bounding_box_format",
    "seed of the layer": "generator seed_generator",
    "layer.adapt(data), which ends it": "finalize_state",
    "a call of one's own, with graph.conv2d(x, self.kernel)": "convolution_op",
    "layer.input.ndim - 2": "rank",
    "type(layer).__name__": "pool_mode",
    "layers.LayerNormalization()": "renorm renorm_clipping renorm_momentum synchronized "
    "rms_scaling",
    "nothing: layers.Input(shape) is dense, and has to be given": "ragged sparse",
    "models.Model(inputs, outputs) for each set of inputs": "optional",
}

_OPTIMIZER = {
    "optimizer.build(variables), and a method slots of one's own": "add_optimizer_variables "
    "add_variable add_variable_from_reference",
    "variable.assign(value)": "assign assign_add assign_sub",
    "optimizer.variables, each with numpy() and assign(value)": "load_own_variables "
    "save_own_variables set_weights",
    "model.compile(precision='mixed_bfloat16'), which needs no scale": "loss_scale_factor "
    "scale_loss",
    "optimizer.apply(gradients, variables)": "stateless_apply",
    "a method update(self, w, g, rate, step, slots) of one's own": "update_step",
}

_PARTS = {
    "layer": {**_LAYER, "metric.variables, of each metric it keeps": "metrics_variables"},
    "model": {**_LAYER, **_MODEL},
    "optimizer": _OPTIMIZER,
    "loss": {"loss.call(y_true, y_pred)": "fn", "losses.serialize(loss)": "to_json"},
    "metric": {
        "metric.update_state(y_true, y_pred), metric.result(), metric.reset_state()": (
            "stateless_reset_state stateless_result stateless_update_state"
        ),
        "metric.reset_state()": "reset_states",
        "nothing: a curve is summed as summation_method says": "interpolate_pr_auc",
        "metric.thresholds": "init_thresholds",
        "metric.variables": "num_samples weights get_weights axis",
    },
    "callback": {
        "callback.best, callback.best_epoch and callback.patience": "monitor_op in_cooldown",
        "callback.read(logs)": "get_monitor_value",
        "callback.separator, and the file once training has ended": "sep append_header csv_file "
        "keys writer",
    },
    "part": {"type(part).from_config(part.get_config())": "clone"},
    "record": {
        "record.metrics({'errors': 3})": "number add_metric value add_scalar log",
        "record.figure('curve', figure, 'a title')": "image add_figure picture draw_figure plot",
        "record.text('one sentence')": "markdown add_text note write_text",
        "record.section('a title')": "heading add_heading title",
    },
    "symbol": {
        "layers.Reshape(shape)(x)": "reshape squeeze",
        "nothing: each tensor holds all of its numbers": "ragged ragged_rank row_splits_dtype "
        "sparse record_history",
        "model.predict(x) once the model is made": "numpy",
    },
}

ABSENT: dict[str, dict[str, str]] = {
    **_PARTS,
    "grafito": {
        "graph.Tensor": "KerasTensor",
        "models.Model(inputs, outputs)": "Function",
        "layers.Layer": "Operation",
        "layers.InputSpec": "InputSpec",
        "dtype='float32' of a layer, or model.compile(precision='mixed_bfloat16')": "DTypePolicy "
        "FloatDTypePolicy dtype_policies",
        "nothing: weights keep all their digits": "Quantizer quantizers",
        "nothing: memory is planned": "RematScope remat",
        "graph.value(y, {x: number})": "StatelessScope SymbolicScope",
        "model.compile(..., engine='auto')": "device",
        "names of layers: layers.Dense(3, name='hidden')": "name_scope",
        "a models.Model with a compute_loss of its own": "distillation",
        _FILES: "export",
        "lists, tuples and dictionaries go into models as they are": "tree",
        "grafito.__version__": "version",
        "the names without legacy: saving.serialize_keras_object": "legacy",
        "grafito.figures": "visualization",
    },
    "grafito.activations": {
        "activations.tanh": "hard_tanh",
        "activations.softmax": "sparsemax",
        "activations.sigmoid": "sparse_sigmoid",
        "activations.softplus": "sparse_plus squareplus",
        "activations.elu or activations.silu": "hard_shrink soft_shrink tanh_shrink",
        "layers.ReLU(threshold=1.0)": "threshold",
        "x[..., :n] * activations.sigmoid(x[..., n:])": "glu",
    },
    "grafito.callbacks": {
        _SILENCE: "ProgbarLogger",
        "a callbacks.LambdaCallback(on_epoch_end=...) that sends the logs": "RemoteMonitor",
        "optimizers.Adam(use_ema=True), whose average are the weights after model.fit": (
            "SwapEMAWeights"
        ),
        "callbacks.ModelCheckpoint('model.safetensors')": "OrbaxCheckpoint",
    },
    "grafito.datasets": {
        "datasets.imdb, whose texts are of the same form": "reuters",
    },
    "grafito.distribution": {
        "distribution.DataParallel(), under which each device has all weights": "DeviceMesh "
        "LayoutMap ModelParallel TensorLayout distribute_tensor",
    },
    "grafito.initializers": {
        "initializers.Identity": "IdentityInitializer",
        "initializers.Orthogonal": "OrthogonalInitializer",
        "initializers.VarianceScaling": "STFT STFTInitializer stft",
    },
    "grafito.layers": _LAYERS,
    "grafito.losses": {
        "losses.CategoricalCrossentropy(label_smoothing=0.1)": "CategoricalGeneralizedCrossEntropy "
        "categorical_generalized_cross_entropy",
        "losses.Dice or losses.BinaryFocalCrossentropy": "Tversky tversky",
        _FUNCTION: "CTC ctc Circle circle",
    },
    "grafito.metrics": {
        "metrics.IoU or metrics.MeanIoU, with sparse_y_true=False, sparse_y_pred=False": (
            "BinaryIoU OneHotIoU OneHotMeanIoU"
        ),
        _AUC: "PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity "
        "SpecificityAtSensitivity",
        "metrics.R2Score": "ConcordanceCorrelation PearsonCorrelation concordance_correlation "
        "pearson_correlation",
    },
    "grafito.ops": OPS,
    "grafito.backend": {
        "numpy.result_type(a, b)": "result_type",
        "graph.gradients(y, x)": "gradients",
        "training, an argument of call": "learning_phase set_learning_phase",
    },
    "grafito.config": {
        _SILENCE: "disable_interactive_logging enable_interactive_logging "
        "is_interactive_logging_enabled",
        "nothing: no file holds code, so that none is dangerous": "enable_unsafe_deserialization",
        "model.compile(..., engine='auto')": "set_backend",
        "model.fit(..., epochs=2, steps_per_epoch=10)": "max_epochs max_steps_per_epoch "
        "set_max_epochs set_max_steps_per_epoch",
        "nothing: there is no such switch": "disable_flash_attention enable_flash_attention "
        "is_flash_attention_enabled disable_traceback_filtering enable_traceback_filtering "
        "is_traceback_filtering_enabled is_nnx_enabled",
    },
    "grafito.mixed_precision": {
        "mixed_precision.set_global_policy('mixed_bfloat16')": "DTypePolicy Policy",
        "model.compile(precision='mixed_bfloat16'), which needs no scale": "LossScaleOptimizer",
    },
    "grafito.preprocessing.image": {
        "layers.Resizing(height, width, crop_to_aspect_ratio=True)": "smart_resize",
    },
    "grafito.random": {
        "an array that NumPy's generator gives": "beta binomial",
        "an array of NumPy's generator": "gamma",
    },
    "grafito.preprocessing": {
        _FOLDERS: "text_dataset_from_directory",
        "layers.TextVectorization, first in the model": "text",
    },
    "grafito.saving": {"model.get_weights(), and model.set_weights(arrays)": "KerasFileEditor"},
    "grafito.optimizers": {
        _ADAM: "Adafactor Ftrl Lamb Muon MultiOptimizer OptimizerMap ScheduleFreeAdamW",
        "model.compile(precision='mixed_bfloat16'), which needs no scale": "LossScaleOptimizer",
        "grafito.optimizers itself: from grafito.optimizers import Adam": "legacy experimental",
    },
    "grafito.utils": _UTILS,
}
