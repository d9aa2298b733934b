"""Sound as WAV bytes: written for editors, read as engines send it.

Reads what the standard library's reader refuses: floating point, 24 bits, and headers whose length was not known when
they were sent.
"""

import struct
from pathlib import Path

import numpy as np

from storywright import files
from storywright.errors import BadInput
from storywright.voice.speech import Speech

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


def wav_bytes(speech: Speech) -> bytes:
    """A WAV file: mono, 16 bits."""
    data = speech.samples.astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", _PCM, 1, speech.rate, speech.rate * 2, 2, 16)
    body = b"WAVE" + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def write_wav(speech: Speech, path: Path) -> Path:
    """Write the file whole or not at all."""
    files.write_bytes(path, wav_bytes(speech))
    return path


def read_wav(content: bytes, where: str) -> Speech:
    """Mono 16-bit sound from a WAV file of 8 to 32 bits, whole numbers or floating point, with any channels."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise BadInput(f"{where} sent no WAV sound (it begins with {content[:12]!r}): ask it for wav or pcm.")
    form, data = _chunks(content)
    if len(form) < 16 or data is None:
        raise BadInput(f"{where} sent a WAV file without a header or without sound: try again, or ask it for pcm.")
    kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", form[:16])
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = struct.unpack("<H", form[24:26])[0]
    if not channels or not rate:
        raise BadInput(f"{where} sent a WAV file with {channels} channels at {rate} Hz: ask it for pcm.")
    return Speech(_mixed(_decoded(data, kind, bits, where), channels), rate)


def from_pcm(content: bytes, rate: int) -> Speech:
    """Mono sound from bare 16-bit little-endian samples."""
    return Speech(np.frombuffer(content[: len(content) // 2 * 2], "<i2").astype(np.int16), rate)


def _chunks(content: bytes) -> tuple[bytes, bytes | None]:
    form, data, at = b"", None, 12
    while at + 8 <= len(content):
        name, length = content[at : at + 4], struct.unpack("<I", content[at + 4 : at + 8])[0]
        body = content[at + 8 : at + 8 + length]  # a length that was not known yet reaches to the end
        if name == b"fmt ":
            form = body
        elif name == b"data":
            data = body
        at += 8 + length + length % 2
    return form, data


def _decoded(data: bytes, kind: int, bits: int, where: str) -> np.ndarray:
    """Samples as floating point between -32768 and 32767."""
    width = bits // 8
    data = data[: len(data) // max(width, 1) * max(width, 1)]
    if (kind, bits) == (_PCM, 8):
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) * 256
    if (kind, bits) == (_PCM, 16):
        return np.frombuffer(data, "<i2").astype(np.float32)
    if (kind, bits) == (_PCM, 24):
        three = np.frombuffer(data, np.uint8).reshape(-1, 3)
        whole = np.zeros((len(three), 4), np.uint8)
        whole[:, 1:] = three
        return whole.view("<i4")[:, 0].astype(np.float32) / 65536
    if (kind, bits) == (_PCM, 32):
        return np.frombuffer(data, "<i4").astype(np.float32) / 65536
    if kind == _FLOAT and bits in (32, 64):
        return np.frombuffer(data, f"<f{width}").astype(np.float32) * 32767
    raise BadInput(f"{where} sent WAV sound of a kind that cannot be read (format {kind}, {bits} bits): ask for pcm.")


def _mixed(samples: np.ndarray, channels: int) -> np.ndarray:
    frames = samples[: len(samples) // channels * channels].reshape(-1, channels)
    return np.clip(np.rint(frames.mean(axis=1)), -32768, 32767).astype(np.int16)
