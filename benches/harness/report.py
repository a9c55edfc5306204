"""The report: a JSON file with all measurements, and Markdown for people."""

import json

COLUMNS = {
    "question": "question", "contender": "who", "connections": "conn.", "rate": "requests/s", "p50_ms": "p50 ms",
    "p99_ms": "p99 ms", "tail": "p99/p50", "server_us": "server µs", "database_us": "database µs",
    "statements": "statements", "memory_mb": "peak MB", "bytes": "bytes", "faults": "faults",
}  # fmt: skip
PREPARED = {
    "scale": "cadres", "database": "database", "import_s": "import s", "import_cpu_s": "its CPU s",
    "import_database_cpu_s": "database CPU s", "import_peak_mb": "its peak MB", "ready_ms": "start to ready ms",
    "idle_mb": "idle MB",
}  # fmt: skip


def write(folder, results):
    """Writes both files, and returns the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(results, indent=1))
    text = markdown(results)
    (folder / "report.md").write_text(text)
    return text


def markdown(results):
    parts = ["# Benchmark\n", facts(results["machine"]), "## Preparation\n", table(PREPARED, results["prepared"])]
    for scale, database in dict.fromkeys((row["scale"], row["database"]) for row in results["rows"]):
        rows = [row for row in results["rows"] if (row["scale"], row["database"]) == (scale, database)]
        parts += [f"## {scale} cadres, {database}\n", table(COLUMNS, [with_tail(row) for row in rows])]
    return "\n".join([*parts, "## Ratios\n", table(RATIO, ratios(results))])


def facts(machine):
    return "".join(f"- {name.replace('_', ' ')}: {value}\n" for name, value in machine.items() if value != "")


def with_tail(row):
    return row | {"tail": row["p99_ms"] / row["p50_ms"] if row["p50_ms"] else None}


def table(columns, rows):
    head = "| " + " | ".join(columns.values()) + " |\n|" + " --- |" * len(columns) + "\n"
    return head + "".join("| " + " | ".join(cell(row.get(name)) for name in columns) + " |\n" for row in rows)


def cell(value):
    """A number with about three significant digits."""
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


RATIO = {"what": "ratio", "scale": "cadres", "database": "database", "connections": "conn.", "value": "times"}
OURS, RIVAL, LIMIT = "cadre-api", "PostGraphile", "pgbench"


def identity(row):
    """The identity of a row."""
    return tuple(row[name] for name in ("scale", "database", "question", "contender", "connections"))


def comparisons(row):
    """Comparisons of a row of cadre-api: name, field, the other row, and whether the other value is the numerator."""
    key, rival = row["question"].upper(), row | {"contender": RIVAL}
    yield f"{key} requests/s : PostGraphile", "rate", rival, False
    yield f"{key} p99, PostGraphile : ours", "p99_ms", rival, True
    yield f"{key} requests/s : pgbench", "rate", row | {"contender": LIMIT}, False
    if row["database"] == "sqlite":
        yield f"{key} requests/s, SQLite : PostgreSQL", "rate", row | {"database": "postgres"}, False
    if row["scale"] == "2m":
        yield f"{key} database µs, 2m : 200k", "database_us", row | {"scale": "200k"}, False
    if row["question"] == "q3-root":
        yield "Q3 requests/s, root : leaf", "rate", row | {"question": "q3-leaf"}, False
    if row["question"] == "q7-changes":
        yield "Q7 requests/s, with : without changes", "rate", row | {"question": "q7"}, False


def ratios(results):
    """Ratios between rows; a ratio without both rows is omitted."""
    rows = {identity(row): row for row in results["rows"]}
    found = []
    for row in (row for row in rows.values() if row["contender"] == OURS):
        where = {name: row[name] for name in ("scale", "database", "connections")}
        for what, field, other_key, is_inverse in comparisons(row):
            other = rows.get(identity(other_key), {})
            if row.get(field) and other.get(field):
                value = other[field] / row[field] if is_inverse else row[field] / other[field]
                found.append({"what": what, "value": value, **where})
        if "changes" in row:
            found.append({"what": "Q7 changes a second that were done", "value": row["changes"], **where})
    return found + peaks(results)


def peaks(results):
    """Ratio of the peak memory over all queries that were measured with both."""
    found = []
    for scale in dict.fromkeys(row["scale"] for row in results["rows"]):
        of_scale = [row for row in results["rows"] if (row["scale"], row["database"]) == (scale, "postgres")]
        theirs = [row for row in of_scale if row["contender"] == RIVAL]
        asked = {row["question"] for row in theirs}
        ours = [row for row in of_scale if row["contender"] == OURS and row["question"] in asked]
        if theirs:
            highest = [max(row["memory_mb"] for row in rows) for rows in (theirs, ours)]
            what = {"what": "peak MB, PostGraphile : ours", "value": highest[0] / highest[1]}
            found.append({**what, "scale": scale, "database": "postgres", "connections": None})
    return found
