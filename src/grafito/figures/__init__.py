"""Figures: drawings of graphs, learning curves, confusion matrices, decision regions.

Every function returns a Matplotlib figure that needs no display; Matplotlib itself is imported
with the first figure.
"""

from grafito.figures.confusion import confusion_matrix
from grafito.figures.curves import curves
from grafito.figures.diagram import Diagram, Edge, Node
from grafito.figures.graph import draw_diagram, draw_graph, graph_diagram, graph_table
from grafito.figures.regions import decision_regions

__all__ = [
    "Diagram",
    "Edge",
    "Node",
    "confusion_matrix",
    "curves",
    "decision_regions",
    "draw_diagram",
    "draw_graph",
    "graph_diagram",
    "graph_table",
]
