package dev.waterspout.emulator;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Base of tests: each starts on an emulated GPU without earlier state, and the default devices return after it. */
@Timeout(60)
abstract class OnEmulatedGpu {
    @BeforeEach
    void freshDevice() {
        EmulatedPlatform.configure(DeviceSpec.gpu());
    }

    @AfterEach
    void defaultDevices() {
        EmulatedPlatform.reset();
    }
}
