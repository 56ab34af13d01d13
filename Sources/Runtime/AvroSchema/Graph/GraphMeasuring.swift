/// Sizes of values, and which types lead back to themselves: strongly connected components (R. Tarjan, 1972), with a
/// stack of its own.
struct GraphMeasuring {
  private let nodes: [SchemaGraph.Node]
  private(set) var sizes: [SchemaGraph.Size]
  /// The longest way that was followed, in types.
  private(set) var depth = 0
  private var number: [Int]
  private var lowest: [Int]
  private var isOpen: [Bool]
  private var open: [Int] = []
  private var next = 1

  init(nodes: [SchemaGraph.Node]) {
    self.nodes = nodes
    sizes = Array(repeating: SchemaGraph.Size(), count: nodes.count)
    number = Array(repeating: 0, count: nodes.count)
    lowest = number
    isOpen = Array(repeating: false, count: nodes.count)
  }

  mutating func visit(_ start: Int) {
    var path: [(node: Int, rest: ArraySlice<Int>)] = []
    path.append((start, enter(start)))
    while let (node, _) = path.last {
      depth = max(depth, path.count)
      guard let child = path[path.count - 1].rest.popFirst() else {
        path.removeLast()
        measure(node)
        if let parent = path.last?.node { lowest[parent] = min(lowest[parent], lowest[node]) }
        if lowest[node] == number[node] { close(node) }
        continue
      }
      if child == node { sizes[node].isRecursive = true }
      if number[child] == 0 {
        path.append((child, enter(child)))
      } else if isOpen[child] {
        lowest[node] = min(lowest[node], number[child])
      }
    }
  }

  private mutating func enter(_ node: Int) -> ArraySlice<Int> {
    number[node] = next
    lowest[node] = next
    next += 1
    open.append(node)
    isOpen[node] = true
    return nodes[node].children[...]
  }

  private mutating func close(_ node: Int) {
    let isCycle = open.last != node
    while let member = open.popLast() {
      isOpen[member] = false
      if isCycle { sizes[member].isRecursive = true }
      if member == node { return }
    }
  }

  /// A type that is still being measured counts for nothing. It is inside a union, array or map, which take a byte
  /// themselves; where it is not, it has no values at all.
  private mutating func measure(_ index: Int) {
    switch nodes[index] {
    case .primitive(.null, _): sizes[index].constant = 0
    case .primitive(.boolean, _): set(index, constant: 1)
    case .primitive(.float, _): set(index, constant: 4)
    case .primitive(.double, _): set(index, constant: 8)
    case .fixed(let fixed): set(index, constant: fixed.size)
    case .primitive, .array, .map, .enumeration, .unknown: sizes[index].minimum = 1
    case .union(let branches):
      sizes[index].minimum = min(1 + (branches.map { sizes[$0].minimum }.min() ?? 0), 1 << 30)
    case .record(_, let types):
      var minimum = 0
      var constant: Int? = 0
      for type in types {
        minimum = min(minimum + sizes[type].minimum, 1 << 30)
        if let sum = constant, let size = isOpen[type] ? nil : sizes[type].constant, sum + size <= 1 << 30 {
          constant = sum + size
        } else {
          constant = nil
        }
      }
      sizes[index].minimum = minimum
      sizes[index].constant = constant
    }
  }

  private mutating func set(_ index: Int, constant: Int) {
    sizes[index].minimum = constant
    // Past this no count of items can be checked by a product; such a type is walked one by one.
    sizes[index].constant = constant <= 1 << 30 ? constant : nil
  }
}
