// The floor: the same records by hand-written C. Built by gcc and by clang; the faster one counts.
#include "peer.h"
#include "read.h"
#include "write.h"

// Makes the compiler believe that somebody looks at what `pointer` points to.
static inline void use(const void *pointer) { __asm__ volatile("" : : "r"(pointer) : "memory"); }

static uint8_t room[1 << 20];

#define RECORD(type)                                                                                       \
  typedef struct {                                                                                         \
    dataset data;                                                                                          \
    type *values;                                                                                          \
    writer w;                                                                                              \
  } type##_state;                                                                                          \
  static void encode_##type(void *p) {                                                                     \
    type##_state *state = p;                                                                               \
    for (size_t i = 0; i < state->data.count; i++) {                                                       \
      state->w.position = state->w.start;                                                                  \
      write_##type(&state->w, &state->values[i]);                                                          \
      use(state->w.start);                                                                                 \
    }                                                                                                      \
  }                                                                                                        \
  static void view_##type(void *p) {                                                                       \
    type##_state *state = p;                                                                               \
    for (size_t i = 0; i < state->data.count; i++) {                                                       \
      datum d = state->data.records[i];                                                                    \
      type value;                                                                                          \
      reader r = {d.bytes, d.bytes + d.size, false, room};                                                 \
      read_##type(&r, VIEW, &value);                                                                       \
      if (r.is_bad) abort();                                                                               \
      use(&value);                                                                                         \
    }                                                                                                      \
  }                                                                                                        \
  static void packed_##type(void *p) {                                                                     \
    type##_state *state = p;                                                                               \
    for (size_t i = 0; i < state->data.count; i++) {                                                       \
      datum d = state->data.records[i];                                                                    \
      uint8_t *copy = malloc(d.size);                                                                      \
      memcpy(copy, d.bytes, d.size);                                                                       \
      type value;                                                                                          \
      reader r = {copy, copy + d.size, false, room};                                                       \
      read_##type(&r, VIEW, &value);                                                                       \
      if (r.is_bad) abort();                                                                               \
      use(&value);                                                                                         \
      free(copy);                                                                                          \
    }                                                                                                      \
  }                                                                                                        \
  static void decode_##type(void *p) {                                                                     \
    type##_state *state = p;                                                                               \
    for (size_t i = 0; i < state->data.count; i++) {                                                       \
      datum d = state->data.records[i];                                                                    \
      type value;                                                                                          \
      reader r = {d.bytes, d.bytes + d.size, false, NULL};                                                 \
      read_##type(&r, OWNED, &value);                                                                      \
      if (r.is_bad) abort();                                                                               \
      use(&value);                                                                                         \
      free_##type(&value);                                                                                 \
    }                                                                                                      \
  }                                                                                                        \
  static const operation type##_operations[] = {                                                           \
      {"encode", encode_##type}, {"view", view_##type}, {"packed", packed_##type}, {"decode", decode_##type}, {0}}; \
  static const char *open_##type(const char *name, const dataset *data, void **result) {                   \
    type##_state *state = calloc(1, sizeof *state);                                                        \
    state->data = *data;                                                                                   \
    state->values = calloc(data->count, sizeof(type));                                                     \
    grow(&state->w, 1 << 16);                                                                              \
    for (size_t i = 0; i < data->count; i++) {                                                             \
      datum d = data->records[i];                                                                          \
      reader r = {d.bytes, d.bytes + d.size, false, NULL};                                                 \
      read_##type(&r, OWNED, &state->values[i]);                                                           \
      if (r.is_bad || r.position != r.end) return fail("%s: record %zu does not decode", name, i);         \
      state->w.position = state->w.start;                                                                  \
      write_##type(&state->w, &state->values[i]);                                                          \
      if ((size_t)(state->w.position - state->w.start) != d.size || memcmp(state->w.start, d.bytes, d.size)) \
        return fail("%s: record %zu is encoded to other bytes", name, i);                                  \
    }                                                                                                      \
    *result = state;                                                                                       \
    return NULL;                                                                                           \
  }

RECORD(transfer)
RECORD(balance)
RECORD(wide)
RECORD(longs)
RECORD(doubles)
RECORD(strings)

int main(int count, char **arguments) {
  if (count != 2) return fprintf(stderr, "usage: %s DATA-FOLDER\n", arguments[0]), 64;
  data_folder = arguments[1];
  bench_case cases[] = {
      {"cmt", transfer_operations, open_transfer}, {"bc", balance_operations, open_balance},
      {"wide", wide_operations, open_wide},        {"longs", longs_operations, open_longs},
      {"longsbig", longs_operations, open_longs},  {"doubles", doubles_operations, open_doubles},
      {"str15", strings_operations, open_strings}, {"str24", strings_operations, open_strings},
      {0}};
  return serve(cases);
}
