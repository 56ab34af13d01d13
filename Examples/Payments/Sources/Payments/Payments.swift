// avrogen writes the rest of this module from the .avsc files beside this one. SwiftPM builds no target without a Swift
// file.
