"""The duration of a 304 while another unit prepares rotations that the client may not see."""

import http.client
import itertools
import statistics
import time
import urllib.parse
import uuid

from .process import Failed

COLUMNS = {
    "scale": "cadres", "database": "database", "before": "before the request", "p50_us": "p50 µs", "p95_us": "p95 µs",
    "next_p50_us": "p50 µs of the next", "next_p95_us": "p95 µs of the next",
}  # fmt: skip
TIMES = 300
PATH = "/graphql?" + urllib.parse.urlencode({"query": "{ cadres(first: 20) { nodes { code fullName } } }"})
PROTECTED = "query($code: String!) { cadre(by: {code: $code}) { identity { birthOn } } }"
PROPOSE = """mutation($input: RotationProposeInput!) {
  act: rotationPropose(input: $input) { rotation { id } userErrors { code message } }
}"""
# The client of the province P0001 reaches neither the preparing unit nor these people and units.
ROTATION = {
    "form": "ROTATION", "purpose": "DEVELOPMENT", "preparingUnitCode": "P0002", "toUnitCode": "P0002-S01",
    "toTitleCode": "S_TP", "startOn": "2030-01-01", "plannedEndOn": "2033-01-01",
    "planning": {"documentNo": "1-QH", "validFrom": "2020-01-01"},
}  # fmt: skip


def measure(service):
    """A row for each event before a request. A reading of protected data is committed to the access log; it never changes a tag."""
    session = service.session("nation")
    connection = http.client.HTTPConnection(service.listen, timeout=60)
    headers = {"Authorization": service.headers("province")["Authorization"]}
    headers["If-None-Match"] = request(connection, headers)[1]
    people = itertools.count(10_001)
    kinds = {
        "a proposal that the client may not see": lambda: propose_any(session, people),
        "a reading of protected data by another client": lambda: session.ask(PROTECTED, {"code": "C00000001"}),
        "a refused proposal": lambda: refuse(session),
        "nothing": lambda: None,
    }
    durations = {kind: ([], []) for kind in kinds}
    for _ in range(TIMES):
        for kind, act in kinds.items():
            act()
            for column in durations[kind]:
                began = time.perf_counter()
                status, _ = request(connection, headers)
                column.append((time.perf_counter() - began) * 1e6)
                if status != 304:
                    raise Failed(f"status {status} instead of 304 after {kind}")
    connection.close()
    return [row(kind, *columns) for kind, columns in durations.items()]


def row(kind, first, following):
    return {
        "before": kind, "p50_us": statistics.median(first), "p95_us": statistics.quantiles(first, n=20)[-1],
        "next_p50_us": statistics.median(following), "next_p95_us": statistics.quantiles(following, n=20)[-1],
    }  # fmt: skip


def request(connection, headers):
    """Status and tag of a response."""
    connection.request("GET", PATH, headers=headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.getheader("ETag")


def propose_any(session, people):
    """Proposes the rotation of the next person for whom the rules allow it."""
    for number in itertools.islice(people, 1000):
        if not propose(session, f"C{number:08}"):
            return
    raise Failed("the rules refuse all proposals")


def refuse(session):
    """Proposes the rotation of a person who does not exist."""
    if not propose(session, "UNKNOWN"):
        raise Failed("an unknown person was accepted")


def propose(session, cadre):
    """The errors of a proposal; empty if it was committed."""
    fields = {"idempotencyKey": str(uuid.uuid4()), "cadreCode": cadre, **ROTATION}
    return session.ask(PROPOSE, {"input": fields})["act"]["userErrors"]
