"""Store trained ContrastNets as small files with checksum and provenance."""

import json
from importlib.metadata import version
from pathlib import Path

import keras

import zoo.weights
from zoo.experiments.table import commit, device
from zoo.images import atomic

BITS = {"fc": 6}
"""The dense layer holds two thirds of the parameters and bears 6 bits; measured in the family's README."""
NAMES = {
    "unaware": "contrast-unaware.generated",
    "aware": "contrast-aware.generated",
    "control": "contrast-round-trip.generated",
}


def store(folder: Path, scale: str, seed: int) -> list[Path]:
    """Pack the models that ``pretrain`` left in ``folder`` into the package and list them in ``weights.json``.

    At `smoke` nothing of the package is touched: the files go to ``folder``.
    """
    package = Path(zoo.weights.__file__).parent
    index = json.loads(zoo.weights.INDEX.read_text())
    written = []
    seconds = 0
    for step, name in NAMES.items():
        history = json.loads((folder / f"{step}.json").read_text())
        seconds += int(sum(entry["seconds"] for entry in history))
        file = f"contrast/weights/{name}.npz" if scale != "smoke" else f"{name}.npz"
        path = (package if scale != "smoke" else folder) / file
        zoo.weights.pack(keras.models.load_model(folder / f"{step}.keras"), path, BITS)
        index[name] = {
            "file": file,
            "sha256": zoo.weights.sha256(path),
            "bytes": path.stat().st_size,
            "bits": "8, fc 6",
            "command": f"zoo pretrain contrast --scale {scale} --seed {seed}",
            "data": "generated dead-leaves scenes",
            "commit": commit(),
            "seconds": seconds,
            "device": device(),
            "licence": f"Apache-2.0, forensics-zoo {version('forensics-zoo')}",
        }
        written.append(path)
    if scale != "smoke":
        with atomic(zoo.weights.INDEX) as partial:
            partial.write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
    return written
