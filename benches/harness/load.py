"""Sends a query with wrk, and measures its cost in the service and the database."""

import contextlib
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

from . import process

SCRIPT = Path(__file__).resolve().parents[1] / "load.lua"
WARM_UP = 2
# Seconds between two checks whether a process is still busy, and maximum seconds to wait for it.
CHECK_INTERVAL, MAX_WAIT = 0.2, 60


def threads():
    """Number of threads of wrk, which shares the machine with the measured processes."""
    return 1 if (os.cpu_count() or 1) <= 4 else 2


def command(contender, files, connections, seconds):
    """The command line of wrk; `files` are bodies, headers and the text of an empty response."""
    args = ["wrk", "-t", threads(), "-c", connections, "-d", f"{seconds}s", "--timeout", "60s", "-s", SCRIPT]
    return [str(word) for word in [*args, contender.graphql, "--", *files]]


def wrk(contender, files, connections, seconds):
    """One run of wrk to its end."""
    result = process.output(command(contender, files, connections, seconds))
    return json.loads(result.strip().splitlines()[-1])


@contextlib.contextmanager
def in_background(contender, files, connections, seconds):
    """Runs wrk in the background of another run."""
    running = subprocess.Popen(command(contender, files, connections, seconds), stdout=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def result_of(running):
    """The result of a background run, after its end."""
    result, _ = running.communicate()
    return json.loads(result.strip().splitlines()[-1])


def round_of(contender, question, files, connections, options):
    """One round: a warm-up, then a run that is long enough for at least one response."""
    headers = {"Content-Type": "application/json", **contender.headers(question.client)}
    files[1].write_text("".join(f"{name}: {value}\n" for name, value in headers.items()))
    wrk(contender, files, connections, WARM_UP)
    seconds = options.duration
    while True:
        settle(contender)
        done = run(contender, files, connections, seconds)
        if done["requests"] or seconds >= MAX_WAIT:
            return done
        # One response takes longer than the round: repeat with a longer round.
        seconds = min(4 * seconds, MAX_WAIT)


def run(contender, files, connections, seconds):
    """One run between two readings of all counters."""
    contender.server.reset_peak()
    before = readings(contender)
    result = wrk(contender, files, connections, seconds)
    after = readings(contender)
    return summary(result, before, after) | {"memory_mb": contender.server.memory("VmHWM")}


def settle(contender):
    """Waits until requests that wrk abandoned have ended, so that they are not counted in the next measurement."""
    until = time.monotonic() + MAX_WAIT
    spent = busy(contender)
    while time.monotonic() < until:
        time.sleep(CHECK_INTERVAL)
        now = busy(contender)
        if now - spent < CHECK_INTERVAL / 10:
            return
        spent = now


def busy(contender):
    return contender.server.cpu() + (contender.cluster.cpu() if contender.cluster else 0)


def readings(contender):
    """Counters that only grow."""
    cluster = contender.cluster
    return {
        "statements": contender.statements(),
        "server": contender.server.cpu(),
        "database": cluster.cpu() if cluster else None,
    }


def summary(result, before, after):
    """The result of a run for each request."""

    def each(name, factor=1):
        known = result["requests"] and before[name] is not None and after[name] is not None
        return (after[name] - before[name]) * factor / result["requests"] if known else None

    return {
        "rate": result["requests"] * 1e6 / result["microseconds"],
        # Without a response in the round there is no latency.
        "p50_ms": result["p50"] / 1000 if result["requests"] else None,
        "p99_ms": result["p99"] / 1000 if result["requests"] else None,
        "server_us": each("server", 1e6),
        "database_us": each("database", 1e6),
        "statements": each("statements"),
        "bytes": result["bytes"] / result["requests"] if result["requests"] else None,
        "requests": result["requests"],
        # Failed responses: another status, a broken connection, errors in the body, or no content.
        "faults": result["refused"] + result["broken"] + result["wrong"] + result["hollow"],
    }


def median(rounds):
    """Combines rounds: medians of the measurements, and the sum of faults."""
    row = {name: middle([one[name] for one in rounds]) for name in rounds[0]}
    return row | {"faults": sum(one["faults"] for one in rounds), "rounds": rounds}


def middle(values):
    return None if any(value is None for value in values) else statistics.median(values)
