"""The page of a bank that runs, as people use it.

argv: the page's address, the endpoint's port, the bank's home, the folder for screenshots.
"""

import json
import os
import pathlib
import re
import signal
import sys
import time
import urllib.request
import uuid

from selenium.webdriver.common.keys import Keys

from browser import DESKTOP, PHONE, Browser, run

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

    def watch_socket(self):
        """From here on `sent()` has what the page sends."""
        self.browser.script("""
          window.sentMessages = [];
          const send = WebSocket.prototype.send;
          WebSocket.prototype.send = function (text) { window.sentMessages.push(text); send.call(this, text); };""")

    def sent(self):
        return [json.loads(text) for text in self.browser.script("return window.sentMessages")]


def home_is_live(bank):
    """home shows the company's rows, and new ones as they happen"""
    browser = bank.browser
    browser.open("#/")
    browser.until_text("#connection", "live")
    browser.until(lambda: bank.shown_events(), "rows of the company")
    first = bank.shown_events()[0]
    token = uuid.uuid4()
    bank.deposit(COMPANY, 4321, str(token))
    browser.until(lambda: str(token) in browser.text("#transactions"), "the new row")
    assert bank.shown_events()[0] != first


def short_passwords_are_refused(bank):
    """a name or password that is too short is refused with the reason, beside its field"""
    browser = bank.browser
    browser.open("#/")
    browser.one(CLIENT).click()
    browser.fill(NAME_INPUT, "short")
    browser.fill(PASSWORD_INPUT, "long enough")
    browser.one(LOG_IN).click()
    browser.until_text("#username-problem", "at least 8 characters")
    assert browser.driver.switch_to.active_element.get_attribute("id") == "username", "the focus is where to mend it"
    browser.fill(NAME_INPUT, "long enough")
    browser.fill(PASSWORD_INPUT, "short")
    browser.one(LOG_IN).click()
    browser.until_text("#password-problem", "at least 8 characters")
    assert browser.text("#username-problem") == ""
    bank.looks("client-refused")


def an_account_is_made(bank):
    """a newcomer makes an account and sees its number"""
    bank.entered()
    browser = bank.browser
    bank.iban = browser.script("return document.querySelector('#own-iban').textContent")
    assert re.fullmatch(r"NL\d\dOPEN0\d{9}", bank.iban), bank.iban
    browser.until_text(".list-note", "No transactions yet")


def deposits_appear(bank):
    """each deposit button adds its amount, and the row appears"""
    browser = bank.browser
    total = 0
    for cents, euros in ((1000, "€10,00"), (2000, "€20,00"), (5000, "€50,00"), (10000, "€100,00"), (20000, "€200,00"),
                         (50000, "€500,00")):
        browser.one(f"#deposit-{cents}").click()
        total += cents
        browser.until(lambda: browser.text(NEWEST) == euros, f"{euros} on top")
        browser.until_text("#deposit-result", f"{euros} deposited")
    assert len(browser.all(NEWEST)) == 1, "the selector of the newest amount selects one element"
    browser.until(lambda: browser.text(".card-balance") == "€880,00", "the balance")
    assert bank.rows(bank.iban, 1)[0]["new_balance"] == "€880,00" and total == 88000


def transfers_appear(bank):
    """a transfer is a debit on top, with its words, and the fields are empty again"""
    browser = bank.browser
    browser.fill(AMOUNT_INPUT, "1111")
    browser.until_text("#amount-hint", "€11,11")
    browser.fill(TO_INPUT, COMPANY)
    browser.fill(DESCRIPTION_INPUT, "rent <b>& more</b>")
    browser.one(TRANSFER).click()
    browser.until(lambda: browser.text(NEWEST) == "€11,11", "the row")
    browser.until_text("#transfer-result", "€11,11 transferred")
    row = browser.text("#transactions .row:first-child")
    assert "Debit" in row and "rent <b>& more</b>" in row, row
    assert not browser.all("#transactions b"), "a description made elements"
    assert browser.one(AMOUNT_INPUT).get_attribute("value") == ""
    browser.until(lambda: browser.text(".card-balance") == "€868,89", "the balance")


def transfer_by_keyboard(bank):
    """Enter in a field transfers too, and so does the space bar on the button"""
    browser = bank.browser
    for cents, euros, press in (("2323", "€23,23", None), ("3489", "€34,89", Keys.SPACE)):
        browser.fill(AMOUNT_INPUT, cents)
        browser.fill(TO_INPUT, COMPANY)
        browser.fill(DESCRIPTION_INPUT, "by keyboard")
        if press:
            browser.one(DESCRIPTION_INPUT).send_keys(Keys.TAB)
            browser.driver.switch_to.active_element.send_keys(press)
        else:
            browser.one(DESCRIPTION_INPUT).send_keys(Keys.ENTER)
        browser.until(lambda: browser.text(NEWEST) == euros, f"{euros} on top")
        browser.until_text("#transfer-result", f"{euros} transferred")


def refusals_are_told(bank):
    """what the bank refuses is told in words beside the form, and no row appears"""
    browser = bank.browser
    before = bank.shown_events()
    for amount, to, words in (("99999999", COMPANY, "insufficient funds"), ("100", bank.iban, "can't be same"),
                              ("0", COMPANY, "amount must be positive")):
        browser.fill(AMOUNT_INPUT, amount)
        browser.fill(TO_INPUT, to)
        browser.one(TRANSFER).click()
        browser.until_text("#transfer-result", words)
    browser.fill(AMOUNT_INPUT, "12,50")
    browser.one(TRANSFER).click()
    browser.until_text("#amount-problem", "whole number of cents")
    browser.fill(AMOUNT_INPUT, "100")
    browser.fill(TO_INPUT, "")
    browser.one(TRANSFER).click()
    browser.until_text("#to-problem", "Give an account number")
    assert bank.shown_events() == before


def client_looks(bank):
    """the client's view is accessible and keeps within a phone, light and dark"""
    bank.looks("client", has_dark=True)


def fields_are_asked_for(bank):
    """a field that is switched off is neither shown nor asked for"""
    browser = bank.browser
    names = {"balance": ".balance", "other": ".party", "description": ".description", "own": ".own"}
    for name, selector in names.items():
        was_on = browser.script("return document.getElementById(arguments[0]).checked", f"show-{name}")
        assert bool(browser.all(f"#transactions {selector}")) == was_on, name
        bank.watch_socket()
        toggle(browser, name)
        browser.until(lambda: bool(browser.all(f"#transactions {selector}")) != was_on, f"{name} to change")
        browser.until(lambda: wanted(bank.sent(), name), "the page to ask again")
        # The client's view shows the balance in its card whatever the rows show.
        expected = not was_on or name == "balance"
        assert all(value == expected for value in wanted(bank.sent(), name)), bank.sent()
        toggle(browser, name)
        browser.until(lambda: bool(browser.all(f"#transactions {selector}")) == was_on, f"{name} to change back")
    toggle(browser, "amount")
    browser.until(lambda: browser.text(NEWEST) == "", "no amount")
    toggle(browser, "direction")
    browser.until(lambda: browser.text("#transactions .direction") == "", "no direction")
    browser.driver.refresh()
    bank.log_in()
    browser.one("#own-iban")
    assert not browser.script("return document.getElementById('show-amount').checked"), "the choice outlives a reload"
    for name in ("amount", "direction"):
        toggle(browser, name)
    browser.until(lambda: browser.text(NEWEST) == "€34,89", "the amount again")


def toggle(browser, name):
    browser.script("document.getElementById(arguments[0]).click()", f"show-{name}")


def wanted(messages, name):
    """What the variables of all questions for rows said of a field."""
    payloads = [message["payload"]["variables"] for message in messages if message["type"] == "subscribe"]
    return [variables[name] for variables in payloads if name in variables]


def rows_are_chosen(bank):
    """as many rows are shown as one chooses"""
    browser = bank.browser
    for count, expected in ((5, 5), (25, 9), (10, 9)):
        choose_rows(browser, count)
        browser.until(lambda: len(bank.shown_events()) == expected, f"{expected} rows of {count}")
    assert bank.shown_events() == [row["event_id"] for row in bank.rows(bank.iban, 10)]


def choose_rows(browser, count):
    browser.one("#row-choice")
    browser.script("document.querySelector(`input[name=rows][value='${arguments[0]}']`).click()", count)


def the_token_stays_in_memory(bank):
    """the token is stored nowhere, and a reload forgets who was logged in"""
    browser = bank.browser
    stored = browser.script(
        "return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert not re.search(r"\d{20}", stored) and bank.iban not in stored, stored
    browser.driver.refresh()
    browser.one("#login-form")


def passwords_are_checked(bank):
    """a wrong password is told as such; the right one leads to the same account"""
    browser = bank.browser
    bank.log_in("the wrong password")
    browser.until_text("#login-result", "incorrect password")
    assert not browser.all("#own-iban")
    bank.log_in()
    browser.one("#own-iban")
    assert browser.script("return document.querySelector('#own-iban').textContent") == bank.iban
    browser.until(lambda: browser.text(NEWEST) == "€34,89", "the rows")
    browser.one("#log-out").click()
    browser.one("#login-form")


def accounts_are_listed(bank):
    """the employee sees all accounts, twenty a page, and finds one by its number"""
    browser = bank.browser
    browser.until(lambda: len(bank.ask("{ all_last_transactions { iban } }")["all_last_transactions"]) > 22,
                  "more than 22 accounts", 120)
    browser.open("#/bank-employee")
    browser.until(lambda: len(browser.all("#accounts tbody tr")) == 20, "a full page")
    first = browser.text("#accounts tbody tr:first-child td:first-child")
    browser.until_text("#page-number", "Page 1 of ")
    browser.one("#next-page").click()
    browser.until_text("#page-number", "Page 2 of ")
    browser.until(lambda: browser.text("#accounts tbody tr:first-child td:first-child") > first, "later accounts")
    assert "page=2" in browser.driver.current_url
    browser.driver.refresh()
    browser.until_text("#page-number", "Page 2 of ")
    browser.one("#previous-page").click()
    browser.until_text("#page-number", "Page 1 of ")
    browser.one("#previous-page").click()
    assert "Page 1 of " in browser.text("#page-number"), "there is none before the first"
    bank.looks("bank-employee")
    browser.fill("#account-filter", bank.iban[4:])
    browser.until(lambda: len(browser.all("#accounts tbody tr")) == 1, "one account")
    browser.until_text("#account-count", "1 of ")
    assert "€34,89" in browser.text("#accounts tbody tr")
    assert "Debit" in browser.text("#accounts tbody tr")


def an_account_is_followed(bank):
    """the employee follows an account: its rows, and new ones as they happen"""
    browser = bank.browser
    browser.one("#accounts tbody tr a").click()
    browser.until(lambda: len(bank.shown_events()) == 9, "its rows")
    assert browser.driver.current_url.endswith(f"#/bank-employee/{bank.iban}")
    bank.deposit(bank.iban, 777, "while followed")
    browser.until(lambda: browser.text(NEWEST) == "€7,77", "the new row")
    browser.driver.refresh()
    browser.until(lambda: browser.text(NEWEST) == "€7,77", "the same after a reload")
    bank.looks("bank-employee-follows")


def the_flow_is_drawn(bank):
    """the flow view draws services, topics and databases, with rates that the table has too"""
    browser = bank.browser
    browser.open("#/flow")
    browser.until(lambda: len(browser.all(".node.topic")) >= 9, "topics")
    names = browser.script("return [...document.querySelectorAll('.node')].map((node) => node.dataset.name)")
    for name in ("command_handler", "graphql_endpoint", "balance_changed", "balancedb", "transactiondb"):
        assert name in names, names
    assert len(browser.all(".arrow.write")) == 2 and len(browser.all(".arrow.read")) == 2, "arrows of the databases"
    browser.until(lambda: browser.all(".node.topic.busy[data-name=balance_changed]"), "messages on balance_changed", 30)
    browser.until(lambda: browser.all(".arrow.busy[data-topic=balance_changed] .dots"), "dots on its arrows")
    rate = browser.until(lambda: figures(browser, "balance_changed"), "figures in the table")
    assert rate["records"] > 0 and rate["second"] != "0", rate
    assert figures(browser, "bank_meta")["second"] == "0", "a topic on which nothing happens"
    before = rate["records"]
    browser.until(lambda: figures(browser, "balance_changed")["records"] > before, "more records")
    bank.looks("flow", has_dark=True)
    browser.script("document.querySelector('.node[data-name=balance_changed]').dispatchEvent(new Event('click'))")
    browser.until_text(".flow-about", "Written by command_handler")
    bank.looks("flow-chosen")


def figures(browser, topic):
    cells = browser.script("return [...document.querySelectorAll(`#flow-table tr[data-topic=${arguments[0]}] td`)]"
                           ".map((cell) => cell.textContent)", topic)
    if len(cells) != 5 or cells[1] == "–":
        return None
    return {"second": cells[0], "records": int(re.sub(r"\D", "", cells[1]))}


def motion_is_spared(bank):
    """who prefers less motion sees no dots"""
    browser = bank.browser
    browser.resize(*DESKTOP, still=True)
    browser.open("#/flow")
    browser.until(lambda: browser.all(".node.topic.busy"), "messages", 30)
    assert not browser.all(".arrow .dots") and not browser.script("return document.getAnimations().length")
    browser.resize(*DESKTOP)


def nothing_is_lost_over_a_restart(bank):
    """the endpoint is killed and comes back: the page says so, no row is missing or twice"""
    browser = bank.browser
    browser.open("#/")
    browser.until_text("#connection", "live")
    choose_rows(browser, 25)
    browser.until(lambda: len(bank.shown_events()) == 25, "25 rows", 120)
    before = bank.shown_events()
    os.kill(bank.pid("graphql-endpoint"), signal.SIGKILL)
    browser.until_text("#connection", "reconnecting")
    browser.driver.save_screenshot(os.path.join(bank.shots, f"reconnecting-{DESKTOP[0]}-light.png"))
    assert bank.shown_events()[0] in before or len(bank.shown_events()) == 25, "rows stay while there is no connection"
    browser.until(lambda: browser.text("#connection") == "live", "live again", 90)

    def agrees():
        shown = bank.shown_events()
        assert len(set(shown)) == len(shown), "a row is there twice"
        return shown[0] not in before and shown == [row["event_id"] for row in bank.rows(COMPANY, 25)]
    browser.until(agrees, "newer rows, and those that the bank has", 90)


def money_moves_once_over_a_restart(bank):
    """what is pressed while the endpoint is away is done once, with one id, when it is back"""
    browser = bank.browser
    bank.entered()
    browser.until_text(NEWEST, "€")
    before = browser.text(".card-balance")
    rows_before = {row["event_id"] for row in bank.rows(bank.iban, 100)}
    bank.watch_socket()
    os.kill(bank.pid("graphql-endpoint"), signal.SIGKILL)
    browser.one("#deposit-5000").click()
    browser.until_text("#connection", "reconnecting")
    browser.until_text("#deposit-result", "Depositing")
    browser.until_text("#deposit-result", "€50,00 deposited", 90)
    browser.until(lambda: browser.text(NEWEST) == "€50,00", "the row")
    fresh = [row for row in bank.rows(bank.iban, 100) if row["event_id"] not in rows_before]
    assert [row["changed_by"] for row in fresh] == ["€50,00"], f"{before}: {fresh}"
    uuids = {message["payload"]["variables"]["uuid"] for message in bank.sent()
             if message["type"] == "subscribe" and "uuid" in message["payload"]["variables"]}
    assert len(uuids) == 1, uuids


def a_second_press_does_not_pay_twice(bank):
    """while no command is carried out a transfer has no outcome; pressing again, after a new log-in too, pays once"""
    browser = bank.browser
    bank.entered()
    browser.until_text(NEWEST, "€")
    rows_before = {row["event_id"] for row in bank.rows(bank.iban, 100)}
    # Shorter than the bank takes to say that it has no answer.
    browser.driver.execute_async_script("""
      const done = arguments[0];
      import("/modules/graphql.js").then(({ limits }) => { limits.answerMillis = 300; done(); });""")
    bank.watch_socket()

    def press():
        for selector, value in ((AMOUNT_INPUT, "4545"), (TO_INPUT, COMPANY), (DESCRIPTION_INPUT, "once")):
            browser.fill(selector, value)
        browser.one(TRANSFER).click()
    handler = bank.pid("command-handler")
    os.kill(handler, signal.SIGSTOP)
    try:
        press()
        browser.until_text("#transfer-result", "Whether €45,45 went to", 60)
        browser.one("#log-out").click()
        browser.driver.execute_async_script("""
          const done = arguments[0];
          import("/modules/graphql.js").then(({ limits }) => { limits.answerMillis = 30_000; done(); });""")
    finally:
        os.kill(handler, signal.SIGCONT)
    bank.log_in()
    browser.until_text("#transfer-result", "Whether €45,45 went to")
    press()
    browser.until_text("#transfer-result", "€45,45 transferred", 60)
    browser.until(lambda: browser.text(NEWEST) == "€45,45", "the row")
    fresh = [row for row in bank.rows(bank.iban, 100) if row["event_id"] not in rows_before]
    assert [row["changed_by"] for row in fresh] == ["€45,45"], fresh
    uuids = {message["payload"]["variables"]["uuid"] for message in bank.sent()
             if message["type"] == "subscribe" and "uuid" in message["payload"]["variables"]}
    assert len(uuids) == 1, uuids


def other_views_look(bank):
    """the views that no other test looks at are accessible too, and keep within a phone, light and dark"""
    browser = bank.browser
    browser.open("#/")
    for name, route, selector in (("home", "#/", "#transactions > .row"), ("background", "#/background", ".promises"),
                                  ("client-login", "#/client", "#login-form"), ("unknown", "#/x", "h1")):
        browser.open(route, fresh=False)
        browser.until(lambda: browser.all(selector), f"{selector} in {route}")
        bank.looks(name, has_dark=name == "home")


def nothing_jumps_while_it_fills(bank):
    """what is there does not move when the rest comes"""
    browser = bank.browser
    for width, height in (DESKTOP, PHONE):
        browser.resize(width, height)
        for route, selector in (("#/bank-employee", "#accounts tbody tr"), ("#/client", "#login-form"),
                                ("#/background", ".promises"), ("#/flow", ".node")):
            browser.open(route)
            browser.until(lambda: browser.all(selector), f"{selector} in {route}")
            shift = browser.driver.execute_async_script("""
              const done = arguments[arguments.length - 1];
              let sum = 0;
              new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) sum += entry.value;
              }).observe({ type: "layout-shift", buffered: true });
              setTimeout(() => done(sum), 400);""")
            # What the Web Vitals call good.
            assert shift < 0.1, f"{route} shifts by {shift} at {width}"
    browser.resize(*DESKTOP)


def the_keyboard_is_enough(bank):
    """the first tab is a way past the menu; a view that is opened by keyboard has the focus on its heading"""
    browser = bank.browser
    browser.open("#/")
    browser.one("h1")
    browser.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "skip"
    for _ in range(3):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
    focused = browser.driver.switch_to.active_element
    assert focused.get_attribute("href").endswith("#/client"), focused.get_attribute("outerHTML")
    outline = browser.script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus is seen"
    focused.send_keys(Keys.ENTER)
    browser.one("#login-form")
    assert browser.driver.switch_to.active_element.tag_name == "h1"
    assert browser.driver.title.startswith("Client")
    assert browser.one("#flex-main-menu a[aria-current=page]").text == "Client"


def the_background_leads_on(bank):
    """the background view leads to GraphiQL and to a report that was left while the bank runs"""
    browser = bank.browser
    report = pathlib.Path(bank.home) / "reports" / "load of today.html"
    report.parent.mkdir(exist_ok=True)
    report.write_text("<!doctype html><title>x</title><style>h1 { color: green }</style><h1>The load of today</h1>")

    def leads_to_reports():
        """The server may remember for a moment that there were none."""
        browser.open("#/background")
        browser.one("#graphiql-link")
        return browser.all("#reports-link")
    browser.until(leads_to_reports, "a link to the reports")
    graphiql = browser.one("#graphiql-link").get_attribute("href")
    assert graphiql == f"http://127.0.0.1:{bank.port}/graphiql"
    with urllib.request.urlopen(graphiql, timeout=20) as reply:
        assert reply.status == 200 and reply.headers.get_content_type() == "text/html"
    browser.one("#reports-link").click()
    browser.one("a[href='/reports/load%20of%20today.html']").click()
    browser.until_text("h1", "The load of today")
    assert browser.script("return getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 128, 0)"


def the_browser_has_no_complaints(bank):
    """no script failed and nothing was refused by the policy in all of this"""
    complaints = bank.browser.complaints()
    assert not complaints, complaints


if __name__ == "__main__":
    page, port, home, shots = sys.argv[1:5]
    only = sys.argv[5:]
    tests = [home_is_live, short_passwords_are_refused, an_account_is_made, deposits_appear, transfers_appear,
             transfer_by_keyboard, refusals_are_told, client_looks, fields_are_asked_for, rows_are_chosen,
             the_token_stays_in_memory, passwords_are_checked, accounts_are_listed, an_account_is_followed,
             the_flow_is_drawn, motion_is_spared, nothing_is_lost_over_a_restart, money_moves_once_over_a_restart,
             a_second_press_does_not_pay_twice, other_views_look, nothing_jumps_while_it_fills,
             the_keyboard_is_enough, the_background_leads_on, the_browser_has_no_complaints]
    with Browser(page) as browser:
        run([test for test in tests if not only or test.__name__ in only], Bank(browser, int(port), home, shots))
