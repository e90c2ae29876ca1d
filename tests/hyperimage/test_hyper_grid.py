import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.contrast import ContrastNet
from zoo.hyperimage import CNNIQA, HyperImage, last_hidden
from zoo.hyperimage.grid import all_starts, fit_inside, grid_starts, stride


def test_grids_of_table_4():
    assert (stride(384, 32, 23), stride(512, 32, 31)) == (16, 16)  # TID: 23 rows, 31 columns, half overlapping
    assert grid_starts(384, 32, 23)[-1] == 352
    np.testing.assert_array_equal(grid_starts(128, 16, 10), np.arange(10) * 12)  # synthetic: fits exactly


@pytest.mark.parametrize(
    ("size", "patch", "count"),
    [
        *((size, 32, 23) for size in (512, 488, 505, 482, 32)),  # LIVE's heights, one patch
        *((size, 32, 24) for size in (768, 610, 627, 632, 634, 33)),  # its widths
        *((size, 64, 15) for size in (900, 600, 384, 256, 240, 160)),  # CASIA-2's sides
    ],
)
def test_equation_2_on_odd_sizes(size, patch, count):
    starts = grid_starts(size, patch, count)
    step = int(np.floor((size - patch) / (count - 1) + 0.5))
    assert len(starts) == count
    assert starts[0] == 0
    assert starts[-1] + patch <= size  # equation 2 alone runs over in some of these
    np.testing.assert_array_equal(starts, np.minimum(np.arange(count) * step, size - patch))
    assert size - (starts[-1] + patch) <= (count - 1) / 2  # at most rounding is left unseen


def test_equation_2_alone_would_leave_the_image():
    assert 22 * stride(512, 32, 23) + 32 > 512


def test_one_patch_and_small_sides():
    assert grid_starts(100, 32, 1).tolist() == [34]
    assert grid_starts(20, 32, 3).tolist() == [0, 0, 0]
    assert all_starts(70, 32, 16).tolist() == [0, 16, 32]
    assert all_starts(20, 32, 16).tolist() == [0]
    for bad in [(0, 32, 3), (32, 0, 3), (32, 32, 0)]:
        with pytest.raises(ValueError, match="Received"):
            grid_starts(*bad)
        with pytest.raises(ValueError, match="Received"):
            all_starts(*bad)


def test_larger_images_are_scaled_isotropically(rng):
    image = rng.integers(0, 256, (120, 300, 3), np.uint8)
    assert fit_inside(image, (90, 90)).shape == (36, 90, 3)
    assert fit_inside(image, (60, 1000)).shape == (60, 150, 3)
    assert fit_inside(image, (120, 300)) is image
    assert fit_inside(image[..., :1], (60, 60)).shape == (24, 60, 1)
    halved = fit_inside(image, (60, 150))
    blocks = image.reshape(60, 2, 150, 2, 3).mean((1, 3))
    assert np.abs(halved - blocks).max() <= 1


@pytest.fixture(scope="module")
def patch_net():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 2))
    x = keras.layers.Conv2D(3, 3, activation="relu")(inputs)
    x = keras.layers.Dense(5, activation="relu", name="hidden")(keras.layers.Flatten()(x))
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Dropout(0.5)(x)))


def by_hand(model, image, grid, patch=8):
    """Every patch on its own, small images reflected by NumPy."""
    height, width = image.shape[:2]
    padded = np.pad(image, [(0, max(0, patch - height)), (0, max(0, patch - width)), (0, 0)], mode="symmetric")
    ys, xs = grid_starts(height, patch, grid[0]), grid_starts(width, patch, grid[1])
    hidden = keras.Model(model.input, model.get_layer("hidden").output)
    return np.array([[np.asarray(hidden(padded[None, y : y + patch, x : x + patch]))[0] for x in xs] for y in ys])


@pytest.mark.parametrize("size", [(30, 41), (8, 8), (9, 100), (5, 20)])
def test_cells_are_the_hidden_features_of_the_patches(patch_net, rng, size):
    image = rng.normal(size=(*size, 2)).astype(np.float32)
    layer = HyperImage(patch_net, grid=(3, 4))
    found = np.asarray(layer(image[None]))
    assert found.shape == (1, 3, 4, 5)
    np.testing.assert_allclose(found[0], by_hand(patch_net, image, (3, 4)), atol=1e-5)


def test_sizes_that_are_only_known_at_run_time_give_the_same(patch_net, rng):
    layer = HyperImage(patch_net, grid=(3, 4))
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, layer(inputs))
    assert model.output_shape == (None, 3, 4, 5)
    traced = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 2))])
    centre = HyperImage(patch_net, grid=(1, 2))
    traced_centre = tf.function(centre, input_signature=[tf.TensorSpec((None, None, None, 2))])
    for size in [(30, 41), (5, 20)]:
        images = rng.normal(size=(2, *size, 2)).astype(np.float32)
        np.testing.assert_allclose(traced(images), layer(images), atol=1e-6)
        np.testing.assert_allclose(model.predict_on_batch(images), layer(images), atol=1e-6)
        np.testing.assert_allclose(traced_centre(images), centre(images), atol=1e-6)


def test_in_tf_data(patch_net, rng):
    layer = HyperImage(patch_net, grid=(2, 2))
    images = [rng.normal(size=(n, n + 3, 2)).astype(np.float32) for n in (9, 16)]
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(images), output_signature=tf.TensorSpec((None, None, 2), tf.float32)
    )
    for image, found in zip(images, dataset.map(lambda x: layer(x[None])[0]), strict=True):
        np.testing.assert_allclose(found, layer(image[None])[0], atol=1e-6)


def test_all_patches(patch_net, rng):
    layer = HyperImage(patch_net, step=4)
    images = rng.normal(size=(2, 21, 16, 2)).astype(np.float32)
    found = np.asarray(layer(images))
    assert found.shape == (2, 4, 3, 5) == layer.compute_output_shape(images.shape)
    one = np.asarray(last_hidden(patch_net)(images[:, 4:12, 8:16]))
    np.testing.assert_allclose(found[:, 1, 2], one, atol=1e-5)
    assert HyperImage(patch_net, step=4).compute_output_shape((None, None, 16, 2)) == (None, None, 3, 5)
    traced = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 2))])
    np.testing.assert_allclose(traced(images), found, atol=1e-6)


def test_first_stage_is_frozen_and_dropout_off(patch_net, rng):
    layer = HyperImage(patch_net, grid=(2, 2))
    images = rng.normal(size=(1, 20, 20, 2)).astype(np.float32)
    np.testing.assert_array_equal(layer(images, training=True), layer(images))
    assert not layer.trainable_weights
    assert HyperImage(patch_net, grid=(2, 2), trainable=True).trainable_weights


def test_saved_with_its_first_stage(tmp_path, patch_net, rng):
    inputs = keras.Input((None, None, 2))
    model = keras.Model(inputs, HyperImage(patch_net, grid=(2, 3))(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    image = rng.normal(size=(1, 19, 30, 2)).astype(np.float32)
    np.testing.assert_array_equal(loaded.predict_on_batch(image), model.predict_on_batch(image))


def test_contrast_net_as_first_stage():
    layer = HyperImage(ContrastNet(base_filters=8), grid=(2, 2))
    assert layer.depth == 250
    assert layer(np.zeros((1, 70, 90, 3), np.float32)).shape == (1, 2, 2, 250)


def test_last_hidden_layer_of_cnniqa_is_fc2():
    assert last_hidden(CNNIQA()).layers[-1].name == "fc2"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "not both"),
        ({"grid": (2, 2), "step": 4}, "not both"),
        ({"grid": (0, 2)}, "at least 1"),
        ({"step": 0}, "at least 1"),
    ],
)
def test_bad_arguments_of_the_layer(patch_net, arguments, message):
    with pytest.raises(ValueError, match=message):
        HyperImage(patch_net, **arguments)


def test_first_stages_that_do_not_do():
    inputs = keras.Input((8, 8, 2))
    with pytest.raises(ValueError, match="ReLU"):
        last_hidden(keras.Model(inputs, keras.layers.Conv2D(1, 3)(inputs)))
    inputs = keras.Input((8, 9, 2))
    with pytest.raises(ValueError, match="square patches"):
        HyperImage(keras.Model(inputs, keras.layers.ReLU()(inputs)), grid=(2, 2))
