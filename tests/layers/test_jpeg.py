"""The exact forward pass against Pillow, and the contract of the layer."""

import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from PIL import Image, features

from zoo.datasets.embedded import photograph
from zoo.layers import DifferentiableJPEG, jpeg, quantisation_tables, random_quality

SIZES = [(1, 1), (2, 2), (3, 5), (7, 9), (17, 33), (18, 18), (9, 4), (64, 64)]
SUBSAMPLINGS = ["4:4:4", "4:2:2", "4:2:0"]
QUALITIES = np.arange(1, 101)


def pillow(image, quality, subsampling):
    assert features.check("libjpeg_turbo")
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=int(quality), subsampling=subsampling)
    return np.asarray(Image.open(buffer))


def crops(kind, count, height, width, seed=0):
    rng = np.random.default_rng(seed)
    if kind == "noise":
        # Black and white pixels overshoot most: the clamps are hit at every quality.
        noise = rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
        noise[::2] = np.where(noise[::2] < 128, 0, 255)
        return noise
    image = photograph("coffee" if seed % 2 else "astronaut")
    tops = rng.integers(0, image.shape[0] - height + 1, count)
    lefts = rng.integers(0, image.shape[1] - width + 1, count)
    return np.stack([image[y : y + height, x : x + width] for y, x in zip(tops, lefts, strict=True)])


def to_float(images):
    return (images / np.float32(255)).astype(np.float32)


@pytest.mark.parametrize("kind", ["photograph", "noise"])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_equals_libjpeg_at_all_qualities(kind, subsampling, size):
    images = crops(kind, 100, *size)
    expected = np.stack([pillow(i, q, subsampling) for i, q in zip(images, QUALITIES, strict=True)])
    coded = jpeg(to_float(images), QUALITIES, subsampling=subsampling)
    np.testing.assert_array_equal(ops.convert_to_numpy(coded), to_float(expected))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_equals_libjpeg_on_whole_photographs_of_bytes(subsampling):
    image = photograph("chelsea")  # 300 x 451
    for quality in (1, 30, 75, 100):
        coded = DifferentiableJPEG(quality, subsampling, value_range=(0, 255))(image[None])
        assert keras.backend.standardize_dtype(coded.dtype) == "uint8"
        np.testing.assert_array_equal(coded[0], pillow(image, quality, subsampling))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("compiled", [False, True], ids=["graph", "xla"])
def test_equals_libjpeg_in_traced_functions(subsampling, compiled):
    images = crops("photograph", 20, 21, 30)
    qualities = np.linspace(1, 100, 20).round()
    layer = DifferentiableJPEG(None, subsampling)
    traced = tf.function(lambda x, q: layer(x, quality=q), jit_compile=compiled)
    expected = np.stack([pillow(i, q, subsampling) for i, q in zip(images, qualities, strict=True)])
    coded = traced(tf.constant(to_float(images)), tf.constant(qualities, tf.float32))
    np.testing.assert_array_equal(coded, to_float(expected))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_sizes_unknown_to_the_trace(subsampling):
    layer = DifferentiableJPEG(60, subsampling)
    traced = tf.function(layer, input_signature=[tf.TensorSpec((None, None, None, 3))])
    smooth = tf.function(DifferentiableJPEG(60, subsampling, rounding="cubic"), reduce_retracing=True)
    unknown = smooth.get_concrete_function(tf.TensorSpec((None, None, None, 3)))

    @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3))])
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(smooth(x) ** 2)
        return tape.gradient(loss, x)

    for size in SIZES:
        images = crops("photograph", 2, *size)
        expected = np.stack([pillow(i, 60, subsampling) for i in images])
        x = tf.constant(to_float(images))
        np.testing.assert_array_equal(traced(x), to_float(expected))
        np.testing.assert_allclose(unknown(x), smooth(x), atol=1e-6)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(smooth(x) ** 2)
        np.testing.assert_allclose(gradient(x), tape.gradient(loss, x), atol=1e-4)


def test_one_trace_serves_all_qualities_and_tables():
    layer = DifferentiableJPEG(None)
    traces = []

    @tf.function
    def by_quality(x, q):
        traces.append("quality")
        return layer(x, quality=q)

    @tf.function
    def by_tables(x, t):
        traces.append("tables")
        return layer(x, tables=t)

    image = crops("photograph", 1, 24, 24)
    for quality in range(1, 101, 9):
        expected = to_float(pillow(image[0], quality, "4:2:0"))
        np.testing.assert_array_equal(by_quality(to_float(image), tf.constant(float(quality)))[0], expected)
        np.testing.assert_array_equal(by_tables(to_float(image), quantisation_tables([quality]))[0], expected)
    assert traces == ["quality", "tables"]


@pytest.mark.parametrize("rounding", ["libjpeg", "sinusoidal"])
def test_what_a_trace_cannot_refuse_is_held_at_the_nearest_end(rounding):
    image = to_float(crops("photograph", 1, 16, 16))
    layer = DifferentiableJPEG(None, rounding=rounding)
    by_quality = tf.function(lambda q: layer(image, quality=q))
    for bad, end in ((0.0, 1), (float("nan"), 1), (101.0, 100)):
        np.testing.assert_array_equal(by_quality(tf.constant(bad)), layer(image, quality=end))
    by_tables = tf.function(lambda t: layer(image, tables=t))
    assert np.isfinite(by_tables(tf.zeros((8, 8)))).all()
    full = np.full((8, 8), 255, np.float32)
    np.testing.assert_array_equal(by_tables(tf.constant(full + 45)), layer(image, tables=full))


def test_custom_tables_are_those_of_a_file():
    image = crops("photograph", 1, 32, 40)[0]
    rng = np.random.default_rng(0)
    tables = rng.integers(1, 100, (2, 8, 8))
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", qtables=[t.ravel().tolist() for t in tables], subsampling="4:2:0")
    np.testing.assert_array_equal(
        jpeg(to_float(image)[None], tables=tables.astype(np.float32))[0], to_float(np.asarray(Image.open(buffer)))
    )


def test_tables_are_libjpegs():
    for quality in QUALITIES:
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=int(quality))
        expected = np.array([Image.open(buffer).quantization[k] for k in (0, 1)]).reshape(2, 8, 8)
        np.testing.assert_array_equal(quantisation_tables([float(quality)])[0], expected)


def test_quality_is_rounded_and_input_too():
    image = to_float(crops("photograph", 1, 16, 16))
    np.testing.assert_array_equal(jpeg(image, 74.6), jpeg(image, 75))
    np.testing.assert_array_equal(jpeg(image + np.float32(0.4 / 255), 75), jpeg(image, 75, value_range=(0, 1)))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_exact_under_any_dtype_policy(policy):
    images = crops("photograph", 2, 32, 32)
    expected = to_float(np.stack([pillow(i, 80, "4:2:0") for i in images]))
    layer = DifferentiableJPEG(80, dtype=policy)
    np.testing.assert_array_equal(layer(to_float(images)), expected)
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = keras.Sequential([keras.Input((32, 32, 3), dtype="float32"), DifferentiableJPEG(80)])
        np.testing.assert_array_equal(model.predict(to_float(images), verbose=0), expected)
    finally:
        keras.config.set_dtype_policy(before)


def test_saves_and_loads_in_safe_mode(tmp_path):
    images = keras.Input((None, None, 3))
    quality = keras.Input((), name="quality")
    layer = DifferentiableJPEG(None, "4:2:2", gradient="harmonic", harmonic_terms=3, seed=4)
    model = keras.Model([images, quality], layer(images, quality=quality))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert loaded.layers[-1].get_config() == layer.get_config()
    data = [to_float(crops("photograph", 3, 20, 28)), np.array([10.0, 50.0, 90.0], np.float32)]
    np.testing.assert_array_equal(loaded.predict(data, verbose=0), model.predict(data, verbose=0))


@pytest.mark.parametrize(
    "layer",
    [
        DifferentiableJPEG((30, 90), seed=3, value_range=(0, 255)),
        DifferentiableJPEG.korus2019(80, "harmonic"),
        DifferentiableJPEG(51.5, rounding="round", gradient="soft"),
    ],
    ids=["range", "korus2019", "soft"],
)
def test_config_round_trip(layer):
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert copy.get_config() == layer.get_config()
    image = crops("photograph", 2, 16, 16).astype(np.float32) / (1 if layer.value_range == (0, 255) else 255)
    np.testing.assert_array_equal(copy(image), layer(image))


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
def test_exported_saved_model_is_exact(tmp_path):
    model = keras.Sequential([keras.Input((None, None, 3)), DifferentiableJPEG(75)])
    model.export(tmp_path / "exported", verbose=False)
    served = tf.saved_model.load(tmp_path / "exported").serve
    for size in ((64, 64), (17, 33), (3, 5), (9, 4)):
        images = crops("photograph", 3, *size)
        expected = to_float(np.stack([pillow(i, 75, "4:2:0") for i in images]))
        np.testing.assert_array_equal(served(to_float(images)), expected)


def test_random_quality_is_a_function_of_the_seed():
    layer = DifferentiableJPEG((20, 95), seed=1)
    images = to_float(crops("photograph", 6, 16, 16))
    drawn = random_quality(7, 6, 20, 95)
    np.testing.assert_array_equal(layer(images, seed=7), jpeg(images, drawn))
    for seed in (tf.constant(7), tf.constant([7, 0])):
        np.testing.assert_array_equal(layer(images, seed=7), layer(images, seed=seed))
    assert np.any(ops.convert_to_numpy(layer(images)) != ops.convert_to_numpy(layer(images)))
    assert len(set(ops.convert_to_numpy(drawn))) > 1


def test_random_quality_is_uniform_and_includes_both_ends():
    drawn = ops.convert_to_numpy(random_quality(0, 20000, 11, 20))
    counts = np.bincount(drawn.astype(int), minlength=21)[11:21]
    assert counts.sum() == 20000
    # Five standard deviations of a binomial count.
    assert np.abs(counts - 2000).max() < 5 * np.sqrt(20000 * 0.1 * 0.9)
    firsts = np.array([ops.convert_to_numpy(random_quality(s, 1, 1, 100))[0] for s in range(300)])
    assert abs(firsts.mean() - 50.5) < 5 * 28.9 / np.sqrt(300)
    assert list(ops.convert_to_numpy(random_quality(3, 6, 1, 100))) == EXPECTED_DRAW


EXPECTED_DRAW = [36, 2, 14, 19, 66, 26]
"""The same on every backend and release."""


def test_korus2019_is_the_model_of_the_paper():
    """Shift 127, DCT to four digits, 5000 / q unrounded, no subsampling, no rounding but that of coefficients."""
    image = to_float(crops("photograph", 1, 16, 24))
    quality = 43
    tables = np.clip(np.floor((quantisation_base() * (5000 / quality) + 50) / 100), 1, 255)
    k, n = np.mgrid[:8, :8]
    cosines = np.round(np.sqrt(np.where(k == 0, 1 / 8, 1 / 4)) * np.cos(np.pi * k * (2 * n + 1) / 16), 4)
    to_planes = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])
    planes = 255 * image[0].astype(np.float64) @ to_planes.T + [0, 128, 128] - 127
    blocks = planes.reshape(2, 8, 3, 8, 3).transpose(0, 2, 4, 1, 3)
    steps = tables[[0, 1, 1]]
    levels = cosines @ blocks @ cosines.T / steps
    levels = levels - np.sin(2 * np.pi * levels) / (2 * np.pi)
    blocks = cosines.T @ (levels * steps) @ cosines
    planes = blocks.transpose(0, 3, 1, 4, 2).reshape(16, 24, 3) + 127
    to_rgb = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]])
    expected = np.clip((planes - [0, 128, 128]) @ to_rgb.T / 255, 0, 1)
    np.testing.assert_allclose(DifferentiableJPEG.korus2019(quality)(image)[0], expected, atol=2e-5)
    assert np.any(tables != ops.convert_to_numpy(quantisation_tables([quality]))[0])


def quantisation_base():
    return ops.convert_to_numpy(quantisation_tables([50.0]))[0]


@pytest.mark.parametrize(("rounding", "least"), [("round", 40), ("cubic", 40), ("harmonic", 35), ("sinusoidal", 30)])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_smooth_models_are_close_to_libjpeg(rounding, least, subsampling):
    image = photograph("astronaut")[:256, :256]
    for quality in (30, 80):
        coded = DifferentiableJPEG(quality, subsampling, rounding=rounding)(to_float(image)[None])
        expected = to_float(pillow(image, quality, subsampling))
        assert -10 * np.log10(np.mean((coded[0] - expected) ** 2)) > least
