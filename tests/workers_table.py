"""A table that experiments/test_workers.py has workers measure; they import it by name."""

import os

import workers_job as job

from zoo.experiments.run import measure as runner
from zoo.experiments.run.cells import Cell, DataUnavailable, Table
from zoo.metrics import Estimate

if "WORKERS_JOB" in os.environ:  # in a worker, whose seconds TensorFlow would take to name the device
    runner.device = lambda: "none"


def _cells(settings):
    """Numbers of many digits; one cell's worker dies, if the environment says so, one fails, one has no data."""
    for row in "ab":
        for column in range(2):

            def measure(row=row, column=column):
                folder = os.environ.get("WORKERS_JOB")
                if folder and (row, column) == ("a", 1):
                    job.die_once(folder, "a1")
                if folder and os.environ.get("WORKERS_JOB_FAILS") and (row, column) == ("b", 0):
                    raise RuntimeError("a cell\nwith a fault")
                value = 1 / (3 + column + settings.seed) + (row == "b")
                return Estimate(value, value / 3, value * 3, 4, 9)

            yield Cell(row, str(column), "AUC", 60.0 + column, measure, comparable=row == "b", weights="w")
    yield Cell("c", "0", "AUC", 1.0, lambda: job.fail(DataUnavailable("the licensed set")))
    yield Cell("c", "1", "AUC", 2.0, status="not-run", why="no network here")
    yield Cell("c", "2", "AUC", 3.0, status="quoted")


TABLE = Table("demo", "table_1", _cells, title="Demonstration")
PLACE = "workers_table:TABLE"
