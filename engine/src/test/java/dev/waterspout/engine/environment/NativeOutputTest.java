package dev.waterspout.engine.environment;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Timeout(120)
class NativeOutputTest {
    /** Writes to standard output as native code does: past Java's buffers. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] arguments) {
            write("before ");
            String result = NativeOutput.dropped(() -> {
                write("dropped ");
                return "after";
            });
            write(result);
        }

        @SuppressWarnings("resource") // closing the stream would close the descriptor
        private static void write(String text) {
            try {
                new FileOutputStream(FileDescriptor.out).write(text.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void onlyTheOutputOfTheActionIsDropped() throws Exception {
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Writer.class.getName()))
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
        assertThat(output).isEqualTo("before after");
    }

    @Test
    void theResultIsThatOfTheAction() {
        assertThat(NativeOutput.<Integer>dropped(() -> 7)).isEqualTo(7);
    }
}
