// avrogen writes the rest of this module from the files beside this one, whose names are as bad as Avro allows.
