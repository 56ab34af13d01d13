// avrogen writes the rest of this module from the YAML files beside this one:
// schemas.yaml, topology.yaml, databases.yaml and internal.yaml each become a Swift file of the same name.
@_exported import AvroRuntime
@_exported import PostgresRuntime
@_exported import TopologyModel
