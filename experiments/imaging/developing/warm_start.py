"""Start UNet and DNet as linear pipelines with a tone curve, for trainings of minutes instead of hours.

The paper starts INet as a bilinear pipeline, but UNet and DNet at random, and trains these two for 2 to 22 hours on a
GPU; most of that goes into the camera's colour and tone. Here some of their channels begin with both: each of the 12
values of a 2x2 cell is the best linear combination of the 3x3 cells around it, found by least squares on the training
pictures, and the tone curve is made of straight pieces. All others begin at random, and every weight is trained.
"""

from collections.abc import Sequence

import keras
import numpy as np
from scipy.optimize import least_squares

from zoo.datasets import keyed
from zoo.datasets.developed import Developed

GAMMA = 1 / 2.2
SLOPE = 0.2
"""Negative slope of UNet's leaky ReLU."""


def linear_pipeline(pictures: Sequence[Developed], seed: int = 0, patches: int = 200, side: int = 32) -> np.ndarray:
    """Return the best linear developing of 3x3 cells to a cell of linear RGB: kernel (3, 3, 4, 12) for planes to maps.

    Least squares on random patches; errors weigh as they do behind the tone curve, and clipped values are left out.
    """
    rng = keyed.generator(seed, 0x11EA)
    left, right = np.zeros((12, 36, 36)), np.zeros((12, 36))
    for _ in range(patches):
        picture = pictures[int(rng.integers(len(pictures)))]
        room = [n - side for n in picture.planes.shape[:2]]
        y, x = (int(rng.integers(n + 1)) for n in room)
        planes, rgb = picture.cut(y, x, side)
        windows = np.lib.stride_tricks.sliding_window_view(planes, (3, 3), axis=(0, 1))  # (h, w, 4, 3, 3)
        inputs = windows.transpose(0, 1, 3, 4, 2).reshape(-1, 36).astype(np.float64)
        cells = rgb[2:-2, 2:-2].reshape(side - 2, 2, side - 2, 2, 3).transpose(0, 2, 1, 3, 4).reshape(-1, 12)
        light = cells.astype(np.float64) ** (1 / GAMMA)
        weights = (GAMMA * np.maximum(light, 1e-3) ** (GAMMA - 1)) ** 2 * (cells > 0.01) * (cells < 0.995)
        weighted = weights[:, :, None] * inputs[:, None]  # (cells, 12, 36)
        # One large product: between many small ones, threads wait for each other when another program uses a core.
        left += (weighted.reshape(len(inputs), -1).T @ inputs).reshape(left.shape)
        right += np.einsum("noi,no->oi", weighted, light)
    ridge = 1e-6 * np.trace(left, axis1=1, axis2=2)[:, None, None] * np.eye(36) + 1e-9 * np.eye(36)
    kernels = np.linalg.solve(left + ridge, right[..., None])[..., 0]
    return kernels.T.reshape(3, 3, 4, 12).astype(np.float32)


def warm_dnet(model: keras.Model, linear: np.ndarray) -> None:
    """Let twelve channels of a DNet carry the linear pipeline to the tail, and 63 hidden maps there be the tone curve.

    Being behind ReLUs the twelve lose what is below black, as the target has. The tail's maps are 21 straight pieces
    for each colour.
    """
    for i in range(1, 16):
        (kernel,) = model.get_layer(f"c{i}_conv").get_weights()
        kernel[..., :12] = 0
        if i == 1:
            kernel[..., :12] = linear
        else:
            kernel[1, 1, range(12), range(12)] = 1
        model.get_layer(f"c{i}_conv").set_weights([kernel])
        norm = model.get_layer(f"c{i}_norm")
        scale, *others = norm.get_weights()
        scale[:12] = np.sqrt(1 + norm.epsilon)
        norm.set_weights([scale, *others])
    knots, rises = straight_pieces(21)
    gain = np.sqrt(np.abs(rises))
    kernel, bias = model.get_layer("c17_conv").get_weights()
    (rgb,) = model.get_layer("rgb").get_weights()
    kernel[..., :63], rgb[:] = 0, 0
    for c in range(3):
        units = slice(21 * c, 21 * c + 21)
        kernel[1, 1, c, units] = gain
        bias[units] = -gain * knots
        rgb[0, 0, units, c] = rises / gain
    model.get_layer("c17_conv").set_weights([kernel, bias])
    model.get_layer("rgb").set_weights([rgb])


def warm_unet(model: keras.Model, linear: np.ndarray) -> None:
    """Let 24 channels of a UNet's finest level develop the planes, in place; the others add to them from zero on.

    Two channels per layer for each of the 12 outputs: their four leaky ReLUs in a row bend into the tone curve.
    """
    names = ("c1_1_conv", "c1_2_conv", "c9_1_conv", "c9_2_conv", "c10")
    for layer, (name, (weight, add)) in enumerate(zip(names, bent_curve()[0], strict=True)):
        kernel, bias = model.get_layer(name).get_weights()
        skipped = kernel.shape[2] - 32 if layer else 0  # c9_1's first inputs come from the coarser level
        centre, width = kernel.shape[0] // 2, weight.shape[1]
        kernel[..., : 12 * width] = 0
        for output in range(12):
            for j in range(width):
                to = width * output + j
                if layer == 0:
                    kernel[..., to] = linear[..., output] * weight[0, j]
                else:
                    kernel[centre, centre, skipped + 2 * output : skipped + 2 * output + 2, to] = weight[:, j]
                bias[to] = add[j]
        model.get_layer(name).set_weights([kernel, bias])


def straight_pieces(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Knots t and weights v: the sum of ``v ReLU(x - t)`` is x^(1/2.2) on [0, 1] and 1 above, in ``count`` pieces."""
    knots = (np.arange(count) / (count - 1)) ** 2.5
    x = np.concatenate([np.linspace(0, 1, 2001), np.linspace(0, 0.05, 500), np.linspace(1, 2, 500)])
    basis = np.maximum(x[:, None] - knots, 0)
    return knots, np.linalg.lstsq(basis, tone_curve(x), rcond=None)[0]


def bent_curve(layers: int = 4) -> tuple[list[tuple[np.ndarray, np.ndarray]], float]:
    """Weights and biases of a 1-2-...-2-1 leaky-ReLU network near x^(1/2.2) on [0, 1] and 1 above, and its RMS error.

    Each layer carries its input s and a bend of it, max(s - t, (s - t) / 5); one bend each is the start of the fit.
    """
    x = np.concatenate([np.linspace(0, 1, 300) ** 2, np.linspace(1, 1.6, 60)])
    target = tone_curve(x)

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

    # One layer's share of the power function: linear with one bend, steep below t and flatter above.
    s = np.linspace(0, 1, 300)
    t = 0.3
    basis = np.stack([s, np.maximum(SLOPE * (s - t), s - t), np.ones_like(s)], 1)
    keep, bend, constant = np.linalg.lstsq(basis, s ** (GAMMA ** (1 / layers)), rcond=None)[0]
    step = [keep, keep, bend, bend, constant, constant - t]
    begin = [1, 1, 0, -t, *step * (layers - 1), keep, bend, constant]
    found = least_squares(error, begin, max_nfev=200)
    return split(found.x), float(np.sqrt(np.mean(found.fun**2)))


def tone_curve(x: np.ndarray) -> np.ndarray:
    """Return the target's: x^(1/2.2), 1 above 1."""
    return np.minimum(x, 1) ** GAMMA
