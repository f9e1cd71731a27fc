"""A Parquet file with lists in the two levels of old writers, put together by hand: no writer of today makes it."""
import struct
import numpy as np


def varint(n):
    out = b""
    while n >= 0x80:
        out, n = out + bytes([n & 0x7F | 0x80]), n >> 7
    return out + bytes([n])


def i(n):
    return 5, varint(n << 1)


def i64(n):
    return 6, varint(n << 1)


def s(text):
    return 8, varint(len(text)) + text.encode()


def array(items):
    head = bytes([len(items) << 4 | items[0][0]])
    return 9, head + b"".join(body for _, body in items)


def struct_of(fields):
    out, last = b"", 0
    for number, (kind, body) in sorted(fields.items()):
        out, last = out + bytes([number - last << 4 | kind]) + body, number
    return 12, out + b"\0"


def page(count, body):
    header = {1: count, 2: 0, 3: 3, 4: 3}
    kind = struct_of({k: i(v) for k, v in header.items()})
    return struct_of({1: i(0), 2: i(len(body)), 3: i(len(body)), 5: kind})[1] + body


def levels(runs):
    body = b"".join(varint(n << 1) + bytes([v]) for v, n in runs)
    return struct.pack("<I", len(body)) + body


def write(path, starts, vectors):
    rows, dimension = vectors.shape
    starts_page = page(rows, np.asarray(starts, "<f8").tobytes())
    repetition = levels([run for _ in range(rows) for run in [(0, 1), (1, dimension - 1)]])
    definition = levels([(2, rows * dimension)])
    vectors_page = page(rows * dimension, repetition + definition + vectors.astype("<f4").tobytes())
    schema = [
        struct_of({4: s("schema"), 5: i(2)}),
        struct_of({1: i(5), 3: i(0), 4: s("offset")}),
        struct_of({3: i(1), 4: s("embedding"), 5: i(1), 6: i(3)}),
        struct_of({1: i(4), 3: i(2), 4: s("array")}),
    ]

    def chunk(kind, names, count, data, offset):
        return struct_of({2: i64(offset), 3: struct_of({
            1: i(kind), 2: array([i(0), i(3)]), 3: array([s(n) for n in names]), 4: i(0), 5: i64(count),
            6: i64(len(data)), 7: i64(len(data)), 9: i64(offset)})})

    chunks = [chunk(5, ["offset"], rows, starts_page, 4),
              chunk(4, ["embedding", "array"], rows * dimension, vectors_page, 4 + len(starts_page))]
    group = struct_of({1: array(chunks), 2: i64(len(starts_page) + len(vectors_page)), 3: i64(rows)})
    footer = struct_of({1: i(1), 2: array(schema), 3: i64(rows), 4: array([group])})[1]
    with open(path, "wb") as f:
        f.write(b"PAR1" + starts_page + vectors_page + footer + struct.pack("<I", len(footer)) + b"PAR1")
