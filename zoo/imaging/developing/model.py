"""INet, UNet and DNet: networks that develop RAW planes to RGB (Korus and Memon 2019, section 3.2; supplement).

Trainable parameters 321, 7,760,268 and 493,976, as the paper prints them (Table 1). All are fully convolutional.

Input of all three: planes R, G1, G2, B of a RAW image, black level subtracted, **white-balanced**, float [0, 1],
(batch, height / 2, width / 2, 4): ``zoo.imaging.raw.read(path).balanced_planes``. Output: sRGB, float [0, 1], (batch,
height, width, 3). With ``clip=False`` the last layer is ``rgb``, not clipped, which the training's loss looks at.

Bayer sensors differ in where a 2x2 cell begins. A network has learned one phase, ``cfa``; ``develop`` crops others
to it by at most a row and a column.
"""

from pathlib import Path
from typing import Any

import keras
from keras import initializers, layers

from zoo.fidelity import Fidelity, check_fidelity
from zoo.imaging.developing import inet_init
from zoo.imaging.developing.bayer import check_phase
from zoo.imaging.developing.blocks import ClipToUnit, CropLike, DepthToSpace, InferenceNormalization, ReflectPadding
from zoo.weights import loaded

Shape = tuple[int | None, int | None, int]
CFA = "GBRG"
"""The phase that the authors' networks, and ours, are trained on."""


def INet(
    input_shape: Shape = (None, None, 4),
    cfa: str = CFA,
    weights: str | Path | None = None,
    fidelity: Fidelity = "original",
    clip: bool = True,
    name: str = "inet",
) -> keras.Model:
    """Build INet: the steps of a classical pipeline as convolutions, 321 trainable parameters (supplement, Table 2).

    A frozen sampler (48 weights) rebuilds the mosaic, then 5x5 demosaicing, 1x1 colour conversion and a two-layer gamma
    curve. Without ``weights`` it starts hand-made, as the paper's: bilinear kernels, a camera's colour matrix, a fitted
    gamma curve (``inet_init.py``), and so develops pictures before any training.

    Args:
        input_shape: Height and width of the planes (None for any, from 2 on) and 4.
        cfa: Phase of the mosaic: RGGB, GRBG, GBRG or BGGR.
        weights: None, the name of a stored set (``zoo.weights.names()``), or a weights file.
        fidelity: ``"original"`` rebuilds a GBRG mosaic whatever ``cfa`` says, as the authors' code of that time did for
            its RGGB cameras too, which scrambles neighbours; ``"paper"`` rebuilds that of ``cfa``. Both are the same
            at GBRG, the default.
        clip: Whether the output is clipped to [0, 1].
        name: Model name.

    Raises:
        ValueError: For arguments or weights that do not fit.
    """
    _check(input_shape, fidelity)
    phase = check_phase(cfa) if fidelity == "paper" else CFA * bool(check_phase(cfa))
    inputs = keras.Input(input_shape, name="planes")
    x = layers.Conv2D(12, 1, use_bias=False, trainable=False, name="sampler")(inputs)
    x = DepthToSpace(name="mosaic")(x)
    x = ReflectPadding(2, name="demosaic_padding")(x)
    x = layers.Conv2D(3, 5, use_bias=False, name="demosaic")(x)
    x = layers.Conv2D(3, 1, use_bias=False, name="colour")(x)
    x = layers.Conv2D(12, 1, activation="tanh", name="gamma_hidden")(x)
    x = layers.Conv2D(3, 1, dtype="float32", name="rgb")(x)
    model = _finished(inputs, x, clip, name)
    hidden, output = inet_init.gamma()
    model.get_layer("sampler").set_weights([inet_init.sampler(phase)])
    model.get_layer("demosaic").set_weights([inet_init.bilinear()])
    model.get_layer("colour").set_weights([inet_init.colour()])
    model.get_layer("gamma_hidden").set_weights(hidden)
    model.get_layer("rgb").set_weights(output)
    return loaded(model, weights)


def UNet(
    input_shape: Shape = (None, None, 4),
    weights: str | Path | None = None,
    clip: bool = True,
    name: str = "unet",
) -> keras.Model:
    """Build the UNet of the paper, 7,760,268 parameters (supplement, Table 3), after Chen et al., CVPR 2018.

    Convolutions are 3x3, zero-padded, leaky ReLU of slope .2; the transposed ones have no bias and no activation. Any
    size of planes from 1 on: pooling rounds up, and a map that has grown too large is cropped to the one it joins.

    Under a mixed-precision policy the finest level stays in float32: it carries the picture to its last bits.

    Layers: ``c1_1`` ... ``c9_2``, ``p1`` ... ``p4``, ``s5`` ... ``s8`` as the paper numbers them (its p2 has 64 maps
    and its s8 takes c8,2, where the table misprints), ``c10`` and ``rgb``.

    Args:
        input_shape: Height and width of the planes (None for any) and 4.
        weights: None (Glorot uniform, zero biases, truncated normal .02 for the transposed), the name of a stored set,
            or a weights file.
        clip: Whether the output is clipped to [0, 1].
        name: Model name.

    Raises:
        ValueError: For arguments or weights that do not fit.
    """
    _check(input_shape, "original")
    x = inputs = keras.Input(input_shape, name="planes")
    skips = []
    for level, filters in enumerate((32, 64, 128, 256), 1):
        x = _double(x, filters, level)
        skips.append(x)
        x = layers.MaxPooling2D(2, padding="same", name=f"p{level}")(x)
    x = _double(x, 512, 5)
    for level, filters in enumerate((256, 128, 64, 32), 6):
        spread = initializers.TruncatedNormal(stddev=0.02)
        x = layers.Conv2DTranspose(
            filters, 2, 2, use_bias=False, kernel_initializer=spread, name=f"s{level - 1}_whole"
        )(x)
        skip = skips.pop()
        x = CropLike(name=f"s{level - 1}")([x, skip])
        x = layers.Concatenate(dtype="float32" if level == 9 else None, name=f"s{level - 1}_skip")([x, skip])
        x = _double(x, filters, level)
    x = layers.Conv2D(12, 1, dtype="float32", name="c10")(x)
    return loaded(_finished(inputs, DepthToSpace(dtype="float32", name="rgb")(x), clip, name), weights)


def DNet(
    input_shape: Shape = (None, None, 4),
    cfa: str = CFA,
    weights: str | Path | None = None,
    fidelity: Fidelity = "original",
    clip: bool = True,
    name: str = "dnet",
) -> keras.Model:
    """Build DNet, 493,976 trainable parameters (supplement, Table 4), after Gharbi et al., SIGGRAPH Asia 2016.

    Fifteen 3x3 convolutions without bias, each with batch normalisation, ReLU and reflection padding; their twelve maps
    become RGB of full size, join the mosaic that a frozen sampler (48 weights) rebuilds, and two more convolutions make
    the picture of both. The moving means and variances of the batch normalisation are not counted.

    Args:
        input_shape: Height and width of the planes (None for any, from 4 on) and 4.
        cfa: Phase of the mosaic: RGGB, GRBG, GBRG or BGGR.
        weights: None (truncated normal by fan-in, ones for the last layer), the name of a stored set, or a file.
        fidelity: ``"original"``: batch normalisation never leaves inference mode and its moving mean and variance stay
            0 and 1, which makes of it a scale and an offset for each map; the sampler is GBRG's whatever ``cfa`` says.
            That is the authors' code, which gave the printed numbers. ``"paper"``: batch normalisation as one reads it,
            and the sampler of ``cfa``.
        clip: Whether the output is clipped to [0, 1].
        name: Model name.

    Raises:
        ValueError: For arguments or weights that do not fit.
    """
    _check(input_shape, fidelity)
    phase = check_phase(cfa) if fidelity == "paper" else CFA * bool(check_phase(cfa))
    normalisation = InferenceNormalization if fidelity == "original" else layers.BatchNormalization
    x = inputs = keras.Input(input_shape, name="planes")
    for i in range(1, 16):
        dtype = "float32" if i == 1 else None
        x = layers.Conv2D(
            64 if i < 15 else 12, 3, use_bias=False, kernel_initializer=_fan_in(), dtype=dtype, name=f"c{i}_conv"
        )(x)
        x = normalisation(momentum=0.99, epsilon=1e-3, name=f"c{i}_norm")(x)
        x = ReflectPadding(1, name=f"c{i}")(layers.ReLU(name=f"c{i}_relu")(x))
    features = DepthToSpace(name="f_conv")(x)
    mosaic = layers.Conv2D(12, 1, use_bias=False, trainable=False, dtype="float32", name="sampler")(inputs)
    mosaic = DepthToSpace(dtype="float32", name="f_bayer")(mosaic)
    x = layers.Concatenate(dtype="float32", name="joined")([features, mosaic])
    x = layers.Conv2D(64, 3, activation="relu", kernel_initializer=_fan_in(), dtype="float32", name="c17_conv")(x)
    x = ReflectPadding(1, dtype="float32", name="c17")(x)
    x = layers.Conv2D(3, 1, use_bias=False, kernel_initializer="ones", dtype="float32", name="rgb")(x)
    model = _finished(inputs, x, clip, name)
    model.get_layer("sampler").set_weights([inet_init.sampler(phase)])
    return loaded(model, weights)


def _double(x: Any, filters: int, level: int) -> Any:
    for i in (1, 2):
        dtype = "float32" if level in (1, 9) else None
        name = f"c{level}_{i}"
        x = layers.Conv2D(filters, 3, padding="same", dtype=dtype, name=f"{name}_conv")(x)
        x = layers.LeakyReLU(0.2, dtype=dtype, name=name)(x)
    return x


def _fan_in() -> initializers.Initializer:
    """Return the default of TensorFlow 1's variance scaling."""
    return initializers.VarianceScaling(1.0, "fan_in", "truncated_normal")


def _finished(inputs: Any, rgb: Any, clip: bool, name: str) -> keras.Model:
    return keras.Model(inputs, ClipToUnit(dtype="float32", name="clipped")(rgb) if clip else rgb, name=name)


def _check(input_shape: Shape, fidelity: str) -> None:
    sides = input_shape[:2] if len(input_shape) == 3 else (0,)
    if any(n is not None and (not isinstance(n, int) or n < 1) for n in sides) or input_shape[-1] != 4:
        raise ValueError(f"input_shape must be (height or None, width or None, 4). Received: {input_shape}")
    check_fidelity(fidelity)
