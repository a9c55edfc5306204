"""Facts of the machine, which are necessary to interpret the numbers."""

import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

from .options import ROOT
from .process import Failed


def facts():
    """The machine and the versions that were measured."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": output_of("git", "-C", ROOT, "rev-parse", "HEAD") + (", changed" if changed() else ""),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "rustc": output_of("rustc", "--version"),
        "wrk": (output_of("wrk", "-v").split(" [")[0]),
        "python": platform.python_version(),
    }


def changed():
    return bool(output_of("git", "-C", ROOT, "status", "--porcelain"))


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def output_of(*args):
    """The output of a program, such as its version; empty if it is not installed."""
    if not shutil.which(args[0]):
        return ""
    done = subprocess.run([str(arg) for arg in args], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() if args[0] == "wrk" else done.stdout.strip()


def check_requirements(*programs):
    """Fails early if one of the programs is missing."""
    if platform.system() != "Linux":
        raise Failed("the benchmark reads what processes cost from /proc: it runs on Linux")
    for program in programs:
        if not shutil.which(program):
            raise Failed(f"{program} is not installed (Debian: apt install {program})")
