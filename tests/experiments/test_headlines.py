import json
import re
from pathlib import Path

import pandas as pd
import pytest

from zoo.experiments.families import experiments
from zoo.experiments.publish import headlines
from zoo.experiments.run import tables
from zoo.experiments.run.cells import Settings

ROOT = Path(__file__).parent.parent.parent


def test_readme_says_what_the_csvs_say():
    text = (ROOT / "README.md").read_text()
    assert text == headlines.filled(text, ROOT / "results" / "laptop")


def test_readme_says_how_long_the_longest_training_took():
    indexes = [json.loads(path.read_text()) for path in (ROOT / "zoo").glob("*/weights.json")]
    seconds = [entry["seconds"] for index in indexes for entry in index.values()]
    (minutes,) = re.findall(r"networks trained for (\d+) minutes at\s+most", (ROOT / "README.md").read_text())
    assert max(seconds) <= 60 * int(minutes)


HEADLINES = [(page.name, line) for page in experiments() for line in page.headlines]


@pytest.mark.parametrize(("paper", "line"), HEADLINES, ids=lambda part: getattr(part, "what", part))
def test_headlines_are_cells_of_their_tables(paper, line):
    found = {
        (c.row, c.column): c
        for c in tables.find(paper, line.table).cells(Settings("laptop"))
        if c.metric == line.metric
    }
    # These ask what the paper does not.
    ours_alone = line.table in ("inside", "scorer") or (paper, line.metric) == ("adversarial", "AUC")
    assert (found[line.papers or line.ours].paper_value is None) == ours_alone
    assert {line.ours, line.baseline} <= set(found)


@pytest.mark.parametrize(
    ("paper", "line"),
    [(p, line) for p, line in HEADLINES if p in ("adversarial", "hyperimage") or line.table == "table_4"],
    ids=lambda part: getattr(part, "what", part),
)
def test_the_simpler_method_named_is_the_best_there_is(paper, line):
    folder = ROOT / "results" / "laptop" / (line.dataset if line.dataset != "embedded" else "")
    frame = pd.read_csv(folder / f"{paper}_{line.table}.csv", dtype={"column": str})
    frame = frame[(frame["column"] == line.ours[1]) & (frame["metric"] == line.metric)].set_index("row")["value"]
    simpler = "^(?:Experiment 1: )?(?:baseline: |Mahalanobis(?: shrunk)?, |LID, |DkNN |CNN)"
    if paper == "imaging":  # a row for the pictures of each camera
        simpler = f"^baseline: (?:chance|.*, {line.ours[0]})$"
    best = frame[frame.index.str.contains(simpler)].idxmax()
    assert line.baseline[0] == best


def _csv(path, **changed):
    row = {"row": "CLAHE 0.005", "column": "95", "metric": "AUC", "paper_value": 99.4, "status": "measured"}
    row |= {"value": 61.25, "ci_low": 50.0, "ci_high": 72.06} | changed
    lines = [row | {"row": name} for name in ("CLAHE 0.005", "HS 5", "gamma 1.5")]
    lines += [line | {"row": f"baseline: histogram, {line['row']}", "value": 7.0} for line in lines]
    (path / "open_photographs").mkdir()
    pd.DataFrame(lines).to_csv(path / "open_photographs" / "contrast_table_1.csv", index=False)


def test_value_interval_baseline_and_paper(tmp_path):
    _csv(tmp_path)
    lines = headlines.headlines(tmp_path).splitlines()
    assert len(lines) == 5
    assert lines[2].endswith("| CLAHE, JPEG 95: AUC | 61.2 [50.0, 72.1] | 7.0 (histogram statistic) | 99.4 |")


def test_what_was_not_run_says_so(tmp_path):
    _csv(tmp_path, value=None, ci_low=None, ci_high=None, status="not-run")
    assert "| not-run | 7.0 (histogram statistic) | 99.4 |" in headlines.headlines(tmp_path)


def test_a_csv_without_the_cell_is_refused(tmp_path):
    _csv(tmp_path, column="90")
    with pytest.raises(ValueError, match=r"must hold one cell .* Received: 0"):
        headlines.headlines(tmp_path)
    with pytest.raises(ValueError, match="must hold the marks"):
        headlines.filled("no marks", tmp_path / "without_tables")
