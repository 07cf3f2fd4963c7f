package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class NativeAccessTest {
    @Test
    void aJvmThatDeniesNativeAccessIsReportedInOneSentence() throws IOException, InterruptedException {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--add-modules",
                        "jdk.incubator.vector",
                        "--illegal-native-access=deny",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "devices")
                .start();
        child.getOutputStream().close();
        List<String> sentences = new String(child.getErrorStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.startsWith("WARNING"))
                .toList();
        assertThat(sentences)
                .containsExactly("waterspout: this JVM denies native access (--illegal-native-access=deny); start it"
                        + " with --enable-native-access=ALL-UNNAMED");
        assertThat(child.waitFor()).isEqualTo(1);
    }
}
