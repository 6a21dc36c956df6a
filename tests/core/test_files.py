import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import files
from core.files import keep_below, locked, mark_used, open_locked, written_whole

ROOT = Path(__file__).resolve().parents[2]


def process(code: str, *args: object) -> subprocess.Popen[str]:
    """Another process, which says a line when it is where the test wants it."""
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def end(other: subprocess.Popen[str]) -> None:
    other.communicate(timeout=30)


def write(path: Path, text: str, **how: bool) -> None:
    with written_whole(path, **how) as draft:
        draft.write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_all_of_it_is_written(tmp_path):
    path = tmp_path / "one.txt"
    with written_whole(path) as draft:
        draft.write_text("half")
        assert not path.exists()
        draft.write_text("whole")
    assert path.read_text() == "whole"
    assert names(tmp_path) == ["one.txt"]


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "one.txt"
    write(path, "old")

    def interrupted():
        with written_whole(path) as draft:
            draft.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["one.txt"]


def test_a_writer_that_is_killed_leaves_the_old_file(tmp_path):
    path = tmp_path / "one.txt"
    write(path, "old")
    code = """
import sys
from pathlib import Path
from core.files import written_whole
with written_whole(Path(sys.argv[1])) as draft:
    draft.write_text("half")
    print("writing", flush=True)
    input()
"""
    other = process(code, path)
    assert other.stdout.readline() == "writing\n"
    other.send_signal(signal.SIGKILL)
    end(other)
    assert path.read_text() == "old"
    write(path, "new")
    assert path.read_text() == "new"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "one.txt"
    write(path, "old")
    # A limit on the size of files cuts a write off in the middle, as a full disk does.
    code = """
import resource, signal, sys
from pathlib import Path
from core.files import written_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with written_whole(Path(sys.argv[1])) as draft:
        draft.write_bytes(b"x" * 100_000)
except OSError as error:
    print(error.errno)
"""
    said, _ = process(code, path).communicate(timeout=30)
    assert int(said) == errno.EFBIG
    assert path.read_text() == "old"
    assert names(tmp_path) == ["one.txt"]


def test_a_disk_that_fails_at_the_last_moment_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "one.txt"
    write(path, "old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(path, "new")
    assert path.read_text() == "old"
    assert names(tmp_path) == ["one.txt"]


def test_of_two_writers_at_once_one_file_is_left_whole(tmp_path):
    path = tmp_path / "one.txt"
    texts = ["a" * 300_000, "b" * 300_000]
    both = threading.Barrier(2)

    def one(text):
        both.wait()
        write(path, text)

    threads = [threading.Thread(target=one, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert names(tmp_path) == ["one.txt"]


def test_a_file_that_must_be_new_never_replaces_one(tmp_path):
    path = tmp_path / "one.txt"
    write(path, "first", replace=False)
    with pytest.raises(FileExistsError):
        write(path, "second", replace=False)
    assert path.read_text() == "first"
    assert names(tmp_path) == ["one.txt"]


def test_a_file_that_appears_while_a_new_one_is_written_is_not_replaced(tmp_path):
    path = tmp_path / "one.txt"

    def overtaken():
        with written_whole(path, replace=False) as draft:
            draft.write_text("second")
            path.write_text("first")

    with pytest.raises(FileExistsError):
        overtaken()
    assert path.read_text() == "first"
    assert names(tmp_path) == ["one.txt"]


def test_a_new_file_is_written_also_where_the_file_system_has_no_links(tmp_path, monkeypatch):
    def none(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    write(tmp_path / "one.txt", "first", replace=False)
    with pytest.raises(FileExistsError):
        write(tmp_path / "one.txt", "second", replace=False)
    assert (tmp_path / "one.txt").read_text() == "first"
    assert names(tmp_path) == ["one.txt"]


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_permissions_are_those_of_any_new_file(tmp_path, umask):
    before = os.umask(umask)
    try:
        write(tmp_path / "one.txt", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "one.txt").stat().st_mode) == 0o666 & ~umask


def test_a_folder_appears_whole_and_goes_whole(tmp_path):
    path = tmp_path / "folder"

    def half():
        with written_whole(path) as draft:
            draft.mkdir()
            (draft / "a").write_text("a")
            raise ValueError("half")

    with pytest.raises(ValueError, match="half"):
        half()
    assert names(tmp_path) == []
    with written_whole(path) as draft:
        draft.mkdir()
        (draft / "a").write_text("a")
        assert not path.exists()
    assert names(path) == ["a"]


def test_the_longest_name_that_a_file_may_have_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write(path, "text")
    assert path.read_text() == "text"


def test_a_link_is_replaced_and_what_it_led_to_stays(tmp_path):
    target = tmp_path / "elsewhere.txt"
    target.write_text("mine")
    path = tmp_path / "link.txt"
    path.symlink_to(target)
    write(path, "new")
    assert (target.read_text(), path.read_text(), path.is_symlink()) == ("mine", "new", False)


def test_removing_a_link_to_a_folder_leaves_the_folder(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a").write_text("a")
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    files.remove(tmp_path / "link")
    files.remove(tmp_path / "nothing")
    assert names(tmp_path / "folder") == ["a"]


def test_two_that_remove_the_same_folder_do_not_fail_each_other(tmp_path):
    folder = tmp_path / "folder"
    for number in range(10):
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "a").write_text("a")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(files.remove, [folder] * 4))
    assert not folder.exists()


HOLDER = """
import sys
from pathlib import Path
from core.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


def test_a_lock_keeps_another_process_out_until_it_is_killed(tmp_path):
    path = tmp_path / "folder" / "lock"
    other = process(HOLDER, path)
    assert other.stdout.readline() == "held\n"
    with pytest.raises(BlockingIOError), locked(path, wait=False):
        pass
    other.send_signal(signal.SIGKILL)
    end(other)
    with locked(path, wait=False):
        pass
    assert names(path.parent) == []


def test_who_waits_for_a_lock_comes_in_alone_though_the_lock_is_removed_each_time(tmp_path):
    path, inside, seen = tmp_path / "lock", [], []

    def one(number):
        for _ in range(50):
            with locked(path):
                inside.append(number)
                seen.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 200
    assert names(tmp_path) == []


def test_a_file_that_its_holder_removed_is_not_taken_over(tmp_path, monkeypatch):
    path, opened, taken = tmp_path / "events", threading.Event(), []
    path.write_text("mine\n")
    lock = files._lock

    def lock_late(file, *, wait):
        opened.set()
        lock(file, wait=wait)

    with open_locked(path, "r+") as held:
        with pytest.raises(BlockingIOError):
            open_locked(path, "r+")
        monkeypatch.setattr(files, "_lock", lock_late)
        # Another process has the file open already, and comes to its lock after it was removed.
        late = threading.Thread(target=lambda: taken.append(_taken(path)))
        late.start()
        opened.wait()
        path.unlink()
        held.close()
        late.join()
    assert taken == [None]


def _taken(path):
    try:
        with open_locked(path, "r+", wait=True) as file:
            return file.read()
    except FileNotFoundError:
        return None


def filled(folder: Path, **sizes: int) -> list[Path]:
    """Files of these sizes, the first used longest ago."""
    for age, (name, n_bytes) in enumerate(sizes.items()):
        path = folder / name
        path.write_bytes(b"x" * n_bytes)
        os.utime(path, ns=(age, age))
    return list(folder.iterdir())


def test_what_was_used_longest_ago_goes_first(tmp_path):
    filled(tmp_path, a=40, b=40, c=40)
    keep_below(tmp_path.iterdir(), 100)
    assert names(tmp_path) == ["b", "c"]
    mark_used(tmp_path / "b")
    keep_below(tmp_path.iterdir(), 50)
    assert names(tmp_path) == ["b"]


def test_a_folder_at_its_limit_keeps_all(tmp_path):
    keep_below(filled(tmp_path, a=50, b=50), 100)
    assert names(tmp_path) == ["a", "b"]


def test_what_came_last_stays_however_large_if_it_is_spared(tmp_path):
    filled(tmp_path, a=10, b=500)
    keep_below(tmp_path.iterdir(), 100, spare=tmp_path / "b")
    assert names(tmp_path) == ["b"]
    keep_below(tmp_path.iterdir(), 100)
    assert names(tmp_path) == []


def test_files_that_go_meanwhile_are_passed_over(tmp_path):
    found = filled(tmp_path, a=60, b=60)
    (tmp_path / "a").unlink()
    keep_below(found, 100)
    assert names(tmp_path) == ["b"]


def test_only_what_is_there_can_be_marked_as_used(tmp_path):
    with pytest.raises(FileNotFoundError):
        mark_used(tmp_path / "a")
    assert names(tmp_path) == []
