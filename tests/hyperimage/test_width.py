"""A forgery network is as wide as its weights, wherever these come from."""

import keras
import numpy as np
import pytest

import zoo
from zoo.experiments.hyperimage.forgery import evaluation
from zoo.experiments.run.cells import Settings
from zoo.hyperimage import CNNIQA, ForgeryChannel, ForgeryEndToEnd, ForgeryStageTwo
from zoo.hyperimage.detector import FORGERY_WEIGHTS, ForgeryDetector
from zoo.hyperimage.width import width_of
from zoo.weights import pack


def _saved(model, path):
    if path.suffix == ".npz":
        pack(model, path)
    elif path.name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)
    return path


@pytest.mark.parametrize("ending", [".npz", ".weights.h5", ".keras"])
@pytest.mark.parametrize("build", [ForgeryChannel, ForgeryStageTwo])
def test_width_is_read_from_every_kind_of_file(tmp_path, build, ending):
    path = _saved(build(width=1 / 16), tmp_path / f"one{ending}")
    assert width_of(path) == 1 / 16
    assert build(weights=path).get_layer("conv1_1").filters == 4


def test_width_of_the_stored_and_of_the_papers():
    for name in zoo.list_models("hyperimage-forgery-*"):
        assert width_of(name) == 0.25
        assert zoo.load(name).get_layer("conv1_1").filters in (8, 16)
    assert ForgeryStageTwo().get_layer("conv3_3").filters == 256


def test_end_to_end(tmp_path):
    path = _saved(ForgeryEndToEnd(width=1 / 32, input_shape=(64, 64, 3)), tmp_path / "one.npz")
    assert width_of(path) == 1 / 32


def test_detector_and_export_take_weights_of_any_width(tmp_path, photo, command):
    keras.utils.set_random_seed(3)
    models = ForgeryChannel(width=1 / 16), ForgeryStageTwo(width=1 / 16)
    paths = [_saved(m, tmp_path / f"{name}.npz") for m, name in zip(models, FORGERY_WEIGHTS, strict=True)]
    image = np.ascontiguousarray(photo[:96, :128])
    expected = ForgeryDetector(tuple(paths)).score(image)
    code, _, err = command("export", "hyperimage-forgery.photographs", tmp_path / "out", "--weights", tmp_path)
    assert code == 0, err
    served = keras.layers.TFSMLayer(str(tmp_path / "out"), call_endpoint="serve")(image[None])["score"]
    np.testing.assert_allclose(served[0], expected, atol=1e-5)


def test_table_3_takes_weights_of_any_width():
    # At smoke itself a sixteenth is trained; the stored ones are a quarter.
    offline = evaluation.Offline(Settings("smoke"))
    assert offline._detector.network.first.get_layer("conv1_1").filters == 16


def test_files_of_something_else_are_refused(tmp_path):
    (tmp_path / "text.npz").write_text("no weights")
    (tmp_path / "text.keras").write_text("no weights")
    for name in ("text.npz", "text.keras"):
        with pytest.raises(ValueError, match=f"Not a readable weights file. Received: .*{name}"):
            width_of(tmp_path / name)
    with pytest.raises(ValueError, match=r"must have 256 filters times its width.*Received: 50 in"):
        width_of(_saved(CNNIQA(), tmp_path / "quality.npz"))
    with pytest.raises(ValueError, match="Received: 'absent'"):
        width_of("absent")
