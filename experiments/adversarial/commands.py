"""``zoo adversarial fit | score | attack``: the detector and the attacks on image files."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from zoo import extensions
from zoo.experiments.adversarial.class_names import class_label, class_number, read_class_names
from zoo.experiments.cli.calibrated import Comparison, add_calibration
from zoo.experiments.cli.devices import add_device
from zoo.experiments.cli.numbers import real, whole
from zoo.experiments.cli.outputs import add_force, check_outputs
from zoo.experiments.cli.picture_inputs import MOST_FAILURES, PICTURES, expand, name_missing, readable
from zoo.experiments.cli.score_pictures import Answer, Product, Scale, Scorer, add_pictures, score_pictures
from zoo.printing import shown
from zoo.weight_files import NOT_READABLE, check_keras_file

if TYPE_CHECKING:
    import keras
    import numpy as np

    from zoo.experiments.run.tasks import Task

DEFAULT_MODEL = "adversarial-overfeat.digits"
ATTACKS = ("fgsm", "fgs", "iter_target_class", "lbfgs", "random_noise")
TARGETED = ("iter_target_class", "lbfgs")
NOTE = (
    "lower means a less trustworthy classification; the score's scale is specific to this detector, and "
    "attacks that know the detector often pass it: zoo/adversarial/README.md"
)
SCALE = Scale("more to be trusted", 0, 1)
HELD_OUT = 5
"""Every fifth picture of a class in a folder sets the threshold and is not in the database."""


def add(commands: "argparse._SubParsersAction") -> None:
    """Add ``adversarial`` and its verbs to the command line's parser."""
    family = commands.add_parser("adversarial", help="detect adversarial images, or attack a classifier")
    verbs = family.add_subparsers(dest="verb", required=True, metavar="VERB")

    fit = verbs.add_parser("fit", help="fit a detector to a classifier and its training pictures")
    fit.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="FOLDER",
        help="training pictures, one sub-folder per class (default: digits)",
    )
    fit.add_argument("--detector", type=Path, required=True, metavar="FOLDER", help="output folder of the detector")
    _add_model(fit)
    fit.add_argument(
        "--layer", help="layer whose features are compared (default: pool5 or mixed_6d, if the model has one)"
    )
    fit.add_argument("--k", type=whole(1, 10**6), help="number of neighbours (default: mean pictures per class)")
    fit.add_argument("--weighting", default="DW-kNN", help="weights of the neighbours: kNN, W-kNN or DW-kNN (default)")
    fit.add_argument(
        "--processing", default="pca-whiten", help="feature processing: none, l2, pca, pca-whiten (default), ..."
    )
    fit.add_argument("--dimensions", type=whole(1, 10**5), default=256, help="PCA components (default 256)")
    fit.add_argument("--index", default="Flat", help="FAISS factory string; Flat (default) is exact")
    fit.add_argument("--search", default="", help="search parameters of the index, such as nprobe=64")
    fit.add_argument(
        "--rate",
        type=real(0, 1),
        default=0.05,
        help="fraction of authentic pictures that may be rejected (default 0.05)",
    )
    add_device(fit)
    fit.set_defaults(run=_fit)

    score = verbs.add_parser(
        "score",
        help="score pictures; lower means a less trustworthy classification",
        description="Scores pictures; lower means a less trustworthy classification. As in fit and attack, each "
        "picture is first resized to the classifier's input size on its shorter side and cropped to its centre.",
    )
    add_pictures(score)
    add_device(score)
    score.add_argument(
        "--detector", type=Path, required=True, metavar="FOLDER", help="written by `zoo adversarial fit`"
    )
    add_calibration(score, "adversarial", "your detector")
    score.set_defaults(run=_score)

    attack = verbs.add_parser("attack", help="write adversarial versions of pictures as PNG")
    attack.add_argument("images", nargs="+", metavar="IMAGE", help=PICTURES)
    attack.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="output folder")
    _add_model(attack)
    known = (*ATTACKS, *(name for name in extensions.names("attacks") if name not in ATTACKS))
    attack.add_argument("--attack", choices=known, default="fgsm", help="attack to apply (default fgsm)")
    attack.add_argument(
        "--eps", type=real(0, 255), default=16, help="largest change in grey levels (default 16; ignored by lbfgs)"
    )
    attack.add_argument("--target", metavar="CLASS", help="target class, number or name (iter_target_class, lbfgs)")
    attack.add_argument(
        "--classes",
        type=Path,
        metavar="FILE|FOLDER",
        help="class names: a text file with one per line, or a folder with one sub-folder each",
    )
    add_device(attack)
    add_force(attack)
    attack.set_defaults(run=_attack)


def pretrain(options: argparse.Namespace, command: str) -> int:
    """Train the small networks, pack and store them; ``command`` is kept with them.

    Raises:
        ValueError: For the paper's scale, or a folder of data.
    """
    from zoo.experiments.adversarial import pretrained, training
    from zoo.experiments.cli.data_options import EMBEDDED
    from zoo.experiments.train.install_weights import training_tag

    if options.scale == "paper":
        raise ValueError(
            "--scale must be smoke or laptop, which train the small networks; OverFeat and InceptionV3 have public "
            f"weights. Received: --scale {options.scale}"
        )
    if options.dataset == "clothing":
        return _pretrain_photographs(options, command)
    if options.data_dir is not None or options.imagenet is not None:
        raise ValueError(
            "adversarial trains on --dataset embedded, cifar10 or imagenette, or on --dataset clothing with --data-dir "
            f"and --imagenet. Received: {options.data_dir or options.imagenet}"
        )
    digits = options.dataset == EMBEDDED
    folder = _training_folder(options)
    training.pretrain(options.scale, folder, options.seed, options.dataset, options.workers)
    # The stored small networks are named after the digits that they were trained on.
    local = None if options.install else training_tag(options.scale, "digits" if digits else options.dataset)
    pretrained.store(folder, options.dataset, command, local)
    return 0


def parts(options: argparse.Namespace) -> "list[list[Task]]":
    """Return the parts of ``pretrain`` that do not depend on each other: a task for each network.

    Raises:
        ValueError: For the photographs of clothes, which one network is trained on.
    """
    from zoo.experiments.adversarial.training import NETWORKS
    from zoo.experiments.run.tasks import Task

    if options.dataset == "clothing":
        raise ValueError(
            f"--on needs several trainings; on this data set there is only one. Received: {options.dataset}"
        )
    return [[Task(name, partial(_train, options, name)) for name in NETWORKS]]


def _train(options: argparse.Namespace, network: str) -> None:
    from zoo.experiments.adversarial import training

    folder = _training_folder(options)
    training.pretrain(options.scale, folder, options.seed, options.dataset, options.workers, (network,))


def _training_folder(options: argparse.Namespace) -> Path:
    name = "" if options.dataset == "embedded" else f"{options.dataset}-"
    return options.folder / f"adversarial-{name}{options.scale}-{options.seed}"


def _pretrain_photographs(options: argparse.Namespace, command: str) -> int:
    from zoo.experiments.adversarial import fine_tuning, pretrained
    from zoo.experiments.train.install_weights import training_tag

    folder = options.folder / f"adversarial-clothing-{options.scale}-{options.seed}"
    fine_tuning.pretrain(options.scale, folder, options.seed, options.data_dir, options.imagenet, options.workers)
    local = None if options.install else training_tag(options.scale, options.dataset)
    pretrained.store(folder, options.dataset, command, local, options.data_dir)
    return 0


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        help=f"a classifier that takes 0..255: a .keras file, a name of `zoo list` (default: {DEFAULT_MODEL}), "
        "imagenet (InceptionV3, downloaded by Keras), OverFeat's net_weight_0, or a detector's folder",
    )


def load_model(name: str) -> "keras.Model":
    """Return a classifier by what ``--model`` may be.

    Raises:
        ValueError: For a name or file that is none of these.
    """
    import zoo
    from zoo.adversarial import InceptionV3, OverFeatFast

    stored = zoo.list_models("adversarial-*")
    if name in stored:
        return zoo.load(name)
    if name == "imagenet":
        try:
            return InceptionV3(weights="imagenet")
        except Exception as error:  # no network, no space, a bad checksum: Keras raises a different type for each
            raise ValueError(f"Keras could not get InceptionV3's ImageNet weights. Received: {error}") from error
    path = Path(name)
    if name and path.is_dir():
        from zoo.adversarial import storage

        storage.read_config(path)
        return storage.read_model(path)
    if path.name.startswith("net_weight"):
        return OverFeatFast(weights=path)
    if path.suffix == ".keras" and path.is_file():
        import keras

        try:
            check_keras_file(path)
            return keras.models.load_model(path)
        except NOT_READABLE as error:
            reason = " ".join(str(error).split())[:200]
            raise ValueError(f"Not a Keras model file. Received: {path} ({reason})") from error
    known = ", ".join((*stored, "imagenet"))
    raise ValueError(
        f"--model must be a .keras file, net_weight_0, the folder of a detector, or one of {known}. Received: {name!r}"
    )


def read(path: Path, model: "keras.Model") -> "np.ndarray":
    """Return a picture file as the model takes it, see ``fitted``.

    Raises:
        ImageError: For a file that is no picture.
        ValueError: As ``fitted``.
    """
    from zoo.images import read_photograph

    return fitted(read_photograph(path), model)


def fitted(image: "np.ndarray", model: "keras.Model") -> "np.ndarray":
    """Fit a picture, uint8 RGB, to the model: shorter side and centre as in the paper, uint8; grey for one channel.

    Raises:
        ValueError: For a model whose pictures are not square.
    """
    from zoo.experiments.adversarial.data import centre

    height, width, channels = model.inputs[0].shape[1:]
    if height is not None:
        if height != width:
            raise ValueError(f"The classifier must take square pictures. Received: {height} x {width}")
        image = centre(image, height)
    return image.mean(-1, keepdims=True).round().astype("uint8") if channels == 1 else image


def _fit(options: argparse.Namespace) -> int:
    import numpy as np

    from zoo.adversarial import KNNDetector, storage
    from zoo.adversarial.serving import best_layer
    from zoo.folders import check_replaceable

    if options.folder is None and options.model != DEFAULT_MODEL:
        raise ValueError(f"--model needs FOLDER with its training pictures. Received: {options.model!r} without one")
    check_replaceable(options.detector, storage.CONFIG, "detector")
    model = load_model(options.model)
    if options.folder is None:
        from zoo.adversarial.digits import digits

        images, labels = digits("train")
        apart, apart_labels = digits("calibration")
        names: tuple[str, ...] = ()
    else:
        images, labels, apart, apart_labels = _folder(options.folder, model)
        names = read_class_names(options.folder, int(model.outputs[0].shape[-1]))
    layer = options.layer or best_layer(model)
    k = options.k if options.k is not None else max(1, round(len(images) / len(np.unique(labels))))
    # PCA cannot keep more components than there are rows.
    dimensions = min(options.dimensions, len(images) - 1)
    detector = KNNDetector(
        model,
        layer,
        k,
        options.weighting,
        options.processing,
        dimensions,
        index=options.index,
        search=options.search,
        class_names=names,
    ).fit((images, labels))
    output = detector.extractor(apart)[0].argmax(-1)
    right = output == apart_labels
    if not right.any():
        raise ValueError(
            f"The model must classify at least one of {len(right)} held-out pictures correctly; do the sorted "
            f"sub-folders match its classes? Received: {options.folder}"
        )
    threshold = detector.calibrate(apart[right], np.ones(int(right.sum()), int), at=options.rate)
    detector.save(options.detector)
    recall = "" if detector.recall == 1 else f", the index finds {detector.recall:.1%} of the neighbours"
    about = f"{len(images)} pictures, {layer}, k = {k}, threshold {threshold:.4f}{recall}"
    print(f"written: {shown(options.detector)} ({about})")
    return 0


def _folder(folder: Path, model: "keras.Model") -> "tuple[np.ndarray, ...]":
    """Return the pictures and classes for the database, and those set apart."""
    import numpy as np

    from zoo.images import ImageError

    classes = sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    known = model.outputs[0].shape[-1]
    if not classes or len(classes) > known:
        raise ValueError(
            f"FOLDER must hold one sub-folder of pictures for each of the model's {known} classes, in sorted order. "
            f"Received: {folder} with {len(classes)} sub-folders"
        )
    kept: list[list] = [[], [], [], []]
    for number, path in enumerate(classes):
        good = 0
        for file in sorted(p for p in path.iterdir() if p.is_file()):
            try:
                image = read(file, model)
            except ImageError as error:
                print(f"zoo: left out: {error}", file=sys.stderr)
                continue
            good += 1
            side = 2 if good % HELD_OUT == 0 else 0
            kept[side].append(image)
            kept[side + 1].append(number)
    if not kept[0] or not kept[2]:
        raise ValueError(
            f"{folder} must hold at least {HELD_OUT} pictures per class: every {HELD_OUT}th is held out for the "
            f"threshold. Received: {len(kept[0]) + len(kept[2])} pictures"
        )
    return tuple(np.array(part) for part in kept)


def _score(options: argparse.Namespace) -> int:
    return score_pictures(options, lambda track: _picture_scorer(options.detector))


def _picture_scorer(folder: Path) -> Scorer:
    from zoo.adversarial import KNNDetector, storage

    detector = KNNDetector.load(folder)
    names = detector.class_names

    def answer(picture: "np.ndarray") -> Answer:
        output, features = detector.extractor(fitted(picture, detector.model)[None])
        predicted = output.argmax(-1)
        score = float(detector.score_features(features[detector.layer], predicted)[0])
        trusted = None if detector.threshold is None else bool(score > detector.threshold)
        number = int(predicted[0])
        values: dict[str, object] = {"score": round(score, 6), "class": number}
        values |= {"class_name": names[number]} if number < len(names) else {}
        values |= {"trusted": trusted, "probability": round(float(output.max()), 6)}
        verdict = {None: "", True: "trusted", False: "rejected"}[trusted]
        return Answer(values, f"{score:.4f}  {class_label(number, names)}  {verdict}")

    columns = ("score", "class", "class_name", "trusted", "probability")
    files = tuple(folder / name for name in storage.FILES)
    return Scorer(answer, SCALE, NOTE, files, columns, calibrated=lambda values: -cast(float, values["score"]))


def _detector(given: str | None) -> tuple[str, ...]:
    from zoo.adversarial import storage

    if given is None or not all((Path(given) / name).is_file() for name in storage.FILES):
        raise ValueError(f"--weights must be a folder of `zoo adversarial fit`. Received: {given or 'none'}")
    return tuple(str(Path(given) / name) for name in storage.FILES)


PRODUCT = Product(
    _detector,
    lambda weights: _picture_scorer(Path(weights[0]).parent),
    lambda values: values["score"],
    SCALE,
)
QUESTION = Comparison(
    yes="it was changed to mislead the classifier",
    no="it was not changed to mislead the classifier",
    positive="pictures that were changed to mislead the classifier, of `zoo adversarial attack`",
    qualities=(0,),
    product=PRODUCT,
)


def _attack(options: argparse.Namespace) -> int:
    if (options.target is None) == (options.attack in TARGETED):
        raise ValueError(
            f"--target needs --attack {' or '.join(TARGETED)}. Received: {options.attack}, {options.target}"
        )
    paths = expand(options.images)
    outputs = [options.output / f"{path.stem}.{options.attack}.png" for path in paths]
    for output in {path for path in outputs if outputs.count(path) > 1}:
        raise ValueError(
            f"Pictures with the same file name need separate --output folders. Received: several for {output}"
        )
    named = {f"--output for {path}": output for path, output in zip(paths, outputs, strict=True)}
    check_outputs(named, [*paths, options.model, options.classes], options.force)
    if missing := name_missing(paths):
        return missing
    import numpy as np

    from zoo.adversarial import attacks
    from zoo.images import write_png

    model = load_model(options.model)
    classes = int(model.outputs[0].shape[-1])
    names = read_class_names(options.classes, classes) or _names_of(options.model)
    wanted = None if options.target is None else class_number(options.target, names, classes)
    options.output.mkdir(parents=True, exist_ok=True)
    failed: list[Path] = []
    for path, picture in readable(paths, failed):
        original = fitted(picture, model)
        images = original[None].astype(np.float32)
        target = np.array([0 if wanted is None else wanted])
        before = _predicted(model, original)
        if wanted == before:
            already = class_label(before, names)
            print(f"zoo: {shown(path)} is already classified as {already}: choose another --target", file=sys.stderr)
            failed.append(path)
            continue
        found = {
            "fgsm": partial(attacks.fgsm, model, images, eps=options.eps),
            "fgs": partial(attacks.fgs, model, images, eps=options.eps, clip=(0, 255)),
            "iter_target_class": partial(attacks.iter_target_class, model, images, target, options.eps),
            "lbfgs": partial(attacks.lbfgs, model, images, target),
            "random_noise": partial(attacks.random_noise, images, options.eps),
        }.get(options.attack) or partial(extensions.load("attacks", options.attack), model, images, options.eps)
        saved = attacks.to_8_bits(found())[0]
        after = _predicted(model, saved)
        output = options.output / f"{path.stem}.{options.attack}.png"
        write_png(output, saved[..., 0] if saved.shape[-1] == 1 else saved)
        largest = int(np.abs(saved.astype(int) - original).max())
        reached = after != before if wanted is None else after == wanted
        outcome = "" if reached else ", not what was wanted"
        changed = f"{class_label(before, names)} -> {class_label(after, names).removeprefix('class ')}"
        print(f"{changed}{outcome}, largest change {largest}  {shown(output)}")
    return min(len(failed), MOST_FAILURES)


def _names_of(model: str) -> tuple[str, ...]:
    """Return the names of classes that lie with a detector, where ``--model`` is the folder of one."""
    from zoo.adversarial import storage

    if not model or not Path(model).is_dir():
        return ()
    return tuple(str(name) for name in storage.read_config(Path(model)).get("class_names") or ())


def _predicted(model: "keras.Model", image: "np.ndarray") -> int:
    output = model.predict_on_batch(image[None].astype("float32"))
    return int((output[0] if isinstance(output, list) else output).argmax())
