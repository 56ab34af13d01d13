// What the peers written in C have in common: the data files, the clock, and the conversation with the benchmark.
//
// The benchmark starts every peer as a process of its own and speaks to one at a time, a line each way:
//   open CASE                 -> ok RECORDS BYTES | error TEXT     reads the data; every record is decoded, encoded, compared
//   measure CASE OP SAMPLES   -> ns MINIMUM MEDIAN | none          nanoseconds a record over that many samples
//   quit
#pragma once
#define _GNU_SOURCE  // the clocks
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  const uint8_t *bytes;
  size_t size;
} datum;

typedef struct {
  datum *records;
  size_t count;
  size_t total_bytes;
} dataset;

// One way to run through all records of a case once.
typedef struct {
  const char *op;
  void (*pass)(void *state);
} operation;

typedef struct {
  const char *name;
  const operation *operations;  // ends with a NULL op
  // Reads the case and compares bytes; NULL when all is well, else what is not.
  const char *(*open)(const char *case_name, const dataset *data, void **state);
  // Filled in by the loop below.
  dataset data;
  void *state;
  long passes[8];  // a sample's, for each operation; 0 before the first measurement
} bench_case;

static const char *data_folder = ".";

static char peer_error[512];
static inline const char *fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(peer_error, sizeof peer_error, format, arguments);
  va_end(arguments);
  return peer_error;
}

// u32 count, then per record u32 length and the datum; little-endian.
static inline const char *load_data(const char *file_name, dataset *data) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", data_folder, file_name);
  FILE *file = fopen(path, "rb");
  if (!file) return fail("%s is missing", path);
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  uint8_t *bytes = malloc((size_t)size);
  if (fread(bytes, 1, (size_t)size, file) != (size_t)size) return fail("%s can't be read", path);
  fclose(file);
  uint32_t count;
  memcpy(&count, bytes, 4);
  data->count = count;
  data->total_bytes = 0;
  data->records = malloc(sizeof(datum) * count);
  size_t offset = 4;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t length;
    memcpy(&length, bytes + offset, 4);
    data->records[i] = (datum){bytes + offset + 4, length};
    data->total_bytes += length;
    offset += 4 + length;
  }
  return NULL;
}

// The thread's own CPU time, so that what else runs on the machine is not counted.
static inline double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

static int compare_doubles(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

static const double sample_ns = 3e6, warm_up_ns = 10e6;

static inline void measure(bench_case *bench, size_t index, int samples) {
  void (*pass)(void *) = bench->operations[index].pass;
  void *state = bench->state;
  if (bench->passes[index] == 0) {
    double start = now_ns();
    do pass(state);
    while (now_ns() - start < warm_up_ns);
    start = now_ns();
    long passes = 0;
    do {
      pass(state);
      passes++;
    } while (now_ns() - start < sample_ns);
    bench->passes[index] = passes;
  }
  long passes = bench->passes[index];
  double records = (double)passes * (double)bench->data.count;
  double results[1000];
  if (samples > 1000) samples = 1000;
  for (int sample = 0; sample < samples; sample++) {
    double start = now_ns();
    for (long i = 0; i < passes; i++) pass(state);
    results[sample] = (now_ns() - start) / records;
  }
  qsort(results, (size_t)samples, sizeof(double), compare_doubles);
  printf("ns %.3f %.3f\n", results[0], results[samples / 2]);
}

// Answers until the benchmark hangs up. `cases` ends with a NULL name.
static inline int serve(bench_case *cases) {
  char line[256], verb[32], name[64], op[64];
  while (fgets(line, sizeof line, stdin)) {
    int samples = 0;
    name[0] = op[0] = 0;
    if (sscanf(line, "%31s %63s %63s %d", verb, name, op, &samples) < 1) continue;
    if (!strcmp(verb, "quit")) break;
    bench_case *bench = cases;
    while (bench->name && strcmp(bench->name, name)) bench++;
    if (!bench->name) {
      printf("%s\n", !strcmp(verb, "open") ? "error no such case here" : "none");
    } else if (!strcmp(verb, "open")) {
      char file_name[80];
      snprintf(file_name, sizeof file_name, "%s.bin", name);
      const char *error = load_data(file_name, &bench->data);
      if (!error) error = bench->open(name, &bench->data, &bench->state);
      if (error) printf("error %s\n", error);
      else printf("ok %zu %.1f\n", bench->data.count, (double)bench->data.total_bytes / (double)bench->data.count);
    } else {
      size_t index = 0;
      while (bench->operations[index].op && strcmp(bench->operations[index].op, op)) index++;
      if (!bench->operations[index].op || !bench->state) printf("none\n");
      else measure(bench, index, samples);
    }
    fflush(stdout);
  }
  return 0;
}
