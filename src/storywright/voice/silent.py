"""No voice at all: films that are only seen, with subtitles that are only read."""

from storywright.voice.speech import Speech, Voice, nothing

_RATE = 48000


class Silent:
    """Says nothing, in every language."""

    def voices(self, language: str) -> list[Voice]:
        """One, which is not heard."""
        return [Voice("silent", "")]

    def say(self, text: str, language: str, voice: str | None = None, speed: float = 1.0) -> Speech:
        """No speech."""
        return nothing(_RATE)
