"""Draw a picture and its heatmap with a colour bar and a caption, and record the origin of both in the PNG."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from zoo.images import written
from zoo.version import __version__

_GREY_SHARE = 0.4
"""Share of the picture's grey levels in the overlay; the rest is the heatmap's colour."""
_NARROWEST = 480
"""Width in pixels below which no caption can be read."""
_TICKS = 5
_STRIP = 256
"""Rows that are coloured at a time; colours are computed in float64, 24 bytes a pixel."""


def write_heatmap(
    path: Path,
    image: np.ndarray,
    heat: np.ndarray,
    high: float = 1.0,
    caption: str = "",
    record: Mapping[str, str] | None = None,
) -> None:
    """Write what ``draw_heatmap`` draws as a PNG.

    Args:
        path: Where the PNG is written; the file appears at once, whole.
        image: uint8 RGB (height, width, 3).
        heat: Float (height, width) in 0..``high``; more is drawn as ``high``.
        high: The upper end of the colour bar, above 0.
        caption: Text below the pictures.
        record: Text chunks of the PNG by keyword (1 to 79 Latin letters), such as the network and its checksum.

    Raises:
        ValueError: As of ``draw_heatmap``.
        ImageError: Where the file cannot be written.
    """
    canvas = draw_heatmap(image, heat, high, caption)
    info = PngInfo()
    for keyword, text in {"Software": f"forensics-zoo {__version__}", **(record or {})}.items():
        info.add_itxt(keyword, text)
    with written(path) as partial:
        canvas.save(partial, "PNG", pnginfo=info)


def draw_heatmap(image: np.ndarray, heat: np.ndarray, high: float = 1.0, caption: str = "") -> Image.Image:
    """Draw picture, heatmap and colour bar side by side: blue 0, red ``high``.

    The range is that of the colour bar, never that of the picture: two heatmaps of one ``high`` can be compared. The
    picture stands in the upper left corner, pixel for pixel; the heatmap lies over its grey levels.

    Args:
        image: uint8 RGB (height, width, 3).
        heat: Float (height, width) in 0..``high``; more is drawn as ``high``.
        high: The upper end of the colour bar, above 0.
        caption: Text below the pictures.

    Raises:
        ValueError: When picture and heatmap differ in size, or for a range that is not positive.
    """
    if image.shape[:2] != heat.shape:
        raise ValueError(f"Picture and heatmap must have one size. Received: {image.shape[:2]} and {heat.shape}")
    if not high > 0:
        raise ValueError(f"high must be above 0. Received: {high}")
    height, width = heat.shape
    size = max(13, 2 * width // 75)
    font = ImageFont.load_default(size)
    bar_height = max(height, 4 * size)
    canvas_width = max(2 * width + 5 * size, _NARROWEST)
    # The default font's letters are about half as wide as high.
    lines = textwrap.wrap(caption, max(20, 2 * (canvas_width - size) // size))
    canvas = Image.new("RGB", (canvas_width, bar_height + (5 * len(lines) + 4) * size // 4), "white")
    canvas.paste(Image.fromarray(image), (0, 0))
    for top in range(0, height, _STRIP):
        rows = slice(top, top + _STRIP)
        grey = cv2.cvtColor(image[rows], cv2.COLOR_RGB2GRAY)
        canvas.paste(Image.fromarray(_coloured(grey, np.clip(heat[rows] / high, 0, 1))), (width, top))
    _draw_bar(canvas, (2 * width + size // 2, 0, size, bar_height), high, font)
    draw = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        draw.text((size // 2, bar_height + size // 2 + 5 * number * size // 4), line, "black", font)
    return canvas


def _coloured(grey: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Grey levels, uint8, under the colours of ``share``, 0..1."""
    turbo = cv2.applyColorMap(np.rint(share * 255).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]
    return np.rint(_GREY_SHARE * grey[..., None] + (1 - _GREY_SHARE) * turbo).astype(np.uint8)


def _draw_bar(
    canvas: Image.Image,
    box: tuple[int, int, int, int],
    high: float,
    font: "ImageFont.FreeTypeFont | ImageFont.ImageFont",
) -> None:
    """The colour bar over mid-grey, ``high`` at its top, with numbers to its right; ``box``: x, y, width, height."""
    x, y, width, height = box
    shares = np.repeat(np.linspace(1, 0, height)[:, None], width, 1)
    canvas.paste(Image.fromarray(_coloured(np.full(shares.shape, 128, np.uint8), shares)), (x, y))
    draw = ImageDraw.Draw(canvas)
    for tick in range(_TICKS):
        share = tick / (_TICKS - 1)
        anchor = "ld" if tick == 0 else "la" if tick == _TICKS - 1 else "lm"
        draw.text(
            (x + width + width // 3, y + (1 - share) * (height - 1)), f"{share * high:.3g}", "black", font, anchor
        )
