"""Commands about the program, the models and the weights."""

import re

import h5py
import pytest


def test_version(runner):
    number = runner.succeed("--version").strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", number)
    lines = runner.succeed("version").splitlines()
    assert lines[0] == f"perch-runner {number}"
    assert any("perch_v2" in line for line in lines) and any("perch_8" in line for line in lines)


@pytest.mark.parametrize("model, count", [("perch_8", 10_932), ("perch_v2", 14_795)])
def test_labels(runner, model, count):
    assert len(runner.succeed("labels", "--model", model).splitlines()) == count


def test_weights_are_made_and_verified(runner, birds):
    path = runner.data / "perch_8.h5"
    runner.succeed("weights", "seed", "perch_8", "--dtype", "float16", "--classes", "label=8", "--output", path)
    with h5py.File(path) as file:
        assert file.attrs["format"] in ("perch-weights", b"perch-weights")
        assert file["heads/label/kernel"].shape == (1280, 8)
    assert "structure and values: right" in runner.succeed("weights", "verify", path).splitlines()
    runner.succeed("generate", "-q", "--weights", path, birds, runner.data / "out")
    assert (runner.data / "out/birds_10s.embeddings.parquet").exists()


def test_damaged_weights_are_refused(runner, birds):
    path = runner.data / "perch_8.h5"
    runner.succeed("weights", "seed", "perch_8", "--dtype", "float16", "--classes", "label=8", "--output", path)
    path.write_bytes(path.read_bytes()[:-100_000])
    for words in [["weights", "verify", path], ["generate", "-q", "--weights", path, birds, runner.data / "out"]]:
        outcome = runner.run(*words)
        assert outcome.returncode == 4
        assert outcome.stderr.startswith(f"error: {path}: ")


def test_doctor(runner):
    lines = runner.succeed("doctor", "--weights", "seeded:perch_8").splitlines()
    assert lines[-1] == "no fault found"
    assert any(line.startswith("not proved: ") for line in lines)


@pytest.mark.parametrize(
    "command",
    [
        "generate",
        "classify",
        "distance",
        "search",
        "train",
        "batch",
        "labels",
        "import",
        "weights",
        "doctor",
        "bench",
    ],
)
def test_help(runner, command):
    assert f"USAGE: perch-runner {command}" in runner.succeed(command, "--help")
