"""Exports of all people to a file: rate, size, CPU and memory."""

import hashlib
import json
import time

from . import load, process
from .process import Failed

COLUMNS = {
    "scale": "cadres", "database": "database", "export": "export of `cadres`", "rows": "rows", "megabytes": "MB",
    "seconds": "s", "rate": "rows/s", "server_s": "server CPU s", "database_s": "database CPU s",
    "memory_before": "MB before", "memory": "peak MB",
}  # fmt: skip
NDJSON, CSV = "application/x-ndjson", "text/csv"
EXPORTS = {
    "NDJSON": (NDJSON, False),
    "NDJSON with protected data": (NDJSON, True),
    "CSV": (CSV, False),
    "CSV with protected data": (CSV, True),
}


def measure(service):
    """A row for each export. Each is written to a file, and its digest is checked."""
    return [{"export": name, **export(service, *kind)} for name, kind in EXPORTS.items()]


def export(service, media_type, is_protected):
    headers = service.headers()
    if not is_protected:
        del headers["X-Purpose"]
    file = service.folder / "export"
    flags = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    load.settle(service)
    memory_before = service.server.memory("VmRSS")
    service.server.reset_peak()
    before, began = load.readings(service), time.monotonic()
    process.output([
        "curl", "-fsS", "--max-time", 1800, "-H", f"Accept: {media_type}", *flags, "-o", file,
        f"{service.url}/v1/export/cadres{'?end=line' if media_type == CSV else ''}",
    ])  # fmt: skip
    seconds, after = time.monotonic() - began, load.readings(service)
    rows, size = rows_of(file), file.stat().st_size
    file.unlink()
    return {
        "rows": rows, "megabytes": size / 1e6, "seconds": seconds, "rate": rows / seconds,
        "server_s": after["server"] - before["server"],
        "database_s": after["database"] - before["database"] if service.cluster else None,
        "memory_before": memory_before, "memory": service.server.memory("VmHWM"),
    }  # fmt: skip


def rows_of(file):
    """The number of rows that the last line states; fails unless the digest in it is that of the lines before."""
    digest, last = hashlib.sha256(), b""
    with file.open("rb") as lines:
        for line in lines:
            digest.update(last)
            last = line
    text = last.decode()
    if text.startswith("{"):
        end = json.loads(text)
    else:
        end = dict(word.split("=") for word in text.split() if "=" in word)
    if end.get("sha256") != digest.hexdigest():
        raise Failed(f"the export is incomplete; it ends with {text[:200]!r}")
    return int(end["rows"])
