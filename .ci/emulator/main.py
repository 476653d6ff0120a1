"""Deploys the built stack to an emulator of AWS and buys two orders through it. See README.md beside this file.

usage: main.py [FOLDER] [--lomi-sandbox FILE] [--template FILE]
"""
import argparse
import os
import sys
import tempfile
import time

import gaps
import purchase
import stack
import template
from botocore.exceptions import BotoCoreError, ClientError
from failure import Failure
from gateway import Functions
from processes import emulator, end_left_over, is_up, lomi, lomi_address
from webhook import Receiver

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SECRETS = {"LomiSecretKey": "lomi_sk_test_sim_a", "LomiWebhookSecret": "whsec_emulated_shop"}


def step(sentence, work, *arguments):
    """Does `work` and prints how long it took."""
    before = time.monotonic()
    result = work(*arguments)
    print(f"ok   {sentence} ({time.monotonic() - before:.1f} s)", flush=True)
    return result


def deployed(aws, options, folder):
    """The stack, the main template as it was deployed, and what had to be changed in it."""
    source = os.path.dirname(os.path.abspath(options.template))
    main = template.read(options.template)
    children = {name: template.read(path) for name, path in template.nested(main, source).items()}
    lines = step("what the emulator refuses is tried", gaps.adapt, main, children, aws.cloudformation)
    for name, child in children.items():
        main["Resources"][name]["Properties"]["TemplateURL"] = template.save(child, os.path.join(folder, f"{name}.json"))
    path = template.lay_out(main, source, options.binaries, folder)
    step("sam deploy of the built stack", stack.deploy, path, aws.endpoint, purchase.SHOP)
    made = stack.Stack(aws)
    made.require_complete(name for name, body in main["Resources"].items() if "Condition" not in body)
    return made, main, lines


def settle(made, functions, binaries, lomi_url):
    """Everything between a deployment and a shop that sells."""
    made.stop_schedules()
    made.put_secrets(SECRETS)
    for binary in binaries:
        functions.set_variable(binary, "LOMI_BASE_URL", lomi_url)


def observed(aws, made, main, bus):
    """A line for each thing that the emulator did not do while two orders were bought."""
    ran = {binary: name for binary, name in template.functions(main).items() if binary in purchase.FUNCTIONS}
    return [
        *gaps.of_api(aws.apigatewayv2, template.routes(main)),
        *gaps.of_iam(made.physical["Table"], aws.stranger().dynamodb),
        *gaps.of_logs(aws.logs, made.log_groups(ran)),
        *gaps.of_metrics(aws.cloudwatch),
        *(bus.gaps() if bus else []),
    ]


def run(options, folder, servers):
    receiver = Receiver()
    server, endpoint = emulator(folder)
    servers.append(server)
    sandbox = lomi(options.lomi_sandbox, receiver.url, folder)
    with receiver, server, sandbox:
        step("the emulator is up", server.wait_until, lambda: is_up(f"{endpoint}/_ministack/health"))
        lomi_url = sandbox.wait_until(lambda: lomi_address(sandbox))
        aws = stack.Aws(endpoint)
        made, main, lines = deployed(aws, options, folder)
        names = {binary: made.physical[name] for binary, name in template.functions(main).items()}
        functions = Functions(getattr(aws, "lambda"), names)
        step("schedules stopped, secrets put, functions pointed at lomi-sandbox", settle, made, functions, names, lomi_url)
        buses = made.of_type("AWS::Events::EventBus")
        bus = gaps.Bus(aws.events, aws.sqs, buses[0]) if buses else None
        shop = purchase.Shop(functions, lomi_url, aws.dynamodb, made.physical["Table"])
        receiver.functions = functions
        step("a product is on sale", shop.offer)
        step("an order is paid by lomi.'s signed event", purchase.by_webhook, shop, receiver)
        step("an order whose event is lost is paid by the reconciler", purchase.by_reconciler, shop, receiver)
        lines += step("what the emulator does not do is observed", observed, aws, made, main, bus)
        return lines


def report(lines):
    """Prints what was not shown; fails when that is not what is known."""
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
            logs = "".join(f"\n\nThe last lines of {server.name}:\n{server.tail()}" for server in servers)
            sys.exit(f"\nFAILED: {failure}{logs}")


def options(arguments):
    parser = argparse.ArgumentParser(prog=".ci/emulator/run", description=__doc__.split("\n", 1)[0])
    release, debug = (os.path.join(ROOT, "target", profile) for profile in ("release", "debug"))
    parser.add_argument("binaries", nargs="?", default=release, help="folder of the functions' binaries")
    parser.add_argument("--lomi-sandbox", default=os.path.join(debug, "lomi-sandbox"), help="its binary")
    parser.add_argument("--template", default=os.path.join(ROOT, "template.yaml"), help="the template to deploy")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(options(sys.argv[1:]))
