// What a client does: log in, and move money.

import { backoffMillis } from "./backoff.js";
import { GraphQLFailure, NoAnswer } from "./graphql.js";
import { newUUID } from "./uuid.js";

/// How often the bank is asked about one transfer before a person has to decide.
const tries = 5;

const accountMutation = `mutation Account($username: String!, $password: String!) {
  create_account(username: $username, password: $password) { iban token reason }
}`;

const transferMutation = `mutation Transfer(
  $uuid: String!, $token: String!, $cents: String!, $from: String!, $to: String!, $description: String!
) {
  transfer(uuid: $uuid, token: $token, amount_cents: $cents, from: $from, to: $to, descr: $description) {
    success reason
  }
}`;

/// Logs in, or makes the account when there is none of that name: {iban, token, reason}.
export async function logIn(client, username, password) {
  const data = await client.ask(accountMutation, { username, password });
  return data.create_account ?? { reason: "the bank gave no account" };
}

/// One transfer with an id of its own. However often it is asked for, money moves once.
export class Transfer {
  #mayHaveMoved = false;

  constructor(client, { token, cents, from, to, description }) {
    this.client = client;
    this.variables = { uuid: newUUID(), token, cents, from, to, description };
  }

  /// Whether it is what a person asks for with these; the token is none of it, as a new log-in may bring a new one.
  isFor(request) {
    return ["cents", "from", "to", "description"].every((name) => this.variables[name] === request[name]);
  }

  /// {success, reason}. Asks again with the same id when the bank has no answer yet, and tells so by `waiting(tries)`.
  /// Rejects with NoAnswer when it is not known whether the money has moved, after which it may be called again, or with
  /// GraphQLFailure when it has not. Once it was asked for without an answer, only an answer tells: an error is of the
  /// last try alone, and says nothing of those before it.
  async result(waiting = () => {}) {
    for (let attempt = 0; attempt < tries; attempt++) {
      try {
        const data = await this.client.ask(transferMutation, this.variables);
        if (data.transfer) return data.transfer;
        throw new NoAnswer();
      } catch (error) {
        if (!isRefusal(error)) this.#mayHaveMoved = true;
        if (!isPassing(error)) throw this.#mayHaveMoved ? new NoAnswer(error.message) : error;
        if (attempt + 1 === tries) break;
        waiting(attempt + 1);
        await new Promise((resolve) => setTimeout(resolve, backoffMillis(attempt)));
      }
    }
    throw new NoAnswer();
  }
}

/// Codes of docs/graphql.md after which the same may be asked again.
const passing = new Set(["TIMEOUT", "UNAVAILABLE", "OVERLOADED"]);
/// Those of a question that has not got as far as the bank's books; one that is not valid GraphQL has no code.
const refusing = new Set(["", "BAD_INPUT", "LIMIT", "RATE_LIMITED"]);

function isPassing(error) {
  return error instanceof NoAnswer || (error instanceof GraphQLFailure && passing.has(error.code));
}

/// Not after a reconnect: then the bank was asked before it, and that answer is lost.
function isRefusal(error) {
  return error instanceof GraphQLFailure && refusing.has(error.code) && !error.wasAskedBefore;
}

/// Why a name or a password of that length is refused before it is sent; null when it is not.
export function lengthProblem(what, text, longest) {
  const length = [...text].length;
  if (length < 8) return `${what} needs at least 8 characters; this has ${length}.`;
  if (length > longest) return `${what} may have ${longest} characters at most; this has ${length}.`;
  return null;
}

/// What a refusal means for a person, beyond the bank's own words.
export const hints = {
  "insufficient funds": "An account may go down to €-500,00, not below.",
  "invalid token": "Log out and in again.",
  "incorrect password": "There is an account of this name with another password.",
  "from and to can't be same for transfer": "Give another account to pay to.",
  "amount must be positive": "Give 1 cent or more.",
};
