import base64
import datetime
import io
import json
import ssl
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import numpy as np
import pytest

from storywright import voice
from storywright.errors import BadInput


def test_without_the_library_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gtts", None)
    with pytest.raises(BadInput, match="pip install --no-deps gTTS"):
        voice.open("gtts")


def mp3(seconds: float) -> bytes:
    import av

    stream = io.BytesIO()
    with av.open(stream, "w", format="mp3") as container:
        out = container.add_stream("mp3", rate=24000, layout="mono")
        samples = (np.sin(np.arange(round(seconds * 24000)) / 12) * 9000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate = 24000
        container.mux(out.encode(frame))
        container.mux(out.encode(None))
    return stream.getvalue()


def certificate(folder) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    today = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, today, today + datetime.timedelta(days=1))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem += key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "own.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    return context


class Translate:
    """Stands where the service is, behind a proxy on loopback: takes the tunnel and answers inside it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.hosts: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.broken = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                outer.hosts.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.connection = context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
                self.handle_one_request()
                self.wfile.flush()
                self.close_connection = True

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                text, language, *_ = json.loads(json.loads(form["f.req"][0])[0][0][1])
                outer.texts.append((language, text))
                sound = base64.b64encode(mp3(0.1 * len(text.split()))).decode()
                body = b"sorry" if outer.broken else f'[["wrb.fr","jQ1olc","[\\"{sound}\\"]"]]\n'.encode()
                self.send_response(503 if outer.broken else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def translate(tmp_path, monkeypatch) -> Iterator[Translate]:
    for library in ("gtts", "av", "cryptography"):
        pytest.importorskip(library, reason="needs gTTS, which is optional, and what stands in for its service")
    made = Translate(certificate(tmp_path))
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{made.server.server_port}")
    for variable in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_text_goes_out_in_its_language_and_comes_back_as_sound(translate):
    narrator = voice.open("gtts")
    said = narrator.say("Раз два три четыре пять", "ru")
    assert said.seconds == pytest.approx(0.5, abs=0.1)
    assert np.abs(said.samples.astype(int)).max() > 5000
    assert translate.texts == [("ru", "Раз два три четыре пять")]
    assert translate.hosts == ["translate.google.com:443"]


def test_an_accent_is_asked_for_where_it_is_spoken(translate):
    voice.open("gtts").say("One two", "en", "en-co.uk")
    assert translate.hosts == ["translate.google.co.uk:443"]


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_speed_stretches_the_sound_at_the_same_pitch(translate, speed):
    narrator = voice.open("gtts")
    text = "one two three four five six seven eight nine ten"
    usual, changed = narrator.say(text, "en"), narrator.say(text, "en", speed=speed)
    assert usual.seconds / changed.seconds == pytest.approx(speed, rel=0.1)
    peaks = [np.argmax(np.abs(np.fft.rfft(s.samples))) * s.rate / len(s.samples) for s in (usual, changed)]
    assert peaks[0] == pytest.approx(peaks[1], rel=0.03)


def test_trouble_on_the_way_is_said_with_the_remedy(translate):
    translate.broken = True
    with pytest.raises(BadInput, match=r"gTTS could not speak \(.*503.*--engine espeak"):
        voice.open("gtts").say("hello", "en")


def test_a_service_out_of_reach_is_said_with_the_remedy(translate, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with pytest.raises(BadInput, match=r"it needs translate\.google\.com on the network"):
        voice.open("gtts", seconds=2.0).say("hello", "en")
