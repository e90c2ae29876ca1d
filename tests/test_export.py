import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from zoo import export, products
from zoo.adversarial import KNNDetector, SmallOverFeat
from zoo.adversarial.features import FeatureExtractor
from zoo.adversarial.serving import classification, detection
from zoo.contrast import ContrastNet
from zoo.contrast.detector import ContrastDetector
from zoo.contrast.serving import adjustment
from zoo.hyperimage import CNNIQA, ForgeryChannel, ForgeryStageTwo, TIDStageTwo, TwoStage
from zoo.hyperimage.detector import ForgeryDetector, QualityScorer, preprocessing
from zoo.hyperimage.serving import forgery, quality
from zoo.imaging import FAN, INet
from zoo.imaging.developing.develop import develop
from zoo.imaging.developing.raw import from_mosaic
from zoo.imaging.joint.detector import ManipulationDetector
from zoo.imaging.serving import development, manipulation
from zoo.layers import LocalContrastNormalization
from zoo.steganography import Steganographer
from zoo.steganography.hiding import ImageHider
from zoo.steganography.serving import hiding, revealing
from zoo.weights import pack, provenance, sha256

TOLERANCE = 1e-5
IMAGES = np.random.default_rng(1).integers(0, 256, (60, 16, 16, 3), np.uint8)


def _hider():
    """Two convolutions each: any size that is a multiple of 32 in, and the same out."""
    cover, secret = (keras.Input((None, None, 3), name=n) for n in ("cover", "secret"))
    x = keras.layers.Concatenate(name="h_net_input")([cover, secret])
    x = keras.layers.Conv2D(8, 4, 2, "same", activation="relu", name="h_net_1")(x)
    x = keras.layers.Conv2DTranspose(3, 4, 2, "same", activation="sigmoid", name="h_net_2")(x)
    container = keras.Input((None, None, 3), name="container")
    y = keras.layers.Conv2D(8, 3, padding="same", activation="relu", name="r_net_1")(container)
    y = keras.layers.Conv2D(3, 3, padding="same", activation="sigmoid", name="r_net_2")(y)
    return ImageHider(Steganographer(keras.Model([cover, secret], x), keras.Model(container, y), quantize=True))


def _database(rng):
    """A detector on noise; untrained layers tell enough."""
    model = SmallOverFeat()
    return KNNDetector(model, "pool5", k=9, dimensions=8).fit((IMAGES, rng.integers(0, 10, len(IMAGES))))


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Exports of every family, what a process without zoo made of them, and what the zoo makes of the same."""
    folder, rng = tmp_path_factory.mktemp("exports"), np.random.default_rng(5)
    keras.utils.set_random_seed(5)

    def picture(height, width):
        coarse = rng.random((-(-height // 8), -(-width // 8), 3))
        smooth = np.kron(coarse, np.ones((8, 8, 1)))[:height, :width] * 200
        return (smooth + rng.random((height, width, 3)) * 55).astype(np.uint8)

    products, given, expected = {}, {}, {}

    def add(name, serving, serve, differentiable, truth):
        """``serve`` is a batch by input; ``truth(example number, dict of single inputs)`` gives outputs by name."""
        products[name] = serving
        given.update({f"{name}|serve|{key}": value for key, value in serve.items()})
        given.update({f"{name}|serve_one|{key}": value[0] for key, value in serve.items()})
        given.update({f"{name}|differentiable|{key}": value for key, value in differentiable.items()})
        expected[name] = truth

    def pictures(name, serving, truth, count=2, size=(150, 100), key="image", scale=255):
        batch = np.stack([picture(*size) for _ in range(count)])
        add(name, serving, {key: batch}, {key: np.float32(batch) / scale}, [truth(image) for image in batch])

    contrast = ContrastDetector(weights=None)
    contrast.model = ContrastNet(base_filters=2)
    scored = lambda x: {"score": contrast.score(x), "heatmap": contrast.heatmap(x)}  # noqa: E731
    pictures("contrast", adjustment(contrast.model), scored)

    fan = ManipulationDetector(weights=None)
    trained = FAN((None, None, 3))
    trained.set_weights(fan.model.get_weights())
    both = lambda x: {"probabilities": fan.probabilities(x), "heatmap": fan.heatmap(x)}  # noqa: E731
    pictures("fan", manipulation(trained), both, size=(150, 70))

    hider = _hider()
    pictures("reveal", revealing(hider.model.revealing), lambda x: {"revealed": hider.reveal(x)}, key="container")
    covers, secrets = (np.stack([picture(70, 90) for _ in range(2)]) for _ in range(2))
    truth = [{"container": hider.hide(c, s)} for c, s in zip(covers, secrets, strict=True)]
    batch = {"cover": covers, "secret": secrets}
    add("hide", hiding(hider.model.hiding), batch, {k: np.float32(v) / 255 for k, v in batch.items()}, truth)

    scorer = QualityScorer.__new__(QualityScorer)
    first, second = CNNIQA(), TIDStageTwo((16, 16, 800))
    scorer.network = _two_stage(first, second, "quality")
    pictures("quality", quality(first, second), lambda x: {"score": scorer.score(x)}, scale=1)

    raw = [_photograph(rng, "RGGB"), _photograph(rng, "RGGB")]
    sensor = {
        "planes": np.stack([r.codes for r in raw]),
        "black_levels": np.float32([r.black_levels for r in raw]),
        "white_level": np.float32([r.white_level for r in raw]),
        "white_balance": np.float32([r.white_balance for r in raw]),
    }
    rgb = [develop(r, INet()) for r in raw]
    truth = [{"picture": np.rint(x * 255).astype(np.uint8), "rgb": x} for x in rgb]
    add("inet", development(INet(), "RGGB"), sensor, {"planes": np.stack([r.balanced_planes for r in raw])}, truth)

    detector = _database(rng)
    detector.threshold = 0.15
    detector.save(folder.parent / "detector")

    def neighbours(image):
        output, features = detector.extractor(image[None])
        squared, rows = detector.index_search(features["pool5"], detector.k)
        score = detector.score(image[None])[0]
        return {"score": score, "trusted": score > 0.15, "neighbours": rows[0], "squared_distances": squared[0]} | {
            "probabilities": output[0],
            "class": output[0].argmax(),
            "neighbour_classes": detector.labels[rows[0]],
            "features": detector.processing(features["pool5"])[0],
        }

    pictures("knn", detection(KNNDetector.load(folder.parent / "detector")), neighbours, 3, (16, 16), scale=1)

    for name, product in products.items():
        export.export(product, folder / name)
    np.savez(folder / "inputs.npz", **given)
    job = [sys.executable, str(Path(__file__).with_name("export_job.py")), str(folder)]
    run = subprocess.run(job, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    with np.load(folder / "outputs.npz") as file:
        return folder, expected, dict(file)


def _photograph(rng, cfa, shape=(26, 34)):
    mosaic = rng.integers(400, 4096, shape).astype(np.uint16)
    return from_mosaic(mosaic, cfa, (400, 410, 420, 430), 3800, (2.1, 1, 1.6))


def _two_stage(first, second, task):
    return TwoStage(first, second, LocalContrastNormalization() if task == "quality" else preprocessing())


PRODUCTS = ["contrast", "fan", "hide", "inet", "knn", "quality", "reveal"]


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_process_without_the_zoo_gets_the_zoos_numbers(done, name):
    _, expected, found = done
    compared = 0
    for number, truth in enumerate(expected[name]):
        for endpoint in ("serve", "serve_one", "differentiable"):
            if endpoint == "serve_one" and number:
                continue
            outputs = {k.split("|")[2]: v for k, v in found.items() if k.startswith(f"{name}|{endpoint}|")}
            for key, value in outputs.items():
                ours = value if endpoint == "serve_one" else value[number]
                theirs = np.asarray(truth[key])
                assert np.shape(ours) == theirs.shape
                if ours.dtype == np.float32 and theirs.dtype == np.uint8:  # a picture before it is rounded
                    assert np.abs(ours * 255 - theirs).max() <= 0.5 + 255 * TOLERANCE
                elif ours.dtype == np.uint8:
                    # A value half-way between two levels may fall to either side.
                    assert np.abs(ours.astype(int) - theirs).max() <= 1
                    assert (ours == theirs).mean() > 0.999
                else:
                    scale = max(1.0, np.abs(theirs).max())
                    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * scale)
                compared += 1
    assert compared >= 2 * len(expected[name])


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("endpoint", ["serve", "differentiable"])
def test_an_empty_batch_has_empty_outputs(done, name, endpoint):
    none = {k.split("|")[2]: v for k, v in done[2].items() if k.startswith(f"{name}|{endpoint} of none|")}
    some = {k.split("|")[2]: v for k, v in done[2].items() if k.startswith(f"{name}|{endpoint}|")}
    assert {k: v.shape for k, v in none.items()} == {k: (0, *v.shape[1:]) for k, v in some.items()}
    assert {k: v.dtype for k, v in none.items()} == {k: v.dtype for k, v in some.items()}


@pytest.mark.parametrize("name", PRODUCTS)
def test_the_float_signature_lets_gradients_through(done, name):
    gradients = done[2][f"{name}|gradient"]
    assert np.isfinite(gradients).all()
    assert (gradients > 0).all()


def test_pictures_smaller_than_a_patch_and_of_odd_sizes(rng):
    contrast = ContrastDetector(weights=None)
    contrast.model = ContrastNet(base_filters=1)
    serve = adjustment(contrast.model).serve.call
    for size in ((1, 1), (30, 7), (64, 129)):
        image = rng.integers(0, 256, (*size, 3), np.uint8)
        found = serve(image=image[None])
        np.testing.assert_allclose(found["score"][0], contrast.score(image), atol=TOLERANCE)
        np.testing.assert_allclose(found["heatmap"][0], contrast.heatmap(image), atol=TOLERANCE)


@pytest.mark.parametrize("cfa", ["RGGB", "GRBG", "GBRG", "BGGR"])
def test_every_phase_and_the_smallest_mosaic(rng, cfa):
    raw, network = _photograph(rng, cfa, (8, 6)), INet()
    found = development(network, cfa).differentiable.call(planes=raw.balanced_planes[None])
    np.testing.assert_allclose(found["rgb"][0], develop(raw, network), atol=TOLERANCE)


def test_a_secret_of_another_size_is_stretched_as_by_the_zoo(rng):
    hider = _hider()
    cover = rng.integers(0, 256, (40, 50, 3), np.uint8)
    for size in ((81, 99), (20, 25), (40, 50)):
        secret = rng.integers(0, 256, (*size, 3), np.uint8)
        found = hiding(hider.model.hiding).serve.call(cover=cover[None], secret=secret[None])["container"][0]
        assert np.abs(np.asarray(found, int) - hider.hide(cover, secret)).max() <= 1


def test_forgery_and_pictures_beyond_the_largest(rng):
    judge = ForgeryDetector.__new__(ForgeryDetector)
    first, second = ForgeryChannel(width=1 / 16), ForgeryStageTwo(width=1 / 16)
    judge.network = _two_stage(first, second, "forgery")
    serve = forgery(first, second).serve.call
    for size in ((60, 80), (1000, 300)):
        image = rng.integers(0, 256, (*size, 3), np.uint8)
        np.testing.assert_allclose(serve(image=image[None])["score"][0], judge.score(image), atol=TOLERANCE)


def test_a_classifier_gives_its_features(rng):
    model = SmallOverFeat()
    images = rng.integers(0, 256, (2, 16, 16, 3), np.uint8)
    output, features = FeatureExtractor(model, ["pool5"])(images)
    found = classification(model).serve.call(image=images)
    np.testing.assert_allclose(found["probabilities"], output, atol=TOLERANCE)
    np.testing.assert_allclose(found["features"], features["pool5"], atol=TOLERANCE)


@pytest.mark.parametrize("weighting", ["kNN", "W-kNN", "DW-kNN"])
def test_neighbours_by_matrix_product_score_as_the_detector(rng, weighting):
    detector = _database(rng)
    detector.weighting = weighting
    # One of the database's own images among them: a neighbour at distance 0.
    images = np.concatenate([rng.integers(0, 256, (3, 16, 16, 3), np.uint8), IMAGES[:1]])
    found = detection(detector).serve.call(image=images)
    np.testing.assert_allclose(found["score"], detector.score(images), atol=TOLERANCE)


def test_it_is_written_down_what_goes_in_and_comes_out(done):
    about = json.loads((done[0] / "hide" / export.ABOUT).read_text())
    serve, one, floats = (about["endpoints"][name] for name in ("serve", "serve_one", "differentiable"))
    assert serve["inputs"]["cover"] == {"shape": [None, None, None, 3], "dtype": "uint8"}
    assert one["inputs"]["cover"]["shape"] == [None, None, 3]
    assert [part["outputs"]["container"]["dtype"] for part in (serve, one, floats)] == ["uint8", "uint8", "float32"]
    assert {"cover", "secret", "container"} <= set(about["meaning"])


def test_it_is_written_down_which_weights_are_in_it(tmp_path, rng):
    ours = export.serving("inet-birch.photographs")
    pack(INet(), tmp_path / "mine.npz")
    theirs = export.serving("inet-birch.photographs", tmp_path / "mine.npz")
    for name, product in (("ours", ours), ("theirs", theirs)):
        export.export(product, tmp_path / name)
    ours, theirs = (json.loads((tmp_path / name / export.ABOUT).read_text()) for name in ("ours", "theirs"))
    assert (ours["name"], theirs["name"]) == ("inet-birch.photographs", "inet-birch")
    assert [w["sha256"] for w in ours["weights"]] == [provenance("inet-birch.photographs").sha256]
    assert theirs["weights"] == [{"file": "mine.npz", "sha256": sha256(tmp_path / "mine.npz")}]
    assert export.serving("contrast-aware.photographs", "contrast-unaware.photographs").weights == (
        "contrast-unaware.photographs",
    )


def test_an_export_is_replaced_and_nothing_else_is(tmp_path):
    inputs = keras.Input((4, 4, 3))
    flat = keras.layers.GlobalAveragePooling2D(name="flat")(inputs)
    product = classification(keras.Model(inputs, keras.layers.Dense(2, "softmax")(flat)), "flat")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years")
    with pytest.raises(ValueError, match="new folder or over another export"):
        export.export(product, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years"
    for _ in range(2):
        export.export(product, tmp_path / "own")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_names_that_are_no_product_are_refused_with_those_that_are():
    with pytest.raises(ValueError, match=r"must be one of contrast-\*.*contrast-aware.photographs.*Received: 'x'"):
        export.serving("x")
    with pytest.raises(ValueError, match="zoo pretrain hyperimage"):
        export.serving("hyperimage-quality.nowhere")
    with pytest.raises(ValueError, match="must be a folder"):
        export.serving("hyperimage-quality.nowhere", weights="one.npz")
    with pytest.raises(ValueError, match="have a phase"):
        export.serving("contrast-aware.photographs", cfa="RGGB")
    assert "contrast-aware.photographs" in products.exportable()
    assert "hyperimage-quality.photographs" in products.exportable()
