"""The OpenAPI document under test, and a recorder that holds every exchange with the service against it."""

import collections
import copy
import json
import re
import urllib.parse

import jsonschema

from harness.client import Client
from harness.codings import decoded

# What HTTP itself says about a message; a media type is documented as content, not as a header field.
TRANSPORT = {"connection", "content-length", "content-type", "date", "transfer-encoding"}
METHODS = ("get", "put", "post", "delete", "patch")
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"


class Operation:
    """One operation, with its references resolved."""

    def __init__(self, document, path, method, said):
        self.id = said["operationId"]
        self.path = path
        self.method = method.upper()
        self.said = said
        self.pattern = re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(path)) + "$")
        self.parameters = [document.resolve(parameter) for parameter in said.get("parameters", [])]
        self.responses = {int(status): document.resolve(one) for status, one in said["responses"].items()}
        self.content = said.get("requestBody", {}).get("content", {})

    def __repr__(self):
        return f"{self.id} ({self.method} {self.path})"

    def named(self, place):
        return {parameter["name"]: parameter for parameter in self.parameters if parameter["in"] == place}

    def takes_body(self):
        return bool(self.content)

    def examples(self, media_type):
        """The request examples of this media type: name to value."""
        media = self.content[media_type]
        if "examples" in media:
            return {name: example["value"] for name, example in media["examples"].items()}
        return {"example": media["example"]}

    def fits(self, target):
        """Whether its row of the table is found by this path: its parameters may be particular about what they take."""
        found = self.pattern.match(target)
        places = self.named("path").values()
        patterns = [place["schema"].get("pattern", "") for place in places]
        return bool(found) and all(re.search(pattern, text) for pattern, text in zip(patterns, found.groups()))

    def is_endless(self):
        """Whether reading an answer of it takes as long as somebody has something to say."""
        return "text/event-stream" in self.responses.get(200, {}).get("content", {})

    def is_about_snippet(self):
        return {"$ref": "#/components/parameters/SnippetId"} in self.said.get("parameters", [])

    def needs_account(self):
        schemes = {name for scheme in self.said["security"] for name in scheme or {"nobody"}}
        return bool(schemes) and not schemes & {"nobody", "editToken"}


class Document:
    def __init__(self, source):
        self.source = source
        self.operations = {}
        for path, item in source["paths"].items():
            for method, said in item.items():
                assert method in METHODS, f"{path} has the member {method}"
                operation = Operation(self, path, method, said)
                assert operation.id not in self.operations, f"two operations are called {operation.id}"
                self.operations[operation.id] = operation
        # As the service tries them: what is literal before what is not.
        self._order = sorted(self.operations.values(), key=lambda operation: operation.path.count("{"))

    def resolve(self, value):
        if "$ref" not in value:
            return value
        found = self.source
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return self.resolve(found)

    def find(self, method, path):
        """The operation of a request, or None."""
        wanted = "GET" if method == "HEAD" else method
        for operation in self._order:
            if operation.method == wanted and operation.pattern.match(path):
                return operation
        return None

    def validate(self, value, schema, what):
        """Fails when the value is not what the schema says, formats included."""
        rooted = {**schema, "components": self.source["components"]}
        validator = jsonschema.Draft202012Validator(rooted, format_checker=FORMATS)
        errors = validator.iter_errors(value)
        wrong = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in errors]
        assert not wrong, f"{what}: {wrong}"


    def notice(self, value, schema, label, noted):
        """Adds the members that the value has, each with the name of the schema that allows it."""
        if "$ref" in schema:
            label, schema = schema["$ref"].rpartition("/")[2], self.resolve(schema)
        for part in schema.get("allOf", []) + schema.get("oneOf", []):
            self.notice(value, part, label, noted)
        if isinstance(value, dict):
            for name, inner in schema.get("properties", {}).items():
                if name in value:
                    noted.add((label, name))
                    self.notice(value[name], inner, f"{label}.{name}", noted)
        elif isinstance(value, list):
            for element in value:
                self.notice(element, schema.get("items", {}), label, noted)

    def members(self):
        """All that notice() may find."""
        for name, schema in self.source["components"]["schemas"].items():
            yield from self._members_of(schema, name)

    def _members_of(self, schema, label):
        for name, inner in schema.get("properties", {}).items():
            yield label, name
            yield from self._members_of(inner, f"{label}.{name}")
        yield from self._members_of(schema["items"], label) if "items" in schema else ()


FORMATS = copy.copy(jsonschema.draft202012_format_checker)
FORMATS.checkers = dict(FORMATS.checkers)


@FORMATS.checks("date-time")
def is_date_time(value):
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value))


@FORMATS.checks("uri")
def is_uri(value):
    return not isinstance(value, str) or bool(re.match(r"https?://[^/\s]+/\S*$", value))


@FORMATS.checks("uri-reference")
def is_uri_reference(value):
    return not isinstance(value, str) or bool(re.match(r"(https?://[^/\s]+)?/\S*$", value))


class Seen:
    """What has been seen of the document so far, by operation."""

    def __init__(self):
        self.statuses = collections.defaultdict(set)
        self.answers = collections.defaultdict(set)  # (status, media type)
        self.parameters = collections.defaultdict(set)  # (place, name)
        self.bodies = collections.defaultdict(set)  # media types
        self.headers = collections.defaultdict(set)  # of answers: (status, lower-case name)
        self.members = set()  # of bodies and answers: (schema, name)


class RecordingClient(Client):
    """A client whose every exchange is held against the document, and noted."""

    def __init__(self, server, document, seen):
        super().__init__(server)
        self.document = document
        self.seen = seen

    def fresh(self):
        """Another one, of a caller whom the service does not know."""
        return RecordingClient(f"http://{self.host}:{self.port}", self.document, self.seen)

    def _exchange(self, method, path, body, fields):
        response = super()._exchange(method, path, body, fields)
        check(self.document, self.seen, method, path, fields, body, response)
        return response

    def call(self, name, path=(), query=None, headers=None, body=None, media_type=None):
        """Sends the request of an operation. `path` has its parameters' values in their order; `body` is a value for
        the media type (JSON unless the operation only takes forms), or bytes."""
        operation = self.document.operations[name]
        values = iter([path] if isinstance(path, str) else path)
        target = re.sub(r"\{\w+\}", lambda _: str(next(values)), operation.path)
        if query:
            target += "?" + urllib.parse.urlencode(query)
        headers = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            media_type = media_type or next(iter(operation.content))
            body, headers["Content-Type"] = encode(body, media_type)
        elif media_type:
            headers["Content-Type"] = media_type
        return self.request(operation.method, target, body=body, headers=headers)


def encode(value, media_type):
    """A request body, and its Content-Type."""
    if media_type == JSON:
        return json.dumps(value).encode(), JSON
    if media_type == FORM:
        return urllib.parse.urlencode(value, doseq=True).encode(), FORM
    if media_type != MULTIPART:
        return value.encode(), media_type
    parts = []
    for name, text in value.items():
        file = '; filename="a.py"' if name == "file" else ""
        parts.append(f'--limit\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{text}\r\n')
    return ("".join(parts) + "--limit--\r\n").encode(), MULTIPART + "; boundary=limit"


def decode(body, media_type):
    """What encode() was given, as far as its members' names go."""
    if media_type == JSON:
        return json.loads(body)
    if media_type == FORM:
        return urllib.parse.parse_qs(body.decode(), keep_blank_values=True)
    return dict.fromkeys(re.findall(r'\bname="(\w+)"', body.decode())) if media_type == MULTIPART else body.decode()


def check(document, seen, method, target, fields, body, response):
    """Fails when the answer is not what the document says; notes what has been seen."""
    path, _, query = target.partition("?")
    operation = document.find(method, path)
    assert operation, f"{method} {path} is not in the document; it was answered with {response}"
    what = f"{operation}: {response.status}"
    assert response.status in operation.responses, f"{what} is not documented: {response}"
    said = operation.responses[response.status]
    media_type = check_content(document, seen, method, said, response, what)
    check_headers(document, said, response, what)

    seen.statuses[operation.id].add(response.status)
    seen.answers[operation.id].add((response.status, media_type))
    seen.headers[operation.id] |= {(response.status, name.lower()) for name, _ in response.headers}
    sent = {name.lower() for name in fields}
    queried = set(urllib.parse.parse_qs(query, keep_blank_values=True))
    unknown = queried - set(operation.named("query"))
    assert not unknown, f"{operation} was sent the parameters {unknown}, which are not documented"
    # What was refused says nothing about what was sent; a condition that does not hold does.
    if response.status >= 400 and response.status != 412:
        return
    seen.parameters[operation.id] |= {("query", name) for name in queried}
    seen.parameters[operation.id] |= {("header", name) for name in operation.named("header") if name.lower() in sent}
    if body:
        media_type = fields.get("Content-Type", JSON).split(";")[0]
        seen.bodies[operation.id].add(media_type)
        if media_type in operation.content:
            document.notice(decode(body, media_type), operation.content[media_type]["schema"], "", seen.members)


def check_content(document, seen, method, said, response, what):
    """The media type of the content, None without any."""
    has_content = response.status not in (204, 303, 304) and method != "HEAD"
    if not has_content:
        assert not response.body, f"{what} has content: {response}"
        return None
    media_type = response.headers["Content-Type"].split(";")[0]
    assert media_type in said.get("content", {}), f"{what} with {media_type} is not documented: {response}"
    if media_type.endswith("json"):
        value = json.loads(decoded(response))
        document.validate(value, said["content"][media_type]["schema"], what)
        document.notice(value, said["content"][media_type]["schema"], "", seen.members)
        if media_type == "application/problem+json":
            assert value["status"] == response.status, f"{what}: {value}"
    return media_type


def check_headers(document, said, response, what):
    documented = {name.lower(): document.resolve(header) for name, header in said.get("headers", {}).items()}
    for name, value in response.headers:
        if name.lower() in TRANSPORT:
            continue
        assert name.lower() in documented, f"{what}: the header field {name}: {value} is not documented"
        schema = documented[name.lower()]["schema"]
        document.validate(int(value) if schema["type"] == "integer" else value, schema, f"{what}, {name}")
    for name, header in documented.items():
        assert not header.get("required") or name in response.headers, f"{what}: {name} is missing: {response}"
