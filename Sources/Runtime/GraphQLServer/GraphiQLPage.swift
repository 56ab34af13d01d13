import HTTPTypes
import Hummingbird

/// What `/graphiql` is.
public enum GraphiQLPage: Hashable, Sendable {
  /// 404.
  case off
  /// The GraphiQL of the folder when it has one, otherwise a plain page that needs nothing.
  ///
  /// - Parameter assets: a folder with `graphiql*.min.js`, `graphiql*.min.css`, `react.*.min.js` and
  ///   `react-dom.*.min.js`.
  case on(assets: String?)

  func mount<Context: RequestContext>(on router: Router<Context>) {}
}
