"""Queries over HTTP, one at a time: for preparation and checks, never for measurements."""

import base64
import http.client
import json
import urllib.parse

from .process import Failed


class Session:
    """A persistent connection to a server."""

    def __init__(self, url, headers=None):
        parts = urllib.parse.urlsplit(url)
        self.path = parts.path
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)

    def post(self, body):
        """Status and body of the response to a request body."""
        try:
            return self.exchange(body)
        except (ConnectionError, http.client.RemoteDisconnected):
            # A server closes idle connections; the next request opens a new one.
            self.connection.close()
            return self.exchange(body)

    def exchange(self, body):
        self.connection.request("POST", self.path, body, self.headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def ask(self, document, variables):
        """The data of the response to a query; fails if it contains errors."""
        return self.data(json.dumps({"query": document, "variables": variables}))

    def data(self, body):
        """The data of the response to a request body; fails if it contains errors."""
        status, answer = self.post(body)
        parsed = json.loads(answer)
        if status != 200 or parsed.get("errors"):
            raise Failed(f"{self.path} answers {status}: {answer[:1000].decode(errors='replace')}\nto {body[:2000]}")
        return parsed["data"]


def is_answered(url):
    """Whether a server responds with status 200."""
    return text_of(url) is not None


def text_of(url):
    """The body of a response with status 200; None for another status or no response."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def token(url, client):
    """An access token for a client, from the token endpoint."""
    secret = base64.b64encode(":".join(client).encode()).decode()
    headers = {"Authorization": f"Basic {secret}", "Content-Type": "application/x-www-form-urlencoded"}
    session = Session(f"{url}/oauth/token", headers)
    status, answer = session.post("grant_type=client_credentials")
    if status != 200:
        raise Failed(f"no token: {status} {answer.decode(errors='replace')}")
    return json.loads(answer)["access_token"]
