"""LIVE image quality, release 2 (Sheikh et al. 2005): 29 references, 779 distorted images, five distortions, DMOS."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from zoo.datasets import prepared
from zoo.datasets.iqa import Rated, find_file, from_prepared, live_scene
from zoo.images import read_image

# Folder -> distortion and number of files, in the order of the MATLAB files.
FOLDERS = {
    "jp2k": ("JPEG 2000 compression", 227),
    "jpeg": ("JPEG compression", 233),
    "wn": ("white noise", 174),
    "gblur": ("Gaussian blur", 174),
    "fastfading": ("fast fading", 174),
}


class Builder(tfds.core.GeneratorBasedBuilder):
    """LIVE image quality, release 2; see README.md in this folder."""

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES = {"1.0.0": "Initial release.", "1.1.0": "The reference's name."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
  Ask for the LIVE image quality assessment database, release 2, at
  https://live.ece.utexas.edu/research/quality/subjective.htm and unpack it into the manual folder, so that refimgs,
  jp2k, jpeg, wn, gblur, fastfading, dmos.mat (or dmos_realigned.mat, which is preferred) and refnames_all.mat lie in
  it. Instead of the two MATLAB files, a text file LIVE_MOS_NAME_REF.txt also works, with a score, a name and a
  reference on each line.
  """

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "image": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
            "reference": tfds.features.Image(shape=(None, None, 3), encoding_format="png"),
            "dmos": np.float32,
            "distortion": tfds.features.ClassLabel(names=[name for name, _ in FOLDERS.values()]),
            "scene": tfds.features.Text(),
            "reference_name": tfds.features.Text(),
            "name": tfds.features.Text(),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("image", "dmos"),
            homepage="https://live.ece.utexas.edu/research/quality/subjective.htm",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        return {"images": self._generate_examples(rated(Path(dl_manager.manual_dir)))}

    def _generate_examples(self, images: list[Rated]) -> Iterator[tuple[str, dict[str, Any]]]:
        for image in images:
            yield (
                image.name,
                {
                    "image": image.load(),
                    "reference": image.load_reference(),
                    "dmos": image.score,
                    "distortion": image.distortion,
                    "scene": image.scene,
                    "reference_name": image.reference,
                    "name": image.name,
                },
            )


def rated(folder: Path) -> list[Rated]:
    """Return the distorted images in ``folder`` by name, with their DMOS, 0 and above, lower for better.

    Undistorted copies are left out. ``folder`` may also hold the data set as TensorFlow Datasets prepared it, see
    ``zoo.datasets.prepared``.

    Raises:
        ValueError: When neither kind of list is there, or a file that it names is missing.
    """
    there = prepared.find(folder, "live_iqa")
    if there is not None:
        return from_prepared(there, "dmos")
    images = []
    for score, name, reference in _listed(folder):
        kind, _, file = name.partition("/")
        image, original = find_file(folder / kind, file), find_file(folder / "refimgs", reference)
        images.append(
            Rated(
                f"{kind}/{image.name}",
                original.name,
                partial(read_image, image),
                partial(read_image, original),
                live_scene(Path(reference).stem),
                FOLDERS[kind][0],
                0,
                score,
            )
        )
    return sorted(images, key=lambda image: image.name)


def parse_list(text: str, path: Path | str = "LIVE_MOS_NAME_REF.txt") -> list[tuple[float, str, str]]:
    """DMOS, name and reference of the distorted images among lines like ``28.0 jp2k/img2.bmp studentsculpture.bmp``.

    Lines with a DMOS of 0 are undistorted copies, 203 of 982, and left out.

    Raises:
        ValueError: For another line.
    """
    found = []
    for line in filter(str.strip, text.splitlines()):
        match = re.fullmatch(r"\s*(-?[\d.]+)\s+(\w+)/(img\d+\.bmp)\s+(\S+\.bmp)\s*", line)
        if not match or match[2] not in FOLDERS:
            raise ValueError(f"{path}: every line must be a score, a name and a reference. Received: {line!r}")
        if float(match[1]) != 0:
            found.append((float(match[1]), f"{match[2]}/{match[3]}", match[4]))
    return found


def _listed(folder: Path) -> list[tuple[float, str, str]]:
    text = folder / "LIVE_MOS_NAME_REF.txt"
    if text.is_file():
        return parse_list(text.read_text(), text)
    scores = next((folder / n for n in ("dmos_realigned.mat", "dmos.mat") if (folder / n).is_file()), None)
    references = folder / "refnames_all.mat"
    if scores is None or not references.is_file():
        instructions = " ".join(Builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
        raise ValueError(f"{folder}: dmos.mat and refnames_all.mat are needed. {instructions} Received: no such files")
    from scipy.io import loadmat

    names = [f"{kind}/img{i}.bmp" for kind, (_, count) in FOLDERS.items() for i in range(1, count + 1)]
    matrix = loadmat(scores)
    dmos = matrix["dmos_new" if "dmos_new" in matrix else "dmos"].ravel()
    original = matrix["orgs"].ravel().astype(bool)
    reference = [str(np.ravel(cell)[0]) for cell in loadmat(references)["refnames_all"].ravel()]
    if not len(names) == len(dmos) == len(original) == len(reference):
        raise ValueError(f"{folder}: the lists must have {len(names)} entries. Received: {len(dmos)}, {len(reference)}")
    listed = zip(dmos.tolist(), names, reference, original, strict=True)
    return [(score, name, of) for score, name, of, undistorted in listed if not undistorted]
