"""Make ``dummy_data/``: three generated scenes and a list, for the builder's test.

python -m zoo.datasets.nips17_dev.make_dummy_data
"""

from pathlib import Path

from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.images import atomic, write_png

LABELS = {"00aa": (389, 963), "00bb": (91, 563), "00cc": (1, 1000)}


def main(folder: Path = Path(__file__).parent / "dummy_data") -> None:
    """Write three PNG files and ``images.csv``, which lists one image more, into ``folder``."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for i, name in enumerate(LABELS):
        scene = generate_scene(keyed.generator(17, i), 24, 24)
        # Few pixels enlarged: PNG files of some hundred bytes.
        write_png(folder / "images" / f"{name}.png", scene.repeat(13, 0).repeat(13, 1)[:299, :299])
    rows = [f"{name},https://example.org/{name}.jpg,0,0,1,1,{a},{b}" for name, (a, b) in LABELS.items()]
    rows.append("00dd,https://example.org/00dd.jpg,0,0,1,1,7,8")
    with atomic(folder / "images.csv") as path:
        path.write_text("\n".join(["ImageId,URL,x1,y1,x2,y2,TrueLabel,TargetClass", *rows]) + "\n")


if __name__ == "__main__":
    main()
