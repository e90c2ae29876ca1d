"""Write a network in the notation of Table 4, from the layers that it has."""

import keras

ACTIVATIONS = {"relu": "", "linear": ", 'linear'", "tanh": ", 'tanh'", "sigmoid": ", 'sigmoid'"}


def notation(model: keras.Model) -> str:
    """Return a plain chain of layers as ``"Input(10, 10, 400) - 2 x C(16) - MP(2) - FC(400) - Drop(0.5) - ..."``.

    ``C(n, r, s)`` is n filters r x r at stride s, r and s left out where they are 3 and 1; consecutive equal
    convolutions are counted. Padding and flattening are not written.

    Raises:
        ValueError: For a layer that the notation has no sign for.
    """
    parts: list[str] = []
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            parts.append("Input(" + ", ".join(str(n) for n in layer.output.shape[1:]) + ")")
        elif isinstance(layer, keras.layers.Conv2D):
            size, stride = layer.kernel_size[0], layer.strides[0]
            parts.append(f"C({layer.filters})" if (size, stride) == (3, 1) else f"C({layer.filters}, {size}, {stride})")
        elif isinstance(layer, keras.layers.MaxPooling2D):
            parts.append(f"MP({layer.pool_size[0]})")
        elif isinstance(layer, keras.layers.Dense):
            parts.append(f"FC({layer.units}{ACTIVATIONS[layer.activation.__name__]})")
        elif isinstance(layer, keras.layers.Dropout):
            parts.append(f"Drop({layer.rate:g})")
        elif not isinstance(layer, (keras.layers.Flatten, keras.layers.ZeroPadding2D)):
            raise ValueError(
                f"The notation does not support layers of type {type(layer).__name__}. Received: {model.name}"
            )
    return " - ".join(_counted(parts))


def _counted(parts: list[str]) -> list[str]:
    counted: list[str] = []
    repeated = 1
    for part, following in zip(parts, [*parts[1:], ""], strict=True):
        if part == following and part.startswith("C("):
            repeated += 1
            continue
        counted.append(f"{repeated} x {part}" if repeated > 1 else part)
        repeated = 1
    return counted
