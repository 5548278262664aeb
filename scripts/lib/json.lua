-- JSON in strings, without losing a digit: the codec of the runtime. Objects are written with sorted keys, floats are
-- refused.
local host = ...
return { encode = host.encode_exact, decode = host.decode, null = null }
