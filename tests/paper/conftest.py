"""What the rehearsals share: commands in this process, and a kill after some saved epochs."""

from pathlib import Path

import pandas as pd
import pytest

from zoo.saved_training import SavedState


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """An empty folder to work in: commands write into ``runs``."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def killed(command):
    """Run a command that is killed as soon as ``epochs`` epochs are saved."""

    def run(epochs, *arguments):
        saved, original = [], SavedState.on_epoch_end

        def on_epoch_end(self, epoch, logs=None):
            original(self, epoch, logs)
            saved.append(epoch)
            if len(saved) == epochs:
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SavedState, "on_epoch_end", on_epoch_end)
            code, _, err = command(*arguments)
        assert code == 130, err
        assert "run the same command again" in err

    return run


@pytest.fixture
def done(command):
    """Run a command that must succeed."""

    def run(*arguments):
        code, out, err = command(*arguments)
        assert code == 0, err
        return out

    return run


@pytest.fixture
def papers_numbers():
    """The rows of a table's CSV that have a number of the paper, checked: what was not run says why."""

    def read(name, output=Path("runs") / "tables"):
        frame = pd.read_csv(output / "paper" / f"{name}.csv", dtype={"row": str, "column": str})
        found = frame[frame["paper_value"].notna()].set_index(["row", "column", "metric"])
        compared = found[found["comparable"] == "yes"]
        difference = compared["value"] - compared["paper_value"]
        pd.testing.assert_series_equal(compared["difference"], difference, check_names=False)
        return found

    return read
