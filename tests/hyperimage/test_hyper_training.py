import keras
import numpy as np
import pytest

from zoo.datasets.ranked_pairs import RankedPairs
from zoo.hyperimage import DecayingSGD, RankingHinge, RankingNet, Recipe, TwoStage
from zoo.layers import LocalContrastNormalization


def _line(start=2.0):
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
    model.set_weights([np.float32([[start]])])
    return model


def test_steps_are_those_of_keras_1():
    """Steps: v = m v - lr_t g; p += m v - lr_t g, lr_t = lr / (1 + decay t), t from 0; gradient of (p x)^2 is 2 p."""
    model = _line()
    model.compile(DecayingSGD(0.01, 0.9, decay=0.5), "mean_squared_error")
    p, v = 2.0, 0.0
    for t in range(6):
        rate, gradient = 0.01 / (1 + 0.5 * t), 2 * p
        v = 0.9 * v - rate * gradient
        p += 0.9 * v - rate * gradient
        model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
        assert model.get_weights()[0][0, 0] == pytest.approx(p, rel=1e-5)


def test_without_decay_it_is_keras_3s_sgd():
    ours, theirs = _line(), _line()
    ours.compile(DecayingSGD(0.01, decay=0.0), "mean_squared_error")
    theirs.compile(keras.optimizers.SGD(0.01, 0.9, nesterov=True), "mean_squared_error")
    for model in (ours, theirs):
        model.fit(np.ones((4, 1)), np.zeros((4, 1)), batch_size=1, epochs=2, verbose=0)
    np.testing.assert_array_equal(ours.get_weights(), theirs.get_weights())


def test_plateau_rule_acts_on_the_decaying_rate():
    model = _line()
    model.compile(DecayingSGD(1e-12, decay=0.1), "mean_squared_error")
    rule = keras.callbacks.ReduceLROnPlateau("loss", factor=0.1, patience=1)
    model.fit(np.ones((2, 1)), np.zeros((2, 1)), batch_size=1, epochs=4, verbose=0, callbacks=[rule])
    assert float(model.optimizer.learning_rate.numpy()) < 5e-13


def test_optimizer_is_saved_and_refuses_schedules(tmp_path):
    model = _line()
    model.compile(DecayingSGD(0.01, decay=0.3), "mean_squared_error")
    model.fit(np.ones((3, 1)), np.zeros((3, 1)), batch_size=1, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.optimizer.decay == 0.3
    assert int(loaded.optimizer.iterations.numpy()) == 3
    with pytest.raises(ValueError, match="learning_rate a number"):
        DecayingSGD(keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5))
    with pytest.raises(ValueError, match="decay must be"):
        DecayingSGD(decay=-1)


def _two_stage(preprocess=None):
    keras.utils.set_random_seed(5)
    inputs = keras.Input((8, 8, 1))
    x = keras.layers.Dense(6, activation="relu")(keras.layers.Flatten()(inputs))
    first = keras.Model(inputs, keras.layers.Dense(1)(x))
    inputs = keras.Input((3, 3, 6))
    second = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(inputs)))
    return TwoStage(first, second, preprocess)


@pytest.fixture
def squares(rng):
    """Images of three by three tiles whose score is the brightness of the middle tile: a mean cannot tell."""
    levels = rng.random((240, 3, 3)).astype(np.float32)
    return levels.repeat(8, 1).repeat(8, 2)[..., None], levels[:, 1, 1]


@pytest.mark.slow
def test_second_stage_knows_where_and_the_average_does_not(squares):
    images, scores = squares
    network = _two_stage()
    tiles = images.reshape(-1, 3, 8, 3, 8, 1).transpose(0, 1, 3, 2, 4, 5).reshape(-1, 8, 8, 1)
    labels = tiles.mean((1, 2))
    before = [w.copy() for w in network.first.get_weights()]
    recipe = Recipe(4, 4, batch_size=32, learning_rate=0.02)
    network.fit_first(tiles[:1800], labels[:1800], (tiles[1800:], labels[1800:]), recipe, verbose=0)
    trained = [w.copy() for w in network.first.get_weights()]
    assert any((a != b).any() for a, b in zip(before, trained, strict=True))
    recipe = Recipe(30, 30, batch_size=16, learning_rate=0.03)
    network.fit_second(images[:180], scores[:180], (images[180:200], scores[180:200]), recipe, verbose=0)
    for a, b in zip(trained, network.first.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)  # the first stage stays as it was
    test, truth = images[200:], scores[200:]
    ours, average = (np.corrcoef(f(test, 40), truth)[0, 1] for f in (network.predict, network.predict_patch_average))
    assert ours > 0.9
    assert average < 0.6
    np.testing.assert_allclose(network.model.predict(test, verbose=0)[:, 0], network.predict(test, 40), atol=2e-3)


@pytest.mark.parametrize("loss", ["binary_crossentropy", keras.losses.BinaryCrossentropy()])
def test_cross_entropy_of_probabilities_is_refused_for_a_linear_output(loss):
    with pytest.raises(ValueError, match="from_logits=True"):
        Recipe(1, 1, loss).compile(_two_stage().second)
    probabilities = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "sigmoid")])
    Recipe(1, 1, loss).compile(probabilities)


def test_second_stage_with_a_linear_output_learns_classes(squares):
    images, scores = squares
    network, classes = _two_stage(), (scores > 0.5).astype(np.float32)
    recipe = Recipe(20, 20, keras.losses.BinaryCrossentropy(from_logits=True), batch_size=16, learning_rate=0.03)
    network.fit_second(images[:180], classes[:180], (images[180:200], classes[180:200]), recipe, verbose=0)
    found = network.predict(images[200:], 40)
    assert np.mean((found > 0) == (classes[200:] > 0.5)) > 0.85


def test_patch_average_is_the_mean_over_the_grid(rng):
    network = _two_stage(LocalContrastNormalization())
    image = rng.uniform(0, 255, (24, 30, 1)).astype(np.float32)
    normal = np.asarray(LocalContrastNormalization()(image[None]))[0]
    cut = np.stack([normal[y : y + 8, x : x + 8] for y in (0, 8, 16) for x in (0, 11, 22)])
    expected = np.asarray(network.first(cut)).mean()
    np.testing.assert_allclose(network.predict_patch_average([image]), expected, rtol=1e-4)


def test_images_of_different_sizes(rng):
    network = _two_stage()
    images = [rng.random((n, 2 * n, 1)).astype(np.float32) for n in (5, 8, 40)]
    hyper = network.hyper_images(images)
    assert hyper.shape == (3, 3, 3, 6)
    assert hyper.dtype == np.float16
    assert network.hyper_images(hyper) is hyper
    assert network.predict(images).shape == network.predict_patch_average(images).shape == (3,)


def test_early_stopping_puts_the_best_epoch_back(rng):
    network = _two_stage()
    x = rng.random((32, 8, 8, 1)).astype(np.float32)
    y = rng.random((32, 1)).astype(np.float32)
    recipe = Recipe(epochs=30, stop=2, learning_rate=3.0, batch_size=8)  # far too fast: it gets worse
    history = network.fit_first(x, y, (x, y), recipe, verbose=0).history["val_loss"]
    assert len(history) < 30
    found = np.abs(network.first.predict(x, verbose=0) - y).mean()
    assert found == pytest.approx(min(history), rel=1e-4)


def test_stages_that_do_not_fit():
    network = _two_stage()
    inputs = keras.Input((3, 3, 7))
    with pytest.raises(ValueError, match=r"6 features\. Received: 7"):
        TwoStage(network.first, keras.Model(inputs, keras.layers.Flatten()(inputs)))


def test_ranking_loss_by_hand():
    d = np.float32([[5.0], [1.0], [-2.0], [4.0]])
    y = np.float32([[1], [1], [-1], [-1]])
    loss = RankingHinge()(y, d)
    assert float(loss) == pytest.approx(np.mean([0, 2, 1, 7]))
    assert RankingHinge.from_config(RankingHinge(2.0).get_config()).delta == 2.0
    with pytest.raises(ValueError, match="Received: 0"):
        RankingHinge(0)


def test_ranking_net_learns_which_patch_is_authentic(rng):
    keras.utils.set_random_seed(2)
    inputs = keras.Input((4, 4, 3))
    hidden = keras.layers.Dense(8, activation="relu")(keras.layers.Flatten()(inputs))
    channel = keras.Model(inputs, hidden)
    net = RankingNet(channel, units=6)
    same = rng.random((5, 4, 4, 3)).astype(np.float32)
    np.testing.assert_array_equal(net.predict_on_batch([same, same]), 0)
    authentic = rng.integers(0, 120, (160, 4, 4, 3), np.uint8)
    tampered = authentic + np.uint8(60)
    pairs = RankedPairs(authentic, tampered, mean=0.3, batch_size=16)
    Recipe(1, 1, RankingHinge(), learning_rate=0.02).compile(net)
    net.fit(pairs, epochs=20, shuffle=False, verbose=0, callbacks=[pairs.follow()])
    (first, second), y = pairs[0]
    d = net.predict_on_batch([first, second])
    assert (np.sign(d) == y).mean() > 0.9  # above 0 where the first is authentic


def test_pairs_are_labelled_by_order_and_keyed_by_epoch():
    authentic = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((6, 3, 3, 3), np.uint8)
    pairs = RankedPairs(authentic, authentic + np.uint8(100), scale=1.0, batch_size=3, seed=4)
    assert len(pairs) == 2
    seen, labels = [], []
    for epoch in (0, 1):
        pairs.epoch = epoch
        for step in range(2):
            (first, second), y = pairs[step]
            assert first.dtype == second.dtype == np.float32
            for a, b, label in zip(first[:, 0, 0, 0], second[:, 0, 0, 0], y[:, 0], strict=True):
                assert b - a == (100 if label == 1 else -100)
                seen.append(min(a, b))
                labels.append(label)
    assert sorted(seen[:6]) == sorted(seen[6:]) == list(range(6))
    assert seen[:6] != seen[6:]
    assert set(labels) == {1, -1}
    pairs.epoch = 0
    np.testing.assert_array_equal(pairs[0][1][:, 0], labels[:3])
    with pytest.raises(ValueError, match="7 pairs or more"):
        RankedPairs(authentic, authentic, batch_size=7)


def test_flips_are_the_same_in_both_patches(rng):
    authentic = rng.integers(0, 256, (40, 5, 6, 3), np.uint8)
    pairs = RankedPairs(authentic, authentic, scale=1.0, batch_size=40)
    (first, second), _ = pairs[0]
    np.testing.assert_array_equal(first, second)
    versions = {patch.tobytes() for patch in authentic.astype(np.float32)}
    unflipped = sum(patch.tobytes() in versions for patch in first)
    assert 0 < unflipped < 40
