import { el, setText } from "./dom.js";
import { hints, lengthProblem, logIn } from "./money.js";

/// The form that logs in or makes an account. Where each refusal is shown is next to what it is about.
export function loginForm({ client, session }) {
  const username = field("Name", { id: "username", type: "text", autocomplete: "username", autocapitalize: "none",
    spellcheck: "false" });
  const password = field("Password", { id: "password", type: "password", autocomplete: "current-password" });
  const result = el("p", { class: "result", role: "status", id: "login-result" });
  const button = el("button", { type: "submit", class: "button" }, "Log in or open account");
  let isWaiting = false;

  const submit = async (event) => {
    event.preventDefault();
    if (isWaiting) return;
    setText(result, "");
    result.classList.remove("bad");
    const wrong = [
      username.refuse(lengthProblem("A name", username.input.value, 100)),
      password.refuse(lengthProblem("A password", password.input.value, 200)),
    ].indexOf(true);
    if (wrong >= 0) return [username, password][wrong].input.focus();
    isWaiting = true;
    button.setAttribute("aria-disabled", "true");
    setText(result, "Asking the bank …");
    try {
      const name = username.input.value;
      const { iban, token, reason } = await logIn(client, name, password.input.value);
      if (iban && token) return session.enter({ iban, token, username: name });
      refused(reason ?? "the bank gave no reason");
    } catch (error) {
      refused(error.message);
    } finally {
      isWaiting = false;
      button.removeAttribute("aria-disabled");
    }
  };
  const refused = (reason) => {
    result.classList.add("bad");
    setText(result, `Not logged in: ${reason}. ${hints[reason] ?? ""}`.trim());
  };
  return el("form", { id: "login-form", class: "card form", novalidate: true, submit },
    username.element, password.element, el("div", { class: "submit" }, button), result);
}

function field(label, attributes) {
  const problem = el("p", { class: "field-problem", id: `${attributes.id}-problem` });
  const hint = el("p", { class: "hint", id: `${attributes.id}-hint` }, "8 characters or more");
  const input = el("input", { ...attributes, "aria-describedby": `${attributes.id}-hint ${attributes.id}-problem` });
  return {
    input,
    element: el("div", { class: "field" }, el("label", { for: attributes.id }, label), input, hint, problem),
    refuse(reason) {
      setText(problem, reason ?? "");
      input.setAttribute("aria-invalid", reason ? "true" : "false");
      return reason !== null;
    },
  };
}
