"""Where the adversarial tables search for neighbours, and what a shrunk covariance changes, on the stored networks."""

import shutil
from functools import partial

import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo import store
from zoo.adversarial.threshold import rejection_threshold
from zoo.experiments.adversarial import evaluation, feature_files, imagenet
from zoo.experiments.adversarial.detectors import comparisons
from zoo.experiments.adversarial.evaluation import AUTHENTIC, ERRORS, Evaluation
from zoo.experiments.adversarial.evaluation_cache import weights_of
from zoo.experiments.adversarial.tables import adaptive
from zoo.experiments.run import measure
from zoo.experiments.run.cells import Cell, Settings, Table
from zoo.metrics import Estimate

PROCESSINGS = ("none", "l2", "pca", "pca-whiten")


@pytest.fixture(scope="module")
def small():
    return Evaluation("overfeat", Settings("smoke"))


def test_a_large_training_set_is_read_from_files_with_the_same_scores(small, monkeypatch, capsys):
    monkeypatch.setattr(feature_files, "IN_MEMORY", 0)
    large = Evaluation("overfeat", Settings("smoke"))
    np.testing.assert_array_equal(large.judged, small.judged)
    size = 4 * 300 * (1 + sum(large.extractor.dimensions.values())) / 1e6
    assert f"zoo: the features of 300 pictures take {size:.1f} MB of disk" in capsys.readouterr().err
    for name, expected in small.database[0].items():
        assert isinstance(large.database[0][name], np.memmap)
        np.testing.assert_array_equal(large.database[0][name], expected)
    for processing in PROCESSINGS:
        first, second = (found.scores("pool5", processing, "DW-kNN", "calibration") for found in (small, large))
        np.testing.assert_array_equal(first, second)


def test_a_stopped_attack_goes_on_behind_the_last_part(monkeypatch):
    monkeypatch.setattr(feature_files, "IN_MEMORY", 0)
    monkeypatch.setattr(evaluation, "PART", 5)
    made, original = [], Evaluation.attacked

    def attacked(self, attack, numbers, *detector):
        made.append(len(numbers))
        if len(made) == 2:
            raise KeyboardInterrupt
        return original(self, attack, numbers, *detector)

    monkeypatch.setattr(Evaluation, "attacked", attacked)
    with pytest.raises(KeyboardInterrupt):
        Evaluation("overfeat", Settings("smoke")).group("FGS")
    resumed = Evaluation("overfeat", Settings("smoke")).group("FGS")
    assert made == [5, 5, 5, 2]
    again = Evaluation("overfeat", Settings("smoke")).group("FGS")
    assert made == [5, 5, 5, 2]
    shutil.rmtree(store.home() / "features")
    for other in (again, Evaluation("overfeat", Settings("smoke")).group("FGS")):
        np.testing.assert_array_equal(other.images, resumed.images)
        np.testing.assert_array_equal(other.sources, resumed.sources)
    assert made[4:] == [5, 5, 2]
    # Another seed draws other targets.
    Evaluation("overfeat", Settings("smoke", seed=1)).group("FGS")
    assert made[7:] == [5, 5, 2]


def test_an_index_is_searched_and_named_in_the_csv(small, tmp_path):
    settings = Settings("smoke", index="IVF4,Flat nprobe=4")
    other = Evaluation("overfeat", settings)
    # All clusters are searched, so that nothing is missed.
    first, second = (found.scores("pool5", "pca-whiten", "DW-kNN", "calibration") for found in (small, other))
    np.testing.assert_allclose(first, second, atol=1e-4)
    detector = other.detector("pool5", "pca-whiten")
    assert (detector.factory, detector.search, detector.recall) == ("IVF4,Flat", "nprobe=4", 1)
    cell = Cell("a", "1", "AUC", measure=partial(Estimate.exact, 1.0), weights=weights_of("overfeat", settings))
    table = Table("demo", "table_1", lambda settings: [cell])
    frame = measure.run(table, settings, tmp_path, progress=False)
    assert frame["weights"].tolist() == ["adversarial-overfeat.digits index:IVF4,Flat nprobe=4"]


@pytest.mark.parametrize("file_format", ["tfrecord", "array_record"])
def test_the_training_part_is_read_from_a_number_on(tmp_path, file_format):
    builder = tfds.testing.DummyDataset(data_dir=tmp_path, file_format=file_format)
    builder.download_and_prepare()
    found = {start: [int(e["id"]) for e in imagenet._examples(builder, "train", start)] for start in (0, 1, 2)}
    assert len(found[0]) == builder.info.splits["train"].num_examples == 3
    assert all(found[start] == found[0][start:] for start in found)


@pytest.mark.slow
def test_a_shrunk_covariance_makes_a_threshold_at_one_percent_useful():
    scorers, rejected = comparisons(Evaluation("overfeat", Settings("laptop")), "pool5"), {}
    for name in ("Mahalanobis", "Mahalanobis shrunk"):
        score = scorers[f"{name}, pool5"]
        apart = score("calibration")
        threshold = rejection_threshold(apart, 0.01)
        shares = {group: float((score(group) <= threshold).mean()) for group in (AUTHENTIC, "FGS", ERRORS)}
        rejected[name] = shares
        print(f"{name}: least {apart.min():.0f}, median {np.median(apart):.1f}, rejected at 1 % {shares}")
    # One calibration picture excites a unit that is almost always zero: the original's threshold lies below all others.
    assert max(rejected["Mahalanobis"].values()) == 0
    assert rejected["Mahalanobis shrunk"]["FGS"] > 0.3 and rejected["Mahalanobis shrunk"][ERRORS] > 0.3
    assert rejected["Mahalanobis shrunk"][AUTHENTIC] < 0.05


def test_an_attack_that_knows_its_detector_is_kept_in_parts_for_that_detector(small, monkeypatch):
    monkeypatch.setattr(feature_files, "IN_MEMORY", 0)
    monkeypatch.setattr(evaluation, "PART", 2)
    made = []

    def attacked(self, attack, numbers, layer="", processing=""):
        made.append((attack, len(numbers), layer, processing))
        if len(made) == 2:
            raise KeyboardInterrupt
        return self.problem.test.images[numbers]

    monkeypatch.setattr(Evaluation, "attacked", attacked)
    known = ("selective gradient", "pool5", "none")

    def parts():
        return adaptive._outcome(Evaluation("overfeat", Settings("smoke")), "pool5", "none", "selective gradient")

    count = len(small.attackable("selective gradient"))
    assert count > 4
    with pytest.raises(KeyboardInterrupt):
        parts()
    first = parts()
    made_by = [(name, layer, processing) for name, _, layer, processing in made]
    assert set(made_by) == {known} and sum(number for _, number, *_ in made) == count + 2  # the part that was cut short
    again = parts()
    assert len(made) == len(made_by)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    # Another detector is attacked anew; an attack that knows none is the same for both.
    for layer in ("pool5", "fc7"):
        adaptive._outcome(Evaluation("overfeat", Settings("smoke")), layer, "l2", "selective gradient")
        adaptive._outcome(Evaluation("overfeat", Settings("smoke")), layer, "l2", "iter_target_class")
    found = [(name, layer) for name, _, layer, _ in made[len(made_by) :]]
    assert set(found) == {("selective gradient", "pool5"), ("selective gradient", "fc7"), ("iter_target_class", "")}
    assert len([one for one in found if one[0] == "iter_target_class"]) == len(found) // 3
