"""Make art_attacks.npz: FGSM and the iterative attack of the Adversarial Robustness Toolbox on a tiny Keras classifier.

Command: python tests/parity/make_art_attacks.py   (needs adversarial-robustness-toolbox 1.20 and PyTorch)
"""

import sys
from pathlib import Path

import keras
import numpy as np
from art.attacks.evasion import BasicIterativeMethod, FastGradientMethod
from art.estimators.classification import TensorFlowV2Classifier

sys.path.insert(0, str(Path(__file__).parent.parent / "adversarial"))
from conftest import tiny_classifier


def main() -> None:
    """Write art_attacks.npz beside this file."""
    rng = np.random.default_rng(0)
    model = tiny_classifier()
    weights = [rng.normal(0, 0.3, w.shape).astype(np.float32) for w in model.get_weights()]
    model.set_weights(weights)
    images = rng.integers(0, 256, (8, 12, 12, 3)).astype(np.float32)
    targets = rng.integers(0, 4, 8)
    classifier = TensorFlowV2Classifier(
        model,
        nb_classes=4,
        input_shape=(12, 12, 3),
        loss_object=keras.losses.CategoricalCrossentropy(),
        clip_values=(0, 255),
    )
    one_hot = np.eye(4, dtype=np.float32)[targets]
    found = {
        "fgsm": FastGradientMethod(classifier, eps=16).generate(images),
        "fgsm_targeted": FastGradientMethod(classifier, eps=16, targeted=True).generate(images, one_hot),
        "iterative_targeted": BasicIterativeMethod(
            classifier, eps=16, eps_step=1, max_iter=20, targeted=True, verbose=False
        ).generate(images, one_hot),
    }
    arrays = {f"weight_{i}": w for i, w in enumerate(weights)} | {"images": images.astype(np.uint8), "targets": targets}
    path = Path(__file__).with_name("art_attacks.npz")
    np.savez_compressed(path, **arrays, **{name: value.astype(np.float32) for name, value in found.items()})


if __name__ == "__main__":
    main()
