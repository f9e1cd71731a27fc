"""Reads the part of the Dockerfile language that our Dockerfile is written in; anything else is an error."""

import json
import re
import shlex
from dataclasses import dataclass, field

KNOWN = {"RUN", "COPY", "WORKDIR", "ARG", "LABEL", "USER", "ENTRYPOINT"}


class DockerfileError(Exception):
    pass


@dataclass
class Stage:
    base: str
    name: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def all(self, keyword: str) -> list[str]:
        return [text for word, text in self.instructions if word == keyword]

    def sources(self) -> list[str]:
        """Names of the stages that this one copies from."""
        return [copy.source for copy in map(Copy.parse, self.all("COPY")) if copy.source]


@dataclass
class Copy:
    source: str | None  # a stage, or None for the build's context
    paths: list[str]
    target: str

    @staticmethod
    def parse(text: str) -> "Copy":
        words = shlex.split(text)
        source = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else None
        if len(words) < 2 or any(word.startswith("--") for word in words):
            raise DockerfileError(f"COPY {text}: only --from=STAGE SOURCE... TARGET is known")
        return Copy(source, words[:-1], words[-1])


def logical_lines(text: str) -> list[str]:
    """Instructions: lines without comments, those that end in a backslash joined with the next."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()


def substitute(text: str, values: dict[str, str]) -> str:
    """Replaces ${NAME}, as FROM does with arguments of the build."""
    return re.sub(r"\$\{(\w+)\}", lambda match: values[match.group(1)], text)


def read(text: str, arguments: dict[str, str]) -> list[Stage]:
    """The stages in their order; `arguments` are those of --build-arg."""
    stages: list[Stage] = []
    values: dict[str, str] = {}
    for line in logical_lines(text):
        keyword, _, rest = line.partition(" ")
        rest = rest.strip()
        if keyword == "FROM":
            match = re.fullmatch(r"(\S+)(?:\s+AS\s+(\S+))?", substitute(rest, values))
            if not match:
                raise DockerfileError(line)
            stages.append(Stage(match.group(1), match.group(2) or ""))
        elif keyword == "ARG" and not stages:
            name, _, default = rest.partition("=")
            values[name] = arguments.get(name, default)
        elif keyword in KNOWN and stages:
            stages[-1].instructions.append((keyword, rest))
        else:
            raise DockerfileError(f"unknown instruction: {line}")
    return stages


def needed(stages: list[Stage]) -> list[Stage]:
    """The stages that the last one is made from, in the order of the file."""
    names = {stage.name: stage for stage in stages}
    wanted: set[str] = set()

    def visit(stage: Stage) -> None:
        for name in [stage.base, *stage.sources()]:
            if name in names and name not in wanted:
                wanted.add(name)
                visit(names[name])

    visit(stages[-1])
    return [stage for stage in stages[:-1] if stage.name in wanted] + [stages[-1]]


def words(text: str) -> list[str]:
    """The JSON form of ENTRYPOINT."""
    return json.loads(text)
