"""gTTS: the voice of Google Translate, over the network.

The library is optional and not among the extras, because it asks for an older click than the command line here; only
its own command needs that one. It does not check the certificate of the server it speaks to: what is said travels
encrypted, but not for sure to Google.
"""

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from storywright.errors import BadInput, needs_extra
from storywright.voice import wording
from storywright.voice.speech import Speech, Voice, checked, joined, nothing

_ACCENTS = {
    "en": ("com", "co.uk", "com.au", "ca", "co.in", "ie", "co.za"),
    "ru": ("com",),
}
_RATE = 24000
_PAUSE_SECONDS = 0.2
_MOST_CHARACTERS = 3000


class Google:
    """The service; a voice is an accent, named by the country whose address is asked."""

    def __init__(self, seconds: float = 20.0) -> None:
        try:
            import gtts
        except ModuleNotFoundError as error:
            raise BadInput(
                "Speaking with gTTS needs its library: run `pip install --no-deps gTTS` and `pip install requests`."
            ) from error
        with needs_extra("export", "Reading what gTTS sends"):
            import av  # noqa: F401
        self._gtts, self._seconds = gtts, seconds

    def voices(self, language: str) -> list[Voice]:
        """The accents of a language; who speaks is not said."""
        return [Voice(f"{language}-{accent}", language) for accent in _ACCENTS.get(language, ())]

    def say(self, text: str, language: str, voice: str | None = None, speed: float = 1.0) -> Speech:
        """Speak the text; the service knows one speed, so the sound is stretched here, at the same pitch."""
        names = [known.name for known in self.voices(language)]
        if (name := voice or (names or [""])[0]) not in names:
            raise BadInput(f"gTTS has no voice {name!r} for {language!r}: choose one of {', '.join(names) or 'none'}.")
        words = wording.spoken(text, language)
        if not words:
            return nothing(_RATE)
        accent, rate = name.partition("-")[2], checked(speed)
        with ThreadPoolExecutor(2) as pool:
            sent = list(pool.map(lambda piece: self._sent(piece, language, accent), _pieces(words)))
        return joined([_decoded(mp3, rate) for mp3 in sent], _PAUSE_SECONDS)

    def _sent(self, text: str, language: str, accent: str) -> bytes:
        stream = io.BytesIO()
        try:
            self._gtts.gTTS(text, tld=accent, lang=language, timeout=self._seconds).write_to_fp(stream)
        except (self._gtts.gTTSError, AssertionError, ValueError, OSError) as error:
            # The library's own sentences can hold the whole request; the first line says what went wrong.
            said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
            raise BadInput(
                f"gTTS could not speak ({said}): it needs translate.google.{accent} on the network; without it take "
                "the embedded voice: --engine espeak."
            ) from error
        return stream.getvalue()


def _pieces(words: str) -> list[str]:
    return wording.sentences(words, _MOST_CHARACTERS)


def _decoded(mp3: bytes, speed: float) -> Speech:
    """Samples of an MP3, faster or slower at the same pitch."""
    import av
    from av.audio.resampler import AudioResampler

    try:
        with av.open(io.BytesIO(mp3), "r") as container:
            resampler = AudioResampler(format="s16", layout="mono", rate=_RATE)
            frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
            frames += resampler.resample(None)
    except (av.FFmpegError, IndexError) as error:
        raise BadInput("gTTS sent something that is not an MP3: try again later, or take --engine espeak.") from error
    frames = frames if speed == 1.0 else _stretched(frames, speed)
    samples = [frame.to_ndarray().reshape(-1) for frame in frames]
    return Speech(np.concatenate(samples) if samples else np.zeros(0, np.int16), _RATE)


def _stretched(frames: list, speed: float) -> list:
    import av
    from av.filter import Graph

    graph = Graph()
    ends = graph.add_abuffer(sample_rate=_RATE, format="s16", layout="mono"), graph.add("atempo", str(speed))
    sink = graph.add("abuffersink")
    graph.link_nodes(*ends, sink).configure()
    out = []
    for frame in [*frames, None]:
        graph.push(frame)
        while True:
            try:
                out.append(graph.pull())
            except (av.BlockingIOError, av.EOFError):
                break
    return out
