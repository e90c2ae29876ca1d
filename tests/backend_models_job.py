"""Every network, and the layers that have no such test of their own, on the backend that KERAS_BACKEND names.

``backend_models_job.py FOLDER``: on TensorFlow it draws weights and inputs into FOLDER, elsewhere it reads them. What
comes out goes to ``FOLDER/<backend>.npz``.
"""

import sys
from pathlib import Path

import keras
import numpy as np

from zoo.adversarial import InceptionV3, OverFeatFast, SmallInception, SmallOverFeat
from zoo.contrast import ContrastNet
from zoo.hyperimage import (
    CNNIQA,
    DeepEndToEnd,
    ForgeryChannel,
    ForgeryEndToEnd,
    ForgeryStageTwo,
    LIVEStageTwo,
    RankingNet,
    ShallowEndToEnd,
    SyntheticPatchNet,
    SyntheticStageTwo,
    TIDStageTwo,
)
from zoo.imaging import FAN, DNet, INet, UNet
from zoo.imaging.channel import DistributionChannel
from zoo.imaging.manipulations import GaussianFilter, Resample, Sharpen
from zoo.steganography import BalujaNet, HNet, RNet

IMAGE = (64, 64, 3)
NETWORKS = {
    "ContrastNet": lambda: ContrastNet(base_filters=8),
    "ContrastNet, paper": lambda: ContrastNet(base_filters=8, fidelity="paper"),
    "SmallOverFeat": SmallOverFeat,
    "SmallInception": SmallInception,
    "OverFeatFast": lambda: OverFeatFast(classes=7, widths=(8, 16, 24, 32, 32, 48, 64)),
    "InceptionV3": lambda: InceptionV3(classes=7, auxiliary=True),
    "HNet": HNet,
    "RNet": RNet,
    "BalujaNet, hiding": lambda: BalujaNet().hiding,
    "BalujaNet, revealing": lambda: BalujaNet().revealing,
    "INet": lambda: INet(clip=False),
    "UNet": lambda: UNet(clip=False),
    "DNet": lambda: DNet(clip=False),
    "DNet, paper": lambda: DNet(clip=False, fidelity="paper"),
    "FAN": lambda: FAN(IMAGE),
    "FAN, paper": lambda: FAN(IMAGE, fidelity="paper"),
    "CNNIQA": CNNIQA,
    "LIVEStageTwo": LIVEStageTwo,
    "TIDStageTwo": TIDStageTwo,
    "SyntheticPatchNet": SyntheticPatchNet,
    "SyntheticStageTwo": SyntheticStageTwo,
    "ForgeryStageTwo": ForgeryStageTwo,
    "RankingNet": lambda: RankingNet(ForgeryChannel(width=0.25)),
    "ForgeryEndToEnd": lambda: ForgeryEndToEnd(width=0.25),
    "ShallowEndToEnd": ShallowEndToEnd,
    "DeepEndToEnd": DeepEndToEnd,
}
UP_TO_255 = {"SmallOverFeat", "SmallInception", "OverFeatFast", "InceptionV3"}
LAYERS = {
    f"{kind.__name__}, {fidelity}": kind(fidelity=fidelity)
    for kind in (Sharpen, GaussianFilter, Resample, DistributionChannel)
    for fidelity in ("original", "paper")
}


def main(folder: Path) -> None:
    """Write what every network and layer gives."""
    first = keras.backend.backend() == "tensorflow"
    found = {}
    for number, (name, build) in enumerate(NETWORKS.items()):
        keras.utils.set_random_seed(number)
        model = build()
        path = folder / f"{number}.npz"
        if first:
            rng = np.random.default_rng(number)
            shapes = [(2, *(64 if n is None else n for n in tensor.shape[1:])) for tensor in model.inputs]
            inputs = [rng.random(shape, np.float32) * (255 if name in UP_TO_255 else 1) for shape in shapes]
            np.savez(path, *inputs, **{f"w{i}": w for i, w in enumerate(model.get_weights())})
        data = np.load(path)
        model.set_weights([data[f"w{i}"] for i in range(len(model.weights))])
        inputs = [data[f"arr_{i}"] for i in range(len(model.inputs))]
        outputs = model.predict_on_batch(inputs if len(inputs) > 1 else inputs[0])
        for i, output in enumerate(outputs if isinstance(outputs, (list, tuple)) else [outputs]):
            found[f"{name} {i}"] = np.asarray(output)
        keras.backend.clear_session()
    images = np.random.default_rng(99).random((2, *IMAGE), np.float32)
    for name, layer in LAYERS.items():
        found[name] = keras.ops.convert_to_numpy(layer(images))
    np.savez(folder / f"{keras.backend.backend()}.npz", **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
