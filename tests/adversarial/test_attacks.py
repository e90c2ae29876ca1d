import importlib
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import tiny_classifier

from zoo.adversarial import KNNDetector, attacks
from zoo.adversarial.attacks.lbfgs import _search_original, _search_paper
from zoo.adversarial.gradients import logits_model
from zoo.contrast import ContrastNet
from zoo.imaging import FAN


@pytest.fixture(scope="module")
def some(trained):
    model, images, labels = trained
    return model, images[:6].astype(np.float32), labels[:6], (labels[:6] + 1) % 4


def numeric_gradient(loss, x, where):
    """Central differences at some positions, in float64."""
    found = []
    for position in where:
        up, down = x.astype(np.float64), x.astype(np.float64)
        up[position] += 0.5
        down[position] -= 0.5
        found.append(loss(up) - loss(down))
    return np.array(found)


def entropy(model, x, label, smoothing=0.0, head=0):
    logits = logits_model(model)(x[None].astype(np.float32))
    logits = np.asarray(logits[head] if isinstance(logits, list) else logits, np.float64)[0]
    log = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
    wanted = np.full(4, smoothing / 4) + (1 - smoothing) * np.eye(4)[label]
    return -(wanted * log).sum()


POSITIONS = [(y, x, c) for y in (1, 5, 8) for x in (2, 6, 10) for c in (0, 2)]


def signs_agree(step, gradient, sign):
    """Where the numeric gradient is clearly not zero, the step goes along it."""
    steps = np.array([step[p] for p in POSITIONS])
    clear = np.abs(gradient) > 0.05 * np.abs(gradient).max()
    assert clear.sum() >= 6
    np.testing.assert_array_equal(np.sign(steps[clear]), sign * np.sign(gradient[clear]))


def test_fgsm_climbs_the_loss_of_the_predicted_class(some):
    model, images, labels, _ = some
    step = attacks.fgsm(model, images, eps=3)[0] - images[0]
    gradient = numeric_gradient(lambda x: entropy(model, x, labels[0]), images[0], POSITIONS)
    signs_agree(step, gradient, 1)
    assert np.abs(step).max() == pytest.approx(3)


def test_fgsm_as_printed_descends_to_the_target(some):
    model, images, _, targets = some
    step = attacks.fgsm(model, images, targets, eps=3, fidelity="paper")[0] - images[0]
    gradient = numeric_gradient(lambda x: entropy(model, x, targets[0]), images[0], POSITIONS)
    signs_agree(step, gradient, -1)


def test_fgs_moves_one_level_and_does_not_clip(some):
    model, images, labels, _ = some
    white = np.full_like(images, 255)
    white[0] = images[0]
    moved = attacks.fgs(model, white)
    assert np.abs(moved - white).max() == 1
    assert moved.max() == 256
    gradient = numeric_gradient(lambda x: entropy(model, x, labels[0]), images[0], POSITIONS)
    signs_agree(moved[0] - white[0], gradient, 1)


def test_step_target_class_takes_the_auxiliary_head_into_account():
    keras.utils.set_random_seed(1)
    model = tiny_classifier(heads=2)
    image = np.random.default_rng(0).integers(20, 236, (12, 12, 3)).astype(np.float32)
    step = attacks.step_target_class(model, image[None], np.array([2]), eps=2)[0] - image

    def loss(x):
        return entropy(model, x, 2, 0.1) + 0.4 * entropy(model, x, 2, 0.1, head=1)

    signs_agree(step, numeric_gradient(loss, image, POSITIONS), -1)


def test_iter_target_class_reaches_targets_within_its_ball(some):
    model, images, _, targets = some
    found = attacks.iter_target_class(model, images, targets, eps=60, step=6)
    assert (model.predict_on_batch(found).argmax(1) == targets).all()
    assert np.abs(found - images).max() <= 60 + 1e-3
    one = attacks.iter_target_class(model, images, targets, eps=60, step=6, steps=1, smoothing=0)
    np.testing.assert_allclose(one, attacks.fgsm(model, images, targets, 6, fidelity="paper"), atol=1e-4)


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_batches_do_not_matter(some, batch_size):
    model, images, _, targets = some
    whole = attacks.iter_target_class(model, images, targets, steps=3)
    np.testing.assert_allclose(attacks.iter_target_class(model, images, targets, steps=3, batch_size=batch_size), whole)


@pytest.mark.parametrize("eps", [1, 7.5, 16])
def test_saved_images_stay_within_the_ball(some, eps):
    model, images, _, targets = some
    edges = images.copy()
    edges[:, :3], edges[:, 3:5] = 0, 255
    for found in (
        attacks.noop(edges),
        attacks.random_noise(edges, eps),
        attacks.random_noise(edges, eps, fidelity="paper"),
        attacks.fgsm(model, edges, eps=eps),
        attacks.iter_target_class(model, edges, targets, eps=eps, steps=4),
    ):
        assert found.dtype == np.float32
        assert found.min() >= 0 and found.max() <= 255
        assert np.abs(found - edges).max() <= eps + 1e-3
        saved = attacks.to_8_bits(found, edges, eps)
        assert saved.dtype == np.uint8
        assert np.abs(saved.astype(int) - edges).max() <= eps
    assert (attacks.to_8_bits(edges) == edges).all()


def test_random_noise_is_plus_or_minus_eps(some):
    images = np.full((4, 12, 12, 3), 100, np.float32)
    original = attacks.random_noise(images, 16) - images
    assert set(np.unique(original)) == {-16, 16}
    assert abs(original.mean()) < 2
    paper = attacks.random_noise(images, 16, fidelity="paper") - images
    assert len(np.unique(paper)) > 100
    assert not (attacks.random_noise(images, seed=1) == attacks.random_noise(images, seed=2)).all()


def test_stretching_is_the_old_imsave_held_to_the_ball():
    images = np.full((1, 4, 4, 3), 60, np.float32)
    images[0, 0] = 40
    images[0, 1] = 200
    stretched = attacks.stretched(images, images, 16).astype(int)
    # 40 -> 0 and 200 -> 255 by the stretch, 60 -> 32: each at most 16 levels from where it was
    assert (stretched[0, 0] == 24).all() and (stretched[0, 1] == 216).all() and (stretched[0, 2] == 44).all()


@pytest.mark.parametrize("fidelity", ["original", "paper"])
def test_lbfgs_reaches_targets(some, fidelity):
    model, images, _, targets = some
    found = attacks.lbfgs(model, images[:3], targets[:3], fidelity, evaluations=40)
    assert (model.predict_on_batch(found).argmax(1) == targets[:3]).all()
    assert found.min() >= 0 and found.max() <= 255
    assert np.abs(found - images[:3]).max() > 1


def test_lbfgs_objective_is_the_printed_one_at_fixed_c(some, monkeypatch):
    """One run at C = 100 against SciPy on an objective written in NumPy with numeric gradients."""
    module = importlib.import_module("zoo.adversarial.attacks.lbfgs")  # the package has a function of that name
    model, images, _, targets = some
    monkeypatch.setattr(module, "_search_paper", lambda solve, zero, target, before: solve(100.0, zero)[0])
    found = attacks.lbfgs(model, images[:1], targets[:1], "paper", deviation=50)

    def objective(image, c=100.0):
        return c * entropy(model, image, targets[0]) + np.sqrt((((image - images[0]) / 50) ** 2).sum() + 1e-12)

    rng = np.random.default_rng(0)
    at_solution = objective(found[0].astype(np.float64))
    assert at_solution < objective(images[0].astype(np.float64)) - 1
    for _ in range(20):
        nearby = np.clip(found[0] + rng.normal(0, 2, found[0].shape), 0, 255)
        assert objective(nearby) > at_solution


def walk(search, succeeds):
    """The Cs that a search tries when ``succeeds(C)`` decides; the class before is 0, the target 1."""
    tried = []

    def solve(c, start):
        tried.append((c, start.tolist()))
        return np.array([c]), 1 if succeeds(c) else 0

    result = search(solve, np.zeros(1), 1, 0)
    return tried, float(result[0])


def test_original_search_rules():
    tried, final = walk(_search_original, lambda c: c < 3)
    cs = [c for c, _ in tried]
    np.testing.assert_allclose(cs[:4], [0.01, 0.1, 1, 10])  # until it fails
    np.testing.assert_allclose(cs[4:8], [5, 2.5, 3.75, 3.125])  # bisected to a tenth of 10
    assert [start for _, start in tried[1:4]] == [[0.01], [pytest.approx(0.1)], [pytest.approx(1)]]  # warm
    assert all(start == [0] for _, start in tried[4:])
    assert final == pytest.approx(2.5)
    # Where the last step is the one that raises the bound, the result is from the bound before it.
    assert walk(_search_original, lambda c: c < 3.5)[1] == pytest.approx(2.5)


def test_paper_search_rules():
    tried, final = walk(_search_paper, lambda c: c > 3)
    cs = [c for c, _ in tried]
    np.testing.assert_allclose(cs[:4], [0.01, 0.1, 1, 10])
    assert 3 < final < 3.5
    assert min(c for c in cs if c > 3) == pytest.approx(final)


def test_adaptive_attacks_raise_the_detectors_score(trained):
    model, images, labels = trained
    detector = KNNDetector(model, "pool", k=30, processing="pca-whiten", dimensions=5).fit((images[:150], labels[:150]))
    x, targets = images[150:170].astype(np.float32), (labels[150:170] + 1) % 4
    blind = attacks.iter_target_class(model, x, targets, eps=60, step=6)
    common = {"eps": 60, "step": 4, "steps": 30}
    aware = attacks.feature_attack(detector, x, targets, **common)
    assert (model.predict_on_batch(aware).argmax(1) == targets).mean() > 0.9
    assert detector.score(aware).mean() > detector.score(blind).mean() + 0.1
    for mode in ("selective", "orthogonal"):
        found = attacks.projected_gradient(detector, x, targets, mode, **common)
        assert np.abs(found - x).max() <= 60 + 1e-3
        reached = model.predict_on_batch(found).argmax(1) == targets
        assert reached.mean() > 0.5
        assert detector.score(found[reached]).mean() > detector.score(blind).mean()


@pytest.mark.parametrize("build", [lambda: ContrastNet((26, 26, 3), base_filters=4), lambda: FAN((26, 26, 3))])
def test_attacks_run_on_the_zoos_forensic_networks(rng, build):
    model = build()
    patches = rng.random((2, 26, 26, 3)).astype(np.float32)
    found = attacks.fgsm(model, patches, clip=(0, 1))
    np.testing.assert_allclose(np.abs(found - patches).max(), 16 / 255, rtol=1e-4)
    assert found.min() >= 0 and found.max() <= 1
    other = 1 - np.minimum(model.predict_on_batch(patches).argmax(1), 1)
    before, after = (
        model.predict_on_batch(x)[range(2), other]
        for x in (patches, attacks.iter_target_class(model, patches, other, steps=4, clip=(0, 1)))
    )
    assert (after > before).all()


def test_logits_are_those_under_the_softmax(some):
    model, images, *_ = some
    logits = np.asarray(logits_model(model)(images))
    np.testing.assert_allclose(keras.ops.softmax(logits), model(images), atol=1e-6)
    linear = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    np.testing.assert_allclose(logits_model(linear)(np.ones((1, 4))), linear(np.ones((1, 4))))
    sigmoid = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="sigmoid", name="odd")])
    with pytest.raises(ValueError, match="odd has activation sigmoid"):
        logits_model(sigmoid)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x: attacks.fgsm(m, x / 0.5), "with clip="),
        (lambda m, x: attacks.fgsm(m, x[0]), r"must be \(n, height, width, channels\)"),
        (lambda m, x: attacks.fgsm(m, x, eps=0), "above 0. Received: 0"),
        (lambda m, x: attacks.fgsm(m, x, fidelity="paper"), "targets belong to fidelity='paper'"),
        (lambda m, x: attacks.fgsm(m, x, np.zeros(6, int)), "targets belong to fidelity='paper'"),
        (lambda m, x: attacks.iter_target_class(m, x, np.full(6, 4)), "one class per image, from 0 to 3"),
        (lambda m, x: attacks.iter_target_class(m, x, np.zeros(5, int)), "one class per image, from 0 to 3"),
        (lambda m, x: attacks.lbfgs(m, x, np.zeros(6, int), "papers"), "Received: 'papers'"),
        (lambda m, x: attacks.random_noise(x, fidelity="uniform"), "Received: 'uniform'"),
        (lambda m, x: attacks.to_8_bits(x, eps=3), "originals and eps must be given together"),
    ],
)
def test_what_does_not_fit_is_said(some, call, message):
    with pytest.raises(ValueError, match=message):
        call(some[0], some[1])


def test_attacks_agree_with_the_adversarial_robustness_toolbox():
    """tests/parity/art_attacks.npz: ART 1.20's FGSM and basic iterative method on the same classifier."""
    stored = np.load(Path(__file__).parent.parent / "parity" / "art_attacks.npz")
    model = tiny_classifier()
    model.set_weights([stored[f"weight_{i}"] for i in range(len(model.get_weights()))])
    images, targets = stored["images"].astype(np.float32), stored["targets"]
    for name, found in {
        "fgsm": attacks.fgsm(model, images),
        "fgsm_targeted": attacks.fgsm(model, images, targets, fidelity="paper"),
        "iterative_targeted": attacks.iter_target_class(model, images, targets, smoothing=0),
    }.items():
        # A gradient near 0 may take either sign in float32: such pixels are a few in ten thousand.
        assert (np.abs(found - stored[name]) > 1e-3).mean() < 1e-3, name
