"""Code layout: which way imports run, what every family has, and what adding one takes."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import zoo.weights
from zoo.experiments.cli import main as cli
from zoo.experiments.families import experiments, load
from zoo.experiments.run import tables
from zoo.families import BUILT_IN, families

ROOT = Path(__file__).parent.parent
PLACES = {"zoo": "zoo", "datasets": "zoo.datasets", "experiments": "zoo.experiments"}
PUBLISH = "zoo.experiments.publish"
ROOMS = {"run", "train", "cli", "publish"}
FILES = {"__init__.py", "family.py", "commands.py", "training.py", "evaluation.py", "values"}
"""What every family's experiments have, in the family's folder or in each of its rooms."""
IN_ROOMS = {"imaging": ("developing", "joint", "prnu"), "hyperimage": ("synthetic", "quality", "forgery")}
"""Families of more than one experiment have a room for each."""


def _modules():
    """Dotted name and path of every module but tests."""
    found = {}
    for folder, package in PLACES.items():
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            if not parts[-1].endswith("_test"):
                found[".".join([package, *(part for part in parts if part != "__init__")])] = path
    return found


MODULES = _modules()


def _imports(path):
    """Modules of the zoo that a module imports, anywhere in it; not those for type checkers alone."""
    tree = ast.parse(path.read_text())
    typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in typing:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "zoo":
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else node.module for name in whole}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "zoo"}
    return found


IMPORTS = {name: _imports(path) for name, path in MODULES.items()}


def _level(module):
    return 2 if module.startswith("zoo.experiments") else 1 if module.startswith("zoo.datasets") else 0


def test_imports_run_from_experiments_to_datasets_to_zoo():
    wrong = [(m, other) for m, found in IMPORTS.items() for other in found if _level(other) > _level(m)]
    assert wrong == []


def test_no_imports_run_in_a_circle():
    state, circles = {}, []

    def visit(module, trail):
        if state.get(module) == "done":
            return
        if module in trail:
            circles.append(trail[trail.index(module) :])
            return
        for other in IMPORTS.get(module, ()):
            visit(other, [*trail, module])
        state[module] = "done"

    for module in MODULES:
        visit(module, [])
    assert circles == []


def test_no_table_imports_another_and_nothing_imports_a_table():
    places = {listed.place.partition(":")[0] for page in experiments() for listed in page.tables.values()}
    wrong = [(m, other) for m, found in IMPORTS.items() for other in found if other in places and other != m]
    assert wrong == []


def test_the_package_does_without_what_maintainers_run():
    wrong = [m for m, found in IMPORTS.items() for other in found if PUBLISH in other and PUBLISH not in m]
    assert wrong == []


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_family_has_the_same_files(name):
    folder = ROOT / "experiments" / name
    rooms = [folder / room for room in IN_ROOMS.get(name, ())] or [folder]
    for part in FILES | {"tables"}:
        here = [
            room for room in rooms if (room / part).exists() or (part == "tables" and (room / "tables.py").exists())
        ]
        assert (folder / part).exists() or here == rooms, part
    assert (ROOT / "zoo" / name / "family.py").is_file() and (ROOT / "zoo" / name / "README.md").is_file()


@pytest.mark.parametrize("page", experiments(), ids=lambda page: page.name)
def test_a_page_names_what_is_there(page):
    for name, listed in page.tables.items():
        table = load(listed.place)
        assert listed.title
        assert (table.paper, table.name) == (page.name, name)
    stands_for = [page.stands_for] if page.stands_for else []
    for place in (page.commands, *stands_for, *(training.run for training in page.trainings)):
        assert callable(load(place))


@pytest.mark.parametrize("page", families(), ids=lambda page: page.name)
def test_a_family_names_the_weights_of_its_index_and_what_is_there(page):
    assert list(page.stored) == [n for n in zoo.weights.packaged() if zoo.weights.provenance(n).family == page.name]
    for place in (*(n.constructor for n in page.networks), *(p.serving for p in page.products)):
        assert callable(load(place))


def test_pages_cost_no_import_of_what_they_name():
    code = "import sys; from zoo.families import families; from zoo.experiments.families import experiments\n"
    code += "families(), experiments()\nassert not {'keras', 'tensorflow', 'numpy', 'pandas', 'cv2'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_folder_of_experiments_is_a_family_or_a_room():
    folders = {path.name for path in (ROOT / "experiments").iterdir() if (path / "__init__.py").is_file()}
    assert folders == {*BUILT_IN, *ROOMS}


SIXTH = {
    "zoo/toy/__init__.py": '"""A family."""\n',
    "zoo/toy/family.py": (
        "from pathlib import Path\n"
        "from zoo.family import Family, Network\n"
        'FAMILY = Family("toy", "Us 2026", "A paper", Path(__file__).parent,\n'
        '    (Network("toy-net", "zoo.contrast.model:ContrastNet", "zoo pretrain toy"),))\n'
    ),
    "experiments/toy/__init__.py": '"""Its experiments."""\n',
    "experiments/toy/family.py": (
        "from zoo.experiments.family import Experiments, Listed, Training\n"
        'EXPERIMENTS = Experiments("toy", {"table_1": Listed("A toy, Table 1", "zoo.experiments.toy.tables:TABLE")},\n'
        '    "zoo.experiments.toy.commands:add", (Training("zoo.experiments.toy.commands:pretrain"),), ("clic",))\n'
    ),
    "experiments/toy/commands.py": (
        'def add(commands):\n    commands.add_parser("toy", help="play")\n'
        'def pretrain(options, command):\n    print("trained:", command)\n    return 0\n'
    ),
    "experiments/toy/tables.py": (
        "from zoo.experiments.run.cells import Cell, Table\nfrom zoo.metrics import Estimate\n"
        'def cells(settings):\n    yield Cell("r", "c", "AUC", measure=lambda: Estimate(1.5, 1, 2, 3, 4))\n'
        'TABLE = Table("toy", "table_1", cells)\n'
    ),
}


def test_a_family_inside_is_its_two_folders_and_a_line(tmp_path):
    ignored = shutil.ignore_patterns("weights", "dummy_data", "__pycache__")
    for folder in PLACES:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored, symlinks=True)
    for name, text in SIXTH.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    line = tmp_path / "zoo" / "families.py"
    line.write_text(line.read_text().replace('"hyperimage")', '"hyperimage", "toy")'))

    commands = ["list", "reproduce toy table-1", "pretrain toy", "--help"]
    code = "import sys; from zoo.experiments.cli.main import main\n"
    code += "for words in sys.argv[1:]: print('---'); assert not main(words.split())"  # the last one ends the process
    done = subprocess.run(
        [sys.executable, "-c", code, *commands],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    _, listed, table, training, usage = done.stdout.split("---\n")
    assert "toy table-1" in listed
    assert re.search(r"r +1\.5", table)
    assert (tmp_path / "runs" / "tables" / "laptop" / "toy_table_1.csv").is_file()
    assert "trained: zoo pretrain toy --scale laptop --seed 0" in training
    assert re.search(r"  toy +play", usage)


FORMER = {
    "zoo.experiments.imaging.joint_training": "zoo.experiments.imaging.joint.training",
    "zoo.experiments.card": "zoo.experiments.publish.card",
    "zoo.experiments.headlines": "zoo.experiments.publish.headlines",
    "zoo.experiments.cli": "zoo.experiments.cli.main",
    "zoo.experiments.table": "zoo.experiments.run.cells",
    "zoo.experiments.tables": "zoo.experiments.run.tables",
    "zoo.imaging.start": "zoo.imaging.developing.inet_init",
    "zoo.own_weights": "zoo.resolve_weights",
    "zoo.hyperimage.theano": "zoo.hyperimage.theano_weights",
    "zoo.datasets.digits": "zoo.adversarial.digits",
}
"""Modules by the names that they had when stored weights were trained and tables measured."""
FORMER_TRAININGS = {"--joint": "joint"} | {f"--only {task}": task for task in ("synthetic", "quality", "forgery")}
"""Trainings by the options that named them when stored weights were trained."""


def test_commands_that_are_stored_with_weights_are_still_understood():
    commands = {zoo.weights.provenance(name).command for name in zoo.weights.packaged()}
    for command in commands:
        for former, now in FORMER_TRAININGS.items():
            if former in command:
                command = command.replace(f" {former}", "").replace(" --scale", f" {now} --scale")
        words = command.split()
        if words[0] == "zoo":
            assert callable(cli._parser().parse_args(words[1:]).run)
        else:  # python -m MODULE ...
            assert FORMER.get(words[2], words[2]) in MODULES


def test_former_names_are_gone_and_lead_to_what_is_there():
    for former, now in FORMER.items():
        assert former not in MODULES or now.startswith(former)
        assert now in MODULES


def test_tables_have_the_order_of_their_pages():
    names = [f"{paper} {name}" for paper, name, _ in tables.overview()]
    assert names == [f"{p.name} {name.replace('_', '-')}" for p in experiments() for name in p.tables]
