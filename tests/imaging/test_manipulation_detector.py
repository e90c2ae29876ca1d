import json

import numpy as np
import pytest

import zoo.weights
from zoo.experiments.cli.main import main
from zoo.images import write_png
from zoo.imaging.joint.detector import ManipulationDetector
from zoo.imaging.joint.fan import FAN
from zoo.imaging.joint.manipulations import CLASSES


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "fan.npz"
    zoo.weights.pack(FAN(), path, 32)
    return path


def test_a_pictures_probabilities_are_the_mean_of_its_patches(weights, photo):
    detector = ManipulationDetector(weights, patch=32, batch_size=4)
    image = photo[40:110, 60:150]  # 70 x 90: three rows and columns, the last moved in
    corners, found = detector.patches(image)
    assert corners.tolist() == [[y, x] for y in (0, 32, 38) for x in (0, 32, 58)]
    patches = np.stack([image[y : y + 32, x : x + 32] for y, x in corners]).astype(np.float32) / 255
    np.testing.assert_allclose(found, detector.model(patches), atol=1e-5)
    np.testing.assert_allclose(detector.probabilities(image), found[[0, 1, 3, 4]].mean(0), atol=1e-6)


def test_heatmap_is_one_minus_native(weights, photo):
    detector = ManipulationDetector(weights, patch=32)
    image = photo[40:72, 60:92]  # a single patch: flat
    heat = detector.heatmap(image)
    np.testing.assert_allclose(heat, 1 - detector.probabilities(image)[0], atol=1e-6)
    assert detector.heatmap(photo[:20, :50]).shape == (20, 50)


def test_bad_arguments_say_what_was_received(weights, photo):
    with pytest.raises(ValueError, match="Received: 8"):
        ManipulationDetector(weights, patch=8)
    detector = ManipulationDetector(weights, patch=32)
    with pytest.raises(ValueError, match="Received: 33"):
        detector.patches(photo, 33)
    with pytest.raises(ValueError, match="Received: float64"):
        detector.probabilities(photo / 255)


def test_command(tmp_path, weights, photo, capsys):
    image = tmp_path / "photo.png"
    write_png(image, photo[:64, :96])
    common = ["imaging", "detect", str(image), "--weights", str(weights), "--patch", "32"]
    assert main([*common, "--json", "--patches", "--heatmap", str(tmp_path / "map.png")]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert sum(shown[name] for name in CLASSES) == pytest.approx(1, abs=1e-4)
    assert [(p["x"], p["y"]) for p in shown["patches"]] == [(x, y) for y in (0, 32) for x in (0, 32, 64)]
    assert (tmp_path / "map.png").is_file()
    assert main(common) == 0
    assert capsys.readouterr().out.startswith("native 0.")


def test_command_refuses_in_one_line(tmp_path, weights, capsys):
    (tmp_path / "text.png").write_text("no picture")
    assert main(["imaging", "detect", str(tmp_path / "text.png"), "--weights", str(weights)]) == 1
    assert main(["imaging", "detect", "a.png", "b.png", "--heatmap", "map.png"]) == 2
    assert main(["imaging", "detect", str(tmp_path / "text.png"), "--weights", "nothing"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all("Received: " in line for line in lines)
