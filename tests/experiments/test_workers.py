"""``--on``: independent pieces on processes, on jobs of submitit and on Ray; workers that die; the numbers of one."""

import os
import pickle
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import workers_job as job
import workers_table

from zoo.experiments.cli import main as cli
from zoo.experiments.cli import pretrain
from zoo.experiments.families import load
from zoo.experiments.run import measure, spread, workers_local
from zoo.experiments.run.cells import Settings
from zoo.experiments.run.tasks import ATTEMPTS, Outcome, Task, pack, perform
from zoo.experiments.run.workers import Workers, follow

TESTS = Path(__file__).parent.parent
SETTINGS = Settings("smoke", seed=5)
CSV = Path("smoke") / "demo_table_1.csv"
ENGINES = [
    pytest.param(Workers("local", 2), id="local"),
    pytest.param(Workers("slurm", cluster="local"), id="slurm", marks=pytest.mark.slow),
    pytest.param(Workers("ray"), id="ray", marks=pytest.mark.slow),
]


@pytest.fixture
def engine(request):
    if request.param.engine == "slurm":
        pytest.importorskip("submitit")
    if request.param.engine == "ray":
        request.getfixturevalue("ray_cluster")
    return request.param


@pytest.mark.parametrize("engine", ENGINES, indirect=True)
def test_a_worker_that_dies_is_replaced_and_a_task_that_fails_stops_no_other(tmp_path, engine, capsys):
    tasks = [
        Task("one", partial(job.double, 1)),
        Task("bad", partial(job.fail, ValueError("two\nlines"))),
        Task("dies once", partial(job.die_once, tmp_path, "once")),
        Task("dies", partial(job.die_always, tmp_path, "always")),
        Task("two", partial(job.double, 2)),
    ]
    done = []
    with pytest.raises(ValueError, match="2 of 5 tasks of demo failed; run the same command again to repeat them"):
        for task, value in follow(tasks, engine, tmp_path / "logs", "demo", progress=False):
            done.append((task.label, value))
    assert sorted(done) == [("dies once", "once"), ("one", 2), ("two", 4)]
    said = sorted(line.partition(" (")[0].partition("; see")[0] for line in capsys.readouterr().err.splitlines())
    assert [line for line in said if line.startswith("zoo: ")] == [
        "zoo: demo: bad: two lines",
        f"zoo: demo: dies: its worker died {ATTEMPTS} times, perhaps because it was out of memory",
    ]
    assert len(list(tmp_path.glob("once.begun.*"))) == 2
    assert len(list(tmp_path.glob("always.begun.*"))) == ATTEMPTS
    pids = {path.read_text() for path in tmp_path.glob("*.begun.*")}
    assert str(os.getpid()) not in pids


def test_a_worker_that_dies_while_it_has_nothing_to_do_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(workers_local, "ATTEMPTS", 1)  # a task that was not started has not failed
    outcomes = workers_local.start([Task(name, os.getpid) for name in ("one", "two", "three")], tmp_path, 1)
    first = next(outcomes).value
    os.kill(first, signal.SIGKILL)
    _until(lambda: not Path(f"/proc/{first}").exists())  # the executor has noticed
    second, third = outcomes
    assert (second.failure, third.failure) == ("", "")
    assert second.value == third.value != first


@pytest.mark.slow
@pytest.mark.parametrize("engine", [pytest.param(p.values[0], id=p.id) for p in ENGINES], indirect=True)
def test_the_csv_is_that_of_one_process_also_where_a_worker_was_killed(tmp_path, engine, monkeypatch):
    monkeypatch.setattr(measure, "device", lambda: "none")
    measure.run(workers_table.TABLE, SETTINGS, tmp_path / "one", progress=False)
    monkeypatch.setenv("WORKERS_JOB", str(tmp_path))
    monkeypatch.setattr("zoo.experiments.run.workers_ray.PASSED_ON", ("WORKERS_JOB",))
    spread.run(workers_table.PLACE, SETTINGS, tmp_path / "several", engine, progress=False)
    assert _rows(tmp_path / "several" / CSV) == _rows(tmp_path / "one" / CSV)
    assert len(list(tmp_path.glob("a1.begun.*"))) == 2
    assert {path.name for path in (tmp_path / "several" / "smoke").iterdir()} == {
        path.name for path in (tmp_path / "one" / "smoke").iterdir()
    }


def _rows(path):
    """A CSV as text, to the last digit, without the times that measuring took."""
    lines = [line.split(",") for line in path.read_text().splitlines()]
    seconds = lines[0].index("seconds")
    return [line[:seconds] + line[seconds + 1 :] for line in lines]


@pytest.fixture
def here(monkeypatch):
    """Tasks run in this process, after they were packed for another."""

    def start(self, tasks, logs):
        for task in tasks:
            yield Outcome(task, *perform(pack(task)))

    monkeypatch.setattr(Workers, "start", start)
    monkeypatch.setattr(measure, "device", lambda: "none")  # TensorFlow takes seconds to say
    spread._cells.cache_clear()


def test_shards_rows_and_cells_that_fail(tmp_path, here, monkeypatch, capsys):
    workers = Workers("local", 2)
    measure.run(workers_table.TABLE, SETTINGS, tmp_path / "one", progress=False)
    for shard in ((1, 2), (2, 2)):
        assert spread.run(workers_table.PLACE, SETTINGS, tmp_path / "two", workers, (), shard, False) is None
    measure.merge(workers_table.TABLE, SETTINGS, tmp_path / "two", [])
    assert _rows(tmp_path / "two" / CSV) == _rows(tmp_path / "one" / CSV)
    with pytest.raises(ValueError, match="Received: 'z'"):
        spread.run(workers_table.PLACE, SETTINGS, tmp_path / "none", workers, ("z",), progress=False)

    # A cell that fails is told; the others are kept, and what is begun again is that one alone.
    monkeypatch.setenv("WORKERS_JOB", str(tmp_path))
    monkeypatch.setenv("WORKERS_JOB_FAILS", "1")
    monkeypatch.setattr(job, "die_once", job.note)
    capsys.readouterr()
    with pytest.raises(ValueError, match="1 of 5 tasks of demo table_1 failed"):
        spread.run(workers_table.PLACE, SETTINGS, tmp_path / "three", workers, progress=False)
    (said,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("zoo: "))
    assert said == "zoo: demo table_1: b, 0: RuntimeError: a cell with a fault"
    assert not (tmp_path / "three" / CSV).exists()
    monkeypatch.delenv("WORKERS_JOB_FAILS")
    spread.run(workers_table.PLACE, SETTINGS, tmp_path / "three", workers, progress=False)
    assert _rows(tmp_path / "three" / CSV) == _rows(tmp_path / "one" / CSV)
    assert len(list(tmp_path.glob("a1.begun.*"))) == 1


def test_workers_with_another_table_are_found_out(tmp_path):
    with pytest.raises(ValueError, match=r"must be x, 1, AUC, w\. Received: a, 1, AUC, w"):
        spread._measure(workers_table.PLACE, SETTINGS, 1, ("x", "1", "AUC", "w"), tmp_path)


def test_ctrl_c_leaves_what_is_done_and_no_process(tmp_path):
    code = (
        "import signal, sys; from functools import partial; from pathlib import Path; import workers_job as job\n"
        "from zoo.experiments.run.workers import Task, Workers, follow\n"
        "folder = Path(sys.argv[1])\n"
        "if __name__ == '__main__':\n"
        "    signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background jobs ignore it
        "    tasks = [Task('one', partial(job.note, folder, 'one')), Task('long', partial(job.wait, folder, 'long'))]\n"
        "    for task, value in follow(tasks, Workers('local', 2), folder / 'logs', 'demo', False):\n"
        "        print(task.label, flush=True)\n"
    )
    (tmp_path / "script.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])}
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path)]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    long = tmp_path / "long.begun.1"
    assert running.stdout.readline() == "one\n"
    _until(lambda: long.exists() and long.read_text())
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert err.splitlines()[-1] == "KeyboardInterrupt"
    _until(lambda: not _alive(int(long.read_text())) and not _alive(int((tmp_path / "one.begun.1").read_text())))


def _until(true):
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def _alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.slow
def test_a_job_that_is_preempted_is_requeued(tmp_path):
    pytest.importorskip("submitit")
    outcomes = Workers("slurm", cluster="local").start([Task("long", partial(job.wait, tmp_path, "long"))], tmp_path)
    jobs = iter(outcomes)
    # The generator submits when it is first asked, and a signal has to come in between.
    preempt = f"until [ -s {tmp_path}/long.begun.1 ]; do sleep 0.1; done; kill -USR2 $(cat {tmp_path}/long.begun.1)"
    other = subprocess.Popen(["sh", "-c", preempt])
    assert [outcome.value for outcome in jobs] == ["long"]
    assert other.wait() == 0
    assert len(list(tmp_path.glob("long.begun.*"))) == 2


def test_every_process_has_gpus_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6")
    with pytest.raises(ValueError, match=r"--gpus needs 2 x 2 GPUs .* Received: CUDA_VISIBLE_DEVICES='4,5,6'"):
        workers_local.start([], tmp_path, 2, 2)
    given = []
    monkeypatch.setattr(workers_local, "_run", lambda tasks, logs, count, gpus: given.append(gpus))
    workers_local.start([Task("one", int)], tmp_path, 3, 1)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    workers_local.start([Task("one", int)], tmp_path, 2, 2)
    assert given == [[["4"], ["5"], ["6"]], [["0", "1"], ["2", "3"]]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--on", "local"), "must be local:N, slurm, slurm:N, ray or ray:ADDRESS. Received: 'local'"),
        (("--on", "local:0"), "Received: 'local:0'"),
        (("--on", "slurm", "--slurm", "partition"), "must be NAME=VALUE, as in partition=gpu. Received: 'partition'"),
        (("--on", "slurm", "--slurm", "time=1:00"), "time must be a number of minutes. Received: 'time=1:00'"),
        (("--gpus", "1"), "--gpus and --slurm need --on. Received: no --on"),
        (("--on", "local:2", "--slurm", "time=3"), "--slurm needs --on slurm. Received: --on local"),
    ],
)
def test_bad_options_are_one_line(command, arguments, said):
    code, out, err = command("reproduce", "contrast", "table-1", "--scale", "smoke", *arguments)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].endswith(said)


@pytest.mark.parametrize(("engine", "package"), [("slurm", "submitit"), ("ray", "ray")])
def test_a_missing_package_is_named_with_what_installs_it(monkeypatch, tmp_path, engine, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"--on {engine} needs .*: pip install 'forensics-zoo\[{engine}\]'"):
        Workers(engine).start([Task("one", int)], tmp_path)


def _options(*arguments):
    return cli._parser().parse_args(["pretrain", *(str(a) for a in arguments)])


@pytest.mark.parametrize(
    ("arguments", "rounds"),
    [
        (("adversarial", "--scale", "smoke"), [["overfeat", "inception"]]),
        (("hyperimage", "--scale", "smoke"), [["synthetic", "quality", "forgery"]]),
        (("imaging", "--scale", "smoke"), [["inet", "unet", "dnet"]]),
        (
            ("steganography", "--scale", "smoke", "--network", "all", "--lambda", "all"),
            [[f"{network}, lambda {weight}" for network in ("ours", "baluja") for weight in (0.5, 0.75, 1)]],
        ),
        (
            ("steganography", "--scale", "photographs", "--network", "baluja", "--lambda", "0.5"),
            [["baluja, lambda 0.75"], ["baluja, lambda 0.5"]],
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_pretrain_trains_at_the_same_time(tmp_path, arguments, rounds):
    options = _options(*arguments, "--folder", tmp_path)
    planned = load(pretrain.chosen(options).parts)(options)
    assert [[task.label for task in tasks] for tasks in planned] == rounds
    for tasks in planned:
        assert all(pickle.loads(pack(task)) for task in tasks)


def test_joint_trainings_wait_for_what_they_begin_with():
    from zoo.experiments.imaging.joint import commands as joint
    from zoo.experiments.imaging.joint.scales import check_scale

    options = _options("imaging", "joint", "--scale", "laptop")
    scale = check_scale("laptop")
    first, second, third = ([task.label for task in tasks] for tasks in joint.parts(options))
    assert len({*first, *second, *third}) == len(first) + len(second) + len(third)
    assert {*first, *second, *third} == {name for run in scale.runs() for name, _, _ in scale.parts(run)}
    for run in scale.runs():
        names = [name for name, _, _ in scale.parts(run)]
        assert [name in part for name, part in zip(names, (first, second, third), strict=False)] == [True] * len(names)


def test_joint_trainings_of_the_paper_are_of_the_cameras_that_are_there(tmp_path):
    from zoo.experiments.imaging.joint import commands as joint
    from zoo.experiments.imaging.real_cameras import JOINT

    options = _options("imaging", "joint", "--scale", "paper", "--data-dir", tmp_path, "--folder", tmp_path / "runs")
    with pytest.raises(ValueError, match="trains on the paper's cameras"):
        joint.parts(options)
    for name in (JOINT[0], "nikon_d810"):
        (tmp_path / name).mkdir()
    first, second, third = joint.parts(options)
    assert [task.label for task in first] == [f"{JOINT[0]}, photographs"]
    assert [task.label for task in second] == [f"{JOINT[0]}, unet", f"{JOINT[0]}, dnet"]
    assert len(third) == 2 * 11 * 10
    for name in JOINT[1:]:
        (tmp_path / name).mkdir()
    assert [len(tasks) for tasks in joint.parts(options)] == [4, 8, 880]
    assert all(pickle.loads(pack(task)) for tasks in joint.parts(options) for task in tasks[:1])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("imaging", "low-light"), "these depend on each other. Received: pretrain imaging low-light --on local"),
        (("adversarial", "--dataset", "clothing"), "on this data set there is only one. Received: clothing"),
        (
            ("imaging", "--devices", "all"),
            "--on and --devices exclude each other; --gpus sets the GPUs per worker. Received: both",
        ),
    ],
)
def test_trainings_that_cannot_be_divided(command, tmp_path, arguments, said):
    folder = ("--folder", tmp_path / "runs")
    code, out, err = command("pretrain", *arguments, "--scale", "smoke", "--on", "local:2", *folder)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].endswith(said)


@pytest.mark.slow  # TensorFlow is imported three times
def test_networks_trained_by_two_processes_are_those_of_one(tmp_path, command):
    arguments = ("pretrain", "adversarial", "--scale", "smoke", "--folder")
    assert command(*arguments, tmp_path / "one")[0] == 0
    assert command(*arguments, tmp_path / "two", "--on", "local:2")[0] == 0
    for name in ("overfeat", "inception"):
        one, two = (np.load(tmp_path / n / "adversarial-smoke-0" / f"{name}.npz") for n in ("one", "two"))
        assert set(one) == set(two)
        for key in one:
            np.testing.assert_array_equal(one[key], two[key], err_msg=f"{name} {key}")
    assert not list((tmp_path / "two").glob(".*"))
