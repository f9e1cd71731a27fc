"""Windows in memory to embeddings: perch-runner and the peers in turn. Started by tools/bench/peers.

Each peer is a process that stays and is told when to measure (bench_peers.py's `Worker`, which speaks
peer_worker.py's protocol); perch-runner is started anew for every turn (`bench --json`), and the loading of its
weights is not in its figures, as it is not in theirs. Both sides report their fastest call of a turn: a peer's is
one run of its session, ours a batch of four windows for each worker, the last of which ends the clock.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

# Rows by threads: label, settings of peer_worker.py. `spec` with `scipy_frontend` computes the spectrogram with
# SciPy's FFT and the network with the engine: what a careful user would write for one thread.
SCIPY = dict(batch=1, kind="spec", scipy_frontend=True)
PEERS = {
    1: [
        ("ONNX Runtime", dict(engine="ort", batch=1)),
        ("OpenVINO", dict(engine="openvino", batch=1)),
        ("ONNX Runtime, SciPy frontend", dict(engine="ort", **SCIPY)),
        ("OpenVINO, SciPy frontend", dict(engine="openvino", **SCIPY)),
    ],
    2: [
        ("ONNX Runtime", dict(engine="ort", batch=1)),
        ("ONNX Runtime, batch 8", dict(engine="ort", batch=8)),
        ("OpenVINO", dict(engine="openvino", batch=1)),
        ("OpenVINO, throughput", dict(engine="openvino", batch=1, hint="THROUGHPUT")),
    ],
}
# One process for each core, each with one thread: every engine's best use of two cores.
TWICE = [PEERS[1][2], PEERS[1][3]]


class Peer:
    """One row: a peer process, or two of them that compute at the same time."""

    def __init__(self, bench, label, settings, threads, processes, common):
        self.label, self.threads = label, threads
        each = threads // processes
        configuration = dict(dict(kind="audio", threads=each), **common, **settings)
        self.workers = [bench.Worker(configuration, label) for _ in range(processes)]
        self.ok = all(worker.ok for worker in self.workers)
        self.message = "" if self.ok else next(w for w in self.workers if not w.ok).last_error()
        self.times, self.cpu = [], []

    def turn(self, seconds):
        for worker in self.workers:
            worker.p.stdin.write(json.dumps(dict(seconds=seconds)) + "\n")
            worker.p.stdin.flush()
        answers = [json.loads(worker.p.stdout.readline()) for worker in self.workers]
        # Windows a second add up: each process's fastest call, as if those had met.
        self.times.append(1 / sum(1 / answer["wall"] for answer in answers))
        self.cpu.append(statistics.mean(answer["cpu"] for answer in answers))

    def end(self):
        for worker in self.workers:
            worker.end()
        self.megabytes = sum(worker.info.get("rss_peak_mb", 0) for worker in self.workers)


class Ours:
    label = "perch-runner"

    def __init__(self, program, weights, threads):
        self.threads = threads
        self.command = [program, "bench", "-q", "--json", "--weights", weights, "--jobs", str(threads), "--seconds"]
        self.ok, self.times, self.cpu, self.megabytes = True, [], [], 0

    def turn(self, seconds):
        run = subprocess.run([*self.command, str(seconds)], check=True, stdout=subprocess.PIPE)
        answer = json.loads(run.stdout)
        self.times.append(answer["fastest_seconds_per_window"])
        self.cpu.append(answer["cpu_seconds_per_window"])
        self.megabytes = max(self.megabytes, answer["peak_bytes"] / 2**20)
        self.kernels = answer["kernels"]

    def end(self):
        pass


def windows(bench, options, model):
    """All rows of one model in turn. The two thread counts follow each other: processes that wait take no time."""
    name = "perch_v2-swish" if model == "perch_v2" else model
    common = dict(model=name, dir=options.models_dir, weights=options.weights)
    weights = f"{options.weights}/{model}.h5"
    results = []
    for threads, peers in PEERS.items():
        rows = [Ours(options.program, weights, threads)]
        rows += [Peer(bench, label, settings, threads, 1, common) for label, settings in peers]
        if threads == 2:
            rows += [Peer(bench, f"two processes: {label}", settings, 2, 2, common) for label, settings in TWICE]
        for row in [row for row in rows if not row.ok]:
            print(f"note: {row.label}: left out: {row.message}", file=sys.stderr)
            row.end()
        rows = [row for row in rows if row.ok]
        for _ in range(options.rounds):
            for row in rows:
                row.turn(options.seconds)
        for row in rows:
            row.end()
        results += table(model, threads, rows)
    return results


def table(model, threads, rows):
    ours = rows[0]
    print(f"\n{model}, {threads} {'thread' if threads == 1 else 'threads'}, kernels {ours.kernels}")
    print(f"{'':46s}{'windows/s':>10s}{'CPU ms':>9s}{'MB':>7s}{'ours is':>9s}")
    results = []
    for row in rows:
        ratios = [theirs / mine for theirs, mine in zip(row.times, ours.times)]
        result = dict(
            model=model, threads=threads, row=row.label, windows_per_second=1 / min(row.times),
            cpu_seconds_per_window=min(row.cpu), peak_mb=row.megabytes, ours_is=statistics.median(ratios),
            rounds_ms=[1e3 * t for t in row.times])
        results.append(result)
        print(
            f"{row.label:46s}{result['windows_per_second']:10.1f}{1e3 * result['cpu_seconds_per_window']:9.1f}"
            f"{row.megabytes:7.0f}{result['ours_is']:8.2f}x", flush=True)
    best = min(results[1:], key=lambda result: result["ours_is"], default=None)
    if best:
        print(f"best peer: {best['row']}; ours is {best['ours_is']:.2f} x")
    return results


def starts(bench, options, model):
    """From the start of the process to the first embedding, weights and models in the page cache."""
    name = "perch_v2-swish" if model == "perch_v2" else model
    times = {}
    command = [
        options.program, "bench", "-q", "--json", "--weights", f"{options.weights}/{model}.h5", "--jobs", "2",
        "--seconds", "0"]
    for turn in range(options.rounds + 1):
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        line = process.stdout.readline()
        took = {"perch-runner": time.monotonic() - start}
        process.wait()
        if process.returncode or not line:
            raise SystemExit(f"error: {' '.join(command)}: ended with {process.returncode}; see above")
        for label, settings in PEERS[2][:1] + PEERS[2][2:3]:
            common = dict(model=name, kind="audio", dir=options.models_dir, weights=options.weights, threads=2)
            worker = bench.Worker(dict(common, **settings), label)
            if worker.ok:
                took[label] = worker.info["first_s"]
            worker.end()
        # The first turn brings the files into memory.
        if turn:
            for label, seconds in took.items():
                times.setdefault(label, []).append(seconds)
    print(f"\n{model}, process start to first embedding")
    for label, values in times.items():
        print(f"{label:46s}{statistics.median(values):10.3f} s  (least {min(values):.3f})")
    return [dict(model=model, row=label, first_s=values) for label, values in times.items()]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--peers", required=True, help="folder of bench_peers.py")
    options.add_argument("--program", required=True)
    options.add_argument("--weights", required=True, help="folder of MODEL.h5 and MODEL_seeded.h5")
    options.add_argument("--models-dir", required=True)
    options.add_argument("--models", nargs="+", default=["perch_v2", "perch_8"])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=0.5, help="for each row and round")
    options.add_argument("--json", required=True)
    chosen = options.parse_args()
    source = pathlib.Path(chosen.peers) / "bench_peers.py"
    specification = importlib.util.spec_from_file_location("bench_peers", source)
    bench = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(bench)

    with open("/proc/cpuinfo") as facts:
        names = [line.split(":")[1].strip() for line in facts if line.startswith("model name")]
    processor = names[0] if names else "unknown"
    document = dict(
        date=time.strftime("%Y-%m-%d"), processor=processor, cores=os.cpu_count(), load_before=os.getloadavg(),
        versions={n: bench.md.version(n) for n in ("onnxruntime", "openvino", "numpy", "scipy") if bench._has(n)},
        program=subprocess.run([chosen.program, "--version"], stdout=subprocess.PIPE, text=True).stdout.strip())
    print(f"{processor}, {os.cpu_count()} cores, load {document['load_before'][0]:.1f}; {document['versions']}")
    document["windows"] = [row for model in chosen.models for row in windows(bench, chosen, model)]
    document["starts"] = [row for model in chosen.models for row in starts(bench, chosen, model)]
    document["load_after"] = os.getloadavg()
    pathlib.Path(chosen.json).write_text(json.dumps(document, indent=1))


if __name__ == "__main__":
    main()
