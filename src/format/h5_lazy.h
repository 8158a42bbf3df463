/* libhdf5, loaded when the first .h5 is written or read: linked in, it would slow the start of every command. The
 * functions keep their names. Any library from 1.10.3 on will do: only calls that are the same in all are used. */
#ifndef GRAT_FORMAT_H5_LAZY_H
#define GRAT_FORMAT_H5_LAZY_H

#include <hdf5.h>
#include <stdbool.h>

/* The headers' constants call functions; here that is done once, when the library is loaded. */
#undef H5CHECK
#undef H5OPEN
#define H5CHECK
#define H5OPEN

#define GRAT__H5_MAP(X)                                                                                                \
    X(H5open) X(H5get_libversion) X(H5Eset_auto2) X(H5Aclose) X(H5Acreate2) X(H5Aexists) X(H5Aget_space) X(H5Aget_type)\
    X(H5Aopen)                                                                                                         \
    X(H5Aread) X(H5Awrite) X(H5Dclose) X(H5Dcreate2) X(H5Dflush) X(H5Dget_chunk_storage_size) X(H5Dget_create_plist)   \
    X(H5Dget_space) X(H5Dget_type) X(H5Dopen2) X(H5Dread) X(H5Dread_chunk) X(H5Dset_extent) X(H5Dwrite)                \
    X(H5Dwrite_chunk) X(H5Eclear2) X(H5Ewalk2) X(H5Fclose) X(H5Fcreate) X(H5Fflush) X(H5Fopen)                         \
    X(H5Fstart_swmr_write) X(H5free_memory) X(H5Gcreate2) X(H5Idec_ref) X(H5Lget_name_by_idx) X(H5Pclose)              \
    X(H5Pcreate) X(H5Pget_chunk) X(H5Pget_layout) X(H5Pget_nfilters) X(H5Pset_chunk) X(H5Pset_deflate)                 \
    X(H5Pset_fill_time) X(H5Pset_libver_bounds) X(H5Pset_metadata_read_attempts) X(H5Pset_shuffle) X(H5Sclose)         \
    X(H5Screate) X(H5Screate_simple)                                                                                   \
    X(H5Sget_simple_extent_dims) X(H5Sget_simple_extent_ndims) X(H5Sselect_hyperslab) X(H5Tclose) X(H5Tcopy)           \
    X(H5Tcreate) X(H5Tequal) X(H5Tget_class) X(H5Tget_size) X(H5Tinsert) X(H5Tis_variable_str) X(H5Tset_cset)          \
    X(H5Tset_size)

/* Identifiers that H5open fills in. */
#define GRAT__H5_IDS(X)                                                                                                \
    X(H5P_CLS_FILE_ACCESS_ID_g) X(H5P_CLS_DATASET_CREATE_ID_g) X(H5T_C_S1_g) X(H5T_NATIVE_UINT8_g)                     \
    X(H5T_NATIVE_INT8_g) X(H5T_NATIVE_UINT16_g) X(H5T_NATIVE_INT16_g) X(H5T_NATIVE_UINT32_g) X(H5T_NATIVE_UINT64_g)    \
    X(H5T_NATIVE_INT64_g) X(H5T_NATIVE_FLOAT_g) X(H5T_NATIVE_DOUBLE_g)

typedef struct grat__h5_api {
#define GRAT__H5_POINTER(name) __typeof__(name) *name##_;
    GRAT__H5_MAP(GRAT__H5_POINTER)
#undef GRAT__H5_POINTER
#define GRAT__H5_ID(name) hid_t *id_##name;
    GRAT__H5_IDS(GRAT__H5_ID)
#undef GRAT__H5_ID
    /* Optional, from 1.10.7 on. */
    herr_t (*set_file_locking)(hid_t fapl, hbool_t use, hbool_t ignore);
} grat__h5_api;

/* Valid after grat__h5_load. */
extern grat__h5_api grat__h5;
#define GRAT__H5_TYPE(name) (*grat__h5.id_H5T_NATIVE_##name##_g)

#ifndef GRAT__H5_DECLARE_ONLY
#define H5Aclose grat__h5.H5Aclose_
#define H5Acreate2 grat__h5.H5Acreate2_
#define H5Aexists grat__h5.H5Aexists_
#define H5Aget_space grat__h5.H5Aget_space_
#define H5Aget_type grat__h5.H5Aget_type_
#define H5Aopen grat__h5.H5Aopen_
#define H5Aread grat__h5.H5Aread_
#define H5Awrite grat__h5.H5Awrite_
#define H5Dclose grat__h5.H5Dclose_
#define H5Dcreate2 grat__h5.H5Dcreate2_
#define H5Dflush grat__h5.H5Dflush_
#define H5Dget_chunk_storage_size grat__h5.H5Dget_chunk_storage_size_
#define H5Dget_create_plist grat__h5.H5Dget_create_plist_
#define H5Dget_space grat__h5.H5Dget_space_
#define H5Dget_type grat__h5.H5Dget_type_
#define H5Dopen2 grat__h5.H5Dopen2_
#define H5Dread grat__h5.H5Dread_
#define H5Dread_chunk grat__h5.H5Dread_chunk_
#define H5Dset_extent grat__h5.H5Dset_extent_
#define H5Dwrite grat__h5.H5Dwrite_
#define H5Dwrite_chunk grat__h5.H5Dwrite_chunk_
#define H5Eclear2 grat__h5.H5Eclear2_
#define H5Ewalk2 grat__h5.H5Ewalk2_
#define H5Fclose grat__h5.H5Fclose_
#define H5Fcreate grat__h5.H5Fcreate_
#define H5Fflush grat__h5.H5Fflush_
#define H5Fopen grat__h5.H5Fopen_
#define H5Fstart_swmr_write grat__h5.H5Fstart_swmr_write_
#define H5free_memory grat__h5.H5free_memory_
#define H5Gcreate2 grat__h5.H5Gcreate2_
#define H5Idec_ref grat__h5.H5Idec_ref_
#define H5Lget_name_by_idx grat__h5.H5Lget_name_by_idx_
#define H5Pclose grat__h5.H5Pclose_
#define H5Pcreate grat__h5.H5Pcreate_
#define H5Pget_chunk grat__h5.H5Pget_chunk_
#define H5Pget_layout grat__h5.H5Pget_layout_
#define H5Pget_nfilters grat__h5.H5Pget_nfilters_
#define H5Pset_chunk grat__h5.H5Pset_chunk_
#define H5Pset_deflate grat__h5.H5Pset_deflate_
#define H5Pset_fill_time grat__h5.H5Pset_fill_time_
#define H5Pset_libver_bounds grat__h5.H5Pset_libver_bounds_
#define H5Pset_metadata_read_attempts grat__h5.H5Pset_metadata_read_attempts_
#define H5Pset_shuffle grat__h5.H5Pset_shuffle_
#define H5Sclose grat__h5.H5Sclose_
#define H5Screate grat__h5.H5Screate_
#define H5Screate_simple grat__h5.H5Screate_simple_
#define H5Sget_simple_extent_dims grat__h5.H5Sget_simple_extent_dims_
#define H5Sget_simple_extent_ndims grat__h5.H5Sget_simple_extent_ndims_
#define H5Sselect_hyperslab grat__h5.H5Sselect_hyperslab_
#define H5Tclose grat__h5.H5Tclose_
#define H5Tcopy grat__h5.H5Tcopy_
#define H5Tcreate grat__h5.H5Tcreate_
#define H5Tequal grat__h5.H5Tequal_
#define H5Tget_class grat__h5.H5Tget_class_
#define H5Tget_size grat__h5.H5Tget_size_
#define H5Tinsert grat__h5.H5Tinsert_
#define H5Tis_variable_str grat__h5.H5Tis_variable_str_
#define H5Tset_cset grat__h5.H5Tset_cset_
#define H5Tset_size grat__h5.H5Tset_size_
#endif

#endif
