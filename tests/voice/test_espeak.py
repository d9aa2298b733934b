import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from storywright import voice
from storywright.errors import BadInput
from storywright.voice import speech
from storywright.voice.speech import Speech

espeakng_loader = pytest.importorskip("espeakng_loader", reason="needs the extra `voice`")

ENGLISH = "Good morning everyone. We are going to the market, to buy some lemons."
RUSSIAN = "Доброе утро всем. Мы идём на рынок, покупать лимоны."


@pytest.fixture(scope="module")
def espeak():
    return voice.open("espeak")


def loud(sound: Speech) -> np.ndarray:
    """For each twentieth of a second whether something is heard."""
    width = sound.rate // 20
    whole = sound.samples[: len(sound.samples) // width * width].astype(float).reshape(-1, width)
    return np.sqrt(np.square(whole).mean(axis=1)) > 300


def pitch(sound: Speech) -> float:
    """The median pitch of the voiced parts, by autocorrelation."""
    found, width = [], 1024
    for at in range(0, len(sound.samples) - 2 * width, width):
        part = sound.samples[at : at + 2 * width].astype(float) * np.hanning(2 * width)
        likeness = np.fft.irfft(np.abs(np.fft.rfft(part, 4 * width)) ** 2)[:width]
        low, high = sound.rate // 450, sound.rate // 60
        best = low + int(likeness[low:high].argmax())
        if likeness[best] > 0.4 * likeness[0] > 1e6:
            found.append(sound.rate / best)
    return float(np.median(found))


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (RUSSIAN, "ru")])
def test_speech_is_heard_throughout_and_never_clips(espeak, text, language):
    said = espeak.say(text, language)
    assert 2.5 < said.seconds < 7
    assert np.abs(said.samples.astype(int)).max() < 32000
    heard = loud(said)
    assert heard.mean() > 0.6
    quiet = "".join("_" if not one else "x" for one in heard).split("x")
    assert max(map(len, quiet)) / 20 < 1.0


def test_the_same_words_are_the_same_samples_whatever_was_said_before_and_beside(espeak):
    first = espeak.say(ENGLISH, "en", "en-us+f2").samples
    espeak.say(RUSSIAN, "ru")
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda _: espeak.say(ENGLISH, "en", "en-us+f2").samples, range(4)))
    assert all(np.array_equal(first, one) for one in again)


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "en"), (RUSSIAN, "ru")])
@pytest.mark.parametrize("speed", [0.5, 0.75, 1.5, 2.0])
def test_speed_changes_the_length_as_told(espeak, text, language, speed):
    usual = speech.trimmed(espeak.say(text, language)).seconds
    changed = speech.trimmed(espeak.say(text, language, speed=speed)).seconds
    assert usual / changed == pytest.approx(speed, rel=0.1)


def test_women_men_and_children_have_their_pitch(espeak):
    by_kind = {}
    for one in espeak.voices("en"):
        by_kind.setdefault(one.kind, []).append(pitch(espeak.say(ENGLISH, "en", one.name)))
    assert max(by_kind["man"]) < 140 < min(by_kind["woman"])
    assert np.mean(by_kind["woman"]) < np.mean(by_kind["child"])


def test_every_voice_that_is_listed_speaks_and_none_clips(espeak):
    for language, text in (("en", ENGLISH), ("ru", RUSSIAN)):
        listed = espeak.voices(language)
        assert len({one.name for one in listed}) == len(listed) >= 15
        said = [espeak.say(text, language, one.name).samples for one in listed]
        assert len({sound.tobytes() for sound in said}) == len(said)
        clipped = {one.name: int((np.abs(s.astype(int)) >= 32767).sum()) for one, s in zip(listed, said, strict=True)}
        assert not {name: count for name, count in clipped.items() if count}


def test_latin_brand_names_in_russian_and_cyrillic_ones_in_english_are_words_not_letters(espeak):
    said = espeak.say("Новая вода Aqua Spark", "ru").seconds
    assert 1.0 < said < espeak.say("Новая вода A Q U A S P A R K", "ru").seconds * 0.7
    assert espeak.say("Зерно is good", "en").seconds < espeak.say("Z E R N O is good", "en").seconds


def test_numbers_are_said(espeak):
    assert espeak.say("2024", "ru").seconds > 2 * espeak.say("2", "ru").seconds


@pytest.mark.parametrize("text", ["", "…", "***", "\x00"])
def test_no_words_are_no_speech(espeak, text):
    assert espeak.say(text, "en").seconds == 0


def test_signs_that_mean_something_to_the_engine_do_nothing(espeak):
    plain = espeak.say("hello there", "en").seconds
    for text in ("<break time='9s'/>hello there", "[[h@l'oU]] hello there", "-f /etc/passwd hello there"):
        assert espeak.say(text, "en").seconds < plain + 3


def test_a_very_long_text_is_spoken_whole(espeak):
    one = espeak.say("We are going to the market.", "en").seconds
    many = espeak.say("We are going to the market. " * 200, "en").seconds
    assert many > 200 * one * 0.8


def test_a_voice_that_is_not_there_is_named(espeak):
    for name in ("en-us+nobody", "xx", "--help"):
        with pytest.raises(BadInput, match=f"no voice '{name}'".replace("+", "[+]")):
            espeak.say("hello", "en", name)


@pytest.mark.parametrize("speed", [0.1, 0, -1, 5, float("nan")])
def test_a_speed_that_nobody_understands_is_refused(espeak, speed):
    with pytest.raises(BadInput, match=r"0\.5 to 2\.0"):
        espeak.say("hello", "en", speed=speed)


def test_a_language_that_it_does_not_speak_is_refused(espeak):
    assert espeak.voices("fr") == []
    with pytest.raises(BadInput, match="not for 'fr'"):
        espeak.say("bonjour", "fr")


def test_it_speaks_from_a_folder_with_a_long_path(tmp_path, monkeypatch):
    """The engine itself takes paths of some 150 characters and is silent beyond."""
    there = tmp_path / ("long" * 25) / ("longer" * 15)
    data = Path(espeakng_loader.get_data_path())
    shutil.copytree(data, there / data.name)
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(there / data.name))
    assert voice.open("espeak").say("hello", "en").seconds > 0.3


def test_without_the_wheel_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(BadInput, match=r"pip install 'storywright\[voice\]'"):
        voice.open("espeak")


def test_an_engine_that_is_not_there_is_named():
    with pytest.raises(BadInput, match="the engines are espeak, espeak-system, gtts, openai, silent"):
        voice.open("festival")


def test_a_program_that_is_not_installed_is_named():
    with pytest.raises(BadInput, match="apt install espeak-ng"):
        voice.open("espeak-system", program="espeak-of-nowhere")


@pytest.mark.system("espeak-ng")
def test_the_program_of_the_system_speaks_like_the_embedded_engine(espeak):
    program = voice.open("espeak-system")
    assert len(program.voices("ru")) >= 10
    for text, language in ((ENGLISH, "en"), (RUSSIAN, "ru")):
        said = program.say(text, language, program.voices(language)[1].name)
        assert said.seconds == pytest.approx(espeak.say(text, language).seconds, rel=0.2)
        assert loud(said).mean() > 0.6
    with pytest.raises(BadInput, match="no voice"):
        program.say("hello", "en", "en-us+nobody")


def test_silence_says_nothing_in_every_language():
    silent = voice.open("silent")
    assert silent.voices("ru")
    assert silent.say(RUSSIAN, "ru").seconds == 0
