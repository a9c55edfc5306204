"""cadre-api itself: prepared, served and asked as its README says, with everything on."""

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
# On, and out of the way: what is measured is the service and not its bounds.
LIMITS = ["--client-requests-per-second", "100000", "--client-cost-per-minute", "1000000000"]
STATEMENTS = re.compile(r"^cadre_database_statements_total\{[^}]*\} (\d+)$", re.MULTILINE)
SERVE_LOG = "serve.log"


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """A database that is prepared, and the server on it."""

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
        """The settings of the service and nothing of the machine's own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CADRE_")}
        database = self.cluster.url(role) if self.cluster else f"sqlite://{self.folder / 'cadre.db'}"
        ours = {"CADRE_DATABASE_URL": database, "CADRE_LISTEN": self.listen, "CADRE_PUBLIC_URL": self.url}
        return {**kept, **ours, "CADRE_KEY_ENCRYPTION_KEY": self.key}

    def run(self, *args):
        """Runs a command of the program as the owner of the tables, and says what it took."""
        return process.measured([self.binary, *args], self.folder / "commands.log", self.environment(OWNER))

    def prepare(self, bundle):
        """Makes the tables and imports the bundle: what the import took, and the database meanwhile."""
        if self.cluster:
            self.run("migrate", "up")
            self.run("migrate", "grant", "--to", SERVICE)
        before = self.cluster.cpu() if self.cluster else 0
        spent = self.run("import", str(bundle))
        database_cpu = self.cluster.cpu() - before if self.cluster else 0
        if self.cluster:
            # As autovacuum leaves a database that has stood for a while; it would come in the middle otherwise.
            self.cluster.sql("VACUUM (ANALYZE)")
        return spent, database_cpu

    def register(self, client, unit):
        """Registers a client that may do everything in a unit and below."""
        args = ["client", "add", "--json", "--name", client, "--unit", unit, "--legal-basis", "benchmark"]
        args += ["--scope", *SCOPES, "--purpose", *PURPOSES]
        said = json.loads(process.output([self.binary, *args], self.environment(OWNER)))
        self.clients[client] = said["client_id"], said["client_secret"]

    def start(self):
        """Starts to serve: seconds until it says that it is ready."""
        env = self.environment(SERVICE)
        self.server = Background([self.binary, "serve", *LIMITS], self.folder / SERVE_LOG, env)
        return self.server.wait_until(lambda: http.is_answered(f"{self.url}/readyz"))

    def stop(self):
        if self.server:
            self.server.stop()

    def headers(self, client="nation"):
        """What a client sends with each question. A token lasts minutes, so each round gets its own."""
        granted = http.token(self.url, self.clients[client])
        return {"Authorization": f"Bearer {granted}", "X-Purpose": "PERSONNEL"}

    def session(self, client="nation"):
        """A connection for single questions."""
        return http.Session(self.graphql, self.headers(client))

    def statements(self):
        """Statements that it has sent to its database."""
        if self.cluster and self.cluster.counts_statements:
            return self.cluster.statements()
        said = http.text_of(f"{self.url}/metrics") or ""
        return sum(int(number) for number in STATEMENTS.findall(said))
