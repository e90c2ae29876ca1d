"""Trainings and tables of the hyper-image family at `smoke`, and what their parts must keep apart."""

import dataclasses
import json
import weakref
from collections import Counter
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

import zoo.weights
from zoo import store
from zoo.datasets import keyed
from zoo.datasets.distortions import DISTORTIONS
from zoo.datasets.embedded import generate_scene
from zoo.datasets.photographs import Photograph
from zoo.datasets.tid2013.tid2013_dataset_builder import Rated
from zoo.experiments.hyperimage import commands, stages
from zoo.experiments.hyperimage.forgery import casia
from zoo.experiments.hyperimage.forgery import evaluation as forgery_evaluation
from zoo.experiments.hyperimage.forgery import training as forgery
from zoo.experiments.hyperimage.quality import evaluation as quality_evaluation
from zoo.experiments.hyperimage.quality import protocol
from zoo.experiments.hyperimage.quality import training as quality
from zoo.experiments.hyperimage.quality.evaluation import smallest_fall
from zoo.experiments.hyperimage.quality.tables import epochs, table_2
from zoo.experiments.hyperimage.synthetic import evaluation as synthetic_evaluation
from zoo.experiments.hyperimage.synthetic import training as synthetic
from zoo.experiments.hyperimage.synthetic.tables import seeds, sweep
from zoo.experiments.hyperimage.tables import fusion
from zoo.experiments.hyperimage.values import paper_values, printed
from zoo.experiments.run import tables
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.measure import run
from zoo.hyperimage import CNNIQA, Recipe, TIDStageTwo, TwoStage, VGGPatchNet
from zoo.hyperimage.agreement import srocc
from zoo.hyperimage.full_reference import mdsi, ssim_map
from zoo.layers import LocalContrastNormalization
from zoo.saved_training import SavedTraining


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hyperimage")
    for task in (synthetic, quality, forgery):
        task.train(task.SCALES["smoke"], folder)
    return folder


def _run(name, folder, tmp_path, rows=()):
    settings = Settings("smoke", weights=folder)
    frame = run(tables.find("hyperimage", name), settings, tmp_path, rows, progress=False)
    return frame.set_index(["row", "column"])


def test_training_leaves_every_stage_and_goes_on_from_them(trained):
    for task in (synthetic, quality, forgery):
        for name in task.STORED:
            assert (trained / f"{name}.npz").is_file()
    assert not (trained / "patches").exists()  # gigabytes that nothing needs any more
    times = {path: path.stat().st_mtime_ns for path in trained.glob("*.npz")}
    synthetic.train(synthetic.SCALES["smoke"], trained)
    assert times == {path: path.stat().st_mtime_ns for path in trained.glob("*.npz")}


def test_table_1(trained, tmp_path):
    found = _run("table_1", trained, tmp_path, ["Experiment 1*", "Experiment 2: Proposed"])
    measured = found[found["status"] == "measured"]
    assert len(measured) == 5 * 2 + 5
    assert found.loc[("Experiment 1: Proposed", "SROCC"), "paper_value"] == 0.9611
    assert found.loc[("Experiment 2: Proposed", "5"), "paper_value"] == 0.718
    assert found.loc[("Experiment 1: baseline: location-weighted sum", "SROCC"), "value"] > 0.8
    evaluation = synthetic_evaluation.Evaluation(Settings("smoke", weights=trained))
    images = evaluation.images(None)[0]
    direct = evaluation.network.predict_patch_average(images[:4])
    np.testing.assert_allclose(evaluation.scores(synthetic_evaluation.AVERAGE, None)[:4], direct, atol=5e-3)


def test_table_2_offline(trained, tmp_path):
    rows = ["four*Proposed", "six*selective*", "six*level", "six*BRISQUE", "Experiment*"]
    found = _run("table_2", trained, tmp_path, rows)
    assert found.loc[("four generated distortions: Proposed", "KROCC"), "status"] == "measured"
    assert found.loc[("six generated distortions: baseline: distortion level", "SROCC"), "value"] > 0.3
    assert found.loc[("Experiment 1: BRISQUE", "SROCC"), "status"] == "quoted"
    assert found.loc[("Experiment 2: Proposed", "SROCC"), "status"] == "data-unavailable"
    assert found.loc[("Experiment 5: VGG + second stage", "PLCC"), "paper_value"] == 0.713
    assert set(found[found["status"] == "measured"]["metric"]) == {"agreement with MDSI"}
    assert set(found["comparable"]) == {"no"}


@pytest.mark.slow
def test_scorer(trained, tmp_path):
    found = _run("scorer", trained, tmp_path)
    assert set(found["status"]) == {"measured"}
    ours, theirs, gain = (found.loc[(row, "SROCC"), "value"] for row in ("Proposed", "CNN", "Proposed - CNN"))
    assert gain == pytest.approx(ours - theirs)
    six = [DISTORTIONS[number][0] for number in quality_evaluation.SUBSETS["six"]]
    for name in ("Proposed", "MDSI"):
        falls = [found.loc[(f"{name}: {distortion}", "points"), "value"] > 0 for distortion in six]
        assert found.loc[(f"{name}: distortions, of 6", "count"), "value"] == sum(falls)
        assert 0 <= found.loc[(name, "2.5 or more"), "value"] <= 100
    assert found.loc[("MDSI: Gaussian blur", "points"), "value"] > 0
    assert found.loc[("MDSI", "points"), "value"] > 1


def test_within_a_photograph_its_own_level_does_not_count(monkeypatch):
    pictures = [Photograph(str(n), str(n), lambda: None) for n in range(21)]
    monkeypatch.setattr(quality_evaluation, "photographs", lambda *given: pictures)
    offline = quality_evaluation.Offline(Settings("laptop"))
    of_picture, level = (np.array(part) for part in zip(*((p, k) for p, _, k in offline.drawn), strict=True))
    offline.truth = 9.0 - level - 0.1 * np.arange(len(level))  # what no two versions share
    monkeypatch.setattr(offline, "scores", lambda method: offline.truth + 100.0 * (of_picture % 2))
    found = offline.within("any", quality_evaluation.srocc)
    assert found == pytest.approx(np.ones(21))
    assert quality_evaluation.srocc(offline.scores("any"), offline.truth) < 0.9


def test_the_smallest_fall_is_that_of_the_mean():
    scores = np.array([[9.0, 7, 5], [8, 9, 3], [9, 8, 7]])
    found, drawn = smallest_fall(scores)
    assert found.value == pytest.approx(26 / 3 - 24 / 3)  # the second photograph rises, the mean does not
    assert found.ci_low < 0 < found.ci_high  # one of three decides
    assert (drawn < 0).any() and (drawn > 0).any()
    assert smallest_fall(np.array([[9.0, 7, 8], [9, 7, 8]]))[0].ci_high == -1


def test_each_distortion_is_drawn_whole_and_as_often(monkeypatch):
    pictures = [Photograph(str(n), str(n), lambda: None) for n in range(60)]
    monkeypatch.setattr(quality_evaluation, "photographs", lambda *given: pictures)
    drawn = quality_evaluation.Offline(Settings("laptop")).drawn
    assert len(set(drawn)) == len(drawn) == 60 * 2 * 5
    counts = Counter(number for _, number, _ in drawn)
    assert set(counts.values()) == {30} and counts.keys() == DISTORTIONS.keys()
    monkeypatch.setattr(quality_evaluation, "photographs", lambda *given: pictures[:3])
    assert len(set(quality_evaluation.Offline(Settings("laptop")).drawn)) == 3 * 100


def test_references_are_examples_with_the_best_score(rng):
    found = [Photograph(str(n), str(n), lambda: rng.integers(0, 256, (70, 80, 3), np.uint8)) for n in range(4)]
    scale = dataclasses.replace(quality.SCALES["smoke"], references=4, distorted=2)
    made = list(quality.examples(scale, "train", 0, found))
    assert len(made) == 4 * 3
    assert [e.level == 0 for e in made] == [False, False, True] * 4
    for example in made:
        assert (example.score == 9) == (example.level == 0) == np.array_equal(example.image, example.reference)
        assert example.score == pytest.approx(9 - 20 * mdsi(example.reference, example.image))


def test_table_3_offline(trained, tmp_path):
    found = _run("table_3", trained, tmp_path)
    assert round(found.loc[("baseline: majority (counted)", "accuracy"), "value"], 1) == 59.4
    assert round(found.loc[("baseline: TIFF means tampered (counted)", "accuracy"), "value"], 1) == 83.6
    assert found.loc[("Proposed two-stage CNN", "accuracy"), "status"] == "data-unavailable"
    for method in (forgery_evaluation.PROPOSED, forgery_evaluation.BASELINE, forgery_evaluation.NOISE):
        assert 0 <= found.loc[(f"all: {method}", "AUC"), "value"] <= 100


def test_localisation(trained, tmp_path):
    found = _run("localisation", trained, tmp_path)
    for column in ("picture AUC", "localisation AUC"):
        ours, theirs, gain = (
            found.loc[(f"all: {row}", column), "value"]
            for row in (
                forgery_evaluation.PROPOSED,
                forgery_evaluation.ERROR,
                f"{forgery_evaluation.PROPOSED} - {forgery_evaluation.ERROR}",
            )
        )
        assert 0 <= ours <= 100 and 0 <= theirs <= 100
        assert gain == pytest.approx(ours - theirs)
    assert (found["status"] == "measured").all() and len(found) == 3 * 5 * 2


def test_of_many_photographs_fewer_splices_are_judged(monkeypatch, rng):
    pictures = [Photograph(str(n), str(n), lambda: rng.integers(0, 256, (64, 64, 3), np.uint8)) for n in range(21)]
    monkeypatch.setattr(forgery_evaluation, "photographs", lambda *given: pictures)
    kinds = [splice.kind for _, splice in forgery_evaluation.Offline(Settings("laptop")).pairs]
    assert kinds == ["splice", "copy-move"] * 21


def test_tables_4_and_5_count_what_is_built(tmp_path):
    found = _run("table_5", None, tmp_path, ["all", "fc1"])
    assert found.loc[("all", "LIVE"), "value"] == 724_901
    assert found.loc[("fc1", "TID"), "value"] == 80_800
    found = _run("table_4", None, tmp_path, ["Synthetic stage 2"])
    assert found.loc[("Synthetic stage 2", "parameters"), "value"] == 316_049


def test_what_the_package_does_not_hold_is_not_run(trained, monkeypatch):
    """Controls and baselines: stored by a training of one's own, and without it each cell says what trains them."""
    packaged = set(zoo.weights.packaged())
    for task in (synthetic, quality, forgery):
        stages.install(trained, "zoo pretrain hyperimage", {n: "" for n in task.STORED if n not in packaged})
    absent = {"table_1": synthetic.PERMUTED, "table_2": quality.ALL, "table_3": forgery.END_TO_END}
    assert not packaged & set(absent.values())
    assert set(absent.values()) <= set(zoo.weights.names())
    for name, weights in absent.items():
        cells = list(tables.find("hyperimage", name).cells(Settings("smoke")))
        assert any(cell.weights == weights for cell in cells)
        with monkeypatch.context() as nothing:
            nothing.setattr(zoo.weights, "names", lambda: sorted(packaged))
            left = list(tables.find("hyperimage", name).cells(Settings("smoke")))
        for before, after in zip(cells, left, strict=True):
            if before.weights == weights:
                assert (after.status, after.needs) == ("not-run", weights)
                assert "zoo pretrain hyperimage" in after.why
            else:
                assert after.status == before.status and after.weights == before.weights


@pytest.mark.parametrize(
    ("task", "local", "kept"),
    [
        (quality, "open-photographs-photographs", "photographs"),
        (quality, "my-photos", "my-photos"),
        (quality, "generated", "generated"),
        (forgery, "generated", "generated"),
        (forgery, "my-photos", "my-photos"),
        (forgery, "open-photographs-photographs", "photographs"),
    ],
)
def test_tables_find_a_control_only_if_it_was_trained_as_the_stored_networks_were(
    trained, monkeypatch, tmp_path, task, local, kept
):
    monkeypatch.setenv(store.VARIABLE, str(tmp_path))
    control, name = (quality.ALL, "quality") if task is quality else (forgery.END_TO_END, "forgery")
    stages.install(trained, "zoo pretrain hyperimage", {control: ""}, local, stored_at=commands.STORED_AT[name])
    name = f"{control.rpartition('.')[0]}.{kept}"
    assert set(zoo.weights.names()) - set(zoo.weights.packaged()) == {name}


@pytest.mark.slow
def test_seeds_keep_the_first_stage(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = seeds.Trainings(Settings("smoke", weights=trained))
    ours, above = here.agreement(None, srocc), here.above_paper(None, srocc, 0.9611)
    assert above.value == pytest.approx(ours.value - 0.9611) and above.ci_low == pytest.approx(ours.ci_low - 0.9611)
    closed = here.evaluation.agreement(synthetic_evaluation.CLOSED, None, srocc)
    difference = here.above(synthetic_evaluation.CLOSED, None, srocc)
    assert difference.value == pytest.approx(ours.value - closed.value)
    assert len(here.networks) == 3
    first, *others = ([w.tobytes() for w in network.first.get_weights()] for network in here.networks)
    assert all(first == other for other in others)
    assert len({network.second.get_weights()[0].tobytes() for network in here.networks}) == 3


@pytest.mark.slow
def test_sweep_at_smoke(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = _run("sweep", None, tmp_path, ["artefacts may overlap*"])
    assert (found["status"] == "measured").sum() == 4


class Killed(Exception):
    """Ends a training."""


def _killed_after(epochs, run):
    """``run``, killed as soon as so many epochs are saved."""
    saved, write = [], SavedTraining.write

    def killing(self, *given):
        write(self, *given)
        saved.append(self.path.name)
        if len(saved) == epochs:
            raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(SavedTraining, "write", killing)
        run()
    return saved


@pytest.mark.slow  # one stage is killed in tests/hyperimage/test_saved_training.py
def test_a_killed_training_of_the_synthetic_task_ends_as_one_that_was_not(tmp_path):
    """Killed in the first stage, in the second, and in the one of permuted cells, of two epochs each."""
    scale, longer = synthetic.SCALES["smoke"], {"epochs": 2, "stop": 9}
    recipes = {name: dataclasses.replace(getattr(scale, name), **longer) for name in ("first", "second")}
    scale = dataclasses.replace(scale, **recipes)
    synthetic.train(scale, tmp_path / "whole")
    saved = [_killed_after(epochs, lambda: synthetic.train(scale, tmp_path / "killed")) for epochs in (1, 2, 2)]
    assert saved == [[synthetic.FIRST], [synthetic.FIRST, synthetic.SECOND], [synthetic.SECOND, synthetic.PERMUTED]]
    synthetic.train(scale, tmp_path / "killed")
    for name in synthetic.STORED:
        logs = [json.loads((tmp_path / run / f"{name}.json").read_text())["log"] for run in ("whole", "killed")]
        assert len([log.pop("seconds") for log in logs]) == 2 and logs[0] == logs[1]
        with np.load(tmp_path / "whole" / f"{name}.npz") as one, np.load(tmp_path / "killed" / f"{name}.npz") as other:
            assert one.files == other.files
            for part in one.files:
                np.testing.assert_array_equal(one[part], other[part])


def _table(name):
    return {
        "seeds": lambda: seeds.Trainings(Settings("smoke", weights=Path("weights"))).networks[1],
        "sweep": lambda: sweep._scores(0, synthetic.SCALES["smoke"]),
        "fusion": lambda: fusion.Fusion(Settings("smoke")).trained(fusion.HYPER),
    }[name]


@pytest.mark.parametrize(
    "name", ["seeds", *(pytest.param(name, marks=pytest.mark.slow) for name in ("sweep", "fusion"))]
)
def test_what_a_table_has_trained_is_kept(trained, tmp_path, monkeypatch, name):
    """A stage that has ended before a kill is not trained again, nor is any in the next run."""
    (tmp_path / "weights").symlink_to(trained)
    monkeypatch.chdir(tmp_path)
    _killed_after(1, _table(name))
    begun = [path for path in Path("runs").rglob("*.log.json")]
    assert len(begun) == 1 and begun[0].is_relative_to(stages.KEPT)
    _table(name)()
    kept = {path: path.read_bytes() for path in stages.KEPT.rglob("*.npz")}
    assert kept and not list(Path("runs").rglob("*.log.json"))
    monkeypatch.setattr(Recipe, "fit", None)
    _table(name)()
    assert {path: path.read_bytes() for path in stages.KEPT.rglob("*.npz")} == kept


def test_casia_networks_take_their_own_training_mean(tmp_path, monkeypatch):
    """The mean of the training patches is subtracted (page 6), not that of the stored networks' generated splices."""
    rng = np.random.default_rng(0)
    pairs = rng.integers(0, 100, (2, 3, 64, 64, 3), np.uint8)
    monkeypatch.setattr(casia, "split", lambda found, seed: {"train": [], "validation": [], "test": []})
    monkeypatch.setattr(casia.Casia, "pairs", lambda self, part: tuple(pairs))
    here = casia.Casia([], forgery.SCALES["smoke"], 0, tmp_path)
    expected = pairs.reshape(-1, 3).mean(0) / 255
    np.testing.assert_allclose(here.mean, expected, rtol=1e-6)
    monkeypatch.setattr(casia.Casia, "pairs", None)  # kept with the networks
    again = casia.Casia([], forgery.SCALES["smoke"], 0, tmp_path)
    image = rng.integers(0, 256, (256, 384, 3), np.uint8)
    whole = again._whole(SimpleNamespace(load=lambda: image))
    np.testing.assert_allclose(whole[0], image / 255 - expected, atol=1e-6)
    monkeypatch.setattr(stages, "train_stage", lambda *given: None)
    ready = again.two_stage.preprocess(image[None].astype(np.float32))
    np.testing.assert_allclose(ready, whole, atol=1e-6)


def test_casia_flips_what_the_end_to_end_network_is_trained_on_and_no_hyper_images(tmp_path, monkeypatch):
    image = np.random.default_rng(0).integers(0, 256, (256, 384, 3), np.uint8)
    pictures = [SimpleNamespace(load=lambda: image, tampered=n % 2 == 0) for n in range(4)]
    monkeypatch.setattr(casia, "split", lambda found, seed: dict.fromkeys(("train", "validation", "test"), pictures))
    here, flips = casia.Casia([], forgery.SCALES["smoke"], 0, tmp_path), []
    here.mean = np.zeros(3, np.float32)
    monkeypatch.setattr(stages, "fit", lambda model, *batches: flips.append([part.flips for part in batches[:2]]))
    here._end_to_end(None, tmp_path)
    here._second(SimpleNamespace(second=None, hyper_images=lambda images: np.zeros((1, 2, 2, 3), np.float16)), tmp_path)
    assert flips == [[True, False], [False, False]]


def test_parts_share_no_seed():
    scale = synthetic.SCALES["smoke"]
    images = {part: synthetic.examples(scale, part, 0) for part in ("train", "validation", "test")}
    seen = [{example.image.tobytes() for example in found} for found in images.values()]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    small = quality.SCALES["smoke"]
    sources = [{e.reference.tobytes() for e in quality.examples(small, p, 0)} for p in ("train", "validation")]
    assert not sources[0] & sources[1]
    with pytest.raises(ValueError, match="Received: 'all'"):
        synthetic.examples(scale, "all", 0)


def test_patch_labels_of_the_synthetic_task():
    found = synthetic.examples(synthetic.SCALES["smoke"], "train", 0)[:4]
    x, y = synthetic.patches(found, "patch")
    assert x.shape[1:] == (16, 16, 1)
    assert len(x) == len(y)
    flat = np.ptp(x, axis=(1, 2, 3)) == 0
    assert (y[flat, 0] > 4.9).all()  # background, or the edge of an artefact of one shade
    assert y[~flat].min() < 4.5
    _, scores = synthetic.patches(found, "image")
    assert set(np.unique(scores)) == {np.float32(example.score) for example in found}


def test_permuted_cells_keep_their_contents(rng):
    hyper = rng.random((3, 4, 4, 2)).astype(np.float16)
    shuffled = synthetic.permuted(hyper, 0)
    for one, other in zip(hyper, shuffled, strict=True):
        rows = [sorted(map(tuple, cells.reshape(-1, 2))) for cells in (one, other)]
        assert rows[0] == rows[1]
    assert (shuffled != hyper).any()


def test_selected_patches_are_the_distorted_ones():
    reference = np.random.default_rng(0).integers(0, 256, (96, 128, 3), np.uint8)
    image = reference.copy()
    image[:40, :40] = 90
    corners = quality.low_similarity(reference, image)
    assert len(corners)
    assert corners.max() < 40  # all touch the changed square
    similarity = ssim_map(reference, image)
    assert all(similarity[y : y + 32, x : x + 32].mean() < 0.9 for y, x in corners)
    assert len(quality.low_similarity(reference, reference)) == 2  # the lowest sixteenth of 35


@pytest.mark.parametrize(
    ("training", "count"),
    [(quality, "references"), (forgery, "scenes")],
)
def test_photographs_give_about_as_many_examples_as_generated_scenes(training, count, rng):
    pictures = rng.integers(0, 256, (9, 70, 80, 3), np.uint8)
    found = [Photograph(str(n), str(n), lambda n=n: pictures[n]) for n in range(9)]
    each = "distorted" if training is quality else "splices"
    for scenes, per_scene in ((2, 3), (1, 25), (9, 2), (5, 3)):
        scale = dataclasses.replace(training.SCALES["smoke"], **{count: scenes, each: per_scene})
        made = list(training.examples(scale, "train", 0, found))
        if training is quality:  # without the photographs themselves, one for each that is used
            made = [example for example in made if example.level]
        assert len(made) == scenes * per_scene
        sources = {example.source for example in made} if training is quality else {e.authentic.tobytes() for e in made}
        assert len(sources) >= min(9, scenes * per_scene)


@pytest.mark.parametrize("count", [60, 24, 90, 100, 7])
def test_one_splice_in_three_is_a_copy_move_whatever_a_host_gives(rng, count):
    pictures = rng.integers(0, 256, (30, 70, 80, 3), np.uint8)
    found = [Photograph(str(n), str(n), lambda n=n: pictures[n]) for n in range(30)]
    scale = dataclasses.replace(forgery.SCALES["smoke"], scenes=count, splices=1)
    kinds = [example.kind for example in forgery.examples(scale, "train", 0, found)]
    assert len(kinds) == count
    assert abs(kinds.count("copy-move") - count / 3) < 2 + count / 30  # the first host has no donor


def test_a_picture_of_the_same_scene_is_no_donor(rng):
    pictures = rng.integers(0, 256, (2, 70, 80, 3), np.uint8)
    found = [Photograph(str(n), "one scene", lambda n=n: pictures[n]) for n in range(2)]
    scale = dataclasses.replace(forgery.SCALES["smoke"], validation=4, splices=2)
    assert {example.kind for example in forgery.examples(scale, "validation", 0, found)} == {"copy-move"}


@pytest.mark.parametrize("evaluation", [quality_evaluation, forgery_evaluation])
def test_what_was_trained_on_is_not_judged(evaluation, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(evaluation, "photographs", lambda *given: asked.append(given) or [])
    for weights, split in ((None, "all"), (tmp_path, "test")):
        here = evaluation.Offline(Settings("laptop", "folder:own", tmp_path, 3, weights=weights))
        assert (here.pictures if evaluation is quality_evaluation else here.pairs) == []
        assert asked.pop() == (None, tmp_path, split, 3)


def test_as_many_reference_as_distorted_patches(tmp_path):
    distorted = (e for e in quality.examples(quality.SCALES["smoke"], "train", 0) if e.level)
    sets = quality.patch_sets(distorted, 4, 0, tmp_path)
    x, y = sets["selected"]
    assert (y == quality.REFERENCE_SCORE).sum() * 2 == len(y) == len(x)
    assert not (sets["all"][1] == quality.REFERENCE_SCORE).any()


def test_protocol_never_shares_a_reference(rng):
    load = partial(rng.integers, 0, 256, (2, 2, 3))
    images = [
        Rated(f"i{r:02d}_{d}.bmp", f"I{r:02d}.bmp", load, load, f"s{r}", f"kind{d}", 1, 5.0)
        for r in range(25)
        for d in range(3)
    ]
    here = protocol.Protocol("tid2013", images, quality.SCALES["smoke"], 0)
    for split in range(5):
        parts = [here.part(split, name, None) for name in ("train", "validation", "test")]
        assert [len(part) for part in parts] == [45, 15, 15]
        references = [{image.reference for image in part} for part in parts]
        assert not (references[0] & references[1] or references[0] & references[2] or references[1] & references[2])
    assert {i.distortion for i in here.part(0, "test", frozenset(["kind1"]))} == {"kind1"}


@pytest.mark.parametrize("database", ["tid2013", "live_iqa"])
def test_protocol_trains_on_a_database(tmp_path, monkeypatch, database):
    """One split of a small database, both stages; the test images are never read in training.

    The first stage is trained on patches of what images become before they are tested: LIVE's are grey first, and
    their contrast is normalised after that.
    """
    read, images = [], []

    def load(name, pixels):
        read.append(name)
        return pixels

    for r in range(5):
        reference = generate_scene(keyed.generator(1, r), 96, 128)
        for number in (1, 8):
            name, made = f"i{r}_{number}.bmp", quality.distorted(reference, "", number, 3, 0).image
            reads = partial(load, name, made), partial(load, f"I{r}.bmp", reference)
            images.append(Rated(name, f"I{r}.bmp", *reads, f"s{r}", DISTORTIONS[number][0], 3, float(number)))
    here = protocol.Protocol(database, images, quality.SCALES["smoke"], 0)
    trained_on, fit_first = [], stages.fit_first

    def watched(network, batches, *given, **named):
        trained_on.append(batches.examples[:])
        return fit_first(network, batches, *given, **named)

    monkeypatch.setattr(stages, "fit_first", watched)
    scores, opinions = here.scores(0, "Proposed", None)
    assert scores.shape == opinions.shape == (2,)
    test = {image.name for image in here.part(0, "test", None)}
    assert sum(name in test for name in read) == 2
    normalise = LocalContrastNormalization()
    places = [(y, x) for y in range(0, 65, 16) for x in range(0, 97, 16)]
    seen = [np.asarray(normalise(here._pixels(i)[None]))[0] for i in here.part(0, "train", None)]
    windows = np.stack([image[y : y + 32, x : x + 32] for image in seen for y, x in places])
    for patch in trained_on[0][:4]:  # of the first distorted image
        assert np.abs(windows - patch).max((1, 2, 3)).min() < 2e-3


def test_a_finished_split_is_not_trained_again(tmp_path, monkeypatch):
    images = [Rated(f"{r}.bmp", f"I{r}.bmp", None, None, f"s{r}", "kind", 1, float(r)) for r in range(10)]
    trained = []

    def scores(self, split, method, distortions, place):
        trained.append((split, method, distortions))
        return np.full(len(self.part(split, "test", distortions)), len(trained), np.float32)

    monkeypatch.setattr(protocol.Protocol, "_two_stage", scores)
    asked = [(0, "CNN", None), (1, "CNN", None), (0, "Proposed", None), (0, "CNN", frozenset({"kind"}))]
    here, again, apart = (
        protocol.Protocol("tid2013", images, quality.SCALES["smoke"], 0, folder)
        for folder in (tmp_path / "kept", tmp_path / "kept", None)
    )
    first = [here.scores(*one) for one in asked]
    assert trained == asked
    for one, other in zip(first, [again.scores(*one) for one in asked], strict=True):
        np.testing.assert_array_equal(one, other)
    assert trained == asked
    apart.scores(*asked[0])
    assert len(trained) == 5


def test_one_image_is_held_while_hyper_images_are_made(rng):
    seen = []

    def hyper_images(images):
        (pixels,) = images
        assert not any(before() is not None for before in seen)
        seen.append(weakref.ref(pixels))
        return np.full((1, 2, 2, 5), pixels[0, 0, 0], np.float16)

    network = SimpleNamespace(second=SimpleNamespace(input_shape=(None, 2, 2, 5)), hyper_images=hyper_images)
    images = [Rated(f"{r}", "", partial(np.full, (4, 4, 3), r, np.uint8), None, "", "", 1, 0.0) for r in range(4)]
    made = protocol.Protocol("tid2013", images, quality.SCALES["smoke"], 0)._hyper_images(network, images)
    assert made.dtype == np.float16
    np.testing.assert_array_equal(made[:, 1, 1, 4], np.arange(4))


def test_vgg_is_trained_as_printed(rng, monkeypatch):
    recipes = []
    monkeypatch.setattr(stages, "fit_first", lambda network, train, held_out, recipe, saved: recipes.append(recipe))
    monkeypatch.setattr(protocol, "VGGPatchNet", lambda weights: VGGPatchNet())
    monkeypatch.setattr(TwoStage, "predict_patch_average", lambda self, images: np.zeros(1))
    picture = rng.integers(0, 256, (64, 64, 3), np.uint8)
    images = [Rated(f"{r}.bmp", f"I{r}.bmp", lambda: picture, lambda: picture, f"s{r}", "k", 1, 5.0) for r in range(5)]
    here = protocol.Protocol("tid2013", images, quality.SCALES["smoke"], 0)
    here.scores(0, "VGG + patch-averaging", None)
    here.scores(0, "CNN", None)
    assert [(r.learning_rate, r.batch_size) for r in recipes] == [(0.01, 256), (0.005, 128)]


@pytest.mark.slow
def test_features_before_the_relu_are_of_both_signs(tmp_path):
    scale = dataclasses.replace(synthetic.SCALES["smoke"], relu=False)
    network = synthetic.train(scale, tmp_path, control=False)
    images = synthetic.arrays(synthetic.examples(scale, "test", 0))[0]
    assert network.hyper_images(images[:3]).min() < 0


def test_class_weights_are_the_papers():
    labels = np.r_[np.ones(7491), np.zeros(5123)]
    weights = casia.class_weights(labels)
    assert weights[1] == pytest.approx(0.842, abs=1e-3)
    assert weights[0] == pytest.approx(1.231, abs=1e-3)


def test_accuracies_by_hand():
    authentic, tampered = np.array([0.2, 0.6, 0.1]), np.array([0.9, 0.7, 0.4])
    estimate = forgery_evaluation.judged(authentic, tampered, ["a", "b", "c"], "balanced accuracy", 0)
    assert estimate.value == pytest.approx(100 * 4 / 6)
    assert forgery_evaluation.judged(authentic, tampered, ["a", "b", "c"], "AUC", 0).value == pytest.approx(100 * 8 / 9)


def test_printed_values_are_all_there():
    assert len(paper_values("table_1")) == 14
    assert len(paper_values("table_2")) == 38
    assert printed("table_3", 2, "Proposed two-stage CNN", "accuracy") == 83.11
    assert printed("table_2", 3, "Proposed, six distortions", "PLCC") == 0.755
    assert printed("table_1", 1, "no such row", "SROCC") is None
    method, distortions = table_2._what("CNN + selective patches, four distortions")
    assert method == "CNN + selective patches"
    assert distortions is not None and len(distortions) == 4


def test_average_from_mean_features_is_the_mean_of_scores():
    network = TwoStage(CNNIQA(), TIDStageTwo((16, 16, 800)))
    image = np.random.default_rng(1).normal(size=(60, 70, 3)).astype(np.float32)
    features = network.hyper_images([image]).astype(np.float32).mean((0, 1, 2))
    kernel, bias = network.first.get_layer("output").get_weights()
    np.testing.assert_allclose((features @ kernel + bias)[0], network.predict_patch_average([image])[0], atol=2e-3)


def test_scaled_start_gives_every_layer_unit_variance(rng):
    model = CNNIQA()
    x = rng.normal(3, 2, (32, 32, 32, 3)).astype(np.float32)
    stages.scale_to_data(model, x, mean=4.5)
    for name in ("conv1", "fc1", "fc2"):
        layer = model.get_layer(name)
        kernel, bias = layer.get_weights()
        before = np.asarray(keras.Model(model.input, layer.input)(x))
        after = np.asarray(layer(before))
        assert (after.min() < 0) == (name == "conv1")  # the activations are back
        if name != "conv1":
            after = before @ kernel + bias
        axes = tuple(range(after.ndim - 1))
        np.testing.assert_allclose(after.mean(axes), 0, atol=1e-3)
        np.testing.assert_allclose(after.std(axes), 1, atol=1e-3)
    assert np.asarray(model(x)).mean() == pytest.approx(4.5, abs=0.3)


def test_seconds_of_an_epoch(monkeypatch):
    """Known times of an update, and LIVE's and TID2013's numbers of updates counted by hand."""
    timed = []

    def take_turns(actions, turns):
        timed.append([action.args[0].shape for action in actions.values()])
        return {stage: np.full(turns, value) for stage, value in zip(actions, (0.5, 2.0), strict=True)}

    monkeypatch.setattr(epochs, "take_turns", take_turns)
    epochs._epochs.cache_clear()
    found = {(c.row, c.column): c for c in epochs.TABLE.cells(Settings("smoke"))}
    epochs._epochs.cache_clear()
    values = {key: cell.measure().value for key, cell in found.items()}
    live, tid = 456, 1800  # 17 of 29 references, and 15 of 25 with 120 images each
    assert values["live_iqa", "first stage"] == 0.5 * -(-2 * live * 713 // 128)
    assert values["tid2013", "first stage"] == 0.5 * -(-2 * tid * 713 // 128)
    assert values["live_iqa", "second stage"] == 2 * 29 and values["tid2013", "second stage"] == 2 * 113
    assert values["tid2013", "second / first"] == pytest.approx(2 * 113 / (0.5 * 20054), rel=1e-3)
    assert [found[key].paper_value for key in (("live_iqa", "second stage"), ("tid2013", "first stage"))] == [3, 106]
    assert timed == [[(128, 32, 32, 1), (16, 23, 24, 800)], [(128, 32, 32, 3), (16, 23, 31, 800)]]
