import struct

import numpy as np
import pytest

from storywright.errors import BadInput
from storywright.voice import speech
from storywright.voice.sound_files import from_pcm, read_wav, wav_bytes
from storywright.voice.speech import Speech


def tone(hertz: float, seconds: float, rate: int, peak: float = 0.5) -> Speech:
    at = np.arange(round(seconds * rate)) / rate
    return Speech((np.sin(2 * np.pi * hertz * at) * peak * 32767).astype(np.int16), rate)


def pitch(sound: Speech) -> float:
    spectrum = np.abs(np.fft.rfft(sound.samples.astype(float) * np.hanning(len(sound.samples))))
    return float(np.argmax(spectrum) * sound.rate / len(sound.samples))


def with_silence(sound: Speech, before: float, after: float) -> Speech:
    ends = [np.zeros(round(s * sound.rate), np.int16) for s in (before, after)]
    return Speech(np.concatenate([ends[0], sound.samples, ends[1]]), sound.rate)


@pytest.mark.parametrize(("rate", "wanted"), [(22050, 48000), (24000, 48000), (48000, 22050), (16000, 16000)])
def test_resampling_keeps_pitch_length_and_loudness(rate, wanted):
    made = speech.resampled(tone(440, 0.8, rate), wanted)
    assert made.rate == wanted
    assert made.seconds == pytest.approx(0.8, abs=1 / wanted)
    assert pitch(made) == pytest.approx(440, abs=2)
    assert np.abs(made.samples).max() == pytest.approx(0.5 * 32767, rel=0.05)


def test_resampling_down_keeps_out_what_the_lower_rate_cannot_hold():
    made = speech.resampled(tone(15000, 0.5, 48000), 22050)
    assert np.abs(made.samples[500:-500]).max() < 200


def test_trimming_cuts_the_silence_and_no_word():
    sound = tone(300, 0.5, 22050)
    made = speech.trimmed(with_silence(sound, 0.7, 1.3))
    assert sound.seconds <= made.seconds <= sound.seconds + 0.05
    assert abs(int(made.samples[0])) < 100
    assert abs(int(made.samples[-1])) < 100


def test_quiet_and_loud_voices_come_out_equally_loud():
    made = [speech.levelled(with_silence(tone(200, 1, 24000, peak), 0.5, 0.5)) for peak in (0.02, 0.2, 0.99)]
    loud = [np.sqrt(np.square(m.samples[12000:-12000].astype(float)).mean()) for m in made]
    assert max(loud) / min(loud) < 1.05


def test_levelling_never_clips_what_has_high_peaks():
    sound = tone(200, 1, 24000, 0.001)
    sound.samples[5000] = 30000
    made = speech.levelled(sound)
    assert np.abs(made.samples.astype(int)).max() <= 0.9 * 32768


def test_silence_stays_silence():
    quiet = Speech(np.zeros(1000, np.int16), 22050)
    assert speech.finished(quiet, 48000).seconds == 0
    assert speech.finished(speech.nothing(22050), 48000).seconds == 0


def test_joining_puts_pauses_between_and_nowhere_else():
    parts = [tone(200, 0.2, 1000), speech.nothing(1000), tone(300, 0.3, 1000)]
    assert speech.joined(parts, 0.1).seconds == pytest.approx(0.6)
    assert speech.joined([speech.nothing(1000)], 0.1).seconds == 0


def test_a_wav_file_comes_back_as_it_was():
    sound = tone(440, 0.1, 48000)
    made = read_wav(wav_bytes(sound), "it")
    assert made.rate == 48000
    assert np.array_equal(made.samples, sound.samples)


def wav(kind: int, channels: int, rate: int, bits: int, data: bytes, length: int | None = None) -> bytes:
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    size = len(data) if length is None else length
    extra = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    return (
        b"RIFF\xff\xff\xff\xffWAVEfmt "
        + struct.pack("<I", 16)
        + form
        + extra
        + b"data"
        + struct.pack("<I", size)
        + data
    )


@pytest.mark.parametrize(
    ("kind", "bits", "data"),
    [
        (1, 8, bytes([128, 192, 64])),
        (1, 16, struct.pack("<3h", 0, 16384, -16384)),
        (1, 24, b"\0\0\0" + b"\0\0\x40" + b"\0\0\xc0"),
        (1, 32, struct.pack("<3i", 0, 1 << 30, -(1 << 30))),
        (3, 32, struct.pack("<3f", 0, 0.5, -0.5)),
        (3, 64, struct.pack("<3d", 0, 0.5, -0.5)),
    ],
)
def test_every_usual_kind_of_wav_is_read(kind, bits, data):
    made = read_wav(wav(kind, 1, 8000, bits, data), "it")
    assert made.samples.tolist() == pytest.approx([0, 16384, -16384], abs=1)


def test_a_stream_whose_header_does_not_know_its_length_is_read_to_the_end():
    made = read_wav(wav(1, 1, 24000, 16, struct.pack("<3h", 1, 2, 3), length=0xFFFFFFFF), "it")
    assert made.samples.tolist() == [1, 2, 3]


def test_two_channels_become_one():
    made = read_wav(wav(1, 2, 24000, 16, struct.pack("<4h", 100, 300, -10, 10)), "it")
    assert made.samples.tolist() == [200, 0]


@pytest.mark.parametrize("content", [b"", b"ID3 mp3 after all", b"RIFF\0\0\0\0WAVE", wav(7, 1, 8000, 16, b"ab")])
def test_what_is_no_wav_is_refused_with_its_sender(content):
    with pytest.raises(BadInput, match="the service"):
        read_wav(content, "the service")


def test_half_a_sample_at_the_end_of_pcm_is_dropped():
    assert from_pcm(struct.pack("<2h", 5, 6) + b"x", 24000).samples.tolist() == [5, 6]
