"""The card's way to try ``zoo imaging detect`` works as printed."""

import json
import re
from pathlib import Path

import zoo.imaging
from zoo.imaging.joint.manipulations import CLASSES

CARD = (Path(zoo.imaging.__file__).parent / "joint" / "README.md").read_text()


def test_detect_as_the_card_tells(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    section = CARD[CARD.index("To try it, take a RAW file") : CARD.index("It finds all four")]
    blocks = re.findall(r"```(python)?\n(.*?)```", section, re.DOTALL)
    assert [language for language, _ in blocks] == ["python", "", "python", ""]
    for language, block in blocks:
        if language:
            exec(compile(block, "card", "exec"), {})
            continue
        code, out, err = command(*block.split()[1:], *(["--json"] if "detect" in block else []))
        assert code == 0, err
    found = {entry["image"]: max(CLASSES, key=entry.get) for entry in map(json.loads, out.splitlines())}
    manipulations = ("sharpen", "gaussian", "jpg", "resample")
    assert found == {"native.jpg": "jpg"} | {f"{name}.jpg": name for name in manipulations}
