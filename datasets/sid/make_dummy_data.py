"""Make ``dummy_data/``: generated scenes by the synthetic camera, named as See-in-the-Dark's files, for the test.

python -m zoo.datasets.sid.make_dummy_data
"""

from pathlib import Path

import numpy as np

from zoo.datasets import keyed
from zoo.datasets.camera import CAMERAS, Body, expose, write_dng
from zoo.datasets.embedded import generate_linear_scene

SCENES = ("00001", "00002", "10003", "10034", "20004")
SHORT, LONG = "0.1", "1"


def main(folder: Path = Path(__file__).parent / "dummy_data") -> None:
    """Write a short and a long exposure of five scenes into ``folder``; the long one has ten times the light."""
    body = Body(CAMERAS["cedar"], 0)
    for kind, seconds in (("short", SHORT), ("long", LONG)):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for index, scene in enumerate(SCENES):
            light = generate_linear_scene(keyed.generator(0, index), 48, 64) * np.float32(float(seconds) / float(LONG))
            path = folder / kind / f"{scene}_00_{seconds}s.dng"
            write_dng(path, expose(light, body, keyed.generator(0, index, kind == "short")), body)
            path.rename(path.with_suffix(".ARW"))


if __name__ == "__main__":
    main()
