"""What INet starts from: sample selection, bilinear demosaicing, colour matrix, gamma curve (supplement, Table 2).

Every function returns kernels as Keras holds them, float32 (rows, columns, in, out).
"""

import numpy as np

from zoo.imaging.developing.bayer import SITES, check_phase

CAMERA_MATRIX = ((1.8269, -0.6550, -0.1719), (-0.0068, 1.3321, -0.3253), (0.0627, -0.4006, 1.3379))
"""White-balanced camera RGB to linear sRGB, output in rows: the Nikon D90's, which the authors' code starts from."""

# Printed by `python -m zoo.experiments.imaging.developing.gamma_network`: v . tanh(w x + b) + c is x^(1/2.2), within
# .0014 RMS.
GAMMA_W = (0.492671, -4.814849, -17.462042, -43.437032)
GAMMA_B = (0.790686, -1.499478, -4.908565, -1.897578)
GAMMA_V = (3.320524, -2.120654, 1.698028, -2.421255)
GAMMA_C = -4.692182


def sampler(cfa: str) -> np.ndarray:
    """Put each plane's samples where the sensor had them: (1, 1, 4, 12) of zeros and ones, for ``DepthToSpace``.

    Raises:
        ValueError: For a phase that is none of ``bayer.SITES``.
    """
    kernel = np.zeros((1, 1, 4, 2, 2, 3), np.float32)
    for plane, ((row, column), colour) in enumerate(zip(SITES[check_phase(cfa)], (0, 1, 1, 2), strict=True)):
        kernel[0, 0, plane, row, column, colour] = 1
    return kernel.reshape(1, 1, 4, 12)


def bilinear(size: int = 5) -> np.ndarray:
    """Bilinear demosaicing of a mosaic with zeros where nothing was sampled, (size, size, 3, 3), no channel mixed."""
    green = np.array([[0, 1, 0], [1, 4, 1], [0, 1, 0]]) / 4
    other = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 4
    kernel = np.zeros((size, size, 3, 3), np.float32)
    border = (size - 3) // 2
    for colour, weights in enumerate((other, green, other)):
        kernel[border : border + 3, border : border + 3, colour, colour] = weights
    return kernel


def colour() -> np.ndarray:
    """Return the camera matrix as a 1x1 convolution, (1, 1, 3, 3)."""
    return np.array(CAMERA_MATRIX, np.float32).T[None, None]


def gamma() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the kernel and bias of the two gamma layers, each colour with four hidden units of its own."""
    hidden, output = np.zeros((1, 1, 3, 12), np.float32), np.zeros((1, 1, 12, 3), np.float32)
    for c in range(3):
        hidden[0, 0, c, 4 * c : 4 * c + 4] = GAMMA_W
        output[0, 0, 4 * c : 4 * c + 4, c] = GAMMA_V
    return [hidden, np.tile(GAMMA_B, 3).astype(np.float32)], [output, np.full(3, GAMMA_C, np.float32)]
