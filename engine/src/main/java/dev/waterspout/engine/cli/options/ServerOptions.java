package dev.waterspout.engine.cli.options;

import dev.waterspout.engine.cli.file.TextFile;
import dev.waterspout.engine.http.ServeOptions;
import dev.waterspout.engine.http.transport.Address;
import dev.waterspout.engine.http.transport.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of the server: address, keys and time limits. */
public final class ServerOptions {
    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = "127.0.0.1",
            description = "Interface to listen on, 0.0.0.0 for all (default: ${DEFAULT-VALUE}).")
    private String host = "127.0.0.1";

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "TCP port; 0 for a free one, which is printed (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--api-key",
            paramLabel = "KEY",
            description = "API key that requests must have; may be given several times (default: none is needed).")
    private List<String> keys = List.of();

    @Option(
            names = "--api-key-file",
            paramLabel = "FILE",
            description =
                    "File with API keys, one per line. Other users of the machine do not see these keys, unlike those"
                            + " of --api-key.")
    private @Nullable Path keyFile;

    @Option(
            names = "--ssl-cert-file",
            paramLabel = "FILE",
            description = "Certificate in PEM, for HTTPS; requires --ssl-key-file.")
    private @Nullable Path certificate;

    @Option(
            names = "--ssl-key-file",
            paramLabel = "FILE",
            description = "Private key of the certificate in PEM, PKCS #8.")
    private @Nullable Path key;

    @Option(
            names = "--max-waiting",
            paramLabel = "N",
            defaultValue = "64",
            description = "Requests that may wait while others are answered; more get status 429 (default:"
                    + " ${DEFAULT-VALUE}).")
    private int mostWaiting;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "600s",
            converter = DurationConverter.class,
            description = "Time limit of a request, waiting included (default: ${DEFAULT-VALUE}).")
    private Duration timeout = Duration.ofMinutes(10);

    @Option(
            names = "--drain",
            paramLabel = "TIME",
            defaultValue = "30s",
            converter = DurationConverter.class,
            description = "Time limit of running requests after SIGTERM (default: ${DEFAULT-VALUE}).")
    private Duration drain = Duration.ofSeconds(30);

    @Option(
            names = "--restarts",
            paramLabel = "N",
            defaultValue = "3",
            description =
                    "With bin/waterspout-mpi: largest number of consecutive restarts of the ranks without an answered"
                            + " request; 0 for no restarts (default: ${DEFAULT-VALUE}).")
    private int restarts;

    @Option(names = "--front", hidden = true, paramLabel = "SOCKET", description = "Unix socket of the front.")
    private @Nullable Path front;

    /**
     * Returns the server's settings.
     *
     * @param parallel number of replies computed at a time
     * @throws IOException if a file cannot be read
     */
    public ServeOptions options(int parallel) throws IOException {
        if ((certificate == null) != (key == null)) {
            throw new IllegalArgumentException(
                    "one of --ssl-cert-file and --ssl-key-file is given without the other; HTTPS needs both");
        }
        if (restarts < 0) {
            throw new IllegalArgumentException("restarts is " + restarts + "; it must be 0 or more");
        }
        Optional<Address.Tls> tls = Optional.empty();
        if (certificate != null && key != null) {
            tls = Optional.of(new Address.Tls(readable(certificate), readable(key)));
        }
        return new ServeOptions(
                new Address(host, port, tls), allKeys(), parallel, mostWaiting, timeout, Limits.DEFAULT);
    }

    private static Path readable(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException("file " + file + " cannot be read");
        }
        return file;
    }

    private List<String> allKeys() throws IOException {
        List<String> all = new ArrayList<>(keys);
        if (keyFile != null) {
            TextFile.read(keyFile)
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty())
                    .forEach(all::add);
            if (all.isEmpty()) {
                throw new IllegalArgumentException("file " + keyFile + " has no API key");
            }
        }
        return all;
    }

    /** Returns the largest number of consecutive restarts of the ranks. */
    public int restarts() {
        return restarts;
    }

    /** Returns the socket of the front that rank 0 answers; empty if there is no front. */
    public Optional<Path> front() {
        return Optional.ofNullable(front);
    }

    /** Returns the time limit of running requests after SIGTERM. */
    public Duration drain() {
        return drain;
    }
}
