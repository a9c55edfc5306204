"""Drives a question with wrk and says what it cost on both sides."""

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
# Seconds: between two looks at who is still busy, and until nobody is waited for any more.
PAUSE, LONGEST = 0.2, 60


def threads():
    """The generator shares the machine with what it measures, so it gets one core of few."""
    return 1 if (os.cpu_count() or 1) <= 4 else 2


def command(contender, files, connections, seconds):
    """A run of wrk; `files` are bodies, headers and the text of an empty answer."""
    args = ["wrk", "-t", threads(), "-c", connections, "-d", f"{seconds}s", "--timeout", "60s", "-s", SCRIPT]
    return [str(word) for word in [*args, contender.graphql, "--", *files]]


def wrk(contender, files, connections, seconds):
    """One run of wrk to its end."""
    said = process.output(command(contender, files, connections, seconds))
    return json.loads(said.strip().splitlines()[-1])


@contextlib.contextmanager
def beside(contender, files, connections, seconds):
    """A run of wrk beside another one."""
    running = subprocess.Popen(command(contender, files, connections, seconds), stdout=subprocess.PIPE, text=True)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


def said_by(running):
    """What a run beside another one says at its end."""
    said, _ = running.communicate()
    return json.loads(said.strip().splitlines()[-1])


def round_of(contender, question, files, connections, options):
    """One round: a warm-up, then a run long enough for an answer."""
    headers = {"Content-Type": "application/json", **contender.headers(question.client)}
    files[1].write_text("".join(f"{name}: {value}\n" for name, value in headers.items()))
    wrk(contender, files, connections, WARM_UP)
    seconds = options.duration
    while True:
        settle(contender)
        done = run(contender, files, connections, seconds)
        if done["requests"] or seconds >= LONGEST:
            return done
        # Slower than the round is long: once more, longer.
        seconds = min(4 * seconds, LONGEST)


def run(contender, files, connections, seconds):
    """One run between two readings of all counters."""
    contender.server.forget_peak()
    before = readings(contender)
    said = wrk(contender, files, connections, seconds)
    after = readings(contender)
    return summary(said, before, after) | {"memory_mb": contender.server.memory("VmHWM")}


def settle(contender):
    """Waits until what wrk no longer waited for is done: it would be paid for by whoever comes next."""
    until = time.monotonic() + LONGEST
    spent = busy(contender)
    while time.monotonic() < until:
        time.sleep(PAUSE)
        now = busy(contender)
        if now - spent < PAUSE / 10:
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


def summary(said, before, after):
    """What a run comes to for each request."""

    def each(name, factor=1):
        known = said["requests"] and before[name] is not None and after[name] is not None
        return (after[name] - before[name]) * factor / said["requests"] if known else None

    return {
        "rate": said["requests"] * 1e6 / said["microseconds"],
        # Where no answer came within the round there is no time to tell.
        "p50_ms": said["p50"] / 1000 if said["requests"] else None,
        "p99_ms": said["p99"] / 1000 if said["requests"] else None,
        "server_us": each("server", 1e6),
        "database_us": each("database", 1e6),
        "statements": each("statements"),
        "bytes": said["bytes"] / said["requests"] if said["requests"] else None,
        "requests": said["requests"],
        # Answers that are no answers: another status, a broken connection, errors in the body, nothing found.
        "faults": said["refused"] + said["broken"] + said["wrong"] + said["hollow"],
    }


def median(rounds):
    """The rounds in one: medians of what was measured, and the sum of faults."""
    row = {name: middle([one[name] for one in rounds]) for name in rounds[0]}
    return row | {"faults": sum(one["faults"] for one in rounds), "rounds": rounds}


def middle(values):
    return None if any(value is None for value in values) else statistics.median(values)
