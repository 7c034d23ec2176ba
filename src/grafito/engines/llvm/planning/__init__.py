"""From nodes to kernels: in which layout, what is fused, what is stored and where."""
