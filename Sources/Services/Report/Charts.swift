import Foundation
import LoadRuns

/// The charts of a report, in its order.
enum Charts {
  static let partNames = [
    "postgres": "database", "command-handler": "command handler", "broker": "broker",
    "graphql-endpoint": "GraphQL endpoint", "command-generator": "command generator",
  ]

  static func all(_ variants: [VariantFigures]) -> [Chart] {
    latencies(variants) + machine(variants) + [
      byLoad(
        variants, id: "measurements", title: "Number of measurements",
        about: "Interactions at each load, of all runs together.", yTitle: "interactions"
      ) { point in .init(x: point.load, y: Double(point.count), count: point.count) },
      histogram(variants), startUp(variants),
    ]
  }

  private static func latencies(_ variants: [VariantFigures]) -> [Chart] {
    let waiting = "from request, or click, to the row"
    var charts = [
      byLoad(
        variants, id: "latency-mean", title: "Mean latency", about: "Mean time \(waiting), with its standard error.",
        yTitle: "ms", logarithmic: true
      ) { point in
        .init(
          x: point.load, y: point.mean.mean, error: point.mean.error, count: point.count, isBound: point.timeOuts > 0)
      }
    ]
    let shares: [(id: String, title: String, who: String, share: Double)] = [
      ("p50", "Median latency", "Half of the interactions took no longer", 0.5),
      ("p95", "Latency, 95 of 100", "95 of 100 interactions took no longer", 0.95),
      ("p99", "Latency, 99 of 100", "99 of 100 interactions took no longer", 0.99),
      ("max", "Maximum latency", "The longest time", 1), ("min", "Minimum latency", "The shortest time", 0),
    ]
    for (id, title, who, share) in shares {
      charts.append(
        byLoad(
          variants, id: "latency-\(id)", title: title, about: "\(who) \(waiting).", yTitle: "ms", logarithmic: true
        ) { point in
          let exact = share == 0 ? point.latencyMicros.min : share == 1 ? point.latencyMicros.max : nil
          guard let millis = exact.map({ Double($0) / 1_000 }) ?? point.quantileMillis(share) else { return nil }
          return .init(x: point.load, y: millis, count: point.count, isBound: point.isBound(share))
        })
    }
    return charts
  }

  private static func machine(_ variants: [VariantFigures]) -> [Chart] {
    var charts = [
      byEstimate(
        variants, id: "throughput", title: "Throughput", about: "Commands that got their outcome in a second.",
        yTitle: "commands/s"
      ) { $0.throughput },
      byEstimate(
        variants, id: "heartbeats", title: "Heartbeats",
        about: "Heartbeats that were sent since the start, each of which makes a command.", yTitle: "heartbeats"
      ) { $0.heartbeats },
      byEstimate(
        variants, id: "load-reached", title: "Load reached",
        about: "Heartbeats that the broker took in a second. Where it is less than 95 % of the load, all charts have a "
          + "ring around the point.", yTitle: "heartbeats/s"
      ) { $0.reached },
    ]
    for part in Sample.parts {
      let name = partNames[part] ?? part
      charts.append(
        byEstimate(
          variants, id: "cpu-\(part)", title: "Processor, \(name)",
          about: "Processor time of the \(name) with all its processes, of all cores together.",
          yTitle: "% of all cores"
        ) { $0.cpu[part] })
    }
    for part in Sample.parts {
      let name = partNames[part] ?? part
      charts.append(
        byEstimate(
          variants, id: "memory-\(part)", title: "Memory, \(name)",
          about: "Memory of the \(name) with all its processes; what they share counts once.", yTitle: "MiB"
        ) { $0.memoryMiB[part] })
    }
    for part in Sample.consumers {
      let name = partNames[part] ?? part
      charts.append(
        byEstimate(
          variants, id: "lag-\(part)", title: "Lag, \(name)",
          about:
            "Records that wait for the \(name), as it tells every 5 seconds; those of the first 5 seconds of a load "
            + "may be of the one before, and are left out.", yTitle: "records"
        ) { $0.lag[part] })
    }
    return charts
  }

  private static func byEstimate(
    _ variants: [VariantFigures], id: String, title: String, about: String, yTitle: String,
    _ value: (LoadPoint) -> Estimate?
  ) -> Chart {
    byLoad(variants, id: id, title: title, about: about, yTitle: yTitle) { point in
      value(point).map { .init(x: point.load, y: $0.mean, error: $0.error, count: $0.count) }
    }
  }

  private static func byLoad(
    _ variants: [VariantFigures], id: String, title: String, about: String, yTitle: String,
    logarithmic: Bool = false, _ value: (LoadPoint) -> Chart.Point?
  ) -> Chart {
    Chart(
      id: id, title: title, about: about, xTitle: "load, heartbeats/s", yTitle: yTitle,
      mayBeLogarithmic: logarithmic,
      series: variants.enumerated().map { index, variant in
        .init(
          variant: index, name: variant.name,
          points: variant.points.compactMap { point in
            guard var drawn = value(point) else { return nil }
            drawn.reached = point.reached?.mean
            drawn.isShort = point.isShort
            drawn.remark = point.remark
            drawn.runs = point.runs
            return drawn
          })
      })
  }

  /// Shares of the interactions in classes that are as wide as the tenth part of a decade.
  private static func histogram(_ variants: [VariantFigures]) -> Chart {
    let classesPerDecade = 10.0
    return Chart(
      id: "latency-histogram", title: "Latency histogram",
      about:
        "Which part of all interactions took how long, at all loads together; a point stands for a tenth of a decade.",
      xTitle: "ms", yTitle: "% of interactions",
      series: variants.enumerated().map { index, variant in
        var counts: [Int: Int] = [:]
        for bucket in variant.latencyMicros.buckets where bucket.upTo > 0 {
          counts[Int((log10(Double(bucket.upTo) / 1_000) * classesPerDecade).rounded(.down)), default: 0] +=
            bucket.count
        }
        let total = Double(max(1, variant.latencyMicros.count))
        // Classes between without a value are there as 0, so that a line does not pass over them.
        let places = counts.keys.min().map { $0...(counts.keys.max() ?? $0) }.map(Array.init) ?? []
        return .init(
          variant: index, name: variant.name,
          points: places.map { place in
            let count = counts[place] ?? 0
            return .init(
              x: pow(10, (Double(place) + 0.5) / classesPerDecade), y: Double(count) / total * 100, count: count)
          })
      })
  }

  private static func startUp(_ variants: [VariantFigures]) -> Chart {
    let order = [
      "broker", "registry", "postgres", "command-handler", "graphql-endpoint", "command-generator", "heartbeat",
      "frontend",
    ]
    let known = Set(variants.flatMap(\.startUpMillis.keys))
    let categories = order.filter(known.contains) + known.subtracting(order).sorted()
    return Chart(
      id: "start-up", title: "Start-up times",
      about: "From the start of a service's process until it said that it is ready.", xTitle: "", yTitle: "ms",
      categories: categories,
      series: variants.enumerated().map { index, variant in
        .init(
          variant: index, name: variant.name,
          points: categories.enumerated().compactMap { place, service in
            variant.startUpMillis[service].map {
              .init(x: Double(place), y: $0.mean, error: $0.error, count: $0.count)
            }
          })
      })
  }
}
