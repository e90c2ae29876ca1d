"""Attacks on any Keras classifier: those of Carrara et al. 2018, and two that know the detector.

All take and return float32 images, (n, height, width, channels), on the scale the model takes, given by ``clip``;
``to_8_bits`` makes of them what an image file can hold.
"""

from zoo.adversarial.attacks.adaptive import feature_attack, projected_gradient
from zoo.adversarial.attacks.gradient_sign import fgs, fgsm, iter_target_class, step_target_class
from zoo.adversarial.attacks.lbfgs import lbfgs
from zoo.adversarial.attacks.noise import noop, random_noise
from zoo.adversarial.attacks.saving import stretched, to_8_bits

__all__ = [
    "feature_attack",
    "fgs",
    "fgsm",
    "iter_target_class",
    "lbfgs",
    "noop",
    "projected_gradient",
    "random_noise",
    "step_target_class",
    "stretched",
    "to_8_bits",
]
