"""Own weights by name, file or folder, as every command takes them."""

import pytest

from zoo import store
from zoo.resolve_weights import resolve_weights

PAIR = ("hyperimage-forgery-channel.photographs", "hyperimage-forgery-stage-two.photographs")


def test_nothing_given_is_what_is_stored():
    assert resolve_weights(None, *PAIR) == PAIR


def test_a_folder_must_hold_every_network(tmp_path):
    (tmp_path / f"{PAIR[0]}.npz").touch()
    assert resolve_weights(tmp_path, PAIR[0]) == (str(tmp_path / f"{PAIR[0]}.npz"),)
    with pytest.raises(ValueError, match=rf"must hold {PAIR[1]} \(.npz\). Received: .*{tmp_path.name}"):
        resolve_weights(tmp_path, *PAIR)


def test_a_file_or_a_name_is_one_networks(tmp_path):
    file = tmp_path / "mine.npz"
    file.touch()
    assert resolve_weights(file, PAIR[0]) == (str(file),)
    assert resolve_weights("contrast-unaware.photographs", "contrast-aware.photographs") == (
        "contrast-unaware.photographs",
    )
    with pytest.raises(ValueError, match=r"This file is for one network, .*here are photographs. Received: .*mine.npz"):
        resolve_weights(file, *PAIR)
    with pytest.raises(ValueError, match=rf"what follows the dot of {PAIR[0]} and {PAIR[1]}; here are photographs"):
        resolve_weights("nowhere", *PAIR)
    with pytest.raises(
        ValueError, match=r"^weights must be .*contrast-aware.photographs, .*contrast-unaware.photographs"
    ):
        resolve_weights("", "contrast-aware.photographs")
    with pytest.raises(
        ValueError, match=r"This file does not exist: .*here are .*fan-unet-0.1-margin16-birch.photographs"
    ):
        resolve_weights("nowhere.npz", "fan-unet-0.1-margin16-birch.photographs")


def test_the_training_alone_names_every_network(tmp_path, monkeypatch):
    monkeypatch.setenv(store.VARIABLE, str(tmp_path / "store"))
    file = tmp_path / "packed.npz"
    file.write_bytes(b"0")
    for stored in PAIR:
        name = stored.replace(".photographs", ".generated-smoke")
        store.add(store.home(), f"hyperimage/weights/{name}.npz", file, {})
    smoke = tuple(name.replace(".photographs", ".generated-smoke") for name in PAIR)
    for given in ("generated-smoke", "hyperimage-forgery.generated-smoke", *smoke):
        assert resolve_weights(given, *PAIR) == smoke
    assert resolve_weights("photographs", *PAIR) == PAIR
    with pytest.raises(
        ValueError, match=r"here are generated-smoke, photographs. Received: 'contrast-aware.photographs'"
    ):
        resolve_weights("contrast-aware.photographs", *PAIR)
