"""The stack in the emulator: its deployment and its resources."""
import os
import subprocess
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from failure import Failure, require
from processes import OWNER

NAME = "lomi-checkout"
DEPLOY_TIMEOUT_S = 240
DELETE_TIMEOUT_S = 30
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
RULE = "AWS::Events::Rule"


class Aws:
    """Clients of the emulator's services, by boto3's names; created on first use."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.session = boto3.Session(OWNER["AWS_ACCESS_KEY_ID"], OWNER["AWS_SECRET_ACCESS_KEY"],
                                     region_name=OWNER["AWS_REGION"])

    def __getattr__(self, service):
        config = Config(retries={"total_max_attempts": 1}, read_timeout=60)
        client = self.session.client(service, endpoint_url=self.endpoint, config=config)
        setattr(self, service, client)
        return client


def deploy(aws, path, parameters):
    """`sam deploy` of the template at `path`, as an owner runs it, without prompts."""
    command = ["sam", "deploy", "--template-file", path, "--stack-name", NAME, "--resolve-s3", "--no-confirm-changeset",
               "--no-progressbar", "--capabilities", *CAPABILITIES,
               "--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    environment = {**os.environ, **OWNER, "AWS_ENDPOINT_URL": aws.endpoint, "SAM_CLI_TELEMETRY": "0"}
    try:
        done = subprocess.run(command, env=environment, cwd=os.path.dirname(path), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEPLOY_TIMEOUT_S)
    except subprocess.TimeoutExpired as late:
        raise Failure(f"sam deploy did not end within {DEPLOY_TIMEOUT_S} s") from late
    if done.returncode:
        last_words = done.stdout[max(done.stdout.rfind("Error:"), 0):]
        raise Failure(f"sam deploy failed: {reasons(aws) or last_words[:2000].strip()}")


def reasons(aws):
    """Why resources of the stack, or of a nested stack, were not created."""
    found = []
    for stack in aws.cloudformation.describe_stacks()["Stacks"]:
        events = aws.cloudformation.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
        found += [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in events
                  if event["ResourceStatus"].endswith("_FAILED")]
    return "; ".join(found)


class Stack:
    """The deployed resources."""

    def __init__(self, aws):
        pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=NAME)
        self.aws = aws
        self.resources = [entry for page in pages for entry in page["StackResourceSummaries"]]
        self.physical = {entry["LogicalResourceId"]: entry["PhysicalResourceId"] for entry in self.resources}

    def of_type(self, kind):
        return [entry["PhysicalResourceId"] for entry in self.resources if entry["ResourceType"] == kind]

    def named(self, functions):
        """Binary -> the physical name of its function, without those that a condition excludes."""
        return {binary: self.physical[name] for binary, name in functions.items() if name in self.physical}

    def require_complete(self, wanted):
        """Every resource of the template exists, except those that a condition excludes."""
        missing = sorted(name for name in wanted if name not in self.physical)
        require(not missing, f"sam deploy succeeded, but the stack lacks {', '.join(missing)}")

    def stop_schedules(self):
        """Switches the schedules off: their runs would mix with those of the test."""
        for rule in self.of_type(RULE):
            self.aws.events.disable_rule(Name=rule.rsplit("/", 1)[-1])

    def put_secret(self, name, value):
        """The owner's steps after the first deployment."""
        self.aws.secretsmanager.put_secret_value(SecretId=self.physical[name], SecretString=value)

    def output(self, name):
        outputs = self.aws.cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]["Outputs"]
        found = [one["OutputValue"] for one in outputs if one["OutputKey"] == name]
        require(found, f"the stack has no output {name}")
        return found[0]

    def configuration(self, function):
        return getattr(self.aws, "lambda").get_function_configuration(FunctionName=self.physical[function])

    def role(self, function):
        return self.configuration(function)["Role"].rsplit("/", 1)[-1]

    def log_groups(self, functions):
        """Binary -> the log group that its function writes to."""
        return {binary: self.configuration(name)["LoggingConfig"]["LogGroup"] for binary, name in functions.items()}

    def require_refused(self, name, value):
        """The deployment refuses this value of a parameter before anything is changed."""
        parameters = self.aws.cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]["Parameters"]
        kept = [{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in parameters
                if one["ParameterKey"] != name]
        try:
            self.aws.cloudformation.create_change_set(
                StackName=NAME, ChangeSetName=f"mistake-{name}", UsePreviousTemplate=True, Capabilities=CAPABILITIES,
                Parameters=[*kept, {"ParameterKey": name, "ParameterValue": value}])
        except ClientError as refusal:
            require(f"'{name}'" in str(refusal), f"{name} = {value} was refused for another reason: {refusal}")
        else:
            raise Failure(f"the template takes {value} for {name}")

    def delete(self):
        """Deletes the stack, with everything that its template does not retain."""
        self.aws.cloudformation.delete_stack(StackName=NAME)
        deadline = time.monotonic() + DELETE_TIMEOUT_S
        while self.is_there():
            if time.monotonic() > deadline:
                raise Failure(f"the stack is not gone after {DELETE_TIMEOUT_S} s: {reasons(self.aws)}")
            time.sleep(0.2)

    def is_there(self):
        return any(one["StackName"] == NAME and one["StackStatus"] != "DELETE_COMPLETE"
                   for one in self.aws.cloudformation.describe_stacks()["Stacks"])
