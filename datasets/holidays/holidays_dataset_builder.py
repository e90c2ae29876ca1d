"""INRIA Holidays (Jegou, Douze and Schmid, ECCV 2008): 1,491 photographs of 500 scenes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from zoo.images import read_image

COUNT = 1491


class Builder(tfds.core.GeneratorBasedBuilder):
    """INRIA Holidays; see README.md in this folder."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
  Download jpg1.tar.gz and jpg2.tar.gz from https://lear.inrialpes.fr/people/jegou/data.php and unpack them into the
  manual folder or folders below it.
  """
    # The package is mapped to another folder than its name says, so that TFDS would not find the files in this folder.

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3), dtype=np.uint8, encoding_format="png"),
                    "name": tfds.features.Text(),
                    "group": np.int32,
                    "query": np.bool_,
                }
            ),
            supervised_keys=("image", "group"),
            homepage="https://lear.inrialpes.fr/people/jegou/data.php",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        return {"test": self._generate_examples(image_paths(Path(dl_manager.manual_dir)))}

    def _generate_examples(self, paths: list[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
        for path in paths:
            name = path.stem
            yield name, {"image": read_image(path), "name": name, "group": group(name), "query": int(name) % 100 == 0}


def image_paths(folder: Path) -> list[Path]:
    """Return the data set's files in or below ``folder``, by name.

    Raises:
        ValueError: Where there is none.
    """
    paths = [p for p in folder.rglob("*") if p.suffix.lower() == ".jpg" and len(p.stem) == 6 and p.stem.isdecimal()]
    if not paths:
        instructions = " ".join(Builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split())
        raise ValueError(
            f"{folder}: {COUNT} files named 100000.jpg to 149901.jpg are needed. {instructions} Received: none"
        )
    return sorted(paths, key=lambda path: path.stem)


def group(name: str) -> int:
    """Return the scene of an image, 0 to 499: names are 100000 plus a hundred times the scene plus the place in it."""
    return int(name) // 100 - 1000
