/// A verb that reads its own arguments, unlike those of ``Invocation/Verb``, which all read definitions.
struct OwnVerb: Sendable {
  /// The first argument of the command.
  var name: String
  /// Its lines in the list of verbs that `--help` prints: two spaces, the name, and what it does from column 20 on; ends with a newline.
  var help: String
  /// Takes the arguments behind the name.
  var run: @Sendable ([String]) throws(Invocation.UsageError) -> Program.Result

  /// In the order in which the help lists them.
  static let all: [OwnVerb] = [ImportCommand.verb, ToJSON.verb]

  static func named(_ name: String?) -> OwnVerb? { all.first { $0.name == name } }
}
