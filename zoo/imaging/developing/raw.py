"""Read a camera's RAW file: the Bayer mosaic as planes R, G1, G2, B, and what is needed to develop it.

``read`` takes whatever LibRaw opens and has a Bayer filter of red, green and blue. Nothing is demosaiced, sharpened or
rotated; the area is the sensor's visible one, without the file's suggested crop, as LibRaw itself develops it.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from zoo.images import ImageError, check_regular_file, libraw_message
from zoo.imaging.developing import bayer
from zoo.imaging.developing.raw_container import RIGHT, Inside, look_inside

if TYPE_CHECKING:
    import rawpy

MAXIMUM_PIXELS = 256_000_000
"""More than any sensor has; damaged files declare thousands of Mpixel."""
XYZ_OF_SRGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""Linear sRGB to CIE XYZ: Rec. 709 primaries, white D65."""
# LibRaw's flip (bit 0 mirrors columns, bit 1 rows, bit 2 transposes first) to the value of EXIF's tag.
_EXIF_ORIENTATION = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}


@dataclass(frozen=True, eq=False)
class RawImage:
    """One RAW photograph, its planes in the order R, G1, G2, B (``developing.bayer``); height and width are even."""

    codes: np.ndarray
    """What the sensor gave, uint16 (height / 2, width / 2, 4), black level included."""
    cfa: str
    """Where the planes sit in a 2x2 cell: RGGB, GRBG, GBRG or BGGR."""
    black_level: float
    """The lowest of ``black_levels``, a code."""
    black_levels: tuple[float, float, float, float]
    """The code of no light, for each plane."""
    white_level: float
    """The code at which the sensor is full."""
    white_balance: tuple[float, float, float]
    """Factors of red, green and blue that make grey neutral; green's is 1."""
    white_balance_source: Literal["camera", "daylight", "grey world", "given"]
    """Whose they are; ``daylight`` and ``grey world`` where the file has none."""
    camera_matrix: np.ndarray
    """White-balanced camera RGB to linear sRGB, float64 (3, 3), output in rows; every row adds up to 1."""
    camera_matrix_source: Literal["file", "none", "given"]
    """``none`` where neither file nor LibRaw knows one: an identity, and colours will be dull."""
    orientation: int
    """EXIF's value, 1 to 8; not applied to the planes. ``orient`` applies it to what was developed."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the mosaic and of what is developed from it, before ``orient``."""
        return 2 * self.codes.shape[0], 2 * self.codes.shape[1]

    @property
    def mosaic(self) -> np.ndarray:
        """The codes where the sensor had them, uint16 (height, width)."""
        return bayer.unpack(self.codes, self.cfa)

    @cached_property
    def planes(self) -> np.ndarray:
        """Float32 [0, 1], (height / 2, width / 2, 4): 0 is black level, 1 is white level. Made once, when asked for."""
        return self.normalise(self.codes)

    @cached_property
    def balanced_planes(self) -> np.ndarray:
        """``planes`` times white balance, (h, w, 4), clipped to [0, 1] again: what networks take (section 3.2)."""
        return np.minimum(self.planes * np.array(self.balance_of_planes, np.float32), 1)

    @property
    def balance_of_planes(self) -> tuple[float, float, float, float]:
        """``white_balance`` for the planes R, G1, G2 and B."""
        red, green, blue = self.white_balance
        return red, green, green, blue

    def normalise(self, codes: np.ndarray) -> np.ndarray:
        """Codes (rows, columns, 4) to float32 [0, 1]: ``(code - black) / (white - black)``, clipped."""
        black = np.tile(np.array(self.black_levels, np.float32), codes.shape[1])
        scale = 1 / (np.float32(self.white_level) - black)
        planes = np.empty(codes.shape, np.float32)
        flat, result = codes.reshape(len(codes), -1), planes.reshape(len(codes), -1)
        for row in range(0, len(codes), 32):  # what the processor's cache holds
            part = result[row : row + 32]
            np.subtract(flat[row : row + 32], black, out=part)
            part *= scale
            np.clip(part, 0, 1, out=part)
        return planes


def read(path: str | Path) -> RawImage:
    """Read a camera's RAW file, at ``path``.

    Warns (``UserWarning``) where the file has no white balance of the camera, or one that is not positive, and LibRaw's
    daylight balance is taken instead, or where that is unknown as well, the one that makes the mean grey; and where no
    camera matrix is known.

    Raises:
        ImageError: One line, for a missing, unreadable, empty or truncated file, a folder, a file that is no RAW or
            that LibRaw cannot decode, a headerless dump of a sensor, and a sensor without a Bayer filter of red, green
            and blue (X-Trans, Foveon, monochrome, four colours, already demosaiced).
    """
    import rawpy

    path = Path(path)
    check_regular_file(path, RIGHT)
    inside = look_inside(path)
    try:
        with rawpy.RawPy() as raw:
            raw.open_file(str(path))
            if (pixels := raw.sizes.raw_height * raw.sizes.raw_width) > MAXIMUM_PIXELS:
                right = f"up to {MAXIMUM_PIXELS // 10**6} Mpixel are read"
                raise ImageError(path, "declares far too many pixels", right, f"{pixels // 10**6} Mpixel")
            raw.unpack()
            return _from_libraw(path, raw, inside)
    except (rawpy.LibRawError, rawpy.NotSupportedError) as error:
        message = libraw_message(error)
        wrong = (
            "is truncated or damaged"
            if isinstance(error, rawpy.LibRawIOError | rawpy.LibRawDataError)
            else ("is no RAW file that LibRaw can decode")
        )
        raise ImageError(path, f"{wrong} ({message})", RIGHT, f"{path.stat().st_size} bytes") from error


def from_mosaic(
    mosaic: np.ndarray,
    cfa: str,
    black_level: float | Sequence[float],
    white_level: float,
    white_balance: Sequence[float] = (1, 1, 1),
    camera_matrix: np.ndarray | None = None,
    orientation: int = 1,
) -> RawImage:
    """Make a ``RawImage`` of a mosaic that did not come from a RAW file, such as a headerless dump.

    Args:
        mosaic: uint16 (height, width); an odd last row or column is left out.
        cfa: Phase at the top left: RGGB, GRBG, GBRG or BGGR.
        black_level: One for all planes, or four for R, G1, G2, B.
        white_level: Above all black levels.
        white_balance: Red, green, blue, all above 0; divided by green's.
        camera_matrix: White-balanced camera RGB to linear sRGB, (3, 3); ``None`` for none.
        orientation: EXIF's, 1 to 8.

    Raises:
        ValueError: For anything else.
    """
    if mosaic.dtype != np.uint16:
        raise ValueError(f"mosaic must be uint16. Received: {mosaic.dtype}")
    black = np.broadcast_to(np.asarray(black_level, float), 4)
    if not white_level > black.max():
        raise ValueError(f"white_level must be above the black levels. Received: {white_level}, black {black_level}")
    balance = np.asarray(white_balance, float)
    if not _positive(balance):
        raise ValueError(f"white_balance must be three numbers above 0. Received: {white_balance}")
    if orientation not in _EXIF_ORIENTATION.values():
        raise ValueError(f"orientation must be 1 to 8. Received: {orientation}")
    matrix = np.eye(3) if camera_matrix is None else np.array(camera_matrix, float)
    if matrix.shape != (3, 3):
        raise ValueError(f"camera_matrix must be (3, 3). Received: {matrix.shape}")
    red, green, blue = balance.tolist()
    return RawImage(
        codes=bayer.pack(mosaic, cfa),
        cfa=cfa,
        black_level=float(black.min()),
        black_levels=tuple(black.tolist()),
        white_level=float(white_level),
        white_balance=(red / green, 1.0, blue / green),
        white_balance_source="given",
        camera_matrix=matrix,
        camera_matrix_source="none" if camera_matrix is None else "given",
        orientation=orientation,
    )


def orient(rgb: np.ndarray, orientation: int) -> np.ndarray:
    """Turn a developed picture (height, width, ...) upright by EXIF's orientation, 1 to 8; a contiguous array.

    Raises:
        ValueError: For another orientation.
    """
    if orientation not in _EXIF_ORIENTATION.values():
        raise ValueError(f"orientation must be 1 to 8. Received: {orientation}")
    if orientation in (3, 4, 6, 7):
        rgb = rgb[::-1]
    if orientation in (2, 3, 7, 8):
        rgb = rgb[:, ::-1]
    if orientation in (5, 6, 7, 8):
        rgb = rgb.swapaxes(0, 1)
    return np.ascontiguousarray(rgb)


def matrix_from_xyz(xyz_to_camera: np.ndarray) -> np.ndarray:
    """Turn a matrix from CIE XYZ to camera RGB (a DNG's ColorMatrix, daylight) into ``RawImage.camera_matrix``.

    As LibRaw and dcraw do it: to camera RGB from linear sRGB, its rows scaled so that white is 1 in every channel (that
    is what white balance does), and inverted. (3, 3) to (3, 3).
    """
    from_srgb = np.asarray(xyz_to_camera, float) @ XYZ_OF_SRGB
    return np.linalg.inv(from_srgb / from_srgb.sum(axis=1, keepdims=True))


def _from_libraw(path: Path, raw: "rawpy.RawPy", inside: Inside) -> RawImage:
    cfa, pattern = _phase(path, raw)
    visible = raw.raw_image_visible
    if visible is None or visible.dtype != np.uint16 or min(visible.shape) < 2:
        received = "floating point" if visible is None else f"{visible.dtype} {visible.shape}"
        raise ImageError(path, "has samples of an unusual kind", RIGHT, received)
    # Where a DNG's active area begins at an odd row or column, LibRaw begins one later, but counts the file's black
    # levels from there all the same.
    top, left = inside.corner or (0, 0)
    dy, dx = (raw.sizes.top_margin - top, raw.sizes.left_margin - left) if inside.corner else (0, 0)
    channels = (pattern[(y + dy) % 2, (x + dx) % 2] for y, x in bayer.SITES[cfa])
    r, g1, g2, b = (float(raw.black_level_per_channel[channel]) for channel in channels)
    black = (r, g1, g2, b)
    if not raw.white_level > max(black):
        raise ImageError(path, "has no range of values", RIGHT, f"black {black}, white {raw.white_level}")
    matrix = _camera_matrix(raw)
    if matrix is None:
        warnings.warn(f"{path}: no camera matrix is known; colours are the sensor's own.", stacklevel=3)
    codes = bayer.pack(visible, cfa)
    balance, source = _white_balance(raw, inside, codes, black)
    if source != "camera":
        warnings.warn(f"{path}: the camera's white balance is missing; {source} is used instead.", stacklevel=3)
    red, green, blue = balance
    return RawImage(
        codes=codes,
        cfa=cfa,
        black_level=min(black),
        black_levels=black,
        white_level=float(raw.white_level),
        white_balance=(red / green, 1.0, blue / green),
        white_balance_source=source,
        camera_matrix=np.eye(3) if matrix is None else matrix,
        camera_matrix_source="none" if matrix is None else "file",
        orientation=_EXIF_ORIENTATION[raw.sizes.flip],
    )


def _phase(path: Path, raw: "rawpy.RawPy") -> tuple[str, np.ndarray]:
    pattern = raw.raw_pattern  # of the visible area, whatever its margins
    if pattern is None:
        raise ImageError(path, "holds no colour filter mosaic", RIGHT, f"pixels of type {raw.raw_type.name}")
    letters = raw.color_desc.decode()
    if pattern.shape == (2, 2):
        cfa = "".join(letters[colour] for colour in pattern.ravel())
        if cfa in bayer.SITES:
            return cfa, pattern
        raise ImageError(path, "has other colour filters than red, green, green and blue", RIGHT, cfa)
    kind = "X-Trans" if pattern.shape == (6, 6) else "no Bayer pattern"
    raise ImageError(path, f"has a mosaic of {pattern.shape[0]}x{pattern.shape[1]} ({kind})", RIGHT)


def _positive(factors: Sequence[float] | np.ndarray) -> bool:
    return len(factors) == 3 and bool(np.isfinite(factors).all()) and min(factors) > 0


def _white_balance(
    raw: "rawpy.RawPy", inside: Inside, codes: np.ndarray, black: tuple[float, ...]
) -> tuple[Sequence[float], Literal["camera", "daylight", "grey world"]]:
    if _positive(camera := raw.camera_whitebalance[:3]):
        return camera, "camera"
    if inside.white_balance:
        return inside.white_balance, "camera"
    # LibRaw says 1, 1, 1 where it knows nothing of the camera.
    if _positive(daylight := raw.daylight_whitebalance[:3]) and len(set(daylight)) > 1:
        return daylight, "daylight"
    sample = codes[::4, ::4].reshape(-1, 4)
    sample = sample[(sample < 0.98 * raw.white_level).all(axis=1)]
    means = sample.mean(axis=0) - black if len(sample) else np.ones(4)
    return grey_world(means), "grey world"


def grey_world(means: np.ndarray) -> tuple[float, float, float]:
    """White balance that makes the mean grey, from the means of R, G1, G2 and B above black, (4,); 1 where one is 0."""
    red, green, blue = float(means[0]), float(means[1:3].mean()), float(means[3])
    return (green / red, 1.0, green / blue) if min(red, green, blue) > 0 else (1.0, 1.0, 1.0)


def _camera_matrix(raw: "rawpy.RawPy") -> np.ndarray | None:
    matrix = np.array(raw.color_matrix[:, :3], float)
    if (matrix.sum(axis=1) > 0).all():  # a DNG's own; NaN where its white is no white
        return matrix / matrix.sum(axis=1, keepdims=True)
    of_xyz = np.array(raw.rgb_xyz_matrix[:3], float)
    return matrix_from_xyz(of_xyz) if of_xyz.any() else None
