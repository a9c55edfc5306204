"""The release build, and the populations that its neighbour writes, kept for the next time."""

import json
import os
import shutil
import subprocess

from .options import ROOT
from .process import Failed, Spent, measured

SOURCES = ROOT / "benches" / "population"


def build(target):
    """Builds program and generator, and gives the folder of both."""
    args = ["cargo", "build", "--release", "--locked", "--bin", "cadre-api", "--bin", "population", "--workspace"]
    env = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    if subprocess.run(args, cwd=ROOT, env=env, check=False).returncode != 0:
        raise Failed("the release build failed")
    return target / "release"


def fingerprint():
    """What the files of a population depend on besides number and seed."""
    return "".join(path.read_text() for path in sorted(SOURCES.rglob("*.rs")))


def population(binaries, cache, cadres, seed):
    """The folder of a bundle, made now if it is not there as it would be made, and what making it took."""
    folder = cache / f"population-{cadres}-{seed}"
    note = folder / "note.json"
    sources = fingerprint()
    if note.exists():
        noted = json.loads(note.read_text())
        if noted["sources"] == sources:
            return folder, Spent(**noted["spent"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    args = [binaries / "population", "--cadres", cadres, "--seed", seed, "--out", folder]
    spent = measured(args, cache / "population.log")
    note.write_text(json.dumps({"sources": sources, "spent": vars(spent)}))
    return folder, spent
