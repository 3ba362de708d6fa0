// The records of the W form, through the same neutral names.
#define UNICODE
#include "handoff.c"

_Static_assert(sizeof(WSAPROTOCOL_INFO) == 628, "the neutral name means the W form");
