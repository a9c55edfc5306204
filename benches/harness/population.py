"""Builds the programs, and generates populations, which are cached for the next run."""

import json
import os
import shutil
import subprocess

from .options import ROOT
from .process import Cost, Failed, run_measured

SOURCES = ROOT / "benches" / "population"


def build(package, target):
    """Builds a program for release, separately: a joint build could enable features of the other program."""
    args = ["cargo", "build", "--release", "--locked", "--package", package, "--bin", package]
    env = {**os.environ, "CARGO_TARGET_DIR": str(target)}
    if subprocess.run(args, cwd=ROOT, env=env, check=False).returncode != 0:
        raise Failed(f"the release build of {package} failed")
    return target / "release" / package


def fingerprint():
    """The sources on which the files of a population depend, in addition to the number of cadres and the seed."""
    return "".join(path.read_text() for path in sorted(SOURCES.rglob("*.rs")))


def population(generator, cache, cadres, seed):
    """The folder of a bundle and the cost of generating it. Generated unless a bundle of the same sources is cached."""
    folder = cache / f"population-{cadres}-{seed}"
    note = folder / "note.json"
    sources = fingerprint()
    if note.exists():
        cached = json.loads(note.read_text())
        if cached["sources"] == sources:
            return folder, Cost(**cached["cost"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    args = [generator, "--cadres", cadres, "--seed", seed, "--out", folder]
    cost = run_measured(args, cache / "population.log")
    note.write_text(json.dumps({"sources": sources, "cost": vars(cost)}))
    return folder, cost
