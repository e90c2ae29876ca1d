"""JPEGAugmentation in training, in tf.data, and where it must do nothing."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from zoo.datasets.embedded import photograph
from zoo.layers import JPEGAugmentation, jpeg, random_quality


def images(count=4, side=24):
    picture = photograph("astronaut")
    return np.stack([picture[20 * k : 20 * k + side, 30 * k : 30 * k + side] for k in range(count)])


def test_each_image_has_its_own_quality():
    batch = images()
    layer = JPEGAugmentation((10, 90), seed=0)
    drawn = random_quality(5, 4, 10, 90)
    assert len(set(ops.convert_to_numpy(drawn))) > 1
    np.testing.assert_array_equal(layer(batch, seed=5, training=True), jpeg(batch, drawn, value_range=(0, 255)))


def test_one_image_without_a_batch():
    picture = images(1)[0]
    found = JPEGAugmentation((30, 30))(picture, training=True)
    np.testing.assert_array_equal(found, jpeg(picture[None], 30, value_range=(0, 255))[0])


def test_masks_and_labels_stay_in_step():
    batch = images()
    data = {"images": batch, "segmentation_masks": batch[..., :1] > 128, "labels": np.arange(4)}
    found = JPEGAugmentation((20, 40))(data, training=True)
    assert sorted(found) == sorted(data)
    np.testing.assert_array_equal(found["segmentation_masks"], data["segmentation_masks"])
    np.testing.assert_array_equal(found["labels"], data["labels"])
    assert found["images"].shape == batch.shape
    assert np.any(ops.convert_to_numpy(found["images"]) != batch)


def test_nothing_happens_outside_training():
    batch = images()
    np.testing.assert_array_equal(JPEGAugmentation((10, 20))(batch, training=False), batch)
    model = keras.Sequential([keras.Input((24, 24, 3)), JPEGAugmentation((10, 20))])
    np.testing.assert_array_equal(model.predict(batch.astype(np.float32), verbose=0), batch)


def test_rate_is_the_share_of_compressed_images():
    batch = np.repeat(images(1, 8), 400, 0)
    changed = ops.convert_to_numpy(JPEGAugmentation((5, 5), rate=0.25)(batch, seed=1, training=True)) != batch
    share = changed.reshape(400, -1).any(1).mean()
    assert abs(share - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 400)


def test_in_tf_data_reproducible_by_index():
    batch = images(6)
    layer = JPEGAugmentation((10, 90))
    dataset = tf.data.Dataset.from_tensor_slices(batch).enumerate()
    dataset = dataset.map(lambda index, image: layer(image, seed=index, training=True), num_parallel_calls=2)
    for _ in range(2):
        found = np.stack(list(dataset.as_numpy_iterator()))
        assert found.dtype == np.uint8
        for k in range(6):
            expected = jpeg(batch[k : k + 1], random_quality(k, 1, 10, 90), value_range=(0, 255))
            np.testing.assert_array_equal(found[k], expected[0])


def test_in_tf_data_of_any_size_with_its_own_generator():
    layer = JPEGAugmentation((10, 30), seed=2)
    dataset = tf.data.Dataset.from_generator(
        lambda: iter([images(1, 17)[0], images(1, 24)[0]] * 2), output_signature=tf.TensorSpec((None, None, 3), "uint8")
    )
    found = list(dataset.map(layer).as_numpy_iterator())
    assert [f.shape for f in found] == [(17, 17, 3), (24, 24, 3)] * 2
    assert np.any(found[1] != found[3])


def test_in_fit():
    model = keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            JPEGAugmentation((20, 90), seed=1),
            keras.layers.Flatten(),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    history = model.fit(images().astype(np.float32) / 255, np.zeros(4), epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_saves_and_loads(tmp_path):
    model = keras.Sequential(
        [keras.Input((24, 24, 3)), JPEGAugmentation((20, 90), 0.5, "4:4:4", value_range=(0, 1), seed=1)]
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.layers[-1].get_config() == model.layers[-1].get_config()


@pytest.mark.parametrize(
    "arguments",
    [dict(quality=50), dict(quality=(0, 50)), dict(quality=(60, 50)), dict(rate=1.5), dict(rate=float("nan"))],
    ids=str,
)
def test_bad_options_are_named(arguments):
    with pytest.raises(ValueError, match=r"Received: .+$"):
        JPEGAugmentation(**arguments)


@pytest.mark.parametrize("data", [np.zeros((8, 8), np.uint8), {"image": np.zeros((8, 8, 3), np.uint8)}], ids=str)
def test_bad_data_is_named(data):
    with pytest.raises(ValueError, match=r"Received: "):
        JPEGAugmentation()(data, training=True)
