"""Notes how long the main thread hears nobody, and which code it is in meanwhile."""

import sys
import threading
import time

LOOK_SECONDS = 0.004
OWN = "/blender_addon/"


class Stalls:
    """The longest stall since `begin`, and the longest in the extension's own code.

    The main thread beats whenever it hears its timer. What it does within `busy` is the test's own
    work and counts for nothing. Drawing counts: software draws here what a graphics card does.
    """

    def __init__(self):
        self._main = threading.main_thread().ident
        self._beaten = None
        self._lock = threading.Lock()
        self.begin()
        threading.Thread(target=self._watch, daemon=True).start()

    def begin(self):
        """Forget what was."""
        self.longest, self.own = (0.0, ""), (0.0, "")
        self._code_seconds = {}

    def hear(self):
        """The main thread is here: end the stall that lasted until now."""
        with self._lock:
            if self._beaten is None:
                return
            gap = time.perf_counter() - self._beaten
            self._beaten = None
            code = max(self._code_seconds, key=self._code_seconds.get, default="")
            if gap > self.longest[0]:
                self.longest = gap, code
            own = {name: one for name, one in self._code_seconds.items() if name}
            if own and sum(own.values()) > self.own[0]:
                self.own = sum(own.values()), max(own, key=own.get)

    def leave(self):
        """The test's own work is done: what comes now is Blender's and the extension's."""
        with self._lock:
            self._beaten = time.perf_counter()
            self._code_seconds = {}

    def report(self):
        """Return both as numbers and words."""
        names = ("stall", "own_stall")
        return {
            name: {"milliseconds": seconds * 1e3, "code": code}
            for name, (seconds, code) in zip(names, (self.longest, self.own), strict=True)
        }

    def _watch(self):
        last = time.perf_counter()
        while True:
            time.sleep(LOOK_SECONDS)
            now = time.perf_counter()
            code = self._code_now()
            with self._lock:
                if self._beaten is not None:
                    self._code_seconds[code] = self._code_seconds.get(code, 0.0) + now - last
            last = now

    def _code_now(self):
        """Return where the main thread is in the extension's code; empty where it is not."""
        frame = sys._current_frames().get(self._main)
        while frame is not None:
            name = frame.f_code.co_filename
            if OWN in name:
                return f"{name.rpartition(OWN)[2]}:{frame.f_code.co_name}"
            frame = frame.f_back
        return ""
