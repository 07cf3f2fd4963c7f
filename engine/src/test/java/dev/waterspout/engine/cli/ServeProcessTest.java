package dev.waterspout.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The server as a process: HTTPS with a certificate and a key in PEM, and a signal to end. */
@Timeout(300)
@EnabledOnOs({OS.LINUX, OS.MAC})
class ServeProcessTest {
    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    private Path folder;

    /** A self-signed certificate, made by the JDK's keytool. */
    private KeyStore makeCertificate() throws Exception {
        Path store = folder.resolve("store.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-alias",
                        "server",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        new String(PASSWORD),
                        "-keystore",
                        store.toString())
                .redirectErrorStream(true)
                .start();
        String told = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(told).isZero();
        return KeyStore.getInstance(store.toFile(), PASSWORD);
    }

    private Path pem(String name, String kind, byte[] bytes) throws IOException {
        String lines = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(bytes);
        return Files.writeString(
                folder.resolve(name), "-----BEGIN " + kind + "-----\n" + lines + "\n-----END " + kind + "-----\n");
    }

    private static SSLContext trusting(KeyStore store) throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("server", store.getCertificate("server"));
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    private static Process start(List<String> options) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "--add-modules",
                "jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:-UsePerfData",
                "-XX:+UseSerialGC",
                "-Xmx512m",
                "-cp",
                ManagementFactory.getRuntimeMXBean().getClassPath(),
                Main.class.getName(),
                "serve",
                "--port",
                "0",
                "-c",
                "512"));
        command.addAll(options);
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static URI address(BufferedReader told) throws IOException {
        Pattern served = Pattern.compile("is served at (\\S+)$");
        List<String> lines = new ArrayList<>();
        for (String line = told.readLine(); line != null; line = told.readLine()) {
            lines.add(line);
            Matcher matcher = served.matcher(line);
            if (matcher.find()) {
                return URI.create(matcher.group(1));
            }
        }
        throw new AssertionError("the server has ended: " + lines);
    }

    @Test
    void sigtermFinishesRunningRequestsAndRefusesNewOnes() throws Exception {
        KeyStore store = makeCertificate();
        Path certificate =
                pem("cert.pem", "CERTIFICATE", store.getCertificate("server").getEncoded());
        Path key =
                pem("key.pem", "PRIVATE KEY", store.getKey("server", PASSWORD).getEncoded());
        Process child = start(List.of(
                "--ssl-cert-file", certificate.toString(), "--ssl-key-file", key.toString(), "--drain", "280s"));
        try (BufferedReader told = child.errorReader();
                HttpClient client =
                        HttpClient.newBuilder().sslContext(trusting(store)).build()) {
            URI base = address(told);
            assertThat(base.getScheme()).isEqualTo("https");
            HttpRequest.Builder post = HttpRequest.newBuilder(base.resolve("/v1/completions"))
                    .header("Content-Type", "application/json")
                    .timeout(Duration.ofMinutes(4))
                    .POST(HttpRequest.BodyPublishers.ofString(
                            "{\"prompt\":\"We\",\"max_tokens\":160,\"temperature\":1,\"seed\":1,"
                                    + "\"logit_bias\":{\"0\":-100,\"1\":-100,\"2\":-100},\"stream\":true}"));
            HttpResponse<Stream<String>> stream = client.send(post.build(), BodyHandlers.ofLines());
            assertThat(stream.statusCode()).isEqualTo(200);
            Iterator<String> lines = stream.body().iterator();
            assertThat(lines.next()).startsWith("data: {");
            child.destroy(); // SIGTERM
            refusesSoon(client, base, post.build());
            String last = "";
            int pieces = 0;
            while (lines.hasNext()) {
                String line = lines.next();
                pieces += line.startsWith("data: {") ? 1 : 0;
                last = line.isEmpty() ? last : line;
            }
            assertThat(last).isEqualTo("data: [DONE]");
            assertThat(pieces).isGreaterThan(100);
            assertThat(child.waitFor()).isEqualTo(128 + 15);
        } finally {
            child.destroyForcibly();
        }
    }

    /**
     * Sends requests until the server has noticed the signal. A server that has ended by then accepts no connection.
     */
    private static void refusesSoon(HttpClient client, URI base, HttpRequest post) throws InterruptedException {
        try {
            HttpRequest health = HttpRequest.newBuilder(base.resolve("/health")).build();
            while (client.send(health, BodyHandlers.ofString()).statusCode() == 200) {
                Thread.sleep(1);
            }
            HttpResponse<String> refused = client.send(post, BodyHandlers.ofString());
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.body()).contains("the server is shutting down");
        } catch (IOException ended) {
            // The server has ended already, so no answer is possible.
        }
    }
}
