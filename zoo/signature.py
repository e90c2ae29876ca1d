"""Signature of a network: layer names, output shapes and parameter counts, to check a built model."""

import keras


def signature(model: keras.Model) -> dict:
    """Layers of ``model`` in order, with type, output shape (None for the batch) and number of parameters."""
    layers = [
        {
            "name": layer.name,
            "type": type(layer).__name__,
            "output_shape": list(layer.output.shape),
            "parameters": layer.count_params(),
        }
        for layer in model.layers
    ]
    return {"name": model.name, "parameters": model.count_params(), "layers": layers}
