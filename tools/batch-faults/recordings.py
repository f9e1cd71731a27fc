"""A set of short recordings cut from longer ones, some of them damaged, with what must become of each.

Every file follows from its number alone, so that two calls make the same bytes.
"""

import dataclasses
import pathlib
import random

import numpy
import soundfile

SUBTYPES = [("wav", "PCM_16"), ("wav", "PCM_24"), ("wav", "FLOAT"), ("flac", "PCM_16"), ("ogg", "VORBIS"), ("aiff", "PCM_16")]
RATES = [32000, 32000, 44100, 48000, 22050]


@dataclasses.dataclass
class Recording:
    path: str
    """Below the root, as the ledger names it."""
    state: str
    """`good`, `partly` (some of its sound cannot be read, the rest can) or `bad`."""
    kind: str


def sources(folder: pathlib.Path) -> list[numpy.ndarray]:
    """Mono sound at whatever rate; what the numbers mean does not matter here."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".wav", ".flac"))
    sounds = []
    for path in found:
        sound, _ = soundfile.read(path, dtype="float32", always_2d=True)
        if len(sound) > 48000:
            sounds.append(sound[:, 0])
    if not sounds:
        raise SystemExit(f"error: {folder}: holds no recordings")
    return sounds


def cut(sounds: list[numpy.ndarray], number: int, frames: int) -> numpy.ndarray:
    """A stretch of one of the sounds, repeated where it is too short."""
    sound = sounds[number % len(sounds)]
    start = (number * 7919) % len(sound)
    return sound[numpy.arange(start, start + frames) % len(sound)]


def write_good(path: pathlib.Path, sounds: list[numpy.ndarray], number: int) -> None:
    """5.0 to 9.9 s: one or two windows."""
    rate = RATES[number % len(RATES)]
    seconds = 5 + (number * 13 % 50) / 10
    sound = cut(sounds, number, round(seconds * rate))
    if number % 11 == 0:
        sound = numpy.stack([sound, sound[::-1]], axis=1)
    suffix, subtype = path.suffix[1:], dict(SUBTYPES).get(path.suffix[1:], "PCM_16")
    if suffix == "wav":
        subtype = ["PCM_16", "PCM_24", "FLOAT"][number % 3]
    soundfile.write(path, sound, rate, subtype=subtype)


def not_a_number(path: pathlib.Path, sounds: list[numpy.ndarray], number: int) -> None:
    sound = cut(sounds, number, 6 * 32000).astype("float32")
    sound[1000:1010] = numpy.nan
    soundfile.write(path, sound, 32000, subtype="FLOAT")


# Damage that leaves nothing to be used: each writes one file.
def empty(path, sounds, number):
    path.write_bytes(b"")


def zeros(path, sounds, number):
    path.write_bytes(bytes(4096 + number))


def text(path, sounds, number):
    path.write_text(f"This is no sound, but note {number}.\n" * 40)


def noise(path, sounds, number):
    path.write_bytes(random.Random(number).randbytes(20000))


def truncated_header(path, sounds, number):
    write_good(path, sounds, number)
    path.write_bytes(path.read_bytes()[: 20 + number % 10])


def header_alone(path, sounds, number):
    soundfile.write(path, numpy.zeros(0, dtype="float32"), 32000, subtype="PCM_16")


def too_short(path, sounds, number):
    soundfile.write(path, cut(sounds, number, 16000), 32000, subtype="PCM_16")


def unknown_codec(path, sounds, number):
    soundfile.write(path, cut(sounds, number, 160000), 32000, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[20:22] = b"\x99\x99"
    path.write_bytes(data)


def flac_in_its_header(path, sounds, number):
    soundfile.write(path, cut(sounds, number, 160000), 32000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:40])


def picture(path, sounds, number):
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(number % 251 for number in range(9000)))


def dangling_link(path, sounds, number):
    path.symlink_to(f"nowhere-{number}.wav")


def link_to_itself(path, sounds, number):
    path.symlink_to(path.name)


DAMAGES = [
    (empty, "wav"), (zeros, "wav"), (text, "wav"), (noise, "flac"), (truncated_header, "wav"), (header_alone, "wav"),
    (too_short, "wav"), (unknown_codec, "wav"), (flac_in_its_header, "flac"), (picture, "mp3"), (dangling_link, "wav"),
    (link_to_itself, "wav"),
]


# Damage that costs a part.
def flac_in_its_middle(path, sounds, number):
    soundfile.write(path, cut(sounds, number, 9 * 32000), 32000, subtype="PCM_16")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def wav_in_its_middle(path, sounds, number):
    soundfile.write(path, cut(sounds, number, 9 * 32000), 32000, subtype="PCM_16")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3 + number % 2])


PARTIAL = [(flac_in_its_middle, "flac"), (wav_in_its_middle, "wav")]


def make(root: pathlib.Path, source: pathlib.Path, count: int, damaged: int, partly: int) -> list[Recording]:
    """Writes `count` recordings below `root`, in folders of 50, and says what must become of each."""
    sounds = sources(source)
    places = random.Random(20260101).sample(range(count), damaged + partly)
    bad = {place: DAMAGES[index % len(DAMAGES)] for index, place in enumerate(places[:damaged])}
    torn = {place: PARTIAL[index % len(PARTIAL)] for index, place in enumerate(places[damaged:])}
    made = []
    for number in range(count):
        if number in bad:
            state, (write, suffix) = "bad", bad[number]
        elif number in torn:
            state, (write, suffix) = "partly", torn[number]
        elif number % 97 == 5:
            state, write, suffix = "good", not_a_number, "wav"
        else:
            state, write, suffix = "good", write_good, SUBTYPES[number % len(SUBTYPES)][0]
        path = f"site{number // 50:02d}/r{number:04d}.{suffix}"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write(root / path, sounds, number)
        made.append(Recording(path, state, write.__name__))
    return made
