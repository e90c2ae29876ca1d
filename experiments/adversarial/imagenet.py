"""The paper's own data and networks, for `--scale paper`: ILSVRC2012 through TFDS, the NIPS 2017 DEV set.

None of it can be shipped. OverFeat needs its authors' ``net_weight_0`` in the folder of ``--weights``; InceptionV3
takes ``inception_v3.weights.h5`` or ``inception_v3.ckpt`` from there, else what Keras downloads. ``--data-dir`` holds
ImageNet as TFDS prepared it, as ``imagenet2012``, in any of its file formats; or the tar files, and TFDS prepares them
in its own folder.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.adversarial import InceptionV3, OverFeatFast, load_slim_checkpoint, overfeat
from zoo.datasets import keyed, prepared
from zoo.experiments.adversarial.data import FEATURES, Pictures, Problem, centre
from zoo.experiments.run.cells import DataUnavailable, Settings

CLASSES, K, DIMENSIONS, BATCH = 1000, 1000, 256, 64
CALIBRATION = 2000
"""Validation pictures that set thresholds; the test takes others."""


def problem(name: str, settings: Settings) -> Problem:
    """Return the problem at the paper's scale.

    Raises:
        DataUnavailable: Where weights or pictures are not available.
    """
    model = _overfeat(settings) if name == "overfeat" else _inception(settings)
    side, floor = (overfeat.SIDE, True) if name == "overfeat" else (299, False)
    builder = _imagenet(settings.data_dir)
    shift = model.outputs[0].shape[-1] - CLASSES  # TF-slim has a background class first

    def database(start: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return _batches(_examples(builder, "train", start), side, floor, shift)

    calibration, chosen = _validation(model, builder, side, floor, shift, settings.seed)
    test = chosen if name == "overfeat" else _development_set(settings.data_dir, shift)
    weights = "net_weight_0" if name == "overfeat" else "imagenet"
    rows = builder.info.splits["train"].num_examples
    classes = CLASSES + shift
    return Problem(name, model, FEATURES[name], database, rows, calibration, test, classes, K, DIMENSIONS, weights)


def _overfeat(settings: Settings) -> keras.Model:
    path = None if settings.weights is None else Path(settings.weights) / "net_weight_0"
    if path is None or not path.is_file():
        raise DataUnavailable("OverFeat's net_weight_0 in the folder of --weights")
    return OverFeatFast(weights=path)


def _inception(settings: Settings) -> keras.Model:
    folder = None if settings.weights is None else Path(settings.weights)
    if folder is not None and (folder / "inception_v3.ckpt").exists():
        model = InceptionV3(classes=CLASSES + 1, auxiliary=True)
        load_slim_checkpoint(model, folder / "inception_v3.ckpt")
        return model
    if folder is not None and (folder / "inception_v3.weights.h5").is_file():
        return InceptionV3(weights=folder / "inception_v3.weights.h5")
    try:
        return InceptionV3(weights="imagenet")
    except Exception as error:  # no network, no space, a bad checksum: each has its own type
        raise DataUnavailable(f"InceptionV3's ImageNet weights: {str(error)[:150]}") from error


def prepared_in(folder: Path) -> Any:
    """TFDS's builder of the newest version of ILSVRC2012 that is prepared in ``folder``; None where there is none."""
    import tensorflow_datasets as tfds

    versions = prepared.versions(folder / "imagenet2012")
    return tfds.builder_from_directory(versions[-1]) if versions else None


def _imagenet(data_dir: Path | None) -> Any:
    import tensorflow_datasets as tfds

    try:
        if data_dir is not None and (found := prepared_in(Path(data_dir))) is not None:
            return found
        builder = tfds.builder("imagenet2012")
        manual = tfds.download.DownloadConfig(manual_dir=data_dir) if data_dir is not None else None
        builder.download_and_prepare(download_config=manual)
    except Exception as error:  # TFDS raises different types when the tar files are missing
        raise DataUnavailable(f"ILSVRC2012 through TensorFlow Datasets: {str(error)[:150]}") from error
    return builder


def _examples(builder: Any, split: str, start: int = 0) -> Iterable[dict[str, Any]]:
    """Return the examples of a split from a number on, always in the same order: one file is read after the other."""
    import tensorflow_datasets as tfds

    if builder.info.file_format.value == "array_record":  # the only format that TFDS can read by index
        source = builder.as_data_source(split)
        return (source[number] for number in range(start, len(source)))
    reading = tfds.ReadConfig(interleave_cycle_length=1)
    return tfds.as_numpy(builder.as_dataset(split=f"{split}[{start}:]", read_config=reading))


def _batches(
    examples: Iterable[dict[str, Any]], side: int, floor: bool, shift: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    images: list[np.ndarray] = []
    labels: list[int] = []
    for example in examples:
        images.append(centre(example["image"], side, floor))
        labels.append(int(example["label"]) + shift)
        if len(images) == BATCH:
            yield np.stack(images), np.array(labels, np.int32)
            images, labels = [], []
    if images:
        yield np.stack(images), np.array(labels, np.int32)


def _validation(
    model: keras.Model, builder: Any, side: int, floor: bool, shift: int, seed: int
) -> tuple[Pictures, Pictures]:
    """Calibration pictures, and one right and one wrong picture of each class drawn from the others (section 5.1)."""
    apart: list[tuple[np.ndarray, int]] = []
    drawn: dict[tuple[int, bool], tuple[float, np.ndarray]] = {}
    number = 0
    for images, labels in _batches(_examples(builder, "validation"), side, floor, shift):
        output = model.predict_on_batch(images.astype(np.float32))
        output = output[0] if isinstance(output, list) else output
        for image, label, predicted in zip(images, labels, output.argmax(-1), strict=True):
            number += 1
            if len(apart) < CALIBRATION and number % 20 == 0:
                apart.append((image, int(label)))
                continue
            # Taking the smallest of independent draws is a uniform choice for any number of examples.
            key, draw = (int(label), bool(predicted == label)), keyed.generator(seed, number).random()
            if key not in drawn or draw < drawn[key][0]:
                drawn[key] = (draw, image)
    chosen = sorted(drawn)
    return (
        Pictures(np.stack([image for image, _ in apart]), np.array([label for _, label in apart], np.int32)),
        Pictures(np.stack([drawn[key][1] for key in chosen]), np.array([label for label, _ in chosen], np.int32)),
    )


def _development_set(data_dir: Path | None, shift: int) -> Pictures:
    """Return the NIPS 2017 DEV set, whose labels count from 1 (0 is background)."""
    from zoo.datasets.nips17_dev.nips17_dev_dataset_builder import CSV_NAMES, read_folder

    listed = data_dir is not None and any((Path(data_dir) / name).is_file() for name in CSV_NAMES)
    if data_dir is None or not (listed or prepared.find(Path(data_dir), "nips17_dev")):
        raise DataUnavailable("the NIPS 2017 DEV set (images.csv and images/) in --data-dir")
    examples = list(read_folder(Path(data_dir)))
    true, target = (
        np.array([e[key] for e in examples], np.int32) - 1 + shift for key in ("true_label", "target_class")
    )
    return Pictures(np.stack([e["image"] for e in examples]), true, target)
