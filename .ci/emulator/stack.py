"""The stack in the emulator: its deployment, and what came of it."""
import os
import subprocess

import boto3
from botocore.config import Config
from failure import Failure, require
from processes import OWNER

NAME = "lomi-checkout"
DEPLOY_TIMEOUT_S = 150
RULE = "AWS::Events::Rule"


class Aws:
    """Clients of the emulator's services, by the names that boto3 has for them; made when first asked for."""

    def __init__(self, endpoint, key=OWNER["AWS_ACCESS_KEY_ID"], secret=OWNER["AWS_SECRET_ACCESS_KEY"]):
        self.endpoint = endpoint
        self.session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret,
                                     region_name=OWNER["AWS_REGION"])

    def __getattr__(self, service):
        config = Config(retries={"total_max_attempts": 1}, read_timeout=60)
        client = self.session.client(service, endpoint_url=self.endpoint, config=config)
        setattr(self, service, client)
        return client

    def stranger(self):
        """The same account, as a user whom no policy allows anything."""
        self.iam.create_user(UserName="stranger")
        key = self.iam.create_access_key(UserName="stranger")["AccessKey"]
        return Aws(self.endpoint, key["AccessKeyId"], key["SecretAccessKey"])


def deploy(path, endpoint, origin):
    """`sam deploy` of the template at `path`, as an owner runs it, without its questions."""
    command = ["sam", "deploy", "--template-file", path, "--stack-name", NAME, "--resolve-s3", "--no-confirm-changeset",
               "--no-progressbar", "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND",
               "--parameter-overrides", f"AllowedOrigins={origin}"]
    environment = {**os.environ, **OWNER, "AWS_ENDPOINT_URL": endpoint, "SAM_CLI_TELEMETRY": "0"}
    try:
        done = subprocess.run(command, env=environment, cwd=os.path.dirname(path), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEPLOY_TIMEOUT_S)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"sam deploy did not end within {DEPLOY_TIMEOUT_S} s") from late
    require(done.returncode == 0, f"sam deploy failed:\n{done.stdout[-6000:]}")


class Stack:
    """What the deployment left behind."""

    def __init__(self, aws):
        pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=NAME)
        self.aws = aws
        self.resources = [entry for page in pages for entry in page["StackResourceSummaries"]]
        self.physical = {entry["LogicalResourceId"]: entry["PhysicalResourceId"] for entry in self.resources}

    def of_type(self, kind):
        return [entry["PhysicalResourceId"] for entry in self.resources if entry["ResourceType"] == kind]

    def require_complete(self, wanted):
        """Every resource of the template is there; a condition may leave out those that carry one."""
        missing = sorted(name for name in wanted if name not in self.physical)
        require(not missing, f"sam deploy succeeded, but the stack lacks {', '.join(missing)}")

    def stop_schedules(self):
        """What starts by itself would make it unclear which run did what."""
        for rule in self.of_type(RULE):
            self.aws.events.disable_rule(Name=rule.rsplit("/", 1)[-1])

    def put_secrets(self, values):
        """What the owner does after the first deployment."""
        for name, value in values.items():
            self.aws.secretsmanager.put_secret_value(SecretId=self.physical[name], SecretString=value)

    def log_groups(self, functions):
        """Binary -> the log group that its function writes to."""
        return {binary: getattr(self.aws, "lambda").get_function_configuration(FunctionName=self.physical[name])
                ["LoggingConfig"]["LogGroup"] for binary, name in functions.items()}
