/* Webhook headers and bodies of any kind: nothing made up is accepted. */
#include "base/error.h"
#include "crypto/webhook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
        "webhook-id",          "webhook-timestamp",           "webhook-signature",
        "x-hub-signature-256", "x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"};
    const tl_str secrets[] = {{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 38},
                              {"whpk_JsrSrjHcF31rxhlku1hGYWMYLKz0fVPnORmkxXXJ+yY=", 49}};
    struct tl_webhook_header headers[8];
    struct tl_webhook_input in = {.secrets = secrets, .secret_count = 2, .headers = headers, .tolerance_s = -1};
    tl_str rest = tl_str_n(data, size), line;

    if (size < 2)
        return 0;
    in.scheme = (enum tl_webhook_scheme)(data[0] % 3);
    rest = tl_str_from(rest, 1);
    while (in.header_count < 8 && tl_str_cut(&rest, '\n', &line) && line.len > 0)
        headers[in.header_count++] =
            (struct tl_webhook_header){tl_str_z(names[(unsigned char)line.ptr[0] % 6]), tl_str_from(line, 1)};
    in.body = rest;
    tl_must(tl_webhook_verify(&in) != TL_WEBHOOK_ACCEPTED);
    return 0;
}
