"""Run H-net and R-net and train them on the backend of KERAS_BACKEND: ``steganography_backend_job.py OUT.npz``.

OUT gets what the networks return for the parity test's images, and the losses of three steps.
"""

import json
import sys

import keras
import numpy as np
from make_steganography import FILE, drawn, image

from zoo.steganography import HNet, RNet, Steganographer, separate_optimizers
from zoo.steganography.pytorch import load_pytorch
from zoo.steganography.steganographer import adam


def main(target: str) -> None:
    """Write the file."""
    networks = {"h": HNet((32, 32, 3)), "r": RNet((32, 32, 3))}
    with np.load(FILE) as stored:
        for key, network in networks.items():
            state = json.loads(str(stored[f"{key}_state"]))
            load_pytorch(network, {name: drawn(label, tuple(shape)) for name, label, shape in state})
    cover, secret = image("cover", 1, 32, 32, 3), image("secret", 1, 32, 32, 3)
    out = {"backend": np.array(keras.backend.backend()), "container": networks["h"].predict_on_batch([cover, secret])}
    out["revealed"] = networks["r"].predict_on_batch(out["container"])
    model = Steganographer(networks["h"], networks["r"], quantize=True)
    model.compile(separate_optimizers(adam(1e-4, name="hiding"), adam(1e-4, name="revealing")))
    history = model.fit({"cover": cover, "secret": secret}, epochs=3, verbose=0).history
    out["losses"] = np.array([history[name] for name in ("loss", "container_loss", "reveal_loss")])
    np.savez(target, **out)


if __name__ == "__main__":
    main(sys.argv[1])
