"""What of the CSVs is noted for stored weights."""

from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

import zoo.weights
from zoo.experiments.publish import measured

ROOT = Path(__file__).parent.parent.parent
FAN, NIP = "fan-unet-0.1-birch.generated", "unet-joint-0.1-birch.generated"
H, R = "steganography-h-net.photographs", "steganography-r-net.photographs"
PACKAGED = {"contrast-aware.photographs", "dnet-birch.generated", "inet-birch.generated", FAN, NIP, H, R}
PACKAGE = set(zoo.weights.packaged())
FAN_F = "fan-unet-F-birch.generated"


@pytest.mark.parametrize(
    ("column", "table", "expected"),
    [
        ("contrast-aware.photographs", "table_1", {"contrast-aware.photographs": ""}),
        (H, "figure_5", {H: ""}),
        (H, "table_1", {H: "", R: f"with {H}"}),
        ("stored:contrast-aware.photographs", "table_1", {"contrast-aware.photographs": ""}),
        (f"stored:{FAN}", "table_4", {FAN: "", NIP: f"with {FAN}"}),
        (
            "dnet-birch.generated inet-birch.generated",
            "table_1",
            {"dnet-birch.generated": "", "inet-birch.generated": ""},
        ),
        ("trained:birch-unet-0.1-0.keras", "table_4", dict.fromkeys((FAN, NIP), "before packing")),
        (
            "trained:birch-unet-0.1-0.keras trained:birch-unet-F-0.keras",
            "table_4",
            dict.fromkeys((FAN, NIP, FAN_F), "before packing"),
        ),
        ("trained:birch-unet-0.1-1.keras", "table_4", {}),
        ("trained:birch-unet-0.05-0.keras", "table_4", {}),
        ("trained", "figure_4", {}),
    ],
)
def test_weights_are_found_however_a_family_spells_them(column, table, expected):
    assert measured.weights_of(column, table, PACKAGED | {FAN_F}) == expected


def test_a_trained_model_stands_for_what_it_was_packed_into_and_for_no_other_training():
    """A table on photographs measures the models of photographs, one on generated scenes those of generated scenes."""
    word = "trained:birch-unet-0.1-margin16-0.keras"
    pair = ("fan-unet-0.1-margin16-birch", "unet-joint-0.1-margin16-birch")
    names = {scenes: {f"{name}.{scenes}" for name in pair} for scenes in ("generated", "photographs")}
    for dataset, scenes in (("embedded", "generated"), ("open_photographs", "photographs")):
        found = measured.weights_of(word, "inside", names["generated"] | names["photographs"], dataset)
        assert found == dict.fromkeys(names[scenes], "before packing")


def _csv(folder, cells):
    fixed = {"paper": "imaging", "table": "table_4", "metric": "accuracy", "status": "measured", "ci_low": 0}
    fixed |= {"ci_high": 1, "dataset": "embedded", "n_sources": 3.0, "commit": "c", "weights": f"stored:{FAN}"}
    pd.DataFrame([fixed | cell for cell in cells]).to_csv(folder / "imaging_table_4.csv", index=False)


def _noted(folder):
    frame = pd.read_csv(StringIO(measured.collect(folder, {FAN})), dtype={"note": str})
    return list(zip(frame["row"], frame["column"], frame["value"], strict=True))


def test_headlines_and_the_first_cell_of_a_row_are_noted_and_few_of_them(tmp_path):
    rows = [{"row": f"row {i}", "column": c, "value": i, "paper_value": 9.0} for i in range(9) for c in ("a", "b")]
    headline = [{"row": "c 0.1", "column": c, "value": 77.0, "paper_value": 9.0} for c in ("native", "as trained")]
    without = [{"row": "more", "column": "a", "value": 1.0, "paper_value": None}]
    _csv(tmp_path, [*without, *rows, *headline])
    assert _noted(tmp_path) == [("row 0", "a", 0), ("row 1", "a", 1), ("row 2", "a", 2), ("c 0.1", "as trained", 77)]


def test_without_a_number_of_the_paper_others_are_noted_and_what_was_not_measured_never(tmp_path):
    one = {"row": "r", "column": "a", "value": 5.0, "paper_value": None}
    _csv(
        tmp_path, [one | {"column": "0", "value": None, "status": "not-run"}, one, one | {"row": "s", "weights": None}]
    )
    assert _noted(tmp_path) == [("r", "a", 5)]
    (tmp_path / "imaging_table_4.csv").unlink()
    assert measured.collect(tmp_path, {FAN}).strip() == ",".join(measured.COLUMNS)


def test_another_data_set_is_noted_only_where_no_other_table_has_the_model(tmp_path):
    (tmp_path / "clothing").mkdir()
    _csv(tmp_path / "clothing", [{"row": "r", "column": "a", "value": 5.0, "paper_value": 9.0, "dataset": "clothing"}])
    assert _noted(tmp_path) == [("r", "a", 5)]
    _csv(tmp_path, [{"row": "s", "column": "a", "value": 6.0, "paper_value": None}])
    assert _noted(tmp_path) == [("s", "a", 6)]


def test_every_model_of_the_package_has_a_line_and_none_has_many():
    frame = pd.read_csv(StringIO(measured.collect(ROOT / "results" / "laptop", PACKAGE)))
    assert set(frame["weights"]) == PACKAGE
    assert frame.groupby(["weights", "table"]).size().max() <= measured.LINES
