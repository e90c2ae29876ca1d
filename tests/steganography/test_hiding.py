import keras
import numpy as np
import pytest

from zoo.datasets.embedded import photograph
from zoo.datasets.jpeg import compress
from zoo.images import read_image, write_png
from zoo.layers import DifferentiableJPEG
from zoo.steganography import HNet, RNet, Steganographer, hiding
from zoo.steganography.hiding import ImageHider, load_steganographer, resize
from zoo.steganography.measures import mse


@pytest.fixture(scope="module")
def model():
    """The paper's networks, untrained."""
    keras.utils.set_random_seed(5)
    return Steganographer(HNet(), RNet(), quantize=True)


@pytest.fixture(scope="module")
def hider(model):
    return ImageHider(model)


def _picture(rng, height, width):
    return rng.integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("cover", "secret"), [((32, 64), (32, 64)), ((37, 51), (80, 20)), ((5, 1), (3, 3))])
def test_any_sizes(hider, rng, cover, secret):
    container = hider.hide(_picture(rng, *cover), _picture(rng, *secret))
    assert container.dtype == np.uint8
    assert container.shape == (*cover, 3)
    assert hider.reveal(container).shape == (*cover, 3)
    assert hider.reveal(container, secret).shape == (*secret, 3)


def test_a_picture_of_fitting_size_is_what_the_networks_make_of_it(hider, model, rng):
    cover, secret = _picture(rng, 32, 64), _picture(rng, 32, 64)
    outputs = model.predict_on_batch({"cover": cover[None] / np.float32(255), "secret": secret[None] / np.float32(255)})
    container = hider.hide(cover, secret)
    np.testing.assert_allclose(container, outputs["container"][0] * 255, atol=1e-3)
    np.testing.assert_array_equal(hider.reveal(container), np.rint(outputs["revealed"][0] * 255))


def test_a_png_changes_nothing(hider, rng, tmp_path):
    container = hider.hide(_picture(rng, 33, 40), _picture(rng, 33, 40))
    write_png(tmp_path / "container.png", container)
    np.testing.assert_array_equal(hider.reveal(read_image(tmp_path / "container.png")), hider.reveal(container))


def test_blocks_are_the_whole_picture(hider, rng, monkeypatch):
    cover, secret = _picture(rng, 320, 64), _picture(rng, 320, 64)
    whole = hider.hide(cover, secret)
    revealed = hider.reveal(whole)
    monkeypatch.setattr(hiding, "BLOCK", 64)
    blocks = hider.hide(cover, secret)
    # Sums in another order may cross a rounding, by one level.
    assert np.abs(blocks.astype(int) - whole).max() <= 1
    assert (blocks != whole).mean() < 0.001
    assert np.abs(hider.reveal(whole).astype(int) - revealed).max() <= 1
    # Blocks without surroundings would show.
    monkeypatch.setattr(hiding, "HIDING_MARGIN", 0)
    assert (hider.hide(cover, secret) != whole).mean() > 0.01


def test_surroundings_are_what_h_net_can_reach():
    network = HNet()
    for weight in network.weights:
        if weight.name == "kernel":  # means, so that what is reached anywhere is above 0
            weight.assign(np.full(weight.shape, 1 / np.prod(weight.shape[:2]) / 50, np.float32))
        elif weight.name == "bias":
            weight.assign(np.zeros(weight.shape))
    logits = keras.Model(network.input, network.get_layer("h_net_conv_transpose2d_30").output)
    columns = np.arange(128, 160)  # all places within a stride
    impulse = np.zeros((32, 32, 288, 3), np.float32)
    impulse[np.arange(32), 16, columns] = 1e15
    reached = logits.predict_on_batch([impulse, impulse]).max((1, 3)) > 0
    distances = [np.abs(np.flatnonzero(row) - column).max() for row, column in zip(reached, columns, strict=True)]
    assert hiding.HIDING_MARGIN - 32 < max(distances) == 93 < hiding.HIDING_MARGIN


def test_the_stored_networks_tell_a_container_from_a_photograph():
    stored = ImageHider()
    cover, secret = photograph("chelsea")[:128, :128], photograph("coffee")[100:228, 200:328]
    container = stored.hide(cover, secret)
    assert hiding.is_plausible(container)
    assert not hiding.is_plausible(cover)
    # The least that the stored weights must do; the tables say how well they do it.
    assert mse(cover, container) < 0.004
    assert mse(secret, stored.reveal(container)) < 0.004


def test_the_stored_networks_through_jpeg_reveal_from_a_jpeg():
    stored = ImageHider(hiding.stored_steganographer(jpeg=True))
    assert stored.survives_jpeg
    assert not hiding.is_plausible(photograph("chelsea"))
    cover, secret = photograph("chelsea")[:256, :256], photograph("coffee")[100:356, 200:456]
    container = stored.hide(cover, secret)
    revealed = stored.reveal(compress(container, 75))
    assert hiding.is_plausible(compress(container, 75))
    # Far better than the secret's mean colour, which a pair that was not trained for it cannot beat.
    colour = np.broadcast_to(secret.mean((0, 1)).astype(np.uint8), secret.shape)
    assert mse(secret, revealed) < mse(secret, colour) / 4
    plain = ImageHider()
    assert mse(secret, revealed) < mse(secret, plain.reveal(compress(plain.hide(cover, secret), 75))) / 4


def test_a_checkerboard_is_measured_in_grey_levels():
    image = np.full((9, 13, 3), 100, np.uint8)
    assert hiding.mean_checkerboard(image) == 0
    image[::2, ::2] += 6
    image[1::2, 1::2] += 6
    assert hiding.mean_checkerboard(image) == pytest.approx(3)
    assert hiding.mean_checkerboard(image[1:]) == pytest.approx(3)  # cropped: the sign turns, nothing else
    assert hiding.mean_checkerboard(image[:1]) == 0
    assert hiding.mean_checkerboard(photograph("chelsea")) < 0.1
    image[::2, ::2] += np.array([4, 0, 0], np.uint8)  # reddish: a quarter of it is in the checkerboard
    assert hiding.mean_checkerboard(image) == pytest.approx(3 + 1 / 3)
    image[:] = 100
    image[::2, ::2] += np.array([40, 0, 0], np.uint8)
    assert hiding.mean_checkerboard(image) == pytest.approx(10 * (2 / 3) ** 0.5)


def test_jpeg_is_survived_by_those_trained_for_it(model):
    assert not ImageHider(model).survives_jpeg
    for channel in (
        DifferentiableJPEG(90),
        keras.Sequential([keras.layers.GaussianNoise(0.1), DifferentiableJPEG(90)]),
    ):
        assert ImageHider(Steganographer(model.hiding, model.revealing, channel=channel)).survives_jpeg


def test_networks_from_a_file(tmp_path, model, rng):
    model.save(tmp_path / "networks.keras")
    container = _picture(rng, 32, 32)
    loaded = ImageHider(load_steganographer(tmp_path / "networks.keras"))
    np.testing.assert_array_equal(loaded.reveal(container), ImageHider(model).reveal(container))
    keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).save(tmp_path / "other.keras")
    (tmp_path / "text.keras").write_text("no networks")
    for name in ("other.keras", "text.keras", "absent.keras", "networks.npz"):
        with pytest.raises(ValueError, match="Received"):
            load_steganographer(tmp_path / name)


def test_bad_images(hider, rng):
    picture = _picture(rng, 32, 32)
    four = np.dstack([picture, picture[..., :1]])
    for bad in (picture[..., 0], picture / 255.0, four, picture[:0], picture.tolist(), None):
        with pytest.raises(ValueError, match="Received"):
            hider.hide(picture, bad)
        with pytest.raises(ValueError, match="Received"):
            hider.reveal(bad)
    with pytest.raises(ValueError, match="Received: 0 x 4"):
        resize(picture, 0, 4)
