"""The adversarial protocol: ImageNet as TFDS prepares it, OverFeat's own file of weights, the NIPS 2017 DEV set.

The networks start from random numbers, and what they say of a picture is its class, of two in three.
"""

import csv
import dataclasses
import io
from functools import partial

import keras
import numpy as np
import pytest
from imagenet_files import prepare
from paper_cut import CUT
from PIL import Image

from zoo.adversarial import InceptionV3, OverFeatFast, overfeat
from zoo.datasets import keyed
from zoo.datasets.embedded import generate_scene
from zoo.experiments.adversarial import feature_files, imagenet, problems
from zoo.experiments.adversarial.data import centre
from zoo.experiments.adversarial.evaluation_cache import evaluation_of
from zoo.images import read_image, write_png

pytestmark = pytest.mark.paper


@pytest.fixture
def cut(monkeypatch):
    """The protocol with few neighbours, components and evaluations, and features that go to files all the same."""
    scale = dataclasses.replace(
        problems.SCALES["paper"],
        evaluations=CUT.adversarial_evaluations,
        few=CUT.adversarial_few,
        bootstrap=CUT.adversarial_bootstrap,
    )
    monkeypatch.setitem(problems.SCALES, "paper", scale)
    monkeypatch.setattr(imagenet, "K", CUT.adversarial_neighbours)
    monkeypatch.setattr(imagenet, "DIMENSIONS", CUT.adversarial_components)
    monkeypatch.setattr(feature_files, "IN_MEMORY", 0)
    monkeypatch.setattr(feature_files, "ROWS", CUT.adversarial_rows)
    yield
    evaluation_of.cache_clear()


def _pictures(count, height, width):
    """JPEG files: parts of a few scenes, since a thousand of them would take minutes."""
    scenes = [generate_scene(keyed.generator(18, n), 2 * height, 2 * width) for n in range(6)]
    for number in range(count):
        rng = keyed.generator(19, number)
        top, left = rng.integers(0, height), rng.integers(0, width)
        part = scenes[number % len(scenes)][top : top + height, left : left + width]
        file = io.BytesIO()
        Image.fromarray(np.clip(part * rng.uniform(0.5, 1.5), 0, 255).astype(np.uint8)).save(file, "JPEG", quality=95)
        yield file.getvalue()


def _seen(files, side, floor):
    """Pictures of JPEG files as the protocol brings them to the network's size."""
    import tensorflow as tf

    return np.stack([centre(tf.io.decode_jpeg(file).numpy(), side, floor) for file in files])


def _level(model, last, images):
    """Move the last biases so that no class is predicted of every picture, and return the classes of ``images``."""
    layer = model.get_layer(last)
    logits = np.log(np.maximum(model.predict(images.astype(np.float32), verbose=0, batch_size=8), 1e-30))
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, bias - logits.mean(0)])
    return model.predict(images.astype(np.float32), verbose=0, batch_size=8).argmax(-1)


def _one_in_three_wrong(classes, count):
    return [int(c + (n % 3 == 0)) % count for n, c in enumerate(classes)]


def _save_as_the_authors(model, path):
    """Write OverFeat's file: kernels (out, in, height, width) and biases, classes in the development kit's order."""
    order = overfeat.development_kit_order()
    layers = [layer for layer in model.layers if layer.name.startswith("conv") or layer.name in LINEAR]
    parts = []
    for layer in layers:
        kernel, bias = layer.get_weights()
        kernel = kernel.transpose(3, 2, 0, 1)
        if layer.name == "fc8":
            sorted_kernel, sorted_bias, kernel, bias = kernel, bias, np.empty_like(kernel), np.empty_like(bias)
            kernel[order], bias[order] = sorted_kernel, sorted_bias
        parts += [kernel.ravel(), bias]
    np.concatenate(parts).astype("<f4").tofile(path)


LINEAR = ("fc6_linear", "fc7_linear", "fc8")


def test_overfeat(workplace, cut, monkeypatch, done, command, papers_numbers):
    narrow = partial(OverFeatFast, widths=CUT.adversarial_widths)
    monkeypatch.setattr(imagenet, "OverFeatFast", narrow)
    train = list(_pictures(imagenet.CLASSES, 240, 250))  # a detector needs pictures of every class
    validation = list(_pictures(CUT.adversarial_validation, 250, 240))
    model = narrow()
    classes = _level(model, "fc8", _seen(validation, overfeat.SIDE, True))
    labels = _one_in_three_wrong(classes, imagenet.CLASSES)
    (workplace / "WEIGHTS").mkdir()
    _save_as_the_authors(model, workplace / "WEIGHTS" / "net_weight_0")
    splits = {"train": zip(train, range(len(train)), strict=True), "validation": zip(validation, labels, strict=True)}
    prepare(workplace / "DATA", {name: list(pairs) for name, pairs in splits.items()}, "tfrecord")

    written, original = [], feature_files._write_progress

    def write_progress(folder, rows):
        original(folder, rows)
        written.append(rows)
        if len(written) == 2:  # the first says that there are none
            raise KeyboardInterrupt

    given = ("--scale", "paper", "--dataset", "imagenet2012", "--data-dir", workplace / "DATA")
    given += ("--weights", workplace / "WEIGHTS")
    with monkeypatch.context() as patch:
        patch.setattr(feature_files, "_write_progress", write_progress)
        assert command("reproduce", "adversarial", "table-2", *given)[0] == 130
    assert 0 < written[1] < len(train)
    evaluation_of.cache_clear()  # as in a new process
    started, files = [], imagenet._examples

    def examples(builder, split, start=0):
        started.append((split, start))
        return files(builder, split, start)

    monkeypatch.setattr(imagenet, "_examples", examples)
    for table in ("table-2", "table-3", "figure-2", "figure-3", "figure-4"):
        done("reproduce", "adversarial", table, *given)
    assert ("train", written[1]) in started  # what had been written before the kill was kept
    found = papers_numbers("adversarial_table_2")
    assert len(found) == 27 * 4
    for column in ("FGS", "Errors"):
        part = found[found.index.get_level_values("column") == column]
        assert set(part["status"]) == {"measured"} and set(part["comparable"]) == {"yes"}


def test_inception(workplace, cut, monkeypatch, done, papers_numbers):
    count = CUT.adversarial_classes
    monkeypatch.setattr(imagenet, "CLASSES", count)
    few = partial(InceptionV3, classes=count)
    monkeypatch.setattr(imagenet, "InceptionV3", few)
    keras.backend.clear_session()  # layers are numbered, and a file of weights names them
    train = list(_pictures(CUT.adversarial_database, 310, 300))
    validation = list(_pictures(CUT.adversarial_validation, 300, 310))
    development = _seen(_pictures(CUT.adversarial_development, 299, 299), 299, False)
    model = few()
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):  # a new network halves a signal's variance there
            layer.moving_variance.assign(0.5 * keras.ops.ones_like(layer.moving_variance))
    images = np.concatenate([development, _seen(validation, 299, False)])
    classes = _level(model, "predictions", images)
    (workplace / "WEIGHTS").mkdir()
    model.save_weights(workplace / "WEIGHTS" / "inception_v3.weights.h5")
    keras.backend.clear_session()
    (workplace / "DATA" / "images").mkdir(parents=True)
    labels = _one_in_three_wrong(classes, count)
    with (workplace / "DATA" / "images.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ImageId", "URL", "x1", "y1", "x2", "y2", "TrueLabel", "TargetClass"])
        for number, image in enumerate(development):
            path = workplace / "DATA" / "images" / f"{number:016x}.png"
            write_png(path, image)
            np.testing.assert_array_equal(read_image(path), image)
            target = (classes[number] + 1) % count
            rows.writerow([path.stem, "https://example.org", 0, 0, 1, 1, labels[number] + 1, target + 1])
    splits = {
        "train": [(file, n % count) for n, file in enumerate(train)],
        "validation": list(zip(validation, labels[len(development) :], strict=True)),
    }
    prepare(workplace / "DATA", splits)
    given = ("--scale", "paper", "--dataset", "nips17_dev", "--data-dir", workplace / "DATA")
    given += ("--weights", workplace / "WEIGHTS")
    for table in ("table-4", "figure-5", "figure-6"):
        done("reproduce", "adversarial", table, *given)
    found = papers_numbers("adversarial_table_4")
    assert len(found) == 36 * 4
    assert set(found["status"]) == {"measured"} and set(found["comparable"]) == {"yes"}
