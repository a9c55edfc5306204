"""PostGraphile, a generic engine that compiles each query to one statement, on the same database.

It checks no tokens, purposes or limits, writes no log, and its role bypasses row security. All of this makes it
faster.
"""

import datetime
import json
import shutil
import subprocess
from pathlib import Path

from . import http
from .process import Background, Failed
from .service import free_port

SOURCES = Path(__file__).resolve().parents[1] / "postgraphile"
DOCUMENTS = {"q1": "q1", "q2": "q2", "q3-leaf": "q3", "q3-province": "q3", "q3-root": "q3", "q3-past": "q3", "q4": "q4"}
EMPTY = {"q1": '"cadreByCode":null', "q2": '"endCursor":null', "q3": '"nodes":[]', "q4": '"nodes":[]'}
PROCESSES = 2


def install(cache):
    """Installs the packages of the lock file once, outside the sources. Returns None without node or npm."""
    if not (shutil.which("node") and shutil.which("npm")):
        return None
    folder = cache / "postgraphile"
    lock = (SOURCES / "package-lock.json").read_text()
    if not (folder / "done").exists() or (folder / "done").read_text() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCES / name, folder)
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, check=False)
        if done.returncode != 0:
            raise Failed(f"npm ci failed:\n{done.stderr.decode(errors='replace')[-2000:]}")
        (folder / "done").write_text(lock)
    shutil.copy(SOURCES / "server.mjs", folder)
    return folder


class PostGraphile:
    """A running PostGraphile with several processes on one port."""

    name = "PostGraphile"

    def __init__(self, folder, cluster, log):
        self.port = free_port()
        self.graphql = f"http://127.0.0.1:{self.port}/graphql"
        self.cluster = cluster
        # Uses the node of the packages, because it may not support the version of the machine.
        self.node = folder / "node_modules" / "node" / "bin" / "node"
        env = {
            "DATABASE_URL": cluster.url("postgres"),
            "PORT": str(self.port),
            "PROCESSES": str(PROCESSES),
            "NODE_ENV": "production",
            "GRAPHILE_ENV": "production",
        }
        self.server = Background([self.node, folder / "server.mjs"], log, env)
        package = folder / "node_modules" / "postgraphile" / "package.json"
        self.version = json.loads(package.read_text())["version"]

    def wait(self):
        """Waits until it has read the tables and responds."""
        self.server.wait_until(self.is_ready, pause=0.1)

    def is_ready(self):
        try:
            return self.session().post('{"query":"{ __typename }"}')[0] == 200
        except OSError:
            return False

    def stop(self):
        self.server.stop()

    def document(self, key):
        """The document for a query; None if PostGraphile is not measured with it."""
        name = DOCUMENTS.get(key)
        return (SOURCES / "questions" / f"{name}.graphql").read_text() if name else None

    def variables(self, drawn):
        """Variables in the form of its documents, in which a missing day is replaced by today."""
        return {**drawn, "day": drawn["day"] or str(datetime.date.today())} if "day" in drawn else drawn

    def empty(self, key):
        return EMPTY[DOCUMENTS[key]]

    def headers(self, _client):
        return {}

    def session(self, _client="nation"):
        return http.Session(self.graphql)

    def statements(self):
        return self.cluster.statements()
