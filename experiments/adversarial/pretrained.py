"""Store the small trained networks as small files with checksum and provenance."""

import json
from importlib.metadata import version
from pathlib import Path

import keras

import zoo.weights
from zoo.experiments.adversarial.data import pictures
from zoo.experiments.adversarial.training import NETWORKS, accuracy
from zoo.experiments.table import device
from zoo.images import atomic

NAMES = {name: f"adversarial-{name}.digits" for name in NETWORKS}


def pack_all(folder: Path, dataset: str = "embedded") -> dict[Path, tuple[float, float]]:
    """Pack the networks that ``pretrain`` left in ``folder`` beside them, for ``zoo reproduce --weights``.

    Returns the files with the share of test pictures classified right before and after packing.
    """
    images, labels = pictures(dataset, "test")
    written = {}
    for name, build in NETWORKS.items():
        trained = keras.models.load_model(folder / f"{name}.keras")
        path = folder / f"{name}.npz"
        zoo.weights.pack(trained, path)
        packed = build(trained.inputs[0].shape[1:], trained.outputs[0].shape[-1], weights=path)
        written[path] = (accuracy(trained, images, labels), accuracy(packed, images, labels))
    return written


def install(folder: Path, command: str) -> None:
    """Copy the packed digits networks of ``folder`` into the package and list them in ``weights.json``."""
    package = zoo.weights.INDEX.parent
    index = json.loads(zoo.weights.INDEX.read_text())
    for name, stored in NAMES.items():
        entry = json.loads((folder / f"{name}.json").read_text())
        target = package / "adversarial" / "weights" / f"{stored}.npz"
        target.parent.mkdir(exist_ok=True)
        with atomic(target) as partial:
            partial.write_bytes((folder / f"{name}.npz").read_bytes())
        index[stored] = {
            "file": str(target.relative_to(package)),
            "sha256": zoo.weights.sha256(target),
            "bytes": target.stat().st_size,
            "bits": "8",
            "command": command,
            "data": "scikit-learn's digits, the first 1,200",
            "commit": entry["commit"],
            "seconds": int(entry["seconds"]),
            "device": device(),
            "licence": f"Apache-2.0, forensics-zoo {version('forensics-zoo')}",
        }
    with atomic(zoo.weights.INDEX) as partial:
        partial.write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
