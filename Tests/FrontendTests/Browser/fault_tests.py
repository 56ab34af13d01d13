"""The page while parts of the bank are away."""

import os
import signal

from bank import AMOUNT_INPUT, COMPANY, DESCRIPTION_INPUT, NEWEST, TO_INPUT, TRANSFER, choose_rows
from browser import DESKTOP


def a_restart_loses_nothing_and_pays_once(bank):
    """the endpoint is killed and comes back: the page says so, no row is missing or twice, and what was pressed meanwhile
    is done once, with one id"""
    browser = bank.browser
    browser.open("#/")
    browser.until_text("#connection", "live")
    choose_rows(browser, 25)
    browser.until(lambda: len(bank.shown_events()) == 25, "25 rows", 120)
    with browser.other_window() as first:
        bank.entered()
        browser.until_text(NEWEST, "€")
        rows_before = {row["event_id"] for row in bank.rows(bank.iban, 100)}
        bank.watch_socket()
        with first():
            before = bank.shown_events()
        os.kill(bank.pid("graphql-endpoint"), signal.SIGKILL)
        browser.one("#deposit-5000").click()
        browser.until_text("#connection", "reconnecting")
        browser.until_text("#deposit-result", "Depositing")
        with first():
            browser.until_text("#connection", "reconnecting")
            browser.driver.save_screenshot(os.path.join(bank.shots, f"reconnecting-{DESKTOP[0]}-light.png"))
            assert len(bank.shown_events()) == 25, "rows stay while there is no connection"
        bank.endpoint_is_back()
        browser.until_text("#deposit-result", "€50,00 deposited", 90)
        browser.until(lambda: browser.text(NEWEST) == "€50,00", "the row")
        fresh = [row for row in bank.rows(bank.iban, 100) if row["event_id"] not in rows_before]
        assert [row["changed_by"] for row in fresh] == ["€50,00"], fresh
        uuids = {message["payload"]["variables"]["uuid"] for message in bank.sent()
                 if message["type"] == "subscribe" and "uuid" in message["payload"]["variables"]}
        assert len(uuids) == 1, uuids
    bank.endpoint_is_back()
    browser.until(lambda: browser.text("#connection") == "live", "live again", 90)

    def agrees():
        shown = bank.shown_events()
        assert len(set(shown)) == len(shown), "a row is there twice"
        # Asked for a moment later, so there may be newer ones by now; none is missing in between.
        events = [row["event_id"] for row in bank.rows(COMPANY, 100)]
        place = events.index(shown[0]) if shown[0] in events else len(events)
        return shown[0] not in before and shown == events[place:place + 25]
    browser.until(agrees, "newer rows, and those that the bank has", 90)


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
