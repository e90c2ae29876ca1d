import platform
import subprocess
import sys

import pytest

CODE = """
import resource, sys, threading
from zoo.experiments.train.freed_memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def work():
    for _ in range(4):
        bytearray(b"x") * 2**26
def faults():
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print(-faults() + faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="allocators other than glibc's stay as they are")
def test_freed_memory_is_used_again_without_new_pages():
    """Blocks of 64 MB, one after the other in a thread, are 16,384 pages each where all are given back."""
    kept, given_back = (
        int(subprocess.run([sys.executable, "-c", CODE, how], check=True, capture_output=True, text=True).stdout)
        for how in ("kept", "given back")
    )
    assert kept < 1000
    assert given_back > 16_384
