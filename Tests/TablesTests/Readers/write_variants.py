"""Write the rule's rows as Parquet in the forms that common writers make. usage: write_variants.py FOLDER"""
import base64, sys
import duckdb, numpy as np, polars as pl, pyarrow as pa, pyarrow.parquet as pq
import rule, two_level_list

folder, rows, dimension = sys.argv[1], 60, 24
vectors = rule.embeddings(rows, dimension)
source, channel, start, end, _ = rule.columns(rows)
halves = (np.arange(rows * dimension) % 2048 / 64 - 16).reshape(rows, dimension).astype(np.float16)


def table(vector_type=pa.list_(pa.float32()), text=pa.string(), nullable=True):
    fields = [("source", text), ("channel", pa.int32()), ("start", pa.float64()), ("end", pa.float64()),
              ("embedding", vector_type)]
    arrays = [pa.array(c, t) for c, (_, t) in zip([source, channel, start, end, list(vectors)], fields)]
    return pa.table(arrays, schema=pa.schema([pa.field(n, t, nullable=nullable) for n, t in fields]))


def spread(values, offset=pa.float64()):
    arrays = [pa.array(source), pa.array(channel, pa.int64()), pa.array(np.array(start), pa.float64()).cast(offset)]
    names = ["source", "channel", "offset"] + ["f%04d" % i for i in range(values.shape[1])]
    return pa.table(arrays + [pa.array(np.ascontiguousarray(v)) for v in values.T], names=names)


def write(name, t, **options):
    options = {"compression": "none"} | options
    pq.write_table(t, f"{folder}/{name}.parquet", **options)


for codec in ["none", "snappy"]:
    for version in ["1.0", "2.0"]:
        for dictionary in [True, False]:
            name = f"{codec}-v{version[0]}-{'dictionary' if dictionary else 'plain'}"
            options = dict(compression=codec, data_page_version=version, use_dictionary=dictionary)
            write("list-" + name, table(), **options)
            write("columns-" + name, spread(vectors), **options)
write("list-small-pages", table(), data_page_size=64, write_batch_size=1, use_dictionary=False)
write("list-row-groups", table(), row_group_size=7)
write("list-required", table(pa.list_(pa.field("element", pa.float32(), nullable=False)), nullable=False))
write("list-large", table(pa.large_list(pa.float32()), text=pa.large_string()))
write("list-fixed-size", table(pa.list_(pa.float32(), dimension)))
write("list-item", table(), use_compliant_nested_type=False)
write("list-double", table(pa.list_(pa.float64())))
write("list-index-checksum", table(), write_page_index=True, write_page_checksum=True)
write("list-split", table(), use_dictionary=["source"],
      use_byte_stream_split=["embedding.list.element", "start"])
write("list-no-arrow-schema", table(), store_schema=False)
write("list-old-format", table(), version="1.0")
extra = table().append_column("flag", pa.array([r % 2 == 0 for r in range(rows)]))
extra = extra.append_column("place", pa.array([{"x": r, "y": [r]} for r in range(rows)]))
write("list-further-columns", extra)
write("list-empty", table().slice(0, 0))
write("columns-double", spread(vectors.astype(np.float64)))
write("columns-float-offset", spread(vectors, pa.float32()))
write("half-columns", spread(halves, pa.float16()), compression="snappy")
write("half-columns-split", spread(halves, pa.float16()), use_dictionary=["source"],
      use_byte_stream_split=["f%04d" % i for i in range(dimension)])
text = [base64.b64encode(v.tobytes()).decode() for v in vectors]
for kind in [pa.string(), pa.large_string()]:
    t = pa.table([pa.array(source, kind), pa.array(channel, pa.int64()), pa.array(start), pa.array(text, kind)],
                 names=["source", "channel", "offset", "embeddings"])
    write(f"serialized-{kind}", t, compression="snappy")
frame = pl.from_arrow(table())
frame.write_parquet(f"{folder}/list-polars.parquet", compression="uncompressed")
frame.write_parquet(f"{folder}/list-polars-snappy.parquet", compression="snappy", row_group_size=16)
arrow = table()
duckdb.sql(f"copy arrow to '{folder}/list-duckdb.parquet' (format parquet, codec 'snappy')")

for codec in ["zstd", "gzip", "brotli", "lz4"]:
    write("refused-" + codec, table(), compression=codec)
for encoding, column in [("DELTA_BINARY_PACKED", "channel"), ("DELTA_BYTE_ARRAY", "source"),
                         ("DELTA_LENGTH_BYTE_ARRAY", "source")]:
    write("refused-" + encoding, table(), use_dictionary=False, column_encoding={column: encoding})
holes = [list(map(float, v)) for v in vectors]
holes[4][3] = None
write("refused-null-element", pa.table({"offset": start, "embedding": pa.array(holes, pa.list_(pa.float32()))}))
holes[4] = None
write("refused-null-list", pa.table({"offset": start, "embedding": pa.array(holes, pa.list_(pa.float32()))}))
write("refused-results", pa.table({"offset": start, "label": source, "score": start}))
write("refused-text", pa.table({"offset": start, "f0000": source}))
write("refused-lists-of-lists", pa.table({"offset": start, "embedding": [[[1.0]]] * rows}))
two_level_list.write(f"{folder}/two-level.parquet", start, vectors)
# The file is right when another reader says so too.
assert np.array_equal(np.array(pq.read_table(f"{folder}/two-level.parquet")["embedding"].to_pylist(), "<f4")
                      .view("<u4"), vectors.view("<u4"))
print("written")
