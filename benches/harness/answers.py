"""Compares the content of the responses of both engines, so that a fast but wrong response is detected."""

from .process import Failed


def of_service(document, data):
    """The comparable content of a response of cadre-api to a document."""
    if document == "q1":
        cadre = data["cadre"]
        return cadre["code"], cadre["unit"]["code"], len(cadre["qualifications"]), len(cadre["rotations"])
    if document == "q2":
        nodes = data["cadres"]["nodes"]
        held, moves = (sum(len(node[name]) for node in nodes) for name in ("qualifications", "rotations"))
        return sorted(node["code"] for node in nodes), held, moves
    if document == "q3":
        levels = data["unit"]["composition"]["levels"]
        counts = {level["level"] and level["level"]["code"]: level["count"] for level in levels}
        return {level: count for level, count in counts.items() if count}
    quotas = data["unit"]["quotas"]["nodes"]
    return len(quotas), sum(quota["seats"] for quota in quotas), sum(quota["used"] for quota in quotas)


def of_postgraphile(document, data):
    """The comparable content of a response of PostGraphile to a document."""
    if document == "q1":
        return of_person(data["cadreByCode"])
    if document == "q2":
        found = [of_person(node) for node in data["cadresHolding"]["nodes"]]
        return sorted(one[0] for one in found), sum(one[2] for one in found), sum(one[3] for one in found)
    if document == "q3":
        return {level["level"]: int(level["people"]) for level in data["composition"]["nodes"]}
    quotas = data["quotasBelow"]["nodes"]
    used = sum(quota["used"] for quota in quotas)
    return len(quotas), sum(quota["seats"] for quota in quotas), used


def of_person(cadre):
    unit = cadre["post"]["unitByUnitId"]["code"]
    return cadre["code"], unit, *(len(cadre[f"{of}ByCadreId"]["nodes"]) for of in ("qualifications", "rotations"))


def compare(question, service, rival):
    """Compares the responses of both engines to the same queries; each side is a session and its bodies."""
    (service_session, service_bodies), (rival_session, rival_bodies) = service, rival
    for one, other in list(zip(service_bodies, rival_bodies))[:20]:
        expected = of_service(question.document, service_session.data(one))
        actual = of_postgraphile(question.document, rival_session.data(other))
        if expected != actual:
            raise Failed(f"{question.title}: the engines do not agree: {expected} and {actual}\nto {one}")
