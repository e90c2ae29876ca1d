"""Peak memory of the steps that are large at the paper's scale, on synthetic data of the real sizes.

Command: python benchmarks/paper_memory.py [--rows ROW ...] [--append]
Prints every row and writes benchmarks/paper_memory.csv.

Each measurement is a process of its own. `peak_gib` is all of its resident memory (`resource.getrusage`), Python and
TensorFlow included, at the larger of the sizes that `measured` names. `anonymous_gib` is without the pages of files,
which the system may take back at any time, sampled every 20 ms. It grows along the line through both sizes:
`extrapolated_gib` is the peak and what the line adds up to the paper's number, `paper`. Pictures have the real sizes
and are noise, networks have random weights, and a step is one update.
"""

import argparse
import dataclasses
import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the measuring process stays small
    import keras
    import numpy as np

D7000, D810 = (3264, 4928), (4912, 7360)
"""Height and width of the largest photographs of RAISE, and of the paper's own cameras."""
IMAGENET = (375, 500)
"""Of a usual photograph of ImageNet."""


class Row(NamedTuple):
    """A step: the command it belongs to, its function below, sizes to measure at, and the paper's."""

    command: str
    step: str
    run: Callable[[int], object]
    unit: str
    sizes: tuple[int, ...]
    paper: int


def imaging_develop(photographs: int) -> None:
    """RAW files of 36 megapixels are developed, kept and opened, and patches are drawn."""
    from zoo.datasets.developed import DevelopedPatches, develop_pair, fixed_patches, save
    from zoo.imaging.developing import raw

    kept = []
    for number in range(photographs):
        path = _raw_file(number, *D810)
        kept.append(save(develop_pair(raw.read(path), str(number), "GBRG"), Path("kept"), str(number)))
        path.unlink()
    fixed_patches(kept, 256)
    DevelopedPatches(kept, 1).batch(0, 0)


def imaging_shots(photographs: int) -> None:
    """Middles of RAW files of 36 megapixels, as the fingerprints of Figure 5 are taken from."""
    from zoo.experiments.imaging.prnu import shots

    kept = []
    for number in range(photographs):
        path = _raw_file(number, *D810)
        kept.append(shots._middle(path, 1024))
        path.unlink()
        assert kept[-1].image.balanced_planes.shape == (512, 512, 4)


def imaging_joint(patches: int) -> None:
    """Test patches of Table 4, what three models make of them, and the FAN's answers; INet stands for UNet."""
    from zoo.experiments.imaging.joint.evaluation import JointEvaluation
    from zoo.experiments.imaging.joint.scales import JointRun
    from zoo.experiments.imaging.joint.training import build
    from zoo.experiments.run.cells import Settings
    from zoo.imaging import INet, UNet

    here = JointEvaluation(Settings("paper"))
    planes, target = _noise(*D7000).reshape(D7000[0] // 2, -1, 4)[:, : D7000[1] // 2], _noise(*D7000)
    here.__dict__["pictures"] = _developed(planes, target) * 30
    here.scale = type(here.scale)(30, patches // 30)
    runs = [JointRun("inet", weight) for weight in (None, 0.25, 0.1)]
    here.__dict__["workflow"] = lambda run: build(run, INet(clip=False), "float32", 0)
    UNet(clip=False)(here.patches[0][:16])
    for run in runs:
        here.fidelity(run, "PSNR")
    here.scale = type(here.scale)(30, 1)
    here.probabilities(runs[-1], None)


def imaging_splices(pictures: int) -> None:
    """Whole pictures as a network develops them, and the five versions of one; INet stands for UNet."""
    from zoo.experiments.imaging.joint.evaluation import JointEvaluation
    from zoo.experiments.imaging.joint.scales import JointRun
    from zoo.experiments.imaging.joint.tables.splices import Splices
    from zoo.experiments.imaging.joint.training import build
    from zoo.experiments.run.cells import Settings
    from zoo.imaging import INet

    evaluation, run = JointEvaluation(Settings("paper")), JointRun("inet")
    planes, target = _noise(*D7000).reshape(D7000[0] // 2, -1, 4)[:, : D7000[1] // 2], _noise(*D7000)
    evaluation.__dict__["pictures"] = _developed(planes, target) * pictures
    workflow = build(run, INet(clip=False), "float32", 0)
    evaluation.__dict__["workflow"] = lambda run: workflow
    for versions in Splices(evaluation, run).versions(None):
        assert len(versions) == 5


def hyperimage_second_stage(images: int) -> None:
    """Hyper-images of a split, three updates and the test part's scores."""
    import numpy as np

    from zoo.datasets.labelled import Labelled
    from zoo.experiments.hyperimage import stages
    from zoo.experiments.hyperimage.quality.training import SCALES, network
    from zoo.hyperimage import Recipe

    both = network(SCALES["paper"])
    made = {}
    for part, share in (("train", 0.6), ("validation", 0.2), ("test", 0.2)):
        made[part] = np.zeros((round(share * images), 23, 31, 800), np.float16)
        made[part][:] = 1
    train, held_out = (
        Labelled(made[part], np.zeros((len(made[part]), 1), np.float32), 16) for part in ("train", "validation")
    )
    few = Labelled(made["train"][:48], train.labels[:48], 16)
    stages.fit(both.second, few, held_out, Recipe(1, 1, batch_size=16))
    both.predict(made["test"])


def hyperimage_pairs(pairs: int) -> None:
    """Patches to rank, as they are gathered and joined, and a batch."""
    import numpy as np

    from zoo.datasets.ranked_pairs import RankedPairs

    found = tuple([np.full((15, 64, 64, 3), 1, np.uint8) for _ in range(pairs // 15)] for _ in range(2))
    RankedPairs(np.concatenate(found[0]), np.concatenate(found[1]), batch_size=128).batch(0, 0)


def contrast_scenes(photographs: int) -> None:
    """TIFF files of 16 megapixels are read and adjusted, and 16 patches of each version are kept to train on."""
    import numpy as np

    from zoo.contrast.operators import draw_training_operator
    from zoo.datasets.patches import PairedPatches
    from zoo.images import read_image

    path = _tiff_file()
    batches = PairedPatches(lambda rng: read_image(path), draw_training_operator, 125_000)
    kept = [batches.make((0, 0, number)) for number in range(photographs)]
    batches.assemble(0, 0, kept[:1] * 16)
    assert np.asarray(kept[-1]).shape == (2, 16, 64, 64, 3)


def contrast_scores(photographs: int) -> None:
    """Scores of whole pictures by Tables I and II; a network of a quarter of the width stands for ContrastNet."""
    from zoo.contrast import ContrastNet
    from zoo.contrast.detector import ContrastDetector
    from zoo.datasets.photographs import Photograph
    from zoo.experiments.contrast import evaluation
    from zoo.experiments.run.cells import Settings
    from zoo.images import read_image

    path = _tiff_file()
    here = evaluation.Evaluation(Settings("paper"))
    here.__dict__["pictures"] = [Photograph(str(n), str(n), lambda: read_image(path)) for n in range(photographs)]
    network = ContrastDetector(None)
    network.model = ContrastNet(base_filters=8)
    for operator in ("CLAHE 0.005", "AutoColor"):
        for (unit,) in here.units(operator, 90):
            assert unit.shape == (*D7000, 3)
    scores = list(evaluation._patch_scores(network, (u for units in here.units(None, 90) for u in units)))
    assert len(scores) == photographs and len(scores[0]) == (D7000[0] // 64) * (D7000[1] // 64)
    here.roughness(None, 90)


def steganography_photographs(photographs: int) -> None:
    """Photographs of ImageNet, read once and kept at 224 pixels; twice as many with a worker process."""
    from zoo.datasets.pairs import ResizedPhotographs
    from zoo.datasets.photographs import Photograph

    draw = ResizedPhotographs([Photograph(str(n), str(n), lambda: _noise(*IMAGENET)) for n in range(photographs)])
    for number in range(photographs):
        assert draw.in_turn(number, 0, 224).shape == (224, 224, 3)


def adversarial_choice(pictures: int) -> None:
    """Photographs of ImageNet's validation split, of which those to calibrate with and a pair a class are kept."""
    from zoo.experiments.adversarial import imagenet

    model, seen, apart = _small_classifier(), _noise(*IMAGENET), pictures // 2

    def examples(builder: None, split: str, start: int = 0) -> object:
        return ({"image": seen, "label": number % apart} for number in range(20 * apart))

    imagenet._examples = examples
    calibration, test = imagenet._validation(model, None, 299, False, 0, 0)
    assert len(calibration.images) == apart and len(test.images) > apart // 2


def adversarial_attacks(pictures: int) -> None:
    """All attacks of Table 4 on the DEV set, and what is kept of them; a small network stands for InceptionV3."""
    import numpy as np

    from zoo.experiments.adversarial.data import Pictures, Problem
    from zoo.experiments.adversarial.evaluation import Evaluation
    from zoo.experiments.run.cells import Settings

    here, numbers = Evaluation("inception", Settings("paper")), np.arange(pictures)
    images = _noise(pictures * 299, 299).reshape(pictures, 299, 299, 3)
    test = Pictures(images, np.zeros(pictures, np.int32), np.ones(pictures, np.int32))
    here.__dict__["_problem"] = Problem(
        "inception", _small_classifier(), (), None, 0, test, test, 1000, 1000, 256, "none"
    )
    here.__dict__["_folder"] = Path("kept")
    kept = [here.attacked_in_parts(attack, numbers) for attack in here.attacks]
    assert {attacked.shape for attacked in kept} == {images.shape}


def adversarial_files(photographs: int) -> None:
    """Photographs of a shard of ImageNet's, as TFDS prepared it, are decoded and cut for InceptionV3."""
    import tensorflow as tf
    import tensorflow_datasets as tfds

    from zoo.experiments.adversarial import imagenet

    examples = [{"image": _noise(*IMAGENET), "label": 1}] * photographs
    made = tf.data.Dataset.from_generator(
        lambda: examples,
        output_signature={"image": tf.TensorSpec((*IMAGENET, 3), tf.uint8), "label": tf.TensorSpec((), tf.int64)},
    )
    features = {
        "image": tfds.features.Image(encoding_format="jpeg"),
        "label": tfds.features.ClassLabel(num_classes=1000),
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        "imagenet2012",
        "5.1.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": made},
        data_dir=Path(),
    )
    builder = imagenet.prepared_in(Path())
    read = imagenet._batches(imagenet._examples(builder, "train"), 299, False, 1)
    assert sum(len(labels) for _, labels in read) == photographs


def _features(network: str) -> Callable[[int], None]:
    """Deep features of so many pictures of all layers of the adversarial tables."""

    def run(pictures: int) -> None:
        from zoo.adversarial.features import FeatureExtractor
        from zoo.experiments.adversarial.data import FEATURES
        from zoo.experiments.adversarial.plan import BUILDERS

        build, side = BUILDERS[network]
        seen = _noise(pictures * side, side).reshape(pictures, side, side, 3)
        FeatureExtractor(build(), FEATURES[network], batch_size=pictures)(seen)

    return run


def hyperimage_end_to_end(images: int) -> None:
    """TID2013's images of a split, normalised, as the end-to-end rows take them; a small network stands for both."""
    import keras

    from zoo.datasets.iqa import Rated
    from zoo.experiments.hyperimage.quality import protocol
    from zoo.experiments.hyperimage.quality.training import SCALES
    from zoo.hyperimage import Recipe

    def image() -> "np.ndarray":
        return _noise(384, 512)

    def small(shape: tuple[int, int, int]) -> keras.Model:
        inputs = keras.Input(shape)
        return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(keras.layers.MaxPooling2D(64)(inputs))))

    protocol.END_TO_END["Deep end-to-end CNN"] = small
    rated = [Rated(str(n), str(n % 25), image, image, str(n % 25), "a", 1, n % 9) for n in range(images)]
    scale = dataclasses.replace(SCALES["paper"], second=Recipe(1, 1, batch_size=16))
    here = protocol.Protocol("tid2013", rated, scale, 0)
    scores, _ = here.scores(0, "Deep end-to-end CNN", None)
    assert len(scores) == images // 5


def hyperimage_synthetic(images: int) -> None:
    """Images of the synthetic task, the patches of the first stage, hyper-images, and these with shuffled cells."""
    from zoo.experiments.hyperimage.synthetic import training
    from zoo.hyperimage import Recipe

    scale = training.SCALES["paper"]
    few = dataclasses.replace(scale, images=images, validation=images // 10, first=Recipe(1, 1), second=Recipe(1, 1))
    training.train(few, Path("synthetic"))


def imaging_synthetic_shots(photographs: int) -> None:
    """What a synthetic body records of scenes of 1 megapixel, as Figure S1 keeps it of four bodies."""
    from zoo.datasets.camera import CAMERAS, Body
    from zoo.experiments.imaging.prnu import shots

    shots.synthetic(Body(CAMERAS["birch"], 1), "fingerprint", photographs, 1024, 0)


def imaging_prnu(pipelines: int) -> None:
    """Sums, fingerprints and tampered pictures by pipeline, and a map: six pipelines of each of Figure S1's bodies."""
    from zoo.datasets.camera import CAMERAS, Body
    from zoo.experiments.imaging.prnu.evaluation import SCALES, PrnuEvaluation
    from zoo.experiments.imaging.prnu.pipelines import Pipeline
    from zoo.experiments.run.cells import Settings
    from zoo.imaging.prnu import CorrelationPredictor, tampering_map

    names = [str(number) for number in range(pipelines)]
    scale = dataclasses.replace(SCALES["paper"], fingerprint=18, predictor=2)
    here = PrnuEvaluation(Settings("paper"), [Pipeline(name, None) for name in names], Body(CAMERAS["birch"], 1), scale)

    def pictures(role: str, pipeline: str) -> list:
        return [_noise(1024, 1024, number) for number in range(getattr(scale, role))]

    here.__dict__["pictures"] = pictures
    for name in names:
        here.similarity(name, names[0])
        here.tampered(name)
    predictor = CorrelationPredictor.fit(here.fingerprint("0"), pictures("predictor", "0"), scale.window, 500)
    tampering_map(here.tampered("0")[0], here.fingerprint("0"), predictor, scale.stride).full_size()


def _update(place: str) -> Callable[[int], None]:
    """An update of a plan's step, ``module:function``, with so many examples."""

    def run(examples: int) -> None:
        from zoo.experiments.families import load

        load(f"zoo.experiments.{place}")(examples).run()

    return run


PAIRS = 3415 * 15
"""Of patches of CASIA-2's training part."""
STEGANOGRAPHY = {"H-net and R-net": "steganography.plan:ours", "Baluja's networks": "steganography.plan:baluja"}
ADVERSARIAL = {"overfeat": ("OverFeat", "table-2"), "inception": ("InceptionV3", "table-4")}
ROWS: dict[str, Row] = {
    "contrast scenes": Row(
        "pretrain contrast", "photographs of 16 megapixels", contrast_scenes, "photographs", (8, 16), 256
    ),
    "contrast update": Row(
        "pretrain contrast", "update of ContrastNet", _update("contrast.plan:step"), "patches", (8, 16), 32
    ),
    "contrast scores": Row(
        "reproduce contrast table-1", "scores of 16 megapixels", contrast_scores, "photographs", (1, 2), 300
    ),
    **{
        f"steganography update, {name}": Row(
            "pretrain steganography", f"update of {name}", _update(place), "pairs", sizes, 16
        )
        for (name, place), sizes in zip(STEGANOGRAPHY.items(), ((2, 4), (1, 2)), strict=True)
    },
    "steganography photographs": Row(
        "pretrain steganography",
        "photographs to train and validate on",
        steganography_photographs,
        "photographs",
        (500, 1000),
        15_000 + 1491,
    ),
    "imaging develop": Row("imaging fit", "photographs of 36 megapixels", imaging_develop, "photographs", (1, 2), 150),
    "imaging shots": Row(
        "reproduce imaging figure-5", "middles of 36 megapixels", imaging_shots, "photographs", (2, 4), 150
    ),
    "imaging update, UNet": Row("imaging fit", "update of UNet", _update("imaging.plan:unet"), "patches", (4, 8), 20),
    "imaging update, DNet": Row("imaging fit", "update of DNet", _update("imaging.plan:dnet"), "patches", (4, 8), 20),
    "imaging update, UNet and FAN": Row(
        "pretrain imaging joint", "update of UNet and FAN", _update("imaging.plan:unet_fn"), "patches", (2, 4), 20
    ),
    "imaging update, DNet and FAN": Row(
        "pretrain imaging joint", "update of DNet and FAN", _update("imaging.plan:dnet_fn"), "patches", (2, 4), 20
    ),
    "imaging update, UNet and FAN with a margin": Row(
        "reproduce imaging splices",
        "update of UNet and FAN with a margin",
        _update("imaging.plan:unet_fn_margin"),
        "patches",
        (2, 4),
        20,
    ),
    "imaging synthetic shots": Row(
        "reproduce imaging figure-s1", "shots of 1 megapixel", imaging_synthetic_shots, "photographs", (8, 16), 4 * 150
    ),
    "imaging prnu": Row(
        "reproduce imaging figure-s1", "PRNU sums by pipeline and body", imaging_prnu, "pipelines", (1, 2), 4 * 6
    ),
    "imaging joint": Row("reproduce imaging table-4", "test patches", imaging_joint, "patches", (150, 300), 3000),
    "imaging splices": Row(
        "reproduce imaging splices", "pictures of 16 megapixels", imaging_splices, "pictures", (2, 3), 30
    ),
    "hyperimage second stage": Row(
        "reproduce hyperimage table-2", "hyper-images", hyperimage_second_stage, "images", (250, 500), 3000
    ),
    "hyperimage update, deep": Row(
        "reproduce hyperimage table-2", "update end to end", _update("hyperimage.plan:deep"), "images", (2, 4), 16
    ),
    "hyperimage update, VGG": Row(
        "reproduce hyperimage table-2",
        "update behind VGG-16",
        _update("hyperimage.plan:vgg"),
        "patches",
        (32, 64),
        256,
    ),
    "hyperimage end-to-end": Row(
        "reproduce hyperimage table-2", "images end to end", hyperimage_end_to_end, "images", (100, 200), 3000
    ),
    "hyperimage synthetic": Row(
        "pretrain hyperimage synthetic", "images of both stages", hyperimage_synthetic, "images", (100, 200), 10_000
    ),
    "hyperimage pairs": Row(
        "reproduce hyperimage table-3", "pairs of patches", hyperimage_pairs, "pairs", (3000, 6000), PAIRS
    ),
    "hyperimage update, ranking": Row(
        "reproduce hyperimage table-3", "update of ranking", _update("hyperimage.plan:ranking"), "pairs", (8, 16), 128
    ),
    "hyperimage update, forgery end-to-end": Row(
        "reproduce hyperimage table-3",
        "update end to end",
        _update("hyperimage.plan:forgery_end_to_end"),
        "images",
        (4, 8),
        32,
    ),
    **{
        f"adversarial features, {name}": Row(
            f"reproduce adversarial {table}", f"features of {label}", _features(name), "pictures", (8, 16), 64
        )
        for name, (label, table) in ADVERSARIAL.items()
    },
    **{
        f"adversarial gradient, {name}": Row(
            f"reproduce adversarial {table}",
            f"gradient of {label}",
            _update(f"adversarial.plan:{name}_gradient"),
            "pictures",
            (4, 8),
            64,
        )
        for name, (label, table) in ADVERSARIAL.items()
    },
    "adversarial choice": Row(
        "reproduce adversarial table-2", "pictures that are chosen", adversarial_choice, "pictures", (20, 40), 4000
    ),
    "adversarial attacks": Row(
        "reproduce adversarial table-4", "attacked pictures", adversarial_attacks, "pictures", (64, 128), 1000
    ),
    "adversarial files": Row(
        "reproduce adversarial table-4", "photographs of a shard", adversarial_files, "photographs", (300, 600), 1252
    ),
}


def main() -> None:
    """Measure the rows one after the other, or one size of one row in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--append", action="store_true", help="keep the other rows of the CSV")
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.size is not None:
        print(json.dumps(_measured_here(ROWS[options.rows[0]], options.size)))
        return
    path = Path(__file__).with_suffix(".csv")
    if not options.append:
        path.unlink(missing_ok=True)
    for name in options.rows:
        line = _measured(name)
        print(line, flush=True)
        # Read anew: another process may have appended other rows meanwhile.
        lines = (_lines(path) if path.is_file() else {}) | {name: line}
        text = "\n".join([COLUMNS, *(lines[known] for known in ROWS if known in lines)]) + "\n"
        partial_path = path.with_suffix(".partial")
        partial_path.write_text(text)
        partial_path.replace(path)


COLUMNS = "command,step,measured,peak_gib,anonymous_gib,paper,extrapolated_gib"


def _lines(path: Path) -> dict[str, str]:
    of = {(row.command, row.step): name for name, row in ROWS.items()}
    return {of[tuple(line.split(",")[:2])]: line for line in path.read_text().splitlines()[1:]}


def _measured(name: str) -> str:
    """A line of the CSV."""
    row, found = ROWS[name], {}
    for size in row.sizes:
        command = [sys.executable, str(Path(__file__).resolve()), "--rows", name, "--size", str(size)]
        # This process stays small: a child's peak begins with its parent's.
        with tempfile.TemporaryDirectory(prefix="paper-memory-") as folder:
            done = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, text=True, cwd=folder, env=os.environ | ENVIRONMENT
            )
        found[size] = json.loads(done.stdout.splitlines()[-1])
    few, many = min(found), max(found)
    peak, anonymous = found[many]["peak"], found[many]["anonymous"]
    slope = (anonymous - found[few]["anonymous"]) / max(1, many - few)
    whole = peak + max(0.0, slope) * (row.paper - many)
    sizes = f"{' and '.join(str(size) for size in row.sizes)} {row.unit}"
    paper = f"{row.paper} {row.unit}"
    return ",".join((row.command, row.step, sizes, f"{peak:.2f}", f"{anonymous:.2f}", paper, f"{whole:.1f}"))


ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3"}


def _measured_here(row: Row, size: int) -> dict[str, float]:
    from threading import Event, Thread

    ended, anonymous = Event(), [0.0]

    def sample() -> None:
        while not ended.wait(0.02):
            anonymous[0] = max(anonymous[0], _anonymous())

    watcher = Thread(target=sample)
    watcher.start()
    try:
        row.run(size)
    finally:
        ended.set()
        watcher.join()
    return {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, "anonymous": anonymous[0]}


def _anonymous() -> float:
    """Resident memory of the process that lies in no file, in GiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 2**20
    raise OSError("/proc/self/status must say RssAnon: Linux 4.5 or newer is needed. Received: none")


def _noise(height: int, width: int, seed: int = 0) -> "np.ndarray":
    import numpy as np

    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def _developed(planes: "np.ndarray", target: "np.ndarray") -> list:
    """A photograph as it is kept: in a file, in 16 bits."""
    import numpy as np

    from zoo.datasets.developed import Developed, save

    picture = Developed(planes.astype(np.uint16) * 257, target.astype(np.uint16) * 257, "a", np.eye(3), "GBRG")
    return [save(picture, Path("kept"), "a")]


def _tiff_file() -> Path:
    """A photograph of 16 megapixels in 16 bits, as RAISE has it."""
    import cv2
    import numpy as np

    path = Path("photograph.tif")
    cv2.imwrite(str(path), _noise(*D7000).astype(np.uint16) * 257)
    return path


def _small_classifier() -> "keras.Model":
    """A network of 1,000 classes whose memory does not count."""
    import keras

    inputs = keras.Input((299, 299, 3))
    x = keras.layers.Flatten()(keras.layers.AveragePooling2D(100)(keras.layers.Rescaling(1 / 255)(inputs)))
    return keras.Model(inputs, keras.layers.Dense(1000, activation="softmax")(x))


def _raw_file(number: int, height: int, width: int) -> Path:
    import numpy as np

    from zoo.datasets.camera import CAMERAS, Body, write_dng

    path = Path(f"{number}.dng")
    body = Body(CAMERAS["birch"], 1)
    write_dng(path, np.random.default_rng(number).integers(600, 3800, (height, width), np.uint16), body)
    return path


if __name__ == "__main__":
    main()
