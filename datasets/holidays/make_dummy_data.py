"""Make ``dummy_data/``: generated scenes under names like those of Holidays, for the builder's test.

python -m zoo.datasets.holidays.make_dummy_data
"""

from pathlib import Path

from PIL import Image

from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.images import atomic

NAMES = ("100000", "100001", "100100", "149900", "149901")


def main(folder: Path = Path(__file__).parent / "dummy_data") -> None:
    """Write five JPEG files of three groups into ``folder``/jpg, as the archives unpack."""
    for i, name in enumerate(NAMES):
        part = folder / "jpg"
        part.mkdir(parents=True, exist_ok=True)
        with atomic(part / f"{name}.jpg") as path:
            Image.fromarray(generate_scene(keyed.generator(9, int(name) // 100, i), 36, 48)).save(path, quality=90)


if __name__ == "__main__":
    main()
