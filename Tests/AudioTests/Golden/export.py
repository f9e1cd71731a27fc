"""Turns the reference vectors for audio into .npy files that the Swift tests read.

usage: export.py FOLDER_WITH_H5 OUTPUT_FOLDER        needs: numpy, h5py
"""
import sys
from pathlib import Path

import h5py
import numpy as np

source, out = Path(sys.argv[1]), Path(sys.argv[2])

with h5py.File(source / "resample.h5") as file:
    rates = [int(name) for name in file if name.isdigit()]
    np.save(out / "rates.npy", np.array(rates, dtype=np.int64))
    for rate in rates:
        for kind in ("real", "chirp"):
            group = file[str(rate)][kind]
            np.save(out / f"{rate}_{kind}_input.npy", group["input_i16"][:])
            np.save(out / f"{rate}_{kind}_output.npy", group["output"][:].astype(np.float64))
    for name in ("input_i16", "whole_f64", "per_shard_f64"):
        np.save(out / f"shard_edge_{name}.npy", file["shard_edge"][name][:])

with h5py.File(source / "normalise.h5") as file:
    for name, group in file.items():
        np.save(out / f"normalise_{name}_input.npy", group["input"][:])
        np.save(out / f"normalise_{name}_output.npy", group["output_f32"][:])

# cases: rate, input frames, hop, kind, first row, number of rows; rows: offset s, left padding, valid samples
cases, rows = [], []
kinds = ("reference", "continuous_drop", "continuous_pad")
with h5py.File(source / "framing.h5") as file:
    for rate in file:
        for duration in file[rate]:
            for hop, group in file[rate][duration].items():
                for kind, name in enumerate(kinds):
                    table = group[name][:].reshape(-1, 3)
                    cases.append([int(rate), group.attrs["input_frames"], float(hop), kind, len(rows), len(table)])
                    rows.extend(table)
np.save(out / "framing_cases.npy", np.array(cases, dtype=np.float64))
np.save(out / "framing_rows.npy", np.array(rows, dtype=np.float64))
