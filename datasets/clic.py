"""Photographs of the CLIC 2020 challenge (learned image compression), downloaded and stored by TensorFlow Datasets."""

from pathlib import Path
from typing import Any

import numpy as np

SPLITS = ("train", "validation", "test")


def clic_source(split: str, data_dir: Path | None = None) -> Any:
    """Return a split of TFDS's ``clic`` with random access: ``source[i]["image"]`` is uint8 (height, width, 3).

    The first call downloads all splits (some 7 GB) to ``data_dir``, TFDS's own folder by default, and keeps them.

    Raises:
        ValueError: For another split, or where the data set is neither there nor to be downloaded.
    """
    if split not in SPLITS:
        raise ValueError(f"The splits of CLIC are {', '.join(SPLITS)}. Received: {split!r}")
    import requests
    import tensorflow_datasets as tfds

    # array_record, unlike TFRecord, lets one photograph be read without those before it.
    builder = tfds.builder("clic", data_dir=data_dir, file_format="array_record")
    try:
        if not builder.data_path.exists():
            # TFDS would try again for minutes, with a warning each time.
            requests.head(next(iter(builder.url_infos)), timeout=20)
            builder.download_and_prepare()
    except Exception as error:  # no network, no space, a moved file, a wrong checksum: each has its own type
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            "CLIC cannot be downloaded; the first use needs an internet connection. Or give a folder of photographs. "
            f"Received: {type(error).__name__}: {reason}"
        ) from error
    return builder.as_data_source(split)


def as_rgb(image: np.ndarray) -> np.ndarray:
    """Repeat a grey image, of which CLIC has some, in three channels: uint8 (height, width, 3)."""
    image = np.asarray(image)
    if image.ndim == 2:
        image = image[..., None]
    return np.ascontiguousarray(np.broadcast_to(image[..., :3], (*image.shape[:2], 3)))
