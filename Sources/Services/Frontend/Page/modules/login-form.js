import { el } from "./dom.js";
import { formField, refuseAny } from "./form-field.js";
import { lengthProblem, logIn } from "./money.js";
import { outcomeLine } from "./outcome.js";

/// The form that logs in or makes an account. Its order of elements is relied on by programs that use the page.
export function loginForm({ client, session }) {
  const hint = "8 characters or more";
  const username = formField("Name", {
    id: "username", autocomplete: "username", autocapitalize: "none", spellcheck: "false",
  }, hint);
  const password = formField("Password", { id: "password", type: "password", autocomplete: "current-password" }, hint);
  const outcome = outcomeLine("login-result");
  const button = el("button", { type: "submit", class: "button" }, "Log in or open account");
  let isWaiting = false;

  const submit = async (event) => {
    event.preventDefault();
    if (isWaiting) return;
    outcome.say("");
    const [name, secret] = [username.input.value, password.input.value];
    if (refuseAny([
      [username, lengthProblem("A name", name, 100)],
      [password, lengthProblem("A password", secret, 200)],
    ])) return;
    isWaiting = true;
    button.setAttribute("aria-disabled", "true");
    outcome.say("Asking the bank …");
    try {
      const { iban, token, reason } = await logIn(client, name, secret);
      if (iban && token) session.enter({ iban, token, username: name });
      else outcome.refuse("Not logged in", reason ?? "the bank gave no reason");
    } catch (error) {
      outcome.refuse("Not logged in", error.message);
    } finally {
      isWaiting = false;
      button.removeAttribute("aria-disabled");
    }
  };
  // The outcome is a division too, so it stands where it is none of the first three.
  return el("form", { id: "login-form", class: "card form", novalidate: true, submit },
    username.element, password.element, el("div", { class: "submit" }, button), outcome.element);
}
