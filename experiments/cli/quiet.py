"""Hide TensorFlow's informational log lines while it is imported, and its advice on retracing.

TensorFlow 2.21 logs before it reads ``TF_CPP_MIN_LOG_LEVEL``: with 3 it still writes six such lines, and
``ABSL_MIN_LOG_LEVEL`` changes nothing, so that no setting replaces this module.
"""

import importlib.util
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

_ALL_IS_WELL = re.compile(rb"(WARNING: All log messages before absl::InitializeLog|I0000 )[^\n]*\n?")
"""Informational lines of its log, and the line that goes before them."""


def quiet_import() -> None:
    """Drop informational lines from standard error while ``tensorflow`` is imported, and pass on all others.

    Nor is its advice on retracing shown later: tables run many networks, and trainings of a few steps, in one process,
    and whoever typed the command can do nothing about it.
    """
    logging.getLogger("tensorflow").addFilter(_no_retracing)
    if "tensorflow" not in sys.modules and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _no_retracing(record: logging.LogRecord) -> bool:
    return "triggered tf.function retracing" not in record.getMessage()


class _Finder:
    """Finds ``tensorflow`` as it would be found without, until it is imported: packages may only ask if it is there."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            sys.meta_path.insert(0, self)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def import_quietly(module: ModuleType) -> None:
                sys.meta_path.remove(self)
                _filtered(execute, module)

            setattr(spec.loader, "exec_module", import_quietly)  # noqa: B010 (of one loader)
        return spec


def _filtered(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    # C++ code writes these lines directly, not through sys.stderr.
    kept = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            execute(module)
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            said.seek(0)
            with open(2, "wb", closefd=False) as stream:
                stream.write(_ALL_IS_WELL.sub(b"", said.read()))
