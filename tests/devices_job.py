"""Run in a process of its own by experiments/test_devices.py: train on one CPU, and on two that share its work.

argv: a folder. Each training is run by `fitting.fit` or as the family runs it, in ``folder/<devices>/<name>``; losses
and weights go to ``folder/<devices>.npz``.
"""

import contextlib
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from zoo.datasets.developed import Developed, DevelopedPatches
from zoo.datasets.labelled import Labelled
from zoo.experiments.cli.devices import on_all_devices
from zoo.experiments.steganography import training as steganography
from zoo.experiments.train.fitting import fit
from zoo.imaging import ImagingWorkflow, INet
from zoo.steganography import Steganographer, separate_optimizers

ADAM = {"learning_rate": 1e-3, "epsilon": 1e-3}
"""An epsilon that makes the steps depend on the size of the gradient: a loss that is scaled wrongly shows."""


def pictures() -> list[Developed]:
    rng = np.random.default_rng(0)
    made = []
    for number in range(3):
        planes, target = (rng.integers(0, 65536, shape, np.uint16) for shape in ((24, 24, 4), (48, 48, 3)))
        made.append(Developed(planes, target, f"picture {number}", np.eye(3), "GBRG"))
    return made


def small(name: str, channels: int) -> keras.Model:
    image = keras.Input((None, None, channels))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="tanh", name=f"{name}1")(image)
    return keras.Model(image, keras.layers.Conv2D(3, 1, activation="sigmoid", name=f"{name}2")(x))


def plain(folder: Path) -> keras.Model:
    model = INet(clip=False)
    model.compile(keras.optimizers.Adam(**ADAM), "mse")
    batches = DevelopedPatches(pictures(), 3, 4, 8)
    fixed = DevelopedPatches(pictures(), 1, 5, 8, seed=1).batch(0, 0)
    fixed = fixed[0][:4], fixed[1][:4]
    return fit(model, batches, 2, folder, "plain", validation_data=fixed, validation_batch_size=1)


def shorter(folder: Path) -> keras.Model:
    """The last batch of an epoch has two examples of four."""
    rng = np.random.default_rng(1)
    examples, labels = rng.random((10, 3)).astype(np.float32), rng.random((10, 1)).astype(np.float32)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(**ADAM), "mse")
    return fit(model, Labelled(examples, labels, 4, 0), 2, folder, "shorter")


def workflow(folder: Path) -> keras.Model:
    fan = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(5, 3), keras.layers.GlobalMaxPooling2D()])
    fan.add(keras.layers.Softmax())
    model = ImagingWorkflow(INet(clip=False), fan, channel=keras.layers.Identity(), nip_weight=1e-4)
    model.compile(keras.optimizers.Adam(**ADAM))
    batches = DevelopedPatches(pictures(), 2, 4, 16)
    fixed = DevelopedPatches(pictures(), 1, 4, 16, seed=1).batch(0, 0)
    return fit(model, batches, 2, folder, "workflow", validation_data=fixed, validation_batch_size=2)


def steganographer(folder: Path) -> keras.Model:
    cover, secret = keras.Input((None, None, 3)), keras.Input((None, None, 3))
    both = keras.layers.Concatenate()([cover, secret])
    hiding = keras.Model([cover, secret], small("h_net_", 6)(both))
    model = Steganographer(hiding, small("r_net_", 3), quantize=True)
    optimizers = keras.optimizers.Adam(**ADAM, name="hiding"), keras.optimizers.SGD(0.1, name="revealing")
    model.compile(separate_optimizers(*optimizers))
    scale = steganography.Scale(2, 2, 4, 16, recipe="relative", precision="float32", validation_steps=1)
    return steganography.fit(model, scale, folder, "steganographer", draw=scene, validation=scene)


def scene(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.integers(0, 256, (size, size, 3), np.uint8)


def main(folder: Path) -> None:
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    for devices, scope in (("one", contextlib.nullcontext), ("two", on_all_devices)):
        found = {}
        with scope():
            for train in (plain, shorter, workflow, steganographer):
                keras.utils.set_random_seed(0)
                model = train(folder / devices)
                for key, values in model.history.history.items():
                    found[f"{train.__name__} {key}"] = np.array(values)
                for number, weight in enumerate(model.get_weights()):
                    found[f"{train.__name__} weight {number}"] = weight
        np.savez(folder / f"{devices}.npz", **found)


main(Path(sys.argv[1]))
