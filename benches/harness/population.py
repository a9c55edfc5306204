"""The release build, and the populations that its neighbour writes, kept for the next time."""

import json
import os
import shutil
import subprocess

from .options import ROOT
from .process import Failed, Spent, measured

SOURCES = ROOT / "benches" / "population"


def build(package, target):
    """Builds a program as it is released, by itself: with another in one build it could get features of that one."""
    args = ["cargo", "build", "--release", "--locked", "--package", package, "--bin", package]
    env = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    if subprocess.run(args, cwd=ROOT, env=env, check=False).returncode != 0:
        raise Failed(f"the release build of {package} failed")
    return target / "release" / package


def fingerprint():
    """What the files of a population depend on besides number and seed."""
    return "".join(path.read_text() for path in sorted(SOURCES.rglob("*.rs")))


def population(generator, cache, cadres, seed):
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
    args = [generator, "--cadres", cadres, "--seed", seed, "--out", folder]
    spent = measured(args, cache / "population.log")
    note.write_text(json.dumps({"sources": sources, "spent": vars(spent)}))
    return folder, spent
