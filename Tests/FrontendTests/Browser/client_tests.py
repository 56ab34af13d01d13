"""What a client does: log in, deposit, transfer, choose what is shown."""

import re

from selenium.webdriver.common.keys import Keys

from bank import (
    AMOUNT_INPUT, CLIENT, COMPANY, DESCRIPTION_INPUT, LOG_IN, NAME_INPUT, NEWEST, PASSWORD_INPUT,
    TO_INPUT, TRANSFER, choose_rows, toggle, wanted,
)


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


def older_rows_are_shown(bank):
    """older rows come below, with the fields that are chosen, and stay while new ones come on top"""
    browser = bank.browser
    choose_rows(browser, 5)
    browser.until(lambda: len(bank.shown_events()) == 5, "5 rows")
    known = [row["event_id"] for row in bank.rows(bank.iban, 100)]
    assert 10 < len(known) <= 15, "two presses show all of them"
    older = browser.one("#show-older")
    older.send_keys(Keys.ENTER)
    browser.until(lambda: bank.shown_events() == known[:10], "10 rows")
    assert browser.driver.switch_to.active_element.get_attribute("id") == "show-older", "the focus stays"
    toggle(browser, "own")
    browser.until(lambda: len(browser.all("#transactions .own")) == 10, "another field of all of them")
    toggle(browser, "own")
    browser.until(lambda: not browser.all("#transactions .own"), "without it again")
    older.send_keys(Keys.ENTER)
    browser.until(lambda: bank.shown_events() == known, "all rows")
    browser.until(lambda: not older.is_displayed(), "no button, as there are no more")
    focused = browser.until(lambda: browser.script("return document.activeElement.dataset.event"), "the focus on a row")
    assert focused == known[10], "it is on the first of those that came"
    bank.deposit(bank.iban, 500, "while older ones are shown")
    browser.until(lambda: browser.text(NEWEST) == "€5,00", "the new row")
    assert bank.shown_events()[1:] == known, "none has gone"
    bank.is_accessible()
    choose_rows(browser, 25)


def rows_are_chosen(bank):
    """as many rows are shown as one chooses"""
    browser = bank.browser
    for count, expected in ((5, 5), (25, 9), (10, 9)):
        choose_rows(browser, count)
        browser.until(lambda: len(bank.shown_events()) == expected, f"{expected} rows of {count}")
    assert bank.shown_events() == [row["event_id"] for row in bank.rows(bank.iban, 10)]


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
