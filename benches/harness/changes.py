"""Changes at a steady rate, in a process of its own: `python -m harness.changes`, told on standard input what to do.

Half of the workers hand a seat of a quota on and give it back; the others record a result, which grants a qualification,
and take it back. Each works on objects of its own, so that the number of changes is limited by the service alone.
"""

import itertools
import json
import sys
import threading
import time
import uuid

from .http import Session

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
    """What is to be changed: quotas of districts with a commune below, and learners without a result."""
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
    """Makes its share of the changes, each at its time or at once when it is late."""

    def __init__(self, number, told):
        super().__init__(daemon=True)
        self.number, self.told = number, told
        self.session = Session(told["url"], told["headers"])
        self.done = self.refused = 0
        self.first_refusal = None

    def run(self):
        changes = self.seats() if self.number % 2 else self.results()
        pause = WORKERS / self.told["rate"]
        began = time.monotonic() + pause * self.number / WORKERS
        until = time.monotonic() + self.told["seconds"]
        is_taken_back = True
        for at in itertools.count():
            time.sleep(max(0, began + at * pause - time.monotonic()))
            if is_taken_back and time.monotonic() >= until:
                return
            is_taken_back = next(changes)

    def mine(self, of):
        """Objects of this worker alone, again and again; workers of a kind are every other one."""
        return itertools.cycle(of[self.number // 2 :: WORKERS // 2])

    def seats(self):
        """Says after each change whether nothing is left to be taken back; so the next round finds what this one did."""
        for quota, unit in self.mine(self.told["quotas"]):
            answer = self.act(ALLOCATE, {"quotaId": quota, "unitCode": unit, "seats": 1})
            yield not answer["child"]
            if answer["child"]:
                self.act(RETURN, {"quotaId": answer["child"]["id"], "seats": 1})
                yield True

    def results(self):
        """The same of results."""
        for learner in self.mine(self.told["learners"]):
            self.act(COMPLETE, {"enrolmentId": learner, "passed": True, "completedOn": "2024-12-31"})
            yield False
            self.act(REVOKE, {"enrolmentId": learner, "reason": "benchmark"})
            yield True

    def act(self, document, given):
        answer = self.session.ask(document, {"input": {"idempotencyKey": str(uuid.uuid4()), **given}})["act"]
        self.done += not answer["userErrors"]
        self.refused += bool(answer["userErrors"])
        self.first_refusal = self.first_refusal or next(iter(answer["userErrors"]), None)
        return answer


def main():
    told = json.load(sys.stdin)
    began = time.monotonic()
    workers = [Worker(number, told) for number in range(WORKERS)]
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
