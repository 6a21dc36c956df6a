"""What is set once for the server's process, in a process of its own, which it changes for good."""

import re
import subprocess
import sys

import pytest

FORTY_THREADS = """
import ctypes, sys, threading
from ui.shell import process

if sys.argv[1] == "set up":
    process.set_up()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
together = threading.Barrier(40)

def ask_for_memory():
    together.wait()
    libc.malloc(50_000)
    together.wait()

threads = [threading.Thread(target=ask_for_memory) for _ in range(40)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
file = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
"""


def n_pools(folder, words):
    subprocess.run([sys.executable, "-c", FORTY_THREADS, words, folder / words], check=True)
    return len(re.findall("<heap nr=", (folder / words).read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="the C library is glibc on Linux alone")
def test_forty_threads_share_few_pools_of_memory(tmp_path):
    assert n_pools(tmp_path, "set up") < n_pools(tmp_path, "left alone")
