import dataclasses
import json

import keras
import numpy as np
import pytest

import zoo
from zoo.experiments.imaging import data
from zoo.experiments.imaging.developing import pretrained, training, warm_start
from zoo.experiments.imaging.developing.training import SCALES, Recipe, new_network, squared_error_255, train
from zoo.experiments.train import fitting
from zoo.imaging import INet
from zoo.saved_training import SavedState

TINY = dataclasses.replace(SCALES["smoke"], recipes={"inet": Recipe(3, 4, 1e-3), "dnet": Recipe(1, 1, 1e-4)})


@pytest.fixture(scope="module")
def pictures():
    # More than a smoke training has: 36 weights a colour are not found on three scenes of 64 pixels.
    return training.synthetic_pictures(dataclasses.replace(SCALES["smoke"], training=24, validation=6, side=128), 0)


@pytest.fixture(scope="module")
def fixed(pictures):
    return training.fixed_patches(pictures[1], 16)


def test_loss_and_psnr_by_their_formulas(rng):
    target = rng.random((3, 8, 8, 3), np.float32)
    rgb = 1.3 * target - 0.1
    expected = ((255.0 * (target - rgb)) ** 2).mean((1, 2, 3))
    np.testing.assert_allclose(squared_error_255(target, rgb), expected, rtol=1e-5)
    clipped = -10 * np.log10(((target - np.clip(rgb, 0, 1)) ** 2).mean((1, 2, 3)))
    np.testing.assert_allclose(training.psnr(target, rgb), clipped, rtol=1e-5)


def test_the_loss_has_a_gradient_where_the_picture_would_be_clipped():
    model = INet(clip=False)
    model.compile(keras.optimizers.SGD(1e-6), squared_error_255)
    planes, target = np.ones((1, 8, 8, 4), np.float32), np.full((1, 16, 16, 3), 0.5, np.float32)
    before = model.get_weights()[-1].copy()
    assert model.predict_on_batch(1.5 * planes).min() > 1
    model.train_on_batch(1.5 * planes, target)
    assert (model.get_weights()[-1] < before).all()


def test_the_paper_scale_is_the_papers_protocol():
    paper = SCALES["paper"]
    assert (paper.training, paper.validation, paper.batch, paper.patch, paper.validation_side) == (120, 30, 20, 64, 256)
    assert {r.threshold for n, r in paper.recipes.items() if n != "dnet"} == {1e-4}
    assert paper.recipes["dnet"].threshold == 1e-5
    assert {(r.epochs, r.steps, r.rate) for r in paper.recipes.values()} == {(50_000, 6, 1e-4)}
    assert not paper.short


def test_a_killed_training_resumes_to_the_same_bits(tmp_path, pictures, fixed):
    whole = train("inet", TINY, pictures[0], fixed, tmp_path / "a")

    class Kill(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    original = fitting.fit

    def killed(model, batches, epochs, folder, name, callbacks=(), *rest, **more):
        return original(model, batches, epochs, folder, name, [*callbacks, Kill()], *rest, **more)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(fitting, "fit", killed)
        train("inet", TINY, pictures[0], fixed, tmp_path / "b")
    assert len(json.loads((tmp_path / "b" / "inet.json").read_text())) == 2
    resumed = train("inet", TINY, pictures[0], fixed, tmp_path / "b")
    for one, two in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    history = json.loads((tmp_path / "b" / "inet.json").read_text())
    assert [entry["epoch"] for entry in history] == [1, 2, 3]
    assert history[-1]["val_loss"] < history[0]["val_loss"]
    # What is finished is not trained again.
    again = train("inet", TINY, pictures[0], fixed, tmp_path / "b")
    np.testing.assert_array_equal(again.get_weights()[0], whole.get_weights()[0])


def test_a_training_that_stopped_on_a_plateau_stays_stopped(tmp_path, pictures, fixed):
    recipe = Recipe(40, 1, 0.0, threshold=1e-4)
    settings = dataclasses.replace(TINY, recipes={"inet": recipe}, short=False, every=2)
    train("inet", settings, pictures[0], fixed, tmp_path)
    history = json.loads((tmp_path / "inet.json").read_text())
    assert [entry["epoch"] for entry in history] == list(range(2, 24, 2))
    train("inet", settings, pictures[0], fixed, tmp_path)
    assert json.loads((tmp_path / "inet.json").read_text()) == history


def test_linear_start_develops_better_than_bilinear(pictures, fixed):
    """UNet and DNet begin where the best linear pipeline is, whatever their random channels hold."""
    x, y = fixed

    def inside(model):
        """PSNR without the two outermost pixels, where DNet sees its padding, which is not yet trained."""
        found = model.predict_on_batch(x)[:, 2:-2, 2:-2]
        return float(np.mean(training.psnr(y[:, 2:-2, 2:-2], found)))

    begun = {name: inside(new_network(name, SCALES["smoke"], pictures[0])) for name in ("unet", "dnet")}
    bilinear = inside(INet())
    assert begun["dnet"] > bilinear
    assert begun["unet"] > bilinear - 4  # its tone curve has four bends a colour
    linear = warm_start.linear_pipeline(pictures[0])
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    cells = (windows.reshape(*windows.shape[:3], 36) @ linear.reshape(36, 12)).clip(0, 1) ** (1 / 2.2)
    n, h, w = cells.shape[:3]
    rgb = cells.reshape(n, h, w, 2, 2, 3).transpose(0, 1, 3, 2, 4, 5).reshape(n, 2 * h, 2 * w, 3)
    found = new_network("dnet", SCALES["smoke"], pictures[0]).predict_on_batch(x)[:, 2:-2, 2:-2]
    np.testing.assert_allclose(found[:, 4:-4, 4:-4], rgb[:, 4:-4, 4:-4], atol=0.005)


def test_tone_curves_are_close():
    x = np.linspace(0, 1.5, 3001)
    knots, rises = warm_start.straight_pieces(21)
    assert np.sqrt(np.mean((np.maximum(x[:, None] - knots, 0) @ rises - warm_start.tone_curve(x)) ** 2)) < 0.001
    assert warm_start.bent_curve()[1] < 0.015


def test_scenes_of_training_validation_and_test_never_meet():
    found = {}
    for role in ("train", "validation", "test"):
        for picture in data.synthetic(role, 2, 32):
            assert picture.planes.tobytes() not in found
            found[picture.planes.tobytes()] = picture.source
    assert len(set(found.values())) == 6
    with pytest.raises(ValueError, match="Received: 'exam'"):
        data.synthetic("exam", 1, 32)
    with pytest.raises(ValueError, match="Received: 'oak'"):
        data.synthetic("test", 1, 32, camera="oak")


def test_packing_keeps_what_is_fine_and_costs_little(tmp_path, pictures, fixed):
    networks = {name: new_network(name, SCALES["smoke"], pictures[0]) for name in ("inet", "unet")}
    for name, network in networks.items():
        SavedState(tmp_path / name).write(network, {"seconds": 1.0, "commit": "c"})
    pretrained.store(tmp_path, "command", "scenes", "generated-smoke", side=64, scenes=2)
    written = sorted(tmp_path.glob("*.npz"))
    assert [path.stem for path in written] == ["inet-birch.photographs", "unet-birch.photographs"]
    assert sum(path.stat().st_size for path in written) < 12 * 2**20
    x, y = fixed
    for name, network in networks.items():
        whole, packed = (
            np.clip(n.predict_on_batch(x), 0, 1) for n in (network, zoo.load(f"{name}-birch.generated-smoke"))
        )
        cost = float(np.mean(training.psnr(y, whole) - training.psnr(y, packed)))
        assert abs(cost) < (1e-6 if name == "inet" else 0.3)


def test_bad_scale_and_network(tmp_path):
    with pytest.raises(ValueError, match="Received: 'huge'"):
        training.pretrain("huge", tmp_path)
    with pytest.raises(ValueError, match="Received: 'knet'"):
        training.pretrain("smoke", tmp_path, networks=["knet"])
