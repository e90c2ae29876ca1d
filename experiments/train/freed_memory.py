"""Keep freed memory for the next training step.

Otherwise glibc returns large blocks to the system after every step, and the system clears their pages again before the
next one.
"""

import ctypes
import platform

# Numbers of glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8


def keep_freed_memory() -> bool:
    """Let glibc's allocator keep what this process frees, from now on; returns whether it does.

    The process then holds the most memory that it ever needed, until it ends. Elsewhere than on Linux with glibc
    nothing changes.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    # Threads of TensorFlow would have arenas of their own, which always shrink.
    wanted = ((M_ARENA_MAX, 1), (M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, 2**31 - 1))
    return all([libc.mallopt(option, value) for option, value in wanted])
