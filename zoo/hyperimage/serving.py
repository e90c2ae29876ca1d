"""The two-stage networks as products: a score of pictures of any size, as ``QualityScorer`` and ``ForgeryDetector``."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from zoo import tensor_resize
from zoo.hyperimage.detector import FORGERY_LARGEST, QUALITY_LARGEST, preprocessing
from zoo.hyperimage.two_stage import TwoStage
from zoo.layers import LocalContrastNormalization
from zoo.serving import Serving, of_pictures


def quality(first: keras.Model, second: keras.Model) -> Serving:
    """Serve the quality networks: ``CNNIQA`` and a second stage."""
    network = TwoStage(first, second, LocalContrastNormalization())
    return _scoring(network, QUALITY_LARGEST, lambda x: x, "9 is undistorted, lower is worse; not people's opinions")


def forgery(channel: keras.Model, second: keras.Model) -> Serving:
    """Serve the forgery networks: ``ForgeryChannel`` and ``ForgeryStageTwo``."""
    network = TwoStage(channel, second, preprocessing())
    return _scoring(network, FORGERY_LARGEST, lambda authentic: 1 - authentic, "0..1, higher for tampered")


def _scoring(network: TwoStage, largest: tuple[int, int], score: Callable[[Any], Any], meaning: str) -> Serving:
    def core(image: Any) -> dict[str, Any]:
        hyper = network.to_hyper_image(tensor_resize.fit_inside(image, largest), training=False)
        # As stored on the way between the stages, see `TwoStage.hyper_images`.
        hyper = ops.cast(ops.cast(hyper, "float16"), "float32")
        return {"score": score(network.second(hyper, training=False)[:, 0])}

    described = {"image": "RGB pictures of any size, one size a batch", "score": meaning}
    return of_pictures(core, [network.to_hyper_image, network.second], described, scale=1.0)
