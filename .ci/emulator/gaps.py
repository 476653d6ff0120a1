"""Finds what the emulator does not support, by trying it in every run.

Each line is compared with `expected-gaps.txt`, so that a closed gap and a new one both fail the run.
"""
import json
import time
import uuid

import template
from botocore.exceptions import ClientError
from failure import Failure

ALARM_OVER_METRICS = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "Threshold": 0,
        "Metrics": [
            {"Id": "sum", "Expression": "one + one"},
            {"Id": "one", "ReturnData": False, "MetricStat": {
                "Stat": "Sum", "Period": 60, "Metric": {"Namespace": "Probe", "MetricName": "One"}}},
        ],
    },
}
BARRED_PARAMETER = {
    "Type": "AWS::SSM::Parameter",
    "Properties": {"Type": "String", "Value": "no", "AllowedPattern": "^yes$"},
}
SECRET = "AWS::SecretsManager::Secret"
CODE_DEPLOY = "AWS::CodeDeploy::DeploymentGroup"
WAIT_S = 20


def refused_types(cloudformation, kinds):
    """Those of `kinds` that the emulator does not know."""
    return {kind for kind in kinds if not accepts(cloudformation, {"Probe": {"Type": kind}})}


def accepts(cloudformation, resources):
    try:
        cloudformation.validate_template(TemplateBody=json.dumps({"Resources": resources}))
    except ClientError as error:
        if "Unrecognized resource types" not in str(error):
            raise
        return False
    return True


def outputs(cloudformation, resource, output):
    """The output of a stack of this one resource, `Probe`; `None` when it does not come up."""
    body = json.dumps({"Resources": {"Probe": resource}, "Outputs": {"Probe": {"Value": output}}})
    name = f"probe-{uuid.uuid4()}"
    cloudformation.create_stack(StackName=name, TemplateBody=body, OnFailure="DO_NOTHING")
    deadline = time.monotonic() + WAIT_S
    stack = {"StackStatus": "CREATE_IN_PROGRESS"}
    while stack["StackStatus"] == "CREATE_IN_PROGRESS" and time.monotonic() < deadline:
        time.sleep(0.1)
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    cloudformation.delete_stack(StackName=name)
    return stack["Outputs"][0]["OutputValue"] if stack["StackStatus"] == "CREATE_COMPLETE" else None


def adapt(main, children, cloudformation):
    """Removes from the templates what the emulator refuses. Returns one line per change."""
    lines = ["Lambda on arm64: the functions run natively, so the copy says x86_64"]
    everything = [main, *children.values()]
    if not accepts(cloudformation, {"Probe": {"Type": CODE_DEPLOY}}) and template.without_gradual_deployments(main):
        lines.append("CodeDeploy: refused, so new versions take all traffic at once")
    refused = refused_types(cloudformation, set().union(*map(template.types, everything)))
    for kind in sorted(refused):
        names = sorted(name for one in everything for name in template.without_types(one, {kind}))
        lines.append(f"{kind}: refused, left out: {', '.join(names)}")
    if outputs(cloudformation, ALARM_OVER_METRICS, "made") is None:
        names = sorted(name for one in everything for name in template.on_first_metric(one))
        if names:
            lines.append(f"alarms over several metrics: refused, on their first metric only: {', '.join(names)}")
    if not str(outputs(cloudformation, {"Type": SECRET}, {"Ref": "Probe"})).startswith("arn:"):
        lines.append("Secrets Manager: a reference to a secret is not its ARN, so the copy asks for the ARN")
        secrets = {name for name, body in main["Resources"].items() if body["Type"] == SECRET}
        main["Resources"] = template.with_secret_arns(main["Resources"], secrets)
    barriers = sorted(name for name, body in main["Resources"].items()
                      if body["Type"] == BARRED_PARAMETER["Type"] and "AllowedPattern" in body["Properties"])
    if barriers and outputs(cloudformation, BARRED_PARAMETER, "made"):
        lines.append(f"Parameter Store: patterns are not enforced, so these stop no deployment: {', '.join(barriers)}")
    return lines


def of_api(apis, wanted):
    """Routes that the template has and the emulator's API has not."""
    found = {route["RouteKey"] for api in apis.get_apis()["Items"]
             for page in apis.get_paginator("get_routes").paginate(ApiId=api["ApiId"]) for route in page["Items"]}
    missing = wanted - found
    if not missing:
        return []
    how_many = "none" if missing == wanted else f"only {len(wanted) - len(missing)}"
    return [f"API Gateway: {how_many} of the routes exist, so throttling, CORS and authorizers are not tried"]


def of_iam(stack, function, purchase):
    """Whether a purchase still succeeds after the role of a function that it needs has lost its policies.

    The last check of all, because the stack is broken afterwards. It shows that a purchase can fail.
    """
    role = stack.role(function)
    for policy in stack.aws.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        stack.aws.iam.delete_role_policy(RoleName=role, PolicyName=policy)
    try:
        purchase()
    except Failure as failure:
        if "webhook-handler answered 503" in str(failure):
            return []
        raise
    return ["IAM: policies are not enforced"]


def of_logs(logs, functions):
    """Functions that ran and have an empty log group."""
    silent = []
    for binary, group in sorted(functions.items()):
        if not logs.filter_log_events(logGroupName=group, limit=1)["events"]:
            silent.append(binary)
    return [f"CloudWatch Logs: no lines of {', '.join(silent)}"] if silent else []


def of_metrics(cloudwatch):
    """Whether CloudWatch has the metrics of the log lines."""
    if cloudwatch.list_metrics(Namespace="LomiCheckout")["Metrics"]:
        return []
    return ["CloudWatch: the metrics in the log lines become no metrics, so no alarm sees them"]


class Bus:
    """A queue at the stack's event bus, to check whether an outbox item arrives there."""

    def __init__(self, events, queues, bus):
        self.queues, self.bus = queues, bus
        self.url = queues.create_queue(QueueName="heard")["QueueUrl"]
        arn = queues.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": ["lomi-checkout"]})
        events.put_rule(Name="heard", EventBusName=bus, EventPattern=pattern, State="ENABLED")
        events.put_targets(Rule="heard", EventBusName=bus, Targets=[{"Id": "heard", "Arn": arn}])

    def gaps(self):
        """Waits a few seconds for the event."""
        if self.queues.receive_message(QueueUrl=self.url, WaitTimeSeconds=5).get("Messages"):
            return []
        return ["EventBridge Pipes: nothing reaches the bus"]


def compare(found, path):
    """New lines and missing lines, compared with the known list."""
    with open(path, encoding="utf-8") as file:
        known = {line.rstrip("\n") for line in file if line.strip()}
    return sorted(set(found) - known), sorted(known - set(found))
