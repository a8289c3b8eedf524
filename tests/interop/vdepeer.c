/*
 * A program of the VDE C library, for tests: it joins a network as any other
 * program of that library does, and sends back, sends, or checks frames.
 *
 *   vdepeer VNL echo
 *   vdepeer VNL source COUNT FRAMES_PER_SECOND SIZES
 *   vdepeer VNL sink COUNT IDLE_MS SIZES
 *
 * echo    sends each frame back, its two addresses swapped, until SIGTERM.
 * source  sends COUNT numbered frames, evenly spaced. Each line of standard
 *         input tells up to how many it may; its end, that it may send all.
 *         Stays until then: a switch forgets what a port that is gone sent last.
 * sink    takes them and checks each, until it has seen COUNT, or none has
 *         come for IDLE_MS since the first one, or SIGTERM.
 *
 * SIZES is MIN-MAX/STEP: MIN, MIN + STEP and so on, MAX, and again from MIN.
 * The frame numbered N goes to the group address 03:00 and N in four bytes,
 * which every switch hands to everybody, comes from 02:00:00:00:00:fe, is of
 * IEEE 802's first local experimental type, and as long as SIZES says; byte I
 * behind the header is 31 N + 7 I, modulo 256. So each frame, even one of a
 * header alone, tells what it has to be.
 *
 * On standard output: the line "ready" once the network is joined, "taken N"
 * when a sink has taken N, for all even N, and one line of JSON at the end. Exit
 * status 1: something failed, which standard error tells; 2: wrong arguments.
 */

#include <errno.h>
#include <libvdeplug.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HEADER = 14, ADDRESS = 6, TYPE_0 = 0x88, TYPE_1 = 0xb5 };
enum { MAX_COUNT = 10 * 1000 * 1000 };

/* Longer than the longest frame: what is too long must show. */
static unsigned char buffer[2 * VDE_ETHBUFSIZE];

static volatile sig_atomic_t stopped;

static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

struct sizes {
  unsigned long min, max, step;
};

static void die(const char *what) {
  fprintf(stderr, "Cannot %s: %s\n", what, strerror(errno));
  exit(1);
}

static void usage(void) {
  fputs("Usage: vdepeer VNL echo\n"
        "       vdepeer VNL source COUNT FRAMES_PER_SECOND SIZES\n"
        "       vdepeer VNL sink COUNT IDLE_MS SIZES\n",
        stderr);
  exit(2);
}

static unsigned long number_of(const char *text, unsigned long min,
                               unsigned long max) {
  char *end;
  unsigned long value = strtoul(text, &end, 10);
  if (end == text || *end != '\0' || value < min || value > max) usage();
  return value;
}

static struct sizes sizes_of(char *text) {
  struct sizes sizes;
  char *max = strchr(text, '-');
  char *step = strchr(text, '/');
  if (max == NULL || step == NULL || step < max) usage();
  *max++ = '\0';
  *step++ = '\0';
  sizes.min = number_of(text, HEADER, sizeof buffer);
  sizes.max = number_of(max, sizes.min, sizeof buffer);
  sizes.step = number_of(step, 1, sizeof buffer);
  return sizes;
}

static size_t size_of(struct sizes sizes, uint32_t number) {
  unsigned long range = sizes.max - sizes.min;
  unsigned long count = (range + sizes.step - 1) / sizes.step + 1;
  unsigned long above = number % count * sizes.step;
  return sizes.min + (above < range ? above : range);
}

/* Writes frame NUMBER, all of it. */
static void make(unsigned char *frame, size_t size, uint32_t number) {
  static const unsigned char source[ADDRESS] = {2, 0, 0, 0, 0, 0xfe};
  frame[0] = 3;
  frame[1] = 0;
  for (int i = 0; i < 4; i++) frame[2 + i] = number >> (24 - 8 * i);
  memcpy(frame + ADDRESS, source, ADDRESS);
  frame[2 * ADDRESS] = TYPE_0;
  frame[2 * ADDRESS + 1] = TYPE_1;
  for (size_t i = HEADER; i < size; i++)
    frame[i] = 31 * number + 7 * (i - HEADER);
}

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void sleep_until(int64_t when) {
  struct timespec time = {when / 1000000000, when % 1000000000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
    if (stopped) return;
}

/*
 * Waits for a frame: 1 when one may be there, 0 when time is up, -1 when it is
 * to end: by a signal, or as the network is gone.
 */
static int wait_for_frame(VDECONN *conn, int timeout_ms) {
  struct pollfd polls[2] = {
      {.fd = vde_datafd(conn), .events = POLLIN},
      {.fd = vde_ctlfd(conn), .events = POLLIN},
  };
  int count = poll(polls, 2, timeout_ms);
  if (stopped) return -1;
  if (count < 0 && errno != EINTR) die("wait");
  if (count <= 0) return count < 0 ? 1 : 0;
  if (polls[0].revents & POLLIN) return 1;
  return -1;
}

static int echo(VDECONN *conn) {
  unsigned long frames = 0, failed = 0;
  while (wait_for_frame(conn, -1) > 0) {
    unsigned char swapped[ADDRESS];
    ssize_t size = vde_recv(conn, buffer, sizeof buffer, 0);
    if (size < HEADER) continue;
    memcpy(swapped, buffer, ADDRESS);
    memcpy(buffer, buffer + ADDRESS, ADDRESS);
    memcpy(buffer + ADDRESS, swapped, ADDRESS);
    frames++;
    if (vde_send(conn, buffer, size, 0) != size) failed++;
  }
  printf("{\"frames\":%lu,\"failed\":%lu}\n", frames, failed);
  return 0;
}

/* Waits until it may send more than NUMBER frames; returns how many. */
static uint32_t wait_for_limit(uint32_t number, uint32_t count) {
  char line[32];
  uint32_t limit = 0;
  while (limit <= number) {
    if (fgets(line, sizeof line, stdin) == NULL) return count;
    limit = strtoul(line, NULL, 10);
  }
  return limit;
}

static int source(VDECONN *conn, char **args) {
  uint32_t limit = 0;
  uint32_t count = number_of(args[0], 1, MAX_COUNT);
  unsigned long rate = number_of(args[1], 1, 1000000);
  struct sizes sizes = sizes_of(args[2]);
  int64_t begin = now_ns();
  unsigned long sent = 0, failed = 0;
  int error = 0;
  for (uint32_t number = 0; number < count && !stopped; number++) {
    size_t size = size_of(sizes, number);
    if (number >= limit) limit = wait_for_limit(number, count);
    sleep_until(begin + number * INT64_C(1000000000) / (int64_t)rate);
    make(buffer, size, number);
    if (vde_send(conn, buffer, size, 0) == (ssize_t)size) {
      sent++;
    } else {
      failed++;
      error = errno;
    }
  }
  printf("{\"sent\":%lu,\"failed\":%lu,\"error\":\"%s\",\"ms\":%ld}\n", sent,
         failed, failed > 0 ? strerror(error) : "",
         (long)((now_ns() - begin) / 1000000));
  while (!stopped && getchar() != EOF) continue;
  return 0;
}

/* What a sink has seen. */
struct account {
  unsigned long received, duplicated, reordered, truncated, corrupt, foreign;
};

static void check(struct account *account, unsigned char *seen, ssize_t size,
                  uint32_t count, struct sizes sizes) {
  static unsigned char wanted[sizeof buffer];
  static int64_t last = -1;
  uint32_t number = 0;
  if (size < HEADER || buffer[0] != 3 || buffer[1] != 0 ||
      buffer[2 * ADDRESS] != TYPE_0 || buffer[2 * ADDRESS + 1] != TYPE_1) {
    account->foreign++;
    return;
  }
  for (int i = 0; i < 4; i++) number = number << 8 | buffer[2 + i];
  if (number >= count) {
    account->corrupt++;
    return;
  }
  if (seen[number]) {
    account->duplicated++;
    return;
  }
  seen[number] = 1;
  account->received++;
  if (number < last) account->reordered++;
  last = number;
  make(wanted, size_of(sizes, number), number);
  if ((size_t)size != size_of(sizes, number)) account->truncated++;
  else if (memcmp(wanted, buffer, size) != 0) account->corrupt++;
}

static int sink(VDECONN *conn, char **args) {
  uint32_t count = number_of(args[0], 1, MAX_COUNT);
  int idle_ms = number_of(args[1], 1, 1000000);
  struct sizes sizes = sizes_of(args[2]);
  struct account account = {0};
  unsigned char *seen = calloc(count, 1);
  if (seen == NULL) die("get memory");
  while (account.received < count &&
         wait_for_frame(conn, account.received > 0 ? idle_ms : -1) > 0) {
    ssize_t size = vde_recv(conn, buffer, sizeof buffer, 0);
    check(&account, seen, size, count, sizes);
    if (account.received % 2 == 0) printf("taken %lu\n", account.received);
  }
  free(seen);
  printf("{\"received\":%lu,\"lost\":%lu,\"reordered\":%lu,\"duplicated\":%lu,"
         "\"truncated\":%lu,\"corrupt\":%lu,\"foreign\":%lu}\n",
         account.received, count - account.received, account.reordered,
         account.duplicated, account.truncated, account.corrupt,
         account.foreign);
  return 0;
}

int main(int argc, char **argv) {
  struct sigaction action = {.sa_handler = stop};
  char description[] = "vdepeer";
  VDECONN *conn;
  int (*run)(VDECONN *, char **) = NULL;
  int is_echo = argc == 3 && strcmp(argv[2], "echo") == 0;
  if (argc == 6 && strcmp(argv[2], "source") == 0) run = source;
  if (argc == 6 && strcmp(argv[2], "sink") == 0) run = sink;
  if (run == NULL && !is_echo) usage();
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  setvbuf(stdout, NULL, _IOLBF, 0);
  conn = vde_open(argv[1], description, NULL);
  if (conn == NULL) die("open the network");
  puts("ready");
  int status = is_echo ? echo(conn) : run(conn, argv + 3);
  vde_close(conn);
  return status;
}
