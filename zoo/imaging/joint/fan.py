"""FAN, the forensic analysis network of Korus and Memon (2019, section 4.4; supplement, Table 6).

After Bayar and Stamm's constrained network (IEEE TIFS 2018); 1,341,990 parameters for five classes.
"""

from pathlib import Path

import keras
from keras import layers

from zoo.fidelity import Fidelity, check_fidelity
from zoo.layers import ConstrainedConv2D
from zoo.weights import loaded


def FAN(
    input_shape: tuple[int | None, int | None, int] = (128, 128, 3),
    classes: int = 5,
    weights: str | Path | None = None,
    fidelity: Fidelity = "original",
    name: str = "fan",
) -> keras.Model:
    """Build the forensic analysis network for one patch.

    Input: RGB, float [0, 1], (batch, height, width, 3), as it came out of the distribution channel. Output: softmax
    probabilities (batch, classes), in the order of ``zoo.imaging.joint.manipulations.CLASSES``.

    Layers: ``residual`` (the constrained convolution), ``conv1`` ... ``conv4`` with ``pool1`` ... ``pool4``, ``conv5``
    (1x1), ``average``, ``fc1``, ``fc2``, ``predictions``.

    Args:
        input_shape: Height and width of a patch (16 and more, or None for any) and 3. The paper's is 128x128.
        classes: Number of outputs.
        weights: None, the name of a stored set (``zoo.weights.names()``), or the path of a weights file.
        fidelity: ``"original"``: Glorot uniform initialisation, and the constraint as a re-parametrisation with centre
            taps of -100, as the authors' code has them. ``"paper"``: MSRA (He normal) initialisation, as Table 6 says,
            and the constraint as in the reference that it follows, a projection after every update, centre taps of -1.
        name: Model name.

    Raises:
        ValueError: For arguments or weights that do not fit.
    """
    sides = input_shape[:2] if len(input_shape) == 3 else (0,)
    if any(n is not None and (not isinstance(n, int) or n < 16) for n in sides) or input_shape[-1] != 3:
        raise ValueError(f"input_shape must be (height >= 16 or None, width >= 16 or None, 3). Received: {input_shape}")
    if classes < 2:
        raise ValueError(f"classes must be at least 2. Received: {classes}")
    original = check_fidelity(fidelity) == "original"
    start = "glorot_uniform" if original else "he_normal"
    x = inputs = keras.Input(input_shape, name="patch")
    # float32 under any policy: bfloat16 would round the pixels to 8 bits and less before their difference is taken.
    x = ConstrainedConv2D(3, mode="reparametrised" if original else "projected", dtype="float32", name="residual")(x)
    for i, filters in enumerate((32, 64, 128, 256), 1):
        x = layers.Conv2D(filters, 5, padding="same", kernel_initializer=start, name=f"conv{i}_linear")(x)
        x = layers.LeakyReLU(0.2, name=f"conv{i}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{i}")(x)
    x = layers.Conv2D(256, 1, kernel_initializer=start, name="conv5_linear")(x)
    x = layers.LeakyReLU(0.2, name="conv5")(x)
    x = layers.GlobalAveragePooling2D(dtype="float32", name="average")(x)
    for i, units in enumerate((512, 128), 1):
        x = layers.Dense(units, kernel_initializer=start, name=f"fc{i}_linear")(x)
        x = layers.LeakyReLU(0.2, name=f"fc{i}")(x)
    outputs = layers.Dense(
        classes, activation="softmax", kernel_initializer=start, dtype="float32", name="predictions"
    )(x)
    return loaded(keras.Model(inputs, outputs, name=name), weights)
