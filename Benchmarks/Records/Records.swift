// SwiftPM wants a source file before it runs a plugin; what this module holds is generated from the schemas beside it.
