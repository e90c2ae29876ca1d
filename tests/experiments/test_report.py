"""``zoo report``: pages and JSON of pictures with known answers, refusals, folders."""

import base64
import csv
import dataclasses
import html
import io
import json
import os
import re
import weakref
from urllib.parse import unquote_to_bytes

import numpy as np
import pytest
from PIL import Image

from zoo.datasets.camera import CAMERAS, Body, shoot_folder
from zoo.datasets.embedded import photograph
from zoo.experiments.cli import report
from zoo.experiments.cli.calibrated import read_calibration
from zoo.experiments.cli.calibration_contents import Scores, calibrate
from zoo.experiments.cli.report_contents import like_this, make_report
from zoo.experiments.cli.report_page import factor
from zoo.experiments.cli.score_pictures import checksums
from zoo.experiments.contrast import commands
from zoo.images import write_png

pytest.importorskip("jinja2", reason="needs jinja2, of requirements.lock")

PHOTO = photograph("coffee")[:320, 150:470]


@pytest.fixture(scope="module")
def contents():
    """A calibration of 80 sources: untouched photographs score about .3, processed ones .6."""
    rng = np.random.default_rng(4)
    untouched, processed = (rng.normal(mean, 0.1, (80, 2)).clip(0, 1) for mean in (0.3, 0.6))
    return {
        "forensics_zoo_calibration": 1,
        "product": "contrast",
        "command": "zoo calibrate contrast --reference mine",
        "networks": checksums([commands.STORED]),
        "propositions": {"yes": "its contrast was adjusted", "no": "its contrast was not adjusted"},
        "reference": {
            "folder": "mine",
            "sources": 80,
            "fewest_patches": 20,
            "jpeg_qualities": [0, 75],
            "processes": ["CLAHE"],
        },
        **calibrate(
            Scores(untouched, {"CLAHE": processed}),
            (0, 75),
            "logistic",
            resamples=30,
            groups={"megapixels": [[0, 1]] * 50 + [[1, 4]] * 30},
        ),
    }


@pytest.fixture
def given(contents, tmp_path, monkeypatch):
    """A folder with photographs and that calibration; the network's place is taken by a fixed score and map."""
    monkeypatch.chdir(tmp_path)

    def mapper(weights):
        return lambda image: (0.5 if image.mean() > 60 else 0.1, np.full(image.shape[:2], 0.5))

    monkeypatch.setattr(commands, "QUESTION", dataclasses.replace(commands.QUESTION, mapper=mapper))
    (tmp_path / "calibration.json").write_text(json.dumps(contents))
    write_png("photo.png", PHOTO)
    return tmp_path


def _text(page):
    """What a reader sees, on one line."""
    body = page.read_text(encoding="utf-8").partition("</head>")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_sentences_are_apart_where_the_interval_includes_1(given, command, monkeypatch):
    calibration = read_calibration(given / "calibration.json", "contrast")
    score = min(np.linspace(0, 1, 101), key=lambda one: abs(calibration.log10_lr(one)))
    question = dataclasses.replace(
        commands.QUESTION, mapper=lambda weights: lambda image: (score, np.full(image.shape[:2], 0.5))
    )
    monkeypatch.setattr(commands, "QUESTION", question)
    code, _, err = command("report", "photo.png", "--calibration", "calibration.json", "-o", "report.html")
    assert code == 0, err
    texts = re.findall(r">([^<]+)", (given / "report.html").read_text(encoding="utf-8").partition("</head>")[2])
    assert any("It includes 1: with other reference photographs" in text for text in texts)
    assert not [text for text in texts if re.search(r"[a-z]\.[A-Z][a-z]", text)]


def test_the_page_says_the_likelihood_ratio_and_both_propositions(given, command):
    code, out, err = command("report", "photo.png", "--calibration", "calibration.json", "-o", "report.html", "--json")
    assert code == 0, err
    found, text = json.loads(out), _text(given / "report.html")
    (answer,) = [one for one in found["answers"] if "propositions" in one]
    calibration = read_calibration(given / "calibration.json", "contrast")
    low, high = answer["log10_lr_interval"]
    assert answer["log10_lr"] == pytest.approx(calibration.log10_lr(0.5), abs=1e-4) and answer["score"] == 0.5
    assert calibration.low < low < answer["log10_lr"] < high < calibration.high and not answer["at_bound"]
    assert answer["log10_lr_bounds"] == [calibration.low, calibration.high]
    assert answer["status"] == "validated" and answer["supports"] == "yes" and answer["verbal"] == "weak support"
    number = f"{factor(answer['log10_lr'])} times as probable"
    for sentence in (
        f"{number} if its contrast was adjusted as if its contrast was not adjusted",
        f"interval of this number is {factor(low)} to {factor(high)}",
        "Proposition 1 Its contrast was adjusted. Proposition 2 Its contrast was not adjusted.",
        "In words: weak support for proposition 1",
        "It is not the probability that a proposition is true",
        "A false alarm looks like a true detection",
        "80 photographs of different scenes",
        "reference photographs without JPEG",
        "Missed: CLAHE",
        "Known about this method: the stored network does not find gamma corrections",
        "of those as large as this one",
        "zoo report photo.png --calibration calibration.json -o report.html --json",
        answer["networks"][commands.STORED],
        found["file"]["sha256"],
        found["file"]["pixels_sha256"],
    ):
        assert sentence in text, sentence
    assert not re.search(r"\bfake\b|posterior|genuine|authentic", text, re.IGNORECASE)


def test_support_for_the_second_proposition_is_said_the_other_way_round(given, command):
    write_png("dark.png", PHOTO // 4)
    assert command("report", "dark.png", "--calibration", "calibration.json", "-o", "report.html")[0] == 0
    assert "if its contrast was not adjusted as if its contrast was adjusted" in _text(given / "report.html")
    assert "for proposition 2. No larger number is given, since 80" in _text(given / "report.html")


def test_the_page_needs_no_script_and_no_network_and_escapes_what_files_say(given, command):
    exif, small = Image.Exif(), Image.fromarray(PHOTO).resize((160, 160))
    exif[271] = "<script>alert('maker')</script>\x1b[31m"
    name = "<img src=x onerror=1>.jpg"
    Image.fromarray(PHOTO).save(name, exif=exif, quality=83, comment="<b>bold</b>")
    small.save("small.jpg")
    code, _, err = command("report", name, "--calibration", "calibration.json", "-o", "report.html")
    assert code == 0, err
    page = (given / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"<script|<link|<iframe|<object|<b>|\x1b|url\(|@import|<img src=x", page, re.IGNORECASE)
    assert set(re.findall(r'(?:src|href)="([^:"]*:)', page)) == {"data:"}
    assert "default-src 'none'" in page and not re.search(r"https?://", page)
    assert "alert('maker')" in _text(given / "report.html") and "83: the tables are those of libjpeg" in page


def test_pictures_unlike_the_reference_get_the_reason_and_no_score(given, command):
    write_png("plain.png", np.full((320, 320, 3), 90, np.uint8))
    code, out, _ = command("report", "plain.png", "--calibration", "calibration.json", "-o", "report.html", "--json")
    answer = json.loads(out)["answers"][0]
    assert code == 0 and answer["status"] == "not validated" and answer["reason"].startswith("flat or evenly shaded")
    assert not {"score", "log10_lr", "verbal", "supports"} & set(answer)
    text = _text(given / "report.html")
    assert "No likelihood ratio: this picture is not like those" in text and "The score of this" not in text


def test_methods_that_do_not_answer_are_named_with_the_reason(given, command):
    code, out, _ = command("report", "photo.png", "--json")
    answers = {one["product"]: one for one in json.loads(out)["answers"]}
    assert code == 0 and set(answers) >= {"contrast", "forgery", "imaging", "quality", "imaging prnu"}
    assert all(one["status"] == "not calibrated" and one["reason"] for one in answers.values())
    assert command("report", "photo.png", "-o", "report.html")[0] == 0
    text = _text(given / "report.html")
    assert "No method gave a result" in text and "its network learned from splices made by a program" in text


def test_a_folder_gives_an_index_and_a_table(given, command):
    (given / "evidence").mkdir()
    for name, image in (("one.png", PHOTO), ("two.png", np.full((320, 320, 3), 90, np.uint8))):
        write_png(given / "evidence" / name, image)
    (given / "evidence" / "bad.jpg").write_bytes(b"no picture")
    arguments = ("report", "evidence", "--calibration", "calibration.json", "-o", "reports")
    code, out, err = command(*arguments)
    assert code == 1 and not out and "bad.jpg: is not an image" in err and "1 of 3 pictures failed" in err
    assert sorted(path.name for path in (given / "reports").iterdir()) == [
        "2-one.png.html",
        "3-two.png.html",
        "index.html",
        "pictures.csv",
    ]
    with open("reports/pictures.csv", newline="") as file:
        bad, one, two = csv.DictReader(file)
    assert "is not an image" in bad["error"] and not bad["sha256"] and not bad["page"]
    assert one["page"] == "2-one.png.html" and one["contrast_supports"] == "yes" and float(one["contrast_log10_lr"]) > 0
    assert float(one["contrast_log10_lr_low"]) <= float(one["contrast_log10_lr"])
    assert two["contrast_status"] == "not validated" and not two["contrast_log10_lr"]
    index = (given / "reports" / "index.html").read_text()
    assert 'href="2-one.png.html"' in index and "Not read: " in index and "<script" not in index
    code, _, err = command(*arguments)
    assert code == 2 and "--force" in err
    assert command(*arguments, "--force")[0] == 1


def test_a_kill_keeps_the_rows_of_finished_pictures(given, command, monkeypatch):
    made = []

    def stops(path, *rest):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(path)
        return make_report(path, *rest)

    (given / "bad.jpg").write_bytes(b"no picture")
    monkeypatch.setattr(report, "make_report", stops)
    assert command("report", "photo.png", "bad.jpg", "other.png", "-o", "reports")[0] == 130
    with open("reports/pictures.csv", newline="") as file:
        rows = [(row["picture"], row["page"], "is not an image" in row["error"]) for row in csv.DictReader(file)]
    assert rows == [("photo.png", "1-photo.png.html", False), ("bad.jpg", "", True)]


def test_full_size_pictures_are_not_kept(given, command, monkeypatch):
    seen = []

    def watched(*arguments):
        assert sum(one() is not None for one in seen) <= 1  # the latest, until the next is there
        made = make_report(*arguments)
        seen.append(weakref.ref(made.image))
        return made

    monkeypatch.setattr(report, "make_report", watched)
    names = [f"{number}.png" for number in range(4)]
    for number, name in enumerate(names):
        write_png(name, PHOTO[: 320 - number])
    write_png("small.png", PHOTO[:70, :80])
    code, _, err = command("report", *names, "small.png", "-o", "reports")
    assert code == 0 and len(seen) == 5, err
    page = (given / "reports" / "index.html").read_text()
    sizes = [Image.open(io.BytesIO(base64.b64decode(one))).size for one in re.findall(r"jpeg;base64,([^\"]+)", page)]
    assert [max(size) for size in sizes] == [96, 96, 96, 96, 80]


def test_a_raw_file_is_not_said_to_lack_exif_data(given, command):
    shoot_folder(given, ["a.dng"], Body(CAMERAS["alder"], serial=1), seed=0, height=64, width=96)
    code, out, err = command("report", "a.dng", "-o", "report.html", "--json")
    assert code == 0, err
    assert json.loads(out)["file"]["format"] == "RAW (dng)"
    assert "EXIF data of RAW files are not read here" in _text(given / "report.html")


def test_odd_file_names_lose_no_report(given, command):
    (given / "evidence").mkdir()
    long = f"{'x' * 246}.png"  # the name of its page is too long for a file
    for name in (os.fsdecode(b"caf\xe9.png"), "a\x1b[31m#?.png", long):
        write_png(given / "evidence" / "one.png", PHOTO)
        os.rename(given / "evidence" / "one.png", given / "evidence" / name)
    code, _, err = command("report", "evidence", "-o", "reports")
    assert code == 1 and "File name too long" in err
    index = (given / "reports" / "index.html").read_text(encoding="utf-8")
    addresses = [os.fsdecode(unquote_to_bytes(address)) for address in re.findall(r'href="([^"]+)"', index)]
    assert len(addresses) == 2 and all((given / "reports" / address).is_file() for address in addresses)
    assert "\x1b" not in index and "Not read: " in index
    assert all("\x1b" not in (given / "reports" / address).read_text() for address in addresses)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("photo.png",), "Either -o REPORT.html or --json is required"),
        (("photo.png", "-o", "report.txt"), "-o must end in .html"),
        (("photo.png", "photo.png", "other.png", "-o", "report.html"), "-o must be a folder for several"),
        (("photo.png", "-o", "absent/report.html"), "in a folder that exists"),
        (("photo.png", "-o", "photo.html", "--calibration", "photo.png"), "which is not JSON"),
        (("photo.png", "--json", *2 * ("--calibration", "calibration.json")), "given at most once per product"),
        (("photo.png", "--json", "--calibration", "other.json"), "with other networks"),
        (("photo.png", "--json", "--calibration", "unknown.json"), "one of contrast"),
    ],
)
def test_wrong_options_are_refused_in_one_line(given, contents, command, arguments, message):
    (given / "other.json").write_text(json.dumps(contents | {"networks": {"x": "0" * 64}}))
    (given / "unknown.json").write_text(json.dumps(contents | {"product": "unknown"}))
    code, out, err = command("report", *arguments)
    assert (code, out) == (2, "") and message in err and len(err.splitlines()) == 1


def test_a_jpeg_gets_the_likelihood_ratio_of_its_quality(given, contents, command):
    Image.fromarray(PHOTO).save("photo.jpg", quality=74)
    answers = {}
    for name in ("photo.jpg", "photo.png"):
        code, out, err = command("report", name, "--calibration", "calibration.json", "-o", f"{name}.html", "--json")
        assert code == 0, err
        (answers[name],) = [one for one in json.loads(out)["answers"] if "propositions" in one]
    (_, group) = contents["by_jpeg_quality"]
    ratio = group["mapping"]["intercept"] + 0.5 * group["mapping"]["slope"]
    assert group["jpeg_quality"] == 75 and group["bounds"]["low"] < ratio
    jpeg, png = answers["photo.jpg"], answers["photo.png"]
    assert jpeg["log10_lr"] == pytest.approx(min(ratio, group["bounds"]["high"]), abs=1e-4) != png["log10_lr"]
    assert jpeg["calibration"]["cllr"] == round(group["validation"]["cllr"], 4) != png["calibration"]["cllr"]
    assert "found with reference photographs saved as JPEG of quality 75" in _text(given / "photo.jpg.html")
    assert "found with reference photographs of all JPEG qualities" in _text(given / "photo.png.html")


def test_a_calibration_with_a_part_missing_is_named(given, contents, command):
    (given / "calibration.json").write_text(json.dumps({k: v for k, v in contents.items() if k != "validation"}))
    code, _, err = command("report", "photo.png", "--json", "--calibration", "calibration.json")
    assert code == 1 and "must be a whole file of `zoo calibrate contrast`" in err and "'validation'" in err


def test_the_nearest_quality_of_the_reference():
    qualities = [0, 95, 75, 50]
    assert like_this({"jpeg": None}, qualities) == 0
    assert [like_this({"jpeg": {"quality": quality}}, qualities) for quality in (100, 84, 85, 60, 1)] == [
        95,
        75,
        75,
        50,
        50,
    ]
    assert like_this({"jpeg": {"quality": 90}}, [0]) == 0 and like_this({"jpeg": None}, [95, 75]) == 95


def test_factors_have_two_digits():
    assert [factor(np.log10(value)) for value in (0.0314, 0.314, 1, 3.14, 9.96, 31.4, 314, 3140)] == [
        "0.031",
        "0.31",
        "1.0",
        "3.1",
        "10",
        "31",
        "310",
        "3,100",
    ]
