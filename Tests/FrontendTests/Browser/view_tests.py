"""Each view by itself."""

import pathlib
import urllib.request
import uuid

from selenium.webdriver.common.keys import Keys

from bank import COMPANY
from browser import DESKTOP, PHONE


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
