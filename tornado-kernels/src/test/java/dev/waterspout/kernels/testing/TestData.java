package dev.waterspout.kernels.testing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/**
 * Finds reference data by name. Most of it is in {@code test-data/} of the source tree; the built-in model is a
 * resource of the engine; larger sets may lie in {@code shared/data} beside the checkout, and tests that need those are
 * skipped elsewhere.
 */
public final class TestData {
    /** Where reference data may be, relative to the root of the source tree or, for the last, to a folder above it. */
    private static final List<String> FOLDERS =
            List.of("test-data", "engine/src/main/resources/dev/waterspout/engine/model", "shared/data");

    private TestData() {}

    /**
     * Returns a file or folder of the reference data.
     *
     * @param name relative path, such as {@code golden/stories260K.json}
     * @return the existing path; the calling test is skipped when there is none
     */
    public static Path require(String name) {
        return find(name)
                .orElseGet(() -> Assumptions.abort(
                        "skipped: " + name + " is not in test-data/ of this checkout, and there is no shared/data/"
                                + name + " beside it"));
    }

    /**
     * Returns a file or folder of the reference data, if it is here.
     *
     * @param name relative path
     */
    public static Optional<Path> find(String name) {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            for (String data : FOLDERS) {
                Path candidate = folder.resolve(data).resolve(name);
                if (Files.exists(candidate)) {
                    return Optional.of(candidate);
                }
            }
        }
        return Optional.empty();
    }
}
