"""Measures each release binary: its size, and the time from starting the process to its first Runtime API poll.

usage: startup.py FOLDER NAME...        fails above 6 MB, or when nine starts in ten take longer than 3 ms

The fastest tenth is what the program itself costs; the median also holds what else the machine was doing, so it is
printed and not judged.
"""
import os
import socket
import statistics
import subprocess
import sys
import time

MAX_BYTES = 6_000_000
MAX_MS = 3.0
RUNS = 101
TIMEOUT_S = 10

NOWHERE = "http://127.0.0.1:1"
ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "measured",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_LOG_GROUP_NAME": "group",
    "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "id",
    "AWS_SECRET_ACCESS_KEY": "key",
    "AWS_ENDPOINT_URL_DYNAMODB": NOWHERE,
    "AWS_ENDPOINT_URL_SECRETS_MANAGER": NOWHERE,
    "TABLE_NAME": "table",
    "ENVIRONMENT": "sandbox",
    "ALLOWED_ORIGINS": "https://shop.example",
    "LOMI_BASE_URL": "https://sandbox.api.lomi.africa",
    "LOMI_SECRET_KEY_ID": "lomi-key",
    "LOMI_WEBHOOK_SECRET_ID": "webhook-secret",
    "CART_TOKEN_SECRET_ID": "cart-token-key",
}


def first_poll_ms(binary):
    with socket.create_server(("127.0.0.1", 0)) as api:
        api.settimeout(TIMEOUT_S)
        environment = {**ENVIRONMENT, "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % api.getsockname()[1]}
        start = time.perf_counter()
        with subprocess.Popen([binary], env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                connection, _ = api.accept()
                with connection:
                    connection.settimeout(TIMEOUT_S)
                    request = connection.recv(4096)
                    elapsed_ms = (time.perf_counter() - start) * 1000
            finally:
                process.kill()
    if b"/runtime/invocation/next" not in request:
        sys.exit(f"{binary} did not poll")
    return elapsed_ms


def main(folder, names):
    failed = False
    for name in names:
        binary = os.path.join(folder, name)
        size = os.path.getsize(binary)
        times_ms = sorted(first_poll_ms(binary) for _ in range(RUNS))
        fast_ms, median_ms = times_ms[RUNS // 10], statistics.median(times_ms)
        ok = size <= MAX_BYTES and fast_ms <= MAX_MS
        failed |= not ok
        print(f"{'ok' if ok else 'TOO MUCH':8} {name:26} {size / 1e6:5.2f} MB   "
              f"first poll {fast_ms:5.2f} ms (fastest tenth), {median_ms:5.2f} ms (median of {RUNS})")
    sys.exit(1 if failed else 0)


main(sys.argv[1], sys.argv[2:])
