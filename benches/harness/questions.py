"""The measured queries: documents with random variables, chosen from the codes of the population."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .process import Failed

DOCUMENTS = Path(__file__).resolve().parents[1] / "questions"
NATION = "VN"
# The province of the client with a narrow reach.
NARROW = "P0001"
HELD = [("POLITICAL_THEORY", "INTERMEDIATE"), ("STATE_MANAGEMENT", "SPECIALIST"), ("PROFESSIONAL", "UNIVERSITY")]
PAST = "2020-06-30"
FIVE_YEARS = {"from": "2020-01-01", "before": "2025-01-01"}
# Numbers of variables: large enough that caches rarely contain the response, and small enough to check all responses.
MANY, SOME = 10_000, 600


class Draw:
    """Chooses random codes of the population; land.rs and person.rs in benches/population define the codes."""

    def __init__(self, cadres, seed):
        self.random = random.Random(seed)
        self.cadres = cadres
        self.provinces = -(-cadres // 10_000)
        self.names = []

    def cadre(self):
        return f"C{self.random.randint(1, self.cadres):08}"

    def province(self):
        return f"P{self.random.randint(1, self.provinces):04}"

    def district(self):
        return f"{self.province()}-H{self.random.randint(1, 3):02}"

    def commune(self, district=None):
        return f"{district or self.district()}-X{self.random.randint(1, 8):02}"

    def held(self):
        subject, level = self.random.choice(HELD)
        return {"subject": subject, "level": level}

    def read_names(self, bundle):
        """Reads family and given names of the population; about twenty people in a province share both."""
        with (bundle / "cadres.csv").open(encoding="utf-8") as rows:
            next(rows)
            names = [row.split(",")[2].split() for row, _ in zip(rows, range(MANY))]
        self.names = [f"{name[0]} {name[-1]}" for name in names]


def one_cadre(draw, _):
    return [{"code": draw.cadre()} for _ in range(MANY)]


def pages(draw, _):
    units = [draw.commune, draw.province, lambda: NATION]
    return [{"unit": units[at % 3](), **draw.held()} for at in range(SOME)]


def compositions(unit, day=None):
    """Compositions of random units of one size, or of all sizes."""

    def drawn(draw, _):
        sizes = {"leaf": [draw.commune], "province": [draw.province], "root": [lambda: NATION]}
        units = sizes.get(unit) or [of for one in sizes.values() for of in one]
        rows = [(units[at % len(units)](), HELD[at % len(HELD)][0]) for at in range(SOME)]
        return [{"unit": code, "subject": subject, "day": day} for code, subject in rows]

    return drawn


def quotas(draw, _):
    return [{"unit": draw.district(), "year": draw.random.randint(2022, 2026)} for _ in range(SOME)]


def flows(draw, _):
    return [{"unit": draw.province(), **FIVE_YEARS} for _ in range(SOME)]


def searches(draw, _):
    return [{"unit": draw.province(), "name": draw.random.choice(draw.names)} for _ in range(SOME)]


def cadres_of_province(_, session):
    """Codes of people that the client of a province can see, read by this client because some have moved away."""
    document = "query($after: String) { cadres(first: 100, after: $after) { pageInfo { endCursor } nodes { code } } }"
    found, after = [], None
    while len(found) < SOME:
        page = session.ask(document, {"after": after})["cadres"]
        found += [{"code": node["code"]} for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if after is None:
            break
    return found


def pages_of_province(draw, _):
    district = f"{NARROW}-H01"
    units = [lambda: draw.commune(district), lambda: district, lambda: NARROW]
    return [{"unit": units[at % 3](), **draw.held()} for at in range(SOME)]


@dataclass(frozen=True)
class Question:
    """A query: title, document, function that chooses its variables, and text that only an empty response contains."""

    title: str
    document: str
    draw: Callable
    empty: str
    client: str = "nation"

    def text(self):
        """The document for cadre-api."""
        return (DOCUMENTS / f"{self.document}.graphql").read_text()


# The most expensive requests within the limit of an operation, each expensive for a different reason.
EXPENSIVE = [
    "{ cadres(orderBy: [{field: UNIT}], first: 100) { nodes { code } } }",
    "{ "
    + " ".join(
        f'a{at}: cadres(where: {{holds: {{subject: "PROFESSIONAL", atLeast: "UNIVERSITY"}}, gender: FEMALE}}, first: 1) '
        "{ totalCount(max: 1000000) { value } }"
        for at in range(6)
    )
    + " }",
    '{ unit(by: {code: "VN"}) { '
    + " ".join(f'a{at}: composition(subject: "PROFESSIONAL", asOf: "20{10 + at}-03-31") {{ total }}' for at in range(6))
    + " } }",
    "{ "
    + " ".join(
        f'a{at}: cadres(search: "nguyen an", first: 1) {{ totalCount(max: 1000000) {{ value }} }}' for at in range(9)
    )
    + " }",
]


def bodies_of(documents):
    """Request bodies without variables."""
    return [json.dumps({"query": document}) for document in documents]


NO_CADRE, NO_UNIT, NO_PAGE = '"cadre":null', '"unit":null}}', '"endCursor":null'
QUESTIONS = {
    "q1": Question("a cadre with qualifications and rotations", "q1", one_cadre, NO_CADRE),
    "q2": Question("a page of 50 of a subtree by highest level", "q2", pages, NO_PAGE),
    "q3-leaf": Question("composition of a commune", "q3", compositions("leaf"), NO_UNIT),
    "q3-province": Question("composition of a province", "q3", compositions("province"), NO_UNIT),
    "q3-root": Question("composition of the nation", "q3", compositions("root"), NO_UNIT),
    "q3-past": Question("composition on a past day, all sizes", "q3", compositions("all", PAST), NO_UNIT),
    "q4": Question("quotas of a district and its communes", "q4", quotas, '"nodes":[]'),
    "q5": Question("rotation flows of a province over five years", "q5", flows, '"rotationFlows":[]'),
    "q6": Question("search by name in a province", "q6", searches, NO_PAGE),
    "q1p": Question("Q1 for the client of a province", "q1", cadres_of_province, NO_CADRE, "province"),
    "q2p": Question("Q2 for the client of a province", "q2", pages_of_province, NO_PAGE, "province"),
}


def bodies(document, variables):
    """Distinct request bodies, in the order of their variables."""
    return list(dict.fromkeys(json.dumps({"query": document, "variables": drawn}) for drawn in variables))


def check(session, question, asked, empty):
    """Sends some of the bodies; each response must have content and no errors. Returns their average size in bytes."""
    sample = asked[:: max(1, len(asked) // 200)]
    sizes = []
    for body in sample:
        status, answer = session.post(body)
        text = answer.decode()
        if status != 200 or '"errors"' in text or empty in text:
            raise Failed(f"{question.title}: {status} {text[:1000]}\nto {body[:1500]}")
        sizes.append(len(answer))
    return sum(sizes) / len(sizes)
