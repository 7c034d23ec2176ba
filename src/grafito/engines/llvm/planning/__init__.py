"""From nodes to kernels: in which layout, what is fused, what is materialized and where."""
