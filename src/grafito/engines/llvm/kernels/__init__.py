"""Machine code of whole kernels, a file for each family; `select` chooses one."""
