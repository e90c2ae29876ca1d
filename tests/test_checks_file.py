"""The workflow file runs what the Makefile has, on the Pythons that the package names."""

import configparser
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
JOBS = yaml.safe_load((ROOT / ".github" / "workflows" / "checks.yml").read_text())["jobs"]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", JOBS)
def test_every_command_is_a_target_of_the_makefile(name):
    matrix = JOBS[name].get("strategy", {}).get("matrix", {})
    lines = [step["run"] for step in JOBS[name]["steps"] if "run" in step]
    assert lines
    for line in lines:
        for value in matrix.get("target", [""]):
            make, target = line.replace("${{ matrix.target }}", value).split()
            assert make == "make" and target in TARGETS


def test_the_tests_run_on_every_python_of_the_package():
    package = configparser.ConfigParser()
    package.read(ROOT / "setup.cfg")
    named = re.findall(r"Python :: (\d\.\d+)", package["metadata"]["classifiers"])
    assert JOBS["test"]["strategy"]["matrix"]["python"] == named != []
