"""Products among moves: which operand is read as it lies, and what joins a product's kernel.

Results keep their bits: sums add the same terms in the same order. Only products that may add them
in any order do so where rows of the turned product are beyond whole vectors.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence

from grafito.engines.llvm.codegen.builder import SIZES
from grafito.engines.llvm.ir.builders import reshape
from grafito.engines.llvm.ir.nodes import Node, Shape, inside
from grafito.engines.llvm.ir.shapes import unit_axes_only

LARGE = 12 << 20  # bytes of a matrix that comes from memory for each product
# Rows of the other operand for which the turned product was faster: 1.14 to 1.57 times for 4,096 x
# 4,096 weights. Fewer leave registers of it empty; for more, turning the weights costs little.
FEWEST, MOST = 32, 256


def arrange(order: Sequence[Node], results: Sequence[Node]) -> dict[Node, Node]:
    """What became of each node.

    Args:
        order: all nodes, inputs before users.
        results: the nodes whose values leave the program; each stays what it is.
    """
    rewriting = _Rewriting(Counter(y for x in order for y in {*x.inputs}), {*results})
    for x in order:
        rewriting.visit(x)
    return rewriting.became


class _Rewriting:
    """The pass on its way through the nodes.

    Attributes:
        became: what became of the nodes so far.
    """

    def __init__(self, users: Counter[Node], results: set[Node]):
        self._users, self._results = users, results
        self._joined: set[Node] = set()  # results that elementwise work may join
        self.became: dict[Node, Node] = {}

    def visit(self, x: Node) -> None:
        """Rewrite a node whose inputs are rewritten."""
        inputs = tuple(self.became[y] for y in x.inputs)
        changed = any(y is not z for y, z in zip(inputs, x.inputs, strict=True))
        y = dataclasses.replace(x, inputs=inputs) if changed else x
        with inside(x.scope):
            if x.kind == "matmul":
                y = _turned(y)
            elif x.elementwise and x.kind != "bounds_check" and x not in self._results:
                y = self._before_reshape(x, y)
        if y.row.fusible and self._users[x] == 1:
            self._joined.add(y)
        self.became[x] = y

    def _before_reshape(self, old: Node, x: Node) -> Node:
        """Elementwise work behind a reshape of a product, in the product's own shape.

        So it joins the product's kernel: the gradient of an activation that is read by a `Flatten`.
        """
        for before, y in zip(old.inputs, x.inputs, strict=True):
            if y.kind != "reshape" or unit_axes_only(y) or y.shape != x.shape:
                continue
            product = y.inputs[0]
            if product not in self._joined or self._users[before] > 1:
                continue
            if product.shape[:1] == x.shape[:1] and all(map(_alike(x), x.inputs)):
                inner = self._in_shape(x, product.shape, y)
                self._joined.add(inner)
                return reshape(inner, x.shape)
        return x

    def _in_shape(self, x: Node, shape: Shape, root: Node) -> Node:
        """Elementwise work with its operands reshaped, as far as no one else reads them."""
        inputs = []
        for y in x.inputs:
            if not y.shape:
                inputs.append(y)
            elif y is root:
                inputs.append(root.inputs[0])
            elif self._of_one_user(y) and all(map(_alike(y), y.inputs)):
                inputs.append(self._in_shape(y, shape, root))
            else:
                inputs.append(_reshaped(y, shape))
        return dataclasses.replace(x, inputs=tuple(inputs), shape=shape)

    def _of_one_user(self, x: Node) -> bool:
        """Whether x is elementwise work that is as it was and read once."""
        return x.elementwise and x.kind not in ("bounds_check", "fill") and self._users[x] == 1


def _alike(x: Node) -> Callable[[Node], bool]:
    """A test for operands that have x's shape or are one number."""
    return lambda y: y.shape in (x.shape, ())


def _reshaped(x: Node, shape: Shape) -> Node:
    """The elements in another shape, by one reshape at most."""
    while x.kind == "reshape":
        (x,) = x.inputs
    return reshape(x, shape)


def _turned(x: Node) -> Node:
    """A product with the transpose of a large matrix, as the transpose of a product.

    The matrix is read once, from memory, in its own order: x Wᵀ = (W xᵀ)ᵀ. To copy it turned costs
    as much as a third of the products with 128 rows.
    """
    y, z = x.inputs
    if z.kind != "transpose" or len(x.shape) != 2 or y.moves or "bfloat16" in (x.dtype, z.dtype):
        return x
    if z.size * SIZES[z.dtype] < LARGE or not FEWEST <= x.shape[0] <= MOST:
        return x
    turned = _transposed(y)
    product = dataclasses.replace(x, inputs=(z.inputs[0], turned), shape=x.shape[::-1])
    return _transposed(product)


def _transposed(x: Node) -> Node:
    return Node.make("transpose", (x,), x.shape[::-1], x.dtype, axes=(1, 0))
