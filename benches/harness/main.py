"""The whole road: build, populate, prepare, ask, report."""

import contextlib
import signal
import sys
import time

from . import machine, options, population, report
from .options import SCALES
from .process import Failed
from .stage import Stage, say


def main(arguments=None):
    """Runs the benchmark; the status for the shell."""
    # Ended politely, it ends what it started like at a Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked = options.read(arguments)
    try:
        machine.demand()
        print(run(asked))
    except Failed as failure:
        say(f"benches/run: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run(asked):
    """Measures all scales and databases; the report grows with each, so that nothing is lost when a later one fails."""
    folder = asked.out or asked.cache / time.strftime("report-%Y%m%d-%H%M%S")
    asked.cache.mkdir(parents=True, exist_ok=True)
    results = {"machine": machine.facts() | settings(asked), "prepared": [], "rows": []}
    program = asked.program or population.build("cadre-api", asked.target)
    generator = population.build("population", asked.target)
    text = ""
    for scale in asked.scale:
        cadres = SCALES[scale]
        bundle, spent = population.population(generator, asked.cache, cadres, asked.seed)
        say(f"{scale}: population in {spent.seconds:.1f} s with {spent.peak_mb:.0f} MB")
        for database in asked.database:
            with contextlib.ExitStack() as stack:
                stage = Stage(asked, scale, database, program, stack)
                prepared, rows = stage.run(bundle, cadres)
                results["machine"] |= stage.versions()
            results["prepared"].append(prepared)
            results["rows"] += rows
            text = report.write(folder, results)
    say(f"the report is in {folder}")
    return text


def settings(asked):
    """What was asked for, as far as numbers depend on it."""
    return {"rounds": asked.rounds, "seconds_of_a_round": asked.duration, "seed": asked.seed}
