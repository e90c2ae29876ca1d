import numpy as np
import pytest
import tensorflow_datasets as tfds

from zoo.datasets import photographs as module
from zoo.datasets.photographs import photographs


class _Builder:
    def as_data_source(self, split):
        offset = {"train": 0, "validation": 100}[split]
        return [
            {"image": np.full((4, 5, 3), offset + i, np.uint8)} for i in range({"train": 30, "validation": 7}[split])
        ]


def test_training_photographs_are_drawn_and_validation_is_the_test(monkeypatch):
    monkeypatch.setattr(tfds, "builder", lambda name, **_: _Builder())
    monkeypatch.setattr(module, "IMAGENET_TRAIN", 10)
    train, test = (photographs("imagenet2012", None, split, seed=3) for split in ("train", "test"))
    assert len({p.name for p in train}) == 10
    assert [p.load()[0, 0, 0] for p in test] == list(range(100, 107))
    assert all(p.load()[0, 0, 0] < 30 for p in train)
    assert {p.name for p in photographs("imagenet2012", None, "train", seed=4)} != {p.name for p in train}
    assert len(photographs("imagenet2012", None, "all")) == 17
    held_out = photographs("imagenet2012", None, "validation", seed=3)
    assert len(held_out) == 20 and not {p.name for p in held_out} & {p.name for p in train}


def test_where_it_is_not_prepared_one_line_says_how(tmp_path):
    with pytest.raises(ValueError, match=r"download_and_prepare.*Received") as caught:
        photographs("imagenet2012", tmp_path, "test")
    assert "\n" not in str(caught.value)
