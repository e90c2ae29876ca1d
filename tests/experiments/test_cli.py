import json
import subprocess
import sys
import warnings
from pathlib import Path

import cv2
import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from zoo.contrast import ContrastNet
from zoo.experiments.cli import listing
from zoo.experiments.cli import main as cli
from zoo.experiments.contrast import evaluation
from zoo.experiments.run import tables
from zoo.images import write_png
from zoo.weights import pack


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A folder of networks as `zoo pretrain` leaves them, untrained."""
    folder = tmp_path_factory.mktemp("networks")
    keras.utils.set_random_seed(3)
    for name in ("contrast-unaware.photographs", "contrast-aware.photographs", "contrast-round-trip.photographs"):
        pack(ContrastNet(), folder / f"{name}.npz")
    return folder


@pytest.fixture
def network(weights):
    return str(weights / "contrast-aware.photographs.npz")


def _pictures(folder, rng):
    """One file of every kind a user has, and whether it can be scored."""
    rgb = rng.integers(0, 256, (70, 90, 3), np.uint8)
    image = Image.fromarray(rgb)
    image.save(folder / "rgb.png")
    image.save(folder / "good.jpg", quality=95)
    image.convert("L").save(folder / "grey.png")
    image.convert("CMYK").save(folder / "cmyk.jpg")
    image.convert("P").save(folder / "palette.png")
    Image.fromarray(np.dstack([rgb, np.full((70, 90), 255, np.uint8)])).save(folder / "opaque.png")
    cv2.imwrite(str(folder / "deep.png"), rng.integers(0, 65536, (70, 90, 3), np.uint16))
    Image.fromarray(rgb[:1, :1]).save(folder / "one.png")
    good = [p.name for p in folder.iterdir()]
    (folder / "truncated.jpg").write_bytes((folder / "good.jpg").read_bytes()[:700])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("not a picture")
    (folder / "folder.png").mkdir()
    return sorted(good), ["truncated.jpg", "empty.png", "text.png", "folder.png", "absent.png"]


def test_detect_scores_every_kind_of_picture_and_names_the_bad_ones(tmp_path, rng, command, network):
    good, bad = _pictures(tmp_path, rng)
    paths = [tmp_path / name for name in (*good, *bad)]
    code, out, err = command("contrast", "detect", *paths, "--json", "--weights", network)
    assert code == len(bad)
    scores = {entry["image"]: entry["score"] for entry in map(json.loads, out.splitlines())}
    assert set(scores) == {str(tmp_path / name) for name in good}
    filled_up = [Path(entry["image"]).name for entry in map(json.loads, out.splitlines()) if entry["filled_up"]]
    assert filled_up == ["one.png"]
    assert all(0 <= score <= 1 for score in scores.values())
    lines = err.strip().splitlines()
    small = [line for line in lines if "smaller than a patch" in line]
    assert [line.split(": ")[1] for line in small] == [str(tmp_path / "one.png")]
    lines.remove(*small)
    assert lines.pop() == f"zoo: {len(bad)} of {len(paths)} pictures failed"
    assert len(lines) == len(bad)
    for name, line in zip(bad, lines, strict=True):
        assert line.startswith("zoo: ")
        assert name in line


def test_detect_of_good_pictures_succeeds_and_draws_a_heatmap(tmp_path, rng, command, network):
    Image.fromarray(rng.integers(0, 256, (100, 130, 3), np.uint8)).save(tmp_path / "a.png")
    heat = tmp_path / "heat.png"
    code, out, _ = command("contrast", "detect", tmp_path / "a.png", "--heatmap", heat, "--weights", network)
    assert code == 0
    assert 0 <= float(out.split()[0]) <= 1
    np.testing.assert_array_equal(np.asarray(Image.open(heat))[:100, :130], np.asarray(Image.open(tmp_path / "a.png")))


@pytest.mark.parametrize(
    "arguments",
    [
        ("contrast", "detect", "a.png", "b.png", "--heatmap", "h.png"),
        ("contrast", "detect", "a.png", "--heatmap", "h.jpg"),
        ("contrast", "detect", "a.png", "--heatmap", "absent/h.png"),
        ("contrast", "detect", "pyproject.toml", "--weights", "absent.npz"),
        ("contrast", "detect"),
        ("contrast", "detect", "@absent.txt"),
        ("contrast", "detect", "a.png", "--csv", "out.txt"),
        ("contrast", "detect", "a.png", "--csv", "absent/out.csv"),
        ("reproduce",),
        ("reproduce", "contrast"),
        ("reproduce", "contrast", "table-9"),
        ("reproduce", "astrology", "table-1"),
        ("reproduce", "contrast", "table-1", "--scale", "huge"),
        ("reproduce", "contrast", "table-1", "--scale", "smoke", "--shard", "3/2"),
        ("reproduce", "contrast", "table-1", "--scale", "smoke", "--rows", "nothing*"),
        ("reproduce", "contrast", "table-1", "--scale", "smoke", "--dataset", "kodak"),
        ("reproduce", "contrast", "table-1", "--scale", "smoke", "--dataset", "raise8k"),
        ("reproduce", "contrast", "table-1", "--scale", "smoke", "--data-dir", "absent"),
        ("reproduce", "contrast", "table-1", "--scale", "smoke", "--seed", "-1"),
        ("reproduce", "contrast", "table-1", "--scale", "smoke", "--detector", "absent_module:score"),
        ("reproduce", "contrast", "table-1", "--scale", "smoke", "--weights", "absent"),
        ("merge", "contrast", "table-1", "--scale", "smoke"),
        ("pretrain", "contrast", "--scale", "huge"),
        ("contrast",),
        (),
    ],
)
def test_bad_input_is_one_line_and_code_2(tmp_path, command, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("a file, so that the network is looked for")
    code, _, err = command(*arguments)
    assert code == 2
    last = err.strip().splitlines()[-1]
    assert last.startswith("zoo")
    assert "Traceback" not in err
    assert not (tmp_path / "runs" / "tables").exists()


def test_a_missing_table_and_a_row_that_does_not_exist_list_what_there_is(command):
    names = [name for paper, name, _ in tables.overview() if paper == "contrast"]
    code, _, err = command("reproduce", "contrast")
    assert (code, err) == (2, f"zoo: TABLE of contrast must be one of {', '.join(names)}. Received: ''\n")
    code, _, err = command("reproduce")
    assert (code, err.endswith("Received: none of them\n")) == (2, True)
    code, _, err = command("reproduce", "contrast", "table-1", "--scale", "smoke", "--rows", "absent")
    assert code == 2 and "'baseline: histogram, CLAHE 0.005', " in err  # the name holds a comma


def test_list_names_every_table(command):
    code, out, _ = command("list")
    assert code == 0
    for paper, name, title in tables.overview():
        assert f"{paper} {name}" in out
        assert title in out


def test_table_1_at_smoke_end_to_end_with_a_users_detector(tmp_path, command, monkeypatch, weights):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("def score(image):\n    return float(image.std())\n")
    arguments = ("reproduce", "contrast", "table-1", "--scale", "smoke", "--weights", weights)
    rows = ("--rows", "gamma 1.5", "--rows", "mine*gamma 1.5", "--rows", "aware*gamma 1.5", "--rows", "baseline*1.5")
    code, out, err = command(*arguments, "--detector", "mine:score", *rows)
    assert code == 0, err
    frame = pd.read_csv(tmp_path / "runs" / "tables" / "smoke" / "contrast_table_1.csv")
    measured = frame[frame["status"] == "measured"].set_index(["row", "column"])
    assert len(measured) == 8 + 8 + 8 + 3 + 8 + 8
    # By hand: brightening by gamma 1.5 lowers the deviation of one of the two crops' pictures or it does not.
    units = [list(evaluation.Evaluation(_settings()).units(op, 0)) for op in (None, "gamma 1.5")]
    pristine, adjusted = ([float(u[0].std()) for u in version] for version in units)
    wins = [(b > a) + (b == a) / 2 for a in pristine for b in adjusted]
    assert measured.loc[("mine:score, gamma 1.5", "no jpg"), "value"] == pytest.approx(100 * np.mean(wins))
    ours = measured.loc[("gamma 1.5", "95"), "value"]
    theirs = measured.loc[("mine:score, gamma 1.5", "95"), "value"]
    assert measured.loc[("mine:score - ours, gamma 1.5", "95"), "value"] == pytest.approx(theirs - ours)
    untrained = measured.loc[("baseline: histogram, gamma 1.5", "95"), "value"]
    assert measured.loc[("aware - histogram, gamma 1.5", "95"), "value"] == pytest.approx(ours - untrained)
    assert measured.loc[("gamma 1.5", "95"), "paper_value"] == 89.2
    assert set(measured["comparable"]) == {"no"}
    assert "| 89.2" in out and "gamma 1.7" not in out  # only the rows that were asked for
    assert (tmp_path / "runs" / "tables" / "smoke" / "contrast_table_1.png").stat().st_size > 5000


def _settings():
    from zoo.experiments.run.cells import Settings

    return Settings("smoke")


def test_a_saved_model_is_a_detector(tmp_path, rng):
    model = ContrastNet()
    model.export(tmp_path / "exported", verbose=False)
    unit = rng.integers(0, 256, (64, 128, 3), np.uint8)
    patches = np.stack([unit[:, :64], unit[:, 64:]]).astype(np.float32) / 255
    score = evaluation.load_detector(str(tmp_path / "exported"))([unit])
    np.testing.assert_allclose(score, [model.predict_on_batch(patches)[:, 1].mean()], atol=1e-5)


def test_text_and_table_2_at_smoke(tmp_path, command, monkeypatch, weights):
    monkeypatch.chdir(tmp_path)
    arguments = ("--scale", "smoke", "--weights", weights)
    assert command("reproduce", "contrast", "text", *arguments, "--rows", "aware*", "--rows", "foot*")[0] == 0
    frame = pd.read_csv("runs/tables/smoke/contrast_text.csv").set_index("row")
    assert frame.loc["aware, patches, HS", "status"] == "measured"
    assert 0 <= frame.loc["aware, patches, HS", "value"] <= 100
    assert set(frame.loc["footnote 3: trained with gamma 1.5 alone", "status"]) == {"not-run"}
    assert command("reproduce", "contrast", "table-2", *arguments, "--rows", "HistEq")[0] == 0
    frame = pd.read_csv("runs/tables/smoke/contrast_table_2.csv")
    assert (frame["status"] == "measured").sum() == 7


def test_help_starts_without_tensorflow():
    code = "import sys; from zoo.experiments.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "reproduce" in done.stdout


@pytest.mark.slow
def test_pretrain_at_smoke_leaves_networks_that_a_table_takes(tmp_path, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("pretrain", "contrast", "--scale", "smoke")
    assert code == 0, err
    assert out.count("packing moves a score by 0.0") == 3
    rows = ("--rows", "HS 5", "--rows", "unaware, HS 5", "--rows", "both round-tripped, HS 5")
    arguments = ("--scale", "smoke", "--weights", "runs/contrast-smoke-0", *rows)
    assert command("reproduce", "contrast", "table-1", *arguments)[0] == 0
    frame = pd.read_csv("runs/tables/smoke/contrast_table_1.csv")
    assert (frame["status"] == "measured").sum() == 8 + 4 + 4


def test_a_warning_is_one_line(monkeypatch, capsys):
    def run(options):
        warnings.simplefilter("default")
        warnings.warn("photo.dng: the camera's white balance\nis missing", stacklevel=1)
        return 0

    monkeypatch.setattr(listing, "_run", run)
    assert cli.main(["list"]) == 0
    assert capsys.readouterr().err == "zoo: photo.dng: the camera's white balance is missing\n"


@pytest.mark.parametrize(
    ("arguments", "resumes"),
    [
        ("reproduce contrast table-1", True),
        ("pretrain contrast", True),
        ("score contrast a.png -o a.csv", True),
        ("calibrate contrast --reference photos -o a.json", True),
        ("download open_photographs", True),
        ("imaging fit photos --network inet", True),
        ("contrast detect a.png --csv a.csv", False),
        ("imaging prnu match camera.npz a.png --csv a.csv", False),
        ("adversarial attack a.png --attack fgsm --output attacked", False),
        ("report a.png b.png -o reports", False),
        ("export contrast exported", False),
    ],
)
def test_a_command_that_is_interrupted_says_whether_it_resumes(command, monkeypatch, arguments, resumes):
    def interrupt(device):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "on_device", interrupt)
    again = "; run the same command again to resume" if resumes else ""
    assert command(*arguments.split()) == (130, "", f"zoo: interrupted{again}\n")


def test_a_reader_that_stops_reading_is_no_error():
    code = "import sys; from zoo.experiments.cli.main import main; sys.exit(main(['list']))"
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    run.stdout.close()
    assert (run.stderr.read(), run.wait()) == (b"", 0)
    run.stderr.close()


NO_NETWORK = [
    ("list",),
    ("contrast", "detect", "nowhere.png", "neither.png"),
    ("hyperimage", "quality", "nowhere.png"),
    ("imaging", "detect", "nowhere.png"),
    ("adversarial", "score", "nowhere.png", "--detector", "none"),
    ("adversarial", "attack", "nowhere.png", "--output", "o"),
    ("imaging", "prnu", "match", "camera.npz", "nowhere.png"),
]
WRONG = [
    ("contrast", "detect", "a.png", "--weights", "nowhere"),
    ("hyperimage", "forgery", "a.png", "--weights", "nowhere"),
    ("imaging", "detect", "a.png", "--weights", "nowhere"),
    ("imaging", "detect", "a.png", "--heatmap", "a.png"),
    ("imaging", "develop", "absent.dng", "-o", "b.png"),
    ("imaging", "prnu", "fingerprint", "absent.png", "-o", "c.npz"),
    ("imaging", "fit", "raw", "--scale", "huge"),
    ("pretrain", "contrast", "--scale", "huge"),
    ("pretrain", "contrast", "--dataset", "kodak"),
    ("pretrain", "imaging", "--workers", "2"),
    ("pretrain", "imaging", "low-light", "--on", "local:2"),
    ("reproduce", "contrast", "table-9"),
    ("reproduce", "contrast", "table-1", "--scale", "huge"),
    ("reproduce", "contrast", "table-1", "--dataset", "kodak"),
    ("merge", "astrology", "table-1"),
    ("export", "resnet50.imagenet", "out"),
    ("export", "contrast-aware.photographs", "out", "--weights", "nowhere"),
    ("adversarial", "attack", "a.png", "--output", "o", "--target", "3"),
    ("doctor", "--everything"),
]
PROCESS = """
import contextlib, io, json, sys
from zoo.experiments.cli.main import main
for arguments in json.load(sys.stdin):
    before, said = set(sys.modules), io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(said):
        try:
            code = main(arguments)
        except SystemExit as stop:
            code = stop.code
    print(json.dumps([code, out.getvalue(), said.getvalue(), sorted(set(sys.modules) - before)]))
"""
"""Exit code, output, errors and newly imported modules of one command after the other."""


def _in_a_process(commands, folder):
    """What ``PROCESS`` says of each of ``commands``, by its words."""
    run = [sys.executable, "-c", PROCESS]
    done = subprocess.run(run, input=json.dumps(commands), cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(commands, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.fixture(scope="module")
def without_network(tmp_path_factory):
    return _in_a_process(NO_NETWORK, tmp_path_factory.mktemp("empty"))


@pytest.mark.parametrize("arguments", NO_NETWORK, ids=lambda arguments: " ".join(arguments[:2]))
def test_what_needs_no_network_loads_no_tensorflow(without_network, arguments):
    code, _, err, modules = without_network[arguments]
    assert "tensorflow" not in modules
    missing = sum(part.endswith(".png") for part in arguments)
    assert code == missing, err
    assert err.count("does not exist") == missing


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    folder = tmp_path_factory.mktemp("refused")
    write_png(folder / "a.png", np.full((9, 9, 3), 9, np.uint8))
    return _in_a_process(WRONG, folder)


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_errors_of_arguments_load_no_tensorflow(refused, arguments):
    code, out, err, modules = refused[arguments]
    assert not {"tensorflow", "keras", "pandas"} & set(modules)
    # Of pictures alone the code says how many failed.
    assert (code, out) == (1 if "fingerprint" in arguments else 2, ""), err
    assert "Received" in err or "unrecognized" in err


def test_commands_start_from_the_detectors_own_weights():
    """The names stand twice: the detectors' modules import Keras, and an error of arguments must not."""
    from zoo.contrast.detector import DEFAULT_WEIGHTS as CONTRAST
    from zoo.experiments.contrast import commands as contrast
    from zoo.experiments.hyperimage import commands as hyperimage
    from zoo.experiments.hyperimage.forgery import training as forgery
    from zoo.experiments.hyperimage.quality import training as quality
    from zoo.experiments.imaging.joint import commands as joint
    from zoo.hyperimage.detector import FORGERY_WEIGHTS, QUALITY_WEIGHTS
    from zoo.imaging.joint.detector import DEFAULT_WEIGHTS as FAN

    assert contrast.STORED == CONTRAST
    assert joint.STORED == FAN
    assert hyperimage.QUALITY_STORED == QUALITY_WEIGHTS == (quality.SELECTED, quality.SECOND)
    assert hyperimage.FORGERY_STORED == FORGERY_WEIGHTS == (forgery.CHANNEL, forgery.SECOND)
