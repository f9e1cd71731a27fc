#include "class_lists.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char perch_v2[] = {
#embed "perch_v2_labels.csv"
};

static const unsigned char perch_8[] = {
#embed "perch_8_labels.txt"
};

const void *perch_v2_list(void) { return perch_v2; }
size_t perch_v2_list_size(void) { return sizeof perch_v2; }
const void *perch_8_list(void) { return perch_8; }
size_t perch_8_list_size(void) { return sizeof perch_8; }
