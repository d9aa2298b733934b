import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from storywright import voice
from storywright.board import Line, Panel, Storyboard
from storywright.errors import BadInput
from storywright.voice.sound_files import from_pcm, wav_bytes
from storywright.voice.track import track

KEY = {"OPENAI_API_KEY": "sk-secret"}


def sound(seconds: float, rate: int = 24000) -> bytes:
    return (np.sin(np.arange(round(seconds * rate)) / 20) * 8000).astype("<i2").tobytes()


class Service:
    """A speech service on loopback that answers as it is told, and a tone of 0.1 s a word otherwise."""

    def __init__(self) -> None:
        self.requests: list[dict] = []
        self.troubles: list[tuple[int, dict, bytes]] = []
        self.delay = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append({"path": self.path, "key": self.headers["Authorization"], **body})
                time.sleep(outer.delay)
                status, headers, content = outer.troubles.pop(0) if outer.troubles else outer.answer(body)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @staticmethod
    def answer(body: dict) -> tuple[int, dict, bytes]:
        samples = sound(0.1 * len(body["input"].split()) / body["speed"])
        if body["response_format"] == "pcm":
            return 200, {"Content-Type": "audio/pcm"}, samples
        return 200, {"Content-Type": "audio/wav"}, wav_bytes(from_pcm(samples, 24000))


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.shutdown()
    made.server.server_close()


def speak(service: Service, **options) -> voice.Narrator:
    options = {"base_url": service.url, "backoff_seconds": 0.01, "environment": KEY} | options
    return voice.open("openai", **options)


@pytest.mark.parametrize("form", ["wav", "pcm"])
def test_a_text_goes_out_and_its_sound_comes_back(service, form):
    said = speak(service, form=form).say("One two three four.", "en", "nova", speed=2.0)
    assert said.rate == 24000
    assert said.seconds == pytest.approx(0.2, abs=0.001)
    assert service.requests == [
        {
            "path": "/v1/audio/speech",
            "key": "Bearer sk-secret",
            "model": "gpt-4o-mini-tts",
            "voice": "nova",
            "response_format": form,
            "speed": 2.0,
            "input": "One two three four.",
        }
    ]


def test_a_whole_board_is_spoken_with_the_voices_of_the_service(service):
    script = Storyboard(
        id="b",
        title="T",
        panels=[Panel(id="p", seconds=1, dialogue=[Line(who="Mia", line="one two three")], voice_over="one two " * 10)],
    )
    made = track(script, speak(service, voices=("teller", "someone")))
    assert {request["voice"] for request in service.requests} == {"teller", "someone"}
    assert made.panel_seconds["p"] > 2.3
    assert made.sounds


def test_a_long_text_goes_out_in_pieces_and_comes_back_whole(service):
    said = speak(service).say("This is one of many sentences. " * 400, "en")
    assert len(service.requests) == 4
    assert all(len(request["input"]) <= 4000 for request in service.requests)
    assert said.seconds == pytest.approx(0.1 * 6 * 400 + 3 * 0.25, abs=0.1)


def test_text_without_words_asks_for_nothing(service):
    assert speak(service).say("…", "en").seconds == 0
    assert service.requests == []


def test_what_fails_for_a_moment_is_asked_for_again(service):
    service.troubles = [(503, {}, b""), (429, {"Retry-After": "0.05"}, b'{"error": {"message": "slow down"}}')]
    started = time.monotonic()
    assert speak(service).say("hello", "en").seconds > 0
    assert len(service.requests) == 3
    assert time.monotonic() - started >= 0.05


def test_what_goes_on_failing_is_said_after_the_last_attempt(service):
    service.troubles = [(500, {}, b'{"error": {"message": "no GPU left"}}')] * 3
    with pytest.raises(BadInput, match=r"busy or broken \(500: no GPU left\): try again later"):
        speak(service, retries=2).say("hello", "en")
    assert len(service.requests) == 3


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (401, b'{"error": {"message": "bad key"}}', r"refused the key \(401: bad key\): check OPENAI_API_KEY"),
        (400, b'{"detail": "unknown voice"}', r"refused the request \(400: unknown voice\)"),
        (404, b"<html>", r"refused the request \(404\)"),
    ],
)
def test_what_fails_for_good_is_said_at_once(service, status, body, sentence):
    service.troubles = [(status, {}, body)]
    with pytest.raises(BadInput, match=sentence) as told:
        speak(service).say("hello", "en")
    assert len(service.requests) == 1
    assert "sk-secret" not in str(told.value)


def test_the_key_does_not_follow_to_another_address(service):
    service.troubles = [(307, {"Location": "http://127.0.0.1:9/elsewhere"}, b"")]
    with pytest.raises(BadInput, match=r"has moved to http://127\.0\.0\.1:9/elsewhere"):
        speak(service).say("hello", "en")


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "application/json"}, b'{"error": "quota"}'),
        (200, {"Content-Type": "audio/wav"}, b"ID3\x04mp3 mp3 mp3"),
        (200, {"Content-Type": "audio/wav"}, b""),
    ],
)
def test_an_answer_without_sound_is_named(service, answer):
    service.troubles = [answer]
    with pytest.raises(BadInput, match=r"sent no (WAV )?sound"):
        speak(service).say("hello", "en")


def test_a_service_that_does_not_answer_in_time_is_named(service):
    service.delay = 0.5
    with pytest.raises(BadInput, match=r"did not answer within 0\.1 s"):
        speak(service, seconds=0.1, retries=1).say("hello", "en")


def test_an_answer_that_is_cut_off_is_asked_for_again(service):
    service.troubles = [(200, {"Content-Type": "audio/wav", "Content-Length": "100000"}, b"RIFF")]
    assert speak(service, seconds=2).say("hello", "en").seconds > 0


def test_a_service_that_is_not_there_is_named():
    with pytest.raises(BadInput, match=r"http://127\.0\.0\.1:9/v1/audio/speech cannot be reached"):
        voice.open("openai", base_url="http://127.0.0.1:9/v1", retries=0, environment={}).say("hello", "en")


def test_a_service_in_the_network_needs_its_key():
    with pytest.raises(BadInput, match="environment variable OPENAI_API_KEY"):
        voice.open("openai", environment={})
    assert voice.open("openai", environment=KEY).voices("ru")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"base_url": "localhost:8880"}, "is not an address of a speech service"),
        ({"base_url": "ftp://host/v1"}, "is not an address of a speech service"),
        ({"form": "mp3"}, "wav or pcm, not for 'mp3'"),
        ({"voices": ()}, "at least one voice"),
        ({"speeed": 2}, "no option 'speeed'; the options are base_url, model"),
    ],
)
def test_a_wrong_option_is_named(options, sentence):
    with pytest.raises(BadInput, match=sentence):
        voice.open("openai", environment=KEY, **options)
