"""The drawing of a model under Keras's name."""

from __future__ import annotations

from typing import Any

from grafito.registry import known_arguments


@known_arguments
def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
) -> Any:
    """Draw a model with `figures.network_diagram` and write the drawing to a file.

    Args:
        model: a model that is built.
        to_file: the file; its ending says the format. None writes nothing.
        show_shapes: Keras's; shapes, kinds and parameters are always drawn.
        show_dtype: likewise Keras's, and without effect.
        show_layer_names: likewise.
        rankdir: likewise.
        expand_nested: likewise.
        dpi: pixels to the inch.
        show_layer_activations: likewise Keras's, and without effect.
        show_trainable: likewise.

    Returns:
        The figure, which a notebook shows.

    Example:
        >>> from grafito import Sequential, layers
        >>> model = Sequential([layers.Input((4,)), layers.Dense(2)])
        >>> figure = plot_model(model, "model.svg")
    """
    from grafito.figures import network_diagram

    figure = network_diagram(model)
    if to_file is not None:
        figure.savefig(to_file, dpi=dpi)
    return figure
