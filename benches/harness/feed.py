"""A copy of everything by examples/mirror.py, and some 1,000 changes of it by the feed."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from . import changes, http, load
from .options import ROOT
from .process import Failed
from .questions import Draw

COLUMNS = {
    "scale": "cadres", "database": "database", "step": "step", "objects": "objects or changes", "seconds": "s",
    "requests": "requests", "price": "cost in the rate limit", "server_s": "server CPU s",
    "database_s": "database CPU s", "megabytes": "MB",
}  # fmt: skip
# Commands, and commands a second. A command of this mix writes almost three changes.
COMMANDS, RATE = 400, 50
COST = re.compile(r"^cadre_operation_cost_sum(?:\{[^}]*\})? ([\d.e+]+)$", re.MULTILINE)
REQUESTS = re.compile(r"^cadre_operation_cost_count(?:\{[^}]*\})? ([\d.e+]+)$", re.MULTILINE)
COUNTS = re.compile(r"^(?:copied|applied) (\d+) ", re.MULTILINE)


def measure(service, bundle, cadres):
    """A row for the copy, one for the changes, and the ratio of both."""
    draw = Draw(cadres, 1)
    draw.read_names(bundle)
    copy = mirror(service, "full copy")
    make_changes(service, draw)
    update = mirror(service, "changes")
    names = ("seconds", "requests", "price", "server_s", "database_s", "megabytes")
    ratio = {name: f"{100 * update[name] / copy[name]:.2f} %" for name in names if copy[name]}
    return [copy, update, {"step": "changes, as a share of the copy", **ratio}]


def mirror(service, step):
    """Runs the program to the end of the feed."""
    client, secret = service.clients["nation"]
    env = {"PATH": os.environ["PATH"], "CADRE_URL": service.url, "CLIENT_ID": client, "CLIENT_SECRET": secret}
    load.settle(service)
    before, began = readings(service), time.monotonic()
    args = [sys.executable, ROOT / "examples" / "mirror.py", service.folder / "copy.db", "--once"]
    done = subprocess.run(args, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"mirror.py failed:\n{done.stderr[-2000:]}")
    spent = {name: value - before[name] for name, value in readings(service).items()}
    return {
        "step": step, "objects": sum(int(count) for count in COUNTS.findall(done.stdout)),
        "seconds": time.monotonic() - began, **spent,
    }  # fmt: skip


def readings(service):
    """Counters that only grow."""
    metrics = http.text_of(f"{service.url}/metrics") or ""
    counters = load.readings(service)
    return {
        "requests": sum(float(count) for count in REQUESTS.findall(metrics)),
        "price": sum(float(cost) for cost in COST.findall(metrics)),
        "server_s": counters["server"],
        "database_s": counters["database"] or 0.0,
        "megabytes": written(service) / 1e6,
    }


def written(service):
    """Bytes that the service has written to sockets and files."""
    lines = Path(f"/proc/{service.server.pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar:"))


def make_changes(service, draw):
    """Makes the changes at a steady rate: seats of quotas, and results that grant qualifications."""
    targets = changes.objects(service.session(), draw)
    process = changes.start(service, targets, RATE, COMMANDS // RATE)
    try:
        result = changes.result_of(process)
    finally:
        process.kill()
    if result["refused"]:
        raise Failed(f"changes were refused: {result['first_refusal']}")
