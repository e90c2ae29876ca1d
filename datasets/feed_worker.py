"""What a worker process of ``zoo.datasets.feed.Feed`` runs. Nothing is imported here that takes time."""

import os
import sys
import tempfile
from typing import Any

from zoo.worker_process import follow_parent

_here: dict[str, Any] = {}
"""The batches whose parts this process makes."""


def begin(batches: bytes) -> None:
    """Take over batches, as cloudpickle packed them; what their modules log while they are imported is dropped."""
    follow_parent()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            import cloudpickle
            import cv2

            cv2.setNumThreads(1)
            _here["batches"] = cloudpickle.loads(batches)
        except BaseException:
            said.seek(0)
            os.write(kept, said.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


def make(key: tuple[int, ...]) -> Any:
    """Make the part ``key`` of a batch."""
    return _here["batches"].make(key)
