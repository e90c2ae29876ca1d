"""TID2013 (Ponomarenko et al. 2015): 25 references, 24 distortions, 5 levels, opinions of 971 people."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets import prepared
from zoo.datasets.iqa import Rated, find_file, from_prepared, kodak_scene
from zoo.images import read_image

LIST = "mos_with_names.txt"
# fmt: off
DISTORTIONS = (
    "additive Gaussian noise", "noise in colour components", "spatially correlated noise", "masked noise",
    "high frequency noise", "impulse noise", "quantization noise", "Gaussian blur", "image denoising",
    "JPEG compression", "JPEG 2000 compression", "JPEG transmission errors", "JPEG 2000 transmission errors",
    "non-eccentricity pattern noise", "local block-wise distortions", "mean shift", "contrast change",
    "change of colour saturation", "multiplicative Gaussian noise", "comfort noise",
    "lossy compression of noisy images", "image colour quantization with dither", "chromatic aberrations",
    "sparse sampling and reconstruction",
)
# fmt: on


class Builder(tfds.core.GeneratorBasedBuilder):
    """TID2013; see README.md in this folder."""

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES = {"1.0.0": "Initial release.", "1.1.0": "The reference's name."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
  Download tid2013.rar from http://www.ponomarenko.info/tid2013.htm and unpack it into the manual folder, so that
  mos_with_names.txt, reference_images and distorted_images lie in it.
  """
    # The package is mapped to another folder than its name says, so that TFDS would not find the files in this folder.

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "image": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
            "reference": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
            "mos": np.float32,
            "distortion": tfds.features.ClassLabel(names=list(DISTORTIONS)),
            "level": np.int32,
            "scene": tfds.features.Text(),
            "reference_name": tfds.features.Text(),
            "name": tfds.features.Text(),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "mos"),
            homepage="http://www.ponomarenko.info/tid2013.htm",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        # One split: which references are for training changes a hundred times in a protocol (zoo.datasets.iqa).
        return {"images": self._generate_examples(rated(Path(dl_manager.manual_dir)))}

    def _generate_examples(self, images: list[Rated]) -> Iterator[tuple[str, dict[str, Any]]]:
        for image in images:
            yield (
                Path(image.name).stem.lower(),
                {
                    "image": image.load(),
                    "reference": image.load_reference(),
                    "mos": image.score,
                    "distortion": image.distortion,
                    "level": image.level,
                    "scene": image.scene,
                    "reference_name": image.reference,
                    "name": image.name,
                },
            )


def rated(folder: Path) -> list[Rated]:
    """Return the images that the list in ``folder`` names, by name, with their scores, 0..9, higher for better.

    ``folder`` may also hold the data set as TensorFlow Datasets prepared it, see ``zoo.datasets.prepared``.

    Raises:
        ValueError: When the list is missing, a line is no line of it, or a file that it names is missing.
    """
    there = prepared.find(folder, "tid2013")
    if there is not None:
        return from_prepared(there, "mos")
    path = folder / LIST
    if not path.is_file():
        instructions = " ".join(Builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
        raise ValueError(f"{folder}: {LIST} is needed. {instructions} Received: no such file")
    images = []
    for name, score in parse_list(path.read_text(), path):
        reference, number, level = parse_name(name)
        image = find_file(folder / "distorted_images", name)
        original = find_file(folder / "reference_images", f"I{reference:02d}.BMP")
        images.append(
            Rated(
                image.name,
                original.name,
                partial(read_image, image),
                partial(read_image, original),
                kodak_scene(reference),
                DISTORTIONS[number - 1],
                level,
                score,
            )
        )
    return sorted(images, key=lambda image: image.name)


def parse_list(text: str, path: Path | str = LIST) -> list[tuple[str, float]]:
    """Return the names and mean opinion scores of the list's lines, ``5.51429 I01_01_1.bmp``.

    Raises:
        ValueError: For another line, or a name that occurs twice.
    """
    found = []
    for line in filter(str.strip, text.splitlines()):
        match = re.fullmatch(r"\s*([\d.]+)\s+(\S+)\s*", line)
        if not match:
            raise ValueError(f"{path}: every line must be a score and a name. Received: {line!r}")
        found.append((match[2], float(match[1])))
    names = [name.lower() for name, _ in found]
    if len(set(names)) < len(names):
        raise ValueError(f"{path} must name every image once. Received: {len(names) - len(set(names))} twice")
    return found


def parse_name(name: str) -> tuple[int, int, int]:
    """Reference 1..25, distortion 1..24 and level 1..5 of a file such as ``i01_10_3.bmp``.

    Raises:
        ValueError: For another name.
    """
    match = re.fullmatch(r"i(\d\d)_(\d\d)_([1-5])\.bmp", name.lower())
    if not match or not (1 <= int(match[1]) <= 25 and 1 <= int(match[2]) <= len(DISTORTIONS)):
        raise ValueError(f"File names of TID2013 must look like i01_10_3.bmp. Received: {name!r}")
    return int(match[1]), int(match[2]), int(match[3])
