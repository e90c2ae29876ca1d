"""Start UNet and DNet as bilinear pipelines, as the paper starts INet, for trainings of minutes instead of hours.

The paper initialises both at random and trains them for 2 to 22 hours on a GPU, most of which goes into the camera's
colour and tone. Here some channels begin with them: bilinear demosaicing, the colour matrix, and the tone curve in
straight pieces. The others begin at random as ever, and every weight is trained.
"""

import keras
import numpy as np
from scipy.optimize import least_squares

from zoo.imaging import start
from zoo.imaging.bayer import check_phase

SLOPE = 0.2
"""Of UNet's leaky ReLU."""


def warm_dnet(model: keras.Model, matrix: np.ndarray, offset: float = 0.25) -> None:
    """Let the last two convolutions of a DNet develop its mosaic, in place; its features begin as a small correction.

    ``matrix`` is white-balanced camera RGB to linear sRGB, (3, 3). 63 of the 64 hidden maps are 21 straight pieces of
    each colour's tone curve. The features (not negative, being behind a ReLU) are added to the mosaic less ``offset``.
    """
    knots, rises = straight_pieces(21)
    gain = np.sqrt(np.abs(rises))
    kernel, bias = model.get_layer("c17_conv").get_weights()
    rgb = np.zeros((1, 1, 64, 3), np.float32)
    bilinear = start.bilinear(3)
    for c in range(3):
        units = slice(21 * c, 21 * c + 21)
        for source in range(3):
            kernel[:, :, source, units] = 0
            kernel[1, 1, source, units] = matrix[c, source] * gain
            kernel[:, :, 3 + source, units] = bilinear[:, :, source, source, None] * matrix[c, source] * gain
        bias[units] = -gain * (knots + offset * matrix[c].sum())
        rgb[0, 0, units, c] = rises / gain
    model.get_layer("c17_conv").set_weights([kernel, bias])
    model.get_layer("rgb").set_weights([rgb])
    scale, shift, *moving = model.get_layer("c15_norm").get_weights()
    model.get_layer("c15_norm").set_weights([scale * 0.1, shift + offset, *moving])


def warm_unet(model: keras.Model, matrix: np.ndarray, cfa: str) -> None:
    """Let 24 channels of a UNet's finest level develop the planes, in place; the others add to them from zero on.

    Two channels a layer for each of the 12 outputs (three colours at four positions of a cell): their four leaky ReLUs
    in a row bend into the tone curve.
    """
    names = ("c1_1_conv", "c1_2_conv", "c9_1_conv", "c9_2_conv", "c10")
    scalars, _ = bent_curve()
    linear = _planes_to_linear(matrix, check_phase(cfa))  # (3, 3, 4, 12)
    for layer, name in enumerate(names):
        kernel, bias = model.get_layer(name).get_weights()
        weight, add = scalars[layer]
        skipped = kernel.shape[2] - 32 if layer else 0  # c9_1 reads what comes up from below first
        centre = kernel.shape[0] // 2
        width = weight.shape[1]
        kernel[..., : 12 * width] = 0
        for output in range(12):
            for j in range(width):
                to = width * output + j
                if layer == 0:
                    kernel[..., to] = linear[..., output] * weight[0, j]
                else:
                    for i in range(2):
                        kernel[centre, centre, skipped + 2 * output + i, to] = weight[i, j]
                bias[to] = add[j]
        model.get_layer(name).set_weights([kernel, bias])


def straight_pieces(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Knots t and weights v: the sum of ``v ReLU(x - t)`` is x^(1/2.2) on [0, 1] in ``count`` straight pieces."""
    knots = (np.arange(count) / count) ** 2.5
    x = np.concatenate([np.linspace(0, 1, 2001), np.linspace(0, 0.05, 500)])
    basis = np.maximum(x[:, None] - knots, 0)
    return knots, np.linalg.lstsq(basis, x ** (1 / 2.2), rcond=None)[0]


def bent_curve(layers: int = 4) -> tuple[list[tuple[np.ndarray, np.ndarray]], float]:
    """Weights and biases of a 1-2-...-2-1 leaky-ReLU network that is nearly x^(1/2.2) on [0, 1], and its RMS error.

    Each layer carries its input s and a bend of it, max(s - t, (s - t) / 5); one bend each is the start of the fit.
    """
    x = np.linspace(0, 1, 300) ** 2
    target = x ** (1 / 2.2)

    def split(p: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
        shapes = [(1, 2)] + [(2, 2)] * (layers - 1) + [(2, 1)]
        found, at = [], 0
        for a, b in shapes:
            found.append((p[at : at + a * b].reshape(a, b), p[at + a * b : at + a * b + b]))
            at += a * b + b
        return found

    def error(p: np.ndarray) -> np.ndarray:
        y = x[:, None]
        for layer, (weight, bias) in enumerate(split(p)):
            y = y @ weight + bias
            y = y if layer == layers else np.maximum(SLOPE * y, y)
        return y[:, 0] - target

    # One layer's share of the power, bent once: steep below t, flatter above.
    s = np.linspace(0, 1, 300)
    t = 0.3
    basis = np.stack([s, np.maximum(SLOPE * (s - t), s - t), np.ones_like(s)], 1)
    keep, bend, constant = np.linalg.lstsq(basis, s ** ((1 / 2.2) ** (1 / layers)), rcond=None)[0]
    step = [keep, keep, bend, bend, constant, constant - t]
    begin = [1, 1, 0, -t, *step * (layers - 1), keep, bend, constant]
    found = least_squares(error, begin, max_nfev=200)
    return split(found.x), float(np.sqrt(np.mean(found.fun**2)))


def _planes_to_linear(matrix: np.ndarray, cfa: str) -> np.ndarray:
    """Bilinear demosaicing and colour conversion as a 3x3 convolution of planes to 12 maps, (3, 3, 4, 12)."""
    sampler = start.sampler(cfa)[0, 0].reshape(4, 2, 2, 3)
    bilinear = start.bilinear(3)
    kernel = np.zeros((3, 3, 4, 2, 2, 3), np.float32)
    for plane in range(4):
        (row,), (column,), (source,) = np.nonzero(sampler[plane])
        for dy in range(-1, 2):  # the cell that is read
            for dx in range(-1, 2):
                for y in range(2):  # the position that is written
                    for x in range(2):
                        away = 2 * dy + row - y, 2 * dx + column - x
                        if max(map(abs, away)) > 1:
                            continue
                        weight = bilinear[away[0] + 1, away[1] + 1, source, source]
                        kernel[dy + 1, dx + 1, plane, y, x] += weight * matrix[:, source]
    return kernel.reshape(3, 3, 4, 12)
