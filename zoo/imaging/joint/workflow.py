"""Camera network, manipulations, channel and FAN as one model (Korus and Memon 2019, section 4)."""

from collections.abc import Sequence
from typing import Any, Literal

import keras
from keras import ops

from zoo.fidelity import Fidelity, check_fidelity
from zoo.imaging.joint.channel import DistributionChannel
from zoo.imaging.joint.fan_losses import fan_loss as loss_by_name
from zoo.imaging.joint.manipulations import default_manipulations
from zoo.psnr import batch_psnr
from zoo.replicas import share_of_loss

Mode = Literal["F", "F+N"]


@keras.saving.register_keras_serializable(package="forensics_zoo")
class ImagingWorkflow(keras.Model):
    """NIP -> manipulations -> channel -> FAN, with the joint loss L = L_fan + lambda L_nip (equation 2).

    Every picture that the imaging pipeline (NIP) develops passes the channel unchanged and after each manipulation. The
    forensic network (FAN) predicts the manipulation. Trained by plain ``compile`` and ``fit`` on (planes, target)
    batches:

    >>> workflow = ImagingWorkflow(UNet(weights=..., clip=False), FAN(), nip_weight=0.1)
    >>> workflow.compile(keras.optimizers.Adam(1e-4, epsilon=1e-8))
    >>> patches = DevelopedPatches(...)
    >>> schedule = keras.callbacks.LearningRateScheduler(paper_rate)
    >>> workflow.fit(patches, epochs=1000, shuffle=False, callbacks=[patches.follow(), schedule])

    It logs ``fan_loss``, ``nip_loss`` (both unweighted), ``accuracy`` and ``psnr`` (of the clipped picture, in dB, mean
    over pictures), saves as ``.keras``, and resumes.

    Args:
        nip: Any Keras model from RAW planes (batch, h, w, 4) to RGB (batch, 2h, 2w, 3) about [0, 1]. Its output should
            not be clipped (``clip=False``), because L_nip uses the unclipped output; the workflow clips the picture for
            the channel.
        fan: Any Keras model from RGB patches to softmax probabilities of the classes, one more than manipulations.
        manipulations: Keras layers, RGB to RGB of the same size; None for the paper's four. Class 0 is "native".
        channel: Keras layer applied to all versions; None for the paper's, ``keras.layers.Identity()`` for no channel.
        mode: ``"F"``: the FAN alone is trained, and ``nip.trainable`` set to False. ``"F+N"``: both.
        nip_weight: lambda; without effect in mode F.
        fan_loss: ``"double_softmax"`` (the original) or ``"cross_entropy"``, see ``fan_losses``.
        margin: Pixels to crop on each side of the developed patch before the channel; 0 in the paper. A NIP that pads
            with zeros can mark the border of a training patch for the FAN; the inside of a photograph has no such
            border.
        name: Model name.

    Call arguments:
        planes: float (batch, h, w, 4), the NIP's input.

    Output:
        A dict: ``"rgb"``, what the NIP developed, not clipped, float32 (batch, 2h, 2w, 3); and ``"probabilities"``,
        (batch, classes, classes): for each picture the true class, then the FAN's output.

    Raises:
        ValueError: For an unknown mode or loss, a weight or margin below 0, or a FAN with another number of classes.
    """

    def __init__(
        self,
        nip: keras.Model,
        fan: keras.Model,
        manipulations: Sequence[keras.layers.Layer] | None = None,
        channel: keras.layers.Layer | None = None,
        mode: Mode = "F+N",
        nip_weight: float = 0.1,
        fan_loss: str = "double_softmax",
        margin: int = 0,
        name: str = "imaging_workflow",
    ) -> None:
        super().__init__(name=name)
        if mode not in ("F", "F+N"):
            raise ValueError(f"mode must be 'F' or 'F+N'. Received: {mode!r}")
        if not nip_weight >= 0:
            raise ValueError(f"nip_weight must be 0 or above. Received: {nip_weight}")
        if margin < 0:
            raise ValueError(f"margin must be 0 or above. Received: {margin}")
        self._loss_of = loss_by_name(fan_loss)
        self.manipulations = list(default_manipulations() if manipulations is None else manipulations)
        if fan.output_shape[-1] != self.classes:
            raise ValueError(
                f"fan must have {self.classes} classes: native and one for each manipulation. "
                f"Received: {fan.output_shape[-1]}"
            )
        self.nip, self.fan = nip, fan
        self.channel = DistributionChannel(name="channel") if channel is None else channel
        self.mode, self.nip_weight, self.fan_loss_name, self.margin = mode, float(nip_weight), fan_loss, margin
        self.nip.trainable = mode == "F+N"
        self.trackers = {key: keras.metrics.Mean(name=key) for key in ("fan_loss", "nip_loss", "accuracy", "psnr")}

    @property
    def classes(self) -> int:
        """Number of classes: native and one for each manipulation."""
        return 1 + len(self.manipulations)

    @property
    def class_names(self) -> tuple[str, ...]:
        """``"native"`` and the manipulations' names."""
        return ("native", *(layer.name for layer in self.manipulations))

    def build(self, input_shape: tuple) -> None:
        """Build what was not yet: a user's own layers."""
        rgb = self.nip.compute_output_shape(input_shape)
        if any(side is not None and side <= 2 * self.margin for side in rgb[1:3]):
            raise ValueError(f"margin {self.margin} needs sides of more than {2 * self.margin} pixels. Received: {rgb}")
        for layer in (*self.manipulations, self.channel):
            if not layer.built:
                layer.build(rgb)
        self.built = True

    def call(self, planes: Any, training: bool | None = None) -> dict[str, Any]:
        """Develop, manipulate, distribute and analyse; described at the class."""
        joint = self.mode == "F+N"
        rgb = ops.cast(self.nip(planes, training=bool(training) and joint), "float32")
        if not joint:
            rgb = ops.stop_gradient(rgb)
        inner = slice(self.margin, -self.margin or None)
        received = self.channel(ops.concatenate(self.versions(rgb[:, inner, inner]), axis=0))
        found = self.fan(received, training=training)
        found = ops.reshape(found, (self.classes, -1, self.classes))
        return {"rgb": rgb, "probabilities": ops.transpose(found, (1, 0, 2))}

    def versions(self, rgb: Any) -> list[Any]:
        """Return the clipped picture and its manipulated versions, each (batch, height, width, 3), in class order."""
        native = ops.clip(rgb, 0.0, 1.0)
        return [native, *(ops.cast(layer(native), "float32") for layer in self.manipulations)]

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """Return equation 2a, a scalar. ``y`` is the wanted RGB, float [0, 1]; ``sample_weight`` is not used."""
        loss = self._fan_loss(y_pred)
        if self.mode == "F+N":
            loss = loss + self.nip_weight * _nip_loss(y, y_pred)
        return share_of_loss(loss)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Count losses, accuracy and PSNR of a batch and return the means so far."""
        probabilities = y_pred["probabilities"]
        per_patch_accuracy = ops.equal(ops.argmax(probabilities, axis=-1), self._labels(probabilities))
        found = {
            "fan_loss": self._fan_loss(y_pred),
            "nip_loss": _nip_loss(y, y_pred),
            "accuracy": ops.mean(ops.cast(per_patch_accuracy, "float32")),
            "psnr": ops.mean(batch_psnr(y, y_pred["rgb"])),
        }
        batch = ops.shape(probabilities)[0]
        for key, value in found.items():
            self.trackers[key].update_state(value, sample_weight=batch)
        return self.get_metrics_result()

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        serialize = keras.saving.serialize_keras_object
        return {
            "nip": serialize(self.nip),
            "fan": serialize(self.fan),
            "manipulations": [serialize(layer) for layer in self.manipulations],
            "channel": serialize(self.channel),
            "mode": self.mode,
            "nip_weight": self.nip_weight,
            "fan_loss": self.fan_loss_name,
            "margin": self.margin,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "ImagingWorkflow":
        """Build the model of ``get_config``."""

        def restore(part: dict) -> Any:
            return keras.saving.deserialize_keras_object(part, custom_objects=custom_objects)

        parts = {key: restore(config[key]) for key in ("nip", "fan", "channel")}
        return cls(**{**config, **parts, "manipulations": [restore(part) for part in config["manipulations"]]})

    def _labels(self, probabilities: Any) -> Any:
        batch = ops.shape(probabilities)[0]
        return ops.broadcast_to(ops.arange(self.classes, dtype="int32")[None], (batch, self.classes))

    def _fan_loss(self, y_pred: dict) -> Any:
        probabilities = y_pred["probabilities"]
        return ops.mean(self._loss_of(self._labels(probabilities), probabilities))


def paper_rate(epoch: int, rate: float | None = None, *, start: float = 1e-4, fidelity: Fidelity = "original") -> float:
    """Return the learning rate of ``epoch``, counted from 0: 15 % less every 100 epochs; for ``LearningRateScheduler``.

    Args:
        epoch: From 0 on.
        rate: What Keras passes; not used.
        start: 1e-4 in the paper.
        fidelity: ``"paper"`` begins at ``start``; ``"original"`` cuts at epoch 0 already, as the authors' code does.

    Raises:
        ValueError: For an unknown fidelity.
    """
    return start * 0.85 ** (epoch // 100 + (check_fidelity(fidelity) == "original"))


def _nip_loss(target: Any, y_pred: dict) -> Any:
    """Equation 2c, the mean over everything of the squared error in the range of 255."""
    return ops.mean(ops.square(255.0 * (ops.cast(target, "float32") - y_pred["rgb"])))
