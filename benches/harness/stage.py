"""Measures one population on one database, and compares the service with other contenders."""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from . import answers, changes, limits, load, postgraphile, questions
from .postgres import SETTINGS, Cluster
from .questions import NARROW, NATION, QUESTIONS, Draw
from .service import Service

STARTS = 3
# Number of connections of the client that sends expensive requests.
GREEDY = 16


class Stage:
    """The processes for one population on one database; `stack` stops them."""

    def __init__(self, options, scale, database, program, stack):
        self.options, self.scale, self.database = options, scale, database
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="run-", dir=options.cache)))
        self.cluster = stack.enter_context(Cluster()) if database == "postgres" else None
        self.service = Service(program, self.folder, self.cluster)
        stack.callback(self.service.stop)
        self.stack = stack
        self.has_limits = bool(self.cluster) and "pgbench" in options.contenders
        self.rival = None
        self.rows = []

    def run(self, bundle, cadres):
        """Runs the chosen measurements. Returns the cost of the preparation, and a row for each query."""
        self.draw = Draw(cadres, self.options.seed)
        self.draw.read_names(bundle)
        prepared = self.prepare(bundle)
        if self.cluster and self.options.contenders:
            self.cluster.sql((limits.SQL / "functions.sql").read_text())
        self.start_rival()
        for key, question in QUESTIONS.items():
            if key.split("-")[0] in self.options.questions:
                self.measure(key, question)
        if "q7" in self.options.questions:
            self.measure_with_changes()
        if "q8" in self.options.questions:
            self.measure_with_expensive_requests()
        return prepared, self.rows

    def prepare(self, bundle):
        say(f"{self.scale} {self.database}: import")
        cost, database_cpu = self.service.prepare(bundle)
        self.service.register("nation", NATION)
        self.service.register("province", NARROW)
        self.service.register("greedy", NATION)
        starts = []
        for _ in range(STARTS):
            self.service.stop()
            starts.append(self.service.start())
        return {
            "scale": self.scale,
            "database": self.database,
            "import_s": cost.seconds,
            "import_cpu_s": cost.cpu,
            "import_database_cpu_s": database_cpu,
            "import_peak_mb": cost.peak_mb,
            "ready_ms": statistics.median(starts) * 1000,
            "idle_mb": self.service.server.memory("VmRSS"),
        }

    def start_rival(self):
        if not self.cluster or "postgraphile" not in self.options.contenders:
            return
        packages = postgraphile.install(self.options.cache)
        if not packages:
            say("node or npm not found: PostGraphile is omitted")
            return
        self.rival = postgraphile.PostGraphile(packages, self.cluster, self.folder / "postgraphile.log")
        self.stack.callback(self.rival.stop)
        self.rival.wait()

    def measure(self, key, question):
        """Measures a query with all contenders that support it, in alternating rounds for equal conditions."""
        contenders = [(self.service, *self.files(key, question))]
        if self.rival and self.rival.document(key):
            contenders.append((self.rival, *self.files_of_rival(key, question)))
            sides = [(contender.session(), bodies) for contender, bodies, _ in contenders]
            answers.compare(question, *sides)
        limited = limits.statements(self.cluster, key) if self.has_limits else {}
        for connections in self.options.connections:
            rounds = {}
            for _ in range(self.options.rounds):
                for contender, _, files in contenders:
                    done = load.round_of(contender, question, files, connections, self.options)
                    rounds.setdefault(contender.name, []).append(done)
                for name, statement in limited.items():
                    done = limits.round_of(self.cluster, self.draw, key, statement, connections, self.options)
                    rounds.setdefault(name, []).append(done)
            for name, of_one in rounds.items():
                self.add(key, question.title, name, connections, load.median(of_one))

    def files(self, key, question):
        """The checked request bodies for cadre-api, and the files for wrk."""
        session = self.service.session(question.client)
        # A separate seed, so that the variables do not depend on the other chosen queries.
        self.draw.random.seed(f"{self.options.seed} {key}")
        self.drawn = question.draw(self.draw, session)
        bodies = questions.bodies(question.text(), self.drawn)
        questions.check(session, question, bodies, question.empty)
        return bodies, self.write(self.service, bodies, question.empty)

    def files_of_rival(self, key, question):
        drawn = [self.rival.variables(one) for one in self.drawn]
        bodies = questions.bodies(self.rival.document(key), drawn)
        questions.check(self.rival.session(), question, bodies, self.rival.empty(key))
        return bodies, self.write(self.rival, bodies, self.rival.empty(key))

    def write(self, contender, bodies, empty):
        file = self.folder / f"{contender.name}.bodies"
        file.write_text("\n".join(bodies) + "\n")
        return file, self.folder / f"{contender.name}.headers", empty

    def measure_with_changes(self):
        """Measures Q1 in alternating rounds without and with concurrent changes."""
        question, connections = QUESTIONS["q1"], self.options.connections[0]
        _, files = self.files("q1", question)
        targets = changes.objects(self.service.session(), self.draw)
        alone, with_changes, change_results = [], [], []
        for _ in range(self.options.rounds):
            alone.append(load.round_of(self.service, question, files, connections, self.options))
            with self.changing(targets) as process:
                # No warm-up: the caches are warm from the round before, and the service is idle only after the changes.
                with_changes.append(load.run(self.service, files, connections, self.options.duration))
                change_results.append(changes.result_of(process))
        self.add("q7", "Q1 without changes", self.service.name, connections, load.median(alone))
        row = load.median(with_changes) | {"changes": statistics.median(one["rate"] for one in change_results)}
        row["faults"] += sum(one["refused"] for one in change_results)
        # The costs of the changes cannot be separated from the costs of the queries.
        row |= {"server_us": None, "database_us": None, "statements": None}
        title = f"Q1 with {self.options.changes} changes a second"
        self.add("q7-changes", title, self.service.name, connections, row)

    def measure_with_expensive_requests(self):
        """Measures Q1 on one connection, without and with expensive requests of another client on 16 connections."""
        question = QUESTIONS["q1"]
        _, files = self.files("q1", question)
        expensive = self.folder / "greedy.bodies"
        expensive.write_text("\n".join(questions.bodies_of(questions.EXPENSIVE)) + "\n")
        headers = {"Content-Type": "application/json", **self.service.headers("greedy")}
        greedy = self.folder / "greedy.headers"
        greedy.write_text("".join(f"{name}: {value}\n" for name, value in headers.items()))
        alone, with_load, background_results = [], [], []
        for _ in range(self.options.rounds):
            alone.append(load.round_of(self.service, question, files, 1, self.options))
            seconds = self.options.duration + 2 * load.WARM_UP
            with load.in_background(self.service, (expensive, greedy, questions.NO_PAGE), GREEDY, seconds) as process:
                time.sleep(load.WARM_UP)
                with_load.append(load.run(self.service, files, 1, self.options.duration))
                background_results.append(load.result_of(process))
            load.settle(self.service)
        self.add("q8", "Q1 alone", self.service.name, 1, load.median(alone))
        row = load.median(with_load) | {"server_us": None, "database_us": None, "statements": None}
        self.add("q8-beside", f"Q1 with expensive requests on {GREEDY} connections", self.service.name, 1, row)
        answered = sum(one["requests"] for one in background_results) / len(background_results)
        say(f"{self.scale} {self.database}: expensive requests answered in a round: {answered:.0f}")

    def changing(self, targets):
        """Starts the process that makes changes for the time of a run."""
        process = changes.start(self.service, targets, self.options.changes, self.options.duration)
        self.stack.callback(process.kill)
        return process

    def versions(self):
        """Versions of the programs that were used."""
        found = (
            {"postgresql": self.cluster.version(), "shared_buffers": SETTINGS["shared_buffers"]} if self.cluster else {}
        )
        return found | (
            {"postgraphile": f"{self.rival.version}, {postgraphile.PROCESSES} processes"} if self.rival else {}
        )

    def add(self, key, title, contender, connections, measured):
        row = {"scale": self.scale, "database": self.database, "question": key, "title": title,
               "contender": contender, "connections": connections, **measured}  # fmt: skip
        self.rows.append(row)
        faults = f", {row['faults']} FAULTS" if row["faults"] else ""
        say(f"{self.scale} {self.database}: {title}: {contender} at {connections}: {row['rate']:.0f}/s{faults}")


def say(line):
    """Prints progress to standard error, separate from the report."""
    print(line, file=sys.stderr, flush=True)
