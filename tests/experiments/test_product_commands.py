import base64
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import zoo.datasets
import zoo.weights
from zoo import store
from zoo.datasets.catalogue import DATA_SETS
from zoo.datasets.photographs import DATASETS
from zoo.experiments.adversarial import data as adversarial
from zoo.experiments.cli import doctor, reproduce
from zoo.experiments.families import experiments
from zoo.experiments.hyperimage.quality.tables.table_2 import DATABASE_OF
from zoo.experiments.run import measure as runner
from zoo.experiments.run import tables
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings, Table
from zoo.metrics import Estimate


def _measure(value):
    return Estimate(value, value - 1, value + 1, 4, 9)


def _unavailable():
    raise DataUnavailable("the <licensed> set")


CALLS = []


def _demo(name, title="Demonstration"):
    def cells(settings):
        if name == "table_3":
            raise ValueError("no such camera. Received: 7")

        def measure():
            CALLS.append(name)
            return _measure(61.25)

        yield Cell("a & b", "95", "AUC", 93.75, measure, comparable=True)
        yield Cell("c", "95", "AUC", 80.0, _unavailable)
        yield Cell("d", "95", "AUC", status="not-run", why="left out")

    return Table("demo", name, cells, title=title)


@pytest.fixture
def demo(monkeypatch, tmp_path):
    """Three tables instead of the papers', the last of which cannot be run."""
    made = {name: _demo(name.replace("-", "_"), f"The {name}") for name in ("table-1", "table-2", "table-3")}
    monkeypatch.setattr(tables, "overview", lambda: [("demo", name, table.title) for name, table in made.items()])
    monkeypatch.setattr(reproduce, "check_table", lambda paper, name: None)
    monkeypatch.setattr(tables, "find", lambda paper, name: made[name.replace("_", "-")])
    monkeypatch.setattr(runner, "commit", lambda: "0123456789ab")
    monkeypatch.chdir(tmp_path)
    CALLS.clear()
    return tmp_path


def test_reproduce_all_goes_on_after_a_table_that_fails_and_says_so_on_the_page(demo, command):
    arguments = ("reproduce", "--all", "--scale", "smoke", "--report", "page/report.html")
    code, out, err = command(*arguments)
    assert code == 2
    assert "demo table-3: no such camera. Received: 7" in err
    assert CALLS == ["table_1", "table_2"]
    page = (demo / "page" / "report.html").read_text()
    for text in ("The table-1", "61.2", "[60.2, 62.2]", "93.75", "&Delta; -32.5", "a &amp; b", "no such camera"):
        assert text in page
    assert "data-unavailable: needs the &lt;licensed&gt; set" in page
    embedded = re.findall('src="data:image/webp;base64,([^"]+)"', page)
    assert len(embedded) == 2
    plot, image = demo / "runs" / "tables" / "smoke" / "demo_table_1.png", io.BytesIO(base64.b64decode(embedded[0]))
    with Image.open(plot) as drawn, Image.open(image) as shown:
        np.testing.assert_array_equal(np.asarray(shown), np.asarray(drawn.convert("RGB")))
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    # What this commit finished is not measured again.
    code, out, _ = command(*arguments)
    assert out.count("kept: ") == 2
    assert CALLS == ["table_1", "table_2"]
    command(*arguments, "--seed", "1")
    assert CALLS == ["table_1", "table_2"] * 2
    # PAPER alone: nothing of another one.
    assert command("reproduce", "demo", *arguments[1:], "--seed", "2")[0] == 2
    assert CALLS == ["table_1", "table_2"] * 3


def test_a_report_alone_measures_nothing(demo, command):
    command("reproduce", "demo", "table-1", "--scale", "smoke")
    CALLS.clear()
    code, _, err = command("reproduce", "--scale", "smoke", "--report", "r.html")
    assert code == 0, err
    assert CALLS == []
    page = (demo / "r.html").read_text()
    assert "61.2" in page
    assert "no demo_table_2.csv" in page
    assert "zoo reproduce demo table-2 --scale smoke" in page


def test_reasons_lie_beside_the_csv_and_go_with_them(demo, command):
    command("reproduce", "demo", "table-1", "--scale", "smoke", "--rows", "c")
    why = json.loads((demo / "runs" / "tables" / "smoke" / "demo_table_1.why.json").read_text())
    assert why == {
        "a & b|95|AUC": "was not asked for",
        "c|95|AUC": "needs the <licensed> set",
        "d|95|AUC": "was not asked for",
    }
    whole = Table("demo", "table_1", lambda settings: [Cell("a", "1", "AUC", measure=lambda: _measure(1.0))], title="T")
    runner.run(whole, Settings("smoke"), demo / "runs" / "tables", progress=False)
    assert not (demo / "runs" / "tables" / "smoke" / "demo_table_1.why.json").exists()


def test_a_commit_with_changes_finishes_nothing(demo, monkeypatch):
    table, settings = tables.find("demo", "table-1"), Settings("smoke")
    runner.run(table, settings, demo / "runs" / "tables", progress=False)
    assert runner.is_finished(table, settings, demo / "runs" / "tables")
    assert not runner.is_finished(table, Settings("smoke", "clic"), demo / "runs" / "tables")
    runner.run(table, settings, demo / "part", rows=("c",), progress=False)
    assert not runner.is_finished(table, settings, demo / "part")
    frame = pd.read_csv(demo / "runs" / "tables" / "smoke" / "demo_table_1.csv")
    frame["commit"] = "0123456789ab+"
    frame.to_csv(demo / "runs" / "tables" / "smoke" / "demo_table_1.csv", index=False)
    monkeypatch.setattr(runner, "commit", lambda: "0123456789ab+")
    assert not runner.is_finished(table, settings, demo / "runs" / "tables")


@pytest.mark.parametrize(
    "arguments",
    [
        ("reproduce",),
        ("reproduce", "contrast"),
        ("reproduce", "contrast", "table-1", "--all"),
        ("reproduce", "resnet", "--all"),
        ("reproduce", "--all", "--rows", "a"),
        ("reproduce", "--report", "report.pdf"),
        ("reproduce", "--report", "report.html", "--scale", "paper"),
        ("export", "resnet50.imagenet", "out"),
        ("export", "unet-nowhere.generated", "out"),
        ("export", "contrast-aware.photographs", "out", "--cfa", "RGGB"),
        ("export", "contrast-aware.photographs", "out", "--weights", "absent.npz"),
        ("export", "full", "out"),
        ("export", "contrast-aware.photographs", "full"),
    ],
)
def test_bad_input_is_one_line_and_code_2(tmp_path, command, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something.txt").write_text("mine")
    code, _, err = command(*arguments)
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert err.startswith("zoo: ") and "Received" in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["full"]


def test_export_of_the_digits_comes_with_their_database(tmp_path, command):
    code, out, err = command("export", "adversarial-overfeat.digits", tmp_path / "out")
    assert code == 0, err
    assert "neighbours: row numbers" in out
    import tensorflow as tf

    from zoo.adversarial import KNNDetector, SmallOverFeat
    from zoo.adversarial.digits import digits

    images, labels = digits("train")
    model = SmallOverFeat(weights="adversarial-overfeat.digits")
    detector = KNNDetector(model, "pool5", round(len(images) / 10)).fit((images, labels))
    test = digits("test")[0][:8]
    loaded = tf.saved_model.load(tmp_path / "out")
    found = loaded.serve(test)
    np.testing.assert_allclose(found["score"], detector.score(test), atol=1e-5)
    about = json.loads((tmp_path / "out" / "forensics_zoo.json").read_text())
    assert about["weights"][0]["sha256"] == zoo.weights.provenance("adversarial-overfeat.digits").sha256
    # A saved detector is a product, too.
    detector.save(tmp_path / "detector")
    assert command("export", tmp_path / "detector", tmp_path / "again")[0] == 0


def test_doctor_finds_this_machine_in_order(command):
    code, out, _ = command("doctor")
    assert code == 0, out
    for text in ("Python", "tensorflow", "a convolution is right", "7 photographs", "sha256 is right", "nothing is"):
        assert text in out
    assert all(name in out for name in zoo.weights.names())


def test_doctor_says_of_every_data_set_how_it_is_had_and_what_takes_it():
    own = {p.parent.name for p in Path(zoo.datasets.__file__).parent.glob("*/*_dataset_builder.py")}
    online = set(adversarial.ONLINE)
    taken = {one.name: {page.name for page in experiments() if one.name in page.data_sets} for one in DATA_SETS}
    assert set(taken) == own | online | {"clic", "imagenet2012"}
    assert {name for name, papers in taken.items() if not papers} == {"mit_fivek"}
    for paper, names in {
        "adversarial": online | {"clothing", "imagenet2012", "nips17_dev"},
        "contrast": set(DATASETS) - {"embedded"},
        "steganography": set(DATASETS) - {"embedded"},
        "hyperimage": set(DATASETS) - {"embedded"} | set(DATABASE_OF.values()) | {"casia2"},
        "imaging": {"open_photographs", "sid"},
    }.items():
        assert {name for name, papers in taken.items() if paper in papers} == names, paper
    found = {finding.name: finding.detail for finding in doctor.data()}
    assert found["cifar10"] == "downloaded by TensorFlow Datasets: --dataset cifar10; for tables of adversarial"
    assert found["mit_fivek"] == "by hand, see datasets/mit_fivek/README.md; no table uses it"
    assert "--dataset casia2 --data-dir FOLDER; for tables of hyperimage" in found["casia2"]


def test_doctor_names_a_changed_file_and_fails(tmp_path, command, monkeypatch):
    home = tmp_path / "home"
    index = next(page.folder for page in zoo.weights.families() if page.name == "contrast") / store.INDEX
    entry = json.loads(index.read_text())["contrast-aware.photographs"]
    entry |= {"file": "contrast/weights/contrast-aware.photographs.npz"}
    home.mkdir()
    entries = {"contrast-mine.x": entry, "contrast-gone.x": entry | {"file": "a.npz"}}
    (home / "weights.json").write_text(json.dumps(entries))
    (home / "contrast" / "weights").mkdir(parents=True)
    shutil.copy(index, home / entry["file"])
    monkeypatch.setenv(store.VARIABLE, str(home))
    monkeypatch.setattr(doctor, "examine", doctor.weights)
    code, out, _ = command("doctor")
    assert code == 1
    lines = {line.split()[1]: line for line in out.splitlines() if line.startswith("  ")}
    assert lines["contrast-mine.x"].startswith("  broken") and "changed or damaged" in lines["contrast-mine.x"]
    assert lines["contrast-gone.x"].startswith("  broken") and "is missing" in lines["contrast-gone.x"]
    assert lines["contrast-aware.photographs"].startswith("  ok")
    assert "2 broken" in out


def test_doctor_notices_a_version_out_of_range(monkeypatch):
    true = doctor.metadata.version
    monkeypatch.setattr(doctor.metadata, "version", lambda name: "0.9" if name == "keras" else true(name))
    states = {finding.name: finding.state for finding in doctor.versions()}
    assert states["keras"] == "broken"
    assert states["numpy"] == "ok"
