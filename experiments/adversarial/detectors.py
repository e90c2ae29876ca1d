"""Detectors of the tables as functions from a group's name to scores: KNNDetector, comparisons and baselines."""

from functools import cache, lru_cache, partial

import numpy as np

from zoo.adversarial.baselines import CentroidDistance
from zoo.adversarial.deep_knn import DkNN
from zoo.adversarial.lid import LID
from zoo.adversarial.mahalanobis import Mahalanobis
from zoo.adversarial.scoring import Weighting
from zoo.experiments.adversarial.evaluation import Evaluation, Scorer

LABELS = {"none": "none", "L2": "l2", "PCA": "pca", "PCA+W": "pca-whiten"}
"""The paper's processings as ``KNNDetector`` calls them."""


def knn(evaluation: Evaluation, layer: str, processing: str, weighting: Weighting) -> Scorer:
    """Return the paper's detector; ``processing`` is a key of ``LABELS``."""
    return lambda group: evaluation.scores(layer, LABELS[processing], weighting, group)


def comparisons(evaluation: Evaluation, layer: str) -> dict[str, Scorer]:
    """Return row labels and scorers of the comparisons: baselines, Mahalanobis, LID and DkNN on ``layer``."""
    return {
        "baseline: max softmax": partial(_max_softmax, evaluation),
        f"baseline: class centroid, {layer}": partial(_scores, evaluation, "centroid", layer),
        f"Mahalanobis, {layer}": partial(_scores, evaluation, "mahalanobis", layer),
        f"Mahalanobis shrunk, {layer}": partial(_scores, evaluation, "shrunk", layer),
        f"LID, {layer}": partial(_scores, evaluation, "lid", layer),
        "DkNN credibility, all layers": partial(_scores, evaluation, "dknn", ""),
    }


@cache
def _max_softmax(evaluation: Evaluation, group: str) -> np.ndarray:
    images = evaluation.calibration.images if group == "calibration" else evaluation.group(group).images
    return evaluation.extractor(images)[0].max(-1).astype(np.float64)


@cache
def _scores(evaluation: Evaluation, kind: str, layer: str, group: str) -> np.ndarray:
    labels = evaluation.calibration.labels if group == "calibration" else evaluation.group(group).predicted
    return _fitted(evaluation, kind, layer).score_features(evaluation.features(group), labels)


@lru_cache(1)  # on ImageNet each takes hundreds of megabytes
def _fitted(evaluation: Evaluation, kind: str, layer: str) -> "CentroidDistance | Mahalanobis | LID | DkNN":
    model = evaluation.problem.model
    stored, labels = evaluation.database
    features = dict(stored)
    layer = evaluation.layer_of(layer)
    if kind == "centroid":
        return CentroidDistance(model, layer).fit_features(features, labels)
    if kind in ("mahalanobis", "shrunk"):
        return Mahalanobis(model, layer, shrunk=kind == "shrunk").fit_features(features, labels)
    if kind == "lid":
        return LID(model, layer, k=min(20, evaluation.problem.k)).fit_features(features, labels)
    calibration = evaluation.calibration
    found = DkNN(model, evaluation.problem.layers, k=min(75, evaluation.problem.k))
    return found.fit_features(features, labels, evaluation.features("calibration"), calibration.labels)
