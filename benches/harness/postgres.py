"""A temporary PostgreSQL cluster for the benchmark, from the binaries of the machine."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from . import process
from .process import Background, Failed

# The same for all contenders. Durability is on, because commands are measured too. `jit` is off: for queries that take
# milliseconds, compiling costs more than it saves.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "logging_collector": "off",
}
OWNER, SERVICE = "cadre", "cadre_api"
DATABASE = "cadre"


def binaries():
    """The folder of the server's binaries, searched in the same places as by the tests."""
    named = os.environ.get("PG_BINDIR")
    on_path = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    brewed = sorted(Path("/opt/homebrew/opt").glob("postgresql@*/bin"), reverse=True)
    linked = [Path(on_path).resolve().parent] if on_path else []
    for folder in [Path(named)] if named else linked + installed + brewed:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise Failed("no PostgreSQL server binaries (initdb, postgres): install them, or name their folder in PG_BINDIR")


def unprivileged():
    """The user that runs PostgreSQL, which refuses to run as root; None if this process is not root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    raise Failed("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


class Cluster:
    """A running cluster with an empty database. One role owns the database, and the service logs in as another."""

    def __init__(self):
        self.bin, self.user = binaries(), unprivileged()
        # Not in the cache folder: the path of a socket must be short, and another user must be able to read it.
        self.folder = Path(tempfile.mkdtemp(prefix="cadre-bench-"))
        self.server = None

    def __enter__(self):
        try:
            self.make()
            self.start()
            self.prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.server:
            self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make(self):
        if self.user:
            os.chown(self.folder, *self.user)
        self.folder.chmod(0o755)
        args = [self.bin / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        done = subprocess.run(
            [*args, "--locale=C.UTF-8"], cwd="/", capture_output=True, check=False, **process.identity(self.user)
        )
        if done.returncode != 0:
            raise Failed(f"initdb failed:\n{done.stderr.decode(errors='replace')}")

    def start(self):
        library = output_of(self.bin / "pg_config", "--pkglibdir") if (self.bin / "pg_config").exists() else None
        self.counts_statements = bool(library) and (Path(library) / "pg_stat_statements.so").exists()
        settings = dict(SETTINGS)
        if self.counts_statements:
            settings["shared_preload_libraries"] = "pg_stat_statements"
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        args = [self.bin / "postgres", "-D", self.folder / "data", "-k", self.folder, *flags]
        # SIGINT stops the server without waiting for connections to end.
        log = self.folder / "log"
        self.server = Background(args, log, user=self.user, stop_signal=signal.SIGINT)
        self.server.wait_until(self.is_ready, pause=0.05)

    def is_ready(self):
        args = [self.bin / "pg_isready", "-q", "-h", self.folder]
        return subprocess.run(args, check=False).returncode == 0

    def prepare(self):
        self.sql(f"CREATE ROLE {OWNER} LOGIN", "postgres")
        self.sql(f"CREATE ROLE {SERVICE} LOGIN", "postgres")
        self.sql(f"CREATE DATABASE {DATABASE} OWNER {OWNER}", "postgres")
        if self.counts_statements:
            self.sql("CREATE EXTENSION pg_stat_statements")

    def url(self, role):
        """The URL of the database for a role."""
        return f"postgres://{role}@localhost/{DATABASE}?host={self.folder}"

    def sql(self, statements, database=DATABASE):
        """Runs statements as the superuser, to whom row security does not apply, and returns their output."""
        args = [
            self.bin / "psql",
            "-h",
            self.folder,
            "-U",
            "postgres",
            "-d",
            database,
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
        ]
        return process.output(args, text=statements).strip()

    def has(self, table):
        """Whether the table exists."""
        return self.sql(f"SELECT to_regclass('{table}') IS NOT NULL") == "t"

    def cpu(self):
        """CPU seconds of the whole cluster, including ended connections."""
        return self.server.cpu()

    def statements(self):
        """Number of statements so far, without those inside functions; None if they are not counted."""
        if not self.counts_statements:
            return None
        others = "query NOT LIKE '%pg_stat_statements%'"
        return int(self.sql(f"SELECT coalesce(sum(calls), 0) FROM pg_stat_statements WHERE {others}"))

    def version(self):
        return self.sql("SHOW server_version")


def output_of(*args):
    return process.output(args).strip()
