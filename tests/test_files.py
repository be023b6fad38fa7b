"""Saving: there is the old file or the new one, and what is not a file is written to as it is."""

from __future__ import annotations

import errno
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import viz
from autodiff import Value, files
from autodiff.files import write
from autodiff.nn import MLP

posix = pytest.mark.skipif(os.name != "posix", reason="of Unix")

OLD, NEW = b"old" * 50_000, b"new" * 70_000


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


# What stays


def test_a_new_file_and_an_old_one(tmp_path: Path) -> None:
    for data in (OLD, NEW, b""):
        assert write(tmp_path / "a", data) == tmp_path / "a"
        assert (tmp_path / "a").read_bytes() == data
    assert names(tmp_path) == ["a"]


def test_paths_of_every_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("a", "./b", os.path.join(tmp_path, "c"), tmp_path / "d"):
        assert write(path, NEW) == Path(path)
    assert names(tmp_path) == ["a", "b", "c", "d"]


@posix
def test_a_link_stays_and_its_target_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "f").write_bytes(OLD)
    (tmp_path / "link").symlink_to("real/f")
    (tmp_path / "link of a link").symlink_to("link")
    (tmp_path / "nothing yet").symlink_to("real/g")
    for link, target in (("link", "f"), ("link of a link", "f"), ("nothing yet", "g")):
        write(tmp_path / link, link.encode())
        assert (tmp_path / link).is_symlink()
        assert not (tmp_path / "real" / target).is_symlink()
        assert (tmp_path / "real" / target).read_bytes() == link.encode()
    assert names(tmp_path / "real") == ["f", "g"]


@posix
def test_both_names_of_a_file_stay_names_of_one_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(NEW + OLD)
    os.link(tmp_path / "a", tmp_path / "b")
    write(tmp_path / "a", NEW)
    assert (tmp_path / "b").read_bytes() == NEW
    assert os.path.samefile(tmp_path / "a", tmp_path / "b")
    assert names(tmp_path) == ["a", "b"]


@posix
@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o666, 0o755, 0o4711, 0o200])
def test_a_file_keeps_its_mode_and_a_new_one_has_the_umasks(mode: int, tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(OLD)
    (tmp_path / "old").chmod(mode)
    write(tmp_path / "old", NEW)
    write(tmp_path / "new", NEW)
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


@posix
def test_a_draft_of_a_private_file_is_never_open_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_bytes(OLD)
    (tmp_path / "secret").chmod(0o600)
    seen = []
    monkeypatch.setattr(files, "_hold", lambda file: seen.append(os.fstat(file.fileno()).st_mode))
    write(tmp_path / "secret", NEW)
    assert [stat.S_IMODE(mode) for mode in seen] == [0o600]


@posix
def test_a_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "theirs"
    path.write_bytes(OLD)
    if os.geteuid() == 0:
        os.chown(path, 1234, 5678)
    before = path.stat()
    write(path, NEW)
    assert (path.stat().st_uid, path.stat().st_gid) == (before.st_uid, before.st_gid)


# What is not a file


@posix
def test_a_terminal_is_written_to() -> None:
    ours, theirs = os.openpty()
    name = os.ttyname(theirs)
    before = os.stat(name)
    write(name, b"shown")
    assert os.read(ours, 100) == b"shown"
    assert (os.stat(name).st_ino, os.stat(name).st_rdev) == (before.st_ino, before.st_rdev)
    os.close(ours)
    os.close(theirs)


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() != 0 and "CI" not in os.environ, reason="root's alone")
def test_a_device_stays_a_device() -> None:
    with tempfile.TemporaryDirectory() as folder:
        device = Path(folder, "null")
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        (Path(folder) / "link").symlink_to("null")
        for path in (device, Path(folder, "link")):
            write(path, NEW)
            assert stat.S_ISCHR(device.stat().st_mode)
        assert names(Path(folder)) == ["link", "null"]


@posix
def test_a_pipe_with_a_name_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write(tmp_path / "pipe", NEW)
    reader.join()
    assert got == [NEW]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert names(tmp_path) == ["pipe"]


def pipe() -> tuple[int, int]:
    return os.pipe()


def impatient_pipe() -> tuple[int, int]:
    ends = os.pipe()
    os.set_blocking(ends[1], False)
    return ends


def sockets() -> tuple[int, int]:
    there, here = socket.socketpair()
    return there.detach(), here.detach()


@posix
@pytest.mark.parametrize("ends", [pipe, impatient_pipe, sockets])
@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}", "link"])
def test_an_open_file_of_ours_is_written_to(ends: Callable[[], tuple[int, int]], name: str, tmp_path: Path) -> None:
    if name.startswith("/proc") and not os.path.isdir("/proc/self/fd"):
        return
    out, into = ends()
    (tmp_path / "link").symlink_to(f"/dev/fd/{into}")
    got = bytearray()

    def drain() -> None:
        while part := os.read(out, 1 << 16):
            got.extend(part)

    reader = threading.Thread(target=drain)
    reader.start()
    write(tmp_path / name.format(into), NEW)  # an absolute name stands for itself
    os.close(into)
    reader.join()
    os.close(out)
    assert got == NEW


@posix
def test_standard_output_goes_on_where_it_was(tmp_path: Path) -> None:
    script = "from autodiff.files import write; print(1, flush=True); write('/dev/stdout', b'2\\n'); print(3)"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", script], stdout=out, check=True, cwd=ROOT)
    assert (tmp_path / "out").read_bytes() == b"1\n2\n3\n"
    assert names(tmp_path) == ["out"]


ROOT = Path(__file__).resolve().parents[1]

# What cannot be written


def unwritable(folder: Path) -> dict[str, str]:
    (folder / "folder").mkdir()
    (folder / "file").write_bytes(OLD)
    (folder / "loop").symlink_to("loop2")
    (folder / "loop2").symlink_to("loop")
    (folder / "astray").symlink_to("missing/f")
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.path.relpath(folder / "socket"))
    server.close()
    inside = ["folder", "loop", "missing/f", "astray", "file/f", "n" * 300, "ü" * 128, "x/" * 3000, "socket"]
    return {name: str(folder / name) for name in inside} | {"empty": "", "NUL": "a\0b", "surrogate": "\ud800"}


@posix
def test_every_error_names_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = unwritable(tmp_path)
    before = names(tmp_path)
    for name, path in paths.items():
        with pytest.raises((OSError, ValueError)) as caught:
            write(path, NEW)
        assert repr(path) in str(caught.value), name
        assert "could not write the file" in str(caught.value), name
    assert names(tmp_path) == before
    assert names(tmp_path / "folder") == []


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no folder '.*missing'"):
        write(tmp_path / "missing" / "f", NEW)


def test_a_path_is_text(tmp_path: Path) -> None:
    for wrong in (None, 3, 1.5, ["a"]):
        with pytest.raises(TypeError):
            write(wrong, NEW)  # type: ignore[arg-type]


@posix
@pytest.mark.parametrize("unit", ["n", "ü", "数", "🙂"])
def test_a_name_may_be_as_long_as_the_file_system_takes(unit: str, tmp_path: Path) -> None:
    most = os.pathconf(tmp_path, "PC_NAME_MAX")
    name = unit * (most // len(unit.encode()))
    for data in (OLD, NEW):
        write(tmp_path / name, data)
        assert (tmp_path / name).read_bytes() == data
    assert names(tmp_path) == [name]


@contextmanager
def as_anybody(folder: Path) -> Iterator[None]:
    """With root's rights laid down, which go through every closed door; the folder is then anybody's own."""
    if os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.iterdir()):
        os.chown(path, 65534, 65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def public() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
        os.chmod(folder, 0o700)


@posix
def test_a_read_only_file_is_not_written(public: Path) -> None:
    (public / "f").write_bytes(OLD)
    (public / "f").chmod(0o444)
    with as_anybody(public), pytest.raises(PermissionError, match=r"could not write .*: Permission denied: '.*f'"):
        write(public / "f", NEW)
    assert (public / "f").read_bytes() == OLD
    assert names(public) == ["f"]


@posix
def test_a_file_in_a_closed_folder_is_overwritten(public: Path) -> None:
    (public / "f").write_bytes(NEW + OLD)
    with as_anybody(public):
        public.chmod(0o555)
        write(public / "f", NEW)
        with pytest.raises(PermissionError, match=r"'.*g'"):
            write(public / "g", NEW)
    assert (public / "f").read_bytes() == NEW
    assert names(public) == ["f"]


@posix
@pytest.mark.parametrize("code", ["EBUSY", "EXDEV", "EPERM", "EACCES"])
def test_a_file_that_cannot_be_replaced_is_overwritten(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(*_: Any) -> None:
        raise OSError(getattr(errno, code), "no")  # as a mount on the file, or another user's sticky folder

    monkeypatch.setattr(os, "replace", replace)
    (tmp_path / "f").write_bytes(NEW + OLD)
    inode = (tmp_path / "f").stat().st_ino
    write(tmp_path / "f", NEW)
    assert ((tmp_path / "f").read_bytes(), (tmp_path / "f").stat().st_ino) == (NEW, inode)
    with pytest.raises(OSError, match=r"'.*g'"):
        write(tmp_path / "g", NEW)
    assert names(tmp_path) == ["f"]


FULL = """
import errno, resource, sys
from autodiff.files import write
resource.setrlimit(resource.RLIMIT_FSIZE, (160_000, -1))
try:
    write(sys.argv[1], b"new" * 70_000)
except OSError as error:
    assert error.errno == errno.EFBIG and repr(sys.argv[1]) in str(error), error
    print("full")
"""


@pytest.mark.slow
@posix
@pytest.mark.parametrize("linked", [False, True])
def test_a_full_disk_leaves_the_old_file(linked: bool, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(OLD)
    if linked:
        os.link(tmp_path / "f", tmp_path / "g")
    before = names(tmp_path)
    for path in (tmp_path / "f", tmp_path / "new"):
        done = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, cwd=ROOT)
        assert done.stdout == "full\n", done.stderr
    assert (tmp_path / "f").read_bytes() == OLD
    assert names(tmp_path) == before


# Interrupts, threads and killed runs


def interrupted(moment: int, act: Callable[[], object]) -> bool:
    """Whether the act came to so many instructions in files.py, where an interrupt then arrived."""
    seen = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal seen
        if frame.f_code.co_filename != files.__file__:
            return None
        frame.f_trace_opcodes = True
        seen += 1
        if seen == moment:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    hits = []

    def run() -> None:
        sys.settrace(trace)
        try:
            act()
        except KeyboardInterrupt:
            hits.append(moment)
        finally:
            sys.settrace(None)

    # In a thread of its own: what is raised between two instructions of a handler stays in the thread's state.
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return bool(hits)


@pytest.mark.slow
@posix
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("kind", ["file", "new", "overwritten"])
def test_an_interrupt_at_any_moment_leaves_one_of_the_two_and_no_draft(kind: str, tmp_path: Path) -> None:
    path, moment, hit = tmp_path / "f", 0, True
    if kind == "overwritten":
        (tmp_path / "g").write_bytes(b"")
        os.link(tmp_path / "g", path)
    while hit:
        moment += 1
        path.unlink() if kind == "new" and path.exists() else path.write_bytes(OLD)
        if kind == "new":
            path.unlink(missing_ok=True)
        hit = interrupted(moment, lambda: write(path, NEW))
        left = path.read_bytes() if path.exists() else None
        assert left in ((None, NEW) if kind == "new" else (OLD, NEW)), moment
        assert set(names(tmp_path)) <= {"f", "g"}, moment
    assert moment > 100
    assert path.read_bytes() == NEW


def test_threads_may_save_to_one_path(tmp_path: Path) -> None:
    contents = [bytes([65 + thread]) * (50_000 + thread) for thread in range(8)]
    faults: list[Exception] = []

    def save(data: bytes) -> None:
        try:
            for _ in range(30):
                write(tmp_path / "f", data)
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=save, args=(data,)) for data in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert (tmp_path / "f").read_bytes() in contents
    assert names(tmp_path) == ["f"]


STOPPED = """
import os, signal, sys
from autodiff import files
def stop(*_):
    print("whole, but not moved", flush=True)
    {then}
os.fsync = stop
files.write(sys.argv[1], b"new")
"""


def stopped(path: Path, then: str) -> subprocess.Popen[str]:
    """A run that has written its draft and goes no further, or is killed."""
    script = STOPPED.format(then=then)
    command = [sys.executable, "-c", script, str(path)]
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert run.stdout is not None
    assert run.stdout.readline() == "whole, but not moved\n"
    return run


@pytest.mark.slow
@posix
def test_the_draft_of_a_killed_run_is_swept_by_the_next_save(tmp_path: Path) -> None:
    for path in (tmp_path / "f", tmp_path / "f", tmp_path / "another"):
        stopped(path, "os.kill(os.getpid(), signal.SIGKILL)").communicate()
    drafts = names(tmp_path)
    assert len(drafts) == 2  # the second run has swept what the first had left
    (tmp_path / f"{drafts[0]}.mine").write_bytes(b"")
    (tmp_path / drafts[0].replace(".part", "")).write_bytes(b"")
    write(tmp_path / "f", NEW)
    write(tmp_path / "another", NEW)
    mine = [f"{drafts[0]}.mine", drafts[0].replace(".part", "")]
    assert names(tmp_path) == sorted(["f", "another", *mine])


def test_the_draft_of_a_run_that_lives_is_left_to_it(tmp_path: Path) -> None:
    run = stopped(tmp_path / "f", "sys.stdin.readline()")
    (draft,) = names(tmp_path)
    write(tmp_path / "f", NEW)
    assert names(tmp_path) == sorted([draft, "f"])
    run.communicate("go on\n")
    assert run.returncode == 0
    assert (tmp_path / "f").read_bytes() == b"new"
    assert names(tmp_path) == ["f"]


def test_a_draft_swept_before_it_was_held_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held, times = files._hold, []

    def late(file: Any) -> None:
        times.append(1)
        if len(times) == 1:
            os.unlink(file.name)
        held(file)

    monkeypatch.setattr(files, "_hold", late)
    write(tmp_path / "f", NEW)
    assert (len(times), (tmp_path / "f").read_bytes()) == (2, NEW)


# Everything that saves


def product() -> Value:
    y = Value(2.0, "x") * Value(3.0, "w")
    y.backward()
    return y


SAVERS: dict[str, Callable[[Path], object]] = {
    "p.svg": lambda path: viz.draw(product()).save_svg(path),
    "p.png": lambda path: viz.draw(product()).save_png(path),
    "p.dot": lambda path: viz.draw(product()).save_dot(path),
    "p.gv": lambda path: viz.draw(product()).save(path.name, path.parent),
    "rendered.svg": lambda path: viz.draw(product()).render(path.with_suffix(".gv"), outfile=path, cleanup=True),
    "p.html": lambda path: viz.step(product()).save_html(path),
    "film.svg": lambda path: viz.animate(product(), path),
    "film.gif": lambda path: viz.animate(product(), path),
    "m.json": lambda path: MLP(2, [1]).save(path),
    "m.npz": lambda path: MLP(2, [1]).save(path),
}


@pytest.mark.slow
@posix
@pytest.mark.parametrize("name", SAVERS)
def test_everything_is_saved_whole_through_links_by_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "film.gif":
        pytest.importorskip("PIL.Image")  # the README's second command brings no extra
    kept, link, save = tmp_path / "kept", tmp_path / name, SAVERS[name]
    kept.write_bytes(OLD)
    kept.chmod(0o600)
    link.symlink_to("kept")

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            save(link)
    assert kept.read_bytes() == OLD
    save(link)
    assert kept.read_bytes() not in (OLD, b"")
    assert (link.is_symlink(), stat.S_IMODE(kept.stat().st_mode)) == (True, 0o600)
    assert set(names(tmp_path)) <= {"kept", name, "rendered.gv"}
    with pytest.raises(OSError, match=re.escape(f"'{kept}{os.sep}{Path(name).stem}")):
        save(kept / name)  # in what is no folder, but a file


def test_saving_dot_keeps_graphvizs_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture = viz.draw(product())
    assert picture.save("a.gv", "new/folder") == os.path.join("new/folder", "a.gv") == picture.filepath
    assert (picture.filename, picture.directory) == ("a.gv", "new/folder")
    assert Path("new/folder/a.gv").read_text(encoding="utf-8") == picture.source
    Path("new/folder/a.gv").write_text("mine", encoding="utf-8")
    assert picture.save(skip_existing=True) == picture.filepath
    assert Path(picture.filepath).read_text(encoding="utf-8") == "mine"
    assert picture.render(format="svg") == os.path.join("new/folder", "a.gv.svg")
    assert names(Path("new/folder")) == ["a.gv", "a.gv.svg"]


def test_the_command_saves_through_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from viz.__main__ import main

    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    Path("kept").write_bytes(OLD)
    if os.name == "posix":
        Path("out/graph.svg").symlink_to("../kept")
        main(["a*b", "a=2", "b=3"])
        assert Path("out/graph.svg").is_symlink()
        assert b"</svg>" in Path("kept").read_bytes()
