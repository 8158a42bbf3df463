#include "format/h5_file.h"
#include "format/h5_lazy.h"

#include <stddef.h>

hid_t grat__h5_segment_type(void)
{
    hid_t t = H5Tcreate(H5T_COMPOUND, sizeof(grat__h5_segment));
    H5Tinsert(t, "row", offsetof(grat__h5_segment, row), GRAT__H5_TYPE(UINT64));
    H5Tinsert(t, "first", offsetof(grat__h5_segment, first), GRAT__H5_TYPE(UINT64));
    H5Tinsert(t, "lost", offsetof(grat__h5_segment, lost), GRAT__H5_TYPE(UINT64));
    H5Tinsert(t, "t0", offsetof(grat__h5_segment, t0), GRAT__H5_TYPE(DOUBLE));
    H5Tinsert(t, "utc_ns", offsetof(grat__h5_segment, utc_ns), GRAT__H5_TYPE(INT64));
    H5Tinsert(t, "monotonic_ns", offsetof(grat__h5_segment, monotonic_ns), GRAT__H5_TYPE(INT64));
    H5Tinsert(t, "trigger_offset", offsetof(grat__h5_segment, trigger_offset), GRAT__H5_TYPE(DOUBLE));
    H5Tinsert(t, "trigger_stamp", offsetof(grat__h5_segment, trigger_stamp), GRAT__H5_TYPE(UINT64));
    H5Tinsert(t, "number", offsetof(grat__h5_segment, number), GRAT__H5_TYPE(UINT32));
    H5Tinsert(t, "flags", offsetof(grat__h5_segment, flags), GRAT__H5_TYPE(UINT32));
    return t;
}

static hid_t gap_type(void)
{
    hid_t t = H5Tcreate(H5T_COMPOUND, sizeof(grat__h5_gap));
    H5Tinsert(t, "first", offsetof(grat__h5_gap, first), GRAT__H5_TYPE(UINT64));
    H5Tinsert(t, "missing", offsetof(grat__h5_gap, missing), GRAT__H5_TYPE(UINT64));
    H5Tinsert(t, "time", offsetof(grat__h5_gap, time), GRAT__H5_TYPE(DOUBLE));
    return t;
}

bool grat__h5_tables(grat__h5_id at, size_t chunk, grat__h5_series *segments, grat__h5_series *gaps)
{
    grat__h5_shape s = {.type = grat__h5_segment_type(), .item = sizeof(grat__h5_segment), .chunk = chunk};
    grat__h5_shape g = {.type = gap_type(), .item = sizeof(grat__h5_gap), .chunk = chunk};
    bool ok = grat__h5_series_open(segments, at, "segments", &s) == GRAT_OK &&
              grat__h5_series_open(gaps, at, "gaps", &g) == GRAT_OK;
    H5Tclose(s.type);
    H5Tclose(g.type);
    return ok;
}
