// Avro's own C library by its generic values: schema resolved once, value, reader and writer used again and again.
#include "peer.h"
#include <avro.h>

typedef struct {
  dataset data;
  avro_value_t *values, target;
  avro_reader_t reader;
  avro_writer_t writer;
} state_t;

static char buffer[1 << 20];

static void encode(void *p) {
  state_t *state = p;
  for (size_t i = 0; i < state->data.count; i++) {
    avro_writer_reset(state->writer);
    if (avro_value_write(state->writer, &state->values[i])) abort();
  }
}

static void decode(void *p) {
  state_t *state = p;
  for (size_t i = 0; i < state->data.count; i++) {
    datum d = state->data.records[i];
    avro_reader_memory_set_source(state->reader, (const char *)d.bytes, (int64_t)d.size);
    avro_value_reset(&state->target);
    if (avro_value_read(state->reader, &state->target)) abort();
  }
}

static const operation operations[] = {{"encode", encode}, {"decode", decode}, {0}};

static const char *load_schema(const char *name, avro_schema_t *schema) {
  char path[1024];
  static char json[1 << 16];
  snprintf(path, sizeof path, "%s/%s.avsc", data_folder, name);
  FILE *file = fopen(path, "rb");
  if (!file) return fail("%s is missing", path);
  size_t size = fread(json, 1, sizeof json, file);
  fclose(file);
  return avro_schema_from_json_length(json, size, schema) ? fail("%s: %s", path, avro_strerror()) : NULL;
}

static const char *open_case(const char *name, const dataset *data, void **result) {
  avro_schema_t schema;
  const char *error = load_schema(name, &schema);
  if (error) return error;
  avro_value_iface_t *interface = avro_generic_class_from_schema(schema);
  state_t *state = calloc(1, sizeof *state);
  state->data = *data;
  state->values = calloc(data->count, sizeof(avro_value_t));
  state->reader = avro_reader_memory("", 0);
  state->writer = avro_writer_memory(buffer, sizeof buffer);
  avro_generic_value_new(interface, &state->target);
  for (size_t i = 0; i < data->count; i++) {
    datum d = data->records[i];
    avro_generic_value_new(interface, &state->values[i]);
    avro_reader_memory_set_source(state->reader, (const char *)d.bytes, (int64_t)d.size);
    if (avro_value_read(state->reader, &state->values[i])) return fail("%s: record %zu: %s", name, i, avro_strerror());
    avro_writer_reset(state->writer);
    if (avro_value_write(state->writer, &state->values[i])) return fail("%s: record %zu: %s", name, i, avro_strerror());
    if ((size_t)avro_writer_tell(state->writer) != d.size || memcmp(buffer, d.bytes, d.size))
      return fail("%s: record %zu is encoded to other bytes", name, i);
  }
  *result = state;
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 2) return fprintf(stderr, "usage: %s DATA-FOLDER\n", arguments[0]), 64;
  data_folder = arguments[1];
  bench_case cases[] = {
      {"cmt", operations, open_case},     {"bc", operations, open_case},      {"wide", operations, open_case},
      {"longs", operations, open_case},   {"longsbig", operations, open_case}, {"doubles", operations, open_case},
      {"str15", operations, open_case},   {"str24", operations, open_case},    {0}};
  return serve(cases);
}
