"""Net2Wider for ContrastNet: copy a narrow network into a wider one with exactly the same output.

Chen, Goodfellow and Shlens, "Net2Net: accelerating learning via knowledge transfer" (ICLR 2016), section 2.2: every
channel is repeated, and what reads it divides by the number of repetitions. A narrow network sees many times more
patches in the same time, which is what a training on a CPU lacks most.
"""

import keras
import numpy as np


def widen(narrow: keras.Model, wide: keras.Model) -> None:
    """Set the weights of ``wide`` (a ContrastNet) so that it computes the same as ``narrow``, in place.

    Both must have the same input shape and classes, and the wide network's ``base_filters`` must be a multiple of the
    narrow one's.

    Raises:
        ValueError: When the networks do not fit; ``wide`` is then as it was.
    """
    if narrow.input_shape != wide.input_shape or narrow.output_shape != wide.output_shape:
        raise ValueError(
            "The networks must have the same input and output. "
            f"Received: {narrow.input_shape} -> {narrow.output_shape}, {wide.input_shape} -> {wide.output_shape}"
        )
    times = wide.get_layer("conv1_1").filters / narrow.get_layer("conv1_1").filters
    if times < 1 or times != int(times):
        raise ValueError(f"base_filters must be a multiple of the narrow network's. Received: {times} times as many")
    times = int(times)
    for layer in wide.layers:
        if not layer.get_weights():
            continue
        kernel, bias = narrow.get_layer(layer.name).get_weights()
        if layer.name == "fc":  # reads the flattened map, channels fastest
            channels = narrow.get_layer("conv3_1").filters
            kernel = np.repeat(kernel.reshape(-1, channels, kernel.shape[-1]), times, axis=1) / times
            kernel = kernel.reshape(-1, kernel.shape[-1])
        elif isinstance(layer, keras.layers.Conv2D):
            if layer.name != "conv1_1":
                kernel = np.repeat(kernel, times, axis=2) / times
            kernel, bias = np.repeat(kernel, times, axis=-1), np.repeat(bias, times)
        layer.set_weights([kernel, bias])
