package dev.waterspout.engine.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.model.Model;
import dev.waterspout.interconnect.InterconnectException;
import dev.waterspout.kernels.codec.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;

/** The sample in the documentation compiles, runs, and has fewer than 30 lines. */
class SampleTest {
    private static final Pattern SAMPLE =
            Pattern.compile("<!-- sample: Hello\\.java -->\\s*```java\\n(.*?)```", Pattern.DOTALL);

    @TempDir
    private Path folder;

    private static String sample() throws Exception {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("bin/waterspout"))) {
            root = Objects.requireNonNull(root.getParent(), "the test runs inside the tree");
        }
        for (Path page : List.of(root.resolve("README.md"), root.resolve("docs/guide/java.md"))) {
            Matcher matcher = SAMPLE.matcher(Files.exists(page) ? Files.readString(page) : "");
            if (matcher.find()) {
                return matcher.group(1);
            }
        }
        throw new AssertionError("neither README.md nor docs/guide/java.md has the sample Hello.java");
    }

    /** The class path of the sample: that of the test's class loader. */
    private static String classPath() throws Exception {
        StringBuilder path = new StringBuilder(System.getProperty("java.class.path"));
        for (Class<?> each : List.of(LanguageModel.class, InterconnectException.class, WireFormat.class)) {
            URI place = each.getProtectionDomain().getCodeSource().getLocation().toURI();
            path.append(File.pathSeparatorChar).append(Path.of(place));
        }
        return path.toString();
    }

    /** Runs an instance main method, as the launcher does. */
    private static void run(Class<?> sample, String argument) throws ReflectiveOperationException {
        Constructor<?> constructor = sample.getDeclaredConstructor();
        constructor.setAccessible(true);
        Method main = sample.getDeclaredMethod("main", String[].class);
        main.setAccessible(true);
        main.invoke(constructor.newInstance(), (Object) new String[] {argument});
    }

    @Test
    @ResourceLock(Resources.SYSTEM_OUT)
    void theSampleCompilesAndRuns() throws Exception {
        String sample = sample();
        assertThat(sample.lines()).hasSizeLessThan(30);
        Path source = Files.writeString(folder.resolve("Hello.java"), sample);
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        int failed = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler())
                .run(
                        null,
                        messages,
                        messages,
                        "-proc:none",
                        "-cp",
                        classPath(),
                        "-d",
                        folder.toString(),
                        source.toString());
        assertThat(failed).as(messages.toString(StandardCharsets.UTF_8)).isZero();
        URI model = Objects.requireNonNull(Model.class.getResource("orator-q8_0.gguf"))
                .toURI();
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, SampleTest.class.getClassLoader())) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            run(loader.loadClass("Hello"), Path.of(model).toString());
        } finally {
            System.setOut(out);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8).lines()).hasSizeGreaterThanOrEqualTo(2);
        assertThat(Stream.of(printed.toString(StandardCharsets.UTF_8).split("\n", -1)))
                .anyMatch(line -> line.matches("perplexity [0-9.]+"));
    }
}
