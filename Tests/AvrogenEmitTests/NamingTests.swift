import AvroSchema
import Testing

@testable import avrogen

@Suite struct NamingTests {
  @Test(arguments: [
    ("BalanceChanged", "BalanceChanged"), ("balance_changed", "BalanceChanged"),
    ("balance__changed_", "BalanceChanged"),
    ("HTTP_STATUS", "HttpStatus"), ("SEPA", "SEPA"), ("iban", "Iban"), ("_2nd", "T2nd"), ("a.b-c", "ABC"),
    ("_", "Underscore"), ("x1_y2", "X1Y2"), ("myURL", "MyURL"),
  ])
  func typeNames(name: String, expected: String) { #expect(Naming.typeName(name) == expected) }

  @Test(arguments: [
    ("new_balance", "newBalance"), ("newBalance", "newBalance"), ("NewBalance", "newBalance"), ("AUTO", "auto"),
    ("DARK_BLUE", "darkBlue"), ("ID", "id"), ("URLPath", "urlPath"), ("iPhone", "iPhone"), ("_1st", "_1st"),
    ("__", "underscore"), ("a_1", "a1"), ("a.b-c", "aBC"), ("X", "x"), ("ABc", "aBc"), ("IBAN2", "iban2"),
  ])
  func memberNames(name: String, expected: String) { #expect(Naming.memberNames([name]) == [expected]) }

  @Test(arguments: [
    ("default", "`default`"), ("class", "`class`"), ("in", "`in`"), ("self", "selfValue"), ("Self", "selfValue"),
    ("init", "initValue"), ("hash_value", "hashValueValue"), ("Type", "type"), ("open", "open"), ("await", "`await`"),
  ])
  func keywords(name: String, expected: String) { #expect(Naming.memberNames([name]) == [expected]) }

  @Test func labelsGoWithoutBackticks() {
    #expect(["`default`", "`inout`", "`let`", "x"].map(Naming.label) == ["default", "`inout`", "let", "x"])
    #expect(["`default`", "`inout`", "`let`", "x"].map(Naming.parameter) == ["default", "`inout`", "`let`", "x"])
  }

  @Test(arguments: [
    (["a_b", "aB", "a__b"], ["aB2", "aB", "aB3"]),
    (["a_1", "a1", "A_1"], ["a1x2", "a1", "a1x3"]),
    (["a2", "a", "A"], ["a2", "a", "a3"]),
    (["AUTO", "auto"], ["auto2", "auto"]),
    (["default", "DEFAULT"], ["`default`", "default2"]),
    (["self", "self_value"], ["selfValue", "selfValue2"]),
  ])
  func membersThatClashAreNumbered(names: [String], expected: [String]) {
    #expect(Naming.memberNames(names) == expected)
  }

  @Test func typesThatClashGetAnUnderscore() {
    var taken = Naming.reservedTypes
    let names = ["foo", "Foo", "FOO", "String", "Type", "Topics", "_foo"]
    #expect(
      Naming.typeNames(names, taken: &taken) == ["Foo_", "Foo", "FOO", "String_", "Type_", "Topics_", "Foo__"])
    #expect(Naming.typeNames(["Foo"], taken: &taken) == ["Foo___"])
  }

  /// Whatever the names are, no two members and no two types of a model are the same in Swift.
  @Test func nastyNamesStayApart() throws {
    let model = try Emitting.fixture("NastyNames")
    let names = swiftTypeNames(model).map(\.name)
    #expect(Set(names).count == model.types.count)
    #expect(Naming.reservedTypes.isDisjoint(with: names))
    for type in model.types {
      switch type.schema {
      case .record(let record):
        #expect(Set(Naming.memberNames(record.fields.map(\.name))).count == record.fields.count, "\(record.name)")
      case .enumeration(let enumeration):
        #expect(Set(enumeration.caseNames).count == enumeration.symbols.count, "\(enumeration.name)")
      default: break
      }
    }
  }
}
