/* Doubles as text. printf and strtod are exact; only the point is skipped, so a locale cannot matter. Thread: any. */
#include "double_text.h"
#include <float.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "-d.ddde±xx" into digits and exponent; the point is whatever stands second. */
static void split(const char *text, struct tl_double_text *out)
{
    out->negative = *text == '-';
    text += out->negative;
    out->count = 0;
    for (; *text && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9')
            out->digits[out->count++] = *text;
    out->exponent = atoi(text + 1);
    while (out->count > 1 && out->digits[out->count - 1] == '0')
        out->count--;
    out->digits[out->count] = '\0';
}

void tl_double_shortest(double value, struct tl_double_text *out)
{
    char text[40];
    /* 15 digits always come back as they are, 17 always suffice; the smallest numbers carry fewer than 15 */
    bool small = value < DBL_MIN * 1e10 && value > -DBL_MIN * 1e10;
    for (int precision = small ? 0 : 14; precision <= 16; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, value);
        if (strtod(text, NULL) == value)
            break;
    }
    split(text, out);
}

size_t tl_double_print(double value, char out[32])
{
    struct tl_double_text t;
    tl_double_shortest(value, &t);
    char *p = out;
    if (t.digits[0] == '0') {
        memcpy(out, "0", 2);
        return 1;
    }
    if (t.negative)
        *p++ = '-';
    if (t.exponent >= 21 || t.exponent < -6) {
        *p++ = t.digits[0];
        if (t.count > 1)
            *p++ = '.';
        for (int i = 1; i < t.count; i++)
            *p++ = t.digits[i];
        p += snprintf(p, 8, "e%+d", t.exponent % 1000);
        return (size_t)(p - out);
    }
    if (t.exponent < 0) {
        *p++ = '0';
        *p++ = '.';
        for (int i = -1; i > t.exponent; i--)
            *p++ = '0';
    }
    for (int i = 0; i < t.count || i <= t.exponent; i++) {
        if (t.exponent >= 0 && i == t.exponent + 1)
            *p++ = '.';
        *p++ = i < t.count ? t.digits[i] : '0';
    }
    *p = '\0';
    return (size_t)(p - out);
}
