import AvroSchema
import JSONText

/// One `.avsc` file a named type, which needs no other: what it refers to is written out inside it.
func emitAvsc(_ model: Model) -> [GeneratedFile] {
  let types = model.namedTypes
  return model.types.map { type in
    let json = type.schema.json(type.textStyle, types: types)
    return GeneratedFile(name: "\(type.name).avsc", text: PrettyJSON.text(of: json))
  }
}

extension TypeDefinition {
  /// What of the schema is registered.
  var textStyle: SchemaTextStyle { isPlain ? .plain : .full }
}
