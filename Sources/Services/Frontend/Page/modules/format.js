// Values as a person reads them. What the bank gives as text (such as "€1.234,56") is shown as it came.

/// Cents, as digits, in the way the bank writes euros: "123456" is "€1.234,56". Null when it is no number of cents.
export function eurosOfCents(digits) {
  if (!/^-?\d{1,19}$/.test(digits)) return null;
  const cents = BigInt(digits);
  const size = cents < 0n ? -cents : cents;
  const whole = String(size / 100n).replace(/\B(?=(\d{3})+$)/g, ".");
  return `€${cents < 0n ? "-" : ""}${whole},${String(size % 100n).padStart(2, "0")}`;
}

/// The groups of an account number that are shown apart ("NL66", "OPEN", "0000", …); null when it is a name.
export function ibanGroups(text) {
  return /^[A-Z]{2}\d{2}[A-Z0-9]{4,30}$/.test(text) ? text.match(/.{1,4}/g) : null;
}

/// A count with its thousands apart by a narrow space, which no country reads as a decimal point.
export function count(number) {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/// A rate as a short number: "0", "0.4", "12", "1 250".
export function rate(perSecond) {
  if (perSecond === 0) return "0";
  if (perSecond < 0.05) return "<0.1";
  return perSecond < 9.95 ? String(Number(perSecond.toFixed(1))) : count(perSecond);
}
