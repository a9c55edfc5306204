"""A page of 100 people by GET: in full, compressed, and as 304 because the client has it."""

import http.client
import re
import statistics
import urllib.parse

from . import load, process
from .process import Failed

COLUMNS = {
    "scale": "cadres", "database": "database", "query": "page of 100", "response": "response", "status": "status",
    "bytes": "bytes", "server_us": "server µs", "database_us": "database µs", "share": "of the full response",
}  # fmt: skip
NAMES = 'code fullName unit { code name } title { name } highest(subject: "PROFESSIONAL") { level { label } }'
RECORDS = (
    "code fullName unit { code name } title { name } assignments { unit { name } title { name } startOn endOn } "
    "qualifications { subject { label } level { label } grantedOn }"
)
QUERIES = {"people": NAMES, "people with posts and qualifications": RECORDS}
REQUESTS = re.compile(r"(\d+) requests in ")
FAILURES = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")


def measure(chosen, service):
    """A row for each query and kind of response, with medians of the rounds."""
    rows = []
    for query, fields in QUERIES.items():
        path = "/graphql?" + urllib.parse.urlencode({"query": f"{{ cadres(first: 100) {{ nodes {{ {fields} }} }} }}"})
        tag = response(service, path, {})[2]
        kinds = {"full": {}, "gzip": {"Accept-Encoding": "gzip"}, "304": {"If-None-Match": tag}}
        rounds = {kind: [] for kind in kinds}
        for _ in range(chosen.rounds):
            for kind, headers in kinds.items():
                rounds[kind].append(round_of(service, path, headers, chosen))
        full = sum(medians(rounds["full"]))
        for kind, headers in kinds.items():
            status, size, _ = response(service, path, headers)
            server, database = medians(rounds[kind])
            rows.append({
                "query": query, "response": kind, "status": status, "bytes": size, "server_us": server,
                "database_us": database, "share": f"{(server + database) / full:.3f}",
            })  # fmt: skip
    return rows


def response(service, path, headers):
    """Status, size of the body in bytes, and tag of one response."""
    connection = http.client.HTTPConnection(service.listen, timeout=60)
    connection.request("GET", path, headers=with_token(service, headers))
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, len(body), answer.getheader("ETag")


def with_token(service, headers):
    """Without a purpose: a response to a request with a purpose has no tag."""
    return {"Authorization": service.headers()["Authorization"], **headers}


def round_of(service, path, headers, chosen):
    """CPU microseconds of the service and of the database for each request."""
    flags = [word for name, value in with_token(service, headers).items() for word in ("-H", f"{name}: {value}")]

    def run(seconds):
        args = ["wrk", "-t", load.threads(), "-c", chosen.connections[0], "-d", f"{seconds}s", *flags]
        result = process.output([*args, service.url + path])
        if FAILURES.search(result):
            raise Failed(f"refused requests:\n{result}")
        return int(REQUESTS.search(result).group(1))

    run(load.WARM_UP)
    load.settle(service)
    before = load.readings(service)
    requests = run(chosen.duration)
    after = load.readings(service)
    database = after["database"] - before["database"] if service.cluster else 0.0
    return (after["server"] - before["server"]) * 1e6 / requests, database * 1e6 / requests


def medians(rounds):
    """The medians of both figures."""
    return [statistics.median(column) for column in zip(*rounds)]
