import Testing

@testable import GraphQLEndpointService

@Suite("Endpoint: amounts as text")
struct EuroTextTests {
  @Test(
    "Dutch euros, exact for every number of cents",
    arguments: [
      (0, "€0,00", "€0,00"), (1, "€0,01", "€0,01"), (10, "€0,10", "€0,10"), (99, "€0,99", "€0,99"),
      (100, "€1,00", "€1,00"), (1_000, "€10,00", "€10,00"), (99_999, "€999,99", "€999,99"),
      (100_000, "€1.000,00", "€1.000,00"), (123_456, "€1.234,56", "€1.234,56"),
      (100_000_000, "€1.000.000,00", "€1.000.000,00"),
      (100_000_000_000_000_000, "€1.000.000.000.000.000,00", "€1.000.000.000.000.000,00"),
      (-1, "€-0,01", "€0,01"), (-50_000, "€-500,00", "€500,00"), (-123_456, "€-1.234,56", "€1.234,56"),
      (Int64.max, "€92.233.720.368.547.758,07", "€92.233.720.368.547.758,07"),
      (Int64.min, "€-92.233.720.368.547.758,08", "€92.233.720.368.547.758,08"),
    ])
  func text(cents: Int64, signed: String, unsigned: String) {
    #expect(EuroText.signed(cents: cents) == signed)
    #expect(EuroText.unsigned(cents: cents) == unsigned)
  }
}
