/* `tidelock tool webhook-verify`: the same judgement that the server makes of a webhook. */
#include "base/buf.h"
#include "base/clock.h"
#include "command.h"
#include "crypto/webhook.h"
#include "stream.h"
#include <stdio.h>
#include <stdlib.h>

enum { BODY_MAX = 64 << 20, SECRETS_MAX = 8 };

static tl_code need(const struct tl_args *args, const char *name, const char **value, struct tl_error *err)
{
    *value = tl_arg(args, name);
    return *value != NULL ? TL_OK
                          : tl_fail(err, TL_EUSAGE, "%s is required; see 'tidelock tool webhook-verify --help'", name);
}

static tl_code headers_read(const struct tl_args *args, struct tl_webhook_header *headers, size_t *count,
                            struct tl_error *err)
{
    const char *text;
    size_t at = 0;
    while ((text = tl_arg_next(args, "--header", &at)) != NULL) {
        tl_str value = tl_str_z(text), name;
        if (tl_str_find(value, ':') < 0)
            return tl_fail(err, TL_EUSAGE, "--header '%s' has no colon: write 'Name: value'", text);
        tl_str_cut(&value, ':', &name);
        headers[(*count)++] = (struct tl_webhook_header){tl_str_trim(name), tl_str_trim(value)};
    }
    return TL_OK;
}

static tl_code number(const struct tl_args *args, const char *name, int64_t otherwise, int64_t *out,
                      struct tl_error *err)
{
    const char *text = tl_arg(args, name);
    char *end = NULL;
    *out = text == NULL ? otherwise : strtoll(text, &end, 10);
    if (text != NULL && (end == text || *end != '\0'))
        return tl_fail(err, TL_EUSAGE, "%s %s is not a whole number of seconds", name, text);
    return TL_OK;
}

static tl_code verify(struct tl_webhook_input *input, struct tl_error *err)
{
    enum tl_webhook_verdict verdict = tl_webhook_verify(input);
    printf("%s\n", tl_webhook_verdict_word(verdict));
    if (verdict == TL_WEBHOOK_ACCEPTED)
        return TL_OK;
    return tl_fail(err, TL_EFAILED, "refused: %s", tl_webhook_verdict_sentence(verdict));
}

static tl_code run(const struct tl_args *args, struct tl_buf *secret_text, struct tl_buf *body, struct tl_error *err)
{
    const char *scheme, *secret_file;
    struct tl_webhook_header headers[TL_ARGS_MAX];
    tl_str secrets[SECRETS_MAX], line;
    struct tl_webhook_input input = {.secrets = secrets, .headers = headers};
    int64_t now_s = 0;
    tl_code code = need(args, "--scheme", &scheme, err);
    if (code == TL_OK && !tl_webhook_scheme_parse(tl_str_z(scheme), &input.scheme))
        code = tl_fail(err, TL_EUSAGE, "--scheme %s is unknown: standard, zendesk or github", scheme);
    if (code == TL_OK)
        code = need(args, "--secret-file", &secret_file, err);
    if (code == TL_OK)
        code = headers_read(args, headers, &input.header_count, err);
    if (code == TL_OK)
        code = number(args, "--now", tl_wall_ms() / 1000, &now_s, err);
    if (code == TL_OK)
        code = number(args, "--tolerance", 0, &input.tolerance_s, err);
    if (code == TL_OK)
        code = tl_stream_read(secret_file, secret_text, err);
    if (code == TL_OK)
        code = tl_stream_read("-", body, err);
    if (code != TL_OK)
        return code;
    tl_str rest = tl_buf_str(secret_text);
    while (input.secret_count < SECRETS_MAX && tl_str_cut(&rest, '\n', &line)) {
        if (tl_str_trim(line).len != 0)
            secrets[input.secret_count++] = tl_str_trim(line);
    }
    input.body = tl_buf_str(body);
    input.now_ms = now_s * 1000;
    return verify(&input, err);
}

tl_code tl_cmd_tool_webhook_verify(const struct tl_args *args, struct tl_error *err)
{
    struct tl_buf secret_text, body;
    tl_buf_init(&secret_text, 64 * 1024);
    tl_buf_init(&body, BODY_MAX);
    tl_code code = run(args, &secret_text, &body, err);
    tl_buf_free(&secret_text);
    tl_buf_free(&body);
    return code;
}
