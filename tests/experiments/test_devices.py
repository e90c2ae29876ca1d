"""``--device`` and ``--devices``: what is refused, what a backend sees, and two devices with the numbers of one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from zoo.datasets.labelled import Labelled
from zoo.experiments.cli import devices, pretrain
from zoo.experiments.cli import main as cli
from zoo.experiments.train import fitting

JOB = Path(__file__).parent.parent / "devices_job.py"


@pytest.mark.slow  # most of a minute
def test_two_devices_give_the_losses_and_weights_of_one(tmp_path):
    subprocess.run([sys.executable, str(JOB), str(tmp_path)], check=True, timeout=280, capture_output=True)
    one, two = (dict(np.load(tmp_path / f"{name}.npz")) for name in ("one", "two"))
    assert set(one) == set(two)
    for training in ("plain", "shorter", "workflow", "steganographer"):
        losses = one[f"{training} loss"]
        assert len(losses) == 2 and abs(losses[0] - losses[1]) > 1e-4 * losses[0], training
    for name, expected in one.items():
        np.testing.assert_allclose(two[name], expected, rtol=1e-5, atol=1e-5, err_msg=name)


def test_what_cannot_be_divided_is_refused_in_one_line(monkeypatch):
    examples = np.zeros((10, 3), np.float32)
    monkeypatch.setattr(fitting, "replicas", lambda: 3)
    with (
        pytest.raises(ValueError, match=r"divisible by the number of devices, 3. Received: 4 examples, 2 in the last"),
        fitting.fed(Labelled(examples, examples, 4), 0, 1),
    ):
        pass
    monkeypatch.setattr(fitting, "replicas", lambda: 11)
    with pytest.raises(ValueError, match=r"for each of 11 devices is needed. Received: 10"):
        fitting._divided_arrays((examples, examples), 4)


def test_each_device_has_equally_many_examples(monkeypatch):
    examples = np.arange(19, dtype=np.float32)
    monkeypatch.setattr(fitting, "replicas", lambda: 2)
    with fitting.fed(Labelled(examples, examples, 4), 0, 1) as data:
        sizes = [len(x) for x, _ in data]
    assert sizes == [4, 4, 4, 4, 2]
    assert [len(x) for x, _ in fitting._divided_arrays((examples, examples), 5)] == [4, 4, 4, 4, 2]


@pytest.mark.parametrize("text", ["gpu", "GPU:0", "cuda:0", "gpu:-1", "cpu:0", "gpu:0 "])
def test_a_device_is_the_cpu_or_a_gpu_with_a_number(command, text):
    code, out, err = command("contrast", "detect", "photo.png", "--device", text)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].endswith(f"must be cpu, or a GPU as in gpu:0. Received: {text!r}")


def test_a_gpu_that_is_not_there(command, monkeypatch):
    monkeypatch.setattr(devices, "_a_gpu_is_there", lambda: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    code, out, err = command("reproduce", "contrast", "table-1", "--scale", "smoke", "--device", "gpu:7")
    assert (code, out) == (2, "")
    backend = keras.backend.backend()
    assert err == f"zoo: --device must be cpu or a GPU that {backend} finds; `zoo doctor` lists them. Received: gpu:7\n"
    assert "CUDA_VISIBLE_DEVICES" not in os.environ


def test_the_backend_sees_one_gpu_of_those_that_are_shown(monkeypatch):
    monkeypatch.setattr(devices, "_a_gpu_is_there", lambda: True)
    seen = {}
    for shown in (None, "5,3", ""):
        if shown is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)
        for name in ("cpu", "gpu:1"):
            try:
                with devices.on_device(name):
                    seen[shown, name] = os.environ["CUDA_VISIBLE_DEVICES"]
            except ValueError as error:
                seen[shown, name] = str(error).partition(";")[0]
            assert os.environ.get("CUDA_VISIBLE_DEVICES") == shown
    assert seen == {
        (None, "cpu"): "",
        (None, "gpu:1"): "1",
        ("5,3", "cpu"): "",
        ("5,3", "gpu:1"): "3",
        ("", "cpu"): "",
        ("", "gpu:1"): "--device must be cpu or a GPU that tensorflow finds with CUDA_VISIBLE_DEVICES=''",
    }


@pytest.mark.parametrize("extra", [(), ("--devices", "all")])
def test_several_workers_are_refused_before_anything_starts(tmp_path, command, monkeypatch, extra):
    cluster = {"chief": ["a:1"], "worker": ["b:1", "c:1"], "ps": ["d:1"]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 0}}))
    code, out, err = command("pretrain", "contrast", "--scale", "smoke", "--folder", tmp_path / "runs", *extra)
    assert (code, out) == (2, "")
    assert err.startswith("zoo: Training needs a single process") and len(err.splitlines()) == 1
    assert err.endswith("Received: TF_CONFIG with 3 workers\n")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["{", "[]", '{"cluster": 3}', '{"cluster": {"worker": 2}}'])
def test_a_tf_config_that_cannot_be_read(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=r"TF_CONFIG must be as TensorFlow describes it. Received: "):
        devices.check_one_worker()


@pytest.mark.parametrize("text", ["", "{}", '{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}}'])
def test_one_worker_trains(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    devices.check_one_worker()


def test_all_devices_are_for_tensorflow(tmp_path, command, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    code, out, err = command("pretrain", "contrast", "--scale", "smoke", "--devices", "all", "--folder", tmp_path / "r")
    assert (code, out, err) == (2, "", "zoo: --devices all needs KERAS_BACKEND=tensorflow. Received: jax\n")
    assert not list(tmp_path.iterdir())


def test_one_device_is_enough(capsys):
    import tensorflow as tf

    with devices.on_all_devices():
        assert tf.distribute.has_strategy() is False
    assert capsys.readouterr().err == "zoo: --devices all: CPU:0\n"


def test_one_device_or_all(command):
    code, _, err = command("pretrain", "contrast", "--device", "cpu", "--devices", "all")
    assert code == 2
    assert "--devices: not allowed with argument --device" in err


def test_weights_say_that_several_devices_trained_them():
    options = cli._parser().parse_args(["pretrain", "contrast", "--devices", "all"])
    assert pretrain.training_command(options) == "zoo pretrain contrast --scale laptop --devices all --seed 0"
