"""HSV as ``tf.image`` defines it, in ``keras.ops``: the same on every backend, also for hues outside [0, 1]."""

from typing import Any

from keras import ops


def rgb_to_hsv(rgb: Any) -> tuple[Any, Any, Any]:
    """(..., 3) in [0, 1] to hue, saturation and value in [0, 1], each (...); hue is 0 for grey."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    value = ops.max(rgb, axis=-1)
    chroma = value - ops.min(rgb, axis=-1)
    # Guarded before the division, or its gradient would be NaN where nothing is divided.
    sixth = 1.0 / (6.0 * ops.where(chroma > 0, chroma, 1.0))
    hue = ops.where(
        ops.equal(red, value),
        sixth * (green - blue),
        ops.where(ops.equal(green, value), sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6),
    )
    hue = ops.where(chroma > 0, ops.where(hue < 0, hue + 1.0, hue), 0.0)
    saturation = ops.where(value > 0, chroma / ops.where(value > 0, value, 1.0), 0.0)
    return hue, saturation, value


def hsv_to_rgb(hue: Any, saturation: Any, value: Any) -> Any:
    """Hue, saturation and value, each (...), to (..., 3). Hues outside [0, 1] do not wrap: TensorFlow's formula."""
    six = hue * 6.0
    shades = (ops.abs(six - 3.0) - 1.0, 2.0 - ops.abs(six - 2.0), 2.0 - ops.abs(six - 4.0))
    return ops.stack([(1.0 - saturation + saturation * ops.clip(s, 0.0, 1.0)) * value for s in shades], axis=-1)
