"""Writes a small database as perch-hoplite 1.0 lays it out: python make_database.py FOLDER (needs usearch, numpy).

Windows 1-7 of three recordings, two of one name. Window 6 has no vector; key 9 has no window; key 5 was removed
and added again, and key 8 was removed. Value i of the vector with key k is (k * 8 + i) / 64.
"""

import os
import sqlite3
import struct
import sys

import numpy as np
from usearch.index import Index

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
index = Index(ndim=8, metric="ip", dtype="f16", connectivity=16, expansion_add=256, expansion_search=128)
vector = lambda key: ((key * 8 + np.arange(8)) / 64).astype(np.float32)
for key in [3, 1, 2, 8, 5, 4, 7, 9]:
    index.add(key, vector(key))
index.remove(8)
index.remove(5)
index.add(5, vector(5))
index.save(os.path.join(folder, "usearch.index"))

path = os.path.join(folder, "hoplite.sqlite")
if os.path.exists(path):
    os.remove(path)
db = sqlite3.connect(path)
db.executescript("""
CREATE TABLE hoplite_metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE deployments (id INTEGER PRIMARY KEY, name TEXT NOT NULL, project TEXT NOT NULL, latitude REAL,
  longitude REAL, UNIQUE (name, project));
CREATE TABLE recordings (id INTEGER PRIMARY KEY, filename TEXT NOT NULL, datetime TEXT,
  deployment_id INTEGER REFERENCES deployments (id), UNIQUE (filename, deployment_id));
CREATE TABLE windows (id INTEGER PRIMARY KEY, recording_id INTEGER NOT NULL REFERENCES recordings (id),
  offsets FLOAT_LIST NOT NULL, extra TEXT, UNIQUE (id, recording_id, offsets));
CREATE TABLE annotations (id INTEGER PRIMARY KEY, recording_id INTEGER, offsets FLOAT_LIST, label TEXT,
  label_type INTEGER, provenance TEXT);
INSERT INTO hoplite_metadata VALUES ('model_config', '{"model_key": "perch_v2", "embedding_dim": 8,
  "model_config": {"window_size_s": 5.0, "hop_size_s": 5.0, "sample_rate": 32000}}');
INSERT INTO deployments VALUES (1, 'north', 'p', 0, 0), (2, 'south', 'p', 0, 0);
INSERT INTO recordings VALUES (1, 'b.wav', '2026-01-01T00:00:00', 1), (2, 'a.wav', NULL, 1), (3, 'b.wav', NULL, 2);
""")
windows = [(1, 1, 5.0), (2, 1, 0.0), (3, 2, 0.0), (4, 2, 5.0), (5, 3, 0.0), (6, 3, 5.0), (7, 3, 10.0)]
for key, recording, start in windows:
    db.execute("INSERT INTO windows VALUES (?, ?, ?, NULL)", (key, recording, struct.pack("<2d", start, start + 5)))
db.commit()
db.close()
