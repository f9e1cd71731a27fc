"""The rows that Rows.swift makes, rebuilt independently."""
import numpy as np

PROVENANCE = {
    "format": "perch-runner embeddings 1",
    "input": 'C:\\new\nline: "quoted" – ä',
    "empty": "",
}


def embeddings(rows, dimension):
    r = np.arange(rows, dtype=np.uint64)[:, None]
    i = np.arange(dimension, dtype=np.uint64)[None, :]
    mixed = ((r * 7919 + i * 104729 + 12345) * 2654435761).astype(np.uint32)
    infinite = (mixed & np.uint32(0x7F800000)) == 0x7F800000
    return np.where(infinite, mixed & np.uint32(0xBFFFFFFF), mixed).astype("<u4").view("<f4")


def columns(rows):
    """source, channel, start, end, distance (None where it is null)."""
    n = range(rows)
    return (
        ['site, "%d"/nächte.wav' % (r % 3) for r in n],
        [r % 2 for r in n],
        [r // 2 * 2.5 for r in n],
        [r // 2 * 2.5 + 5 for r in n],
        [None if r % 5 == 3 else (r % 7) / 7 for r in n],
    )
