import dataclasses
import json
from functools import partial

import keras
import numpy as np
import pytest
from scipy.ndimage import convolve
from skimage.metrics import peak_signal_noise_ratio

from zoo.datasets.pairs import HidingPairs, ResizedPhotographs
from zoo.datasets.photographs import Photograph
from zoo.experiments.steganography import compared_training, narrow_start, training
from zoo.experiments.steganography.tables import comparison
from zoo.experiments.steganography.training import SCALES, Scale, build, fit
from zoo.experiments.steganography.warm_start import start_in_haar
from zoo.steganography import HNet, Steganographer, separate_optimizers
from zoo.steganography.steganographer import adam

TINY = Scale(3, 2, 2, 16, "relative", "float32", 1)


def _small():
    """Networks of one layer, as what is tested does not depend on the paper's."""
    keras.utils.set_random_seed(1)
    cover, secret = (keras.Input((None, None, 3), name=part) for part in ("cover", "secret"))
    x = keras.layers.Concatenate(name="h_net_input")([cover, secret])
    x = keras.layers.Conv2D(3, 3, padding="same", name="h_net_conv")(x)
    container = keras.Input((None, None, 3), name="container")
    y = keras.layers.BatchNormalization(name="r_net_norm")(container)
    y = keras.layers.Conv2D(3, 3, padding="same", name="r_net_conv")(y)
    model = Steganographer(keras.Model([cover, secret], x), keras.Model(container, y), quantize=True)
    model.compile(separate_optimizers(adam(name="hiding"), adam(name="revealing")))
    return model


def test_a_killed_training_resumes_to_the_same_bits(tmp_path):
    whole = fit(_small(), TINY, tmp_path / "a", "ours")
    again = fit(_small(), TINY, tmp_path / "b", "ours")
    for epochs in (1, 3):
        resumed = fit(_small(), Scale(epochs, *list(vars(TINY).values())[1:]), tmp_path / "c", "ours")
    for one, two, three in zip(whole.get_weights(), again.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)
    assert int(resumed.optimizer.iterations) == 6
    history = json.loads((tmp_path / "c" / "ours.json").read_text())
    assert [entry["epoch"] for entry in history] == [1, 2, 3]
    assert {"val_loss", "val_reveal_loss", "learning_rate_hiding", "learning_rate_revealing"} <= set(history[0])


def test_a_killed_training_of_the_comparison_loses_one_point(tmp_path, monkeypatch):
    """By a clock of one second an update: the second point, of three, is cut short."""
    scale = compared_training.Scale(6, 16, 2, (0,), "float32")

    def new(scale, network, seed):
        keras.utils.set_random_seed(seed)
        small = _small()
        noise = keras.layers.GaussianNoise(0.1, seed=seed)
        model = Steganographer(small.hiding, small.revealing, quantize=True, channel=noise)
        model.compile(adam(1e-3))
        model.optimizer.build(model.trainable_variables)
        return model

    monkeypatch.setattr(compared_training, "_new", new)
    monkeypatch.setattr(compared_training, "POINTS", 3)

    def train(folder, ticks=100):
        (tmp_path / folder).mkdir(exist_ok=True)
        clock = iter(range(ticks))
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path / folder)
            patch.setattr(compared_training, "seconds", lambda: float(next(clock)))
            return compared_training.train(scale, compared_training.OURS, 0)

    model, curve = train("whole")
    assert [(point["steps"], point["seconds"]) for point in curve] == [(2, 2), (4, 4), (6, 6)]
    with pytest.raises(StopIteration):
        train("killed", 7)
    resumed, same = train("killed")
    assert same == curve
    for one, other in zip(model.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(resumed.optimizer.iterations) == 6
    assert train("killed", 0)[1] == curve  # nothing is left to train


def test_schedules_are_the_public_relatives():
    history = [{"val_loss": 1.0, "val_reveal_loss": 2.0}, {"val_loss": 0.5, "val_reveal_loss": 3.0}]
    hiding, revealing = training.schedules(SCALES["paper"], history)
    assert (hiding.monitor, hiding.optimizer_name, hiding.factor, hiding.patience) == ("val_loss", "hiding", 0.2, 5)
    assert (revealing.monitor, revealing.patience) == ("val_reveal_loss", 8)
    assert (hiding.best, hiding.bad_epochs, revealing.best, revealing.bad_epochs) == (0.5, 0, 2.0, 1)
    assert training.schedules(SCALES["laptop"], []) == []


@pytest.mark.parametrize(("network", "first"), [("ours", "h_net_conv2d_1"), ("baluja", "baluja_hide_input")])
def test_networks_of_a_scale(network, first):
    model = build(SCALES["paper"], 0.5, network)
    assert model.weight == 0.5
    assert model.quantize
    assert model.hiding.get_layer(first)
    assert [o.name for o in model.optimizer.optimizers] == ["hiding", "revealing"]
    for optimizer in model.optimizer.optimizers:
        assert float(optimizer.learning_rate) == pytest.approx(1e-3)
        assert (optimizer.beta_1, optimizer.epsilon) == (0.5, 1e-8)


def test_the_laptops_rate_rises_and_falls():
    rate = build(SCALES["laptop"]).optimizer.optimizers[0]._learning_rate
    steps = SCALES["laptop"].epochs * SCALES["laptop"].steps
    values = [float(rate(step)) for step in (0, steps // 50, steps // 2, steps)]
    np.testing.assert_allclose([values[0], values[1], values[3]], [3e-5, 3e-4, 3e-6], rtol=0.02)
    assert values[3] < values[2] < values[1]


def test_the_start_puts_the_secrets_block_means_into_the_covers_checkerboard(rng):
    hiding = HNet()
    start_in_haar(hiding)
    last = hiding.get_layer("h_net_conv_transpose2d_30")
    kernel = last.kernel.numpy()
    kernel[:, :, :, 15:] = 0  # what starts at random
    last.kernel.assign(kernel)
    cover, secret = rng.random((2, 2, 32, 64, 3), np.float32)
    checkerboard = 1 - 2 * (np.add.outer(np.arange(32), np.arange(64)) % 2)[..., None]

    def mean(values):
        blocks = values.reshape(2, 16, 2, 32, 2, 3).mean((2, 4))
        return blocks.repeat(2, 1).repeat(2, 2)

    logits = 6 * (cover - checkerboard * mean(cover * checkerboard)) - 3 + 0.4 * checkerboard * mean(secret)
    np.testing.assert_allclose(hiding.predict_on_batch([cover, secret]), 1 / (1 + np.exp(-logits)), atol=1e-5)


def _opponent(images):
    """Lightness and two colour differences, by the textbook's numbers."""
    red, green, blue = (images[..., channel].astype(float) for channel in range(3))
    return np.stack([(red + green + blue) / 3**0.5, (red - blue) / 2**0.5, (red - 2 * green + blue) / 6**0.5], -1)


def test_the_start_in_chroma_hides_in_fine_colour_differences(rng):
    """Compared with smoothing by SciPy, away from the border, on values where H-net's broken line is exact enough."""
    hiding = HNet()
    narrow_start.start_in_chroma(hiding)
    last = hiding.get_layer("h_net_conv_transpose2d_30")
    kernel = last.kernel.numpy()
    kernel[..., 12:50], kernel[..., 74:] = 0, 0  # what starts at random
    last.kernel.assign(kernel)
    cover, secret = rng.uniform(0.3, 0.7, (2, 1, 32, 64, 3)).astype(np.float32)
    weights = np.outer([1, 2, 1], [1, 2, 1])[None, :, :, None] / 16

    def smooth(images):
        return convolve(images, weights, mode="constant")

    y, x = np.mgrid[:32, :64][:, None]
    signs = np.stack([(-1.0) ** (x + y), (-1.0) ** x, (-1.0) ** y], -1)
    expected, hidden = _opponent(cover), _opponent(secret)
    expected[..., 1:] = smooth(expected[..., 1:])
    expected[..., 1] += 0.03 * (signs * smooth(secret.astype(float))).sum(-1)
    expected[..., 2] += 0.2 * (hidden - smooth(hidden))[..., 0]
    found = _opponent(hiding.predict_on_batch([cover, secret]))
    np.testing.assert_allclose(found[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1], atol=0.02)
    # What is hidden is far smaller than that, but all of it lies where the smoothed cover has nothing.
    for sign in np.moveaxis(signs[0], -1, 0):
        shares = [(difference[0, ..., 1] * sign)[1:-1, 1:-1].mean() for difference in (found, expected)]
        assert shares[0] == pytest.approx(shares[1], rel=0.1)


def test_widened_networks_give_what_the_narrow_ones_gave(rng, tmp_path):
    images = {part: rng.random((2, 32, 32, 3), np.float32) for part in ("cover", "secret")}
    scale = dataclasses.replace(SCALES["smoke"], recipe="narrow")
    narrow, wide = training.build_narrow(scale, 0.75), build(scale)
    narrow.train_on_batch(images)
    narrow_start.widen(narrow.hiding, narrow.revealing, wide.hiding, wide.revealing)
    for part in ("hiding", "revealing"):
        given = [images["cover"], images["secret"]] if part == "hiding" else images["cover"]
        expected, found = (getattr(model, part)(given, training=True).numpy() for model in (narrow, wide))
        np.testing.assert_allclose(found, expected, atol=1e-5)
    # What a stored network forgets: which of its layers are to stay as they are.
    frozen = [[layer.trainable for layer in model.layers] for model in (wide.hiding, wide.revealing)]
    again = build(dataclasses.replace(scale, recipe="short"))
    for network, other, same in zip(
        (again.hiding, again.revealing), (wide.hiding, wide.revealing), frozen, strict=True
    ):
        network.set_weights(other.get_weights())
        narrow_start.freeze_bias_norms(network)
        assert [layer.trainable for layer in network.layers] == same


def test_a_narrow_training_is_followed_by_the_wide_one_and_resumed(tmp_path, monkeypatch):
    ran, models = [], []

    def fit(model, scale, folder, name, seed, *more, **options):
        models.append(model)
        ran.append((name, scale.epochs, scale.batch_size, sum(v.shape.num_elements() for v in model.trainable_weights)))
        return model

    monkeypatch.setattr(training, "fit", fit)
    scale = dataclasses.replace(SCALES["smoke"], recipe="narrow")
    training.pretrain(scale, "ours", 0.75, training.Material(tmp_path))
    (first, second) = ran
    assert first[:3] == ("narrow-ours-0.75", scale.narrow_epochs, training.NARROW_BATCH)
    assert second[:3] == ("ours-0.75", scale.epochs, scale.batch_size)
    # Of the networks' 10,172,503 and 742,659, seven batch normalisations stay as they are.
    assert second[3] == 10_172_503 + 742_659 - 2 * (100 + 50 + 64 + 128 + 256 + 128 + 64)
    assert first[3] < second[3] / 10
    training.pretrain(scale, "baluja", 0.75, training.Material(tmp_path))
    assert ran[2][:3] == ("baluja-0.75", scale.narrow_epochs + scale.epochs, scale.batch_size)
    shorter = dataclasses.replace(scale, baluja_epochs=1)
    training.pretrain(shorter, "baluja", 0.75, training.Material(tmp_path / "shorter"))
    assert ran[3][:2] == ("baluja-0.75", 1)
    # Another lambda begins with the networks for .75, which are trained first where they are not there.
    further = dataclasses.replace(scale, baluja_epochs=1, baluja_further=2)
    found = training.pretrain(further, "baluja", 0.5, training.Material(tmp_path / "further"))
    assert [run[:2] for run in ran[4:]] == [("baluja-0.75", 1), ("baluja-0.5", 2)]
    for ours, theirs in zip(found.get_weights(), models[4].get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert found.weight == 0.5


def test_the_laptop_starts_there_and_the_papers_scale_at_random():
    for scale, set_by_hand in (("laptop", True), ("paper", False)):
        first = build(SCALES[scale]).hiding.get_layer("h_net_conv2d_1").kernel.numpy()
        assert (first[1, 1, 0, 0] == 1) == set_by_hand


@pytest.mark.parametrize(("recipe", "start"), [("relative", None), ("short", "relative"), ("relative", "pytorch")])
def test_a_start_may_be_another_than_the_recipes(recipe, start):
    scale = dataclasses.replace(SCALES["paper"], recipe=recipe, start=start)
    kernel = build(scale).hiding.get_layer("h_net_conv2d_9").kernel.numpy()
    # PyTorch's bound is 1 / sqrt(fan-in); the relative's draw is normal.
    expected = (1 / 3 / (16 * 200)) ** 0.5 if start == "pytorch" else 0.02
    assert kernel.std() == pytest.approx(expected, rel=0.01)


def _photographs(count, seen):
    def load(name, value):
        seen.append(name)
        return np.full((20, 20, 3), value, np.uint8)

    return [Photograph(f"{i}", f"{i}", partial(load, i, 20 * i)) for i in range(count)]


def test_validation_is_on_other_photographs_and_logs_both_psnrs(tmp_path):
    trained, held_out = [], []
    material = training.Material(tmp_path, 3, _photographs(8, trained), _photographs(4, held_out))
    model = material.fit(_small(), dataclasses.replace(TINY, epochs=1), "ours-0.75", 3)
    assert (sorted(trained), sorted(held_out)) == (list(range(8)), list(range(4)))
    (entry,) = json.loads((tmp_path / "ours-0.75.json").read_text())
    pairs = HidingPairs(1, 2, 16, 3 + training.VALIDATION_SEED, ResizedPhotographs(material.validation)).batch(0, 0)
    outputs = model.predict_on_batch(pairs)
    for logged, truth, image in (("container", "cover", "container"), ("reveal", "secret", "revealed")):
        both = zip(pairs[truth], np.clip(outputs[image], 0, 1), strict=True)
        expected = np.mean([peak_signal_noise_ratio(one, two, data_range=1) for one, two in both])
        assert entry[f"val_{logged}_psnr"] == pytest.approx(expected, rel=1e-4)


def test_photographs_to_train_on_alone_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Held-out validation pictures are required"):
        training.Material(tmp_path, 0, _photographs(9, [])).fit(_small(), TINY, "ours-0.75", 0)


def test_a_training_does_not_go_on_by_another_recipe(tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(training, "fit", lambda model, scale, *more, **options: ran.append(scale.epochs))
    material = training.Material(tmp_path)
    for epochs in (1, 3):  # longer by the same recipe
        material.fit(None, dataclasses.replace(TINY, epochs=epochs), "ours-0.75", 0)
    for changed in ({"recipe": "short"}, {"start": "haar"}):
        with pytest.raises(ValueError, match=f"choose another or an empty folder.* Received: .*{next(iter(changed))}"):
            material.fit(None, dataclasses.replace(TINY, **changed), "ours-0.75", 0)
    assert ran == [1, 3]


def test_a_training_does_not_go_on_with_other_photographs_to_validate_on(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "fit", lambda model, *more, **options: model)
    pictures = _photographs(9, [])
    training.Material(tmp_path, 0, pictures[:4], pictures[4:6]).fit("model", TINY, "ours-0.75", 0)
    with pytest.raises(ValueError, match=r"choose another or an empty folder.* Received: validation 3 from 6 on"):
        training.Material(tmp_path, 0, pictures[:4], pictures[6:]).fit("model", TINY, "ours-0.75", 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--scale", "paper", "--dataset", "imagenet2012"), "need its folder as --holidays"),
        (("--scale", "smoke", "--data-dir", "{}", "--holidays", "{}/jpg"), "must not be inside --data-dir"),
    ],
)
def test_what_is_validated_on_is_not_left_to_chance(tmp_path, command, options, message):
    given = (option.format(tmp_path) for option in options)
    code, _, err = command("pretrain", "steganography", "--folder", tmp_path / "runs", *given)
    assert (code, err.count("\n")) == (2, 1)
    assert message in err
    assert not (tmp_path / "runs").exists()


def test_differences_are_read_at_equal_seconds_and_at_equal_steps():
    def curve(network, seed):
        speed = {"ours": 2.0, "Baluja": 1.0}[network]
        # A loss that depends on steps alone, so that equal steps make no difference.
        return [{"steps": speed * i, "loss": 100 - speed * i + seed} for i in range(1, 9)]

    equal_steps = comparison._difference(curve, (0, 1, 2), "Baluja", "loss", "equal steps")
    equal_seconds = comparison._difference(curve, (0, 1, 2), "Baluja", "loss", "equal seconds")
    assert (equal_steps.value, equal_steps.n_sources) == (0, 3)
    assert equal_seconds.value == 8
