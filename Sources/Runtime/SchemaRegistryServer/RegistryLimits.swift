/// What an embedded registry takes at most; past it the answer is an error, never a slow death.
public struct RegistryLimits: Sendable {
  /// Of a request's body, which holds the schema.
  public var maxBodyBytes = 1_048_576
  /// Of a subject's name.
  public var maxSubjectBytes = 1_000
  public var maxSubjects = 10_000
  public var maxVersionsPerSubject = 1_000
  public var maxSchemas = 100_000
  /// Of the file with the registrations.
  public var maxJournalBytes = 1_073_741_824
  public var maxConnections = 1_000
  /// A connection that is silent for so long is closed.
  public var idleTimeoutSeconds = 120

  public init() {}
}
