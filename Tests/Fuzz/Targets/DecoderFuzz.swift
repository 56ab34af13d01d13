import AllTypesFixture
import AvroRuntime

extension FuzzTarget {
  /// Generated decoders, in all three shapes. The first byte chooses the record.
  public static let decoder = FuzzTarget(name: "decoder") { bytes in
    guard let (choice, rest) = chosen(bytes) else { return }
    decoders[choice % decoders.count](rest)
  }

  private static let limits = AvroLimits(maxDepth: 50, maxEmptyItems: 1000)

  private static let decoders: [@Sendable (UnsafeRawBufferPointer) -> Void] = [
    shapes(Primitives.Packed.self, Primitives.View.self), shapes(Logicals.Packed.self, Logicals.View.self),
    shapes(Named.Packed.self, Named.View.self), shapes(Arrays.Packed.self, Arrays.View.self),
    shapes(Maps.Packed.self, Maps.View.self), shapes(Optionals.Packed.self, Optionals.View.self),
    shapes(Unions.Packed.self, Unions.View.self), shapes(List.Packed.self, List.View.self),
    shapes(Tree.Packed.self, Tree.View.self), shapes(Expression.Packed.self, Expression.View.self),
    shapes(Ping.Packed.self, Ping.View.self), shapes(Mirror.Packed.self, Mirror.View.self),
    shapes(Formula.Packed.self, Formula.View.self), shapes(Defaults.Packed.self, Defaults.View.self),
    shapes(FromAvsc.Packed.self, FromAvsc.View.self),
  ]

  /// What is read is written, read and written again: the same bytes both times. (Values are not compared, because NaN
  /// is not equal to itself.) A packed form is made of the same bytes as the value; a view of those and of such that
  /// only have text that is not UTF-8.
  private static func shapes<Packed: AvroPackedRecord, View: AvroRecordView & ~Copyable>(
    _ packed: Packed.Type, _ view: View.Type
  ) -> @Sendable (UnsafeRawBufferPointer) -> Void {
    { bytes in
      let value = try? Packed.Unpacked(avroBytes: bytes, limits: limits)
      let packed = try? Packed(avroBytes: bytes, limits: limits)
      let isViewed = (try? View.withDecoded(bytes, limits: limits) { _ in true }) ?? false
      check((value == nil) == (packed == nil), "the record and its packed form disagree about \(Packed.Unpacked.self)")
      check(value == nil || isViewed, "a record that has no view: \(Packed.Unpacked.self)")
      guard let value, let packed else { return }
      let written = try? value.avroBytes()
      check(written == (try? packed.unpacked().avroBytes()), "another value out of the packed form")
      guard let written else { return }
      let again = try? Packed.Unpacked(avroBytes: written)
      check(again != nil, "\(Packed.Unpacked.self) does not read what it wrote")
      check((try? again?.avroBytes()) == written, "\(Packed.Unpacked.self) does not write what it read")
    }
  }
}
