"""ContactSheet: save example pictures of a steganography network after every training epoch."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from zoo.images import write_png
from zoo.levels import to_levels

Sheet = Callable[[list[tuple[np.ndarray, ...]]], np.ndarray]


class ContactSheet(keras.callbacks.Callback):
    """Writes a contact sheet of some pairs after every epoch: ``folder/epoch-0001.png``, ...

    Args:
        covers: uint8 RGB (n, height, width, 3), of a size that the model accepts.
        secrets: As ``covers``.
        folder: Output folder; created if missing.
        sheet: Function from rows of (cover, container, secret, revealed), uint8, to one picture; for instance
            ``zoo.steganography.contact_sheet.contact_sheet``.

    Raises:
        ValueError: For images that are not uint8 of one shape (n, height, width, 3).
    """

    def __init__(self, covers: np.ndarray, secrets: np.ndarray, folder: str | Path, sheet: Sheet) -> None:
        super().__init__()
        covers, secrets = np.asarray(covers), np.asarray(secrets)
        if covers.dtype != np.uint8 or secrets.dtype != np.uint8 or covers.ndim != 4 or covers.shape != secrets.shape:
            raise ValueError(
                "covers and secrets must be uint8 (n, height, width, 3) of one shape. "
                f"Received: {covers.dtype} {covers.shape} and {secrets.dtype} {secrets.shape}"
            )
        self.covers, self.secrets, self.folder, self.sheet = covers, secrets, Path(folder), sheet

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Hide, reveal and write the sheet."""
        inputs = {"cover": self.covers.astype(np.float32) / 255, "secret": self.secrets.astype(np.float32) / 255}
        outputs = self.model.predict_on_batch(inputs)
        container, revealed = (to_levels(255 * outputs[part]) for part in ("container", "revealed"))
        self.folder.mkdir(parents=True, exist_ok=True)
        rows: list[tuple[np.ndarray, ...]] = list(zip(self.covers, container, self.secrets, revealed, strict=True))
        write_png(self.folder / f"epoch-{epoch + 1:04d}.png", self.sheet(rows))
