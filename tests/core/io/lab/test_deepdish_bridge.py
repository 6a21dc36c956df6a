import hashlib
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from core.io.lab.deepdish_bridge import deepdish_io, deepdish_save

# In a process of its own: only the first import can do harm.
_WATCHED_IMPORT = """
import sys, threading, warnings
import numpy, scipy.sparse, pandas, tables
import core.io.lab.deepdish_bridge as bridge

names = set(vars(numpy))
filters, hooks, imports = list(warnings.filters), list(sys.meta_path), __builtins__.__import__
seen, stop = set(), threading.Event()

def watch():
    while not stop.is_set():
        seen.update(name for name in ("ComplexWarning", "unicode_", "string_", "object") if name in vars(numpy))

watcher = threading.Thread(target=watch)
watcher.start()
sys.setswitchinterval(1e-5)
hdf5io = bridge.deepdish_io()
stop.set()
watcher.join()

assert hdf5io.np.unicode_ is numpy.str_
assert not seen, seen
assert set(vars(numpy)) == names, set(vars(numpy)) ^ names
for gone in ("ComplexWarning", "unicode_", "string_", "object"):
    try:
        getattr(numpy, gone)
    except AttributeError:
        continue
    raise AssertionError(gone)
assert list(warnings.filters) == filters
assert list(sys.meta_path) == hooks
assert __builtins__.__import__ is imports
print("as it was")
"""


def test_importing_deepdish_leaves_numpy_warnings_and_imports_as_they_were_in_every_thread():
    done = subprocess.run([sys.executable, "-c", _WATCHED_IMPORT], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "as it was", done.stderr


def test_importing_the_reader_of_samples_does_not_import_deepdish_pandas_or_pytables():
    script = "import sys, core.io.lab; print({'deepdish', 'tables', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_what_deepdish_saves_deepdish_loads(tmp_path: Path):
    contents: dict[str, Any] = {
        "counts": np.arange(1200).reshape(400, 3).astype(np.int32),
        "names": np.array([b"WM", b"Layer1"] * 200),
        "text": np.array(["Schicht 1", "weiße Substanz"] * 200),
        "csr": sparse.csr_matrix(np.eye(400, dtype=np.float32)),
    }
    deepdish_save(tmp_path / "a.h5", contents)
    loaded = deepdish_io().load(str(tmp_path / "a.h5"))
    assert loaded.keys() == contents.keys()
    for key in ("counts", "names", "text"):
        np.testing.assert_array_equal(loaded[key], contents[key])
        assert loaded[key].dtype == contents[key].dtype
    assert sparse.isspmatrix_csr(loaded["csr"])
    assert (loaded["csr"] != contents["csr"]).nnz == 0


def test_the_same_contents_give_the_same_bytes_a_second_later(tmp_path: Path):
    contents = {"counts": np.arange(1000), "csr": sparse.csr_matrix(np.eye(20)), "flag": np.ones(1, np.uint8)}
    deepdish_save(tmp_path / "a.h5", contents)
    time.sleep(1.1)  # HDF5 would write whole seconds
    deepdish_save(tmp_path / "b.h5", contents)
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("a.h5", "b.h5")}
    assert len(digests) == 1


def test_eight_threads_write_eight_files(tmp_path: Path):
    def save(number: int) -> None:
        deepdish_save(tmp_path / f"{number}.h5", {"counts": np.full((200, 20), number)})

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(8):
        loaded = deepdish_io().load(str(tmp_path / f"{number}.h5"))
        np.testing.assert_array_equal(loaded["counts"], np.full((200, 20), number))


def test_a_folder_that_does_not_exist_is_an_error_of_the_system(tmp_path: Path):
    with pytest.raises((OSError, RuntimeError)):
        deepdish_save(tmp_path / "nowhere" / "a.h5", {"counts": np.arange(3)})
