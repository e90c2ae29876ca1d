"""``zoo score --on ray``: buckets of pictures through ``ray.data``, by actors that load the networks once."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from zoo.experiments.cli.score_bucket import Scoring, score_bucket
from zoo.experiments.cli.score_rows import Row, arrow_types
from zoo.experiments.run.tasks import ATTEMPTS
from zoo.experiments.run.workers_ray import connect, environment

MOST_BLOCKS = 5000
"""Ray's overhead grows with the number of blocks; rows come when a block is done."""


class Score:
    """Scores buckets in an actor, one at a time.

    Args:
        scoring: How pictures are scored.
        folder: The current folder of the process that starts the actor: relative paths begin there.
        path: The import path of that process.
    """

    def __init__(self, scoring: Scoring, folder: str, path: list[str]) -> None:
        os.chdir(folder)
        sys.path += [one for one in path if one not in sys.path]
        self.scoring = scoring

    def __call__(self, batch: dict[str, Any]) -> Any:
        """Return the rows of a batch of buckets as a table of pyarrow."""
        import pyarrow as pa

        buckets = [[str(path) for path in paths] for paths in batch["item"]]
        rows = [row for paths in buckets for row in score_bucket(self.scoring, paths)]
        return pa.Table.from_pylist([row._asdict() for row in rows], pa.schema(arrow_types().items()))


def score_on_ray(
    scoring: Scoring, left: Sequence[Sequence[str]], address: str = "", gpus: int = 0
) -> Iterator[list[Row]]:
    """Yield rows as the cluster's actors score them; there is an actor for each CPU, or for each ``gpus`` GPUs.

    Raises:
        ImportError: Without Ray.
        ValueError: As ``workers_ray.connect``; for GPUs that the cluster does not have, and where Ray gives up.
    """
    connected = connect(address)
    import ray
    from ray.exceptions import RayError

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # Ray logs every step; errors are raised in any case
    there = ray.cluster_resources()
    workers = int(there.get("GPU", 0) // gpus if gpus else there.get("CPU", 1))
    try:
        if workers < 1:
            raise ValueError(f"--gpus must not exceed the GPUs of the Ray cluster. Received: {gpus}")
        buckets = ray.data.from_items([list(paths) for paths in left], override_num_blocks=min(len(left), MOST_BLOCKS))
        with warnings.catch_warnings():
            # Ray 2.60 deprecates the two limits below without a replacement.
            warnings.simplefilter("ignore", DeprecationWarning)
            scored = buckets.map_batches(
                Score,
                fn_constructor_args=(scoring, os.getcwd(), sys.path),
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
                num_cpus=1,
                num_gpus=gpus,
                max_restarts=ATTEMPTS - 1,
                max_task_retries=ATTEMPTS - 1,
                runtime_env={"env_vars": environment()},
            )
        for batch in scored.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            yield [Row(**row) for row in batch.to_pylist()]
    except RayError as error:
        raise ValueError(f"Ray gave up: {str(error).strip().splitlines()[-1]}") from error
    finally:
        if connected:
            ray.shutdown()
