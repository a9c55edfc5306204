"""Receives announcements of changes, verifies their signature, and reads the change feed.

Usage: WEBHOOK_SECRET=whsec_... python3 webhook_receiver.py PORT
"""

import base64
import hashlib
import hmac
import http.server
import os
import sys
import time

TOLERANCE = 5 * 60
LONGEST_BODY = 10_000


def is_signed(secret, headers, body):
    """Whether one of the signatures of version 1 is right, and the message is not old."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    signatures = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(signature.encode(), f"v1,{expected}".encode()) for signature in signatures)


def read_feed():
    """Replace this by code that reads `changes` with the stored cursor until there are no more."""
    print("there may be changes", flush=True)


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > LONGEST_BODY:
            self.answer(413)
        elif is_signed(os.environ["WEBHOOK_SECRET"], self.headers, self.rfile.read(length)):
            self.answer(204)
            read_feed()
        else:
            self.answer(401)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    with http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver) as server:
        print(f"listens on http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()
