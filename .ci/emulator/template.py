"""The deployed copy of the template: for this machine's architecture, without what the emulator refuses."""
import json
import os
import re
import shutil

from failure import Failure
from samtranslator.yaml_helper import yaml_parse

ABSENT = "not-in-the-emulator"
FUNCTION = "AWS::Serverless::Function"
NESTED = "AWS::CloudFormation::Stack"


def read(path):
    with open(path, encoding="utf-8") as file:
        return yaml_parse(file.read())


def functions(template):
    """Binary of each function -> its logical id."""
    return {body["Metadata"]["BuildProperties"]["Binary"]: name
            for name, body in template["Resources"].items() if body["Type"] == FUNCTION}


def nested(template, folder):
    """Logical id of each nested stack -> the file of its template."""
    return {name: os.path.join(folder, body["Properties"]["TemplateURL"])
            for name, body in template["Resources"].items() if body["Type"] == NESTED}


def routes(template):
    """The route keys of the HTTP API, from the functions' events."""
    events = [event["Properties"] for body in template["Resources"].values() if body["Type"] == FUNCTION
              for event in body["Properties"].get("Events", {}).values() if event["Type"] == "HttpApi"]
    return {f"{event['Method'].upper()} {event['Path']}" for event in events}


def types(template):
    """The resource types of a template, without SAM's and custom ones."""
    kinds = {body["Type"] for body in template["Resources"].values()}
    return {kind for kind in kinds if not kind.startswith(("AWS::Serverless::", "Custom::"))}


def without_types(template, refused):
    """Removes the resources of the `refused` types and everything that refers to them. Returns their logical ids."""
    removed = sorted(name for name, body in template["Resources"].items() if body["Type"] in refused)
    for name in removed:
        del template["Resources"][name]
    for name, output in list(template.get("Outputs", {}).items()):
        if output != _replaced(output, removed):
            del template["Outputs"][name]
    for body in template["Resources"].values():
        depends = body.get("DependsOn", [])
        depends = [depends] if isinstance(depends, str) else depends
        body["DependsOn"] = [name for name in depends if name not in removed]
        body["Properties"] = _replaced(body.get("Properties", {}), removed)
    return removed


def _replaced(value, removed):
    """`value` with a plain word instead of each reference to a removed resource."""
    if isinstance(value, list):
        return [_replaced(item, removed) for item in value]
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in removed:
        return ABSENT
    attribute = value.get("Fn::GetAtt")
    if attribute and (attribute if isinstance(attribute, list) else attribute.split("."))[0] in removed:
        return ABSENT
    if isinstance(value.get("Fn::Sub"), str):
        return {"Fn::Sub": re.sub(r"\$\{(\w+)(\.\w+)?\}", lambda found: ABSENT if found[1] in removed else found[0],
                                  value["Fn::Sub"])}
    return {key: _replaced(item, removed) for key, item in value.items()}


def on_first_metric(template):
    """Reduces alarms over several metrics to the first of them. Returns their logical ids."""
    changed = []
    for name, body in template["Resources"].items():
        if body["Type"] != "AWS::CloudWatch::Alarm" or "Metrics" not in body["Properties"]:
            continue
        alarm = body["Properties"]
        stat = next(metric["MetricStat"] for metric in alarm.pop("Metrics") if "MetricStat" in metric)
        alarm.update(stat["Metric"], Period=stat["Period"], Statistic="Sum")
        if alarm.pop("ThresholdMetricId", None):
            alarm.update(Threshold=0, ComparisonOperator="LessThanThreshold")
        changed.append(name)
    return changed


def with_secret_arns(value, secrets):
    """`value` with an explicit ARN instead of each reference to one of `secrets`."""
    if isinstance(value, list):
        return [with_secret_arns(item, secrets) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("Ref") in secrets:
        return {"Fn::GetAtt": [value["Ref"], "Id"]}
    if isinstance(value.get("Fn::Sub"), str):
        ask = lambda found: f"${{{found[1]}.Id}}" if found[1] in secrets else found[0]
        return {"Fn::Sub": re.sub(r"\$\{(\w+)\}", ask, value["Fn::Sub"])}
    return {key: with_secret_arns(item, secrets) for key, item in value.items()}


def without_gradual_deployments(template):
    """Removes the deployment preference, which needs CodeDeploy. Returns whether there was one."""
    bodies = [template.get("Globals", {}).get("Function", {})]
    bodies += [body["Properties"] for body in template["Resources"].values() if body["Type"] == FUNCTION]
    return any([body.pop("DeploymentPreference", None) is not None for body in bodies])


def lay_out(template, source, binaries, folder):
    """Writes `template` into `folder` as `sam build` does, with the files that it names: each function's code in a
    folder of its own, for this machine's processor."""
    missing = [binary for binary in functions(template) if not os.path.isfile(os.path.join(binaries, binary))]
    if missing:
        raise Failure(f"{binaries} lacks {', '.join(missing)}: build the functions first")
    for entry in os.listdir(source):
        if not entry.startswith(".") and entry not in ("target", "template.yaml"):
            os.symlink(os.path.join(source, entry), os.path.join(folder, entry))
    template["Globals"]["Function"]["Architectures"] = ["x86_64"]
    for binary, name in functions(template).items():
        code = os.path.join(folder, ".built", name)
        os.makedirs(code)
        shutil.copy(os.path.join(binaries, binary), os.path.join(code, "bootstrap"))
        template["Resources"][name]["Properties"]["CodeUri"] = code
    return save(template, os.path.join(folder, "template.json"))


def save(template, path):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(template, file, indent=1, default=str)
    return path
