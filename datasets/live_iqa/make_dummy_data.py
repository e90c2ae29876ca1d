"""Make ``dummy_data/``: generated scenes under LIVE's names, and a list, for the builder's test.

python -m zoo.datasets.live_iqa.make_dummy_data
"""

from pathlib import Path

from PIL import Image

from zoo.datasets import keyed
from zoo.datasets.distortions import distort
from zoo.datasets.embedded import generate_scene
from zoo.images import atomic

REFERENCES = ("bikes", "womanhat", "dancers")
KINDS = {"jp2k": 11, "wn": 1, "gblur": 8}


def main(folder: Path = Path(__file__).parent / "dummy_data") -> None:
    """Write three references of 24 x 32, a distorted version of each kind, and an undistorted copy, into ``folder``."""
    for name in ("refimgs", *KINDS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    lines = []
    for index, reference in enumerate(REFERENCES):
        image = generate_scene(keyed.generator(14, index), 24, 32)
        with atomic(folder / "refimgs" / f"{reference}.bmp") as path:
            Image.fromarray(image).save(path)
        for kind, number in KINDS.items():
            undistorted = kind == "wn" and index == 0
            shown = image if undistorted else distort(image, number, 3, keyed.generator(14, index, number))
            with atomic(folder / kind / f"img{index + 1}.bmp") as path:
                Image.fromarray(shown).save(path)
            score = 0.0 if undistorted else 30 + index + number / 10
            lines.append(f"{score:.6f} \t{kind}/img{index + 1}.bmp\t{reference}.bmp\n")
    with atomic(folder / "LIVE_MOS_NAME_REF.txt") as path:
        path.write_text("".join(lines))


if __name__ == "__main__":
    main()
