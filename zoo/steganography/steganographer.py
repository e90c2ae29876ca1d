"""Hiding and revealing trained together (Pham Van et al. 2019, Figure 1 and equation 1), with an optimiser for each."""

from typing import Any, Literal

import keras
from keras import ops

from zoo.psnr import batch_psnr
from zoo.replicas import share_of_loss
from zoo.steganography.eight_bit import EightBit

Loss = Literal["mse", "ssim"]


@keras.saving.register_keras_serializable(package="forensics_zoo")
class Steganographer(keras.Model):
    """A hiding and a revealing network as one model: the loss is L(C, H) + weight * L(S, O) (equation 1).

    The gradient of the second term passes through the revealing network into the hiding network, which makes it hide
    the secret. Call or ``fit`` the model on dicts of ``"cover"`` and ``"secret"``, float RGB (batch, height, width, 3)
    in [0, 1], without targets. It returns a dict of ``"container"`` (what would be saved) and ``"revealed"``. Logs:
    ``loss``, ``container_loss`` and ``reveal_loss`` (the latter not yet weighted), and the means over images of both
    PSNRs in dB, ``container_psnr`` and ``reveal_psnr``.

    >>> model = Steganographer(HNet(), RNet(), weight=0.75, quantize=True)
    >>> model.compile(separate_optimizers(Adam(1e-3), Adam(1e-3)))
    >>> pairs = HidingPairs(steps=100)
    >>> model.fit(pairs, epochs=10, shuffle=False, callbacks=[pairs.follow()])

    Args:
        hiding: From ``[cover, secret]`` to a container; its layers' names begin with ``h_net_``, or with another
            prefix that ``separate_optimizers`` is told.
        revealing: From a container to the revealed image.
        weight: lambda of equation 1; 0.5, 0.75 and 1 in the paper.
        loss: ``"mse"`` over values in [0, 1] (the paper's choice), or ``"ssim"``: 1 - SSIM.
        quantize: Clamp and round the container to 8 bits, as a file does, with a straight-through gradient.
        channel: Any Keras layer that stands between the two networks: ``DifferentiableJPEG``,
            ``keras.layers.GaussianNoise``, a ``Sequential`` of several. It gets the container as saved, and
            ``training``.
        name: Model name.

    Raises:
        ValueError: For a weight that is not above 0, or an unknown loss.
    """

    def __init__(
        self,
        hiding: keras.Model,
        revealing: keras.Model,
        weight: float = 0.75,
        loss: Loss = "mse",
        quantize: bool = False,
        channel: keras.layers.Layer | None = None,
        name: str = "steganographer",
    ) -> None:
        super().__init__(name=name)
        if not weight > 0:
            raise ValueError(f"weight must be above 0. Received: {weight}")
        if loss not in ("mse", "ssim"):
            raise ValueError(f"loss must be 'mse' or 'ssim'. Received: {loss!r}")
        self.hiding, self.revealing, self.channel = hiding, revealing, channel
        self.weight, self.loss_name, self.quantize = float(weight), loss, bool(quantize)
        self.eight_bit = EightBit(name="eight_bit") if quantize else None
        self.container_loss = keras.metrics.Mean(name="container_loss")
        self.reveal_loss = keras.metrics.Mean(name="reveal_loss")
        self.container_psnr = keras.metrics.Mean(name="container_psnr")
        self.reveal_psnr = keras.metrics.Mean(name="reveal_psnr")
        self.build({"cover": hiding.output.shape})

    def build(self, input_shape: dict) -> None:
        """Build the channel; both networks are built."""
        if self.channel is not None and not self.channel.built:
            self.channel.build(input_shape["cover"])
        self.built = True

    def call(self, inputs: dict[str, Any], training: bool | None = None) -> dict[str, Any]:
        """Hide and reveal; the arguments are described at the class."""
        container = self.hiding([inputs["cover"], inputs["secret"]], training=training)
        if self.eight_bit is not None:
            container = self.eight_bit(container)
        received = container
        if self.channel is not None:
            takes_training = getattr(self.channel, "_call_has_training_arg", False)
            received = self.channel(container, training=training) if takes_training else self.channel(container)
        return {"container": container, "revealed": self.revealing(received, training=training)}

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Return equation 1, a scalar, and log its terms and both PSNRs; ``y`` and ``sample_weight`` are not used."""
        container_loss = self._distance(x["cover"], y_pred["container"])
        reveal_loss = self._distance(x["secret"], y_pred["revealed"])
        batch = ops.shape(x["cover"])[0]
        self.container_loss.update_state(container_loss, sample_weight=batch)
        self.reveal_loss.update_state(reveal_loss, sample_weight=batch)
        self.container_psnr.update_state(batch_psnr(x["cover"], y_pred["container"]))
        self.reveal_psnr.update_state(batch_psnr(x["secret"], y_pred["revealed"]))
        return share_of_loss(container_loss + self.weight * reveal_loss)

    def _distance(self, truth: Any, image: Any) -> Any:
        truth, image = ops.cast(truth, "float32"), ops.cast(image, "float32")
        if self.loss_name == "mse":
            return ops.mean(ops.square(truth - image))
        return 1.0 - ops.mean(ops.image.ssim(truth, image, max_val=1.0))

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        serialize = keras.saving.serialize_keras_object
        return {
            "hiding": serialize(self.hiding),
            "revealing": serialize(self.revealing),
            "weight": self.weight,
            "loss": self.loss_name,
            "quantize": self.quantize,
            "channel": None if self.channel is None else serialize(self.channel),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "Steganographer":
        """Build the model of ``get_config``."""
        config = dict(config)
        for part in ("hiding", "revealing", "channel"):
            if config[part] is not None:
                config[part] = keras.saving.deserialize_keras_object(config[part], custom_objects=custom_objects)
        return cls(**config)


def separate_optimizers(
    hiding: keras.optimizers.Optimizer, revealing: keras.optimizers.Optimizer, prefix: str = "h_net_"
) -> keras.optimizers.MultiOptimizer:
    """Return an optimiser for each network, the paper's training scheme (section I and IV).

    ``hiding`` updates the variables of layers whose names begin with ``prefix``, ``revealing`` all others. In one
    backward pass the revealing network only sees weight * dL(S, O), and Adam does not depend on this scale. So two Adam
    optimisers with equal settings act like one; only different rates and schedules matter.
    """
    optimizers = keras.optimizers.OptimizerMap(revealing, {f"{prefix}.*": hiding})
    return keras.optimizers.MultiOptimizer(optimizers)


def adam(learning_rate: float = 1e-3, beta_1: float = 0.5, name: str = "adam") -> keras.optimizers.Adam:
    """Adam with PyTorch's epsilon, 1e-8; the rate and beta_1 of the public relative, the paper gives neither.

    Keras adds epsilon before the bias correction and PyTorch after it, so the first steps are not identical.
    """
    return keras.optimizers.Adam(learning_rate, beta_1=beta_1, epsilon=1e-8, name=name)
