"""Write a mosaic as a DNG file (Adobe, Digital Negative Specification 1.4), uncompressed."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import tifffile

from zoo.datasets.camera.sensor import Body
from zoo.images import atomic
from zoo.imaging.developing import bayer

_D65 = 21
_DENOMINATOR = 1_000_000
# tifffile's names of TIFF's data types.
_ASCII, _BYTE, _SHORT, _LONG, _RATIONAL, _SRATIONAL, _DOUBLE = "s", "B", "H", "I", "2I", "2i", "d"
_COLOUR_CODES = {"R": 0, "G": 1, "B": 2}


def write_dng(
    path: str | Path,
    mosaic: np.ndarray,
    body: Body,
    orientation: int = 1,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
    white_balance: Sequence[float] | None = None,
) -> None:
    """Write a DNG that LibRaw reads back equal; the file appears at once, whole, and holds no date.

    Args:
        path: Ends in ``.dng``.
        mosaic: uint16 (height, width), black level included, as ``expose`` gives it.
        body: The camera: phase, levels, colour matrix, noise profile, name and serial number.
        orientation: EXIF's, 1 to 8.
        margins: Masked rows and columns to add above, left, below and right, at black level.
        white_balance: Factors of red, green and blue; the model's for daylight by default.

    Raises:
        ValueError: For another dtype, shape or suffix, or codes above the model's white level.
    """
    model = body.model
    if mosaic.dtype != np.uint16 or mosaic.ndim != 2 or mosaic.size == 0 or mosaic.max() > model.white:
        received = f"{mosaic.dtype} {mosaic.shape}" + (f", codes to {mosaic.max()}" if mosaic.size else "")
        raise ValueError(f"mosaic must be uint16 (height, width), codes to {model.white}. Received: {received}")
    if Path(path).suffix.lower() != ".dng":
        raise ValueError(f"path must end in .dng. Received: {path}")
    top, left, bottom, right = margins
    height, width = mosaic.shape
    framed = np.full((top + height + bottom, left + width + right), min(model.black), np.uint16)
    framed[top : top + height, left : left + width] = mosaic
    cell = {site: value for site, value in zip(bayer.SITES[model.cfa], model.black, strict=True)}
    neutral = [1 / factor for factor in (white_balance or model.white_balance)]
    noise = (model.shot, model.read**2)
    tags: list[tuple[int, str, str | tuple]] = [
        (271, _ASCII, "forensics-zoo"),  # Make
        (272, _ASCII, model.name),  # Model
        (274, _SHORT, (orientation,)),  # Orientation
        (33421, _SHORT, (2, 2)),  # CFARepeatPatternDim
        (
            33422,
            _BYTE,
            tuple(_COLOUR_CODES[letter] for letter in model.cfa),
        ),  # CFAPattern, from the active area's corner
        (50706, _BYTE, (1, 4, 0, 0)),  # DNGVersion
        (50707, _BYTE, (1, 3, 0, 0)),  # DNGBackwardVersion
        (50708, _ASCII, f"forensics-zoo {model.name}"),  # UniqueCameraModel
        (50710, _BYTE, (0, 1, 2)),  # CFAPlaneColor
        (50711, _SHORT, (1,)),  # CFALayout: rectangular
        (50713, _SHORT, (2, 2)),  # BlackLevelRepeatDim
        (50714, _SHORT, tuple(cell[y, x] for y in (0, 1) for x in (0, 1))),  # BlackLevel
        (50717, _SHORT, (model.white,)),  # WhiteLevel
        (50719, _LONG, (0, 0)),  # DefaultCropOrigin
        (50720, _LONG, (width, height)),  # DefaultCropSize
        (50721, _SRATIONAL, _rationals(model.xyz_to_camera.ravel())),  # ColorMatrix1
        (50728, _RATIONAL, _rationals(neutral)),  # AsShotNeutral
        (50735, _ASCII, f"{body.serial:08d}"),  # CameraSerialNumber
        (50778, _SHORT, (_D65,)),  # CalibrationIlluminant1
        (50829, _LONG, (top, left, top + height, left + width)),  # ActiveArea
        (51041, _DOUBLE, noise * 3),  # NoiseProfile: variance of a signal x is S x + O
    ]
    with atomic(path) as temporary:
        tifffile.imwrite(
            temporary,
            framed,
            bigtiff=False,
            photometric=tifffile.PHOTOMETRIC.CFA,
            software=False,
            metadata=None,
            extratags=[(code, kind, _count(kind, value), value, True) for code, kind, value in tags],
        )


def _rationals(values: Iterable[float]) -> tuple[int, ...]:
    return tuple(n for value in values for n in (round(value * _DENOMINATOR), _DENOMINATOR))


def _count(kind: str, value: str | tuple) -> int:
    return 0 if kind == _ASCII else len(value) // (2 if kind in (_RATIONAL, _SRATIONAL) else 1)
