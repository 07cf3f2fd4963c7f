package dev.waterspout.kernels.testing;

import java.nio.file.Path;

/** Another name of {@link TestData}. */
public final class SharedData {
    private SharedData() {}

    /**
     * Returns a file or folder of the reference data.
     *
     * @param name relative path
     * @return the existing path; the calling test is skipped when there is none
     */
    public static Path require(String name) {
        return TestData.require(name);
    }
}
