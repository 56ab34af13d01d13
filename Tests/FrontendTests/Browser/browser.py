"""A headless Chromium for the tests of the page: Debian's, driven by Debian's driver; nothing is fetched for it."""

import contextlib
import json
import os
import shutil
import time
import traceback

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

os.environ["SE_OFFLINE"] = "true"
os.environ["SE_AVOID_STATS"] = "true"

DESKTOP = (1280, 900)
PHONE = (390, 844)
# Every picture in dark too, not only those of the views that have the most in them.
LONG = bool(os.environ.get("BANK_TEST_LONG"))
SMALL_PHONE = (360, 640)


class Browser:
    """One window. Leave it with `with`, so that no process stays."""

    def __init__(self, base, language="en"):
        self.base = base.rstrip("/")
        options = webdriver.ChromeOptions()
        options.binary_location = needed("chromium")
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars",
                         "--force-device-scale-factor=1", f"--lang={language}", "--disable-background-networking"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(needed("chromedriver")))
        self.driver.set_script_timeout(60)
        self.loads = 0
        self.resize(*DESKTOP)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def resize(self, width, height, dark=False, still=False):
        """As large as that, and drawn. `still` is for who prefers less motion: nothing has to be waited for."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                         {"name": "prefers-reduced-motion", "value": "reduce" if still else ""}]})
        self.driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));")

    def open(self, route, fresh=True):
        """Goes to a view; `fresh` loads the page anew, which forgets who was logged in."""
        self.loads += fresh
        self.driver.get(f"{self.base}/?load={self.loads}{route}")

    @contextlib.contextmanager
    def other_window(self):
        """A second window, which is the one that is worked while this lasts. Gives a function: `with` what it returns
        the first one is."""
        driver = self.driver
        first = driver.current_window_handle
        driver.switch_to.new_window("window")
        second = driver.current_window_handle

        @contextlib.contextmanager
        def in_first():
            driver.switch_to.window(first)
            try:
                yield
            finally:
                driver.switch_to.window(second)
        try:
            yield in_first
        finally:
            driver.switch_to.window(second)
            driver.close()
            driver.switch_to.window(first)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector, seconds=20):
        """The only element of that selector."""
        found = self.until(lambda: self.all(selector), f"{selector} to be there", seconds)
        assert len(found) == 1, f"{selector} selects {len(found)} elements"
        return found[0]

    def text(self, selector):
        """Its text, or "" while it is not there or being replaced."""
        try:
            return next((element.text for element in self.all(selector)), "")
        except StaleElementReferenceException:
            return ""

    def fill(self, selector, value):
        element = self.one(selector)
        element.clear()
        element.send_keys(value)

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def until(self, probe, what, seconds=20):
        """The first value that holds."""
        limit = time.monotonic() + seconds
        while True:
            try:
                value = probe()
            except StaleElementReferenceException:
                value = None
            if value:
                return value
            if time.monotonic() > limit:
                raise AssertionError(f"not within {seconds} s: {what}\n{self.script('return document.body.innerText')}")
            time.sleep(0.05)

    def until_text(self, selector, wanted, seconds=20):
        return self.until(lambda: wanted in self.text(selector), f"{wanted!r} in {selector}", seconds)

    def looks(self, folder, name, has_dark=False, check=lambda what: None):
        """The view as it stands, on a desktop and on a phone, light and dark: `check(what)` is called for each. Keeps
        pictures, in dark where `has_dark`; fails where it is wider than those, or than the smallest phone."""
        os.makedirs(folder, exist_ok=True)
        for width, height in (DESKTOP, PHONE):
            for dark in (False, True):
                self.resize(width, height, dark, still=True)
                look = f"{name}-{width}-{'dark' if dark else 'light'}"
                self.fits(look)
                check(look)
                if not dark or has_dark or LONG:
                    self.picture(os.path.join(folder, f"{look}.png"), width)
        self.resize(*SMALL_PHONE, still=True)
        self.fits(f"{name} on a small phone")
        self.resize(*DESKTOP)

    def picture(self, file, width):
        """Of the whole view, also of what would have to be scrolled to."""
        tall = self.script("return Math.min(2400, document.documentElement.scrollHeight)")
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": max(tall, 640), "deviceScaleFactor": 1, "mobile": width < 600})
        assert self.driver.save_screenshot(file), file

    def fits(self, what):
        over = self.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{what} is {over} pixels too wide"

    def complaints(self):
        """What the browser had to say of scripts and policy, without connections that failed."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] == "SEVERE" and not any(
                    word in entry["message"] for word in ("WebSocket connection", "net::ERR", "/favicon.ico"))]


def needed(program):
    path = shutil.which(program)
    assert path, f"no {program}: scripts/setup test installs it"
    return path


def report(results):
    """Prints results of named tests as JSON: [{"name", "failure"?, "seconds"?}]."""
    print(json.dumps(results))


def run(tests, *arguments, more=list):
    """Runs functions in order, each named by its documentation, and reports, with the outcomes that `more` gives. A
    later one may need an earlier one."""
    results = []
    for test in tests:
        name = (test.__doc__ or test.__name__).strip().splitlines()[0]
        began = time.monotonic()
        try:
            test(*arguments)
            results.append({"name": name})
        except Exception as error:  # noqa: BLE001: whatever went wrong is the result
            results.append({"name": name, "failure": traceback.format_exc(limit=-4) + str(error)})
        results[-1]["seconds"] = round(time.monotonic() - began, 1)
    report(results + more())
