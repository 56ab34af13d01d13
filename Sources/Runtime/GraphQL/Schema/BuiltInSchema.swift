/// What every schema has (October 2021, sections 3.5, 3.13 and 4.2). Deprecation of arguments and input fields is of the
/// edition of September 2025.
enum BuiltInSchema {
  /// In the order in which they are listed behind a schema's own.
  static let scalars = ["Int", "Float", "String", "Boolean", "ID"]
  static let directives = ["skip", "include", "deprecated", "specifiedBy"]

  static func isReserved(_ name: String) -> Bool { name.hasPrefix("__") }

  static let sdl = #"""
    "A whole number of 32 bits with a sign."
    scalar Int
    "A number as IEEE 754 has it, with 64 bits."
    scalar Float
    "Text in Unicode."
    scalar String
    "True or false."
    scalar Boolean
    "What tells one thing from another; it is written as text, and a whole number is taken for text too."
    scalar ID

    "Leaves the field or fragment out when the argument is true."
    directive @skip("Whether to leave it out." if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
    "Leaves the field or fragment out when the argument is false."
    directive @include("Whether to leave it in." if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
    "Says that something should no longer be used."
    directive @deprecated(
      "Why, and what to use in its place, in Markdown."
      reason: String = "No longer supported"
    ) on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
    "Says where the values of a scalar are specified."
    directive @specifiedBy("The address of the specification." url: String!) on SCALAR

    "What a server can be asked: its types, its directives, and where operations begin."
    type __Schema {
      "What the schema is for, in Markdown."
      description: String
      "All types, those of introspection too."
      types: [__Type!]!
      "Where queries begin."
      queryType: __Type!
      "Where mutations begin; null when there are none."
      mutationType: __Type
      "Where subscriptions begin; null when there are none."
      subscriptionType: __Type
      "All directives."
      directives: [__Directive!]!
    }

    "A type. Which of the fields are not null depends on its kind. Lists and types that can't be null wrap another type."
    type __Type {
      "What kind of type it is."
      kind: __TypeKind!
      "Null for what wraps another type."
      name: String
      "What the type is for, in Markdown."
      description: String
      "Of a scalar: where its values are specified."
      specifiedByURL: String
      "Of an object or interface."
      fields("Whether fields that should no longer be used are listed." includeDeprecated: Boolean = false): [__Field!]
      "Of an object or interface: what it implements."
      interfaces: [__Type!]
      "Of an interface or union: the object types that it may turn out to be."
      possibleTypes: [__Type!]
      "Of an enum."
      enumValues(
        "Whether values that should no longer be used are listed."
        includeDeprecated: Boolean = false
      ): [__EnumValue!]
      "Of an input object."
      inputFields(
        "Whether fields that should no longer be used are listed."
        includeDeprecated: Boolean = false
      ): [__InputValue!]
      "Of what wraps another type: that type."
      ofType: __Type
    }

    "Which kind of type a __Type is."
    enum __TypeKind {
      "A leaf with a value, such as a number or a text."
      SCALAR
      "What has fields."
      OBJECT
      "Fields that several objects have in common."
      INTERFACE
      "One of several objects."
      UNION
      "A leaf with a value out of a set."
      ENUM
      "What has fields and is given as an argument."
      INPUT_OBJECT
      "Any number of another type."
      LIST
      "Another type without null."
      NON_NULL
    }

    "A field of an object or interface."
    type __Field {
      "Its name."
      name: String!
      "What it gives, in Markdown."
      description: String
      "What it takes."
      args(
        "Whether arguments that should no longer be used are listed."
        includeDeprecated: Boolean = false
      ): [__InputValue!]!
      "The type of its value."
      type: __Type!
      "Whether it should no longer be used."
      isDeprecated: Boolean!
      "Why it should no longer be used, in Markdown."
      deprecationReason: String
    }

    "An argument of a field or directive, or a field of an input object."
    type __InputValue {
      "Its name."
      name: String!
      "What it means, in Markdown."
      description: String
      "The type of its value."
      type: __Type!
      "The value that it has when none is given, as it is written in a document."
      defaultValue: String
      "Whether it should no longer be used."
      isDeprecated: Boolean!
      "Why it should no longer be used, in Markdown."
      deprecationReason: String
    }

    "A value of an enum."
    type __EnumValue {
      "Its name, which stands for it in documents and responses."
      name: String!
      "What it means, in Markdown."
      description: String
      "Whether it should no longer be used."
      isDeprecated: Boolean!
      "Why it should no longer be used, in Markdown."
      deprecationReason: String
    }

    "A directive, which changes how what it stands at is read or executed."
    type __Directive {
      "Its name without the @."
      name: String!
      "What it does, in Markdown."
      description: String
      "Where it may stand."
      locations: [__DirectiveLocation!]!
      "What it takes."
      args(
        "Whether arguments that should no longer be used are listed."
        includeDeprecated: Boolean = false
      ): [__InputValue!]!
      "Whether it may stand more than once at one place."
      isRepeatable: Boolean!
    }

    "A kind of place that a directive may stand at."
    enum __DirectiveLocation {
      "A query."
      QUERY
      "A mutation."
      MUTATION
      "A subscription."
      SUBSCRIPTION
      "A field of a selection set."
      FIELD
      "The definition of a fragment."
      FRAGMENT_DEFINITION
      "The spread of a fragment that has a name."
      FRAGMENT_SPREAD
      "A fragment without a name."
      INLINE_FRAGMENT
      "The definition of a variable."
      VARIABLE_DEFINITION
      "The definition of the schema."
      SCHEMA
      "The definition of a scalar."
      SCALAR
      "The definition of an object."
      OBJECT
      "The definition of a field."
      FIELD_DEFINITION
      "The definition of an argument."
      ARGUMENT_DEFINITION
      "The definition of an interface."
      INTERFACE
      "The definition of a union."
      UNION
      "The definition of an enum."
      ENUM
      "The definition of a value of an enum."
      ENUM_VALUE
      "The definition of an input object."
      INPUT_OBJECT
      "The definition of a field of an input object."
      INPUT_FIELD_DEFINITION
    }
    """#
}
