import json

import pytest
from click.testing import CliRunner

from storywright import cli
from storywright.errors import BadInput
from storywright.voice.sound_files import read_wav


def voices(*words: str) -> str:
    done = CliRunner().invoke(cli.storywright, ["voices", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_engines_are_listed_with_their_voices_and_with_what_they_miss(monkeypatch):
    pytest.importorskip("espeakng_loader", reason="needs the extra `voice`")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    listed = {one["engine"]: one for one in json.loads(voices("--json"))}
    assert list(listed) == ["espeak", "espeak-system", "gtts", "openai", "silent"]
    assert {"name": "en-us+f3", "kind": "woman"} in listed["espeak"]["voices"]["en"]
    assert {"name": "ru", "kind": "man"} in listed["espeak"]["voices"]["ru"]
    assert listed["espeak"]["missing"] == ""
    assert "OPENAI_API_KEY" in listed["openai"]["missing"]
    spoken = voices("--engine", "espeak", "--language", "ru")
    assert "ru+f3 (woman)" in spoken
    assert "en-us" not in spoken
    assert "not ready: The speech service" in voices("--engine", "openai")


@pytest.mark.parametrize(("text", "seconds"), [("Good morning!", 0.8), ("Доброе утро!", 0.8)])
def test_a_voice_is_tried_in_the_language_of_the_text(tmp_path, text, seconds):
    pytest.importorskip("espeakng_loader", reason="needs the extra `voice`")
    out = tmp_path / "new" / "x.wav"
    told = json.loads(voices("--say", text, "--out", str(out), "--json"))
    sound = read_wav(out.read_bytes(), "it")
    assert sound.rate == 48000
    assert sound.seconds == pytest.approx(told["seconds"], abs=0.001) == pytest.approx(seconds, abs=0.4)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--engine", "festival"], "the engines are espeak"),
        (["--say", "hi", "--out", "x.mp3"], "name it .wav"),
        (["--say", "…"], "has no word"),
        (["--say", "hi", "--speed", "9"], "0.5 to 2.0"),
        (["--model", "x"], "--engine openai"),
    ],
)
def test_what_the_user_got_wrong_is_named(words, sentence, tmp_path, monkeypatch):
    pytest.importorskip("espeakng_loader", reason="needs the extra `voice`")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=sentence):
        voices(*words)
    assert not list(tmp_path.iterdir())
