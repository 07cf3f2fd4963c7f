package dev.waterspout.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher {@code bin/waterspout} in a separate tree, in which {@code mvn} is a script. The script waits while a
 * file named {@code hold} exists, then copies a jar that prints its arguments to {@code dist/}, readable only by the
 * owner.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LauncherTest {
    private static final List<String> SCRIPTS = List.of("waterspout", "find-jdk", "find-tornadovm");

    /** The stand-in for Maven, which runs in the root of the tree. */
    private static final String MVN = """
        #!/bin/sh
        set -eu
        echo started >>"$PWD/builds"
        while [ -e "$PWD/hold" ]; do sleep 0.05; done
        mkdir -p dist
        cp source.jar dist/engine.jar
        chmod 600 dist/engine.jar
        """;

    @TempDir
    private Path root;

    private final List<Process> processes = new ArrayList<>();

    @BeforeEach
    void makeTree() throws IOException {
        Path bin = Files.createDirectories(root.resolve("bin"));
        for (String script : SCRIPTS) {
            Files.copy(
                    HouseRulesTest.ROOT.resolve("bin").resolve(script),
                    bin.resolve(script),
                    StandardCopyOption.COPY_ATTRIBUTES);
        }
        Files.createDirectories(root.resolve("engine/src/main"));
        Files.writeString(root.resolve("pom.xml"), "<project/>");
        Files.writeString(root.resolve("engine/pom.xml"), "<project/>");
        Path tools = Files.createDirectories(root.resolve("tools"));
        Files.writeString(tools.resolve("mvn"), MVN);
        Files.setPosixFilePermissions(tools.resolve("mvn"), PosixFilePermissions.fromString("rwxr-xr-x"));
        writeJar(root.resolve("source.jar"));
    }

    @AfterEach
    void endProcesses() throws IOException {
        Files.deleteIfExists(root.resolve("hold"));
        processes.forEach(LauncherTest::kill);
    }

    private static void kill(Process process) {
        List<ProcessHandle> all = process.descendants().toList();
        process.destroyForcibly();
        all.forEach(ProcessHandle::destroyForcibly);
    }

    /** A jar of {@link PrintArguments}. */
    private static void writeJar(Path file) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, PrintArguments.class.getName());
        String entry = PrintArguments.class.getName().replace('.', '/') + ".class";
        try (OutputStream out = Files.newOutputStream(file);
                JarOutputStream jar = new JarOutputStream(out, manifest);
                InputStream bytes = Objects.requireNonNull(
                        PrintArguments.class.getClassLoader().getResourceAsStream(entry))) {
            jar.putNextEntry(new JarEntry(entry));
            bytes.transferTo(jar);
            jar.closeEntry();
        }
    }

    private Process start(Map<String, String> variables, String... command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().put("PATH", root.resolve("tools") + ":/usr/bin:/bin");
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        // As under mpirun: no training run.
        builder.environment().put("OMPI_COMM_WORLD_SIZE", "1");
        builder.environment().putAll(variables);
        Process process = builder.redirectErrorStream(true).start();
        processes.add(process);
        return process;
    }

    private Process start() throws IOException {
        return start(Map.of("LC_ALL", "C.UTF-8"), launcher(), "hello");
    }

    private String launcher() {
        return root.resolve("bin/waterspout").toString();
    }

    /** Returns the output of a process, which must exit with code 0. */
    private static String output(Process process) throws IOException, InterruptedException {
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(text).isZero();
        return text;
    }

    private int builds() throws IOException {
        Path file = root.resolve("builds");
        return Files.exists(file) ? Files.readAllLines(file).size() : 0;
    }

    private void awaitBuild() throws IOException, InterruptedException {
        while (builds() == 0) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private Path jar() {
        return root.resolve("dist/engine.jar");
    }

    @Test
    void buildsOnceAndAgainAfterAChange() throws IOException, InterruptedException {
        assertThat(output(start())).contains("building dist/engine.jar").contains("argument: hello");
        assertThat(output(start())).contains("argument: hello").doesNotContain("building");
        assertThat(builds()).isEqualTo(1);
        Path changed = Files.writeString(root.resolve("engine/src/main/Changed.java"), "class Changed {}");
        // Later than the jar on file systems of any resolution.
        Instant built = Files.getLastModifiedTime(jar()).toInstant();
        Files.setLastModifiedTime(changed, FileTime.from(built.plusSeconds(10)));
        assertThat(output(start())).contains("building dist/engine.jar");
    }

    /** The handlers of signals in a driver's compiler come after the JVM's. */
    @Test
    void preloadsTheLibraryOfSignalHandlersUnderAnSdk() throws IOException, InterruptedException {
        Path sdk = Files.createDirectories(root.resolve("sdk"));
        Files.createFile(sdk.resolve("tornado-argfile"));
        assertThat(output(start())).doesNotContain("preloaded");
        String output = output(start(Map.of("TORNADOVM_HOME", sdk.toString()), launcher(), "hello"));
        assertThat(output)
                .contains("argument: hello", "preloaded: " + System.getProperty("java.home") + "/lib/libjsig.so\n");
    }

    @Test
    void startsAfterABuildThatWasKilled() throws IOException, InterruptedException {
        Files.createFile(root.resolve("hold"));
        Process first = start();
        awaitBuild();
        kill(first);
        first.waitFor();
        Files.delete(root.resolve("hold"));
        assertThat(output(start())).contains("argument: hello");
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void waitsForTheBuildOfAnotherProcessWithAMessage() throws IOException, InterruptedException {
        Files.createFile(root.resolve("hold"));
        Process first = start();
        awaitBuild();
        Process second = start();
        StringBuilder said = new StringBuilder();
        InputStream in = second.getInputStream();
        while (said.indexOf("waiting for it\n") < 0) {
            int next = in.read();
            assertThat(next).as(said.toString()).isNotNegative();
            said.append((char) next);
        }
        assertThat(second.isAlive()).isTrue();
        Files.delete(root.resolve("hold"));
        assertThat(output(first)).contains("argument: hello");
        assertThat(output(second)).contains("argument: hello").doesNotContain("building");
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void rebuildsAJarThatIsCutOff() throws IOException, InterruptedException {
        output(start());
        long size = Files.size(jar());
        for (long left : new long[] {size - 1, size / 2, 10, 0}) {
            byte[] all = Files.readAllBytes(jar());
            Files.write(jar(), java.util.Arrays.copyOf(all, (int) left));
            assertThat(output(start())).as("%d of %d bytes", left, size).contains("argument: hello");
            assertThat(jar()).hasSize(size);
        }
        assertThat(builds()).isEqualTo(5);
    }

    @Test
    void rebuildsAJarWithAHoleBeforeItsEndRecord() throws IOException, InterruptedException {
        output(start());
        byte[] all = Files.readAllBytes(jar());
        Files.write(jar(), java.util.Arrays.copyOfRange(all, 100, all.length), StandardOpenOption.TRUNCATE_EXISTING);
        assertThat(output(start())).contains("argument: hello");
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void refusesADamagedJarWithoutSources() throws IOException, InterruptedException {
        output(start());
        Files.write(jar(), new byte[30]);
        Files.delete(root.resolve("engine/src/main"));
        Files.delete(root.resolve("engine/src"));
        Process process = start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(text)
                .isEqualTo(
                        "waterspout: " + jar() + " is missing or damaged, and there are no sources to build it from\n");
    }

    @Test
    void permissionsOfTheJarFollowTheUmask() throws IOException, InterruptedException {
        for (String[] each : new String[][] {{"022", "rw-r--r--"}, {"027", "rw-r-----"}, {"077", "rw-------"}}) {
            Files.deleteIfExists(jar());
            output(start(Map.of(), "/bin/sh", "-c", "umask " + each[0] + "; exec " + launcher() + " hello"));
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(jar())))
                    .as("umask %s", each[0])
                    .isEqualTo(each[1]);
        }
    }

    @Test
    void argumentsAreUtf8InEveryLocale() throws IOException, InterruptedException {
        for (Map<String, String> locale : List.of(
                Map.<String, String>of(),
                Map.of("LC_ALL", "C"),
                Map.of("LC_ALL", "POSIX"),
                Map.of("LANG", "xx_XX.UTF-8"),
                Map.of("LANG", "C.UTF-8"))) {
            // printf writes the bytes: this JVM's own encoding of arguments is not part of the test.
            Process process = start(
                    locale,
                    "/bin/sh",
                    "-c",
                    "exec " + launcher() + " \"$(printf 'Gr\\303\\274\\303\\237e \\360\\237\\231\\202')\"");
            assertThat(output(process)).as("%s", locale).contains("argument: Gr\\u00fc\\u00dfe \\u1f642\n");
        }
    }
}
