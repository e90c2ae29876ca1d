"""Make ``dummy_data/``: a generated scene for each class of each part, for the builder's test.

python -m zoo.datasets.clothing.make_dummy_data
"""

from pathlib import Path

from PIL import Image

from zoo.datasets import keyed
from zoo.datasets.clothing.clothing_dataset_builder import CLASSES, PARTS
from zoo.datasets.embedded import generate_scene


def main(folder: Path = Path(__file__).parent / "dummy_data") -> None:
    """Write thirty pictures into ``folder``."""
    for i, part in enumerate(PARTS):
        for j, label in enumerate(CLASSES):
            path = folder / part / label / f"{part}-{label}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(generate_scene(keyed.generator(26, i, j), 32, 24)).save(path, quality=70)


if __name__ == "__main__":
    main()
