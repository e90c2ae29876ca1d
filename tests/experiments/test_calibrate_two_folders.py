"""``zoo calibrate prnu`` and ``adversarial``: photographs of both propositions, and the commands that use the file."""

import csv
import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from zoo import calibration
from zoo.datasets.camera import CAMERAS, Body, shoot, write_dng
from zoo.datasets.embedded import SCENES, photograph
from zoo.datasets.jpeg import compress
from zoo.experiments.adversarial import commands as adversarial
from zoo.experiments.cli.calibrated import read_calibration
from zoo.experiments.cli.calibration_contents import Scores, calibrate
from zoo.experiments.cli.main import main
from zoo.experiments.imaging.prnu import commands as prnu
from zoo.images import read_photograph, write_png

OWN = Body(CAMERAS["dogwood"], serial=1)
OTHERS = [Body(CAMERAS[name], serial=2) for name in CAMERAS]
HEIGHT, WIDTH = 192, 256
QUALITIES = (0, 75)


def _take(path, body, scene, height=HEIGHT, width=WIDTH):
    path.parent.mkdir(exist_ok=True)
    mosaic = shoot(body, 0, scene, height, width)
    write_dng(path, mosaic, body)


@pytest.fixture(scope="module")
def cameras(tmp_path_factory):
    """A fingerprint, photographs by its camera and by others, and in both folders some that cannot be used."""
    root = tmp_path_factory.mktemp("cameras")
    for n in range(12):
        _take(root / "made_it" / f"{n:03}.dng", OWN, n)
    for n in range(100, 128):
        _take(root / "its" / f"{n}.dng", OWN, n)
    for n in range(200, 280):
        _take(root / "others" / f"{n}.dng", OTHERS[n % len(OTHERS)], n)
    for n in range(300, 303):
        _take(root / "questioned" / f"{n}.dng", OWN, n)
    shutil.copy(root / "made_it" / "000.dng", root / "its" / "made_it.dng")
    shutil.copy(root / "its" / "100.dng", root / "others" / "its_own.dng")  # the same file
    _take(root / "its" / "scene_of_279.dng", OWN, 279)  # another file of the same scene
    _take(root / "others" / "larger.dng", OTHERS[0], 400, HEIGHT + 64)
    _take(root / "others" / "dark.dng", OTHERS[0], 401)
    dark = read_photograph(root / "others" / "dark.dng") // 12
    (root / "others" / "dark.dng").unlink()
    write_png(root / "others" / "dark.png", dark)
    for name, made in (("camera", "made_it"), ("another", "questioned")):
        made_of = [str(root / made), "-o", str(root / f"{name}.npz")]
        assert main(["imaging", "prnu", "fingerprint", *made_of]) == 0
    return root


@pytest.fixture(scope="module")
def of_camera(cameras):
    """The calibration of ``cameras``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prnu, "QUESTION", dataclasses.replace(prnu.QUESTION, qualities=QUALITIES))
        given = ["--reference", cameras / "others", "--positive", cameras / "its", "--weights", cameras / "camera.npz"]
        given += ["-o", cameras / "calibration.json", "--plot", cameras / "plot.png"]
        assert main(["calibrate", "prnu", *map(str, given)]) == 0
    return cameras / "calibration.json"


def _deviations(command, cameras, names, part, tmp_path):
    """What ``zoo imaging prnu match --csv`` says of photographs as they are and as JPEG 75, (photographs, 2)."""
    columns = []
    for quality in QUALITIES:
        paths = [cameras / part / name for name in names]
        if quality:
            copies = [tmp_path / f"{part}{path.stem}.jpg" for path in paths]
            for path, copy in zip(paths, copies, strict=True):
                Image.fromarray(read_photograph(path)).save(copy, quality=quality)
            paths = copies
        table = tmp_path / f"{part}{quality}.csv"
        assert command("imaging", "prnu", "match", cameras / "camera.npz", *paths, "--csv", table)[0] == 0
        with open(table, newline="") as file:
            columns.append([float(row["deviations"]) for row in csv.DictReader(file)])
    return np.array(columns).T


def test_the_numbers_are_those_of_matchs_deviations(cameras, of_camera, command, tmp_path):
    written = json.loads(of_camera.read_text())
    other = _deviations(command, cameras, written["reference"]["photographs"], "others", tmp_path)
    its = _deviations(command, cameras, written["positive"]["photographs"], "its", tmp_path)
    assert len(other) == written["reference"]["sources"] >= 60 and len(its) == written["positive"]["sources"] >= 20
    numbers = np.repeat(np.arange(len(other) + len(its)), len(QUALITIES)).tolist()
    truth = np.repeat([False, True], [other.size, its.size])
    scores = np.concatenate([other.ravel(), its.ravel()])
    weights = calibration.weights_by_source(numbers)
    mapping = calibration.logistic(scores, truth, weights)
    assert written["mapping"]["slope"] == pytest.approx(mapping.slope)
    assert written["mapping"]["intercept"] == pytest.approx(mapping.intercept)
    held_out = calibration.cross_validated(scores, truth, numbers)
    low, high = calibration.empirical_bounds(held_out, truth, weights)
    assert (written["bounds"]["low"], written["bounds"]["high"]) == pytest.approx((low, high))
    cost = calibration.cost(held_out.clip(low, high), truth, weights)
    for part in ("cllr", "discrimination", "calibration"):
        assert written["validation"][part] == pytest.approx(getattr(cost, part))
    one, five = written["false_alarms"]
    assert "1% of false alarms needs 300 sources" in one["refused"] and "threshold" not in one
    assert five["threshold"] == pytest.approx(calibration.false_alarm_threshold(other, 0.05))
    for column, found in enumerate(five["by_quality"]):
        alarms = calibration.exact_rate(int((other[:, column] > five["threshold"]).sum()), len(other))
        missed = calibration.exact_rate(int((its[:, column] <= five["threshold"]).sum()), len(its))
        assert found["false_alarms"] == {"value": alarms.value, **dataclasses.asdict(alarms)}
        assert found["missed"] == {"positive": {"value": missed.value, **dataclasses.asdict(missed)}}
    alone = calibration.logistic(np.append(other[:, 0], its[:, 0]), np.repeat([False, True], [len(other), len(its)]))
    assert written["by_jpeg_quality"][0]["mapping"]["slope"] == pytest.approx(alone.slope)
    assert high > 1 and cost.cllr < 0.5  # synthetic cameras are told apart


def test_photographs_that_cannot_be_used_are_listed(cameras, of_camera):
    written = json.loads(of_camera.read_text())
    reference, positive = written["reference"], written["positive"]
    assert set(reference["in_both_folders"]) == {"its_own.dng", "279.dng"}
    assert set(positive["in_both_folders"]) == {"100.dng", "scene_of_279.dng"}
    assert positive["not_validated"]["made_it.dng"].startswith("was used for the fingerprint")
    assert reference["not_validated"]["larger.dng"].startswith("of another size than the fingerprint: 65 places")
    assert reference["not_validated"]["dark.png"].startswith("too dark")
    for one, files in ((reference, 83), (positive, 30)):
        used = len(one["photographs"]) + len(one["not_validated"]) + len(one["in_both_folders"])
        assert used + one["near_duplicates"] == files
    assert (reference["folder"], positive["folder"]) == ("others", "its") and reference["processes"] == []
    assert "--reference others --positive its" in written["command"] and str(cameras) not in of_camera.read_text()
    assert "by_format" not in written["false_alarms"][1]
    assert not of_camera.with_suffix(".scores.jsonl").exists() and (cameras / "plot.png").is_file()


def test_match_gives_likelihood_ratios(cameras, of_camera, command, tmp_path):
    pictures = [cameras / "questioned" / "300.dng", tmp_path / "saved.jpg", cameras / "others" / "201.dng"]
    Image.fromarray(compress(read_photograph(pictures[0]), 0)).save(pictures[1], quality=75)
    table = tmp_path / "scores.csv"
    match = ("imaging", "prnu", "match", cameras / "camera.npz", "--calibration", of_camera)
    code, out, err = command(*match, *pictures, "--json", "--csv", table)
    assert code == 0, err
    its, saved, other = map(json.loads, out.splitlines())
    found = read_calibration(of_camera, "prnu")
    for one, quality in ((its, 0), (saved, 75), (other, 0)):
        assert one["status"] == "validated" and one["calibrated_score"] == one["deviations"]
        assert one["log10_lr"] == pytest.approx(found.qualities[quality].log10_lr(one["deviations"]), abs=1e-4)
    assert its["log10_lr"] > 1 and saved["log10_lr"] > 0 > other["log10_lr"]
    assert its["above_false_alarm_rates"] == [0.05] and its["same_camera"] is True
    assert saved["log10_lr_of"] == "reference photographs saved as JPEG of quality 75"
    assert f"like the {found.sources} of the reference" in its["note"] and found.sources > 80
    with open(table, newline="") as file:
        header, *rows = csv.reader(file)
    assert len(set(header)) == len(header) and rows[0][header.index("status")] == "validated"
    assert float(rows[0][header.index("log10_lr")]) == its["log10_lr"]


def test_match_gives_none_for_pictures_unlike_the_reference(cameras, of_camera, command, tmp_path):
    picture = read_photograph(cameras / "questioned" / "300.dng")
    write_png(tmp_path / "crop.png", picture[:, :192])
    write_png(tmp_path / "larger.png", np.pad(picture, ((0, 0), (0, 64), (0, 0)), "reflect"))
    write_png(tmp_path / "dark.png", picture // 12)
    reasons = {
        "crop.png": "small: 9 patches",
        "larger.png": "of another size than the fingerprint: 65 places were tried (validated: 1)",
        "dark.png": "too dark",
    }
    match = ("imaging", "prnu", "match", cameras / "camera.npz", "--calibration", of_camera, "--json")
    code, out, err = command(*match, *(tmp_path / name for name in reasons))
    assert code == 0, err
    anyway = command(*match, *(tmp_path / name for name in reasons), "--anyway")[1]
    for line, scored, reason in zip(out.splitlines(), anyway.splitlines(), reasons.values(), strict=True):
        one, same = json.loads(line), json.loads(scored)
        assert (
            one["status"] == same["status"] == "not validated" and reason in one["reason"] and reason in same["reason"]
        )
        assert not {"deviations", "p_value", "log10_lr", "same_camera"} & set(one)
        assert "deviations" in same and "log10_lr" not in same


def test_what_match_refuses(cameras, of_camera, command, tmp_path):
    picture = cameras / "questioned" / "300.dng"
    of_contrast = tmp_path / "contrast.json"
    of_contrast.write_text(json.dumps(json.loads(of_camera.read_text()) | {"product": "contrast"}))
    for arguments, message in (
        (("another.npz", "--calibration", of_camera), "made with other networks than"),
        (("camera.npz", "--calibration", of_contrast), "which is for contrast"),
        (("camera.npz", "--calibration", "stored"), "since a calibration belongs to your camera. Received: stored"),
        (("camera.npz", "--calibration", of_camera, "--orientations", "all"), "needs --orientations stored"),
        (("camera.npz", "--anyway"), "--anyway needs --calibration"),
    ):
        code, out, err = command("imaging", "prnu", "match", cameras / arguments[0], *arguments[1:], picture)
        assert (code, out) == (2, "") and message in err and len(err.splitlines()) == 1
    code, out, err = command("report", picture, "--json", "--calibration", of_camera)
    assert (code, out) == (2, "") and "--calibration must be for one of contrast" in err and "for prnu" in err


def test_what_cannot_be_calibrated(cameras, command, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    for n in range(3):
        shutil.copy(cameras / "its" / f"{110 + n}.dng", few)
    others, its, camera = cameras / "others", cameras / "its", ("--weights", cameras / "camera.npz")
    for product, arguments, message in (
        (
            "prnu",
            ("--reference", others, *camera),
            "zoo calibrate prnu needs --positive DIR: photographs by its camera",
        ),
        ("adversarial", ("--reference", others), "zoo calibrate adversarial needs --positive DIR: pictures that were"),
        (
            "contrast",
            ("--reference", others, "--positive", its),
            "--positive goes with adversarial, prnu: zoo calibrate contrast makes its own",
        ),
        ("prnu", ("--reference", others, "--positive", its), "--weights must be a file of `zoo imaging prnu finger"),
        (
            "adversarial",
            ("--reference", others, "--positive", its, *camera),
            "must be a folder of `zoo adversarial fit",
        ),
        ("prnu", ("--reference", others, "--positive", few, *camera), "--positive must hold at least 20 photographs"),
        ("prnu", ("--reference", few, "--positive", its, *camera), "Received: 0, and 3 whose scenes are in both"),
        ("prnu", ("--reference", others, "--positive", tmp_path / "none", *camera), "none: does not exist"),
    ):
        code, out, err = command("calibrate", product, *arguments, "-o", tmp_path / "c.json")
        assert (code, out) == (2, "") and message in err.splitlines()[-1], err
    assert not (tmp_path / "c.json").exists()


def test_other_photographs_may_be_of_another_number():
    """Of normal scores of deviation 1 that are 2 apart, log LR = 2 s - 2, however many are of each proposition."""
    rng = np.random.default_rng(3)
    scores = Scores(rng.normal(0, 1, (4000, 1)), {"positive": rng.normal(2, 1, (1000, 1))}, apart=True)
    found = calibrate(scores, (0,), "logistic", resamples=20)
    assert found["mapping"]["slope"] == pytest.approx(2 / np.log(10), rel=0.07)
    assert found["mapping"]["intercept"] == pytest.approx(-2 / np.log(10), rel=0.07)
    five = found["false_alarms"][1]["by_quality"][0]
    assert (five["false_alarms"]["trials"], five["missed"]["positive"]["trials"]) == (4000, 1000)


SIDE = 96


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """A detector of a small classifier of photographs by their colours, and untouched and attacked pictures."""
    root = tmp_path_factory.mktemp("classifier")
    names = [name for name in SCENES if name in ("coffee", "motorcycle", "chelsea", "astronaut")]
    images, labels = [], []
    for label, name in enumerate(names):
        image = photograph(name)
        for top in range(0, image.shape[0] - SIDE + 1, SIDE):
            for left in range(0, image.shape[1] - SIDE + 1, SIDE):
                images.append(image[top : top + SIDE, left : left + SIDE])
                labels.append(label)
    images, labels = np.stack(images), np.array(labels)
    keras.utils.set_random_seed(1)
    inputs = keras.Input((SIDE, SIDE, 3))
    small = keras.layers.AveragePooling2D(8)(keras.layers.Rescaling(1 / 127.5, -1)(inputs))
    features = keras.layers.Dense(16, activation="relu", name="features")(keras.layers.Flatten()(small))
    model = keras.Model(inputs, keras.layers.Dense(len(names), activation="softmax")(features))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    model.fit(images.astype(np.float32), labels, epochs=15, batch_size=32, verbose=0)
    model.save(root / "model.keras")
    for n, (image, label) in enumerate(zip(images, labels, strict=True)):
        part = ("train", "untouched", "originals")[n % 3]
        place = root / part / (names[label] if part == "train" else ".")
        place.mkdir(parents=True, exist_ok=True)
        write_png(place / f"{n:03}.png", image)
    fit = ("fit", root / "train", "--model", root / "model.keras", "--detector", root / "detector")
    assert main(["adversarial", *map(str, fit), "--layer", "features"]) == 0
    attack = ("attack", root / "originals", "--model", root / "model.keras", "--output", root / "attacked")
    assert main(["adversarial", *map(str, attack), "--eps", "12"]) == 0
    given = ("--reference", root / "untouched", "--positive", root / "attacked", "--weights", root / "detector")
    assert main(["calibrate", "adversarial", *map(str, given), "-o", str(root / "calibration.json")]) == 0
    return root


def test_an_adversarial_detector(classifier, command, tmp_path):
    path = classifier / "calibration.json"
    written = json.loads(path.read_text())
    score = ("adversarial", "score", "--detector", classifier / "detector", "--json")
    values = {}
    for part, about in (("untouched", written["reference"]), ("attacked", written["positive"])):
        code, out, err = command(*score, *(classifier / part / name for name in about["photographs"]))
        assert code == 0, err
        values[part] = [-json.loads(line)["score"] for line in out.splitlines()]  # a high score there: trusted
        assert len(values[part]) == about["sources"] >= 20
    scores = np.array(values["untouched"] + values["attacked"])
    truth = np.repeat([False, True], [len(values["untouched"]), len(values["attacked"])])
    mapping = calibration.logistic(scores, truth)
    held_out = calibration.cross_validated(scores, truth, list(range(len(scores))))
    low, high = calibration.empirical_bounds(held_out, truth)
    assert written["mapping"]["slope"] == pytest.approx(mapping.slope) and mapping.slope > 0
    assert written["mapping"]["intercept"] == pytest.approx(mapping.intercept)
    assert (written["bounds"]["low"], written["bounds"]["high"]) == pytest.approx((low, high))
    assert written["validation"]["cllr"] == pytest.approx(calibration.cost(held_out.clip(low, high), truth).cllr)
    assert written["reference"]["jpeg_qualities"] == [0]

    attacked = classifier / "attacked" / next(iter(written["positive"]["photographs"]))
    Image.fromarray(read_photograph(attacked)).save(tmp_path / "saved.jpg", quality=95)
    write_png(tmp_path / "plain.png", np.full((SIDE, SIDE, 3), 90, np.uint8))
    pictures = (attacked, tmp_path / "saved.jpg", tmp_path / "plain.png")
    code, out, err = command(*score, *pictures, "--calibration", path)
    assert code == 0, err
    whole, saved, plain = map(json.loads, out.splitlines())
    assert whole["log10_lr"] == pytest.approx(np.clip(mapping(-whole["score"]), low, high), abs=1e-4)
    assert whole["calibrated_score"] == -whole["score"] and whole["status"] == "validated"
    assert whole["log10_lr_of"] == "reference photographs without JPEG"
    assert (saved["status"], saved["reason"]) == ("not validated", "saved as JPEG: the reference holds no JPEG")
    assert plain["status"] == "not validated" and not {"score", "log10_lr"} & {*saved, *plain}
    code, out, _ = command(*score, tmp_path / "saved.jpg", "--calibration", path, "--anyway")
    assert "score" in json.loads(out) and "log10_lr" not in json.loads(out)


def test_what_adversarial_refuses(classifier, command, tmp_path):
    picture, path = next((classifier / "untouched").iterdir()), classifier / "calibration.json"
    other = tmp_path / "other"
    shutil.copytree(classifier / "detector", other)
    with np.load(other / "arrays.npz") as file:  # what tells nothing in detector.json
        np.savez(other / "arrays.npz", **{**file, "labels": file["labels"][::-1]})
    for detector, given, message in (
        (other, path, "made with other networks than"),
        (classifier / "detector", "stored", "since a calibration belongs to your detector. Received: stored"),
    ):
        code, out, err = command("adversarial", "score", picture, "--detector", detector, "--calibration", given)
        assert (code, out) == (2, "") and message in err and len(err.splitlines()) == 1
    digits = tmp_path / "digits"
    digits.mkdir()
    write_png(digits / "3.png", np.zeros((16, 16, 3), np.uint8))
    given = ("--reference", digits, "--positive", classifier / "attacked", "--weights", classifier / "detector")
    code, out, err = command("calibrate", "adversarial", *given, "-o", tmp_path / "c.json")
    assert (code, out) == (2, "") and "1 x a side below 64 pixels" in err.splitlines()[-1]
    assert adversarial.QUESTION.qualities == (0,) and prnu.QUESTION.qualities == (0, 95, 75, 50)
