/// A type that a module of the definitions has, too.
public struct Tree {
  public init() {}
}
