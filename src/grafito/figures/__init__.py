"""Figures: drawings of graphs and networks, curves, confusion matrices, surfaces, images.

Every function returns a Matplotlib figure that needs no display, with its contents in words as
`figure.alt`, or plain data; Matplotlib itself is imported with the first figure.
"""

from grafito.errors import names_of as _names_of
from grafito.figures.backend import check_backend as _check_backend
from grafito.figures.confusion import classification_table, confusion_matrix
from grafito.figures.convolution_steps import convolution_steps
from grafito.figures.curves import curves
from grafito.figures.diagram import Diagram, Edge, Node
from grafito.figures.feature_maps import feature_maps, kernels
from grafito.figures.fits import function_fit, scatter_fit
from grafito.figures.gallery import activation_gallery
from grafito.figures.graph import draw_diagram, draw_graph, graph_diagram, graph_table
from grafito.figures.heat import heat_map
from grafito.figures.images import images_grid
from grafito.figures.network import network_diagram
from grafito.figures.perceptron import perceptron_lines
from grafito.figures.regions import decision_regions
from grafito.figures.scores import (
    calibration_curve,
    precision_recall_curve,
    roc_curve,
    threshold_curves,
)
from grafito.figures.surfaces import loss_surface
from grafito.figures.sweeps import gradient_norms, sweep

_check_backend()

__all__ = [
    "Diagram",
    "Edge",
    "Node",
    "activation_gallery",
    "calibration_curve",
    "classification_table",
    "confusion_matrix",
    "convolution_steps",
    "curves",
    "decision_regions",
    "draw_diagram",
    "draw_graph",
    "feature_maps",
    "function_fit",
    "gradient_norms",
    "graph_diagram",
    "graph_table",
    "heat_map",
    "images_grid",
    "kernels",
    "loss_surface",
    "network_diagram",
    "perceptron_lines",
    "precision_recall_curve",
    "roc_curve",
    "scatter_fit",
    "sweep",
    "threshold_curves",
]

__getattr__ = _names_of(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported here for its own use is no part of the module
