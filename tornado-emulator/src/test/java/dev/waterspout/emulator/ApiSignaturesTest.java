package dev.waterspout.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The emulator's public types and members are all in the API of the installed TornadoVM SDK, and the same there. */
class ApiSignaturesTest {
    private static final int TYPES_AT_LEAST = 40;

    @Test
    void matchesTheRealApi() throws Exception {
        Optional<Path> found = sdkJars();
        assumeTrue(
                found.isPresent(), "no TornadoVM SDK: neither TORNADOVM_HOME nor `tornado` on the PATH leads to one");
        List<String> differences = new ArrayList<>();
        int compared = 0;
        try (JarFile api = jar(found.get(), "tornado-api-");
                JarFile runtime = jar(found.get(), "tornado-runtime-")) {
            for (Path ours : ourTypes()) {
                byte[] our = Files.readAllBytes(ours);
                String name = classes().relativize(ours).toString().replace(File.separatorChar, '/');
                JarFile jar = name.contains("/tornado/runtime/") ? runtime : api;
                JarEntry real = jar.getJarEntry(name);
                if (real == null) {
                    differences.add(name + " is not in the real API");
                } else {
                    compared++;
                    differences.addAll(ApiSignatures.differences(
                            our, jar.getInputStream(real).readAllBytes()));
                }
            }
        }
        assertThat(differences).isEmpty();
        assertThat(compared).isGreaterThan(TYPES_AT_LEAST);
    }

    @Test
    void everyTypeInThePackagesOfTheApiIsPublic() throws Exception {
        for (Path type : ourTypes()) {
            assertThat(ApiSignatures.isPublic(Files.readAllBytes(type)))
                    .as(type.toString())
                    .isTrue();
        }
    }

    @Test
    void differencesAreSeen() throws Exception {
        assertThat(ApiSignatures.differences(bytes(Ours.class), bytes(Ours.class)))
                .isEmpty();
        assertThat(ApiSignatures.differences(bytes(Ours.class), bytes(Real.class)))
                .hasSize(6)
                .anyMatch(line -> line.contains("type "))
                .anyMatch(line -> line.contains("LIMIT I = 1"))
                .anyMatch(line -> line.contains(" argument("))
                .anyMatch(line -> line.contains(" instance("))
                .anyMatch(line -> line.contains(" generic("))
                .anyMatch(line -> line.contains(" checked("));
    }

    /** A type of the emulator. */
    @SuppressWarnings("unused")
    static final class Ours {
        public static final int LIMIT = 1;

        Ours() {}

        public static void same(int value) {}

        public static void argument(int value) {}

        public void instance() {}

        public static void generic(List<String> values) {}

        public static void checked() throws IOException {}
    }

    /** The class to compare with. */
    @SuppressWarnings("unused")
    static class Real {
        public static final int LIMIT = 2;

        Real() {}

        public static void same(int value) {}

        public static void argument(long value) {}

        public static void instance() {}

        public static void generic(List<Integer> values) {}

        public static void checked() {}
    }

    private static byte[] bytes(Class<?> type) throws IOException {
        String name = type.getName().substring(type.getPackageName().length() + 1) + ".class";
        try (InputStream in = Objects.requireNonNull(type.getResourceAsStream(name))) {
            return in.readAllBytes();
        }
    }

    private static Path classes() throws Exception {
        return Path.of(FloatArray.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    }

    private static List<Path> ourTypes() throws Exception {
        try (Stream<Path> files = Files.walk(classes().resolve("uk"))) {
            return files.filter(file -> file.toString().endsWith(".class"))
                    .filter(file -> !file.endsWith("package-info.class"))
                    .toList();
        }
    }

    private static Optional<Path> sdkJars() {
        Stream<Path> home = Stream.ofNullable(System.getenv("TORNADOVM_HOME")).map(Path::of);
        Stream<Path> onPath = Arrays.stream(
                        System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(Path::of)
                .filter(dir -> Files.isExecutable(dir.resolve("tornado")))
                .map(dir -> dir.toAbsolutePath().resolve("..").normalize());
        return Stream.concat(home, onPath)
                .map(sdk -> sdk.resolve("share/java/tornado"))
                .filter(Files::isDirectory)
                .findFirst();
    }

    private static JarFile jar(Path directory, String prefix) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return new JarFile(
                    files.filter(file -> file.getFileName().toString().startsWith(prefix))
                            .findFirst()
                            .orElseThrow()
                            .toFile());
        }
    }
}
