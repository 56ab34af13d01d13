import BankSupport

/// The page: what a person sees of the bank.
public enum FrontendService {
  /// The name of the service in run.json, logs and metrics.
  public static let name = "frontend"
}
