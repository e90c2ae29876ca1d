"""Synthetic camera models by name, with parameters like those of real cameras around 2010.

Between them they have all four phases of the mosaic, 12 and 14 bits, and black levels of none, one and four values.
"""

from dataclasses import dataclass

import numpy as np

from zoo.imaging.developing import bayer
from zoo.imaging.developing.raw import XYZ_OF_SRGB

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class CameraModel:
    """What all bodies of a model share.

    Raises:
        ValueError: For an unknown phase, levels that do not fit the bits, or a matrix whose rows do not add up to 1.
    """

    name: str
    cfa: str
    """Phase of the mosaic: RGGB, GRBG, GBRG or BGGR."""
    bits: int
    black: tuple[int, int, int, int]
    """Codes of no light at R, G1, G2 and B."""
    white: int
    """Code of a full pixel."""
    camera_matrix: tuple[Triple, Triple, Triple]
    """White-balanced camera RGB to linear sRGB, output in rows, each adding up to 1."""
    white_balance: Triple
    """Factors of red, green and blue for daylight; green's is 1."""
    shot: float
    """Variance of the shot noise of a signal x, in units of the full range: ``shot * x``."""
    read: float
    """Standard deviation of the read noise, in the same units."""
    blur: float
    """Standard deviation of the Gaussian that stands for lens and low-pass filter, in pixels; 0 for none."""
    vignetting: float
    """Light lost in the corners, [0, 1)."""
    prnu: float
    """Standard deviation of the photo response, relative."""

    def __post_init__(self) -> None:
        bayer.check_phase(self.cfa)
        if not 0 <= min(self.black) <= max(self.black) < self.white < 2**self.bits <= 2**16:
            raise ValueError(
                "A camera needs 0 <= black < white < 2^bits, and at most 16 bits. "
                f"Received: black {self.black}, white {self.white}, {self.bits} bits"
            )
        if np.abs(np.sum(self.camera_matrix, axis=1) - 1).max() > 1e-9:
            raise ValueError(f"Rows of camera_matrix must add up to 1. Received: {self.camera_matrix}")

    @property
    def from_srgb(self) -> np.ndarray:
        """Linear sRGB to what the sensor's channels respond, (3, 3); white gives 1 in green."""
        return np.linalg.inv(np.array(self.camera_matrix)) / np.array(self.white_balance)[:, None]

    @property
    def xyz_to_camera(self) -> np.ndarray:
        """The DNG's ColorMatrix for D65: CIE XYZ to camera RGB, (3, 3)."""
        return self.from_srgb @ np.linalg.inv(XYZ_OF_SRGB)


_MODELS = (
    CameraModel(
        name="alder",
        cfa="RGGB",
        bits=12,
        black=(128, 128, 128, 128),
        white=3900,
        camera_matrix=((1.79, -0.75, -0.04), (-0.12, 1.42, -0.30), (0.05, -0.43, 1.38)),
        white_balance=(2.08, 1.0, 1.52),
        shot=2.5e-4,
        read=1.2e-3,
        blur=0.65,
        vignetting=0.25,
        prnu=0.010,
    ),
    CameraModel(
        name="birch",
        cfa="GBRG",
        bits=12,
        black=(0, 0, 0, 0),
        white=3880,
        camera_matrix=((1.84, -0.66, -0.18), (-0.02, 1.34, -0.32), (0.07, -0.41, 1.34)),
        white_balance=(1.86, 1.0, 1.28),
        shot=3.5e-4,
        read=1.6e-3,
        blur=0.70,
        vignetting=0.30,
        prnu=0.012,
    ),
    CameraModel(
        name="cedar",
        cfa="GRBG",
        bits=14,
        black=(509, 512, 511, 514),
        white=15600,
        camera_matrix=((1.62, -0.55, -0.07), (-0.21, 1.63, -0.42), (-0.01, -0.52, 1.53)),
        white_balance=(2.31, 1.0, 1.71),
        shot=1.2e-4,
        read=5.0e-4,
        blur=0.60,
        vignetting=0.15,
        prnu=0.008,
    ),
    CameraModel(
        name="dogwood",
        cfa="BGGR",
        bits=14,
        black=(1024, 1024, 1024, 1024),
        white=16200,
        camera_matrix=((1.71, -0.82, 0.11), (-0.08, 1.48, -0.40), (0.04, -0.35, 1.31)),
        white_balance=(2.22, 1.0, 1.39),
        shot=1.8e-4,
        read=8.0e-4,
        blur=0.75,
        vignetting=0.35,
        prnu=0.015,
    ),
)
CAMERAS: dict[str, CameraModel] = {model.name: model for model in _MODELS}
"""The camera models by name."""
