"""A server that does what a crawler fears; run as a program of its own, so that its memory is not the crawler's.

Prints three ports: the hostile one (also on 127.0.0.2), the canary's, and one that speaks TLS to nobody. The canary
stands for everything inside a network that must not be reached: whoever connects to it is counted, at `/hits`.
"""

import asyncio
import contextlib
import gzip
import io
import os
import struct
import zlib
from collections.abc import AsyncIterator, Callable

import brotli
import zstandard

Pieces = AsyncIterator[bytes]


def answer(body: bytes, kind: str = "text/html", status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return answer(b"", status=status, Location=location)


def packed(body: bytes, encoding: str, kind: str = "text/html") -> bytes:
    return answer(body, kind, Content_Encoding=encoding)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
PAGE = b"<html><body><h1>A page</h1><p>" + b"Some words that make up an advertisement. " * 5 + b"</p></body></html>"
ZEROS = 120_000_000


def zeros_gzip() -> bytes:
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb", mtime=0) as file:
        for _ in range(ZEROS // 4_000_000):
            file.write(bytes(4_000_000))
    return made.getvalue()


def zeros_zstd() -> bytes:
    packer = zstandard.ZstdCompressor(level=3).compressobj()
    return b"".join(packer.compress(bytes(4_000_000)) for _ in range(ZEROS // 4_000_000)) + packer.flush()


def zeros_brotli() -> bytes:
    packer = brotli.Compressor(quality=4)
    return b"".join(packer.process(bytes(4_000_000)) for _ in range(ZEROS // 4_000_000)) + packer.finish()


def png(width: int, height: int, *chunks: tuple[bytes, bytes], pixels: bytes = b"\0") -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"".join(chunk(name, content) for name, content in chunks)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + body
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def gif_with_a_huge_frame() -> bytes:
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", 65_535, 65_535, 0x80, 0, 0)
        + bytes(6)
        + b","
        + struct.pack("<HHHHB", 0, 0, 65_535, 65_535, 0)
        + b"\x02\x02\x44\x01\x00;"
    )


def gif_of_many_frames() -> bytes:
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 1_000, 1_000, 0x80, 0, 0) + bytes(6) + frame * 100_000 + b";"


async def endless(head: bytes, piece: bytes, pause: float = 0.0) -> Pieces:
    yield head
    while True:
        yield piece
        if pause:
            await asyncio.sleep(pause)


async def drip(content: bytes, pause: float = 0.1) -> Pieces:
    for byte in content:
        yield bytes((byte,))
        await asyncio.sleep(pause)


async def silence() -> Pieces:
    await asyncio.sleep(30)
    yield b""


def chunks(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "'
    + b"ha" * 50
    + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (letter + 1, b"&%c;" % letter * 10) for letter in range(ord("a"), ord("m")))
    + b"]><urlset><url><loc>http://x.example/&m;</loc></url></urlset>"
)
EXTERNAL_ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY n SYSTEM "%s">]>'
    b"<urlset><url><loc>http://x.example/&f;&n;</loc></url></urlset>"
)


def sites(canary: str) -> dict[str, Callable[[str], bytes | Pieces]]:
    """By host name: what each site answers for a path."""
    inside = f"http://{canary}/"

    def only(reply: bytes | Callable[[], Pieces], robots: bytes | None = None) -> Callable[[str], bytes | Pieces]:
        def site(path: str) -> bytes | Pieces:
            if path == "/robots.txt":
                return robots or answer(b"", status="404 Not Found")
            return reply if isinstance(reply, bytes) else reply()

        return site

    def with_robots(robots: bytes | Callable[[], Pieces]) -> Callable[[str], bytes | Pieces]:
        return lambda path: (
            (robots if isinstance(robots, bytes) else robots()) if path == "/robots.txt" else answer(PAGE)
        )

    def with_sitemap(sitemap: bytes) -> Callable[[str], bytes | Pieces]:
        def site(path: str) -> bytes | Pieces:
            if path == "/robots.txt":
                return answer(b"", status="404 Not Found")
            return sitemap if "sitemap" in path else answer(PAGE)

        return site

    def text(body: str) -> bytes:
        return answer(body.encode(), "text/plain")

    def xml(body: bytes) -> bytes:
        return answer(body, "application/xml")

    def crowded(path: str) -> bytes:
        return answer(many) if path == "/" else answer(PAGE) if path != "/robots.txt" else text("")

    def loop(path: str) -> bytes:
        return redirect("/b" if path == "/" else "/")

    def chain(path: str) -> bytes:
        return redirect(f"/{int(path[1:] or 0) + 1}") if path != "/robots.txt" else text("")

    def calendar(path: str) -> bytes:
        day = int(path[1:] or 0) if path[1:].isdigit() or path == "/" else 0
        links = "".join(f'<a href="/{day * 10 + step}">day</a>' for step in range(1, 11))
        return answer(f"<h1>{day}</h1>{links}".encode()) if path != "/robots.txt" else text("")

    def sitemaps_without_end(path: str) -> bytes:
        number = int("".join(filter(str.isdigit, path)) or 0)
        if "sitemap" in path:
            urls = "".join(f"<sitemap><loc>/sitemap{number * 10 + step}.xml</loc></sitemap>" for step in range(1, 6))
            return xml(f"<sitemapindex>{urls}</sitemapindex>".encode())
        return answer(PAGE) if path != "/robots.txt" else text("")

    def pictured(kind: str, content: bytes) -> Callable[[str], bytes | Pieces]:
        page = PAGE.replace(b"<html>", b'<html><meta property="og:image" content="/picture">')

        def site(path: str) -> bytes | Pieces:
            if path == "/robots.txt":
                return text("")
            return answer(content, kind) if path == "/picture" else answer(page)

        return site

    bombs = {"gzip": zeros_gzip(), "br": zeros_brotli(), "zstd": zeros_zstd()}
    deflated = zlib.compress(bytes(40_000_000))
    many = "".join(f"<a href='/{number}'>x</a>" for number in range(100_000)).encode()
    half = gzip.compress(os.urandom(50_000))[:20_000]
    page = {
        "gzip-bomb": packed(bombs["gzip"], "gzip"),
        "br-bomb": packed(bombs["br"], "br"),
        "zstd-bomb": packed(bombs["zstd"], "zstd"),
        "deflate-bomb": packed(deflated, "deflate"),
        "raw-deflate-bomb": packed(deflated[2:-4], "deflate"),
        "gzip-in-gzip": packed(gzip.compress(bombs["gzip"]), "gzip, gzip"),
        "gzip-of-many-members": packed(gzip.compress(b"a" * 1_000) * 20_000, "gzip"),
        "gzip-cut-short": packed(half, "gzip"),
        "gzip-that-is-not": packed(PAGE, "gzip"),
        "br-that-is-not": packed(b"\xff" * 1_000, "br"),
        "zstd-that-is-not": packed(b"\xff" * 1_000, "zstd"),
        "zstd-with-a-huge-window": packed(
            zstandard.ZstdCompressor(
                compression_params=zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
            ).compress(os.urandom(1_000) * 10_000)[:200_000],
            "zstd",
        ),
        "an-encoding-nobody-asked-for": packed(PAGE, "compress"),
        "a-length-of-terabytes": HEAD + b"Content-Length: 9999999999999\r\n\r\n" + PAGE,
        "a-length-that-is-no-number": HEAD + b"Content-Length: lots\r\n\r\n" + PAGE,
        "two-lengths": HEAD + b"Content-Length: 3\r\nContent-Length: 30000\r\n\r\n" + PAGE,
        "a-length-longer-than-the-body": HEAD + b"Content-Length: 100000\r\n\r\n" + PAGE,
        "a-chunk-of-terabytes": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffff\r\n" + PAGE,
        "a-negative-chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + PAGE,
        "chunks-without-an-end": lambda: endless(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"ffff\r\n" + b"a" * 65_535 + b"\r\n"
        ),
        "chunks-of-one-byte": lambda: endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 2_000),
        "a-page-without-an-end": lambda: endless(HEAD + b"\r\n", b"<p>and so on</p>" * 4_000),
        "a-header-without-an-end": lambda: endless(HEAD + b"X-Long: ", b"a" * 65_536),
        "headers-without-an-end": lambda: endless(HEAD, b"X-Header: and another\r\n" * 500),
        "a-dripping-body": lambda: drip(HEAD + b"\r\n" + PAGE),
        "dripping-headers": lambda: drip(HEAD),
        "a-body-that-stalls": lambda: endless(HEAD + b"Content-Length: 5000\r\n\r\n" + PAGE, b"", 0.05),
        "silence": silence,
        "100-continue-without-an-end": lambda: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        "no-http-at-all": b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n",
        "http-0.9": PAGE,
        "a-status-of-999": b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
        "a-nul-in-a-header": HEAD + b"X-Nul: a\0b\r\n\r\n" + PAGE,
        "hangs-up-at-once": b"",
        "hangs-up-in-the-middle": HEAD + b"Content-Length: 90000\r\n\r\n<html>",
        "switching-protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: ws\r\nConnection: Upgrade\r\n\r\n",
        "nested-100000-deep": answer(b"<div>" * 100_000 + b"deep"),
        "an-element-with-100000-attributes": answer(b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">x"),
        "attributes-with-brackets-in-them": answer(b"<p " + b" ".join(b"a%d='>'" % n for n in range(100_000)) + b">x"),
        "formatting-without-an-end": answer(b"".join(b"<font a=%d>" % n for n in range(50_000)) + b"<p>x" * 50_000),
        "anchors-in-anchors": answer(b"<a href=/x>y<table>" * 50_000),
        "a-comment-without-an-end": answer(b"<!--" + b"- " * 1_000_000),
        "entities-without-an-end": answer(b"&amp;&lt;&#x41;&nbsp;" * 100_000),
        "nul-bytes": answer(b"<h1>x</h1>\0\0\0\0" * 10_000),
        "a-picture-as-html": answer(png(4, 4)),
        "a-program-as-html": answer(b"\x7fELF" + os.urandom(5_000)),
        "random-bytes-as-html": answer(os.urandom(200_000)),
        "a-codec-of-python": answer(PAGE, "text/html; charset=zip"),
        "a-slow-codec": answer(b"xn--" + b"a-" * 500_000, "text/html; charset=punycode"),
        "utf-7": answer(b"+ADw-script+AD4-" + PAGE, "text/html; charset=utf-7"),
        "utf-16-of-odd-length": answer(b"\xff\xfe" + PAGE[:101], "text/html; charset=utf-16"),
        "a-link-of-a-megabyte": answer(b"<a href='/" + b"a" * 1_000_000 + b"'>x</a>"),
        "links-into-the-network": answer(
            "".join(
                f"<a href='{to}'>x</a>"
                for to in (
                    inside,
                    f"//{canary}/",
                    f"\\\\{canary}\\",
                    f"http:{canary}",
                    "file:///etc/passwd",
                    "javascript:alert(1)",
                )
            ).encode()
        ),
        "a-base-into-the-network": answer(f"<base href='{inside}'><a href='x'>x</a>".encode()),
        "a-refresh-into-the-network": answer(
            f"<meta http-equiv=refresh content='0;url={inside}'><iframe src='{inside}'></iframe>".encode(),
            Refresh=f"0; url={inside}",
        ),
        "json-ld-nested-deep": answer(b"<script type='application/ld+json'>" + b"[" * 100_000 + b"</script>"),
        "redirects-to-a-file": redirect("file:///etc/passwd"),
        "redirects-to-loopback": redirect(inside),
        "redirects-to-localhost": redirect(f"//localhost:{canary.split(':')[1]}/"),
        "redirects-to-a-decimal-host": redirect(f"http://2130706433:{canary.split(':')[1]}/"),
        "redirects-to-the-cloud": redirect("http://169.254.169.254/latest/meta-data/", "301 Moved"),
        "redirects-to-mapped-ipv6": redirect(f"http://[::ffff:127.0.0.1]:{canary.split(':')[1]}/", "307 Temporary"),
        "redirects-with-a-user": redirect(f"http://good.example@{canary}/", "308 Permanent"),
        "redirects-to-gopher": redirect("gopher://127.0.0.1:6379/_FLUSHALL"),
        "redirects-to-data": redirect("data:text/html,<h1>x</h1>"),
        "redirects-to-nonsense": redirect("http://[::1"),
        "redirects-nowhere": answer(b"", status="302 Found"),
        "redirects-to-a-line-break": redirect("/x%0d%0aHost:%20inside"),
    }
    robot = {
        "robots-without-an-end": with_robots(
            lambda: endless(HEAD.replace(b"html", b"plain") + b"\r\n", b"Disallow: /x\n" * 5_000)
        ),
        "robots-with-slow-patterns": with_robots(text("User-agent: *\n" + "Disallow: /" + "*a" * 900 + "b\n" * 1)),
        "robots-with-50000-rules": with_robots(
            text("User-agent: *\n" + "".join(f"Disallow: /{n:05}*x$\n" for n in range(20_000)))
        ),
        "robots-asking-for-a-year": with_robots(text("User-agent: *\nCrawl-delay: 31536000\n")),
        "robots-asking-for-infinity": with_robots(text("User-agent: *\nCrawl-delay: inf\n")),
        "robots-asking-for-no-number": with_robots(text("User-agent: *\nCrawl-delay: nan\nDisallow: /\n")),
        "robots-leading-inside": with_robots(redirect(inside + "robots.txt")),
        "robots-leading-in-a-circle": with_robots(redirect("/robots.txt")),
        "robots-that-fail": with_robots(answer(b"", status="503 Busy")),
        "robots-of-random-bytes": with_robots(answer(os.urandom(100_000), "text/plain")),
        "robots-that-are-a-bomb": with_robots(packed(bombs["gzip"], "gzip", "text/plain")),
        "robots-with-sitemaps-inside": with_robots(
            text(f"Sitemap: {inside}\nSitemap: file:///etc/passwd\nSitemap: http://10.0.0.1/\n")
        ),
    }
    maps = {
        "a-sitemap-of-a-billion-laughs": with_sitemap(xml(BILLION_LAUGHS)),
        "a-sitemap-with-external-entities": with_sitemap(xml(EXTERNAL_ENTITY % inside.encode())),
        "a-sitemap-that-is-a-bomb": with_sitemap(answer(bombs["gzip"], "application/gzip")),
        "a-sitemap-leading-inside": with_sitemap(xml(f"<urlset><url><loc>{inside}</loc></url></urlset>".encode())),
        "a-sitemap-cut-short": with_sitemap(xml(b"<urlset><url><loc>/ok</loc></url><url><loc>/ha")),
        "sitemaps-without-an-end": sitemaps_without_end,
    }
    seen = {
        "a-picture-of-gigapixels": pictured("image/png", png(60_000, 60_000)),
        "a-picture-whose-text-is-a-bomb": pictured("image/png", png(8, 8, (b"zTXt", b"k\0\0" + deflated))),
        "a-picture-with-too-many-pixels-inside": pictured("image/png", png(64, 64, pixels=bytes(40_000_000))),
        "a-gif-of-gigapixels": pictured("image/gif", gif_with_a_huge_frame()),
        "a-gif-of-many-frames": pictured("image/gif", gif_of_many_frames()),
        "an-svg": pictured(
            "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"
        ),
        "an-svg-as-png": pictured("image/png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        "postscript-as-png": pictured(
            "image/png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n"
        ),
        "html-as-png": pictured("image/png", PAGE),
        "a-picture-cut-short": pictured("image/png", png(64, 64)[:60]),
    }
    made: dict[str, Callable[[str], bytes | Pieces]] = {name: only(reply) for name, reply in page.items()}
    made |= robot | maps | seen
    made |= {
        "a-hundred-thousand-links": crowded,
        "redirects-in-a-circle": loop,
        "redirects-without-an-end": chain,
        "a-calendar-without-an-end": calendar,
    }
    return {f"{name}.example": site for name, site in made.items()} | {"good.example": only(answer(PAGE))}


async def main() -> None:
    hits: list[bytes] = []

    async def touched(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hits.append(b"")
        with contextlib.suppress(OSError):
            writer.write(answer(b"<h1>You should not have come here.</h1>"))
            writer.close()

    canary = await asyncio.start_server(touched, "127.0.0.1", 0)
    port = canary.sockets[0].getsockname()[1]
    with contextlib.suppress(OSError):
        await asyncio.start_server(touched, "::1", port)
    known = sites(f"127.0.0.1:{port}")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = request.split(" ", 2)[1]
            host = next(line[6:].split(":")[0] for line in request.split("\r\n") if line.lower().startswith("host: "))
            if path == "/hits":
                reply: bytes | Pieces = answer(str(len(hits)).encode())
            else:
                reply = known[host](path)
            if isinstance(reply, bytes):
                writer.write(reply)
                await writer.drain()
            else:
                async for piece in reply:
                    writer.write(piece)
                    await writer.drain()
                    if writer.is_closing():
                        break
        writer.close()

    hostile = await asyncio.start_server(serve, "127.0.0.1", 0)
    at = hostile.sockets[0].getsockname()[1]
    await asyncio.start_server(touched, "127.0.0.2", at)  # where a name that changes its mind leads
    print(at, port, flush=True)
    await hostile.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
