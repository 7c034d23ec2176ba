"""The writing of kernels: loops, vectors and masks, and what any of them is made of."""
