"""Numbers of users and of files have a range, and sizes are known before anything large is loaded."""

import json
import resource
import sys
import zipfile

import keras
import numpy as np
import pytest

import zoo.weights
from zoo.adversarial import KNNDetector
from zoo.adversarial.digits import digits
from zoo.adversarial.small import SmallOverFeat
from zoo.contrast import ContrastNet
from zoo.hyperimage.width import width_of
from zoo.images import ImageError, write_png
from zoo.imaging import FAN, INet
from zoo.imaging.joint.detector import ManipulationDetector
from zoo.imaging.prnu import read_fingerprint
from zoo.weight_files import shapes_of

GIGABYTE = 2**30


def _bomb(path, names, shape=(30_000, 30_000)):
    """Zeros of many gigabytes, packed to megabytes at most: the header, then as much as a reader would take."""
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(member, header)
                for _ in range(8):
                    member.write(bytes(2**20))
    return path


@pytest.fixture
def memory():
    """Nothing here may ask for two gigabytes more than there are in use."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2 * GIGABYTE, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def test_weights_that_unpack_to_gigabytes_are_refused_by_their_header(tmp_path, memory):
    network = INet()
    names = [variable.path for variable in network.weights]
    with pytest.raises(ValueError, match=r"holds the weights of another network than .* Received: \(30000, 30000\)"):
        zoo.weights.unpack(network, _bomb(tmp_path / "w.npz", names))
    with pytest.raises(ImageError, match="is not a fingerprint"):
        read_fingerprint(_bomb(tmp_path / "camera.npz", ["fingerprint"]))
    assert width_of(_bomb(tmp_path / "forgery.npz", ["conv"], (3, 3, 300_000, 64))) == 0.25


def test_a_header_is_all_that_is_read(tmp_path):
    network = INet()
    zoo.weights.pack(network, tmp_path / "w.npz", 32)
    network.save(tmp_path / "w.keras")
    network.save_weights(tmp_path / "w.weights.h5")
    expected = sorted(tuple(v.shape) for v in network.weights)
    assert sorted(shapes_of(tmp_path / "w.npz").values()) == expected
    for name in ("w.keras", "w.weights.h5"):
        assert set(expected) <= set(shapes_of(tmp_path / name).values())


def test_larger_arrays_than_the_networks_are_not_loaded(tmp_path, memory):
    network = FAN((64, 64, 3))
    import h5py

    network.save_weights(tmp_path / "w.weights.h5")
    with h5py.File(tmp_path / "w.weights.h5", "r+") as file:
        file.create_dataset("layers/more/vars/0", shape=(40_000, 40_000), dtype="f4", chunks=True)
    with pytest.raises(ValueError, match=r"Not a weights file that fits .*, \(40000, 40000\), is larger"):
        zoo.weights.load_into(network, tmp_path / "w.weights.h5")


@pytest.mark.parametrize("suffix", [".npz", ".weights.h5", ".keras"])
def test_weights_of_nan_are_refused_and_the_network_is_as_it_was(tmp_path, suffix):
    network = INet()
    good = [w.copy() for w in network.get_weights()]
    network.set_weights([np.full_like(w, np.nan) for w in good])
    path = tmp_path / f"w{suffix}"
    if suffix == ".npz":
        zoo.weights.pack(network, path, 32)
    elif suffix == ".keras":
        network.save(path)
    else:
        network.save_weights(path)
    network.set_weights(good)
    with pytest.raises(ValueError, match=r"must be finite numbers. Received: NaN or infinity in .* of .*w\."):
        zoo.weights.load_into(network, path)
    for before, after in zip(good, network.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("suffix", [".npz", ".weights.h5", ".keras"])
@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"PK\x03\x04", b"\x89HDF\r\n\x1a\n", b"text"])
def test_files_that_hold_nothing_are_one_error(tmp_path, suffix, content):
    path = tmp_path / f"w{suffix}"
    path.write_bytes(content)
    for read in (lambda: zoo.weights.load_into(INet(), path), lambda: width_of(path)):
        with pytest.raises(
            ValueError, match=r"^Not a (readable )?weights file|holds the weights of another network|no convolution"
        ) as error:
            read()
        assert len(str(error.value).splitlines()) == 1


def test_an_empty_keras_file_is_said_to_be_none(tmp_path, command):
    (tmp_path / "empty.keras").write_bytes(b"")
    write_png(tmp_path / "a.png", np.full((40, 40, 3), 9, np.uint8))
    for arguments in (
        ("adversarial", "attack", tmp_path / "a.png", "--model", tmp_path / "empty.keras", "--output", tmp_path / "o"),
        (
            "steganography",
            "reveal",
            tmp_path / "a.png",
            "--weights",
            tmp_path / "empty.keras",
            "-o",
            tmp_path / "o.png",
        ),
    ):
        code, _, err = command(*arguments)
        assert code == 2
        assert len(err.splitlines()) == 1 and "no zip archive" in err and "empty.keras" in err


def test_a_keras_file_of_nested_brackets_is_one_error(tmp_path, command):
    network = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    network.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = b"[" * 100_000 + b"]" * 100_000
    with zipfile.ZipFile(tmp_path / "deep.keras", "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    write_png(tmp_path / "a.png", np.full((40, 40, 3), 9, np.uint8))
    attack = ("adversarial", "attack", tmp_path / "a.png", "--output", tmp_path)
    code, _, err = command(*attack, "--model", tmp_path / "deep.keras")
    assert code == 2 and err.startswith("zoo: Not a Keras model file. Received: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ("imaging", "detect", "a.png", "--patch", "100000"),
        ("imaging", "detect", "a.png", "--patch", "-1"),
        ("imaging", "prnu", "match", "c.npz", "a.png", "--level", "nan"),
        ("adversarial", "fit", "--detector", "d", "--k", "0"),
        ("adversarial", "fit", "--detector", "d", "--rate", "nan"),
        ("adversarial", "fit", "--detector", "d", "--rate", "1.5"),
        ("adversarial", "fit", "--detector", "d", "--dimensions", "0"),
        ("adversarial", "attack", "a.png", "--output", "o", "--eps", "inf"),
        ("adversarial", "attack", "a.png", "--output", "o", "--eps", "-3"),
        ("imaging", "fit", "raw", "--seed", "-1"),
        ("reproduce", "contrast", "table-1", "--seed", "99999999999999999999"),
        ("reproduce", "contrast", "table-1", "--seed", "1_0"),
    ],
)
def test_numbers_on_the_command_line_have_a_range(command, arguments):
    code, out, err = command(*arguments)
    assert (code, out) == (2, "")
    last = err.strip().splitlines()[-1]
    assert f"argument {arguments[-2]}: must be " in last and last.endswith(f"Received: {arguments[-1]!r}")


@pytest.mark.parametrize("patch", [15, 1025, 100_000])
def test_patches_have_a_range(patch):
    with pytest.raises(ValueError, match=rf"patch must be from 16 to 1024\. Received: {patch}"):
        ManipulationDetector(None, patch)


@pytest.fixture(scope="module")
def model():
    return SmallOverFeat(weights="adversarial-overfeat.digits")


@pytest.fixture(scope="module")
def few():
    images, labels = digits("train")
    return images[:60].astype(np.float32), labels[:60]


@pytest.mark.parametrize("change", [lambda y: y + 1, lambda y: y - 1, lambda y: np.where(y == 3, 99, y)])
def test_labels_are_classes_of_the_model(model, few, change):
    images, labels = few
    with pytest.raises(ValueError, match=r"labels must be classes of the model, 0 to 9. Received: "):
        KNNDetector(model, "pool5", k=5, processing="none").fit((images, change(labels)))


@pytest.mark.parametrize("number", [0, -1, 2.5, True, "3", float("nan")])
@pytest.mark.parametrize("name", ["k", "dimensions", "batch_size"])
def test_counts_of_a_detector_are_counts(model, name, number):
    with pytest.raises(ValueError, match=rf"{name} must be an integer, at least 1\. Received: "):
        KNNDetector(model, "pool5", **{name: number})


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"k": 10**9}, r"k = 1000000000 of 60 rows"),
        ({"threshold": float("nan")}, "a threshold of nan"),
        ({"batch_size": 0}, "batch_size must be an integer"),
    ],
)
def test_a_saved_detector_says_numbers_in_range(model, few, tmp_path, memory, changed, wrong):
    KNNDetector(model, "pool5", k=5, processing="none").fit(few).save(tmp_path / "d")
    config = json.loads((tmp_path / "d" / "detector.json").read_text())
    (tmp_path / "d" / "detector.json").write_text(json.dumps(config | changed))
    with pytest.raises(ValueError, match=wrong):
        KNNDetector.load(tmp_path / "d", model)


def test_arrays_of_a_saved_detector_fit_its_index(model, few, tmp_path, memory):
    KNNDetector(model, "pool5", k=5, processing="none").fit(few).save(tmp_path / "d")
    _bomb(tmp_path / "d" / "arrays.npz", ["labels"], (10**10,))
    with pytest.raises(ValueError, match=r"Not a folder of a saved detector\. .*60 rows in the index"):
        KNNDetector.load(tmp_path / "d", model)


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("score = 3", "must name a function. Received: 'mine:score', a int"),
        ("def score(image) return 1", "SyntaxError"),
        ("raise RuntimeError('no GPU')", "RuntimeError: no GPU"),
        ("def score(): return 1", "TypeError"),
        ("def score(image): return float('nan')", "one finite number per picture"),
    ],
)
def test_a_users_detector_that_cannot_score_is_one_line(tmp_path, monkeypatch, command, code, wrong):
    from zoo.experiments.contrast.evaluation import load_detector

    (tmp_path / "mine.py").write_text(code + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    load_detector.cache_clear()
    smoke = ("reproduce", "contrast", "table-1", "--scale", "smoke", "--rows", "mine*")
    code, _, err = command(*smoke, "--detector", "mine:score")
    assert code == 2
    assert wrong in err and len(err.strip().splitlines()) == 1
    sys.modules.pop("mine", None)
    load_detector.cache_clear()


def test_a_detector_may_write_into_its_picture():
    from zoo.experiments.contrast import own_detector

    def score(image):
        image[:] = 0
        return float(image.mean())

    own_detector.scribbling = score
    picture = np.full((8, 8, 3), 5, np.uint8)
    picture.flags.writeable = False
    found = own_detector.of_function("zoo.experiments.contrast.own_detector:scribbling")([picture])
    del own_detector.scribbling
    assert found == [0.0] and picture.min() == 5


def test_a_network_as_before_reads_what_it_wrote(tmp_path, rng):
    network = ContrastNet(input_shape=(26, 26, 3))
    zoo.weights.pack(network, tmp_path / "w.npz", {"fc": 6})
    zoo.weights.load_into(network, tmp_path / "w.npz")
    assert np.isfinite(network.predict_on_batch(rng.random((1, 26, 26, 3), np.float32))).all()
