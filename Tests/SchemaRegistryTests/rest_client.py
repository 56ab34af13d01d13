"""The registry's REST API as Python sees it: one check for each endpoint and each error code.

rest_client.py certificate FOLDER      writes certificate.pem and key.pem, for 127.0.0.1 and localhost
rest_client.py run ADDRESSES           runs all checks; ADDRESSES is a JSON object of URLs and files
rest_client.py names                   prints the names of the checks

Prints JSON: for each check its name, and null or what went wrong.
"""

import datetime
import ipaddress
import itertools
import json
import sys
import threading
import time
import traceback
from urllib.parse import quote

import requests
from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Metadata,
    MetadataProperties,
    Rule,
    RuleKind,
    RuleMode,
    RuleSet,
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    SchemaRegistryError,
    ServerConfig,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

V1 = "application/vnd.schemaregistry.v1+json"
INT = '"int"'
ADDRESSES = {}
CHECKS = {}
numbers = itertools.count(1)


def check(*names):
    def add(function):
        for name in names:
            assert name not in CHECKS, name
            CHECKS[name] = function
        return function

    return add


def record(name, *fields, **attributes):
    """A record of long fields; those with a ? have a default."""
    made = [
        {"name": field.rstrip("?"), "type": "long", **({"default": 0} if field.endswith("?") else {})}
        for field in fields
    ]
    return json.dumps({"type": "record", "name": name, "fields": made, **attributes})


class Registry:
    """Plain HTTP to one of the registries."""

    def __init__(self, name="plain", **options):
        self.url = ADDRESSES[name]
        self.options = options

    def send(self, method, path, body=None, **more):
        options = {"timeout": 30, **self.options, **more}
        if body is not None and "data" not in options:
            options["data"] = json.dumps(body)
        options.setdefault("headers", {"Content-Type": V1})
        return requests.request(method, self.url + path, **options)

    def ok(self, method, path, body=None, **more):
        answer = self.send(method, path, body, **more)
        assert answer.status_code == 200, (method, path, answer.status_code, answer.text)
        assert answer.headers["Content-Type"] == V1, answer.headers
        return answer.json()

    def refused(self, status, code, method, path, body=None, **more):
        answer = self.send(method, path, body, **more)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        found = answer.json()
        assert found["error_code"] == code and found["message"], (method, path, found)
        assert set(found) == {"error_code", "message"}, found
        return found["message"]

    def register(self, subject, schema, **more):
        return self.ok("POST", f"/subjects/{quote(subject, safe='')}/versions", {"schema": schema, **more})["id"]

    def client(self, **more):
        return SchemaRegistryClient({"url": self.url, "max.retries": 0, **more})


def fresh(kind="s"):
    """A subject that no other check uses."""
    return f"{kind}-{next(numbers)}"


def lax(registry, subject):
    registry.ok("PUT", f"/config/{subject}", {"compatibility": "NONE"})
    return subject


def refusal(call):
    try:
        call()
    except SchemaRegistryError as error:
        return error.http_status_code, error.error_code
    raise AssertionError("it was not refused")


# ---- Root, health


@check("GET /")
def root():
    assert Registry().ok("GET", "/") == {}


@check("GET /health")
def health():
    assert Registry().ok("GET", "/health") == {"status": "ok"}


# ---- Subjects


@check("GET /subjects")
def subjects():
    r, prefix = Registry(), fresh("list")
    for name in "abcd":
        r.register(f"{prefix}-{name}", INT)
    for name in "cd":
        r.ok("DELETE", f"/subjects/{prefix}-{name}")
    path = f"/subjects?subjectPrefix={prefix}"
    assert r.ok("GET", path) == [f"{prefix}-a", f"{prefix}-b"]
    assert r.ok("GET", path + "&deleted=true") == [f"{prefix}-{name}" for name in "abcd"]
    assert r.ok("GET", path + "&deletedOnly=true") == [f"{prefix}-c", f"{prefix}-d"]
    assert r.ok("GET", path + "&deleted=true&offset=1&limit=2") == [f"{prefix}-b", f"{prefix}-c"]
    assert r.ok("GET", path + "&offset=9") == [] and len(r.ok("GET", path + "&limit=-1")) == 2
    assert set(r.client().get_subjects(subject_prefix=prefix)) == {f"{prefix}-a", f"{prefix}-b"}
    assert set(r.client().get_subjects()) >= {f"{prefix}-a", f"{prefix}-b"}
    r.refused(400, 400, "GET", path + "&limit=many")


@check("POST /subjects/{subject}")
def look_up():
    r, subject = Registry(), fresh()
    schema = record("R", "a")
    id = r.register(subject, schema)
    assert r.ok("POST", f"/subjects/{subject}", {"schema": schema}) == {
        "subject": subject, "version": 1, "id": id, "schema": schema,
    }
    spaced = json.dumps(json.loads(schema), indent=2)
    assert r.ok("POST", f"/subjects/{subject}", {"schema": spaced})["id"] == id
    documented = record("R", "a", doc="the same form")
    assert r.ok("POST", f"/subjects/{subject}", {"schema": documented})["id"] == id
    r.ok("DELETE", f"/subjects/{subject}")
    r.refused(404, 40401, "POST", f"/subjects/{subject}", {"schema": schema})
    assert r.ok("POST", f"/subjects/{subject}?deleted=true", {"schema": schema})["id"] == id
    found = r.client().lookup_schema(subject, Schema(schema, "AVRO"), deleted=True)
    assert (found.schema_id, found.version) == (id, 1)


@check("DELETE /subjects/{subject}")
def delete_subject():
    r, subject = Registry(), fresh()
    id = r.register(subject, record("R", "a"))
    r.register(subject, record("R", "a", "b?"))
    r.ok("PUT", f"/config/{subject}", {"compatibility": "NONE"})
    r.ok("PUT", f"/mode/{subject}", {"mode": "READWRITE"})
    assert r.ok("DELETE", f"/subjects/{subject}") == [1, 2]
    r.refused(404, 40401, "GET", f"/subjects/{subject}/versions")
    r.refused(404, 40408, "GET", f"/config/{subject}")
    r.refused(404, 40409, "GET", f"/mode/{subject}")
    assert json.loads(r.ok("GET", f"/schemas/ids/{id}")["schema"])["name"] == "R"
    # Registered again it is a new version with the old id.
    assert r.register(subject, record("R", "a")) == id
    assert r.ok("GET", f"/subjects/{subject}/versions") == [3]
    r.ok("DELETE", f"/subjects/{subject}")
    assert r.ok("DELETE", f"/subjects/{subject}?permanent=true") == [2, 3]
    assert subject not in r.ok("GET", "/subjects?deleted=true")
    other = fresh()
    r.register(other, record("Only", other.replace("-", "_")))
    client = r.client()
    assert client.delete_subject(other) == [1]
    assert client.delete_subject(other, permanent=True) == [1]


@check("GET /subjects/{subject}/versions")
def list_versions():
    r = Registry()
    subject = lax(r, fresh())
    for fields in ["a", "b", "c", "d"]:
        r.register(subject, record("R", fields))
    r.ok("DELETE", f"/subjects/{subject}/versions/2")
    path = f"/subjects/{subject}/versions"
    assert r.ok("GET", path) == [1, 3, 4]
    assert r.ok("GET", path + "?deleted=true") == [1, 2, 3, 4]
    assert r.ok("GET", path + "?deletedOnly=true") == [2]
    assert r.ok("GET", path + "?offset=1&limit=1") == [3]
    assert r.client().get_versions(subject) == [1, 3, 4]
    assert r.client().get_versions(subject, deleted=True) == [1, 2, 3, 4]


@check("POST /subjects/{subject}/versions")
def register():
    r, subject, other = Registry(), fresh(), fresh()
    schema = record("R", subject.replace("-", "_"))
    answer = r.ok("POST", f"/subjects/{subject}/versions", {"schema": schema})
    assert set(answer) == {"id"}
    assert r.register(other, schema) == answer["id"], "the same schema under two subjects has one id"
    assert r.register(subject, schema, schemaType="AVRO", references=[], id=-1, version=0) == answer["id"]
    assert r.register(subject, record("R", subject.replace("-", "_"), "b?"), version=2) != answer["id"]
    assert r.client().register_schema(other, Schema(schema, "AVRO")) == answer["id"]
    for kind in ["application/json", "application/vnd.schemaregistry+json", "application/octet-stream"]:
        assert r.ok(
            "POST", f"/subjects/{subject}/versions", {"schema": schema}, headers={"Content-Type": kind}
        ) == answer


@check("normalize")
def normalize():
    r = Registry()
    subject = lax(r, fresh())
    long = json.dumps({
        "name": "space.Rec", "fields": [{"type": {"type": "string"}, "name": "f"}, {"name": "s", "type": ["null", "space.Rec"]}],
        "type": "record", "custom": {"b": 1, "a": 2},
    })
    short = json.dumps({
        "type": "record", "namespace": "space", "name": "Rec", "custom": {"a": 2, "b": 1},
        "fields": [{"name": "f", "type": "string"}, {"name": "s", "type": ["null", "Rec"]}],
    })
    id = r.ok("POST", f"/subjects/{subject}/versions?normalize=true", {"schema": long})["id"]
    assert r.ok("POST", f"/subjects/{subject}/versions?normalize=true", {"schema": short})["id"] == id
    assert r.ok("POST", f"/subjects/{subject}?normalize=true", {"schema": short})["id"] == id
    assert r.client().register_schema(subject, Schema(short, "AVRO"), normalize_schemas=True) == id
    assert r.ok("GET", f"/schemas/ids/{id}")["schema"] == (
        '{"type":"record","name":"Rec","namespace":"space","fields":[{"name":"f","type":"string"},'
        '{"name":"s","type":["null","Rec"]}],"custom":{"a":2,"b":1}}'
    )
    assert r.register(subject, long) != id, "without it texts are told apart"
    r.ok("PUT", f"/config/{subject}", {"normalize": True})
    assert r.register(subject, long) == id


@check("GET /subjects/{subject}/versions/{version}")
def version():
    r, subject = Registry(), fresh()
    first, second = record("R", "a"), record("R", "a", "b?")
    ids = [r.register(subject, first), r.register(subject, second)]
    path = f"/subjects/{subject}/versions/"
    assert r.ok("GET", path + "1") == {"subject": subject, "version": 1, "id": ids[0], "schema": first}
    for latest in ["2", "latest", "-1"]:
        assert r.ok("GET", path + latest) == {"subject": subject, "version": 2, "id": ids[1], "schema": second}
    r.ok("DELETE", path + "2")
    assert r.ok("GET", path + "latest")["version"] == 1
    r.refused(404, 40402, "GET", path + "2")
    assert r.ok("GET", path + "2?deleted=true")["id"] == ids[1]
    assert r.client().get_latest_version(subject).schema_id == ids[0]
    assert r.client().get_version(subject, 2, deleted=True).schema_id == ids[1]


@check("GET /subjects/{subject}/versions/{version}/schema")
def version_schema():
    r, subject = Registry(), fresh()
    r.register(subject, record("R", "a"))
    answer = r.send("GET", f"/subjects/{subject}/versions/latest/schema")
    assert answer.status_code == 200 and answer.text == record("R", "a")
    assert r.ok("GET", f"/subjects/{subject}/versions/1/schema") == json.loads(record("R", "a"))


def with_references(r):
    """A subject that others refer to, and one that refers to it; returns both with the second's id and text."""
    base, top = fresh("base"), fresh("top")
    r.register(base, record(f"Base{next(numbers)}", "a", namespace="refs"))
    name = json.loads(r.ok("GET", f"/subjects/{base}/versions/1")["schema"])["name"]
    text = json.dumps({
        "type": "record", "name": f"Top{next(numbers)}", "namespace": "refs",
        "fields": [{"name": "base", "type": f"refs.{name}"}, {"name": "more", "type": ["null", f"refs.{name}"]}],
    })
    reference = {"name": f"refs.{name}", "subject": base, "version": 1}
    return base, top, r.register(top, text, references=[reference]), text, reference


@check("GET /subjects/{subject}/versions/{version}/referencedby")
def referenced_by():
    r = Registry()
    base, top, id, _, _ = with_references(r)
    path = f"/subjects/{base}/versions/1/referencedby"
    assert r.ok("GET", path) == [id]
    assert r.ok("GET", path + "?offset=1") == []
    assert r.client().get_referenced_by(base, 1) == [id]
    r.ok("DELETE", f"/subjects/{top}")
    assert r.ok("GET", path) == []
    r.refused(404, 40402, "GET", f"/subjects/{base}/versions/7/referencedby")


@check("references")
def references():
    r = Registry()
    base, top, id, text, reference = with_references(r)
    assert r.ok("GET", f"/schemas/ids/{id}") == {"references": [reference], "schema": text}
    assert r.ok("GET", f"/subjects/{top}/versions/latest")["references"] == [reference]
    assert r.ok("POST", f"/subjects/{top}", {"schema": text, "references": [reference]})["id"] == id
    resolved = json.loads(r.ok("GET", f"/schemas/ids/{id}?format=resolved")["schema"])
    assert resolved["fields"][0]["type"]["fields"][0]["name"] == "a"
    # The same with its references written out is the same schema.
    assert r.register(top, json.dumps(resolved)) == id
    assert r.register(top, text, references=[{**reference, "version": -1}]) == id
    # A version that others lean on, deleted or not, stays when its schema is registered again.
    text_of_base = r.ok("GET", f"/subjects/{base}/versions/1")["schema"]
    r.ok("DELETE", f"/subjects/{top}")
    r.ok("DELETE", f"/subjects/{base}")
    r.register(base, text_of_base)
    assert r.ok("GET", f"/subjects/{base}/versions?deleted=true") == [1, 2]
    assert json.loads(r.ok("GET", f"/schemas/ids/{id}?format=resolved")["schema"]) == resolved
    assert r.register(top, text, references=[reference]) == id
    # confluent-kafka reads and writes with it.
    client = r.client()
    schema = Schema(text, "AVRO", [SchemaReference(reference["name"], base, 1)])
    context = SerializationContext(top, MessageField.VALUE)
    value = {"base": {"a": 7}, "more": None}
    conf = {"subject.name.strategy": lambda *_: top, "auto.register.schemas": False}
    data = AvroSerializer(client, schema, conf=conf)(value, context)
    assert int.from_bytes(data[1:5], "big") == id
    assert AvroDeserializer(r.client())(data, context) == value


@check("DELETE /subjects/{subject}/versions/{version}")
def delete_version():
    r = Registry()
    subject = lax(r, fresh())
    ids = [r.register(subject, record("R", field)) for field in "abc"]
    path = f"/subjects/{subject}/versions/"
    assert r.ok("DELETE", path + "latest") == 3
    assert r.ok("DELETE", path + "1") == 1
    assert r.client().delete_version(subject, 2) == 2
    r.refused(404, 40401, "GET", f"/subjects/{subject}/versions")
    assert r.ok("DELETE", path + "3?permanent=true") == 3
    assert r.client().delete_version(subject, 1, permanent=True) == 1
    assert r.ok("GET", f"/subjects/{subject}/versions?deleted=true") == [2]
    assert r.ok("GET", f"/schemas/ids/{ids[1]}/versions?deleted=true&subject={subject}") == [
        {"subject": subject, "version": 2}
    ]
    lone = fresh()
    id = r.register(lone, record("Lone", lone.replace("-", "_")))
    r.ok("DELETE", f"/subjects/{lone}/versions/1")
    assert r.ok("GET", f"/schemas/ids/{id}")
    r.ok("DELETE", f"/subjects/{lone}/versions/1?permanent=true")
    r.refused(404, 40403, "GET", f"/schemas/ids/{id}")


@check("GET /subjects/{subject}/metadata")
def metadata():
    r, subject = Registry(), fresh()
    first = r.ok("POST", f"/subjects/{subject}/versions", {
        "schema": record("R", "a"), "metadata": {"properties": {"stage": "one", "owner": "me"}},
    })
    assert first["metadata"]["properties"]["stage"] == "one" and first["version"] == 1
    r.ok("POST", f"/subjects/{subject}/versions", {
        "schema": record("R", "a"), "metadata": {"properties": {"stage": "two", "owner": "me"}},
    })
    path = f"/subjects/{subject}/metadata"
    assert r.ok("GET", path + "?key=owner&value=me")["version"] == 2
    assert r.ok("GET", path + "?key=owner&value=me&key=stage&value=one")["version"] == 1
    r.refused(404, 40402, "GET", path + "?key=stage&value=three")
    assert r.client().get_latest_with_metadata(subject, {"stage": "one"}).version == 1


@check("metadata and rules")
def contracts():
    r, subject = Registry(), fresh()
    client = r.client()
    rule = Rule(
        "positive", "", RuleKind.CONDITION, RuleMode.WRITE, "CEL", [], None, "message.a > 0", None, None, False)
    schema = Schema(
        record("R", "a"), "AVRO", [],
        Metadata(None, MetadataProperties({"owner": "me"}), None), RuleSet(None, [rule]))
    id = client.register_schema(subject, schema)
    read = r.client().get_schema(id, subject_name=subject)
    assert read.metadata.properties.properties == {"owner": "me"}
    assert [each.name for each in read.rule_set.domain_rules] == ["positive"]
    # The next version has both from the one before, the configuration's over it.
    r.ok("PUT", f"/config/{subject}", {
        "compatibility": "NONE", "defaultMetadata": {"properties": {"owner": "all", "team": "blue"}},
        "overrideMetadata": {"properties": {"checked": "yes"}, "sensitive": ["a"]},
    })
    full = r.ok("POST", f"/subjects/{subject}/versions", {"schema": record("R", "b")})
    assert full["metadata"]["properties"] == {"owner": "me", "team": "blue", "checked": "yes"}
    assert full["metadata"]["sensitive"] == ["a"]
    assert full["ruleSet"]["domainRules"][0]["name"] == "positive"
    # Only the metadata is sent: the schema stays.
    again = r.ok("POST", f"/subjects/{subject}/versions", {"metadata": {"properties": {"owner": "you"}}})
    assert again["schema"] == record("R", "b") and again["metadata"]["properties"]["owner"] == "you"
    assert again["id"] != full["id"]
    r.refused(422, 42201, "POST", f"/subjects/{subject}/versions", {"schema": INT, "metadata": {"properties": 7}})


# ---- Schemas


@check("GET /schemas")
def all_schemas():
    r, prefix = Registry(), fresh("all")
    ids = [r.register(f"{prefix}-a", record("R", "a")), r.register(f"{prefix}-a", record("R", "a", "b?"))]
    r.register(f"{prefix}-b", record("R", "a"))
    r.ok("DELETE", f"/subjects/{prefix}-b")
    path = f"/schemas?subjectPrefix={prefix}"
    found = r.ok("GET", path)
    assert [(each["subject"], each["version"], each["id"]) for each in found] == [
        (f"{prefix}-a", 1, ids[0]), (f"{prefix}-a", 2, ids[1]),
    ]
    assert found[0]["schema"] == record("R", "a")
    assert len(r.ok("GET", path + "&deleted=true")) == 3
    assert [each["version"] for each in r.ok("GET", path + "&latestOnly=true")] == [2]
    assert len(r.ok("GET", path + "&offset=1&limit=1")) == 1


@check("GET /schemas/types")
def types():
    assert Registry().ok("GET", "/schemas/types") == ["AVRO"]
    assert Registry().client().get_schema_types() == ["AVRO"]


@check("GET /schemas/ids/{id}")
def by_id():
    r, subject = Registry(), fresh()
    id = r.register(subject, record("R", "x"))
    assert r.ok("GET", f"/schemas/ids/{id}") == {"schema": record("R", "x")}
    assert r.ok("GET", f"/schemas/ids/{id}?subject={subject}") == {"schema": record("R", "x")}
    assert r.ok("GET", f"/schemas/ids/{id}?fetchMaxId=true")["maxId"] >= id
    assert r.client().get_schema(id).schema_str == record("R", "x")
    r.refused(400, 400, "GET", f"/schemas/ids/{id}?format=poem")


@check("GET /schemas/ids/{id}/schema")
def schema_by_id():
    r = Registry()
    id = r.register(fresh(), record("R", "x"))
    answer = r.send("GET", f"/schemas/ids/{id}/schema")
    assert answer.status_code == 200 and answer.text == record("R", "x")


@check("GET /schemas/ids/{id}/subjects")
def subjects_of_id():
    r = Registry()
    names = [fresh(), fresh(), fresh()]
    schema = record("Shared", names[0].replace("-", "_"))
    id = [r.register(name, schema) for name in names][0]
    r.ok("DELETE", f"/subjects/{names[1]}")
    path = f"/schemas/ids/{id}/subjects"
    assert r.ok("GET", path) == [names[0], names[2]]
    assert r.ok("GET", path + "?deleted=true") == names
    assert r.ok("GET", path + f"?subject={names[2]}") == [names[2]]
    assert r.ok("GET", path + "?deleted=true&offset=1&limit=1") == [names[1]]
    assert r.client().get_subjects_by_schema_id(id) == [names[0], names[2]]


@check("GET /schemas/ids/{id}/versions")
def versions_of_id():
    r = Registry()
    names = [fresh(), fresh()]
    schema = record("Both", names[0].replace("-", "_"))
    id = [r.register(name, schema) for name in names][0]
    wanted = [{"subject": name, "version": 1} for name in names]
    assert r.ok("GET", f"/schemas/ids/{id}/versions") == wanted
    assert r.ok("GET", f"/schemas/ids/{id}/versions?limit=1") == wanted[:1]
    assert [(each.subject, each.version) for each in r.client().get_schema_versions(id)] == [(n, 1) for n in names]


# ---- Compatibility


@check("POST /compatibility/subjects/{subject}/versions")
def compatibility_all():
    r, subject = Registry(), fresh()
    r.ok("PUT", f"/config/{subject}", {"compatibility": "BACKWARD_TRANSITIVE"})
    r.register(subject, record("R", "a"))
    r.register(subject, record("R", "a", "b?"))
    path = f"/compatibility/subjects/{subject}/versions"
    assert r.ok("POST", path, {"schema": record("R", "a", "c?")}) == {"is_compatible": True}
    # The latest has b, the one before does not.
    assert r.ok("POST", path, {"schema": record("R", "a", "b")}) == {"is_compatible": False}
    verbose = r.ok("POST", path + "?verbose=true", {"schema": record("R", "a", "b")})
    assert not verbose["is_compatible"] and verbose["messages"][0].startswith(
        "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'The field 'b' at path '/fields/1'")
    assert "{oldSchemaVersion: 1}" in verbose["messages"]
    assert r.ok("POST", path + "?verbose=true", {"schema": record("R", "a")})["messages"] == []
    assert r.client().test_compatibility_all_versions(subject, Schema(record("R", "a"), "AVRO"))
    assert r.ok("POST", f"/compatibility/subjects/{fresh()}/versions", {"schema": INT}) == {"is_compatible": True}


@check("POST /compatibility/subjects/{subject}/versions/{version}")
def compatibility_one():
    r, subject = Registry(), fresh()
    r.ok("PUT", f"/config/{subject}", {"compatibility": "FULL"})
    r.register(subject, record("R", "a"))
    path = f"/compatibility/subjects/{subject}/versions/"
    for version in ["1", "latest", "-1"]:
        assert r.ok("POST", path + version, {"schema": record("R", "a", "b?")})["is_compatible"]
        assert not r.ok("POST", path + version, {"schema": record("R", "a", "b")})["is_compatible"]
    assert r.client().test_compatibility(subject, Schema(record("R", "a"), "AVRO"))
    assert "old" in str(r.ok("POST", path + "1?verbose=true", {"schema": record("R", "b")})["messages"])
    group = lax(r, fresh())
    r.ok("PUT", f"/config/{group}", {"compatibility": "BACKWARD", "compatibilityGroup": "major"})
    one = {"schema": record("R", "a"), "metadata": {"properties": {"major": "1"}}}
    two = {"schema": record("R", "z"), "metadata": {"properties": {"major": "2"}}}
    r.ok("POST", f"/subjects/{group}/versions", one)
    assert r.ok("POST", f"/compatibility/subjects/{group}/versions", two)["is_compatible"]
    assert not r.ok("POST", f"/compatibility/subjects/{group}/versions", {**two, "metadata": one["metadata"]})[
        "is_compatible"
    ]


# ---- Configuration and modes, global ones on a registry of their own


@check("GET /config", "PUT /config", "DELETE /config")
def config():
    r = Registry("global")
    assert r.ok("GET", "/config") == {"compatibilityLevel": "BACKWARD"}
    assert r.ok("PUT", "/config", {"compatibility": "full"}) == {"compatibility": "FULL"}
    assert r.ok("GET", "/config") == {"compatibilityLevel": "FULL"}
    r.client().set_compatibility(level="FORWARD")
    assert r.client().get_compatibility() == "FORWARD"
    assert r.ok("DELETE", "/config") == {"compatibilityLevel": "FORWARD"}
    assert r.ok("GET", "/config") == {"compatibilityLevel": "BACKWARD"}


@check("GET /config/{subject}", "PUT /config/{subject}", "DELETE /config/{subject}")
def subject_config():
    r, subject = Registry(), fresh()
    path = f"/config/{subject}"
    r.refused(404, 40408, "GET", path)
    assert r.ok("GET", path + "?defaultToGlobal=true") == r.ok("GET", "/config")
    assert r.ok("PUT", path, {"compatibility": "NONE", "normalize": True}) == {"compatibility": "NONE", "normalize": True}
    assert r.ok("GET", path) == {"compatibilityLevel": "NONE", "normalize": True}
    assert r.ok("PUT", path, {"normalize": None}) == {}
    assert r.ok("GET", path) == {"compatibilityLevel": "NONE"}
    assert r.client().get_config(subject).compatibility_level.value == "NONE"
    r.client().set_config(subject, ServerConfig(compatibility=ConfigCompatibilityLevel.FULL))
    assert r.client().delete_config(subject).compatibility_level.value == "FULL"
    r.refused(404, 40401, "DELETE", path)
    alias = fresh("alias")
    r.register(subject, INT)
    r.ok("PUT", f"/config/{alias}", {"alias": subject})
    assert r.ok("GET", f"/subjects/{alias}/versions/latest")["subject"] == subject


@check("GET /mode", "PUT /mode", "DELETE /mode")
def mode():
    r = Registry("global")
    subject = fresh()
    assert r.ok("GET", "/mode") == {"mode": "READWRITE"}
    assert r.ok("PUT", "/mode", {"mode": "READONLY"}) == {"mode": "READONLY"}
    try:
        r.refused(422, 42205, "POST", f"/subjects/{subject}/versions", {"schema": INT})
        r.refused(422, 42205, "PUT", "/config", {"compatibility": "NONE"})
        r.ok("PUT", f"/mode/{subject}", {"mode": "READWRITE"})
        r.register(subject, INT)
        # The override holds whatever a subject says.
        r.ok("PUT", "/mode", {"mode": "readonly_override"})
        r.refused(422, 42205, "DELETE", f"/subjects/{subject}")
        assert r.ok("GET", f"/mode/{subject}") == {"mode": "READONLY_OVERRIDE"}
        assert r.client().get_global_mode() == "READONLY_OVERRIDE"
    finally:
        r.ok("DELETE", "/mode")
    assert r.client().update_global_mode("READWRITE") == "READWRITE"
    r.ok("DELETE", f"/subjects/{subject}")


@check("GET /mode/{subject}", "PUT /mode/{subject}", "DELETE /mode/{subject}")
def subject_mode():
    r, subject = Registry(), fresh()
    path = f"/mode/{subject}"
    r.refused(404, 40409, "GET", path)
    assert r.ok("GET", path + "?defaultToGlobal=true") == {"mode": "READWRITE"}
    r.register(subject, INT)
    assert r.ok("PUT", path, {"mode": "READONLY"}) == {"mode": "READONLY"}
    for method, place in [("DELETE", f"/subjects/{subject}"), ("DELETE", f"/subjects/{subject}/versions/1")]:
        r.refused(422, 42205, method, place)
    r.refused(422, 42205, "POST", f"/subjects/{subject}/versions", {"schema": '"long"'})
    assert r.client().get_mode(subject) == "READONLY"
    assert r.client().delete_mode(subject) == "READONLY"
    r.refused(404, 40401, "DELETE", path)
    assert r.client().update_mode(subject, "READWRITE") == "READWRITE"


@check("import mode")
def import_mode():
    r, subject, other = Registry(), fresh(), fresh()
    r.register(subject, INT)
    r.refused(422, 42205, "PUT", f"/mode/{subject}", {"mode": "IMPORT"})
    assert r.ok("PUT", f"/mode/{subject}?force=true", {"mode": "IMPORT"}) == {"mode": "IMPORT"}
    r.ok("PUT", f"/mode/{other}", {"mode": "IMPORT"})
    schema, id = record("Imported", other.replace("-", "_")), 900_000 + next(numbers)
    path = f"/subjects/{other}/versions"
    assert r.ok("POST", path, {"schema": schema, "id": id, "version": 7}) == {"id": id}
    assert r.ok("GET", path) == [7]
    assert r.ok("POST", path, {"schema": schema, "id": id, "version": 5}) == {"id": id}
    assert r.ok("GET", path) == [5, 7]
    r.refused(422, 42205, "POST", path, {"schema": '"long"'})
    r.ok("PUT", f"/mode/{other}", {"mode": "READWRITE"})
    # Nothing gets an id below one that was imported.
    assert r.register(other, record("Imported", other.replace("-", "_"), "b?")) > id


# ---- Contexts


@check("GET /contexts", "DELETE /contexts/{context}", "/contexts/{context}/…")
def contexts():
    r, name = Registry(), f".ctx{next(numbers)}"
    subject, schema = fresh(), record("Ctx", name[1:])
    id = r.ok("POST", f"/subjects/:{name}:{subject}/versions", {"schema": schema})["id"]
    assert id == 1, "each context has ids of its own"
    assert name in r.ok("GET", "/contexts") and r.ok("GET", "/contexts")[0] == "."
    assert name in r.client().get_contexts()
    base = f"/contexts/{name}"
    assert r.ok("GET", base + "/subjects") == [f":{name}:{subject}"]
    assert r.ok("GET", base + f"/subjects/{subject}/versions") == [1]
    assert r.ok("GET", base + "/schemas/ids/1")["schema"] == schema
    assert r.ok("GET", f"/schemas/ids/1?subject=:{name}:")["schema"] == schema
    assert r.ok("PUT", base + "/config", {"compatibility": "NONE"})
    assert r.ok("GET", base + f"/config/{subject}?defaultToGlobal=true")["compatibilityLevel"] == "NONE"
    assert r.ok("POST", base + f"/compatibility/subjects/{subject}/versions", {"schema": INT})["is_compatible"]
    assert r.ok("PUT", base + f"/mode/{subject}", {"mode": "READONLY"})
    r.refused(422, 42205, "DELETE", base + f"/subjects/{subject}")
    r.ok("DELETE", base + f"/mode/{subject}")
    assert subject not in r.ok("GET", f"/subjects?subjectPrefix={subject}")
    r.refused(422, 42211, "DELETE", base)
    r.ok("DELETE", base + f"/subjects/{subject}")
    r.refused(422, 42211, "DELETE", base)
    r.ok("DELETE", base + f"/subjects/{subject}?permanent=true")
    assert name in r.ok("GET", "/contexts")
    r.ok("DELETE", base)
    assert name not in r.ok("GET", "/contexts")


# ---- Error codes


@check("40401")
def subject_not_found():
    r, none = Registry(), fresh("none")
    for method, path, body in [
        ("GET", f"/subjects/{none}/versions", None), ("GET", f"/subjects/{none}/versions/latest", None),
        ("POST", f"/subjects/{none}", {"schema": INT}), ("DELETE", f"/subjects/{none}", None),
        ("DELETE", f"/subjects/{none}/versions/1", None), ("GET", f"/subjects/{none}/versions/1/referencedby", None),
        ("GET", f"/subjects/{none}/metadata", None), ("DELETE", f"/config/{none}", None), ("DELETE", f"/mode/{none}", None),
    ]:
        assert none in r.refused(404, 40401, method, path, body)
    assert refusal(lambda: r.client().get_latest_version(none)) == (404, 40401)


@check("40402")
def version_not_found():
    r, subject = Registry(), fresh()
    r.register(subject, INT)
    for path in [f"/subjects/{subject}/versions/2", f"/subjects/{subject}/versions/2147483647/schema"]:
        assert subject in r.refused(404, 40402, "GET", path)
    r.refused(404, 40402, "DELETE", f"/subjects/{subject}/versions/2")
    r.refused(404, 40402, "POST", f"/compatibility/subjects/{subject}/versions/2", {"schema": INT})


@check("40403")
def schema_not_found():
    r, subject = Registry(), fresh()
    r.register(subject, INT)
    for path in ["", "/schema", "/subjects", "/versions"]:
        assert "777777" in r.refused(404, 40403, "GET", f"/schemas/ids/777777{path}")
    for id in ["x", "-1", "99999999999"]:
        r.refused(404, 40403, "GET", f"/schemas/ids/{id}")
    r.refused(404, 40403, "POST", f"/subjects/{subject}", {"schema": '"long"'})


@check("40404")
def subject_deleted():
    r, subject = Registry(), fresh()
    r.register(subject, INT)
    r.ok("DELETE", f"/subjects/{subject}")
    r.refused(404, 40404, "DELETE", f"/subjects/{subject}")


@check("40405")
def subject_not_deleted():
    r, subject = Registry(), fresh()
    r.register(subject, INT)
    r.refused(404, 40405, "DELETE", f"/subjects/{subject}?permanent=true")


@check("40406")
def version_deleted():
    r, subject = Registry(), fresh()
    r.register(subject, INT)
    r.ok("DELETE", f"/subjects/{subject}/versions/1")
    r.refused(404, 40406, "DELETE", f"/subjects/{subject}/versions/1")


@check("40407")
def version_not_deleted():
    r, subject = Registry(), fresh()
    r.register(subject, INT)
    r.refused(404, 40407, "DELETE", f"/subjects/{subject}/versions/1?permanent=true")


@check("40408")
def no_config():
    Registry().refused(404, 40408, "GET", f"/config/{fresh()}")


@check("40409")
def no_mode():
    Registry().refused(404, 40409, "GET", f"/mode/{fresh()}")


@check("409")
def incompatible():
    r, subject = Registry(), fresh()
    r.ok("PUT", f"/config/{subject}", {"compatibility": "BACKWARD"})
    r.register(subject, record("R", "a"))
    message = r.refused(409, 409, "POST", f"/subjects/{subject}/versions", {"schema": record("R", "a", "b")})
    assert subject in message and "READER_FIELD_MISSING_DEFAULT_VALUE" in message
    assert refusal(lambda: r.client().register_schema(subject, Schema(record("R", "a", "b"), "AVRO"))) == (409, 409)


@check("42201")
def invalid_schema():
    r, subject = Registry(), fresh()
    good = {"name": "n", "subject": "none", "version": 1}
    for body in [
        {"schema": "{"}, {"schema": '"strange"'}, {"schema": ""}, {}, {"schema": {"type": "int"}}, [], 7,
        {"schema": "syntax = 3", "schemaType": "PROTOBUF"}, {"schema": "{}", "schemaType": "JSON"},
        {"schema": INT, "references": [good]}, {"schema": INT, "references": [{"name": "n"}]},
        {"schema": INT, "references": 7}, {"schema": INT, "version": 9}, {"schema": INT, "id": "one"},
        {"schema": INT, "metadata": []}, {"schema": record("R", "a", "a")},
        {"schema": '{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}'},
    ]:
        r.refused(422, 42201, "POST", f"/subjects/{subject}/versions", body)
    r.refused(422, 42201, "POST", f"/compatibility/subjects/{subject}/versions", {"schema": "{"})
    assert refusal(lambda: r.client().register_schema(subject, Schema("{", "AVRO"))) == (422, 42201)
    assert subject not in r.ok("GET", "/subjects")


@check("42202")
def invalid_version():
    r, subject = Registry(), fresh()
    r.register(subject, INT)
    for version in ["0", "-2", "2147483648", "newest", "1.5", "%20"]:
        r.refused(422, 42202, "GET", f"/subjects/{subject}/versions/{version}")
        r.refused(422, 42202, "DELETE", f"/subjects/{subject}/versions/{version}")
    r.refused(422, 42202, "POST", f"/compatibility/subjects/{subject}/versions/0", {"schema": INT})


@check("42203")
def invalid_level():
    r = Registry()
    for body in [{"compatibility": "SIDEWAYS"}, {"compatibility": 7}, {}, [], {"normalize": "yes"}, {"alias": 7}]:
        r.refused(422, 42203, "PUT", "/config", body)
        r.refused(422, 42203, "PUT", f"/config/{fresh()}", body)


@check("42204")
def invalid_mode():
    r = Registry()
    for body in [{"mode": "SIDEWAYS"}, {"mode": 7}, {}, []]:
        r.refused(422, 42204, "PUT", "/mode", body)
        r.refused(422, 42204, "PUT", f"/mode/{fresh()}", body)


@check("42205", "read-only registry")
def not_permitted():
    r, subject = Registry(), fresh()
    message = r.refused(422, 42205, "POST", f"/subjects/{subject}/versions", {"schema": INT, "id": 7, "version": 1})
    assert "import mode" in message
    r = Registry("readOnly")
    assert r.ok("GET", "/mode") == {"mode": "READONLY_OVERRIDE"}
    for method, path, body in [
        ("POST", "/subjects/s/versions", {"schema": '"long"'}), ("DELETE", "/subjects/s", None),
        ("DELETE", "/subjects/s/versions/1", None), ("PUT", "/config", {"compatibility": "NONE"}),
        ("PUT", "/mode", {"mode": "READWRITE"}), ("DELETE", "/mode", None), ("DELETE", "/config", None),
        ("PUT", "/mode/s", {"mode": "READWRITE"}),
    ]:
        r.refused(422, 42205, method, path, body)
    assert r.ok("GET", "/subjects/s/versions/1")["schema"] == INT
    assert r.ok("POST", "/subjects/s", {"schema": INT})["version"] == 1


@check("42206")
def reference_exists():
    r = Registry()
    base, top, id, _, _ = with_references(r)
    for path in [f"/subjects/{base}", f"/subjects/{base}/versions/1"]:
        assert str(id) in r.refused(422, 42206, "DELETE", path)
    r.ok("DELETE", f"/subjects/{top}")
    assert r.ok("DELETE", f"/subjects/{base}") == [1]


@check("42207")
def id_does_not_match():
    r, subject, other = Registry(), fresh(), fresh()
    schema = record("Known", subject.replace("-", "_"))
    id = r.register(subject, schema)
    r.ok("PUT", f"/mode/{other}", {"mode": "IMPORT"})
    message = r.refused(422, 42207, "POST", f"/subjects/{other}/versions", {"schema": schema, "id": id + 500_000, "version": 1})
    assert str(id) in message


@check("42208")
def invalid_subject():
    r = Registry()
    for subject in ["", "a%00b", "a%0Ab", "x" * 1001, ":.context:"]:
        r.refused(422, 42208, "POST", f"/subjects/{subject}/versions", {"schema": INT})
    r.refused(422, 42208, "PUT", "/config/a%00b", {"compatibility": "NONE"})
    r.refused(422, 42208, "PUT", "/mode/a%00b", {"mode": "READONLY"})
    # What an alias stands for is a subject too, and :*: are all contexts.
    for alias in ["", "a\0b", "x" * 1001, ":.context:"]:
        r.refused(422, 42208, "PUT", f"/config/{fresh()}", {"alias": alias})
    for subject in [":*:", ":*:s"]:
        r.refused(422, 42208, "POST", f"/subjects/{subject}/versions", {"schema": INT})


@check("42209", "413")
def too_large():
    r, subject = Registry(), fresh()
    large = json.dumps({"type": "enum", "name": "E", "symbols": [f"S{number}" for number in range(150_000)]})
    assert 1_048_576 < len(large) < 3_000_000
    began = time.monotonic()
    r.refused(422, 42209, "POST", f"/subjects/{subject}/versions", {"schema": large})
    huge = json.dumps({"schema": json.dumps({"type": "enum", "name": "E", "doc": "x" * 10_000_000, "symbols": ["A"]})})
    r.refused(413, 413, "POST", f"/subjects/{subject}/versions", data=huge)

    def parts():
        for start in range(0, len(huge), 100_000):
            yield huge[start : start + 100_000].encode()

    r.refused(413, 413, "POST", f"/subjects/{subject}/versions", data=parts())
    nested = '"int"'
    for number in range(10_000):
        nested = f'{{"type":"record","name":"R{number}","fields":[{{"name":"f","type":{nested}}}]}}'
    r.refused(422, 42201, "POST", f"/subjects/{subject}/versions", {"schema": nested})
    assert time.monotonic() - began < 20, "none of these is worked on"
    assert r.ok("GET", "/health") == {"status": "ok"}


@check("42210")
def invalid_rules():
    r, subject = Registry(), fresh()
    rule = {"name": "r", "kind": "CONDITION", "mode": "WRITE", "type": "CEL", "expr": "true"}
    for rules in [
        7, {"strange": []}, {"domainRules": [{**rule, "name": ""}]}, {"domainRules": [rule, rule]},
        {"domainRules": [{**rule, "kind": "POEM"}]}, {"domainRules": [{**rule, "mode": "UPGRADE"}]},
        {"migrationRules": [rule]}, {"domainRules": [{**rule, "type": None}]}, {"domainRules": 7},
    ]:
        r.refused(422, 42210, "POST", f"/subjects/{subject}/versions", {"schema": INT, "ruleSet": rules})
    r.refused(422, 42210, "PUT", f"/config/{subject}", {"defaultRuleSet": {"domainRules": [{}]}})


@check("42211")
def context_not_empty():
    r, name = Registry(), f".full{next(numbers)}"
    r.ok("POST", f"/subjects/:{name}:s/versions", {"schema": INT})
    assert name in r.refused(422, 42211, "DELETE", f"/contexts/{name}")


@check("50001")
def store_error():
    r = Registry("full")
    message = r.refused(500, 50001, "POST", "/subjects/s/versions", {"schema": INT})
    assert "registry.jsonl" in message
    r.refused(500, 50001, "PUT", "/config", {"compatibility": "NONE"})
    assert r.ok("GET", "/subjects") == [] and r.ok("GET", "/config") == {"compatibilityLevel": "BACKWARD"}


@check("50002")
def timed_out():
    r = Registry("slow")
    r.refused(500, 50002, "POST", "/subjects/s/versions", {"schema": INT})


@check("400")
def malformed():
    r, subject = Registry(), fresh()
    for body in ["", "schema=1", "{", '{"schema":"\\"int\\""', "\x00"]:
        r.refused(400, 400, "POST", f"/subjects/{subject}/versions", data=body)
        r.refused(400, 400, "PUT", "/config", data=body)
        r.refused(400, 400, "PUT", "/mode", data=body)
    r.refused(400, 400, "POST", f"/subjects/{subject}/versions", data="[" * 100_000)
    # Past what requests would send: a path that is not UTF-8.
    answer = requests.get(r.url + "/subjects/a%ffb/versions", timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (400, 400)


@check("401", "basic authentication")
def authentication():
    r = Registry("users")
    for auth in [None, ("alice", "wrong"), ("bob", "wonder:land"), ("", "")]:
        answer = r.send("GET", "/subjects", auth=auth)
        assert answer.status_code == 401 and answer.json()["error_code"] == 401, answer.text
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    for header in ["Basic", "Basic !!!", "Bearer abc", "Basic YWxpY2U="]:
        assert r.send("GET", "/", headers={"Authorization": header}).status_code == 401
    assert r.ok("GET", "/health") == {"status": "ok"}
    assert r.ok("GET", "/subjects", auth=("alice", "wonder:land")) == []
    client = SchemaRegistryClient({"url": r.url, "basic.auth.user.info": "alice:wonder:land"})
    id = client.register_schema("s", Schema(INT, "AVRO"))
    assert client.get_schema(id).schema_str == INT
    wrong = SchemaRegistryClient({"url": r.url, "basic.auth.user.info": "alice:x", "max.retries": 0})
    assert refusal(wrong.get_subjects) == (401, 401)


@check("404", "405")
def no_such_place():
    r, subject = Registry(), fresh()
    r.register(subject, INT)
    for path in ["/nothing", f"/subjects/{subject}/strange", "/schemas/ids/1/poem", "/config/a/b", "/mode/a/b", "/compatibility"]:
        r.refused(404, 404, "GET", path)
    for method, path in [
        ("PUT", f"/subjects/{subject}/versions"), ("GET", f"/subjects/{subject}"), ("POST", "/subjects"),
        ("POST", "/schemas/types"), ("POST", "/config"), ("POST", "/mode"), ("DELETE", "/"), ("POST", "/health"),
        ("GET", f"/compatibility/subjects/{subject}/versions"), ("PUT", f"/subjects/{subject}/versions/1"),
    ]:
        r.refused(405, 405, method, path)


@check("406", "415", "content types")
def content_types():
    r, subject = Registry(), fresh()
    answer = r.send("GET", "/subjects", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["error_code"]) == (406, 406)
    for accept in ["*/*", "", V1, "text/html, */*; q=0.8", "application/vnd.schemaregistry.v1+json; q=1"]:
        assert r.send("GET", "/subjects", headers={"Accept": accept}).headers["Content-Type"] == V1
    for accept in ["application/json", "application/vnd.schemaregistry+json"]:
        assert r.send("GET", "/subjects", headers={"Accept": accept}).headers["Content-Type"] == accept
    for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""]:
        answer = r.send("POST", f"/subjects/{subject}/versions", {"schema": INT}, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["error_code"]) == (415, 415), kind
    assert r.send(
        "POST", f"/subjects/{subject}/versions", {"schema": INT},
        headers={"Content-Type": "application/json; charset=utf-8"},
    ).status_code == 200


@check("421")
def foreign_host():
    answer = requests.get(Registry().url + "/subjects", headers={"Host": "evil.example"}, timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (421, 421)
    assert requests.get(Registry().url + "/", headers={"Host": "localhost:1"}, timeout=30).status_code == 200


@check("501")
def not_implemented():
    r, subject = Registry(), fresh()
    for method, path in [("GET", "/exporters"), ("GET", "/dek-registry/v1/keks"), ("GET", "/schemas/guids/x")]:
        r.refused(501, 501, method, path)
    r.refused(501, 501, "PUT", f"/config/{subject}", {"validateFields": True})


@check("TLS")
def tls():
    authority = ADDRESSES["authority"]
    r = Registry("tls", verify=authority)
    assert r.ok("GET", "/") == {}
    client = SchemaRegistryClient({"url": r.url, "ssl.ca.location": authority})
    id = client.register_schema("s", Schema(INT, "AVRO"))
    assert client.get_schema(id).schema_str == INT
    try:
        requests.get(r.url + "/", timeout=30)
        raise AssertionError("a certificate that nobody signed was taken")
    except requests.exceptions.SSLError:
        pass


# ---- Many at once


@check("concurrent registrations")
def concurrent():
    r = Registry()
    subjects = [fresh("c") for _ in range(3)]
    for subject in subjects:
        lax(r, subject)
    schemas = [record(f"C{subjects[0][2:]}", f"f{number}") for number in range(8)]
    found, errors = [], []

    def work(seed):
        try:
            client = SchemaRegistryClient({"url": r.url})
            for turn in range(16):
                number = (seed * 7 + turn * 5) % len(schemas)
                subject = subjects[(seed + turn) % len(subjects)]
                found.append((number, client.register_schema(subject, Schema(schemas[number], "AVRO"))))
        except Exception as error:  # told to the main thread
            errors.append(repr(error))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[:3]
    ids = {number: {id for each, id in found if each == number} for number in range(len(schemas))}
    assert all(len(each) == 1 for each in ids.values()), ids
    assert len(set().union(*ids.values())) == len(schemas)
    for subject in subjects:
        versions = r.ok("GET", f"/subjects/{subject}/versions")
        assert versions == list(range(1, len(versions) + 1))


# ---- Running them


def certificate(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry under test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    with open(f"{folder}/certificate.pem", "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    with open(f"{folder}/key.pem", "wb") as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def run():
    outcomes, done = {}, {}
    for name, function in CHECKS.items():
        if function not in done:
            try:
                function()
                done[function] = None
            except Exception:
                done[function] = traceback.format_exc(limit=-3)
        outcomes[name] = done[function]
    return outcomes


if __name__ == "__main__":
    if sys.argv[1] == "certificate":
        certificate(sys.argv[2])
    elif sys.argv[1] == "names":
        print(json.dumps(list(CHECKS)))
    else:
        ADDRESSES.update(json.loads(sys.argv[2]))
        print(json.dumps(run()))
