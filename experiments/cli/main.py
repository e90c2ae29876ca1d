"""The ``zoo`` command."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from typing import TextIO

from zoo.experiments.cli import calibrate, doctor, download, export, listing, plan, pretrain, report, reproduce, score
from zoo.experiments.cli.devices import on_device
from zoo.experiments.cli.quiet import quiet_import
from zoo.experiments.families import experiments, load
from zoo.version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code.

    That is 0, 1 if `zoo doctor` finds a fault, 2 for bad input (one line on standard error), or 130 after Ctrl-C.
    """
    # TensorFlow prints which GPUs it did not find; a user without a GPU does not need that.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    quiet_import()
    options = argparse.Namespace()
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _say
            # A fault of another package is reported once, and is never an error here.
            places = r"zoo\.(extensions|experiments\.(cli\.(main|pretrain)|run\.tables))$"
            warnings.filterwarnings("always", category=UserWarning, module=places)
            options = _parser().parse_args(arguments)
            with on_device(getattr(options, "device", None)):
                code = options.run(options)
            sys.stdout.flush()
            return code
    except BrokenPipeError:  # as in `zoo list | head`: the reader has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except (ValueError, OSError, ImportError, MemoryError) as error:
        print(f"zoo: {_one_line(error) or 'not enough memory'}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        # Other commands begin anew, and may refuse the files that they have written.
        again = "; run the same command again to resume" if getattr(options, "resumes", False) else ""
        print(f"zoo: interrupted{again}", file=sys.stderr)
        return 130


def _say(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print the zoo's own warnings as one line, without source code."""
    if issubclass(category, UserWarning):
        print(f"zoo: {_one_line(message)}", file=sys.stderr)
    else:
        sys.stderr.write(warnings.formatwarning(message, category, filename, lineno, line))


def _one_line(message: object) -> str:
    """Return a message on one line; control characters, for example in file names, are escaped."""
    text = " ".join(str(message).split())
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zoo", description="Image forensics: five papers as Keras models.")
    parser.add_argument("--version", action="version", version=f"forensics-zoo {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (listing, plan, reproduce, pretrain, score, calibrate, report, export, download, doctor):
        module.add(commands)
    for page in experiments():
        if page.commands:
            try:
                load(page.commands)(commands)
            # For example a name that is taken. A fault of one family must not affect the others.
            except (ImportError, ValueError, TypeError, argparse.ArgumentError) as error:
                warnings.warn(f"{page.name}: {error}", stacklevel=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
