"""Makes changes at a steady rate, in a separate process: `python -m harness.changes`. Standard input contains the task.

Half of the workers allocate a seat of a quota and return it; the others record a result, which grants a qualification,
and revoke it. Each worker changes different objects, so that only the service limits the number of changes.
"""

import itertools
import json
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

from .http import Session
from .process import Failed

WORKERS = 16
YEAR = 2026
QUOTAS = "query($unit: String!, $year: Int!) { unit(by: {code: $unit}) { quotas(year: $year) { nodes { id } } } }"
LEARNERS = """query($class: String!) {
  trainingClass(by: {code: $class}) { enrolments(first: 100) { nodes { id state } } }
}"""
ALLOCATE = """mutation($input: QuotaAllocateInput!) {
  act: quotaAllocate(input: $input) { child { id } userErrors { code message } }
}"""
RETURN = "mutation($input: QuotaReturnInput!) { act: quotaReturn(input: $input) { userErrors { code message } } }"
COMPLETE = """mutation($input: EnrolmentCompleteInput!) {
  act: enrolmentComplete(input: $input) { userErrors { code message } }
}"""
REVOKE = """mutation($input: EnrolmentRevokeInput!) {
  act: enrolmentRevoke(input: $input) { userErrors { code message } }
}"""


def objects(session, draw):
    """The objects to change: quotas of districts with a commune below, and learners without a result."""
    quotas, learners = [], []
    for number in range(1, min(draw.provinces, 10) + 1):
        province = f"P{number:04}"
        for district in (f"{province}-H{at:02}" for at in range(1, 4)):
            found = session.ask(QUOTAS, {"unit": district, "year": YEAR})["unit"]["quotas"]["nodes"]
            quotas += [(node["id"], f"{district}-X01") for node in found]
        found = session.ask(LEARNERS, {"class": f"L-{province}-2024-LLCT_TC-5"})["trainingClass"]
        learners += [node["id"] for node in found["enrolments"]["nodes"] if node["state"] == "ATTENDING"]
    return {"quotas": quotas, "learners": learners}


class Worker(threading.Thread):
    """Makes its share of the changes, each at its scheduled time, or at once if that time has passed."""

    def __init__(self, number, task):
        super().__init__(daemon=True)
        self.number, self.task = number, task
        self.session = Session(task["url"], task["headers"])
        self.done = self.refused = 0
        self.first_refusal = None

    def run(self):
        changes = self.seats() if self.number % 2 else self.results()
        pause = WORKERS / self.task["rate"]
        began = time.monotonic() + pause * self.number / WORKERS
        until = time.monotonic() + self.task["seconds"]
        is_undone = True
        for at in itertools.count():
            time.sleep(max(0, began + at * pause - time.monotonic()))
            if is_undone and time.monotonic() >= until:
                return
            is_undone = next(changes)

    def own_objects(self, of):
        """Repeats the objects of this worker without end. The two kinds of workers alternate."""
        return itertools.cycle(of[self.number // 2 :: WORKERS // 2])

    def seats(self):
        """Allocates and returns seats. Yields after each change whether all changes are undone."""
        for quota, unit in self.own_objects(self.task["quotas"]):
            answer = self.send(ALLOCATE, {"quotaId": quota, "unitCode": unit, "seats": 1})
            yield not answer["child"]
            if answer["child"]:
                self.send(RETURN, {"quotaId": answer["child"]["id"], "seats": 1})
                yield True

    def results(self):
        """Records and revokes results. Yields after each change whether all changes are undone."""
        for learner in self.own_objects(self.task["learners"]):
            self.send(COMPLETE, {"enrolmentId": learner, "passed": True, "completedOn": "2024-12-31"})
            yield False
            self.send(REVOKE, {"enrolmentId": learner, "reason": "benchmark"})
            yield True

    def send(self, document, fields):
        answer = self.session.ask(document, {"input": {"idempotencyKey": str(uuid.uuid4()), **fields}})["act"]
        self.done += not answer["userErrors"]
        self.refused += bool(answer["userErrors"])
        self.first_refusal = self.first_refusal or next(iter(answer["userErrors"]), None)
        return answer


def start(service, targets, rate, seconds):
    """Starts the process that makes changes, and waits until it has begun."""
    task = {"url": service.graphql, "headers": service.headers(), "rate": rate, "seconds": seconds, **targets}
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process.stdin.write(json.dumps(task))
    process.stdin.close()
    process.stdout.readline()
    return process


def result_of(process):
    """The result of the process that makes changes, after its end."""
    result, error = process.stdout.read(), process.stderr.read()
    if process.wait() != 0:
        raise Failed(f"changes failed:\n{error[-2000:]}")
    return json.loads(result)


def main():
    task = json.load(sys.stdin)
    began = time.monotonic()
    workers = [Worker(number, task) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    print("begun", flush=True)
    for worker in workers:
        worker.join()
    seconds = time.monotonic() - began
    refusals = [worker.first_refusal for worker in workers if worker.first_refusal]
    done, refused = sum(worker.done for worker in workers), sum(worker.refused for worker in workers)
    print(json.dumps({"rate": done / seconds, "refused": refused, "first_refusal": refusals[:1]}))


if __name__ == "__main__":
    main()
