/// What may be changed (Confluent's modes).
enum RegistryMode: String, CaseIterable, Sendable {
  case readWrite = "READWRITE"
  case readOnly = "READONLY"
  /// As a global mode it holds for subjects with a mode of their own too.
  case readOnlyOverride = "READONLY_OVERRIDE"
  /// Schemas come with their ids and versions, and nothing is compared.
  case importing = "IMPORT"

  var isReadOnly: Bool { self == .readOnly || self == .readOnlyOverride }
}
