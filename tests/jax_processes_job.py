"""Run in a process of its own by datasets/test_share.py: train INet on JAX, alone or as one of several processes.

argv: what is written, an .npz of losses and weights; the number of this process, how many there are, and a port.
"""

import sys

import keras
import numpy as np

from zoo.datasets.developed import Developed, DevelopedPatches
from zoo.datasets.keyed_batches import Share
from zoo.imaging import INet


def pictures() -> list[Developed]:
    rng = np.random.default_rng(0)
    made = []
    for number in range(3):
        planes, target = (rng.integers(0, 65536, shape, np.uint16) for shape in ((24, 24, 4), (48, 48, 3)))
        made.append(Developed(planes, target, f"picture {number}", np.eye(3), "GBRG"))
    return made


def main(path: str, process: int, processes: int, port: str) -> None:
    if processes > 1:
        keras.distribution.initialize(f"127.0.0.1:{port}", processes, process)
        keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    keras.utils.set_random_seed(0)
    model = INet(clip=False)
    # An epsilon that makes the steps depend on the size of the gradient: a loss that is scaled wrongly shows.
    model.compile(keras.optimizers.Adam(1e-3, epsilon=1e-3), "mse")
    batches = Share(DevelopedPatches(pictures(), 3, 4, 8), process, processes)
    history = model.fit(batches, epochs=2, shuffle=False, verbose=0, callbacks=[batches.follow()]).history
    found = {f"weight {number}": np.asarray(weight) for number, weight in enumerate(model.get_weights())}
    np.savez(path, loss=history["loss"], **found)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
