"""Generated photographs: dead-leaves scenes seen through a small camera model.

Occlusion of shapes whose sizes follow a power law gives the edges and spectrum of natural scenes (Lee, Mumford and
Huang, "Occlusion models for natural images", IJCV 2001). Texture, uneven light, optics, Bayer noise, demosaicing, tone
curve and down-sampling are drawn anew for every scene, because a detector must not mistake one camera's rendering for
"untouched". Each scene is a pure function of its generator.
"""

from typing import cast

import cv2
import numpy as np

from zoo.levels import to_levels_half_up


def generate_scene(rng: np.random.Generator, height: int = 512, width: int = 512) -> np.ndarray:
    """Return one scene, drawn by ``rng``, as a camera would save it: uint8 RGB (height, width, 3).

    Raises:
        ValueError: For a side below 16 pixels.
    """
    if min(height, width) < 16:
        raise ValueError(f"A scene needs sides of at least 16 pixels. Received: {height} x {width}")
    # Web-sized photographs were larger once: what is left of sensor noise depends on how much.
    scale = float(rng.choice([1.0, 1.0, 1.4, 2.0]))
    tall, wide = (int(-(-n * scale // 2)) * 2 for n in (height, width))
    linear = _paint(rng, tall, wide)
    linear = _expose(rng, linear * _light(rng, tall, wide))
    developed = _camera(rng, linear)
    early = scale > 1 and rng.random() < 0.5
    if early:  # the larger picture was finished, and perhaps saved, before it became web-sized
        developed = _tone(rng, developed)
        if rng.random() < 0.6:
            developed = _saved(rng, developed)
    if scale > 1:
        interpolation = cv2.INTER_AREA if rng.random() < 0.5 else cv2.INTER_CUBIC
        developed = cv2.resize(developed, (width, height), interpolation=interpolation)
    developed = developed[:height, :width]
    if not early:
        developed = _tone(rng, developed)
    return to_levels_half_up(developed * 255)


def generate_linear_scene(
    rng: np.random.Generator, height: int = 512, width: int = 512, chroma: float = 1.0
) -> np.ndarray:
    """Return the light of one scene, drawn by ``rng``, before any camera: linear sRGB, float32 (height, width, 3).

    0 or above; 1 is where a well-exposed sensor is full, and highlights may lie above it. No noise, no mosaic, no tone
    curve.

    Args:
        rng: Draws everything.
        height: In pixels.
        width: In pixels.
        chroma: How far colours lie from grey: their channels' logarithms spread so many times as widely. 0 paints in
            grey, 1 nearly so.

    Raises:
        ValueError: For a side below 16 pixels, or a negative ``chroma``.
    """
    if min(height, width) < 16:
        raise ValueError(f"A scene needs sides of at least 16 pixels. Received: {height} x {width}")
    if not 0 <= chroma < np.inf:
        raise ValueError(f"chroma must be 0 or above. Received: {chroma}")
    return _expose(rng, _paint(rng, height, width, chroma) * _light(rng, height, width))


def _paint(rng: np.random.Generator, height: int, width: int, chroma: float = 1.0) -> np.ndarray:
    """Paint reflectance, float32 (h, w, 3): shapes in depth order, each with its colour, shading and texture."""
    palette = np.exp(rng.normal(-1.3, rng.uniform(0.3, 0.9), (int(rng.integers(3, 12)), 1)))
    palette = palette * np.exp(chroma * rng.normal(0, rng.uniform(0.03, 0.45), (len(palette), 3)))
    # Channels 0..2 are colour, 3 is how strongly texture shows, painted together.
    canvas = np.empty((height, width, 4), np.float32)
    canvas[:] = (*palette[0], rng.uniform(0, 0.3))
    smallest = rng.uniform(1.5, 8)
    largest = rng.uniform(0.15, 0.6) * min(height, width)
    count = int(min(6000, rng.uniform(0.4, 2.0) * height * width / (smallest * smallest * 12 + 150)))
    # r^-3 between the two radii, by inversion.
    u = rng.random(count)
    radii = (smallest**-2 - u * (smallest**-2 - largest**-2)) ** -0.5
    centres = rng.random((count, 2)) * (width, height)
    kinds = rng.random(count)
    straight = rng.random()
    colours = palette[rng.integers(len(palette), size=count)] * np.exp(rng.normal(0, 0.25, (count, 1)))
    rough = np.maximum(0, rng.normal(0.12, 0.15, count))
    angles = rng.random(count) * 360
    for i in range(count):
        colour = (*colours[i], rough[i])
        x, y = centres[i]
        r = radii[i]
        if kinds[i] < straight:
            aspect = 0.2 + 0.8 * kinds[i]
            box = cv2.boxPoints(((x, y), (2 * r, 2 * r * aspect), angles[i]))
            cv2.fillConvexPoly(canvas, np.round(box * 16).astype(np.int32), colour, cv2.LINE_8, 4)
        else:
            axes = (max(1, int(r)), max(1, int(r * (0.4 + 0.6 * kinds[i]))))
            cv2.ellipse(canvas, (int(x), int(y)), axes, angles[i], 0, 360, colour, cv2.FILLED, cv2.LINE_8)
    texture = _texture(rng, height, width, rng.uniform(0.3, 1.6))
    if rng.random() < 0.5:  # a second, finer one where the first is weak
        fine = _texture(rng, height, width, rng.uniform(0, 0.6))
        texture = np.where(_texture(rng, height, width, 2.0) > 0, texture, fine)
    reflectance = canvas[..., :3] * np.exp(canvas[..., 3:] * texture[..., None])
    if rng.random() < 0.4:  # sky, wall or table: a large smooth part
        edge = height * rng.uniform(0.15, 0.6) + 0.1 * height * _texture(rng, 1, width, 1.8)[0] * rng.random()
        rows = np.arange(height, dtype=np.float32)[:, None]
        shade = (np.exp(rng.normal(-0.6, 0.4)) * np.exp(chroma * rng.normal(0, 0.15, 3))).astype(np.float32)
        smooth = shade * (1 + rng.uniform(-0.5, 0.5) * rows[..., None] / height)
        reflectance = np.where((rows < edge)[..., None], smooth, reflectance)
    return reflectance.astype(np.float32)


def _texture(rng: np.random.Generator, height: int, width: int, exponent: float) -> np.ndarray:
    """Gaussian noise with amplitude spectrum 1 / f^exponent, float32 (h, w), mean 0, standard deviation 1."""
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    stretch = np.exp(rng.normal(0, 0.5))
    frequency = np.sqrt((fy * stretch) ** 2 + (fx / stretch) ** 2)
    amplitude = np.maximum(frequency, 1.0 / max(height, width)).astype(np.float32) ** -exponent
    amplitude[0, 0] = 0
    spectrum = np.fft.rfft2(rng.standard_normal((height, width), np.float32)).astype(np.complex64)
    noise = np.fft.irfft2(spectrum * amplitude, (height, width))
    return (noise / max(float(noise.std()), 1e-9)).astype(np.float32)


def _light(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Uneven illumination, float32 (h, w, 1): a smooth field and sometimes a hard shadow."""
    coarse = rng.normal(0, rng.uniform(0, 0.7), (int(rng.integers(2, 6)), int(rng.integers(2, 6)))).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    if rng.random() < 0.3:
        shadow = _texture(rng, height // 8 + 1, width // 8 + 1, 2.2)
        shadow = cv2.resize(shadow, (width, height), interpolation=cv2.INTER_LINEAR)
        field = field - rng.uniform(0.5, 2.0) * (shadow > rng.uniform(-0.5, 0.8))
    return np.exp(field)[..., None]


def _expose(rng: np.random.Generator, linear: np.ndarray) -> np.ndarray:
    """Blur as a lens does and scale so that 1 is the sensor's white; highlights may lie above it."""
    blur = rng.uniform(0.0, 1.4)
    if blur > 0.3:
        linear = cv2.GaussianBlur(linear, (0, 0), blur)
    white = np.percentile(linear[::4, ::4], rng.uniform(85, 99.9))
    return linear * np.float32(rng.uniform(0.45, 1.15) / max(float(white), 1e-6))


def _camera(rng: np.random.Generator, linear: np.ndarray) -> np.ndarray:
    """Sample through a Bayer filter with shot and read noise and demosaic; float32 linear RGB, not clipped below."""
    if rng.random() < 0.15:  # a clean source: a scan, or a picture far above web size
        noise = rng.standard_normal(linear.shape, np.float32)
        return np.clip(linear, 0, 1) + rng.uniform(0, 0.004) * noise
    gains = np.exp(rng.normal(0, 0.25, 3)).astype(np.float32)
    gains /= gains.min()  # white balance: red and blue are amplified, and their noise with them
    sensor = linear / gains
    mosaic = np.empty(linear.shape[:2], np.float32)
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[row::2, column::2] = sensor[row::2, column::2, channel]
    shot, read = 10 ** rng.uniform(-4.6, -2.6), 10 ** rng.uniform(-3.4, -2.2)
    mosaic += np.sqrt(np.maximum(mosaic, 0) * shot + read * read) * rng.standard_normal(mosaic.shape, np.float32)
    # 0 is black level 512 of 16 bits, so that noise below black survives.
    codes = np.clip(mosaic * 60000 + 512, 0, 60512).astype(np.uint16)
    method = cv2.COLOR_BayerRGGB2RGB_EA if rng.random() < 0.6 else cv2.COLOR_BayerRGGB2RGB
    rgb = (cv2.cvtColor(codes, method).astype(np.float32) - 512) / 60000 * gains
    rgb = np.minimum(rgb, 1)
    if rng.random() < 0.4:  # noise reduction
        smooth = cv2.GaussianBlur(rgb, (0, 0), rng.uniform(0.5, 1.2))
        rgb += rng.uniform(0.2, 0.9) * (smooth - rgb)
    return rgb


def _tone(rng: np.random.Generator, linear: np.ndarray) -> np.ndarray:
    """Camera rendering, about [0, 1]: saturation, a tone curve, levels, local contrast, sharpening.

    All of it is done before a picture is rounded to 8 bits, and as strongly as the contrast paper's operators work
    after it: how dark or steep a picture is must not tell whether it was adjusted.
    """
    grey = linear.mean(axis=2, keepdims=True)
    linear = np.clip(grey + rng.uniform(0.8, 1.35) * (linear - grey), 0, 1)
    developed = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    strength = rng.uniform(-0.1, 0.6)  # cameras add an S-curve to sRGB
    developed += strength * developed * (1 - developed) * (developed - rng.uniform(0.35, 0.55))
    if rng.random() < 0.3:  # local contrast, or haze where the gain is below 1
        coarse = cv2.resize(developed, None, fx=1 / 16, fy=1 / 16, interpolation=cv2.INTER_AREA)
        coarse = cv2.GaussianBlur(coarse, (0, 0), rng.uniform(0.7, 4))
        base = cv2.resize(coarse, developed.shape[1::-1], interpolation=cv2.INTER_CUBIC)
        developed = base + np.float32(rng.uniform(0.6, 2.2)) * (developed - base)
    if rng.random() < 0.4:  # levels: the darkest and lightest few percent lost
        low, high = np.percentile(developed[::4, ::4], [rng.uniform(0, 6), 100 - rng.uniform(0, 6)])
        developed = (developed - low) / max(float(high - low), 0.05)
    developed = np.clip(developed, 0, 1) ** np.float32(np.exp(rng.uniform(-0.65, 0.65)))
    if rng.random() < 0.25:  # lifted blacks and dimmed whites, as in scans and prints
        low, high = rng.uniform(0, 0.08), rng.uniform(0.88, 1)
        developed = low + (high - low) * developed
    if rng.random() < 0.5:
        blurred = cv2.GaussianBlur(developed, (0, 0), rng.uniform(0.6, 1.5))
        developed = developed + rng.uniform(0.1, 0.9) * (developed - blurred)
    return developed.astype(np.float32)


def _saved(rng: np.random.Generator, developed: np.ndarray) -> np.ndarray:
    """Rounded to 8 bits, saved as a JPEG file of high quality and opened again (red and blue change places in it)."""
    codes = to_levels_half_up(developed * 255)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(85, 100))]
    opened = cast(np.ndarray, cv2.imdecode(cv2.imencode(".jpg", codes, quality)[1], cv2.IMREAD_COLOR))
    return opened.astype(np.float32) / 255
