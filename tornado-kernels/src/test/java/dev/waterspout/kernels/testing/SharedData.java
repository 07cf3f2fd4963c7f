package dev.waterspout.kernels.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Finds the reference data that lies beside the checkout; tests that need it are skipped with a message elsewhere. */
public final class SharedData {
    private SharedData() {}

    /**
     * Returns a file or folder of the reference data.
     *
     * @param name path below {@code shared/data}
     * @return the existing path; the calling test is skipped when there is none
     */
    public static Path require(String name) {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            Path candidate = folder.resolve("shared").resolve("data").resolve(name);
            if (Files.exists(candidate)) {
                return candidate;
            }
        }
        return Assumptions.abort("skipped: shared/data/" + name + " is not beside this checkout");
    }
}
