// Avro's binary encoding into C structs, in three shapes that differ in where strings and arrays lie:
//   view    strings point into the input, arrays lie in memory that is used again for every record
//   packed  the input is copied once, then as view
//   owned   a malloc for every string and every array
// Bounds are checked; UTF-8 is not. The shape is a constant wherever these are called: each gets code of its own.
#pragma once
#include "floor.h"
#include <stdlib.h>
#include <string.h>

typedef enum { VIEW, OWNED } shape;

typedef struct {
  const uint8_t *position, *end;
  bool is_bad;
  uint8_t *room;  // for the arrays of views
} reader;

static __attribute__((noinline)) uint64_t read_varint_slowly(reader *r) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (r->position == r->end) break;
    uint8_t byte = *r->position++;
    value |= (uint64_t)(byte & 0x7F) << (shift & 63);
    if (byte < 0x80) return value;
  }
  r->is_bad = true;
  return 0;
}

static inline int64_t unzigzag(uint64_t value) { return (int64_t)(value >> 1) ^ -(int64_t)(value & 1); }

static inline int64_t read_long(reader *r) {
  const uint8_t *position = r->position;
  if (__builtin_expect(position < r->end && *position < 0x80, 1)) {
    r->position = position + 1;
    return unzigzag(*position);
  }
  if (r->end - position < 10) return unzigzag(read_varint_slowly(r));
  uint64_t value = *position++ & 0x7F;
  unsigned shift = 7;
  uint8_t byte;
  do {
    byte = *position++;
    value |= (uint64_t)(byte & 0x7F) << (shift & 63);
    shift += 7;
  } while (byte >= 0x80 && shift < 70);
  if (byte >= 0x80) r->is_bad = true;
  r->position = position;
  return unzigzag(value);
}

static inline void read_raw(reader *r, void *target, size_t size) {
  if ((size_t)(r->end - r->position) < size) {
    r->is_bad = true;
    memset(target, 0, size);
    return;
  }
  memcpy(target, r->position, size);
  r->position += size;
}

static inline bool read_boolean(reader *r) {
  uint8_t byte;
  read_raw(r, &byte, 1);
  if (byte > 1) r->is_bad = true;
  return byte == 1;
}

static inline void *allocate(reader *r, shape s, size_t size) {
  if (s == OWNED) return malloc(size ? size : 1);
  void *taken = r->room;
  r->room += (size + 15) & ~(size_t)15;
  return taken;
}

static inline text read_text(reader *r, shape s) {
  int64_t size = read_long(r);
  if ((uint64_t)size > (uint64_t)(r->end - r->position)) {
    r->is_bad = true;
    size = 0;
  }
  text value = {(const char *)r->position, (size_t)size};
  r->position += size;
  if (s == OWNED) {
    char *copy = malloc(value.size ? value.size : 1);
    memcpy(copy, value.bytes, value.size);
    value.bytes = copy;
  }
  return value;
}

static inline void read_transfer(reader *r, shape s, transfer *value) {
  read_raw(r, value->id, 16);
  value->token = read_text(r, s);
  value->amount = read_long(r);
  value->from = read_text(r, s);
  value->to = read_text(r, s);
  value->description = read_text(r, s);
}

static inline void read_balance(reader *r, shape s, balance *value) {
  value->iban = read_text(r, s);
  value->new_balance = read_long(r);
  value->changed_by = read_long(r);
  value->from_to = read_text(r, s);
  value->description = read_text(r, s);
}

static inline void read_strings(reader *r, shape s, strings *value) {
  for (int i = 0; i < 4; i++) value->fields[i] = read_text(r, s);
}

// How many items follow. Every item here takes a byte at least, so more than the bytes left is a lie. The data has one
// block an array.
static inline size_t read_count(reader *r) {
  int64_t count = read_long(r);
  if ((uint64_t)count > (uint64_t)(r->end - r->position)) {
    r->is_bad = true;
    return 0;
  }
  return (size_t)count;
}

static inline void read_end(reader *r) {
  if (read_long(r)) r->is_bad = true;
}

static inline text *read_texts(reader *r, shape s, size_t *count) {
  *count = read_count(r);
  if (!*count) return NULL;
  text *values = allocate(r, s, *count * sizeof(text));
  for (size_t i = 0; i < *count; i++) values[i] = read_text(r, s);
  read_end(r);
  return values;
}

static inline bool read_party(reader *r, shape s, party *value) {
  if (!read_long(r)) return false;
  value->name = read_text(r, s);
  value->iban = read_text(r, s);
  value->street = read_text(r, s);
  value->city = read_text(r, s);
  value->zip = read_text(r, s);
  value->country = read_text(r, s);
  return true;
}

static inline void read_item(reader *r, shape s, item *value) {
  value->sku = read_text(r, s);
  value->quantity = (int32_t)read_long(r);
  value->price = read_long(r);
  value->has_discount = read_long(r) != 0;
  if (value->has_discount) read_raw(r, &value->discount, 8);
  value->tags = read_texts(r, s, &value->tag_count);
}

static inline void read_wide(reader *r, shape s, wide *value) {
  read_raw(r, value->event_id, 16);
  value->created = read_long(r);
  value->kind = (int32_t)read_long(r);
  if ((uint32_t)value->kind > 3) r->is_bad = true;
  read_raw(r, &value->score, 8);
  read_raw(r, &value->ratio, 4);
  value->active = read_boolean(r);
  value->count = (int32_t)read_long(r);
  value->has_owner = read_party(r, s, &value->owner);
  value->has_delegate = read_party(r, s, &value->delegate);
  value->item_count = read_count(r);
  if (value->item_count) {
    value->items = allocate(r, s, value->item_count * sizeof(item));
    for (size_t i = 0; i < value->item_count; i++) read_item(r, s, &value->items[i]);
    read_end(r);
  }
  value->counter_count = read_count(r);
  if (value->counter_count) {
    value->counters = allocate(r, s, value->counter_count * sizeof(counter));
    for (size_t i = 0; i < value->counter_count; i++) {
      value->counters[i].key = read_text(r, s);
      value->counters[i].value = read_long(r);
    }
    read_end(r);
  }
  value->labels = read_texts(r, s, &value->label_count);
  value->has_note = read_long(r) != 0;
  if (value->has_note) value->note = read_text(r, s);
  value->outcome = (int32_t)read_long(r);
  switch (value->outcome) {
    case 0: break;
    case 1: value->value.boolean = read_boolean(r); break;
    case 2: value->value.number = read_long(r); break;
    case 3: read_raw(r, &value->value.real, 8); break;
    case 4: value->value.string = read_text(r, s); break;
    default: r->is_bad = true;
  }
  value->payload = read_text(r, s);
}

// A number's bytes at once when it has at most eight: where the last one ends is the lowest byte without its top bit.
static inline void read_longs(reader *r, shape s, longs *value) {
  value->count = read_count(r);
  value->values = allocate(r, s, 8 * value->count);
  size_t i = 0;
  const uint8_t *position = r->position;
  for (; i < value->count && r->end - position >= 8; i++) {
    uint64_t bits;
    memcpy(&bits, position, 8);
    uint64_t last = ~bits & 0x8080808080808080u;
    if (__builtin_expect(last == 0, 0)) break;
    position += (__builtin_ctzll(last) >> 3) + 1;
    bits &= (last ^ (last - 1)) & 0x7F7F7F7F7F7F7F7Fu;
    bits = ((bits & 0x7F007F007F007F00u) >> 1) | (bits & 0x007F007F007F007Fu);
    bits = ((bits & 0x3FFF00003FFF0000u) >> 2) | (bits & 0x00003FFF00003FFFu);
    bits = ((bits & 0x0FFFFFFF00000000u) >> 4) | (bits & 0x000000000FFFFFFFu);
    value->values[i] = unzigzag(bits);
  }
  r->position = position;
  for (; i < value->count; i++) value->values[i] = read_long(r);
  read_end(r);
}

static inline void read_doubles(reader *r, shape s, doubles *value) {
  value->count = read_count(r);
  value->values = allocate(r, s, 8 * value->count);
  read_raw(r, value->values, 8 * value->count);
  read_end(r);
}

// What an owned record holds.
static inline void free_text(text value) { free((void *)value.bytes); }
static inline void free_texts(text *values, size_t count) {
  for (size_t i = 0; i < count; i++) free_text(values[i]);
  if (count) free(values);
}
static inline void free_transfer(transfer *value) {
  free_text(value->token);
  free_text(value->from);
  free_text(value->to);
  free_text(value->description);
}
static inline void free_balance(balance *value) {
  free_text(value->iban);
  free_text(value->from_to);
  free_text(value->description);
}
static inline void free_strings(strings *value) {
  for (int i = 0; i < 4; i++) free_text(value->fields[i]);
}
static inline void free_party(bool present, party *value) {
  if (!present) return;
  free_text(value->name);
  free_text(value->iban);
  free_text(value->street);
  free_text(value->city);
  free_text(value->zip);
  free_text(value->country);
}
static inline void free_wide(wide *value) {
  free_party(value->has_owner, &value->owner);
  free_party(value->has_delegate, &value->delegate);
  for (size_t i = 0; i < value->item_count; i++) {
    free_text(value->items[i].sku);
    free_texts(value->items[i].tags, value->items[i].tag_count);
  }
  if (value->item_count) free(value->items);
  for (size_t i = 0; i < value->counter_count; i++) free_text(value->counters[i].key);
  if (value->counter_count) free(value->counters);
  free_texts(value->labels, value->label_count);
  if (value->has_note) free_text(value->note);
  if (value->outcome == 4) free_text(value->value.string);
  free_text(value->payload);
}
static inline void free_longs(longs *value) { free(value->values); }
static inline void free_doubles(doubles *value) { free(value->values); }
