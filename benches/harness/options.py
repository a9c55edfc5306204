"""The command lines of the benchmarks."""

import argparse
import os
from pathlib import Path

from .questions import QUESTIONS

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
SCALES = {"30k": 30_000, "200k": 200_000, "2m": 2_000_000}


def words(known):
    """Parses a comma-separated list of known words."""

    def read(text):
        chosen = [word for word in text.lower().split(",") if word]
        unknown = [word for word in chosen if word not in known]
        if unknown or not chosen:
            raise argparse.ArgumentTypeError(f"{text!r}: use some of {','.join(known)}")
        return chosen

    return read


def numbers(text):
    """Parses a comma-separated list of numbers from 1."""
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError:
        found = []
    if not found or min(found) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: use numbers from 1, such as 16,64")
    return found


def read(arguments=None):
    """The options of benches/run."""
    groups = list(dict.fromkeys(key.split("-")[0] for key in QUESTIONS)) + ["q7", "q8"]
    parser = common("benches/run", "Measures cadre-api on this machine.")
    add = parser.add_argument
    add("--questions", type=words(groups), default=groups, help=f"default: {','.join(groups)}")
    add("--contenders", type=words(["postgraphile", "pgbench"]), default=["postgraphile", "pgbench"],
        help="what to compare with on PostgreSQL; cadre-api itself is always measured (default: both)")  # fmt: skip
    add("--alone", action="store_true", help="measure cadre-api only")
    add("--changes", type=int, default=200, help="changes a second for q7 (default: 200)")
    add("--out", type=Path, help="folder for report.md and report.json (default: a new one in the cache)")
    options = parsed(parser, arguments)
    options.contenders = [] if options.alone else options.contenders
    if options.changes < 1:
        parser.error("--changes begins at 1")
    return options


def read_integration(arguments=None):
    """The options of benches/integration."""
    parser = common("benches/integration", "Measures conditional requests, exports and the change feed.")
    parts = ["conditional", "embargo", "export", "feed"]
    parser.add_argument("--parts", type=words(parts), default=parts, help=f"default: {','.join(parts)}")
    return parsed(parser, arguments)


def common(program, description):
    """A parser with the options of both programs."""
    parser = argparse.ArgumentParser(prog=program, description=description)
    add = parser.add_argument
    add("--scale", type=words(SCALES), default=["30k"], help="cadres: 30k, 200k, 2m (default: 30k)")
    add("--full", action="store_true", help="all three scales")
    add("--database", type=words(["sqlite", "postgres"]), default=["sqlite", "postgres"], help="default: both")
    add("--connections", type=numbers, default=[16, 64], help="default: 16,64; benches/integration uses the first")
    add("--rounds", type=int, default=3, help="number of rounds; the report shows the median (default: 3)")
    add("--duration", type=int, default=5, help="seconds of each round, after a warm-up (default: 5)")
    add("--seed", type=int, default=1, help="seed of the population and of the queries (default: 1)")
    add("--program", type=Path, help="an existing cadre-api binary, such as an earlier version (default: built now)")
    add("--cache", type=Path, default=TARGET / "bench", help="folder for populations and the packages of PostGraphile")
    return parser


def parsed(parser, arguments):
    """The checked options."""
    options = parser.parse_args(arguments)
    options.target = TARGET
    options.scale = list(SCALES) if options.full else options.scale
    if min(options.rounds, options.duration) < 1:
        parser.error("--rounds and --duration begin at 1")
    return options
