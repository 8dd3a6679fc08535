"""Memory: telling want of it from other errors, and giving back what is no longer used."""

from __future__ import annotations

import ctypes
import gc
import sys


def is_want_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory could not be had, the device's or the system's."""
    return isinstance(error, MemoryError) or "out of memory" in str(error).lower()


def release_memory() -> None:
    """Give unused memory back: garbage, what torch keeps of the device's, free heap pages."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch is not None and torch.backends.mps.is_available():
        torch.mps.empty_cache()
    if sys.platform == "linux":
        # glibc keeps freed pages in the heap until malloc_trim.
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
