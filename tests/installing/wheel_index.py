"""An index of packages on this machine's own address, which can break off a file."""

import hashlib
import threading
import zipfile
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def write_wheel(folder, name, version, content="x = 1\n", requires=()):
    """Write a small wheel and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", content)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nTag: py3-none-any\n"
                                          "Root-Is-Purelib: true\n")  # fmt: skip
        names = [*archive.namelist(), f"{info}/RECORD"]
        archive.writestr(f"{info}/RECORD", "".join(f"{one},,\n" for one in names))
    return path


class Index:
    """A server of the simple index over a folder of wheels."""

    def __init__(self, folder):
        self.folder = folder
        self.cut = ""
        """Name of a package whose file breaks off in the middle."""

        self.asked = []
        """Names of the files that were fetched."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, self))
        self.address = f"http://127.0.0.1:{self._server.server_port}/simple/"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error):
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, index, *args):
        self.index = index
        super().__init__(*args)

    def log_message(self, *words):
        pass

    def do_HEAD(self):  # noqa: N802
        self.do_GET(is_head=True)

    def do_GET(self, is_head=False):  # noqa: N802
        parts = self.path.strip("/").split("/")
        if parts[0] == "files":
            self._send_file(parts[-1], is_head)
            return
        wanted = parts[-1].replace("-", "_")
        links = [
            f'<a href="/files/{path.name}#sha256={hashlib.sha256(path.read_bytes()).hexdigest()}">'
            f"{path.name}</a>"
            for path in sorted(self.index.folder.glob(f"{wanted}-*.whl"))
        ]
        page = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
        self.send_response(200 if links else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def _send_file(self, name, is_head):
        content = (self.index.folder / name).read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if is_head:
            return
        # pip itself reads a wheel for its metadata where the index has none of its own.
        if "pip/" in self.headers.get("User-Agent", ""):
            self.wfile.write(content)
            return
        self.index.asked.append(name)
        is_cut = self.index.cut and name.startswith(self.index.cut)
        self.wfile.write(content[: len(content) // 2] if is_cut else content)
