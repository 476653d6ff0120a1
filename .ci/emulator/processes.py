"""The two servers that the run needs, on loopback: the emulator of AWS and the lomi simulator."""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from failure import Failure

START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 10
REGION = "eu-west-3"
# The emulator treats this key as the account's owner and enforces the IAM policies of every other key.
OWNER = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
}


# A merchant's key that the lomi simulator knows from its start.
LOMI_KEY = "lomi_sk_test_sim_a"


class Server:
    """A child process with a log file. Its whole group ends with the `with` block."""

    def __init__(self, name, command, environment, log):
        self.name, self.command, self.environment, self.log = name, command, environment, log

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, start_new_session=True)
        return self

    def __exit__(self, *_):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
                self.process.wait(STOP_TIMEOUT_S)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.process.wait(STOP_TIMEOUT_S)

    def wait_until(self, ready):
        """Waits for the first result of `ready`."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            answer = ready()
            if answer:
                return answer
            time.sleep(0.1)
        raise Failure(f"{self.name} did not start within {START_TIMEOUT_S} s; it said:\n{self.text()[-2000:]}")

    def text(self):
        """Its log; empty before its start."""
        if not os.path.exists(self.log):
            return ""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def complaints(self, lines=15):
        """The last error lines, without those about trial resources."""
        return [line for line in self.text().splitlines() if "ERROR" in line and " Probe " not in line][-lines:]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def emulator(folder):
    """MiniStack with IAM enforced; everything that it writes is below `folder`. Returns the server and its address."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    environment = {
        **OWNER,
        "PATH": os.environ["PATH"],
        "HOME": folder,
        "TMPDIR": folder,
        "STATE_DIR": os.path.join(folder, "state"),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        # The functions inherit these; they call no other AWS service.
        "AWS_ENDPOINT_URL_DYNAMODB": endpoint,
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": endpoint,
    }
    command = [os.path.join(os.path.dirname(sys.executable), "ministack")]
    return Server("the emulator", command, environment, os.path.join(folder, "emulator.log")), endpoint


def is_up(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def lomi(binary, folder):
    """The lomi simulator, without a webhook."""
    if not shutil.which(binary):
        raise Failure(f"there is no {binary}: cargo build -p lomi-sandbox")
    command = [binary, "--listen", "127.0.0.1:0"]
    return Server("lomi-sandbox", command, {}, os.path.join(folder, "lomi.log"))


def lomi_address(server):
    """The simulator's address, from its own output."""
    found = re.search(r"http://127\.0\.0\.1:\d+", server.text())
    return found and found.group()


def get(url, key):
    """lomi's answer to a request with this key."""
    request = urllib.request.Request(url, headers={"x-api-key": key})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def post(url, body):
    """A JSON answer of the simulator's control API."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def left_over(folder):
    """Processes whose program is below `folder`: functions that outlived the emulator."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/exe").startswith(folder + os.sep):
                found.append(int(pid))
        except OSError:
            continue
    return found


def end_left_over(folder):
    """Ends the processes that the emulator left; returns the number of those that survive."""
    for pid in left_over(folder):
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while left_over(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(left_over(folder))
