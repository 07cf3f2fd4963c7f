/*
 * Preloaded into a JVM, makes every OpenCL device look like an FPGA to TornadoVM: an accelerator, on a platform whose name says
 * FPGA. Everything else is the driver's own, so that a bitstream is a binary that this driver has made. For tests.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define PLATFORM_NAME 0x0902
#define PLATFORM_VENDOR 0x0903
#define DEVICE_TYPE 0x1000
#define ACCELERATOR 8ull
#define INVALID_VALUE (-30)

/* The driver is loaded by a library that is loaded itself: not among the next ones of the process. */
static void *next_function(const char *name) {
    void *library = dlopen("libOpenCL.so.1", RTLD_LAZY);
    return library == NULL ? NULL : dlsym(library, name);
}

static int answer(const void *data, size_t length, size_t size, void *value, size_t *written) {
    if (value != NULL) {
        if (size < length) {
            return INVALID_VALUE;
        }
        memcpy(value, data, length);
    }
    if (written != NULL) {
        *written = length;
    }
    return 0;
}

int clGetPlatformInfo(void *platform, unsigned name, size_t size, void *value, size_t *written) {
    static int (*next)(void *, unsigned, size_t, void *, size_t *);
    if (name == PLATFORM_NAME) {
        static const char text[] = "Driver in the place of an FPGA";
        return answer(text, sizeof text, size, value, written);
    }
    if (name == PLATFORM_VENDOR) {
        static const char text[] = "Intel(R) Corporation";
        return answer(text, sizeof text, size, value, written);
    }
    if (next == NULL) {
        next = (int (*)(void *, unsigned, size_t, void *, size_t *))next_function("clGetPlatformInfo");
    }
    return next(platform, name, size, value, written);
}

int clGetDeviceInfo(void *device, unsigned name, size_t size, void *value, size_t *written) {
    static int (*next)(void *, unsigned, size_t, void *, size_t *);
    if (name == DEVICE_TYPE) {
        unsigned long long type = ACCELERATOR;
        return answer(&type, sizeof type, size, value, written);
    }
    if (next == NULL) {
        next = (int (*)(void *, unsigned, size_t, void *, size_t *))next_function("clGetDeviceInfo");
    }
    return next(device, name, size, value, written);
}
