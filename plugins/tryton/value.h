/* Values between JSON as everybody writes it and JSON as Tryton does: decimals, dates and bytes are tagged there
 * ({"__class__": "Decimal", "decimal": "10.00"}). No digit is lost in either direction. */
#ifndef TRYTON_VALUE_H
#define TRYTON_VALUE_H

#include <tidelock/call.h>

/* Tryton's form of a plain value for a field of that type; absent when it cannot be one. Types without a form of their
 * own (char, boolean, selection) stay as they are. */
tlc_slice tr_value_out(tlc_call *c, tlc_slice type, tlc_slice raw);
/* A time to the microsecond as a tagged value, from Unix microseconds. */
tlc_slice tr_value_time(tlc_call *c, int64_t us);
/* Plain JSON: decimals as numbers with their digits, dates as RFC 3339 texts, "party." folded into "party". */
tlc_slice tr_value_in(tlc_call *c, tlc_slice raw);

#endif
