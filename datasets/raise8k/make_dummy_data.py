"""Make ``dummy_data/``: generated scenes under names like RAISE's, and split lists, for the builder's test.

python -m zoo.datasets.raise8k.make_dummy_data
"""

from dataclasses import replace
from pathlib import Path

from PIL import Image

from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, shoot_folder
from zoo.datasets.embedded import generate_scene
from zoo.images import atomic

SPLITS = {
    "train": ["r000000at", "r000001bt", "r000002ct", "r000003dt"],
    "validation": ["r000004et"],
    "test": ["r000005ft", "r000006gt"],
}
HEIGHT, WIDTH = 130, 200  # two by three patches of 64, and a remainder


def main(folder: Path = Path(__file__).parent / "dummy_data") -> None:
    """Write seven TIFF files, as many RAW files of other scenes (DNG inside) and three lists into ``folder``."""
    folder.mkdir(exist_ok=True)
    names = [name for listed in SPLITS.values() for name in listed]
    for i, name in enumerate(names):
        scene = generate_scene(keyed.generator(8, i), HEIGHT, WIDTH)
        with atomic(folder / f"{name}.TIF") as path:
            Image.fromarray(scene).save(path, compression="tiff_lzw")
    cameras = {"NIKON D90": names[:5], "NIKON D7000": names[5:]}
    for seed, (camera, taken) in enumerate(cameras.items()):
        body = Body(replace(CAMERAS["birch"], name=camera), 0)
        shoot_folder(folder, [f"{name}.NEF" for name in taken], body, seed, 48, 64)
    for split, listed in SPLITS.items():
        with atomic(folder / f"r8k_{split}.txt") as path:
            path.write_text("".join(f"{name}.TIF\n" for name in listed))


if __name__ == "__main__":
    main()
