"""Detectors on disk: a folder of JSON, NumPy arrays, a FAISS index and a Keras model; nothing is pickled."""

import json
from pathlib import Path
from typing import Any

import faiss
import keras
import numpy as np

from zoo.adversarial import index as neighbours_index
from zoo.adversarial.processing import Processing
from zoo.folders import replacing
from zoo.weight_files import NOT_READABLE, check_keras_file, shapes_of

VERSION = 1
LARGEST = 10**9
"""Numbers in the largest matrix of a processing that is read."""
CONFIG, ARRAYS, INDEX, MODEL = "detector.json", "arrays.npz", "neighbours.faiss", "model.keras"
FILES = (CONFIG, ARRAYS, INDEX, MODEL)


def write(
    folder: Path,
    model: keras.Model,
    index: Any,
    labels: np.ndarray,
    processing: Processing,
    config: dict[str, Any],
) -> None:
    """Write the parts of a detector and replace an existing one; ``labels`` is (n,), ``config`` is JSON.

    Raises:
        ValueError: For any other folder or file in that place.
    """
    with replacing(folder, CONFIG, "detector") as partial:
        model.save(partial / MODEL)
        arrays: dict[str, Any] = {"labels": labels}  # Any, since savez also has a keyword that is no array
        arrays |= {n: v for n in ("mean", "matrix") if (v := getattr(processing, n)) is not None}
        np.savez(partial / ARRAYS, **arrays)
        faiss.write_index(index, str(partial / INDEX))
        (partial / CONFIG).write_text(json.dumps({"version": VERSION, **config}, indent=1) + "\n")


def read_config(folder: Path) -> dict[str, Any]:
    """Read the ``config`` that ``write`` wrote.

    Raises:
        ValueError: For a folder that holds no detector, or one of another format.
    """
    for name in FILES:
        if (folder / name).exists() and not (folder / name).is_file():  # a pipe might never end
            raise not_a_detector(folder, OSError(f"{name} is not a regular file"))
    try:
        config = json.loads((folder / CONFIG).read_text())
        version = config.pop("version")
    except (*NOT_READABLE, AttributeError) as error:
        raise not_a_detector(folder, error) from error
    if version != VERSION:
        raise ValueError(f"A detector of format {VERSION} is needed. Received: format {version} in {folder}")
    return config


def read_model(folder: Path) -> keras.Model:
    """Return the classifier.

    Raises:
        ValueError: For a file that is missing or damaged.
    """
    try:
        check_keras_file(folder / MODEL)
        return keras.models.load_model(folder / MODEL)
    except NOT_READABLE as error:
        raise not_a_detector(folder, error) from error


def read_database(folder: Path, processing: str) -> tuple[Any, np.ndarray, Processing]:
    """Return the memory-mapped index, the rows' classes, (n,), and the processing of features.

    Raises:
        ValueError: For files that are missing or damaged, or do not fit each other.
    """
    index = neighbours_index.read(folder / INDEX)
    try:
        shapes = shapes_of(folder / ARRAYS)
        if shapes["labels"] != (index.ntotal,):
            raise ValueError(f"{index.ntotal} rows in the index, and labels of shape {shapes['labels']}")
        if any(int(np.prod(shape)) > LARGEST for name, shape in shapes.items() if name != "labels"):
            raise ValueError(f"a processing larger than any features: {shapes}")
        with np.load(folder / ARRAYS, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        labels = arrays["labels"]
    except NOT_READABLE as error:
        raise not_a_detector(folder, error) from error
    return index, labels, Processing(processing.startswith("l2"), arrays.get("mean"), arrays.get("matrix"))


def not_a_detector(folder: Path, error: Exception) -> ValueError:
    """Return the error for a folder that holds no detector."""
    return ValueError(f"Not a folder of a saved detector. Received: {folder} ({error})")
