"""The imaging networks as products: RAW planes to a developed picture, and a picture to probabilities by FAN."""

from typing import Any

import keras
from keras import ops

from zoo import tensor_tiles
from zoo.imaging.developing.bayer import SITES, check_phase, offset
from zoo.imaging.developing.develop import SMALLEST
from zoo.imaging.developing.model import CFA
from zoo.imaging.joint.manipulations import CLASSES
from zoo.serving import PICTURE, Serving, Signature, of_pictures, to_bytes

PLANES = (None, None, 4)


def development(network: keras.Model, cfa: str = CFA) -> Serving:
    """Serve an ``INet``, ``UNet`` or ``DNet``: whole photographs at once, as ``developing.develop`` in tiles.

    ``cfa`` is the phase of the mosaics that will be served; pictures of another phase than the network's lose the
    outermost rows or columns or both, one on each side, see ``zoo.imaging.developing.develop.crop_to_phase``.

    Raises:
        ValueError: For an unknown phase.
    """
    check_phase(cfa)

    def core(planes: Any) -> dict[str, Any]:
        planes = _to_phase(planes, cfa)
        height, width = ops.shape(planes)[1:3]
        rgb = network(tensor_tiles.reflect_to(planes, SMALLEST, SMALLEST), training=False)
        return {"rgb": rgb[:, : 2 * height, : 2 * width]}

    def serve(planes: Any, black_levels: Any, white_level: Any, white_balance: Any) -> dict[str, Any]:
        black = black_levels[:, None, None, :]
        codes = (ops.cast(planes, "float32") - black) * (1 / (white_level[:, None, None, None] - black))
        gains = ops.take(white_balance, [0, 1, 1, 2], axis=1)[:, None, None, :]
        return {"picture": to_bytes(core(ops.minimum(ops.clip(codes, 0.0, 1.0) * gains, 1.0))["rgb"])}

    sensor = {
        "planes": (PLANES, "uint16"),
        "black_levels": ((4,), "float32"),
        "white_level": ((), "float32"),
        "white_balance": ((3,), "float32"),
    }
    less = "" if cfa == CFA else f"; two rows or columns fewer, or both, as the network's own mosaic is {CFA}"
    meaning = {
        "planes": f"what the sensor gave, R, G1, G2, B of {cfa} cells, (height / 2, width / 2, 4), uint16 codes; "
        "differentiable: black level subtracted, white-balanced, float32 in [0, 1]",
        "black_levels": "the code of no light for each plane",
        "white_level": "the code at which the sensor is full",
        "white_balance": "factors of red, green and blue",
        "picture": f"sRGB, (height, width, 3){less}, not rotated",
        "rgb": "the same, float32 in [0, 1]",
    }
    return Serving(Signature(serve, sensor), Signature(core, {"planes": (PLANES, "float32")}), [network], meaning)


def manipulation(fan: keras.Model, patch: int = 64) -> Serving:
    """Serve a ``FAN`` for patches of any size: probabilities of the classes and heatmap of ``ManipulationDetector``."""

    def core(image: Any) -> dict[str, Any]:
        height, width = ops.shape(image)[1:3]
        padded = tensor_tiles.reflect_to(image, patch, patch)
        tall, wide = ops.shape(padded)[1:3]
        rows, columns = (tensor_tiles.starts(n, patch, patch // 2) for n in (tall, wide))
        found = tensor_tiles.scan(padded, lambda x: fan(x, training=False), patch, rows, columns)
        apart = ops.take(ops.take(found, _every_second(tall, patch), axis=1), _every_second(wide, patch), axis=2)
        changed = 1 - found[..., CLASSES.index("native")]
        heatmap = tensor_tiles.spread(changed, patch, rows, columns, tall, wide)
        return {"probabilities": ops.mean(apart, axis=(1, 2)), "heatmap": heatmap[:, :height, :width]}

    meaning = {
        "image": "RGB pictures of any size, one size a batch",
        "probabilities": f"of {', '.join(CLASSES)}: mean over patches of {patch} pixels, side by side from the corner",
        "heatmap": "one minus the probability of native for each pixel",
    }
    return of_pictures(core, [fan], meaning, {"image": PICTURE})


def _every_second(length: Any, patch: int) -> Any:
    """Return the non-overlapping tiles of those half a patch apart, without a last one that was moved in."""
    return 2 * ops.arange((length - patch) // patch + 1, dtype="int32")


def _to_phase(planes: Any, cfa: str) -> Any:
    """Planes of phase ``cfa`` as planes of the networks' phase, without the first row or column where need be."""
    down, right = offset(cfa, CFA)
    if not down and not right:
        return planes
    height, width = ops.shape(planes)[1] - down, ops.shape(planes)[2] - right
    chosen = []
    for y, x in SITES[CFA]:
        y, x = y + down, x + right
        plane = SITES[cfa].index((y % 2, x % 2))
        chosen.append(planes[:, y // 2 : y // 2 + height, x // 2 : x // 2 + width, plane])
    return ops.stack(chosen, axis=-1)
