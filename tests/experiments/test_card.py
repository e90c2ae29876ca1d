from pathlib import Path

import pandas as pd
import pytest

from zoo.experiments.publish import card
from zoo.families import BUILT_IN

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("paper", BUILT_IN)
def test_page_of_results_says_what_the_csvs_say(paper):
    text = (ROOT / "docs" / "results" / f"{paper}.md").read_text()
    assert text == card.filled(text, paper, ROOT / "results" / "laptop")


def test_numbers_show_value_interval_and_paper(tmp_path):
    row = {"paper": "contrast", "table": "table_1", "row": "HS 5", "column": "95", "metric": "AUC", "seed": 0}
    row |= {"paper_value": 93.7, "value": 61.234, "ci_low": 50.0, "ci_high": 72.06, "status": "measured"}
    row |= {"n_sources": 7, "n_units": 17, "dataset": "embedded", "device": "CPU x2", "seconds": 120.0}
    other = row | {"column": "no jpg", "value": None, "ci_low": None, "ci_high": None, "status": "data-unavailable"}
    single = row | {"column": "85", "value": 3.0, "ci_low": 3.0, "ci_high": 3.0, "n_units": 1, "paper_value": None}
    pd.DataFrame([row, other, single]).to_csv(tmp_path / "contrast_table_1.csv", index=False)
    text = card.numbers("contrast", tmp_path)
    assert "| HS 5 | 61.2 [50.0, 72.1] / 93.7 | data-unavailable / 93.7 | 3.0 |" in text
    assert "17 units of 7 scenes" in text
    (tmp_path / "open_photographs").mkdir()
    pd.DataFrame([row | {"value": 71.0, "n_sources": 100}]).to_csv(
        tmp_path / "open_photographs" / "contrast_table_1.csv", index=False
    )
    first, _, second = card.numbers("contrast", tmp_path).partition(", open_photographs\n")
    assert first.startswith(text) and "17 units of 100 scenes" in second and "71.0" in second


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [(["2", "4"], ["1", "3", "last"], ["1", "2", "3", "4", "last"]), (["95", "90"], ["90"], ["95", "90"])],
)
def test_epochs_of_several_curves_are_in_order_and_other_columns_as_measured(first, second, shown):
    cells = [{"row": "a", "column": column} for column in first] + [{"row": "b", "column": column} for column in second]
    frame = pd.DataFrame(cells).assign(value=1.0, ci_low=1.0, ci_high=1.0, paper_value=None, n_units=1)
    assert card._table(frame, "accuracy", 1).splitlines()[0] == "| accuracy | " + " | ".join(shown) + " |"


def test_units_are_those_that_were_measured(tmp_path):
    row = {"row": "a", "column": "95", "metric": "AUC", "seed": 0, "paper_value": None, "status": "measured"}
    row |= {"value": 61.0, "ci_low": 50.0, "ci_high": 72.0, "n_sources": 7, "n_units": 56}
    row |= {"dataset": "embedded", "device": "CPU x2", "seconds": 9.0}
    counted = row | {"row": "files, counted", "ci_low": 61.0, "ci_high": 61.0, "n_sources": 12614, "n_units": 12614}
    path = tmp_path / "hyperimage_table_3.csv"
    pd.DataFrame([counted, row]).to_csv(path, index=False)
    assert "56 units of 7 scenes" in card.numbers("hyperimage", tmp_path)
    pd.DataFrame([counted]).to_csv(path, index=False)
    assert "12614 units" in card.numbers("hyperimage", tmp_path)


SECTIONS = [
    "What is where",
    "Deviations",
    "Stored weights",
    "Numbers",
    "Where it must not be used",
    "Data",
    "Licence and citation",
]
"""What every family's README has, in this order; others may stand between."""


@pytest.mark.parametrize(
    "folder", [*(f"zoo/{paper}" for paper in BUILT_IN), "docs/example_package/forensics_zoo_median"]
)
def test_every_card_has_the_sections_of_the_template(folder):
    lines = (ROOT / folder / "README.md").read_text().splitlines()
    headings = [line[3:] for line in lines if line.startswith("## ")]
    assert [heading for heading in headings if heading in SECTIONS] == SECTIONS


def test_marks_are_needed(tmp_path):
    with pytest.raises(ValueError, match="must hold the marks"):
        card.filled("no marks", "contrast", tmp_path)
