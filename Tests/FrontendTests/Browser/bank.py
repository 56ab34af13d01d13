"""What the tests of a bank that runs share: who has logged in, and how the page is worked."""

import json
import pathlib
import urllib.request
import uuid

COMPANY = "NL66OPEN0000000000"
PASSWORD = "a good password"
ACCESSIBILITY = (pathlib.Path(__file__).parent / "accessibility.js").read_text()
# The selectors of the seed's own test.
CLIENT = "#flex-main-menu a:nth-child(2)"
NAME_INPUT = "#login-form div:nth-child(1) input"
PASSWORD_INPUT = "#login-form div:nth-child(2) input"
LOG_IN = "#login-form div:nth-child(3)"
AMOUNT_INPUT = "#transfer-form div:nth-child(1) input"
TO_INPUT = "#transfer-form div:nth-child(2) input"
DESCRIPTION_INPUT = "#transfer-form div:nth-child(3) input"
TRANSFER = "#transfer-form div:nth-child(4) div a"
NEWEST = "#transactions div:nth-child(1) div div:nth-child(1) p:nth-child(1) span:nth-child(2)"


class Bank:
    """What the tests share: the browser, and who has logged in."""

    def __init__(self, browser, port, home, shots):
        self.browser, self.port, self.home, self.shots = browser, port, home, shots
        self.username = f"tester {uuid.uuid4()}"
        self.iban = None

    def ask(self, query, **variables):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json", "Accept": "application/graphql-response+json, application/json"})
        with urllib.request.urlopen(request, timeout=20) as reply:
            answer = json.load(reply)
        assert "errors" not in answer, answer
        return answer["data"]

    def deposit(self, iban, cents, description):
        """Cash from elsewhere than the page."""
        answer = self.ask(
            'mutation ($uuid: String!, $to: String!, $cents: Int!, $descr: String!) { transfer(uuid: $uuid, '
            'token: "cash", amount: $cents, from: "cash", to: $to, descr: $descr) { success } }',
            uuid=str(uuid.uuid4()), to=iban, cents=cents, descr=description)
        assert answer["transfer"]["success"], answer

    def rows(self, iban, limit):
        return self.ask(
            "query ($iban: String!, $limit: Int!) { transactions_by_iban(iban: $iban, max_items: $limit) { event_id "
            "new_balance changed_by direction descr } }", iban=iban, limit=limit)["transactions_by_iban"]

    def pid(self, service):
        run_file = json.loads((pathlib.Path(self.home) / "run.json").read_text())
        return next(one["pid"] for one in run_file["services"] if one["name"] == service)

    def log_in(self, password=PASSWORD):
        browser = self.browser
        browser.one(CLIENT).click()
        browser.fill(NAME_INPUT, self.username)
        browser.fill(PASSWORD_INPUT, password)
        browser.one(LOG_IN).click()

    def entered(self):
        """Logs in on a page that was loaded anew."""
        self.browser.open("#/")
        self.log_in()
        self.browser.one("#own-iban")

    def shown_events(self):
        return self.browser.script(
            "return [...document.querySelectorAll('#transactions > .row')].map((row) => row.dataset.event)")

    def looks(self, name, has_dark=False):
        """Pictures of the view as it stands; labels, headings, ids and contrast have to be in order in each look."""
        found = {}

        def check(look):
            complaints = self.browser.script(ACCESSIBILITY)
            if complaints:
                found[look] = complaints
        self.browser.looks(self.shots, name, has_dark, check)
        assert not found, json.dumps(found, indent=1, ensure_ascii=False)

    def endpoint_is_back(self):
        """Waits for it, and has the page try now, as when the network comes back, instead of at the end of its wait."""
        def is_well():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as reply:
                    return reply.status == 200
            except OSError:
                return False
        self.browser.until(is_well, "the endpoint to be well", 90)
        self.browser.script("dispatchEvent(new Event('online'))")

    def is_accessible(self):
        """Labels, headings, ids and contrast of the view as it stands are in order, in this look alone."""
        complaints = self.browser.script(ACCESSIBILITY)
        assert not complaints, complaints

    def watch_socket(self):
        """From here on `sent()` has what the page sends."""
        self.browser.script("""
          window.sentMessages = [];
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (text) { window.sentMessages.push(text); send.call(this, text); };""")

    def sent(self):
        return [json.loads(text) for text in self.browser.script("return window.sentMessages")]


def toggle(browser, name):
    browser.script("document.getElementById(arguments[0]).click()", f"show-{name}")


def wanted(messages, name):
    """What the variables of all questions for rows said of a field."""
    payloads = [message["payload"]["variables"] for message in messages if message["type"] == "subscribe"]
    return [variables[name] for variables in payloads if name in variables]


def choose_rows(browser, count):
    browser.one("#row-choice")
    browser.script("document.querySelector(`input[name=rows][value='${arguments[0]}']`).click()", count)
