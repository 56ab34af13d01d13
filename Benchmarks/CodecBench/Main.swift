@main
struct CodecBench {
  static func main() { print("todo") }
}
