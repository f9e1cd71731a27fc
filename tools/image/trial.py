"""Tries the image's tree: size, libraries, start-up time, runs without a network or a root that can be written."""

import os
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import dockerfile

# The most that the tree may hold without weights, in bytes.
LIMIT = 120_000_000
UNKNOWN_USER = "54321:12345"


class Trial:
    def __init__(self, project: Path, root: Path, stage: dockerfile.Stage):
        self.project, self.root, self.stage = project, root, stage
        self.faults = 0
        self.user = stage.all("USER")[-1]
        self.entrypoint = dockerfile.words(stage.all("ENTRYPOINT")[-1])[0]

    def run(self) -> int:
        self.size()
        self.libraries()
        self.label()
        self.start_time()
        for user in [self.user, UNKNOWN_USER]:
            self.bundled_recording(user)
        self.refusals()
        print(f"{'PASSED' if self.faults == 0 else f'FAILED: {self.faults} checks'}")
        return 1 if self.faults else 0

    def check(self, right: bool, text: str) -> None:
        self.faults += not right
        print(f"{'ok   ' if right else 'WRONG'} {text}", flush=True)

    def start(
        self, arguments: list[str], user: str | None = None, volumes: list[str] = [], entrypoint: str | None = None
    ) -> subprocess.CompletedProcess:
        words = [str(self.project / "tools/image/run"), "--user", user or self.user]
        words += ["--entrypoint", entrypoint or self.entrypoint]
        for volume in volumes:
            words += ["--volume", volume]
        return subprocess.run([*words, str(self.root), *arguments], capture_output=True, text=True)

    def size(self) -> None:
        files, seen = [], set()
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = Path(folder, name)
                state = path.lstat()
                if state.st_ino not in seen:
                    seen.add(state.st_ino)
                    files.append((state.st_size, path, state.st_blocks * 512))
        weights = sum(size for size, path, _ in files if path.suffix == ".h5")
        total = sum(size for size, _, _ in files)
        print(f"size: {total} bytes in {len(files)} files, {sum(blocks for _, _, blocks in files)} on disk")
        for size, path, _ in sorted(files, reverse=True)[:8]:
            print(f"  {size:>10} /{path.relative_to(self.root)}")
        self.check(total - weights < LIMIT, f"without weights {total - weights} bytes, limit {LIMIT}")
        self.check(not any(path.name.startswith("libopenblas") for _, path, _ in files), "no OpenBLAS")

    def libraries(self) -> None:
        loaders = [path for path in self.root.glob("lib*/ld-linux*") if path.exists()]
        self.check(len(loaders) > 0, "a loader")
        for program in [self.entrypoint, "/bin/dash"]:
            loader = "/" + str(loaders[0].relative_to(self.root))
            listed = subprocess.run(
                ["chroot", str(self.root), loader, "--list", program], capture_output=True, text=True
            )
            complete = listed.returncode == 0 and "not found" not in listed.stdout
            self.check(complete, f"{program}: all of {len(listed.stdout.splitlines())} libraries {listed.stderr}")

    def label(self) -> None:
        version = self.start(["--version"]).stdout.strip()
        labels = " ".join(self.stage.all("LABEL"))
        named = re.search(r'image\.version="([^"]*)"', labels)
        self.check(named is not None and named[1] == version, f"the label says version {version}")

    def start_time(self) -> None:
        # The Swift runtime reads the command line from there. The mount lasts as long as this process's namespace.
        subprocess.run(["mount", "-t", "proc", "proc", str(self.root / "proc")], check=True)
        times = []
        for _ in range(20):
            before = time.perf_counter()
            subprocess.run(
                ["chroot", str(self.root), self.entrypoint, "--version"], check=True, capture_output=True
            )
            times.append(time.perf_counter() - before)
        print(f"start-up: median {statistics.median(times) * 1000:.1f} ms, longest {max(times) * 1000:.1f} ms")

    def bundled_recording(self, user: str) -> None:
        """Each command as a batch system starts it: input folder read-only, output folder the user's own."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o755)
            (folder / "in").mkdir()
            (folder / "out").mkdir()
            shutil.copy(self.project / "Tests/Recordings/birds_10s.flac", folder / "in")
            os.chown(folder / "out", *[int(number) for number in user.split(":")])
            volumes = [f"{folder}/in:/data/in:ro", f"{folder}/out:/data/out"]
            weights = ["--weights", "seeded:perch_v2", "--format", "csv"]
            for entrypoint, words in [
                (self.entrypoint, ["generate", *weights, "/data/in/birds_10s.flac", "/data/out/one"]),
                ("/app/src/batch.py", ["generate", *weights, "/data/in", "--output", "/data/out/batch"]),
            ]:
                outcome = self.start(words, user, volumes, entrypoint)
                made = folder / words[-1].replace("/data/", "") / "birds_10s.embeddings.csv"
                rows = [line for line in made.read_text().splitlines() if line[0] != "#"] if made.exists() else []
                right = outcome.returncode == 0 and len(rows) == 3
                self.check(
                    right,
                    f"user {user}: {Path(entrypoint).name} generate: 2 rows" + ("" if right else outcome.stderr),
                )
                self.check(
                    not made.exists() or f"{made.stat().st_uid}:{made.stat().st_gid}" == user, f"  owned by {user}"
                )

    def refusals(self) -> None:
        """The trial itself: what must not be possible is not."""
        for command, text in [
            ("echo x > /app/x", "nothing is written outside the output folder"),
            ("echo x > /tmp/x", "not even in /tmp"),
            ("exec 3<> /dev/full && echo x >&3", "a full device"),
        ]:
            self.check(self.start(["-c", command], entrypoint="/bin/sh").returncode != 0, text)
        interfaces = self.start(
            ["-c", "while read -r line; do echo $line; done < /proc/net/dev"], entrypoint="/bin/sh"
        )
        names = [line.split(":")[0] for line in interfaces.stdout.splitlines()[2:]]
        self.check(names == ["lo"], f"network interfaces: {names}")
