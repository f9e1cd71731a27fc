"""Read one of our tables with every reader users have and compare with the rule, bit for bit.

usage: read_tables.py FILE csv|parquet list|columns|serialized ROWS DIMENSION header|sidecar|none 0|1
The last argument says whether the table has the column distance.
"""
import base64, io, json, sys
import duckdb, numpy as np, pandas as pd, polars as pl, pyarrow as pa, pyarrow.parquet as pq
import rule

path, form, layout, rows, dimension, metadata, has_distance = sys.argv[1:]
rows, dimension, has_distance = int(rows), int(dimension), has_distance == "1"
want = rule.embeddings(rows, dimension)
source, channel, start, end, distance = rule.columns(rows)
names = {
    "list": ["source", "channel", "source_separation_channel", "start", "end", "embedding"],
    "columns": ["source", "channel", "offset"] + ["f%04d" % i for i in range(dimension)],
    "serialized": ["source", "channel", "offset", "embeddings"],
}[layout] + (["distance"] if has_distance else [])


def same(got, wanted, what):
    if list(got) != list(wanted):
        sys.exit(f"{what}: {list(got)[:4]} ... is not {list(wanted)[:4]} ...")


def check(reader, got):
    """got: column name -> list of Python values, vectors as sequences or Base64."""
    same(got.keys(), names, f"{reader} names")
    same(got["source"], source, f"{reader} source")
    same(got["channel"], channel, f"{reader} channel")
    same(got["start" if layout == "list" else "offset"], start, f"{reader} start")
    if layout == "list":
        same(got["source_separation_channel"], [0] * rows, f"{reader} source_separation_channel")
        same(got["end"], end, f"{reader} end")
    if has_distance:
        null = lambda x: None if x is None or x != x else x
        same([null(x) for x in got["distance"]], distance, f"{reader} distance")
    if layout == "columns":
        vectors = np.array([got[n] for n in names if n[0] == "f"], dtype="<f4").T.reshape(rows, dimension)
    else:
        raw = got["embedding" if layout == "list" else "embeddings"]
        if form == "csv" or layout == "serialized":
            raw = [np.frombuffer(base64.b64decode(x, validate=True), "<f4") for x in raw]
        vectors = np.array([np.asarray(x, dtype="<f4") for x in raw], dtype="<f4").reshape(rows, dimension)
    if not np.array_equal(np.ascontiguousarray(vectors).view("<u4"), want.view("<u4")):
        sys.exit(f"{reader}: embeddings differ")


if form == "parquet":
    table = pq.read_table(path)
    table.validate(full=True)
    floats = pa.list_(pa.field("element", pa.float32(), nullable=False))
    types = {
        "list": [pa.string(), pa.int32(), pa.int32(), pa.float64(), pa.float64(), floats],
        "columns": [pa.string(), pa.int64(), pa.float64()] + [pa.float32()] * dimension,
        "serialized": [pa.string(), pa.int64(), pa.float64(), pa.string()],
    }[layout] + ([pa.float64()] if has_distance else [])
    same(table.schema.types, types, "types")
    # The layouts of pandas' tables are nullable throughout, as pandas writes them.
    nullable = [layout != "list" or n == "distance" for n in names]
    same([f.nullable for f in table.schema], nullable, "nullable")
    stored = {
        k.decode()[len("perch_runner."):]: v.decode()
        for k, v in (pq.read_metadata(path).metadata or {}).items() if k.startswith(b"perch_runner.")
    }
    # pyarrow does not keep the order of the keys.
    same(sorted(stored.items()), sorted((rule.PROVENANCE if metadata == "header" else {}).items()), "provenance")
    check("pyarrow", table.to_pydict())
    frame = pd.read_parquet(path)
    check("pandas", {n: frame[n].tolist() for n in frame.columns})
    frame = pl.read_parquet(path)
    check("polars", frame.to_dict(as_series=False))
    fetched = duckdb.sql(f"select * from read_parquet('{path}')").to_arrow_table()
    check("duckdb", fetched.to_pydict())
else:
    lines = open(path, encoding="utf-8", newline="").read()
    assert "\r" not in lines and not lines.startswith("\ufeff") and lines.endswith("\n")
    head = [x for x in lines.split("\n")[: len(rule.PROVENANCE)] if x.startswith("#")]
    escaped = [f"# {k}: " + v.replace("\\", "\\\\").replace("\n", "\\n") for k, v in rule.PROVENANCE.items()]
    same(head, escaped if metadata == "header" else [], "provenance")
    plain = "\n".join(lines.split("\n")[len(head):])
    # pandas' default parser is fast and may be wrong in the last bit.
    frame = pd.read_csv(io.StringIO(plain), float_precision="round_trip")
    check("pandas", {n: frame[n].tolist() for n in frame.columns})
    # Columns of small numbers only would be taken as floats that print as integers.
    frame = pl.read_csv(io.BytesIO(plain.encode()), infer_schema_length=None)
    check("polars", frame.to_dict(as_series=False))

if metadata == "sidecar":
    same(json.load(open(path + ".json", encoding="utf-8")).items(), rule.PROVENANCE.items(), "sidecar")
print("read")
