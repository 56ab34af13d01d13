extension GraphQLResponse {
  /// Appends the response as JSON in UTF-8, without white space: what ``json`` is, without making it.
  public func append(to output: inout [UInt8]) {
    output.append(UInt8(ascii: "{"))
    if !errors.isEmpty {
      Self.append("\"errors\":[", to: &output)
      for (index, error) in errors.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        error.json.append(to: &output)
      }
      output.append(UInt8(ascii: "]"))
      if data != nil { output.append(UInt8(ascii: ",")) }
    }
    if let data {
      Self.append("\"data\":", to: &output)
      data.append(to: &output)
    }
    output.append(UInt8(ascii: "}"))
  }

  /// The response as JSON in UTF-8.
  public var utf8: [UInt8] {
    var output: [UInt8] = []
    // An event of the usual size has room without growing.
    output.reserveCapacity(512)
    append(to: &output)
    return output
  }

  private static func append(_ text: StaticString, to output: inout [UInt8]) {
    output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
