"""Asks a source model for its answers on four windows and writes them for `perch-runner weights export --verification`.

    python verification.py SOURCE OUT.h5              SOURCE: SavedModel folder (TensorFlow) or .onnx file (ONNX Runtime)
    python verification.py SOURCE WEIGHTS.h5 --into   adds the answers to a weights file that exists

The windows are made from formulas: silence, an impulse, a sweep and seeded noise, 5 s at 32 kHz each.
"""
import argparse
import os
import sys

import h5py
import numpy as np

SAMPLES = 160000
SEED = 20260101
WORD = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
# Names that released models give to their outputs, and ours.
FIXED = {"embedding": "embedding", "spectrogram": "spectrogram", "frontend": "spectrogram",
         "spatial_embedding": "spatial_embedding"}


def noise(name="golden/white_noise"):
    """Uniform in +-0.25: SplitMix64 (Steele et al. 2014) started from the FNV-1a hash of a name."""
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001B3 & WORD
    key ^= SEED * GOLDEN & WORD
    with np.errstate(over="ignore"):
        z = np.uint64(key) + np.arange(1, SAMPLES + 1, dtype=np.uint64) * np.uint64(GOLDEN)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    integers = (z >> np.uint64(40)).astype(np.int64) - (1 << 23)
    return (0.25 * (integers / float(1 << 23))).astype(np.float32)


def sweep():
    """500 to 4000 Hz, peak 0.25: the input of the published answer of perch_v2."""
    t = np.arange(SAMPLES) / 32000.0
    x = (0.002 * np.sin(2 * np.pi * (500.0 * t + 350.0 * t * t))).astype(np.float32).astype(np.float64)
    return (x * (0.25 / np.abs(x).max())).astype(np.float32)


def windows():
    impulse = np.zeros(SAMPLES, np.float32)
    impulse[SAMPLES // 2] = 1
    return {"silence": np.zeros(SAMPLES, np.float32), "impulse": impulse, "sweep": sweep(), "noise": noise()}


def run_onnx(path, inputs):
    import onnxruntime
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    feed = session.get_inputs()[0].name
    answers = [dict(zip(names, session.run(names, {feed: x[None]}))) for x in inputs]
    return answers, f"onnxruntime {onnxruntime.__version__} CPU"


def run_saved_model(path, inputs):
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")   # a GPU's reduced precision is no reference
    import tensorflow as tf
    model = tf.saved_model.load(path)
    infer = getattr(model, "infer_tf", None)
    if infer is not None:
        call = lambda x: infer(tf.constant(x[None]))
    else:
        signature = model.signatures["serving_default"]
        name = list(signature.structured_input_signature[1])[0]
        call = lambda x: signature(**{name: tf.constant(x[None])})
    answers = []
    for x in inputs:
        out = call(x)
        if not isinstance(out, dict):                     # versions before 8 give a pair
            out = {"label": out[0], "embedding": out[1]}
        answers.append({k: np.asarray(v) for k, v in out.items()})
    return answers, f"tensorflow {tf.__version__} CPU"


def gather(answers):
    """Outputs by our names, one row a window."""
    out = {}
    for name in answers[0]:
        rows = np.stack([np.asarray(a[name], np.float32)[0] for a in answers])
        if name in FIXED:
            out[FIXED[name]] = rows
        elif rows.ndim == 2:
            out["logits/" + name] = rows
    if "embedding" not in out:
        sys.exit(f"error: the model has no output embedding, only {', '.join(answers[0])}")
    return out


def write(file, names, inputs, outputs, runtime):
    if "verification" in file:
        del file["verification"]
    group = file.create_group("verification")
    text = lambda s: np.array(s.encode(), dtype=f"S{max(1, len(s.encode()))}")
    group.attrs["runtime"] = text(runtime)
    group.attrs["tolerance"] = np.float64(1e-3)
    group.attrs["probes"] = text(",".join(names))
    options = dict(compression="gzip", shuffle=True, track_times=False)
    group.create_dataset("input", data=inputs, **options)
    for name, values in outputs.items():
        group.create_dataset(name, data=values, **options)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("output")
    parser.add_argument("--into", action="store_true", help="OUTPUT is a weights file; its group verification is replaced")
    options = parser.parse_args()
    if not os.path.exists(options.source):
        sys.exit(f"error: {options.source}: no such file or folder")
    if os.path.exists(options.output) and not options.into:
        sys.exit(f"error: {options.output}: exists; name another file, or a weights file with --into")
    named = windows()
    inputs = np.stack(list(named.values()))
    run = run_saved_model if os.path.isdir(options.source) else run_onnx
    answers, runtime = run(options.source, list(inputs))
    outputs = gather(answers)
    with h5py.File(options.output, "r+" if options.into else "w") as file:
        write(file, list(named), inputs, outputs, runtime)
    for name, values in outputs.items():
        print(name, "x".join(map(str, values.shape)))


if __name__ == "__main__":
    main()
