"""The detector as a SavedModel: `zoo export median-streaking.untrained DIR`."""

import keras

from zoo.serving import Serving, of_pictures


def score(model: keras.Model) -> Serving:
    """Serve a ``StreakingNet``: RGB pictures of any size to a score each."""
    meaning = {"image": "RGB pictures, one size a batch", "score": "0..1, higher: median filtering is likelier"}
    return of_pictures(lambda image: {"score": model(image)[:, 0]}, [model], meaning, scale=1.0)
