import importlib
from pathlib import Path

import pytest

DATASETS = Path(__file__).parent.parent.parent / "datasets"
BY_HAND = [path.parent.name for path in DATASETS.glob("*/*_dataset_builder.py")]


@pytest.mark.parametrize("name", BY_HAND)
def test_readme_says_where_to_get_it_as_the_builder_does(name):
    builder = importlib.import_module(f"zoo.datasets.{name}.{name}_dataset_builder").Builder
    text = " ".join((DATASETS / name / "README.md").read_text().split())
    assert " ".join(builder.MANUAL_DOWNLOAD_INSTRUCTIONS.split()) in text
