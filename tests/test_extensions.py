"""A package outside the zoo, built, installed and used: table, command, card, and what it adds to the zoo's own."""

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

import zoo
from zoo import export, extensions, store
from zoo.datasets import keyed
from zoo.datasets.distortions import distort
from zoo.datasets.embedded import SCENES, photograph
from zoo.datasets.photographs import photographs
from zoo.experiments.cli import doctor, pretrain
from zoo.experiments.cli import main as cli
from zoo.experiments.run import tables
from zoo.experiments.run.cells import Settings
from zoo.images import write_png
from zoo.imaging import INet
from zoo.metrics import auc
from zoo.weights import pack

EXAMPLE = Path(__file__).parent.parent / "docs" / "example_package"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the example package, installed offline from its wheel."""
    folder = tmp_path_factory.mktemp("outside")
    shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("build", "*.egg-info", "__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "wheel", *offline, "-w", folder, folder / "source"], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    subprocess.run([*pip, "install", *offline, "--target", target, wheel], check=True, capture_output=True)
    return target


@pytest.mark.slow
def test_its_table_runs_and_fills_its_card(installed, tmp_path):
    arguments = ("reproduce", "median", "table-1", "--scale", "smoke")
    code = "import sys; from zoo.experiments.cli.main import main; sys.exit(main())"
    environment = os.environ | {"PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    frame = pd.read_csv(tmp_path / "runs" / "tables" / "smoke" / "median_table_1.csv", dtype={"column": str})
    row = frame[frame["row"] == "streaking, median 5x5"].set_index("column").loc["no jpg"]
    images = [photograph(name) for name in SCENES[:3]]
    expected = auc([_equal(image) for image in images], [_equal(cv2.medianBlur(image, 5)) for image in images])
    assert row["value"] == pytest.approx(expected)
    assert expected > 0.8
    assert (tmp_path / "runs" / "tables" / "smoke" / "median_table_1.png").is_file()

    readme = tmp_path / "README.md"
    readme.write_text((installed / "forensics_zoo_median" / "README.md").read_text())
    card = [sys.executable, "-m", "zoo.experiments.publish.card", "median", "README.md", "runs/tables/smoke"]
    subprocess.run(card, cwd=tmp_path, env=environment, check=True, capture_output=True)
    line = f"| streaking, median 5x5 | {expected:.2f} [{row['ci_low']:.2f}, {row['ci_high']:.2f}] |"
    assert line in readme.read_text()


def _equal(image):
    steps = np.abs(np.diff(image[..., 1].astype(int), axis=1))
    return (steps == 0).sum() / (steps <= 1).sum()


@pytest.fixture
def here(installed, monkeypatch):
    """The package in this process."""
    monkeypatch.syspath_prepend(str(installed))


def test_list_and_command(here, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    code, out, err = command("list")
    assert code == 0, err
    assert re.search(r"median table-1 +Median filtering by streaking, Table 1", out)
    for name in ("median-3x3", "sign-noise", "vignetting", "leaves", "median-streaking.untrained"):
        assert name in out
    write_png(tmp_path / "flat.png", np.full((8, 8, 3), 9, np.uint8))
    code, out, err = command("median", "detect", "flat.png")
    assert (code, out) == (0, "1.000  flat.png\n"), err


def test_what_it_adds_to_the_zoos_own(here, photo, tmp_path, capsys):
    rows = {cell.row for cell in tables.find("contrast", "table-1").cells(Settings("smoke"))}
    assert "median-3x3" in rows
    rows = {cell.row for cell in tables.find("hyperimage", "table-2").cells(Settings("smoke"))}
    assert "vignetting generated distortions: baseline: BRISQUE" in rows

    corners = [distort(photo, "vignetting", level, keyed.generator(0))[0, 0].sum() for level in (1, 3, 5)]
    assert corners == sorted(corners, reverse=True)
    with pytest.raises(ValueError, match=r"23, 'vignetting'\], level 1\.\.5\. Received: 'vignette', 1"):
        distort(photo, "vignette", 1, keyed.generator(0))
    train, test = (photographs("leaves", None, split, 3) for split in ("train", "test"))
    assert len(test) == 10
    assert not {p.scene for p in train} & {p.scene for p in test}

    write_png(tmp_path / "digit.png", np.full((16, 16, 3), 128, np.uint8))
    arguments = ["adversarial", "attack", tmp_path / "digit.png", "--attack", "sign-noise", "--eps", 5]
    assert cli.main([str(a) for a in (*arguments, "--output", tmp_path)]) == 0
    assert "largest change 5" in capsys.readouterr().out


def test_its_model_is_loaded_and_exported(here, photo, tmp_path):
    import tensorflow as tf

    name = "median-streaking.untrained"
    assert name in zoo.list_models("median-*")
    expected = float(zoo.load(name).predict_on_batch(photo[None])[0, 0])
    assert expected == pytest.approx(_equal(photo), abs=1e-6)
    assert cli.main(["export", name, str(tmp_path / "saved")]) == 0
    saved = tf.saved_model.load(str(tmp_path / "saved"))
    assert float(saved.serve_one(photo)["score"]) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ValueError, match="Only networks that develop a mosaic have a phase"):
        export.serving(name, cfa="RGGB")


def test_its_model_has_a_provenance_and_is_named_where_another_is_not_found(here):
    name = "median-streaking.untrained"
    entry = zoo.provenance(name)
    assert (entry.name, entry.package, entry.version) == (name, "forensics-zoo-median", "0.1.0")
    assert entry.licence == "Apache-2.0"
    assert "package: forensics-zoo-median" in str(entry)
    with pytest.raises(ValueError, match=rf"Available: .*{name}.*Received: 'resnet50'"):
        zoo.load("resnet50")
    with pytest.raises(ValueError, match=rf"available weights are .*{name}.*Received: 'median'"):
        zoo.provenance("median")


def _package(folder, name, metadata_lines, points):
    info = folder / f"{name}-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n{metadata_lines}")
    (info / "entry_points.txt").write_text(points)


PAGE = """
from pathlib import Path
from zoo.family import Family, Network
NETWORKS = (Network("net", "zoo.imaging.developing.model:INet", "train"),)
FAMILY = Family("{name}", "Us 2026", "A paper of ours", Path(__file__).parent, NETWORKS, weightless=("net.mine",))
"""


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        ("License: MIT\n", "MIT"),
        ("License-Expression: BSD-3-Clause\n", "BSD-3-Clause"),
        ("Classifier: License :: OSI Approved :: Apache Software License\n", "Apache Software License"),
    ],
)
def test_a_models_licence_is_its_packages(tmp_path, monkeypatch, lines, licence):
    name = f"page_of_{licence.split('-')[0].split()[0].lower()}"
    (tmp_path / f"{name}.py").write_text(PAGE.format(name=name))
    _package(tmp_path, "licensed", lines, f"[forensics_zoo.families]\n{name} = {name}:FAMILY\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = zoo.provenance("net.mine")
    assert (entry.package, entry.version, entry.licence) == ("licensed", "1.2", licence)


def test_a_package_with_an_index_has_weights_of_its_own(tmp_path, monkeypatch, capsys):
    network = INet()
    network.get_layer("colour").set_weights([np.eye(3, dtype="float32")[None, None]])
    pack(network, tmp_path / "packed.npz", 32)
    entry = dict.fromkeys(["bits", "command", "commit", "device", "licence"], "x") | {"data": "ours", "seconds": 1}
    site = tmp_path / "site"
    store.add(site, "weights/net.trained.npz", tmp_path / "packed.npz", entry)
    (site / "page_of_mine.py").write_text(PAGE.format(name="mine"))
    _package(site, "mine", "", "[forensics_zoo.families]\nmine = page_of_mine:FAMILY\nodd = page_of_mine:NETWORKS\n")
    monkeypatch.syspath_prepend(str(site))
    with pytest.warns(UserWarning, match=r"mine must give a zoo.family.Family as 'odd' of families. Received: \(Netw"):
        assert {"net.trained", "net.mine"} <= set(zoo.list_models("net.*"))
    entry = zoo.provenance("net.trained")
    assert (entry.data, entry.family, entry.paper, entry.folder) == ("ours", "mine", "A paper of ours", site)
    np.testing.assert_array_equal(zoo.load("net.trained").get_layer("colour").get_weights()[0][0, 0], np.eye(3))
    entry.path.write_bytes(b"x")
    with pytest.raises(ValueError, match="changed or damaged and is refused"):
        zoo.load("net.trained")


TRAINED = """
from zoo.experiments.cli.numbers import whole
from zoo.experiments.family import Experiments, Option, Training
DEPTH = Option("--depth", "how many layers", parse=whole(1, 9))
DEEP = Experiments("deep", {}, trainings=(Training("page_of_trainings:train", help="both networks", stored=()),
    Training("page_of_trainings:train", "second", "the second alone")), options=(DEPTH,), workers=True)
NAMED = Experiments("named", {}, trainings=(Training("page_of_trainings:train", "only", "all that there is"),))
MORE = Experiments("contrast", {}, trainings=(Training("page_of_trainings:train"),
    Training("page_of_trainings:train", "ours", "a further one")), options=(DEPTH, Option("--seed")))
def train(options, command):
    print(options.training, getattr(options, "depth", None), getattr(options, "workers", None), command, sep="|")
    return 0
"""


def test_its_trainings_have_their_own_names_and_options(tmp_path, monkeypatch, capsys):
    (tmp_path / "page_of_trainings.py").write_text(TRAINED)
    points = "".join(f"{name} = page_of_trainings:{name.upper()}\n" for name in ("deep", "named", "more"))
    _package(tmp_path, "trained", "", f"[forensics_zoo.experiments]\n{points}")
    monkeypatch.syspath_prepend(str(tmp_path))

    def trained(words):
        assert cli.main(["pretrain", *words.split()]) == 0
        return capsys.readouterr().out.strip()

    assert trained("deep --seed 2") == "None|None|1|zoo pretrain deep --scale laptop --seed 2"
    kept = "zoo pretrain deep second --scale smoke --depth 3 --seed 0"
    assert trained("deep second --scale smoke --depth 3") == trained("deep --depth 3 --scale smoke second")
    assert trained(kept.removeprefix("zoo pretrain ")) == f"second|3|0|{kept}"
    assert trained("named only") == "only|None|None|zoo pretrain named only --scale laptop --seed 0"
    # What a package adds to a family of the zoo is there as well, and replaces nothing of it.
    assert trained("contrast ours --depth 4") == "ours|4|1|zoo pretrain contrast ours --scale laptop --depth 4 --seed 0"
    with pytest.warns(UserWarning, match="contrast: argument --seed: conflicting option string: --seed"):
        options = cli._parser().parse_args(["pretrain", "contrast"])
    assert pretrain.chosen(options).run == "zoo.experiments.contrast.commands:pretrain"
    for words, message in {
        "named": "the following arguments are required: only",
        "named only --depth 3": "unrecognized arguments: --depth 3",
        "named only --workers 3": "unrecognized arguments: --workers 3",
        "deep --depth 10": "must be an integer from 1 to 9. Received: '10'",
        "imaging --depth 3": "unrecognized arguments: --depth",
    }.items():
        with pytest.raises(SystemExit):
            cli.main(["pretrain", *words.split()])
        err = capsys.readouterr().err
        assert message in err.splitlines()[-1]
        assert err.count("zoo: contrast: argument --seed: conflicting option string: --seed") == 1


def test_its_operator_is_measured(here, tmp_path):
    output = ["--output", str(tmp_path)]
    assert cli.main(["reproduce", "contrast", "table-1", "--scale", "smoke", "--rows", "median-3x3", *output]) == 0
    frame = pd.read_csv(tmp_path / "smoke" / "contrast_table_1.csv")
    assert set(frame[frame["row"] == "median-3x3"]["status"]) == {"measured"}
    settings = Settings("smoke", detector="zoo.contrast.baselines:histogram_roughness")
    rows = {cell.row for cell in tables.find("contrast", "table-1").cells(settings)}
    assert f"{settings.detector}, median-3x3" in rows and f"{settings.detector} - ours, median-3x3" in rows


def test_nothing_is_added_without_a_package():
    with pytest.raises(ValueError, match=r"add these operators: none. Received: 'median-3x3'"):
        extensions.load("operators", "median-3x3")
    with pytest.raises(ValueError, match=r"kind must be one of .* Received: 'colours'"):
        extensions.names("colours")
    with pytest.raises(ValueError, match=r"PAPER must be one of .* Received: 'median'"):
        tables.find("median", "table-1")


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """A package whose entry points and pages name what is not there, and that would replace a table of the zoo."""
    folder = tmp_path / "broken-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    points = "[forensics_zoo.families]\nlost = no_such_module:F\n[forensics_zoo.operators]\nx = no_such_module:x\n"
    points += "[forensics_zoo.experiments]\none = broken_page:ONE\ntwo = broken_page:TWO\nthree = broken_page:THREE\n"
    (folder / "entry_points.txt").write_text(points)
    (tmp_path / "broken_page.py").write_text(
        "from zoo.experiments.family import Experiments, Listed, Option, Training\n"
        "ONE = Experiments('broken', {'table_1': Listed('T', 'no_such_module:T')}, commands='no_such_module:add')\n"
        "TWO = Experiments('contrast', {'table_1': Listed('Other', 'no_such_module:T')})\n"
        "TRAININGS = (Training('broken_page:train'),)\n"
        "THREE = Experiments('taken', {}, 'broken_page:add', TRAININGS, options=(Option('--seed'),))\n"
        "def add(commands): commands.add_parser('export')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert metadata.version("broken") == "1.0"


def test_a_broken_package_is_named_and_takes_nothing_along(broken, capsys):
    assert tables.find("contrast", "table-1").paper == "contrast"
    with pytest.raises(ImportError, match=r"broken names no_such_module:x as .x. of operators.*Received"):
        extensions.load("operators", "x")
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--version"])
    assert stopped.value.code == 0
    err = capsys.readouterr().err
    assert "zoo: broken: No module named 'no_such_module'" in err
    assert "zoo: taken: argument COMMAND: conflicting subparser: export" in err
    assert "zoo: taken: argument --seed: conflicting option string: --seed" in err
    assert cli.main(["list"]) == 0
    out, err = capsys.readouterr()
    assert "contrast table-1" in out and "weights that you train" in out
    assert "zoo: broken names no_such_module:F as 'lost' of families" in err
    assert "broken table-1" in out and "cannot be imported" not in err  # nothing is imported to be listed
    assert cli.main(["reproduce", "broken", "table-1"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "zoo: No module named 'no_such_module'"
    with pytest.warns(UserWarning, match="broken table_1 cannot be imported"):
        assert "contrast table-1" in tables.with_detector()
    found = {finding.name: finding.state for finding in doctor.packages()}
    assert found == {"lost": "broken", "x": "broken", "one": "ok", "two": "ok", "three": "ok"}


def test_two_packages_of_one_name(broken, tmp_path, monkeypatch):
    other = tmp_path / "elsewhere" / "second-1.0.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: second\nVersion: 1.0\n")
    (other / "entry_points.txt").write_text("[forensics_zoo.operators]\nx = another_module:x\n")
    monkeypatch.syspath_prepend(str(other.parent))
    with pytest.raises(ValueError, match="broken, second both add 'x' to operators"):
        extensions.load("operators", "x")
