"""Make ``dummy_data/``: generated scenes under TID2013's names, in its mixed case, for the builder's test.

python -m zoo.datasets.tid2013.make_dummy_data
"""

from pathlib import Path

from PIL import Image

from zoo.datasets import keyed
from zoo.datasets.distortions import distort
from zoo.datasets.embedded import generate_scene
from zoo.images import atomic

KINDS = ((1, 1), (8, 5), (16, 3))
REFERENCES = (1, 2, 25)


def main(folder: Path = Path(__file__).parent / "dummy_data") -> None:
    """Write three references of 24 x 32, three distorted versions of each, and the list into ``folder``."""
    for name in ("reference_images", "distorted_images"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    lines = []
    for reference in REFERENCES:
        image = generate_scene(keyed.generator(13, reference), 24, 32)
        with atomic(folder / "reference_images" / f"I{reference:02d}.BMP") as path:
            Image.fromarray(image).save(path)
        for number, level in KINDS:
            name = f"{'I' if number == 1 else 'i'}{reference:02d}_{number:02d}_{level}.bmp"
            distorted = distort(image, number, level, keyed.generator(13, reference, number))
            with atomic(folder / "distorted_images" / name.lower()) as path:
                Image.fromarray(distorted).save(path)
            lines.append(f"{6 - level + reference / 100:.5f} {name}\n")
    with atomic(folder / "mos_with_names.txt") as path:
        path.write_text("".join(lines))


if __name__ == "__main__":
    main()
