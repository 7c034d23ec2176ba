"""Attributes of models, tensors, optimizers and modules: kind, then name, then what to write."""

from __future__ import annotations

from grafito.foreign.absent import ABSENT

_MODEL = {
    # Keras 1 and 2
    "predict_classes": "model.predict(x).argmax(axis=-1)",
    "predict_proba": "model.predict(x)",
    "fit_generator": "model.fit(generator), which takes other iterables of batches too",
    "evaluate_generator": "model.evaluate(generator), which takes other iterables of batches too",
    "predict_generator": "model.predict(generator), which takes other iterables of batches too",
    "get_updates_for": "model.trainable_variables",
    "uses_learning_phase": "model(x, training=True)",
    "save_model": "model.save('model.safetensors')",
    "load": "models.load_model('model.safetensors')",
    # scikit-learn
    "score": "model.evaluate(x, y)",
    "fit_predict": "model.fit(x, y), then model.predict(x)",
    "coef_": "model.get_weights()[0]",
    "intercept_": "model.get_weights()[1]",
    # PyTorch
    "parameters": "model.trainable_variables",
    "named_parameters": "{v.path: v for v in model.variables}",
    "state_dict": "model.get_weights(), or model.save_weights('weights.safetensors')",
    "load_state_dict": "model.set_weights(arrays), or model.load_weights('weights.safetensors')",
    "forward": "model(x)",
    "backward": "graph.gradients(loss, model.trainable_variables)",
    "zero_grad": "nothing: gradients are values, and are not added up",
    "train": "model(x, training=True), or model.fit(x, y)",
    "eval": "model(x, training=False)",
    "to": "model.compile(..., engine='auto')",
    "cuda": "model.compile(..., engine='auto')",
    "cpu": "nothing: models run on the CPU",
    "children": "model.layers",
    "modules": "model.layers",
    # Spanish
    "entrenar": "model.fit(x, y)",
    "ajustar": "model.fit(x, y)",
    "predecir": "model.predict(x)",
    "evaluar": "model.evaluate(x, y)",
    "compilar": "model.compile('sgd', loss='mse')",
    "resumen": "model.summary()",
    "guardar": "model.save('model.safetensors')",
    "capas": "model.layers",
}

_TENSOR = {
    # PyTorch
    "backward": "graph.gradients(y, x)",
    "grad": "graph.gradients(y, x)",
    "requires_grad": "nothing: graph.gradients(y, x) works for every floating tensor",
    "requires_grad_": "nothing: graph.gradients(y, x) works for every floating tensor",
    "detach": "graph.stop_gradient(x)",
    "data": "x.numpy()",
    "cpu": "x.numpy()",
    "tolist": "x.numpy().tolist()",
    "view": "x.reshape(-1, 1)",
    "unsqueeze": "graph.expand_dims(x, -1)",
    "squeeze": "graph.squeeze(x, -1)",
    "permute": "x.transpose((1, 0))",
    "t": "x.T",
    "mm": "x @ w",
    "float": "x.astype('float32')",
    "long": "x.astype('int32')",
    "type": "x.astype('float32')",
    "to": "x.astype('float32')",
    "clone": "x, which never changes",
    "dim": "x.ndim",
    "numel": "x.size",
    "sigmoid": "graph.sigmoid(x)",
    "relu": "graph.relu(x)",
    "softmax": "graph.softmax(x)",
    # NumPy
    "dot": "x @ w",
    "matmul": "x @ w",
    "copy": "x, which never changes",
    "flatten": "x.reshape(-1)",
    "ravel": "x.reshape(-1)",
    "argmax": "graph.argmax(x, axis=-1)",
    "argmin": "graph.argmin(x, axis=-1)",
    "round": "graph.round(x)",
    "clip": "graph.clip(x, 0.0, 1.0)",
    "prod": "graph.prod(x)",
    "cumsum": "graph.cumsum(x, axis=0)",
    "std": "graph.sqrt(graph.variance(x))",
    "var": "graph.variance(x)",
    "exp": "graph.exp(x)",
    "log": "graph.log(x)",
    "sqrt": "graph.sqrt(x)",
    "abs": "graph.abs(x)",
    "pow": "x ** 2",
    "square": "graph.square(x)",
    "repeat": "graph.broadcast_to(x, shape)",
    "all": "graph.min(graph.cast(x, 'int32'))",
    "any": "graph.max(graph.cast(x, 'int32'))",
    # TensorFlow
    "eval": "x.numpy()",
    "get_shape": "x.shape",
    "set_shape": "x.reshape(shape)",
    "value": "x.numpy(), or graph.value(y, {x: number})",
}

_LAYER = {
    "forward": "layer(x)",
    "parameters": "layer.trainable_variables",
    "state_dict": "layer.get_weights()",
    "weight": "layer.kernel",
    "W": "layer.kernel",
    "b": "layer.bias",
    "get_output_at": "layer.output",
    "get_input_at": "layer.input",
    "output_dim": "layer.units",
    "nb_filter": "layer.filters",
    "pesos": "layer.get_weights()",
}

_OPTIMIZER = {
    "lr": "optimizer.learning_rate",
    "step": "model.fit(x, y), or optimizer.apply(gradients, variables)",
    "zero_grad": "nothing: gradients are values, and are not added up",
    "minimize": "optimizer.apply(graph.gradients(loss, variables), variables)",
    "param_groups": "optimizer.learning_rate",
    "get_updates": "optimizer.apply(gradients, variables)",
    "compute_gradients": "graph.gradients(loss, variables)",
    "get_weights": "optimizer.variables",
}

# Functions of TensorFlow, of Keras's backend and of PyTorch.
_REDUCTIONS = {
    "reduce_mean": "graph.mean",
    "reduce_sum": "graph.sum",
    "reduce_max": "graph.max",
    "reduce_min": "graph.min",
    "reduce_prod": "graph.prod",
    "reduce_std": "graph.std",
    "reduce_variance": "graph.variance",
    "reduce_logsumexp": "graph.logsumexp",
}
_FUNCTIONS = {
    "convert_to_tensor": "graph.as_tensor",
    "from_numpy": "graph.as_tensor",
    "clip_by_value": "graph.clip",
    "clamp": "graph.clip",
    "mm": "graph.matmul",
    "pow": "graph.power",
    "concat": "graph.concatenate",
    "cat": "graph.concatenate",
    "gather": "graph.take",
    "unsqueeze": "graph.expand_dims",
    "permute": "graph.transpose",
    "fill": "graph.broadcast_to(2.0, shape)",
    "range": "graph.as_tensor(numpy.arange(3.0))",
    "var": "graph.variance",
    "ln": "graph.log",
    "stop_grad": "graph.stop_gradient",
    "grad": "graph.gradients",
    "GradientTape": "graph.gradients(loss, variables)",
    "less_than": "graph.less",
}

_ROOT = {
    **_FUNCTIONS,
    "tensor": "graph.as_tensor",
    "keras": "Keras's names are those of grafito itself: from grafito import Sequential, layers",
    "optim": "grafito.optimizers",
    "applications": "a network of one's own from grafito.layers; no weights of others are kept",
    "wrappers": "estimators.NetworkClassifier(network), estimators.NetworkRegressor(network)",
    "data": "arrays or an iterable of batches in model.fit; data sets are in grafito.datasets",
    "clear_session": "backend.clear_session()",
    "set_random_seed": "utils.set_random_seed",
    "random_seed": "utils.set_random_seed",
    "manual_seed": "utils.set_random_seed",
    "to_categorical": "utils.to_categorical",
    "load_model": "models.load_model",
    "Dense": "layers.Dense",
    "Conv2D": "layers.Conv2D",
    "SGD": "optimizers.SGD",
    "Adam": "optimizers.Adam",
    "modelos": "grafito.models",
    "capas": "grafito.layers",
    "optimizadores": "grafito.optimizers",
    "metricas": "grafito.metrics",
    "perdidas": "grafito.losses",
}

_LAYERS = {
    "Linear": "layers.Dense",
    "Conv1d": "layers.Conv1D",
    "Conv2d": "layers.Conv2D",
    "BatchNorm1d": "layers.BatchNormalization",
    "BatchNorm2d": "layers.BatchNormalization",
    "BatchNorm": "layers.BatchNormalization",
    "LayerNorm": "layers.LayerNormalization",
    "MaxPool2d": "layers.MaxPooling2D",
    "AvgPool2d": "layers.AveragePooling2D",
    "AdaptiveAvgPool2d": "layers.GlobalAveragePooling2D",
    "Dropout2d": "layers.SpatialDropout2D",
    "Tanh": "layers.Activation('tanh')",
    "Sigmoid": "layers.Activation('sigmoid')",
    "Merge": "layers.Concatenate or layers.Add",
    "merge": "layers.concatenate or layers.add",
    "MaxoutDense": "layers.Dense and layers.Maximum",
    "Highway": "layers.Dense, layers.Multiply and layers.Add",
    "TimeDistributedDense": "layers.Dense, which takes sequences too",
    "AtrousConvolution2D": "layers.Conv2D with dilation_rate",
    "Deconvolution2D": "layers.Conv2DTranspose",
    "local": "layers.Conv2D",
    "wrappers": "layers.Dense, which takes sequences too",
    "Densa": "layers.Dense",
    "Aplanar": "layers.Flatten",
}

_UTILS = {
    "generic_utils": "utils.to_categorical, utils.set_random_seed",
    "vis_utils": "utils.plot_model(model), or figures.draw_graph(model(x))",
    "model_to_dot": "figures.network_diagram(model)",
    "get_file": "datasets.get(name) for the data sets there are",
}

_CALLBACKS = {
    "ReduceLrOnPlateau": "callbacks.ReduceLROnPlateau",
    "BaseLogger": "callbacks.History, which model.fit returns",
    "TensorBoard": "callbacks.CSVLogger('log.csv'), and figures.curves(history)",
}

_MODELS = {
    "model_from_config": "models.Sequential.from_config(config)",
    "Graph": "models.Model(inputs, outputs)",
    "Modelo": "models.Model",
    "Secuencial": "models.Sequential",
}

_LOSSES = {
    "CrossEntropyLoss": "losses.SparseCategoricalCrossentropy(from_logits=True)",
    "BCELoss": "losses.BinaryCrossentropy()",
    "BCEWithLogitsLoss": "losses.BinaryCrossentropy(from_logits=True)",
    "MSELoss": "losses.MeanSquaredError()",
    "L1Loss": "losses.MeanAbsoluteError()",
    "SmoothL1Loss": "losses.Huber()",
    "NLLLoss": "losses.SparseCategoricalCrossentropy()",
}

_METRICS = {
    "R2": "metrics.R2Score()",
    "F1": "metrics.F1Score()",
    "RMSE": "metrics.RootMeanSquaredError()",
    "accuracy_score": "metrics.Accuracy()",
    "confusion_matrix": "metrics.ConfusionMatrix(num_classes=3)",
    "classification_report": "figures.classification_table(matrix), or figures.confusion_matrix",
    "classification_table": "figures.classification_table(matrix)",
}

_FIGURES = {
    "decision_boundary": "figures.decision_regions(model, x, y)",
    "plot_decision_boundary": "figures.decision_regions(model, x, y)",
    "plot_decision_regions": "figures.decision_regions(model, x, y)",
    "frontera": "figures.decision_regions(model, x, y)",
    "history": "figures.curves(history)",
    "plot_history": "figures.curves(history)",
    "loss_curve": "figures.curves(history)",
    "curvas": "figures.curves(history)",
    "plot_model": "figures.network_diagram(model), or figures.draw_graph(model)",
    "plot_confusion_matrix": "figures.confusion_matrix(y_true, y_pred)",
    "matriz_de_confusion": "figures.confusion_matrix(y_true, y_pred)",
    "imshow": "figures.images_grid(images)",
    "filters": "figures.kernels(layer)",
    "weights": "figures.kernels(layer)",
}

_OLD: dict[str, dict[str, str]] = {
    "model": _MODEL,
    "tensor": _TENSOR,
    "layer": _LAYER,
    "optimizer": _OPTIMIZER,
    "grafito": _ROOT,
    "grafito.graph": {**_REDUCTIONS, **_FUNCTIONS},
    "grafito.layers": _LAYERS,
    "grafito.utils": _UTILS,
    "grafito.callbacks": _CALLBACKS,
    "grafito.models": _MODELS,
    "grafito.losses": _LOSSES,
    "grafito.metrics": _METRICS,
    "grafito.figures": _FIGURES,
}

ATTRIBUTES: dict[str, dict[str, str]] = {
    kind: {
        **{name: fix for fix, names in ABSENT.get(kind, {}).items() for name in names.split()},
        **_OLD.get(kind, {}),
    }
    for kind in (*_OLD, *ABSENT)
}
