#!/usr/bin/env python3
"""Keeps a copy of everything that a client may see, and follows the change feed.

    CADRE_URL=http://127.0.0.1:8080 CLIENT_ID=... CLIENT_SECRET=... examples/mirror.py copy.db

The copy is a SQLite file with the table object(type, id, body). It is right after each line that the program prints, and
may be stopped at any moment: the copy and the cursor change in one transaction. With --once it stops at the end of the
feed. Standard library only.
"""

import base64
import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("CADRE_URL", "http://127.0.0.1:8080").rstrip("/")
INTERVAL = float(os.environ.get("INTERVAL", "60"))
PAGE = 100

# What is copied of each type. Days are days in Việt Nam; the state is that of today.
FIELDS = {
    "Unit": "id code name kind tier adminCode validFrom validTo parent { code }",
    "Cadre": "id code fullName gender category status joinedServiceOn rankCode"
    " assignments { id unit { code } title { code } startOn endOn isPrimary }"
    " qualifications { id subject { code } level { code } fieldCode mode grantedOn }",
    "Rotation": "id cadre { code } form purpose direction state fromUnit { code } toUnit { code } startOn plannedEndOn"
    " endOn endReason decisionNo decidedOn publishedOn version",
    "TrainingPlan": "id code name documentNo unit { code } yearFrom yearTo state version",
    "Quota": "id plan { code } unit { code } programme { code } mode measure seats allocated used state version",
    "TrainingClass": "id code plan { code } programme { code } organiser { code } category mode startOn lastOn capacity enrolled state version",
    "Enrolment": "id cadre { code } class { code } programme { code } sendingUnit { code } year state grade version",
}
# The lists that show all objects of a type.
LISTS = [
    ("Unit", "units", ""),
    ("Cadre", "cadres", ""),
    ("Cadre", "cadres", "where: {withPost: false}, "),
    ("Rotation", "rotations", ""),
    ("TrainingPlan", "trainingPlans", ""),
    ("Quota", "quotas", ""),
    ("TrainingClass", "trainingClasses", ""),
    ("Enrolment", "enrolments", ""),
]
TYPES = {"UNIT": "Unit", "CADRE": "Cadre", "QUALIFICATION": "Qualification", "ROTATION": "Rotation", "TRAINING_PLAN": "TrainingPlan",
         "QUOTA": "Quota", "TRAINING_CLASS": "TrainingClass", "ENROLMENT": "Enrolment"}  # fmt: skip


class Resync(Exception):
    """The feed cannot continue from the cursor."""


class Client:
    """Sends GraphQL requests, renews its token, and waits when the service asks it to."""

    def __init__(self):
        self.token = None

    def ask(self, query, variables=None):
        if self.token is None:
            self.log_in()
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        answer = self.send("/graphql", body, lambda: {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        for error in answer.get("errors", []):
            if error["extensions"]["code"] == "RESYNC":
                raise Resync(error["extensions"]["reason"])
            raise SystemExit(error["message"])
        return answer["data"]

    def send(self, path, body, headers):
        while True:
            try:
                request = urllib.request.Request(URL + path, body, headers())
                with urllib.request.urlopen(request, timeout=60) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                if error.code == 401 and path != "/oauth/token":
                    self.log_in()
                elif error.code in (429, 503):
                    time.sleep(float(error.headers.get("Retry-After", "1")))
                else:
                    raise SystemExit(f"{path}: {error.code} {error.read().decode()}") from error
            except OSError:
                time.sleep(1)

    def log_in(self):
        secret = f"{os.environ['CLIENT_ID']}:{os.environ['CLIENT_SECRET']}".encode()
        headers = {"Authorization": "Basic " + base64.b64encode(secret).decode(), "Content-Type": "application/x-www-form-urlencoded"}
        self.token = self.send("/oauth/token", b"grant_type=client_credentials", lambda: headers)["access_token"]


class Mirror:
    def __init__(self, client, file):
        self.client = client
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute("CREATE TABLE IF NOT EXISTS object (type TEXT, id TEXT PRIMARY KEY, body TEXT)")
        self.db.execute("CREATE TABLE IF NOT EXISTS cursor (cursor TEXT)")

    def cursor(self):
        row = self.db.execute("SELECT cursor FROM cursor").fetchone()
        return row and row[0]

    def copy(self):
        """Copies everything; changes made meanwhile follow in the feed, because its cursor is read first."""
        cursor = self.client.ask("{ changeCursor }")["changeCursor"]
        rows = [row for of in LISTS for row in self.list(*of)]
        with Transaction(self.db):
            self.db.execute("DELETE FROM object")
            self.db.executemany("INSERT OR REPLACE INTO object VALUES (?, ?, ?)", rows)
            self.keep(cursor)
        print(f"copied {len(rows)} objects", flush=True)

    def list(self, of, field, arguments):
        after = None
        while True:
            query = f"query($after: String) {{ {field}({arguments}first: {PAGE}, after: $after) {{ nodes {{ {FIELDS[of]} }} pageInfo {{ endCursor hasNextPage }} }} }}"
            page = self.client.ask(query, {"after": after})[field]
            yield from ((of, node["id"], json.dumps(node, sort_keys=True)) for node in page["nodes"])
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return

    def follow(self):
        """Applies a page of the feed; whether more changes follow."""
        query = """query($after: String) { changes(after: $after, first: 1000) {
          nodes { type objectId operation } pageInfo { endCursor hasNextPage } } }"""
        page = self.client.ask(query, {"after": self.cursor()})["changes"]
        changed = {node["objectId"]: TYPES.get(node["type"]) for node in page["nodes"]}
        # Objects are read as they are now, so a change that another one overtook does no harm.
        bodies = {}
        for of in FIELDS:
            bodies |= self.read(of, [id for id, changed_type in changed.items() if changed_type == of])
        classes = self.classes_of({plan_of(of, bodies[id]) for id, of in changed.items() if id in bodies} - {None})
        with Transaction(self.db):
            for id, of in changed.items():
                if of in FIELDS:
                    self.store(id, of, bodies.get(id))
            for id, body in classes.items():
                self.store(id, "TrainingClass", body)
            self.keep(page["pageInfo"]["endCursor"])
        if page["nodes"]:
            print(f"applied {len(page['nodes'])} changes", flush=True)
        return page["pageInfo"]["hasNextPage"]

    def read(self, of, ids):
        """Objects of a type by id. One type in each request: the cost of a node is the sum of its selections."""
        query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {of} {{ {FIELDS[of]} }} }} }}"
        found = {}
        for at in range(0, len(ids), PAGE):
            nodes = self.client.ask(query, {"ids": ids[at : at + PAGE]})["nodes"]
            found |= {node["id"]: json.dumps(node, sort_keys=True) for node in nodes if node}
        return found

    def classes_of(self, plans):
        """Classes of these plans, which quotas show, by id: the body, or None if they are not shown any more."""
        stored = self.db.execute("SELECT id, body FROM object WHERE type = 'TrainingClass'") if plans else ()
        classes = {id: None for id, body in stored if ((json.loads(body)["plan"]) or {}).get("code") in plans}
        for plan in plans:
            listed = self.list("TrainingClass", "trainingClasses", f"where: {{plan: {json.dumps(plan)}}}, ")
            classes |= {id: body for _, id, body in listed}
        return classes

    def store(self, id, of, body):
        if body is None:
            self.db.execute("DELETE FROM object WHERE id = ?", (id,))
        else:
            self.db.execute("INSERT OR REPLACE INTO object VALUES (?, ?, ?)", (of, id, body))

    def keep(self, cursor):
        self.db.execute("DELETE FROM cursor")
        self.db.execute("INSERT INTO cursor VALUES (?)", (cursor,))


def plan_of(of, body):
    """The plan whose classes a change of a quota or a plan may show or hide."""
    body = json.loads(body)
    return body["code"] if of == "TrainingPlan" else body["plan"]["code"] if of == "Quota" else None


class Transaction:
    def __init__(self, db):
        self.db = db

    def __enter__(self):
        self.db.execute("BEGIN IMMEDIATE")

    def __exit__(self, failed, *_):
        self.db.execute("ROLLBACK" if failed else "COMMIT")


def main(file, once):
    mirror = Mirror(Client(), file)
    while True:
        try:
            if mirror.cursor() is None:
                mirror.copy()
            while mirror.follow():
                pass
        except Resync as reason:
            print(f"copying again: {reason}", flush=True)
            mirror.copy()
            continue
        if once:
            return
        time.sleep(INTERVAL)


if __name__ == "__main__":
    main(sys.argv[1], "--once" in sys.argv)
