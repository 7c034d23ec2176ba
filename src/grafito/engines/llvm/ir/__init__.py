"""What the compiler works on: nodes, how they are built, and kernels, which are groups of nodes."""
