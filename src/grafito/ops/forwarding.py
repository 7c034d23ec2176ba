"""The functions of the graph and the activations that have Keras's name and meaning."""

from __future__ import annotations

from grafito import activations, graph
from grafito.graph.random import argsort
from grafito.ops.dispatch import forwarded

SAME = (
    "abs all any broadcast_to cast ceil concatenate cos cosh count_nonzero diag diagonal "
    "erf erfinv exp expm1 floor full full_like hstack in_top_k isfinite isinf isnan log log10 "
    "log1p log2 logical_not logsumexp mean median meshgrid nan_to_num negative ones reciprocal "
    "repeat roll rsqrt searchsorted sign sin sinh slice_update sort sqrt square std sum swapaxes "
    "tan tanh tile top_k trace transpose tril triu trunc unstack vstack zeros scatter relu "
    "sigmoid softmax log_softmax softplus"
)
PAIRS = (
    "add cross divide divide_no_nan dot equal floor_divide greater greater_equal inner isclose "
    "less less_equal logical_and logical_or logical_xor matmul maximum minimum mod multiply "
    "not_equal outer power subtract tensordot vdot"
)
RENAMED = {
    "arange": "start stop step dtype",
    "clip": "x x_min x_max",
    "einsum": "subscripts",
    "eye": "N M k dtype",
    "reshape": "x newshape",
    "rot90": "array k axes",
    "stack": "x axis",
    "stop_gradient": "variable",
    "tri": "N M k dtype",
}
ACTIVATIONS = "celu elu hard_sigmoid hard_silu leaky_relu log_sigmoid relu6 selu silu softsign"
ALIASES = {
    "absolute": "abs",
    "amax": "max",
    "amin": "min",
    "saturate_cast": "cast",
    "var": "variance",
}

for _name in SAME.split():
    forwarded(getattr(graph, _name), _name)
for _name in PAIRS.split():
    forwarded(getattr(graph, _name), _name, "x1 x2")
for _name, _names in RENAMED.items():
    forwarded(getattr(graph, _name), _name, _names)
for _name in ACTIVATIONS.split():
    forwarded(getattr(activations, _name), _name)
for _name, _other in ALIASES.items():
    forwarded(getattr(graph, _other), _name)
forwarded(graph.divide, "true_divide", "x1 x2")
forwarded(activations.silu, "swish")
forwarded(activations.hard_silu, "hard_swish")
forwarded(argsort, "argsort")
