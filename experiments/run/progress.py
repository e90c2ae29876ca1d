"""Progress bars of commands."""

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def progress_bars(show: bool | None = None, transient: bool = False) -> Progress:
    """Return bars on standard error with a description, the count and the time left.

    Args:
        show: Whether they are shown; by default on a terminal only.
        transient: Whether they disappear at the end.
    """
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=transient,
        disable=not (console.is_terminal if show is None else show),
        # If output goes to a file or a pipe, it must not be printed above the bars.
        redirect_stdout=sys.stdout.isatty(),
    )
