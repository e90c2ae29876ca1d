"""Attacks along the sign of the gradient: FGS (e-lab), FGSM, and the target-class attacks of the NIPS 2017 kit.

Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial examples", ICLR 2015; Kurakin, Goodfellow and
Bengio, "Adversarial examples in the physical world", 2016. Carrara et al. 2018, sections 3.2, 5.1 and 5.2.
"""

from typing import Any

import keras
import numpy as np

from zoo.adversarial.attacks.checks import Clip, batched, checked_classes, checked_images, predicted, units
from zoo.adversarial.gradients import cross_entropy, logits_model, value_and_gradient
from zoo.fidelity import Fidelity, check_fidelity

AUXILIARY_WEIGHT = 0.4


def fgs(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray | None = None,
    eps: float = 1,
    clip: Clip | None = None,
    batch_size: int = 64,
    scale: Clip = (0, 255),
) -> np.ndarray:
    """e-lab's fast gradient sign with its defaults: one grey level, up the loss of the predicted class, not clipped.

    The paper (section 5.1) writes of a random target class at default parameters, which that tool cannot do: it only
    adds. With ``targets``, (n,), the loss of the target goes down instead.

    Args:
        model: A classifier that ends in softmax or logits.
        images: Float (n, height, width, channels), within ``scale``.
        targets: Classes to be predicted, or None.
        eps: Step in grey levels of 255.
        clip: Where to cut the result; None, as the original, does not cut. What leaves ``scale`` is lost when saved.
        batch_size: Images per gradient.
        scale: Value range of the model's images.
    """
    images = checked_images(images, scale)
    step = units(eps, scale)
    wanted = predicted(model, images, batch_size) if targets is None else targets
    signs = _signs(model, images, wanted, batch_size, targeted=targets is not None, main_only=True)
    adversarial = images + step * signs
    return (adversarial if clip is None else np.clip(adversarial, *clip)).astype(np.float32)


def fgsm(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray | None = None,
    eps: float = 16,
    clip: Clip = (0, 255),
    fidelity: Fidelity = "original",
    batch_size: int = 64,
) -> np.ndarray:
    """Attack by FGSM of section 5.2: one step of ``eps`` grey levels.

    ``"original"`` is what the authors ran (cleverhans): untargeted, up the loss of the class the model predicts itself.
    ``"paper"`` is what they print: down the loss of a target class, so it needs ``targets``, (n,).

    Args:
        model: A Keras classifier of one input; of several outputs the first is the classification.
        images: Float (n, height, width, channels) on the scale ``clip``.
        targets: Classes to be predicted, integer (n,), for ``"paper"`` only.
        eps: Strength in grey levels of 0..255, whatever the scale.
        clip: Lowest and highest value of the model's scale.
        fidelity: See above.
        batch_size: Images per step.

    Returns:
        float32, as ``images`` in shape and scale.

    Raises:
        ValueError: For images outside ``clip``, targets that are missing, not wanted or not classes of the model.
    """
    check_fidelity(fidelity)
    if (targets is None) == (fidelity == "paper"):
        received = "none" if targets is None else "some"
        raise ValueError(f"targets belong to fidelity='paper'. Received: {received} with fidelity={fidelity!r}")
    return fgs(model, images, targets, eps, clip, batch_size, scale=clip)


def step_target_class(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    eps: float = 16,
    clip: Clip = (0, 255),
    smoothing: float = 0.1,
    batch_size: int = 64,
) -> np.ndarray:
    """Attack by the kit's single step down the smoothed loss of ``targets``, including an auxiliary head.

    The authors ran it and do not report it. Arguments, result and errors as ``iter_target_class``, whose one step of
    ``eps`` it is.
    """
    return iter_target_class(model, images, targets, eps, eps, 1, clip, smoothing, batch_size)


def iter_target_class(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    eps: float = 16,
    step: float = 1,
    steps: int = 20,
    clip: Clip = (0, 255),
    smoothing: float = 0.1,
    batch_size: int = 64,
) -> np.ndarray:
    """Attack by iter_target_class of section 5.2 (the paper also calls it iter_step_class).

    ``steps`` steps of ``step`` grey levels down the cross-entropy with the target, label smoothing .1, plus .4 times
    that of the auxiliary head where the model has a second output; each step is cut to ``eps`` grey levels around the
    original and to ``clip``.

    Args:
        model: A Keras classifier of one input.
        images: Float (n, height, width, channels) on the scale ``clip``.
        targets: Classes to be predicted, integer (n,).
        eps: Largest change in grey levels of 0..255.
        step: Grey levels per step.
        steps: How many.
        clip: Lowest and highest value of the model's scale.
        smoothing: Of the labels, 0..1.
        batch_size: Images per step.

    Returns:
        float32, as ``images`` in shape and scale.

    Raises:
        ValueError: For images outside ``clip``, targets that are not classes of the model, or steps below 1.
    """
    images = checked_images(images, clip)
    targets = checked_classes(model, targets, len(images), "targets")
    radius, length = units(eps, clip), units(step, clip)
    if steps < 1:
        raise ValueError(f"steps must be at least 1. Received: {steps}")
    gradient = _loss_gradient(model, smoothing)

    def attack(part: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        low, high = np.maximum(part - radius, clip[0]), np.minimum(part + radius, clip[1])
        x = part
        for _ in range(steps):
            x = np.clip(x - length * np.sign(gradient(x, wanted)[1]), low, high)
        return x.astype(np.float32)

    return batched(attack, batch_size, images, targets)


def _signs(
    model: keras.Model, images: np.ndarray, classes: np.ndarray, batch_size: int, targeted: bool, main_only: bool
) -> np.ndarray:
    """Signs of the steps that raise the loss of ``classes`` or, where ``targeted``, lower it."""
    classes = checked_classes(model, classes, len(images), "targets")
    gradient = _loss_gradient(model, 0, main_only)
    signs = batched(lambda x, c: np.sign(gradient(x, c)[1]), batch_size, images, classes)
    return -signs if targeted else signs


def _loss_gradient(model: keras.Model, smoothing: float, main_only: bool = False) -> Any:
    logits = logits_model(model)

    def loss(x: Any, classes: Any) -> Any:
        found = logits(x, training=False)
        main, *auxiliary = found if isinstance(found, list | tuple) else [found]
        total = cross_entropy(main, classes, smoothing)
        for other in [] if main_only else auxiliary:
            total = total + AUXILIARY_WEIGHT * cross_entropy(other, classes, smoothing)
        return total

    return value_and_gradient(loss)
