import configparser
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The Python of an environment with nothing of ours but the wheel of the sdist; dependencies come from this one."""
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns(".*", "runs", "build", "dist", "*.egg-info", "__pycache__", "results")
    shutil.copytree(ROOT, folder / "source", ignore=ignored)
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
        "from zoo.experiments.contrast.values import paper_values\n"
        "assert 'site-packages' in zoo.__file__ and 'site-packages' in t.__file__, zoo.__file__\n"
        "assert paper_values('table_1').shape == (10, 8) and paper_values('table_2').shape == (9, 7)\n"
        "assert files('zoo').joinpath('py.typed').is_file()\n"
        "assert files('zoo.contrast').joinpath('README.md').is_file()\n"
        "from zoo.datasets.raise8k.raise8k_dataset_builder import Builder\n"
        "Builder.get_metadata()\n"
        "for name in zoo.weights.names():\n"
        "    file = files('zoo') / zoo.weights.provenance(name).file\n"
        "    assert zoo.weights.sha256(file) == zoo.weights.provenance(name).sha256\n"
        "assert zoo.list_models() == zoo.weights.names() and zoo.provenance('contrast-aware.generated').metrics\n"
        "from zoo.experiments.cli import main\n"
        "main(['list'])\n",
    )
    assert done.returncode == 0, done.stderr
    assert "contrast table-1" in done.stdout


def test_every_package_is_listed():
    listed = configparser.ConfigParser()
    listed.read(ROOT / "setup.cfg")
    names = set(listed["options"]["packages"].split())
    folders = {"zoo": "zoo", "datasets": "zoo.datasets", "experiments": "zoo.experiments"}
    found = set()
    for folder, name in folders.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            found.add(".".join([name, *init.parent.relative_to(ROOT / folder).parts]))
    assert names == found


def test_import_is_quick_and_without_tensorflow(installed):
    done = _python(installed, "import sys, zoo\nassert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)")
    assert done.returncode == 0, done.stderr
