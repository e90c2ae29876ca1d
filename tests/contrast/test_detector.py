import numpy as np
import pytest

from zoo import tiles
from zoo.contrast import ContrastNet, dense
from zoo.contrast.baselines import histogram_roughness
from zoo.contrast.dense import DenseScores
from zoo.contrast.detector import ContrastDetector
from zoo.contrast.operators import gamma_correction, histogram_stretching
from zoo.heatmap import write_heatmap
from zoo.images import read_image
from zoo.weights import pack


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    path = tmp_path_factory.mktemp("w") / "w.npz"
    pack(ContrastNet(), path)
    return ContrastDetector(path, batch_size=5)


def test_score_is_the_mean_over_the_grid(detector, rng):
    image = rng.integers(0, 256, (140, 200, 3), np.uint8)
    patches = [image[y : y + 64, x : x + 64] for y in (0, 64) for x in (0, 64, 128)]
    direct = detector.model.predict_on_batch(np.stack(patches).astype(np.float32) / 255)[:, 1]
    assert detector.score(image) == pytest.approx(direct.mean(), abs=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (20, 300), (64, 64), (65, 63)])
def test_pictures_of_any_size(detector, rng, size):
    image = rng.integers(0, 256, (*size, 3), np.uint8)
    assert 0 <= detector.score(image) <= 1
    heat = detector.heatmap(image, stride=64)
    assert heat.shape == size
    assert ((heat >= 0) & (heat <= 1)).all()


@pytest.mark.parametrize("stride", [16, 18])
def test_heatmap_shows_where(detector, monkeypatch, stride):
    # In place of the network: a patch is called adjusted by its brightness, so the truth is known pixel by pixel.
    def bright(self, image, corners=None):
        corners = tiles.positions(*image.shape[:2], 64, stride) if corners is None else corners
        return tiles.cut(image, corners, 64).mean((1, 2, 3)) / 255

    monkeypatch.setattr(DenseScores, "__call__", bright)
    monkeypatch.setattr(ContrastDetector, "_score_at", bright)
    image = np.zeros((128, 192, 3), np.uint8)
    image[:, 96:] = 255
    heat = detector.heatmap(image, stride=stride)
    assert heat[:, :32].max() < 0.05
    assert heat[:, 160:].min() > 0.95
    if stride == 16:  # the last row of patches is moved in for the other
        np.testing.assert_allclose(heat, heat[::-1, :], atol=1e-6)
    with pytest.raises(ValueError, match="Received: 65"):
        detector.heatmap(image, stride=65)


@pytest.mark.parametrize(
    ("size", "stride"), [((64, 64), 32), ((130, 199), 32), ((96, 201), 16), ((67, 128), 4), ((200, 64), 64)]
)
def test_one_pass_gives_the_scores_of_patch_by_patch(detector, rng, monkeypatch, size, stride):
    monkeypatch.setattr(dense, "TILE", 128)  # so that these pictures have several tiles
    image = np.clip(rng.normal(120, 50, (*size, 3)), 0, 255).astype(np.uint8)
    found = DenseScores(detector.model, stride)(image)
    corners = tiles.positions(*size, 64, stride)
    expected = detector.score_patches(tiles.cut(image, corners, 64))
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-5)
    assert expected.std() > 1e-4 or len(expected) == 1


@pytest.mark.parametrize(("size", "stride"), [((140, 200), 32), ((128, 192), 64), ((70, 90), 24), ((20, 50), 16)])
def test_score_and_heatmap_in_one_pass_are_those_of_each(detector, rng, size, stride):
    image = np.clip(rng.normal(120, 50, (*size, 3)), 0, 255).astype(np.uint8)
    score, heat = detector.score_and_heatmap(image, stride)
    assert score == pytest.approx(detector.score(image), abs=1e-5)
    np.testing.assert_array_equal(heat, detector.heatmap(image, stride))


def test_a_stride_between_the_network_s_steps_is_refused(detector):
    with pytest.raises(ValueError, match=r"multiple of 4\. Received: 6"):
        DenseScores(detector.model, 6)


@pytest.mark.parametrize(
    "image", [np.zeros((70, 70), np.uint8), np.zeros((70, 70, 3), np.float32), np.zeros((0, 70, 3), np.uint8)]
)
def test_other_arrays_are_refused(detector, image):
    for call in (detector.score, detector.heatmap):
        with pytest.raises(ValueError, match="uint8 RGB"):
            call(image)


def test_heatmap_picture(tmp_path, rng):
    image = rng.integers(0, 256, (20, 30, 3), np.uint8)
    write_heatmap(tmp_path / "h.png", image, np.linspace(0, 1, 600).reshape(20, 30))
    drawn = read_image(tmp_path / "h.png")
    assert drawn.shape[1] >= 480
    np.testing.assert_array_equal(drawn[:20, :30], image)
    with pytest.raises(ValueError, match="one size"):
        write_heatmap(tmp_path / "h.png", image, np.zeros((3, 3)))


def test_roughness_is_the_share_of_high_frequencies_of_the_histogram(rng):
    image = np.repeat(rng.integers(0, 256, (50, 60, 1), np.uint8), 3, axis=2)
    counts = np.array([(image[..., 0] == level).sum() for level in range(256)], float)
    distance = np.minimum(np.arange(256), 255 - np.arange(256))
    counts *= np.where(distance < 4, 0.5 - 0.5 * np.cos(np.pi * distance / 4), 1)
    spectrum = [abs(sum(counts * np.exp(-2j * np.pi * k * np.arange(256) / 256))) for k in range(32, 129)]
    assert histogram_roughness(image) == pytest.approx(sum(spectrum) / image[..., 0].size)


def test_roughness_finds_mapped_histograms_without_jpeg(photo):
    for operator in (gamma_correction, histogram_stretching):
        assert histogram_roughness(operator(photo)) > 2 * histogram_roughness(photo)
