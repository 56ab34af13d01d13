// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that the project's build and tests don't build it. The generated records are in a module of
// their own, as users have them: the runtime, the records and what uses them are three modules.

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
  name: "open-bank-mark-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "open-bank-mark", path: ".."),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
  ],
  targets: [
    .target(
      name: "Records", dependencies: [.product(name: "AvroRuntime", package: "open-bank-mark")], path: "Records",
      swiftSettings: strict, plugins: [.plugin(name: "AvrogenBuild", package: "open-bank-mark")]),
    .target(name: "CSupport", path: "CSupport"),
    .executableTarget(
      name: "swift-peer",
      dependencies: [
        "Records", "CSupport",
        .product(name: "AvroRuntime", package: "open-bank-mark"),
        .product(name: "AvroSchema", package: "open-bank-mark"),
      ],
      path: "SwiftPeer", swiftSettings: strict),
    .target(name: "BenchSupport", path: "Support", swiftSettings: strict),
    .executableTarget(
      name: "codec-bench", dependencies: ["BenchSupport"], path: "CodecBench", swiftSettings: strict),
    .executableTarget(
      name: "subscriber-bench",
      dependencies: [
        "BenchSupport",
        .product(name: "Definitions", package: "open-bank-mark"),
        .product(name: "KafkaRuntime", package: "open-bank-mark"),
        .product(name: "SchemaRegistry", package: "open-bank-mark"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "SubscriberBench", swiftSettings: strict),
    .executableTarget(
      name: "handler-bench",
      dependencies: [
        "BenchSupport",
        .product(name: "CommandHandler", package: "open-bank-mark"),
        .product(name: "Definitions", package: "open-bank-mark"),
        .product(name: "KafkaRuntime", package: "open-bank-mark"),
        .product(name: "PostgresRuntime", package: "open-bank-mark"),
        .product(name: "SchemaRegistry", package: "open-bank-mark"),
      ],
      path: "HandlerBench", swiftSettings: strict),
  ]
)
