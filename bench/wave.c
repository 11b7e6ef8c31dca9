/*
 * Many clients at once: each sends one request on a connection of its own and
 * waits for the answer.
 *
 *     wave PORT FILE MS
 *
 * Requests are the lines of the file, with "\r" and "\n" for line ends.  They
 * are sent within so many ms once all are connected; 0: at once.  It prints a
 * line for each: ms from when it was sent to its last byte, and the status (0:
 * none).
 */

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cxm_time.h"


#define CLIENTS  20000
#define EVENTS   256
#define LIMIT    30000          /* ms that an answer may take */

typedef struct {
    char      *request;
    size_t     len;
    int        fd;
    int        status;
    uint64_t   sent;
    uint64_t   us;
    char       head[16];
    size_t     got;
} client_t;


static client_t            clients[CLIENTS];
static struct sockaddr_in  server;


static void
die(const char *what)
{
    perror(what);
    exit(1);
}


/* "\r" and "\n" become what they stand for. */
static void
unescape(client_t *client, const char *line)
{
    client->request = malloc(strlen(line) + 1);

    if (client->request == NULL) {
        die("memory");
    }

    for ( /* void */ ; *line != '\0' && *line != '\n'; line++) {

        if (*line == '\\' && (line[1] == 'r' || line[1] == 'n')) {
            line++;
            client->request[client->len++] = *line == 'r' ? '\r' : '\n';

        } else {
            client->request[client->len++] = *line;
        }
    }
}


static int
read_requests(const char *path)
{
    int     n;
    char    line[4096];
    FILE   *file;

    file = fopen(path, "r");

    if (file == NULL) {
        die(path);
    }

    for (n = 0; n < CLIENTS && fgets(line, sizeof(line), file); n++) {
        unescape(&clients[n], line);
    }

    fclose(file);

    return n;
}


static void
join(int epoll, client_t *client)
{
    struct epoll_event  event = { .events = EPOLLIN, .data.ptr = client };

    client->fd = socket(AF_INET, SOCK_STREAM, 0);

    if (client->fd < 0
        || connect(client->fd, (struct sockaddr *) &server, sizeof(server))
           != 0
        || fcntl(client->fd, F_SETFL, O_NONBLOCK) != 0
        || epoll_ctl(epoll, EPOLL_CTL_ADD, client->fd, &event) != 0)
    {
        die("connect");
    }
}


/* 1: that was all. */
static int
take(client_t *client)
{
    char     text[4096];
    ssize_t  n;
    size_t   i;

    n = read(client->fd, text, sizeof(text));

    for (i = 0; n > 0 && i < (size_t) n; i++) {
        if (client->got < sizeof(client->head) - 1) {
            client->head[client->got++] = text[i];
        }
    }

    if (n > 0) {
        return 0;
    }

    (void) sscanf(client->head, "HTTP/1.1 %d", &client->status);
    client->us = cxm_monotonic_us() - client->sent;
    close(client->fd);

    return 1;
}


static void
ask(client_t *client)
{
    client->sent = cxm_monotonic_us();

    if (write(client->fd, client->request, client->len)
        != (ssize_t) client->len)
    {
        die("write");
    }
}


static void
run(int epoll, int n, uint64_t within)
{
    int                 i, left, asked, ready;
    uint64_t            start, now;
    struct epoll_event  events[EVENTS];

    start = cxm_monotonic_us();
    now = start;
    asked = 0;

    for (left = n; left > 0 && now - start < LIMIT * 1000; /* void */ ) {

        while (asked < n && now - start >= within * (uint64_t) asked / n) {
            ask(&clients[asked++]);
        }

        ready = epoll_wait(epoll, events, EVENTS, asked < n ? 1 : 1000);

        for (i = 0; i < ready; i++) {
            left -= take(events[i].data.ptr);
        }

        now = cxm_monotonic_us();
    }
}


int
main(int argc, char **argv)
{
    int  i, n, epoll;

    if (argc != 4) {
        fprintf(stderr, "usage: wave PORT FILE MS\n");
        return 2;
    }

    server.sin_family = AF_INET;
    server.sin_port = htons((uint16_t) atoi(argv[1]));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    n = read_requests(argv[2]);
    epoll = epoll_create1(0);

    for (i = 0; i < n; i++) {
        join(epoll, &clients[i]);
    }

    run(epoll, n, 1000 * strtoull(argv[3], NULL, 10));

    for (i = 0; i < n; i++) {
        printf("%.1f %d\n", (double) clients[i].us / 1000, clients[i].status);
    }

    return 0;
}
