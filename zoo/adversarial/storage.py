"""Detectors on disk: a folder of JSON, NumPy arrays, a FAISS index and a Keras model; nothing is pickled."""

import json
import zipfile
from pathlib import Path

import faiss
import keras
import numpy as np

from zoo.adversarial import index as neighbours_index
from zoo.adversarial.detector import KNNDetector
from zoo.adversarial.processing import Processing
from zoo.folders import replacing

VERSION = 1
CONFIG, ARRAYS, INDEX, MODEL = "detector.json", "arrays.npz", "neighbours.faiss", "model.keras"


def save(detector: KNNDetector, folder: Path) -> None:
    """Write ``detector``; an existing detector there is replaced.

    Raises:
        ValueError: For a detector that is not fitted, and any other folder or file in that place.
    """
    if detector.index is None:
        raise ValueError("Only a fitted detector can be saved. Received: one without database")
    with replacing(folder, CONFIG, "detector") as partial:
        detector.model.save(partial / MODEL)
        arrays = {"labels": detector.labels}
        arrays |= {n: v for n in ("mean", "matrix") if (v := getattr(detector.processing, n)) is not None}
        np.savez(partial / ARRAYS, **arrays)
        faiss.write_index(detector.index, str(partial / INDEX))
        config = {
            "version": VERSION,
            "layer": detector.layer,
            "k": detector.k,
            "weighting": detector.weighting,
            "processing": detector.processing_name,
            "dimensions": detector.dimensions,
            "pooling": detector.extractor.pooling,
            "index": detector.factory,
            "search": detector.search,
            "batch_size": detector.extractor.batch_size,
            "threshold": detector.threshold,
            "recall": detector.recall,
        }
        (partial / CONFIG).write_text(json.dumps(config, indent=1) + "\n")


def load(folder: Path, model: keras.Model | None = None) -> KNNDetector:
    """Read a detector; arguments and errors as ``KNNDetector.load``."""
    try:
        config = json.loads((folder / CONFIG).read_text())
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        version, threshold, recall = (config.pop(name) for name in ("version", "threshold", "recall"))
        if model is None:
            model = keras.models.load_model(folder / MODEL)
        detector = KNNDetector(model, **config)
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"Not a folder of a saved detector. Received: {folder} ({error})") from error
    if version != VERSION:
        raise ValueError(f"A detector of format {VERSION} is needed. Received: format {version} in {folder}")
    detector.processing = Processing(config["processing"].startswith("l2"), arrays.get("mean"), arrays.get("matrix"))
    detector.labels = arrays["labels"]
    detector.index = neighbours_index.read(folder / INDEX)
    neighbours_index.set_search(detector.index, config["search"])
    if detector.index.ntotal != len(detector.labels):
        raise ValueError(
            f"{folder} must hold as many rows as labels. Received: {detector.index.ntotal}, {len(detector.labels)}"
        )
    detector.threshold, detector.recall = threshold, recall
    return detector
