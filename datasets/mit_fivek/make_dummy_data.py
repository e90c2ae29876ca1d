"""Make ``dummy_data/``: generated scenes by the synthetic camera, named as FiveK's files, for the builder's test.

python -m zoo.datasets.mit_fivek.make_dummy_data
"""

from dataclasses import replace
from pathlib import Path

from zoo.datasets.camera import CAMERAS, Body, shoot_folder

NAMES = {
    "Canon EOS 5D": ["a0001-jmac_one.dng", "a0002-dgw_two.dng", "a0003-NKIM_three.dng"],
    "NIKON D700": ["a0004-jmac_four.dng", "a0005-jn_five.dng", "a0006-IMG_six.dng"],
}


def main(folder: Path = Path(__file__).parent / "dummy_data") -> None:
    """Write six DNG files into ``folder``."""
    for seed, (camera, names) in enumerate(NAMES.items()):
        shoot_folder(folder, names, Body(replace(CAMERAS["alder"], name=camera), 0), seed, 48, 64)


if __name__ == "__main__":
    main()
