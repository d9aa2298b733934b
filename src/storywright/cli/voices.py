"""`storywright voices`: which engines speak here, with which voices, and how one of them sounds."""

import json
import re
from pathlib import Path

import click

from storywright.errors import BadInput

_LANGUAGES = ("en", "ru")


@click.command()
@click.option("--engine", help="Only this engine; for --say the one that speaks, espeak unless told otherwise.")
@click.option("--language", type=click.Choice(_LANGUAGES), help="Only this language; for --say, default: the text's.")
@click.option("--say", metavar="TEXT", help="Speak this text instead of listing voices.")
@click.option("--voice", help="The voice that speaks; default: the engine's narrator.")
@click.option("--speed", type=float, default=1.0, show_default=True, help="0.5 to 2.0 times as fast.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("out/voice.wav"), show_default=True
)
@click.option("--base-url", help="The address of the speech service, for --engine openai.")
@click.option("--model", help="Its model.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def voices(
    engine: str | None,
    language: str | None,
    say: str | None,
    voice: str | None,
    speed: float,
    out: Path,
    base_url: str | None,
    model: str | None,
    as_json: bool,
) -> None:
    """List the engines and their voices by language, or try one with --say.

    The service of --engine openai takes its key from OPENAI_API_KEY; one on this machine needs none.
    """
    given = {name: value for name, value in (("base_url", base_url), ("model", model)) if value}
    if given and engine != "openai":
        raise BadInput("--base-url and --model belong to a speech service: add --engine openai.")
    if say is None:
        _list(engine, (language,) if language else _LANGUAGES, given, as_json)
    else:
        _say(engine or "espeak", language or _language_of(say), say, voice, speed, out, given, as_json)


def _list(engine: str | None, languages: tuple[str, ...], given: dict[str, str], as_json: bool) -> None:
    from storywright.voice import ENGINES

    names = [engine] if engine else list(ENGINES)
    found = [_described(name, languages, given if name == "openai" else {}) for name in names]
    if as_json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for one in found:
        print(f"{one['engine']:<14} {one['line']}")
        if one["missing"]:
            print(f"{'':<15}not ready: {one['missing']}")
        for language, listed in one["voices"].items():
            if listed:
                print(f"  {language}  {', '.join(_named(voice) for voice in listed)}")


def _described(name: str, languages: tuple[str, ...], given: dict[str, str]) -> dict:
    from storywright import voice

    missing, listed = "", {}
    line = voice.ENGINES[name].line if name in voice.ENGINES else ""
    try:
        narrator = voice.open(name, **given)
        listed = {
            language: [{"name": one.name, "kind": one.kind} for one in narrator.voices(language)]
            for language in languages
        }
    except BadInput as error:
        if name not in voice.ENGINES:
            raise
        missing = str(error)
    return {"engine": name, "line": line, "missing": missing, "voices": listed}


def _named(voice: dict[str, str]) -> str:
    return f"{voice['name']} ({voice['kind']})" if voice["kind"] else voice["name"]


def _say(
    engine: str,
    language: str,
    text: str,
    name: str | None,
    speed: float,
    out: Path,
    given: dict[str, str],
    as_json: bool,
) -> None:
    from storywright import voice
    from storywright.voice.sound_files import write_wav
    from storywright.voice.speech import finished
    from storywright.voice.track import RATE

    if out.suffix.lower() != ".wav":
        raise BadInput(f"{out} is not a WAV file: name it .wav.")
    speech = finished(voice.open(engine, **given).say(text, language, voice=name, speed=speed), RATE)
    if not speech.seconds:
        raise BadInput(f"{text!r} has no word that {engine} can speak: give it words, or another engine.")
    write_wav(speech, out)
    if as_json:
        print(json.dumps({"file": str(out), "seconds": round(speech.seconds, 3), "engine": engine}))
    else:
        print(f"{speech.seconds:.1f} s in {out}.")


def _language_of(text: str) -> str:
    """Russian where most letters are Cyrillic."""
    cyrillic, latin = len(re.findall(r"[а-яё]", text.lower())), len(re.findall(r"[a-z]", text.lower()))
    return "ru" if cyrillic > latin else "en"
