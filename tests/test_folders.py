from pathlib import Path

import pytest

from zoo.folders import replacing


def _write(folder, text):
    with replacing(folder, "mark", "thing") as partial:
        (partial / "mark").write_text(text)


def test_a_folder_is_written_whole_and_over_an_older_one(tmp_path):
    folder = tmp_path / "new" / "thing"
    for text in ("one", "two"):
        _write(folder, text)
        assert (folder / "mark").read_text() == text
        assert [*folder.parent.iterdir()] == [folder]


@pytest.mark.parametrize("there", [True, False])
def test_what_fails_leaves_the_folder_as_it_was(tmp_path, monkeypatch, there):
    folder = tmp_path / "thing"
    if there:
        _write(folder, "old")
    with pytest.raises(KeyboardInterrupt), replacing(folder, "mark", "thing") as partial:
        (partial / "mark").write_text("half")
        raise KeyboardInterrupt
    rename = Path.rename

    def full(self, target):
        """A disk on which the new folder, alone, cannot be put in place."""
        if (self / "mark").read_text() == "new":
            raise OSError("no space")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="no space"):
        _write(folder, "new")
    assert [path.read_text() for path in tmp_path.glob("**/*") if path.is_file()] == ["old"] * there
    assert [*tmp_path.iterdir()] == [folder] * there


def test_something_else_is_not_overwritten(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_text("mine")
    for name in ("file", "photos"):
        with pytest.raises(ValueError, match=rf"new folder or over another thing. Received: .*{name}"):
            _write(tmp_path / name, "new")
    (tmp_path / "empty").mkdir()
    _write(tmp_path / "empty", "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "photos"]
