#pragma once
#include <time.h>

/// Makes the compiler believe that somebody looks at what `pointer` points to.
static inline void bench_use(const void *pointer) { __asm__ volatile("" : : "r"(pointer) : "memory"); }

/// CPU time of this thread, in nanoseconds.
static inline double bench_now_nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}
