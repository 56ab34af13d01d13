import FoundationEssentials

/// The headers of a record on a topic (docs/contracts.md, "Headers"): CloudEvents' Kafka binding.
public struct CloudEvent: Sendable, Hashable {
  /// Where an event comes from.
  public enum Source: String, Sendable {
    case commandHandler = "/command-handler"
    case commandGenerator = "/command-generator"
    case graphQLEndpoint = "/graphql-endpoint"
  }

  /// Which of a command's events of one topic it is.
  public enum Leg: String, Sendable {
    case debit, credit
    /// The only one.
    case only = ""
  }

  /// Names of the headers.
  public enum Header {
    public static let specVersion = "ce_specversion"
    public static let id = "ce_id"
    public static let source = "ce_source"
    public static let type = "ce_type"
    public static let causationID = "causationid"
    public static let sequence = "sequence"
  }

  public var id: UUID
  public var source: Source
  /// Full name of the Avro record.
  public var type: String
  /// The command that it follows from.
  public var causationID: UUID?
  /// Of a BalanceChanged: 1, 2, 3 … per IBAN.
  public var sequence: Int64?

  /// A command: its own id.
  public static func command(id: UUID, source: Source, type: String) -> CloudEvent {
    CloudEvent(id: id, source: source, type: type, causationID: nil, sequence: nil)
  }

  /// What follows from a command; its id follows from the command's, the topic and the leg.
  public static func event(
    causedBy command: UUID, topic: String, leg: Leg = .only, source: Source = .commandHandler, type: String,
    sequence: Int64? = nil
  ) -> CloudEvent {
    CloudEvent(
      id: eventID(command: command, topic: topic, leg: leg), source: source, type: type, causationID: command,
      sequence: sequence)
  }

  /// UUID version 5, namespace = the command's id, name = `<topic>/<leg>`.
  public static func eventID(command: UUID, topic: String, leg: Leg = .only) -> UUID {
    .v5(namespace: command, name: eventName(topic: topic, leg: leg))
  }

  /// What an event is called beside its command's id.
  package static func eventName(topic: String, leg: Leg = .only) -> String { "\(topic)/\(leg.rawValue)" }

  /// What makes a row from a record without headers unique: UUID version 5, namespace = incarnation, name =
  /// `<topic>/<partition>/<offset>`.
  public static func positionID(incarnation: UUID, topic: String, partition: Int32, offset: Int64) -> UUID {
    .v5(namespace: incarnation, name: "\(topic)/\(partition)/\(offset)")
  }

  /// Names and UTF-8 values, in the order of the contract.
  public var headers: [(name: String, value: String)] {
    var headers = [
      (name: Header.specVersion, value: "1.0"), (name: Header.id, value: id.text),
      (name: Header.source, value: source.rawValue), (name: Header.type, value: type),
    ]
    if let causationID { headers.append((name: Header.causationID, value: causationID.text)) }
    if let sequence { headers.append((name: Header.sequence, value: String(sequence))) }
    return headers
  }
}
