"""A scan on a Dask cluster: real schedulers and workers on this machine, each in own folders."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

import videmo
from tests.cluster import Cluster, cluster, end, leftovers, tables_in, until
from tests.conftest import ROOT
from tests.movies import another, still
from videmo.archive.cluster import crew as crew_module
from videmo.archive.cluster.address import check_private, scheduler_at, workers_here
from videmo.archive.cluster.connect import connected
from videmo.archive.cluster.crew import Crew, Ended, Lost
from videmo.archive.cluster.fit import Difference, examine, expected, none_fit, traits
from videmo.archive.cluster.movies import LEAST_CHUNKS, PIECES
from videmo.archive.walk import find_movies
from videmo.demo import make_movie
from videmo.errors import RequestError, SetupError
from videmo.scan import Settings, scan_movie
from videmo.scan.parts import plan_parts, scan_part

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or importlib.util.find_spec("distributed") is None,
    reason="the extra cluster is not installed, or this is not Linux",
)


def certificates(folder: Path) -> str:
    """New certificates in `folder`; where Dask's configuration for them lies."""
    script = ROOT / "examples" / "cluster_certificates.py"
    command = [sys.executable, str(script), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert str(folder / "dask.yaml") in done.stdout
    assert (folder / "key.pem").stat().st_mode & 0o077 == 0
    return str(folder / "dask.yaml")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that talks in secret, without workers."""
    folder = tmp_path_factory.mktemp("cluster")
    with cluster(folder, DASK_CONFIG=certificates(folder / "certificates")) as one:
        yield one


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four good movies, one of them long enough for several parts, and a bad one."""
    folder = tmp_path_factory.mktemp("archive")
    (folder / "sub").mkdir()
    make_movie(folder / "a.mp4", still(0.5))
    another(folder / "a.mp4", folder / "sub" / "a.mp4")
    another(folder / "a.mp4", folder / "-odd name.mp4")
    make_movie(folder / "long.mp4", still(100, Fraction(4), sound=False), gop=8)
    (folder / "bad.mp4").write_bytes(b"<html>404</html>")
    return folder


def scan(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "videmo", "scan", *map(str, arguments)]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=env, timeout=300
    )


def rows(out: Path) -> list[list[str]]:
    """The list of an archive, but for how long each scan took."""
    lines = (out / "archive.csv").read_text("utf-8").splitlines()
    took = lines[0].split(",").index("took") - len(lines[0].split(","))
    return [[*line.split(",")[:took], *line.split(",")[took + 1 :]] for line in lines]


# On real workers


def test_tables_are_the_same_bytes_as_from_one_machine_and_who_differs_gets_no_work(
    tls: Cluster, archive: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "videmo"
    shutil.copytree(Path(videmo.__file__).parent, other)
    shutil.copytree(ROOT / "models", other / "models")
    (other / "more.py").write_text('"""Another version of videmo."""\n')
    differs = tls.add_worker(PYTHONPATH=str(other.parent))
    workers = [tls.add_worker("--no-nanny") for _ in range(2)]
    for suffix in ("tflite", "json"):
        shutil.copy(ROOT / "models" / f"emotion.{suffix}", tmp_path / f"own.{suffix}")
    asked = (archive, "--model", "own.tflite")  # from a folder that is not the workers'
    alone = scan("-j1", *asked, "-o", "alone", cwd=tmp_path)
    where = tls.settings
    done = scan(*asked, "-o", "out", "--cluster", tls.address, cwd=tmp_path, **where)
    assert (done.returncode, alone.returncode) == (1, 1), done.stderr + tls.logged()
    assert tables_in(tmp_path / "out") == tables_in(tmp_path / "alone")
    assert len(tables_in(tmp_path / "out")) == 8
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")
    assert leftovers(tmp_path / "out") == []
    (left_out,) = [line for line in done.stderr.splitlines() if "left out" in line]
    assert "videmo: " in left_out and " code " in left_out
    watch, *lines, _ = done.stdout.splitlines()
    assert watch.startswith("to watch the cluster: http://127.0.0.1:")
    assert sorted(lines) == sorted(alone.stdout.splitlines()[:-1])
    again = scan(*asked, "-o", "out", "--cluster", tls.file, cwd=tmp_path, **where)
    assert "new: 0" in again.stdout
    assert differs.poll() is None and all(worker.poll() is None for worker in workers)


# What a worker is compared with


def test_a_worker_that_is_as_we_are_is_fit(archive: Path, tmp_path: Path) -> None:
    with expected(Settings(), tmp_path / "out", find_movies([archive])) as wanted:
        assert examine(wanted)[1] == []
        assert len(wanted.movies) == 3
    assert leftovers(tmp_path / "out") == []


def test_a_worker_that_stands_in_another_folder_sees_the_same(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(archive.parent)
    movies = find_movies([Path(archive.name)])
    with expected(Settings(), tmp_path / "out", movies) as wanted:
        monkeypatch.chdir(tmp_path)
        assert examine(wanted)[1] == []
        assert len(wanted.movies) == 3


def test_what_differs_is_named(archive: Path, tmp_path: Path) -> None:
    with expected(Settings(), tmp_path / "out", find_movies([archive])) as wanted:
        before = {**wanted.traits, "OpenCV": "3.0", "model": "sad 0123"}
        found = examine(wanted._replace(traits=before))[1]
    here = traits(Settings())
    assert found == [
        Difference("OpenCV", "3.0", here["OpenCV"]),
        Difference("model", "sad 0123", here["model"]),
    ]


def test_a_worker_that_sees_other_files_is_not_fit(archive: Path, tmp_path: Path) -> None:
    with expected(Settings(), tmp_path / "out", find_movies([archive])) as wanted:
        wanted.sign.file.write_text("another", "ascii")
        (unseen,) = examine(wanted)[1]
        assert unseen.there == "another one, or none" and "out" in unseen.what
        wanted.sign.file.write_text(wanted.sign.secret, "ascii")
        gone = wanted._replace(movies=((tmp_path / "gone.mp4", 5), (archive / "a.mp4", 7)))
        lost, other = examine(gone)[1]
    assert lost == Difference(str(tmp_path / "gone.mp4"), "5 bytes", "No such file or directory")
    assert (other.here, other.there) == ("7 bytes", str((archive / "a.mp4").stat().st_size))


def test_a_worker_whose_disk_is_full_is_not_fit(
    archive: Path,
    tmp_path: Path,
    small_disk: Callable[[int], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    disk = small_disk(64)
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    with expected(Settings(), tmp_path / "out", find_movies([archive])) as wanted:
        differences = examine(wanted)[1]  # its name may be too long, too
    assert Difference(str(disk), "64 MB needed", "disk full, 0 MB free") in differences


def test_a_worker_whose_temporary_folder_has_too_long_a_name_is_not_fit(
    archive: Path, tmp_path: Path
) -> None:
    """There lie the sockets by which its processes are started, whose names are short."""
    long = tmp_path / ("long" * 30)
    long.mkdir()
    with expected(Settings(), tmp_path / "out", find_movies([archive])) as wanted:
        code = "import pickle, sys; from videmo.archive.cluster.fit import examine;"
        code += "print(examine(pickle.load(sys.stdin.buffer))[1])"
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps(wanted),
            env={"PYTHONPATH": str(ROOT), "TMPDIR": str(long)},
            capture_output=True,
            check=True,
        )
    assert b"what='processes'" in done.stdout and b"path too long" in done.stdout


def test_scans_are_not_told_what_dask_tells_its_workers_c_library(
    archive: Path, tmp_path: Path
) -> None:
    """To give back memory at once costs them a twelfth of their time."""
    script = tmp_path / "worker.py"
    script.write_text(
        "import os, pickle, sys\n"
        "from videmo.archive.cluster.fit import examine\n"
        "from videmo.scan.workers import process_context\n"
        "def scan(): print(os.environ.get('MALLOC_TRIM_THRESHOLD_'), flush=True)\n"
        "if __name__ == '__main__':\n"
        "    examine(pickle.load(sys.stdin.buffer))\n"
        "    process = process_context().Process(target=scan)\n"
        "    process.start(), process.join()\n"
    )
    with expected(Settings(), tmp_path / "out", find_movies([archive])) as wanted:
        done = subprocess.run(
            [sys.executable, str(script)],
            input=pickle.dumps(wanted),
            env={**os.environ, "PYTHONPATH": str(ROOT), "MALLOC_TRIM_THRESHOLD_": "65536"},
            capture_output=True,
            check=True,
        )
    assert done.stdout == b"None\n"


def test_a_table_says_why_no_worker_is_left() -> None:
    why = {
        "tls://a:1": [Difference("OpenCV", "4.14.0", "4.10.0")],
        "tls://bb:2 (nas)": [Difference("Python", "3.11", "3.9"), Difference("model", "x", "none")],
    }
    error = none_fit(why)
    assert error.exit_code == 3
    assert str(error).splitlines()[1:] == [
        "worker            what    here    there",
        "tls://a:1         OpenCV  4.14.0  4.10.0",
        "tls://bb:2 (nas)  Python  3.11    3.9",
        "tls://bb:2 (nas)  model   x       none",
    ]


# A long movie in parts


def test_a_movie_scanned_in_parts_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    movie, out = archive / "long.mp4", tmp_path / "out"
    whole = scan_movie(movie, tmp_path / "whole")
    everything = plan_parts(movie, out, Settings())
    first, second = everything.cut(2)
    assert [*first.chunks, *second.chunks] == [*everything.chunks]
    done: list[tuple[int, int]] = []
    scan_part(second, lambda *how: done.append(how))
    assert plan_parts(movie, out, Settings()).chunks == first.chunks
    assert [n for n, _ in done] == list(range(1, len(done) + 1))
    scan_part(first)
    kept = {path.name: path.stat().st_mtime_ns for path in (out / "long.mp4.parts").iterdir()}
    scan_part(second)
    assert kept == {p.name: p.stat().st_mtime_ns for p in (out / "long.mp4.parts").iterdir()}
    assert scan_movie(movie, out, shared=True).table.read_bytes() == whole.table.read_bytes()
    assert tables_in(out) == tables_in(tmp_path / "whole") and leftovers(out) == []


def test_the_long_movie_is_long_enough_to_be_scanned_in_parts(
    archive: Path, tmp_path: Path
) -> None:
    part = plan_parts(archive / "long.mp4", tmp_path, Settings())
    assert [len(one.chunks) for one in part.cut(PIECES, LEAST_CHUNKS)] == [5, 5]


def test_parts_have_at_least_so_many_chunks(archive: Path, tmp_path: Path) -> None:
    part = plan_parts(archive / "long.mp4", tmp_path, Settings())
    part = part._replace(chunks=part.chunks[:1] * 11)
    assert [len(one.chunks) for one in part.cut(50, 4)] == [6, 5]
    assert [len(one.chunks) for one in part.cut(3, 1)] == [4, 3, 4]
    assert [len(one.chunks) for one in part.cut(1, 1)] == [11]
    assert [len(one.chunks) for one in part._replace(chunks=()).cut(5, 4)] == [0]


# Where the scheduler is, and who can listen


def test_a_scheduler_is_found_by_its_address_or_its_file(tmp_path: Path) -> None:
    assert scheduler_at("tls://box:8786") == "tls://box:8786"
    assert scheduler_at("box:8786") == "tcp://box:8786"
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"address": "tls://10.0.0.1:8786"}))
    assert scheduler_at(str(file)) == "tls://10.0.0.1:8786"
    assert workers_here("local:4") == 4 and workers_here("tls://local:4") is None


@pytest.mark.parametrize(
    "place",
    [
        *("box", "tls://box", "inproc://1/2/3", "http://box:8786", "tls://:8786", "tcp://box:port"),
        "gone.json",
    ],
)
def test_what_is_no_scheduler_is_refused(place: str) -> None:
    with pytest.raises(RequestError, match=re.escape(place)):
        scheduler_at(place)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"address": 5}', '{"address": "box"}'])
def test_a_file_that_is_no_scheduler_s_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_text(content)
    with pytest.raises(RequestError, match="file: "):
        scheduler_at(str(tmp_path / "file"))


@pytest.mark.parametrize("place", ["local:", "local:0", "local:many"])
def test_what_is_no_number_of_workers_is_refused(place: str) -> None:
    with pytest.raises(RequestError, match="local:4"):
        workers_here(place)


@pytest.mark.parametrize(
    ("address", "private"),
    [
        *(("tls://10.0.0.1:1", True), ("tcp://127.0.0.1:1", True), ("tcp://[::1]:1", True)),
        *(("tcp://localhost:1", True), ("tcp://10.0.0.1:1", False), ("tcp://box:1", False)),
        *(("tcp://0.0.0.0:1", False), ("tcp://127.0.0.1.evil.org:1", False)),
    ],
)
def test_plain_words_are_for_this_machine_only(address: str, private: bool) -> None:
    check_private(address, insecure=True)
    if private:
        check_private(address, insecure=False)
    else:
        with pytest.raises(RequestError, match="--insecure-cluster"):
            check_private(address, insecure=False)


def test_a_wrong_address_and_a_wrong_certificate_are_told_in_a_line(
    tls: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask.config

    monkeypatch.setattr("videmo.archive.cluster.connect.CONNECT_SECONDS", 1)
    with pytest.raises(SetupError, match="no scheduler answers") as refused, connected("[::1]:9"):
        pass
    assert "\n" not in str(refused.value)
    with pytest.raises(SetupError, match="DASK_CONFIG"), connected(tls.address):
        pass
    others = Path(certificates(tmp_path / "others")).parent
    files = {"ca-file": "ca.pem", "client.cert": "cert.pem", "client.key": "key.pem"}
    used = {f"distributed.comm.tls.{key}": str(others / name) for key, name in files.items()}
    with (
        dask.config.set(used),
        pytest.raises(SetupError, match="not of one cluster") as refused,
        connected(tls.address),
    ):
        pass
    assert "\n" not in str(refused.value)


def test_a_scheduler_that_others_can_reach_is_refused_wherever_we_reach_it(tmp_path: Path) -> None:
    with cluster(tmp_path / "open") as one:
        end(one.scheduler)
        one.start_scheduler("--host", "0.0.0.0")
        port = one.address.rpartition(":")[2]
        with (
            pytest.raises(RequestError, match="--insecure-cluster"),
            connected(f"tcp://127.0.0.1:{port}"),
        ):
            pass
        with connected(one.address, insecure=True) as client:
            assert client.nthreads() == {}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--cluster", "local:2", "--jobs", "2"), "--jobs"),
        (("--cluster", "local:2", "--shard", "1/2"), "--shard"),
        (("--cluster", "tcp://10.0.0.1:8786"), "--insecure-cluster"),
    ],
)
def test_what_a_cluster_cannot_do_is_refused_before_any_work(
    archive: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    done = scan(archive, "-o", "out", *options, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()
    done = scan(archive / "a.mp4", "--cluster", "local:2", cwd=tmp_path)
    assert done.returncode == 2 and "are for folders" in done.stderr


def no_difference() -> tuple[str, list[Difference]]:
    return "", []


def echo(what: str) -> str:
    return what


def test_a_worker_that_does_not_answer_is_waited_for_once_and_costs_nothing_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew_module, "FETCH_SECONDS", 8)
    with cluster(tmp_path / "cluster") as one:
        stopped, _ = (one.add_worker("--no-nanny", "--nthreads", "2") for _ in range(2))
        with connected(str(one.file)) as client:
            crew, found = Crew(client, no_difference), list[Ended]()
            until(lambda: crew.ended(0.1) or crew.workers == 2)
            for what in "abcd":
                crew.begin(what, echo, what)
            states = client.futures.values
            until(lambda: sum(state.status == "finished" for state in states()) >= 4)
            os.kill(stopped.pid, signal.SIGSTOP)
            try:
                until(lambda: found.extend(crew.ended(0.1)) or len(found) == 4)
            finally:
                os.kill(stopped.pid, signal.SIGCONT)
    lost = [end.outcome.why for end in found if isinstance(end.outcome, Lost)]
    assert len(lost) == 2 and sum("TimeoutError" in why for why in lost) == 1, lost
    assert sum(end.outcome == end.what for end in found) == 2
