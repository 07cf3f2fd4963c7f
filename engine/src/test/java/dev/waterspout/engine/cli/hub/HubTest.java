package dev.waterspout.engine.cli.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HubTest {
    private static final byte[] MODEL = content(1, 300_000);
    private static final byte[] OTHER = content(2, 1000);

    @TempDir
    private Path cache;

    private LocalHub server;

    @BeforeEach
    void startServer() throws IOException {
        server = new LocalHub()
                .file("README.md", content(3, 10))
                .file("mmproj-Q4_K_M.gguf", content(4, 10))
                .file("model-Q8_0.gguf", OTHER)
                .file("model-Q4_K_M.gguf", MODEL)
                .file("model-Q4_K_S.gguf", OTHER)
                .file("big f16/model-F16-00001-of-00002.gguf", MODEL)
                .file("big f16/model-F16-00002-of-00002.gguf", OTHER)
                .file("model-BF16-00001-of-00002.gguf", OTHER);
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    @ParameterizedTest
    @CsvSource({
        "owner/repo,model-Q4_K_M.gguf",
        "owner/repo:q4_k_m,model-Q4_K_M.gguf",
        "owner/repo:Q4_K_S,model-Q4_K_S.gguf",
        "owner/repo:Q8_0,model-Q8_0.gguf",
        "owner/repo:F16,big f16/model-F16-00001-of-00002.gguf"
    })
    void downloadsTheFileThatTheReferenceMeans(String reference, String path) throws IOException {
        List<String> shown = new ArrayList<>();

        Path file = hub(5).fetch(HubReference.parse(reference), (name, done, all) -> shown.add(name));

        assertThat(file).isEqualTo(cache.resolve("owner/repo").resolve(path));
        assertThat(shown).contains(path);
        if (reference.endsWith(":F16")) {
            assertThat(file).hasBinaryContent(MODEL);
            assertThat(file.resolveSibling("model-F16-00002-of-00002.gguf")).hasBinaryContent(OTHER);
        }
        assertThat(hub(5).stored()).allMatch(Hub.Stored::complete);
    }

    @Test
    void sendsNoRequestForAStoredFile() throws IOException {
        Path file = fetch("owner/repo");
        server.close();

        assertThat(fetch("owner/repo:Q4_K_M")).isEqualTo(file).hasBinaryContent(MODEL);
    }

    @Test
    void resumesAfterABrokenConnection() throws IOException {
        server.breaks.addAll(List.of(100_000, 50_000, 0));

        assertThat(fetch("owner/repo")).hasBinaryContent(MODEL);
        assertThat(server.storageRequests()).isEqualTo(4);
        assertThat(server.requests).anyMatch(line -> line.matches("storage .* bytes=[1-9]\\d*- .*"));
    }

    @Test
    void aLaterProcessResumesToo() throws IOException {
        server.breaks.addAll(List.of(100_000, 0, 0));
        refused(3, "owner/repo").hasMessageContaining("of 300000 bytes").hasMessageContaining("next start continues");
        assertThat(hub(5).stored()).singleElement().satisfies(stored -> {
            assertThat(stored.complete()).isFalse();
            assertThat(stored.file()).isEqualTo("model-Q4_K_M.gguf");
            assertThat(stored.bytes()).isPositive();
        });

        assertThat(fetch("owner/repo")).hasBinaryContent(MODEL);
        assertThat(server.requests.getLast()).matches("storage .* bytes=[1-9]\\d*- .*");
    }

    @Test
    void startsAgainIfTheServerIgnoresRanges() throws IOException {
        server.ignoresRanges = true;
        server.breaks.add(100_000);

        assertThat(fetch("owner/repo")).hasBinaryContent(MODEL);
    }

    @Test
    void startsAgainIfThePartIsOfAnotherFile() throws IOException {
        Path part = Files.createDirectories(cache.resolve("owner/repo")).resolve("model-Q4_K_M.gguf.part");
        Files.write(part, content(9, 200_000));

        assertThat(fetch("owner/repo")).hasBinaryContent(MODEL);
        Files.write(part.resolveSibling("model-Q8_0.gguf.part"), content(9, 200_000));
        assertThat(fetch("owner/repo:Q8_0")).hasBinaryContent(OTHER);
    }

    @Test
    void refusesBytesWithAnotherDigest() throws IOException {
        server.falseDigest = LocalHub.sha256(OTHER);

        refused(3, "owner/repo")
                .hasMessageContaining(LocalHub.sha256(MODEL))
                .hasMessageContaining("the hub says " + LocalHub.sha256(OTHER));
        assertThat(cache.resolve("owner/repo/model-Q4_K_M.gguf")).doesNotExist();
        assertThat(hub(5).stored()).isEmpty();
    }

    @Test
    void refusesFilesOfAnotherSize() throws IOException {
        server.falseSize = MODEL.length - 1L;
        refused(3, "owner/repo").hasMessageContaining("is longer than the 299999 bytes announced");

        server.falseSize = MODEL.length + 1L;
        refused(3, "owner/repo").hasMessageContaining("broke off at 300000 of 300001 bytes");
        assertThat(cache.resolve("owner/repo/model-Q4_K_M.gguf")).doesNotExist();
    }

    @Test
    void refusesAFileThatTheDiskHasNoRoomFor() {
        server.falseSize = Long.MAX_VALUE / 4;

        refused(3, "owner/repo")
                .hasMessageContaining("model-Q4_K_M.gguf needs 2305843009213.7 MB more")
                .hasMessageContaining(" MB free");
        assertThat(server.storageRequests()).isZero();
    }

    @Test
    void theTokenIsSentOnlyToTheHub() throws IOException {
        server.token = "secret";

        refused(3, "owner/repo").hasMessageContaining("HF_TOKEN").hasMessageContaining("401");
        HubSettings settings = settings(3, Optional.of("secret"));
        new Hub(settings).fetch(HubReference.parse("owner/repo"), (file, done, all) -> {});

        assertThat(server.requests)
                .filteredOn(line -> line.startsWith("storage"))
                .allMatch(line -> line.endsWith("null"));
        assertThat(server.requests).anyMatch(line -> line.startsWith("hub") && line.endsWith("Bearer secret"));
    }

    @Test
    void readsEveryPageOfTheListing() throws IOException {
        server.pageSize = 2;

        assertThat(fetch("owner/repo:F16")).hasBinaryContent(MODEL);
    }

    @Test
    void namesTheFilesThatExist() {
        refused(3, "owner/repo:Q5_K_M")
                .hasMessageContaining("owner/repo has no GGUF file Q5_K_M")
                .hasMessageContaining("model-Q8_0.gguf, model-Q4_K_M.gguf")
                .message()
                .doesNotContain("mmproj");
        refused(3, "owner/repo:BF16").hasMessageContaining("not the part model-BF16-00002-of-00002.gguf");
        refused(3, "owner/none").hasMessageContaining("there is no repository owner/none on the hub");
        server.close();
        refused(2, "owner/repo")
                .hasMessageContaining("the hub http://")
                .hasMessageContaining("cannot be asked for owner/repo: 127.0.0.1: no connection can be made");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../x-Q4_K_M.gguf", "/x-Q4_K_M.gguf", "a/../x-Q4_K_M.gguf", "a\\x-Q4_K_M.gguf"})
    void refusesPathsThatLeaveTheRepository(String path) {
        server.file(path, OTHER);

        refused(3, "owner/repo").hasMessageContaining("no place inside a repository");
        assertThat(cache.resolve("owner")).doesNotExist();
    }

    @Test
    void listsAndRemoves() throws IOException {
        Hub hub = hub(5);
        assertThat(hub.stored()).isEmpty();
        fetch("owner/repo");
        fetch("owner/repo:Q8_0");
        fetch("owner/repo:F16");

        assertThat(hub.stored())
                .extracting(Hub.Stored::file)
                .containsExactly(
                        "big f16/model-F16-00001-of-00002.gguf",
                        "big f16/model-F16-00002-of-00002.gguf",
                        "model-Q4_K_M.gguf",
                        "model-Q8_0.gguf");
        assertThat(hub.remove(HubReference.parse("owner/repo:f16"))).isEqualTo(MODEL.length + OTHER.length);
        assertThat(hub.stored()).hasSize(2);
        hub.remove(HubReference.parse("owner/repo"));
        assertThat(hub.stored()).isEmpty();
        assertThat(cache.resolve("owner/repo")).doesNotExist();
        assertThatThrownBy(() -> hub.remove(HubReference.parse("owner/repo")))
                .isInstanceOf(HubException.class)
                .hasMessageContaining("nothing of owner/repo");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"model", "a/b/c", "../b", "a/..", "a/b:", "a b/c", "a/b:c/d", "https://host/a/b", "a/\u001b[1m"})
    void refusesReferencesOfAnotherForm(String text) {
        assertThatThrownBy(() -> HubReference.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("owner/repo or owner/repo:quant")
                .message()
                .doesNotContain("\u001b");
    }

    @Test
    void refusesAnEndpointThatIsNoWebAddress() {
        assertThatThrownBy(() -> HubSettings.of(Optional.of("ftp://host"), Optional.empty(), cache))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("HF_ENDPOINT");
        assertThat(HubSettings.of(Optional.of("http://host/"), Optional.empty(), cache)
                        .endpoint())
                .isEqualTo("http://host");
    }

    private Path fetch(String reference) throws IOException {
        return hub(5).fetch(HubReference.parse(reference), (file, done, all) -> {});
    }

    private AbstractThrowableAssert<?, ? extends Throwable> refused(int tries, String reference) {
        return assertThatThrownBy(() -> hub(tries).fetch(HubReference.parse(reference), (file, done, all) -> {}))
                .isInstanceOf(IOException.class);
    }

    private Hub hub(int tries) {
        return new Hub(settings(tries, Optional.empty()));
    }

    private HubSettings settings(int tries, Optional<String> token) {
        return new HubSettings(server.endpoint(), token, cache, tries, Duration.ofMillis(1), Duration.ofSeconds(20));
    }

    private static byte[] content(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
