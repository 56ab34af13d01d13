// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "payments",
  platforms: [.macOS(.v15)],
  dependencies: [
    // Elsewhere: .package(url: "…/open-bank-mark.git", branch: "main")
    .package(name: "open-bank-mark", path: "../..")
  ],
  targets: [
    .target(
      name: "Payments", dependencies: [.product(name: "AvroRuntime", package: "open-bank-mark")],
      plugins: [.plugin(name: "AvrogenBuild", package: "open-bank-mark")]),
    .executableTarget(
      name: "payments-demo",
      dependencies: [
        "Payments", .product(name: "AvroRuntime", package: "open-bank-mark"),
        .product(name: "AvroSchema", package: "open-bank-mark"),
      ]),
  ]
)
