package dev.waterspout.emulator;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** Starts each test on a fresh GPU and leaves the default device behind. */
@Timeout(60)
abstract class EmulatorTest {
    @BeforeEach
    void freshDevice() {
        EmulatedPlatform.reset();
    }

    @AfterEach
    void defaultDevice() {
        EmulatedPlatform.reset();
    }
}
