"""Products without networks that experiments/test_score.py has workers use; they import them by name."""

import os
import signal
from pathlib import Path

from zoo.experiments.cli.score_pictures import Answer, Product, Scale, Scorer

SCALE = Scale("brighter", 0, 255)


def _scorer(weights):
    if folder := os.environ.get("SCORES_JOB"):  # a note for every time that networks are loaded
        (Path(folder) / f"loaded.{os.getpid()}.{os.urandom(4).hex()}").touch()

    def answer(image):
        if image.shape[:2] == (13, 13):
            os.kill(os.getpid(), signal.SIGKILL)
        if image.shape[:2] == (11, 11):
            raise ValueError("not for\nthis product")
        return Answer({"score": float(image.mean()) / 3}, "")

    return Scorer(answer, SCALE, "a note", (), ("score",), patch=16)


PRODUCT = Product(lambda given: (), _scorer, lambda values: values["score"], SCALE)
PLACE = "scores_job:PRODUCT"
