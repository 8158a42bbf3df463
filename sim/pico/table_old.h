/* The calls of ps2000 and ps3000: ROW(name behind the library's, how, type, (argument types)); 0 is failure. `how`:
 * REAL is simulated, NO answers 0. Facts: docs/reference/picoscope.md. */
#ifndef SIM_PICO_TABLE_OLD_H
#define SIM_PICO_TABLE_OLD_H

#include <stdint.h>

typedef void (*ps_old_ready)(int16_t **buffers, int16_t overflow, uint32_t trigger_at, int16_t triggered,
                             int16_t auto_stop, uint32_t values);

#define PS_COMMON(ROW)                                                                                                 \
    ROW(_open_unit, REAL, int16_t, (void))                                                                             \
    ROW(_close_unit, REAL, int16_t, (int16_t))                                                                         \
    ROW(_get_unit_info, REAL, int16_t, (int16_t, int8_t *, int16_t, int16_t))                                          \
    ROW(_flash_led, REAL, int16_t, (int16_t))                                                                          \
    ROW(_set_channel, REAL, int16_t, (int16_t, int16_t, int16_t, int16_t, int16_t))                                    \
    ROW(_get_timebase, REAL, int16_t, (int16_t, int16_t, int32_t, int32_t *, int16_t *, int16_t, int32_t *))           \
    ROW(_set_trigger, REAL, int16_t, (int16_t, int16_t, int16_t, int16_t, int16_t, int16_t))                           \
    ROW(_set_trigger2, REAL, int16_t, (int16_t, int16_t, int16_t, int16_t, float, int16_t))                            \
    ROW(_run_block, REAL, int16_t, (int16_t, int32_t, int16_t, int16_t, int32_t *))                                    \
    ROW(_ready, REAL, int16_t, (int16_t))                                                                              \
    ROW(_get_values, REAL, int32_t, (int16_t, int16_t *, int16_t *, int16_t *, int16_t *, int16_t *, int32_t))         \
    ROW(_run_streaming_ns, REAL, int16_t, (int16_t, uint32_t, int32_t, uint32_t, int16_t, uint32_t, uint32_t))         \
    ROW(_get_streaming_last_values, REAL, int16_t, (int16_t, ps_old_ready))                                            \
    ROW(_overview_buffer_status, REAL, int16_t, (int16_t, int16_t *))                                                  \
    ROW(_stop, REAL, int16_t, (int16_t))                                                                               \
    ROW(_open_unit_async, NO, int16_t, (void))                                                                         \
    ROW(_open_unit_progress, NO, int16_t, (int16_t *, int16_t *))                                                      \
    ROW(_get_times_and_values, REAL, int32_t,                                                                          \
        (int16_t, int32_t *, int16_t *, int16_t *, int16_t *, int16_t *, int16_t *, int16_t, int32_t))                 \
    ROW(_run_streaming, NO, int16_t, (int16_t, int16_t, int32_t, int16_t))                                             \
    ROW(_get_streaming_values, NO, uint32_t,                                                                           \
        (int16_t, double *, int16_t *, int16_t *, int16_t *, int16_t *, int16_t *, int16_t *, int16_t *, int16_t *,    \
         int16_t *, uint32_t *, int16_t *, uint32_t, uint32_t))                                                        \
    ROW(_get_streaming_values_no_aggregation, NO, uint32_t,                                                            \
        (int16_t, double *, int16_t *, int16_t *, int16_t *, int16_t *, int16_t *, uint32_t *, int16_t *, uint32_t))   \
    ROW(_set_ets, REAL, int32_t, (int16_t, int16_t, int16_t, int16_t))                                                 \
    ROW(SetAdvTriggerChannelProperties, REAL, int16_t, (int16_t, void *, int16_t, int32_t))                            \
    ROW(SetAdvTriggerChannelConditions, REAL, int16_t, (int16_t, void *, int16_t))                                     \
    ROW(SetAdvTriggerChannelDirections, REAL, int16_t, (int16_t, int32_t, int32_t, int32_t, int32_t, int32_t))         \
    ROW(SetAdvTriggerDelay, REAL, int16_t, (int16_t, uint32_t, float))                                                 \
    ROW(SetPulseWidthQualifier, REAL, int16_t, (int16_t, void *, int16_t, int32_t, uint32_t, uint32_t, int32_t))       \
    ROW(PingUnit, REAL, int16_t, (int16_t))
#ifdef PICO_ps3000
#define PS_OWN(ROW)                                                                                                    \
    ROW(_set_siggen, REAL, int32_t, (int16_t, int16_t, int32_t, int32_t, float, int16_t, int16_t, int16_t))            \
    ROW(_release_stream_buffer, REAL, void, (int16_t))                                                                 \
    ROW(_save_streaming_data, NO, int16_t, (int16_t, void *, int16_t *, int16_t))                                      \
    ROW(_streaming_ns_get_interval_stateless, REAL, int16_t, (int16_t, int16_t, uint32_t *))
#else
#define PS_OWN(ROW)                                                                                                    \
    ROW(_set_sig_gen_built_in, REAL, int16_t,                                                                          \
        (int16_t, int32_t, uint32_t, int32_t, float, float, float, float, int32_t, uint32_t))                          \
    ROW(_set_sig_gen_arbitrary, REAL, int16_t,                                                                         \
        (int16_t, int32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint8_t *, int32_t, int32_t, uint32_t))   \
    ROW(_set_led, NO, int16_t, (int16_t, int16_t))                                                                     \
    ROW(_set_light, NO, int16_t, (int16_t, int16_t))                                                                   \
    ROW(_last_button_press, NO, int16_t, (int16_t))
#endif

#endif
