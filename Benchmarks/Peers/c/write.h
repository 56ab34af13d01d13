// Avro's binary encoding from C structs. Room is asked for once for each length and what follows it, so that nothing is
// checked inside.
#pragma once
#include "floor.h"
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint8_t *start, *position, *end;
} writer;

static __attribute__((noinline)) void grow(writer *w, size_t needed) {
  size_t used = (size_t)(w->position - w->start);
  size_t capacity = (size_t)(w->end - w->start) * 2 + needed;
  w->start = realloc(w->start, capacity);
  w->position = w->start + used;
  w->end = w->start + capacity;
}

static inline void reserve(writer *w, size_t size) {
  if (__builtin_expect((size_t)(w->end - w->position) < size, 0)) grow(w, size);
}

static inline uint64_t zigzag(int64_t value) { return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63); }

static inline uint8_t *put_varint(uint8_t *position, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *position++ = (uint8_t)value | 0x80;
  *position++ = (uint8_t)value;
  return position;
}

static inline void write_long(writer *w, int64_t value) {
  reserve(w, 10);
  w->position = put_varint(w->position, zigzag(value));
}

static inline void write_raw(writer *w, const void *bytes, size_t size) {
  reserve(w, size);
  memcpy(w->position, bytes, size);
  w->position += size;
}

static inline void write_byte(writer *w, uint8_t value) {
  reserve(w, 1);
  *w->position++ = value;
}

static inline void write_text(writer *w, text value) {
  reserve(w, value.size + 10);
  uint8_t *position = put_varint(w->position, (uint64_t)value.size << 1);
  memcpy(position, value.bytes, value.size);
  w->position = position + value.size;
}

static inline void write_transfer(writer *w, const transfer *value) {
  write_raw(w, value->id, 16);
  write_text(w, value->token);
  write_long(w, value->amount);
  write_text(w, value->from);
  write_text(w, value->to);
  write_text(w, value->description);
}

static inline void write_balance(writer *w, const balance *value) {
  write_text(w, value->iban);
  write_long(w, value->new_balance);
  write_long(w, value->changed_by);
  write_text(w, value->from_to);
  write_text(w, value->description);
}

static inline void write_strings(writer *w, const strings *value) {
  for (int i = 0; i < 4; i++) write_text(w, value->fields[i]);
}

static inline void write_texts(writer *w, const text *values, size_t count) {
  if (count) {
    write_long(w, (int64_t)count);
    for (size_t i = 0; i < count; i++) write_text(w, values[i]);
  }
  write_byte(w, 0);
}

static inline void write_party(writer *w, bool present, const party *value) {
  write_byte(w, present ? 2 : 0);
  if (!present) return;
  write_text(w, value->name);
  write_text(w, value->iban);
  write_text(w, value->street);
  write_text(w, value->city);
  write_text(w, value->zip);
  write_text(w, value->country);
}

static inline void write_item(writer *w, const item *value) {
  write_text(w, value->sku);
  write_long(w, value->quantity);
  write_long(w, value->price);
  write_byte(w, value->has_discount ? 2 : 0);
  if (value->has_discount) write_raw(w, &value->discount, 8);
  write_texts(w, value->tags, value->tag_count);
}

static inline void write_wide(writer *w, const wide *value) {
  write_raw(w, value->event_id, 16);
  write_long(w, value->created);
  write_long(w, value->kind);
  write_raw(w, &value->score, 8);
  write_raw(w, &value->ratio, 4);
  write_byte(w, value->active);
  write_long(w, value->count);
  write_party(w, value->has_owner, &value->owner);
  write_party(w, value->has_delegate, &value->delegate);
  if (value->item_count) {
    write_long(w, (int64_t)value->item_count);
    for (size_t i = 0; i < value->item_count; i++) write_item(w, &value->items[i]);
  }
  write_byte(w, 0);
  if (value->counter_count) {
    write_long(w, (int64_t)value->counter_count);
    for (size_t i = 0; i < value->counter_count; i++) {
      write_text(w, value->counters[i].key);
      write_long(w, value->counters[i].value);
    }
  }
  write_byte(w, 0);
  write_texts(w, value->labels, value->label_count);
  write_byte(w, value->has_note ? 2 : 0);
  if (value->has_note) write_text(w, value->note);
  write_byte(w, (uint8_t)(value->outcome << 1));
  switch (value->outcome) {
    case 1: write_byte(w, value->value.boolean); break;
    case 2: write_long(w, value->value.number); break;
    case 3: write_raw(w, &value->value.real, 8); break;
    case 4: write_text(w, value->value.string); break;
  }
  write_text(w, value->payload);
}

// Spreads 56 bits over eight bytes, seven to each, and stores all eight whatever the length: no branch that depends on
// the data below 2^56.
static inline uint8_t *put_varint_in_word(uint8_t *position, uint64_t value) {
  if (__builtin_expect(value >> 56 != 0, 0)) return put_varint(position, value);
  uint64_t bits = value;
  bits = ((bits & 0x00FFFFFFF0000000u) << 4) | (bits & 0x000000000FFFFFFFu);
  bits = ((bits & 0x0FFFC0000FFFC000u) << 2) | (bits & 0x00003FFF00003FFFu);
  bits = ((bits & 0x3F803F803F803F80u) << 1) | (bits & 0x007F007F007F007Fu);
  unsigned last = (63u - (unsigned)__builtin_clzll(bits | 1)) >> 3;
  bits |= 0x8080808080808080u & ((1ull << (last * 8)) - 1);
  memcpy(position, &bits, 8);
  return position + last + 1;
}

static inline void write_longs(writer *w, const longs *value) {
  reserve(w, 24 + 10 * value->count);
  uint8_t *position = w->position;
  if (value->count) {
    position = put_varint(position, (uint64_t)value->count << 1);
    for (size_t i = 0; i < value->count; i++) position = put_varint_in_word(position, zigzag(value->values[i]));
  }
  *position++ = 0;
  w->position = position;
}

static inline void write_doubles(writer *w, const doubles *value) {
  reserve(w, 24 + 8 * value->count);
  uint8_t *position = w->position;
  if (value->count) {
    position = put_varint(position, (uint64_t)value->count << 1);
    memcpy(position, value->values, 8 * value->count);
    position += 8 * value->count;
  }
  *position++ = 0;
  w->position = position;
}
