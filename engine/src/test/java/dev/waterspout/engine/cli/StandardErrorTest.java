package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Starts the program as bin/waterspout does: file 9 is the real standard error, and file 2 is something else. */
@Timeout(120)
@EnabledOnOs({OS.LINUX, OS.MAC})
class StandardErrorTest {
    @Test
    void messagesGoToTheRealStandardErrorAndTheJvmsNoteDoesNot() throws IOException, InterruptedException {
        Process child = new ProcessBuilder(
                        "/bin/sh",
                        "-c",
                        "exec \"$@\" 9>&2 2>/dev/null",
                        "sh",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Dwaterspout.stderr=9",
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "nosuch")
                .start();
        child.getOutputStream().close();
        List<String> lines = new String(child.getErrorStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(lines)
                .containsExactly("waterspout: Unmatched argument at index 0: 'nosuch'; see 'waterspout --help'");
        assertThat(child.waitFor()).isEqualTo(2);
    }
}
