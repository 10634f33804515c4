/* The clock on the wall, wrong by the seconds in the file CHAOS_CLOCK; every other clock is left alone.
   cc -shared -fPIC -o clock.so clock.c -ldl;  LD_PRELOAD=clock.so CHAOS_CLOCK=FILE program */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, now);
  const char *path = getenv("CHAOS_CLOCK");
  int file = clock == CLOCK_REALTIME && path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file >= 0) {
    char seconds[32] = {0};
    if (read(file, seconds, sizeof seconds - 1) > 0) now->tv_sec += atol(seconds);
    close(file);
  }
  return result;
}
