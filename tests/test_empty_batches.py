"""An empty batch has an empty answer: a folder filtered down to nothing is no error in a user's loop."""

import keras
import numpy as np
import pytest

from zoo.adversarial import KNNDetector
from zoo.adversarial.baselines import CentroidDistance, MaxSoftmax
from zoo.adversarial.deep_knn import DkNN
from zoo.adversarial.lid import LID
from zoo.adversarial.mahalanobis import Mahalanobis
from zoo.contrast.detector import ContrastDetector
from zoo.hyperimage.two_stage import TwoStage
from zoo.imaging.joint.manipulations import default_manipulations
from zoo.layers import (
    DifferentiableJPEG,
    JPEGAugmentation,
    LocalContrastNormalization,
    MinPooling2D,
    jpeg,
)

# No convolutions: TensorFlow's own gives a wrong shape for an empty batch.
LAYERS = [
    DifferentiableJPEG(75),
    DifferentiableJPEG((50, 90)),
    DifferentiableJPEG(75, rounding="sinusoidal"),
    JPEGAugmentation(),
    LocalContrastNormalization(),
    MinPooling2D(2),
    *default_manipulations(),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
@pytest.mark.parametrize("training", [False, True])
def test_layers(layer, training):
    one, none = (np.zeros((n, 32, 32, 3), np.float32) for n in (1, 0))
    kinds = {"training": training} if "training" in layer.call.__code__.co_varnames else {}
    assert tuple(layer(none, **kinds).shape) == (0, *layer(one, **kinds).shape[1:])


def test_jpeg():
    assert tuple(jpeg(np.zeros((0, 32, 48, 3), np.float32), 75).shape) == (0, 32, 48, 3)
    assert "uint8" in str(jpeg(np.zeros((0, 32, 48, 3), np.uint8), 75, value_range=(0, 255)).dtype)


def test_layers_in_a_data_set():
    import tensorflow as tf

    images = np.full((4, 32, 32, 3), 0.5, np.float32)
    for layer in (DifferentiableJPEG(75), DifferentiableJPEG((50, 90))):
        found = tf.data.Dataset.from_tensor_slices(images).filter(lambda x: tf.reduce_max(x) < 0).batch(4).map(layer)
        assert list(found) == []
        graph = tf.function(layer, input_signature=[tf.TensorSpec((None, 32, 32, 3))])
        assert graph(images[:0]).shape == (0, 32, 32, 3)


@pytest.mark.parametrize("kind", [KNNDetector, MaxSoftmax, CentroidDistance, Mahalanobis, LID, DkNN])
def test_detectors_of_adversarial_images(kind):
    keras.utils.set_random_seed(0)
    picture = keras.Input((8, 8, 3))
    features = keras.layers.Conv2D(4, 3, name="maps")(picture)
    flat = keras.layers.Flatten()(features)
    model = keras.Model(picture, keras.layers.Dense(2, "softmax")(flat))
    images = np.random.default_rng(0).uniform(0, 1, (60, 8, 8, 3)).astype(np.float32)
    labels = np.arange(60) % 2
    detector = {
        KNNDetector: lambda: KNNDetector(model, "maps", k=5, dimensions=2).fit((images, labels)),
        MaxSoftmax: lambda: MaxSoftmax(model),
        CentroidDistance: lambda: CentroidDistance(model, "maps").fit((images, labels)),
        Mahalanobis: lambda: Mahalanobis(model, "maps").fit((images, labels)),
        LID: lambda: LID(model, "maps", k=5).fit((images, labels)),
        DkNN: lambda: DkNN(model, ["maps"], k=5).fit((images[:40], labels[:40]), (images[40:], labels[40:])),
    }[kind]()
    scores = detector.score(images[:0])
    assert (scores.shape, scores.dtype) == ((0,), detector.score(images[:3]).dtype)


def test_patches_of_the_contrast_detector():
    scores = ContrastDetector().score_patches(np.zeros((0, 64, 64, 3), np.uint8))
    assert (scores.shape, scores.dtype) == ((0,), np.float32)


def test_two_stages():
    patch, hyper = keras.Input((16, 16, 1)), keras.Input((4, 4, 3))
    features = keras.layers.Dense(3, "relu")(keras.layers.Flatten()(patch))
    first = keras.Model(patch, keras.layers.Dense(1)(features))
    second = keras.Model(hyper, keras.layers.Dense(1)(keras.layers.Flatten()(hyper)))
    stages = TwoStage(first, second)
    none = np.zeros((0, 64, 64, 1), np.float32)
    for images in (none, []):
        assert stages.hyper_images(images).shape == (0, 4, 4, 3)
        assert stages.predict(images).shape == (0,)
        assert stages.predict_patch_average(images).shape == (0,)
