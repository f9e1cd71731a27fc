"""Tests of the program or the image from outside, as a caller sees them.

The variable PERCH_RUNNER_COMMAND is the command under test; {data} in it becomes the folder of the test's files:

    PERCH_RUNNER_COMMAND='docker run --rm --user 0 --volume {data}:{data} perch-runner' pytest Tests/Host

Without it the program is tested that `swift build -c release` built.
"""

import base64
import os
import shlex
import shutil
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

PROJECT = Path(__file__).resolve().parents[2]
BUILT = PROJECT / ".build/release/perch-runner"
RATE = 32000
DIMENSION = 1280
# A network of the released size from a formula: it needs no file, and a window takes some milliseconds.
WEIGHTS = ["--weights", "seeded:perch_8"]


@dataclass
class Runner:
    """The command under test, and the folder that it shares with the tests."""

    data: Path

    def run(self, *arguments) -> subprocess.CompletedProcess:
        command = os.environ.get("PERCH_RUNNER_COMMAND", str(BUILT)).replace("{data}", str(self.data))
        words = shlex.split(command) + [str(argument) for argument in arguments]
        return subprocess.run(words, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)

    def succeed(self, *arguments) -> str:
        """Runs to a good end; returns standard output."""
        outcome = self.run(*arguments)
        assert outcome.returncode == 0, outcome.stderr
        return outcome.stdout

    def embed(self, *arguments, command: str = "generate") -> str:
        return self.succeed(command, "--quiet", *WEIGHTS, *arguments)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.fixture
def birds(runner: Runner) -> Path:
    """10.1 s of birds."""
    return Path(shutil.copy(PROJECT / "Tests/Recordings/birds_10s.flac", runner.data))


def write_tone(path: Path, seconds: float, hertz: float, seed: int = 0) -> Path:
    """A tone in soft noise, 16 bit, 32 kHz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).normal(scale=0.02, size=len(time))
    samples = np.round((0.4 * np.sin(2 * np.pi * hertz * time) + noise).clip(-1, 1) * 32767)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def read_csv(path: Path) -> pd.DataFrame:
    """A table whose leading lines that begin with # are provenance."""
    with open(path, encoding="utf-8") as file:
        comments = 0
        while file.readline().startswith("#"):
            comments += 1
    return pd.read_csv(path, skiprows=comments, keep_default_na=False)


def provenance(path: Path) -> dict[str, str]:
    with open(path, encoding="utf-8") as file:
        lines = [line[2:].rstrip("\n") for line in file if line.startswith("# ")]
    return dict(line.split(": ", 1) for line in lines)


def vectors(column) -> np.ndarray:
    """Embeddings of a CSV table: Base64 of little-endian float32."""
    return np.stack([np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4") for text in column])
