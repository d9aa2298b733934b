"""The demonstration site on a port of this machine."""

import contextlib
import errno
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from storywright import __version__
from storywright.errors import BadInput
from storywright.sources.demo_site import pages
from storywright.sources.demo_site.concepts import PROFILE
from storywright.sources.demo_site.pages import BASE, Reply

HOST = "127.0.0.1"
_PLACE = re.compile(r"[A-Za-z0-9.-]{1,100}(:\d{1,5})?")
_IGNORED = re.compile(r"utm_.*|PHPSESSID")


class Server(http.server.ThreadingHTTPServer):
    """Serves the site to programs of this machine, and to no other."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0, editions: int = 1) -> None:
        self.site = pages.replies(editions)
        self.busy = {path for path, reply in self.site.items() if reply.busy_once}
        try:
            super().__init__((HOST, port), _Handler)
        except PermissionError as error:
            raise BadInput(f"Port {port} needs special rights: choose one above 1023, such as --port 8765.") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise BadInput(
                f"Port {port} on {HOST} is in use: stop what listens there, or choose another, "
                f"such as --port {port + 1}; --port 0 takes any that is free."
            ) from error

    @property
    def profile(self) -> Path:
        """How the crawler reads this site."""
        return PROFILE

    @property
    def address(self) -> str:
        """Where the site begins."""
        return f"http://{HOST}:{self.server_port}/"


@contextlib.contextmanager
def serving(port: int = 0, editions: int = 1) -> Iterator[Server]:
    """Serve the site while the block runs; port 0 takes any that is free."""
    with Server(port, editions) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = f"storywright-demo/{__version__}"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def do_GET(self) -> None:
        """Answer from what was rendered."""
        path = self._path()
        reply = self.server.site.get(path)
        if path in self.server.busy:
            self.server.busy.discard(path)
            self._send(Reply(status=503, body=b"One moment, please."), {"Retry-After": "1"})
        elif reply is None:
            self._send(Reply(status=404, body=b"<h1>Not in the drawer</h1>"), {})
        elif reply.location:
            self._send(reply, {"Location": reply.location})
        elif self._knows(reply):
            self._send(Reply(status=304), {"ETag": reply.etag})
        else:
            self._send(reply, {"ETag": reply.etag} | ({"Last-Modified": reply.modified} if reply.modified else {}))

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: a line for each request would bury what the crawler says."""

    def _path(self) -> str:
        parts = urlsplit(self.path)
        kept = [(name, value) for name, value in parse_qsl(parts.query) if not _IGNORED.fullmatch(name)]
        if parts.path.endswith("/search"):
            kept = []
        return parts.path + (f"?{urlencode(kept)}" if kept else "")

    def _knows(self, reply: Reply) -> bool:
        if asked := self.headers.get("If-None-Match"):
            return asked == reply.etag
        return bool(reply.modified) and self.headers.get("If-Modified-Since") == reply.modified

    def _send(self, reply: Reply, headers: dict[str, str]) -> None:
        body = reply.content
        host = self.headers.get("Host", "")
        if BASE.encode() in body and _PLACE.fullmatch(host):
            body = body.replace(BASE.encode(), f"http://{host}".encode())
        squeeze = (
            len(body) > 500
            and not reply.kind.startswith("image/")
            and "gzip" in self.headers.get("Accept-Encoding", "")
        )
        body = pages.zipped(body) if squeeze else body
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if squeeze:
            self.send_header("Content-Encoding", "gzip")
        if reply.status != 304:
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and reply.status != 304:
            self.wfile.write(body)
