// What zlib, libbz2, libzstd and liblzma exchange with their callers, as their binary interfaces have it. The libraries
// are loaded when a file asks for one, so neither they nor their -dev packages have to be there for a build.
#ifndef OPEN_BANK_MARK_CODECS_H
#define OPEN_BANK_MARK_CODECS_H

#include <stddef.h>
#include <stdint.h>

// z_stream of zlib 1.2 and later.
typedef struct {
  const uint8_t *next_in;
  unsigned int avail_in;
  unsigned long total_in;
  uint8_t *next_out;
  unsigned int avail_out;
  unsigned long total_out;
  const char *message;
  void *state;
  void *allocate;
  void *release;
  void *opaque;
  int data_type;
  unsigned long adler;
  unsigned long reserved;
} codec_zlib_stream;

// bz_stream of libbz2 1.0.
typedef struct {
  char *next_in;
  unsigned int avail_in;
  unsigned int total_in_low;
  unsigned int total_in_high;
  char *next_out;
  unsigned int avail_out;
  unsigned int total_out_low;
  unsigned int total_out_high;
  void *state;
  void *allocate;
  void *release;
  void *opaque;
} codec_bzip2_stream;

// ZSTD_inBuffer and ZSTD_outBuffer of libzstd 1.4 and later.
typedef struct {
  const void *source;
  size_t size;
  size_t position;
} codec_zstd_input;

typedef struct {
  void *target;
  size_t size;
  size_t position;
} codec_zstd_output;

// lzma_stream of liblzma 5.
typedef struct {
  const uint8_t *next_in;
  size_t avail_in;
  uint64_t total_in;
  uint8_t *next_out;
  size_t avail_out;
  uint64_t total_out;
  const void *allocator;
  void *internal;
  void *reserved_pointers[4];
  uint64_t seek_position;
  uint64_t reserved_integer;
  size_t reserved_sizes[2];
  int reserved_enums[2];
} codec_lzma_stream;

// lzma_options_lzma of liblzma 5: its first member, and more room than all of the others take.
typedef struct {
  uint32_t dictionary_bytes;
  uint64_t others[31];
} codec_lzma_options;

// lzma_filter of liblzma 5.
typedef struct {
  uint64_t id;
  void *options;
} codec_lzma_filter;

#endif
