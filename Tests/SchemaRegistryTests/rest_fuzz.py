"""rest_fuzz.py URL SEED COUNT: sends that many requests with strange methods, paths, queries, headers and bodies.

Every answer has to be known: no error of the server (501 is none), and JSON with a code and a message where it is
refused. Ends with what was not, or prints how many requests had which status.
"""

import collections
import http.client
import json
import random
import socket
import sys
from urllib.parse import urlsplit

SEGMENTS = [
    "subjects", "versions", "schemas", "ids", "types", "config", "mode", "compatibility", "contexts", "metadata",
    "schema", "referencedby", "latest", "-1", "0", "1", "2147483648", "a", "b", "", "..", "%00", "%2F", "%zz", "%ff",
    ":.x:a", ":.x:", ":*:", "%F0%9F%92%B6", "health", "exporters", ".x", "x" * 3000,
]
QUERIES = [
    "deleted=true", "deletedOnly=true", "permanent=true", "offset=-1", "offset=99999999999", "limit=0", "limit=x",
    "subject=%ff", "subject=:.x:", "format=resolved", "format=", "key=a", "value=b", "force=true", "verbose=true",
    "normalize=true", "defaultToGlobal=true", "subjectPrefix=:*:", "=", "&&", "%", "fetchMaxId=true", "latestOnly=true",
]
PIECES = [
    "{", "}", "[", "]", ":", ",", '"schema"', '"', "\\", "\\u0000", "\\ud800", "null", "1e999", "-", "\0", '{"schema":"',
    '"type":"record"', '"fields":[', '"name":', "9" * 22, "true", '"references":[', '"metadata":{', '"id":7',
    '"subject":"a"', '"version":-1', '"compatibility":"NONE"', '"mode":"IMPORT"', '"alias":"a"', '"normalize":true',
]
GOOD = [
    {"schema": '"int"'}, {"compatibility": "FULL"}, {"mode": "READWRITE"}, {"alias": "b", "compatibility": "NONE"},
    {"schema": '{"type":"array","items":"a.R"}', "references": [{"name": "a.R", "subject": "a", "version": -1}]},
    {"metadata": {"properties": {"a": "b"}}}, {"schema": '"long"', "ruleSet": {"domainRules": []}},
]
TYPES = ["application/vnd.schemaregistry.v1+json", "application/json", "text/plain", "", "application/octet-stream"]


def body(source):
    kind = source.randrange(4)
    if kind == 0:
        return source.randbytes(source.randrange(400))
    if kind == 1:
        return json.dumps(source.choice(GOOD)).encode()
    text = "".join(source.choice(PIECES) for _ in range(source.randrange(40)))
    return text.encode() if kind == 2 else json.dumps({"schema": text}).encode()


def main(url, seed, count):
    source = random.Random(seed)
    address = urlsplit(url).netloc
    statuses = collections.Counter()
    connection = http.client.HTTPConnection(address, timeout=60)
    for number in range(count):
        path = "/" + "/".join(source.choice(SEGMENTS) for _ in range(source.randrange(7)))
        queries = [source.choice(QUERIES) for _ in range(source.randrange(4))]
        if queries:
            path += "?" + "&".join(queries)
        method = source.choice(["GET", "GET", "POST", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
        sent = body(source) if method in ("POST", "PUT", "PATCH") else None
        headers = {"Content-Type": TYPES[0] if source.randrange(4) else source.choice(TYPES)}
        if not source.randrange(20):
            headers["Accept"] = source.choice(["text/html", ",;,", "application/json"])
        connection.request(method, path, sent, headers)
        answer = connection.getresponse()
        text = answer.read()
        statuses[answer.status] += 1
        told = (number, method, path, sent, answer.status, text[:300])
        assert answer.status < 500 or answer.status == 501, told
        if method != "HEAD":
            found = json.loads(text) if answer.status != 200 or b"{" in text[:1] else None
            assert answer.status == 200 or found["error_code"] and found["message"], told
    # What is no HTTP, or stops in the middle, is not answered with anything but an end.
    for data in [b"\r\n\r\n", b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\xff" * 5000, b"POST /subjects/a/versions HTTP/1.1\r\n"]:
        with socket.create_connection(address.split(":"), timeout=60) as raw:
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
    print(json.dumps(statuses))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
