"""Two-stage training as one object with two fits (Chandakkar and Li 2017, pages 2, 3 and 5)."""

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np

from zoo.hyperimage.hyper_image import HyperImage
from zoo.hyperimage.theano_weights import DecayingSGD
from zoo.saved_training import SavedTraining

if TYPE_CHECKING:
    import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Settings of a stage's training: the paper's SGD, plateau rule and early stopping (page 5).

    The batch size and the patience of the plateau rule are not in the paper.
    """

    epochs: int
    stop: int
    """Epochs without a lower validation loss after which training ends."""
    loss: str | keras.losses.Loss = "mean_absolute_error"
    learning_rate: float = 0.005
    decay: float = 1e-5
    momentum: float = 0.9
    plateau: int = 10
    """Epochs without a lower validation loss after which the rate is divided by 10."""
    batch_size: int = 128

    def compile(self, model: keras.Model) -> None:
        """Compile ``model`` with this recipe's loss and optimiser.

        Raises:
            ValueError: For a cross-entropy of probabilities with a linear output. Keras clips such an output to [0, 1],
                where it has no gradient, and the network stays at a constant output.
        """
        if (
            _takes_probabilities(self.loss)
            and getattr(model.layers[-1], "activation", None) is keras.activations.linear
        ):
            raise ValueError(
                "binary_crossentropy takes probabilities. A network whose last layer is linear needs "
                f"BinaryCrossentropy(from_logits=True). Received: a linear {model.layers[-1].name!r} in {model.name!r}"
            )
        model.compile(DecayingSGD(self.learning_rate, self.momentum, self.decay), self.loss)

    def fit(
        self,
        model: keras.Model,
        x: "np.ndarray | keras.utils.PyDataset | tf.data.Dataset",
        y: np.ndarray | None,
        validation: "tuple[np.ndarray, np.ndarray] | keras.utils.PyDataset | tf.data.Dataset",
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: int = 2,
        class_weight: dict[int, float] | None = None,
        steps: int | None = None,
        saved: Path | None = None,
    ) -> keras.callbacks.History:
        """Compile and train ``model``; the best epoch's weights are put back.

        ``x`` may be a data set, with ``y`` None. For an infinite data set, ``steps`` is the number of batches per
        epoch.

        ``saved`` is a path without a suffix. Every epoch is then saved in files with this prefix, see
        ``SavedTraining``, and an interrupted training resumes from them; its ``x`` must begin with the next epoch. The
        history holds all epochs.
        """
        self.compile(model)
        arrays = {"batch_size": self.batch_size} if y is not None else {"shuffle": False, "steps_per_epoch": steps}
        plateau = keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=self.plateau, min_delta=0)
        stopping = keras.callbacks.EarlyStopping(patience=self.stop, restore_best_weights=True)
        state = SavedTraining(saved, plateau, stopping) if saved else None
        if state and (state.ended or state.done >= self.epochs):
            state.put_best(model)
            return _history(model, state)
        history = model.fit(
            x,
            y,
            epochs=self.epochs,
            initial_epoch=state.done if state else 0,
            validation_data=validation,
            validation_batch_size=self.batch_size,
            callbacks=[plateau, stopping, *callbacks, *([state] if state else [])],
            verbose=verbose,
            class_weight=class_weight,
            **arrays,
        )
        return _history(model, state) if state else history


def _takes_probabilities(loss: str | keras.losses.Loss) -> bool:
    if isinstance(loss, keras.losses.BinaryCrossentropy):
        return not loss.from_logits
    return loss == "binary_crossentropy"


def _history(model: keras.Model, state: SavedTraining) -> keras.callbacks.History:
    history = keras.callbacks.History()
    history.set_model(model)
    history.epoch = list(range(state.done))
    history.history = {name: [entry[name] for entry in state.log] for name in state.log[0] if name != "epoch"}
    return history


FIRST_STAGE = Recipe(epochs=80, stop=20)
SECOND_STAGE = Recipe(epochs=200, stop=40)


class TwoStage:
    """A patch network, the hyper-images it makes, and the network that reads them.

    ``fit_first`` trains the patch network on labelled patches; ``fit_second`` freezes it, turns images into
    hyper-images once and trains the second network on these. ``predict`` is the paper's method,
    ``predict_patch_average`` the baseline. ``model`` contains everything in one Keras model.

    Args:
        first: Patch network, (n, p, p, channels) -> (n, 1) or, for ranking, features alone.
        second: Hyper-image network, (n, U, V, D) -> (n, 1); its input gives the grid.
        preprocess: Layer applied to images before cutting patches, such as ``LocalContrastNormalization()``; None for
            no preprocessing.

    Raises:
        ValueError: If the second network's input does not match the first network's output.
    """

    def __init__(self, first: keras.Model, second: keras.Model, preprocess: keras.layers.Layer | None = None) -> None:
        rows, columns, depth = second.input_shape[1:]
        self.first, self.second, self.preprocess = first, second, preprocess
        # Cuts patches; the layer that runs the first stage is made when it is trained, since it freezes what it holds.
        self.hyper = HyperImage(first, grid=(rows, columns))
        if self.hyper.depth != depth:
            raise ValueError(
                f"{second.name} must take the first stage's {self.hyper.depth} features. Received: {depth}"
            )
        image = keras.Input((None, None, self.hyper.channels), name="image")
        ready = preprocess(image) if preprocess is not None else image
        self.to_hyper_image = keras.Model(image, self.hyper(ready), name="to_hyper_image")
        self.to_patches = keras.Model(image, _Patches(self.hyper, name="patches")(ready), name="to_patches")
        self.model = keras.Model(image, second(self.to_hyper_image.output), name="two_stage")

    def fit_first(
        self,
        patches: "np.ndarray | keras.utils.PyDataset | tf.data.Dataset",
        labels: np.ndarray | None,
        validation: "tuple[np.ndarray, np.ndarray] | keras.utils.PyDataset | tf.data.Dataset",
        recipe: Recipe = FIRST_STAGE,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: int = 2,
        network: keras.Model | None = None,
        steps: int | None = None,
        saved: Path | None = None,
    ) -> keras.callbacks.History:
        """Train the patch network by Keras ``fit``.

        ``patches`` may be a data set that holds the labels; ``steps`` and ``saved`` as for ``Recipe.fit``. ``network``
        is trained instead of the patch network where that is a part of it, such as ``RankingNet(first)``.
        """
        self.hyper.features.trainable = True
        try:
            trained = network or self.first
            return recipe.fit(trained, patches, labels, validation, callbacks, verbose, steps=steps, saved=saved)
        finally:
            self.hyper.features.trainable = False

    def fit_second(
        self,
        images: "Sequence[np.ndarray] | np.ndarray",
        labels: np.ndarray,
        validation: tuple[Sequence[np.ndarray] | np.ndarray, np.ndarray],
        recipe: Recipe = SECOND_STAGE,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: int = 2,
        class_weight: dict[int, float] | None = None,
    ) -> keras.callbacks.History:
        """Train the second network on the hyper-images of ``images`` (or on hyper-images, if they are such).

        ``class_weight`` as for Keras ``fit``: the paper weights samples of unbalanced classes.
        """
        x, held_out = (
            self.hyper_images(part, 16 if isinstance(part, np.ndarray) else 1) for part in (images, validation[0])
        )
        return recipe.fit(self.second, x, labels, (held_out, validation[1]), callbacks, verbose, class_weight)

    def hyper_images(self, images: "Sequence[np.ndarray] | np.ndarray", batch_size: int = 1) -> np.ndarray:
        """Hyper-images, (n, U, V, D), of images of any sizes, float16: a half of the memory, and 3 digits are enough.

        ``batch_size`` images go through at once, which must then have one size. An array that already has a
        hyper-image's shape is returned as it is.
        """
        shape = self.second.input_shape[1:]
        if isinstance(images, np.ndarray) and images.shape[1:] == shape:
            return images
        made = np.empty((len(images), *shape), np.float16)
        for i, batch in _batches(images, batch_size):
            made[i : i + len(batch)] = self.to_hyper_image.predict_on_batch(batch)
        return made

    def predict(self, images: "Sequence[np.ndarray] | np.ndarray", batch_size: int = 1) -> np.ndarray:
        """Return the score of each image, float32 (n,)."""
        if not len(images):  # Keras' predict warns of a data set that ran out
            return np.zeros(0, np.float32)
        return self.second.predict(self.hyper_images(images, batch_size), verbose=0)[:, 0]

    def predict_patch_average(self, images: "Sequence[np.ndarray] | np.ndarray", batch_size: int = 1) -> np.ndarray:
        """Return the mean of the first stage's scores over the same grid of patches, float32 (n,)."""
        found = [np.zeros(0, np.float32)]  # no image, no score
        for _, batch in _batches(images, batch_size):
            patches = self.to_patches.predict_on_batch(batch)
            scores = self.first.predict_on_batch(patches.reshape(-1, *patches.shape[3:]))
            found.append(scores.reshape(len(batch), -1).mean(1))
        return np.concatenate(found)


def _batches(images: "Sequence[np.ndarray] | np.ndarray", size: int) -> Iterator[tuple[int, np.ndarray]]:
    for i in range(0, len(images), size):
        yield i, np.stack([np.asarray(image, np.float32) for image in images[i : i + size]])


class _Patches(keras.layers.Layer):
    """Cuts images into the patches of a ``HyperImage``."""

    def __init__(self, hyper: HyperImage, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.hyper = hyper

    def call(self, images: "keras.KerasTensor") -> "keras.KerasTensor":
        return self.hyper.patches(images)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        side = self.hyper.patch
        return (*self.hyper.compute_output_shape(input_shape)[:3], side, side, self.hyper.channels)
