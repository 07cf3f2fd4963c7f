package dev.waterspout.emulator;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Starts each test on a fresh GPU and leaves the default devices behind. */
@Timeout(60)
abstract class EmulatorTest {
    @BeforeEach
    void freshDevice() {
        EmulatedPlatform.configure(DeviceSpec.gpu());
    }

    @AfterEach
    void defaultDevices() {
        EmulatedPlatform.reset();
    }
}
