"""From kernels to machine code: found again in the cache, or compiled by one process or several."""
