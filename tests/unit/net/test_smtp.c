/* A letter over SMTP, against a mail server that answers as it is told. */
#include "../cmocka_room.h"
#include "base/alloc.h"
#include "net/smtp.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the mail server: one connection, then it ends ---- */

struct post {
    int listener;
    uint16_t port;
    pthread_t thread;
    const char *refuse; /* the command that is answered with 550; ".": the letter; "gone", "early": the connection
                           breaks; "everybody": the greeting */
    char heard[1 << 16];
    size_t len;
};

static void say(int fd, const char *line)
{
    assert_true(write(fd, line, strlen(line)) == (ssize_t)strlen(line));
}

static bool does(const struct post *post, const char *what)
{
    return post->refuse != NULL && strcmp(post->refuse, what) == 0;
}

static void answer(struct post *post, int fd, const char *line, bool *in_data)
{
    if (*in_data) {
        *in_data = strcmp(line, ".\r\n") != 0;
        if (!*in_data && does(post, "gone"))
            shutdown(fd, SHUT_RDWR);
        else if (!*in_data)
            say(fd, does(post, ".") ? "554 not this one\r\n" : "250 taken\r\n");
    } else if (does(post, "early") && strncmp(line, "RCPT", 4) == 0)
        shutdown(fd, SHUT_RDWR);
    else if (post->refuse != NULL && strncmp(line, post->refuse, strlen(post->refuse)) == 0)
        say(fd, "550-nobody\r\n550 of that name here\r\n");
    else if (strncmp(line, "DATA", 4) == 0) {
        *in_data = true;
        say(fd, "354 go on\r\n");
    } else
        say(fd, strncmp(line, "QUIT", 4) == 0 ? "221 bye\r\n" : "250 ok\r\n");
}

static void *serve(void *ctx)
{
    struct post *post = ctx;
    int fd = accept(post->listener, NULL, NULL);
    FILE *in = fd >= 0 ? fdopen(fd, "r") : NULL;
    char line[2048];
    bool in_data = false;
    if (in == NULL)
        return NULL;
    say(fd, does(post, "everybody") ? "554 no service here\r\n" : "220 post.acme.example ready\r\n");
    while (fgets(line, sizeof line, in) != NULL) {
        post->len += (size_t)snprintf(post->heard + post->len, sizeof post->heard - post->len, "%s", line);
        answer(post, fd, line, &in_data);
    }
    fclose(in);
    return NULL;
}

static void post_open(struct post *post, const char *refuse)
{
    *post = (struct post){.refuse = refuse, .listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof at;
    assert_int_equal(bind(post->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(post->listener, 1), 0);
    assert_int_equal(getsockname(post->listener, (struct sockaddr *)&at, &size), 0);
    post->port = ntohs(at.sin_port);
    assert_int_equal(pthread_create(&post->thread, NULL, serve, post), 0);
}

static void post_close(struct post *post)
{
    shutdown(post->listener, SHUT_RDWR); /* when nobody came */
    pthread_join(post->thread, NULL);
    close(post->listener);
}

/* ---- sending ---- */

struct sent {
    struct tl_loop *loop;
    struct tl_http_client *client;
    int count, stopped;
    enum tl_sent sent;
    enum tl_transfer_reason reason;
    int status;
    char error[512], body[512];
};

static void on_done(void *ctx, const struct tl_transfer_result *result)
{
    struct sent *sent = ctx;
    sent->count++;
    sent->sent = result->sent;
    sent->reason = result->reason;
    sent->status = result->status;
    snprintf(sent->error, sizeof sent->error, "%s", result->error);
    snprintf(sent->body, sizeof sent->body, "%.*s", TL_STR_ARGS(result->body));
}

static void on_stopped(void *ctx)
{
    ((struct sent *)ctx)->stopped++;
}

static void send_one(struct sent *sent, uint16_t port, const char *password, const char *to)
{
    char url[64];
    snprintf(url, sizeof url, "smtp://127.0.0.1:%u", port);
    tl_str receivers[] = {TL_STR("desk@acme.example"), tl_str_z(to)};
    *sent = (struct sent){.loop = tl_loop_new("test")};
    assert_int_equal(tl_http_client_new(sent->loop, NULL, &sent->client, NULL), TL_OK);
    struct tl_smtp_request request = {.url = tl_str_z(url),
                                      .user = password != NULL ? TL_STR("mailer") : TL_STR_NONE,
                                      .password = tl_str_z(password),
                                      .from = TL_STR("tidelock@acme.example"),
                                      .to = receivers,
                                      .to_count = to[0] != 0 ? 2 : 0,
                                      .letter =
                                          to[0] != 0 ? TL_STR("Subject: x\r\n\r\n.hidden\r\nend\r\n") : TL_STR_NONE};
    tl_smtp_send(sent->client, &request, on_done, sent);
    assert_int_equal(sent->count, 0); /* never inside the call */
    for (int i = 0; i < 20000 && sent->count == 0; i++)
        tl_loop_wait(sent->loop, 1);
    assert_int_equal(sent->count, 1);
    tl_http_client_stop(sent->client, on_stopped, sent);
    for (int i = 0; i < 20000 && sent->stopped == 0; i++)
        tl_loop_wait(sent->loop, 1);
    tl_loop_free(sent->loop);
}

static void hands_a_letter_to_the_server(void **state)
{
    (void)state;
    struct post post;
    struct sent sent;
    post_open(&post, NULL);
    send_one(&sent, post.port, NULL, "it-ops@acme.example");
    post_close(&post);
    assert_int_equal(sent.sent, TL_SENT_ANSWERED);
    assert_non_null(strstr(post.heard, "MAIL FROM:<tidelock@acme.example>"));
    assert_non_null(strstr(post.heard, "RCPT TO:<it-ops@acme.example>"));
    assert_non_null(strstr(post.heard, "Subject: x\r\n\r\n..hidden\r\nend\r\n.\r\n"));
}

static void says_what_the_server_said_when_it_refuses(void **state)
{
    (void)state;
    struct post post;
    struct sent sent;
    post_open(&post, "RCPT");
    send_one(&sent, post.port, NULL, "nobody@acme.example");
    post_close(&post);
    assert_int_equal(sent.sent, TL_SENT_ANSWERED);
    assert_int_equal(sent.status, 550);
    assert_string_equal(sent.body, "550-nobody\r\n550 of that name here\r\n");
    assert_null(strstr(post.heard, "hidden"));
}

static void says_so_when_the_letter_itself_is_refused(void **state)
{
    (void)state;
    struct post post;
    struct sent sent;
    post_open(&post, ".");
    send_one(&sent, post.port, NULL, "it-ops@acme.example");
    post_close(&post);
    assert_int_equal(sent.sent, TL_SENT_ANSWERED);
    assert_int_equal(sent.status, 554);
}

/* It is the server that is broken, not this letter: the next ones would be refused too. */
static void a_greeting_that_refuses_is_no_answer_to_a_letter(void **state)
{
    (void)state;
    struct post post;
    struct sent sent;
    post_open(&post, "everybody");
    send_one(&sent, post.port, NULL, "it-ops@acme.example");
    post_close(&post);
    assert_int_equal(sent.sent, TL_SENT_NOT);
    assert_non_null(strstr(sent.error, "554 no service here"));
    assert_null(strstr(post.heard, "MAIL"));
}

static void does_not_know_when_the_connection_breaks_behind_the_letter(void **state)
{
    (void)state;
    struct post post;
    struct sent sent;
    post_open(&post, "gone");
    send_one(&sent, post.port, NULL, "it-ops@acme.example");
    post_close(&post);
    assert_int_equal(sent.sent, TL_SENT_UNKNOWN);
    post_open(&post, "early");
    send_one(&sent, post.port, NULL, "it-ops@acme.example");
    post_close(&post);
    assert_int_equal(sent.sent, TL_SENT_NOT);
}

static void finds_out_whether_the_way_is_open(void **state)
{
    (void)state;
    struct post post;
    struct sent sent;
    post_open(&post, NULL);
    send_one(&sent, post.port, NULL, "");
    post_close(&post);
    assert_int_equal(sent.sent, TL_SENT_ANSWERED);
    assert_int_equal(sent.status, 250);
    assert_non_null(strstr(post.heard, "NOOP"));
    assert_null(strstr(post.heard, "MAIL"));
}

static void sends_no_password_in_clear(void **state)
{
    (void)state;
    struct post post;
    struct sent sent;
    post_open(&post, NULL);
    send_one(&sent, post.port, "s3cret", "it-ops@acme.example");
    post_close(&post);
    assert_int_not_equal(sent.sent, TL_SENT_ANSWERED);
    assert_null(strstr(post.heard, "AUTH"));
    assert_null(strstr(post.heard, "MAIL"));
}

static void refuses_what_is_no_address(void **state)
{
    (void)state;
    struct sent sent;
    send_one(&sent, 9, NULL, "a@b>\r\nRCPT TO:<c@d");
    assert_int_equal(sent.sent, TL_SENT_NOT);
    assert_int_equal(sent.reason, TL_TRANSFER_BAD_URL);
}

static void says_so_when_nobody_listens(void **state)
{
    (void)state;
    struct post post;
    struct sent sent;
    post_open(&post, NULL);
    post_close(&post);
    send_one(&sent, post.port, NULL, "it-ops@acme.example");
    assert_int_equal(sent.sent, TL_SENT_NOT);
    assert_int_equal(sent.reason, TL_TRANSFER_CONNECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_a_letter_to_the_server),
        cmocka_unit_test(says_what_the_server_said_when_it_refuses),
        cmocka_unit_test(sends_no_password_in_clear),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(says_so_when_nobody_listens),
        cmocka_unit_test(says_so_when_the_letter_itself_is_refused),
        cmocka_unit_test(a_greeting_that_refuses_is_no_answer_to_a_letter),
        cmocka_unit_test(does_not_know_when_the_connection_breaks_behind_the_letter),
        cmocka_unit_test(finds_out_whether_the_way_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
