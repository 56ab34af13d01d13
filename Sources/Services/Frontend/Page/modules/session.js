/// Who is logged in. In memory only: the token of an account is its key, and goes when the page does.
/// Each change is an event "change".
export class Session extends EventTarget {
  account = null;

  /// `account` is {iban, token, username}.
  enter(account) {
    this.account = account;
    this.dispatchEvent(new Event("change"));
  }

  leave() {
    this.account = null;
    this.dispatchEvent(new Event("change"));
  }
}
