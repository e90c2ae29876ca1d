import importlib.util
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The Python of an environment with nothing of ours but the wheel of the sdist; dependencies come from this one."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns(".*", "runs", "build", "dist", "*.egg-info", "__pycache__", "results")
    shutil.copytree(ROOT, folder / "source", ignore=ignored, symlinks=True)
    sdist = [sys.executable, "-c", "import sys, setuptools.build_meta as b; b.build_sdist(sys.argv[1])", str(folder)]
    subprocess.run(sdist, cwd=folder / "source", check=True, capture_output=True)
    shutil.rmtree(folder / "source")  # what the sdist leaves out is missed
    (archive,) = folder.glob("*.tar.gz")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "-w", str(folder), str(archive)], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=False)
    (site,) = (folder / "env" / "lib").glob("python*/site-packages")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)],
        check=True,
        capture_output=True,
    )
    # A .pth inside a folder that a .pth adds is not read: this environment's editable install stays out.
    (site / "dependencies.pth").write_text(str(Path(pytest.__file__).parent.parent))
    return folder / "env" / "bin" / "python", folder


def _python(installed, code):
    python, folder = installed
    return subprocess.run([python, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


def test_wheel_works_outside_the_checkout(installed):
    done = _python(
        installed,
        "import zoo, zoo.datasets.embedded, zoo.experiments.run.tables as t, zoo.weights, zoo.layers\n"
        "from importlib.resources import files\n"
        "from zoo.experiments.run.paper_values import paper_values\n"
        "assert 'site-packages' in zoo.__file__ and 'site-packages' in t.__file__, zoo.__file__\n"
        "assert paper_values('contrast', 'table_1').shape == (10, 8)\n"
        "assert paper_values('contrast', 'table_2').shape == (9, 7)\n"
        "assert files('zoo').joinpath('py.typed').is_file()\n"
        "assert files('zoo.contrast').joinpath('README.md').is_file()\n"
        "from zoo.datasets.raise8k.raise8k_dataset_builder import Builder\n"
        "Builder.get_metadata()\n"
        "for name in zoo.weights.names():\n"
        "    entry = zoo.weights.provenance(name)\n"
        "    assert 'site-packages' in str(entry.path) and zoo.weights.sha256(entry.path) == entry.sha256\n"
        "assert zoo.list_models() == zoo.weights.names() and zoo.provenance('contrast-aware.photographs').metrics\n"
        "from zoo.experiments.cli.main import main\n"
        "main(['list'])\n",
    )
    assert done.returncode == 0, done.stderr
    assert "contrast table-1" in done.stdout


def test_the_wheel_holds_every_module_once_and_what_maintainers_run_not_at_all(installed):
    _, folder = installed
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        everything = archive.namelist()
    names = [name for name in everything if name.endswith(".py")]
    pages = (ROOT / "experiments" / "cli" / "templates").glob("*.html")
    assert {f"zoo/experiments/cli/templates/{page.name}" for page in pages} <= set(everything)
    assert len(names) == len(set(names))
    places = {"zoo": "zoo", "datasets": "zoo/datasets", "experiments": "zoo/experiments"}
    there = {
        f"{place}/{path.relative_to(ROOT / source).as_posix()}"
        for source, place in places.items()
        for path in (ROOT / source).rglob("*.py")
        if "publish" not in path.parts
    }
    assert set(names) == there


@pytest.mark.parametrize("link", ["datasets", "experiments"])
def test_a_checkout_without_symbolic_links_says_so_in_one_line(tmp_path, link):
    ignored = shutil.ignore_patterns("weights", "__pycache__", "datasets", "experiments")
    shutil.copytree(ROOT / "zoo", tmp_path / "zoo", ignore=ignored)
    other = {"datasets": "experiments", "experiments": "datasets"}[link]
    (tmp_path / "zoo" / other).mkdir()
    (tmp_path / "zoo" / link).write_text(f"../{link}")  # as git writes a link on such a file system
    run = [sys.executable, "-c", "import zoo"]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"ImportError: {tmp_path / 'zoo' / link} must be a symbolic link")
    assert "core.symlinks" in done.stderr.splitlines()[-1]


def test_an_editable_install_has_the_import_path_of_the_place():
    for name, folder in (("zoo.datasets", "datasets"), ("zoo.experiments", "experiments")):
        found = Path(importlib.util.find_spec(name).origin)
        assert found == ROOT / "zoo" / folder / "__init__.py"
        assert found.resolve() == ROOT / folder / "__init__.py"


def test_import_is_quick_and_without_tensorflow(installed):
    done = _python(installed, "import sys, zoo\nassert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)")
    assert done.returncode == 0, done.stderr
