import AvroSchema

/// Decides what is said of what is wrong in the files of other modules.
///
/// Those modules are built on their own, which is where their problems are told; and what they have may be no definitions
/// at all. So here only the problems of modules matter whose types are used.
struct ForeignProblems {
  let draft: Draft
  /// Whether the module that is made names a type that nothing defines: a file that can't be read may have it.
  let hasUnknownNames: Bool

  /// Leaves the problems of the module that is made and of what it uses.
  func sift(_ diagnostics: Diagnostics, _ model: Model) {
    guard !draft.moduleByFile.isEmpty else { return }
    let (names, modules) = used(by: model)
    if !hasUnknownNames {
      diagnostics.remove { problem in
        draft.module(of: problem.location).map { !modules.contains($0) } ?? false
      }
    }
    for (name, problem) in draft.foreignDuplicates where names.contains(name) { diagnostics.add(problem) }
  }

  /// What the module refers to, directly or through what it refers to.
  private func used(by model: Model) -> (names: Set<FullName>, modules: Set<String>) {
    var definitions: [FullName: Schema] = [:]
    for type in model.allTypes { definitions[type.name] = type.schema }
    var names: Set<FullName> = []
    var modules: Set<String> = []
    var pending = model.types.map(\.schema) + model.topics.flatMap(\.values).map { .reference($0) }
    while let schema = pending.popLast() {
      guard case .reference(let name) = schema else {
        pending += schema.children
        continue
      }
      guard names.insert(name).inserted else { continue }
      if let index = draft.declarationByName[name], let module = draft.module(of: draft.declarations[index].location) {
        modules.insert(module)
      }
      if let definition = definitions[name] { pending.append(definition) }
    }
    return (names, modules)
  }
}
