"""KNNDetector: trust a classification if the nearest training images in a hidden layer have the same class.

Carrara, Falchi, Caldelli, Amato and Becarelli, "Adversarial image detection in deep neural networks", Multimedia Tools
and Applications 2018, section 4.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np

from zoo.adversarial import index as neighbours_index
from zoo.adversarial import storage
from zoo.adversarial.features import FeatureExtractor, Pooling, batches
from zoo.adversarial.processing import PROCESSINGS, Processing, fit_processing
from zoo.adversarial.scoring import WEIGHTINGS, Weighting, knn_score
from zoo.adversarial.spool import Spool, blocks
from zoo.adversarial.threshold import Thresholded


class KNNDetector(Thresholded):
    """Scores a classification by the fraction of nearest training images that have the predicted class.

    ``model`` classifies an image. The activations of ``layer`` are averaged over the picture, processed, and compared
    with those of the training set. Equation 2 gives the predicted class a score of 0..1, which is low for adversarial
    images. An attack also fools higher layers, and lower layers know less about classes. The paper found *pool5* of
    OverFeat (whitened) and *mixed_6d* of InceptionV3 to be best.

    Example:
        >>> detector = KNNDetector(model, "mixed_6d", k=1000, processing="pca").fit((images, labels))
        >>> detector.calibrate(other_images, is_authentic, at=0.05)
        >>> detector.predict(new_images)  # True: trust the classification

    Args:
        model: A Keras classifier with one input; if it has several outputs, the first is the classification.
        layer: Name of the layer to compare; it must return feature maps or vectors.
        k: Number of neighbours; the paper uses about the number of training images per class, 1,000.
        weighting: ``"kNN"``, ``"W-kNN"`` or ``"DW-kNN"``, Table 1.
        processing: One of ``zoo.adversarial.processing.PROCESSINGS``.
        dimensions: Components that PCA keeps.
        pooling: ``"average"`` or ``"max"`` over the picture.
        index: FAISS factory string; ``"Flat"`` is exact. For others, ``fit`` measures the recall (``recall``).
        search: Parameters of an approximate index, as in ``"nprobe=64"``.
        batch_size: Images per forward pass.
        class_names: Names of the model's first classes, in order, for printing.

    Raises:
        ValueError: For a layer that the model does not have, or an invalid argument.
    """

    def __init__(
        self,
        model: keras.Model,
        layer: str,
        k: int = 1000,
        weighting: Weighting = "DW-kNN",
        processing: str = "pca-whiten",
        dimensions: int = 256,
        pooling: Pooling = "average",
        index: str = "Flat",
        search: str = "",
        batch_size: int = 64,
        class_names: Sequence[str] = (),
    ) -> None:
        for name, number in {"k": k, "dimensions": dimensions, "batch_size": batch_size}.items():
            if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
                raise ValueError(f"{name} must be an integer, at least 1. Received: {number!r}")
        if weighting not in WEIGHTINGS:
            raise ValueError(f"weighting must be one of {', '.join(WEIGHTINGS)}. Received: {weighting!r}")
        if processing not in PROCESSINGS:
            raise ValueError(f"processing must be one of {', '.join(PROCESSINGS)}. Received: {processing!r}")
        if isinstance(class_names, str) or not all(isinstance(name, str) for name in class_names):
            raise ValueError(f"class_names must be strings. Received: {class_names!r}")
        self.class_names = tuple(class_names)
        self.extractor = FeatureExtractor(model, [layer], pooling, batch_size)
        self.model, self.layer, self.k, self.weighting = model, layer, k, weighting
        self.processing_name, self.dimensions, self.factory, self.search = processing, dimensions, index, search
        self.processing: Processing | None = None
        self.index: Any = None
        self.labels: np.ndarray | None = None
        self.recall: float | None = None
        """Share of the true neighbours that the index finds; None before ``fit``, 1 for ``"Flat"``."""

    def fit(self, dataset: Any, scratch: Path | None = None) -> "KNNDetector":
        """Build the database from the network's training images and their true classes; returns itself.

        Features are first written to a temporary file and read in blocks, so memory only holds the index. The file
        takes 4 bytes per number in ``scratch`` (default: the system's temporary folder).

        Args:
            dataset: Two arrays (images, labels), a ``keras.utils.PyDataset``, or an iterable of batches such as a
                ``tf.data.Dataset``; labels integer or one-hot, in the order of the model's classes.
            scratch: A folder with enough disk space.

        Raises:
            ValueError: For images of another size, labels that do not fit, features that are not finite, or fewer
                images than ``k``.
        """
        labels = []
        with Spool(scratch) as spool:
            for images, classes in batches(dataset, self.extractor.batch_size):
                spool.append(self.extractor(images)[1][self.layer])
                labels.append(classes)
            if not labels:
                raise ValueError("fit needs images. Received: an empty dataset")
            return self.fit_features(spool.rows(), np.concatenate(labels), scratch)

    def fit_features(
        self, features: np.ndarray, labels: np.ndarray, scratch: Path | None = None, copy: bool = True
    ) -> "KNNDetector":
        """As ``fit`` with the layer's pooled features, float32 (n, d), instead of images; a memory map may be given.

        Without ``copy``, every search reads ``features`` block by block; it is exact and needs memory for one block.
        The array must not change, and the detector cannot be saved.

        Raises:
            ValueError: As ``fit``, and without ``copy`` for another index than ``"Flat"``.
        """
        if not copy and self.factory != "Flat":
            raise ValueError(f"copy=False searches exactly and takes index='Flat'. Received: {self.factory!r}")
        labels = np.asarray(labels)
        if len(features) < self.k or labels.shape != (len(features),):
            raise ValueError(
                f"fit needs at least k={self.k} images with one class each. "
                f"Received: {len(features)} images, labels {labels.shape}"
            )
        classes = int(self.extractor.network.outputs[0].shape[-1])
        if not np.isin(labels, range(classes)).all():
            wrong = labels[~np.isin(labels, range(classes))][:5]
            raise ValueError(f"labels must be classes of the model, 0 to {classes - 1}. Received: {wrong}")
        if not all(np.isfinite(block).all() for block in blocks(features)):
            raise ValueError(f"Features of {self.layer} must be finite. Received: NaN or infinity")
        self.labels = labels.astype(np.int32)
        self.processing = fit_processing(self.processing_name, blocks(features), self.dimensions)
        if not copy:
            self.index = neighbours_index.InPlace(features, self.processing)
            self.recall = 1.0
            return self
        with Spool(scratch) as spool:
            if self.processing_name == "none":
                rows = features
            else:
                for block in blocks(features):
                    spool.append(self.processing(np.asarray(block, np.float32)))
                rows = spool.rows()
            self.index = neighbours_index.build(rows, self.factory)
            neighbours_index.set_search(self.index, self.search)
            exact = self.factory == "Flat"
            self.recall = 1.0 if exact else neighbours_index.measured_recall(self.index, rows, self.k)
        return self

    def score(self, images: np.ndarray) -> np.ndarray:
        """Return the score of each image's classification, float64 (n,), 0..1; higher is more trustworthy.

        ``images`` is (n, height, width, channels) as the model takes it.

        Raises:
            ValueError: Before ``fit``, for images of another size, or features that are not finite.
        """
        output, features = self.extractor(images)
        return self.score_features(features[self.layer], output.argmax(-1))

    def score_features(self, features: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """As ``score``, from the layer's pooled features, (n, d), and the classes the network predicts, (n,)."""
        squared, labels = self.neighbours(features)
        return knn_score(squared, labels, classes, self.weighting)

    def neighbours(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the squared distances and classes of the ``k`` nearest training images, (n, k), nearest first.

        Raises:
            ValueError: Before ``fit``.
        """
        squared, found = self.index_search(features, self.k)
        labels = cast(np.ndarray, self.labels)  # there, since the index is
        return squared, np.where(found >= 0, labels[found], -1)

    def index_search(self, features: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return squared distances and row numbers of the ``k`` nearest, (n, k); -1 where the index finds no more."""
        processing = self._fitted_processing()
        rows = np.ascontiguousarray(processing(np.asarray(features, np.float32)), np.float32)
        squared, found = self.index.search(rows, k)
        return np.maximum(squared, 0), found

    def nearest_of_class(self, feature: np.ndarray, wanted: int, k: int = 1) -> np.ndarray:
        """Return row numbers (order of ``fit``) of the ``k`` training images of a class nearest to a feature, (d,).

        Raises:
            ValueError: Before ``fit``, and when the class has fewer images.
        """
        processing = self._fitted_processing()
        rows = np.flatnonzero(self.labels == wanted)
        if len(rows) < k:
            raise ValueError(f"Class {wanted} has {len(rows)} images in the database. Received: k={k}")
        query = processing(np.asarray(feature, np.float32)[None])[0]
        return neighbours_index.nearest_of(self.index, query, rows, k)[1]

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        """Return processed features of training images by row number, float32 (n, d); lossy if the index is.

        Raises:
            ValueError: Before ``fit``.
        """
        self._fitted_processing()
        return neighbours_index.vectors(self.index, rows)

    def save(self, folder: str | Path) -> None:
        """Write model, database and threshold to a folder, whole or not at all; nothing in it is pickled.

        An existing detector there is replaced.

        Raises:
            ValueError: Before ``fit``, after one without ``copy``, and for any other folder or file in that place.
        """
        if self.index is None or self.labels is None or self.processing is None:
            raise ValueError("Only a fitted detector can be saved. Received: one without database")
        if isinstance(self.index, neighbours_index.InPlace):
            raise ValueError("Only a detector fitted with copy=True can be saved. Received: one with copy=False")
        config = {
            "layer": self.layer,
            "k": self.k,
            "weighting": self.weighting,
            "processing": self.processing_name,
            "dimensions": self.dimensions,
            "pooling": self.extractor.pooling,
            "index": self.factory,
            "search": self.search,
            "batch_size": self.extractor.batch_size,
            "class_names": self.class_names,
            "threshold": self.threshold,
            "recall": self.recall,
        }
        storage.write(Path(folder), self.model, self.index, self.labels, self.processing, config)

    def _fitted_processing(self) -> Processing:
        if self.index is None or self.processing is None:
            raise ValueError("The detector has no database: call fit or load one. Received: no index")
        return self.processing

    @classmethod
    def load(cls, folder: str | Path, model: keras.Model | None = None) -> "KNNDetector":
        """Load what ``save`` wrote; the database stays on disk and is memory-mapped.

        Args:
            folder: A folder of ``save``.
            model: The classifier, if it should not be loaded from the folder.

        Raises:
            ValueError: For a folder that holds no detector, or files of it that are missing or damaged.
        """
        folder = Path(folder)
        config = storage.read_config(folder)
        try:
            threshold, recall = (config.pop(name) for name in ("threshold", "recall"))
            detector = cls(model or storage.read_model(folder), **config)
        except (KeyError, TypeError) as error:
            raise storage.not_a_detector(folder, error) from error
        detector.index, detector.labels, detector.processing = storage.read_database(folder, config["processing"])
        if detector.k > len(detector.labels):
            wrong = f"k = {detector.k} of {len(detector.labels)} rows"
            raise storage.not_a_detector(folder, ValueError(wrong))
        if threshold is not None and not np.isfinite(threshold):
            raise storage.not_a_detector(folder, ValueError(f"a threshold of {threshold}"))
        neighbours_index.set_search(detector.index, config["search"])
        detector.threshold, detector.recall = threshold, recall
        return detector
