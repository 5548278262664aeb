/* What the formats of the standard check, by file. Private to the room; pure. */
#pragma once
#include "base/str.h"

bool tl_format_date(tl_str text);
bool tl_format_time(tl_str text);
bool tl_format_date_time(tl_str text);
bool tl_format_duration(tl_str text);

bool tl_format_hostname(tl_str text);
bool tl_format_email(tl_str text);
bool tl_format_idn_email(tl_str text);
bool tl_format_ipv4(tl_str text);
bool tl_format_ipv6(tl_str text);
/* Of a host name's label behind "xn--": Punycode of a label that IDNA 2008 allows. */
bool tl_format_a_label(tl_str text);

bool tl_format_uri(tl_str text);
bool tl_format_uri_reference(tl_str text);
bool tl_format_iri(tl_str text);
bool tl_format_iri_reference(tl_str text);
