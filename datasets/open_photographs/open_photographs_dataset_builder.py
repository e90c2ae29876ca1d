"""1,377 real photographs under open licences, from public repositories, split for training and testing."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from zoo.datasets.open_photographs import download
from zoo.datasets.open_photographs.listing import ROWS, SPLITS, Row, path_of, read


@dataclasses.dataclass
class OpenPhotographsConfig(tfds.core.BuilderConfig):
    """The parts that are used, or whole photographs."""

    whole: bool = False
    """Whole photographs, averaged in the same way, instead of parts of at most 512 pixels."""


class Builder(tfds.core.GeneratorBasedBuilder):
    """Open photographs; see README.md in this folder."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
  The photographs are downloaded automatically, from the repositories that photographs.tsv names. A folder filled by
  `zoo download open_photographs --output FOLDER` can be used as the manual folder instead.
  """
    BUILDER_CONFIGS = [  # noqa: RUF012
        OpenPhotographsConfig(name="parts", description="Parts of at most 512 pixels, with listed checksums."),
        OpenPhotographsConfig(name="whole", description="Whole photographs, made smaller.", whole=True),
    ]
    rows: ClassVar[Sequence[Row]] = ROWS
    address: ClassVar[str] = download.ADDRESS
    # The package is mapped to another folder than its name says, so that TFDS would not find the files in this folder.

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3), dtype=np.uint8, encoding_format="png"),
                    "name": tfds.features.Text(),
                    "source": tfds.features.Text(),
                    "origin": tfds.features.Text(),
                    "licence": tfds.features.Text(),
                    "note": tfds.features.Text(),
                }
            ),
            homepage="https://github.com",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        folder = self._folder(dl_manager)
        return {split: self._generate_examples(folder, split) for split in SPLITS}

    def _folder(self, dl_manager: tfds.download.DownloadManager) -> Path:
        """Return the manual folder where it holds photographs, else one that they are downloaded into."""
        whole = self.builder_config.whole
        try:
            given = Path(dl_manager.manual_dir)
        except (AssertionError, OSError):  # TFDS's way to say that there is none
            given = None
        if given is not None and any(path_of(row, given) for row in self.rows):
            return given
        folder = Path(dl_manager.download_dir) / ("open_photographs_whole" if whole else "open_photographs")
        found = download.download(self.rows, folder, whole, self.address, progress=True)
        logging.info("open_photographs: %s", found)
        return folder

    def _generate_examples(self, folder: Path, split: str) -> Iterator[tuple[str, dict[str, Any]]]:
        rows = [row for row in self.rows if row.split == split]
        missing = 0
        for row in rows:
            path = path_of(row, folder)
            if path is None:
                missing += 1
                continue
            # A folder of the other configuration is refused: its photographs are not the listed ones.
            image = read(row, path, self.builder_config.whole)
            yield (
                row.name,
                {
                    "image": image,
                    "name": row.name,
                    "source": row.source,
                    "origin": row.origin,
                    "licence": row.licence,
                    "note": row.note,
                },
            )
        logging.info("open_photographs: %d of %d photographs of %s", len(rows) - missing, len(rows), split)
