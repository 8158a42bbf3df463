/* At the end of a library's source: its calls by name, for the simulation inside a process. */
#ifdef PICO_INPROC
void *JOIN(PICO_LIBRARY, _find)(const char *name);
void *JOIN(PICO_LIBRARY, _find)(const char *name)
{
#define FIND(call, how, args)                                                                                          \
    if (strcmp(name, TEXT(PICO_LIBRARY) #call) == 0) {                                                                 \
        union {                                                                                                        \
            uint32_t(*f) args;                                                                                         \
            void *p;                                                                                                   \
        } both = {.f = API(call)};                                                                                     \
        return both.p;                                                                                                 \
    }
    PS_COMMON(FIND)
    PS_OWN(FIND)
#undef FIND
    return NULL;
}
#endif
