"""Put trained weights into the package: the file, and its line in ``weights.json``."""

import json
from importlib.metadata import version
from pathlib import Path

import zoo.weights
from zoo.experiments.table import device
from zoo.images import atomic


def store(
    name: str, packed: Path, family: str, *, bits: str, command: str, data: str, commit: str, seconds: int
) -> None:
    """Copy ``packed`` (of ``zoo.weights.pack``) to ``zoo/<family>/weights`` and list it as ``name``."""
    package = zoo.weights.INDEX.parent
    target = package / family / "weights" / f"{name}.npz"
    target.parent.mkdir(exist_ok=True)
    with atomic(target) as partial:
        partial.write_bytes(packed.read_bytes())
    index = json.loads(zoo.weights.INDEX.read_text())
    index[name] = {
        "file": str(target.relative_to(package)),
        "sha256": zoo.weights.sha256(target),
        "bytes": target.stat().st_size,
        "bits": bits,
        "command": command,
        "data": data,
        "commit": commit,
        "seconds": seconds,
        "device": device(),
        "licence": f"Apache-2.0, forensics-zoo {version('forensics-zoo')}",
    }
    with atomic(zoo.weights.INDEX) as partial:
        partial.write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
