"""The report: a JSON file with everything, and Markdown for people."""

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
    """Writes both files, and gives the Markdown."""
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
    """A number with some three digits, as far as it means anything."""
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


RATIO = {"what": "ratio", "scale": "cadres", "database": "database", "connections": "conn.", "value": "times"}
OURS, RIVAL, LIMIT = "cadre-api", "PostGraphile", "pgbench"


def ratios(results):
    """What the rows come to when they are held against each other; a ratio whose two sides are not there is left out."""
    rows = {
        (row["scale"], row["database"], row["question"], row["contender"], row["connections"]): row
        for row in results["rows"]
    }
    found = []
    for (scale, database, question, contender, connections), row in rows.items():
        if contender != OURS:
            continue

        def against(what, field, other, upside_down=False, row=row, at=(scale, database, connections)):
            other_row = rows.get(other)
            if other_row and row.get(field) and other_row.get(field):
                value = row[field] / other_row[field]
                place = dict(zip(("scale", "database", "connections"), at))
                found.append({"what": what, "value": 1 / value if upside_down else value, **place})

        key = question.upper()
        against(f"{key} requests/s : PostGraphile", "rate", (scale, database, question, RIVAL, connections))
        against(f"{key} p99, PostGraphile : ours", "p99_ms", (scale, database, question, RIVAL, connections), True)
        against(f"{key} requests/s : pgbench", "rate", (scale, database, question, LIMIT, connections))
        if database == "sqlite":
            against(f"{key} requests/s, SQLite : PostgreSQL", "rate", (scale, "postgres", question, OURS, connections))
        if scale == "2m":
            against(f"{key} database µs, 2m : 200k", "database_us", ("200k", database, question, OURS, connections))
        if question == "q3-root":
            against("Q3 requests/s, root : leaf", "rate", (scale, database, "q3-leaf", OURS, connections))
        if question == "q7-changes":
            against("Q7 requests/s, with : without changes", "rate", (scale, database, "q7", OURS, connections))
            found.append({"what": "Q7 changes a second that were done", "scale": scale, "database": database,
                          "connections": connections, "value": row["changes"]})  # fmt: skip
    return found
