"""Write a self-contained HTML page of all tables and plots, and of cells that were not run, with the reason."""

import base64
import datetime
import html
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from zoo.experiments.run import tables
from zoo.experiments.run.cells import Table, by_metric, places
from zoo.experiments.run.environment import commit
from zoo.experiments.run.measure import csv_path, read_csv
from zoo.experiments.run.plots import plot_csv
from zoo.experiments.run.published import published_folder
from zoo.experiments.run.reasons import cell_key, read_reasons
from zoo.families import citation
from zoo.images import atomic
from zoo.version import __version__

TITLE = "forensics-zoo: our numbers and the papers'"
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a }
h2 { border-top: 2px solid #1a1a1a; padding-top: .6rem; margin-top: 3rem } h3 { margin-top: 2rem }
.scroll { overflow-x: auto } table { border-collapse: collapse; margin: .6rem 0 1rem; font-size: 13px }
th, td { border-bottom: 1px solid #ddd; padding: .25rem .6rem; text-align: right; vertical-align: top }
th:first-child, td:first-child { text-align: left } thead th { border-bottom: 1px solid #1a1a1a }
caption { text-align: left; font-weight: 600; padding: .3rem 0 } small { color: #555; white-space: nowrap }
.paper { color: #7a4a00 } .none { color: #999 } .comparable { font-weight: 600 }
img { max-width: 100%; border: 1px solid #ddd } code { background: #f3f3f3; padding: 0 .2rem }
"""
EXPLAINED = """A cell is our value, its 95 % interval in brackets (bootstrap over scenes), and <span class="paper">the
paper's number</span>. The protocols and data differ, and the two are not to be compared, unless a difference is
given (&Delta;): only then was it the paper's data and protocol. A cell without a value says why: <code>not-run</code>,
<code>data-unavailable</code>, or <code>quoted</code> where the paper itself quotes others."""
WITHOUT_VALUE = {
    "not-run": "this scale leaves it out, or its networks were not trained then",
    "data-unavailable": "data or weights were not there",
}


def write_page(path: Path, output: Path, scale: str, failed: Mapping[tuple[str, str], str] | None = None) -> None:
    """Write the page of all CSVs in ``output/<scale>``, and of published ones where there are none; measures nothing.

    Args:
        path: The page.
        output: The folder of results.
        scale: Which of its folders.
        failed: Why tables could not be run, by paper and name on the command line.

    Raises:
        ValueError: For a scale of which there are neither.
    """
    published = published_folder()
    folders = [output, *([published] if published else [])]
    if not any((folder / scale).is_dir() for folder in folders) and not failed:
        raise ValueError(f"A report needs CSVs in {output / scale}; `zoo reproduce` writes them. Received: no folder")
    summary, sections, family = [], [], ""
    for paper, name, title in tables.overview():
        table = tables.find(paper, name)
        if paper != family:
            family = paper
            sections.append(f"<h2>{html.escape(paper)}</h2>\n<p>{html.escape(citation(paper))}</p>")
        anchor = f"{paper}-{name}"
        sections.append(f'<h3 id="{anchor}">{html.escape(title)}</h3>')
        csv = next((c for f in folders if (c := csv_path(table, scale, f)).is_file()), csv_path(table, scale, output))
        why = (failed or {}).get((paper, name), "")
        if why:
            sections.append(f"<p>Could not be run: {html.escape(why)}</p>")
        if csv.is_file():
            frame = read_csv(csv)
            if csv.parent.parent != output:
                sections.append("<p>Published with this version, not measured here.</p>")
            sections += _table_section(table, frame, csv)
            counts = frame["status"].value_counts()
        else:
            if not why:
                why = "no CSV"
                command = f"zoo reproduce {paper} {name} --scale {scale}"
                sections.append(
                    f"<p>Not run: there is no {csv.name}; <code>{html.escape(command)}</code> makes it.</p>"
                )
            counts = pd.Series(dtype=int)
        summary.append(_summary_row(anchor, paper, title, counts, why))
    head = "".join(f"<th>{text}</th>" for text in ("table", "measured", "quoted", "not run", "data unavailable", ""))
    page = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{TITLE}</title>
<style>{STYLE}</style></head><body>
<h1>{TITLE}</h1>
<p>Scale <code>{html.escape(scale)}</code>; forensics-zoo {__version__}, page made by {html.escape(commit())} on
{datetime.date.today().isoformat()}. {EXPLAINED}</p>
<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(summary)}</tbody></table></div>
{chr(10).join(sections)}
</body></html>
"""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path) as partial:
        partial.write_text(page, encoding="utf-8")


def is_page(path: Path) -> bool:
    """Return whether a file is a page that ``write_page`` wrote."""
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        return f"<title>{TITLE}</title>".encode() in file.read(1000)


def _summary_row(anchor: str, paper: str, title: str, counts: pd.Series, why: str) -> str:
    cells = [f'<td><a href="#{anchor}">{html.escape(paper)}: {html.escape(title)}</a></td>']
    for status in ("measured", "quoted", "not-run", "data-unavailable"):
        cells.append(f"<td>{counts.get(status, 0) or ''}</td>")
    return f"<tr>{''.join(cells)}<td>{html.escape(why)}</td></tr>\n"


def _table_section(table: Table, frame: pd.DataFrame, csv: Path) -> list[str]:
    parts = [f"<p>{_provenance(frame)} <code>{html.escape(csv.name)}</code></p>"]
    for metric, caption, part in by_metric(frame):
        parts.append(_html_table(part, caption, places(table.decimals, metric)))
    with tempfile.TemporaryDirectory() as folder:
        plot, drawn = csv.with_suffix(".png"), Path(folder) / "plot.png"
        if plot.is_file() or plot_csv(table, csv, drawn):
            source = _embedded(plot if plot.is_file() else drawn)
            parts.append(f'<p><img alt="{html.escape(table.title)}" src="{source}"></p>')
    return parts + _missing(frame, read_reasons(csv))


def _embedded(plot: Path) -> str:
    """Return the plot as part of the page, without loss, and smaller than its PNG."""
    from PIL import Image

    with Image.open(plot) as image, io.BytesIO() as packed:
        image.convert("RGB").save(packed, "WEBP", lossless=True, quality=50, method=3)
        return f"data:image/webp;base64,{base64.b64encode(packed.getvalue()).decode()}"


def _provenance(frame: pd.DataFrame) -> str:
    measured = frame[frame["status"] == "measured"]
    if measured.empty:
        return "Nothing of it was measured."
    said = [", ".join(dict.fromkeys(measured[n].astype(str))) for n in ("dataset", "seed", "device", "commit")]
    minutes = measured["seconds"].sum() / 60
    return html.escape(f"Data {said[0]}, seed {said[1]}, {said[2]}, commit {said[3]}, {minutes:.0f} minutes.")


def _html_table(part: pd.DataFrame, caption: str, decimals: int) -> str:
    columns = list(dict.fromkeys(part["column"]))
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    lines = []
    for row, cells in part.groupby("row", sort=False):
        by_column = {cell["column"]: _cell(cell, decimals) for _, cell in cells.iterrows()}
        filled = "".join(f"<td>{by_column.get(column, '')}</td>" for column in columns)
        lines.append(f"<tr><td>{html.escape(str(row))}</td>{filled}</tr>")
    return (
        f'<div class="scroll"><table><caption>{html.escape(caption)}</caption><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{chr(10).join(lines)}</tbody></table></div>"
    )


def _cell(cell: pd.Series, decimals: int) -> str:
    paper = "" if pd.isna(cell["paper_value"]) else f'<br><span class="paper">{cell["paper_value"]:g}</span>'
    if pd.isna(cell["value"]):
        return f'<span class="none">{html.escape(str(cell["status"]))}</span>{paper}'
    low, high = (f"{cell[end]:.{decimals}f}" for end in ("ci_low", "ci_high"))
    text = f"{cell['value']:.{decimals}f} <small>[{low}, {high}]</small>{paper}"
    if cell["comparable"] == "yes":
        gap = "" if pd.isna(cell["difference"]) else f" &Delta; {cell['difference']:+.{decimals}f}"
        text = f'<span class="comparable">{text}{gap}</span>'
    return text


def _missing(frame: pd.DataFrame, known: dict[str, str]) -> list[str]:
    """Return the cells without a value, by reason."""
    absent = frame[frame["value"].isna() & frame["status"].isin(list(WITHOUT_VALUE))]
    if absent.empty:
        return []
    groups: dict[str, list[str]] = {}
    for _, cell in absent.iterrows():
        needed = "" if pd.isna(cell["weights"]) else f" (weights {cell['weights']})"
        general = WITHOUT_VALUE[cell["status"]] + needed
        why = known.get(cell_key(cell["row"], cell["column"], cell["metric"]), general)
        groups.setdefault(f"{cell['status']}: {why}", []).append(str(cell["row"]))
    lines = [
        f"<li>{html.escape(why)} &ndash; {len(rows)} cells: {html.escape('; '.join(dict.fromkeys(rows)))}</li>"
        for why, rows in groups.items()
    ]
    return ["<p>Without a value:</p>", f"<ul>{''.join(lines)}</ul>"]
