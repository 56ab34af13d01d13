/// What an embedded registry takes at most; past it the answer is an error, never a slow death.
public struct RegistryLimits: Sendable {
  /// Of a request's body; past it 413.
  public var maxBodyBytes = 4_194_304
  /// Of a schema's text in UTF-8; past it 422 with code 42209.
  public var maxSchemaBytes = 1_048_576
  /// How deep a schema's JSON may nest.
  public var maxSchemaDepth = 400
  /// Schemas that one schema may name as its references.
  public var maxReferences = 100
  /// How many schemas may stand in a row, each a reference of the one before.
  public var maxReferenceDepth = 20
  /// Of a subject's name.
  public var maxSubjectBytes = 1_000
  /// With those that are deleted and not yet gone.
  public var maxSubjects = 10_000
  public var maxVersionsPerSubject = 1_000
  public var maxSchemas = 100_000
  /// Subjects with a configuration of their own, and as many with a mode.
  public var maxSettings = 10_000
  /// Of the file with the registrations. A change that does not fit is refused with code 50001.
  public var maxJournalBytes = 1_073_741_824
  public var maxConnections = 1_000
  /// Changes that wait for the one that is on its way to the disk; past it 500 with code 50002.
  public var maxWaitingChanges = 1_000
  /// A connection that is silent for so long is closed.
  public var idleTimeoutSeconds = 120
  /// Past it a change that is not on the disk yet is answered with code 50002; it may still come to be.
  public var writeTimeoutMillis = 10_000

  public init() {}
}
