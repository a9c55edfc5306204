"""cadre-api: prepared, started and queried as its README describes, with all checks enabled."""

import base64
import json
import os
import re
import secrets
import socket

from . import http, process
from .postgres import OWNER, SERVICE
from .process import Background

SCOPES = [
    "cadre:read",
    "cadre.identity:read",
    "cadre.political:read",
    "cadre.origin:read",
    "cadre:write",
    "rotation:read",
    "rotation:write",
    "training:read",
    "training:write",
    "quota:read",
    "quota:allocate",
    "stats:read",
    "audit:read",
    "clients:admin",
    "import:write",
]
PURPOSES = ["PERSONNEL", "TRAINING", "PLANNING", "STATISTICS", "SYNCHRONISATION", "CONFIRMATION"]
# Limits are enabled, but so high that they do not affect the measurements.
LIMITS = ["--client-requests-per-second", "100000", "--client-cost-per-minute", "1000000000"]
STATEMENTS = re.compile(r"^cadre_database_statements_total\{[^}]*\} (\d+)$", re.MULTILINE)
SERVE_LOG = "serve.log"


def free_port():
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """A prepared database and its server."""

    name = "cadre-api"

    def __init__(self, binary, folder, cluster):
        self.binary, self.folder, self.cluster = binary, folder, cluster
        self.listen = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.listen}"
        self.graphql = f"{self.url}/graphql"
        self.key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.server = None
        self.clients = {}

    def environment(self, role):
        """The settings of the service, without settings of the machine."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CADRE_")}
        database = self.cluster.url(role) if self.cluster else f"sqlite://{self.folder / 'cadre.db'}"
        settings = {"CADRE_DATABASE_URL": database, "CADRE_LISTEN": self.listen, "CADRE_PUBLIC_URL": self.url}
        return {**environment, **settings, "CADRE_KEY_ENCRYPTION_KEY": self.key}

    def run(self, *args):
        """Runs a command of the program as the owner of the tables, and returns its cost."""
        return process.run_measured([self.binary, *args], self.folder / "commands.log", self.environment(OWNER))

    def prepare(self, bundle):
        """Creates the tables and imports the bundle. Returns its cost, and the CPU seconds of the database."""
        if self.cluster:
            self.run("migrate", "up")
            self.run("migrate", "grant", "--to", SERVICE)
        before = self.cluster.cpu() if self.cluster else 0
        cost = self.run("import", str(bundle))
        database_cpu = self.cluster.cpu() - before if self.cluster else 0
        if self.cluster:
            # The state that autovacuum reaches after some time; otherwise it would run during the measurements.
            self.cluster.sql("VACUUM (ANALYZE)")
        return cost, database_cpu

    def register(self, client, unit):
        """Registers a client with all rights in the subtree of a unit."""
        args = ["client", "add", "--json", "--name", client, "--unit", unit, "--legal-basis", "benchmark"]
        args += ["--scope", *SCOPES, "--purpose", *PURPOSES]
        output = json.loads(process.output([self.binary, *args], self.environment(OWNER)))
        self.clients[client] = output["client_id"], output["client_secret"]

    def start(self):
        """Starts the server, and returns the seconds until it is ready."""
        env = self.environment(SERVICE)
        self.server = Background([self.binary, "serve", *LIMITS], self.folder / SERVE_LOG, env)
        return self.server.wait_until(lambda: http.is_answered(f"{self.url}/readyz"))

    def stop(self):
        if self.server:
            self.server.stop()

    def headers(self, client="nation"):
        """The headers of a client. A token expires after minutes, so each round gets a new one."""
        token = http.token(self.url, self.clients[client])
        return {"Authorization": f"Bearer {token}", "X-Purpose": "PERSONNEL"}

    def session(self, client="nation"):
        """A connection for single queries."""
        return http.Session(self.graphql, self.headers(client))

    def statements(self):
        """Number of statements that the service has sent to the database."""
        if self.cluster and self.cluster.counts_statements:
            return self.cluster.statements()
        output = http.text_of(f"{self.url}/metrics") or ""
        return sum(int(number) for number in STATEMENTS.findall(output))
