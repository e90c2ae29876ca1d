"""``zoo calibrate``, and ``zoo contrast detect --calibration``: known numbers, refusals, and files that are none."""

import csv
import dataclasses
import json
import math
import shutil

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from PIL import Image

from zoo.datasets.embedded import photograph
from zoo.experiments.cli import calibration_plot
from zoo.experiments.cli.calibrate import FEWEST_SOURCES, products
from zoo.experiments.cli.calibrated import Comparison, read_calibration
from zoo.experiments.cli.calibration_contents import Scores, calibrate
from zoo.experiments.cli.score_pictures import checksums
from zoo.experiments.contrast import commands
from zoo.experiments.families import load
from zoo.images import read_image, write_png

SIDE = 150
PHOTO, PLAIN = photograph("coffee")[:320, 150:470], np.full((320, 320, 3), 90, np.uint8)


def _crops():
    """Different places of photographs, uint8 RGB (150, 150, 3)."""
    for name in ("coffee", "motorcycle", "chelsea"):
        image = photograph(name)
        for top in range(0, image.shape[0] - SIDE + 1, SIDE):
            for left in range(0, image.shape[1] - SIDE + 1, SIDE):
                yield image[top : top + SIDE, left : left + SIDE]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Twenty-six photographs, and a drawing that is none."""
    folder = tmp_path_factory.mktemp("photos") / "mine"
    folder.mkdir()
    for number, image in enumerate(_crops()):
        write_png(folder / f"{number:02d}.png", image)
    squares = np.kron(np.eye(10, dtype=np.uint8), np.full((15, 15), 200, np.uint8))
    write_png(folder / "drawing.png", squares[..., None].repeat(3, 2))
    return folder


@pytest.fixture
def cheap(monkeypatch):
    """The contrast detector's place is taken by the deviation of the grey levels, which its process doubles."""
    question = dataclasses.replace(
        commands.QUESTION,
        processes=lambda: {"twice": lambda image: (128 + 2.0 * (image - 128.0)).clip(0, 255).astype(np.uint8)},
        qualities=(0, 75),
        scorer=lambda weights: lambda image: float(image.std() / 128),
    )
    monkeypatch.setattr(commands, "QUESTION", question)


@pytest.fixture
def calibrated(tmp_path):
    """A calibration of the stored network that was written by hand: log10 LR = 4 score - 2, from -1.5 to 1."""
    path = tmp_path / "calibration.json"

    def write(**fields):
        given = {
            "forensics_zoo_calibration": 1,
            "product": "contrast",
            "networks": checksums([commands.STORED]),
            "propositions": {"yes": "it was", "no": "it was not"},
            "reference": {"sources": 70, "fewest_patches": 20},
            "mapping": {"kind": "logistic", "intercept": -2.0, "slope": 4.0},
            "bounds": {"low": -1.5, "high": 1.0},
            "false_alarms": [{"rate": 0.01, "refused": "too few"}, {"rate": 0.05, "threshold": 0.7}],
        }
        path.write_text(json.dumps(given | fields))
        return path

    return write


def test_every_product_asks_something():
    for place in products().values():
        question = load(place)
        assert question.yes and question.no and question.qualities
        assert question.positive if isinstance(question, Comparison) else question.processes()


@pytest.mark.parametrize("kind", ["logistic", "isotonic"])
def test_known_scores_give_known_numbers(kind):
    """Normal scores of deviation 1 that are 2 apart: log LR = 2 s - 2; Cllr by integration; 5 % above 1.645."""
    rng = np.random.default_rng(5)
    n = 2000
    scores = Scores(rng.normal(0, 1, (n, 2)), {"one": rng.normal(2, 1, (n, 2)), "other": rng.normal(2, 1, (n, 2))})
    found = calibrate(scores, (0, 75), kind, resamples=20)
    cost = lambda s: scipy.stats.norm.pdf(s) * np.logaddexp(0, 2 * s - 2) / math.log(2)  # noqa: E731
    exact = scipy.integrate.quad(cost, -9, 11)[0]
    assert found["validation"]["cllr"] == pytest.approx(exact, abs=0.015)
    assert found["validation"]["calibration"] == pytest.approx(0, abs=0.01)
    assert [one["jpeg_quality"] for one in found["validation"]["by_quality"]] == [0, 75]
    if kind == "logistic":
        assert found["mapping"]["slope"] == pytest.approx(2 / math.log(10), rel=0.03)
        assert found["mapping"]["intercept"] == pytest.approx(-2 / math.log(10), rel=0.03)
    at, ends = found["interval"]["scores"], np.array([found["interval"]["low"], found["interval"]["high"]])
    if kind == "logistic":  # at 0.5 the exact value is -1 / log(10), within the bounds
        low, high = (np.interp(0.5, at, end) for end in ends)
        assert low < -1 / math.log(10) + 0.03 and high > -1 / math.log(10) - 0.03 and 0 < high - low < 0.1
    assert (ends[0] <= ends[1]).all() and ends.min() >= found["bounds"]["low"] and ends.max() <= found["bounds"]["high"]
    assert -math.log10(n) < found["bounds"]["low"] < -1.5 and 1.5 < found["bounds"]["high"] < math.log10(n)
    one, five = found["false_alarms"]
    for found_rate, allowed in ((one, n // 100), (five, n // 20)):
        above = (scores.untouched > found_rate["threshold"]).sum(0)
        assert max(above) == allowed  # the worst quality decides
        assert [quality["false_alarms"]["events"] for quality in found_rate["by_quality"]] == above.tolist()
    for quality in five["by_quality"]:
        assert quality["false_alarms"]["events"] <= 0.05 * n and quality["false_alarms"]["trials"] == n
        assert quality["false_alarms"]["low"] < 0.05 < quality["false_alarms"]["high"] + 0.005
        missed = scipy.stats.norm.cdf(five["threshold"] - 2)
        assert quality["missed"]["one"]["low"] - 0.01 < missed < quality["missed"]["one"]["high"] + 0.01
    curve = found["validation"]["empirical_cross_entropy"]
    middle = curve["log10_prior_odds"].index(0)
    assert curve["of_these"][middle] == pytest.approx(found["validation"]["cllr"])
    assert curve["after_pav"][middle] == pytest.approx(found["validation"]["discrimination"])
    assert curve["of_none"][middle] == pytest.approx(1)
    assert json.loads(json.dumps(found, allow_nan=False)) == json.loads(json.dumps(found))


def test_each_quality_has_likelihood_ratios_of_its_own():
    """Normal scores of deviation 1 that are d apart, from -d/2 to d/2: log LR = d s."""
    rng = np.random.default_rng(6)
    apart = np.array([3.0, 1.0])
    scores = Scores(rng.normal(-apart / 2, 1, (2000, 2)), {"one": rng.normal(apart / 2, 1, (2000, 2))})
    found = calibrate(scores, (0, 75), "logistic", resamples=20)
    assert [one["jpeg_quality"] for one in found["by_jpeg_quality"]] == [0, 75]
    for one, d in zip(found["by_jpeg_quality"], apart, strict=True):
        assert one["mapping"]["slope"] == pytest.approx(d / math.log(10), rel=0.07)
        assert one["mapping"]["intercept"] == pytest.approx(0, abs=0.05)
        cost = lambda s, d=d: scipy.stats.norm.pdf(s, -d / 2) * np.logaddexp(0, d * s) / math.log(2)  # noqa: E731
        assert one["validation"]["cllr"] == pytest.approx(scipy.integrate.quad(cost, -9, 9)[0], abs=0.025)
        assert one["bounds"]["low"] < -0.5 and one["bounds"]["high"] > 0.5
        low, high = (np.interp(0.4, one["interval"]["scores"], one["interval"][end]) for end in ("low", "high"))
        assert low - 0.02 < 0.4 * d / math.log(10) < high + 0.02 and high - low < 0.2
    together = [one["cllr"] for one in found["validation"]["by_quality"]]
    assert all(one["validation"]["cllr"] < c for one, c in zip(found["by_jpeg_quality"], together, strict=True))


def test_the_plot_shows_the_three_curves_of_the_file(tmp_path, monkeypatch):
    rng = np.random.default_rng(7)
    found = calibrate(Scores(rng.normal(0, 1, (80, 1)), {"one": rng.normal(2, 1, (80, 1))}), (0,), "logistic", 5)
    found |= {"product": "contrast", "reference": {"sources": 80}, "propositions": {"yes": "it was adjusted"}}
    drawn = []
    monkeypatch.setattr(calibration_plot, "save", lambda figure, path: drawn.append(figure))
    calibration_plot.plot_cross_entropy(found, tmp_path / "plot.png")
    (axes,) = drawn[0].axes
    curves = {line.get_linestyle(): line.get_ydata() for line in axes.lines[:3]}
    expected = found["validation"]["empirical_cross_entropy"]
    for style, name in ((":", "of_none"), ("-", "of_these"), ("--", "after_pav")):
        np.testing.assert_array_equal(curves[style], expected[name])
    assert f"Cllr {found['validation']['cllr']:.3f}" in axes.get_legend().get_texts()[1].get_text()
    assert "it was adjusted" in axes.get_xlabel() and "80 photographs" in axes.get_title()
    calibration_plot.pyplot().close(drawn[0])


def test_a_detector_that_says_nothing_gets_no_weight():
    rng = np.random.default_rng(6)
    found = calibrate(Scores(rng.random((80, 2)), {"one": rng.random((80, 2))}), (0, 75), "logistic")
    assert found["bounds"]["low"] > -0.2 and found["bounds"]["high"] < 0.2
    assert found["validation"]["cllr"] == pytest.approx(1, abs=0.05)


def test_photographs_of_ones_own(reference, cheap, tmp_path, command):
    path = tmp_path / "calibration.json"
    code, out, err = command("calibrate", "contrast", "--reference", reference, "-o", path)
    assert code == 0, err
    written = json.loads(path.read_text())
    assert "no threshold: 5% of false alarms needs 60 sources" in out and "written: " in err
    assert written["reference"]["folder"] == "mine" and str(reference.parent) not in path.read_text()
    assert "drawing.png" in written["reference"]["not_validated"]
    used = len(written["reference"]["photographs"])
    assert used == written["reference"]["sources"] >= FEWEST_SOURCES
    assert used + len(written["reference"]["not_validated"]) + written["reference"]["near_duplicates"] == 27
    assert written["reference"]["fewest_patches"] == 4 and written["reference"]["versions"] == 2 * used
    assert set(written["reference"]["versions_not_validated"]) == {"untouched", "twice"}
    assert written["networks"] == checksums([commands.STORED])
    assert all("refused" in one and "threshold" not in one for one in written["false_alarms"])
    assert 0 < written["bounds"]["high"] <= math.log10(used)
    found = read_calibration(path, "contrast")
    assert found.log10_lr(0.01) < 0 < found.log10_lr(1) == found.high
    code, _, err = command("calibrate", "contrast", "--reference", reference, "-o", path)
    assert code == 2 and "--force" in err
    again = ("calibrate", "contrast", "--reference", reference, "-o", path, "--mapping", "isotonic", "--force")
    code, _, err = command(*again, "--plot", tmp_path / "plot.png")
    assert code == 0 and "plot.png" in err
    assert read_image(tmp_path / "plot.png").min() == 0  # the dotted line is black
    assert read_calibration(path, "contrast").log10_lr(1) == pytest.approx(
        json.loads(path.read_text())["bounds"]["high"]
    )


@pytest.mark.parametrize("name", ["00.png", "drawing.png", "small.png"])
def test_no_photograph_of_the_reference_is_written_onto(reference, cheap, tmp_path, command, name):
    folder = shutil.copytree(reference, tmp_path / "photos")
    write_png(folder / "small.png", PLAIN[:20])
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    arguments = ("calibrate", "contrast", "--reference", folder, "-o", tmp_path / "a.json", "--plot", folder / name)
    code, _, err = command(*arguments, "--force")
    assert code == 2 and "--plot must not be a file that the command reads. Received: " in err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_interrupted_run_goes_on_where_it_was(reference, cheap, tmp_path, command, monkeypatch):
    whole, path, seen = tmp_path / "whole.json", tmp_path / "calibration.json", []
    assert command("calibrate", "contrast", "--reference", reference, "-o", whole)[0] == 0
    question = commands.QUESTION

    def stops(weights):
        def score(image):
            seen.append(len(seen))
            if len(seen) == 30:
                raise KeyboardInterrupt
            return question.scorer(weights)(image)

        return score

    monkeypatch.setattr(commands, "QUESTION", dataclasses.replace(question, scorer=stops))
    assert command("calibrate", "contrast", "--reference", reference, "-o", path)[0] == 130
    kept = tmp_path / "calibration.scores.jsonl"
    assert not path.exists() and len(kept.read_text().strip().splitlines()) == 7  # four scores each
    with kept.open("a") as file:
        file.write('{"of": "the line that was being wr')
    assert command("calibrate", "contrast", "--reference", reference, "-o", path)[0] == 0
    assert json.loads(path.read_text()) == json.loads(whole.read_text())
    assert len(seen) == 30 + 4 * (26 - 7) and not kept.exists()


def test_what_cannot_be_calibrated(reference, cheap, tmp_path, command):
    few = tmp_path / "few"
    few.mkdir()
    for number, image in zip(range(3), _crops(), strict=False):
        write_png(few / f"{number}.png", image)
    for arguments, message in (
        (("median", "--reference", few, "-o", "c.json"), "PRODUCT must be one of contrast, adversarial"),
        (("contrast", "--reference", few, "-o", tmp_path / "c.txt"), "-o must end in .json"),
        (("contrast", "--reference", few, "-o", tmp_path / "c.json", "--plot", "c.pdf"), "--plot must end in .png"),
        (("contrast", "--reference", tmp_path / "absent", "-o", tmp_path / "c.json"), "does not exist"),
        (("contrast", "--reference", few, "-o", tmp_path / "c.json"), "at least 20 photographs of different scenes"),
        (("contrast", "--reference", few, "-o", tmp_path / "c.json", "--weights", "x"), "weights must be"),
    ):
        code, out, err = command("calibrate", *arguments)
        assert (code, out) == (2, "") and message in err.splitlines()[-1]
    assert not (tmp_path / "c.json").exists()


def test_pictures_like_the_reference_get_a_likelihood_ratio_and_others_no_score(calibrated, tmp_path, command):
    write_png(tmp_path / "photo.png", PHOTO)
    write_png(tmp_path / "plain.png", PLAIN)
    write_png(tmp_path / "small.png", PHOTO[:200, :200])
    pictures = [tmp_path / name for name in ("photo.png", "plain.png", "small.png")]
    path, table = calibrated(), tmp_path / "scores.csv"
    options = ("--calibration", path, "--csv", table, "--heatmap", tmp_path / "maps")
    code, out, err = command("contrast", "detect", *pictures, "--json", *options)
    assert code == 0, err
    photo, plain, small = map(json.loads, out.splitlines())
    assert photo["status"] == "validated" and photo["log10_lr_bounds"] == [-1.5, 1.0]
    assert photo["log10_lr_interval"] is None  # the file has none
    assert photo["log10_lr"] == pytest.approx(min(max(4 * photo["score"] - 2, -1.5), 1), abs=1e-4)
    assert photo["above_false_alarm_rates"] == ([0.05] if photo["score"] > 0.7 else [])
    assert plain["status"] == small["status"] == "not validated"
    assert plain["reason"].startswith("flat or evenly shaded")
    assert small["reason"] == "small: 9 patches of 64x64 pixels (validated: at least 20)"
    for refused in (plain, small):
        assert not {"score", "log10_lr", "heatmap"} & set(refused)
    assert [file.name for file in (tmp_path / "maps").iterdir()] == ["photo.png.heatmap.png"]
    assert "'it was' to 'it was not'" in photo["note"] and "70 of the reference" in photo["note"]
    with open(table, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["validated", "not validated", "not validated"]
    assert [bool(row["score"]) for row in rows] == [True, False, False]
    assert float(rows[0]["log10_lr"]) == photo["log10_lr"] and rows[1]["reason"] == plain["reason"]


@pytest.fixture
def by_quality():
    """Likelihood ratios that are constants: log10 0.1 without JPEG, 0.2 at quality 95 and 0.3 at 75."""
    constants = {0: 0.1, 95: 0.2, 75: 0.3}
    return [
        {
            "jpeg_quality": quality,
            "mapping": {"kind": "logistic", "intercept": constant, "slope": 0.0},
            "bounds": {"low": -2.0, "high": 2.0},
            "interval": {"scores": [0.0], "low": [constant - 0.1], "high": [constant + 0.1]},
            "validation": {"cllr": constant},
        }
        for quality, constant in constants.items()
    ]


@pytest.mark.parametrize(
    ("name", "quality", "ratio", "of"),
    [
        ("photo.jpg", 95, 0.2, "saved as JPEG of quality 95"),
        ("photo.jpg", 80, 0.3, "saved as JPEG of quality 75"),
        ("photo.jpg", 85, 0.0, "of all JPEG qualities"),
        ("photo.png", None, 0.0, "of all JPEG qualities"),
    ],
)
def test_a_picture_gets_the_likelihood_ratio_of_its_quality_or_that_of_all(
    calibrated, by_quality, tmp_path, command, name, quality, ratio, of
):
    Image.fromarray(PHOTO).save(tmp_path / name, **({"quality": quality} if quality else {}))
    path = calibrated(mapping={"kind": "logistic", "intercept": 0.0, "slope": 0.0}, by_jpeg_quality=by_quality)
    code, out, err = command("contrast", "detect", tmp_path / name, "--json", "--calibration", path)
    assert code == 0, err
    found = json.loads(out)
    assert found["log10_lr"] == pytest.approx(ratio) and found["log10_lr_of"] == f"reference photographs {of}"
    assert found["log10_lr_bounds"] == ([-2.0, 2.0] if ratio else [-1.5, 1.0])
    assert found["log10_lr_interval"] == (pytest.approx([ratio - 0.1, ratio + 0.1]) if ratio else None)


def test_which_quality_of_a_calibration_is_near(calibrated, by_quality):
    found = read_calibration(calibrated(by_jpeg_quality=by_quality))
    for quality, near in ((None, None), (0, 0), (3, None), (69, None), (70, 75), (84, None), (90, 95), (100, 95)):
        assert found.at(quality) is (found if near is None else found.qualities[near])
    assert found.at(0).contents["validation"] == {"cllr": 0.1}
    old = read_calibration(calibrated())
    assert old.at(95) is old and not old.of


def test_any_picture_is_scored_anyway_but_without_a_likelihood_ratio(calibrated, tmp_path, command):
    write_png(tmp_path / "plain.png", PLAIN)
    _, plain, _ = command("contrast", "detect", tmp_path / "plain.png", "--json")
    code, out, _ = command(
        "contrast", "detect", tmp_path / "plain.png", "--json", "--calibration", calibrated(), "--anyway"
    )
    found = json.loads(out)
    assert code == 0 and found["status"] == "not validated" and found["reason"]
    assert found["score"] == json.loads(plain)["score"] and "log10_lr" not in found
    assert "status" not in json.loads(plain)


def test_lines_for_people(calibrated, tmp_path, command):
    write_png(tmp_path / "plain.png", PLAIN)
    write_png(tmp_path / "photo.png", PHOTO)
    path = calibrated(
        mapping={"kind": "logistic", "intercept": 9.0, "slope": 0.0}, false_alarms=[{"rate": 0.05, "threshold": -1}]
    )
    _, out, err = command("contrast", "detect", tmp_path / "plain.png", tmp_path / "photo.png", "--calibration", path)
    plain, photo = out.splitlines()
    assert plain.startswith(f"not validated  {tmp_path / 'plain.png'}  (flat or evenly shaded")
    assert photo.split("  ")[1:] == [
        "log10 LR +1.00",
        str(tmp_path / "photo.png"),
        "(above the threshold of 5% false alarms)",
    ]
    assert "note: log10 LR is the log10 likelihood ratio" in err


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"product": "quality"}, "which is for quality"),
        ({"forensics_zoo_calibration": 2}, "format 2"),
        ({"networks": {"x": "0" * 64}}, "with other networks than contrast-aware.photographs"),
        ({"mapping": {"kind": "logistic"}}, "wrong or missing field ('intercept')"),
        ({"mapping": {"kind": "spline"}}, "mapping: spline"),
        ({"mapping": {"kind": "isotonic", "scores": [1], "probabilities": []}}, "mapping: scores and probabilities"),
        ({"bounds": {"low": 1, "high": 2}}, "bounds: 1.0, 2.0"),
        ({"bounds": {"low": "a", "high": 2}}, "wrong or missing field"),
        ({"reference": []}, "wrong or missing field"),
        ({"interval": {"scores": [0.1], "low": [], "high": [1]}}, "interval: scores, low and high"),
        ({"by_jpeg_quality": [{"jpeg_quality": 95}]}, "wrong or missing field ('bounds')"),
    ],
)
def test_calibrations_that_do_not_fit_are_refused_in_one_line(calibrated, tmp_path, command, fields, message):
    write_png(tmp_path / "photo.png", PHOTO)
    code, out, err = command("contrast", "detect", tmp_path / "photo.png", "--calibration", calibrated(**fields))
    assert (code, out) == (2, "") and message in err and len(err.splitlines()) == 1


def test_other_files_are_no_calibrations(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_png("photo.png", PHOTO)
    (tmp_path / "list.json").write_text("[]")
    other = {"absent.json": "not a file", "photo.png": "not JSON", "list.json": "JSON but not a calibration"}
    for name, message in other.items():
        code, _, err = command("contrast", "detect", "photo.png", "--calibration", name)
        assert code == 2 and f"Received: {name}, which is {message}" in err and len(err.splitlines()) == 1
    code, _, err = command("contrast", "detect", "photo.png", "--anyway")
    assert code == 2 and "--anyway needs --calibration" in err
