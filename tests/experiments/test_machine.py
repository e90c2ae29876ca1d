import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from zoo.experiments.run import environment


def _commit(repository, folder="experiments"):
    """What the copy of the module in ``repository`` says; imported anew, since it remembers."""
    spec = importlib.util.spec_from_file_location("machine", repository / folder / "environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.commit()


@pytest.mark.skipif(shutil.which("git") is None, reason="without git a value names the version")
def test_changed_code_is_marked_and_new_results_are_not(tmp_path):
    def git(*arguments):
        named = ["-c", "user.name=a", "-c", "user.email=a@b"]
        return subprocess.run(["git", "-C", tmp_path, *named, *arguments], capture_output=True, text=True, check=True)

    for name in ("experiments", "results"):
        (tmp_path / name).mkdir()
    shutil.copy(Path(environment.__file__), tmp_path / "experiments")
    (tmp_path / "results" / "table.csv").write_text("1")
    git("init", "-q")
    assert _commit(tmp_path).startswith("v")  # not in the repository: an installed package beside one, say
    git("add", ".")
    git("commit", "-qm", "one")
    known = git("rev-parse", "HEAD").stdout[:12]
    assert _commit(tmp_path) == known
    # As the packages zoo.experiments and zoo.datasets are found.
    (tmp_path / "link").symlink_to("experiments")
    assert _commit(tmp_path, "link") == known
    (tmp_path / "results" / "table.csv").write_text("2")
    assert _commit(tmp_path) == known
    with (tmp_path / "experiments" / "environment.py").open("a") as file:
        file.write("\n")
    assert _commit(tmp_path) == known + "+"
