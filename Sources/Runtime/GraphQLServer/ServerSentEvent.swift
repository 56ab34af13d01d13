/// An event of a stream (HTML standard, section 9.2, "Server-sent events").
public struct ServerSentEvent: Hashable, Sendable {
  /// Its type; nil leaves `message`. Line ends are not allowed and are dropped.
  public var event: String?
  /// May have several lines.
  public var data: String

  public init(event: String? = nil, data: String) {
    self.event = event
    self.data = data
  }

  /// As it travels. An end of line would end the field, so each line of the data is a field of its own.
  var text: String {
    var text = ""
    if let event { text += "event: \(event.filter { !$0.isNewline })\n" }
    if data.isEmpty { return text + "data:\n\n" }
    for line in data.split(omittingEmptySubsequences: false, whereSeparator: \.isLineEnd) { text += "data: \(line)\n" }
    return text + "\n"
  }
}

extension Character {
  /// What ends a line of a stream: LF, CR or both.
  fileprivate var isLineEnd: Bool { self == "\n" || self == "\r" || self == "\r\n" }
}
