"""Invokes functions as API Gateway does: with HTTP API events of payload format 2.0."""
import base64
import json
import time
import uuid
from dataclasses import dataclass, field

from failure import Failure, require


@dataclass
class Request:
    """A client's request, and the template's route that matches it."""
    route: str
    path: str
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    path_parameters: dict = field(default_factory=dict)
    iam: bool = False


@dataclass
class Answer:
    """A function's answer."""
    status: int
    body: bytes

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode(errors="replace")


def event(request):
    method = request.route.split(" ")[0]
    context = {
        "accountId": "000000000000",
        "apiId": "emulated",
        "domainName": "emulated.execute-api.eu-west-3.amazonaws.com",
        "domainPrefix": "emulated",
        "http": {"method": method, "path": request.path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                 "userAgent": "emulator"},
        "requestId": str(uuid.uuid4()),
        "routeKey": request.route,
        "stage": "$default",
        "time": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime()),
        "timeEpoch": int(time.time() * 1000),
    }
    if request.iam:
        context["authorizer"] = {"iam": {"accountId": "000000000000", "userArn": "arn:aws:iam::000000000000:user/shop"}}
    return {
        "version": "2.0",
        "routeKey": request.route,
        "rawPath": request.path,
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "requestContext": context,
        "pathParameters": request.path_parameters,
        "body": request.body.decode(),
        "isBase64Encoded": False,
    }


class Functions:
    """The deployed functions, each invoked as the API's integration does: by its alias, if it has one."""

    def __init__(self, client, names):
        self.client, self.names = client, names

    def exists(self, binary):
        try:
            self.client.get_function_configuration(FunctionName=self.names[binary])
        except self.client.exceptions.ResourceNotFoundException:
            return False
        return True

    def alias(self, binary):
        aliases = self.client.list_aliases(FunctionName=self.names[binary])["Aliases"]
        return aliases[0]["Name"] if aliases else None

    def invoke(self, binary, payload):
        alias = self.alias(binary)
        qualifier = {"Qualifier": alias} if alias else {}
        result = self.client.invoke(FunctionName=self.names[binary], Payload=json.dumps(payload), **qualifier)
        text = result["Payload"].read().decode(errors="replace")
        if "FunctionError" in result:
            raise Failure(f"{binary} failed: {text}")
        return json.loads(text) if text else None

    def send(self, binary, request):
        answer = self.invoke(binary, event(request))
        require(isinstance(answer, dict) and "statusCode" in answer, f"{binary} gave no HTTP answer: {answer}")
        body = answer.get("body") or ""
        body = base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode()
        return Answer(answer["statusCode"], body)

    def set_variable(self, binary, name, value):
        """Changes one variable, if the function has it, and moves the alias to a version with the change."""
        function = self.names[binary]
        variables = self.client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        if name not in variables:
            return False
        self.client.update_function_configuration(
            FunctionName=function, Environment={"Variables": {**variables, name: value}})
        alias = self.alias(binary)
        if alias:
            version = self.client.publish_version(FunctionName=function)["Version"]
            self.client.update_alias(FunctionName=function, Name=alias, FunctionVersion=version)
        return True
