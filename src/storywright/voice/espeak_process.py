"""One utterance by espeak-ng's library, in a process of its own.

Started as a plain script, for three reasons: the engine keeps state between utterances, so that only its first one is
the same each time; a fault in it cannot take the film with it; and it is under the GPL, which the rest is not. Knows
only the standard library. Reads JSON on stdin; writes the rate as a line, then 16-bit samples, to stdout.
"""

import ctypes
import json
import sys

_RETRIEVE, _DONT_EXIT = 2, 0x8000
_UTF8, _RATE, _VOLUME = 1, 1, 2
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def main() -> None:
    """Speak what stdin asks for."""
    asked = json.load(sys.stdin.buffer)
    engine = ctypes.CDLL(asked["library"])
    rate = engine.espeak_Initialize(_RETRIEVE, 0, asked["data"].encode(), _DONT_EXIT)
    if rate <= 0:
        sys.exit("espeak-ng does not find its voices")
    if hasattr(engine, "espeak_ng_SetRandSeed"):  # breathy voices draw their breath from this
        engine.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        engine.espeak_ng_SetRandSeed(1)

    def heard(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if samples and count:
            sys.stdout.buffer.write(ctypes.string_at(samples, 2 * count))
        return 0

    callback = _CALLBACK(heard)
    engine.espeak_SetSynthCallback(callback)
    if engine.espeak_SetVoiceByName(asked["voice"].encode()):
        sys.exit(f"espeak-ng has no voice {asked['voice']!r}")
    engine.espeak_SetParameter(_RATE, asked["words_a_minute"], 0)
    engine.espeak_SetParameter(_VOLUME, asked["volume"], 0)
    sys.stdout.buffer.write(b"%d\n" % rate)
    text = asked["text"].encode() + b"\0"
    engine.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 1, 0, _UTF8, None, None)
    engine.espeak_Synchronize()
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
