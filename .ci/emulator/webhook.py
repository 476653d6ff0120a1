"""Stands in for the API's webhook route: passes the requests that arrive on loopback to the deployed handler."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from failure import require
from gateway import Request
from processes import LOMI_KEY, get

ROUTE = "POST /webhooks/lomi"


class Receiver:
    """Listens from the start, because the sender must know its address; answers 503 until it knows the functions."""

    def __init__(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                status = receiver.deliver(dict(self.headers), body)
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.functions, self.answers = None, []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d/webhooks/lomi" % self.server.server_port

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def deliver(self, headers, body):
        """Returns the status for lomi; an error is also reported to the caller that waits for the answers."""
        if self.functions is None:
            return 503
        try:
            answer = self.functions.send("webhook-handler", Request(ROUTE, "/webhooks/lomi", headers, body))
        except Exception as trouble:
            self.answers.append(trouble)
            return 503
        self.answers.append(answer)
        return answer.status


def register(made, functions, url, lomi_url):
    """With the owner's lomi key the stack creates its webhook and stores the secret, which lomi shows once."""
    status = made.output("WebhookStatus")
    require(status == "waiting_for_key", f"the deployment ended with WebhookStatus {status}, before any key was there")
    answer = functions.invoke("webhook-endpoint", {"Url": url})
    require(answer["Status"] == "registered", f"webhook-endpoint answered {answer}")
    urls = [endpoint["url"] for endpoint in get(f"{lomi_url}/webhooks", LOMI_KEY)]
    require(urls == [url], f"lomi. knows these webhooks: {urls}")
