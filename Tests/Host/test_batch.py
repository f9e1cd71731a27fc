import csv

import pytest
from conftest import WEIGHTS, write_tone


def report(folder) -> dict[str, dict[str, str]]:
    """The rows of a batch's report, by the name of the recording."""
    with open(folder / "batch-report.csv", newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    return {row["source"].rsplit("/", 1)[-1]: row for row in csv.DictReader(lines)}


@pytest.fixture
def recordings(runner):
    write_tone(runner.data / "in/a.wav", 5, 1000)
    write_tone(runner.data / "in/deep/b.wav", 10, 2000)
    return runner.data / "in"


def test_output_mirrors_the_tree_and_what_is_done_is_skipped(runner, recordings):
    out = runner.data / "out"
    words = ["batch", "generate", "-q", *WEIGHTS, recordings, "--output", out]
    runner.succeed(*words)
    tables = sorted(str(path.relative_to(out)) for path in out.rglob("*.parquet"))
    assert tables == ["a.embeddings.parquet", "deep/b.embeddings.parquet"]
    assert {name: row["status"] for name, row in report(out).items()} == {"a.wav": "done", "b.wav": "done"}
    assert report(out)["b.wav"]["windows"] == "2"
    runner.succeed(*words)
    assert {row["status"] for row in report(out).values()} == {"skipped"}


def test_a_bad_recording_costs_itself_alone(runner, recordings):
    (recordings / "bad.wav").write_bytes(b"not a recording")
    out = runner.data / "out"
    outcome = runner.run("batch", "generate", "-q", *WEIGHTS, recordings, "--output", out)
    assert outcome.returncode == 7
    assert "bad.wav" in outcome.stderr
    rows = report(out)
    assert {name: row["status"] for name, row in rows.items()} == {
        "a.wav": "done",
        "b.wav": "done",
        "bad.wav": "failed",
    }
    assert rows["bad.wav"]["exit_code"] == "3"


def test_inference_is_the_old_name_of_classify(runner, recordings):
    out = runner.data / "out"
    runner.succeed("batch", "inference", "-q", *WEIGHTS, "--top", 1, recordings, "--output", out)
    assert len(list(out.rglob("*.classifications.csv"))) == 2


def test_a_list_of_recordings(runner, recordings):
    listed = runner.data / "list.csv"
    out = runner.data / "tables/b.csv"
    listed.write_text(
        f"source,output\n{recordings}/a.wav,{runner.data}/tables/a.csv\n{recordings}/deep/b.wav,{out}\n"
    )
    runner.succeed("batch", "generate", "-q", *WEIGHTS, "--list", listed, "--start_row", 1)
    assert out.exists() and not (runner.data / "tables/a.csv").exists()


def test_nothing_to_do_is_an_error(runner):
    (runner.data / "empty").mkdir()
    outcome = runner.run(
        "batch", "generate", "-q", *WEIGHTS, runner.data / "empty", "--output", runner.data / "out"
    )
    assert outcome.returncode == 3
