/*
 * A plugin for libvdeplug that does what its address says, for tests:
 *   fail:N      open fails with error number N (0: errno is left alone)
 *   told        the one frame that comes is text: what open was told
 *   pair        every second connection is the other end of the one before
 *   script:A,B  recv gives A, then B: a length, or -1 with error number -A
 *   stuck:A     the same, but A for ever
 *   over:A      the same, behind a pipe that is at its end
 *   half:A      the same, behind a socket into which nobody writes any more
 *   echo:A      each send makes one recv due, which gives A
 *   sent:A,B    send gives A, then B; what follows is sent
 *   deaf:A,B    the same, behind a descriptor that is never writable
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#define MAX_STEPS 32

struct args {
	int port;
	char *group;
	mode_t mode;
};

struct conn {
	void *handle;
	void *ops;
	int data;
	int control;
	int spare;
	int steps[MAX_STEPS];
	int count;
	int next;
	char *address;
	char text[512];
};

struct operations {
	int flags;
	void *(*open)(char *, char *, int, struct args *);
	ssize_t (*recv)(void *, void *, size_t, int);
	ssize_t (*send)(void *, const void *, size_t, int);
	int (*datafd)(void *);
	int (*ctlfd)(void *);
	int (*close)(void *);
};

extern struct operations vdeplug_ops;

static int waiting_end = -1;
static int closed;

static void read_steps(struct conn *conn, char *text)
{
	for (char *step = strtok(text, ","); step && conn->count < MAX_STEPS;
	     step = strtok(NULL, ","))
		conn->steps[conn->count++] = atoi(step);
}

static int next_step(struct conn *conn, int otherwise)
{
	return conn->next < conn->count ? conn->steps[conn->next++] : otherwise;
}

static int open_pair(void)
{
	int ends[2];
	int end = waiting_end;

	waiting_end = -1;
	if (end >= 0)
		return end;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	waiting_end = ends[1];
	return ends[0];
}

static int open_half(int *spare)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	shutdown(ends[1], SHUT_WR);
	*spare = ends[1];
	return ends[0];
}

static int is(const struct conn *conn, const char *name)
{
	return strcmp(conn->address, name) == 0;
}

static void *test_open(char *address, char *description, int version,
		       struct args *args)
{
	char *argument = strchr(address, ':');
	struct conn *conn;
	int ends[2];

	/* A plugin may cut its address up. */
	if (argument)
		*argument++ = 0;
	if (strcmp(address, "fail") == 0) {
		if (atoi(argument) != 0)
			errno = atoi(argument);
		return NULL;
	}
	conn = calloc(1, sizeof(*conn));
	conn->address = address;
	conn->control = conn->spare = -1;
	if (strcmp(address, "pair") == 0)
		conn->data = open_pair();
	else if (strcmp(address, "deaf") == 0) {
		if (pipe(ends) != 0)
			return NULL;
		conn->data = ends[0];
		conn->control = conn->spare = ends[1];
	} else if (strcmp(address, "over") == 0) {
		if (pipe(ends) != 0)
			return NULL;
		conn->data = ends[0];
		close(ends[1]);
	} else if (strcmp(address, "half") == 0)
		conn->data = open_half(&conn->spare);
	else if (strcmp(address, "echo") == 0)
		conn->data = eventfd(0, EFD_CLOEXEC);
	else
		conn->data = eventfd(1, EFD_CLOEXEC);
	if (argument)
		read_steps(conn, argument);
	snprintf(conn->text, sizeof(conn->text),
		 "address=%s descr=%s version=%d port=%d group=%s mode=%o closed=%d",
		 address, description, version, args->port,
		 args->group ? args->group : "(none)", args->mode, closed);
	return conn;
}

static ssize_t test_recv(void *opaque, void *buffer, size_t size, int flags)
{
	struct conn *conn = opaque;
	unsigned long long value;
	int step;

	if (is(conn, "pair"))
		return recv(conn->data, buffer, size, 0);
	if (is(conn, "told")) {
		size_t length = strlen(conn->text);
		length += snprintf(conn->text + length,
			sizeof(conn->text) - length, " size=%zu flags=%d %s %s",
			size, flags,
			conn->ops == (void *)&vdeplug_ops ? "ops" : "other",
			conn->handle ? "handle" : "none");
		memcpy(buffer, conn->text, length);
		return (ssize_t)length;
	}
	if (is(conn, "stuck") || is(conn, "over") || is(conn, "half") ||
	    is(conn, "echo"))
		conn->next = 0;
	step = next_step(conn, 1);
	if (!is(conn, "stuck") && !is(conn, "over") && !is(conn, "half") &&
	    conn->next == conn->count &&
	    read(conn->data, &value, sizeof(value)) < 0)
		return -1;
	memset(buffer, 0x5a, step > 0 && (size_t)step < size ? (size_t)step : 0);
	if (step >= 0)
		return step;
	errno = step == -999 ? 0 : -step;
	return -1;
}

static ssize_t test_send(void *opaque, const void *buffer, size_t length,
			 int flags)
{
	struct conn *conn = opaque;
	unsigned long long value = 1;
	int step;

	if (is(conn, "echo"))
		return write(conn->data, &value, sizeof(value));
	if (is(conn, "pair"))
		return send(conn->data, buffer, length, flags);
	step = next_step(conn, (int)length);
	if (step >= 0)
		return step;
	errno = step == -999 ? 0 : -step;
	return -1;
}

static int test_datafd(void *opaque)
{
	return ((struct conn *)opaque)->data;
}

static int test_ctlfd(void *opaque)
{
	return ((struct conn *)opaque)->control;
}

static int test_close(void *opaque)
{
	struct conn *conn = opaque;

	close(conn->data);
	if (conn->spare >= 0)
		close(conn->spare);
	free(conn);
	closed++;
	return 0;
}

struct operations vdeplug_ops = {
	.open = test_open,
	.recv = test_recv,
	.send = test_send,
	.datafd = test_datafd,
	.ctlfd = test_ctlfd,
	.close = test_close,
};
