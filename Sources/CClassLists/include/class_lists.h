// The class lists of the released models, as files carried inside the program. They cost nothing until they are read.
#pragma once
#include <stddef.h>

const void *_Nonnull perch_v2_list(void);
size_t perch_v2_list_size(void);
const void *_Nonnull perch_8_list(void);
size_t perch_8_list_size(void);
