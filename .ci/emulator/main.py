"""Deploys the built stack to an emulator of AWS and buys orders through it. See README.md."""
import argparse
import os
import signal
import sys
import tempfile
import time

import gaps
import purchase
import stack
import template
import webhook
from botocore.exceptions import BotoCoreError, ClientError
from failure import Failure
from gateway import Functions
from processes import LOMI_KEY, emulator, end_left_over, is_up, lomi, lomi_address

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PARAMETERS = {"AllowedOrigins": purchase.SHOP, "LomiPublishableKey": "lomi_pk_test_sim_a"}
MISTAKES = [
    ("AllowedOrigins", "*"),
    ("AllowedOrigins", "http://shop.example"),
    ("AllowedOrigins", f"{purchase.SHOP},https://shop.example/path"),
    ("AlarmEmail", "nobody"),
    ("LomiPublishableKey", LOMI_KEY),
    ("PublicBaseUrl", "http://pay.shop.example"),
    ("WebhookReservedConcurrency", "-1"),
]


def step(sentence, work, *arguments):
    """Does `work` and prints how long it took."""
    before = time.monotonic()
    result = work(*arguments)
    print(f"ok   {sentence} ({time.monotonic() - before:.1f} s)", flush=True)
    return result


def deployed(aws, options, folder):
    """The stack, the main template as deployed, and the changes that were necessary."""
    source = os.path.dirname(os.path.abspath(options.template))
    main = template.read(options.template)
    children = {name: template.read(path) for name, path in template.nested(main, source).items()}
    lines = step("what the emulator refuses is tried", gaps.adapt, main, children, aws.cloudformation)
    for name, child in children.items():
        saved = template.save(child, os.path.join(folder, f"{name}.json"))
        main["Resources"][name]["Properties"]["TemplateURL"] = saved
    path = template.lay_out(main, source, options.binaries, folder)
    step("sam deploy of the built stack", stack.deploy, aws, path, PARAMETERS)
    made = stack.Stack(aws)
    made.require_complete(name for name, body in main["Resources"].items() if "Condition" not in body)
    return made, main, lines


def settle(made, functions, lomi_url):
    """The steps between a deployment and the first sale."""
    made.stop_schedules()
    made.put_secret("LomiSecretKey", LOMI_KEY)
    for binary in functions.names:
        functions.set_variable(binary, "LOMI_BASE_URL", lomi_url)


def refuse_mistakes(made):
    for name, value in MISTAKES:
        made.require_refused(name, value)


def observed(aws, made, main, bus):
    """One line per gap of the emulator that the sales have shown."""
    return [
        *gaps.of_api(aws.apigatewayv2, template.routes(main)),
        *gaps.of_logs(aws.logs, made.log_groups(template.functions(main))),
        *gaps.of_metrics(aws.cloudwatch),
        *(bus.gaps() if bus else []),
    ]


def sell(shop, receiver):
    """The usual work of a shop."""
    step("a product is on sale", shop.offer)
    step("every function that a shop needs answers", shop.visit_every_function)
    step("an order is paid by lomi.'s signed event", purchase.by_webhook, shop, receiver)
    step("an order whose event is lost is paid by the reconciler", purchase.by_reconciler, shop, receiver)


def run(options, folder, servers):
    """Every step. `servers` receives the servers whose logs explain a failure. Returns the emulator's gaps."""
    receiver = webhook.Receiver()
    server, endpoint = emulator(folder)
    servers.append(server)
    sandbox = lomi(options.lomi_sandbox, folder)
    with receiver, server, sandbox:
        step("the emulator is up", server.wait_until, lambda: is_up(f"{endpoint}/_ministack/health"))
        lomi_url = sandbox.wait_until(lambda: lomi_address(sandbox))
        aws = stack.Aws(endpoint)
        made, main, lines = deployed(aws, options, folder)
        functions = Functions(getattr(aws, "lambda"), made.named(template.functions(main)))
        step("the lomi. key put, schedules stopped, functions pointed at lomi-sandbox", settle, made, functions, lomi_url)
        step("the webhook registers itself", webhook.register, made, functions, receiver.url, lomi_url)
        step("parameters with a mistake are refused", refuse_mistakes, made)
        bus = made.of_type("AWS::Events::EventBus")
        bus = gaps.Bus(aws.events, aws.sqs, bus[0]) if bus else None
        shop = purchase.Shop(functions, lomi_url, aws.dynamodb, made.physical["Table"])
        receiver.functions = functions
        step("the reconciler's first run learns whose the key is", functions.invoke, "reconciler", {})
        sell(shop, receiver)
        lines += step("what the emulator does not do is observed", observed, aws, made, main, bus)
        lines += step("webhook-handler without its permissions sells nothing", gaps.of_iam, made,
                      template.functions(main)["webhook-handler"], lambda: purchase.by_webhook(shop, receiver))
        step("the table outlives the stack", purchase.outlives, shop, made.delete)
        return lines


def report(lines):
    """Prints the gaps; fails when they differ from the known ones."""
    print("\nNot shown, because of the emulator:")
    for line in lines:
        print(f"  - {line}")
    new, gone = gaps.compare(lines, os.path.join(HERE, "expected-gaps.txt"))
    if new or gone:
        raise Failure("\n".join([
            "the list is not that of .ci/emulator/expected-gaps.txt:",
            *(f"  new:  {line}" for line in new), *(f"  gone: {line}" for line in gone)]))


def main(options):
    servers = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended from outside"))
    with tempfile.TemporaryDirectory(prefix="emulator-") as folder:
        try:
            try:
                lines = run(options, folder, servers)
            finally:
                left = end_left_over(folder)
            report(lines)
            if left:
                raise Failure(f"{left} processes go on after the end")
        except (Failure, ClientError, BotoCoreError, OSError) as failure:
            logged = [line for server in servers for line in server.complaints()]
            logged = ["", "What the emulator and the functions logged of errors:", *logged] if logged else []
            sys.exit("\n".join([f"\nFAILED: {failure}", *logged]))


def options(arguments):
    parser = argparse.ArgumentParser(prog=".ci/emulator/run", description=__doc__)
    release, debug = (os.path.join(ROOT, "target", profile) for profile in ("release", "debug"))
    parser.add_argument("binaries", nargs="?", default=release, help="folder of the functions' binaries")
    parser.add_argument("--lomi-sandbox", default=os.path.join(debug, "lomi-sandbox"), help="its binary")
    parser.add_argument("--template", default=os.path.join(ROOT, "template.yaml"), help="the template to deploy")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(options(sys.argv[1:]))
