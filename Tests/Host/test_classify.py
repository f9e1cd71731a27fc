import base64
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import DIMENSION, read_csv

COLUMNS = [
    "source",
    "channel",
    "start",
    "end",
    "low_frequency_hertz",
    "high_frequency_hertz",
    "label",
    "score",
    "recognizer",
]
BETA = np.random.default_rng(1).normal(size=(DIMENSION, 2)).astype("<f4")
BIAS = np.array([0.5, -0.25], dtype="<f4")


@pytest.fixture
def config(runner):
    """A recognizer of two classes inside a configuration file."""
    recognizer = {
        "classes": ["Koala", "Magpie"],
        "beta": base64.b64encode(BETA.tobytes()).decode(),
        "beta_bias": base64.b64encode(BIAS.tobytes()).decode(),
    }
    model = base64.b64encode(json.dumps(recognizer).encode()).decode()
    path = runner.data / "classify.yml"
    path.write_text(f"classifiers:\n  - name: both\n    model: {model}\n")
    return path


def expected_scores(runner, birds):
    runner.embed(birds, runner.data / "out")
    table = pq.read_table(runner.data / "out/birds_10s.embeddings.parquet")
    embeddings = np.array(table["embedding"].to_pylist())
    return embeddings, embeddings @ BETA.astype("f8") + BIAS


def test_scores_of_a_recognizer(runner, birds, config):
    runner.embed("--config", config, "--threshold", "none", birds, runner.data / "out", command="classify")
    events = read_csv(runner.data / "out/birds_10s.classifications.csv")
    assert list(events.columns) == COLUMNS
    assert events["label"].tolist() == ["Koala", "Magpie"] * 2
    assert set(events["recognizer"]) == {"both"}
    assert set(events["high_frequency_hertz"]) == {16000.0}
    embeddings, want = expected_scores(runner, birds)
    # A sum of n products in float32 is off by at most n·2⁻²⁴·Σ|aᵢ·bᵢ|, in whatever order.
    bound = (DIMENSION + 1) * 2.0**-24 * (np.abs(embeddings) @ np.abs(BETA) + np.abs(BIAS))
    assert (np.abs(events["score"].to_numpy().reshape(2, 2) - want) <= bound).all()


def test_threshold_of_zero_by_default(runner, birds, config):
    runner.embed("--config", config, "--format", "parquet", birds, runner.data / "out", command="classify")
    events = pq.read_table(runner.data / "out/birds_10s.classifications.parquet")
    _, want = expected_scores(runner, birds)
    assert events.num_rows == (want >= 0).sum()
    assert all(score >= 0 for score in events["score"].to_pylist())


def test_table_of_embeddings_without_the_recording(runner, birds, config):
    runner.embed(birds, runner.data / "tables")
    birds.unlink()
    runner.succeed(
        "classify",
        "-q",
        "-c",
        config,
        "--threshold",
        "none",
        runner.data / "tables/birds_10s.embeddings.parquet",
        runner.data / "out",
    )
    (made,) = (runner.data / "out").glob("*.classifications.csv")
    assert read_csv(made)["start"].tolist() == [0.0, 0.0, 5.0, 5.0]


def test_classes_of_the_model(runner, birds):
    runner.embed("--top", 3, birds, runner.data / "out", "--event-format", "raven", command="classify")
    events = read_csv(runner.data / "out/birds_10s.classifications.csv")
    assert events["start"].tolist() == [0.0] * 3 + [5.0] * 3
    assert (np.diff(events["score"].to_numpy().reshape(2, 3)) <= 0).all()
    selections = (runner.data / "out/birds_10s.selections.txt").read_text().splitlines()
    assert selections[0].startswith("Selection\tView\tChannel\t")
    assert len(selections) == 7
