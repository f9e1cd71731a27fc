"""Every error is one line on standard error and an exit code that says whose fault it is."""

import os

import pytest
from conftest import WEIGHTS, write_tone


def refuse(runner, code, *arguments) -> str:
    """Runs to an error; returns what follows 'error: '. Nothing is left in the output folder."""
    outcome = runner.run(*arguments)
    assert outcome.returncode == code, outcome.stderr
    assert outcome.stdout == ""
    errors = [
        line for line in outcome.stderr.splitlines() if not line[:2].isdigit()
    ]  # not log lines: 17:00:00 [...]
    assert len(errors) == 1 and errors[0].startswith("error: "), outcome.stderr
    assert "; " in errors[0], "an error names its remedy"
    out = runner.data / "out"
    assert not out.is_dir() or list(out.iterdir()) == []
    return errors[0].removeprefix("error: ")


@pytest.mark.parametrize(
    "words",
    [
        ["generate"],
        ["generate", "--format", "xml", "a.wav", "out"],
        ["generate", "--jobs", "x", "a.wav", "out"],
        ["nonsense"],
        ["classify", "--nonsense", "a.wav", "out"],
    ],
    ids=" ".join,
)
def test_command_line(runner, words):
    assert refuse(runner, 2, *words).startswith("command line: ")


def test_value_out_of_range(runner, birds):
    assert refuse(runner, 2, "generate", *WEIGHTS, "--hop", 0, birds, runner.data / "out").startswith("--hop: ")


def test_unknown_key_of_the_configuration(runner, birds):
    config = runner.data / "c.yml"
    config.write_text("hop_length_second: 5\n")
    text = refuse(runner, 2, "generate", *WEIGHTS, "-c", config, birds, runner.data / "out")
    assert "hop_length_second" in text and "hop_length_seconds" in text


def test_recording_that_is_not_there(runner):
    path = runner.data / "none.wav"
    assert refuse(runner, 3, "generate", *WEIGHTS, path, runner.data / "out").startswith(f"{path}: ")


def test_recording_that_is_none(runner):
    path = runner.data / "text.wav"
    path.write_text("not a recording")
    assert refuse(runner, 3, "generate", *WEIGHTS, path, runner.data / "out").startswith(f"{path}: ")


def test_recording_under_a_second(runner):
    path = write_tone(runner.data / "short.wav", 0.9, 1000)
    assert "shorter than 1 s" in refuse(runner, 3, "generate", *WEIGHTS, path, runner.data / "out")


def test_query_of_wrong_length(runner, birds):
    query = write_tone(runner.data / "query.wav", 4, 1000)
    text = refuse(runner, 3, "distance", *WEIGHTS, birds, query, runner.data / "out")
    assert text.startswith(f"{query}: ") and "4" in text


def test_weights_that_are_not_there(runner, birds):
    path = runner.data / "none.h5"
    assert refuse(runner, 4, "generate", "--weights", path, birds, runner.data / "out").startswith(f"{path}: ")


def test_recognizer_that_is_none(runner, birds):
    config = runner.data / "c.yml"
    config.write_text("classifiers:\n  - name: broken\n    model: AAAAAAAA\n")
    assert "broken" in refuse(runner, 5, "classify", *WEIGHTS, "-c", config, birds, runner.data / "out")


def test_output_that_cannot_be_written(runner, birds):
    blocked = runner.data / "blocked"
    blocked.write_text("a file, not a folder")
    text = refuse(runner, 6, "generate", *WEIGHTS, birds, blocked / "out")
    assert str(blocked) in text
    assert os.path.getsize(blocked) == 20
