"""The page's server over HTTP, with requests that no browser sends, and what a browser makes of it without an endpoint.

argv: the page's address, the port that the endpoint would have.
"""

import http.client
import json
import pathlib
import sys
from urllib.parse import urlsplit

from browser import Browser, run

HERE = pathlib.Path(__file__).parent


def ask(base, method, path, headers=None):
    """Sends the path as it is; gives status, headers in lower case, body."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=10)
    connection.request(method, path, headers=headers or {})
    reply = connection.getresponse()
    body = reply.read()
    found = {name.lower(): value for name, value in reply.getheaders()}
    connection.close()
    return reply.status, found, body


def reading_has_an_entity_tag(base, _port, _browser):
    """a file has an entity tag, and who knows it gets no bytes"""
    status, headers, body = ask(base, "GET", "/app.js")
    assert status == 200 and len(body) == int(headers["content-length"])
    status, again, nothing = ask(base, "GET", "/app.js", {"If-None-Match": headers["etag"]})
    assert (status, nothing) == (304, b"") and again["etag"] == headers["etag"], (status, again)


def head_is_get_without_a_body(base, _port, _browser):
    """HEAD has the headers of GET and no body"""
    _, wanted, body = ask(base, "GET", "/style/base.css")
    status, headers, nothing = ask(base, "HEAD", "/style/base.css")
    assert status == 200 and nothing == b""
    assert headers["content-length"] == str(len(body))
    assert headers["etag"] == wanted["etag"] and headers["content-type"] == wanted["content-type"]


def others_are_refused(base, _port, _browser):
    """other methods are refused"""
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        status, headers, _ = ask(base, method, "/")
        assert (status, headers.get("allow")) == (405, "GET, HEAD"), (method, status)


def paths_lead_nowhere_else(base, _port, _browser):
    """no path leads to a file of the machine"""
    for path in ("/../../../../etc/passwd", "/..%2f..%2fetc/passwd", "//etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                 "/reports/../../etc/passwd", "/reports/%2e%2e/%2e%2e/etc/passwd", "/style/../../FrontendService.swift",
                 "/index.html%00.txt", "/.git/config", "/nothing"):
        status, headers, body = ask(base, "GET", path)
        assert status == 404 and b"root:" not in body, (path, status)
        assert headers["content-type"].startswith("text/html")


def headers_are_strict(base, port, _browser):
    """what is sent says what a browser may do with it"""
    _, headers, _ = ask(base, "GET", "/")
    host = urlsplit(base).hostname
    policy = headers["content-security-policy"]
    assert f"connect-src 'self' ws://{host}:{port} http://{host}:{port};" in policy, policy
    assert "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


def a_foreign_name_is_refused(base, _port, _browser):
    """who asks by a name that is none of the page's gets nothing of it, but whether it is well"""
    for path in ("/", "/settings.json", "/reports/", "/app.js"):
        status, _, body = ask(base, "GET", path, {"Host": "evil.example"})
        assert status == 421 and b"<html" not in body, (path, status)
    assert ask(base, "GET", "/", {"Host": f"localhost:{urlsplit(base).port}"})[0] == 200
    assert ask(base, "GET", "/health", {"Host": "frontend"})[0] == 200


def settings_name_the_endpoint(base, port, _browser):
    """settings.json has the endpoint's port"""
    _, _, body = ask(base, "GET", "/settings.json")
    assert json.loads(body)["graphqlPort"] == int(port)


def health_and_metrics_stay(base, _port, _browser):
    """health and metrics are there, beside the page"""
    status, _, body = ask(base, "GET", "/health")
    assert (status, json.loads(body)) == (200, {"status": "ok"})
    assert ask(base, "GET", "/metrics")[0] == 200


def without_an_endpoint_the_page_says_so(_base, _port, browser):
    """without an endpoint the page stands, says that it tries, and breaks nothing"""
    for route in ("#/", "#/client", "#/bank-employee", "#/background"):
        browser.open(route)
        browser.one("h1")
        browser.until_text("#connection", "connecting")
    browser.open("#/flow")
    browser.until_text(".flow-state", "No figures")
    assert not browser.complaints(), browser.complaints()


def inline_scripts_do_not_run(_base, _port, browser):
    """a script that got into the page's markup does not run, and no other host is asked"""
    browser.open("#/background")
    browser.one("h1")
    ran = browser.driver.execute_async_script("""
      const done = arguments[arguments.length - 1];
      const script = document.createElement("script");
      script.textContent = "window.inlineHasRun = true";
      document.body.append(script);
      const link = document.createElement("a");
      link.setAttribute("onclick", "window.inlineHasRun = true");
      link.href = "#/background";
      document.body.append(link);
      link.click();
      fetch("http://127.0.0.2:1/").then(() => "reached", (error) => "refused").then((fetched) =>
        done([window.inlineHasRun === true, fetched]));""")
    assert ran == [False, "refused"], ran
    refusals = [message for message in browser.complaints() if "Content Security Policy" in message]
    assert len(refusals) >= 3, refusals


def the_accessibility_checks_find_faults(_base, _port, browser):
    """the checks of accessibility.js find faults that are put into the page"""
    source = (HERE / "accessibility.js").read_text()
    browser.open("#/client")
    browser.one("#login-form")
    assert browser.script(source) == []
    browser.script("""
      const main = document.getElementById("main");
      const add = (tag, attributes = {}, text = "") => {
        const element = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
        element.textContent = text;
        main.append(element);
        return element;
      };
      add("input", { id: "username" });
      add("button");
      add("h3", {}, "a level too deep");
      add("h1", {}, "a second one");
      add("p", { "aria-labelledby": "nowhere" }, "hardly seen").style.color = "#999";""")
    found = "\n".join(browser.script(source))
    for fault in ("two elements have id username", "has no label", "has no name", "must be one h1", "skip a level",
                  "names nowhere", '"hardly seen" has contrast'):
        assert fault in found, f"{fault}: {found}"


def modules(browser):
    """Runs the files of modules/ in the page; gives the outcomes of their tests."""
    browser.open("#/background")
    support = HERE / "modules" / "support.js"
    files = sorted(set(support.parent.glob("*.js")) - {support})
    blocks = "\n".join(f"{{\n{file.read_text()}\n}}" for file in files)
    return browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "const failed = (error) => done([{ name: 'modules', failure: String(error) }]);"
        f"(async () => {{ {support.read_text()}\n{blocks}\nreturn outcomes(); }})().then(done, failed);")


if __name__ == "__main__":
    page, port = sys.argv[1:3]
    with Browser(page) as browser:
        run([reading_has_an_entity_tag, head_is_get_without_a_body, others_are_refused, paths_lead_nowhere_else,
             headers_are_strict, a_foreign_name_is_refused, settings_name_the_endpoint, health_and_metrics_stay,
             without_an_endpoint_the_page_says_so, inline_scripts_do_not_run, the_accessibility_checks_find_faults],
            page, port, browser, more=lambda: modules(browser))
