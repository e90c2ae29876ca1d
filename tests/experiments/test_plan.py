"""``zoo plan``: what it counts, against a calculation by hand, and that nothing but steps is run."""

import dataclasses
from collections import Counter

import keras
import numpy as np
import pytest

from zoo.experiments.adversarial import plan as adversarial
from zoo.experiments.cli import plan as cli
from zoo.experiments.contrast import plan as contrast
from zoo.experiments.contrast.evaluation import Evaluation, evaluation_of
from zoo.experiments.families import experiments, load
from zoo.experiments.hyperimage.synthetic import training as synthetic
from zoo.experiments.imaging import plan as imaging
from zoo.experiments.imaging.joint.evaluation import JointEvaluation, joint_evaluation
from zoo.experiments.imaging.joint.scales import SCALES
from zoo.experiments.run import step_cost, tables
from zoo.experiments.run.cells import Cell, Settings
from zoo.experiments.run.planning import Needed, Plan, Work
from zoo.experiments.run.step_cost import Cost, OnGpu
from zoo.families import BUILT_IN as built_in
from zoo.steganography import HNet, RNet

COST = Cost({1: 0.5, 2: 1.0}, {1: 2.0, 2: 2.25}, 1_000_000, 4e8, 0.5)
BUILT_IN = [page for page in experiments() if page.plan]
WITHOUT = {("hyperimage", "scorer"), ("hyperimage", "localisation")}
"""They refuse the scale, which trains on opinions and on CASIA-2."""
PLANNED = [(page.name, table) for page in BUILT_IN for table in page.tables if (page.name, table) not in WITHOUT]


def _plan(paper, table):
    place = next(page.plan for page in experiments() if page.name == paper)
    return load(place)(table, "paper")


@pytest.mark.parametrize(("paper", "table"), PLANNED)
def test_every_step_of_a_plan_exists_and_every_number_is_positive(paper, table):
    plan = _plan(paper, table)
    assert plan.needed or plan.works or plan.left_out
    for work in plan.works:
        assert min(work.count, work.steps, work.batch) > 0
        assert callable(load(work.step)), work.step
    for _, gigabytes in (*plan.disk, *plan.memory):
        assert 0 < gigabytes < 1000


def test_every_table_that_takes_the_scale_has_a_plan():
    assert {page.name for page in BUILT_IN} == set(built_in)
    for paper, table in WITHOUT:
        with pytest.raises(ValueError, match=r"takes --scale smoke, laptop or photographs\. Received: paper"):
            list(tables.find(paper, table).cells(Settings("paper")))
        with pytest.raises(ValueError, match=f"There is a plan of table_1, .* Received: {table}"):
            _plan(paper, table)
    for page in BUILT_IN:
        with pytest.raises(ValueError, match=f"of {page.name}. Received: absent"):
            _plan(page.name, "absent")


@pytest.mark.parametrize("table", ["table_1", "table_2", "text", "pictures", "gamma"])
def test_versions_of_a_picture_are_counted_as_the_table_scores_them(monkeypatch, table):
    """Every cell is measured on made-up scores, and what was asked for is counted."""
    asked = set()

    def scored(self, *key):
        asked.add((self if table == "gamma" else None, *key, *(None,) * (4 - len(key))))
        return np.arange(4.0)

    monkeypatch.setattr(Evaluation, "scores", scored)
    monkeypatch.setattr(Evaluation, "patch_scores", lambda *key: [np.array([value]) for value in scored(*key)])
    monkeypatch.setattr(Evaluation, "roughness", lambda *key: np.arange(4.0))
    monkeypatch.setattr(Evaluation, "sources", list("abcd"))
    gamma = tables.find("contrast", "gamma").cells.__globals__["Gamma"]
    monkeypatch.setattr(gamma, "scores", scored)
    cells = [cell for cell in tables.find("contrast", table).cells(Settings("paper")) if cell.measure]
    evaluation_of.cache_clear()
    assert all(cell.measure().n_sources for cell in cells)
    evaluation_of.cache_clear()
    assert len(asked) == contrast.VERSIONS[table]


@pytest.mark.parametrize("table", sorted(imaging._runs(SCALES["paper"])))
def test_joint_trainings_are_counted_as_the_table_takes_them(monkeypatch, table):
    asked = set()

    def cell(self, runs, *rest):
        asked.update(runs)
        return Cell(*rest[:3], status="not-run", why="counted")

    monkeypatch.setattr(JointEvaluation, "cell", cell)
    if table == "figure_8":  # its cells are of logs, which are not there
        asked.update(joint_evaluation(Settings("paper")).training.labelled("nikon_d90").values())
    for row in tables.find("imaging", table).cells(Settings("paper")):
        assert row.metric
    planned = imaging._runs(SCALES["paper"])[table]
    kinds = [Counter((run.network, imaging._mode(run), run.camera) for run in runs) for runs in (asked, planned)]
    assert kinds[0] == kinds[1] and len(planned) == sum(kinds[1].values())
    joint = [work for work in _plan("imaging", table).works if "FAN" in work.what]
    assert sum(work.count for work in joint) == len(asked)


def test_what_tables_alone_know_is_planned_as_they_have_it():
    """Nothing imports a table, so a plan repeats some of their numbers."""
    adaptive = tables.find("adversarial", "adaptive").cells.__globals__
    assert {len(detectors) for detectors in adaptive["DETECTORS"].values()} == {adversarial._DETECTORS}
    gamma = tables.find("contrast", "gamma").cells.__globals__
    trained, *_ = _plan("contrast", "gamma").works
    scale = gamma["SCALES"]["paper"]
    assert (trained.count, trained.steps) == (len(gamma["CASES"]), scale.epochs * scale.steps)
    fusion = tables.find("hyperimage", "fusion").cells.__globals__["SCALES"]["paper"]
    second, patches = _plan("hyperimage", "fusion").works
    assert second.steps == fusion.recipe.epochs * -(-2 * fusion.scenes // fusion.recipe.batch_size)
    assert second.batch == fusion.recipe.batch_size
    assert patches.examples == 9 * 2 * (fusion.scenes + fusion.validation)
    epochs = tables.find("hyperimage", "epochs").cells.__globals__
    assert {work.steps for work in _plan("hyperimage", "epochs").works} == {epochs["TURNS"]["paper"] + 1}


def test_the_synthetic_task_is_counted_as_it_is_trained():
    """A second stage for Table 1 and one for its control; two more for `seeds`; both stages of each row of `sweep`."""
    first, second = _plan("hyperimage", "table_1").works
    assert (first.count, second.count) == (1, 2)
    scale = dataclasses.replace(synthetic.SCALES["paper"], images=40)
    x, _ = synthetic.patches(synthetic.examples(scale, "train", 0), "patch")
    most = first.steps // scale.first.epochs * first.batch / synthetic.SCALES["paper"].images
    assert 0.8 * most < len(x) / 40 <= most  # as many artefacts as the images have, at most
    assert second.steps == 200 * -(-10_000 // 32)
    assert sum(work.count for work in _plan("hyperimage", "seeds").works) == 1 + 1 + 2
    sweep = _plan("hyperimage", "sweep").works
    assert sum(work.count for work in sweep) == 2 * len(synthetic.VARIANTS)
    assert min(work.steps for work in sweep if work.what == "second stage") == 200 * -(-500 // 32)


def test_steganography_is_trained_for_what_a_table_shows():
    plan = _plan("steganography", "trade_off")
    assert [(work.count, work.steps) for work in plan.works] == [(1, 46_800), (1, 46_800), (1, 11_700)]
    assert plan.trained_by.endswith("--lambda 0.75, then the same with --jpeg-from")
    assert [work.batch for work in _plan("steganography", "table_3").works] == [16, 32, 64] * 2
    assert all(not work.saved for table in ("table_3", "table_4") for work in _plan("steganography", table).works)
    assert "9 networks" in _plan("steganography", "comparison").left_out


def test_counts_are_the_papers():
    """Contrast: 3 epochs of 2 x 2,000,000 patches a step. S1: 880 trainings of 6,006 batches."""
    *trained, scored = _plan("contrast", "table_1").works
    assert [work.examples for work in trained] == 3 * [3 * 4_000_000]
    # 300 pictures; pristine, the HSV control and ten operators at eight qualities, and two other networks' rows.
    assert scored.examples == pytest.approx(300 * 67 * 44 * (8 * 12 + 2 * 4 * 5), abs=64)
    joint = [work for work in _plan("imaging", "table_s1").works if "FAN" in work.what]
    assert sum(work.count for work in joint) == 4 * 11 * 2 * 10
    assert {work.steps for work in joint} == {6006}
    assert sum(work.count for work in _plan("imaging", "table_4").works if "FAN" in work.what) == 4 + 2 + 1
    ours, baluja = _plan("steganography", "table_1").works
    assert (ours.count, ours.steps * ours.batch) == (baluja.count, baluja.steps * baluja.batch) == (3, 748_800)
    quality = _plan("hyperimage", "table_2").works
    proposed = next(work for work in quality if work.what.startswith("experiment 2, Proposed: first"))
    assert (proposed.count, proposed.batch) == (100, 128)
    assert proposed.steps == 80 * -(-1800 * 713 * 2 // 128)


def test_features_and_attacks_are_counted_as_the_paper_has_them():
    """Table 4: iter_target_class makes 20 steps on 1,000 pictures. The widths are those of the networks' layers."""
    database, validation, lbfgs, fgs = _plan("adversarial", "table_2").works
    assert database.examples == pytest.approx(1_281_167, abs=64) and validation.examples == pytest.approx(
        50_000, abs=64
    )
    assert lbfgs.examples == pytest.approx(1000 * 20 * 150, abs=64) and fgs.examples == pytest.approx(1000, abs=64)
    *_, iterative, fgsm = _plan("adversarial", "table_4").works
    assert (iterative.examples, iterative.passes) == (pytest.approx(20_000, abs=64), 2) and fgsm.passes == 2
    assert _plan("adversarial", "table_1").works == ()
    # The family's README: 42.0 and 52.5 GB with the classes, of the command's own announcement.
    disk = [gigabytes for _, gigabytes in _plan("adversarial", "text").disk]
    assert disk == pytest.approx([42.0, 52.5], abs=0.05)


def test_forgery_is_counted_as_the_paper_has_it():
    """CASIA-2's 5,123 tampered pictures have 15 pairs each; two thirds of all 12,614 pictures are to train on."""
    ranking, second, end_to_end, scored = _plan("hyperimage", "table_3").works
    assert (ranking.steps, ranking.batch) == (80 * (3415 * 15 // 128), 128)
    assert (second.steps, end_to_end.steps) == (200 * -(-8409 // 128), 80 * -(-8409 // 32))
    assert (scored.examples, scored.passes) == (12_614 * 15 * 15, 1)


def test_a_step_is_extrapolated_along_a_line():
    assert COST.step_seconds(32) == 16
    assert COST.peak(32) == pytest.approx(2.25 + 30 * 0.25)


def test_time_on_a_gpu_says_where_it_comes_from(monkeypatch):
    measured = [OnGpu("a:b", "A", 10, 16, 400, "on a day"), OnGpu("c:d", "C", 10, 16, 4000, "on another")]
    monkeypatch.setattr(step_cost, "stored", lambda: measured)
    seconds, how = step_cost.on_gpu("a:b", COST, 32)
    assert seconds == pytest.approx(0.02) and how == "measured for batches of 16, on a day"
    # Another training: at the lower of both rates.
    seconds, how = step_cost.on_gpu("x:y", COST, 32)
    assert seconds == pytest.approx(0.02) and how == "extrapolated by multiply-adds from A, on a day"
    seconds, how = step_cost.on_gpu("c:d", COST, 32)
    assert seconds == pytest.approx(0.002) and how.startswith("extrapolated")


def test_multiply_adds_are_those_of_the_published_layers():
    """By hand; H-net and R-net at 224 pixels have 2.63 and 37.17 thousand million, counted from the printed layers."""
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(8, 3, padding="same", strides=2)(inputs)
    inside = keras.Model(inputs, keras.layers.Conv2DTranspose(4, 4, strides=2, padding="same")(x))
    whole = keras.Model(inputs, keras.layers.Dense(5)(keras.layers.GlobalAveragePooling2D()(inside(inputs))))
    assert step_cost.multiply_adds(whole, (16, 12, 3)) == 8 * 6 * (27 * 8) + 8 * 6 * (16 * 8 * 4) + 4 * 5
    found = [step_cost.multiply_adds(network, (64, 64, 3)) for network in (HNet(), RNet())]
    scaled = [value * (224 / 64) ** 2 / 1e9 for value in found]
    assert scaled == pytest.approx([2.63, 37.17], abs=0.01)


def test_larger_batches_are_left_out_once_a_step_is_long(monkeypatch):
    made, clock = [], iter(range(100))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])

    def step(batch):
        made.append(batch)
        return step_cost.Step(lambda: None, {"a": (model, (3,), 5), "b": (model, (3,), 1)})

    monkeypatch.setattr("zoo.experiments.families.load", lambda place: step)
    cost = step_cost.cost_here("any:step", (1, 2))
    assert (made, cost.parameters, cost.multiply_adds) == ([1, 2], 16, 6 * 6)
    assert 0 < cost.peak_gigabytes[1] <= cost.peak_gigabytes[2] < 100
    monkeypatch.setattr(step_cost.time, "perf_counter", lambda: 3.0 * next(clock))
    made.clear()
    assert step_cost.cost_here("any:step", (1, 2, 8)).seconds == {1: 3.0, 2: 3.0}


STEPS = sorted({work.step for paper, table in PLANNED for work in _plan(paper, table).works})


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.removeprefix("zoo.experiments."))
def test_a_step_runs(step):
    cost = step_cost.cost_here(step, (1,))
    assert cost.seconds[1] > 0 and cost.parameters > 0 and cost.multiply_adds > 1e5


@pytest.mark.slow
def test_a_step_is_measured_in_another_process():
    cost = step_cost.measure("zoo.experiments.hyperimage.plan:live_patches", (1, 2))
    assert set(cost.seconds) == set(cost.peak_gigabytes) == {1, 2}
    assert 0.1 < cost.peak_gigabytes[1] <= cost.peak_gigabytes[2] and cost.cores > 0
    with pytest.raises(ValueError, match=r"absent:step cannot be measured. Received: .*absent"):
        step_cost.measure("absent:step")


def test_stored_measurements_say_when_and_how():
    for one in step_cost.stored():
        assert callable(load(one.step))
        assert one.how.startswith("20") and "Keras" in one.how
        assert 1e12 < one.rate < 1e15  # an H100 in bfloat16 does 5e14 multiply-adds a second at most


def test_the_plan_is_printed_and_measures_each_step_once(monkeypatch, command, tmp_path):
    asked = []
    monkeypatch.setattr(step_cost, "measure", lambda step: asked.append(step) or COST)

    def count(folder):
        if folder is None:
            raise ValueError("its folder is needed")
        return 7

    needed = (Needed("holidays", "all of it", 2.7, count), Needed("theirs", "private", 1))
    step = "zoo.experiments.contrast.plan:step"
    works = (Work("net", 3, 1000, 32, step), Work("scoring", 1, 10, 2, step, passes=1, saved=False))
    monkeypatch.setattr(cli, "load", lambda place: lambda table, scale: Plan(needed, works, memory=(("pictures", 1),)))
    code, out, err = command("plan", "contrast", "table-1", "--data", f"holidays={tmp_path}")
    assert code == 0, err
    assert asked == [step]
    for line in (
        f"holidays: all of it; 2.7 GB. Here: 7 in {tmp_path}",
        "theirs: private; 1 GB. Cannot be looked for",
        "3 x net: 1,000 updates of 32 (96,000 examples)",
        "this machine: 13 h; 16 s a step, extrapolated from 2 examples measured now in 1 s, with 0.5 cores",
        "0.036 GB: states of the trainings",
        "10.8 GB at most",
    ):
        assert line in out, line
    assert "80 of them with a number of the paper; with holidays: 196 to measure" in out
    code, out, err = command("plan", "contrast", "table-1", "--no-measure")
    assert code == 0 and len(asked) == 1
    assert "Not here: --data holidays=FOLDER" in out and "this machine" not in out
    assert "without the paper's data: 196 to measure" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("contrast", "table-9"), "table-1"),
        (("hyperimage", "scorer"), "There is a plan of table_1, table_2"),
        (("contrast", "table-1", "--scale", "laptop"), "--scale must be paper"),
        (("contrast", "table-1", "--data", "raise8k"), "--data must be NAME=FOLDER"),
        (("contrast", "table-1", "--data", "clic=x"), "--data must name one of raise8k"),
    ],
)
def test_bad_input_is_one_line(command, arguments, message):
    code, _, err = command("plan", *arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert message in err
