"""From the ops of the graph to nodes."""
