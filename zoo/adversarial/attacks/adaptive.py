"""Attacks that know the detector: projected gradient on classifier and detector, and one on the deep feature.

A detector that was only tried against attacks unaware of it shows little: Carlini and Wagner, "Adversarial examples are
not easily detected", 2017. The first attack follows Bryniarski et al., "Evading adversarial example detection defenses
with orthogonal projected gradient descent", ICLR 2022; the second Sabour et al., "Adversarial manipulation of deep
representations", ICLR 2016.
"""

from typing import TYPE_CHECKING, Any, Literal, cast

import keras
import numpy as np
from keras import ops

from zoo.adversarial.attacks.checks import Clip, batched, checked_classes, checked_images, units
from zoo.adversarial.gradients import cross_entropy, logits_model, value_and_gradient

if TYPE_CHECKING:
    from zoo.adversarial.detector import KNNDetector
    from zoo.adversarial.processing import Processing


def projected_gradient(
    detector: "KNNDetector",
    images: np.ndarray,
    targets: np.ndarray,
    mode: Literal["selective", "orthogonal"] = "orthogonal",
    eps: float = 16,
    step: float = 1,
    steps: int = 40,
    clip: Clip = (0, 255),
    guides: int = 10,
    batch_size: int = 64,
) -> np.ndarray:
    """Attack classifier (towards ``targets``) and detector by projected gradients, within ``eps`` grey levels.

    The detector's loss is the squared distance of the processed feature from the mean of its ``guides`` nearest
    training images of the target class: near them, equation 2 counts the target class. Each step goes along the sign of
    the gradient of

    - ``"selective"``: the classifier's loss where the image is not yet taken for the target, else the detector's;
    - ``"orthogonal"``: the same choice, less its part along the other gradient, so that what one has won is kept.

    Args:
        detector: A fitted ``KNNDetector``; its model is attacked.
        images: Float (n, height, width, channels) within ``clip``.
        targets: Class to be predicted for each image.
        mode: See above.
        eps: Largest change in grey levels.
        step: Length of a step in grey levels.
        steps: Number of steps.
        clip: Value range of the model's images.
        guides: Training images of the target class to steer for.
        batch_size: Images per gradient.

    Raises:
        ValueError: For an unknown mode, images outside ``clip``, or targets that are not classes of the model.
    """
    if mode not in ("selective", "orthogonal"):
        raise ValueError(f"mode must be 'selective' or 'orthogonal'. Received: {mode!r}")
    images, targets, radius, length = _checked(detector, images, targets, eps, step, clip)
    network = _tapped(detector)
    of_class = value_and_gradient(lambda x, target, guide: cross_entropy(network(x, training=False)[0], target))
    of_feature = value_and_gradient(lambda x, target, guide: _distance(detector, network(x, training=False)[1], guide))

    def attack(part: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        guide = _guides(detector, part, wanted, guides)
        low, high = np.maximum(part - radius, clip[0]), np.minimum(part + radius, clip[1])
        x = part
        for _ in range(steps):
            fooled = ops.convert_to_numpy(network(x, training=False)[0]).argmax(-1) == wanted
            towards_class, towards_feature = of_class(x, wanted, guide)[1], of_feature(x, wanted, guide)[1]
            if mode == "orthogonal":
                towards_class, towards_feature = (
                    _without(towards_class, towards_feature),
                    _without(towards_feature, towards_class),
                )
            gradient = np.where(fooled[:, None, None, None], towards_feature, towards_class)
            x = np.clip(x - length * np.sign(gradient), low, high)
        return x.astype(np.float32)

    return batched(attack, batch_size, images, targets)


def feature_attack(
    detector: "KNNDetector",
    images: np.ndarray,
    targets: np.ndarray,
    eps: float = 16,
    step: float = 1,
    steps: int = 40,
    clip: Clip = (0, 255),
    guides: int = 10,
    weight: float = 1.0,
    batch_size: int = 64,
) -> np.ndarray:
    """Move classification and deep feature to the target class, by the sum of both losses.

    The loss is the classifier's cross-entropy with the target plus ``weight`` times the squared distance of
    ``projected_gradient``, divided by the distance at the start so that both count about the same on every layer.
    Arguments, shapes and errors as there.
    """
    images, targets, radius, length = _checked(detector, images, targets, eps, step, clip)
    network = _tapped(detector)

    def loss(x: Any, target: Any, guide: Any, first: Any) -> Any:
        logits, feature = network(x, training=False)
        return cross_entropy(logits, target) + weight * _distance(detector, feature, guide) / first

    gradient = value_and_gradient(loss)

    def attack(part: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        guide = _guides(detector, part, wanted, guides)
        start = ops.convert_to_numpy(_distance(detector, network(part, training=False)[1], guide))
        first = np.maximum(start, 1e-6)
        low, high = np.maximum(part - radius, clip[0]), np.minimum(part + radius, clip[1])
        x = part
        for _ in range(steps):
            x = np.clip(x - length * np.sign(gradient(x, wanted, guide, first)[1]), low, high)
        return x.astype(np.float32)

    return batched(attack, batch_size, images, targets)


def _checked(
    detector: "KNNDetector", images: np.ndarray, targets: np.ndarray, eps: float, step: float, clip: Clip
) -> tuple[np.ndarray, np.ndarray, float, float]:
    images = checked_images(images, clip)
    targets = checked_classes(detector.model, targets, len(images), "targets")
    return images, targets, units(eps, clip), units(step, clip)


def _tapped(detector: "KNNDetector") -> keras.Model:
    """Return the logits and pooled feature of the detector's layer, differentiable."""
    logits = logits_model(detector.model).outputs[0]
    feature = detector.extractor.network.outputs[1]
    return keras.Model(detector.model.inputs[0], [logits, feature], name="attacked")


def _guides(detector: "KNNDetector", images: np.ndarray, targets: np.ndarray, count: int) -> np.ndarray:
    """Return the mean of the processed features of the target class's images nearest to each image, (n, d)."""
    features = detector.extractor(images)[1][detector.layer]
    rows = [detector.nearest_of_class(f, int(t), count) for f, t in zip(features, targets, strict=True)]
    return np.stack([detector.vectors(found).mean(0) for found in rows])


def _distance(detector: "KNNDetector", feature: Any, guide: Any) -> Any:
    processing = cast("Processing", detector.processing)  # of a fitted detector, as its guides are
    return ops.sum((processing(feature) - guide) ** 2, axis=-1)


def _without(gradient: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return ``gradient`` without its component along ``other``, for each image."""
    axes = (1, 2, 3)
    along = (gradient * other).sum(axes, keepdims=True)
    return gradient - other * (along / np.maximum((other * other).sum(axes, keepdims=True), 1e-30))
