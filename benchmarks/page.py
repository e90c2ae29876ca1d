"""Write benchmarks/README.md: all measured speeds, each next to what a user would pick instead.

Command: python benchmarks/page.py   (in a checkout; `make benchmark` measures everything first)
Reads the CSV files of this folder. The date of a table is that of its file's last commit.
"""

import datetime
import subprocess
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from zoo.images import atomic

FOLDER = Path(__file__).parent


class Section(NamedTuple):
    """A benchmark: the name of its script and CSV, what is compared, and what its ratio means."""

    name: str
    title: str
    text: str


SECTIONS = (
    Section(
        "commands",
        "Commands on one large picture",
        "Each command in its own process, the start of Python and TensorFlow included. `times_the_network` "
        "divides by the family's network on the same picture's patches without overlap, in a plain loop over "
        "`predict_on_batch`.",
    ),
    Section(
        "jpeg",
        "Differentiable JPEG",
        "`zoo.layers.DifferentiableJPEG` next to Pillow (no gradients), kornia and Diff-JPEG. `times_kornia` above 1 "
        "is faster. `first_seconds` is the first call, compilation included. `psnr_db` and `identical_pixels` compare "
        "with what Pillow decodes.",
    ),
    Section(
        "jpeg_accuracy",
        "Differentiable JPEG: agreement with libjpeg",
        "The pixels that equal libjpeg's and the PSNR to it, by mode, subsampling and quality.",
    ),
    Section(
        "jpeg_pipeline",
        "JPEG in tf.data",
        "`zoo.datasets.jpeg.compress_tensor` next to a loop over Pillow. `ratio_to_pillow` above 1 is faster.",
    ),
    Section(
        "pipeline",
        "Training data",
        "How fast each family's examples are made, next to a plain Keras `PyDataset` on one thread, and whether a "
        "training step waits for them. `ratio` above 1 is faster.",
    ),
    Section(
        "raw_read",
        "RAW files",
        "`zoo.imaging.raw.read` next to rawpy alone. `ratio` is the time divided by rawpy's: below 1 is faster.",
    ),
    Section(
        "prnu",
        "PRNU noise residual",
        "Next to a plain loop over PyWavelets and SciPy. `times_as_fast` above 1 is faster.",
    ),
    Section(
        "knn",
        "Nearest neighbours",
        "FAISS, as `KNNDetector` uses it, next to scikit-learn's brute force and a plain matrix product.",
    ),
    Section(
        "knn_approximate",
        "Nearest neighbours, approximately",
        "Indexes next to exact search: speed, and whether the detector's scores stay the same. `agreement` is the rank "
        "correlation of the scores, `within` the share that differs by at most .01.",
    ),
    Section(
        "adversarial_memory",
        "Adversarial tables at ImageNet's size: peak memory",
        "Detectors fitted on 100,000 rows of synthetic features that lie in a file, each in its own process.",
    ),
    Section(
        "paper_memory",
        "Steps at the paper's scale: peak memory",
        "On synthetic data of the real sizes, each measurement in its own process. `peak_gib` is at the larger of the "
        "sizes under `measured`, `anonymous_gib` without pages of files, which the system may take back; "
        "`extrapolated_gib` is the peak at the paper's number. A command takes the largest of its rows, and at most "
        "all of them together.",
    ),
    Section(
        "score_archive",
        "Scoring an archive",
        "`zoo score contrast` next to a plain loop over the detector. One process already uses all cores.",
    ),
    Section(
        "steganography_step",
        "A training step of H-net and R-net",
        "Float32 next to mixed bfloat16.",
    ),
    Section(
        "imaging_joint_step",
        "A joint training step of camera network and FAN",
        "By network, mode, precision and margin.",
    ),
)


def page() -> str:
    """The page, in Markdown."""
    parts = [
        "# Speed, measured",
        "Written by `python benchmarks/page.py` from the CSV files of this folder; `make benchmark` measures them "
        "again. Both sides of a comparison are measured in one run. Ratios differ less between machines than seconds.",
    ]
    for section in SECTIONS:
        path = FOLDER / f"{section.name}.csv"
        if path.exists():
            parts += [f"## {section.title}", section.text, _provenance(path), _table(path)]
    return "\n\n".join(parts) + "\n"


def _provenance(path: Path) -> str:
    frame = pd.read_csv(path, comment="#")
    first = path.read_text().splitlines()[0]
    machine = [first.removeprefix("# ")] if first.startswith("#") else []
    machine += [str(frame[c].iloc[0]) for c in ("machine", "versions") if c in frame]
    command = f"`python benchmarks/{path.stem}.py`"
    return f"{command}, {_date(path)}. {'; '.join(machine)}".rstrip(". ") + "."


def _date(path: Path) -> str:
    committed = _git("log", "-1", "--format=%cs", "--", str(path))
    measured_now = _git("status", "--porcelain", str(path)) or not committed
    return datetime.date.today().isoformat() if measured_now else committed


def _git(*arguments: str) -> str:
    ended = subprocess.run(["git", *arguments], check=True, capture_output=True, text=True, cwd=FOLDER)
    return ended.stdout.strip()


def _table(path: Path) -> str:
    frame = pd.read_csv(path, comment="#", dtype=str, keep_default_na=False)
    frame = frame.drop(columns=[c for c in ("machine", "versions") if c in frame])
    rows = [frame.columns, ["--"] * len(frame.columns), *frame.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> None:
    """Write the page."""
    with atomic(FOLDER / "README.md") as partial:
        partial.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
