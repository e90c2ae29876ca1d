"""Calibrations that come with the package: ``--calibration stored``, what they are of, and their validation."""

import csv
import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

import zoo.datasets
from zoo.datasets.photographs import Photograph
from zoo.experiments.cli import calibrated, calibrated_table
from zoo.experiments.cli.calibrate import products
from zoo.experiments.cli.calibrated import calibration_place, has_stored, read_calibration, stored_calibration
from zoo.experiments.cli.calibrated_table import UNTOUCHED, Validation
from zoo.experiments.cli.score_pictures import checksums
from zoo.experiments.contrast import commands
from zoo.experiments.families import load
from zoo.experiments.publish import calibrations
from zoo.experiments.run.cells import DataUnavailable, Settings
from zoo.experiments.run.tables import find
from zoo.images import write_png

LEVELS = (20, 30, 40, 50, 60, 70)
"""Of the photographs that are tested here; 70 is refused, and so is what becomes brighter than 200."""
INTERCEPT, SLOPE, THRESHOLD = -2.0, 0.03, 55.0


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where the package's calibration of contrast would lie; nothing is there yet, nor one of another product."""
    path = tmp_path / "package" / "contrast_calibration.json"
    path.parent.mkdir()
    monkeypatch.setattr(calibrated, "calibration_place", lambda product: path if product == "contrast" else None)
    return path


@pytest.fixture
def contents():
    """What a calibration of the stored contrast network holds, as far as it is read here."""
    return {
        "forensics_zoo_calibration": 1,
        "product": "contrast",
        "networks": checksums([commands.STORED]),
        "propositions": {"yes": "it was", "no": "it was not"},
        "reference": {"sources": 70, "fewest_patches": 1},
        "mapping": {"kind": "logistic", "intercept": INTERCEPT, "slope": SLOPE},
        "bounds": {"low": -1.0, "high": 1.5},
        "validation": {"cllr": 0.5, "by_quality": [{"jpeg_quality": 0, "cllr": 0.4}]},
        "false_alarms": [{"rate": 0.01, "refused": "too few"}, {"rate": 0.05, "threshold": THRESHOLD}],
    }


@pytest.mark.parametrize("product", [product for product in products() if has_stored(product)])
def test_calibrations_of_the_package_are_of_its_networks_and_of_the_calibration_split_alone(product):
    found = read_calibration(stored_calibration(product), product)
    assert found.networks == set(checksums(load(products()[product]).weights).values())
    with open(Path(zoo.datasets.__file__).parent / "open_photographs" / "photographs.tsv", newline="") as file:
        splits = {row["name"]: row["split"] for row in csv.DictReader(file, delimiter="\t")}
    reference = found.contents["reference"]
    assert {splits[Path(name).stem] for name in reference["photographs"]} == {"calibration"}
    assert found.sources == len(reference["photographs"]) >= 90 and reference["folder"] == calibrations.FOLDER
    assert 0.05 in found.thresholds and str(Path.home()) not in found.path.read_text()


def test_every_product_has_a_place_in_its_family():
    places = {product: calibration_place(product) for product in products()}
    assert places["contrast"] == Path(zoo.__file__).parent / "contrast" / "contrast_calibration.json"
    assert places["quality"].parent == places["forgery"].parent and len(set(places.values())) == len(places)
    assert calibration_place("median") is None


def test_stored_stands_for_the_calibration_of_the_package(place, contents, tmp_path, command):
    plain = np.full((320, 320, 3), 90, np.uint8)
    write_png(tmp_path / "plain.png", plain)
    detect = ("contrast", "detect", tmp_path / "plain.png", "--calibration", "stored", "--json")
    code, out, err = command(*detect)
    assert (code, out) == (2, "") and "`zoo calibrate contrast`: none comes with the package" in err
    place.write_text(json.dumps(contents))
    code, out, err = command(*detect)
    assert code == 0 and json.loads(out)["status"] == "not validated", err
    place.write_text(json.dumps(contents | {"networks": {"x": "0" * 64}}))
    code, out, err = command(*detect)
    assert (code, out) == (2, "") and "with other networks" in err


def test_a_report_takes_those_of_the_package_for_products_without_another(place, contents, tmp_path, command):
    write_png(tmp_path / "plain.png", np.full((320, 320, 3), 90, np.uint8))
    whole = contents | {"command": "zoo calibrate"}
    whole["reference"] = contents["reference"] | {"folder": "theirs", "processes": [], "jpeg_qualities": [0]}
    whole["validation"] = contents["validation"] | {"discrimination": 0.3, "calibration": 0.2}
    whole["false_alarms"] = []
    report = ("report", tmp_path / "plain.png", "--json", "--calibration", "stored")
    code, out, err = command(*report)
    assert (code, out) == (2, "") and "none comes with the package. Received: stored" in err
    place.write_text(json.dumps(whole))
    own = tmp_path / "own.json"
    own.write_text(json.dumps(whole | {"reference": whole["reference"] | {"folder": "mine"}}))
    for given, folder in (((), "theirs"), (("--calibration", own), "mine")):
        code, out, err = command(*report, *given)
        assert code == 0, err
        found = json.loads(out)
        (answer,) = [one for one in found["answers"] if "propositions" in one]
        assert answer["calibration"]["reference"]["folder"] == folder and answer["status"] == "not validated"
        assert "--calibration stored" in found["command"]
    _, out, _ = command("report", tmp_path / "plain.png", "--json")
    reasons = {one["product"]: one["reason"] for one in json.loads(out)["answers"]}
    assert "`--calibration stored`" in reasons["contrast"] and "stored`" not in reasons["imaging"]


def _photo(level):
    return Photograph(str(level), str(level), lambda: np.full((64, 64, 3), level, np.uint8))


@pytest.fixture
def validation(place, contents, monkeypatch):
    """Photographs whose score is their grey level, which the process raises by 40 or trebles."""
    place.write_text(json.dumps(contents))
    question = dataclasses.replace(
        commands.QUESTION,
        processes=lambda: {"more": lambda image: image + np.uint8(40), "thrice": lambda image: image * np.uint8(3)},
        qualities=(0,),
        scorer=lambda weights: lambda image: float(image.mean()),
    )
    photos = [_photo(level) for level in LEVELS]
    monkeypatch.setattr(calibrated_table, "photographs", lambda *given: [*photos, photos[0]])
    refused = lambda image, fewest: ["bright"] if image.mean() == 70 or image.mean() > 200 else []  # noqa: E731
    monkeypatch.setattr(calibrated_table, "not_validated", refused)
    monkeypatch.setattr(calibrated_table, "RESAMPLES", 100)
    return Validation("contrast", question, Settings(dataset="open_photographs"))


def test_rates_of_the_stored_calibration_are_those_of_what_it_answers(validation):
    assert [photo.name for photo in validation.photographs] == [str(level) for level in LEVELS]
    # Untouched 20, 30, 40, 50, 60; above 55 is one. More: 60, (70), 80, 90, 100, 110. Thrice: 60 ... 180, (210).
    alarms = validation.above(UNTOUCHED, 0)
    assert (alarms.value, alarms.n_units) == (pytest.approx(100 / 5), 5)
    assert alarms.ci_low == pytest.approx(0.51, abs=0.01) and alarms.ci_high == pytest.approx(71.64, abs=0.01)
    assert validation.above("more", 0).value == 100 and validation.above("more", 0).n_units == 5
    assert validation.refused(UNTOUCHED, 0).value == pytest.approx(100 / 6)
    assert validation.refused("thrice", 0).value == pytest.approx(100 / 6)


def test_cllr_of_the_stored_calibration_by_its_definition(validation):
    def ratio(level):
        return 10 ** min(max(INTERCEPT + SLOPE * level, -1.0), 1.5)

    # Each photograph counts once for a proposition: those with two answers for one, each answer for half.
    more, thrice = {n: n + 40 for n in LEVELS if n != 30}, {n: 3 * n for n in LEVELS if n != 70}
    both = more.keys() & thrice.keys()
    weighed = [(ratio(level), 0.5 if n in both else 1) for by in (more, thrice) for n, level in by.items()]
    processed = sum(w * math.log2(1 + 1 / r) for r, w in weighed) / sum(w for _, w in weighed)
    untouched = np.mean([math.log2(1 + ratio(level)) for level in LEVELS if level != 70])
    found = validation.cost("cllr", (0,))
    assert found.value == pytest.approx((processed + untouched) / 2, abs=1e-9)
    assert found.ci_low < found.value < found.ci_high and (found.n_sources, found.n_units) == (6, 15)
    parts = [validation.cost(part, (0,)).value for part in ("discrimination", "calibration")]
    assert sum(parts) == pytest.approx(found.value) and min(parts) > 0
    assert validation.promised(0).value == 0.4 and validation.promised(None).value == 0.5


def test_jpegs_are_validated_with_the_likelihood_ratios_of_their_quality(validation, place, contents):
    pooled = validation.cost("cllr", (0,)).value
    of_95 = {
        "jpeg_quality": 95,
        "mapping": {"kind": "logistic", "intercept": 0.5, "slope": 0.0},
        "bounds": {"low": -1.0, "high": 1.0},
        "interval": {"scores": [0.0], "low": [0.4], "high": [0.6]},
        "validation": {"cllr": 0.2},
    }
    without = of_95 | {"jpeg_quality": 0}  # of RAW files alone, which photographs of the table are not
    place.write_text(json.dumps(contents | {"by_jpeg_quality": [without, of_95]}))
    question = dataclasses.replace(validation.question, qualities=(0, 95))
    found = Validation("contrast", question, validation.settings)
    always = (math.log2(1 + 10**0.5) + math.log2(1 + 10**-0.5)) / 2
    assert found.cost("cllr", (95,)).value == pytest.approx(always, abs=1e-9)
    assert found.cost("cllr", (0,)).value == pytest.approx(pooled, abs=1e-9) != always
    assert [found.promised(quality).value for quality in (0, 95, None)] == pytest.approx([0.4, 0.2, 0.3])


def test_without_a_calibration_or_answers_a_cell_says_what_is_missing(validation, place, contents, monkeypatch):
    place.write_text(json.dumps(contents | {"false_alarms": []}))
    with pytest.raises(DataUnavailable, match="a threshold for 5% of false alarms"):
        validation.above(UNTOUCHED, 0)
    monkeypatch.setattr(calibrated_table, "not_validated", lambda image, fewest: ["no"])
    other = Validation("contrast", validation.question, validation.settings)
    with pytest.raises(DataUnavailable, match="not refused"):
        other.cost("cllr", (0,))
    assert other.refused("more", 0).value == 100
    place.unlink()
    with pytest.raises(DataUnavailable, match="a calibration of contrast in the package"):
        Validation("contrast", validation.question, validation.settings).refused("more", 0)


@pytest.mark.parametrize(("name", "product"), [("calibrated", "quality"), ("calibrated_forgery", "forgery")])
def test_both_products_of_the_hyper_image_family_have_a_table(name, product):
    question = load(products()[product])
    cells = list(find("hyperimage", name).cells(Settings(dataset="open_photographs")))
    assert {cell.row for cell in cells} > {f"detected, {process}" for process in question.processes()}
    assert {cell.weights for cell in cells} == {" ".join(question.weights)}


def test_the_reference_is_the_whole_calibration_split_and_nothing_else(tmp_path, monkeypatch, capsys):
    data, folder = tmp_path / "data", tmp_path / "links"
    (data / "photos").mkdir(parents=True)
    folder.mkdir()
    image = np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3)
    row = dataclasses.replace(
        calibrations.ROWS[0], height=64, width=64, top=0, left=0, pixels_sha256="", red=0.0, green=0.0, blue=0.0
    )
    red, green, blue = image.mean((0, 1)).tolist()
    rows = [
        dataclasses.replace(row, name=name, split=split, red=red, green=green, blue=blue)
        for name, split in (("a", "calibration"), ("b", "test"), ("c", "calibration"))
    ]
    monkeypatch.setattr(calibrations, "ROWS", rows)
    for name in ("a", "b"):
        write_png(data / "photos" / f"{name}.png", image)
    assert calibrations.main(["contrast", "--data-dir", str(data)]) == 2
    assert "must hold all 2 photographs" in capsys.readouterr().err
    write_png(data / "photos" / "c.png", image)
    calibrations.link_split(data, folder)
    assert sorted(path.name for path in folder.iterdir()) == ["a.png", "c.png"]
