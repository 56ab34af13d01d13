// The benchmark's records as C structs, written by hand: what the machine can do without a schema, a language's strings
// or anybody else's safety. Strings are pointers with lengths.
#pragma once
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  const char *bytes;
  size_t size;
} text;

typedef struct {
  uint8_t id[16];
  text token;
  int64_t amount;
  text from, to, description;
} transfer;

typedef struct {
  text iban;
  int64_t new_balance, changed_by;
  text from_to, description;
} balance;

typedef struct {
  text fields[4];
} strings;

typedef struct {
  text name, iban, street, city, zip, country;
} party;

typedef struct {
  text sku;
  int32_t quantity;
  int64_t price;
  bool has_discount;
  double discount;
  text *tags;
  size_t tag_count;
} item;

typedef struct {
  text key;
  int64_t value;
} counter;

typedef struct {
  uint8_t event_id[16];
  int64_t created;
  int32_t kind;
  double score;
  float ratio;
  bool active;
  int32_t count;
  bool has_owner, has_delegate, has_note;
  party owner, delegate;
  item *items;
  size_t item_count;
  counter *counters;
  size_t counter_count;
  text *labels;
  size_t label_count;
  text note;
  int32_t outcome;  // the union's branch
  union {
    bool boolean;
    int64_t number;
    double real;
    text string;
  } value;
  text payload;
} wide;

typedef struct {
  int64_t *values;
  size_t count;
} longs;

typedef struct {
  double *values;
  size_t count;
} doubles;
