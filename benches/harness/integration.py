"""What integration costs: responses that the client already has, compression, exports, and following the feed."""

import contextlib
import signal
import sys
import tempfile
from pathlib import Path

from . import conditional, embargo, export, feed, machine, options, population, report
from .options import SCALES
from .postgres import Cluster
from .process import Failed
from .questions import NARROW, NATION
from .service import Service
from .stage import say


def main(arguments=None):
    """Runs the measurements of the chosen scales and databases, and returns the exit status."""
    # On SIGTERM, the started processes are stopped, as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = options.read_integration(arguments)
    try:
        machine.check_requirements("cargo", "wrk", "curl")
        run(chosen)
    except Failed as failure:
        say(f"benches/integration: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run(chosen):
    """Prints a table for each kind of measurement, scale and database."""
    chosen.cache.mkdir(parents=True, exist_ok=True)
    program = chosen.program or population.build("cadre-api", chosen.target)
    generator = population.build("population", chosen.target)
    print(report.facts(machine.facts()))
    for scale in chosen.scale:
        bundle, _ = population.population(generator, chosen.cache, SCALES[scale], chosen.seed)
        for database in chosen.database:
            with contextlib.ExitStack() as stack:
                say(f"{scale} {database}: import")
                service = prepare(chosen, program, bundle, database, stack)
                for kind, rows in measurements(chosen, service, bundle, SCALES[scale]):
                    rows = [{"scale": scale, "database": database, **row} for row in rows]
                    print(report.table(kind.COLUMNS, rows), flush=True)


def prepare(chosen, program, bundle, database, stack):
    """A running service; `stack` stops it."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="run-", dir=chosen.cache)))
    cluster = stack.enter_context(Cluster()) if database == "postgres" else None
    service = Service(program, folder, cluster)
    stack.callback(service.stop)
    service.prepare(bundle)
    service.register("nation", NATION)
    service.register("province", NARROW)
    service.start()
    return service


def measurements(chosen, service, bundle, cadres):
    """The chosen measurements, one after another."""
    if "conditional" in chosen.parts:
        yield conditional, conditional.measure(chosen, service)
    if "embargo" in chosen.parts:
        yield embargo, embargo.measure(service)
    if "export" in chosen.parts:
        yield export, export.measure(service)
    if "feed" in chosen.parts:
        yield feed, feed.measure(service, bundle, cadres)
