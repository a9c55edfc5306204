"""Processes: started with a log file, always stopped, and measured through the kernel."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A requirement of the benchmark failed; the text explains the failure to the user."""


class Background:
    """A process that runs in the background, until the end of its `with` block."""

    def __init__(self, args, log, env=None, user=None, stop_signal=signal.SIGTERM):
        self.log = Path(log)
        self.stop_signal = stop_signal
        with self.log.open("ab") as out:
            # A separate group: Ctrl-C at the terminal reaches only the benchmark, which then stops this process.
            self.process = subprocess.Popen(
                [str(arg) for arg in args],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=env,
                cwd="/" if user else None,
                start_new_session=True,
                **identity(user),
            )
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Stops the process with its stop signal, or kills it after a minute."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def wait_until(self, is_ready, seconds=60, pause=0.002):
        """Waits until the process is ready, and returns the seconds; fails if it ends or takes too long."""
        began = time.monotonic()
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() - began > seconds:
                raise Failed(f"{self.process.args[0]} does not answer:\n{tail(self.log)}")
            time.sleep(pause)
        return time.monotonic() - began

    def cpu(self):
        """CPU seconds of the process and its children."""
        return cpu(self.pid)

    def memory(self, field):
        """Memory of the process and its children in MB: `VmRSS` is the current amount, `VmHWM` the peak."""
        return memory(self.pid, field)

    def reset_peak(self):
        """Resets the peak of the memory to the current amount."""
        reset_peak(self.pid)


def identity(user):
    """Arguments of `subprocess` to run a command as another user; empty without a user."""
    return {"user": user[0], "group": user[1], "extra_groups": []} if user else {}


def tail(log, characters=2000):
    """The end of a log."""
    return Path(log).read_text(errors="replace")[-characters:]


@dataclass
class Cost:
    """The cost of a command: elapsed seconds, CPU seconds and peak memory of its process."""

    seconds: float
    cpu: float
    peak_mb: float


def run_measured(args, log, env=None):
    """Runs a command to its end and returns its cost."""
    began, peak, spent = time.monotonic(), 0.0, 0.0
    with Background(args, log, env) as command:
        # Not by getrusage, whose peak includes the peak of the parent process.
        while command.process.poll() is None:
            found = stat(command.pid)
            peak = max(peak, memory_of(command.pid, "VmHWM"))
            spent = found[1] if found else spent
            time.sleep(0.005)
        seconds = time.monotonic() - began
        if command.process.returncode != 0:
            raise Failed(f"{args[0]} {args[1]} failed:\n{tail(log)}")
    return Cost(seconds, spent, peak)


def output(args, env=None, text=None):
    """The output of a command; fails with its error output."""
    done = subprocess.run([str(arg) for arg in args], env=env, input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(str(arg) for arg in args[:3])} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def stat(pid):
    """Parent, own CPU seconds, and CPU seconds of ended children; None if the process has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICK, (int(fields[13]) + int(fields[14])) / TICK


def family(pid):
    """A process and its running children."""
    all_of_them = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return [pid] + [other for other in all_of_them if (found := stat(other)) and found[0] == pid]


def cpu(pid):
    """CPU seconds of a process and its children, including ended ones."""
    while True:
        before = stat(pid)
        living = sum(found[1] for child in family(pid)[1:] if (found := stat(child)))
        own = stat(pid)
        if own is None:
            raise Failed(f"process {pid} has ended")
        # A child that ended between the two readings would be counted twice or not at all, so the reading is repeated.
        if before and before[2] == own[2]:
            return own[1] + own[2] + living


def memory(pid, field):
    """Memory of a process and its children in MB: `VmRSS` is the current amount, `VmHWM` the peak."""
    return sum(memory_of(member, field) for member in family(pid))


def memory_of(pid, field):
    """Memory of one process in MB; 0 if it has just ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field + ":")), 0.0)


def reset_peak(pid):
    """Resets the peak of the memory (proc(5), clear_refs), so that it is measured for each query separately."""
    for member in family(pid):
        try:
            Path(f"/proc/{member}/clear_refs").write_text("5")
        except OSError:
            continue  # The process ended, or the kernel does not support this: the peak is then since the start.
