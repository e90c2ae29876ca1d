"""QualitySweep: measure a detector at several JPEG qualities after every training epoch."""

import csv
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from zoo.images import atomic
from zoo.metrics import auc

Compress = Callable[[np.ndarray, int], np.ndarray]


class QualitySweep(keras.callbacks.Callback):
    """Adds the validation AUC at each quality to the logs of every epoch, and to a CSV.

    Logs get ``val_auc_q<quality>`` (``val_auc_none`` for quality 0), so a later ``ModelCheckpoint`` or
    ``EarlyStopping`` in the list can monitor them. The images are compressed once, at the start of the training.

    Args:
        images: uint8 RGB, (n, height, width, 3).
        labels: (n,), 0 for the negative and 1 for the positive class; both must occur.
        compress: ``compress(image, quality) -> image``, for instance ``zoo.datasets.jpeg.compress``; not called for
            quality 0, which means uncompressed.
        qualities: The qualities.
        preprocess: From uint8 images to the model's input; by default float32 divided by 255.
        score: Function from the model's output to one score per image, higher for positive; by default the last column.
        path: CSV to write, with the epoch and one column per quality; None for no CSV.
        batch_size: Images per forward pass.

    Raises:
        ValueError: For images that are not uint8 of rank 4, labels that do not fit or lack a class, no quality.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        compress: Compress,
        qualities: tuple[int, ...] = (0, 100, 98, 95, 90, 85, 80),
        preprocess: Callable[[np.ndarray], np.ndarray] | None = None,
        score: Callable[[np.ndarray], np.ndarray] | None = None,
        path: str | Path | None = None,
        batch_size: int = 64,
    ) -> None:
        super().__init__()
        images, labels = np.asarray(images), np.asarray(labels)
        if images.dtype != np.uint8 or images.ndim != 4:
            raise ValueError(f"images must be uint8 (n, height, width, 3). Received: {images.dtype} {images.shape}")
        if labels.shape != images.shape[:1] or set(np.unique(labels)) != {0, 1}:
            raise ValueError(
                f"labels must be 0 or 1, one per image, with both present. Received: {labels.shape} {labels[:8]}"
            )
        if not qualities:
            raise ValueError(f"qualities must have at least one entry. Received: {qualities}")
        self.images, self.labels, self.compress, self.qualities = images, labels, compress, tuple(qualities)
        self.preprocess = preprocess or _unit_range
        self.score = score or _last_column
        self.path, self.batch_size = Path(path) if path else None, batch_size
        self._inputs: dict[int, np.ndarray] = {}

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Compress the images at every quality."""
        for quality in self.qualities:
            images = self.images
            if quality:
                images = np.stack([self.compress(image, quality) for image in images])
            self._inputs[quality] = images

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Measure, log and write the CSV's line."""
        values = {}
        for quality, images in self._inputs.items():
            outputs = [
                self.score(np.asarray(self.model.predict_on_batch(self.preprocess(images[i : i + self.batch_size]))))
                for i in range(0, len(images), self.batch_size)
            ]
            scores = np.concatenate(outputs)
            values[f"val_auc_q{quality}" if quality else "val_auc_none"] = auc(
                scores[self.labels == 0], scores[self.labels == 1]
            )
        if logs is not None:
            logs.update(values)
        if self.path is not None:
            self._write(self.path, epoch, values)

    def _write(self, path: Path, epoch: int, values: dict[str, float]) -> None:
        """Rewrite the CSV with this epoch's line, so that a resumed training replaces what it repeats."""
        rows: list[dict[str, str]] = []
        if path.is_file():
            with open(path, newline="") as file:
                rows = [row for row in csv.DictReader(file) if int(row["epoch"]) < epoch + 1]
        rows.append({"epoch": str(epoch + 1)} | {name: f"{value:.6f}" for name, value in values.items()})
        with atomic(path) as partial, open(partial, "w", newline="") as file:
            writer = csv.DictWriter(file, ["epoch", *values], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)


def _unit_range(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float32) / 255


def _last_column(outputs: np.ndarray) -> np.ndarray:
    return outputs.reshape(len(outputs), -1)[:, -1]
