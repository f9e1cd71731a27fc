import base64
import json

import numpy as np
from conftest import DIMENSION, WEIGHTS, read_csv, write_tone


def test_a_trained_recognizer_tells_its_classes_apart(runner):
    clips = runner.data / "clips"
    for number in range(4):
        write_tone(clips / "low" / f"low{number}.wav", 5, 500 + 20 * number, seed=number)
        write_tone(clips / "high" / f"high{number}.wav", 5, 6000 + 200 * number, seed=10 + number)
    out = runner.data / "pitch"
    runner.succeed("train", "-q", *WEIGHTS, "--c", 1, clips, out)
    assert sorted(path.name for path in out.iterdir() if path.suffix == ".json") == [
        "pitch.json",
        "pitch.metadata.json",
    ]

    model = json.loads((out / "pitch.json").read_text())
    assert model["classes"] == ["high", "low"]
    assert len(base64.b64decode(model["beta"])) == DIMENSION * 2 * 4
    assert len(base64.b64decode(model["beta_bias"])) == 2 * 4
    assert json.loads((out / "pitch.metadata.json").read_text())

    config = runner.data / "classify.yml"
    config.write_text("classifiers:\n  - model_file: pitch/pitch.json\n")
    unheard = write_tone(runner.data / "unheard.wav", 5, 510, seed=99)
    runner.embed("-c", config, "--threshold", "none", unheard, runner.data / "out", command="classify")
    events = read_csv(runner.data / "out/unheard.classifications.csv").set_index("label")
    assert events["score"]["low"] > events["score"]["high"]


def test_the_same_clips_give_the_same_bytes(runner):
    for number in range(2):
        write_tone(runner.data / "clips/low" / f"a{number}.wav", 5, 500, seed=number)
        write_tone(runner.data / "clips/noise" / f"b{number}.wav", 5, 5000, seed=number)
    models = []
    for jobs in [1, 2]:
        out = runner.data / f"out{jobs}"
        runner.succeed("train", "-q", *WEIGHTS, "--c", 1, "--jobs", jobs, "--name", "x", runner.data / "clips", out)
        models.append(json.loads((out / "x.json").read_text()))
    assert models[0]["classes"] == ["low"]
    assert models[0]["beta"] == models[1]["beta"]
    beta = np.frombuffer(base64.b64decode(models[0]["beta"]), dtype="<f4")
    assert np.isfinite(beta).all() and (beta != 0).any()
