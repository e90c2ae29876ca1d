"""Attacked pictures, deep features and scores of the adversarial tables, each computed once a process."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from zoo.adversarial import KNNDetector, attacks
from zoo.adversarial.features import FeatureExtractor
from zoo.adversarial.rates import Measure, bootstrap_measure, bootstrap_replicates
from zoo.adversarial.scoring import Weighting, knn_score
from zoo.adversarial.threshold import rejection_threshold
from zoo.datasets import keyed
from zoo.experiments.adversarial import feature_files
from zoo.experiments.adversarial.data import Pictures, Problem
from zoo.experiments.adversarial.problems import problem, scale_for
from zoo.experiments.run.cached_method import cached_method
from zoo.experiments.run.cells import Cell, DataUnavailable, Settings
from zoo.experiments.run.environment import commit
from zoo.metrics import Estimate, bootstrap_mean, percent

AUTHENTIC, ERRORS = "authentic", "Errors"
OVERFEAT_ATTACKS, INCEPTION_ATTACKS = ("L-BFGS", "FGS"), ("fgsm", "iter_target_class")
ADAPTIVE = ("selective gradient", "orthogonal gradient", "feature attack")
PART = 64
"""Pictures that are attacked at a time, after which a stopped run goes on; the attacks' own batches."""
_TARGETS = 0xA77AC


@dataclasses.dataclass(frozen=True)
class Group:
    """Test pictures of one kind after saving to 8 bits; ``sources`` are the numbers of the originals."""

    images: np.ndarray
    sources: np.ndarray
    predicted: np.ndarray


class Evaluation:
    """The test groups of the problem ``"overfeat"`` or ``"inception"`` and all their scores.

    Raises:
        ValueError: For an unknown scale.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self.name, self.settings, self.scale = name, settings, scale_for(settings)
        self.attacks = OVERFEAT_ATTACKS if name == "overfeat" else INCEPTION_ATTACKS

    @property
    def problem(self) -> Problem:
        """The classifier and its pictures; raises ``DataUnavailable`` where there are none, and does not try twice."""
        if isinstance(self._problem, DataUnavailable):
            raise self._problem
        return self._problem

    @cached_property
    def _problem(self) -> Problem | DataUnavailable:
        try:
            return problem(self.name, self.settings)
        except DataUnavailable as error:
            return error

    def layer_of(self, name: str) -> str:
        """Return the layer of this network that replaces the paper's layer ``name``."""
        return self.problem.stand_ins.get(name, name)

    @cached_property
    def extractor(self) -> FeatureExtractor:
        """All layers of the problem at once."""
        return FeatureExtractor(self.problem.model, self.problem.layers)

    @cached_property
    def database(self) -> tuple[Mapping[str, np.ndarray], np.ndarray]:
        """Features of the training set by layer, memory maps where they are many, and its classes."""
        extractor, what = self.extractor, (self.problem.database, self.problem.rows, self.extractor.dimensions)

        def extract(images: np.ndarray) -> Mapping[str, np.ndarray]:
            return extractor(images)[1]

        if self._folder is None:
            return feature_files.in_memory(*what, extract)
        return feature_files.in_files(self._folder, *what, extract)

    @cached_property
    def _folder(self) -> Path | None:
        problem = self.problem
        return feature_files.folder_for(problem.model, problem.database, problem.rows, self.extractor.dimensions)

    @cached_property
    def judged(self) -> np.ndarray:
        """Return the predicted classes of all test pictures."""
        if self._folder is not None:  # attacks come next, and take hours for large files
            copied = self.settings.index is not None
            feature_files.announce(self._folder, self.problem.rows, self.extractor.dimensions, copied)
        return self.extractor(self.problem.test.images)[0].argmax(-1)

    @cached_property
    def right(self) -> np.ndarray:
        """Numbers of the correctly classified test pictures that are used, spread over the test set."""
        found = np.flatnonzero(self.judged == self.problem.test.labels)
        if self.scale.test is None:
            return found
        return found[np.linspace(0, len(found) - 1, min(len(found), self.scale.test)).astype(int)]

    def attackable(self, attack: str) -> np.ndarray:
        """Numbers of the test pictures that ``attack`` is tried on: ``right``, or fewer of them where it is slow."""
        few = self.scale.few if attack in ("L-BFGS", *ADAPTIVE) else None
        if few is None or few >= len(self.right):
            return self.right
        return self.right[np.linspace(0, len(self.right) - 1, few).astype(int)]

    def targets(self, numbers: np.ndarray) -> np.ndarray:
        """The class to attack each test picture towards: the data set's, or drawn from the others by its number."""
        given = self.problem.test.targets
        if given is not None:
            return given[numbers]
        classes, seed = self.problem.classes, self.settings.seed
        draws = [keyed.generator(seed, int(i), _TARGETS).integers(1, classes) for i in numbers]
        return (self.judged[numbers] + draws) % classes

    def attacked(self, attack: str, numbers: np.ndarray, layer: str = "", processing: str = "") -> np.ndarray:
        """uint8 pictures after an attack; ``layer`` and ``processing`` name the detector an adaptive one knows."""
        images, scale = self.problem.test.images[numbers].astype(np.float32), self.scale
        model, targets = self.problem.model, self.targets(numbers)
        strength = (scale.eps, scale.step / 2, scale.adaptive_steps)
        functions: dict[str, Callable[[], np.ndarray]] = {
            "random_noise": lambda: attacks.random_noise(images, scale.eps, seed=self.settings.seed),
            "L-BFGS": lambda: attacks.lbfgs(model, images, targets, evaluations=scale.evaluations),
            "FGS": lambda: np.clip(attacks.fgs(model, images, eps=scale.fgs), 0, 255),
            "fgsm": lambda: attacks.fgsm(model, images, eps=scale.eps),
            "iter_target_class": lambda: attacks.iter_target_class(model, images, targets, scale.eps, scale.step),
            ADAPTIVE[0]: lambda: attacks.projected_gradient(
                self.detector(layer, processing), images, targets, "selective", *strength
            ),
            ADAPTIVE[1]: lambda: attacks.projected_gradient(
                self.detector(layer, processing), images, targets, "orthogonal", *strength
            ),
            ADAPTIVE[2]: lambda: attacks.feature_attack(self.detector(layer, processing), images, targets, *strength),
        }
        return attacks.to_8_bits(functions[attack]())

    @cached_method()
    def group(self, name: str) -> Group:
        """Authentic, Errors, or an attack's successes: pictures whose prediction it has changed."""
        everything, test = np.arange(len(self.judged)), self.problem.test
        if name in (AUTHENTIC, ERRORS):
            numbers = self.right if name == AUTHENTIC else everything[self.judged != test.labels]
            group = Group(test.images[numbers], numbers, self.judged[numbers])
            if self.name == "overfeat":
                return group
            # Section 5.2: pictures with random noise are authentic, or errors if the noise changes the prediction.
            noisy = self._classified("random_noise", self.right)
            fits = (noisy.predicted == test.labels[noisy.sources]) == (name == AUTHENTIC)
            return _joined(group, _chosen(noisy, fits))
        attacked = self._classified(name, self.attackable(name))
        return _chosen(attacked, attacked.predicted != test.labels[attacked.sources])

    def _classified(self, attack: str, numbers: np.ndarray) -> Group:
        images = self.attacked_in_parts(attack, numbers)
        return Group(images, numbers, self.extractor(images)[0].argmax(-1))

    def attacked_in_parts(self, attack: str, numbers: np.ndarray, layer: str = "", processing: str = "") -> np.ndarray:
        """As ``attacked``; where features are in files an attack takes hours, and each part of it is kept there."""
        if self._folder is None or attack == "random_noise" or not len(numbers):  # noise is drawn for all at once
            return self.attacked(attack, numbers, layer, processing)
        parts = []
        for first in range(0, len(numbers), PART):
            part = numbers[first : first + PART]
            make = partial(self.attacked, attack, part, layer, processing)
            name = self._name_of(attack, part, (layer, processing, self.settings.index if layer else None))
            parts.append(feature_files.kept(self._folder / "attacked", name, make))
        return np.concatenate(parts)

    def _name_of(self, attack: str, numbers: np.ndarray, detector: tuple[str | None, ...]) -> str:
        """Return everything that an attack's result depends on, except the network."""
        found = hashlib.sha256(repr((self.settings.seed, self.scale, commit(), detector)).encode())
        for array in (self.problem.test.images[numbers], self.targets(numbers)):
            found.update(np.ascontiguousarray(array).data)
        return f"{attack}-{found.hexdigest()[:16]}"

    @cached_method(1)
    def detector(self, layer: str, processing: str) -> KNNDetector:
        """Return the fitted detector of a layer; the last one only is kept."""
        features, labels = self.database
        problem, layer = self.problem, self.layer_of(layer)
        factory, _, search = (self.settings.index or "Flat").partition(" ")
        found = KNNDetector(
            problem.model,
            layer,
            problem.k,
            processing=processing,
            dimensions=problem.dimensions,
            index=factory,
            search=search,
        )
        return found.fit_features(features[layer], labels, self._folder, copy=factory != "Flat")

    @cached_method()
    def features(self, group: str) -> dict[str, np.ndarray]:
        """Return the pooled features of a group's pictures by layer, (n, d) each."""
        if group == "calibration":
            return self.extractor(self.calibration.images)[1]
        return self.extractor(self.group(group).images)[1]

    @cached_method()
    def scores(self, layer: str, processing: str, weighting: Weighting, group: str) -> np.ndarray:
        """Return the detector's score of a group's pictures, (n,), higher: to be trusted."""
        squared, labels, classes = self._neighbours(layer, processing, group)
        return knn_score(squared, labels, classes, weighting)

    @cached_method()
    def _neighbours(self, layer: str, processing: str, group: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One search serves all three weightings."""
        classes = self.calibration.labels if group == "calibration" else self.group(group).predicted
        return (*self.detector(layer, processing).neighbours(self.features(group)[self.layer_of(layer)]), classes)

    @cached_property
    def calibration(self) -> Pictures:
        """The correctly classified pictures of the calibration part: of them thresholds at a rate are set."""
        part = self.problem.calibration
        right = self.extractor(part.images)[0].argmax(-1) == part.labels
        return Pictures(part.images[right], part.labels[right])


INTERPOLATED: Measure = "EER accuracy, interpolated"
MEASURES: tuple[Measure, ...] = ("EER accuracy", INTERPOLATED, "AUC")
"""What the tables have of every row: the authors' strict rule, the same with ties split, and no threshold at all."""
COMPARED: tuple[Measure, ...] = ("EER accuracy", "AUC")
"""What the tables have of differences of two rows."""
DIFFERENCES = {what: f"difference of {what}" for what in COMPARED}
REJECTED = {rate: f"rejected at {rate:.0%}" for rate in (0.01, 0.05)}
UNITS = dict.fromkeys((*MEASURES, *REJECTED.values()), "%") | dict.fromkeys(DIFFERENCES.values(), "points")
"""Units of Tables 2 and 4, by metric."""
Scorer = Callable[[str], np.ndarray]
"""Scores of a group of pictures by its name, higher: to be trusted."""


def separation(
    evaluation: Evaluation, scorer: Scorer, groups: tuple[str, ...], measure: Measure = "EER accuracy"
) -> Estimate:
    """One of ``MEASURES``, in percent, of the authentic pictures against the groups pooled."""
    trusted, spurious, sources = _pooled(evaluation, scorer, groups)
    settings = evaluation.scale.bootstrap, evaluation.settings.seed
    return percent(bootstrap_measure(trusted, spurious, *sources, measure, *settings))


def difference(
    evaluation: Evaluation,
    first: Scorer,
    second: Scorer,
    groups: tuple[str, ...],
    measure: Measure = "EER accuracy",
) -> Estimate:
    """``separation`` by the first less that by the second on the same pictures, with the paired interval."""
    one, two = (separation(evaluation, scorer, groups, measure) for scorer in (first, second))
    ours, theirs = (_replicates(evaluation, scorer, groups, measure)[0] for scorer in (first, second))
    return Estimate.from_samples(one.value - two.value, ours - theirs, one.n_sources, one.n_units)


def weighted_mean(
    evaluation: Evaluation, scorer: Scorer, groups: tuple[str, ...], measure: Measure = "EER accuracy"
) -> Estimate:
    """Return the mean of the measure over the groups, weighted by how many pictures they hold (Table 4's Aggr.)."""
    sizes = np.array([len(evaluation.group(g).sources) for g in groups], float)
    values = [separation(evaluation, scorer, (g,), measure).value for g in groups]
    drawn = [_replicates(evaluation, scorer, (g,), measure) for g in groups]
    means = np.average([replicates for replicates, _ in drawn], axis=0, weights=sizes)
    units = int(sizes.sum()) + len(evaluation.group(AUTHENTIC).sources)
    return Estimate.from_samples(np.average(values, weights=sizes), means, drawn[-1][1], units)


def _replicates(
    evaluation: Evaluation, scorer: Scorer, groups: tuple[str, ...], measure: Measure
) -> tuple[np.ndarray, int]:
    """Return the measure of each bootstrap sample in percent, (samples,), and the number of sources."""
    trusted, spurious, sources = _pooled(evaluation, scorer, groups)
    settings = evaluation.scale.bootstrap, evaluation.settings.seed
    found, count = bootstrap_replicates(trusted, spurious, *sources, measure, *settings)
    return 100 * found, count


def recovered(evaluation: Evaluation, scorer: Scorer, groups: tuple[str, ...]) -> Estimate:
    """Return the share of natural errors rejected, in percent, at the EER threshold of authentic against ``groups``."""
    from zoo.adversarial.rates import eer_threshold

    trusted, spurious, _ = _pooled(evaluation, scorer, groups)
    return rejected_at(evaluation, scorer, ERRORS, eer_threshold(trusted, spurious))


def rejected(evaluation: Evaluation, scorer: Scorer, group: str, rate: float) -> Estimate:
    """Return the share of a group rejected, in percent, at a threshold that rejects ``rate`` of the calibration set."""
    return rejected_at(evaluation, scorer, group, rejection_threshold(scorer("calibration"), rate))


def rejected_at(evaluation: Evaluation, scorer: Scorer, group: str, threshold: float) -> Estimate:
    """Return the share of a group, in percent, whose score does not lie above ``threshold``."""
    check_some(evaluation, (group,))
    return share(evaluation, group, scorer(group) <= threshold)


def share(evaluation: Evaluation, group: str, chosen: np.ndarray) -> Estimate:
    """Return the share in percent of a group's pictures that are ``chosen``, bool (n,)."""
    sources = [int(s) for s in evaluation.group(group).sources]
    return percent(bootstrap_mean(chosen.astype(float), sources, seed=evaluation.settings.seed))


def check_some(evaluation: Evaluation, groups: tuple[str, ...]) -> None:
    """Raise ``DataUnavailable`` for a group without pictures."""
    for group in groups:
        if not len(evaluation.group(group).sources):
            raise DataUnavailable(f"pictures of {group}: there are none with this network")


def _pooled(
    evaluation: Evaluation, scorer: Scorer, groups: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, tuple[list[int], list[int]]]:
    check_some(evaluation, (AUTHENTIC, *groups))
    spurious = np.concatenate([scorer(group) for group in groups])
    sources = (
        [int(s) for s in evaluation.group(AUTHENTIC).sources],
        [int(s) for group in groups for s in evaluation.group(group).sources],
    )
    return scorer(AUTHENTIC), spurious, sources


def _chosen(group: Group, mask: np.ndarray) -> Group:
    return Group(group.images[mask], group.sources[mask], group.predicted[mask])


def _joined(first: Group, second: Group) -> Group:
    pairs = zip(dataclasses.astuple(first), dataclasses.astuple(second), strict=True)
    return Group(*(np.concatenate(pair) for pair in pairs))


def rejection_cells(
    evaluation: Evaluation, row: str, scorer: Scorer, groups: tuple[str, ...], weights: str
) -> Iterator[Cell]:
    """Yield the shares rejected at thresholds that reject 1 % and 5 % of the calibration pictures."""
    for rate, metric in REJECTED.items():
        for group in (AUTHENTIC, *groups):
            measure = partial(rejected, evaluation, scorer, group, rate)
            yield Cell(row, group, metric, measure=measure, weights=weights)
