package dev.waterspout.engine.cli.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.cli.Main;
import dev.waterspout.engine.testing.SmallModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands in a separate process, because the hub's address is an environment variable. */
@Timeout(120)
class HubCommandTest {
    @TempDir
    private Path cache;

    @Test
    void generatesFromListsAndRemovesAModelOfTheHub() throws IOException, InterruptedException {
        byte[] model = SmallModel.of("llama").bytes();
        try (LocalHub hub = new LocalHub().file("small-F32.gguf", model)) {
            hub.breaks.add(10_000);
            String generated = run(
                    hub,
                    0,
                    "generate",
                    "-hf",
                    "owner/repo:f32",
                    "-p",
                    "a",
                    "-n",
                    "2",
                    "--temp",
                    "0",
                    "--stats",
                    "none");
            assertThat(generated).contains("a");
            assertThat(cache.resolve("waterspout/models/owner/repo/small-F32.gguf"))
                    .hasBinaryContent(model);

            assertThat(run(hub, 0, "models")).contains("owner/repo").contains("small-F32.gguf");
            assertThat(run(hub, 0, "models", "remove", "owner/repo")).contains("removed owner/repo, 0.");
            assertThat(run(hub, 0, "models")).doesNotContain("small-F32.gguf");
            assertThat(run(hub, 3, "inspect", "-hf", "owner/none")).contains("there is no repository owner/none");
            assertThat(run(hub, 2, "inspect", "-hf", "owner/repo", "-m", "x.gguf"))
                    .contains("one of -m and -hf");
        }
    }

    private String run(LocalHub hub, int code, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("HF_ENDPOINT", hub.endpoint());
        builder.environment().put("XDG_CACHE_HOME", cache.toString());
        Process process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(printed).isEqualTo(code);
        return printed;
    }
}
