"""Figures: drawings of graphs, learning curves, confusion matrices, decision regions.

Every function returns a Matplotlib figure that needs no display; Matplotlib itself is imported
with the first figure.
"""

from grafito.figures.diagram import Diagram, Edge, Node
from grafito.figures.graph import draw_graph, graph_diagram, graph_table

__all__ = ["Diagram", "Edge", "Node", "draw_graph", "graph_diagram", "graph_table"]
