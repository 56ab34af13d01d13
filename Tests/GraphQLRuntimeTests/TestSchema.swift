/// A schema with every kind of type, for documents to be right or wrong over.
enum TestSchema {
  static let sdl = #"""
    directive @many(text: String) repeatable on FIELD | QUERY | FRAGMENT_SPREAD
    directive @onQuery on QUERY
    directive @onField(filter: Filter) on FIELD
    directive @onVariable on VARIABLE_DEFINITION
    directive @onFragment on FRAGMENT_DEFINITION | FRAGMENT_SPREAD | INLINE_FRAGMENT

    type Query {
      dog: Dog
      cat(name: String!): Cat
      pet(id: ID!, filter: Filter): Pet
      pets(first: Int = 10, filters: [Filter], colors: [Color!]): [Pet!]!
      catOrDog: CatOrDog
      named(names: [String!]!): [Named]
      human(id: ID, anything: Anything): Human!
      matrix(rows: [[Int]]): [[Float]]
      text(int: Int, float: Float, string: String, boolean: Boolean, id: ID, color: Color, needed: Int! = 3): String
      count: Int!
    }
    type Mutation {
      rename(id: ID!, name: String!): Pet
      paint(color: Color!, anything: Anything): Color
    }
    type Subscription {
      renamed(id: ID): Pet
      counted(first: Int): Int
    }
    interface Named { name(surname: Boolean): String }
    interface Pet implements Named {
      name(surname: Boolean): String
      owner: Human
      id: ID!
    }
    type Dog implements Pet & Named {
      name(surname: Boolean): String
      owner: Human
      id: ID!
      barks: Boolean!
      volume: Int
      knows(command: Command!): Boolean
      friends(limit: Int): [Dog]
    }
    type Cat implements Pet & Named {
      name(surname: Boolean): String
      owner: Human
      id: ID!
      meows(times: Int! = 1): Boolean
      volume: Float
      friends(limit: Int): [Cat!]
    }
    type Human implements Named {
      name(surname: Boolean): String
      pets(limit: Int): [Pet]
      address: Address
    }
    type Address { street: String, lines: [String!]! }
    union CatOrDog = Cat | Dog
    enum Color { RED, GREEN, BLUE }
    enum Command { SIT, HEEL }
    scalar Anything
    input Filter {
      a: Int
      color: Color! = RED
      text: String!
      inner: Filter
      list: [Filter!]
      ids: [ID!]
      anything: Anything
    }
    """#
}
