"""The table of ops: a row for each op and for each public function of the graph."""

from specs_arrays import ARRAYS
from specs_composed import COMPOSED
from specs_elementwise import ELEMENTWISE
from specs_neural import NEURAL, RANDOM
from specs_windows import CONVOLUTIONS, POOLINGS

OPS = [*ELEMENTWISE, *ARRAYS, *COMPOSED, *NEURAL, *RANDOM, *CONVOLUTIONS, *POOLINGS]
