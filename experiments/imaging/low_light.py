"""Train a UNet to develop short exposures to what long ones look like, for Table 3 (Chen et al., CVPR 2018).

Command:  python -m zoo.experiments.imaging.low_light [--scale laptop] [--folder runs/imaging-low-light]
Then:     zoo reproduce imaging table-3 --weights runs/imaging-low-light
Expected: results/laptop/imaging_table_3.csv, row "UNet (short)"
Time:     as the UNet of ``training.py`` at the same scale

Both exposures of a scene come from the body of Table 3, the long one developed by the classical pipeline; planes of the
short one are multiplied by the ratio, as Chen et al. do, and white-balanced, which theirs are not. Scenes are those of
no table. The rate is Chen et al.'s, 1e-4, and three quarters of the epochs: at the 5e-4 of the UNet for ordinary light
the loss was seen to rise a millionfold in the sixth epoch.
"""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

import numpy as np

import zoo.weights
from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, as_raw, expose
from zoo.datasets.developed import Developed, fixed_patches
from zoo.datasets.embedded import generate_linear_scene
from zoo.experiments import fitting, stored
from zoo.experiments.imaging import training
from zoo.experiments.imaging.pipelines import LOW_LIGHT
from zoo.experiments.imaging.pretrained import bits
from zoo.experiments.imaging.table_3 import CAMERA, EXPOSURE
from zoo.imaging import UNet, pipeline

_ROLES = {"train": 0, "validation": 1}
_SCENES = 0x10E5
_LEVELS = 65535


def pairs(role: str, count: int, side: int, seed: int = 0) -> list[Developed]:
    """Planes of short exposures, brightened, and pictures of long ones of the same scenes; ``role`` train, validation.

    Raises:
        ValueError: For another role.
    """
    if role not in _ROLES:
        raise ValueError(f"role must be one of {', '.join(_ROLES)}. Received: {role!r}")
    body, made = Body(CAMERAS[CAMERA], serial=1), []
    for number in range(count):
        key = (_SCENES, _ROLES[role], number)
        scene = generate_linear_scene(keyed.generator(seed, *key), side, side)
        long, short = (
            as_raw(expose(scene * np.float32(light), body, keyed.generator(seed, *key, n)), body)
            for n, light in enumerate((1, EXPOSURE))
        )
        planes = np.minimum(short.planes * np.float32(short.balance_of_planes) / EXPOSURE, 1)
        codes = [np.rint(values * _LEVELS).astype(np.uint16) for values in (planes, pipeline.develop(long))]
        source = f"low-light-{role}-{seed}-{number}"
        made.append(Developed(*codes, source, camera_matrix=long.camera_matrix, cfa=long.cfa))
    return made


def main() -> None:
    """Train, and pack the weights where ``zoo reproduce imaging table-3 --weights`` finds them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="laptop")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("runs/imaging-low-light"))
    parser.add_argument("--install", action="store_true", help="into the package, not the local store")
    options = parser.parse_args()
    try:
        _train(options)
    except (ValueError, OSError) as error:
        print(f"zoo: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


def _train(options: argparse.Namespace) -> None:
    scale = training.check(options.scale, ["unet"])
    fitting.check_same(options.folder, "unet", {"scale": options.scale, "seed": options.seed})
    recipe = scale.recipes["unet"]
    recipe = dataclasses.replace(recipe, rate=1e-4, epochs=-(-recipe.epochs * 3 // 4))
    scale = dataclasses.replace(scale, recipes={"unet": recipe})
    pictures, validation = (
        pairs(role, count, scale.side, options.seed)
        for role, count in (("train", scale.training), ("validation", scale.validation))
    )
    side = min(scale.validation_side, scale.side // 2)
    fixed = fixed_patches(validation, side, options.seed)
    trained = training.train("unet", scale, pictures, fixed, options.folder, options.seed)
    network = UNet()
    network.set_weights(trained.get_weights())
    path = options.folder / f"{LOW_LIGHT}.npz"
    zoo.weights.pack(network, path, bits("unet", network))
    history = json.loads((options.folder / "unet.json").read_text())
    print(f"written: {path} ({history[-1]['val_psnr']:.1f} dB on validation scenes)")
    command = f"python -m zoo.experiments.imaging.low_light --scale {options.scale} --seed {options.seed}"
    data, local = "generated low-light scenes, synthetic camera", stored.training_tag(options.scale)
    stored.install("imaging", path, history, "8, fine levels 16", command, data, None if options.install else local)


if __name__ == "__main__":
    main()
