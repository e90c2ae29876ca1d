"""The paper's eight cameras (Korus and Memon 2019, Table 2) in a folder: what TFDS prepared of them, or RAW files.

A folder of cameras is the ``data_dir`` of TensorFlow Datasets with a camera's version of FiveK or RAISE, such as
``mit_fivek/canon_eos_5d/1.0.0`` and ``raise8k/raw_nikon_d90/1.0.0``, which the builders divide as the paper does. A
camera's RAW files may also lie in a sub-folder with its name, ``nikon_d810``: three cameras were the authors' own.
"""

import dataclasses
from pathlib import Path

from zoo.datasets import prepared
from zoo.datasets.developed import Developed
from zoo.experiments.imaging.data import folder


@dataclasses.dataclass(frozen=True)
class RealCamera:
    """A camera of the paper's Table 2."""

    label: str
    """As the paper prints it."""
    dataset: str = ""
    """Of its photographs; empty for the authors' own."""
    config: str = ""

    @property
    def name(self) -> str:
        """As folders are called: ``nikon_d90``."""
        return self.label.lower().replace(" ", "_")


PAPERS = {
    camera.name: camera
    for camera in (
        RealCamera("Canon EOS 5D", "mit_fivek", "canon_eos_5d"),
        RealCamera("Canon EOS 40D", "mit_fivek", "canon_eos_40d"),
        RealCamera("Nikon D5100"),
        RealCamera("Nikon D700", "mit_fivek", "nikon_d700"),
        RealCamera("Nikon D7000", "raise8k", "raw_nikon_d7000"),
        RealCamera("Nikon D750"),
        RealCamera("Nikon D810"),
        RealCamera("Nikon D90", "raise8k", "raw_nikon_d90"),
    )
}
JOINT = ("canon_eos_40d", "canon_eos_5d", "nikon_d7000", "nikon_d90")
"""The four of Tables 4 and S1."""
USUAL = "nikon_d90"
"""That of tables of one camera; of Table 4 the paper does not say whose it is."""


def in_folder(path: Path) -> dict[str, Path]:
    """Return the cameras in a folder of cameras by name, each with what ``zoo.experiments.imaging.data.folder`` reads.

    Empty for any other folder, such as one camera's RAW files.
    """
    path = path.expanduser()
    if not path.is_dir() or prepared.at(path) is not None:
        return {}
    found = {}
    for name, camera in PAPERS.items():
        there = prepared.find(path, camera.dataset, camera.config) if camera.dataset else None
        if there is not None:
            found[name] = there.directory
        elif (path / name).is_dir():
            found[name] = path / name
    return found


def needed(name: str) -> str:
    """Return the photographs that a missing camera's cell needs."""
    camera = PAPERS[name]
    if not camera.dataset:
        return f"RAW files of a {camera.label}, which are the authors' own: --data-dir CAMERAS with {name} in it"
    return f"RAW files of the {camera.label}: --data-dir CAMERAS with {camera.dataset}/{camera.config} in it"


def pictures(
    path: Path, training: int, validation: int, kept: Path | None = None
) -> tuple[list[Developed], list[Developed]]:
    """Training and validation photographs of one camera; ``kept`` as for ``zoo.experiments.imaging.data.folder``."""
    return folder(path, "train", training, kept), folder(path, "validation", validation, kept)
