"""Shows that the run fails when the template is wrong: deploys templates with one planted mistake each.

usage: teeth.py FOLDER [main.py's other options]        some minutes; every mistake must end a run with its sentence
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

# The last table statement of the reconciler's role: other roles query this index, too.
INDEX = """"LINK#*"] } }
              - Effect: Allow
                Action: dynamodb:Query
                Resource: !Sub ${Table.Arn}/index/due"""

# (the mistake, the text of the template, its replacement, the expected sentence of the run)
MISTAKES = [
    ("a parameter of a nested stack is forgotten", "        TableName: !Ref Table\n", "",
     "Parameter 'TableName' has no Default"),
    ("the webhook's secret cannot be stored", "Action: secretsmanager:PutSecretValue",
     "Action: secretsmanager:DescribeSecret", "webhook-endpoint answered {'Status': 'secret_not_stored'"),
    ("any origin is taken", "AllowedPattern: ^(https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:", "AllowedPattern: ^(.*|(:",
     "the template takes * for AllowedOrigins"),
    ("a function lacks a variable", "          LOMI_WEBHOOK_SECRET_ID: !Ref LomiWebhookSecret\n",
     "          UNUSED: !Ref LomiWebhookSecret\n", "webhook-handler failed"),
    ("a function reads the wrong secret", "          LOMI_WEBHOOK_SECRET_ID: !Ref LomiWebhookSecret\n",
     "          LOMI_WEBHOOK_SECRET_ID: !Ref CartTokenSecret\n", "webhook-handler answered 503"),
    ("a role lacks an action", "Action: [dynamodb:GetItem, dynamodb:UpdateItem]",
     "Action: [dynamodb:GetItem]", "create-checkout-session answered 500"),
    ("a role names the wrong index", INDEX, INDEX.replace("/index/due", "/index/listing"), "reconciler failed"),
    ("the table goes with its stack", "DeletionPolicy: Retain", "DeletionPolicy: Delete",
     "the deleted stack took its orders along"),
    ("something is there that the emulator does not know", "  LomiWebhookSecret:\n    Type:",
     "  Unknown:\n    Type: AWS::CloudWatch::CompositeAlarm\n  LomiWebhookSecret:\n    Type:",
     "new:  AWS::CloudWatch::CompositeAlarm"),
]


def planted(text, right, wrong):
    if right not in text:
        sys.exit(f"the template no longer says {right!r}: plant that mistake anew")
    return text.replace(right, wrong, 1)


def said(text, arguments):
    """The output of a run with this template."""
    with tempfile.TemporaryDirectory(prefix="teeth-") as folder:
        for entry in os.listdir(ROOT):
            if not entry.startswith(".") and entry not in ("target", "template.yaml"):
                os.symlink(os.path.join(ROOT, entry), os.path.join(folder, entry))
        path = os.path.join(folder, "template.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        command = [sys.executable, os.path.join(HERE, "main.py"), *arguments, "--template", path]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stderr


def first_line(words):
    lines = words.strip().splitlines()
    return lines[0] if lines else "nothing failed"


def main(arguments):
    with open(os.path.join(ROOT, "template.yaml"), encoding="utf-8") as file:
        text = file.read()
    missed = 0
    for what, right, wrong, sentence in MISTAKES:
        code, words = said(planted(text, right, wrong), arguments)
        caught = code != 0 and sentence in words
        missed += not caught
        print(f"{'caught' if caught else 'MISSED'}  {what}: {first_line(words)}", flush=True)
    print(f"{len(MISTAKES) - missed} passed, {missed} failed")
    sys.exit(1 if missed else 0)


main(sys.argv[1:])
