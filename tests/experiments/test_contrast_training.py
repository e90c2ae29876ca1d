import json
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from zoo import tiles
from zoo.contrast import ContrastNet
from zoo.contrast.operators import gamma_correction, hsv_round_trip
from zoo.datasets import patches, varied_scenes
from zoo.datasets.jpeg import compress
from zoo.datasets.patches import PairedPatches
from zoo.datasets.photographs import Photograph
from zoo.datasets.varied_scenes import LEAST, VariedScenes
from zoo.experiments.contrast import training
from zoo.experiments.contrast.training import RECIPES, compile_recipe, fit_step, initialise_from_data, training_batches
from zoo.experiments.train.precision import precision


def _scene(rng):
    return np.clip(rng.normal(110, 40, (64, 64, 3)), 0, 255).astype(np.uint8)


def _batches(**change):
    arguments = {"steps": 6, "batch_size": 8, "positions": 3, "patch": 16, "seed": 4, "qualities": (0, 90, 95)}
    return PairedPatches(_scene, lambda rng: ("gamma", gamma_correction), **(arguments | change))


def _model():
    """Small, with dropout, so that a resumed run differs unless its random state is restored too."""
    inputs = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu")(inputs)
    x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(x))
    model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
    compile_recipe(model, "original")
    return model


def test_batches_pair_the_classes_at_the_same_positions():
    x, y = _batches(qualities=None).batch(0, 1)
    assert x.shape == (8, 16, 16, 3)
    assert x.dtype == np.float32
    np.testing.assert_array_equal(y, np.tile(np.eye(2), (4, 1)))
    for pristine, adjusted in zip(x[::2], x[1::2], strict=True):
        expected = gamma_correction(np.rint(pristine * 255).astype(np.uint8))
        np.testing.assert_array_equal(np.rint(adjusted * 255), expected)


def test_batches_are_a_function_of_seed_epoch_and_step_alone():
    forward, backward = _batches(), _batches()
    keys = [(e, s) for e in range(2) for s in range(6)]
    there = {key: forward.batch(*key)[0] for key in keys}
    back = {key: backward.batch(*key)[0] for key in reversed(keys)}
    for key in keys:
        np.testing.assert_array_equal(there[key], back[key])
    assert len({there[key].tobytes() for key in keys}) == len(keys)
    assert (_batches(seed=5).batch(0, 0)[0] != there[0, 0]).any()


def test_jpeg_is_drawn_for_each_patch():
    plain, compressed = _batches(qualities=None).batch(0, 0)[0], _batches().batch(0, 0)[0]
    used = []
    for before, after in zip(plain, compressed, strict=True):
        image = np.rint(before * 255).astype(np.uint8)
        used.append([q for q in (0, 90, 95) if (compress(image, q) == np.rint(after * 255)).all()])
    assert all(used)
    assert len({q for found in used for q in found}) == 3


def test_control_sends_both_classes_through_hsv(monkeypatch):
    monkeypatch.setattr(training, "generate_scene", lambda rng, h, w: _scene(rng).repeat(6, 0).repeat(6, 1))
    x, _ = training_batches(1, 0, aware=False, control=True).batch(0, 0)
    y, _ = training_batches(1, 0, aware=False).batch(0, 0)
    for both, plain in zip(x[::2], y[::2], strict=True):
        expected = hsv_round_trip(np.rint(plain * 255).astype(np.uint8))
        np.testing.assert_array_equal(np.rint(both * 255), expected)


def test_tf_data_gives_the_same_batches():
    batches = _batches()
    stream = patches.as_tf_dataset(batches, epochs=2)
    for (x, y), key in zip(stream, [(e, s) for e in range(2) for s in range(6)], strict=True):
        expected = batches.batch(*key)
        np.testing.assert_array_equal(x, expected[0])
        np.testing.assert_array_equal(y, expected[1])


def test_threads_decode_scenes_side_by_side_and_none_twice():
    both, made = threading.Barrier(2, timeout=20), []

    def scene(rng):
        both.wait()  # breaks unless another thread is at a scene, too
        made.append(threading.get_ident())
        return _scene(rng)

    batches = _batches(batch_size=2)
    batches.scene = scene
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda step: batches.batch(0, step)[0], (0, 1)))
        assert len(made) == len(set(made)) == 2
        list(pool.map(lambda step: batches.batch(0, step), (0, 1, 0, 1)))
    assert len(made) == 2
    for step, x in enumerate(found):
        np.testing.assert_array_equal(x, _batches(batch_size=2).batch(0, step)[0])


def test_a_scene_that_cannot_be_read_is_said_and_tried_again():
    batches, damaged = _batches(), iter([True])

    def scene(rng):
        if next(damaged, False):
            raise ValueError("cannot be read")
        return _scene(rng)

    batches.scene = scene
    with pytest.raises(ValueError, match="cannot be read"):
        batches.batch(0, 0)
    np.testing.assert_array_equal(batches.batch(0, 0)[0], _batches().batch(0, 0)[0])


def test_bad_batches():
    with pytest.raises(ValueError, match="Received: 7"):
        _batches(batch_size=7)
    with pytest.raises(ValueError, match="must hold 99 patches"):
        _batches(positions=99).batch(0, 0)


def _train(folder, epochs):
    keras.utils.set_random_seed(1)
    return fit_step(_model(), _batches(), epochs, folder, "step", RECIPES["original"])


def test_same_seed_same_bits_and_a_killed_training_resumes_to_them(tmp_path):
    whole, again = _train(tmp_path / "a", 3), _train(tmp_path / "b", 3)
    _train(tmp_path / "c", 1)
    resumed = _train(tmp_path / "c", 3)
    for one, two, three in zip(whole.get_weights(), again.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
    history = json.loads((tmp_path / "c" / "step.json").read_text())
    assert [entry["epoch"] for entry in history] == [1, 2, 3]
    assert int(resumed.optimizer.iterations) == 18


def test_the_aware_step_keeps_the_optimisers_state(tmp_path):
    model = _train(tmp_path, 2)
    momenta = [np.array(v) for v in model.optimizer.variables if "momentum" in v.path]
    aware = fit_step(model, _batches(seed=9), 1, tmp_path, "aware", RECIPES["original"])
    assert int(aware.optimizer.iterations) == 18
    assert any(np.abs(m).max() > 0 for m in momenta)


def test_training_learns_a_toy(tmp_path):
    # Brightened against plain noise: within reach of a few steps.
    keras.utils.set_random_seed(0)
    model = _model()
    model.optimizer.learning_rate = 3e-3
    x, y = _batches(qualities=None, seed=77).batch(0, 0)
    before = model.evaluate(x, y, verbose=0)[0]
    batches = _batches(qualities=None, steps=60)
    model.fit(batches, epochs=2, verbose=0, shuffle=False, callbacks=[batches.follow()])
    after, accuracy = model.evaluate(x, y, verbose=0)
    assert after < 0.7 * before
    assert accuracy >= 0.75


@pytest.mark.parametrize(("name", "expected"), [("original", (1e-4, 0.9, 0.9999)), ("paper", (1e-4, 0.99, 0.999))])
def test_recipes(name, expected):
    optimizer = RECIPES[name].optimizer()
    assert (float(optimizer.learning_rate), optimizer.beta_1, optimizer.beta_2) == pytest.approx(expected)
    assert optimizer.epsilon == 1e-8
    with pytest.raises(ValueError, match="Received: 'fast'"):
        compile_recipe(_model(), "fast")


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_initialisation_from_data_normalises_every_layer(policy):
    with precision(policy):
        model = ContrastNet(input_shape=(26, 26, 3))
    x = np.random.default_rng(0).random((24, 26, 26, 3), np.float32)
    initialise_from_data(model, x)
    y = keras.ops.convert_to_tensor(x)
    for layer in model.layers[1:]:
        if layer.name.startswith(("conv", "fc")):
            layer.activation, kept = keras.activations.linear, layer.activation
            z = np.array(keras.ops.cast(layer(y), "float32"))
            layer.activation = kept
            axes = tuple(range(z.ndim - 1))
            # Weights and sums of 8 bits move a filter's mean by some hundredths.
            np.testing.assert_allclose(z.mean(axes), 0, atol=1e-3 if policy == "float32" else 0.1)
            np.testing.assert_allclose(z.std(axes), 1, atol=1e-2 if policy == "float32" else 0.05)
        y = layer(y)
    kernel = model.get_layer("conv1_1").get_weights()[0]
    np.testing.assert_allclose(kernel[..., ::2].sum((0, 1, 2)), 0, atol=1e-4)


def _photograph(pixels):
    return Photograph("p", "p", lambda: pixels)


def _ramp(height, width):
    """Brightness grows to the right, and colour downwards: every turn and mirror image is another picture."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 90)], -1).astype(np.uint8)


def test_varied_scenes_depend_on_the_generator_and_hold_sixteen_patches():
    scenes = VariedScenes([_photograph(_ramp(299, 400)), _photograph(_ramp(1300, 280))])
    for seed in range(40):
        scene, again = (scenes(np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(scene, again)
        assert scene.dtype == np.uint8
        assert min(scene.shape[:2]) >= LEAST
        assert len(tiles.grid(*scene.shape[:2], 64)) >= 16
        assert max(scene.shape[:2]) <= 1024


def test_varied_scenes_are_mirrored_turned_and_cut():
    scenes = VariedScenes([_photograph(_ramp(300, 300))], generated=0)
    drawn = [scenes(np.random.default_rng(seed)).astype(int) for seed in range(60)]
    # Of two colours, whether they grow to the right and downwards.
    ends = [[image[0, -1, :2] - image[0, 0, :2], image[-1, 0, :2] - image[0, 0, :2]] for image in drawn]
    directions = {tuple(np.sign(np.where(np.abs(end) > 50, end, 0)).ravel()) for end in ends}
    assert len(directions) == 4  # mirrored or not, turned or not
    assert len({image.shape for image in drawn}) > 20


def test_tones_are_drawn_before_the_8_bits_only_where_wanted():
    flat = np.full((600, 600, 3), 128, np.uint8)
    with_tone, without = (VariedScenes([_photograph(flat)], 0, tone) for tone in (True, False))
    drawn = [with_tone(np.random.default_rng(seed)) for seed in range(30)]
    changed = [image for image in drawn if abs(image.mean() - 128) > 1]
    assert 5 < len(changed) < 25  # 42 % of the draws
    assert any(len(np.unique(image)) > 3 for image in changed)  # with noise
    assert all((without(np.random.default_rng(seed)) == 128).all() for seed in range(30))


def test_generated_scenes_have_their_share(monkeypatch):
    monkeypatch.setattr(varied_scenes, "generate_scene", lambda rng, height, width: np.zeros((256, 256, 3), np.uint8))
    flat = np.full((300, 300, 3), 128, np.uint8)
    for pictures, share, low, high in (((_photograph(flat),), 0.15, 12, 50), ((), 0.15, 200, 200)):
        scenes = VariedScenes(pictures, share)
        assert low <= sum(not scenes(np.random.default_rng(seed)).any() for seed in range(200)) <= high
    with pytest.raises(ValueError, match="Received: 2"):
        VariedScenes([], 2)


def test_small_photographs_are_passed_over():
    small, large = _photograph(_ramp(200, 300)), _photograph(_ramp(266, 300))
    drawn = [VariedScenes([small, large], 0)(np.random.default_rng(seed)) for seed in range(9)]
    assert all(min(scene.shape[:2]) >= LEAST for scene in drawn)
    with pytest.raises(ValueError, match=f"sides of {LEAST} pixels or more are needed. Received: p, 300x200"):
        VariedScenes([small], 0)(np.random.default_rng(0))


def test_any_part_of_a_large_photograph_is_drawn():
    y, x = np.mgrid[:2100, :1500]
    coded = np.stack([y // 16, x // 16, 0 * x], -1).astype(np.uint8)
    scenes = VariedScenes([_photograph(coded)], 0, tone=False)
    drawn = [scenes(np.random.default_rng(seed)) for seed in range(40)]
    assert max(image[..., 0].max() for image in drawn) == 131 and min(image[..., 0].min() for image in drawn) == 0
    assert max(image[..., 1].max() for image in drawn) == 93 and min(image[..., 1].min() for image in drawn) == 0
    assert max(max(image.shape[:2]) for image in drawn) == 1024


def test_the_scale_for_photographs_varies_them():
    batches = training.training_batches(2, 0, True, pictures=[_photograph(_ramp(300, 300))], batch_size=4, varied=True)
    assert isinstance(batches.scene, VariedScenes)
    assert batches.batch(0, 0)[0].shape == (4, 64, 64, 3)
    for name in ("photographs", "gpu"):
        scale = training.SCALES[name]
        assert (scale.batch_size, scale.varied, scale.base_filters) == (64, True, 32)
        assert not RECIPES[scale.recipe].from_data


def test_a_start_trains_the_aware_step_alone_from_given_weights(tmp_path, monkeypatch):
    trained = []

    def fit_step(model, batches, epochs, folder, name, recipe, workers=0):
        trained.append((name, [np.array(w) for w in model.get_weights()], batches.qualities, recipe))
        return model

    monkeypatch.setattr(training, "fit_step", fit_step)
    keras.utils.set_random_seed(5)
    given = ContrastNet()
    given.save_weights(tmp_path / "given.weights.h5")
    assert list(training.pretrain("smoke", tmp_path, start=tmp_path / "given.weights.h5")) == ["aware"]
    ((name, weights, qualities, recipe),) = trained
    assert (name, recipe) == ("aware", RECIPES["continued"])
    assert qualities == training.ORIGINAL_QUALITIES
    for before, after in zip(given.get_weights(), weights, strict=True):
        if before.dtype == np.float32:  # not the dropout's counter
            np.testing.assert_array_equal(before, after)
