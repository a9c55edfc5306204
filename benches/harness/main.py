"""The complete benchmark: build, populate, prepare, measure, report."""

import contextlib
import signal
import sys
import time

from . import machine, options, population, report
from .options import SCALES
from .process import Failed
from .stage import Stage, say


def main(arguments=None):
    """Runs the benchmark, and returns the exit status."""
    # On SIGTERM, the started processes are stopped, as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = options.read(arguments)
    try:
        machine.check_requirements("cargo", "wrk")
        print(run(chosen))
    except Failed as failure:
        say(f"benches/run: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run(chosen):
    """Measures all scales and databases. The report is written after each, so that it survives a later failure."""
    folder = chosen.out or chosen.cache / time.strftime("report-%Y%m%d-%H%M%S")
    chosen.cache.mkdir(parents=True, exist_ok=True)
    results = {"machine": machine.facts() | settings(chosen), "prepared": [], "rows": []}
    program = chosen.program or population.build("cadre-api", chosen.target)
    generator = population.build("population", chosen.target)
    text = ""
    for scale in chosen.scale:
        cadres = SCALES[scale]
        bundle, spent = population.population(generator, chosen.cache, cadres, chosen.seed)
        say(f"{scale}: population in {spent.seconds:.1f} s with {spent.peak_mb:.0f} MB")
        for database in chosen.database:
            with contextlib.ExitStack() as stack:
                stage = Stage(chosen, scale, database, program, stack)
                prepared, rows = stage.run(bundle, cadres)
                results["machine"] |= stage.versions()
            results["prepared"].append(prepared)
            results["rows"] += rows
            text = report.write(folder, results)
    say(f"the report is in {folder}")
    return text


def settings(chosen):
    """The options on which the numbers depend."""
    return {"rounds": chosen.rounds, "seconds_of_a_round": chosen.duration, "seed": chosen.seed}
