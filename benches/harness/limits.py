"""Measures the database alone: pgbench runs one prepared statement with the same result, without row security."""

import math
import re
import statistics
import tempfile
from pathlib import Path

from . import process

SQL = Path(__file__).resolve().parents[1] / "sql"
SIZES = {"q3-leaf": 0, "q3-province": 1, "q3-root": 2}
# Statements on the source tables, and on the stored counts for the queries for which the service has them.
SOURCE_TABLES = {"q1": "cadre", "q2": "page", **dict.fromkeys(SIZES, "composition"), "q4": "quotas"}
STORED_COUNTS = dict.fromkeys(SIZES, "rollup")
TPS = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
FAILED = re.compile(r"^number of failed transactions: (\d+)", re.MULTILINE)
WARM_UP = 2


def statements(cluster, key):
    """The statements that answer a query, by their name in the report."""
    counts = STORED_COUNTS.get(key) if cluster.has("headcount") else None
    found = {"pgbench": SOURCE_TABLES.get(key), "pgbench, counts": counts}
    return {name: statement for name, statement in found.items() if statement}


def round_of(cluster, draw, key, statement, connections, options):
    """One round of a statement, as the superuser."""
    args = [cluster.bin / "pgbench", "-h", cluster.folder, "-U", "postgres", "-n", "-M", "prepared"]
    args += ["-c", connections, "-j", 1, "-f", SQL / f"{statement}.sql", "-D", f"cadres={draw.cadres}"]
    args += ["-D", f"provinces={draw.provinces}", "-D", f"size={SIZES.get(key, 0)}", "cadre"]
    process.output([*args[:-1], "-T", WARM_UP, args[-1]])
    with tempfile.TemporaryDirectory() as folder:
        before = cluster.cpu()
        log = ["-T", options.duration, "-l", f"--log-prefix={folder}/log"]
        output = process.output([*args[:-1], *log, args[-1]])
        spent = cluster.cpu() - before
        times = sorted(latencies(Path(folder)))
    rate = float(TPS.search(output).group(1))
    return {
        "rate": rate,
        "p50_ms": statistics.median(times),
        "p99_ms": times[math.ceil(len(times) * 0.99) - 1],
        "database_us": spent * 1e6 / len(times),
        "requests": len(times),
        "faults": int(FAILED.search(output).group(1)),
    }


def latencies(folder):
    """Milliseconds of each transaction, from pgbench's logs."""
    for log in folder.iterdir():
        with log.open() as lines:
            yield from (int(line.split()[2]) / 1000 for line in lines)
