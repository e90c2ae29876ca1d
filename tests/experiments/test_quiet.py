"""What TensorFlow says at import, with a package in its place that says it."""

import os
import subprocess
import sys

STATED = "import os, sys\nx = 3\n"
SAYS = 'os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\\n'
SAYS += 'I0000 00:00:1.2 7 port.cc:153] oneDNN custom operations are on.\\nE0000 00:00:1.2 7 cuda.cc:1] broken\\n")\n'
CODE = "from zoo.experiments.cli.quiet import quiet_import; quiet_import(); import tensorflow; print(tensorflow.x)"


def _import(folder, source, code=CODE):
    (folder / "tensorflow").mkdir()
    (folder / "tensorflow" / "__init__.py").write_text(source)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_information_is_dropped_and_errors_are_passed_on(tmp_path):
    done = _import(tmp_path, STATED + SAYS)
    assert (done.returncode, done.stdout) == (0, "3\n")
    assert done.stderr == "E0000 00:00:1.2 7 cuda.cc:1] broken\n"


def test_whoever_only_asks_for_tensorflow_does_not_end_the_quiet(tmp_path):
    """As some packages do when they are imported."""
    (tmp_path / "asks.py").write_text("import importlib.util\nassert importlib.util.find_spec('tensorflow')\n")
    done = _import(tmp_path, STATED + SAYS, CODE.replace("import tensorflow;", "import asks, asks, tensorflow;"))
    assert (done.returncode, done.stdout) == (0, "3\n")
    assert done.stderr == "E0000 00:00:1.2 7 cuda.cc:1] broken\n"


def test_an_import_that_fails_says_why(tmp_path):
    done = _import(tmp_path, STATED + SAYS + "raise ImportError('no such symbol')\n")
    assert done.returncode == 1
    assert "cuda.cc:1] broken" in done.stderr and "ImportError: no such symbol" in done.stderr
    assert "oneDNN" not in done.stderr


RETRACING = """
from zoo.experiments.cli.quiet import quiet_import

quiet_import()
import tensorflow as tf


def retrace(function):
    function = tf.function(function, reduce_retracing=False)
    for length in range(8):
        function(tf.zeros(length))


retrace(lambda x: x + 1)
tf.get_logger().warning("something else")
tf.get_logger().filters.clear()
retrace(lambda x: x + 2)  # TensorFlow says it twice of each function
"""


def test_advice_on_retracing_is_dropped_and_other_warnings_are_passed_on():
    done = subprocess.run([sys.executable, "-c", RETRACING], capture_output=True, text=True, check=True)
    quiet, warning, loud = done.stderr.partition("something else\n")
    assert warning and "retracing" not in quiet
    assert "retracing" in loud
