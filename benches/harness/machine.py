"""Facts of the machine, without which no number means anything."""

import os
import platform
import shutil
import subprocess
import time
from pathlib import Path

from .options import ROOT
from .process import Failed


def facts():
    """What the numbers were measured on and of."""
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "commit": said("git", "-C", ROOT, "rev-parse", "HEAD") + (", changed" if changed() else ""),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "kernel": platform.release(),
        "load_before": os.getloadavg()[0],
        "rustc": said("rustc", "--version"),
        "wrk": (said("wrk", "-v").split(" [")[0]),
        "python": platform.python_version(),
    }


def changed():
    return bool(said("git", "-C", ROOT, "status", "--porcelain"))


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def said(*args):
    """What a program says of itself, on either output; nothing where it is not there."""
    if not shutil.which(args[0]):
        return ""
    done = subprocess.run([str(arg) for arg in args], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() if args[0] == "wrk" else done.stdout.strip()


def demand():
    """Fails early where something is missing."""
    if platform.system() != "Linux":
        raise Failed("the benchmark reads what processes cost from /proc: it runs on Linux")
    for program in ("cargo", "wrk"):
        if not shutil.which(program):
            raise Failed(f"{program} is not installed (Debian: apt install {program})")
