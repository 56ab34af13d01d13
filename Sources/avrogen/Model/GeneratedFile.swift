/// What an emitter gives: the command line decides where it goes.
struct GeneratedFile: Sendable, Equatable {
  /// File name without a folder.
  var name: String
  var text: String
}
