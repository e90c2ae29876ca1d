"""Networks, layers, gradients and the joint loss on the backend that KERAS_BACKEND names.

Layers that have such a test of their own are not repeated. ``backend_models_job.py FOLDER``: on TensorFlow it draws
weights and inputs of the networks into FOLDER, elsewhere it reads them; all results go to ``FOLDER/<backend>.npz``.
"""

import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo.adversarial import EfficientNetLite0, InceptionV3, OverFeatFast, SmallInception, SmallOverFeat
from zoo.adversarial.attacks import fgsm
from zoo.adversarial.gradients import cross_entropy, logits_model, value_and_gradient
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
    VGGPatchNet,
    last_hidden,
)
from zoo.imaging import (
    FAN,
    DistributionChannel,
    DNet,
    GaussianFilter,
    ImagingWorkflow,
    INet,
    Resample,
    Sharpen,
    UNet,
    default_manipulations,
)
from zoo.layers import ConstrainedConv2D, JPEGAugmentation, ResidualFilter, jpeg, quantisation_tables
from zoo.steganography import BalujaNet, HNet, RNet

IMAGE = (64, 64, 3)
NETWORKS = {
    "ContrastNet": lambda: ContrastNet(base_filters=8),
    "ContrastNet, paper": lambda: ContrastNet(base_filters=8, fidelity="paper"),
    "SmallOverFeat": SmallOverFeat,
    "SmallInception": SmallInception,
    "OverFeatFast": lambda: OverFeatFast(classes=7, widths=(8, 16, 24, 32, 32, 48, 64)),
    "InceptionV3": lambda: InceptionV3(classes=7, auxiliary=True),
    "EfficientNetLite0": lambda: EfficientNetLite0(classes=7),
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
    # What a second stage reads of it; the one output after it is a small sum of large terms of either sign.
    "VGGPatchNet": lambda: last_hidden(VGGPatchNet()),
}
UP_TO_255 = {"SmallOverFeat", "SmallInception", "OverFeatFast", "InceptionV3", "EfficientNetLite0", "VGGPatchNet"}
LAYERS = {
    f"{kind.__name__}, {fidelity}": kind(fidelity=fidelity)
    for kind in (Sharpen, GaussianFilter, Resample, DistributionChannel)
    for fidelity in ("original", "paper")
}
LAYERS |= {
    f"ConstrainedConv2D, {mode}, {padding}": ConstrainedConv2D(4, mode=mode, padding=padding)
    for mode in ("reparametrised", "projected")
    for padding in ("symmetric", "valid")
}
LAYERS |= {
    # Its draws, also of whether an image is compressed at all, are a function of the seed alone.
    "JPEGAugmentation": lambda x: JPEGAugmentation((20, 90), rate=0.5)(np.uint8(255 * np.vstack([x, x])), seed=5),
    "jpeg": lambda x: jpeg(x, np.float32([30.5, 90])),
    "quantisation_tables": lambda x: quantisation_tables(np.float32([30.5, 90])),
}


def networks(folder: Path) -> dict[str, np.ndarray]:
    """What every network gives."""
    found = {}
    for number, (name, build) in enumerate(NETWORKS.items()):
        keras.utils.set_random_seed(number)
        model = build()
        path = folder / f"{number}.npz"
        if keras.backend.backend() == "tensorflow":
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
    return found


def updated_kernels(images: np.ndarray) -> dict[str, np.ndarray]:
    """Kernels after two updates that the constraint follows, one of a layer in mode "projected"."""
    kernel = np.random.default_rng(1).random((5, 5, 3, 3), np.float32)
    layers = {
        "ResidualFilter": keras.layers.Conv2D(3, 5, use_bias=False, kernel_constraint=ResidualFilter(2)),
        "ConstrainedConv2D": ConstrainedConv2D(3, mode="projected"),
    }
    for layer in layers.values():
        model = keras.Sequential([keras.Input(IMAGE), layer, keras.layers.GlobalMaxPooling2D()])
        layer.set_weights([kernel])
        model.compile(keras.optimizers.SGD(0.01), "mse")
        model.fit(images, np.ones((2, 3)), epochs=2, shuffle=False, verbose=0)
    return {f"{name}, updated": np.asarray(layer.get_weights()[0]) for name, layer in layers.items()}


def attack() -> dict[str, np.ndarray]:
    """Loss and gradient of a classifier by its images, and a step of FGSM."""
    model = SmallOverFeat(weights="adversarial-overfeat.digits")
    images = np.random.default_rng(2).uniform(20, 230, (3, *model.input_shape[1:])).astype(np.float32)
    logits = logits_model(model)
    losses, gradient = value_and_gradient(lambda x, y: cross_entropy(logits(x, training=False), y, 0.1))(
        images, np.array([1, 5, 9])
    )
    return {"losses by class": losses, "gradient by images": gradient, "fgsm": fgsm(model, images, eps=16)}


def joint_loss(images: np.ndarray) -> dict[str, np.ndarray]:
    """Joint loss of camera network and FAN on one batch, what a training logs of it, and gradients by the planes."""
    nip = INet(weights="inet-birch.photographs", clip=False)
    fan = FAN((32, 32, 3), weights="fan-unet-0.1-margin16-birch.photographs")  # the channel halves a picture
    workflow = ImagingWorkflow(nip, fan, default_manipulations(), nip_weight=0.001)
    rng = np.random.default_rng(3)
    planes, weights = rng.random((2, 32, 32, 4), np.float32), rng.normal(size=(10, 32, 32, 3))

    def loss(x: Any, y: Any) -> Any:
        return workflow.compute_loss(x, y, workflow(x, training=False), training=False)

    def received(x: Any, w: Any) -> Any:
        versions = workflow.versions(workflow.nip(x))
        return keras.ops.sum(w * workflow.channel(keras.ops.concatenate(versions)), axis=(1, 2, 3))

    found = dict(zip(("joint loss", "joint gradient"), value_and_gradient(loss)(planes, images), strict=True))
    # The NIP's own loss outweighs the rest in that gradient; here is what comes back through all that the FAN receives.
    found["received"], found["received, gradient"] = value_and_gradient(received)(planes, weights)
    workflow.compile(keras.optimizers.SGD(1e-9))
    logs = workflow.fit(planes, images, verbose=0).history
    return found | {f"workflow, {name}": np.float32(values[0]) for name, values in logs.items()}


def main(folder: Path) -> None:
    """Write what everything gives."""
    found = networks(folder)
    images = np.random.default_rng(99).random((2, *IMAGE), np.float32)
    for name, layer in LAYERS.items():
        found[name] = keras.ops.convert_to_numpy(layer(images))
    found |= updated_kernels(images) | attack() | joint_loss(images)
    np.savez(folder / f"{keras.backend.backend()}.npz", **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
