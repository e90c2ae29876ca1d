"""MIT-Adobe FiveK's RAW files, and the cameras that Korus and Memon (2019) took from it (Table 2)."""

import dataclasses
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from zoo.datasets import keyed, raw_pairs


@dataclasses.dataclass
class MitFivekConfig(tfds.core.BuilderConfig):
    """All cameras or one; ``seed`` decides the split."""

    camera: str = ""
    """Camera name as in the files; empty for all cameras."""
    seed: int = 0


class Builder(tfds.core.GeneratorBasedBuilder):
    """MIT-Adobe FiveK; see README.md in this folder."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}  # noqa: RUF012
    MANUAL_DOWNLOAD_INSTRUCTIONS = """\
  Download the DNG files from https://data.csail.mit.edu/graphics/fivek/ (one archive of about 50 GB), unpack them, and
  put them into the manual folder or folders below it.
  """
    BUILDER_CONFIGS = [  # noqa: RUF012
        MitFivekConfig(name="raw", description="All photographs, split 8:1:1."),
        MitFivekConfig(name="canon_eos_5d", description="The paper's choice for a camera.", camera="Canon EOS 5D"),
        MitFivekConfig(name="canon_eos_40d", description="The paper's choice for a camera.", camera="Canon EOS 40D"),
        MitFivekConfig(name="nikon_d700", description="The paper's choice for a camera.", camera="NIKON D700"),
    ]
    # The package is mapped to another folder than its name says, so that TFDS would not find the files in this folder.

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(raw_pairs.features()),
            supervised_keys=("planes", "target"),
            homepage="https://data.csail.mit.edu/graphics/fivek/",
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Any]:
        config = self.builder_config
        files = raw_pairs.by_name(Path(dl_manager.manual_dir), "DNG", (".dng",), self.MANUAL_DOWNLOAD_INSTRUCTIONS)
        paths = sorted(files.values(), key=lambda path: path.stem)
        parts = (
            raw_pairs.of_one_camera(paths, config.camera, config.seed) if config.camera else split(paths, config.seed)
        )
        return {part: self._generate_examples(listed) for part, listed in parts.items()}

    def _generate_examples(self, paths: list[Path]) -> Any:
        return raw_pairs.of_each(raw_pairs.examples_of, paths)


def split(paths: list[Path], seed: int) -> dict[str, list[Path]]:
    """Divide at least three files 8:1:1, at least one each."""
    order = [paths[i] for i in keyed.permutation(len(paths), seed, 0)]
    tenth = max(1, round(len(paths) / 10))
    parts = {"train": order[2 * tenth :], "validation": order[:tenth], "test": order[tenth : 2 * tenth]}
    return {part: sorted(listed) for part, listed in parts.items()}
