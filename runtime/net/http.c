/* What server and client share. */
#include "net/http.h"

static const struct tl_http_header *find_from(const struct tl_http_header *headers, size_t from, size_t count,
                                              tl_str name)
{
    for (size_t i = from; i < count; i++)
        if (tl_str_ieq(headers[i].name, name))
            return &headers[i];
    return NULL;
}

const struct tl_http_header *tl_http_header_find(const struct tl_http_header *headers, size_t count, const char *name)
{
    return find_from(headers, 0, count, tl_str_z(name));
}

tl_str tl_http_header_value(const struct tl_http_header *headers, size_t count, const char *name)
{
    const struct tl_http_header *header = tl_http_header_find(headers, count, name);
    return header != NULL ? header->value : TL_STR_NONE;
}

const struct tl_http_header *tl_http_header_next(const struct tl_http_header *headers, size_t count,
                                                 const struct tl_http_header *previous)
{
    return find_from(headers, (size_t)(previous - headers) + 1, count, previous->name);
}

const char *tl_http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } known[] = {{200, "OK"},
                 {201, "Created"},
                 {202, "Accepted"},
                 {204, "No Content"},
                 {206, "Partial Content"},
                 {301, "Moved Permanently"},
                 {302, "Found"},
                 {303, "See Other"},
                 {304, "Not Modified"},
                 {307, "Temporary Redirect"},
                 {308, "Permanent Redirect"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {402, "Payment Required"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {406, "Not Acceptable"},
                 {408, "Request Timeout"},
                 {409, "Conflict"},
                 {410, "Gone"},
                 {411, "Length Required"},
                 {412, "Precondition Failed"},
                 {413, "Content Too Large"},
                 {414, "URI Too Long"},
                 {415, "Unsupported Media Type"},
                 {416, "Range Not Satisfiable"},
                 {417, "Expectation Failed"},
                 {422, "Unprocessable Content"},
                 {425, "Too Early"},
                 {426, "Upgrade Required"},
                 {428, "Precondition Required"},
                 {429, "Too Many Requests"},
                 {431, "Request Header Fields Too Large"},
                 {500, "Internal Server Error"},
                 {501, "Not Implemented"},
                 {502, "Bad Gateway"},
                 {503, "Service Unavailable"},
                 {504, "Gateway Timeout"},
                 {505, "HTTP Version Not Supported"},
                 {507, "Insufficient Storage"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].status == status)
            return known[i].text;
    return "Unknown";
}
