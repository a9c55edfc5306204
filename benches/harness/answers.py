"""What an answer says, in the same words for both engines, so that a fast wrong answer is told."""

from .process import Failed


def of_service(document, data):
    """The content of an answer of cadre-api, by its document."""
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
    """The same of an answer of PostGraphile."""
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
    """Holds the answers of both to the same questions against each other; each side is a session and its bodies."""
    (ours, asked), (theirs, likewise) = service, rival
    for one, other in list(zip(asked, likewise))[:20]:
        said = of_service(question.document, ours.data(one))
        also = of_postgraphile(question.document, theirs.data(other))
        if said != also:
            raise Failed(f"{question.title}: the engines do not agree: {said} and {also}\nto {one}")
