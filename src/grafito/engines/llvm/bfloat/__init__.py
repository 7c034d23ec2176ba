"""Products and convolutions of bfloat16, added up in pairs."""
