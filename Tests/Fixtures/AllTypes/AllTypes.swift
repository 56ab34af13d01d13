// avrogen writes the rest of this module from the files beside this one: every Avro type at every place.
