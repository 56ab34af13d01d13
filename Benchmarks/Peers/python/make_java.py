"""Writes Java classes for the schemas in a folder, as Avro's compiler does for its specific records.

The compiler itself is not in any package that can be had here. What it adds and these lack (builders, getters, hash codes,
custom coders, which are off unless a property turns them on) is not used when records are decoded and encoded.
"""

import json
import sys
from pathlib import Path

BOXES = {"int": "Integer", "long": "Long", "float": "Float", "double": "Double", "boolean": "Boolean"}


class Writer:
    def __init__(self, folder):
        self.folder = folder
        self.names = {}

    def java_type(self, schema, boxed=False):
        if isinstance(schema, list):
            rest = [branch for branch in schema if branch != "null"]
            return self.java_type(rest[0], boxed=True) if len(rest) == 1 else "Object"
        if isinstance(schema, str):
            if schema in BOXES:
                return BOXES[schema] if boxed else schema
            return {"string": "CharSequence", "bytes": "java.nio.ByteBuffer"}.get(schema, schema)
        kind = schema["type"]
        if kind == "array":
            return f"java.util.List<{self.java_type(schema['items'], boxed=True)}>"
        if kind == "map":
            return f"java.util.Map<CharSequence, {self.java_type(schema['values'], boxed=True)}>"
        self.write(schema)
        return schema["name"]

    def write(self, schema):
        name = schema["name"]
        body = getattr(self, schema["type"])(schema)
        text = json.dumps(json.dumps(self.resolved(schema)))
        body = body.replace("SCHEMA_TEXT", f"new org.apache.avro.Schema.Parser().parse({text})")
        (self.folder / f"{name}.java").write_text(f"package bench;\n\n{body}")

    def resolved(self, schema):
        """Self-contained: names that were defined before are put in where they come first."""
        self.names[schema["name"]] = schema
        seen = set()

        def expand(part):
            if isinstance(part, list):
                return [expand(branch) for branch in part]
            if isinstance(part, str):
                return expand(self.names[part]) if part in self.names and part not in seen else part
            if part["type"] in ("record", "fixed", "enum"):
                seen.add(part["name"])
                part = part | {"namespace": "bench"}
            for key in ("items", "values"):
                if key in part:
                    part = part | {key: expand(part[key])}
            if "fields" in part:
                part = part | {"fields": [field | {"type": expand(field["type"])} for field in part["fields"]]}
            return part

        return expand(schema)

    def fixed(self, schema):
        name = schema["name"]
        return f"""@org.apache.avro.specific.FixedSize({schema["size"]})
public class {name} extends org.apache.avro.specific.SpecificFixed {{
  public static final org.apache.avro.Schema SCHEMA$ = SCHEMA_TEXT;
  public {name}() {{ super(); }}
  public {name}(byte[] bytes) {{ super(bytes); }}
  public org.apache.avro.Schema getSchema() {{ return SCHEMA$; }}
  public void writeExternal(java.io.ObjectOutput out) throws java.io.IOException {{ out.write(bytes()); }}
  public void readExternal(java.io.ObjectInput in) throws java.io.IOException {{ in.readFully(bytes()); }}
}}
"""

    def enum(self, schema):
        return f"""public enum {schema["name"]} implements org.apache.avro.generic.GenericEnumSymbol<{schema["name"]}> {{
  {", ".join(schema["symbols"])};
  public static final org.apache.avro.Schema SCHEMA$ = SCHEMA_TEXT;
  public org.apache.avro.Schema getSchema() {{ return SCHEMA$; }}
}}
"""

    def record(self, schema):
        name, fields = schema["name"], schema["fields"]
        self.names[name] = schema
        types = [self.java_type(field["type"]) for field in fields]
        lines = [f"public class {name} extends org.apache.avro.specific.SpecificRecordBase {{"]
        lines.append("  public static final org.apache.avro.Schema SCHEMA$ = SCHEMA_TEXT;")
        lines.append("  private static final org.apache.avro.specific.SpecificData MODEL$ =")
        lines.append("    new org.apache.avro.specific.SpecificData();")
        lines += [f"  private {java} {field['name']};" for java, field in zip(types, fields)]
        lines.append("  public org.apache.avro.specific.SpecificData getSpecificData() { return MODEL$; }")
        lines.append("  public org.apache.avro.Schema getSchema() { return SCHEMA$; }")
        lines.append("  public Object get(int field) {\n    switch (field) {")
        lines += [f"      case {i}: return {field['name']};" for i, field in enumerate(fields)]
        lines.append('      default: throw new IndexOutOfBoundsException("Invalid index: " + field);\n    }\n  }')
        lines.append('  @SuppressWarnings("unchecked")')
        lines.append("  public void put(int field, Object value) {\n    switch (field) {")
        for i, (java, field) in enumerate(zip(types, fields)):
            cast = BOXES.get(java, java)
            lines.append(f"      case {i}: {field['name']} = ({cast}) value; break;")
        lines.append('      default: throw new IndexOutOfBoundsException("Invalid index: " + field);\n    }\n  }\n}\n')
        return "\n".join(lines)


def main(schemas, folder):
    folder.mkdir(parents=True, exist_ok=True)
    writer = Writer(folder)
    for path in sorted(schemas.glob("*.avsc")):
        writer.write(json.loads(path.read_text()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
