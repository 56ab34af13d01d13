import AllTypesFixture
import AvroRuntime

extension FuzzTarget {
  /// Generated decoders. The first byte chooses the record.
  public static let decoder = FuzzTarget(name: "decoder") { bytes in
    guard let (choice, rest) = chosen(bytes) else { return }
    decoders[choice % decoders.count](rest)
  }

  private static let decoders: [@Sendable (UnsafeRawBufferPointer) -> Void] = [
    roundTrip(Primitives.self), roundTrip(Logicals.self), roundTrip(Named.self), roundTrip(Arrays.self),
    roundTrip(Maps.self), roundTrip(Optionals.self), roundTrip(Unions.self), roundTrip(List.self),
    roundTrip(Tree.self), roundTrip(Expression.self), roundTrip(Ping.self), roundTrip(Mirror.self),
    roundTrip(Formula.self), roundTrip(Defaults.self), roundTrip(FromAvsc.self),
  ]

  /// What is read is written, read and written again: the same bytes both times. (Values are not compared, because NaN
  /// is not equal to itself.)
  private static func roundTrip<Value: AvroValue>(
    _ type: Value.Type
  ) -> @Sendable (UnsafeRawBufferPointer) -> Void {
    { bytes in
      guard let value = try? Value(avroBytes: bytes, limits: AvroLimits(maxDepth: 50, maxEmptyItems: 1000)) else {
        return
      }
      guard let written = try? value.avroBytes() else { return }
      let again = try? Value(avroBytes: written)
      check(again != nil, "\(type) does not read what it wrote")
      check((try? again?.avroBytes()) == written, "\(type) does not write what it read")
    }
  }
}
