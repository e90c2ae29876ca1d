"""Put packed weights into the package, with checksum and provenance."""

import json
from importlib.metadata import version
from pathlib import Path

import zoo.weights
from zoo.experiments.table import device
from zoo.images import atomic


def install(paper: str, packed: Path, history: list[dict], bits: str, command: str, data: str) -> None:
    """Copy a packed file to ``zoo/<paper>/weights`` and list it in ``weights.json`` under its stem.

    Args:
        paper: The family.
        packed: What ``zoo.weights.pack`` wrote.
        history: The epochs that led to it, as ``fitting.SavedState`` logs them: their seconds are added up.
        bits: How it is packed.
        command: How to train it again.
        data: What it was trained on.
    """
    package = zoo.weights.INDEX.parent
    index = json.loads(zoo.weights.INDEX.read_text())
    target = package / paper / "weights" / packed.name
    target.parent.mkdir(exist_ok=True)
    with atomic(target) as partial:
        partial.write_bytes(packed.read_bytes())
    index[packed.stem] = {
        "file": str(target.relative_to(package)),
        "sha256": zoo.weights.sha256(target),
        "bytes": target.stat().st_size,
        "bits": bits,
        "command": command,
        "data": data,
        "commit": history[-1]["commit"],
        "seconds": int(sum(entry["seconds"] for entry in history)),
        "device": device(),
        "licence": f"Apache-2.0, forensics-zoo {version('forensics-zoo')}",
    }
    with atomic(zoo.weights.INDEX) as partial:
        partial.write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")
