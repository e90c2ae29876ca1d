"""Make ``dummy_data/``: spliced scenes under CASIA-2's names, with its known faults, for the builder's test.

python -m zoo.datasets.casia2.make_dummy_data
"""

from pathlib import Path

import numpy as np
from PIL import Image

from zoo.datasets import keyed, splices
from zoo.datasets.embedded import generate_scene
from zoo.images import atomic

HOSTS = ("ani00001", "nat00002", "arc00003", "pla00004", "cha00005", "sec00006")
TAMPERED = {
    "Tp_D_CRN_S_N_ani00001_nat00002_00001.jpg": (0, 1),
    "Tp_S_NNN_S_N_arc00003_arc00003_00002.tif": (2, None),
    # The letter says the same image; the identities say otherwise.
    "Tp_S_CNN_M_B_pla00004_cha00005_00003.jpg": (3, 4),
    "Tp_D_CNN_M_B_sec00006_sec00006_00004.tif": (5, None),
}
SIZE = (64, 96)


def main(folder: Path = Path(__file__).parent / "dummy_data") -> None:
    """Write six authentic and four tampered pictures, a copy and two contradicting files, into ``folder``."""
    for part in ("Au", "Tp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    scenes = [generate_scene(keyed.generator(15, i), *SIZE) for i in range(len(HOSTS))]
    for name, scene in zip(HOSTS, scenes, strict=True):
        _save(folder / "Au" / f"Au_{name[:3]}_{name[3:]}.jpg", scene)
    for index, (name, (host, donor)) in enumerate(TAMPERED.items()):
        rng = keyed.generator(15, 100, index)
        spliced = splices.make(rng, scenes[host], None if donor is None else scenes[donor])
        _save(folder / "Tp" / name, spliced.tampered)
    # A file twice under two names; one file that is called authentic and tampered; a name that says nothing.
    _copy(folder / "Au" / "Au_ani_00001.jpg", folder / "Au" / "Au_ani_00009.jpg")
    odd = generate_scene(keyed.generator(15, 200), *SIZE)
    _save(folder / "Au" / "Au_txt_00007.jpg", odd)
    _copy(folder / "Au" / "Au_txt_00007.jpg", folder / "Tp" / "Tp_D_CRN_S_N_txt00007_txt00008_00005.jpg")
    _copy(folder / "Au" / "Au_txt_00007.jpg", folder / "Tp" / "untitled.jpg")


def _save(path: Path, image: np.ndarray) -> None:
    with atomic(path) as partial:
        options = {"quality": 95} if path.suffix == ".jpg" else {"compression": "tiff_lzw"}
        Image.fromarray(image).save(partial, **options)


def _copy(source: Path, target: Path) -> None:
    with atomic(target) as partial:
        partial.write_bytes(source.read_bytes())


if __name__ == "__main__":
    main()
