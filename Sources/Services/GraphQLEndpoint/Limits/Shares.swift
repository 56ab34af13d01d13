/// Places that are taken and given back, of which one holder gets no more than its share: so that one address, or one
/// connection, can't take all of them.
struct Shares<Holder: Hashable & Sendable>: Sendable {
  /// Why no place was given.
  enum Refusal: Sendable, Hashable {
    /// All are taken.
    case full
    /// The holder has its share.
    case share
  }

  /// In all, and for one holder.
  let limit: Int
  let limitPerHolder: Int
  /// That are taken.
  private(set) var count = 0
  private var byHolder: [Holder: Int] = [:]

  init(limit: Int, perHolder: Int) {
    self.limit = limit
    limitPerHolder = perHolder
  }

  /// Takes a place, to be given back.
  ///
  /// - Parameter holder: nil when it is not known, and then there is no share.
  /// - Returns: nil; or why none was taken.
  mutating func take(for holder: Holder?) -> Refusal? {
    let own = holder.map { byHolder[$0, default: 0] } ?? 0
    if own >= limitPerHolder { return .share }
    if count >= limit { return .full }
    count += 1
    if let holder { byHolder[holder] = own + 1 }
    return nil
  }

  /// Gives a place back that was taken for that holder.
  mutating func giveBack(for holder: Holder?) {
    count -= 1
    guard let holder, let own = byHolder[holder] else { return }
    byHolder[holder] = own > 1 ? own - 1 : nil
  }

  /// All places are free again.
  mutating func giveBackAll() {
    count = 0
    byHolder = [:]
  }
}
