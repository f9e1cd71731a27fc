import hashlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from conftest import DIMENSION, provenance, read_csv, vectors

COLUMNS = ["source", "channel", "source_separation_channel", "start", "end", "embedding"]


def test_csv_and_parquet_hold_the_same(runner, birds):
    out = runner.data / "made by the program"
    runner.embed("--format", "CSV", birds, out)
    runner.embed(birds, out)
    assert sorted(path.name for path in out.iterdir()) == [
        "birds_10s.embeddings.csv",
        "birds_10s.embeddings.parquet",
    ]

    text = read_csv(out / "birds_10s.embeddings.csv")
    table = pq.read_table(out / "birds_10s.embeddings.parquet")
    assert list(text.columns) == table.column_names == COLUMNS
    assert text["start"].tolist() == table["start"].to_pylist() == [0.0, 5.0]
    assert text["end"].tolist() == table["end"].to_pylist() == [5.0, 10.0]
    assert text["source"].tolist() == table["source"].to_pylist() == ["birds_10s.flac"] * 2
    assert set(text["channel"]) == set(text["source_separation_channel"]) == {0}
    written = vectors(text["embedding"])
    assert written.shape == (2, DIMENSION)
    assert np.isfinite(written).all() and (written != 0).any(axis=1).all()
    assert np.array_equal(written, np.array(table["embedding"].to_pylist(), dtype="f4"))


def test_types_of_parquet(runner, birds):
    runner.embed(birds, runner.data / "out")
    path = runner.data / "out/birds_10s.embeddings.parquet"
    schema = pq.read_schema(path)
    types = [pa.string(), pa.int32(), pa.int32(), pa.float64(), pa.float64()]
    assert [field.type for field in schema][:5] == types
    assert pa.types.is_list(schema.field("embedding").type)
    assert schema.field("embedding").type.value_type == pa.float32()
    assert len(pd.read_parquet(path)) == 2


def test_provenance_in_both_headers(runner, birds):
    out = runner.data / "out"
    runner.embed("--format", "csv", birds, out)
    runner.embed(birds, out)
    header = provenance(out / "birds_10s.embeddings.csv")
    assert header["format"] == "perch-runner embeddings 1"
    assert header["model"] == "perch_8 (seeded)"
    assert header["input_sha256"] == hashlib.sha256(birds.read_bytes()).hexdigest()
    stored = pq.read_schema(out / "birds_10s.embeddings.parquet").metadata
    for key in header.keys() - {"created", "embedding_encoding"}:
        assert stored[f"perch_runner.{key}".encode()].decode() == header[key], key


def test_configuration_sets_the_hop(runner, birds):
    config = runner.data / "generate.yml"
    config.write_text("hop_length_seconds: 2.5\n")
    runner.embed("--config", config, "--format", "csv", birds, runner.data / "out")
    table = read_csv(runner.data / "out/birds_10s.embeddings.csv")
    assert table["start"].tolist() == [0.0, 2.5, 5.0]


def test_folder_gives_a_table_for_each_recording(runner, birds):
    (runner.data / "in/deep").mkdir(parents=True)
    birds.rename(runner.data / "in/deep/a.flac")
    runner.embed(runner.data / "in", runner.data / "out")
    assert [path.name for path in (runner.data / "out").rglob("*.parquet")] == ["a.embeddings.parquet"]
