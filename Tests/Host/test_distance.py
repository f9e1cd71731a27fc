import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import read_csv, write_tone


def test_distances_are_those_of_the_embeddings(runner, birds):
    query = write_tone(runner.data / "query.wav", 5, 2000)
    out = runner.data / "out"
    runner.embed(birds, query, out, command="distance")
    table = pq.read_table(out / "birds_10s.distances.parquet")
    assert table.column_names[-2:] == ["embedding", "distance"]
    runner.embed(query, out)
    (b,) = pq.read_table(out / "query.embeddings.parquet")["embedding"].to_pylist()
    for a, distance in zip(table["embedding"].to_pylist(), table["distance"].to_pylist(), strict=True):
        want = 1 - np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b))
        # Both sums are made in double.
        assert distance == pytest.approx(want, abs=1e-12)


def test_a_clip_is_as_near_to_itself_as_can_be(runner):
    query = write_tone(runner.data / "query.wav", 5, 2000)
    runner.embed("--format", "csv", query, query, runner.data / "out", command="distance")
    table = read_csv(runner.data / "out/query.distances.csv")
    assert table["distance"].tolist() == pytest.approx([0], abs=1e-12)
